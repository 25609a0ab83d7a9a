//! Pages of lists: cursors that hold still while rows come and go.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use khabar::auth::Role;
use serde_json::json;

use crate::sources::{SOURCES, source};
use crate::support::{Answer, Client, TestApp};

const LIST: &str = "/api/v1/sources";

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn names(page: &Answer) -> Vec<String> {
    page.at("/items").as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

async fn make(editor: &Client, names: impl Iterator<Item = String>) {
    join_all(names.map(async |name| source(editor, &name).await)).await;
}

async fn remove(editor: &Client, name: &str) {
    let found = editor.get(&format!("{LIST}/{name}")).send().await.expect(200);
    editor.delete(&format!("{SOURCES}/{}", found.text("/id"))).if_match("\"1\"").send().await.expect(204);
}

/// Every page from the first on, by `next`.
async fn walk(client: &Client, limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{LIST}?limit={limit}{cursor}")).send().await.expect(200);
        pages.push(names(&page));
        match page.at("/page/next").as_str() {
            Some(next) => cursor = format!("&after={next}"),
            None => return pages,
        }
    }
}

#[actix_web::test]
async fn pages_together_are_the_list_whatever_their_size() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    make(&editor, (0..23).map(|n| format!("s{n:02}"))).await;
    let all: Vec<String> = (0..23).map(|n| format!("s{n:02}")).collect();
    for limit in [1, 2, 7, 22, 23, 24, 100] {
        let pages = walk(&app.anonymous(), limit).await;
        assert_eq!(pages.concat(), all, "{limit}");
        assert_eq!(pages.len(), all.len().div_ceil(limit), "{limit}");
    }
}

#[actix_web::test]
async fn prev_leads_back_over_the_same_pages() {
    let app = TestApp::new().await;
    make(&app.as_(Role::Editor).await, (0..11).map(|n| format!("s{n:02}"))).await;
    let reader = app.anonymous();
    let mut pages = walk(&reader, 4).await;
    let mut page = reader.get(&format!("{LIST}?limit=4")).send().await;
    assert!(page.at("/page/prev").is_null());
    while let Some(next) = page.at("/page/next").as_str() {
        page = reader.get(&format!("{LIST}?limit=4&after={next}")).send().await;
    }
    while let Some(expected) = pages.pop() {
        assert_eq!(names(&page), expected);
        let Some(prev) = page.at("/page/prev").as_str() else { break };
        page = reader.get(&format!("{LIST}?limit=4&before={prev}")).send().await.expect(200);
    }
    assert!(pages.is_empty(), "the first page was reached");
}

#[actix_web::test]
async fn rows_that_come_and_go_shift_nothing() {
    let app = TestApp::new().await;
    let (editor, reader) = (app.as_(Role::Editor).await, app.anonymous());
    for seed in 1..=4 {
        let mut dice = Dice(seed);
        // Only even numbers at first; odd ones come while somebody reads.
        let even = |n: usize| format!("w{seed}-{:03}", n * 2);
        make(&editor, (0..20).map(even)).await;
        let mut staying: BTreeSet<String> = (0..20).map(even).collect();
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let limit = 1 + dice.roll(6);
            let page = reader.get(&format!("{LIST}?limit={limit}{cursor}")).send().await.expect(200);
            seen.extend(names(&page));
            let Some(next) = page.at("/page/next").as_str() else { break };
            cursor = format!("&after={next}");
            let name = format!("w{seed}-{:03}", dice.roll(20) * 2 + 1);
            drop(editor.post(SOURCES).json(&json!({ "name": name, "kind": "other" })).send().await);
            let gone = even(dice.roll(20));
            if staying.remove(&gone) {
                remove(&editor, &gone).await;
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(seen, sorted, "in order, none twice");
        assert!(staying.iter().all(|name| seen.contains(name)), "what was there all along was seen");
        let left = walk(&reader, 50).await.concat();
        join_all(left.iter().map(|name| remove(&editor, name))).await;
    }
}

#[actix_web::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    make(&editor, (0..3).map(|n| format!("s{n}"))).await;
    let page = editor.get(&format!("{LIST}?limit=1")).send().await.expect(200);
    let next = page.text("/page/next");
    editor.get(&format!("{LIST}?limit=2&after={next}")).send().await.expect(200);
    editor.get(&format!("{SOURCES}?limit=1&after={next}")).send().await.refused(400, "bad_cursor");
    for nonsense in ["x", "", "AAAA", &next[1..], "%20"] {
        editor.get(&format!("{LIST}?after={nonsense}")).send().await.refused(400, "bad_cursor");
    }
    let both = editor.get(&format!("{LIST}?after={next}&before={next}")).send().await.refused(400, "bad_parameter");
    assert_eq!(both.errors(), ["before excludes"]);
}

#[actix_web::test]
async fn the_list_is_counted_on_request_and_links_to_its_neighbours() {
    let app = TestApp::new().await;
    make(&app.as_(Role::Editor).await, (0..5).map(|n| format!("s{n}"))).await;
    let reader = app.anonymous();
    let first = reader.get(&format!("{LIST}?limit=2&count=true&fields=name")).send().await.expect(200);
    assert_eq!((first.at("/page/total"), first.at("/page/limit")), (&json!(5), &json!(2)));
    let link = first.header("link").unwrap().to_owned();
    assert!(link.ends_with("rel=\"next\"") && !link.contains("prev"), "{link}");
    let target = link.trim_start_matches('<').split('>').next().unwrap();
    let second = reader.get(target).send().await.expect(200);
    assert_eq!(names(&second), ["s2", "s3"]);
    assert_eq!(second.at("/page/total"), &json!(5), "the link keeps the other parameters");
    let link = second.header("link").unwrap();
    assert!(link.contains("rel=\"next\"") && link.contains("rel=\"prev\""), "{link}");
    let plain = reader.get(LIST).send().await.expect(200);
    assert_eq!((plain.json["page"].get("total"), plain.header("link")), (None, None));
}

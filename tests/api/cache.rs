//! Answers that are kept for everyone: they are what would be read now, whoever changed what on whichever node, and
//! whatever the clock has turned.

use std::io::Read as _;
use std::time::Duration;

use futures_util::future::join_all;
use khabar::auth::Role;
use serde_json::{Value, json};

use crate::alerts::issue;
use crate::articles::{ARTICLES, DESK, Desk, record};
use crate::comments::{address, article, below, say};
use crate::support::{Client, TestApp};

const TICKER: &str = "/api/v1/alerts";
/// What the articles of a walk belong to.
const STORY: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

#[actix_web::test]
async fn what_was_read_once_asks_nothing_of_the_database_until_it_changes() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = article(&editor, json!({ "mode": "open" })).await;
    let (reader, to) = (app.shared(), below(&made));
    let paths = [to.clone(), format!("{ARTICLES}/{}", made.text("/id")), ARTICLES.into(), "/api/v1/site".into()];
    for path in &paths {
        let first = reader.get(path).send().await.expect(200);
        let before = app.statements();
        let second = reader.get(path).send().await.expect(200);
        let other_order = reader.get(&format!("{path}?")).send().await.expect(200);
        assert_eq!((second.bytes.clone(), second.etag()), (first.bytes.clone(), first.etag()), "{path}");
        assert_eq!(other_order.bytes, first.bytes);
        let held = reader.get(path).header("if-none-match", &first.etag()).send().await.expect(304);
        assert_eq!((held.etag(), held.bytes.len()), (first.etag(), 0));
        assert_eq!(app.statements(), before, "{path}");
    }
    let said = say(&editor, &to, "رأي", None).await.expect(201);
    assert_eq!(reader.get(&to).send().await.expect(200).at("/items").as_array().unwrap().len(), 1);
    let again = reader.get(&paths[1]).send().await.expect(200);
    assert_eq!(*again.at("/commentCount"), 1);
    let before = app.statements();
    reader.get("/api/v1/site").send().await.expect(200);
    assert_eq!(app.statements(), before, "a comment is nothing to the site");
    let like = format!("{}/reactions/like", address(&said));
    app.as_(Role::Reader).await.put(&like).send().await.expect(200);
    let before = app.statements();
    reader.get(&paths[1]).send().await.expect(200);
    assert_eq!(app.statements(), before, "an article shows how many comments there are, and nothing else of them");
    assert_eq!(*reader.get(&to).send().await.expect(200).at("/items/0/reactions/like"), 1);
}

#[actix_web::test]
async fn a_crowd_that_asks_the_same_is_answered_from_one_reading() {
    let app = TestApp::new().await;
    let made = article(&app.as_(Role::Editor).await, Value::Null).await;
    let (reader, path) = (app.shared(), format!("{ARTICLES}/{}", made.text("/id")));
    let (_, alone) = app.statements_of(reader.get(&format!("{path}?body=text")).send()).await;
    let (answers, together) = app.statements_of(join_all((0..1_000).map(|_| reader.get(&path).send()))).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.etag() == answers[0].etag()));
    assert!(together.len() <= alone.len(), "{} statements for all, {} for one", together.len(), alone.len());
}

#[actix_web::test]
async fn what_is_somebodys_own_is_never_given_to_others() {
    let app = TestApp::new().await;
    let made = article(&app.as_(Role::Editor).await, json!({ "mode": "premoderated" })).await;
    let writer = app.as_(Role::Reader).await;
    let waiting = say(&writer, &below(&made), "سر", None).await.expect(202);
    let anyone = app.shared();
    for _ in 0..2 {
        anyone.get(&address(&waiting)).send().await.refused(404, "not_found");
        let own = writer.get(&address(&waiting)).send().await.expect(200);
        assert_eq!((own.text("/text"), own.header("cache-control")), ("سر".into(), Some("no-store")));
        writer.get(&format!("{ARTICLES}/{}", made.text("/id"))).send().await.expect(200);
    }
    let draft = format!("{DESK}/{}", made.text("/id"));
    app.as_(Role::Editor).await.get(&draft).send().await.expect(200);
    anyone.get(&draft).send().await.refused(401, "unauthenticated");
}

/// What was there before somebody compressed it.
fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "br" => brotli::Decompressor::new(bytes, 4_096).read_to_end(&mut plain).unwrap(),
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        "zstd" => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut plain).unwrap(),
        _ => flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
    };
    plain
}

#[actix_web::test]
async fn every_coding_is_made_once_and_has_a_tag_of_its_own() {
    let app = TestApp::new().await;
    let made = article(&app.as_(Role::Editor).await, Value::Null).await;
    let (reader, path) = (app.shared(), format!("{ARTICLES}/{}", made.text("/id")));
    let plain = reader.get(&path).send().await.expect(200);
    for coding in ["br", "gzip", "zstd", "deflate"] {
        let ask = || reader.get(&path).header("accept-encoding", coding).send();
        let (first, second) = (ask().await.expect(200), ask().await.expect(200));
        assert_eq!(first.header("content-encoding"), Some(coding));
        assert_eq!(
            [decoded(coding, &first.bytes), decoded(coding, &second.bytes)],
            [plain.bytes.to_vec(), plain.bytes.to_vec()]
        );
        assert_eq!(first.etag(), format!("{}-{coding}\"", plain.etag().trim_end_matches('"')));
        let held = reader.get(&path).header("accept-encoding", coding).header("if-none-match", &first.etag());
        assert_eq!(held.send().await.expect(304).etag(), first.etag());
    }
    let none = reader.get(&path).header("accept-encoding", "identity").send().await.expect(200);
    assert_eq!((none.header("content-encoding"), &none.bytes), (None, &plain.bytes));
}

#[actix_web::test]
async fn the_clock_turns_kept_answers_at_the_instant_with_no_job_and_no_traffic() {
    let desk = Desk::new().await;
    let (app, reader) = (&desk.app, desk.app.shared());
    let later = desk.draft("يأتي").await.text("/id");
    let limited = json!({ "expires": "2026-01-15T12:00:30Z", "comments": { "mode": "open", "closesAt": "2026-01-15T12:00:20Z" } });
    let leaving = desk.live_with("يذهب", limited).await;
    desk.step(&desk.editor, &later, "schedule", json!({ "publishAt": "2026-01-15T12:00:10Z" })).await.expect(200);
    let alert = json!({ "headline": "عاجل", "language": "ar", "expires": "2026-01-15T12:00:40Z" });
    issue(&desk.editor, &alert).await;
    let seen = async || {
        let page = reader.get(ARTICLES).send().await.expect(200);
        let listed = page.at("/items").as_array().unwrap().len();
        let there = reader.get(&format!("{ARTICLES}/{later}")).send().await.status;
        let open = reader.get(&format!("{ARTICLES}/{leaving}")).send().await;
        let open = (open.status, open.json.pointer("/comments/open").cloned().unwrap_or_default());
        let ticker = reader.get(TICKER).send().await.expect(200);
        (listed, there, open, ticker.at("/items").as_array().unwrap().len())
    };
    let mut now = (1, 404, (200, json!(true)), 1);
    let turns = [
        ("12:00:09.999999", "12:00:10", (2, 200, (200, json!(true)), 1)),
        ("12:00:19.999999", "12:00:20", (2, 200, (200, json!(false)), 1)),
        ("12:00:29.999999", "12:00:30", (1, 200, (404, Value::Null), 1)),
        ("12:00:39.999999", "12:00:40", (1, 200, (404, Value::Null), 0)),
    ];
    for (before, at, then) in turns {
        app.clock.set(&format!("2026-01-15T{before}Z"));
        assert_eq!(seen().await, now, "before {at}");
        app.clock.set(&format!("2026-01-15T{at}Z"));
        now = then;
        assert_eq!(seen().await, now, "at {at}");
    }
}

#[actix_web::test]
async fn a_cache_in_front_may_give_an_answer_no_longer_than_it_holds_and_knows_its_keys() {
    let seconds = "{ articles = 60, collections = 60, counts = 60, records = 90, stale = 30 }";
    let desk = Desk::with(&format!("[http]\nshared_seconds = {seconds}")).await;
    let (app, reader) = (&desk.app, desk.app.shared());
    let id = desk.live_with("خبر", json!({ "comments": { "mode": "open" } })).await;
    let next = desk.draft("يأتي").await.text("/id");
    desk.step(&desk.editor, &next, "schedule", json!({ "publishAt": "2026-01-15T12:05:00Z" })).await.expect(200);
    let (article, comments) = (format!("{ARTICLES}/{id}"), format!("{ARTICLES}/{id}/comments"));
    let rule = async |path: &str, expected: &str| {
        // It is read, given, and given again before any other layer.
        let mut last = String::new();
        for _ in 0..3 {
            let given = reader.get(path).send().await.expect(200);
            assert_eq!(given.header("cache-control"), Some(expected), "{path}");
            last = given.etag();
        }
        for _ in 0..2 {
            let held = reader.get(path).header("if-none-match", &last).send().await.expect(304);
            assert_eq!(held.header("cache-control"), Some(expected), "{path}");
        }
    };
    let whole = "public, max-age=0, s-maxage=60, stale-while-revalidate=30";
    rule(&article, whole).await;
    rule(ARTICLES, whole).await;
    rule("/api/v1/site", "public, max-age=0, s-maxage=90, stale-while-revalidate=30").await;
    rule(&comments, "public, no-cache").await;
    app.clock.set("2026-01-15T12:03:45.5Z");
    rule(ARTICLES, "public, max-age=0, s-maxage=60, stale-while-revalidate=14").await;
    app.clock.set("2026-01-15T12:04:20Z");
    rule(ARTICLES, "public, max-age=0, s-maxage=40").await;
    app.clock.set("2026-01-15T12:04:59.5Z");
    rule(ARTICLES, "public, no-cache").await;
    app.clock.set("2026-01-15T12:05:00Z");
    rule(ARTICLES, whole).await;
    let keys = async |path: &str| reader.get(path).send().await.expect(200).header("surrogate-key").unwrap().to_owned();
    let all = keys(&article).await;
    let digits = &id[id.len() - 8..];
    for key in ["khabar", "articles", "records", &format!("counts-{digits}")] {
        assert!(all.split(' ').any(|named| named == key), "{key} in {all}");
    }
    say(&desk.editor, &comments, "رأي", None).await.expect(201);
    let below = keys(&comments).await;
    assert!(below.contains(&format!("comments-{digits}")), "{below}");
    let varies = async |path: &str, origin: Option<&str>| {
        let asked = reader.get(path);
        let asked = if let Some(origin) = origin { asked.header("origin", origin) } else { asked };
        let answer = asked.send().await;
        let mut named: Vec<String> = answer.header("vary").unwrap().split(", ").map(str::to_lowercase).collect();
        named.sort_unstable();
        (named.join(" "), answer.header("access-control-expose-headers").is_some())
    };
    assert_eq!(varies(&article, None).await, ("accept-encoding origin".into(), false));
    assert_eq!(varies(&article, Some("https://site.example")).await, ("accept-encoding origin".into(), true));
    for _ in 0..3 {
        assert_eq!(varies("/api/v1/site", Some("https://site.example")).await, ("accept-encoding origin".into(), true));
    }
    assert_eq!(
        varies("/api/v1/site", None).await,
        ("accept-encoding origin".into(), false),
        "not what others were told"
    );
    assert_eq!(varies("/nowhere", None).await, ("accept-encoding accept-language origin".into(), false));
    // Nobody's own answer is for such caches.
    let own = desk.editor.get(&article).send().await.expect(200);
    assert_eq!(own.header("cache-control"), Some("public, no-cache"));
}

#[actix_web::test]
async fn what_is_planned_sooner_than_all_that_was_known_is_not_overlooked() {
    let desk = Desk::new().await;
    let reader = desk.app.shared();
    let ids = [desk.draft("الأول").await.text("/id"), desk.draft("الثاني").await.text("/id")];
    desk.step(&desk.editor, &ids[0], "schedule", json!({ "publishAt": "2026-01-15T13:00:00Z" })).await.expect(200);
    let count = async || reader.get(ARTICLES).send().await.expect(200).at("/items").as_array().unwrap().len();
    assert_eq!(count().await, 0);
    desk.step(&desk.editor, &ids[1], "schedule", json!({ "publishAt": "2026-01-15T12:00:05Z" })).await.expect(200);
    // Nobody looks until it has long been due.
    desk.app.clock.advance(Duration::from_secs(1_800));
    assert_eq!(count().await, 1);
    desk.app.clock.advance(Duration::from_secs(1_800));
    assert_eq!(count().await, 2);
}

/// What a walk asks for after each step.
fn paths(desk: &Desk, ids: &[String]) -> Vec<String> {
    let section = &desk.section;
    let mut paths: Vec<String> = [
        ARTICLES.into(),
        format!("{ARTICLES}?section={section}&limit=5"),
        format!("{ARTICLES}?include=sources,related&limit=3&sort=modified"),
        TICKER.into(),
        "/api/v1/sources".into(),
        format!("/api/v1/sections/{section}"),
        "/api/v1/site".into(),
        "/api/v1/collections".into(),
        "/api/v1/collections/الأولى".into(),
        format!("/api/v1/stories/{STORY}"),
    ]
    .into();
    for id in ids.iter().rev().take(3) {
        paths.push(format!("{ARTICLES}/{id}"));
        paths.push(format!("{ARTICLES}/{id}/comments?replies=2"));
        paths.push(format!("/feeds/articles/{id}/comments.rss"));
    }
    paths
}

/// Deterministic dice: a linear congruential generator (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// One random change by somebody on some node; refusals are as good.
async fn change(desk: &Desk, there: &[Client; 2], ids: &mut Vec<String>, dice: &mut Dice, n: usize) {
    let editor = &there[dice.roll(2)];
    let any = ids.get(dice.roll(ids.len().max(1))).cloned().unwrap_or_default();
    let soon = |seconds: usize| desk.app.clock_in(seconds).to_string();
    match dice.roll(12) {
        0 => ids.push(desk.live_with(&format!("خبر {n}"), json!({ "storyId": STORY })).await),
        1 => {
            let id = desk.draft(&format!("لاحق {n}")).await.text("/id");
            let at = soon(1 + dice.roll(20));
            desk.step(editor, &id, "schedule", json!({ "publishAt": at })).await.expect(200);
            ids.push(id);
        }
        2 => {
            let fields =
                json!({ "expires": soon(5 + dice.roll(20)), "relatedIds": ids.iter().take(2).collect::<Vec<_>>() });
            ids.push(desk.live_with(&format!("عابر {n}"), fields).await);
        }
        3 if !any.is_empty() => drop(desk.step(editor, &any, "unpublish", json!({ "note": "لأن" })).await),
        4 | 5 if !any.is_empty() => {
            let to = format!("{ARTICLES}/{any}/comments");
            drop(say(editor, &to, &format!("رأي {n}"), None).await);
        }
        6 => {
            let urgent =
                json!({ "headline": format!("عاجل {n}"), "language": "ar", "expires": soon(3 + dice.roll(20)) });
            issue(editor, &urgent).await;
        }
        7 => {
            let path = format!("/api/v1/newsroom/sections/{}", desk.section);
            let tag = editor.get(&path).send().await.expect(200).etag();
            editor.patch(&path).if_match(&tag).json(&json!({ "name": format!("العالم {n}") })).send().await.expect(200);
        }
        8 => {
            let tag = desk.admin.get("/api/v1/newsroom/site").send().await.expect(200).etag();
            let policy = ["open", "closed", "premoderated"][dice.roll(3)];
            let patch = json!({ "commentPolicy": policy });
            desk.admin.patch("/api/v1/newsroom/site").if_match(&tag).json(&patch).send().await.expect(200);
        }
        9 => drop(record(editor, "sources", json!({ "name": format!("مصدر {n}"), "kind": "agency" })).await),
        10 if !any.is_empty() => drop(desk.edit(editor, &any, json!({ "headline": format!("معدل {n}") })).await),
        _ => desk.app.clock.advance(Duration::from_millis(u64::try_from(dice.roll(9_000)).unwrap())),
    }
}

#[actix_web::test]
async fn whatever_happens_on_two_nodes_each_gives_what_would_be_read_now() {
    let desk = Desk::new().await;
    let other = desk.app.restarted().await;
    let there = [desk.editor.clone(), other.as_user(desk.editor.id()).await];
    let nodes = [(desk.app.shared(), desk.app.plain()), (other.shared(), other.plain())];
    let front = json!({ "name": "الأولى", "slots": [{ "kind": "automatic" }] });
    desk.editor.post("/api/v1/newsroom/collections").json(&front).send().await.expect(201);
    let (mut dice, mut ids) = (Dice(2_026), Vec::new());
    desk.app.relay().await;
    other.relay().await;
    for n in 0..150 {
        change(&desk, &there, &mut ids, &mut dice, n).await;
        desk.app.relay().await;
        other.relay().await;
        for path in paths(&desk, &ids) {
            for (shared, plain) in &nodes {
                let (given, read) = (shared.get(&path).send().await, plain.get(&path).send().await);
                assert_eq!(given.status, read.status, "step {n}: {path}");
                if read.status == 200 {
                    assert_eq!(
                        (given.bytes.clone(), given.etag()),
                        (read.bytes.clone(), read.etag()),
                        "step {n}: {path}"
                    );
                }
            }
        }
    }
    assert!(ids.len() > 15, "much has happened at {DESK}");
}

//! Discussions as readers get them: in an order, with the first replies, and what moderators have marked.

use std::time::Duration;

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::comments;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::comments::{article, below, desk, say, texts};
use crate::support::{Answer, Client, TestApp};

/// An open article and a reader.
async fn open(app: &TestApp) -> (String, Client) {
    (below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await), app.as_(Role::Reader).await)
}

/// A comment, later than the one before.
async fn later(app: &TestApp, client: &Client, to: &str, text: &str, parent: Option<&Answer>) -> Answer {
    app.clock.advance(Duration::from_secs(60));
    say(client, to, text, parent).await.expect(201)
}

fn bytes(comment: &Answer) -> Vec<u8> {
    Uuid::parse_str(&comment.text("/id")).unwrap().as_bytes().to_vec()
}

fn react(app: &TestApp, comment: &Answer, times: i64) {
    let one = comments::table.find(bytes(comment));
    diesel::update(one).set(comments::reaction_count.eq(times)).execute(&mut app.sql()).unwrap();
}

fn mark(app: &TestApp, comment: &Answer, is_featured: bool, is_pinned: bool) {
    let one = comments::table.find(bytes(comment));
    let marks = (comments::is_featured.eq(is_featured), comments::is_pinned.eq(is_pinned));
    diesel::update(one).set(marks).execute(&mut app.sql()).unwrap();
}

/// The texts of the replies that came with a comment.
fn replies(item: &Value) -> Vec<&str> {
    item["replies"]["items"].as_array().unwrap().iter().map(|reply| reply["text"].as_str().unwrap_or("-")).collect()
}

#[actix_web::test]
async fn the_first_replies_come_along_and_a_cursor_leads_to_the_others() {
    let app = TestApp::new().await;
    let (to, reader) = open(&app).await;
    let long = later(&app, &reader, &to, "a", None).await;
    let short = later(&app, &reader, &to, "b", None).await;
    let lonely = later(&app, &reader, &to, "c", None).await;
    for n in 0..5 {
        later(&app, &reader, &to, &format!("a{n}"), Some(&long)).await;
    }
    let answered = later(&app, &reader, &to, "b0", Some(&short)).await;
    later(&app, &reader, &to, "b00", Some(&answered)).await;
    let anyone = app.anonymous();
    let plain = anyone.get(&to).send().await.expect(200);
    assert!(plain.at("/items/0").get("replies").is_none(), "nobody asked for them");
    assert!(anyone.get(&format!("{to}?replies=0")).send().await.expect(200).at("/items/0").get("replies").is_none());
    let page = anyone.get(&format!("{to}?replies=2&sort=oldest")).send().await.expect(200);
    assert_eq!(texts(&page), ["a", "b", "c"]);
    assert_eq!(replies(page.at("/items/0")), ["a0", "a1"]);
    assert_eq!(replies(page.at("/items/1")), ["b0"]);
    assert_eq!(replies(page.at("/items/2")), [""; 0]);
    assert_eq!([page.at("/items/1/replies/next"), page.at("/items/2/replies/next")], [&Value::Null; 2]);
    let on = format!("{to}?parentId={}&sort=oldest&limit=2&after=", long.text("/id"));
    let next = anyone.get(&format!("{on}{}", page.text("/items/0/replies/next"))).send().await.expect(200);
    assert_eq!(texts(&next), ["a2", "a3"]);
    let last = anyone.get(&format!("{on}{}", next.text("/page/next"))).send().await.expect(200);
    assert_eq!(texts(&last), ["a4"]);
    let below = format!("{to}?parentId={}&replies=1", short.text("/id"));
    let deeper = anyone.get(&below).send().await.expect(200);
    assert_eq!(replies(deeper.at("/items/0")), ["b00"], "a list of replies has theirs");
    assert_eq!(texts(&anyone.get(&format!("{to}?parentId={}", lonely.text("/id"))).send().await.expect(200)), [""; 0]);
}

#[actix_web::test]
async fn replies_that_come_along_are_the_visible_ones_and_their_gaps() {
    let app = TestApp::new().await;
    let (to, reader) = open(&app).await;
    let editor = app.as_(Role::Editor).await;
    let root = later(&app, &reader, &to, "root", None).await;
    let gone = later(&app, &reader, &to, "gone", Some(&root)).await;
    later(&app, &reader, &to, "below", Some(&gone)).await;
    let alone = later(&app, &reader, &to, "alone", Some(&root)).await;
    for comment in [&gone, &alone] {
        let body = json!({ "reason": "spam" });
        editor.post(&format!("{}/reject", desk(comment))).if_match("\"1\"").json(&body).send().await.expect(200);
    }
    let page = app.anonymous().get(&format!("{to}?replies=10")).send().await.expect(200);
    assert_eq!(replies(page.at("/items/0")), ["-"], "the one that has something below it, without its words");
    assert!(page.at("/items/0/replies/items/0/author").is_null());
}

#[actix_web::test]
async fn the_most_reacted_come_first_and_among_equals_the_newest() {
    let app = TestApp::new().await;
    let (to, reader) = open(&app).await;
    for (text, reactions) in [("a", 0), ("b", 7), ("c", 0), ("d", 9), ("e", 7), ("f", 0)] {
        let made = later(&app, &reader, &to, text, None).await;
        react(&app, &made, reactions);
    }
    let list = format!("{to}?sort=mostReacted");
    assert_eq!(texts(&app.anonymous().get(&list).send().await.expect(200)), ["d", "e", "b", "f", "c", "a"]);
    for (way, limit) in [(["next", "after"], 1), (["next", "after"], 4)] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app.anonymous().get(&format!("{list}&limit={limit}{cursor}")).send().await.expect(200);
            seen.extend(texts(&page));
            let Some(next) = page.at(&format!("/page/{}", way[0])).as_str() else { break };
            cursor = format!("&{}={next}", way[1]);
        }
        assert_eq!(seen, ["d", "e", "b", "f", "c", "a"]);
    }
}

#[actix_web::test]
async fn what_is_marked_is_found_wherever_it_stands_while_everyone_reads_it() {
    let app = TestApp::new().await;
    let (to, reader) = open(&app).await;
    let root = later(&app, &reader, &to, "root", None).await;
    let reply = later(&app, &reader, &to, "reply", Some(&root)).await;
    let other = later(&app, &reader, &to, "other", None).await;
    mark(&app, &root, true, false);
    mark(&app, &reply, true, true);
    let anyone = app.anonymous();
    let list = async |query: &str| texts(&anyone.get(&format!("{to}?{query}")).send().await.expect(200));
    assert_eq!(list("tag=featured").await, ["reply", "root"]);
    assert_eq!(list("tag=featured&sort=oldest").await, ["root", "reply"]);
    assert_eq!(list("tag=pinned").await, ["reply"]);
    let page = anyone.get(&format!("{to}?replies=1&sort=oldest")).send().await.expect(200);
    assert_eq!([page.at("/items/0/isFeatured"), page.at("/items/0/isPinned")], [&json!(true), &json!(false)]);
    assert_eq!(*page.at("/items/0/replies/items/0/isPinned"), json!(true));
    assert_eq!(*page.at("/items/1/isFeatured"), json!(false));
    let editor = app.as_(Role::Editor).await;
    for comment in [&root, &reply] {
        let body = json!({ "reason": "spam" });
        editor.post(&format!("{}/reject", desk(comment))).if_match("\"1\"").json(&body).send().await.expect(200);
    }
    assert_eq!((list("tag=featured").await.len(), list("tag=pinned").await.len()), (0, 0));
    for query in [
        format!("tag=featured&parentId={}", other.text("/id")),
        "tag=pinned&sort=mostReacted".into(),
        "tag=staff".into(),
        "replies=11".into(),
        "replies=-1".into(),
        "replies=all".into(),
    ] {
        anyone.get(&format!("{to}?{query}")).send().await.refused(400, "bad_parameter");
    }
}

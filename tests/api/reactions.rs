//! Reactions to comments: one of each kind for each reader, and exactly as many as are counted.

use std::time::Duration;

use diesel::prelude::*;
use futures_util::future::join_all;
use khabar::auth::Role;
use khabar::db::schema::{comment_reaction_counts, comment_reactions, comments};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::comments::{address, article, below, desk, say};
use crate::support::{Answer, Client, TestApp};

/// An article with a comment on it, and the one who wrote the comment.
pub async fn commented(app: &TestApp) -> (Answer, Answer, Client) {
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let writer = app.as_(Role::Reader).await;
    let comment = say(&writer, &below(&article), "رأي في الخبر", None).await.expect(201);
    app.events();
    app.audit();
    (article, comment, writer)
}

/// Changes some of the site's rules for discussions.
pub async fn rules(app: &TestApp, patch: Value) {
    let admin = app.as_(Role::Admin).await;
    let site = "/api/v1/newsroom/site";
    let seen = admin.get(site).send().await.expect(200);
    admin.patch(site).if_match(&seen.etag()).json(&json!({ "discussion": patch })).send().await.expect(200);
    app.events();
    app.audit();
}

async fn press(client: &Client, comment: &Answer, kind: &str) -> Answer {
    client.put(&format!("{}/reactions/{kind}", address(comment))).send().await
}

async fn release(client: &Client, comment: &Answer, kind: &str) -> Answer {
    client.delete(&format!("{}/reactions/{kind}", address(comment))).send().await
}

/// What is counted is what counting the rows gives. Answers how many reactions there are.
#[track_caller]
pub fn recount(app: &TestApp) -> usize {
    let rows: Vec<(Vec<u8>, String)> = comment_reactions::table
        .select((comment_reactions::comment_id, comment_reactions::kind))
        .load(&mut app.sql())
        .unwrap();
    let counts: Vec<(Vec<u8>, String, i64)> = comment_reaction_counts::table.load(&mut app.sql()).unwrap();
    let totals: Vec<(Vec<u8>, i64)> =
        comments::table.select((comments::id, comments::reaction_count)).load(&mut app.sql()).unwrap();
    for (comment, kind, count) in counts {
        let there = rows.iter().filter(|row| **row == (comment.clone(), kind.clone())).count();
        assert_eq!(i64::try_from(there).unwrap(), count, "{kind}");
    }
    for (comment, total) in totals {
        let there = rows.iter().filter(|row| row.0 == comment).count();
        assert_eq!(i64::try_from(there).unwrap(), total);
    }
    rows.len()
}

#[actix_web::test]
async fn a_reaction_is_counted_once_however_often_it_is_sent() {
    let app = TestApp::new().await;
    let (article, comment, writer) = commented(&app).await;
    let readers = [app.as_(Role::Reader).await, app.as_(Role::Journalist).await, writer];
    for (n, reader) in readers.iter().enumerate() {
        for _ in 0..2 {
            let pressed = press(reader, &comment, "like").await.expect(200);
            assert_eq!(*pressed.at("/reactions"), json!({ "like": n + 1 }));
            assert_eq!((pressed.at("/own"), pressed.header("cache-control")), (&json!(["like"]), Some("no-store")));
        }
    }
    for seen in [address(&comment), below(&article)] {
        let seen = app.anonymous().get(&seen).send().await.expect(200);
        let shown = seen.json.get("reactions").unwrap_or_else(|| seen.at("/items/0/reactions"));
        assert_eq!(*shown, json!({ "like": 3 }));
    }
    let moderator = app.as_(Role::Moderator).await;
    assert_eq!(*moderator.get(&desk(&comment)).send().await.expect(200).at("/reactions"), json!({ "like": 3 }));
    for _ in 0..2 {
        let released = release(&readers[0], &comment, "like").await.expect(200);
        assert_eq!((released.at("/reactions"), released.at("/own")), (&json!({ "like": 2 }), &json!([])));
    }
    for reader in &readers[1..] {
        release(reader, &comment, "like").await.expect(200);
    }
    assert_eq!(*app.anonymous().get(&address(&comment)).send().await.expect(200).at("/reactions"), json!({}));
    assert_eq!(recount(&app), 0);
}

#[actix_web::test]
async fn everyone_hears_how_many_react_and_nobody_who() {
    let app = TestApp::new().await;
    let (article, comment, _) = commented(&app).await;
    let reader = app.as_(Role::Reader).await;
    for (kept, count) in [(true, 1), (true, 1), (false, 0), (false, 0)] {
        if kept { press(&reader, &comment, "like").await } else { release(&reader, &comment, "like").await }
            .expect(200);
        let told = app.events();
        // Once more is no news.
        for event in &told {
            assert_eq!((&*event.topic, &*event.visibility), ("comment.reacted", "public"));
            assert_eq!(event.target.unwrap().to_string(), comment.text("/id"));
            let payload = json!({ "articleId": article.text("/id"), "kind": "like", "count": count });
            assert_eq!(event.payload, payload);
        }
        assert!(told.len() <= 1);
    }
    khabar::audit::flush(&app.app).await.unwrap();
    assert!(app.audit().is_empty(), "it is no news for the audit log");
    let topics = format!("/api/v1/stream?topics=comments:{}", article.text("/id"));
    let mut listener = app.listen(&topics, None).await;
    press(&reader, &comment, "like").await.expect(200);
    app.relay().await;
    assert_eq!(listener.topics().await, ["comment.reacted"]);
}

#[actix_web::test]
async fn only_the_ways_that_the_site_offers_are_taken() {
    let app = TestApp::new().await;
    let (_, comment, _) = commented(&app).await;
    let reader = app.as_(Role::Reader).await;
    for kind in ["sad", "love", "LIKE", "like%20"] {
        let refused = press(&reader, &comment, kind).await.refused(404, "not_found");
        assert_eq!(*refused.at("/allowed"), json!(["like"]));
    }
    rules(&app, json!({ "reactions": ["agree", "sad"] })).await;
    press(&reader, &comment, "like").await.refused(404, "not_found");
    for kind in ["sad", "agree"] {
        press(&reader, &comment, kind).await.expect(200);
    }
    rules(&app, json!({ "reactions": ["like"] })).await;
    let kept = release(&reader, &comment, "sad").await.expect(200);
    assert_eq!((kept.at("/reactions"), kept.at("/own")), (&json!({ "agree": 1 }), &json!(["agree"])));
    release(&reader, &comment, "love").await.refused(404, "not_found");
    assert_eq!(recount(&app), 1);
}

#[actix_web::test]
async fn nobody_reacts_to_what_is_not_shown() {
    let app = TestApp::new().await;
    let (article, comment, writer) = commented(&app).await;
    let (reader, editor) = (app.as_(Role::Reader).await, app.as_(Role::Editor).await);
    press(&app.anonymous(), &comment, "like").await.refused(401, "unauthenticated");
    press(&reader, &comment, "like").await.expect(200);
    let reject =
        editor.post(&format!("{}/reject", desk(&comment))).if_match("\"1\"").json(&json!({ "reason": "spam" }));
    reject.send().await.expect(200);
    for client in [&reader, &writer, &editor] {
        press(client, &comment, "like").await.refused(404, "not_found");
        release(client, &comment, "like").await.refused(404, "not_found");
    }
    let nobody = format!("/api/v1/comments/{}/reactions/like", Uuid::now_v7());
    reader.put(&nobody).send().await.refused(404, "not_found");
    reader.put("/api/v1/comments/x/reactions/like").send().await.refused(404, "not_found");
    editor.post(&format!("{}/approve", desk(&comment))).if_match("\"2\"").json(&json!({})).send().await.expect(200);
    assert_eq!(*press(&reader, &comment, "like").await.expect(200).at("/reactions"), json!({ "like": 1 }));
    let newsroom = format!("/api/v1/newsroom/articles/{}/unpublish", article.text("/id"));
    editor.post(&newsroom).if_match(&article.etag()).json(&json!({ "note": "خطأ" })).send().await.expect(200);
    press(&reader, &comment, "like").await.refused(404, "not_found");
    assert_eq!(recount(&app), 1);
}

#[actix_web::test]
async fn a_gap_shows_no_reactions() {
    let app = TestApp::new().await;
    let (article, comment, writer) = commented(&app).await;
    say(&writer, &below(&article), "رد", Some(&comment)).await.expect(201);
    press(&writer, &comment, "like").await.expect(200);
    let editor = app.as_(Role::Editor).await;
    let reject =
        editor.post(&format!("{}/reject", desk(&comment))).if_match("\"1\"").json(&json!({ "reason": "spam" }));
    reject.send().await.expect(200);
    let gap = app.anonymous().get(&address(&comment)).send().await.expect(200);
    assert_eq!((gap.at("/text"), gap.at("/reactions")), (&json!(null), &json!({})));
}

#[actix_web::test]
async fn a_reader_finds_what_they_have_pressed() {
    let app = TestApp::new().await;
    let (article, comment, writer) = commented(&app).await;
    rules(&app, json!({ "reactions": ["like", "sad"] })).await;
    let (other_article, other, _) = commented(&app).await;
    let reader = app.as_(Role::Reader).await;
    for (comment, kind) in [(&comment, "like"), (&comment, "sad"), (&other, "like")] {
        app.clock.advance(Duration::from_secs(1));
        press(&reader, comment, kind).await.expect(200);
        press(&writer, comment, "like").await.expect(200);
    }
    let pressed = async |query: &str| {
        let list = reader.get(&format!("/api/v1/me/reactions?{query}")).send().await.expect(200);
        let line = |item: &Value| (item["commentId"].clone(), item["kind"].as_str().unwrap().to_owned());
        list.at("/items").as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let line = |comment: &Answer, kind: &str| (json!(comment.text("/id")), kind.to_owned());
    assert_eq!(pressed("").await, [line(&other, "like"), line(&comment, "sad"), line(&comment, "like")]);
    let of_one = format!("articleId={}", article.text("/id"));
    assert_eq!(pressed(&of_one).await, [line(&comment, "sad"), line(&comment, "like")]);
    assert_eq!(pressed(&format!("articleId={}", other_article.text("/id"))).await, [line(&other, "like")]);
    let first = reader.get(&format!("/api/v1/me/reactions?limit=1&count=true&{of_one}")).send().await.expect(200);
    assert_eq!(*first.at("/page/total"), json!(2));
    let next = format!("limit=1&{of_one}&after={}", first.text("/page/next"));
    assert_eq!(pressed(&next).await, [line(&comment, "like")]);
    app.anonymous().get("/api/v1/me/reactions").send().await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn counts_stay_exact_when_readers_press_at_once_on_two_nodes() {
    let app = TestApp::new().await;
    let other = app.restarted().await;
    let (article, one, writer) = commented(&app).await;
    let two = say(&writer, &below(&article), "رأي آخر", None).await.expect(201);
    let moderator = app.as_(Role::Moderator).await;
    let mut readers = Vec::new();
    for n in 0..8 {
        let here = if n % 2 == 0 { &app } else { &other };
        readers.push(here.as_(Role::Reader).await);
    }
    let presses = readers.iter().enumerate().flat_map(|(n, reader)| {
        let (one, two) = (&one, &two);
        (0..6).map(move |step| async move {
            let comment = if (n + step) % 2 == 0 { one } else { two };
            let done = if step % 3 == 2 {
                release(reader, comment, "like").await
            } else {
                press(reader, comment, "like").await
            };
            assert!([200, 404].contains(&done.status), "{}", done.json);
        })
    });
    let decide = async {
        for (version, step) in [(1, "withhold"), (2, "approve"), (3, "reject"), (4, "approve")] {
            let body = if step == "approve" { json!({}) } else { json!({ "reason": "other" }) };
            let ask = moderator.post(&format!("{}/{step}", desk(&one))).if_match(&format!("\"{version}\""));
            ask.json(&body).send().await.expect(200);
        }
    };
    futures_util::future::join(join_all(presses), decide).await;
    recount(&app);
    let shown = app.anonymous().get(&below(&article)).send().await.expect(200);
    assert_eq!(shown.at("/items").as_array().unwrap().len(), 2);
}

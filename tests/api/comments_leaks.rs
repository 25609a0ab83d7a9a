//! What nobody may read of a discussion is nowhere: no GET, stream or feed has a word of it, and no count moves.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::users;
use serde_json::{Value, json};

use crate::articles::Desk;
use crate::comments::{address, article, below, desk, say};
use crate::guests::{HEADER, invite};
use crate::leaks::{ask, queries, readable, told};
use crate::privacy::reader;
use crate::support::{Answer, Client, TestApp};
use crate::writes::PASSWORD;

/// Stands in every text that nobody may read, and in the name of who wrote it.
const CANARY: &str = "سمندل";
/// The beginning of guests' addresses.
const MAILBOX: &str = "samandal";
/// Nobody else learns one of these; the last two are of whoever is forgotten.
const WORDS: [&str; 4] = [CANARY, MAILBOX, "زبرجدة", "zabarjada"];
const NOBODYS_ID: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

/// Everybody who is not the writer, and moderates nothing; with whether they work here.
async fn others(app: &TestApp) -> [(&'static str, Client, bool); 3] {
    [
        ("anonymous", app.anonymous(), false),
        ("reader", app.as_(Role::Reader).await, false),
        ("journalist", app.as_(Role::Journalist).await, true),
    ]
}

/// A reader whose name is the word.
async fn writer(app: &TestApp) -> Client {
    let writer = app.as_(Role::Reader).await;
    let theirs = users::table.find(writer.id());
    diesel::update(theirs).set(users::name.eq(CANARY)).execute(&mut app.sql()).unwrap();
    writer
}

pub async fn decide(editor: &Client, comment: &Answer, step: &str) {
    let tag = editor.get(&desk(comment)).send().await.expect(200).etag();
    let body = if step == "approve" { json!({}) } else { json!({ "reason": "spam", "note": CANARY }) };
    editor.post(&format!("{}/{step}", desk(comment))).if_match(&tag).json(&body).send().await.expect(200);
}

/// What everyone learns of an article and its comments by any GET. Nobody learns one of the words.
async fn everything(
    callers: &[(&'static str, Client, bool)],
    article: &Answer,
    comments: &[&Answer],
) -> BTreeMap<String, String> {
    let (article, slug) = (article.text("/id"), article.text("/slug"));
    let comments: Vec<String> = comments.iter().map(|comment| comment.text("/id")).collect();
    let mut seen = BTreeMap::new();
    for (who, caller, newsroom) in callers {
        for operation in readable(*newsroom) {
            let names = match &operation.path {
                path if path.contains("comments/{") => comments.iter().chain([&article]).collect(),
                path if path.contains('{') => vec![&article, &slug, &comments[0]],
                _ => vec![&article],
            };
            for name in names {
                for query in queries(operation, [&comments[0], &slug]) {
                    let answer = ask(caller, operation, name, &query).await;
                    let at = format!("{who} {} {name} {query}", operation.id);
                    assert!(answer.status < 500, "{at}");
                    let text = String::from_utf8_lossy(&answer.bytes).to_lowercase();
                    let word = WORDS.into_iter().find(|word| text.contains(word));
                    assert_eq!(word, None, "{at}: {text}");
                    seen.insert(at, told(&answer, &[]));
                }
            }
        }
    }
    seen
}

#[actix_web::test]
async fn what_waits_or_was_refused_is_told_to_nobody_else() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, Value::Null).await;
    let (to, writer, others) = (below(&article), writer(&app).await, others(&app).await);
    let shown = say(&editor, &to, "ظاهر", None).await.expect(201);
    let mut stream = app.listen(&format!("/api/v1/stream?topics=comments:{}", article.text("/id")), None).await;
    app.relay().await;
    stream.news().await;
    let before = everything(&others, &article, &[&shown]).await;
    let mut hidden = Vec::new();
    for (n, step) in [None, Some("withhold"), Some("reject"), Some("delete")].into_iter().enumerate() {
        for parent in [None, Some(&shown)] {
            let made = say(&writer, &to, &format!("{CANARY} {n} {}", parent.is_some()), parent).await.expect(202);
            match step {
                Some("delete") => {
                    let text = json!({ "text": format!("{CANARY} once more {}", parent.is_some()) });
                    writer.patch(&address(&made)).json(&text).send().await.expect(200);
                    writer.delete(&address(&made)).send().await.expect(204);
                }
                Some(step) => decide(&editor, &made, step).await,
                None => {}
            }
            hidden.push(made.text("/id"));
        }
    }
    app.relay().await;
    assert_eq!(stream.news().await, [], "no stream tells that there is something");
    assert_eq!(everything(&others, &article, &[&shown]).await, before, "and no answer or count");
    let mut asked = 0;
    for (who, caller, newsroom) in &others {
        for operation in readable(*newsroom) {
            for id in &hidden {
                let theirs = queries(operation, [id, id]).into_iter().zip(queries(operation, [NOBODYS_ID; 2]));
                for (there, nowhere) in theirs.filter(|(a, b)| a != b || operation.path.contains("comments/{")) {
                    let article = article.text("/id");
                    let names = if operation.path.contains("comments/{") {
                        (id.as_str(), NOBODYS_ID)
                    } else {
                        (article.as_str(), article.as_str())
                    };
                    let answer = told(&ask(caller, operation, names.0, &there).await, &[id, NOBODYS_ID]);
                    let nothing = told(&ask(caller, operation, names.1, &nowhere).await, &[id, NOBODYS_ID]);
                    assert_eq!(answer, nothing, "{who} {} {there}", operation.id);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 30, "{asked}");
}

#[actix_web::test]
async fn of_what_was_taken_back_the_place_stays_and_no_word() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, json!({ "mode": "open" })).await;
    let (to, writer, others) = (below(&article), writer(&app).await, others(&app).await);
    let mut gone = Vec::new();
    for (n, step) in ["withhold", "reject", "delete"].into_iter().enumerate() {
        let made = say(&writer, &to, &format!("{CANARY} {n}"), None).await.expect(201);
        say(&editor, &to, &format!("رد {n}"), Some(&made)).await.expect(201);
        app.clock.advance(Duration::from_secs(1));
        gone.push((made, step));
    }
    app.relay().await;
    let mut stream = app.listen(&format!("/api/v1/stream?topics=comments:{}", article.text("/id")), None).await;
    stream.news().await;
    for (comment, step) in &gone {
        if *step == "delete" {
            writer.delete(&address(comment)).send().await.expect(204);
        } else {
            decide(&editor, comment, step).await;
        }
    }
    app.relay().await;
    let news = stream.news().await;
    assert_eq!(news.len(), 3, "that it has gone is told");
    assert!(!format!("{news:?}").contains(CANARY));
    everything(&others, &article, &gone.iter().map(|(comment, _)| comment).collect::<Vec<_>>()).await;
    let list = app.anonymous().get(&format!("{to}?replies=3&sort=oldest")).send().await.expect(200);
    for n in 0..3 {
        assert!(list.at(&format!("/items/{n}/text")).is_null() && list.at(&format!("/items/{n}/author")).is_null());
        assert_eq!(list.text(&format!("/items/{n}/replies/items/0/text")), format!("رد {n}"));
    }
    let page = app.anonymous().get(&format!("/api/v1/articles/{}", article.text("/id"))).send().await.expect(200);
    assert_eq!(*page.at("/commentCount"), json!(3));
}

#[actix_web::test]
async fn no_name_address_or_word_of_guests_and_of_the_forgotten_is_told_to_others() {
    let app = TestApp::new().await;
    invite(&app).await;
    let editor = app.as_(Role::Editor).await;
    let (open, others) = (article(&editor, json!({ "mode": "open" })).await, others(&app).await);
    let to = below(&open);
    let root = say(&editor, &to, "ظاهر", None).await.expect(201);
    let mut made = Vec::new();
    for (n, parent) in [None, Some(&root)].into_iter().cycle().take(8).enumerate() {
        // Two of them wait for a moderator by themselves.
        let links = if n < 2 { "https://a.example https://b.example" } else { "" };
        let guest = json!({ "name": format!("{CANARY} {n}"), "email": format!("{MAILBOX}{n}@example.org") });
        let parent = parent.map(|parent| parent.text("/id"));
        let form = json!({ "text": format!("{CANARY} {n} {links}"), "parentId": parent, "guest": guest });
        let said = app.anonymous().post(&to).json(&form).send().await;
        made.push(said.expect(if n < 2 { 202 } else { 201 }));
    }
    // Whoever answers keeps the gap open.
    say(&editor, &to, "رد", Some(&made[2])).await.expect(201);
    for (guest, step) in made[2..].iter().zip(["withhold", "withhold", "reject", "reject", "delete", "delete"]) {
        if step == "delete" {
            let token = guest.text("/guestToken");
            app.anonymous().delete(&address(guest)).header(HEADER, &token).send().await.expect(204);
        } else {
            decide(&editor, guest, step).await;
        }
    }
    let forgotten = reader(&app).await;
    let said = say(&forgotten, &to, CANARY, None).await.expect(201);
    say(&editor, &to, "رد", Some(&said)).await.expect(201);
    forgotten.put(&format!("{}/reactions/like", address(&root))).send().await.expect(200);
    forgotten.delete("/api/v1/me").json(&json!({ "currentPassword": PASSWORD })).send().await.expect(204);
    everything(&others, &open, &made.iter().chain([&said]).collect::<Vec<_>>()).await;
    let page = app.anonymous().get(&format!("/api/v1/articles/{}", open.text("/id"))).send().await.expect(200);
    assert_eq!(*page.at("/commentCount"), json!(3));
    assert_eq!(*app.anonymous().get(&address(&root)).send().await.expect(200).at("/reactions"), json!({}));
}

#[actix_web::test]
async fn of_an_article_that_is_not_there_no_comment_is_told_either() {
    let desk = Desk::new().await;
    let (app, editor) = (&desk.app, &desk.editor);
    invite(app).await;
    let (writer, others) = (writer(app).await, others(app).await);
    let hour = json!({ "publishAt": "2026-01-16T12:00:00Z" });
    let embargo = json!({ "embargoedUntil": "2026-01-16T12:00:00Z" });
    for (name, patch, steps) in [
        ("unpublished", None, vec![("unpublish", json!({ "note": "x" }))]),
        ("scheduled", None, vec![("unpublish", json!({ "note": "x" })), ("schedule", hour)]),
        ("embargoed", Some(embargo), vec![("unpublish", json!({ "note": "x" })), ("publish", json!({}))]),
        ("killed", None, vec![("kill", json!({ "notice": "سُحب." }))]),
        ("expired", None, vec![]),
    ] {
        let expires = if name == "expired" { json!("2026-01-15T13:00:00Z") } else { Value::Null };
        let fields = json!({ "comments": { "mode": "open" }, "expires": expires });
        let id = desk.live_with(&format!("خبر {name}"), fields).await;
        let there = app.anonymous().get(&format!("/api/v1/articles/{id}")).send().await.expect(200);
        let to = below(&there);
        let root = say(&writer, &to, &format!("{CANARY} {name}"), None).await.expect(201);
        let guest = json!({ "name": CANARY, "email": format!("{MAILBOX}@example.org") });
        let form = json!({ "text": format!("{CANARY} {name}"), "parentId": root.text("/id"), "guest": guest });
        let reply = app.anonymous().post(&to).json(&form).send().await.expect(201);
        for step in steps {
            if let (Some(patch), "publish") = (&patch, step.0) {
                desk.edit(editor, &id, patch.clone()).await.expect(200);
            }
            desk.step(editor, &id, step.0, step.1).await.expect(200);
        }
        if name == "expired" {
            app.clock.set("2026-01-15T14:00:00Z");
        }
        app.relay().await;
        let mut stream = app.listen(&format!("/api/v1/stream?topics=comments:{id}"), Some(0)).await;
        assert!(!format!("{:?}", stream.news().await).contains(CANARY), "{name}");
        decide(editor, &reply, "reject").await;
        decide(editor, &reply, "approve").await;
        app.relay().await;
        assert_eq!(stream.news().await, [], "{name}: nobody hears of what becomes of them");
        for comment in [&root, &reply] {
            for (_, caller, _) in &others {
                caller.get(&address(comment)).send().await.refused(404, "not_found");
            }
        }
        everything(&others, &there, &[&root, &reply]).await;
    }
}

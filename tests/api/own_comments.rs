//! What writers do with their own comments: change them for a while, take them back, find them again.

use std::time::Duration;

use futures_util::future::{join, join_all};
use khabar::auth::Role;
use serde_json::{Value, json};

use crate::comments::{address, article, below, counted, desk, say, texts};
use crate::moderation::recount;
use crate::support::{Answer, Client, TestApp};
use crate::writes::contents;

const OWN: &str = "/api/v1/me/comments";

async fn edit(client: &Client, comment: &Answer, text: &str) -> Answer {
    client.patch(&address(comment)).json(&json!({ "text": text })).send().await
}

async fn delete(client: &Client, comment: &Answer) -> Answer {
    client.delete(&address(comment)).send().await
}

async fn decide(moderator: &Client, comment: &Answer, what: &str, body: &Value) -> Answer {
    let present = moderator.get(&desk(comment)).send().await.expect(200);
    moderator.post(&format!("{}/{what}", desk(comment))).if_match(&present.etag()).json(body).send().await
}

/// Where in the database a word stands.
pub fn traces(app: &TestApp, word: &str) -> Vec<String> {
    let is_there = |rows: &Vec<String>| rows.iter().any(|row| row.contains(word));
    contents(app).into_iter().filter(|(_, rows)| is_there(rows)).map(|(table, _)| table).collect()
}

#[actix_web::test]
async fn a_comment_can_be_changed_for_as_long_as_the_site_says() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let made = say(&reader, &below(&article), "اول", None).await.expect(201);
    app.events();
    app.clock.advance(Duration::from_secs(299));
    let edited = edit(&reader, &made, "أول").await.expect(200);
    assert_eq!((edited.text("/text"), edited.text("/status")), ("أول".into(), "published".into()));
    assert_eq!(edited.text("/dateEdited"), "2026-01-15T12:04:59Z");
    let event = app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility), ("comment.edited", "public"));
    assert!(!event.payload.to_string().contains("أول"));
    edit(&reader, &made, "أول").await.expect(200);
    app.assert_events(&[]);
    assert_eq!(texts(&app.anonymous().get(&below(&article)).send().await.expect(200)), ["أول"]);
    let seen = moderator.get(&desk(&made)).send().await.expect(200);
    assert_eq!((seen.at("/isReviewed"), seen.at("/version")), (&json!(false), &json!(2)));
    app.clock.advance(Duration::from_secs(1));
    let late = edit(&reader, &made, "متأخر").await.refused(409, "edit_ended");
    assert_eq!(late.text("/until"), "2026-01-15T12:05:00Z");
    for body in [json!({ "text": null }), json!({ "text": "  " }), json!({ "status": "published" })] {
        let again = say(&reader, &below(&article), &body.to_string(), None).await.expect(201);
        reader.patch(&address(&again)).json(&body).send().await.refused(422, "invalid");
    }
}

#[actix_web::test]
async fn what_a_comment_said_before_is_kept_for_moderators() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let made = say(&reader, &below(&article), "أ", None).await.expect(201);
    for text in ["ب", "ت", "ث"] {
        app.clock.advance(Duration::from_secs(10));
        edit(&reader, &made, text).await.expect(200);
    }
    let list = format!("{}/revisions", desk(&made));
    let page = moderator.get(&format!("{list}?count=true")).send().await.expect(200);
    assert_eq!((texts(&page), page.at("/page/total")), (vec!["ت".into(), "ب".into(), "أ".into()], &json!(3)));
    assert_eq!(page.text("/items/0/dateCreated"), "2026-01-15T12:00:20Z");
    assert_eq!(page.at("/items/2/dateCreated"), made.at("/dateCreated"));
    let first = moderator.get(&format!("{list}?limit=2")).send().await.expect(200);
    let rest = moderator.get(&format!("{list}?limit=2&after={}", first.text("/page/next"))).send().await.expect(200);
    assert_eq!((texts(&rest), rest.at("/page/next")), (vec!["أ".into()], &Value::Null));
    reader.get(&list).send().await.refused(403, "forbidden");
    let nowhere = "/api/v1/newsroom/comments/0192f3a4-5b6c-7d8e-9f01-23456789abcd/revisions";
    moderator.get(nowhere).send().await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_changed_comment_goes_the_way_of_a_new_one() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let (held, open) = (article(&editor, Value::Null).await, article(&editor, json!({ "mode": "open" })).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let approved = say(&reader, &below(&held), "أنتظر", None).await.expect(202);
    decide(&moderator, &approved, "approve", &json!({})).await.expect(200);
    assert_eq!(counted(&app, &held).await, 1);
    app.events();
    let again = edit(&reader, &approved, "أنتظر مرة أخرى").await.expect(200);
    assert_eq!((again.text("/status"), again.header("cache-control")), ("pending".into(), Some("no-store")));
    assert_eq!((counted(&app, &held).await, recount(&app)), (0, 0), "what was approved was another text");
    assert_eq!(app.events().pop().unwrap().visibility, "public", "it has gone from sight");
    app.anonymous().get(&address(&approved)).send().await.refused(404, "not_found");
    let links = "https://a.example و https://b.example";
    let waiting = say(&reader, &below(&open), links, None).await.expect(202);
    let mended = edit(&reader, &waiting, "https://a.example وحده").await.expect(200);
    assert_eq!((mended.text("/status"), counted(&app, &open).await), ("published".into(), 1));
    // The same as another one of theirs in the same place.
    let other = say(&reader, &below(&open), "رأي", None).await.expect(201);
    edit(&reader, &other, "https://a.example وحده").await.refused(409, "duplicate");
    recount(&app);
}

#[actix_web::test]
async fn what_a_moderator_took_from_sight_is_not_changed_but_can_be_deleted() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    for (what, state) in [("reject", "rejected"), ("withhold", "withheld")] {
        let made = say(&reader, &below(&article), what, None).await.expect(201);
        decide(&moderator, &made, what, &json!({ "reason": "spam" })).await.expect(200);
        let no = edit(&reader, &made, "غيره").await.refused(409, "illegal_transition");
        assert_eq!((no.text("/state"), no.at("/allowed")), (state.into(), &json!(["delete"])));
        delete(&reader, &made).await.expect(204);
        let no = edit(&reader, &made, "غيره").await.refused(409, "illegal_transition");
        assert_eq!((no.text("/state"), no.at("/allowed")), ("deleted".into(), &json!([])));
        decide(&moderator, &made, "approve", &json!({})).await.refused(409, "illegal_transition");
    }
    assert_eq!(recount(&app), 0);
}

#[actix_web::test]
async fn a_comment_is_its_writers_to_change_and_nobody_elses() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let reader = app.as_(Role::Reader).await;
    let made = say(&reader, &below(&article), "لي", None).await.expect(201);
    let waiting = say(&reader, &below(&article), "https://a.example https://b.example", None).await.expect(202);
    app.events();
    for other in [app.as_(Role::Reader).await, app.as_(Role::Moderator).await, app.as_(Role::Admin).await] {
        edit(&other, &made, "لك").await.refused(403, "forbidden");
        delete(&other, &made).await.refused(403, "forbidden");
        edit(&other, &waiting, "لك").await.refused(404, "not_found");
        delete(&other, &waiting).await.refused(404, "not_found");
    }
    edit(&app.anonymous(), &made, "لك").await.refused(401, "unauthenticated");
    delete(&app.anonymous(), &made).await.refused(401, "unauthenticated");
    app.assert_events(&[]);
}

#[actix_web::test]
async fn a_deleted_comment_leaves_its_place_and_not_one_word() {
    const WORD: &str = "زمردة";
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let send = reader.post(&below(&article)).key("k").json(&json!({ "text": format!("{WORD} خضراء") }));
    let made = send.clone().send().await.expect(201);
    edit(&reader, &made, &format!("{WORD} حمراء")).await.expect(200);
    let note = json!({ "reason": "spam", "note": format!("يقول {WORD}") });
    decide(&moderator, &made, "withhold", &note).await.expect(200);
    let approve = moderator.post(&format!("{}/approve", desk(&made))).key("m").if_match("\"3\"").json(&json!({}));
    approve.send().await.expect(200);
    let reply = say(&moderator, &below(&article), "رد", Some(&made)).await.expect(201);
    assert!(traces(&app, WORD).len() >= 4, "{:?}", traces(&app, WORD));
    app.events();
    delete(&reader, &made).await.expect(204);
    let event = app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility), ("comment.deleted", "public"));
    assert_eq!(traces(&app, WORD), Vec::<String>::new());
    assert_eq!((counted(&app, &article).await, recount(&app)), (1, 1));
    for client in [&app.anonymous(), &reader] {
        let gap = client.get(&address(&made)).send().await.expect(200);
        let told = (gap.at("/status"), gap.at("/text"), gap.at("/author"), gap.at("/replyCount"));
        assert_eq!(told, (&json!("deleted"), &Value::Null, &Value::Null, &json!(1)));
    }
    delete(&reader, &made).await.expect(204);
    app.assert_events(&[]);
    let page = moderator.get(&format!("{}/revisions", desk(&made))).send().await.expect(200);
    assert_eq!(*page.at("/items"), json!([]));
    // The key is free again, and the same words can be said anew.
    let anew = send.send().await.expect(201);
    assert_ne!(anew.text("/id"), made.text("/id"));
    delete(&moderator, &reply).await.expect(204);
    app.anonymous().get(&address(&made)).send().await.refused(404, "not_found");
    reader.get(&address(&made)).send().await.refused(404, "not_found");
    recount(&app);
}

#[actix_web::test]
async fn of_an_edit_a_deletion_and_a_decision_at_once_nothing_is_lost() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, Value::Null).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    for round in 0..8 {
        let made = say(&reader, &below(&article), &format!("رأي {round}"), None).await.expect(202);
        app.events();
        let approve = moderator.post(&format!("{}/approve", desk(&made))).if_match("\"1\"").json(&json!({}));
        let text = format!("رأي آخر {round}");
        let (decided, changed) = if round % 2 == 0 {
            join(approve.send(), edit(&reader, &made, &text)).await
        } else {
            join(approve.send(), delete(&reader, &made)).await
        };
        assert!([200, 412].contains(&decided.status), "{}", decided.status);
        let done = if decided.status == 200 { 2 } else { 1 };
        assert_eq!(app.events().len(), done, "and each that did was told");
        let seen = moderator.get(&desk(&made)).send().await.expect(200);
        assert_eq!(*seen.at("/version"), json!(1 + done));
        match changed.status {
            200 => assert_eq!((seen.text("/text"), seen.text("/status")), (text, "pending".into())),
            204 => assert_eq!((seen.text("/text"), seen.text("/status")), (String::new(), "deleted".into())),
            status => panic!("who names no version is not stale: {status}"),
        }
        recount(&app);
    }
    let made = say(&reader, &below(&article), "كلنا معًا", None).await.expect(202);
    let texts: Vec<String> = (0..6).map(|n| format!("كلنا معًا {n}")).collect();
    let answers = join_all(texts.iter().map(|text| edit(&reader, &made, text))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let list = format!("{}/revisions?count=true", desk(&made));
    let kept = moderator.get(&list).send().await.expect(200);
    assert_eq!(*kept.at("/page/total"), json!(6), "each wording that was replaced is kept");
}

#[actix_web::test]
async fn readers_find_their_own_comments_whatever_has_become_of_them() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let (one, other) = (article(&editor, Value::Null).await, article(&editor, json!({ "mode": "open" })).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let mut made = Vec::new();
    for (article, text) in [(&one, "ينتظر"), (&one, "مرفوض"), (&other, "منشور"), (&other, "محذوف")]
    {
        app.clock.advance(Duration::from_micros(1));
        made.push(say(&reader, &below(article), text, None).await);
    }
    decide(&moderator, &made[1], "reject", &json!({ "reason": "offTopic", "note": "سر" })).await.expect(200);
    delete(&reader, &made[3]).await.expect(204);
    say(&moderator, &below(&one), "لغيره", None).await.expect(201);
    let list = reader.get(&format!("{OWN}?count=true&sort=oldest")).send().await.expect(200);
    assert_eq!(list.header("cache-control"), Some("no-store"));
    let lines: Vec<Value> = list
        .at("/items")
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["text"], item["status"], item["reason"]]))
        .collect();
    let expected = json!([
        ["ينتظر", "pending", null],
        ["مرفوض", "rejected", "offTopic"],
        ["منشور", "published", null],
        [null, "deleted", null],
    ]);
    assert_eq!((json!(lines), list.at("/page/total")), (expected, &json!(4)));
    let of_one = format!("{OWN}?articleId={}", one.text("/id"));
    assert_eq!(texts(&reader.get(&of_one).send().await.expect(200)), ["مرفوض", "ينتظر"]);
    let first = reader.get(&format!("{of_one}&limit=1")).send().await.expect(200);
    let next = format!("{of_one}&limit=1&after={}", first.text("/page/next"));
    assert_eq!(texts(&reader.get(&next).send().await.expect(200)), ["ينتظر"]);
    assert_eq!(*app.as_(Role::Reader).await.get(OWN).send().await.expect(200).at("/items"), json!([]));
    app.anonymous().get(OWN).send().await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn the_list_of_the_own_comments_says_by_which_rule_each_was_decided() {
    let app = TestApp::new().await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    say(&reader, &to, "a.example b.example", None).await.expect(202);
    app.clock.advance(Duration::from_secs(1));
    say(&reader, &to, "ثان", None).await.expect(201);
    app.clock.advance(Duration::from_secs(1));
    let third = say(&reader, &to, "ثالث", None).await.expect(201);
    app.clock.advance(Duration::from_secs(1));
    let note = moderator.post(&format!("{}/notes", desk(&third))).json(&json!({ "note": "راقبوه" }));
    note.send().await.expect(201);
    let reject = moderator.post(&format!("{}/reject", desk(&third))).if_match("\"1\"");
    reject.json(&json!({ "reason": "spam" })).send().await.expect(200);
    let page = reader.get("/api/v1/me/comments").send().await.expect(200);
    let rules: Vec<_> = page.at("/items").as_array().unwrap().iter().map(|item| item["rule"].clone()).collect();
    assert_eq!(rules, [json!("moderator"), json!("passed"), json!("links")]);
}

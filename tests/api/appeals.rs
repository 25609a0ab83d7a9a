//! Appeals, somebody's history, and discussions that moderators end.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk};
use crate::comment_desk::{open_article, step};
use crate::comments::{address, below, desk, say, texts};
use crate::support::{Answer, Client, TestApp};

const LIST: &str = "/api/v1/newsroom/comments";

async fn appeal(who: &Client, comment: &Answer, text: &str) -> Answer {
    who.post(&format!("{}/appeal", address(comment))).json(&json!({ "text": text })).send().await
}

#[actix_web::test]
async fn a_writer_asks_once_for_each_decision_to_look_again() {
    let app = TestApp::new().await;
    let to = below(&open_article(&app).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let comment = say(&reader, &to, "رأي", None).await.expect(201);
    let early = appeal(&reader, &comment, "لماذا؟").await.refused(409, "illegal_transition");
    assert_eq!(early.text("/state"), "published");
    app.clock.advance(Duration::from_secs(1));
    step(&moderator, &comment, "reject", 1, json!({ "reason": "abusive" })).await.expect(200);
    app.events();
    app.clock.advance(Duration::from_secs(1));
    let asked = appeal(&reader, &comment, " لم أقصد ").await.expect(200);
    assert_eq!((asked.at("/isAppealed"), asked.text("/rule")), (&json!(true), "moderator".into()));
    let event = app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility), ("comment.appealed", "newsroom"));
    assert!(!event.payload.to_string().contains("أقصد"), "no event holds what somebody says");
    appeal(&reader, &comment, "مرة أخرى").await.refused(409, "duplicate");
    let page = moderator.get(&format!("{LIST}?hasAppeal=true")).send().await.expect(200);
    assert_eq!((texts(&page), page.text("/items/0/appeal")), (vec!["رأي".to_owned()], "لم أقصد".into()));
    let export = reader.get("/api/v1/me/export").send().await.expect(200);
    assert_eq!(export.text("/comments/0/appeal"), "لم أقصد");
    let counts = moderator.get(&format!("{LIST}/counts")).send().await.expect(200);
    assert_eq!(*counts.at("/appealed/count"), json!(1));
    // Looked at and left as it is: answered, and not asked again.
    app.clock.advance(Duration::from_secs(1));
    let looked = step(&moderator, &comment, "review", 3, json!({})).await.expect(200);
    assert!(looked.at("/appeal").is_null());
    assert_eq!(reader.get(&address(&comment)).send().await.expect(200).at("/isAppealed"), &json!(false));
    appeal(&reader, &comment, "مرة أخرى").await.refused(409, "duplicate");
    // A new decision can be appealed against anew.
    app.clock.advance(Duration::from_secs(1));
    step(&moderator, &comment, "approve", 4, json!({})).await.expect(200);
    step(&moderator, &comment, "withhold", 5, json!({ "reason": "other" })).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    appeal(&reader, &comment, "والآن؟").await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    let back = step(&moderator, &comment, "approve", 7, json!({})).await.expect(200);
    assert!(back.at("/appeal").is_null(), "the decision answers it");
}

#[actix_web::test]
async fn only_the_writer_appeals_even_one_who_is_banned() {
    let app = TestApp::new().await;
    let to = below(&open_article(&app).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let comment = say(&reader, &to, "رأي", None).await.expect(201);
    step(&moderator, &comment, "reject", 1, json!({ "reason": "abusive" })).await.expect(200);
    for other in [app.as_(Role::Reader).await, moderator.clone()] {
        appeal(&other, &comment, "أنا").await.refused(404, "not_found");
    }
    appeal(&app.anonymous(), &comment, "أنا").await.refused(401, "unauthenticated");
    for (text, error) in [("", "/text too_short"), (" \u{200B} ", "/text blank")] {
        assert_eq!(appeal(&reader, &comment, text).await.refused(422, "invalid").errors(), [error]);
    }
    let long = appeal(&reader, &comment, &"ق".repeat(1_001)).await.refused(422, "invalid");
    assert_eq!(long.errors(), ["/text too_long"]);
    let ban = json!({ "commenterId": reader.id(), "kind": "ban", "reason": "abusive" });
    moderator.post("/api/v1/newsroom/sanctions").json(&ban).send().await.expect(201);
    appeal(&reader, &comment, "سامحوني").await.expect(200);
}

#[actix_web::test]
async fn somebodys_history_tells_what_became_of_what_they_wrote() {
    let app = TestApp::new().await;
    let to = below(&open_article(&app).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let at = |id: &str| format!("/api/v1/newsroom/commenters/{id}");
    let id = reader.id().to_string();
    moderator.get(&at(&id)).send().await.refused(404, "not_found");
    let first = say(&reader, &to, "أ", None).await.expect(201);
    app.clock.advance(Duration::from_secs(1));
    say(&reader, &to, "ب", None).await.expect(201);
    say(&reader, &to, "a.com b.com", None).await.expect(202);
    app.clock.advance(Duration::from_secs(1));
    step(&moderator, &first, "reject", 1, json!({ "reason": "abusive", "note": "مرة" })).await.expect(200);
    let warn = json!({ "commenterId": id, "kind": "warn", "reason": "abusive" });
    moderator.post("/api/v1/newsroom/sanctions").json(&warn).send().await.expect(201);
    let history = moderator.get(&at(&id)).send().await.expect(200);
    assert_eq!((history.text("/author/id"), history.text("/author/name")), (id.clone(), "A reader".into()));
    assert_eq!((history.at("/isGuest"), history.text("/role")), (&json!(false), "reader".into()));
    assert_eq!(history.text("/dateCreated"), "2026-01-15T12:00:00Z");
    assert_eq!(
        *history.at("/counts"),
        json!({ "pending": 1, "withheld": 0, "published": 1, "rejected": 1, "deleted": 0 })
    );
    assert_eq!(history.text("/sanctions/0/kind"), "warn");
    assert_eq!(history.at("/decisions").as_array().unwrap().len(), 4);
    assert_eq!(
        (history.text("/decisions/0/commentId"), history.text("/decisions/0/note")),
        (first.text("/id"), "مرة".into())
    );
    reader.get(&at(&id)).send().await.refused(403, "forbidden");
}

async fn rule(who: &Client, article: &str, body: Value) -> Answer {
    who.put(&format!("{DESK}/{article}/discussion")).json(&body).send().await
}

#[actix_web::test]
async fn a_moderator_ends_a_discussion_without_a_word_of_the_article_being_touched() {
    let app = TestApp::new().await;
    let article = open_article(&app).await;
    let (id, to) = (article.text("/id"), below(&article));
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let shown = say(&reader, &to, "رأي", None).await.expect(201);
    app.events();
    let before = app.anonymous().get(&format!("/api/v1/articles/{id}")).send().await.expect(200);
    let closed = rule(&moderator, &id, json!({ "mode": "closed" })).await.expect(200);
    assert_eq!((closed.text("/mode"), closed.at("/effective/open")), ("closed".into(), &json!(false)));
    let event = app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility), ("article.discussion_changed", "public"));
    say(&reader, &to, "وبعد", None).await.refused(409, "comments_closed");
    let read = app.anonymous().get(&format!("/api/v1/articles/{id}")).send().await.expect(200);
    assert_eq!((read.text("/comments/mode"), read.at("/comments/open")), ("closed".into(), &json!(false)));
    assert_eq!((read.at("/version"), read.at("/dateModified")), (before.at("/version"), before.at("/dateModified")));
    assert_eq!(texts(&app.anonymous().get(&to).send().await.expect(200)), ["رأي"], "what was said stays");
    // The same again is no news.
    rule(&moderator, &id, json!({ "mode": "closed" })).await.expect(200);
    app.assert_events(&[]);
    rule(&moderator, &id, json!({ "mode": "premoderated" })).await.expect(200);
    say(&reader, &to, "وبعد", None).await.expect(202);
    let until = json!({ "closesAt": "2026-01-15T12:00:05Z" });
    let until = rule(&moderator, &id, until).await.expect(200);
    assert_eq!((until.at("/mode"), until.text("/effective/mode")), (&json!(null), "open".into()));
    say(&reader, &to, "ثم", None).await.expect(201);
    app.clock.advance(Duration::from_secs(5));
    say(&reader, &to, "أخيرًا", None).await.refused(409, "comments_closed");
    rule(&moderator, &id, json!({})).await.expect(200);
    say(&reader, &to, "أخيرًا", None).await.expect(201);
    moderator.get(&desk(&shown)).send().await.expect(200);
}

#[actix_web::test]
async fn moderators_reopen_what_its_article_has_closed_and_learn_of_no_draft() {
    let desk = Desk::new().await;
    let moderator = desk.app.as_(Role::Moderator).await;
    let closed = json!({ "comments": { "mode": "open", "closesAt": "2026-01-15T12:00:00Z" } });
    let id = desk.live_with("مغلق", closed).await;
    let at = format!("/api/v1/articles/{id}/comments");
    let reader = desk.app.as_(Role::Reader).await;
    say(&reader, &at, "متأخر", None).await.refused(409, "comments_closed");
    rule(&moderator, &id, json!({ "closesAt": "2026-01-15T13:00:00Z" })).await.expect(200);
    say(&reader, &at, "متأخر", None).await.expect(201);
    let draft = desk.draft("مسودة").await.text("/id");
    for hidden in [draft.as_str(), "0192f3a4-5b6c-7d8e-9f01-23456789abcd"] {
        rule(&moderator, hidden, json!({ "mode": "closed" })).await.refused(404, "not_found");
        moderator.get(&format!("{DESK}/{hidden}/discussion")).send().await.refused(404, "not_found");
    }
    for (role, status) in [(Role::Reader, 403), (Role::Journalist, 403), (Role::Editor, 200), (Role::Admin, 200)] {
        rule(&desk.app.as_(role).await, &id, json!({ "mode": "premoderated" })).await.expect(status);
    }
}

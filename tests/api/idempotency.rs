//! `Idempotency-Key`: a request that is sent twice happens once.

use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use khabar::auth::{Actor, Role};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::articles::DESK;
use crate::comments::{article, below};
use crate::guests::invite;
use crate::sources::SOURCES;
use crate::support::{Answer, Client, TestApp};

fn form(name: &str) -> Value {
    json!({ "name": name, "kind": "agency" })
}

async fn post(client: &Client, key: &str, name: &str) -> Answer {
    client.post(SOURCES).key(key).json(&form(name)).send().await
}

async fn total(client: &Client) -> i64 {
    let page = client.get(&format!("{SOURCES}?count=true&limit=1")).send().await.expect(200);
    page.at("/page/total").as_i64().unwrap()
}

#[actix_web::test]
async fn a_repetition_gets_the_first_answer_again() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let first = post(&editor, "one", "هيا").await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    app.assert_events(&["source.created"]);
    let again = post(&editor, "one", "هيا").await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.bytes, first.bytes);
    for name in ["location", "etag", "last-modified"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    app.assert_events(&[]);
    assert_eq!(total(&editor).await, 1);
}

#[actix_web::test]
async fn a_key_that_was_used_for_another_body_is_refused() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    post(&editor, "one", "هيا").await.expect(201);
    post(&editor, "one", "وكالات").await.refused(422, "key_reused");
    assert_eq!(total(&editor).await, 1);
}

#[actix_web::test]
async fn a_draft_that_is_made_ready_before_its_turn_is_made_once_too() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let post = async |form: Value| editor.post(DESK).key("one").json(&form).send().await;
    let form = json!({ "language": "ar", "headline": "خبر", "bodyHtml": "<p>نص</p>" });
    let first = post(form.clone()).await.expect(201);
    let again = post(form).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.bytes), (Some("true"), &first.bytes));
    app.assert_events(&["article.created"]);
    post(json!({ "language": "ar", "headline": "آخر" })).await.refused(422, "key_reused");
    // What is wrong with a form is told first: it asks for nothing that could be repeated.
    post(json!({ "language": "ar", "headline": " " })).await.refused(422, "invalid");
}

#[actix_web::test]
async fn what_is_wrong_with_a_draft_is_told_while_others_write() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let (began, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel();
    let others = app.app.write(Actor::itself(), move |_| {
        let _ = began.send(());
        Ok(released.recv_timeout(Duration::from_secs(20)).is_ok())
    });
    let ask = async {
        has_begun.await.unwrap();
        let answer = editor.post(DESK).json(&json!({ "language": "ar", "headline": " " })).send().await;
        let _ = release.send(());
        answer
    };
    let (was_released, answer) = join(others, ask).await;
    answer.refused(422, "invalid");
    assert!(was_released.unwrap(), "the answer did not wait for its turn");
}

#[actix_web::test]
async fn twenty_at_once_with_one_key_make_one_source() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let answers = join_all((0..20).map(|_| post(&editor, "one", "هيا"))).await;
    let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
    assert_eq!(fresh, 1, "one of them did it");
    let bodies: std::collections::HashSet<_> = answers.into_iter().map(|answer| answer.expect(201).bytes).collect();
    assert_eq!(bodies.len(), 1, "and all got its answer");
    assert_eq!(total(&editor).await, 1);
    app.assert_events(&["source.created"]);
}

#[actix_web::test]
async fn two_callers_never_share_a_key() {
    let app = TestApp::new().await;
    let (one, other) = (app.as_(Role::Editor).await, app.as_(Role::Editor).await);
    post(&one, "one", "هيا").await.expect(201);
    let second = post(&other, "one", "وكالات").await.expect(201);
    assert_eq!(second.header("idempotency-replayed"), None);
}

#[actix_web::test]
async fn two_guests_never_share_a_key_whatever_they_say() {
    let app = TestApp::new().await;
    invite(&app).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let introduce = async |name: &str| {
        let form = json!({ "text": "أول", "guest": { "name": name, "email": "laila@example.org" } });
        app.anonymous().post(&to).json(&form).send().await.expect(201).text("/guestToken")
    };
    let tokens = [introduce("ليلى").await, introduce("منى").await];
    let say = async |token: &str| {
        let ask = app.anonymous().post(&to).header("khabar-guest", token).header("idempotency-key", "1");
        ask.json(&json!({ "text": "نعم" })).send().await.expect(201)
    };
    let said = [say(&tokens[0]).await, say(&tokens[1]).await];
    assert_ne!(said[0].text("/id"), said[1].text("/id"));
    assert_eq!(say(&tokens[0]).await.text("/id"), said[0].text("/id"));
}

#[actix_web::test]
async fn a_key_is_good_for_one_address() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    post(&editor, "one", "هيا").await.expect(201);
    let tag = editor.post("/api/v1/newsroom/tags").key("one").json(&json!({ "name": "هيا" })).send().await.expect(201);
    assert_eq!(tag.header("idempotency-replayed"), None);
    app.assert_events(&["source.created", "tag.created"]);
}

#[actix_web::test]
async fn a_request_that_was_refused_leaves_its_key_free() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    post(&editor, "one", "   ").await.refused(422, "invalid");
    post(&editor, "one", "هيا").await.expect(201);
}

#[actix_web::test]
async fn a_key_outlives_a_restart_and_ends_after_a_day() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let first = post(&editor, "one", "هيا").await.expect(201);
    let later = app.restarted().await;
    let editor = later.as_user(editor.id()).await;
    app.clock.set("2026-01-16T11:59:59Z");
    assert_eq!(post(&editor, "one", "هيا").await.expect(201).bytes, first.bytes);
    app.clock.advance(Duration::from_secs(2));
    post(&editor, "one", "هيا").await.refused(409, "duplicate");
    post(&editor, "one", "وكالات").await.expect(201);
}

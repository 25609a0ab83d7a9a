//! Locks: while somebody writes at an article, nobody else's save gets in between.

use std::time::Duration;

use futures_util::future::join_all;
use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk};
use crate::support::{Answer, Client};

fn path(id: &str) -> String {
    format!("{DESK}/{id}/lock")
}

async fn lock(who: &Client, id: &str) -> Answer {
    who.post(&path(id)).send().await
}

async fn take_over(who: &Client, id: &str) -> Answer {
    who.post(&path(id)).json(&json!({ "takeOver": true })).send().await
}

#[actix_web::test]
async fn while_somebody_writes_nobody_else_saves_or_takes_a_step() {
    let desk = Desk::new().await;
    let made = desk.draft("خبر").await;
    let id = made.text("/id");
    assert_eq!(*made.at("/lock"), Value::Null);
    desk.app.events();
    let taken = lock(&desk.journalist, &id).await.expect(201);
    assert_eq!(taken.text("/userId"), desk.journalist.id().to_string());
    assert_eq!((taken.text("/articleId"), taken.text("/userName")), (id.clone(), "A journalist".into()));
    assert_eq!(taken.text("/expiresAt"), desk.app.clock_in(60).to_string());
    let owner =
        json!({ "userId": taken.at("/userId"), "userName": "A journalist", "expiresAt": taken.at("/expiresAt") });
    // Whoever looks sees who it is, and the article's version stays.
    let seen = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert_eq!((seen.at("/lock"), seen.etag()), (&owner, made.etag()));
    let listed = desk.editor.get(DESK).send().await.expect(200);
    assert_eq!(*listed.at("/items/0/lock"), owner);
    assert_eq!(desk.editor.get(&path(&id)).send().await.expect(200).json, taken.json);
    desk.app.assert_events(&["article.locked"]);
    for refused in [
        lock(&desk.editor, &id).await,
        desk.editor.put(&path(&id)).send().await,
        desk.editor.delete(&path(&id)).send().await,
        desk.edit(&desk.editor, &id, json!({ "headline": "آخر" })).await,
        desk.step(&desk.editor, &id, "publish", json!({})).await,
        desk.step(&desk.editor, &id, "revisions/1/restore", json!({})).await,
    ] {
        assert_eq!(*refused.refused(409, "locked").at("/owner"), owner);
    }
    desk.app.assert_events(&[]);
    let own = desk.edit(&desk.journalist, &id, json!({ "headline": "آخر" })).await.expect(200);
    assert_eq!(*own.at("/lock"), owner);
    desk.app.assert_events(&["article.edited"]);
    desk.journalist.delete(&path(&id)).send().await.expect(204);
    desk.journalist.delete(&path(&id)).send().await.expect(204);
    desk.app.assert_events(&["article.unlocked"]);
    desk.editor.get(&path(&id)).send().await.refused(404, "not_found");
    desk.edit(&desk.editor, &id, json!({ "headline": "ثالث" })).await.expect(200);
}

#[actix_web::test]
async fn a_lock_ends_a_minute_after_its_last_sign_of_life() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let first = lock(&desk.journalist, &id).await.expect(201);
    desk.app.clock.advance(Duration::from_secs(59));
    let renewed = desk.journalist.put(&path(&id)).send().await.expect(200);
    assert_eq!(renewed.text("/expiresAt"), desk.app.clock_in(60).to_string());
    assert_eq!(renewed.at("/takenAt"), first.at("/takenAt"));
    desk.app.clock.advance(Duration::from_micros(59_999_999));
    lock(&desk.editor, &id).await.refused(409, "locked");
    desk.app.clock.advance(Duration::from_micros(1));
    desk.journalist.put(&path(&id)).send().await.refused(409, "not_locked");
    desk.edit(&desk.editor, &id, json!({ "headline": "آخر" })).await.expect(200);
    lock(&desk.editor, &id).await.expect(201);
    desk.journalist.put(&path(&id)).send().await.refused(409, "locked");
    // Who has it renews it, in whichever window.
    desk.app.clock.advance(Duration::from_secs(30));
    let again = lock(&desk.editor, &id).await.expect(201);
    assert_eq!(again.text("/expiresAt"), desk.app.clock_in(60).to_string());
}

#[actix_web::test]
async fn an_editor_takes_a_lock_over_and_the_log_says_from_whom() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    lock(&desk.journalist, &id).await.expect(201);
    desk.app.audit();
    desk.app.events();
    take_over(&desk.journalist, &id).await.refused(403, "forbidden");
    assert_eq!(take_over(&desk.editor, &id).await.expect(201).text("/userId"), desk.editor.id().to_string());
    let (journalist, editor) = (desk.journalist.id(), desk.editor.id());
    let audit = desk.app.audit();
    assert_eq!((audit.len(), &*audit[0].action), (1, "article.lock_taken_over"));
    assert_eq!(audit[0].actor, Some(editor.uuid()));
    let events = desk.app.events();
    assert_eq!((events.len(), &*events[0].visibility), (1, "newsroom"));
    assert_eq!(events[0].payload, json!({ "userId": editor, "fromUserId": journalist }));
    desk.journalist.put(&path(&id)).send().await.refused(409, "locked");
    desk.edit(&desk.journalist, &id, json!({ "headline": "آخر" })).await.refused(409, "locked");
    // There is nothing to take over from oneself, or from nobody.
    take_over(&desk.editor, &id).await.expect(201);
    desk.editor.delete(&path(&id)).send().await.expect(204);
    let given_back = desk.app.audit();
    take_over(&desk.editor, &id).await.expect(201);
    desk.app.assert_events(&["article.unlocked", "article.locked"]);
    let [from, to] = audit[0].hashes.clone();
    assert!(from.is_some() && to.is_some() && from != to);
    assert_eq!(given_back[0].hashes, [to, None], "what was taken over is what is given back");
}

#[actix_web::test]
async fn who_may_not_edit_an_article_can_not_lock_it() {
    let desk = Desk::new().await;
    let colleague = desk.app.as_(Role::Journalist).await;
    let draft = desk.draft("خبر").await.text("/id");
    lock(&colleague, &draft).await.refused(404, "not_found");
    for method in ["GET", "PUT", "DELETE"] {
        colleague.ask(method, &path(&draft)).send().await.refused(404, "not_found");
    }
    let submitted = desk.in_state("submitted").await;
    let refused = lock(&desk.journalist, &submitted).await.refused(409, "illegal_transition");
    assert_eq!(refused.text("/state"), "submitted");
    let spiked = desk.in_state("spiked").await;
    lock(&desk.editor, &spiked).await.refused(409, "illegal_transition");
}

#[actix_web::test]
async fn of_twenty_at_once_one_gets_the_lock() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let mut editors = Vec::new();
    for _ in 0..20 {
        editors.push(desk.app.as_(Role::Editor).await);
    }
    for _ in 0..3 {
        let answers = join_all(editors.iter().map(|editor| lock(editor, &id))).await;
        let (got, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!((got.len(), refused.len()), (1, 19));
        for answer in refused {
            answer.refused(409, "locked");
        }
        desk.app.clock.advance(Duration::from_secs(60));
    }
}

#[actix_web::test]
async fn who_has_handed_an_article_on_keeps_no_hold_on_it() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    lock(&desk.journalist, &id).await.expect(201);
    desk.step(&desk.journalist, &id, "submit", json!({})).await.expect(200);
    desk.journalist.put(&format!("{DESK}/{id}/lock")).json(&json!({})).send().await.refused(409, "illegal_transition");
}

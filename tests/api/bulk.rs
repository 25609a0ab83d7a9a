//! Many articles in one request.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk};
use crate::support::{Answer, Client};

const BULK: &str = "/api/v1/newsroom/articles/bulk";

async fn bulk(who: &Client, items: Value, all_or_nothing: bool) -> Answer {
    who.post(BULK).json(&json!({ "items": items, "allOrNothing": all_or_nothing })).send().await
}

async fn state(desk: &Desk, id: &str) -> String {
    desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200).text("/state")
}

#[actix_web::test]
async fn each_item_stands_or_falls_by_itself() {
    let desk = Desk::new().await;
    let [first, second, third] =
        [desk.draft("أول").await, desk.draft("ثان").await, desk.draft("ثالث").await].map(|made| made.text("/id"));
    desk.app.events();
    let items = json!([
        { "id": first, "version": 1, "action": "publish" },
        { "id": second, "version": 7, "action": "publish" },
        { "id": third, "version": 1, "action": "approve" },
        { "id": second, "version": 1, "action": "edit", "with": { "headline": "ثانٍ" } },
        { "id": second, "version": 2, "action": "submit", "with": { "note": "جاهز" } },
        { "id": third, "version": 1, "action": "edit", "with": { "headlin": "x" } },
        { "id": third, "version": 1, "action": "edit", "with": { "sectionId": desk.sources[0] } },
    ]);
    let answer = bulk(&desk.editor, items, false).await.expect(200);
    let statuses: Vec<&Value> = (0..7).map(|n| answer.at(&format!("/items/{n}/status"))).collect();
    assert_eq!(json!(statuses), json!([200, 412, 409, 200, 200, 422, 422]));
    assert_eq!(answer.text("/items/0/state"), "published");
    assert_eq!(
        (answer.text("/items/2/problem/code"), answer.text("/items/2/problem/state")),
        ("illegal_transition".into(), "draft".into())
    );
    assert_eq!(answer.text("/items/5/problem/errors/0/detail"), "There is no such field. Did you mean `headline`?");
    assert_eq!(answer.at("/items/4/version"), &json!(3));
    // What was refused has left nothing, and what was done has its event.
    desk.app.assert_events(&["article.published", "article.edited", "article.submitted"]);
    assert_eq!(state(&desk, &third).await, "draft");
}

#[actix_web::test]
async fn all_or_nothing_does_nothing_unless_all_is_possible() {
    let desk = Desk::new().await;
    let [first, second] = [desk.draft("أول").await, desk.draft("ثان").await].map(|made| made.text("/id"));
    desk.app.events();
    let item = |id: &str, version: i64| json!({ "id": id, "version": version, "action": "publish" });
    let refused = bulk(&desk.editor, json!([item(&first, 1), item(&second, 2)]), true).await;
    let refused = refused.refused(409, "not_all_possible");
    assert_eq!(refused.at("/items").as_array().unwrap().len(), 1);
    assert_eq!((refused.at("/items/0/index"), refused.text("/items/0/problem/code")), (&json!(1), "stale".into()));
    desk.app.assert_events(&[]);
    assert_eq!(state(&desk, &first).await, "draft");
    desk.public(&first).await.refused(404, "not_found");
    bulk(&desk.editor, json!([item(&first, 1), item(&second, 1)]), true).await.expect(200);
    desk.app.assert_events(&["article.published", "article.published"]);
}

#[actix_web::test]
async fn an_item_takes_the_permission_of_its_own_operation() {
    let desk = Desk::new().await;
    let own = desk.draft("خبر").await.text("/id");
    let other = desk.editor.post(DESK).json(&desk.form("آخر")).send().await.expect(201).text("/id");
    let items = json!([
        { "id": own, "version": 1, "action": "publish" },
        { "id": own, "version": 1, "action": "kill", "with": { "notice": "x" } },
        { "id": other, "version": 1, "action": "submit" },
        { "id": own, "version": 1, "action": "submit" },
    ]);
    let answer = bulk(&desk.journalist, items, false).await.expect(200);
    let codes: Vec<&str> =
        (0..4).filter_map(|n| answer.at(&format!("/items/{n}/problem")).get("code")?.as_str()).collect();
    assert_eq!(codes, ["forbidden", "forbidden", "not_found"]);
    assert_eq!(answer.text("/items/0/problem/permission"), "article.publish");
    assert_eq!(answer.text("/items/3/state"), "submitted");
    bulk(&desk.app.as_(Role::Moderator).await, json!([]), false).await.refused(403, "forbidden");
}

#[actix_web::test]
async fn what_items_are_told_wrongly_is_named_before_anything_is_done() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let items = json!([
        { "id": id, "version": 1, "action": "submit" },
        { "id": id, "version": 2, "action": "schedule", "with": { "publishat": "2026-02-01T12:00:00Z" } },
        { "id": id, "version": 2, "action": "kill" },
        { "id": id, "version": 2, "action": "edit" },
        { "id": id, "version": 2, "action": "approve", "with": { "notice": "x" } },
    ]);
    let refused = bulk(&desk.editor, items, false).await.refused(422, "invalid");
    let expected = [
        "/items/1/with/publishat unknown_field",
        "/items/1/with/publishAt required",
        "/items/2/with/notice required",
        "/items/3/with required",
        "/items/4/with/notice unknown_field",
    ];
    assert_eq!(refused.errors(), expected);
    assert_eq!(state(&desk, &id).await, "draft");
    let many: Vec<Value> = (0..101).map(|_| json!({ "id": id, "version": 1, "action": "submit" })).collect();
    assert_eq!(bulk(&desk.editor, json!(many), false).await.refused(422, "invalid").errors(), ["/items too_long"]);
    assert_eq!(bulk(&desk.editor, json!([]), false).await.refused(422, "invalid").errors(), ["/items too_short"]);
}

#[actix_web::test]
async fn a_repeated_request_is_done_once() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let body = json!({ "items": [{ "id": id, "version": 1, "action": "submit" }] });
    let ask = desk.editor.post(BULK).json(&body).header("idempotency-key", "bulk-1");
    let first = ask.clone().send().await.expect(200);
    let again = ask.send().await.expect(200);
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

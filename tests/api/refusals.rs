//! What is refused leaves no row behind, in any table.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::comments::{article as published, below, desk, say};
use crate::support::client::Asked;
use crate::support::document::operations;
use crate::support::{Answer, TestApp};
use crate::writes::{NEW_PASSWORD, PASSWORD, People, assert_untouched, contents};

const NOBODYS_ID: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

/// A refusal leaves every table as it was; its key is free again too.
async fn refuses(app: &TestApp, what: &str, ask: Asked, status: u16, code: &str) {
    let before = contents(app);
    let answer = ask.key("refused").send().await;
    assert_eq!((answer.status, answer.json["code"].as_str()), (status, Some(code)), "{what}\n{:#}", answer.json);
    assert_untouched(&before, app, what);
}

#[actix_web::test]
async fn no_operation_leaves_a_row_when_it_is_asked_nonsense() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let before = contents(&app);
    let with_bodies = operations().iter().filter(|operation| operation.method != "GET" && operation.has_body());
    for operation in with_bodies {
        let path = operation.path.replace("{id}", NOBODYS_ID).replace("{idOrSlug}", NOBODYS_ID);
        for body in ["{\"nonsense\": true}", "["] {
            let answer = admin.ask(&operation.method, &path).if_match("\"7\"").body(body).send().await;
            assert!((400..500).contains(&answer.status), "{}: {}", operation.id, answer.status);
            assert_untouched(&before, &app, &operation.id);
        }
    }
}

#[actix_web::test]
async fn a_refused_change_of_a_record_or_the_site_leaves_no_row() {
    let app = TestApp::new().await;
    let people = People::of(&app).await;
    let live = published(&people.editor, json!({ "mode": "open" })).await;
    let sources = "/api/v1/newsroom/sources";
    let source = people.editor.get(sources).send().await.expect(200);
    let (id, name) = (source.text("/items/0/id"), source.text("/items/0/name"));
    let address = format!("{sources}/{id}");
    let form = json!({ "name": name, "kind": "agency" });
    let section = format!("/api/v1/newsroom/sections/{}", live.text("/sectionId"));
    let site = "/api/v1/newsroom/site";
    let own_parent = json!({ "parentId": live.text("/sectionId") });
    let rename = json!({ "name": "آخر" });
    let refused = [
        ("by a stranger", people.anyone.post(sources).json(&form), 401, "unauthenticated"),
        ("by a reader", people.reader.post(sources).json(&form), 403, "forbidden"),
        ("blank", people.editor.post(sources).json(&json!({ "name": " ", "kind": "own" })), 422, "invalid"),
        ("the same slug", people.editor.post(sources).json(&form), 409, "duplicate"),
        ("no version", people.editor.patch(&address).json(&rename), 428, "precondition_required"),
        ("an old version", people.editor.patch(&address).if_match("\"9\"").json(&rename), 412, "stale"),
        ("in use", people.editor.delete(&address).if_match("\"1\""), 409, "in_use"),
        ("below itself", people.admin.patch(&section).if_match("\"1\"").json(&own_parent), 422, "invalid"),
        ("an old site", people.admin.patch(site).if_match("\"9\"").json(&rename), 412, "stale"),
        ("a site of editors", people.editor.patch(site).if_match("\"1\"").json(&rename), 403, "forbidden"),
    ];
    for (what, ask, status, code) in refused {
        refuses(&app, what, ask, status, code).await;
    }
}

#[actix_web::test]
async fn a_refused_step_of_an_article_or_a_comment_leaves_no_row() {
    let app = TestApp::new().await;
    let people = People::of(&app).await;
    let editor = &people.editor;
    let live = published(editor, json!({ "mode": "open" })).await;
    let closed = published(editor, json!({ "mode": "closed" })).await;
    let articles = "/api/v1/newsroom/articles";
    let form = json!({ "language": "ar", "headline": "ناقص" });
    let draft = editor.post(articles).json(&form).send().await.expect(201);
    let comment = say(&people.reader, &below(&live), "قلت", None).await.expect(201);
    let step = |article: &Answer, step: &str, body: &Value| {
        editor.post(&format!("{articles}/{}/{step}", article.text("/id"))).if_match(&article.etag()).json(body)
    };
    let ruling = |step: &str, version: i64| {
        let body = if step == "reject" { json!({ "reason": "spam" }) } else { json!({}) };
        let ask = people.moderator.post(&format!("{}/{step}", desk(&comment))).json(&body);
        ask.if_match(&format!("\"{version}\""))
    };
    let none = json!({});
    let stale = editor.post(&format!("{articles}/{}/publish", live.text("/id"))).if_match("\"99\"").json(&none);
    let unknown = json!({ "language": "ar", "headline": "خبر", "sources": [{ "sourceId": NOBODYS_ID }] });
    let orphan = json!({ "text": "رد", "parentId": NOBODYS_ID });
    let said = json!({ "text": "رأي" });
    let reader = &people.reader;
    let refused = [
        ("an unknown source", editor.post(articles).json(&unknown), 422, "invalid"),
        ("not ready", step(&draft, "publish", &none), 422, "not_publishable"),
        ("no such step", step(&live, "submit", &none), 409, "illegal_transition"),
        ("no reason", step(&live, "unpublish", &none), 422, "invalid"),
        ("the future", step(&live, "publish", &json!({ "datePublished": "2030-01-01T00:00:00Z" })), 422, "invalid"),
        ("an old version", stale, 412, "stale"),
        ("no parent", reader.post(&below(&live)).json(&orphan), 422, "invalid"),
        ("blank", reader.post(&below(&live)).json(&json!({ "text": " " })), 422, "invalid"),
        ("closed", reader.post(&below(&closed)).json(&said), 409, "comments_closed"),
        ("no article", reader.post(&below(&draft)).json(&said), 404, "not_found"),
        ("approved before", ruling("approve", 1), 409, "illegal_transition"),
        ("an old comment", ruling("reject", 9), 412, "stale"),
    ];
    for (what, ask, status, code) in refused {
        refuses(&app, what, ask, status, code).await;
    }
}

#[actix_web::test]
async fn a_refused_step_of_an_alert_leaves_no_row() {
    let app = TestApp::new().await;
    let people = People::of(&app).await;
    let alerts = "/api/v1/newsroom/alerts";
    let draft = async |headline: &str| {
        let form = json!({ "headline": headline, "language": "ar" });
        people.editor.post(alerts).json(&form).send().await.expect(201)
    };
    let step = |alert: &Answer, step: &str, body: Value| {
        people.editor.post(&format!("{alerts}/{}/{step}", alert.text("/id"))).if_match(&alert.etag()).json(&body)
    };
    let first = step(&draft("أول").await, "issue", json!({})).send().await.expect(200);
    let second = step(&draft("ثان").await, "issue", json!({})).send().await.expect(200);
    let other = draft("ثالث").await;
    let path = format!("{alerts}/{}", other.text("/id"));
    let said = json!({ "headline": "أول" });
    let echo = people.editor.patch(&path).if_match(&other.etag()).json(&said).send().await.expect(200);
    let flash = json!({ "headline": "زلزال", "language": "ar", "urgency": 1 });
    let alone = people.editor.post(alerts).json(&flash).send().await.expect(201);
    let again = people.editor.post(alerts).json(&flash);
    let same = json!({ "headline": "أول", "language": "ar" });
    let later = json!({ "headline": "لاحق", "language": "ar", "startsAt": "2030-01-01T00:00:00Z" });
    let refused = [
        ("drafted before", again, 409, "duplicate"),
        ("a flash on one word", step(&alone, "issue", json!({})), 409, "approval_required"),
        ("a flash that was none", step(&first, "update", json!({ "urgency": 1 })), 409, "approval_required"),
        ("said before", step(&echo, "issue", json!({})), 409, "duplicate"),
        ("superseded by what was said before", step(&second, "supersede", same), 409, "duplicate"),
        ("superseded later", step(&second, "supersede", later), 422, "invalid"),
        ("a draft is not retracted", step(&echo, "retract", json!({ "reason": "لا" })), 409, "illegal_transition"),
        ("no reason", step(&first, "retract", json!({ "reason": " " })), 422, "invalid"),
        ("over before it begins", step(&first, "update", json!({ "expires": "2020-01-01T00:00:00Z" })), 422, "invalid"),
        ("what was seen is not cancelled", step(&first, "cancel", json!({})), 409, "illegal_transition"),
    ];
    for (what, ask, status, code) in refused {
        refuses(&app, what, ask, status, code).await;
    }
}

#[actix_web::test]
async fn a_refused_change_of_an_account_leaves_no_row() {
    let app = TestApp::new().await;
    let people = People::of(&app).await;
    let (admin, anyone) = (&people.admin, &people.anyone);
    let users = "/api/v1/newsroom/users";
    let form = |email: &str, password: &str| json!({ "email": email, "name": "سارة", "password": password });
    let register = |email: &str, password: &str| anyone.post("/api/v1/auth/register").json(&form(email, password));
    register("sara@example.org", PASSWORD).send().await.expect(201);
    let wrong = json!({ "email": "sara@example.org", "password": NEW_PASSWORD });
    let (own, other) = (format!("{users}/{}", admin.id()), format!("{users}/{}", people.reader.id()));
    let demoted = json!({ "role": "reader" });
    let change = json!({ "currentPassword": NEW_PASSWORD, "newPassword": PASSWORD });
    let refused = [
        ("taken", register("SARA@example.org", NEW_PASSWORD), 422, "invalid"),
        ("short", register("omar@example.org", "قصير"), 422, "invalid"),
        ("a wrong password", anyone.post("/api/v1/auth/login").json(&wrong), 401, "bad_credentials"),
        (
            "no token of ours",
            anyone.post("/api/v1/auth/refresh").json(&json!({ "refreshToken": "x" })),
            401,
            "unauthenticated",
        ),
        ("not one's own password", people.reader.post("/api/v1/me/password").json(&change), 422, "invalid"),
        ("the last administrator", admin.patch(&own).if_match("\"1\"").json(&demoted), 409, "last_admin"),
        ("gone", admin.patch(&own).if_match("\"1\"").json(&json!({ "isActive": false })), 409, "last_admin"),
        ("an old version", admin.patch(&other).if_match("\"9\"").json(&demoted), 412, "stale"),
        ("by an editor", people.editor.patch(&other).if_match("\"1\"").json(&demoted), 403, "forbidden"),
    ];
    for (what, ask, status, code) in refused {
        refuses(&app, what, ask, status, code).await;
    }
}

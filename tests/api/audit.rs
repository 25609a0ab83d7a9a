//! The audit log: who did what, and who was refused.

use std::collections::BTreeSet;

use khabar::audit::flush;
use khabar::auth::Role;
use khabar::auth::actions::POLICY;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk};
use crate::support::client::Asked;
use crate::support::document::{Operation, operations};
use crate::support::{Answer, Client, TestApp};
use crate::writes::{NEW_PASSWORD, PASSWORD, contents};

const LOG: &str = "/api/v1/newsroom/audit-log";
const SOURCES: &str = "/api/v1/newsroom/sources";
const NOBODYS_ID: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

/// The lines that a query finds, the latest first, with all that waited.
async fn lines(app: &TestApp, admin: &Client, query: &str) -> Vec<Value> {
    flush(&app.app).await.unwrap();
    let answer = admin.get(&format!("{LOG}?limit=100&{query}")).send().await.expect(200);
    answer.at("/items").as_array().unwrap().clone()
}

/// The one line of a request.
async fn line(app: &TestApp, admin: &Client, request_id: &str) -> Value {
    let mut found = lines(app, admin, &format!("requestId={request_id}")).await;
    assert_eq!(found.len(), 1, "{request_id}: {found:#?}");
    found.remove(0)
}

fn path(operation: &Operation) -> String {
    let fill = |part: &str| match part {
        "{n}" | "{version}" => "1".to_owned(),
        part if part.starts_with('{') => NOBODYS_ID.to_owned(),
        part => part.to_owned(),
    };
    operation.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn call(client: &Client, operation: &Operation, request_id: &str, body: Option<&str>) -> Answer {
    let mut request = client.ask(&operation.method, &format!("{}?key=hidden", path(operation)));
    request = request.header("x-request-id", request_id);
    if let Some(body) = body.filter(|_| operation.has_body()) {
        request = request.body(body);
    }
    request.send().await
}

/// Somebody whom the policy lets do an operation, and somebody whom it does not.
fn roles(operation: &Operation) -> (Role, Option<Role>) {
    let Some(permission) = &operation.permission else { return (Role::Admin, None) };
    let (_, may) = POLICY.iter().find(|(name, _)| name == permission).unwrap();
    (Role::Admin, Role::ALL.iter().copied().find(|role| !may.contains(role)))
}

#[actix_web::test]
async fn every_call_that_is_refused_has_one_line_that_says_why() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let mut codes = BTreeSet::new();
    for operation in operations().iter().filter(|operation| operation.method != "GET") {
        let (may, may_not) = roles(operation);
        let mut callers = vec![(app.anonymous(), None, "stranger"), (app.as_(may).await, Some(may), "may")];
        if let Some(role) = may_not {
            callers.push((app.as_(role).await, Some(role), "may-not"));
        }
        for (caller, role, who) in callers {
            let id = format!("{}.{who}", operation.id);
            let answer = call(&caller, operation, &id, Some("{\"password\": [\"hidden\"")).await;
            assert!(answer.status >= 400, "{id}");
            let line = line(&app, &admin, &id).await;
            assert_eq!(line["outcome"], "refused", "{id}");
            assert_eq!((&line["status"], &line["code"]), (&json!(answer.status), &answer.json["code"]), "{id}");
            assert_eq!((&line["method"], &line["route"]), (&json!(operation.method), &json!(operation.path)), "{id}");
            let is_nameless = operation.path.contains("/push/") || operation.id == "report_comment";
            let named = role.filter(|_| !is_nameless).map(|_| caller.id());
            assert_eq!(line["actor"]["id"], json!(named), "{id}");
            assert_eq!(line["actor"]["role"], named.and(role).map_or("none", Role::as_str), "{id}");
            let target = Some(NOBODYS_ID).filter(|_| operation.path.contains('{'));
            assert_eq!(line["target"]["id"], json!(target), "{id}");
            assert!(
                line["action"].as_str().unwrap().starts_with(&format!("{}.", line["target"]["kind"].as_str().unwrap()))
            );
            assert!(!line.to_string().contains("hidden"), "{id}: neither query nor body");
            codes.insert(answer.json["code"].as_str().unwrap().to_owned());
        }
    }
    for code in ["unauthenticated", "forbidden", "bad_parameter"] {
        assert!(codes.contains(code), "{codes:?}");
    }
}

#[actix_web::test]
async fn each_reason_to_refuse_is_told() {
    let desk = Desk::new().await;
    let (app, admin) = (&desk.app, desk.app.as_(Role::Admin).await);
    let draft = desk.journalist.post(DESK).json(&desk.form("x")).send().await.expect(201);
    let address = format!("{DESK}/{}", draft.text("/id"));
    let patch = || desk.editor.patch(&address).json(&json!({ "headline": "آخر" }));
    let publish = |body: &str| desk.editor.post(&format!("{address}/return")).if_match(&draft.etag()).body(body);
    let asked = [
        ("400", patch().body("{").if_match(&draft.etag()), 400, "malformed"),
        (
            "404",
            desk.editor.patch(&format!("{DESK}/{NOBODYS_ID}")).if_match("\"1\"").json(&json!({})),
            404,
            "not_found",
        ),
        ("409", publish("{\"note\": \"سبب\"}"), 409, "illegal_transition"),
        ("412", patch().if_match("\"77\""), 412, "stale"),
        ("422", patch().if_match(&draft.etag()).json(&json!({ "headline": 1 })), 422, "invalid"),
        ("428", patch(), 428, "precondition_required"),
    ];
    for (id, ask, status, code) in asked {
        ask.header("x-request-id", id).send().await.refused(status, code);
        let line = line(app, &admin, id).await;
        assert_eq!((&line["status"], &line["code"]), (&json!(status), &json!(code)), "{id}");
        assert_eq!((&line["before"], &line["after"], &line["payload"]), (&Value::Null, &Value::Null, &json!({})));
    }
    let bad = app.anonymous().post(SOURCES).header("authorization", "Bearer x").header("x-request-id", "401");
    bad.json(&json!({})).send().await.refused(401, "unauthenticated");
    assert_eq!(line(app, &admin, "401").await["actor"]["id"], Value::Null);
    let nowhere = app.anonymous().post("/api/v1/nowhere").header("x-request-id", "nowhere");
    nowhere.send().await.expect(404);
    assert!(lines(app, &admin, "requestId=nowhere").await.is_empty(), "no operation of ours");
}

#[actix_web::test]
async fn a_change_is_told_with_how_it_was_called_and_how_things_looked_before_and_after() {
    let app = TestApp::new().await;
    let (admin, editor) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await);
    let form = json!({ "name": "وكالة", "kind": "agency" });
    let made = editor.post(SOURCES).header("x-request-id", "made").json(&form).send().await.expect(201);
    let address = format!("{SOURCES}/{}", made.text("/id"));
    let patch = editor.patch(&address).if_match(&made.etag()).header("x-request-id", "changed");
    let changed = patch.json(&json!({ "name": "وكالة أخرى" })).send().await.expect(200);
    editor.delete(&address).if_match(&changed.etag()).header("x-request-id", "gone").send().await.expect(204);
    let (made_line, changed_line, gone) =
        (line(&app, &admin, "made").await, line(&app, &admin, "changed").await, line(&app, &admin, "gone").await);
    assert_eq!(made_line["action"], "source.created");
    assert_eq!(made_line["outcome"], "allowed");
    assert_eq!((&made_line["status"], &made_line["code"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&changed_line["method"], &changed_line["route"]),
        (&json!("PATCH"), &json!(format!("{SOURCES}/{{id}}")))
    );
    assert_eq!(changed_line["actor"], json!({ "id": editor.id(), "role": "editor", "keyId": null }));
    assert_eq!(changed_line["target"], json!({ "kind": "source", "id": made.text("/id") }));
    assert_eq!(made_line["before"], Value::Null);
    assert_eq!(made_line["after"].as_str().unwrap().len(), 64);
    assert_eq!(made_line["after"], changed_line["before"]);
    assert_ne!(changed_line["before"], changed_line["after"]);
    assert_eq!(changed_line["after"], gone["before"]);
    assert_eq!(gone["after"], Value::Null);
}

/// The hashes of a thing's lines: each begins where another one has ended, but for the first.
async fn assert_chained(app: &TestApp, admin: &Client, target: &str, kind: &str, least: usize) {
    let lines = lines(app, admin, &format!("target={target}&targetKind={kind}&outcome=allowed")).await;
    let ends: BTreeSet<&str> = lines.iter().filter_map(|line| line["after"].as_str()).collect();
    assert!(ends.len() >= least, "{kind}: {lines:#?}");
    let begins: Vec<&str> = lines.iter().filter_map(|line| line["before"].as_str()).collect();
    assert!(begins.len() >= lines.len() - 1, "{kind}: one beginning: {lines:#?}");
    assert!(begins.iter().all(|hash| ends.contains(hash)), "{kind}: {lines:#?}");
}

#[actix_web::test]
async fn the_hashes_of_a_thing_make_a_chain() {
    let desk = Desk::new().await;
    let (app, admin) = (&desk.app, desk.app.as_(Role::Admin).await);
    let id = desk.live("منشور").await;
    desk.edit(&desk.editor, &id, json!({ "headline": "آخر" })).await.expect(200);
    assert_chained(app, &admin, &id, "article", 3).await;

    let list = "/api/v1/newsroom/alerts";
    let form = json!({ "headline": "عاجل", "language": "ar" });
    let alert = desk.editor.post(list).json(&form).send().await.expect(201);
    let address = format!("{list}/{}", alert.text("/id"));
    let edit = desk.editor.patch(&address).if_match(&alert.etag()).json(&json!({ "headline": "عاجل جدا" }));
    let alert = edit.send().await.expect(200);
    desk.editor.post(&format!("{address}/cancel")).if_match(&alert.etag()).json(&json!({})).send().await.expect(200);
    assert_chained(app, &admin, &alert.text("/id"), "alert", 3).await;

    let form = json!({ "email": "omar@example.org", "name": "عمر", "role": "editor", "password": PASSWORD });
    let user = admin.post("/api/v1/newsroom/users").json(&form).send().await.expect(201);
    let address = format!("/api/v1/newsroom/users/{}", user.text("/id"));
    let patch = admin.patch(&address).if_match(&user.etag()).json(&json!({ "role": "journalist" }));
    let user = patch.send().await.expect(200);
    let reset = admin.post(&format!("{address}/password")).if_match(&user.etag());
    reset.json(&json!({ "password": NEW_PASSWORD })).send().await.expect(200);
    assert_chained(app, &admin, &user.text("/id"), "user", 3).await;

    let hook = json!({ "url": "https://partner.example/hooks" });
    let hook = admin.post("/api/v1/newsroom/webhooks").json(&hook).send().await.expect(201);
    let address = format!("/api/v1/newsroom/webhooks/{}", hook.text("/id"));
    let pause = admin.post(&format!("{address}/pause")).if_match(&hook.etag()).json(&json!({}));
    let paused = pause.send().await.expect(200);
    admin.delete(&address).if_match(&paused.etag()).send().await.expect(204);
    assert_chained(app, &admin, &hook.text("/id"), "webhook", 2).await;
}

#[actix_web::test]
async fn a_call_that_changed_nothing_has_one_line_too() {
    let app = TestApp::new().await;
    let (admin, editor) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await);
    let form = json!({ "headline": "خبر", "language": "ar" });
    let draft = || editor.post(DESK).key("once").json(&form);
    let made = draft().send().await.expect(201);
    draft().header("x-request-id", "again").send().await.expect(201);
    let again = line(&app, &admin, "again").await;
    assert_eq!((&again["action"], &again["outcome"]), (&json!("article.create"), &json!("allowed")));
    assert_eq!((&again["status"], &again["code"]), (&json!(201), &Value::Null));
    let patch = editor.patch(&format!("{DESK}/{}", made.text("/id"))).if_match(&made.etag());
    patch.header("x-request-id", "same").json(&form).send().await.expect(200);
    let same = line(&app, &admin, "same").await;
    assert_eq!((&same["action"], &same["target"]["id"]), (&json!("article.update"), &json!(made.text("/id"))));
}

#[actix_web::test]
async fn every_filter_narrows_the_log() {
    let app = TestApp::new().await;
    let (admin, editor) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await);
    let made = editor.post(SOURCES).json(&json!({ "name": "أ", "kind": "agency" })).send().await.expect(201);
    app.clock.advance(std::time::Duration::from_secs(60));
    let reader = app.as_(Role::Reader).await;
    let ask = reader.delete(&format!("{SOURCES}/{}", made.text("/id"))).if_match("\"1\"");
    ask.header("x-request-id", "mine").send().await.expect(403);
    let actions = |found: Vec<Value>| -> Vec<String> {
        let own = found.into_iter().filter(|line| line["target"]["kind"] != "session");
        own.map(|line| line["action"].as_str().unwrap().to_owned()).collect()
    };
    let (made_id, reader_id, editor_id) = (made.text("/id"), reader.id(), editor.id());
    for (query, expected) in [
        (String::new(), &["source.delete", "source.created"][..]),
        (format!("actor={reader_id}"), &["source.delete"]),
        (format!("actor={editor_id}"), &["source.created"]),
        ("action=source.".into(), &["source.delete", "source.created"]),
        ("action=source.created".into(), &["source.created"]),
        ("action=tag.".into(), &[]),
        (format!("target={made_id}"), &["source.delete", "source.created"]),
        (format!("target={NOBODYS_ID}"), &[]),
        ("targetKind=source".into(), &["source.delete", "source.created"]),
        ("outcome=refused".into(), &["source.delete"]),
        ("outcome=allowed".into(), &["source.created"]),
        ("from=2026-01-15T12:01:00Z".into(), &["source.delete"]),
        ("until=2026-01-15T12:01:00Z".into(), &["source.created"]),
        ("requestId=mine".into(), &["source.delete"]),
        (format!("outcome=refused&actor={editor_id}"), &[]),
    ] {
        assert_eq!(actions(lines(&app, &admin, &query).await), expected, "{query}");
    }
    for wrong in ["action=source", "action=%25", "outcome=x", "actor=x", "since=x"] {
        admin.get(&format!("{LOG}?{wrong}")).send().await.refused(400, "bad_parameter");
    }
    let first = admin.get(&format!("{LOG}?action=source.&limit=1&count=true")).send().await.expect(200);
    assert_eq!(first.at("/page/total"), 2);
    let next = admin.get(&format!("{LOG}?action=source.&limit=1&count=true&after={}", first.text("/page/next")));
    assert_eq!(next.send().await.expect(200).at("/items/0/action"), "source.created");
}

#[actix_web::test]
async fn no_line_holds_a_secret() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let form = json!({ "email": "sara@example.org", "name": "سارة", "password": PASSWORD });
    let anyone = app.anonymous();
    anyone.post("/api/v1/auth/register").json(&form).send().await.expect(201);
    anyone.post("/api/v1/auth/register").json(&form).send().await.expect(422);
    let login = |password: &str| {
        anyone.post("/api/v1/auth/login").json(&json!({ "email": "sara@example.org", "password": password }))
    };
    login(NEW_PASSWORD).send().await.expect(401);
    let tokens = login(PASSWORD).send().await.expect(200);
    let (access, refresh) = (tokens.text("/accessToken"), tokens.text("/refreshToken"));
    for status in [200, 401] {
        let ask = anyone.post("/api/v1/auth/refresh").json(&json!({ "refreshToken": refresh }));
        ask.send().await.expect(status);
    }
    let hook = json!({ "url": "https://partner.example/hooks?key=hidden" });
    let hook = admin.post("/api/v1/newsroom/webhooks").json(&hook).send().await.expect(201);
    let expired = anyone.post(&format!("/api/v1/me/password?token={access}"));
    expired.header("authorization", &format!("Bearer {access}")).json(&json!({})).send().await.expect(401);
    flush(&app.app).await.unwrap();
    let log = contents(&app).remove("audit_log").unwrap().join("\n");
    assert!(log.contains("session.open"), "{log}");
    let secret = hook.text("/secret");
    for hidden in [PASSWORD, NEW_PASSWORD, &access, &refresh, &secret, "key=hidden", "argon2"] {
        assert!(!log.contains(hidden), "{hidden}");
    }
}

#[actix_web::test]
async fn the_audit_log_tells_of_readings_that_were_refused_and_of_a_key_that_goes_astray() {
    let app = TestApp::new().await;
    let (admin, editor, anyone) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await, app.anonymous());
    let id = admin.id().to_string();
    let one = format!("/api/v1/newsroom/users/{id}");
    editor.get(&one).header("x-request-id", "reads").send().await.refused(403, "forbidden");
    editor.ask("HEAD", &one).send().await.expect(403);
    let told = line(&app, &admin, "reads").await;
    assert_eq!((&told["action"], &told["outcome"]), (&json!("user.read"), &json!("refused")), "{told:#}");
    assert_eq!((&told["target"], &told["payload"]["times"]), (&json!({ "kind": "user", "id": id }), &json!(2)));
    assert_eq!((&told["actor"]["id"], &told["route"]), (&json!(editor.id()), &json!("/api/v1/newsroom/users/{id}")));
    // What nobody known asks for, and what is found, is no line.
    anyone.get(&one).header("x-request-id", "asks").send().await.refused(401, "unauthenticated");
    admin.get(&one).header("x-request-id", "finds").send().await.expect(200);
    editor.get("/api/v1/newsroom/articles/none").header("x-request-id", "misses").send().await.expect(404);
    for request in ["asks", "finds", "misses"] {
        assert!(lines(&app, &admin, &format!("requestId={request}")).await.is_empty(), "{request}");
    }

    let form = json!({ "name": "x", "scopes": ["record.manage"], "addresses": ["203.0.113.0/24"] });
    let key = admin.post("/api/v1/newsroom/api-keys").json(&form).send().await.expect(201);
    let with =
        |ask: Asked, peer: &str| ask.header("authorization", &format!("Bearer {}", key.text("/secret"))).peer(peer);
    for peer in ["192.0.2.1", "192.0.2.2"] {
        with(anyone.get(SOURCES), peer).send().await.refused(401, "unauthenticated");
    }
    with(anyone.post(SOURCES).json(&json!({})), "192.0.2.1").send().await.refused(401, "unauthenticated");
    let asked = anyone.post("/api/v1/auth/login").header("khabar-key", &key.text("/secret")).peer("192.0.2.1");
    asked.json(&json!({ "email": "x@example.org", "password": "x" })).send().await.refused(401, "unauthenticated");
    with(anyone.get("/api/v1/newsroom/events"), "203.0.113.7").send().await.refused(403, "forbidden");
    let astray = lines(&app, &admin, "action=api_key.use").await;
    let times = astray.iter().map(|line| line["payload"]["times"].as_i64().unwrap_or(1));
    assert_eq!(times.sum::<i64>(), 4, "{astray:#?}");
    for line in &astray {
        assert_eq!(line["target"], json!({ "kind": "api_key", "id": key.text("/id") }));
        assert_eq!((&line["status"], &line["code"]), (&json!(401), &json!("unauthenticated")));
    }
    let refused = lines(&app, &admin, &format!("key={}", key.text("/id"))).await;
    assert!(refused.iter().any(|line| line["status"] == json!(403)), "{refused:#?}");
}

#[actix_web::test]
async fn a_flood_of_refused_calls_writes_little_and_counts_them_all() {
    let app = TestApp::new().await;
    let (admin, reader) = (app.as_(Role::Admin).await, app.as_(Role::Reader).await);
    for _ in 0..300 {
        app.anonymous().post("/api/v1/newsroom/tags").json(&json!({ "name": "x" })).send().await.expect(401);
        reader.post(SOURCES).json(&json!({})).send().await.expect(403);
    }
    assert!(lines_now(&app).is_empty(), "nobody waits for these lines");
    let found = lines(&app, &admin, "outcome=refused").await;
    let of = |id: Value| -> Vec<i64> {
        let own = found.iter().filter(|line| line["actor"]["id"] == id);
        own.map(|line| line["payload"]["times"].as_i64().unwrap_or(1)).collect()
    };
    assert_eq!(of(Value::Null), [300]);
    let readers = of(json!(reader.id()));
    assert!(readers.len() < 30 && readers.iter().sum::<i64>() == 300, "{readers:?}");
}

/// The rows of refused calls.
fn lines_now(app: &TestApp) -> Vec<String> {
    let rows = contents(app).remove("audit_log").unwrap();
    rows.into_iter().filter(|row| row.contains("refused")).collect()
}

#[actix_web::test]
async fn the_log_outlives_a_restart() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    editor.post(SOURCES).header("x-request-id", "a").json(&json!({ "name": "أ", "kind": "agency" })).send().await;
    editor.post(SOURCES).header("x-request-id", "b").json(&json!({})).send().await.expect(422);
    flush(&app.app).await.unwrap();
    let again = app.restarted().await;
    let admin = again.as_(Role::Admin).await;
    assert_eq!(line(&again, &admin, "a").await["outcome"], "allowed");
    assert_eq!(line(&again, &admin, "b").await["outcome"], "refused");
}

#[actix_web::test]
async fn a_lease_that_goes_on_is_no_line_and_each_refused_item_is_one() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let lock = format!("{DESK}/{id}/lock");
    desk.journalist.post(&lock).json(&json!({})).send().await.expect(201);
    for _ in 0..3 {
        desk.journalist.put(&lock).header("x-request-id", "beat").send().await.expect(200);
    }
    assert_eq!(lines(&desk.app, &desk.admin, "requestId=beat").await, Vec::<Value>::new());
    let items = json!([
        { "id": id, "version": 1, "action": "publish" },
        { "id": id, "version": 1, "action": "submit" },
    ]);
    let bulk = desk.journalist.post(&format!("{DESK}/bulk")).json(&json!({ "items": items }));
    bulk.header("x-request-id", "several").send().await.expect(200);
    let told = lines(&desk.app, &desk.admin, "requestId=several").await;
    let mut told: Vec<_> = told.iter().map(|line| (line["outcome"].as_str().unwrap(), line["code"].as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, [("allowed", None), ("refused", Some("forbidden"))]);
}

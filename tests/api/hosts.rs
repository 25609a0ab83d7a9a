//! What a request says of the host it is meant for, and of the page that it comes from: neither shows in any answer.

use std::collections::BTreeMap;

use khabar::auth::Role;
use serde_json::json;

use crate::articles::{ARTICLES, Desk};
use crate::comments::say;
use crate::support::client::Asked;
use crate::support::document::operations;
use crate::support::{Answer, ISSUER, TestApp};

/// Stands in every header that could name a host, and must stand in no answer.
const EVIL: &str = "evil.test";

/// With every header by which programs are told who they are.
fn misled(asked: Asked) -> Asked {
    let forwarded = format!("for=192.0.2.1;host={EVIL};proto=https");
    let names = [
        ("host", EVIL),
        ("x-forwarded-host", EVIL),
        ("x-forwarded-server", EVIL),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "4711"),
        ("x-forwarded-prefix", "/evil.test"),
        ("x-original-host", EVIL),
        ("x-host", EVIL),
        ("x-original-url", "/evil.test"),
        ("x-rewrite-url", "/evil.test"),
        ("forwarded", &forwarded),
        ("referer", "https://evil.test/"),
    ];
    names.into_iter().fold(asked, |asked, (name, value)| asked.header(name, value))
}

/// The headers, and the body without what is made anew for each request.
fn told(answer: &Answer) -> (BTreeMap<String, Vec<String>>, Vec<u8>) {
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in answer.headers.iter().filter(|(name, _)| *name != "x-request-id") {
        headers.entry(name.to_string()).or_default().push(value.to_str().unwrap().to_owned());
    }
    let is_problem = answer.json.get("requestId").is_some();
    let mut json = answer.json.clone();
    if is_problem {
        json.as_object_mut().unwrap().remove("requestId");
    }
    (headers, if is_problem { json.to_string().into_bytes() } else { answer.bytes.to_vec() })
}

/// A newsroom of which everything shows something, and the paths of its answers.
async fn shown() -> (Desk, Vec<String>) {
    let desk = Desk::with("[http]\ntrusted_proxies = [\"127.0.0.1\"]").await;
    let id = desk.live_with("خبر", json!({ "comments": { "mode": "open" } })).await;
    let old = desk.public(&id).await.expect(200).text("/slug");
    desk.edit(&desk.editor, &id, json!({ "slug": "another" })).await.expect(200);
    desk.publish(&id).await;
    desk.live("ثان").await;
    let comments = format!("{ARTICLES}/{id}/comments");
    for n in 0..3 {
        say(&desk.app.as_(Role::Reader).await, &comments, &format!("رأي {n}"), None).await.expect(201);
    }
    let mut paths: Vec<String> = [
        "/",
        "/docs",
        "/docs/",
        "/docs/swagger-initializer.js",
        "/api/v1/articles?limit=1",
        "/api/v1/articles?nonsense=1",
        "/api/v1/search?q=خبر&limit=1",
        "/api/v1/sync",
    ]
    .map(String::from)
    .into();
    paths.extend([
        format!("{ARTICLES}/{id}"),
        format!("{ARTICLES}/{old}?body=html"),
        format!("{comments}?limit=1"),
        format!("/feeds/articles/{id}/comments.rss"),
        format!("/feeds/articles/{old}/comments.rss"),
    ]);
    let plain = operations().iter().filter(|operation| operation.method == "GET" && !operation.path.contains('{'));
    paths.extend(plain.map(|operation| operation.path.clone()).filter(|path| !path.ends_with("stream")));
    (desk, paths)
}

#[actix_web::test]
async fn no_answer_believes_what_a_request_says_of_its_host() {
    let (desk, paths) = shown().await;
    for client in [desk.app.anonymous(), desk.admin.clone()] {
        for path in &paths {
            // What a deceiver asks first is not kept for others.
            let deceived = misled(client.get(path)).send().await;
            let plain = client.get(path).send().await;
            assert_eq!(deceived.status, plain.status, "{path}");
            let text = String::from_utf8_lossy(&deceived.bytes);
            assert!(!text.contains(EVIL) && !format!("{:?}", deceived.headers).contains(EVIL), "{path}\n{text}");
            assert_eq!(told(&deceived), told(&plain), "{path}");
        }
    }
}

#[actix_web::test]
async fn addresses_begin_with_the_public_one() {
    let (desk, _) = shown().await;
    let page = desk.app.anonymous().get("/api/v1/articles?limit=1").send().await.expect(200);
    let id = page.text("/items/0/id");
    let link = misled(desk.journalist.post(&format!("/api/v1/newsroom/articles/{id}/preview-links"))).json(&json!({}));
    let made = link.send().await.expect(201);
    assert!(made.text("/url").starts_with(&format!("{ISSUER}/api/v1/previews/")), "{}", made.text("/url"));
    assert!(made.header("location").unwrap().starts_with("/api/v1/newsroom/"), "{:?}", made.header("location"));
    let source = misled(desk.editor.post("/api/v1/newsroom/sources")).json(&json!({ "name": "x", "kind": "own" }));
    let made = source.send().await.expect(201);
    assert!(made.header("location").unwrap().starts_with("/api/v1/newsroom/sources/"));
    let list = misled(desk.app.anonymous().get("/api/v1/articles?limit=1")).send().await.expect(200);
    assert!(list.header("link").unwrap().starts_with("</api/v1/articles?"), "{:?}", list.header("link"));
    let feed = misled(desk.app.anonymous().get(&format!("/feeds/articles/{id}/comments.rss"))).send().await.expect(200);
    let feed = String::from_utf8(feed.bytes.to_vec()).unwrap();
    assert!(feed.contains(&format!("{ISSUER}/feeds/articles/")), "{feed}");
    let (admin, address) = (&desk.admin, "/api/v1/newsroom/audit-log");
    let lines = admin.get(&format!("{address}?limit=100")).send().await.expect(200).json.to_string();
    assert!(!lines.contains(EVIL), "{lines}");
}

const OURS: &str = "https://news.example";

/// Origins that look like the listed one and are not.
const OTHERS: [&str; 10] = [
    "http://news.example",
    "https://news.example:8443",
    "https://news.example.evil.test",
    "https://evilnews.example",
    "https://www.news.example",
    "https://news.exampl",
    "https://news.example/",
    "https://evil.test",
    "null",
    "*",
];

fn preflight(app: &TestApp, path: &str, origin: &str) -> Asked {
    let asked = app.anonymous().ask("OPTIONS", path).header("origin", origin);
    asked.header("access-control-request-method", "PATCH").header("access-control-request-headers", "authorization")
}

#[actix_web::test]
async fn only_pages_of_the_listed_origins_read_and_none_with_credentials() {
    let app = TestApp::with(&format!("[http]\ncors_origins = [\"{OURS}\"]")).await;
    let reader = app.as_(Role::Reader).await;
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").map(String::from);
    let bare = |answer: &Answer| assert_eq!(answer.header("access-control-allow-credentials"), None);
    for path in ["/api/v1/site", "/api/v1/me", "/api/v1/newsroom/sources", "/openapi.json", "/nowhere"] {
        // In this order, so that what was kept for one would be given to the other.
        for (origin, is_listed) in [(OURS, true)].into_iter().chain(OTHERS.map(|other| (other, false))) {
            let expected = is_listed.then(|| OURS.to_owned());
            for client in [app.shared(), reader.clone()] {
                let answer = client.get(path).header("origin", origin).send().await;
                assert_eq!(allowed(&answer), expected, "{path} from {origin}");
                bare(&answer);
                let varies = answer.header("vary").unwrap_or_default().to_lowercase();
                assert!(varies.contains("origin"), "caches tell origins apart: {path} from {origin}: {varies}");
                let without = client.get(path).send().await;
                assert_eq!(allowed(&without), None, "{path}");
                assert!(without.header("vary").unwrap_or_default().to_lowercase().contains("origin"), "{path}");
            }
            let asked = preflight(&app, path, origin).send().await;
            assert_eq!(
                (allowed(&asked), asked.status),
                (expected, if is_listed { 200 } else { 400 }),
                "{path} {origin}"
            );
            bare(&asked);
        }
    }
}

#[actix_web::test]
async fn pages_of_every_origin_read_without_credentials_where_all_are_listed() {
    let app = TestApp::new().await;
    for origin in OTHERS.iter().chain(&[OURS]).filter(|origin| **origin != "*") {
        for answer in [
            app.shared().get("/api/v1/site").header("origin", origin).send().await.expect(200),
            app.as_(Role::Reader).await.get("/api/v1/me").header("origin", origin).send().await.expect(200),
            preflight(&app, "/api/v1/me", origin).send().await.expect(200),
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "never the origin itself");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
    }
}

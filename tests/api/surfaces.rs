//! What each surface tells browsers and caches that they must not do, whatever the answer is.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{ARTICLES, Desk, record};
use crate::support::client::Asked;
use crate::support::{Answer, Client};

const PAGE: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// What every answer at a path says.
#[track_caller]
fn guarded(path: &str, method: &str, answer: &Answer) {
    let is_page = path == "/docs" || path.starts_with("/docs/");
    let own = ["/api/v1/me/", "/api/v1/auth/", "/api/v1/newsroom/", "/health/"];
    let is_own = own.iter().any(|start| format!("{path}/").starts_with(start));
    let told = [
        ("x-content-type-options", Some("nosniff")),
        ("content-security-policy", Some(if is_page { PAGE } else { DATA })),
        ("referrer-policy", Some(if is_page { "same-origin" } else { "no-referrer" })),
        ("x-frame-options", is_page.then_some("DENY")),
        ("cross-origin-resource-policy", Some(if is_page || is_own { "same-origin" } else { "cross-origin" })),
        ("access-control-allow-credentials", None),
        ("set-cookie", None),
        ("server", None),
        ("x-powered-by", None),
    ];
    for (name, value) in told {
        let values: Vec<_> = answer.headers.get_all(name).map(|value| value.to_str().unwrap()).collect();
        assert_eq!(values, Vec::from_iter(value), "{method} {path}, {}: {name}", answer.status);
    }
    let is_change = !matches!(method, "GET" | "HEAD" | "OPTIONS");
    if is_own || is_change || answer.status >= 400 {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{method} {path}, {}", answer.status);
    }
}

/// Asks three times, as what is kept leaves by another layer than what is read.
async fn walk(client: &Client, method: &str, path: &str, status: u16, change: impl Fn(Asked) -> Asked) -> Answer {
    let mut last = None;
    for _ in 0..if method == "GET" { 3 } else { 1 } {
        let answer = change(client.ask(method, path)).send().await;
        assert_eq!(answer.status, status, "{method} {path}");
        guarded(path, method, &answer);
        last = Some(answer);
    }
    last.unwrap()
}

/// A newsroom with an article whose slug has changed; the article, and its old slug.
async fn newsroom() -> (Desk, String, String) {
    let desk = Desk::new().await;
    let id = desk.live("خبر").await;
    let old = desk.public(&id).await.expect(200).text("/slug");
    desk.edit(&desk.editor, &id, json!({ "slug": "another" })).await.expect(200);
    desk.publish(&id).await;
    (desk, id, old)
}

#[actix_web::test]
async fn every_surface_guards_what_it_gives() {
    let (desk, id, old) = newsroom().await;
    let as_it_is = |asked| asked;
    for anyone in [desk.app.anonymous(), desk.app.shared(), desk.app.plain()] {
        for path in
            [ARTICLES, "/api/v1/alerts", "/api/v1/site", "/api/v1/search?q=x", "/openapi.json", "/problems/stale"]
        {
            let read = walk(&anyone, "GET", path, 200, as_it_is).await;
            let (tag, origin) = (read.header("etag").map(String::from), "https://news.example");
            walk(&anyone, "GET", path, 200, |asked| asked.header("origin", origin)).await;
            walk(&anyone, "HEAD", path, 200, as_it_is).await;
            if let Some(tag) = tag {
                walk(&anyone, "GET", path, 304, |asked| asked.header("if-none-match", &tag)).await;
            }
            walk(&anyone, "GET", path, 200, |asked| asked.header("accept-encoding", "br")).await;
        }
        walk(&anyone, "GET", &format!("/feeds/articles/{id}/comments.rss"), 200, as_it_is).await;
        walk(&anyone, "GET", &format!("/feeds/articles/{old}/comments.rss"), 308, as_it_is).await;
        walk(&anyone, "GET", &format!("{ARTICLES}/{old}"), 308, as_it_is).await;
        walk(&anyone, "GET", &format!("{ARTICLES}?nonsense=1"), 400, as_it_is).await;
        walk(&anyone, "GET", ARTICLES, 406, |asked| asked.header("accept", "text/html")).await;
        walk(&anyone, "GET", ARTICLES, 401, |asked| asked.header("authorization", "Bearer x")).await;
        walk(&anyone, "PUT", ARTICLES, 405, as_it_is).await;
        for path in ["/", "/nowhere", "/docs/none.js", "/favicon.ico", "/docsx", "/api/v1/mex"] {
            walk(&anyone, "GET", path, 404, as_it_is).await;
        }
    }
}

#[actix_web::test]
async fn pages_streams_and_preflights_are_guarded_too() {
    let (desk, _, _) = newsroom().await;
    let (anyone, as_it_is) = (desk.app.anonymous(), |asked| asked);
    walk(&anyone, "GET", "/docs", 307, as_it_is).await;
    for file in ["", "index.html", "swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        walk(&anyone, "GET", &format!("/docs/{file}"), 200, as_it_is).await;
    }
    for stream in ["/api/v1/alerts/stream", "/api/v1/stream"] {
        let answer = walk(&anyone, "HEAD", stream, 200, as_it_is).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let answer = anyone.get(stream).header("accept", "text/event-stream").send().await.expect(200);
        guarded(stream, "GET", &answer);
    }
    for path in [ARTICLES, "/api/v1/me", "/api/v1/newsroom/sources"] {
        let preflight = |asked: Asked| {
            asked.header("origin", "https://news.example").header("access-control-request-method", "GET")
        };
        walk(&anyone, "OPTIONS", path, 200, preflight).await;
    }
    for path in ["/health/live", "/health/ready"] {
        walk(&anyone, "GET", path, 200, as_it_is).await;
    }
}

#[actix_web::test]
async fn what_is_somebodys_own_is_stored_nowhere() {
    let (desk, id, _) = newsroom().await;
    let (anyone, reader, as_it_is) = (desk.app.anonymous(), desk.app.as_(Role::Reader).await, |asked| asked);
    for path in ["/api/v1/me", "/api/v1/me/export", "/api/v1/me/comments", "/api/v1/me/sanctions"] {
        walk(&reader, "GET", path, 200, as_it_is).await;
        walk(&anyone, "GET", path, 401, as_it_is).await;
    }
    for path in ["/api/v1/newsroom/articles", "/api/v1/newsroom/sources", "/api/v1/newsroom/site"] {
        walk(&desk.editor, "GET", path, 200, as_it_is).await;
        walk(&anyone, "GET", path, 401, as_it_is).await;
    }
    walk(&reader, "GET", "/api/v1/newsroom/articles", 403, as_it_is).await;
    let form = json!({ "email": "a@khabar.example", "password": "قهوة سادة كل صباح", "name": "سارة" });
    walk(&anyone, "POST", "/api/v1/auth/register", 201, |asked| asked.json(&form)).await;
    let word = json!({ "email": "a@khabar.example", "password": "قهوة سادة كل صباح" });
    let signed = walk(&anyone, "POST", "/api/v1/auth/login", 200, |asked| asked.json(&word)).await;
    let token = json!({ "refreshToken": signed.text("/refreshToken") });
    walk(&anyone, "POST", "/api/v1/auth/refresh", 200, |asked| asked.json(&token)).await;
    let wrong = json!({ "email": "a@khabar.example", "password": "x" });
    walk(&anyone, "POST", "/api/v1/auth/login", 401, |asked| asked.json(&wrong)).await;
    let source = |name: &str| json!({ "name": name, "kind": "agency" });
    let sources = "/api/v1/newsroom/sources";
    walk(&desk.editor, "POST", sources, 201, |asked| asked.json(&source("أ")).key("k")).await;
    walk(&desk.editor, "POST", sources, 201, |asked| asked.json(&source("أ")).key("k")).await;
    walk(&desk.editor, "POST", sources, 422, |asked| asked.json(&json!({}))).await;
    walk(&desk.editor, "POST", sources, 415, |asked| asked.json(&json!({})).header("content-type", "text/plain")).await;
    walk(&desk.editor, "POST", sources, 413, |asked| asked.body(vec![b' '; 3 * 1024 * 1024])).await;
    let made = record(&desk.editor, "sources", source("ب")).await;
    let one = format!("{sources}/{made}");
    walk(&desk.editor, "PATCH", &one, 428, |asked| asked.json(&Value::Object(serde_json::Map::new()))).await;
    walk(&desk.editor, "PATCH", &one, 412, |asked| asked.json(&json!({ "name": "ج" })).if_match("\"9\"")).await;
    walk(&desk.editor, "DELETE", &one, 204, |asked| asked.if_match("\"1\"")).await;
    // A comment is said on the public side, and its answer is its writer's.
    let comments = format!("{ARTICLES}/{id}/comments");
    let said = reader.post(&comments).json(&json!({ "text": "رأي" })).send().await;
    assert!(matches!(said.status, 201 | 202), "{:#}", said.json);
    guarded(&comments, "POST", &said);
    let preview = desk.journalist.post(&format!("/api/v1/newsroom/articles/{id}/preview-links")).json(&json!({}));
    let url = preview.send().await.expect(201).text("/url");
    let path = url.split_once("/api/").map(|(_, path)| format!("/api/{path}")).unwrap();
    let shown = walk(&anyone, "GET", &path, 200, as_it_is).await;
    assert_eq!(shown.header("cache-control"), Some("no-store"));
}

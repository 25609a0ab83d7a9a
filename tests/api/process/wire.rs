//! HTTP as it is on the wire.

use std::io::{BufReader, Read as _, Write as _};
use std::net::Shutdown;

use serde_json::json;

use crate::support::process::{Home, Server, Told, until};

const SOURCES: &str = "/api/v1/newsroom/sources";
const MIB: usize = 1024 * 1024;

/// Everything up to the empty line, in small letters; the body stays to be read.
fn head(stream: &mut impl std::io::BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
    head.to_lowercase()
}

/// A whole answer with a length.
fn answer(stream: &mut impl std::io::BufRead) -> (String, Vec<u8>) {
    let head = head(stream);
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

/// A header line whose values stand in order.
fn sorted(line: &str) -> String {
    let (name, values) = line.split_once(": ").unwrap_or((line, ""));
    let mut values: Vec<&str> = values.split(", ").collect();
    values.sort_unstable();
    format!("{name}: {}", values.join(", "))
}

fn is_healthy(server: &Server) {
    server.ask().get("/health/ready").expect(200);
}

#[test]
fn head_is_get_without_the_body() {
    let server = Home::new().serve();
    for path in ["/api/v1/sources", "/openapi.json", "/health/live", "/nowhere", "/docs/", "/api/v1/newsroom/sources"] {
        let line =
            |method| format!("{method} {path} HTTP/1.1\r\nhost: x\r\nx-request-id: one\r\nconnection: close\r\n\r\n");
        let parts = |answer: String| {
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let names = head.lines().filter(|line| !line.starts_with("date: ")).map(sorted);
            (names.collect::<std::collections::BTreeSet<_>>(), body.len())
        };
        let (got, size) = parts(server.send(line("GET").as_bytes()));
        let (headed, nothing) = parts(server.send(line("HEAD").as_bytes()));
        assert_eq!(headed, got, "{path}");
        assert!(size > 0 && nothing == 0, "{path}: {size}, {nothing}");
        assert!(headed.contains(&format!("content-length: {size}")), "{path}: {headed:?}");
    }
}

#[test]
fn a_body_of_twenty_megabytes_is_refused_in_words_that_the_client_gets_to_read() {
    let home = Home::new();
    let email = home.account("editor");
    let server = home.serve();
    let token = server.sign_in(&email).token();
    let body = vec![b' '; 20 * MIB];
    for length in ["content-length: 20971520", "transfer-encoding: chunked"] {
        let mut stream = server.connect();
        let head = format!(
            "POST {SOURCES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        if length.starts_with('t') {
            for part in body.chunks(MIB) {
                stream.write_all(format!("{:x}\r\n", part.len()).as_bytes()).unwrap();
                stream.write_all(part).unwrap();
                stream.write_all(b"\r\n").unwrap();
            }
            stream.write_all(b"0\r\n\r\n").unwrap();
        } else {
            stream.write_all(&body).unwrap();
        }
        let (head, body) = answer(&mut BufReader::new(stream));
        assert!(head.starts_with("http/1.1 413 "), "{head}");
        assert!(head.contains("content-type: application/problem+json"), "{head}");
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&body["code"], &body["limitBytes"]), (&json!("too_large"), &json!(2 * MIB)));
    }
    // Nobody is signed in: the body is not even looked at, and the client still learns why.
    let mut stream = server.connect();
    let head = format!(
        "POST {SOURCES} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20971520\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    drop(stream.write_all(&body));
    assert!(answer(&mut BufReader::new(stream)).0.starts_with("http/1.1 401 "));
    is_healthy(&server);
}

#[test]
fn an_arabic_slug_is_found_as_clients_send_it() {
    let home = Home::new();
    let email = home.account("editor");
    let server = home.serve();
    let made = server.sign_in(&email).post(SOURCES, &[], &json!({ "name": "وكالة الأنباء", "kind": "agency" }));
    let id = made.expect(201).json["id"].as_str().unwrap().to_owned();
    let slug = "وكالة-الأنباء";
    let encoded = percent_encoding::utf8_percent_encode(slug, percent_encoding::NON_ALPHANUMERIC).to_string();
    let send = |slug: &[u8]| {
        let line = [b"GET /api/v1/sources/", slug, b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"].concat();
        server.send(&line)
    };
    for slug in [encoded.clone(), encoded.to_lowercase()] {
        let answer = send(slug.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(&id), "{slug}: {answer}");
    }
    // curl and browsers encode what is typed. The bytes themselves are no request target (RFC 9112 §3.2), and the
    // HTTP library refuses them before we see them.
    assert!(send(slug.as_bytes()).starts_with("HTTP/1.1 400 "));
    // What is no UTF-8 is nobody's slug.
    for slug in [&b"\xff\xfe"[..], b"%FF%FE", b"%00", b"%2e%2e%2f", b"%"] {
        let answer = send(slug);
        assert!(answer.starts_with("HTTP/1.1 404 ") || answer.starts_with("HTTP/1.1 400 "), "{slug:?}: {answer}");
    }
    is_healthy(&server);
}

#[test]
fn an_address_is_the_same_in_whichever_letters_it_is_sent() {
    let home = Home::new();
    let [email, admin] = ["editor", "admin"].map(|role| home.account(role));
    let server = home.serve();
    let (editor, admin) = (server.sign_in(&email), server.sign_in(&admin));
    for path in ["/api/v1/me", "/api/v1/%6de", "/api/v1/%6D%65", "/%61pi/v1/newsroom/%73ources"] {
        let own = editor.get(path).expect(200);
        let told = [own.header("cache-control"), own.header("cross-origin-resource-policy")];
        assert_eq!(told, ["no-store", "same-origin"], "{path}");
    }
    assert_eq!(server.ask().get("/%64ocs/").expect(200).header("x-frame-options"), "DENY");
    let refused = server.ask().send("PUT", "/api/v1/%73ources", &[], None).unwrap();
    assert_eq!(refused.refused(405, "method_not_allowed").header("allow"), "HEAD, GET");
    // The audit log knows what was done, and what was refused.
    let hidden = "/api/v1/newsroom/%73ources";
    editor.post(hidden, &[], &json!({ "name": "هيا", "kind": "own" })).expect(201);
    editor.post(hidden, &[], &json!({ "name": 1 })).refused(422, "invalid");
    until("both are in the audit log", || {
        let lines = admin.get("/api/v1/newsroom/audit-log?limit=100").expect(200).json["items"].to_string();
        (lines.matches("\"/api/v1/newsroom/sources\"").count() == 2).then_some(())
    });
}

#[test]
fn what_no_client_sends_never_breaks_anything() {
    let server = Home::new().serve();
    let headers = |count: usize, size: usize| {
        (0..count).map(|n| format!("x-{n}: {}\r\n", "a".repeat(size))).collect::<Vec<_>>().concat()
    };
    let get = "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let odd = [
        format!("{get}{}\r\n", headers(1, 100 * 1024)),
        format!("{get}{}\r\n", headers(1, 300 * 1024)),
        format!("{get}{}\r\n", headers(500, 10)),
        format!("{get}{}\r\n", headers(10_000, 100)),
        format!("GET /api/v1/sources/{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(60_000)),
        format!("GET /api/v1/sources?{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(200_000)),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        "GET /health/live HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n".to_owned(),
        "GET http://[bad/ HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        format!("{get}x-nothing: \0\r\n\r\n"),
    ];
    for request in odd {
        let answer = server.send(request.as_bytes());
        let line = answer.lines().next().unwrap_or_default();
        let told: String = request.chars().take(60).collect();
        assert!(
            line.is_empty() || line.starts_with("HTTP/1.1 4") || line.starts_with("HTTP/1.1 200"),
            "{told}: {line}"
        );
    }
    is_healthy(&server);
    assert!(!server.err().contains("panicked"), "{}", server.err());
}

#[test]
fn a_body_comes_in_one_piece_in_chunks_on_invitation_or_not_at_all() {
    let home = Home::new();
    let email = home.account("editor");
    let server = home.serve();
    let token = server.sign_in(&email).token();
    let post = |more: &str| {
        format!(
            "POST {SOURCES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{more}\r\n\r\n"
        )
    };
    let form = |name: &str| json!({ "name": name, "kind": "agency" }).to_string();

    let body = form("على دعوة");
    let mut stream = BufReader::new(server.connect());
    let head_of = post(&format!("expect: 100-continue\r\ncontent-length: {}", body.len()));
    stream.get_mut().write_all(head_of.as_bytes()).unwrap();
    assert!(head(&mut stream).starts_with("http/1.1 100 "));
    stream.get_mut().write_all(body.as_bytes()).unwrap();
    assert!(answer(&mut stream).0.starts_with("http/1.1 201 "));

    // The same connection, after an error too.
    let body = form("على دعوة");
    stream.get_mut().write_all(post(&format!("content-length: {}", body.len())).as_bytes()).unwrap();
    stream.get_mut().write_all(body.as_bytes()).unwrap();
    assert!(answer(&mut stream).0.starts_with("http/1.1 409 "));
    let body = form("قطع");
    stream.get_mut().write_all(post("transfer-encoding: chunked").as_bytes()).unwrap();
    for part in body.as_bytes().chunks(3) {
        stream.get_mut().write_all(format!("{:x}\r\n", part.len()).as_bytes()).unwrap();
        stream.get_mut().write_all(&[part, b"\r\n"].concat()).unwrap();
    }
    stream.get_mut().write_all(b"0\r\n\r\n").unwrap();
    assert!(answer(&mut stream).0.starts_with("http/1.1 201 "));
    // Two requests at once on it.
    let get = "GET /api/v1/sources HTTP/1.1\r\nhost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.get_mut().write_all(get.as_bytes()).unwrap();
    assert!(answer(&mut stream).0.starts_with("http/1.1 200 "));
    assert!(answer(&mut stream).0.starts_with("http/1.1 404 "));

    // Bodies that break off.
    let body = form("نصف");
    for more in [format!("content-length: {}", body.len() + 1), "transfer-encoding: chunked".to_owned()] {
        let mut stream = server.connect();
        stream.write_all(post(&more).as_bytes()).unwrap();
        if more.starts_with('t') {
            stream.write_all(format!("{:x}\r\n", body.len()).as_bytes()).unwrap();
        }
        stream.write_all(body.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer));
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let names = server.ask().get("/api/v1/sources?fields=name").json["items"].clone();
    assert_eq!(names, json!([{ "name": "على دعوة" }, { "name": "قطع" }]));
}

#[test]
fn browsers_of_every_origin_or_of_the_listed_ones_may_call() {
    let ask = |server: &Server, origin: &str| -> (Told, Told) {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,if-match"),
        ];
        let preflight = server.ask().send("OPTIONS", SOURCES, &headers, None).unwrap();
        (preflight, server.ask().get_with("/api/v1/newsroom/sources", &[("origin", origin)]))
    };
    let server = Home::new().serve();
    let (preflight, refused) = ask(&server, "https://news.example");
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "*".into()));
    assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
    assert!(preflight.header("access-control-allow-headers").contains("if-match"));
    assert!(!preflight.header("x-request-id").is_empty(), "{:?}", preflight.headers);
    let refused = refused.refused(401, "unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), "*", "a page may read a refusal");
    assert!(refused.header("access-control-expose-headers").to_lowercase().contains("etag"));

    let server = Home::new().set("KHABAR_HTTP__CORS_ORIGINS", "[\"https://news.example\"]").serve();
    let (preflight, refused) = ask(&server, "https://news.example");
    assert_eq!(preflight.header("access-control-allow-origin"), "https://news.example");
    assert_eq!(refused.expect(401).header("access-control-allow-origin"), "https://news.example");
    let (preflight, stranger) = ask(&server, "https://other.example");
    assert_eq!(preflight.header("access-control-allow-origin"), "");
    assert_eq!(stranger.header("access-control-allow-origin"), "");
    assert_ne!(stranger.header("content-type"), "text/plain; charset=utf-8", "even this is a problem in our form");
}

#[test]
fn an_answer_is_compressed_when_asked_and_its_tag_says_how() {
    let home = Home::new();
    let email = home.account("editor");
    let server = home.serve();
    let editor = server.sign_in(&email);
    let made = editor.post(SOURCES, &[], &json!({ "name": "هيا", "kind": "own" })).expect(201);
    let path = made.header("location");
    let plain = editor.get(&path).expect(200);
    assert!(plain.header("vary").to_lowercase().contains("accept-encoding"), "{}", plain.header("vary"));
    for (coding, magic) in [("gzip", &b"\x1f\x8b"[..]), ("zstd", b"\x28\xb5\x2f\xfd"), ("br", b"")] {
        let asked = ("accept-encoding", coding);
        let coded = editor.get_with(&path, &[asked]).expect(200);
        assert_eq!(coded.header("content-encoding"), coding);
        assert!(coded.bytes.starts_with(magic) && coded.bytes != plain.bytes, "{coding}");
        let etag = coded.header("etag");
        assert_eq!(etag, format!("\"1-{coding}\""), "other bytes, another strong tag");
        let same = editor.get_with(&path, &[asked, ("if-none-match", &etag)]).expect(304);
        assert_eq!(same.header("etag"), etag);
        editor.get_with(&path, &[("if-none-match", &etag)]).expect(304);
    }
    let changed =
        editor.patch(&path, &[("if-match", "\"1-br\""), ("accept-encoding", "gzip")], &json!({ "creditLine": "x" }));
    assert_eq!(changed.expect(200).header("etag"), "\"2-gzip\"");
    let stale = editor.patch(&path, &[("if-match", "\"1-br\"")], &json!({ "creditLine": "y" }));
    assert_eq!(stale.refused(412, "stale").header("etag"), "\"2\"");
    let refused = server.ask().get_with("/api/v1/site", &[("accept-encoding", "identity;q=0, x;q=1")]);
    refused.refused(406, "not_acceptable");
}

#[test]
fn a_request_id_is_taken_if_it_is_plain() {
    let server = Home::new().serve();
    let id = |given: &str| server.ask().get_with("/nowhere", &[("x-request-id", given)]).refused(404, "not_found");
    for plain in ["a", "0199-aB.c_d", &"x".repeat(64)] {
        let told = id(plain);
        assert_eq!((told.header("x-request-id"), &told.json["requestId"]), (plain.into(), &json!(plain)));
    }
    for odd in ["", "a b", "<script>", "a;b", "\"a\"", &"x".repeat(65)] {
        let told = id(odd);
        let fresh = told.header("x-request-id");
        assert!(fresh != odd && fresh.len() == 36 && told.json["requestId"] == fresh, "{odd}: {fresh}");
    }
}

#[test]
fn nothing_is_refused_in_another_form() {
    let server = Home::new().serve();
    let prefixes = [
        "/",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/site",
        "/api/v1/newsroom",
        "/api/v1/newsroom/x",
        "/api/v1/auth",
        "/api/v1/auth/x",
        "/api/v1/articles/a/b/c",
        "/health",
        "/problems",
        "/problems/x/y",
        "/docs/none.js",
        "/favicon.ico",
        "//api/v1/site",
        "/api/v1/site/",
    ];
    for path in prefixes {
        let told = server.ask().get(path);
        assert_eq!(told.status, 404, "{path}");
        assert_eq!(told.refused(404, "not_found").json["instance"], path);
    }
    for method in ["PUT", "DELETE", "TRACE"] {
        let told = server.ask().send(method, "/api/v1/site", &[], None).unwrap().refused(405, "method_not_allowed");
        assert_eq!(told.header("allow"), "HEAD, GET");
    }
}

#[test]
fn the_documentation_needs_nothing_from_elsewhere() {
    let server = Home::new().serve();
    let moved = server.ask().get("/docs");
    assert!((300..400).contains(&moved.status) && moved.header("location") == "/docs/", "{moved:?}");
    let page = String::from_utf8(server.ask().get("/docs/").expect(200).bytes).unwrap();
    let named = |mark: &str| {
        page.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let assets = [named("src=\""), named("href=\"")].concat();
    assert!(assets.len() >= 4, "{page}");
    for asset in &assets {
        assert!(!asset.contains("//"), "{asset} is elsewhere");
        let told = server.ask().get(&format!("/docs/{}", asset.trim_start_matches("./"))).expect(200);
        assert!(!told.bytes.is_empty());
    }
    let start = server.ask().get("/docs/swagger-initializer.js").expect(200);
    let start = String::from_utf8(start.bytes).unwrap();
    assert!(start.contains("/openapi.json"), "{start}");
    assert!(!(page + &start).contains("http"), "it refers to another host:\n{start}");
}

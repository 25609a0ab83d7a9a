//! What can't be taken: each case gets the right refusal, with every bad field named, and never a 5xx.

use std::collections::BTreeSet;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, with};
use crate::sources::{SOURCES, source};
use crate::support::document::operations;
use crate::support::{Answer, Client, TestApp};

/// The refusal has this status and code, and names exactly these fields.
#[track_caller]
fn refused(name: &str, answer: &Answer, status: u16, code: &str, errors: &[&str]) {
    let seen = (answer.status, answer.json["code"].as_str().unwrap_or_default());
    assert_eq!(seen, (status, code), "{name}\n{:#}", answer.json);
    let mut named = answer.errors();
    named.sort();
    let mut expected = errors.to_vec();
    expected.sort_unstable();
    assert_eq!(named, expected, "{name}\n{:#}", answer.json);
}

async fn post(client: &Client, body: impl Into<Vec<u8>>) -> Answer {
    client.post(SOURCES).body(body).send().await
}

/// A name, the bytes of a body, and what is wrong with it.
type BodyCase = (&'static str, String, u16, &'static str, &'static [&'static str]);

fn form(name: &str, value: Value) -> String {
    let mut form = json!({ "name": "هيا", "kind": "agency" });
    form.as_object_mut().unwrap().insert(name.into(), value);
    form.to_string()
}

fn bodies() -> Vec<BodyCase> {
    let deep = |depth: usize| format!("{{\"name\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    vec![
        ("an empty body", String::new(), 422, "invalid", &["/kind required", "/name required"]),
        ("cut JSON", "{\"name\": \"هيا\"".into(), 400, "malformed", &[]),
        ("a trailing comma", "{\"name\": \"هيا\",}".into(), 400, "malformed", &[]),
        ("two values", "{} {}".into(), 400, "malformed", &[]),
        ("a single quote", "{'name': 1}".into(), 400, "malformed", &[]),
        ("NaN", "{\"name\": NaN}".into(), 400, "malformed", &[]),
        ("a lone surrogate", "{\"name\": \"\\ud800\", \"kind\": \"own\"}".into(), 400, "malformed", &[]),
        ("half a surrogate pair", "{\"name\": \"\\udc00x\"}".into(), 400, "malformed", &[]),
        ("a raw control character", "{\"name\": \"a\nb\"}".into(), 400, "malformed", &[]),
        ("200 levels", deep(200), 400, "malformed", &[]),
        ("100 levels", deep(100), 422, "invalid", &["/kind required", "/name wrong_type"]),
        ("an array", "[]".into(), 422, "invalid", &[" wrong_type"]),
        ("a text", "\"name\"".into(), 422, "invalid", &[" wrong_type"]),
        ("null", "null".into(), 422, "invalid", &[" wrong_type"]),
        ("nothing that is needed", "{}".into(), 422, "invalid", &["/kind required", "/name required"]),
        (
            "a field twice",
            "{\"name\": \"هيا\", \"kind\": \"own\", \"name\": \"x\"}".into(),
            422,
            "invalid",
            &["/name duplicate_field"],
        ),
        (
            "a field twice in another spelling, and with the same value",
            "{\"name\": \"x\", \"kind\": \"own\", \"n\\u0061me\": \"x\"}".into(),
            422,
            "invalid",
            &["/name duplicate_field"],
        ),
        (
            "fields twice below others",
            "{\"names\": {\"en\": \"a\", \"ar\": \"b\", \"en\": \"c\"}, \"x\": [0, {\"/\": 1, \"/\": 2}]}".into(),
            422,
            "invalid",
            &["/names/en duplicate_field", "/x/1/~1 duplicate_field"],
        ),
        ("an unknown field", form("nmae", json!(1)), 422, "invalid", &["/nmae unknown_field"]),
        ("a field with a slash", form("a/b~c", json!(1)), 422, "invalid", &["/a~1b~0c unknown_field"]),
        ("a prototype's name", form("__proto__", json!({})), 422, "invalid", &["/__proto__ unknown_field"]),
        ("a wrong type", form("name", json!(7)), 422, "invalid", &["/name wrong_type"]),
        ("null for a name", form("name", Value::Null), 422, "invalid", &["/name wrong_type"]),
        ("a text for a boolean", form("isActive", json!("true")), 422, "invalid", &["/isActive wrong_type"]),
        ("a word that is none", form("kind", json!("angecy")), 422, "invalid", &["/kind not_allowed"]),
        ("a word in capitals", form("kind", json!("Agency")), 422, "invalid", &["/kind not_allowed"]),
        (
            "everything wrong at once",
            json!({ "name": 1, "kind": "x", "isActive": 2, "uri": [], "extra": 0 }).to_string(),
            422,
            "invalid",
            &[
                "/extra unknown_field",
                "/isActive wrong_type",
                "/kind not_allowed",
                "/name wrong_type",
                "/uri wrong_type",
            ],
        ),
        (
            "several without meaning",
            json!({ "name": " ", "kind": "own", "uri": "javascript:alert(1)", "slug": "a\u{202e}b" }).to_string(),
            422,
            "invalid",
            &["/name blank", "/slug forbidden_character", "/uri not_a_url"],
        ),
        ("a blank name", form("name", json!("   ")), 422, "invalid", &["/name blank"]),
        ("NUL in a name", form("name", json!("a\u{0}b")), 422, "invalid", &["/name forbidden_character"]),
        ("bidi override in a name", form("name", json!("a\u{202e}b")), 422, "invalid", &["/name forbidden_character"]),
        ("bidi isolate in a name", form("name", json!("a\u{2066}b")), 422, "invalid", &["/name forbidden_character"]),
        ("NUL in a slug", form("slug", json!("a\u{0}")), 422, "invalid", &["/slug forbidden_character"]),
        ("bidi override in a slug", form("slug", json!("\u{202d}a")), 422, "invalid", &["/slug forbidden_character"]),
        ("a name of 201 letters", form("name", json!("ي".repeat(201))), 422, "invalid", &["/name too_long"]),
        ("a credit line of 501", form("creditLine", json!("ي".repeat(501))), 422, "invalid", &["/creditLine too_long"]),
        ("a bad language", form("names", json!({ "x_y": "a" })), 422, "invalid", &["/names/x_y not_a_language"]),
        (
            "a bad name in a language",
            form("names", json!({ "en": "a\u{0}" })),
            422,
            "invalid",
            &["/names/en forbidden_character"],
        ),
        ("an address without a scheme", form("uri", json!("agency.example")), 422, "invalid", &["/uri not_a_url"]),
    ]
}

#[actix_web::test]
async fn a_body_that_means_nothing_is_refused_with_every_bad_field() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    for (name, body, status, code, errors) in bodies() {
        refused(name, &post(&editor, body).await, status, code, errors);
    }
    let with_invalid_utf8 = [&b"{\"name\": \""[..], &[0xff, 0xfe], &b"\", \"kind\": \"own\"}"[..]].concat();
    refused("invalid UTF-8", &post(&editor, with_invalid_utf8).await, 400, "malformed", &[]);
    refused("a byte order mark", &post(&editor, "\u{feff}{}").await, 400, "malformed", &[]);
    app.assert_events(&[]);
}

#[actix_web::test]
async fn a_mistyped_name_is_answered_with_the_nearest_known_one() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let answer = post(&editor, form("creditLin", json!("x"))).await;
    assert!(answer.text("/errors/0/detail").contains("`creditLine`"));
    let answer = app.anonymous().get("/api/v1/sources?limt=3").send().await;
    assert!(answer.text("/errors/0/detail").contains("`limit`"));
    let answer = app.anonymous().get("/api/v1/sources?fields=id,nane").send().await;
    assert!(answer.text("/errors/0/detail").contains("`name`"));
    let arabic = editor.post(SOURCES).json(&json!({})).header("accept-language", "ar").send().await;
    assert_eq!(arabic.text("/errors/0/detail"), "هذا الحقل مطلوب.");
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused_and_so_is_one_in_another_form() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(20 * 1024 * 1024));
    let answer = post(&editor, large).await;
    refused("20 MB", &answer, 413, "too_large", &[]);
    assert_eq!(answer.at("/limitBytes"), &json!(2 * 1024 * 1024));
    let good = || editor.post(SOURCES).body(form("name", json!("وكالات")));
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""]
    {
        let answer = good().header("content-type", kind).send().await;
        refused(kind, &answer, 415, "unsupported_media_type", &[]);
    }
    let patch = good().header("content-type", "application/merge-patch+json").send().await;
    refused("a patch for a POST", &patch, 415, "unsupported_media_type", &[]);
    for coding in ["gzip", "br", "gzip, identity"] {
        let answer = good().header("content-encoding", coding).send().await;
        refused(coding, &answer, 415, "unsupported_media_type", &[]);
    }
    good().header("content-type", "Application/JSON; charset=utf-8").send().await.expect(201);
}

#[actix_web::test]
async fn a_query_that_means_nothing_is_refused_with_every_bad_parameter() {
    let cases: &[(&str, &[&str])] = &[
        ("limit=0", &["limit out_of_range"]),
        ("limit=-1", &["limit out_of_range"]),
        ("limit=101", &["limit out_of_range"]),
        ("limit=18446744073709551616", &["limit wrong_type"]),
        ("limit=abc", &["limit wrong_type"]),
        ("limit=1.5", &["limit wrong_type"]),
        ("limit=", &["limit wrong_type"]),
        ("limit", &["limit wrong_type"]),
        ("count=yes", &["count wrong_type"]),
        ("limit=5&limit=5", &["limit repeated"]),
        ("limit=5&limit=0&limit=7", &["limit repeated", "limit repeated"]),
        ("sort=name", &["sort unknown_field"]),
        ("Limit=5", &["Limit unknown_field"]),
        ("limit[]=5", &["limit[] unknown_field"]),
        ("%00=5", &["\u{0} unknown_field"]),
        ("after=%00", &["after forbidden_character"]),
        ("fields=%0a", &["fields forbidden_character"]),
        ("fields=nope", &["fields unknown_field"]),
        ("fields=id,,name", &["fields unknown_field"]),
        ("limit=0&count=7&page=2", &["count wrong_type", "limit out_of_range", "page unknown_field"]),
    ];
    let app = TestApp::new().await;
    source(&app.as_(Role::Editor).await, "هيا").await;
    for (query, errors) in cases {
        let answer = app.anonymous().get(&format!("/api/v1/sources?{query}")).send().await;
        refused(query, &answer, 400, "bad_parameter", errors);
    }
    for path in ["/api/v1/sources/x?x=1", "/health/live?x=1", "/openapi.json?x=1", "/problems/stale?x=1"] {
        let answer = app.anonymous().get(path).send().await;
        refused(path, &answer, 400, "bad_parameter", &["x unknown_field"]);
    }
    let editor = app.as_(Role::Editor).await;
    let answer = editor.post(&format!("{SOURCES}?dry=1")).json(&json!({ "name": "x", "kind": "own" })).send().await;
    refused("a parameter of a POST", &answer, 400, "bad_parameter", &["dry unknown_field"]);
}

/// The code that says what a parameter of this schema had to be.
fn code_of(schema: &Value) -> Option<&'static str> {
    let said = schema.to_string();
    let words = [
        ("date-time", "not_an_instant"),
        ("/UtcTime", "not_an_instant"),
        ("uuid", "not_an_id"),
        ("/Id", "not_an_id"),
        ("boolean", "wrong_type"),
        ("integer", "wrong_type"),
        ("enum", "not_allowed"),
    ];
    words.into_iter().find_map(|(word, code)| said.contains(word).then_some(code))
}

#[actix_web::test]
async fn every_parameter_is_refused_for_what_it_had_to_be() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let mut seen = BTreeSet::new();
    for operation in operations().iter().filter(|operation| operation.method == "GET" && !operation.path.contains('{'))
    {
        for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let Some(code) = code_of(&parameter["schema"]).filter(|_| parameter["in"] == "query") else { continue };
            // Nor is there an instant before the year 1000, whatever its form.
            for bad in ["!!", "0001-01-01T00:00:00Z"] {
                let query = format!("{name}={bad}");
                let answer = admin.get(&format!("{}?{query}", operation.path)).send().await;
                refused(&query, &answer, 400, "bad_parameter", &[&format!("{name} {code}")]);
                assert!(!answer.text("/errors/0/detail").contains("not_"), "{query}: a sentence, not a code");
                seen.insert(code);
            }
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
    for list in ["/api/v1/alerts", "/api/v1/articles", DESK, &format!("{DESK}/counts")] {
        let answer = admin.get(&format!("{list}?language=ar&language=!!")).send().await;
        refused(list, &answer, 400, "bad_parameter", &["language not_a_language"]);
        admin.get(&format!("{list}?language=AR")).send().await.expect(200);
    }
}

#[actix_web::test]
async fn a_path_that_leads_nowhere_is_not_found() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let long = format!("/api/v1/sources/{}", "a".repeat(20_000));
    let paths = [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/nowhere",
        "/api/v2/sources",
        "/api/v1/sources/",
        "/api/v1//sources",
        "/api/v1/sources/x/y",
        "/api/v1/Sources",
        "/api/v1/sources/nobody",
        "/api/v1/sources/%",
        "/api/v1/sources/%zz",
        "/api/v1/sources/%ff%fe",
        "/api/v1/sources/%00",
        "/api/v1/sources/a%0ab",
        "/api/v1/sources/..%2fsources",
        "/api/v1/newsroom/sources/1",
        "/api/v1/newsroom/sources/0192f3a45b6c7d8e9f0123456789abcd",
        "/api/v1/newsroom/sources/not-a-uuid-not-a-uuid-not-a-uuid-not",
        "/api/v1/newsroom/sources/00000000-0000-0000-0000-000000000000",
        "/problems/nothing",
        &long,
    ];
    for path in paths {
        refused(&path[..path.len().min(80)], &editor.get(path).send().await, 404, "not_found", &[]);
    }
}

#[actix_web::test]
async fn a_method_that_a_path_lacks_is_refused_with_those_it_has() {
    let app = TestApp::new().await;
    let cases = [
        ("DELETE", SOURCES, "GET, HEAD, POST"),
        ("PUT", SOURCES, "GET, HEAD, POST"),
        ("POST", "/api/v1/newsroom/sources/x", "DELETE, GET, HEAD, PATCH"),
        ("PATCH", "/api/v1/sources", "GET, HEAD"),
        ("TRACE", "/api/v1/sources/x", "GET, HEAD"),
        ("POST", "/health/live", "GET, HEAD"),
        ("BREW", "/openapi.json", "GET, HEAD"),
    ];
    app.anonymous().put("/api/v1/sources").json(&json!({})).send().await.refused(405, "method_not_allowed");
    for (method, path, allowed) in cases {
        let answer = app.as_(Role::Admin).await.ask(method, path).send().await;
        refused(method, &answer, 405, "method_not_allowed", &[]);
        let mut methods: Vec<&str> = answer.header("allow").unwrap().split(", ").collect();
        methods.sort_unstable();
        assert_eq!(methods.join(", "), allowed, "{method} {path}");
    }
}

#[actix_web::test]
async fn a_patch_that_means_nothing_changes_nothing() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = source(&editor, "هيا").await;
    let path = crate::sources::address(&made);
    let cases: &[(&str, &str, u16, &str, &[&str])] = &[
        ("an empty body", "", 400, "malformed", &[]),
        ("an array", "[]", 422, "invalid", &[" wrong_type"]),
        ("a text", "\"x\"", 422, "invalid", &[" wrong_type"]),
        ("null", "null", 422, "invalid", &[" wrong_type"]),
        ("an unknown field", "{\"nam\": \"x\"}", 422, "invalid", &["/nam unknown_field"]),
        ("an unknown field removed", "{\"nam\": null}", 422, "invalid", &["/nam unknown_field"]),
        ("what must stay removed", "{\"name\": null}", 422, "invalid", &["/name required"]),
        ("several", "{\"name\": 1, \"kind\": \"x\"}", 422, "invalid", &["/kind not_allowed", "/name wrong_type"]),
        ("a read-only field", "{\"id\": \"x\"}", 422, "invalid", &["/id unknown_field"]),
        ("a field twice", "{\"name\": \"x\", \"name\": null}", 422, "invalid", &["/name duplicate_field"]),
    ];
    for (name, body, status, code, errors) in cases {
        let answer = editor.patch(&path).if_match("\"1\"").body(*body).send().await;
        refused(name, &answer, *status, code, errors);
    }
    let plain = editor.patch(&path).if_match("\"1\"").body("{}").header("content-type", "text/plain").send().await;
    refused("a content type", &plain, 415, "unsupported_media_type", &[]);
    assert_eq!(editor.get(&path).send().await.etag(), made.etag());
}

#[actix_web::test]
async fn a_header_that_means_nothing_is_refused_or_left_aside() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let body = json!({ "name": "هيا", "kind": "own" });
    let long = "k".repeat(256);
    for key in ["", &long] {
        let answer = editor.post(SOURCES).key(key).json(&body).send().await;
        refused("an idempotency key", &answer, 400, "malformed", &[]);
        assert_eq!(answer.text("/header"), "idempotency-key");
    }
    for (id, taken) in [("abc-1_2.3", true), ("a b", false), ("<script>", false), (&*"x".repeat(65), false)] {
        let answer = editor.get(SOURCES).header("x-request-id", id).send().await.expect(200);
        assert_eq!(answer.header("x-request-id") == Some(id), taken, "{id}");
    }
    for accepted in ["text/html", "application/xml;q=0.9", "image/*", "application/json;q=0"] {
        let answer = editor.get(SOURCES).header("accept", accepted).send().await;
        refused(accepted, &answer, 406, "not_acceptable", &[]);
    }
    for accepted in [
        "application/json",
        "*/*",
        "application/*",
        "text/html, */*;q=0.1",
        "application/problem+json, application/json",
    ] {
        editor.get(SOURCES).header("accept", accepted).send().await.expect(200);
    }
}

#[actix_web::test]
async fn no_operation_takes_a_field_twice() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let mut asked = 0;
    for operation in operations().iter().filter(|operation| operation.has_body()) {
        let nobody = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
        let filled = operation.path.split('/').map(|part| if part.starts_with('{') { nobody } else { part });
        let path = filled.collect::<Vec<_>>().join("/");
        let body = "{\"a\": [{\"b\": 1, \"b\": 2}], \"c\": 1, \"c\": 1}";
        let answer = admin.ask(&operation.method, &path).if_match("\"1\"").key("twice").body(body).send().await;
        refused(&operation.id, &answer, 422, "invalid", &["/a/0/b duplicate_field", "/c duplicate_field"]);
        asked += 1;
    }
    assert!(asked > 50, "{asked}");
    let body = "{\"name\": \"x\", \"kind\": \"own\", \"kind\": \"agency\"}";
    for (language, said) in [
        ("en", "This field is given more than once: send it once."),
        ("ar", "أُرسل هذا الحقل أكثر من مرة: أرسله مرة واحدة."),
    ] {
        let answer = admin.post(SOURCES).key("twice").header("accept-language", language).body(body).send().await;
        assert_eq!(answer.text("/errors/0/detail"), said);
    }
    app.assert_events(&[]);
    post(&admin, "{\"name\": \"x\", \"kind\": \"own\"}").await.expect(201);
}

/// A form that is fine but for these fields, and what is wrong with them.
type FieldsCase = (&'static str, Value, &'static [&'static str]);

fn bad_blocks() -> Vec<FieldsCase> {
    let span = |text: &str| json!({ "_type": "span", "text": text });
    let block = |children: Value| json!({ "_type": "block", "children": children });
    let link = json!({ "_type": "block", "children": [{ "_type": "span", "text": "a", "marks": ["l"] }],
        "markDefs": [{ "_type": "link", "_key": "l", "href": "javascript:alert(1)" }] });
    vec![
        ("a body that is no list", json!({ "body": "نص" }), &["/body wrong_type"]),
        ("2001 blocks", json!({ "body": vec![block(json!([span("a")])); 2001] }), &["/body too_long"]),
        (
            "a mark that is none",
            json!({ "body": [block(json!([{ "_type": "span", "text": "a", "marks": ["blink"] }]))] }),
            &["/body/0/children/0/marks/0 not_found"],
        ),
        (
            "a link that runs",
            json!({ "body": [block(json!([span("a")])), link] }),
            &["/body/1/markDefs/0/href not_a_url"],
        ),
        ("a level of 7", json!({ "body": [with_level(7)] }), &["/body/0/level out_of_range"]),
        (
            "an embed from anywhere",
            json!({ "body": [{ "_type": "embed", "url": "https://evil.example/x" }] }),
            &["/body/0/url unknown_provider"],
        ),
    ]
}

fn with_level(level: u8) -> Value {
    json!({ "_type": "block", "listItem": "bullet", "level": level, "children": [{ "_type": "span", "text": "a" }] })
}

fn bad_articles() -> Vec<FieldsCase> {
    let nobody = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
    vec![
        ("a bidi override in a slug", json!({ "slug": "a\u{202e}b" }), &["/slug forbidden_character"]),
        ("a slug with spaces", json!({ "slug": "a b" }), &["/slug bad_format"]),
        ("a slug that is an id", json!({ "slug": nobody }), &["/slug bad_format"]),
        ("an empty slug", json!({ "slug": "" }), &["/slug blank"]),
        ("a language that is none", json!({ "language": "xx-" }), &["/language not_a_language"]),
        ("a language of another type", json!({ "language": 5 }), &["/language wrong_type"]),
        ("urgency 0", json!({ "urgency": 0 }), &["/urgency out_of_range"]),
        ("urgency 10", json!({ "urgency": 10 }), &["/urgency out_of_range"]),
        ("urgency as a text", json!({ "urgency": "3" }), &["/urgency wrong_type"]),
        ("urgency with a fraction", json!({ "urgency": 2.5 }), &["/urgency wrong_type"]),
        ("a blank headline", json!({ "headline": " \u{200b}\u{0}" }), &["/headline blank"]),
        ("a headline of 301", json!({ "headline": "ي".repeat(301) }), &["/headline too_long"]),
        ("101 tags", json!({ "tagIds": vec![nobody; 101] }), &["/tagIds too_long"]),
        ("a tag twice", json!({ "tagIds": [nobody, nobody] }), &["/tagIds/1 repeated"]),
        ("a tag that is no id", json!({ "tagIds": ["x"] }), &["/tagIds/0 not_an_id"]),
        ("a section that is no id", json!({ "sectionId": "العالم" }), &["/sectionId not_an_id"]),
        ("a source without an id", json!({ "sources": [{}] }), &["/sources/0/sourceId required"]),
        (
            "an address that runs",
            json!({ "leadMedia": { "contentUrl": "javascript:alert(1)" } }),
            &["/leadMedia/contentUrl not_a_url"],
        ),
        ("an unknown field below", json!({ "seo": { "titel": "x" } }), &["/seo/titel unknown_field"]),
        ("an unknown comment rule", json!({ "comments": { "mode": "wild" } }), &["/comments/mode not_allowed"]),
        (
            "a time that is none",
            json!({ "comments": { "closesAt": "2026-02-30T00:00:00Z" } }),
            &["/comments/closesAt not_an_instant"],
        ),
        (
            "several",
            json!({ "headline": "", "slug": "A", "by": "x".repeat(501), "digitalSourceType": "human" }),
            &["/by too_long", "/digitalSourceType not_a_url", "/headline blank", "/slug bad_format"],
        ),
        (
            "several of another type",
            json!({ "headline": 1, "urgency": "x", "tagIds": {}, "hedline": "x" }),
            &["/headline wrong_type", "/hedline unknown_field", "/tagIds wrong_type", "/urgency wrong_type"],
        ),
    ]
}

#[actix_web::test]
async fn an_article_that_means_nothing_is_refused_with_every_bad_field() {
    let desk = Desk::new().await;
    for (name, fields, errors) in bad_blocks().into_iter().chain(bad_articles()) {
        let answer = desk.journalist.post(DESK).json(&with(desk.form("خبر"), fields)).send().await;
        refused(name, &answer, 422, "invalid", errors);
    }
    let answer = desk.journalist.post(DESK).json(&with(desk.form("خبر"), json!({ "hedline": 1 }))).send().await;
    assert!(answer.text("/errors/0/detail").contains("`headline`"));
    for block in
        [json!({ "_type": "code" }), json!({}), json!(5), json!({ "_type": "block", "children": "a" }), Value::Null]
    {
        let form = with(desk.form("خبر"), json!({ "body": [{ "_type": "block", "children": [] }, block] }));
        let answer = desk.journalist.post(DESK).json(&form).send().await.refused(422, "invalid");
        assert!(answer.errors().iter().all(|error| error.starts_with("/body/1")), "{:?}", answer.errors());
    }
    let deep = format!("{{\"language\":\"ar\",\"headline\":\"x\",\"body\":{}{}}}", "[".repeat(200), "]".repeat(200));
    refused("200 levels", &desk.journalist.post(DESK).body(deep).send().await, 400, "malformed", &[]);
    let lone = "{\"language\":\"ar\",\"headline\":\"\\ud800\"}";
    refused("a lone surrogate", &desk.journalist.post(DESK).body(lone).send().await, 400, "malformed", &[]);
    desk.app.assert_events(&[]);
    let nul = desk.draft("خبر\u{0} \u{202e}عاجل").await;
    assert_eq!(nul.text("/headline"), "خبر عاجل", "what stands in prose by mistake is dropped");
}

#[actix_web::test]
async fn what_is_wrong_a_thousand_times_is_told_a_hundred_times() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let topics = (0..1_100).map(|n| format!("topic={n}")).collect::<Vec<_>>().join("&");
    let answer = app.anonymous().get(&format!("/api/v1/alerts?{topics}")).send().await;
    answer.refused(400, "bad_parameter");
    let unknown = (0..1_000).map(|n| format!("z{n}=1")).collect::<Vec<_>>().join("&");
    let answer = app.anonymous().get(&format!("/api/v1/alerts?{unknown}")).send().await.refused(400, "bad_parameter");
    assert_eq!(answer.errors().len(), 100);

    let members: serde_json::Map<String, Value> = (0..5_000).map(|n| (format!("u{n}"), json!(1))).collect();
    let answer = editor.post("/api/v1/newsroom/sources").json(&Value::Object(members)).send().await;
    assert_eq!(answer.refused(422, "invalid").errors().len(), 100);
    let related = json!({ "language": "ar", "headline": "خبر", "relatedIds": vec![1; 250_000] });
    editor.post("/api/v1/newsroom/articles").json(&related).send().await.refused(413, "too_large");
}

#[actix_web::test]
async fn a_whole_number_may_be_written_with_a_point() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = json!({ "language": "ar", "headline": "خبر", "urgency": 4.0 });
    let made = editor.post("/api/v1/newsroom/articles").json(&article).send().await.expect(201);
    assert_eq!(made.at("/urgency"), &json!(4));
    let article = json!({ "language": "ar", "headline": "خبر", "urgency": 4.5 });
    let answer = editor.post("/api/v1/newsroom/articles").json(&article).send().await.refused(422, "invalid");
    assert_eq!(answer.errors(), ["/urgency wrong_type"]);
}

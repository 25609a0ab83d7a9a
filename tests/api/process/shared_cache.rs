//! A cache in front that many share: nginx with its own settings, which keeps what it is allowed to. Nobody is given what was
//! another one's.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::postgres::say;
use crate::support::process::{Asker, Home, Server, Told, free_port, until};

const SOURCES: &str = "/api/v1/newsroom/sources";
const OURS: &str = "https://news.example";

/// The nginx of this machine; Debian puts it where only administrators look.
fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join("nginx")).find(|file| file.is_file())
}

/// nginx in front of a server; it is gone when this is dropped.
struct Front {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Front {
    fn start(program: &Path, server: &Server) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let at = folder.path().display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {at}/{name};")).concat();
        let lines = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/errors;
            events {{ worker_connections 128; }}
            http {{
                access_log off; {temporary}
                proxy_cache_path {at}/cache keys_zone=answers:1m;
                server {{
                    listen 127.0.0.1:{port};
                    location / {{
                        proxy_pass {};
                        proxy_cache answers;
                        add_header x-cache $upstream_cache_status always;
                    }}
                }}
            }}",
            server.url()
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, lines).unwrap();
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(std::fs::File::create(folder.path().join("said")).unwrap()).spawn().unwrap();
        let this = Self { child, port, folder };
        until("nginx answers", || this.ask(server).send("GET", "/health/live", &[], None).ok());
        this
    }

    /// Somebody who asks by way of nginx.
    fn ask(&self, server: &Server) -> Asker {
        server.ask().at(&format!("http://127.0.0.1:{}", self.port))
    }

    /// How many answers it has stored.
    fn stored(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("cache")).map_or(0, Iterator::count)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A newsroom behind nginx that lets caches answer for a minute, and those who ask there.
struct House {
    server: Server,
    front: Front,
    admin: Asker,
    editor: Asker,
    other: Asker,
    anyone: Asker,
    /// A published article that takes comments.
    article: String,
}

impl House {
    fn open(program: &Path) -> Self {
        let seconds = "{articles=60,alerts=60,collections=60,comments=60,counts=60,records=60,stale=60}";
        let home = Home::new()
            .set("KHABAR_HTTP__SHARED_SECONDS", seconds)
            .set("KHABAR_HTTP__CORS_ORIGINS", &format!("[\"{OURS}\", \"https://app.example\"]"));
        let emails = ["admin", "editor", "journalist"].map(|role| home.account(role));
        let server = home.serve();
        let front = Front::start(program, &server);
        let [admin, editor, other] = emails.map(|email| front.ask(&server).with_token(server.sign_in(&email).token()));
        let anyone = front.ask(&server);
        let mut this = Self { server, front, admin, editor, other, anyone, article: String::new() };
        let site = this.admin.get("/api/v1/newsroom/site").expect(200).header("etag");
        let guests = json!({ "discussion": { "guests": true } });
        this.admin.patch("/api/v1/newsroom/site", &[("if-match", &site)], &guests).expect(200);
        this.article = this.draft("premoderated");
        this.publish(&this.article);
        this
    }

    fn draft(&self, comments: &str) -> String {
        let make = |noun: &str, form: Value| {
            let made = self.editor.post(&format!("/api/v1/newsroom/{noun}"), &[], &form).expect(201);
            made.json["id"].as_str().unwrap().to_owned()
        };
        let source = make("sources", json!({ "name": format!("مصدر {comments}"), "kind": "agency" }));
        let section = make("sections", json!({ "name": format!("قسم {comments}") }));
        make(
            "articles",
            json!({ "language": "ar", "headline": format!("خبر {comments}"), "bodyHtml": "<p>نص</p>",
                "sources": [{ "sourceId": source }], "sectionId": section, "comments": { "mode": comments } }),
        )
    }

    fn publish(&self, id: &str) {
        let path = format!("/api/v1/newsroom/articles/{id}/publish");
        self.editor.post(&path, &[("if-match", "\"1\"")], &json!({})).expect(200);
    }
}

/// It came from the server itself.
#[track_caller]
fn fresh(told: Told, status: u16) -> Told {
    let told = told.expect(status);
    assert!(!matches!(&*told.header("x-cache"), "HIT" | "STALE" | "UPDATING"), "{:?}", told.headers);
    told
}

/// What is kept for everyone, and how it must differ for some.
fn shares_what_is_public(house: &House) {
    let path = format!("/api/v1/articles/{}", house.article);
    // Whoever has a token asks first, and leaves nothing behind.
    fresh(house.editor.get(&path), 200);
    let first = fresh(house.anyone.get(&path), 200);
    let second = house.anyone.get(&path).expect(200);
    assert_eq!((second.header("x-cache"), &second.bytes), ("HIT".into(), &first.bytes), "this cache does keep answers");
    assert!(house.front.stored() > 0);
    for coding in ["gzip", "br", "identity"] {
        for _ in 0..2 {
            let told = house.anyone.get_with(&path, &[("accept-encoding", coding)]).expect(200);
            let said = told.header("content-encoding");
            assert_eq!(said, if coding == "identity" { "" } else { coding }, "each is given what it takes");
        }
    }
    for _ in 0..2 {
        for (origin, allowed) in
            [(OURS, OURS), ("https://evil.test", ""), ("https://app.example", "https://app.example")]
        {
            let told = house.anyone.get_with(&path, &[("origin", origin)]).expect(200);
            assert_eq!(told.header("access-control-allow-origin"), allowed, "{origin}");
        }
        assert_eq!(house.anyone.get(&path).expect(200).header("access-control-allow-origin"), "");
    }
    // Nobody's name of the host is kept.
    let named = house.anyone.get_with(&format!("{path}?body=html"), &[("x-forwarded-host", "evil.test")]).expect(200);
    let plain = house.anyone.get(&format!("{path}?body=html")).expect(200);
    assert_eq!(named.bytes, plain.bytes);
}

/// Accounts, the newsroom, and what only its writer sees.
fn keeps_apart_what_is_somebodys(house: &House) {
    let [admin, editor] = [&house.admin, &house.editor].map(|who| fresh(who.get("/api/v1/me"), 200).json);
    assert_ne!(admin["id"], editor["id"]);
    for _ in 0..2 {
        fresh(house.anyone.get("/api/v1/me"), 401);
        assert_eq!(fresh(house.admin.get("/api/v1/me"), 200).json, admin);
        assert_eq!(fresh(house.editor.get("/api/v1/me"), 200).json, editor);
        fresh(house.editor.get(SOURCES), 200);
        fresh(house.anyone.get(SOURCES), 401);
        fresh(house.other.get("/api/v1/newsroom/users"), 403);
        fresh(house.admin.get("/api/v1/newsroom/users"), 200);
    }
    let comments = format!("/api/v1/articles/{}/comments", house.article);
    let said = fresh(house.other.post(&comments, &[], &json!({ "text": "لم يُنشر بعد" })), 202);
    let own = format!("/api/v1/comments/{}", said.json["id"].as_str().unwrap());
    let guest = json!({ "text": "من ضيفة", "guest": { "name": "ضيفة" } });
    let made = fresh(house.anyone.post(&comments, &[], &guest), 202);
    let (token, guests) = (&made.json["guestToken"], format!("/api/v1/comments/{}", made.json["id"].as_str().unwrap()));
    for _ in 0..2 {
        fresh(house.other.get(&own), 200);
        fresh(house.anyone.get(&own), 404);
        fresh(house.anyone.get_with(&guests, &[("khabar-guest", token.as_str().unwrap())]), 200);
        fresh(house.anyone.get(&guests), 404);
        // The list is everyone's; who asks for it with a token leaves nothing behind.
        assert_eq!(house.other.get(&comments).expect(200).json["items"], json!([]));
        assert_eq!(house.anyone.get(&comments).expect(200).json["items"], json!([]));
    }
}

/// What is not there yet, previews, repetitions, sign-ins.
fn stores_no_secret_and_no_refusal(house: &House) {
    let id = house.draft("open");
    let path = format!("/api/v1/articles/{id}");
    fresh(house.anyone.get(&path), 404);
    let link = house.editor.post(&format!("/api/v1/newsroom/articles/{id}/preview-links"), &[], &json!({}));
    let link = fresh(link, 201).json["url"].as_str().unwrap().to_owned();
    let preview = link.find("/api/").map(|at| link[at..].to_owned()).unwrap();
    for _ in 0..2 {
        fresh(house.anyone.get(&preview), 200);
    }
    house.publish(&id);
    fresh(house.anyone.get(&path), 200);
    let form = |name: &str| json!({ "name": name, "kind": "agency" });
    let keyed = [("idempotency-key", "one")];
    let first = fresh(house.editor.post(SOURCES, &keyed, &form("من المحرر")), 201);
    let again = fresh(house.editor.post(SOURCES, &keyed, &form("من المحرر")), 201);
    assert_eq!((again.header("idempotency-replayed"), &again.bytes), ("true".into(), &first.bytes));
    let theirs = fresh(house.admin.post(SOURCES, &keyed, &form("من المدير")), 201);
    assert_eq!(theirs.header("idempotency-replayed"), "");
    assert_ne!(theirs.json["id"], first.json["id"]);
    fresh(house.anyone.post(SOURCES, &keyed, &form("من المحرر")), 401);
    let word = json!({ "email": "editor@khabar.example", "password": crate::support::process::PASSWORD });
    let tokens: Vec<Value> =
        (0..2).map(|_| fresh(house.anyone.post("/api/v1/auth/login", &keyed, &word), 200).json).collect();
    assert_ne!(tokens[0]["refreshToken"], tokens[1]["refreshToken"]);
}

#[test]
fn a_shared_cache_gives_nobody_what_was_another_ones() {
    let Some(program) = installed() else {
        let required = std::env::var("TEST_REQUIRE_NGINX").is_ok_and(|value| value == "1");
        assert!(!required, "TEST_REQUIRE_NGINX=1, but no nginx is installed");
        say("SKIPPED: no nginx is installed, so no cache has stood in front");
        return;
    };
    let house = House::open(&program);
    shares_what_is_public(&house);
    keeps_apart_what_is_somebodys(&house);
    stores_no_secret_and_no_refusal(&house);
    house.server.ask().get("/health/ready").expect(200);
}

//! What nobody may find who reads the log or the database: passwords, tokens, secrets, addresses of people.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use khabar::db::schema::{api_keys, identities, replies, sessions, users};
use khabar::ids::UserId;
use khabar::text::hex;
use khabar::time::{Clock as _, SystemClock, UtcTime};
use serde_json::{Value, json};

use crate::factors::{bytes, digits};
use crate::support::mailbox::Letter;
use crate::support::oidc_provider::{CLIENT, CLIENT_SECRET, PAGE, Page, Provider};
use crate::support::process::{Asker, Home, PASSWORD, Server, until};
use crate::support::receiver::Receiver;
use crate::writes::everything;

const WRONG: &str = "wrong-password-4b1d7c02";
const FIRST: &str = "first-password-93ac55e1";
const SECOND: &str = "second-password-07fe21bb";
const RESET: &str = "reset-password-5d8e11f0";
const COOKIE: &str = "cookie-c0ffee1234567890";
const READER: &str = "layla.reader@private.example";
const NOBODY: &str = "nobody.at.all@private.example";
const GUEST: &str = "guest.of.ours@private.example";
const CLERK: &str = "clerk.at.the.provider@private.example";
const INVITED: &str = "lina.invited@private.example";
const CHOSEN: &str = "chosen-password-61c0ab17";
const WEBHOOKS: &str = "/api/v1/newsroom/webhooks";
const LETTERS: &str = "letters";
const HOOK_SECRET: &str = "whsec_c2VjcmV0IG9mIHRoZSBob29rIHdpdGggMzIgYnl0ZXM=";

/// Everything secret that was said, by whoever.
#[derive(Default)]
struct Said(Vec<(&'static str, String)>);

impl Said {
    fn note(&mut self, what: &'static str, secret: impl Into<String>) -> String {
        let secret = secret.into();
        assert!(secret.len() >= 16, "{what}: {secret}");
        self.0.push((what, secret.clone()));
        secret
    }

    /// A pair of tokens.
    fn pair(&mut self, answer: &Value) -> [String; 2] {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        [self.note("an access token", text("accessToken")), self.note("a refresh token", text("refreshToken"))]
    }
}

/// A reader registers, signs in and out, mistypes, and has a token stolen.
fn reader(home: &Home, server: &Server, said: &mut Said) {
    let cookie = [("cookie", format!("session={COOKIE}"))];
    let cookie: Vec<(&str, &str)> = cookie.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let anyone = server.ask();
    let post = |path: &str, body: Value| anyone.post(&format!("/api/v1/auth/{path}"), &cookie, &body);
    let code = |path: &str, said: &mut Said| {
        post(path, json!({ "email": READER })).expect(204);
        said.note("a code of a letter", posted(home, READER))
    };
    let code_to_register = code("register/start", said);
    let form = json!({ "email": READER, "password": FIRST, "name": "ليلى", "code": code_to_register });
    let once = [("idempotency-key", "r"), cookie[0]];
    for _ in 0..2 {
        anyone.post("/api/v1/auth/register", &once, &form).expect(201);
    }
    post("register", form).refused(422, "invalid");
    post("register", json!({ "email": NOBODY, "password": "short", "name": "x" })).refused(422, "invalid");
    let login = |email: &str, password: &str| post("login", json!({ "email": email, "password": password }));
    login(READER, WRONG).refused(401, "bad_credentials");
    login(NOBODY, WRONG).refused(401, "bad_credentials");
    let signed = login(READER, FIRST).expect(200);
    let [_, refresh] = said.pair(&signed.json);
    let traded = post("refresh", json!({ "refreshToken": refresh })).expect(200);
    said.pair(&traded.json);
    post("refresh", json!({ "refreshToken": refresh })).refused(401, "unauthenticated");
    let [access_after, _] = said.pair(&login(READER, FIRST).expect(200).json);
    let me = server.ask().with_token(access_after);
    me.get_with("/api/v1/me", &cookie).expect(200);
    me.get("/api/v1/me/export").expect(200);
    let mistaken = json!({ "currentPassword": WRONG, "newPassword": SECOND });
    me.post("/api/v1/me/password", &[], &mistaken).refused(422, "invalid");
    let changed = json!({ "currentPassword": FIRST, "newPassword": SECOND });
    let changed = me.post("/api/v1/me/password", &[], &changed).expect(200);
    let code = code("password/forgot", said);
    post("password/reset", json!({ "code": code, "newPassword": "short" })).refused(422, "invalid");
    let [access, _] = said.pair(&changed.json);
    let me = server.ask().with_token(access.clone());
    // In every place where they do not belong.
    for path in ["/api/v1/me", "/api/v1/site", "/api/v1/auth/login", "/nowhere"] {
        server.ask().get(&format!("{path}?access_token={access}&email={READER}"));
        server.ask().get_with(path, &[("authorization", &format!("Bearer {access}")), ("referer", &access)]);
        server.ask().get_with(path, &[("authorization", &format!("Basic {access}"))]);
        server.ask().get_with(path, &[("authorization", &access), ("x-request-id", &format!("{access} x"))]);
    }
    for part in [READER, GUEST, &READER.replace('@', "%40"), &access] {
        server.ask().get(&format!("/api/v1/articles/{part}"));
    }
    for body in [format!("{{\"password\": \"{FIRST}\""), format!("{{\"email\": \"{READER}\", \"pass\": \"{FIRST}\"}}")]
    {
        let head = format!("content-type: application/json\r\ncontent-length: {}", body.len());
        let line = format!("POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}\r\n\r\n{body}");
        assert!(server.send(line.as_bytes()).starts_with("HTTP/1.1 4"));
    }
    assert_eq!(me.send("POST", "/api/v1/auth/logout", &cookie, None).unwrap().status, 204);
}

/// The code of the letter that somebody gets.
fn posted(home: &Home, to: &str) -> String {
    let folder = home.path().join(LETTERS);
    until("a letter is posted", || {
        let files = std::fs::read_dir(&folder).ok()?.map(|file| file.unwrap().path());
        // One that is being written has another name until it is whole.
        let files = files.filter(|file| file.extension().is_some_and(|kind| kind == "eml"));
        files
            .filter_map(|file| {
                let letter = Letter::read(std::fs::read_to_string(&file).unwrap());
                (letter.to == to).then(|| std::fs::remove_file(&file).unwrap())?;
                Some(letter)
            })
            .find_map(|letter| letter.find_code())
    })
}

/// Somebody signs in at the provider: once with a code that it does not know, and once as it should be.
fn provider(server: &Server, provider: &Provider, said: &mut Said) {
    said.note("the secret that the provider gave", CLIENT_SECRET);
    let post = |path: &str, form: &Value| server.ask().post(&format!("/api/v1/auth/oidc/{path}"), &[], form);
    for is_known in [false, true] {
        let begun = post("start", &json!({ "redirectUri": PAGE, "purpose": "sign_in" })).expect(200).json;
        let text = |name: &str| begun[name].as_str().unwrap().to_owned();
        let page = Page(text("authorizationUrl"));
        let at = SystemClock.now().seconds();
        let claims = json!({
            "iss": provider.issuer(), "sub": "s-1", "aud": CLIENT, "exp": at + 300, "iat": at, "auth_time": at,
            "nonce": page.parameter("nonce"), "email": CLERK, "email_verified": true, "name": "كاتبة", "groups": ["desk"],
        });
        let token = said.note("an ID token", provider.key.token(&claims));
        let good = provider.gives(&page, &token);
        let code = if is_known { good } else { said.note("a code that nobody gave", "code-that-nobody-gave-1f6e") };
        let form = json!({ "code": code, "state": text("state"), "binding": said.note("a binding", text("binding")) });
        let signed = post("finish", &form);
        if is_known {
            said.pair(&signed.expect(200).json);
        } else {
            assert!(signed.status >= 400, "{:#}", signed.json);
        }
    }
}

/// An editor sets up a second factor and signs in with it.
fn factor(editor: &Asker, server: &Server, email: &str, said: &mut Said) {
    let factor = "/api/v1/me/second-factor";
    let begun = editor.post(factor, &[], &json!({ "password": PASSWORD })).expect(200);
    let secret = said.note("a second factor", begun.json["secret"].as_str().unwrap());
    let raw = hex(&bytes(&secret));
    said.note("the bytes of a second factor", raw.to_uppercase());
    said.note("the bytes of a second factor", raw);
    said.note("what an authenticator reads", begun.json["uri"].as_str().unwrap());
    let now = SystemClock.now();
    let code = |steps: i64| digits(&secret, now, steps);
    let confirmed = editor.post(&format!("{factor}/confirm"), &[], &json!({ "code": code(0) })).expect(200);
    let codes = confirmed.json["recoveryCodes"].as_array().unwrap();
    for code in codes.iter().map(|code| code.as_str().unwrap()) {
        said.note("a recovery code", code);
        said.note("a recovery code", code.replace('-', ""));
    }
    let login = |code: &str| {
        let form = json!({ "email": email, "password": PASSWORD, "code": code });
        server.ask().post("/api/v1/auth/login", &[], &form)
    };
    said.pair(&login(&code(1)).expect(200).json);
    said.pair(&login(codes[0].as_str().unwrap()).expect(200).json);
    login(codes[0].as_str().unwrap()).refused(401, "bad_code");
}

/// A published article that takes comments, and a preview link of it.
fn article(editor: &Asker, server: &Server, said: &mut Said) -> String {
    let make = |noun: &str, form: Value| {
        let made = editor.post(&format!("/api/v1/newsroom/{noun}"), &[], &form).expect(201);
        made.json["id"].as_str().unwrap().to_owned()
    };
    let source = make("sources", json!({ "name": "هيا", "kind": "own" }));
    let section = make("sections", json!({ "name": "العالم" }));
    let id = make(
        "articles",
        json!({ "language": "ar", "headline": "خبر", "bodyHtml": "<p>نص</p>", "sources": [{ "sourceId": source }],
            "sectionId": section, "comments": { "mode": "open" } }),
    );
    let links = format!("/api/v1/newsroom/articles/{id}/preview-links");
    let url = editor.post(&links, &[("idempotency-key", "k")], &json!({})).expect(201).json["url"].clone();
    editor.post(&links, &[("idempotency-key", "k")], &json!({})).expect(201);
    let token = said.note("a preview token", url.as_str().unwrap().rsplit('/').next().unwrap());
    let anyone = server.ask();
    anyone.get(&format!("/api/v1/previews/{token}")).expect(200);
    for path in ["previews", "%70reviews", "previews/", "/previews", "previews/x", "Previews"] {
        for method in ["GET", "HEAD", "DELETE", "POST"] {
            drop(anyone.send(method, &format!("/api/v1/{path}/{token}"), &[], None));
        }
    }
    let publish = format!("/api/v1/newsroom/articles/{id}/publish");
    editor.post(&publish, &[("if-match", "\"1\"")], &json!({})).expect(200);
    id
}

/// A guest with an address comments, and comes back.
fn guest(admin: &Asker, server: &Server, article: &str, said: &mut Said) {
    let site = admin.get("/api/v1/newsroom/site").expect(200).header("etag");
    let patch = json!({ "discussion": { "guests": true } });
    admin.patch("/api/v1/newsroom/site", &[("if-match", &site)], &patch).expect(200);
    let comments = format!("/api/v1/articles/{article}/comments");
    let body = json!({ "text": "رأي", "guest": { "name": "ضيفة", "email": GUEST } });
    // The hook says nothing that means anything, so a moderator is to decide.
    let made = server.ask().post(&comments, &[("idempotency-key", "g")], &body);
    let token = said.note("a guest's token", made.expect(202).json["guestToken"].as_str().unwrap());
    let again = json!({ "text": "رأي آخر" });
    server.ask().post(&comments, &[("khabar-guest", &token)], &again).expect(202);
    server.ask().post(&comments, &[("khabar-guest", &format!("{token}x"))], &again).refused(401, "unauthenticated");
}

/// Endpoints with secrets: one that is told, one that was sent, one that is turned over.
fn webhooks(admin: &Asker, receiver: &Receiver, said: &mut Said) {
    let form = json!({ "url": receiver.url(), "topics": ["source.created"] });
    let made = admin.post(WEBHOOKS, &[("idempotency-key", "w")], &form).expect(201);
    said.note("a webhook's secret", made.json["secret"].as_str().unwrap());
    let path = format!("{WEBHOOKS}/{}", made.json["id"].as_str().unwrap());
    let turned = admin.post(&format!("{path}/rotate-secret"), &[("if-match", "\"1\"")], &json!({})).expect(200);
    said.note("a webhook's next secret", turned.json["secret"].as_str().unwrap());
    admin.get(&path).expect(200);
    let hook = json!({ "url": receiver.url(), "secret": said.note("a hook's secret", HOOK_SECRET) });
    let put = admin.send("PUT", "/api/v1/newsroom/comment-hook", &[], Some(&hook)).unwrap();
    assert!(matches!(put.status, 200 | 201), "{:#}", put.json);
    admin.post("/api/v1/newsroom/sources", &[], &json!({ "name": "وكالات", "kind": "agency" })).expect(201);
    until("the endpoint is told", || (!receiver.got().is_empty()).then_some(()));
}

/// A program acts with a key, old and new, and somebody is invited by a code.
fn program(admin: &Asker, server: &Server, said: &mut Said) {
    let keys = "/api/v1/newsroom/api-keys";
    let form = json!({ "name": "برنامج", "scopes": ["record.read"] });
    let made = admin.post(keys, &[], &form).expect(201);
    let key = said.note("a key", made.json["secret"].as_str().unwrap());
    server.ask().with_token(key.clone()).get("/api/v1/newsroom/sources").expect(200);
    server.ask().with_token(format!("{key}x")).get("/api/v1/newsroom/sources").refused(401, "unauthenticated");
    server.ask().get(&format!("/api/v1/site?key={key}")).refused(400, "bad_parameter");
    server.ask().get(&format!("/api/v1/articles/{key}")).refused(404, "not_found");
    let views = "/api/v1/articles/0192f3a4-5b6c-7d8e-9f01-23456789abcd/views";
    server.ask().post(views, &[("khabar-key", &key)], &json!({})).refused(404, "not_found");
    let path = format!("{keys}/{}", made.json["id"].as_str().unwrap());
    let turned = admin.post(&format!("{path}/rotate"), &[("if-match", "\"1\"")], &json!({})).expect(200);
    said.note("a key's next secret", turned.json["secret"].as_str().unwrap());
    let form = json!({ "email": INVITED, "name": "صحفية", "role": "journalist", "byMail": false });
    let invited = admin.post("/api/v1/newsroom/invitations", &[("idempotency-key", "i")], &form).expect(201);
    let code = said.note("an invitation's code", invited.json["code"].as_str().unwrap());
    let form = json!({ "code": code, "password": CHOSEN });
    server.ask().post("/api/v1/auth/invitations/accept", &[], &form).expect(201);
    server.ask().post("/api/v1/auth/invitations/accept", &[], &form).refused(422, "invalid");
}

/// The same as it could stand somewhere: plainly, in percents, in base64, as hexadecimal digits.
fn forms(secret: &str) -> Vec<String> {
    let digits = hex(secret.as_bytes());
    let percents = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut all = vec![secret.to_owned(), percents, STANDARD.encode(secret), digits.to_uppercase(), digits];
    // A webhook's secret is the bytes that are written so.
    if let Some(bytes) = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok()) {
        let digits = hex(&bytes);
        all.extend([digits.to_uppercase(), digits]);
        all.push(secret.trim_start_matches("whsec_").to_owned());
    }
    all
}

/// Everything that there is, and what was said on the way.
fn session(home: &Home) -> (Said, Server) {
    let mut said = Said::default();
    let provider_of = Provider::start();
    let mail = format!("[mail]\nurl = \"file:{LETTERS}\"\nfrom = \"desk@khabar.example\"\n");
    std::fs::write(home.path().join("khabar.toml"), mail + &provider_of.settings("")).unwrap();
    let (admin, editor) = (home.account("admin"), home.account("editor"));
    let server = home.serve();
    let receiver = Receiver::start();
    let email = editor;
    let (admin, editor) = (server.sign_in(&admin), server.sign_in(&email));
    said.note("the administrator's token", admin.token());
    said.note("the editor's token", editor.token());
    reader(home, &server, &mut said);
    provider(&server, &provider_of, &mut said);
    factor(&editor, &server, &email, &mut said);
    let article = article(&editor, &server, &mut said);
    webhooks(&admin, &receiver, &mut said);
    guest(&admin, &server, &article, &mut said);
    program(&admin, &server, &mut said);
    let reset = ["user", "reset-password", "--email", READER, "--password-stdin"];
    let ran = home.run_with(&reset, &format!("{RESET}\n")).succeeds();
    assert!(!(ran.out + &ran.err).contains(RESET));
    for (what, secret) in [("a password", FIRST), ("a password", SECOND), ("a password", RESET), ("a password", WRONG)]
    {
        said.note(what, secret);
    }
    said.note("the password of all", PASSWORD);
    said.note("a cookie", COOKIE);
    said.note("a password of who was invited", CHOSEN);
    said.note("an address of a guest", GUEST);
    said.note("an address of who is invited", INVITED);
    said.note("an address of nobody", NOBODY);
    said.note("an address at the provider", CLERK);
    said.note("an address of a reader", READER);
    for role in ["admin", "editor"] {
        said.note("an address of a colleague", format!("{role}@khabar.example"));
    }
    (said, server)
}

#[test]
fn neither_the_log_nor_the_database_tells_a_secret() {
    let inner = "[\"127.0.0.1\"]";
    let home = Home::new().set("KHABAR_LOG", "khabar=trace").set("KHABAR_OUTBOUND__INNER", inner);
    let (said, mut server) = session(&home);
    // What waits to be written down is written at the end.
    std::thread::sleep(Duration::from_millis(50));
    server.terminate();
    assert_eq!(server.ended().code(), Some(0), "{}", server.err());
    let log = server.out() + &server.err();
    let answered = log.lines().filter(|line| line.contains("answered")).count();
    assert!(answered > 50 && log.contains("DEBUG") && log.contains("/api/v1/previews/…"), "{answered}\n{log}");
    let tables = everything(&mut home.sql());
    assert!(tables["users"].iter().any(|row| row.contains("ليلى")), "the tables are read");
    for (what, secret) in &said.0 {
        for form in forms(secret) {
            let line = log.lines().find(|line| line.contains(&form));
            assert_eq!(line, None, "{what} is in the log");
            let places = tables.iter().filter(|(_, rows)| rows.iter().any(|row| row.contains(&form)));
            let places: Vec<&String> = places.map(|(table, _)| table).collect();
            assert!(places.is_empty(), "{what} is in {places:?}");
        }
    }
}

/// Signing secrets that follow one another.
const SECRETS: [&str; 3] = [
    "the first signing secret, of 32 bytes",
    "the second signing secret, of 32 bytes",
    "the third signing secret, of 32 bytes",
];

#[test]
fn another_signing_secret_takes_all_that_is_sealed_along_at_one_start() {
    let home = Home::new().set("KHABAR_JWT_SECRET", SECRETS[0]);
    let email = home.account("admin");
    let home = home.set("KHABAR_JWT_SECRET", SECRETS[1]);
    home.run(&["serve"]).refuses("sealed with another jwt_secret");
    home.run(&["migrate"]).succeeds();
    home.run(&["verify"]).succeeds();
    let home = home.set("KHABAR_JWT_SECRET_BEFORE", SECRETS[0]);
    home.serve().sign_in(&email).get("/api/v1/me").expect(200);
    // One start is enough; the secret before is of no use any more.
    let home = home.set("KHABAR_JWT_SECRET_BEFORE", "");
    let me = home.serve().sign_in(&email).get("/api/v1/me").expect(200);
    assert_eq!(me.json["email"], json!(email));
    home.set("KHABAR_JWT_SECRET", SECRETS[0]).run(&["serve"]).refuses("sealed with another jwt_secret");
}

#[test]
fn a_newsroom_whose_signing_secret_is_lost_goes_on_without_what_was_sealed() {
    let home = Home::new().set("KHABAR_JWT_SECRET", SECRETS[0]);
    let email = home.account("admin");
    let server = home.serve();
    let admin = server.sign_in(&email);
    let once = [("idempotency-key", "once")];
    admin.post("/api/v1/newsroom/sources", &once, &json!({ "name": "وكالة", "kind": "agency" })).expect(201);
    let key = admin.post("/api/v1/newsroom/api-keys", &[], &json!({ "name": "برنامج", "scopes": ["record.manage"] }));
    key.expect(201);
    drop(server);
    let kept = |home: &Home| {
        let mut conn = home.sql();
        let keys = api_keys::table.filter(api_keys::revoked_at.is_null()).count().get_result::<i64>(&mut conn).unwrap();
        let open = sessions::table.filter(sessions::revoked_at.is_null()).count().get_result::<i64>(&mut conn).unwrap();
        [replies::table.count().get_result::<i64>(&mut conn).unwrap(), keys, open]
    };
    assert_eq!(kept(&home), [1, 1, 1]);
    home.account("editor");
    let known = users::table.filter(users::role.eq("editor")).select(users::id).get_result::<UserId>(&mut home.sql());
    let known = known.unwrap();
    let linked = (
        (identities::id.eq(known), identities::user_id.eq(known), identities::issuer.eq("https://id.example")),
        (identities::subject.eq("one"), identities::linked_at.eq(UtcTime::from_micros(0))),
    );
    diesel::insert_into(identities::table).values(linked).execute(&mut home.sql()).unwrap();
    let home = home.set("KHABAR_JWT_SECRET", SECRETS[2]);
    home.run(&["user", "list"]).refuses("`khabar forget-sealed`");
    home.run(&["forget-sealed"]).succeeds();
    home.run(&["forget-sealed"]).refuses("nothing is lost");
    let listed = home.run(&["user", "list"]).succeeds().out;
    assert!(listed.contains("@sealed.invalid") && !listed.contains(&email), "{listed}");
    let active = users::table.filter(users::is_active.eq(true)).select(users::id).load::<UserId>(&mut home.sql());
    assert_eq!(
        active.unwrap(),
        [known],
        "whom a provider knows gets in, and nobody counts as an administrator who can't"
    );
    assert_eq!(kept(&home), [0, 0, 0], "and nothing else opens what is deactivated, should somebody activate it");
    // The address is nobody's now, so whoever had it gets an account anew.
    assert_eq!(home.account("admin"), email);
    home.serve().sign_in(&email).get("/api/v1/me").expect(200);
}

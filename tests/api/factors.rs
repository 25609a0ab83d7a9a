//! Second factors: codes of an authenticator, recovery codes, and the roles that must have one.

use std::time::Duration;

use aws_lc_rs::hmac;
use diesel::prelude::*;
use futures_util::future::join_all;
use khabar::auth::Role;
use khabar::auth::actions::{Action as _, POLICY, UseAccount};
use khabar::db::schema::second_factors;
use khabar::ids::UserId;
use khabar::text::hex;
use khabar::time::UtcTime;
use serde_json::{Value, json};

use crate::permissions::call;
use crate::support::client::Asked;
use crate::support::document::operations;
use crate::support::mailbox::Mailbox;
use crate::support::{Answer, Client, TestApp};
use crate::writes::contents;

const FACTOR: &str = "/api/v1/me/second-factor";
const LOGIN: &str = "/api/v1/auth/login";
const STEP_UP: &str = "/api/v1/auth/step-up";
const PASSWORD: &str = "حبر على ورق منذ الفجر";
const WRONG: &str = "شاي بالنعناع كل مساء";
const SARA: &str = "sara@example.org";
const STEP: Duration = Duration::from_secs(30);

/// The bytes of a secret, as RFC 4648 spells them.
pub fn bytes(secret: &str) -> Vec<u8> {
    let value = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
    let bits = |value: usize| (0..5).rev().map(move |n| u8::from((value >> n) % 2 == 1));
    let bits: Vec<u8> = secret.chars().map(value).flat_map(bits).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte * 2 + bit)).collect()
}

/// What an authenticator shows some steps from an instant: RFC 6238, by another library than the server's.
pub fn digits(secret: &str, now: UtcTime, steps: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes(secret));
    let tag = hmac::sign(&key, &(now.seconds() / 30 + steps).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Six digits that no step near an instant has.
fn no_digits(secret: &str, now: UtcTime) -> String {
    let near: Vec<String> = (-3..=3).map(|steps| digits(secret, now, steps)).collect();
    (0..1_000_000).map(|n| format!("{n:06}")).find(|digits| !near.contains(digits)).unwrap()
}

/// An account, and where somebody is signed in to it.
struct Person<'a> {
    app: &'a TestApp,
    email: String,
    id: String,
    token: String,
    secret: String,
    codes: Vec<String>,
}

impl<'a> Person<'a> {
    /// An account with a password, signed in by it.
    async fn new(app: &'a TestApp, email: &str, role: Role) -> Self {
        let form = json!({ "email": email, "name": "سارة", "role": role, "password": PASSWORD });
        // Who makes it is an administrator in a strong session, whatever administrators must have.
        let admin = app.strong(Role::Admin).await;
        let id = admin.post("/api/v1/newsroom/users").json(&form).send().await.expect(201).text("/id");
        let token = login(app, email, None).await.expect(200).text("/accessToken");
        Self { app, email: email.into(), id, token, secret: String::new(), codes: Vec::new() }
    }

    /// The same with a second factor; nothing of this step's codes is left.
    async fn with_factor(app: &'a TestApp, email: &str, role: Role) -> Self {
        let mut person = Self::new(app, email, role).await;
        person.secret = person.begin().await.expect(200).text("/secret");
        let confirmed = person.post("/confirm", json!({ "code": person.digits(0) })).await.expect(200);
        person.codes = serde_json::from_value(confirmed.at("/recoveryCodes").clone()).unwrap();
        person
    }

    fn digits(&self, steps: i64) -> String {
        digits(&self.secret, self.app.app.now(), steps)
    }

    fn with(&self, request: Asked) -> Asked {
        request.header("authorization", &format!("Bearer {}", self.token))
    }

    async fn get(&self, path: &str) -> Answer {
        self.with(self.app.anonymous().get(path)).send().await
    }

    async fn post(&self, step: &str, body: Value) -> Answer {
        self.post_to(&format!("{FACTOR}{step}"), body).await
    }

    async fn post_to(&self, path: &str, body: Value) -> Answer {
        self.with(self.app.anonymous().post(path)).json(&body).send().await
    }

    async fn begin(&self) -> Answer {
        self.post("", json!({ "password": PASSWORD })).await
    }

    async fn login(&self, code: &str) -> Answer {
        login(self.app, &self.email, Some(code)).await
    }

    /// Signs in anew, in the next step.
    async fn again(mut self) -> Self {
        self.app.clock.advance(STEP);
        self.token = self.login(&self.digits(0)).await.expect(200).text("/accessToken");
        self
    }
}

async fn login(app: &TestApp, email: &str, code: Option<&str>) -> Answer {
    login_from(app, email, PASSWORD, code, "192.0.2.1").await
}

async fn login_from(app: &TestApp, email: &str, password: &str, code: Option<&str>, peer: &str) -> Answer {
    let mut form = json!({ "email": email, "password": password });
    if let Some(code) = code {
        form["code"] = json!(code);
    }
    app.anonymous().post(LOGIN).json(&form).peer(peer).send().await
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[actix_web::test]
async fn a_second_factor_is_set_up_asked_for_and_taken_away() {
    let app = TestApp::new().await;
    let mut sara = Person::new(&app, SARA, Role::Editor).await;
    let off = json!({ "isOn": false, "dateConfirmed": null, "recoveryCodesLeft": 0, "isRequired": false });
    assert_eq!(sara.get(FACTOR).await.expect(200).json, off);
    // What is not set up can't be confirmed, renewed or removed; a code that nobody asks for is not looked at.
    sara.post("/confirm", json!({ "code": "000000" })).await.refused(409, "illegal_transition");
    for step in ["/recovery-codes", "/remove"] {
        sara.post(step, json!({ "password": PASSWORD, "code": "000000" })).await.refused(409, "illegal_transition");
    }
    let elsewhere = sara.login("what I like").await.expect(200).text("/accessToken");

    let wrong = sara.post("", json!({ "password": WRONG })).await.refused(422, "invalid");
    assert_eq!(wrong.errors(), ["/password wrong_password"]);
    let first = sara.begin().await.expect(200).text("/secret");
    let begun = sara.begin().await.expect(200);
    sara.secret = begun.text("/secret");
    assert_eq!((bytes(&sara.secret).len(), first == sara.secret), (20, false));
    let uri = format!("otpauth://totp/Khabar:sara%40example%2Eorg?secret={}&issuer=Khabar", sara.secret);
    assert!(begun.text("/uri").starts_with(&uri), "{}", begun.text("/uri"));
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    // Until it is confirmed, nothing has changed.
    assert_eq!(sara.get(FACTOR).await.expect(200).json, off);
    login(&app, SARA, None).await.expect(200);

    for code in [digits(&first, app.app.now(), 0), "000000".into(), "01AB-23CD-45EF-67GH".into()] {
        let refused = sara.post("/confirm", json!({ "code": code })).await.refused(422, "invalid");
        assert_eq!(refused.errors(), ["/code wrong_code"]);
    }
    app.events();
    let confirmed = sara.post("/confirm", json!({ "code": sara.digits(0) })).await.expect(200);
    app.assert_events(&["second_factor.confirmed", "session.proved", "user.sessions_revoked"]);
    sara.codes = serde_json::from_value(confirmed.at("/recoveryCodes").clone()).unwrap();
    assert_eq!(sara.codes.iter().collect::<std::collections::BTreeSet<_>>().len(), 10);
    let on = json!({ "isOn": true, "dateConfirmed": app.app.now(), "recoveryCodesLeft": 10, "isRequired": false });
    assert_eq!(sara.get(FACTOR).await.expect(200).json, on);
    let bearer = format!("Bearer {elsewhere}");
    app.anonymous().get("/api/v1/me").header("authorization", &bearer).send().await.refused(401, "unauthenticated");
    sara.begin().await.refused(409, "duplicate");
    sara.post("/confirm", json!({ "code": sara.digits(1) })).await.refused(409, "duplicate");

    app.clock.advance(STEP);
    for missing in [None, Some(""), Some("  ")] {
        login(&app, SARA, missing).await.refused(401, "code_required");
    }
    app.events();
    sara.login(&no_digits(&sara.secret, app.app.now())).await.refused(401, "bad_code");
    app.assert_events(&["second_factor.refused"]);
    sara.token = sara.login(&arabic(&sara.digits(0))).await.expect(200).text("/accessToken");
    app.assert_events(&["session.opened"]);
    let strong: Vec<Value> = sara.get("/api/v1/me/sessions").await.expect(200).at("/items").as_array().unwrap().clone();
    assert_eq!(strong.iter().map(|one| &one["isStrong"]).collect::<Vec<_>>(), [&json!(true), &json!(true)]);

    let proof = |code: String| json!({ "password": PASSWORD, "code": code });
    app.clock.advance(STEP);
    let renewed = sara.post("/recovery-codes", proof(sara.digits(0))).await.expect(200);
    sara.login(&sara.codes[0]).await.refused(401, "bad_code");
    sara.login(renewed.at("/recoveryCodes/0").as_str().unwrap()).await.expect(200);
    app.clock.advance(STEP);
    let refused = sara.post("/remove", json!({ "password": PASSWORD, "code": "000000" })).await;
    assert_eq!(refused.refused(422, "invalid").errors(), ["/code wrong_code"]);
    app.events();
    sara.post("/remove", proof(sara.digits(0))).await.expect(204);
    app.assert_events(&["second_factor.removed", "session.proved", "user.sessions_revoked"]);
    assert_eq!(sara.get(FACTOR).await.expect(200).json, off);
    login(&app, SARA, None).await.expect(200);
    let weak: Vec<Value> = sara.get("/api/v1/me/sessions").await.expect(200).at("/items").as_array().unwrap().clone();
    assert_eq!(weak.iter().map(|one| &one["isStrong"]).collect::<Vec<_>>(), [&json!(false), &json!(false)]);
}

/// As an Arabic keyboard types them, in two groups.
fn arabic(digits: &str) -> String {
    let digit = |c: char| char::from_u32(u32::from('٠') + c.to_digit(10).unwrap()).unwrap();
    let digits: String = digits.chars().map(digit).collect();
    let (first, second) = digits.split_at(6);
    format!("{first} {second}")
}

#[actix_web::test]
async fn a_code_works_once_and_half_a_minute_early_or_late() {
    let app = TestApp::new().await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    // The one that turned it on is used up.
    sara.login(&sara.digits(0)).await.refused(401, "bad_code");
    app.clock.advance(STEP * 10);
    for far in [-2, 2] {
        sara.login(&sara.digits(far)).await.refused(401, "bad_code");
    }
    let early = sara.digits(-1);
    sara.login(&early).await.expect(200);
    sara.login(&early).await.refused(401, "bad_code");
    let late = sara.digits(1);
    sara.login(&late).await.expect(200);
    sara.login(&late).await.refused(401, "bad_code");
    // What is before the last one is over, too.
    sara.login(&sara.digits(0)).await.refused(401, "bad_code");
    app.clock.advance(STEP);
    sara.login(&late).await.refused(401, "bad_code");
    // Nor does it open anything else.
    let refused = sara.post_to(STEP_UP, json!({ "password": PASSWORD, "code": late })).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/code wrong_code"]);
    app.clock.advance(STEP);
    sara.login(&sara.digits(0)).await.expect(200);
}

#[actix_web::test]
async fn of_twenty_sign_ins_at_once_with_one_code_one_gets_in() {
    let app = TestApp::new().await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    app.clock.advance(STEP);
    for code in [sara.digits(0), sara.codes[0].clone()] {
        let answers = join_all((0..20).map(|_| sara.login(&code))).await;
        assert_eq!((count(&answers, 200), count(&answers, 401) + count(&answers, 503)), (1, 19), "{code}");
    }
    assert_eq!(sara.get(FACTOR).await.expect(200).at("/recoveryCodesLeft"), &json!(9));
}

#[actix_web::test]
async fn a_recovery_code_works_once_and_for_its_account_alone() {
    let app = TestApp::new().await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    let omar = Person::with_factor(&app, "omar@example.org", Role::Editor).await;
    omar.login(&sara.codes[0]).await.refused(401, "bad_code");
    app.events();
    sara.login(&sara.codes[0].to_lowercase().replace('-', " ")).await.expect(200);
    app.assert_events(&["second_factor.code_spent", "session.opened"]);
    sara.login(&sara.codes[0]).await.refused(401, "bad_code");
    for code in &sara.codes[1..] {
        sara.login(code).await.expect(200);
    }
    assert_eq!(sara.get(FACTOR).await.expect(200).at("/recoveryCodesLeft"), &json!(0));
    assert_eq!(omar.get(FACTOR).await.expect(200).at("/recoveryCodesLeft"), &json!(10));
}

/// Two wrong tries a minute for an account from one address; four for the account.
const TIGHT: &str = "[limits]\naddress_factor = 2\nsign_ins = { per_minute = 2, per_hour = 20 }\n\
                     [auth]\naccess_minutes = 120\nstep_up_minutes = 0\n";

#[actix_web::test]
async fn wrong_codes_are_counted_as_wrong_passwords_are() {
    let app = TestApp::with(TIGHT).await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    app.clock.advance(Duration::from_secs(3_600));
    let wrong = no_digits(&sara.secret, app.app.now());
    let from = async |code: Option<&str>, peer: &str| login_from(&app, SARA, PASSWORD, code, peer).await;
    // To be asked for one is no guess.
    for _ in 0..10 {
        from(None, "192.0.2.7").await.refused(401, "code_required");
    }
    for left in [1, 0] {
        let refused = from(Some(&wrong), "192.0.2.7").await.refused(401, "bad_code");
        assert_eq!(refused.header("ratelimit"), Some(&*format!("\"pair-minute\";r={left};t={}", 60 - left * 30)));
    }
    let stopped = from(Some(&sara.digits(0)), "192.0.2.7").await.refused(429, "too_many");
    assert!(stopped.header("retry-after").is_some());
    from(None, "192.0.2.7").await.refused(429, "too_many");
    // A right password makes nobody at home: from everywhere together there are four.
    let answers = join_all(
        (0..40).map(|n| login_from(&app, SARA, PASSWORD, Some(&wrong), ["198.51.100.1", "198.51.100.2"][n % 2])),
    )
    .await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (2, 38));
    // Where its holder has signed in they count, too.
    let step_up = async |code: &str| {
        let body = json!({ "password": PASSWORD, "code": code });
        sara.with(app.anonymous().post(STEP_UP)).json(&body).peer("192.0.2.1").send().await
    };
    for _ in 0..2 {
        step_up(&wrong).await.refused(422, "invalid");
    }
    step_up(&sara.digits(0)).await.refused(429, "too_many");
    from(Some(&sara.digits(0)), "192.0.2.1").await.refused(429, "too_many");
    app.clock.advance(Duration::from_secs(60));
    from(Some(&sara.digits(0)), "192.0.2.1").await.expect(200);
    let omar = Person::new(&app, "omar@example.org", Role::Editor).await;
    omar.begin().await.expect(200);
    for status in [422, 422, 429, 429] {
        assert_eq!(omar.post("/confirm", json!({ "code": "000000" })).await.status, status);
    }
}

#[actix_web::test]
async fn after_a_hundred_wrong_codes_in_a_row_only_a_recovery_code_opens() {
    let app = TestApp::new().await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    let misses =
        |n: i64| diesel::update(second_factors::table).set(second_factors::misses.eq(n)).execute(&mut app.sql());
    app.clock.advance(STEP);
    misses(98).unwrap();
    let wrong = no_digits(&sara.secret, app.app.now());
    sara.login(&wrong).await.refused(401, "bad_code");
    sara.login(&sara.digits(0)).await.expect(200);
    misses(99).unwrap();
    sara.login(&wrong).await.refused(401, "bad_code");
    app.clock.advance(STEP);
    sara.login(&sara.digits(0)).await.refused(401, "bad_code");
    sara.login(&sara.codes[0]).await.expect(200);
    sara.login(&sara.digits(0)).await.expect(200);
}

#[actix_web::test]
async fn nothing_tells_of_a_second_factor_until_the_password_was_right() {
    let app = TestApp::new().await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    Person::new(&app, "omar@example.org", Role::Editor).await;
    app.clock.advance(STEP);
    let mut told = Vec::new();
    for email in [SARA, "omar@example.org", "nobody@example.org"] {
        for code in [None, Some(sara.digits(0)), Some("000000".to_owned()), Some(sara.codes[0].clone())] {
            let refused = login_from(&app, email, WRONG, code.as_deref(), "192.0.2.1").await;
            let mut body = refused.refused(401, "bad_credentials").json;
            body.as_object_mut().unwrap().remove("requestId");
            told.push(body);
        }
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:#?}");
    // Nor was anything used up.
    sara.login(&sara.codes[0]).await.expect(200);
    sara.login(&sara.digits(0)).await.expect(200);
}

const MUST: &str = "[auth]\nstep_up_minutes = 0\nsecond_factor_roles = [\"editor\", \"admin\"]\n";

#[actix_web::test]
async fn a_role_that_must_have_a_second_factor_does_nothing_without() {
    let app = TestApp::with(MUST).await;
    let asked = async |client: &Client, role: Role, expected: &str| {
        let (mut held, mut open) = (0, 0);
        for operation in operations().iter().filter(|operation| operation.permission.is_some()) {
            let name = operation.permission.as_deref().unwrap();
            let (_, roles) = POLICY.iter().find(|(known, _)| *known == name).unwrap();
            // Those that end the session or the account are left for the end.
            if !roles.contains(&role) || ["close_session", "end_other_sessions"].contains(&&*operation.id) {
                continue;
            }
            let answer = call(client, operation, "{}").await;
            let code = answer.json["code"].as_str().unwrap_or_default();
            if name == UseAccount::NAME {
                assert_ne!(code, "second_factor_required", "{}", operation.id);
                open += 1;
            } else if expected.is_empty() {
                assert_ne!(code, "second_factor_required", "{}", operation.id);
            } else {
                assert_eq!((answer.status, code), (403, expected), "{}: {:#}", operation.id, answer.json);
                assert_eq!(answer.text("/permission"), name);
                held += 1;
            }
        }
        (held, open)
    };
    for (role, least) in [(Role::Editor, 60), (Role::Admin, 90)] {
        let (held, open) = asked(&app.as_(role).await, role, "second_factor_required").await;
        assert!(held > least && open > 5, "{role}: {held} {open}");
        asked(&app.strong(role).await, role, "").await;
    }
    asked(&app.as_(Role::Journalist).await, Role::Journalist, "").await;
}

#[actix_web::test]
async fn who_must_have_a_second_factor_sets_it_up_and_goes_on() {
    let app = TestApp::with(MUST).await;
    let users = "/api/v1/newsroom/users";
    let sara = Person::new(&app, SARA, Role::Admin).await;
    assert_eq!(sara.get(FACTOR).await.expect(200).at("/isRequired"), &json!(true));
    sara.get(users).await.refused(403, "second_factor_required");
    sara.post_to("/api/v1/newsroom/api-keys", json!({ "name": "x", "scopes": ["article.write"] }))
        .await
        .refused(403, "second_factor_required");
    let secret = sara.begin().await.expect(200).text("/secret");
    sara.get(users).await.refused(403, "second_factor_required");
    let sara = Person { secret, ..sara };
    sara.post("/confirm", json!({ "code": sara.digits(0) })).await.expect(200);
    sara.get(users).await.expect(200);
    let key = sara.post_to("/api/v1/newsroom/api-keys", json!({ "name": "x", "scopes": ["article.write"] })).await;
    let key = app.anonymous().with_key(&key.expect(201).text("/secret"));
    key.get("/api/v1/newsroom/articles").send().await.expect(200);

    let sara = sara.again().await;
    sara.get(users).await.expect(200);
    app.clock.advance(STEP);
    let proof = json!({ "password": PASSWORD, "code": sara.digits(0) });
    sara.post("/remove", proof.clone()).await.refused(403, "second_factor_required");
    // Another role counts from the next request on, and so does another setting.
    let admin = app.strong(Role::Admin).await;
    let omar = Person::new(&app, "omar@example.org", Role::Journalist).await;
    omar.get("/api/v1/newsroom/articles").await.expect(200);
    let patch = admin.patch(&format!("{users}/{}", omar.id)).if_match("\"1\"").json(&json!({ "role": "editor" }));
    patch.send().await.expect(200);
    omar.get("/api/v1/newsroom/articles").await.refused(403, "second_factor_required");
    omar.get("/api/v1/me").await.expect(200);
    let free = app.restarted_with("").await;
    let ask = |person: &Person<'_>, path: &str| person.with(free.anonymous().get(path)).send();
    ask(&omar, "/api/v1/newsroom/articles").await.expect(200);
    let remove = sara.with(free.anonymous().post(&format!("{FACTOR}/remove"))).json(&proof);
    remove.send().await.expect(204);
    ask(&sara, users).await.expect(200);
    // The session in which it was taken away is not strong any more.
    sara.get(users).await.refused(403, "second_factor_required");
}

#[actix_web::test]
async fn a_step_up_asks_for_a_code_where_there_is_one() {
    let app = TestApp::with("[auth]\nstep_up_minutes = 15\naccess_minutes = 60\n").await;
    let sara = Person::with_factor(&app, SARA, Role::Admin).await;
    let omar = Person::new(&app, "omar@example.org", Role::Admin).await;
    app.clock.advance(Duration::from_secs(16 * 60));
    let rename = async |person: &Person<'_>| {
        let address = format!("/api/v1/newsroom/users/{}", person.id);
        let tag = person.get(&address).await.expect(200).etag();
        person.with(app.anonymous().patch(&address).if_match(&tag)).json(&json!({ "name": "آخر" })).send().await
    };
    rename(&sara).await.refused(403, "step_up_required");
    let prove = async |code: Option<String>| {
        let mut form = json!({ "password": PASSWORD });
        form.as_object_mut().unwrap().extend(code.map(|code| ("code".to_owned(), json!(code))));
        sara.post_to(STEP_UP, form).await
    };
    assert_eq!(prove(None).await.refused(422, "invalid").errors(), ["/code required"]);
    let wrong = prove(Some(no_digits(&sara.secret, app.app.now()))).await.refused(422, "invalid");
    assert_eq!(wrong.errors(), ["/code wrong_code"]);
    rename(&sara).await.refused(403, "step_up_required");
    prove(Some(sara.digits(0))).await.expect(204);
    rename(&sara).await.expect(200);
    prove(Some(sara.digits(0))).await.refused(422, "invalid");
    // Who has none is asked for none.
    omar.post_to(STEP_UP, json!({ "password": PASSWORD })).await.expect(204);
    rename(&omar).await.expect(200);
}

#[actix_web::test]
async fn a_password_that_is_too_short_for_the_role_proves_nothing_and_uses_no_code_up() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(&format!("{}[auth]\nstep_up_minutes = 15\n", mailbox.settings())).await;
    let short = "tq7#Lw9zX";
    let id = app.reader(SARA, short).await;
    let enter = async |code: Option<&str>| login_from(&app, SARA, short, code, "192.0.2.1").await;
    let token = enter(None).await.expect(200).text("/accessToken");
    let mut sara = Person { app: &app, email: SARA.into(), id, token, secret: String::new(), codes: Vec::new() };
    sara.secret = sara.post("", json!({ "password": short })).await.expect(200).text("/secret");
    let confirmed = sara.post("/confirm", json!({ "code": sara.digits(0) })).await.expect(200);
    let codes: Vec<String> = serde_json::from_value(confirmed.at("/recoveryCodes").clone()).unwrap();
    let (admin, one) = (app.as_(Role::Admin).await, format!("/api/v1/newsroom/users/{}", sara.id));
    let etag = admin.get(&one).send().await.expect(200).etag();
    admin.patch(&one).if_match(&etag).json(&json!({ "role": "journalist" })).send().await.expect(200);
    enter(Some(&codes[0])).await.refused(403, "password_too_short");
    let proof = json!({ "password": short, "code": codes[0] });
    sara.post_to(STEP_UP, proof.clone()).await.refused(403, "password_too_short");
    sara.post("/recovery-codes", proof).await.refused(403, "password_too_short");
    let form = json!({ "currentPassword": short, "newPassword": PASSWORD });
    sara.post_to("/api/v1/me/password", form).await.refused(403, "password_too_short");
    let form = json!({ "currentPassword": short, "email": "sara@example.com" });
    sara.post_to("/api/v1/me/email", form).await.refused(403, "password_too_short");
    assert_eq!(*sara.get(FACTOR).await.expect(200).at("/recoveryCodesLeft"), json!(codes.len()));
}

#[actix_web::test]
async fn another_address_takes_a_code_where_there_is_a_second_factor() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(&mailbox.settings()).await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await.again().await;
    let ask = async |code: Option<String>| {
        let form = json!({ "email": "sara@example.com", "currentPassword": PASSWORD, "code": code });
        sara.post_to("/api/v1/me/email", form).await
    };
    assert_eq!(ask(None).await.refused(422, "invalid").errors(), ["/code required"]);
    let wrong = ask(Some(no_digits(&sara.secret, app.app.now()))).await.refused(422, "invalid");
    assert_eq!(wrong.errors(), ["/code wrong_code"]);
    assert!(mailbox.letters(&app).await.is_empty());
    ask(Some(sara.codes[0].clone())).await.expect(204);
    assert_eq!(mailbox.letter(&app).await.to, "sara@example.com");
}

#[actix_web::test]
async fn a_lost_second_factor_is_taken_away_by_an_administrator_or_the_operator() {
    let app = TestApp::new().await;
    let (admin, editor) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await);
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    let factor = format!("/api/v1/newsroom/users/{}/second-factor", sara.id);
    editor.delete(&factor).send().await.refused(403, "forbidden");
    app.audit();
    app.events();
    admin.delete(&factor).send().await.expect(204);
    app.assert_events(&["second_factor.removed", "user.sessions_revoked"]);
    let line = app.audit().into_iter().find(|line| line.action == "second_factor.removed").unwrap();
    assert_eq!((line.actor, line.target.unwrap().to_string()), (Some(admin.id().uuid()), sara.id.clone()));
    sara.get("/api/v1/me").await.refused(401, "unauthenticated");
    login(&app, SARA, None).await.expect(200);
    admin.delete(&factor).send().await.refused(404, "not_found");

    let omar = Person::with_factor(&app, "omar@example.org", Role::Editor).await;
    let forget = |email: &str| app.home().run(&["user", "forget-factor", "--email", email]);
    assert!(forget("omar@example.org").succeeds().out.contains("no second factor any more"));
    omar.get("/api/v1/me").await.refused(401, "unauthenticated");
    login(&app, "omar@example.org", None).await.expect(200);
    forget("omar@example.org").refuses("has no second factor");
    forget("nobody@example.org").refuses("nobody has the address");
}

#[actix_web::test]
async fn who_has_the_database_has_no_codes() {
    let app = TestApp::new().await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await.again().await;
    let omar = Person::with_factor(&app, "omar@example.org", Role::Editor).await;
    let raw = hex(&bytes(&sara.secret));
    let mut hidden = vec![sara.secret.clone(), raw.to_uppercase(), raw];
    for code in &sara.codes {
        let plain = code.replace('-', "");
        hidden.extend([hex(plain.as_bytes()), hex(plain.as_bytes()).to_uppercase(), plain, code.clone()]);
    }
    let tables = contents(&app);
    assert_eq!((tables["second_factors"].len(), tables["recovery_codes"].len()), (2, 20));
    for (table, rows) in &tables {
        let told = hidden.iter().find(|secret| rows.iter().any(|row| row.contains(*secret)));
        assert_eq!(told, None, "{table}");
    }
    // A sealed secret opens for its own account alone: nobody puts their own in the place of another's.
    let sealed = |id: &str| {
        let row = second_factors::table.find(UserId::parse(id).unwrap());
        row.select(second_factors::secret).first::<Vec<u8>>(&mut app.sql()).unwrap()
    };
    let (of_sara, of_omar) = (sealed(&sara.id), sealed(&omar.id));
    let victim = second_factors::table.find(UserId::parse(&sara.id).unwrap());
    diesel::update(victim).set(second_factors::secret.eq(&of_omar)).execute(&mut app.sql()).unwrap();
    app.clock.advance(STEP);
    sara.login(&omar.digits(0)).await.refused(500, "internal");
    sara.login(&sara.codes[0]).await.expect(200);
    diesel::update(victim).set(second_factors::secret.eq(&of_sara)).execute(&mut app.sql()).unwrap();
    sara.login(&sara.digits(0)).await.expect(200);
}

#[actix_web::test]
async fn a_person_takes_along_that_there_is_a_second_factor_and_nothing_of_it_is_left_behind() {
    let app = TestApp::new().await;
    let sara = Person::with_factor(&app, SARA, Role::Reader).await;
    let all = sara.get("/api/v1/me/export").await.expect(200);
    assert_eq!(all.at("/secondFactorSince"), &json!(app.app.now()));
    assert_eq!(all.at("/sessions/0/isStrong"), &json!(true));
    assert!(!all.json.to_string().contains(&sara.secret) && !all.json.to_string().contains(&sara.codes[0]));
    let erase = app.anonymous().delete("/api/v1/me").json(&json!({ "currentPassword": PASSWORD }));
    sara.with(erase).send().await.expect(204);
    let tables = contents(&app);
    assert_eq!((tables["second_factors"].len(), tables["recovery_codes"].len()), (0, 0));
}

#[actix_web::test]
async fn administrators_find_who_has_no_second_factor() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let sara = Person::with_factor(&app, SARA, Role::Editor).await;
    let begun = Person::new(&app, "omar@example.org", Role::Editor).await;
    begun.begin().await.expect(200);
    let ids = async |query: &str| {
        let answer =
            admin.get(&format!("/api/v1/newsroom/users?count=true&role=editor{query}")).send().await.expect(200);
        let items = answer.at("/items").as_array().unwrap();
        assert_eq!(answer.at("/page/total"), &json!(items.len()));
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("&secondFactor=true").await, [sara.id.as_str()]);
    assert_eq!(ids("&secondFactor=false").await, [begun.id.as_str()]);
    assert_eq!(ids("").await.len(), 2);
}

//! How often somebody may try a password: by account, by address and by both, whatever a request says of itself.

use std::time::Duration;

use khabar::app::Tx;
use khabar::auth::{Actor, Role, forget_homes};
use serde_json::{Value, json};

use crate::support::mailbox::Mailbox;
use crate::support::{Answer, SECRET, TestApp};

/// Two wrong passwords a minute for an account from one address; four for the account, and four for the address.
const TIGHT: &str = "[limits]\naddress_factor = 2\nsign_ins = { per_minute = 2, per_hour = 20 }\n\
                     registrations = { per_minute = 3, per_hour = 20 }\n";
const PASSWORD: &str = "قهوة سادة كل صباح";
const WRONG: &str = "شاي بالنعناع كل مساء";
const OTHER: &str = "حبر على ورق منذ الفجر";
const SARA: &str = "sara@example.org";

async fn tight() -> TestApp {
    let app = TestApp::with(TIGHT).await;
    register(&app, SARA, "192.0.2.200").await.expect(201);
    app
}

async fn register(app: &TestApp, email: &str, peer: &str) -> Answer {
    let form = json!({ "email": email, "password": PASSWORD, "name": "سارة" });
    app.anonymous().post("/api/v1/auth/register").json(&form).peer(peer).send().await
}

async fn login(app: &TestApp, email: &str, password: &str, peer: &str) -> Answer {
    let form = json!({ "email": email, "password": password });
    app.anonymous().post("/api/v1/auth/login").json(&form).peer(peer).send().await
}

fn wait(refused: &Answer) -> u64 {
    refused.header("retry-after").unwrap().parse().unwrap()
}

#[actix_web::test]
async fn wrong_passwords_are_refused_after_so_many_and_taken_again_exactly_when_the_answer_says() {
    let app = tight().await;
    for left in [1, 0] {
        let wrong = login(&app, SARA, WRONG, "192.0.2.1").await.refused(401, "bad_credentials");
        assert_eq!(wrong.header("ratelimit"), Some(&*format!("\"pair-minute\";r={left};t={}", 60 - left * 30)));
        assert_eq!(wrong.header("retry-after"), None);
    }
    let refused = login(&app, SARA, PASSWORD, "192.0.2.1").await.refused(429, "too_many");
    assert_eq!(wait(&refused), 30);
    app.clock.advance(Duration::from_secs(wait(&refused) - 1));
    login(&app, SARA, PASSWORD, "192.0.2.1").await.refused(429, "too_many");
    app.clock.advance(Duration::from_secs(1));
    login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
}

#[actix_web::test]
async fn neither_case_nor_fields_nor_headers_make_another_account_of_one() {
    let app = tight().await;
    for email in ["SARA@example.org", " sara@EXAMPLE.org "] {
        login(&app, email, WRONG, "192.0.2.1").await.refused(401, "bad_credentials");
    }
    for email in [SARA, "Sara@Example.Org", "sara@example.org\u{200b}"] {
        let status = login(&app, email, PASSWORD, "192.0.2.1").await.status;
        assert!(status == 429 || status == 401, "{email:?} {status}");
    }
    let ask = |form: Value| app.anonymous().post("/api/v1/auth/login").json(&form).peer("192.0.2.1");
    let form = json!({ "email": SARA, "password": PASSWORD });
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.7"),
        ("forwarded", "for=198.51.100.7"),
        ("x-real-ip", "198.51.100.7"),
        ("user-agent", "another"),
        ("idempotency-key", "another"),
    ] {
        ask(form.clone()).header(name, value).send().await.refused(429, "too_many");
    }
    let extra = json!({ "email": SARA, "password": PASSWORD, "rateKey": "x" });
    ask(extra).send().await.refused(422, "invalid");
    ask(form).send().await.refused(429, "too_many");
}

#[actix_web::test]
async fn many_addresses_have_no_more_than_the_account_and_shut_its_holder_out_nowhere_at_home() {
    let app = tight().await;
    login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
    let tries = (0..100).map(|n| format!("198.51.100.{n}"));
    let mut taken = 0;
    for peer in tries {
        taken += usize::from(login(&app, SARA, WRONG, &peer).await.status == 401);
    }
    assert_eq!(taken, 4);
    let elsewhere = login(&app, SARA, PASSWORD, "203.0.113.5").await.refused(429, "too_many");
    assert_eq!(elsewhere.header("ratelimit"), Some(&*format!("\"name-minute\";r=0;t={}", wait(&elsewhere))));
    for _ in 0..10 {
        login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
    }
    app.clock.advance(Duration::from_secs(wait(&elsewhere)));
    login(&app, SARA, PASSWORD, "203.0.113.5").await.expect(200);
}

#[actix_web::test]
async fn one_address_has_so_many_for_all_accounts_and_those_that_there_are_not_count_the_same() {
    let app = tight().await;
    for n in 0..4 {
        login(&app, &format!("nobody{n}@example.org"), WRONG, "192.0.2.1").await.refused(401, "bad_credentials");
    }
    login(&app, SARA, PASSWORD, "192.0.2.1").await.refused(429, "too_many");
    let mut told = Vec::new();
    for (email, peer) in [(SARA, "192.0.2.7"), ("nobody@example.org", "192.0.2.8")] {
        for _ in 0..3 {
            let answer = login(&app, email, WRONG, peer).await;
            told.push((answer.status, answer.header("ratelimit").map(String::from), answer.text("/code")));
        }
    }
    assert_eq!(told[..3], told[3..]);
}

#[actix_web::test]
async fn who_found_an_open_device_does_not_get_to_try_many_passwords() {
    let app = tight().await;
    let tokens = login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
    let bearer = format!("Bearer {}", tokens.text("/accessToken"));
    let change = || {
        let form = json!({ "currentPassword": WRONG, "newPassword": "حبر على ورق منذ الفجر" });
        app.anonymous()
            .post("/api/v1/me/password")
            .header("authorization", &bearer)
            .json(&form)
            .peer("192.0.2.1")
            .send()
    };
    for _ in 0..2 {
        change().await.refused(422, "invalid");
    }
    change().await.refused(429, "too_many");
    let erase = app.anonymous().delete("/api/v1/me").header("authorization", &bearer).peer("192.0.2.1");
    erase.json(&json!({ "currentPassword": PASSWORD })).send().await.refused(429, "too_many");
    let prove = app.anonymous().post("/api/v1/auth/step-up").header("authorization", &bearer).peer("192.0.2.1");
    prove.json(&json!({ "password": PASSWORD })).send().await.refused(429, "too_many");
}

#[actix_web::test]
async fn one_address_makes_so_many_accounts() {
    let app = tight().await;
    for n in 0..3 {
        let made = register(&app, &format!("reader{n}@example.org"), "192.0.2.1").await.expect(201);
        assert!(made.header("ratelimit").unwrap().starts_with("\"address-minute\";r="));
    }
    let refused = register(&app, "reader9@example.org", "192.0.2.1").await.refused(429, "too_many");
    assert_eq!(wait(&refused), 20);
    register(&app, "reader9@example.org", "192.0.2.2").await.expect(201);
}

#[actix_web::test]
async fn three_hundred_sign_ins_at_once_are_answered_and_so_is_reading() {
    let app = TestApp::with(&TIGHT.replace("per_minute = 2, per_hour = 20", "per_minute = 0, per_hour = 0")).await;
    register(&app, SARA, "192.0.2.200").await.expect(201);
    let tries = futures_util::future::join_all((0..300).map(|_| login(&app, SARA, WRONG, "192.0.2.1")));
    let reading = async {
        for _ in 0..20 {
            app.anonymous().get("/api/v1/articles").send().await.expect(200);
            app.anonymous().get("/health/live").send().await.expect(200);
        }
    };
    let (answers, ()) = futures_util::future::join(tries, reading).await;
    for answer in &answers {
        match answer.status {
            401 => {}
            503 => assert!(wait(answer) > 0),
            other => panic!("{other}: {:#}", answer.json),
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 503), "more wait than may");
}

/// To judge a password costs more than to count: what is refused for one is counted too.
#[actix_web::test]
async fn registrations_are_counted_before_anything_of_them_is_judged() {
    let app = TestApp::with(TIGHT).await;
    let form =
        json!({ "email": "sara@example.org", "password": "4@8({[<3691!|70$5+%2".repeat(5), "name": "x".repeat(5_000) });
    let ask = || app.anonymous().post("/api/v1/auth/register").json(&form).peer("203.0.113.7").send();
    for _ in 0..3 {
        ask().await.refused(422, "invalid");
    }
    ask().await.refused(429, "too_many");
}

#[actix_web::test]
async fn where_somebody_is_at_home_outlives_a_restart_and_is_known_to_every_node() {
    let app = tight().await;
    login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
    let app = app.restarted().await;
    for n in 0..10 {
        login(&app, SARA, WRONG, &format!("198.51.100.{n}")).await;
    }
    login(&app, SARA, PASSWORD, "203.0.113.5").await.refused(429, "too_many");
    login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
    // Nor does another signing secret make a stranger of anybody.
    let secrets = format!("jwt_secret = \"{}\"\njwt_secret_before = \"{SECRET}\"\n", "n".repeat(40));
    let app = app.restarted_with(&format!("{secrets}{TIGHT}")).await;
    for n in 0..10 {
        login(&app, SARA, WRONG, &format!("198.51.100.{n}")).await;
    }
    login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
    // After a month without a sign-in it is home no more.
    app.clock.advance(Duration::from_secs(31 * 86_400));
    let app = app.restarted().await;
    for n in 0..10 {
        login(&app, SARA, WRONG, &format!("198.51.100.{n}")).await;
    }
    login(&app, SARA, PASSWORD, "192.0.2.1").await.refused(429, "too_many");
    let forget = |tx: &mut Tx<'_>| forget_homes(tx, 10);
    assert_eq!(app.app.write(Actor::itself(), forget).await.unwrap(), 1);
}

#[actix_web::test]
async fn who_reads_the_mail_of_an_account_gets_in_however_many_try_it_elsewhere() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(&format!("{TIGHT}{}", mailbox.settings())).await;
    app.reader(SARA, PASSWORD).await;
    let attack = async || {
        for n in 0..10 {
            login(&app, SARA, WRONG, &format!("198.51.100.{n}")).await;
        }
    };
    attack().await;
    login(&app, SARA, PASSWORD, "192.0.2.1").await.refused(429, "too_many");
    let forgot = app.anonymous().post("/api/v1/auth/password/forgot").json(&json!({ "email": SARA }));
    forgot.peer("192.0.2.1").send().await.expect(204);
    let form = json!({ "code": mailbox.letter(&app).await.code(), "newPassword": OTHER });
    app.anonymous().post("/api/v1/auth/password/reset").json(&form).peer("192.0.2.1").send().await.expect(204);
    attack().await;
    login(&app, SARA, OTHER, "203.0.113.5").await.refused(429, "too_many");
    login(&app, SARA, OTHER, "192.0.2.1").await.expect(200);
}

#[actix_web::test]
async fn who_registers_with_a_letter_is_at_home_there() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(&format!("{TIGHT}{}", mailbox.settings())).await;
    let post = |path: &str, form: Value| {
        app.anonymous().post(&format!("/api/v1/auth/{path}")).json(&form).peer("192.0.2.1").send()
    };
    post("register/start", json!({ "email": SARA })).await.expect(204);
    let code = mailbox.letter(&app).await.code();
    post("register", json!({ "email": SARA, "password": PASSWORD, "name": "سارة", "code": code })).await.expect(201);
    for n in 0..10 {
        login(&app, SARA, WRONG, &format!("198.51.100.{n}")).await;
    }
    login(&app, SARA, PASSWORD, "203.0.113.5").await.refused(429, "too_many");
    login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
}

#[actix_web::test]
async fn who_confirms_another_address_is_at_home_there_with_it() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(&format!("{TIGHT}{}", mailbox.settings())).await;
    app.reader(SARA, PASSWORD).await;
    let next = "sara@example.com";
    let signed = login(&app, SARA, PASSWORD, "192.0.2.1").await.expect(200);
    let form = json!({ "email": next, "currentPassword": PASSWORD });
    let bearer = format!("Bearer {}", signed.text("/accessToken"));
    let ask = app.anonymous().post("/api/v1/me/email").header("authorization", &bearer).json(&form).peer("192.0.2.1");
    ask.send().await.expect(204);
    let form = json!({ "code": mailbox.letter(&app).await.code() });
    app.anonymous().post("/api/v1/auth/email/confirm").json(&form).peer("192.0.2.1").send().await.expect(204);
    for n in 0..10 {
        login(&app, next, WRONG, &format!("198.51.100.{n}")).await;
    }
    login(&app, next, PASSWORD, "203.0.113.5").await.refused(429, "too_many");
    login(&app, next, PASSWORD, "192.0.2.1").await.expect(200);
}

#[actix_web::test]
async fn a_password_that_was_long_enough_for_a_reader_does_not_sign_staff_in() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let form = json!({ "email": SARA, "password": "tq7#Lw9zX", "name": "سارة" });
    let made = app.anonymous().post("/api/v1/auth/register").json(&form).send().await.expect(201);
    login(&app, SARA, "tq7#Lw9zX", "192.0.2.1").await.expect(200);
    let one = format!("/api/v1/newsroom/users/{}", made.text("/id"));
    let present = admin.get(&one).send().await.expect(200);
    let promoted = admin.patch(&one).if_match(&present.etag()).json(&json!({ "role": "journalist" }));
    let promoted = promoted.send().await.expect(200);
    login(&app, SARA, "tq7#Lw9zX", "192.0.2.1").await.refused(403, "password_too_short");
    login(&app, SARA, WRONG, "192.0.2.1").await.refused(401, "bad_credentials");
    let given = admin.post(&format!("{one}/password")).if_match(&promoted.etag());
    given.json(&json!({ "password": OTHER })).send().await.expect(200);
    login(&app, SARA, OTHER, "192.0.2.1").await.expect(200);
}

#[actix_web::test]
async fn the_audit_log_tells_whose_password_was_tried() {
    let app = TestApp::new().await;
    let made = register(&app, SARA, "192.0.2.1").await.expect(201);
    let admin = app.as_(Role::Admin).await;
    for _ in 0..3 {
        login(&app, SARA, WRONG, "192.0.2.1").await.refused(401, "bad_credentials");
        login(&app, "nobody@example.org", WRONG, "192.0.2.1").await.refused(401, "bad_credentials");
    }
    khabar::audit::flush(&app.app).await.unwrap();
    let lines = admin.get("/api/v1/newsroom/audit-log?action=user.sign_in").send().await.expect(200);
    assert_eq!(lines.at("/items").as_array().unwrap().len(), 1);
    assert_eq!(lines.at("/items/0/target"), &json!({ "kind": "user", "id": made.text("/id") }));
    assert_eq!(
        (lines.at("/items/0/payload/times"), lines.text("/items/0/code")),
        (&json!(3), "bad_credentials".into())
    );
}

//! Readers who make an account where letters are posted: each proves that they read the mail of its address, and nobody learns
//! who has one.

use std::time::Duration;

use futures_util::future::join_all;
use khabar::app::Tx;
use khabar::auth::{Actor, Role};
use khabar::users::codes;
use serde_json::{Value, json};

use crate::recovery::{Desk, assert_wrong};
use crate::support::mailbox::Mailbox;
use crate::support::{Answer, TestApp};
use crate::writes::contents;

const PASSWORD: &str = "قهوة سادة كل صباح";
const OTHER: &str = "شاي بالنعناع كل مساء";
const SARA: &str = "sara@example.org";
const OMAR: &str = "omar@example.org";

async fn open() -> Desk {
    Desk::without_readers("registration_url = \"https://khabar.example/join#{code}\"\n").await
}

impl Desk {
    async fn start(&self, email: &str) -> Answer {
        self.post("register/start", json!({ "email": email })).await
    }

    /// A code to register an address with.
    async fn code_for(&self, email: &str) -> String {
        self.start(email).await.expect(204);
        self.mailbox.letter(&self.app).await.code()
    }

    async fn register(&self, email: &str, code: Option<&str>) -> Answer {
        let form = json!({ "email": email, "password": PASSWORD, "name": "سارة", "code": code });
        self.post("register", form).await
    }

    fn wait(&self, minutes: u64) {
        self.app.clock.advance(Duration::from_secs(minutes * 60));
    }
}

#[actix_web::test]
async fn a_code_makes_one_account_with_its_address_within_an_hour() {
    let desk = open().await;
    desk.start(" Sara@Example.ORG ").await.expect(204);
    let letter = desk.mailbox.letter(&desk.app).await;
    let code = letter.code();
    assert_eq!(letter.to, SARA);
    assert!(letter.text.contains(&format!("https://khabar.example/join#{code}")), "{}", letter.text);
    assert!(letter.text.contains("no account is made"), "{}", letter.text);
    desk.app.assert_events(&[]);
    assert_eq!(desk.register(SARA, None).await.refused(422, "invalid").errors(), ["/code required"]);
    let all = desk.post("register", json!({ "email": "x", "password": "short", "name": "a\u{202e}b" })).await;
    let mut errors = all.refused(422, "invalid").errors();
    errors.sort();
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert_eq!(errors[0], "/code required");
    for wrong in ["", "x", &"a".repeat(43)] {
        assert_wrong(desk.register(SARA, Some(wrong)).await);
    }
    assert_wrong(desk.register(OMAR, Some(&code)).await);
    let made = desk.register(SARA, Some(&code)).await.expect(201);
    assert_eq!((made.text("/email"), made.text("/role")), (SARA.into(), "reader".into()));
    desk.app.assert_events(&["user.registered"]);
    assert_wrong(desk.register(SARA, Some(&code)).await);
    desk.login(SARA, PASSWORD).await.expect(200);

    let late = desk.code_for(OMAR).await;
    desk.wait(60);
    assert_wrong(desk.register(OMAR, Some(&late)).await);
    let first = desk.code_for(OMAR).await;
    desk.wait(5);
    let second = desk.code_for(OMAR).await;
    assert_wrong(desk.register(OMAR, Some(&first)).await);
    desk.register(OMAR, Some(&second)).await.expect(201);
}

/// No word, header or statement tells the two apart; the letter alone does.
#[actix_web::test]
async fn nobody_learns_by_making_an_account_who_has_one() {
    let desk = open().await;
    desk.app.reader(SARA, OTHER).await;
    let told = async |path: &str, form: Value| {
        let before = desk.app.statements();
        let answer = desk.post(path, form).await;
        let of_its_own = ["x-request-id", "date"];
        let headers = answer.headers.iter().filter(|(name, _)| !of_its_own.contains(&name.as_str()));
        let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        let mut body = answer.json.clone();
        body.as_object_mut().map(|body| body.remove("requestId"));
        (answer.status, headers, body, desk.app.statements() - before)
    };
    let start = async |email: &str| told("register/start", json!({ "email": email })).await;
    start("warm@example.org").await;
    assert_eq!(start(SARA).await, start(OMAR).await);
    let letters = desk.mailbox.letters(&desk.app).await;
    assert_eq!(letters.len(), 3);
    let [known, unknown] = [SARA, OMAR].map(|to| letters.iter().find(|letter| letter.to == to).expect("a letter"));
    assert!(known.text.contains("it has one"), "{}", known.text);
    assert_eq!(known.find_code(), None, "no code goes to who has an account");
    assert!(unknown.text.contains("https://khabar.example/join#"), "{}", unknown.text);
    let guess = "a".repeat(43);
    let register = async |email: &str| {
        let form = json!({ "email": email, "password": PASSWORD, "name": "سارة", "code": guess });
        told("register", form).await
    };
    register("warm@example.org").await;
    let (taken, free) = (register(SARA).await, register(OMAR).await);
    assert_eq!(taken, free);
    assert_eq!((taken.0, &taken.2["errors"][0]["code"]), (422, &json!("wrong_code")));
    desk.login(SARA, OTHER).await.expect(200);
    assert!(contents(&desk.app)["letters"].is_empty(), "nothing is left of who was asked for");
}

#[actix_web::test]
async fn a_strangers_mailbox_gets_one_letter_in_five_minutes() {
    let desk = open().await;
    desk.app.reader(SARA, OTHER).await;
    for email in [SARA, OMAR] {
        for _ in 0..3 {
            desk.start(email).await.expect(204);
        }
        assert_eq!(desk.mailbox.letters(&desk.app).await.len(), 1, "{email}");
        desk.wait(5);
        desk.start(email).await.expect(204);
        assert_eq!(desk.mailbox.letters(&desk.app).await.len(), 1, "{email}");
    }
    desk.wait(5);
    let code = desk.code_for(OMAR).await;
    // All that differ in their tags are one more, whose letters do nothing to those of the address itself.
    let tagged = desk.code_for("omar+news@example.org").await;
    desk.start("omar+x@example.org").await.expect(204);
    assert!(desk.mailbox.letters(&desk.app).await.is_empty());
    for (email, code) in [(OMAR, &tagged), ("omar+x@example.org", &tagged), ("omar+news@example.org", &code)] {
        assert_wrong(desk.register(email, Some(code)).await);
    }
    desk.register(OMAR, Some(&code)).await.expect(201);
    desk.start(OMAR).await.expect(204);
    assert!(desk.mailbox.letters(&desk.app).await.is_empty(), "a code that is used up lets no letter go at once");
    desk.wait(61);
    let forget = |tx: &mut Tx<'_>| codes::forget(tx, 10);
    assert_eq!(desk.app.app.write(Actor::itself(), forget).await.unwrap(), 3);
}

#[actix_web::test]
async fn of_many_at_once_a_code_registers_one() {
    let desk = open().await;
    let code = desk.code_for(SARA).await;
    let tries = join_all((0..8).map(|_| desk.register(SARA, Some(&code)))).await;
    let (made, refused): (Vec<Answer>, Vec<Answer>) = tries.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 7));
    refused.into_iter().for_each(assert_wrong);
}

#[actix_web::test]
async fn a_repetition_with_its_key_gets_the_account_again() {
    let desk = open().await;
    let code = desk.code_for(SARA).await;
    let form = json!({ "email": SARA, "password": PASSWORD, "name": "سارة", "code": code });
    let ask = || desk.app.anonymous().post("/api/v1/auth/register").key("once").json(&form).send();
    let (first, again) = (ask().await.expect(201), ask().await.expect(201));
    assert_eq!(first.text("/id"), again.text("/id"));
    desk.app.assert_events(&["user.registered"]);
}

#[actix_web::test]
async fn letters_are_asked_for_where_there_are_some_and_readers_may_come() {
    let plain = TestApp::new().await;
    let start = |app: &TestApp| {
        app.anonymous().post("/api/v1/auth/register/start").json(&json!({ "email": SARA })).peer("192.0.2.1").send()
    };
    start(&plain).await.refused(409, "no_mail");
    let form = json!({ "email": SARA, "password": PASSWORD, "name": "سارة", "code": "no matter what" });
    plain.anonymous().post("/api/v1/auth/register").json(&form).send().await.expect(201);

    let mailbox = Mailbox::new();
    let closed = TestApp::with(&format!("{}[auth]\nregistration = false\n", mailbox.settings())).await;
    assert_eq!(start(&closed).await.refused(403, "forbidden").text("/permission"), "account.register");
    let tight = "[limits]\nletters = { per_minute = 2, per_hour = 20 }\n";
    let tight = TestApp::with(&format!("{}{tight}", mailbox.settings())).await;
    for _ in 0..2 {
        assert!(start(&tight).await.expect(204).header("ratelimit").is_some());
    }
    start(&tight).await.refused(429, "too_many");
    let bad = tight.anonymous().post("/api/v1/auth/register/start").json(&json!({ "email": "x" })).peer("192.0.2.2");
    assert_eq!(bad.send().await.refused(422, "invalid").errors(), ["/email not_an_email"]);
}

/// Somebody else with the address is found out by the one who reads its mail alone.
#[actix_web::test]
async fn an_account_that_was_made_meanwhile_keeps_its_address() {
    let desk = open().await;
    let code = desk.code_for(SARA).await;
    let admin = desk.app.as_(Role::Admin).await;
    let form = json!({ "email": SARA, "name": "سارة", "role": "reader", "password": OTHER });
    admin.post("/api/v1/newsroom/users").json(&form).send().await.expect(201);
    assert_eq!(desk.register(SARA, Some(&code)).await.refused(422, "invalid").errors(), ["/email taken"]);
    desk.login(SARA, OTHER).await.expect(200);
}

//! Another password and another address by a code that comes by mail, and what becomes of letters.

use std::time::Duration;

use futures_util::future::join_all;
use khabar::auth::Role;
use khabar::text::hex;
use khabar::users::letters::post_next;
use serde_json::{Value, json};

use crate::support::mailbox::{Letter, MailServer, Mailbox};
use crate::support::python::{ask, python};
use crate::support::{Answer, TestApp};
use crate::writes::contents;

const PASSWORD: &str = "قهوة سادة كل صباح";
const OTHER: &str = "شاي بالنعناع كل مساء";
const SARA: &str = "sara@example.org";
const MINUTE: u64 = 60;

/// A site that posts letters.
pub struct Desk {
    pub app: TestApp,
    pub mailbox: Mailbox,
}

impl Desk {
    async fn open() -> Self {
        Self::with("").await
    }

    async fn with(lines: &str) -> Self {
        let desk = Self::without_readers(lines).await;
        desk.app.reader(SARA, PASSWORD).await;
        desk
    }

    pub async fn without_readers(lines: &str) -> Self {
        let mailbox = Mailbox::new();
        Self { app: TestApp::with(&format!("{}{lines}", mailbox.settings())).await, mailbox }
    }

    pub async fn post(&self, path: &str, form: Value) -> Answer {
        self.app.anonymous().post(&format!("/api/v1/auth/{path}")).json(&form).send().await
    }

    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("login", json!({ "email": email, "password": password })).await
    }

    async fn forgot(&self, email: &str) {
        self.post("password/forgot", json!({ "email": email })).await.expect(204);
    }

    async fn reset(&self, code: &str, password: &str) -> Answer {
        self.post("password/reset", json!({ "code": code, "newPassword": password })).await
    }

    /// A code for another password of Sara's.
    async fn code(&self) -> String {
        self.forgot(SARA).await;
        self.mailbox.letter(&self.app).await.code()
    }

    async fn me(&self, path: &str, signed: &Answer, form: Value) -> Answer {
        let bearer = format!("Bearer {}", signed.text("/accessToken"));
        self.app
            .anonymous()
            .post(&format!("/api/v1/me/{path}"))
            .header("authorization", &bearer)
            .json(&form)
            .send()
            .await
    }

    async fn is_in(&self, signed: &Answer) -> bool {
        let bearer = format!("Bearer {}", signed.text("/accessToken"));
        self.app.anonymous().get("/api/v1/me").header("authorization", &bearer).send().await.status == 200
    }
}

/// The code is refused.
#[track_caller]
pub fn assert_wrong(answer: Answer) {
    assert_eq!(answer.refused(422, "invalid").errors(), ["/code wrong_code"]);
}

#[actix_web::test]
async fn a_code_from_a_letter_gives_another_password_once() {
    let desk = Desk::open().await;
    let phone = desk.login(SARA, PASSWORD).await.expect(200);
    desk.app.events();
    desk.forgot(" Sara@Example.org ").await;
    let letter = desk.mailbox.letter(&desk.app).await;
    assert_eq!(letter.to, SARA);
    assert!(letter.whole.contains("From: Khabar <desk@khabar.example>"), "{}", letter.whole);
    assert!(letter.text.contains("within an hour"), "{}", letter.text);
    let code = letter.code();
    assert_eq!(desk.reset(&code, "short").await.refused(422, "invalid").errors(), ["/newPassword too_short"]);
    assert_eq!(desk.reset(&code, SARA).await.refused(422, "invalid").errors(), ["/newPassword guessable"]);
    assert!(desk.is_in(&phone).await, "nothing has happened yet");
    desk.reset(&code, OTHER).await.expect(204);
    assert!(!desk.is_in(&phone).await);
    desk.login(SARA, PASSWORD).await.refused(401, "bad_credentials");
    desk.login(SARA, OTHER).await.expect(200);
    assert_wrong(desk.reset(&code, PASSWORD).await);
    let told = desk.mailbox.letter(&desk.app).await;
    assert!(told.to == SARA && told.text.contains("another password"), "{}", told.text);
    let topics: Vec<String> = desk.app.events().into_iter().map(|event| event.topic).collect();
    assert!(
        topics.contains(&"user.reset_posted".into()) && topics.contains(&"user.password_reset".into()),
        "{topics:?}"
    );
    for wrong in ["", "x", &"a".repeat(43), &"a".repeat(128)] {
        assert_wrong(desk.reset(wrong, OTHER).await);
    }
}

/// No word, header, or statement of the database tells the two apart; the letter alone does.
#[actix_web::test]
async fn nobody_learns_from_a_forgotten_password_who_has_an_account() {
    let desk = Desk::open().await;
    let ask = async |email: &str| {
        let before = desk.app.statements();
        let answer = desk.post("password/forgot", json!({ "email": email })).await.expect(204);
        let mut headers: Vec<String> = answer.headers.iter().map(|(name, _)| name.to_string()).collect();
        headers.sort();
        (headers, answer.json.clone(), desk.app.statements() - before)
    };
    ask(SARA).await;
    let (known, unknown) = (ask(SARA).await, ask("nobody@example.org").await);
    assert_eq!(known, unknown);
    assert!(known.2 > 0, "something was written");
    let letters = desk.mailbox.letters(&desk.app).await;
    assert_eq!(letters.iter().map(|letter| &*letter.to).collect::<Vec<_>>(), [SARA], "the second one came too soon");
    assert!(contents(&desk.app)["letters"].is_empty(), "nothing is left of who was asked for");
    assert_eq!(
        desk.post("password/forgot", json!({ "email": "x" })).await.refused(422, "invalid").errors(),
        ["/email not_an_email"]
    );
}

#[actix_web::test]
async fn a_code_ends_with_time_with_the_next_one_and_with_every_change_of_the_account() {
    let desk = Desk::open().await;
    let wait = |minutes: u64| desk.app.clock.advance(Duration::from_secs(minutes * MINUTE));
    let old = desk.code().await;
    wait(4);
    desk.forgot(SARA).await;
    assert!(desk.mailbox.letters(&desk.app).await.is_empty(), "one in five minutes");
    wait(2);
    let late = desk.code().await;
    assert_wrong(desk.reset(&old, OTHER).await);
    wait(60);
    assert_wrong(desk.reset(&late, OTHER).await);

    let code = desk.code().await;
    let signed = desk.login(SARA, PASSWORD).await.expect(200);
    let change = json!({ "currentPassword": PASSWORD, "newPassword": OTHER });
    let signed = desk.me("password", &signed, change).await.expect(200);
    assert_wrong(desk.reset(&code, PASSWORD).await);
    desk.mailbox.letters(&desk.app).await;

    wait(6);
    let code = desk.code().await;
    let bearer = format!("Bearer {}", signed.text("/accessToken"));
    let me = desk.app.anonymous().patch("/api/v1/me").header("authorization", &bearer);
    me.json(&json!({ "name": "سارة الجديدة" })).send().await.expect(200);
    assert_wrong(desk.reset(&code, PASSWORD).await);

    wait(6);
    let code = desk.code().await;
    let admin = desk.app.as_(Role::Admin).await;
    let id = signed.text("/user/id");
    let one = format!("/api/v1/newsroom/users/{id}");
    let change = async |active: bool| {
        let etag = admin.get(&one).send().await.expect(200).etag();
        admin.patch(&one).if_match(&etag).json(&json!({ "isActive": active })).send().await.expect(200);
    };
    let etag = admin.get(&one).send().await.expect(200).etag();
    admin.patch(&one).if_match(&etag).json(&json!({ "role": "journalist" })).send().await.expect(200);
    assert_wrong(desk.reset(&code, PASSWORD).await);

    wait(6);
    let code = desk.code().await;
    change(false).await;
    assert_wrong(desk.reset(&code, PASSWORD).await);
    wait(6);
    desk.forgot(SARA).await;
    assert!(desk.mailbox.letters(&desk.app).await.is_empty(), "nothing for who is shut out");
    change(true).await;
    assert_wrong(desk.reset(&code, PASSWORD).await);
}

#[actix_web::test]
async fn no_change_of_an_account_has_another_letter_written_at_once() {
    let desk = Desk::open().await;
    let signed = desk.login(SARA, PASSWORD).await.expect(200);
    let bearer = format!("Bearer {}", signed.text("/accessToken"));
    let form = json!({ "email": "victim@example.com", "currentPassword": PASSWORD });
    desk.me("email", &signed, form.clone()).await.expect(204);
    assert_eq!(desk.mailbox.letter(&desk.app).await.to, "victim@example.com");
    for n in 0..3 {
        let me = desk.app.anonymous().patch("/api/v1/me").header("authorization", &bearer);
        me.json(&json!({ "name": format!("سارة {n}") })).send().await.expect(200);
        desk.me("email", &signed, form.clone()).await.expect(204);
        assert!(desk.mailbox.letters(&desk.app).await.is_empty());
    }
    desk.app.clock.advance(Duration::from_secs(6 * MINUTE));
    desk.me("email", &signed, form).await.expect(204);
    assert_eq!(desk.mailbox.letter(&desk.app).await.to, "victim@example.com");
}

#[actix_web::test]
async fn of_many_at_once_a_code_serves_one() {
    let desk = Desk::open().await;
    let code = desk.code().await;
    let tries = (0..10).map(|n| {
        let (desk, code) = (&desk, &code);
        async move { desk.reset(code, &format!("كلمة مرور رقم {n}")).await.status }
    });
    let statuses = join_all(tries).await;
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [204, 422].contains(status)), "{statuses:?}");
}

#[actix_web::test]
async fn an_address_is_changed_by_whoever_reads_its_mail() {
    let desk = Desk::open().await;
    let signed = desk.login(SARA, PASSWORD).await.expect(200);
    let ask = async |email: &str, password: &str| {
        desk.me("email", &signed, json!({ "email": email, "currentPassword": password })).await
    };
    assert_eq!(
        ask("sara@example.com", OTHER).await.refused(422, "invalid").errors(),
        ["/currentPassword wrong_password"]
    );
    assert_eq!(ask("sara", PASSWORD).await.refused(422, "invalid").errors(), ["/email not_an_email"]);
    let reset = desk.code().await;
    ask("sara@example.com", PASSWORD).await.expect(204);
    let letter = desk.mailbox.letter(&desk.app).await;
    assert_eq!(letter.to, "sara@example.com");
    desk.login("sara@example.com", PASSWORD).await.refused(401, "bad_credentials");
    assert_wrong(desk.reset(&letter.code(), OTHER).await);
    let confirm = async |code: &str| desk.post("email/confirm", json!({ "code": code })).await;
    assert_wrong(confirm(&reset).await);
    confirm(&letter.code()).await.expect(204);
    assert_wrong(confirm(&letter.code()).await);
    desk.login(SARA, PASSWORD).await.refused(401, "bad_credentials");
    assert_eq!(desk.login("sara@example.com", PASSWORD).await.expect(200).text("/user/email"), "sara@example.com");
    let told = desk.mailbox.letter(&desk.app).await;
    assert!(told.to == SARA && told.text.contains("another address"), "{}", told.text);
    assert_wrong(desk.reset(&reset, OTHER).await);
}

#[actix_web::test]
async fn nobody_learns_by_a_change_of_address_who_has_one_nor_gets_it() {
    let desk = Desk::open().await;
    desk.app.reader("omar@example.org", PASSWORD).await;
    let signed = desk.login(SARA, PASSWORD).await.expect(200);
    let ask = async |email: &str| {
        let form = json!({ "email": email, "currentPassword": PASSWORD });
        desk.me("email", &signed, form).await.expect(204);
    };
    ask("omar@example.org").await;
    assert!(desk.mailbox.letters(&desk.app).await.is_empty());
    ask("lina@example.org").await;
    let code = desk.mailbox.letter(&desk.app).await.code();
    desk.app.reader("lina@example.org", PASSWORD).await;
    let late = desk.post("email/confirm", json!({ "code": code })).await;
    assert_eq!(late.refused(422, "invalid").errors(), ["/code taken"]);
    desk.login(SARA, PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn where_no_mail_is_set_up_nothing_promises_a_letter() {
    let app = TestApp::new().await;
    let reader = app.as_(Role::Reader).await;
    let forgot = app.anonymous().post("/api/v1/auth/password/forgot").json(&json!({ "email": SARA }));
    forgot.send().await.refused(409, "no_mail");
    let form = json!({ "email": SARA, "currentPassword": PASSWORD });
    reader.post("/api/v1/me/email").json(&form).send().await.refused(409, "no_mail");
    assert!(!post_next(&app.app).await.unwrap());
}

#[actix_web::test]
async fn one_address_does_not_ask_for_letters_without_end() {
    let desk = Desk::with("[limits]\nletters = { per_minute = 2, per_hour = 20 }\n").await;
    let ask = async |n: usize| {
        let form = json!({ "email": format!("reader{n}@example.org") });
        desk.app.anonymous().post("/api/v1/auth/password/forgot").peer("203.0.113.7").json(&form).send().await
    };
    assert!(ask(0).await.expect(204).header("ratelimit").is_some());
    ask(1).await.expect(204);
    let wait = ask(2).await.refused(429, "too_many").header("retry-after").unwrap().parse().unwrap();
    desk.app.clock.advance(Duration::from_secs(wait));
    ask(3).await.expect(204);
}

/// A letter that was promised is posted by whoever runs next, and when the server takes it at last.
#[actix_web::test]
async fn a_letter_survives_a_restart_and_a_server_that_is_away() {
    let server = MailServer::start(&["451 not now", "554 5.7.1 authenticate first"]);
    let settings = format!("[mail]\nurl = \"{}\"\nfrom = \"desk@khabar.example\"\n", server.url);
    let app = TestApp::with(&settings).await;
    app.reader(SARA, PASSWORD).await;
    let forgot = json!({ "email": SARA });
    app.anonymous().post("/api/v1/auth/password/forgot").json(&forgot).send().await.expect(204);
    let app = app.restarted().await;
    let post = async || while post_next(&app.app).await.unwrap() {};
    post().await;
    assert!(server.taken().is_empty());
    post().await;
    app.clock.advance(Duration::from_secs(31));
    post().await;
    assert!(server.taken().is_empty(), "it came a second time and was refused again");
    app.clock.advance(Duration::from_secs(61));
    post().await;
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    let code = taken[0].replace("=\r\n", "");
    let code = code.split(char::is_whitespace).find(|word| word.len() == 43).expect("a code");
    let form = json!({ "code": code, "newPassword": OTHER });
    app.anonymous().post("/api/v1/auth/password/reset").json(&form).send().await.expect(204);
}

#[actix_web::test]
async fn a_letter_that_is_refused_for_good_is_not_tried_again() {
    let server = MailServer::start(&["550 5.1.1 <sara@example.org> is nobody"]);
    let settings = format!("[mail]\nurl = \"{}\"\nfrom = \"desk@khabar.example\"\n", server.url);
    let app = TestApp::with(&settings).await;
    app.reader(SARA, PASSWORD).await;
    let forgot = json!({ "email": SARA });
    app.anonymous().post("/api/v1/auth/password/forgot").json(&forgot).send().await.expect(204);
    while post_next(&app.app).await.unwrap() {}
    assert!(contents(&app)["letters"].is_empty() && server.taken().is_empty());
}

/// What waits and what is kept tells nobody who wants what, and no code.
#[actix_web::test]
async fn no_address_and_no_code_of_a_letter_is_kept_in_clear() {
    let desk = Desk::open().await;
    let signed = desk.login(SARA, PASSWORD).await.expect(200);
    desk.forgot(SARA).await;
    desk.me("email", &signed, json!({ "email": "secret@example.com", "currentPassword": PASSWORD })).await.expect(204);
    desk.forgot("stranger@example.com").await;
    let in_clear = |words: &[&str]| {
        let all: Vec<String> = contents(&desk.app).into_values().flatten().collect();
        assert!(all.len() > 10);
        let is_in = |row: &String, word: &str| row.contains(word) || row.to_lowercase().contains(&hex(word.as_bytes()));
        words.iter().any(|word| all.iter().any(|row| is_in(row, word)))
    };
    assert!(!in_clear(&["secret@example.com", "stranger@example.com"]));
    let letters = desk.mailbox.letters(&desk.app).await;
    let codes: Vec<String> = letters.iter().map(Letter::code).collect();
    assert_eq!(codes.len(), 2);
    assert!(!in_clear(&[&codes[0], &codes[1], "secret@example.com", SARA]));
    assert!(in_clear(&["سارة"]), "this look finds what is there");
}

#[actix_web::test]
async fn letters_speak_the_language_of_who_asks_and_others_can_read_them() {
    let desk = Desk::with("reset_url = \"https://khabar.example/reset#{code}\"\n").await;
    let form = json!({ "email": SARA });
    let forgot = desk.app.anonymous().post("/api/v1/auth/password/forgot").header("accept-language", "ar");
    forgot.json(&form).send().await.expect(204);
    let letter = desk.mailbox.letter(&desk.app).await;
    assert!(letter.text.contains("خلال ساعة"), "{}", letter.text);
    assert!(letter.text.contains(&format!("https://khabar.example/reset#{}", letter.code())), "{}", letter.text);
    let Some(python) = python() else { return };
    let script = "import email, email.policy
letter = email.message_from_string(given, policy=email.policy.default)
print(json.dumps([letter['subject'], letter['from'], letter['to'], letter.get_content()]))";
    let read = ask(&python, script, &json!(letter.whole));
    assert_eq!(read[0], "Khabar: اختر كلمة مرور جديدة");
    assert_eq!((&read[1], &read[2]), (&json!("Khabar <desk@khabar.example>"), &json!(SARA)));
    assert_eq!(read[3].as_str().unwrap().replace("\r\n", "\n"), letter.text.replace("\r\n", "\n"));
}

/// Who has learned a password and asks for another address has nothing of it once the password is another one.
#[actix_web::test]
async fn another_password_takes_back_what_was_asked_for_with_the_one_before() {
    let desk = Desk::open().await;
    let thief = desk.login(SARA, PASSWORD).await.expect(200);
    let asked = json!({ "email": "thief@example.com", "currentPassword": PASSWORD });
    desk.me("email", &thief, asked).await.expect(204);
    let sara = desk.login(SARA, PASSWORD).await.expect(200);
    desk.me("password", &sara, json!({ "currentPassword": PASSWORD, "newPassword": OTHER })).await.expect(200);
    let letters = desk.mailbox.letters(&desk.app).await;
    assert_eq!(letters.iter().map(|letter| &*letter.to).collect::<Vec<_>>(), [SARA], "{letters:?}");
}

/// Mail systems show only the first of several letters with one id, and each of ours has a code of its own.
#[actix_web::test]
async fn each_try_of_a_letter_has_an_id_of_its_own() {
    let server = MailServer::start(&["451 not now"]);
    let desk = Desk::open().await;
    desk.forgot(SARA).await;
    let id = |letter: &str| letter.lines().find(|line| line.starts_with("Message-ID")).expect("an id").to_owned();
    let first = id(&desk.mailbox.letter(&desk.app).await.whole);
    let settings = format!("[mail]\nurl = \"{}\"\nfrom = \"desk@khabar.example\"\n", server.url);
    let app = TestApp::with(&settings).await;
    app.reader(SARA, PASSWORD).await;
    app.anonymous().post("/api/v1/auth/password/forgot").json(&json!({ "email": SARA })).send().await.expect(204);
    while post_next(&app.app).await.unwrap() {}
    app.clock.advance(Duration::from_secs(31));
    while post_next(&app.app).await.unwrap() {}
    let second = id(&server.taken()[0]);
    assert!(first.contains(".0@") && second.contains(".1@"), "{first} {second}");
}

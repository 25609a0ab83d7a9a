//! A service of the newsroom's own that is asked about comments: what it is told, what it decides, and what becomes of a
//! comment when it says nothing.

use std::time::Duration;

use futures_util::future::join;
use khabar::auth::Role;
use khabar::time::UtcTime;
use khabar::webhooks::signature::{Secret, sign};
use serde_json::{Value, json};

use crate::comments::{address, article, below, desk, say};
use crate::guests::invite;
use crate::support::receiver::{Got, Receiver};
use crate::support::{Answer, Client, TestApp};
use crate::writes::contents;

const HOOK: &str = "/api/v1/newsroom/comment-hook";
const LOOPBACK: &str = "[outbound]\ninner = [\"127.0.0.1\"]\n";
const PUBLISH: &str = r#"{"decision":"publish"}"#;

/// A newsroom with a service, and a place where anybody's comment would show at once.
struct House {
    app: TestApp,
    admin: Client,
    moderator: Client,
    service: Receiver,
    secret: Secret,
    to: String,
}

impl House {
    async fn new() -> Self {
        let app = TestApp::with(LOOPBACK).await;
        let (admin, moderator) = (app.as_(Role::Admin).await, app.as_(Role::Moderator).await);
        let service = Receiver::start();
        let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
        let form = json!({ "url": service.url(), "timeoutMs": 5_000 });
        let made = admin.put(HOOK).json(&form).send().await.expect(200);
        let secret = Secret::parse(&made.text("/secret")).unwrap();
        service.answers(&[(200, "", PUBLISH)]);
        Self { app, admin, moderator, service, secret, to }
    }

    async fn reader(&self) -> Client {
        // So that nobody takes them for one person with many accounts.
        self.app.clock.advance(Duration::from_secs(120));
        self.app.as_(Role::Reader).await
    }

    /// Somebody new says something.
    async fn say(&self, text: &str) -> Answer {
        say(&self.reader().await, &self.to, text, None).await
    }

    /// The last decision about a comment: rule, status, reason and note.
    async fn decided(&self, comment: &Answer) -> Value {
        let page = self.moderator.get(&format!("{}/decisions", desk(comment))).send().await.expect(200);
        let last = page.at("/items/0");
        assert_eq!(last["decidedBy"], Value::Null);
        json!([last["rule"], last["to"], last["reason"], last["note"]])
    }
}

#[track_caller]
fn assert_signed(got: &Got, secret: &Secret) {
    let seconds: i64 = got.header("webhook-timestamp").parse().unwrap();
    let at = UtcTime::from_micros(seconds * 1_000_000);
    let secrets = std::slice::from_ref(secret);
    assert_eq!(got.header("webhook-signature"), sign(secrets, got.header("webhook-id"), at, &got.body));
}

#[actix_web::test]
async fn the_service_decides_what_our_own_rules_would_publish() {
    let house = House::new().await;
    for (answer, status, decided) in [
        (PUBLISH, "published", json!(["external", "published", null, null])),
        (r#"{"decision":"publish","rule":"كله خير"}"#, "published", json!(["external", "published", null, "كله خير"])),
        (
            r#"{"decision":"withhold","reason":"spam","rule":"links 7"}"#,
            "withheld",
            json!(["external", "withheld", "spam", "links 7"]),
        ),
        (r#"{"decision":"reject","reason":"abusive"}"#, "rejected", json!(["external", "rejected", "abusive", null])),
    ] {
        house.service.answers(&[(200, "content-type: application/json\r\n", answer)]);
        house.app.events();
        house.app.audit();
        let said = house.say("كلام لا تعرفه السجلات").await;
        assert_eq!(said.status, if status == "published" { 201 } else { 202 });
        assert_eq!((said.text("/status"), said.text("/rule")), (status.into(), "external".into()));
        assert_eq!(house.decided(&said).await, decided);
        let others = house.app.anonymous().get(&address(&said)).send().await;
        assert_eq!(others.status, if status == "published" { 200 } else { 404 });
        let got = house.service.got_one();
        assert_signed(&got, &house.secret);
        let body = got.json();
        let data = json!({
            "text": "كلام لا تعرفه السجلات", "language": "ar", "articleId": said.at("/articleId"), "author": "account",
            "isEdit": false,
        });
        assert_eq!((&body["type"], &body["data"]), (&json!("comment.check"), &data));
        let log: Vec<Value> = house.app.events().into_iter().map(|event| event.payload).collect();
        let lines: Vec<Value> = house.app.audit().into_iter().map(|line| line.payload).collect();
        let log = json!([log, lines]).to_string();
        assert!(!log.contains("السجلات") && !log.contains("hidden"), "{log}");
    }
}

#[actix_web::test]
async fn whatever_is_no_answer_holds_the_comment_and_is_no_error_for_its_writer() {
    let house = House::new().await;
    let elsewhere = Receiver::start();
    let location = format!("location: {}\r\n", elsewhere.url());
    for (answer, note) in [
        ((200, "", "شكرًا"), "nonsense"),
        ((200, "", r#"{"decision":"maybe"}"#), "nonsense"),
        ((200, "", r#"{"decision":"reject","reason":"ugly"}"#), "nonsense"),
        ((204, "", ""), "nonsense"),
        ((500, "", PUBLISH), "failed"),
        ((307, &location, PUBLISH), "failed"),
    ] {
        house.service.answers(&[answer]);
        let said = house.say("رأي").await.expect(202);
        assert_eq!((said.text("/status"), said.text("/rule")), ("pending".into(), "external".into()));
        assert_eq!(house.decided(&said).await, json!(["external", "pending", null, note]));
        assert_eq!(house.service.got().len(), 1, "it is asked once");
    }
    assert_eq!(elsewhere.got().len(), 0, "nobody is sent on");
    // It keeps silent; the writer waits no longer than was set.
    let form = json!({ "url": house.service.url(), "timeoutMs": 50 });
    assert!(house.admin.put(HOOK).json(&form).send().await.expect(200).json.get("secret").is_none());
    house.service.hold(true);
    let said = house.say("رأي").await.expect(202);
    assert_eq!(house.decided(&said).await, json!(["external", "pending", null, "timedOut"]));
    house.service.hold(false);
    let gone = Receiver::start().url();
    house.admin.put(HOOK).json(&json!({ "url": gone })).send().await.expect(200);
    let said = house.say("رأي").await.expect(202);
    assert_eq!(house.decided(&said).await, json!(["external", "pending", null, "unreachable"]));
    // A moderator decides then, and nobody is asked.
    let approve = house.moderator.post(&format!("{}/approve", desk(&said))).if_match("\"1\"").json(&json!({}));
    assert_eq!(approve.send().await.expect(200).text("/status"), "published");
    // Without the service, our own rules decide alone.
    house.admin.delete(HOOK).send().await.expect(204);
    assert_eq!(house.say("رأي").await.expect(201).text("/rule"), "passed");
}

#[actix_web::test]
async fn nobody_is_asked_about_what_our_own_rules_hold_or_refuse() {
    let house = House::new().await;
    let word = json!({ "list": "banned", "text": "كلب" });
    house.moderator.post("/api/v1/newsroom/word-lists").json(&word).send().await.expect(201);
    assert_eq!(house.say("يا كلب").await.expect(202).text("/rule"), "bannedWord");
    assert_eq!(house.say("a.example b.example").await.expect(202).text("/rule"), "links");
    assert_eq!(say(&house.moderator, &house.to, "أقول", None).await.expect(201).text("/rule"), "staff");
    house.say(" ").await.refused(422, "invalid");
    say(&house.app.anonymous(), &house.to, "من أنا", None).await.refused(401, "unauthenticated");
    assert_eq!(house.service.got().len(), 0);
    // A repetition gets the first answer, and the service no second question.
    let reader = house.reader().await;
    let send = || reader.post(&house.to).key("one").json(&json!({ "text": "مرة" })).send();
    let (first, again) = (send().await.expect(201), send().await.expect(201));
    assert_eq!((again.header("idempotency-replayed"), &again.bytes), (Some("true"), &first.bytes));
    say(&reader, &house.to, "مرة", None).await.refused(409, "duplicate");
    assert_eq!(house.service.got().len(), 1);
}

#[actix_web::test]
async fn a_change_is_asked_about_again() {
    let house = House::new().await;
    let reader = house.reader().await;
    let said = say(&reader, &house.to, "أول", None).await.expect(201);
    house.service.got();
    let edit = |text: &str| reader.patch(&address(&said)).json(&json!({ "text": text })).send();
    assert_eq!(edit("أول").await.expect(200).text("/status"), "published");
    assert_eq!(house.service.got().len(), 0, "nothing has changed");
    assert_eq!(edit("ثان").await.expect(200).text("/status"), "published");
    let data = house.service.got_one().json()["data"].clone();
    assert_eq!((&data["text"], &data["isEdit"]), (&json!("ثان"), &json!(true)));
    house.service.answers(&[(500, "", "")]);
    assert_eq!(edit("ثالث").await.expect(200).text("/status"), "pending");
    house.app.anonymous().get(&address(&said)).send().await.refused(404, "not_found");
    house.app.clock.advance(Duration::from_secs(1));
    house.service.answers(&[(200, "", r#"{"decision":"reject","reason":"spam"}"#)]);
    let rejected = edit("رابع").await.expect(200);
    assert_eq!((rejected.text("/status"), rejected.text("/reason")), ("rejected".into(), "spam".into()));
    assert_eq!(house.decided(&said).await, json!(["external", "rejected", "spam", null]));
}

#[actix_web::test]
async fn others_write_while_it_thinks_and_what_moderators_do_meanwhile_wins() {
    let house = House::new().await;
    for (kind, status) in [("suspend", 403), ("premod", 202)] {
        let reader = house.reader().await;
        let first = say(&reader, &house.to, "قبل", None).await.expect(201);
        house.service.got();
        house.service.hold(true);
        let meanwhile = async {
            house.service.asked().await;
            say(&house.moderator, &house.to, &format!("أثناء {kind}"), None).await.expect(201);
            let until = if kind == "suspend" { json!(house.app.clock_in(3_600)) } else { Value::Null };
            let form = json!({
                "commenterId": first.text("/author/id"), "kind": kind, "reason": "spam", "until": until,
            });
            house.moderator.post("/api/v1/newsroom/sanctions").json(&form).send().await.expect(201);
            house.service.hold(false);
        };
        let (said, ()) = join(say(&reader, &house.to, "بعد", None), meanwhile).await;
        assert_eq!(said.status, status, "{kind}");
        if status == 202 {
            assert_eq!(said.text("/rule"), "premoderatedAuthor");
        }
    }
}

#[actix_web::test]
async fn the_service_learns_of_a_guest_nothing_but_that_it_is_one() {
    let house = House::new().await;
    invite(&house.app).await;
    house.app.clock.advance(Duration::from_secs(120));
    let form = json!({ "text": "رأي", "guest": { "name": "ليلى", "email": "laila@example.org" } });
    let made = house.app.anonymous().post(&house.to).json(&form).send().await.expect(201);
    let got = house.service.got_one();
    assert_eq!(got.json()["data"]["author"], json!("guest"));
    let whole = format!("{:?} {}", got.headers, String::from_utf8_lossy(&got.body));
    for secret in ["ليلى", "laila", &made.text("/author/id"), &made.text("/guestToken"), &house.secret.reveal()] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn its_secret_is_told_once_kept_sealed_and_can_be_chosen() {
    let house = House::new().await;
    let seen = house.admin.get(HOOK).send().await.expect(200);
    assert_eq!((seen.at("/timeoutMs"), seen.json.get("secret")), (&json!(5_000), None));
    let kept = format!("{:?}", contents(&house.app));
    assert!(!kept.contains(&house.secret.reveal()), "it is kept sealed");
    let chosen = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let form = json!({ "url": house.service.url(), "secret": chosen });
    house.app.events();
    let set = house.admin.put(HOOK).json(&form).send().await.expect(200);
    assert_eq!((set.at("/timeoutMs"), set.json.get("secret")), (&json!(2_000), None));
    let events = house.app.events();
    assert_eq!((events.len(), &events[0].payload), (1, &json!({ "timeoutMs": 2_000 })));
    house.say("رأي").await.expect(201);
    assert_signed(&house.service.got_one(), &Secret::parse(chosen).unwrap());
    for (form, error) in [
        (json!({ "url": "http://10.0.0.1/x" }), "/url inner_address"),
        (json!({ "url": "https://moderation.example/x", "secret": "short" }), "/secret bad_format"),
        (json!({ "url": "https://moderation.example/x", "timeoutMs": 5_001 }), "/timeoutMs out_of_range"),
    ] {
        let wrong = house.admin.put(HOOK).json(&form).send().await.refused(422, "invalid");
        assert_eq!(wrong.errors(), [error]);
    }
    for role in [Role::Reader, Role::Editor, Role::Moderator] {
        house.app.as_(role).await.get(HOOK).send().await.refused(403, "forbidden");
    }
    house.admin.delete(HOOK).send().await.expect(204);
    assert_eq!(house.admin.get(HOOK).send().await.expect(200).at("/url"), &Value::Null);
    house.admin.delete(HOOK).send().await.expect(204);
}

//! Push subscriptions: who gets which alert, and who may change or end what.

use diesel::prelude::*;
use khabar::auth::{Actor, Role};
use khabar::config::Config;
use khabar::db::schema::secrets;
use khabar::events::Change;
use khabar::ids::AlertId;
use khabar::push::{self, Notice, REQUESTED};
use serde_json::{Value, json};

use crate::articles::with;
use crate::support::push_service::{Browser, Handed, PushService};
use crate::support::{Answer, TestApp};

pub const SUBSCRIPTIONS: &str = "/api/v1/push/subscriptions";
pub const END: &str = "/api/v1/push/unsubscribe";
/// Lets messages go to this machine.
pub const LOOPBACK: &str = "[outbound]\ninner = [\"127.0.0.1\"]\n[push]\nservices = [\"127.0.0.1\"]\n";

/// A Khabar that pushes to this machine, and a push service there.
pub async fn pushing() -> (TestApp, PushService) {
    (TestApp::with(LOOPBACK).await, PushService::start())
}

/// A browser subscribes with this choice.
pub async fn subscribe(app: &TestApp, browser: &Browser, choice: Value) -> Answer {
    app.anonymous().post(SUBSCRIPTIONS).json(&with(browser.json(), choice)).send().await
}

/// A notice of an alert, with these properties other than usual.
pub fn notice(alert: AlertId, other: Value) -> Notice {
    let usual = json!({
        "alertId": alert, "cause": "issued", "title": "عاجل", "body": "التفاصيل", "language": "ar", "dir": "rtl",
        "urgency": 2, "topics": ["أرمينيا"], "regions": ["موسكو"], "sectionIds": [],
        "expires": "2026-01-15T14:00:00Z", "articleId": null, "link": null, "supersedes": null,
    });
    let mut notice = with(usual, other);
    let peak = notice.get("peakUrgency").unwrap_or(&notice["urgency"]).clone();
    notice["peakUrgency"] = peak;
    serde_json::from_value(notice).unwrap()
}

/// Asks for a notice to be pushed, as the room of alerts does.
pub async fn request(app: &TestApp, notice: &Notice) {
    let (alert, payload) = (notice.alert_id, serde_json::to_value(notice).unwrap());
    record(app, alert, payload).await;
}

pub async fn record(app: &TestApp, alert: AlertId, payload: Value) {
    let write = app.app.write(Actor::operator(), move |tx| {
        tx.record(Change::newsroom(REQUESTED, alert, payload));
        Ok(())
    });
    write.await.unwrap();
}

pub fn alert(app: &TestApp) -> AlertId {
    app.app.ids().next(app.app.now())
}

/// Pushes a new alert and answers what the service was handed.
pub async fn push(app: &TestApp, service: &PushService, other: Value) -> Vec<Handed> {
    request(app, &notice(alert(app), other)).await;
    push::tell(&app.app).await.unwrap();
    push::try_again(&app.app).await.unwrap();
    service.handed()
}

#[actix_web::test]
async fn a_reader_who_chose_gets_these_alerts_and_no_others() {
    let (app, service) = pushing().await;
    let editor = app.as_(Role::Editor).await;
    let section = |name: &str, parent: Value| {
        let form = json!({ "name": name, "parentId": parent });
        let request = editor.post("/api/v1/newsroom/sections").json(&form);
        async move { request.send().await.expect(201).text("/id") }
    };
    let world = section("العالم", Value::Null).await;
    let asia = section("آسيا", json!(world)).await;
    let sport = section("رياضة", Value::Null).await;
    let renamed = editor.patch(&format!("/api/v1/newsroom/sections/{world}")).if_match("\"1\"");
    renamed.json(&json!({ "slug": "عالم" })).send().await.expect(200);
    let aimed = json!({ "sectionIds": [asia] });
    let cases = [
        (json!({}), true),
        (json!({ "language": "ar", "topics": ["ارمينيا"], "regions": ["موسكو", "باريس"], "maxUrgency": 2 }), true),
        (json!({ "language": "en" }), false),
        (json!({ "topics": ["روسيا"] }), false),
        (json!({ "topics": ["روسيا", "أرمينيا"] }), true),
        (json!({ "topics": ["أرمينيا الكبرى"] }), false),
        (json!({ "topics": ["أرمينيا"], "regions": ["باريس"] }), false),
        (json!({ "maxUrgency": 1 }), false),
        (json!({ "sections": ["عالم"] }), true),
        (json!({ "sections": ["العالم", world] }), true),
        (json!({ "sections": [asia] }), true),
        (json!({ "sections": ["رياضه"] }), false),
        (json!({ "sections": [sport, world] }), true),
    ];
    let mut browsers = Vec::new();
    for (at, (choice, _)) in cases.iter().enumerate() {
        let browser = service.browser(&format!("b{at}"));
        subscribe(&app, &browser, choice.clone()).await.expect(200);
        browsers.push(browser);
    }
    let sample = notice(alert(&app), aimed.clone());
    let told = app.app.read(move |read| push::audience(read, &sample)).await.unwrap();
    assert_eq!(usize::try_from(told).unwrap(), cases.iter().filter(|(_, gets)| *gets).count());
    let handed = push(&app, &service, aimed).await;
    for (browser, (choice, gets)) in browsers.iter().zip(cases) {
        assert_eq!(browser.of(&handed).len(), usize::from(gets), "{choice}");
    }
}

#[actix_web::test]
async fn the_same_browser_once_more_changes_what_it_chose() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    let first = subscribe(&app, &browser, json!({ "language": "en" })).await.expect(200);
    assert!(push(&app, &service, json!({})).await.is_empty());
    let choice = json!({ "language": "ar", "topics": ["أرمينيا"], "maxUrgency": 5 });
    let second = subscribe(&app, &browser, choice).await.expect(200);
    assert_eq!(first.text("/id"), second.text("/id"));
    let expected = json!({
        "id": first.text("/id"), "language": "ar", "topics": ["أرمينيا"], "regions": [], "sectionIds": [],
        "maxUrgency": 5,
    });
    assert_eq!(second.json, expected);
    assert_eq!(push(&app, &service, json!({})).await.len(), 1);
}

#[actix_web::test]
async fn who_does_not_know_the_keys_can_neither_change_nor_end_a_subscription_nor_learn_of_it() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    let made = subscribe(&app, &browser, json!({})).await.expect(200);
    let stranger = service.browser("other").at(&browser.endpoint);
    let nobody = service.browser("nobody");
    let end = |browser: &Browser| app.anonymous().post(END).json(&browser.json()).send();
    end(&stranger).await.expect(204);
    end(&nobody).await.expect(204);
    let theirs = subscribe(&app, &stranger, json!({ "language": "en" })).await.expect(200);
    assert_ne!(theirs.text("/id"), made.text("/id"));
    let handed = push(&app, &service, json!({})).await;
    assert_eq!(handed.len(), 1);
    assert_eq!(browser.read(&handed[0])["title"], "عاجل");
    end(&browser).await.expect(204);
    end(&browser).await.expect(204);
    assert!(push(&app, &service, json!({})).await.is_empty());
}

#[actix_web::test]
async fn nothing_in_the_logs_says_who_is_subscribed() {
    let (app, service) = pushing().await;
    app.events();
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    app.anonymous().post(END).json(&browser.json()).send().await.expect(204);
    app.assert_events(&[]);
}

#[actix_web::test]
async fn what_can_never_be_pushed_to_is_refused_with_its_field() {
    let app = TestApp::new().await;
    let service = PushService::start();
    let browser = service.browser("one");
    let outer = browser.at("https://fcm.googleapis.com/send/one");
    let keys = outer.json()["keys"].clone();
    let cases = [
        (browser.json(), "/endpoint inner_address"),
        (outer.at("https://partner.example/send").json(), "/endpoint not_allowed"),
        (outer.at("https://fcm.googleapis.com.partner.example/send").json(), "/endpoint not_allowed"),
        (outer.at("https://10.0.0.1/send").json(), "/endpoint inner_address"),
        (outer.at("https://[::ffff:127.0.0.1]/send").json(), "/endpoint inner_address"),
        (outer.at("http://fcm.googleapis.com/send").json(), "/endpoint bad_format"),
        (outer.at("https://fcm.googleapis.com:22/send").json(), "/endpoint bad_format"),
        (outer.at("ftp://fcm.googleapis.com/send").json(), "/endpoint bad_format"),
        (with(outer.json(), json!({ "keys": { "p256dh": "AA", "auth": keys["auth"] } })), "/keys/p256dh bad_format"),
        (with(outer.json(), json!({ "keys": { "p256dh": keys["p256dh"], "auth": "AA" } })), "/keys/auth bad_format"),
        (with(outer.json(), json!({ "topics": ["!"] })), "/topics/0 blank"),
        (with(outer.json(), json!({ "regions": ["أ", " "] })), "/regions/1 blank"),
        (with(outer.json(), json!({ "sections": ["لا-أحد"] })), "/sections/0 not_found"),
        (with(outer.json(), json!({ "maxUrgency": 10 })), "/maxUrgency out_of_range"),
        (with(outer.json(), json!({ "userId": 1 })), "/userId unknown_field"),
    ];
    for (body, error) in cases {
        let refused = app.anonymous().post(SUBSCRIPTIONS).json(&body).send().await.refused(422, "invalid");
        assert_eq!(refused.errors(), [error], "{body}");
    }
    for host in ["fcm.googleapis.com", "web.push.apple.com", "updates.push.services.mozilla.com"] {
        let browser = outer.at(&format!("https://{host}/send/one"));
        let taken = app.anonymous().post(SUBSCRIPTIONS).json(&browser.json()).send().await.expect(200);
        assert_eq!(taken.header("cache-control"), Some("no-store"));
    }
}

#[actix_web::test]
async fn a_section_is_no_other_record() {
    let (app, service) = pushing().await;
    let editor = app.as_(Role::Editor).await;
    let source = crate::sources::source(&editor, "وكالات").await;
    let choice = json!({ "sections": [source.text("/id")] });
    let refused = subscribe(&app, &service.browser("one"), choice).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/sections/0 not_found"]);
}

#[actix_web::test]
async fn there_are_as_many_subscriptions_as_may_be() {
    let app = TestApp::with(&format!("{LOOPBACK}subscriptions_max = 1\n")).await;
    let service = PushService::start();
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    subscribe(&app, &service.browser("other"), json!({})).await.refused(503, "unavailable");
    subscribe(&app, &browser, json!({ "language": "en" })).await.expect(200);
    app.anonymous().post(END).json(&browser.json()).send().await.expect(204);
    subscribe(&app, &service.browser("other"), json!({})).await.expect(200);
}

#[actix_web::test]
async fn a_request_that_is_repeated_with_its_key_subscribes_once() {
    let (app, service) = pushing().await;
    let body = service.browser("one").json();
    let post = || app.anonymous().post(SUBSCRIPTIONS).key("k").json(&body).send();
    let (first, second) = (post().await.expect(200), post().await.expect(200));
    assert_eq!(first.json, second.json);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
}

#[actix_web::test]
async fn two_nodes_that_make_the_key_at_once_end_with_one() {
    let one = TestApp::new().await;
    let other = one.restarted().await;
    let address = "/api/v1/push/vapid-public-key";
    let (first, second) = (one.anonymous().get(address).send(), other.anonymous().get(address).send());
    let (first, second) = futures_util::future::join(first, second).await;
    let key = first.expect(200).text("/publicKey");
    assert_eq!(second.expect(200).text("/publicKey"), key);
    let later = one.restarted().await.anonymous().get(address).send().await.expect(200);
    assert_eq!(later.text("/publicKey"), key, "it outlives a restart");
}

#[actix_web::test]
async fn a_key_that_was_sealed_with_another_secret_is_not_replaced() {
    let app = TestApp::new().await;
    let address = "/api/v1/push/vapid-public-key";
    app.anonymous().get(address).send().await.expect(200);
    diesel::update(secrets::table).set(secrets::sealed.eq(vec![0_u8; 40])).execute(&mut app.sql()).unwrap();
    app.anonymous().get(address).send().await.refused(500, "internal");
}

#[test]
fn the_contact_is_where_the_world_finds_us() {
    let contact = |lines: &str| Config::with(lines).unwrap().push.contact;
    assert_eq!(contact("[push]\ncontact = \"mailto:desk@khabar.example\""), "mailto:desk@khabar.example");
    assert_eq!(contact("public_url = \"https://khabar.example\""), "https://khabar.example");
}

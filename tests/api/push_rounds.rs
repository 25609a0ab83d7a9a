//! Rounds of pushes: what push services are handed, when, and what becomes of it when they or a node fail.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{Either, join, select};
use khabar::auth::Role;
use khabar::push;
use serde_json::{Value, json};

use crate::push::{LOOPBACK, alert, notice, push, pushing, record, request, subscribe};
use crate::support::TestApp;
use crate::support::push_service::{Browser, Handed, PushService};

const HOUR: Duration = Duration::from_secs(3600);
/// More than one page.
const MANY: usize = 300;

async fn send(app: &TestApp) {
    push::tell(&app.app).await.unwrap();
    push::try_again(&app.app).await.unwrap();
}

/// The causes that a browser was told, in order.
fn causes(browser: &Browser, handed: &[Handed]) -> Vec<String> {
    let mine = browser.of(handed);
    mine.iter().map(|message| browser.read(message)["cause"].as_str().unwrap().to_owned()).collect()
}

/// Browsers that share their keys, to save time.
async fn many(app: &TestApp, service: &PushService) -> Vec<Browser> {
    let first = service.browser("0");
    let base = first.endpoint.trim_end_matches('0').to_owned();
    let browsers: Vec<Browser> = (0..MANY).map(|n| first.at(&format!("{base}n{n}n"))).collect();
    for browser in &browsers {
        subscribe(app, browser, json!({})).await.expect(200);
    }
    browsers
}

/// Sends until a condition holds, and then stops in the middle, as a node does that is killed.
async fn killed_when(app: &TestApp, holds: impl Fn() -> bool) {
    let watch = async {
        while !holds() {
            actix_web::rt::task::yield_now().await;
            actix_web::rt::time::sleep(Duration::from_millis(2)).await;
        }
    };
    match select(Box::pin(push::tell(&app.app)), Box::pin(watch)).await {
        Either::Left(_) => panic!("it came to its end"),
        Either::Right(_) => {}
    }
}

#[actix_web::test]
async fn the_first_browser_is_told_of_what_happens_before_any_node_has_looked() {
    let (app, service) = (TestApp::with(LOOPBACK).await, PushService::start());
    subscribe(&app, &service.browser("one"), json!({})).await.expect(200);
    request(&app, &notice(alert(&app), json!({}))).await;
    send(&app).await;
    assert_eq!(service.count(), 1);
}

#[actix_web::test]
async fn a_message_is_for_its_browser_alone_and_says_what_the_push_service_needs() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    let id = alert(&app);
    request(&app, &notice(id, json!({ "link": "https://khabar.example/live" }))).await;
    send(&app).await;
    let handed = service.handed();
    assert_eq!(handed.len(), 1);
    let header = |name: &str| handed[0].headers[name].as_str();
    assert_eq!((header("ttl"), header("urgency")), ("7200", "high"));
    assert_eq!(header("topic"), URL_SAFE_NO_PAD.encode(id.uuid().as_bytes()));
    assert_eq!((header("content-encoding"), header("content-type")), ("aes128gcm", "application/octet-stream"));
    let key = app.anonymous().get("/api/v1/push/vapid-public-key").send().await.expect(200).text("/publicKey");
    let (token, named) = header("authorization").strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(named, key);
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert!(browser.endpoint.starts_with(claims["aud"].as_str().unwrap()));
    assert_eq!(claims["sub"], "mailto:webmaster@localhost");
    let expected = json!({
        "alertId": id, "cause": "issued", "title": "عاجل", "body": "التفاصيل", "language": "ar", "dir": "rtl",
        "urgency": 2, "tag": id, "supersedes": null, "articleId": null,
        "link": "https://khabar.example/live",
        "timestamp": "2026-01-15T12:00:00Z",
    });
    assert_eq!(browser.read(&handed[0]), expected);
    send(&app).await;
    assert_eq!(service.count(), 0, "once");
}

#[actix_web::test]
async fn every_notice_of_an_alert_reaches_those_whom_its_dry_run_counts() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({ "maxUrgency": 2 })).await.expect(200);
    subscribe(&app, &service.browser("other"), json!({ "language": "en" })).await.expect(200);
    let editor = app.as_(Role::Editor).await;
    let form = json!({ "headline": "قمة في موسكو", "language": "ar", "urgency": 2 });
    let mut seen = editor.post("/api/v1/newsroom/alerts").json(&form).send().await.expect(201);
    let path = format!("/api/v1/newsroom/alerts/{}", seen.text("/id"));
    let counted = editor.get(&format!("{path}/audience")).send().await.expect(200);
    assert_eq!(counted.at("/pushSubscriptions"), 1);
    for (step, said, cause) in [
        ("issue", json!({}), Some("issued")),
        ("update", json!({ "body": "ليلًا", "notify": false }), None),
        ("update", json!({ "body": "صباحًا", "notify": true }), Some("updated")),
        ("retract", json!({ "reason": "نفي" }), Some("retracted")),
    ] {
        let post = editor.post(&format!("{path}/{step}")).if_match(&seen.etag()).json(&said);
        seen = post.send().await.expect(200);
        send(&app).await;
        let handed = service.handed();
        assert_eq!(causes(&browser, &handed), Vec::from_iter(cause), "{step}");
        assert_eq!(handed.len(), usize::from(cause.is_some()));
    }
}

#[actix_web::test]
async fn what_follows_of_an_alert_has_its_topic_and_takes_its_place() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    let id = alert(&app);
    let mut topics = Vec::new();
    for (cause, ttl) in [("issued", "7200"), ("updated", "7200"), ("retracted", "604800")] {
        request(&app, &notice(id, json!({ "cause": cause }))).await;
        send(&app).await;
        let handed = service.handed();
        assert_eq!(causes(&browser, &handed), [cause]);
        assert_eq!(handed[0].headers["ttl"], ttl);
        topics.push(handed[0].headers["topic"].clone());
    }
    topics.dedup();
    assert_eq!(topics.len(), 1);
    let other = push(&app, &service, json!({ "urgency": 6 })).await;
    assert_ne!(other[0].headers["topic"], topics[0]);
    assert_eq!(other[0].headers["urgency"], "low");
}

#[actix_web::test]
async fn an_alert_whose_time_is_over_is_not_pushed_but_its_retraction_is() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    let id = alert(&app);
    request(&app, &notice(id, json!({}))).await;
    app.clock.advance(2 * HOUR);
    send(&app).await;
    assert_eq!(service.count(), 0);
    request(&app, &notice(id, json!({ "cause": "retracted" }))).await;
    send(&app).await;
    assert_eq!(causes(&browser, &service.handed()), ["retracted"]);
}

#[actix_web::test]
async fn who_subscribes_later_is_not_told_of_what_was_before() {
    let (app, service) = pushing().await;
    request(&app, &notice(alert(&app), json!({}))).await;
    app.clock.advance(Duration::from_secs(1));
    subscribe(&app, &service.browser("one"), json!({})).await.expect(200);
    send(&app).await;
    assert_eq!(service.count(), 0);
}

#[actix_web::test]
async fn a_browser_that_is_gone_is_forgotten() {
    let (app, service) = pushing().await;
    for name in ["one", "two", "stays"] {
        subscribe(&app, &service.browser(name), json!({})).await.expect(200);
    }
    service.answers(|message| match &*message.path {
        "/send/one" => Some((410, String::new())),
        "/send/two" => Some((404, String::new())),
        _ => Some((201, String::new())),
    });
    assert_eq!(push(&app, &service, json!({})).await.len(), 3);
    service.answers(|_| Some((201, String::new())));
    let handed = push(&app, &service, json!({})).await;
    assert_eq!(handed.iter().map(|message| &*message.path).collect::<Vec<_>>(), ["/send/stays"]);
}

#[actix_web::test]
async fn a_browser_that_nothing_reaches_for_two_weeks_is_forgotten() {
    let (app, service) = pushing().await;
    subscribe(&app, &service.browser("one"), json!({})).await.expect(200);
    let expires = json!({ "expires": "2026-12-31T00:00:00Z" });
    let fail = |status: u16| service.answers(move |_| Some((status, String::new())));
    let days = |days: u32| app.clock.advance(24 * HOUR * days);
    // One that is taken starts the count anew.
    for (status, wait) in [(403, 10), (201, 10), (500, 10), (403, 5), (400, 1)] {
        fail(status);
        assert!(!push(&app, &service, expires.clone()).await.is_empty(), "{status}");
        days(wait);
    }
    assert!(push(&app, &service, expires).await.is_empty());
}

#[actix_web::test]
async fn what_a_push_service_puts_off_comes_again_when_it_said() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    service.answers(|_| Some((429, "retry-after: 1200\r\n".into())));
    assert_eq!(push(&app, &service, json!({})).await.len(), 1);
    app.clock.advance(Duration::from_secs(1199));
    send(&app).await;
    assert_eq!(service.count(), 0);
    service.answers(|_| Some((503, String::new())));
    app.clock.advance(Duration::from_secs(160));
    send(&app).await;
    assert_eq!(service.handed().len(), 1);
    service.answers(|_| Some((201, String::new())));
    app.clock.advance(Duration::from_secs(70));
    send(&app).await;
    let handed = service.handed();
    assert_eq!(causes(&browser, &handed), ["issued"]);
    assert!(handed[0].headers["ttl"].parse::<i64>().unwrap() < 7200 - 1199, "the rest of its time");
    app.clock.advance(HOUR);
    send(&app).await;
    assert_eq!(service.count(), 0, "and then no more");
}

#[actix_web::test]
async fn nobody_is_tried_again_when_the_alert_is_over() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    service.answers(|_| Some((500, String::new())));
    assert_eq!(push(&app, &service, json!({})).await.len(), 1);
    app.clock.advance(2 * HOUR);
    send(&app).await;
    assert_eq!(service.count(), 0);
}

#[actix_web::test]
async fn what_a_push_service_never_takes_is_not_tried_again() {
    let (app, service) = pushing().await;
    subscribe(&app, &service.browser("one"), json!({})).await.expect(200);
    for status in [301, 400, 403, 413] {
        service.answers(move |_| Some((status, "location: http://127.0.0.1:1/\r\n".into())));
        assert_eq!(push(&app, &service, json!({})).await.len(), 1);
        app.clock.advance(HOUR / 2);
        send(&app).await;
        assert_eq!(service.count(), 0, "{status}");
        app.clock.set("2026-01-15T12:00:00Z");
    }
}

#[actix_web::test]
async fn a_push_service_that_says_nothing_holds_nobody_back() {
    let app = TestApp::with(&LOOPBACK.replace("[outbound]", "[outbound]\ntimeout_seconds = 1")).await;
    push::begin_rounds(&app.app).await.unwrap();
    let service = PushService::start();
    let (silent, other) = (service.browser("silent"), service.browser("other"));
    subscribe(&app, &silent, json!({})).await.expect(200);
    subscribe(&app, &other, json!({})).await.expect(200);
    service.answers(|message| (message.path != "/send/silent").then(|| (201, String::new())));
    assert_eq!(push(&app, &service, json!({})).await.len(), 2);
    service.answers(|_| Some((201, String::new())));
    app.clock.advance(Duration::from_secs(20));
    send(&app).await;
    let handed = service.handed();
    assert_eq!((causes(&silent, &handed).len(), causes(&other, &handed).len()), (1, 0));
}

#[actix_web::test]
async fn a_newer_notice_drops_what_an_older_one_has_left_to_try() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    let id = alert(&app);
    service.answers(|_| Some((500, String::new())));
    request(&app, &notice(id, json!({}))).await;
    send(&app).await;
    service.answers(|_| Some((201, String::new())));
    request(&app, &notice(id, json!({ "cause": "updated" }))).await;
    app.clock.advance(HOUR);
    service.handed();
    send(&app).await;
    assert_eq!(causes(&browser, &service.handed()), ["updated"]);
}

#[actix_web::test]
async fn a_round_goes_on_where_a_node_was_killed() {
    let (app, service) = pushing().await;
    let browsers = many(&app, &service).await;
    request(&app, &notice(alert(&app), json!({}))).await;
    // The first page is taken; nobody answers on the second.
    let seen = std::sync::atomic::AtomicUsize::new(0);
    service.answers(move |_| {
        let before = seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        (before < 256).then(|| (201, String::new()))
    });
    killed_when(&app, || service.count() == MANY).await;
    let first = service.handed();
    service.answers(|_| Some((201, String::new())));
    let other = app.restarted_with(LOOPBACK).await;
    send(&other).await;
    assert_eq!(service.count(), 0, "the page may still be under way");
    other.clock.advance(HOUR / 4);
    send(&other).await;
    let second = service.handed();
    assert_eq!(second.len(), MANY - 256, "what was done is not done again");
    let told = |browser: &&Browser| !browser.of(&first[..256]).is_empty() || !browser.of(&second).is_empty();
    assert_eq!(browsers.iter().filter(told).count(), MANY, "and nobody is left out");
}

#[actix_web::test]
async fn a_retraction_overtakes_what_it_takes_back() {
    let (app, service) = pushing().await;
    let browsers = many(&app, &service).await;
    let id = alert(&app);
    request(&app, &notice(id, json!({}))).await;
    service.answers(|_| None);
    killed_when(&app, || service.count() == 64).await;
    service.answers(|_| Some((201, String::new())));
    request(&app, &notice(id, json!({ "cause": "retracted" }))).await;
    service.handed();
    send(&app).await;
    assert_eq!(service.count(), 0, "an older message must not arrive after it");
    app.clock.advance(HOUR / 4);
    send(&app).await;
    let handed = service.handed();
    assert_eq!(handed.len(), MANY);
    assert_eq!(causes(&browsers[7], &handed), ["retracted"]);
}

#[actix_web::test]
async fn two_nodes_share_a_round_and_nobody_is_told_twice() {
    let (app, service) = pushing().await;
    many(&app, &service).await;
    let other = app.restarted_with(LOOPBACK).await;
    for _ in 0..2 {
        request(&app, &notice(alert(&app), json!({}))).await;
    }
    join(send(&app), send(&other)).await;
    send(&app).await;
    assert_eq!(service.handed().len(), 2 * MANY);
}

#[actix_web::test]
async fn the_most_urgent_notice_goes_first() {
    let (app, service) = pushing().await;
    let browser = service.browser("one");
    subscribe(&app, &browser, json!({})).await.expect(200);
    for urgency in [5, 1, 3] {
        request(&app, &notice(alert(&app), json!({ "urgency": urgency }))).await;
    }
    send(&app).await;
    let urgencies: Vec<Value> =
        service.handed().iter().map(|message| browser.read(message)["urgency"].clone()).collect();
    assert_eq!(urgencies, [1, 3, 5]);
}

#[actix_web::test]
async fn a_notice_that_nobody_can_read_stops_no_other() {
    let (app, service) = pushing().await;
    subscribe(&app, &service.browser("one"), json!({})).await.expect(200);
    record(&app, alert(&app), json!({ "title": 1 })).await;
    assert_eq!(push(&app, &service, json!({})).await.len(), 1);
}

#[actix_web::test]
async fn rounds_are_forgotten_a_month_after_they_ended() {
    let (app, service) = pushing().await;
    subscribe(&app, &service.browser("one"), json!({})).await.expect(200);
    push(&app, &service, json!({})).await;
    let forget = || app.app.write(khabar::auth::Actor::itself(), |tx| push::forget(tx, 1_000));
    app.clock.advance(24 * HOUR);
    assert_eq!(forget().await.unwrap(), 0);
    app.clock.advance(31 * 24 * HOUR);
    assert_eq!(forget().await.unwrap(), 1);
}

//! Webhooks: what partners are told, how often, and what of it can be seen afterwards.

use std::time::Duration;

use diesel::prelude::*;
use futures_util::future::join_all;
use khabar::app::App;
use khabar::auth::{Actor, Role};
use khabar::db::schema::{audit_log, events, webhook_attempts, webhook_deliveries, webhooks as endpoints};
use khabar::time::UtcTime;
use khabar::webhooks;
use khabar::webhooks::signature::{Secret, sign};
use serde_json::{Value, json};

use crate::articles::with;
use crate::sources::SOURCES;
use crate::support::receiver::{Got, Receiver};
use crate::support::{Answer, Client, TestApp};
use crate::writes::answers;

const WEBHOOKS: &str = "/api/v1/newsroom/webhooks";
const LOOPBACK: &str = "[outbound]\ninner = [\"127.0.0.1\"]\n";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// A newsroom with a partner.
struct House {
    app: TestApp,
    admin: Client,
    editor: Client,
    receiver: Receiver,
}

impl House {
    async fn new() -> Self {
        let app = TestApp::with(LOOPBACK).await;
        let (admin, editor) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await);
        Self { app, admin, editor, receiver: Receiver::start() }
    }

    /// Adds an endpoint at the receiver; its path and its secret.
    async fn endpoint(&self, form: Value) -> (String, Secret) {
        let form = with(json!({ "url": self.receiver.url() }), form);
        let made = self.admin.post(WEBHOOKS).json(&form).send().await.expect(201);
        (format!("{WEBHOOKS}/{}", made.text("/id")), secret(&made))
    }

    async fn get(&self, path: &str) -> Answer {
        self.admin.get(path).send().await.expect(200)
    }

    /// Does something to what is at a path, as it is now.
    async fn act(&self, path: &str, action: &str) -> Answer {
        let etag = self.get(path).await.etag();
        self.admin.post(&format!("{path}/{action}")).if_match(&etag).json(&json!({})).send().await
    }

    /// Something public happens.
    async fn happen(&self, name: &str) {
        self.editor.post(SOURCES).json(&json!({ "name": name, "kind": "agency" })).send().await.expect(201);
    }

    /// What the job does at this instant.
    async fn work(&self) {
        work(&self.app.app).await;
    }

    async fn later(&self, by: Duration) {
        self.app.clock.advance(by);
        self.work().await;
    }

    /// The messages to an endpoint, the newest first.
    async fn messages(&self, path: &str) -> Vec<Value> {
        self.get(&format!("{path}/deliveries")).await.at("/items").as_array().unwrap().clone()
    }

    /// The path of the only message to an endpoint.
    async fn message(&self, path: &str) -> String {
        let messages = self.messages(path).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        format!("{path}/deliveries/{}", messages[0]["id"].as_str().unwrap())
    }
}

async fn work(app: &App) {
    webhooks::collect(app).await.unwrap();
    webhooks::deliver(app).await.unwrap();
}

#[track_caller]
fn secret(answer: &Answer) -> Secret {
    Secret::parse(&answer.text("/secret")).unwrap()
}

/// A request carries the signatures of these secrets and of nobody else.
#[track_caller]
fn assert_signed(got: &Got, secrets: &[Secret]) {
    let seconds: i64 = got.header("webhook-timestamp").parse().unwrap();
    let at = UtcTime::from_micros(seconds * 1_000_000);
    assert_eq!(got.header("webhook-signature"), sign(secrets, got.header("webhook-id"), at, &got.body));
}

fn topics(topics: &[&str]) -> Value {
    json!({ "topics": topics })
}

#[actix_web::test]
async fn a_partner_is_told_of_an_event_once_with_a_signature_that_holds() {
    let house = House::new().await;
    house.happen("before").await;
    let (path, secret) = house.endpoint(json!({})).await;
    house.app.events();
    house.happen("وكالات").await;
    let event = house.app.events().remove(0);
    house.work().await;
    house.work().await;
    let got = house.receiver.got_one();
    assert_signed(&got, &[secret]);
    assert_eq!((got.path.as_str(), got.header("content-type")), ("/hooks?key=hidden", "application/json"));
    assert_eq!(got.header("webhook-id"), format!("evt_{}", event.number.unwrap()));
    assert_eq!(got.header("webhook-timestamp"), house.app.app.now().seconds().to_string());
    assert_eq!(got.header("surrogate-key"), "records", "what a cache in front has to purge");
    let expected = json!({
        "type": "source.created", "timestamp": house.app.app.now(), "target": event.target,
        "data": event.payload,
    });
    assert_eq!(got.json(), expected);
    let message = house.get(&house.message(&path).await).await;
    assert_eq!(message.text("/state"), "delivered");
    assert_eq!(message.text("/body").as_bytes(), got.body);
    let attempt =
        json!({ "number": 1, "dateStarted": house.app.app.now(), "outcome": "accepted", "status": 204, "answer": "" });
    let mut seen = message.at("/attempts/0").clone();
    seen.as_object_mut().unwrap().remove("durationMs");
    assert_eq!(seen, attempt);
    house.app.assert_events(&[]);
}

#[actix_web::test]
async fn several_nodes_tell_of_each_event_once_and_in_order_where_that_is_wanted() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    let orderly = Receiver::start();
    house.endpoint(json!({ "url": orderly.url(), "ordered": true })).await;
    let other = house.app.restarted().await;
    for name in 0..40 {
        house.happen(&name.to_string()).await;
    }
    let nodes = [&house.app.app, &other.app, &house.app.app, &other.app];
    for collected in join_all(nodes.map(webhooks::collect)).await {
        collected.unwrap();
    }
    for delivered in join_all(nodes.map(webhooks::deliver)).await {
        delivered.unwrap();
    }
    let seqs = |got: &[Got]| got.iter().map(|got| got.seq()).collect::<Vec<_>>();
    let in_order = seqs(&orderly.got());
    assert_eq!(in_order.len(), 40);
    assert!(in_order.is_sorted_by(|one, next| one < next), "{in_order:?}");
    let mut told = seqs(&house.receiver.got());
    told.sort_unstable();
    assert_eq!(told, in_order, "each once");
    let delivered = house.get(&format!("{path}/deliveries?state=delivered&count=true&limit=1")).await;
    assert_eq!(delivered.at("/page/total"), 40);
}

#[actix_web::test]
async fn what_a_dead_node_had_taken_is_taken_over() {
    let house = House::new().await;
    house.endpoint(json!({})).await;
    house.happen("a").await;
    webhooks::collect(&house.app.app).await.unwrap();
    let leased = house.app.app.now().after(25 * SECOND);
    let taken = diesel::update(webhook_deliveries::table).set(webhook_deliveries::leased_until.eq(leased));
    assert_eq!(taken.execute(&mut house.app.sql()).unwrap(), 1);
    house.later(24 * SECOND).await;
    assert!(house.receiver.got().is_empty(), "somebody else is at it");
    house.later(2 * SECOND).await;
    house.receiver.got_one();
}

#[actix_web::test]
async fn a_failure_is_followed_by_retries_with_the_same_id_and_fresh_signatures() {
    let house = House::new().await;
    let (path, secret) = house.endpoint(json!({})).await;
    house.receiver.answers(&[(500, "", "خطأ"), (302, "location: http://127.0.0.1:1/\r\n", ""), (204, "", "")]);
    house.happen("a").await;
    house.work().await;
    let first = house.receiver.got_one();
    let message = house.message(&path).await;
    let mut last = first.clone();
    for (n, wait) in [5 * SECOND, 5 * MINUTE].into_iter().enumerate() {
        let waiting = house.get(&message).await;
        let due = UtcTime::parse(&waiting.text("/nextAttemptAt")).unwrap();
        let now = house.app.app.now();
        assert!(due >= now.after(wait) && due <= now.after(wait + wait / 10), "{due} after {now}");
        assert_eq!((waiting.text("/state"), waiting.at("/attemptCount")), ("pending".into(), &json!(n + 1)));
        house.app.clock.set(&due.before(SECOND).to_string());
        house.work().await;
        assert!(house.receiver.got().is_empty(), "a second too early");
        house.later(SECOND).await;
        let again = house.receiver.got_one();
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.body, first.body);
        assert_ne!(again.header("webhook-timestamp"), last.header("webhook-timestamp"));
        assert_ne!(again.header("webhook-signature"), last.header("webhook-signature"));
        assert_signed(&again, std::slice::from_ref(&secret));
        last = again;
    }
    let done = house.get(&message).await;
    assert_eq!((done.text("/state"), done.at("/nextAttemptAt")), ("delivered".into(), &Value::Null));
    let statuses: Vec<_> = (0..3).map(|n| done.at(&format!("/attempts/{n}/status")).clone()).collect();
    assert_eq!(statuses, [500, 302, 204]);
    assert_eq!((done.text("/attempts/0/answer"), done.text("/attempts/0/outcome")), ("خطأ".into(), "rejected".into()));
    house.later(DAY).await;
    assert!(house.receiver.got().is_empty());
}

#[actix_web::test]
async fn a_message_that_nobody_takes_is_given_up_after_ten_attempts() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.receiver.answers(&[(500, "", "")]);
    house.happen("a").await;
    house.work().await;
    let message = house.message(&path).await;
    while let Some(due) = house.get(&message).await.at("/nextAttemptAt").as_str() {
        house.app.clock.set(due);
        house.work().await;
    }
    assert_eq!(house.receiver.got().len(), 10);
    assert_eq!(house.get(&message).await.text("/state"), "failed");
    assert_eq!(house.get(&path).await.text("/state"), "active");
}

#[actix_web::test]
async fn an_endpoint_that_is_gone_is_disabled_at_once() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.receiver.answers(&[(410, "", "")]);
    house.happen("a").await;
    house.app.events();
    house.work().await;
    house.app.assert_events(&["webhook.disabled"]);
    let gone = house.get(&path).await;
    assert_eq!((gone.text("/state"), gone.text("/disabledReason")), ("disabled".into(), "gone".into()));
    house.happen("passes it by").await;
    house.later(DAY).await;
    assert_eq!(house.receiver.got().len(), 1, "only the one that was answered 410");
    house.receiver.answers(&[(204, "", "")]);
    let back = house.act(&path, "resume").await.expect(200);
    assert_eq!((back.text("/state"), back.at("/disabledReason")), ("active".into(), &Value::Null));
    house.work().await;
    assert_eq!(house.receiver.got().len(), 1, "what was on its way");
}

#[actix_web::test]
async fn an_endpoint_that_asks_for_it_is_left_alone() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.receiver.answers(&[(429, "retry-after: 120\r\n", ""), (204, "", "")]);
    house.happen("a").await;
    house.work().await;
    assert_eq!(house.receiver.got().len(), 1);
    house.happen("b").await;
    let until = house.app.app.now().after(120 * SECOND);
    assert_eq!(house.get(&path).await.text("/nextAttemptAt"), until.to_string());
    house.later(119 * SECOND).await;
    assert!(house.receiver.got().is_empty(), "not even what is new");
    house.later(SECOND).await;
    assert_eq!(house.receiver.got().len(), 2);
    let well = house.get(&path).await;
    assert_eq!((well.at("/nextAttemptAt"), well.at("/failingSince")), (&Value::Null, &Value::Null));
}

#[actix_web::test]
async fn an_endpoint_that_asks_for_too_much_is_left_alone_for_an_hour() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.receiver.answers(&[(503, "retry-after: 99999999\r\n", "")]);
    house.happen("a").await;
    house.work().await;
    assert_eq!(house.get(&path).await.text("/nextAttemptAt"), house.app.app.now().after(HOUR).to_string());
}

#[actix_web::test]
async fn an_ordered_endpoint_is_told_of_one_event_after_the_other() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({ "ordered": true })).await;
    house.receiver.answers(&[(500, "", ""), (204, "", "")]);
    for name in ["a", "b", "c"] {
        house.happen(name).await;
    }
    house.work().await;
    let first = house.receiver.got_one();
    house.later(4 * SECOND).await;
    assert!(house.receiver.got().is_empty(), "the others wait");
    house.later(2 * SECOND).await;
    let got = house.receiver.got();
    let seqs: Vec<i64> = got.iter().map(|got| got.seq()).collect();
    let begin = first.seq();
    assert_eq!(seqs, [begin, begin + 1, begin + 2]);
    assert_eq!(house.messages(&path).await.len(), 3);
}

#[actix_web::test]
async fn one_that_fails_holds_up_nobody_else() {
    let house = House::new().await;
    let slow = Receiver::start();
    slow.answers(&[(500, "", "")]);
    house.endpoint(json!({ "url": slow.url() })).await;
    house.endpoint(json!({})).await;
    for name in 0..50 {
        house.happen(&name.to_string()).await;
    }
    house.work().await;
    assert_eq!(house.receiver.got().len(), 50);
    assert_eq!(slow.got().len(), 50, "each of its messages is tried once");
}

#[actix_web::test]
async fn what_happens_waits_for_a_paused_endpoint() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.app.events();
    house.act(&path, "pause").await.expect(200);
    house.app.assert_events(&["webhook.paused"]);
    let refused = house.act(&path, "pause").await.refused(409, "illegal_transition");
    assert_eq!((refused.text("/state"), refused.at("/allowed")), ("paused".into(), &json!(["resume"])));
    house.happen("a").await;
    house.later(DAY).await;
    assert!(house.receiver.got().is_empty());
    assert_eq!(house.messages(&path).await[0]["state"], "pending");
    house.app.events();
    house.act(&path, "resume").await.expect(200);
    house.app.assert_events(&["webhook.resumed"]);
    house.act(&path, "resume").await.refused(409, "illegal_transition");
    house.work().await;
    house.receiver.got_one();
}

#[actix_web::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let house = House::new().await;
    let (path, old) = house.endpoint(json!({})).await;
    house.app.events();
    let rotated = house.act(&path, "rotate-secret").await.expect(200);
    house.app.assert_events(&["webhook.secret_rotated"]);
    let new = secret(&rotated);
    assert_ne!(old, new);
    assert_eq!(rotated.text("/secretRotatesUntil"), house.app.app.now().after(DAY).to_string());
    house.happen("a").await;
    house.later(86_399 * SECOND).await;
    assert_signed(&house.receiver.got_one(), &[new.clone(), old]);
    house.happen("b").await;
    house.later(SECOND).await;
    assert_signed(&house.receiver.got_one(), &[new]);
    assert_eq!(house.get(&path).await.at("/secretRotatesUntil"), &Value::Null);
}

#[actix_web::test]
async fn a_message_is_delivered_again_with_the_same_id_when_somebody_asks() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.happen("a").await;
    house.work().await;
    let first = house.receiver.got_one();
    let message = house.message(&path).await;
    let stale = house.admin.post(&format!("{message}/redeliver")).if_match("\"1\"").json(&json!({})).send().await;
    stale.refused(412, "stale");
    house.app.clock.advance(HOUR);
    let queued = house.act(&message, "redeliver").await.expect(202);
    assert_eq!((queued.text("/state"), queued.header("location")), ("pending".into(), Some(message.as_str())));
    house.work().await;
    let again = house.receiver.got_one();
    assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
    assert_ne!(again.header("webhook-signature"), first.header("webhook-signature"));
    let done = house.get(&message).await;
    assert_eq!((done.at("/attemptCount"), done.at("/attempts/1/number")), (&json!(2), &json!(2)));
}

#[actix_web::test]
async fn a_test_is_sent_once_whatever_the_state() {
    let house = House::new().await;
    let (path, secret) = house.endpoint(topics(&["alert.issued"])).await;
    house.act(&path, "pause").await.expect(200);
    house.app.events();
    let queued = house.act(&path, "test").await.expect(202);
    house.app.assert_events(&["webhook.tested"]);
    house.work().await;
    let got = house.receiver.got_one();
    assert_signed(&got, &[secret]);
    assert!(got.header("webhook-id").starts_with("test_"));
    assert_eq!(got.json()["type"], "webhook.test");
    let message = format!("{path}/deliveries/{}", queued.text("/id"));
    assert_eq!(house.get(&message).await.text("/state"), "delivered");
    house.receiver.answers(&[(410, "", "nobody")]);
    let failed = house.act(&path, "test").await.expect(202).text("/id");
    house.work().await;
    house.later(DAY).await;
    house.receiver.got_one();
    let failed = house.get(&format!("{path}/deliveries/{failed}")).await;
    assert_eq!((failed.text("/state"), failed.text("/attempts/0/answer")), ("failed".into(), "nobody".into()));
    assert_eq!(house.get(&path).await.text("/state"), "paused", "a test says nothing about the endpoint");
}

#[actix_web::test]
async fn an_endpoint_that_only_fails_for_five_days_is_disabled() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.receiver.answers(&[(500, "", "")]);
    house.happen("a").await;
    let began = house.app.app.now();
    house.work().await;
    assert_eq!(house.get(&path).await.text("/failingSince"), began.to_string());
    for _ in 0..4 {
        house.happen(&house.app.app.now().to_string()).await;
        house.later(DAY).await;
    }
    assert_eq!(house.get(&path).await.text("/state"), "active");
    house.app.events();
    house.later(DAY).await;
    house.app.assert_events(&["webhook.disabled"]);
    let view = house.get(&path).await;
    assert_eq!((view.text("/state"), view.text("/disabledReason")), ("disabled".into(), "failing".into()));
    house.receiver.got();
    house.later(DAY).await;
    assert!(house.receiver.got().is_empty());
}

#[actix_web::test]
async fn an_endpoint_inside_the_house_is_refused() {
    let house = House::new().await;
    for url in ["https://10.0.0.1/", "https://localhost/", "http://[::1]/", "https://169.254.169.254/latest"] {
        let refused = house.admin.post(WEBHOOKS).json(&json!({ "url": url })).send().await.refused(422, "invalid");
        assert_eq!(refused.errors(), ["/url inner_address"], "{url}");
    }
    for url in
        ["http://partner.example/", "https://a:b@partner.example/", "https://partner.example:22/", "ftp://x.example"]
    {
        let refused = house.admin.post(WEBHOOKS).json(&json!({ "url": url })).send().await.refused(422, "invalid");
        assert_eq!(refused.errors(), ["/url bad_format"], "{url}");
    }
    let (path, _) = house.endpoint(json!({})).await;
    let etag = house.get(&path).await.etag();
    let moved = house.admin.patch(&path).if_match(&etag).json(&json!({ "url": "https://192.168.1.1/" })).send().await;
    assert_eq!(moved.refused(422, "invalid").errors(), ["/url inner_address"]);
}

#[actix_web::test]
async fn an_address_that_is_no_longer_allowed_is_not_connected_to() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    diesel::update(endpoints::table)
        .set(endpoints::url.eq("http://127.0.0.2:1/"))
        .execute(&mut house.app.sql())
        .unwrap();
    house.happen("a").await;
    house.work().await;
    let message = house.get(&house.message(&path).await).await;
    assert_eq!((message.text("/state"), message.text("/attempts/0/outcome")), ("pending".into(), "refused".into()));
    assert_eq!(message.at("/attempts/0/status"), &Value::Null);
}

#[actix_web::test]
async fn a_partner_is_told_only_of_what_it_asked_for() {
    let house = House::new().await;
    house.endpoint(topics(&["source.updated", "source.deleted"])).await;
    house.happen("a").await;
    let (id, etag) = {
        let made = house.editor.post(SOURCES).json(&json!({ "name": "b", "kind": "own" })).send().await.expect(201);
        (made.text("/id"), made.etag())
    };
    house.editor.delete(&format!("{SOURCES}/{id}")).if_match(&etag).send().await.expect(204);
    house.work().await;
    assert_eq!(house.receiver.types(), ["source.deleted"]);
}

#[actix_web::test]
async fn what_only_the_newsroom_may_know_is_told_to_those_who_name_it() {
    let house = House::new().await;
    let (all, _) = house.endpoint(json!({})).await;
    let named = Receiver::start();
    house.endpoint(json!({ "url": named.url(), "topics": ["webhook.paused"] })).await;
    house.act(&all, "pause").await.expect(200);
    house.act(&all, "resume").await.expect(200);
    house.work().await;
    assert!(house.receiver.got().is_empty());
    assert_eq!(named.types(), ["webhook.paused"]);
}

#[actix_web::test]
async fn a_form_that_means_nothing_is_refused_with_every_bad_field() {
    let house = House::new().await;
    let url = house.receiver.url();
    let cases = [
        (json!({}), vec!["/url required"]),
        (json!({ "url": url, "topics": [] }), vec!["/topics too_short"]),
        (json!({ "url": url, "topics": ["alert.issued", "alert.issued"] }), vec!["/topics/1 repeated"]),
        (json!({ "url": url, "topics": ["alert.issued", "a.b", "alert.issued"] }), vec!["/topics/1 not_allowed"]),
        (json!({ "url": url, "description": "ي".repeat(201) }), vec!["/description too_long"]),
        (json!({ "url": "https://x.example/".to_owned() + &"a".repeat(2048) }), vec!["/url too_long"]),
        (json!({ "url": url, "secret": "whsec_x" }), vec!["/secret unknown_field"]),
    ];
    for (form, errors) in cases {
        let refused = house.admin.post(WEBHOOKS).json(&form).send().await.refused(422, "invalid");
        assert_eq!(refused.errors(), errors, "{form}");
    }
    house.app.events();
    assert!(house.get(WEBHOOKS).await.at("/items").as_array().unwrap().is_empty());
}

#[actix_web::test]
async fn an_endpoint_is_changed_by_those_who_have_seen_it() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({ "description": "تطبيق" })).await;
    house.app.events();
    house.admin.patch(&path).json(&json!({})).send().await.refused(428, "precondition_required");
    house.admin.patch(&path).if_match("\"7\"").json(&json!({})).send().await.refused(412, "stale");
    let patch = json!({ "topics": ["alert.issued"], "description": null, "ordered": true });
    let changed = house.admin.patch(&path).if_match("\"1\"").json(&patch).send().await.expect(200);
    assert_eq!((changed.at("/topics"), changed.at("/description")), (&json!(["alert.issued"]), &Value::Null));
    assert_eq!((changed.at("/ordered"), changed.etag().as_str()), (&json!(true), "\"2\""));
    let event = house.app.events().remove(0);
    let payload = json!({
        "version": 2, "state": "active", "disabledReason": null, "host": "127.0.0.1", "topics": ["alert.issued"],
        "ordered": true,
    });
    assert_eq!(
        (event.topic.as_str(), event.visibility.as_str(), &event.payload),
        ("webhook.updated", "newsroom", &payload)
    );
    let all = house.admin.patch(&path).if_match("\"2\"").json(&json!({ "topics": null })).send().await.expect(200);
    assert_eq!(all.at("/topics"), &Value::Null);
}

#[actix_web::test]
async fn an_endpoint_goes_with_all_that_was_on_its_way() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    house.receiver.answers(&[(500, "", "")]);
    house.happen("a").await;
    house.work().await;
    let message = house.message(&path).await;
    let etag = house.get(&path).await.etag();
    house.admin.delete(&path).if_match("\"1\"").send().await.refused(412, "stale");
    house.app.events();
    house.admin.delete(&path).if_match(&etag).send().await.expect(204);
    house.app.assert_events(&["webhook.deleted"]);
    for gone in [&path, &message, &format!("{path}/deliveries")] {
        house.admin.get(gone).send().await.refused(404, "not_found");
    }
    let left: i64 = webhook_attempts::table.count().get_result(&mut house.app.sql()).unwrap();
    assert_eq!(left, 0);
    house.receiver.got();
    house.later(DAY).await;
    assert!(house.receiver.got().is_empty());
}

#[actix_web::test]
async fn a_message_of_one_endpoint_is_not_found_at_another() {
    let house = House::new().await;
    let (one, _) = house.endpoint(json!({})).await;
    house.happen("a").await;
    house.work().await;
    let message = house.message(&one).await;
    let (other, _) = house.endpoint(json!({})).await;
    let strange = message.replace(&one, &other);
    house.admin.get(&strange).send().await.refused(404, "not_found");
    let asked = house.admin.post(&format!("{strange}/redeliver")).if_match("\"2\"").json(&json!({}));
    asked.send().await.refused(404, "not_found");
}

#[actix_web::test]
async fn messages_are_listed_by_state_and_topic_page_by_page() {
    let house = House::new().await;
    let (path, _) = house.endpoint(json!({})).await;
    for name in ["a", "b", "c"] {
        house.happen(name).await;
    }
    house.work().await;
    house.act(&path, "test").await.expect(202);
    let count = async |query: &str| {
        let page = house.get(&format!("{path}/deliveries?count=true&{query}")).await;
        page.at("/page/total").as_i64().unwrap()
    };
    assert_eq!(count("state=delivered").await, 3);
    assert_eq!(count("state=pending").await, 1);
    assert_eq!(count("state=pending&state=delivered").await, 4);
    assert_eq!(count("topic=webhook.test").await, 1);
    assert_eq!(count("topic=source.created&topic=webhook.test").await, 4);
    assert_eq!(count("topic=source.created&state=pending").await, 0);
    assert_eq!(count("topic=%25").await, 0);
    let strange = house.admin.get(&format!("{path}/deliveries?topic=%00")).send().await;
    assert!(strange.status < 500, "{}", strange.status);
    let first = house.get(&format!("{path}/deliveries?limit=3")).await;
    let next = house.get(&format!("{path}/deliveries?limit=3&after={}", first.text("/page/next"))).await;
    assert_eq!((first.at("/items").as_array().unwrap().len(), next.at("/items").as_array().unwrap().len()), (3, 1));
}

#[actix_web::test]
async fn a_secret_is_told_once_and_is_nowhere_to_be_read() {
    let house = House::new().await;
    let form = json!({ "url": house.receiver.url() });
    let made = house.admin.post(WEBHOOKS).key("one").json(&form).send().await.expect(201);
    let path = format!("{WEBHOOKS}/{}", made.text("/id"));
    let again = house.admin.post(WEBHOOKS).key("one").json(&form).send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), again.at("/secret")), (Some("true"), &Value::Null));
    assert_eq!(again.text("/id"), made.text("/id"), "no second endpoint");
    let rotate = || house.admin.post(&format!("{path}/rotate-secret")).if_match("\"1\"").key("two").json(&json!({}));
    let rotated = rotate().send().await.expect(200);
    assert_eq!(rotate().send().await.expect(200).at("/secret"), &Value::Null);
    house.happen("a").await;
    house.work().await;
    let secrets = [made.text("/secret"), rotated.text("/secret")];
    let message = house.message(&path).await;
    for later in [WEBHOOKS, &path, &format!("{path}/deliveries"), &message, "/api/v1/newsroom/events"] {
        let text = String::from_utf8(house.get(later).await.bytes.to_vec()).unwrap();
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())) && !text.contains("whsec_"), "{later}");
    }
    let mut sql = house.app.sql();
    let kept: Vec<(Vec<u8>, Option<Vec<u8>>)> =
        endpoints::table.select((endpoints::secret, endpoints::old_secret)).load(&mut sql).unwrap();
    let sealed =
        kept.into_iter().flat_map(|(new, old)| [new, old.unwrap()]).map(|s| String::from_utf8_lossy(&s).into_owned());
    let mut texts: Vec<String> = sealed.collect();
    texts.extend(events::table.select(events::payload).load::<String>(&mut sql).unwrap());
    texts.extend(audit_log::table.select(audit_log::payload).load::<String>(&mut sql).unwrap());
    texts.extend(answers(&house.app));
    texts.extend(webhook_deliveries::table.select(webhook_deliveries::body).load::<String>(&mut sql).unwrap());
    assert!(texts.len() > 6);
    for text in &texts {
        assert!(!text.contains("whsec_"), "{text}");
    }
    let logged = events::table.select(events::payload).load::<String>(&mut sql).unwrap().join(" ");
    assert!(!logged.contains("hidden"), "an address may hold a secret too");
}

#[actix_web::test]
async fn what_is_too_large_is_left_to_be_asked_for() {
    let house = House::new().await;
    house.endpoint(json!({})).await;
    house.happen("a").await;
    let large = json!({ "text": "ي".repeat(10_000) }).to_string();
    let last = events::table.order(events::seq.desc()).select(events::seq).first::<i64>(&mut house.app.sql()).unwrap();
    let grown = diesel::update(events::table.find(last)).set(events::payload.eq(large));
    grown.execute(&mut house.app.sql()).unwrap();
    house.work().await;
    let got = house.receiver.got_one();
    assert!(got.body.len() < 20_000);
    assert_eq!(got.json()["data"], json!({ "truncated": true }));
    assert!(got.json()["target"].is_string());
}

#[actix_web::test]
async fn there_are_only_so_many_endpoints() {
    let house = House::new().await;
    for _ in 0..100 {
        house.endpoint(json!({})).await;
    }
    let one_more = house.admin.post(WEBHOOKS).json(&json!({ "url": house.receiver.url() })).send().await;
    assert_eq!(one_more.refused(409, "limit_reached").at("/limit"), 100);
    house.happen("a").await;
    house.work().await;
    assert_eq!(house.receiver.got().len(), 100, "and each of them is told");
}

#[actix_web::test]
async fn messages_are_forgotten_a_month_after_their_end() {
    let house = House::new().await;
    house.endpoint(json!({})).await;
    house.happen("a").await;
    house.work().await;
    for (wait, left) in [(30 * DAY, 1), (SECOND, 0)] {
        house.app.clock.advance(wait);
        house.app.app.write(Actor::itself(), |tx| webhooks::forget(tx, 1_000)).await.unwrap();
        let kept: i64 = webhook_attempts::table.count().get_result(&mut house.app.sql()).unwrap();
        assert_eq!(kept, left);
    }
}

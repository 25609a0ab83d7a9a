//! A process that is killed between its commits and what it tells of them, again and again under load: partners,
//! browsers and those who follow are told of all that was committed, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use khabar::db::schema::{alerts, event_counter, events, records};
use khabar::events::Visibility;
use khabar::events::dto::EventView;
use khabar::ids::{AlertId, RecordId};
use khabar::time::UtcTime;
use khabar::webhooks::signature::{Secret, sign};
use serde_json::{Value, json};
use uuid::Uuid;

use super::streams::{ALERTS, dice};
use crate::articles::with;
use crate::support::follower::Follower;
use crate::support::process::{Asker, Home, Server, free_port, until, within};
use crate::support::push_service::{Browser, PushService};
use crate::support::python::{VERIFY_WEBHOOKS, ask, python};
use crate::support::receiver::{Got, Receiver};

const NEWSROOM: &str = "/api/v1/newsroom";
const WRITERS: usize = 4;
/// A kill waits for as many writes as chance says, fewer than these.
const BETWEEN: u64 = 40;
/// The longest that nobody is told anything: what a dead node had taken is free again after 14 seconds, and a push that
/// failed on a busy machine is tried again after 16.
const HELD: Duration = Duration::from_secs(60);
/// What the newsroom's own partner is told of.
const INSIDE: [&str; 2] = ["alert.created", "push.requested"];

/// How often the process is killed.
fn kills() -> usize {
    std::env::var("TEST_KILLS").map_or(12, |kills| kills.parse().expect("TEST_KILLS is a number"))
}

/// What all writers together do, and what they were answered: an event of this topic and of this thing must be there.
#[derive(Default)]
struct Load {
    next: AtomicUsize,
    answered: Mutex<BTreeSet<(&'static str, Uuid)>>,
    over: AtomicBool,
}

impl Load {
    fn count(&self) -> usize {
        self.answered.lock().unwrap().len()
    }

    fn write(&self, editor: &Asker) {
        while !self.over.load(Ordering::SeqCst) {
            let n = self.next.fetch_add(1, Ordering::SeqCst);
            Piece { n, editor, load: self }.write();
        }
    }
}

/// Ends the writers' work when it is dropped, also by an assertion that fails while they wait for it.
struct Shift<'a>(&'a Load);

impl Drop for Shift<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

/// One piece of work: a source, a tag, or an alert that goes out and may be taken back.
struct Piece<'a> {
    n: usize,
    editor: &'a Asker,
    load: &'a Load,
}

impl Piece<'_> {
    /// Does it, or as much as it gets to do.
    fn write(&self) -> Option<()> {
        let name = format!("خبر {}", self.n);
        match self.n % 4 {
            0 => drop(self.ask(&["source.created"], "/sources", None, &json!({ "name": name, "kind": "own" }))?),
            1 => drop(self.ask(&["tag.created"], "/tags", None, &json!({ "name": name }))?),
            kind => {
                let form = json!({ "headline": name, "language": "ar", "topics": ["زلازل"] });
                let alert = self.ask(&["alert.created"], "/alerts", None, &form)?;
                let step = |step: &str| format!("/alerts/{alert}/{step}");
                self.ask(&["alert.issued", "push.requested"], &step("issue"), Some("\"1\""), &json!({}))?;
                if kind == 3 {
                    let why = json!({ "reason": "لم يحدث." });
                    self.ask(&["alert.retracted"], &step("retract"), Some("\"2\""), &why)?;
                }
            }
        }
        Some(())
    }

    /// Sends a request and notes what it must have led to. Half of the writers' clients come back with the same request
    /// until they know what became of it, the others give up when the connection breaks.
    fn ask(&self, topics: &[&'static str], path: &str, version: Option<&str>, body: &Value) -> Option<Uuid> {
        let (path, key) = (format!("{NEWSROOM}{path}"), format!("{}-{}", self.n, topics[0]));
        let headers = [("idempotency-key", key.as_str()), ("if-match", version.unwrap_or_default())];
        let headers = if version.is_some() { &headers[..] } else { &headers[..1] };
        let send = || self.editor.send("POST", &path, headers, Some(body)).ok().filter(|told| told.status != 503);
        let told = if (self.n / 4).is_multiple_of(2) { Some(until("the server answers", send)) } else { send() };
        let Some(told) = told else {
            until("the server is back", || self.editor.send("GET", "/health/live", &[], None).ok());
            return None;
        };
        assert!(matches!(told.status, 200 | 201), "{path}: {} {:#}", told.status, told.json);
        let id: Uuid = told.json["id"].as_str().unwrap().parse().unwrap();
        self.load.answered.lock().unwrap().extend(topics.iter().map(|topic| (*topic, id)));
        Some(id)
    }
}

/// An event in the log.
struct Entry {
    seq: i64,
    number: Option<i64>,
    topic: String,
    target: Uuid,
    payload: String,
    at: UtcTime,
}

impl Entry {
    /// Whether it is a public one of an alert: what the stream of alerts tells.
    fn is_streamed(&self) -> bool {
        self.number.is_some() && self.topic.starts_with("alert.")
    }

    /// What a message about it is called.
    fn name(&self) -> String {
        self.number.map_or_else(|| format!("evt_s{}", self.seq), |number| format!("evt_{number}"))
    }

    fn payload(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap()
    }

    /// As it goes out.
    fn view(&self) -> Value {
        let (kind, target) = (self.topic.clone(), Some(self.target));
        json!(EventView { kind, timestamp: self.at, target, data: self.payload() })
    }
}

/// All that was committed. The numbers have no gap, those of the public events neither.
fn log(home: &Home) -> Vec<Entry> {
    type Row = (i64, Option<i64>, String, Visibility, Option<Vec<u8>>, String, UtcTime);
    let conn = &mut home.sql();
    let columns = (
        events::seq,
        events::public_seq,
        events::topic,
        events::visibility,
        events::target_id,
        events::payload,
        events::at,
    );
    // The numbers first: PostgreSQL may still be at a commit that the process asked for before it was killed.
    let last = event_counter::table.select((event_counter::seq, event_counter::public_seq));
    let (last, last_public): (i64, i64) = last.first(conn).unwrap();
    let known = events::table.filter(events::seq.le(last));
    let rows: Vec<Row> = known.order(events::seq.asc()).select(columns).load(conn).unwrap();
    let entry = |(seq, number, topic, visibility, target, payload, at): Row| {
        assert_eq!(number.is_some(), visibility == Visibility::Public);
        Entry { seq, number, topic, target: Uuid::from_slice(&target.unwrap()).unwrap(), payload, at }
    };
    let log: Vec<Entry> = rows.into_iter().map(entry).collect();
    assert!(log.iter().map(|entry| entry.seq).eq(1..=last), "a gap among the {last} events");
    assert!(
        log.iter().filter_map(|entry| entry.number).eq(1..=last_public),
        "a gap among the {last_public} public events"
    );
    log
}

/// What each alert's last push has to say.
fn last_notices(log: &[Entry]) -> BTreeMap<Uuid, Value> {
    let requested = log.iter().filter(|entry| entry.topic == "push.requested");
    requested.map(|entry| (entry.target, entry.payload())).collect()
}

/// An endpoint of the receiver, and what came for it.
struct Partner {
    path: String,
    secret: Secret,
    /// Every public event where there is no list.
    topics: Option<&'static [&'static str]>,
    told: BTreeMap<String, Got>,
    repeated: usize,
}

impl Partner {
    fn sign_up(admin: &Asker, receiver: &Receiver, name: &str, topics: Option<&'static [&'static str]>) -> Self {
        let form = json!({ "url": format!("{}&for={name}", receiver.url()), "topics": topics });
        let made = admin.post(&format!("{NEWSROOM}/webhooks"), &[], &form).expect(201);
        let secret = Secret::parse(made.json["secret"].as_str().unwrap()).unwrap();
        Self { path: format!("/hooks?key=hidden&for={name}"), secret, topics, told: BTreeMap::new(), repeated: 0 }
    }

    fn wants(&self, entry: &Entry) -> bool {
        self.topics.map_or(entry.number.is_some(), |topics| topics.contains(&entry.topic.as_str()))
    }

    /// Takes a message that is signed, with the same content as the last time.
    fn take(&mut self, got: Got) {
        let at = UtcTime::from_micros(got.header("webhook-timestamp").parse::<i64>().unwrap() * 1_000_000);
        let signed = sign(std::slice::from_ref(&self.secret), got.header("webhook-id"), at, &got.body);
        assert_eq!(got.header("webhook-signature"), signed);
        let body = got.body.clone();
        if let Some(before) = self.told.insert(got.header("webhook-id").to_owned(), got) {
            self.repeated += 1;
            assert_eq!(before.body, body);
        }
    }

    /// It was told of all that is for it, as the log has it, and of nothing else.
    fn has_the_truth(&self, log: &[Entry]) {
        let wanted: Vec<&Entry> = log.iter().filter(|entry| self.wants(entry)).collect();
        let names: BTreeSet<String> = wanted.iter().map(|entry| entry.name()).collect();
        assert!(self.told.keys().eq(&names), "{}", self.path);
        for entry in wanted {
            assert_eq!(self.told[&entry.name()].json(), entry.view());
        }
    }
}

/// Everybody who is told of what happens.
struct Readers {
    receiver: Receiver,
    partners: [Partner; 2],
    /// What a receiver's library is asked to verify.
    requests: Vec<Value>,
    service: PushService,
    /// The last one has chosen what does not happen.
    browsers: Vec<Browser>,
    /// For each browser, what it showed of each alert.
    shown: Vec<BTreeMap<Uuid, Vec<Value>>>,
    follower: Follower,
}

impl Readers {
    fn start(server: &Server, admin: &Asker) -> Self {
        let (receiver, service) = (Receiver::start(), PushService::start());
        let partner = |name, topics| Partner::sign_up(admin, &receiver, name, topics);
        let partners = [partner("public", None), partner("inside", Some(&INSIDE))];
        let choices =
            [json!({}), json!({ "language": "ar" }), json!({ "topics": ["زلازل"] }), json!({ "language": "en" })];
        let subscribe = |(n, choice): (usize, &Value)| {
            let browser = service.browser(&n.to_string());
            let form = with(browser.json(), choice.clone());
            server.ask().post("/api/v1/push/subscriptions", &[], &form).expect(200);
            browser
        };
        let browsers: Vec<Browser> = choices.iter().enumerate().map(subscribe).collect();
        let shown = vec![BTreeMap::new(); browsers.len()];
        let mut dice = dice(3);
        let follower = Follower::start(server.port(), ALERTS, move || dice(100) < 3);
        Self { receiver, partners, requests: Vec::new(), service, browsers, shown, follower }
    }

    /// Takes what has come since the last look.
    fn look(&mut self) {
        for got in self.receiver.got() {
            let partner =
                self.partners.iter_mut().find(|partner| partner.path == got.path).expect("an endpoint of ours");
            let (secret, body) = (partner.secret.reveal(), String::from_utf8(got.body.clone()).unwrap());
            self.requests.push(json!({ "secret": secret, "headers": got.headers, "body": body }));
            partner.take(got);
        }
        let handed = self.service.handed();
        for (browser, shown) in self.browsers.iter().zip(&mut self.shown) {
            for message in browser.of(&handed) {
                let message = browser.read(message);
                let alert = message["tag"].as_str().unwrap().parse().unwrap();
                shown.entry(alert).or_default().push(message);
            }
        }
    }

    /// How much of the log somebody has not been told yet.
    fn owed(&self, log: &[Entry], notices: &BTreeMap<Uuid, Value>) -> usize {
        let untold = |partner: &Partner| {
            log.iter().filter(|entry| partner.wants(entry) && !partner.told.contains_key(&entry.name())).count()
        };
        let unshown = |shown: &BTreeMap<Uuid, Vec<Value>>| {
            let is_shown = |alert: &Uuid, notice: &Value| {
                shown.get(alert).is_some_and(|all| all.last().is_some_and(|last| last["cause"] == notice["cause"]))
            };
            notices.iter().filter(|(alert, notice)| !is_shown(alert, notice)).count()
        };
        let followed = self.follower.ids().last().copied().unwrap_or_default();
        let ahead = log.iter().filter(|entry| entry.is_streamed() && entry.number > Some(followed)).count();
        let aimed = self.shown.len() - 1;
        ahead + self.partners.iter().map(untold).sum::<usize>() + self.shown[..aimed].iter().map(unshown).sum::<usize>()
    }

    /// Waits until nothing is owed, as long as something comes.
    fn wait(&mut self, log: &[Entry]) {
        let notices = last_notices(log);
        let mut owed = self.owed(log, &notices);
        while owed > 0 {
            owed = within(HELD, &format!("somebody is told more of {owed} things"), || {
                self.look();
                let left = self.owed(log, &notices);
                (left < owed).then_some(left)
            });
        }
    }

    /// Everybody was told of what is in the log, and of nothing else.
    fn have_the_truth(&self, log: &[Entry]) {
        self.partners.iter().for_each(|partner| partner.has_the_truth(log));
        let streamed: Vec<&Entry> = log.iter().filter(|entry| entry.is_streamed()).collect();
        let told = self.follower.told();
        assert!(self.follower.ids().into_iter().eq(streamed.iter().filter_map(|entry| entry.number)));
        for (message, entry) in told.iter().zip(streamed) {
            assert_eq!((&message.event, &message.data), (&entry.topic, &entry.view()));
        }
        let requested = log.iter().filter(|entry| entry.topic == "push.requested");
        let texts =
            |notice: &Value| (notice["cause"].to_string(), notice["title"].to_string(), notice["body"].to_string());
        let asked: BTreeSet<_> = requested.map(|entry| (entry.target, texts(&entry.payload()))).collect();
        let (unaimed, aimed) = self.shown.split_last().unwrap();
        assert!(unaimed.is_empty(), "it chose another language");
        for (alert, messages) in aimed.iter().flatten() {
            assert!(messages.iter().all(|message| asked.contains(&(*alert, texts(message)))), "{alert}: {messages:?}");
        }
    }
}

/// Nothing is in the log without its thing, no thing without its event, and what was answered is there once.
fn is_whole(home: &Home, log: &[Entry], load: &Load) {
    let conn = &mut home.sql();
    let targets = |topics: &[&str]| -> Vec<Uuid> {
        let mut targets: Vec<Uuid> =
            log.iter().filter(|entry| topics.contains(&entry.topic.as_str())).map(|entry| entry.target).collect();
        targets.sort_unstable();
        targets
    };
    let records: Vec<RecordId> = records::table.order(records::id.asc()).select(records::id).load(conn).unwrap();
    assert!(records.iter().map(|id| id.uuid()).eq(targets(&["source.created", "tag.created"])));
    let alerts: Vec<AlertId> = alerts::table.order(alerts::id.asc()).select(alerts::id).load(conn).unwrap();
    assert!(alerts.iter().map(|id| id.uuid()).eq(targets(&["alert.created"])));
    for (topic, target) in load.answered.lock().unwrap().iter() {
        let found = log.iter().filter(|entry| entry.topic == *topic && entry.target == *target).count();
        // A retraction asks for a push of its own.
        assert!(found == 1 || found == 2 && *topic == "push.requested", "{topic} of {target}: {found}");
    }
}

#[test]
fn every_reader_is_told_of_every_event_that_was_committed_and_of_none_that_was_not() {
    let (began, kills) = (Instant::now(), kills());
    let home =
        Home::new().set("KHABAR_OUTBOUND__INNER", "[\"127.0.0.1\"]").set("KHABAR_OUTBOUND__TIMEOUT_SECONDS", "1");
    let home = home.set("KHABAR_PUSH__SERVICES", "[\"127.0.0.1\"]");
    let (admin, editor) = (home.account("admin"), home.account("editor"));
    let port = free_port();
    let mut server = home.serve_at(port);
    let mut readers = Readers::start(&server, &server.sign_in(&admin));
    let editor = server.sign_in(&editor);
    let (load, mut dice, mut between) = (Load::default(), dice(9), 0);
    thread::scope(|scope| {
        let _shift = Shift(&load);
        for _ in 0..WRITERS {
            let editor = server.ask().with_token(editor.token());
            let load = &load;
            scope.spawn(move || load.write(&editor));
        }
        for _ in 0..kills {
            let enough = load.count() + usize::try_from(dice(BETWEEN)).unwrap();
            until("enough is written", || (load.count() >= enough).then_some(()));
            server.kill();
            readers.look();
            let log = log(&home);
            between += usize::from(readers.owed(&log, &last_notices(&log)) > 0);
            server = home.serve_at(port);
        }
    });
    let log = log(&home);
    is_whole(&home, &log, &load);
    let killed = began.elapsed();
    readers.wait(&log);
    drop(server);
    readers.look();
    readers.have_the_truth(&log);
    assert!(between > kills / 2, "only {between} of {kills} came between a commit and what was told of it");
    let repeated: usize = readers.partners.iter().map(|partner| partner.repeated).sum();
    let pushes: usize = readers.shown.iter().flat_map(BTreeMap::values).map(Vec::len).sum();
    println!(
        "{kills} kills ({between} with something to tell) in {killed:.1?}, {} writes answered, {} events, {} webhooks ({repeated} \
         of them repeated), {} followed, {pushes} pushes of {}, in {:.1?}",
        load.count(),
        log.len(),
        readers.requests.len(),
        readers.follower.ids().len(),
        last_notices(&log).len(),
        began.elapsed(),
    );
    if let Some(python) = python() {
        let verified = ask(&python, VERIFY_WEBHOOKS, &json!(readers.requests));
        assert_eq!(verified, json!(vec![true; readers.requests.len()]));
    }
}

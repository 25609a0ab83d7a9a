//! A database that goes away under load, and comes back.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use khabar::db::schema::{event_counter, events, records};
use serde_json::json;

use super::streams::{ALERTS, issue};
use crate::support::cluster::{self, Cluster};
use crate::support::database::{self, Database};
use crate::support::follower::{Feed, Follower};
use crate::support::process::{Asker, Home, until};

const SOURCES: &str = "/api/v1/newsroom/sources";
/// The longest that anybody waits to be told that the database is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the writes so far.
#[derive(Default)]
struct Tally {
    next: AtomicUsize,
    refused: AtomicUsize,
    acknowledged: Mutex<BTreeSet<String>>,
    over: AtomicBool,
}

impl Tally {
    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until so many more are acknowledged.
    fn more(&self, count: usize) {
        let before = self.acknowledged();
        until("writes are acknowledged", || (self.acknowledged() >= before + count).then_some(()));
    }

    /// Waits until so many more are refused.
    fn fewer(&self, count: usize) {
        let before = self.refused.load(Ordering::SeqCst);
        until("writes are refused", || (self.refused.load(Ordering::SeqCst) >= before + count).then_some(()));
    }
}

/// Writes and reads without a pause. Every answer comes soon, and none says that we are broken.
fn load(editor: &Asker, tally: &Tally) {
    while !tally.over.load(Ordering::SeqCst) {
        let n = tally.next.fetch_add(1, Ordering::SeqCst);
        let form = json!({ "name": format!("مصدر {n}"), "kind": "agency" });
        let ask = |method: &str, body| {
            let began = Instant::now();
            let told = editor.send(method, SOURCES, &[], body).expect("the server itself stays");
            assert!(began.elapsed() < PATIENCE, "{method} took {:?}", began.elapsed());
            assert!(matches!(told.status, 200 | 201 | 503), "{method}: {} {:#}", told.status, told.json);
            assert!(told.status != 503 || !told.header("retry-after").is_empty());
            told
        };
        match ask("POST", Some(&form)).json["slug"].as_str() {
            Some(slug) => drop(tally.acknowledged.lock().unwrap().insert(slug.to_owned())),
            None => drop(tally.refused.fetch_add(1, Ordering::SeqCst)),
        }
        ask("GET", None);
    }
}

#[test]
fn a_database_that_goes_away_under_load_takes_nothing_with_it() {
    let (Some(_), Some(programs)) = (database::server(), cluster::programs()) else {
        return; // SQLite is inside the process, and somebody else's server is not ours to stop.
    };
    let cluster = Cluster::start(&programs).unwrap_or_else(|why| panic!("PostgreSQL did not start: {why}"));
    let home = Home::on(Database::empty_on(cluster.url()).into());
    let server = home.serve();
    let email = home.account("editor");
    let editor = server.sign_in(&email);
    let mut feed = Feed::open(server.port(), ALERTS, None).unwrap();
    let follower = Follower::start(server.port(), ALERTS, || false);
    let tally = Tally::default();
    thread::scope(|scope| {
        for _ in 0..6 {
            let editor = server.ask().with_token(editor.token());
            let tally = &tally;
            scope.spawn(move || load(&editor, tally));
        }
        for (n, mode) in ["fast", "immediate"].into_iter().enumerate() {
            issue(&editor, &format!("قبل {n}"));
            tally.more(20);
            let last = feed.expect(1)[0].id;
            assert!(cluster.stop(mode));
            tally.fewer(20);
            let mut late = Feed::open(server.port(), ALERTS, Some(last)).expect("a stream opens while it is away");
            assert!(cluster.go());
            tally.more(20);
            issue(&editor, &format!("بعد {n}"));
            assert_eq!(feed.expect(1), late.expect(1), "both went on");
        }
        tally.over.store(true, Ordering::SeqCst);
    });
    until("the follower has everything", || (follower.ids().len() == 4).then_some(()));
    assert_eq!(follower.connections(), 1, "its stream stayed");

    let conn = &mut home.sql();
    let topic = events::topic.eq("source.created");
    let created: i64 = events::table.filter(topic).count().get_result(conn).unwrap();
    let kept: BTreeSet<String> = records::table.select(records::slug).load(conn).unwrap().into_iter().collect();
    let acknowledged = tally.acknowledged.into_inner().unwrap();
    assert!(acknowledged.is_subset(&kept), "{:?}", acknowledged.difference(&kept));
    assert_eq!(usize::try_from(created).unwrap(), kept.len(), "each with its event");
    let seqs: Vec<i64> = events::table.select(events::seq).order(events::seq.asc()).load(conn).unwrap();
    let last: i64 = event_counter::table.select(event_counter::seq).first(conn).unwrap();
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
    assert!(!server.err().contains("panicked") && !server.err().contains("ERROR"), "{}", server.err());
}

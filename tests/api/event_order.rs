//! The numbers of events follow the order of commits, so that a reader who goes by them skips nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use futures_util::future::join_all;
use khabar::auth::Actor;
use khabar::db::Conn;
use khabar::db::schema::events as log;
use khabar::events::{self, Change};
use khabar::ids::{AlertId, Ids, SystemEntropy};
use khabar::problem::Problem;
use khabar::time::UtcTime;
use serde_json::json;

use crate::support::process::until;
use crate::support::{TestApp, database};

fn alert(headline: &str) -> Change {
    let now = UtcTime::from_micros(1_602_232_200_000_000);
    let id: AlertId = Ids::new(SystemEntropy).next(now);
    Change::public("alert.issued", id, json!({ "headline": headline }))
}

/// Takes numbers in an open transaction, as every change does just before its commit.
fn append(conn: &mut Conn, headlines: &[&str]) -> QueryResult<()> {
    let changes: Vec<Change> = headlines.iter().map(|headline| alert(headline)).collect();
    let now = UtcTime::from_micros(1_602_232_200_000_000);
    events::append(conn, now, &changes, None).map(drop)
}

fn run(conn: &mut Conn, statement: &str) -> QueryResult<()> {
    conn.batch_execute(statement)
}

/// What a reader finds after a number.
fn after(conn: &mut Conn, seq: i64) -> Vec<i64> {
    log::table.filter(log::seq.gt(seq)).order(log::seq.asc()).select(log::seq).load(conn).unwrap()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Connections of this database that wait for another's lock.
fn waiting(conn: &mut Conn) -> i64 {
    let text = "SELECT count(*) AS count FROM pg_stat_activity \
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
    diesel::sql_query(text).get_result::<Count>(conn).unwrap().count
}

#[actix_web::test]
async fn no_number_shows_before_a_lower_one_on_postgresql() {
    if database::server().is_none() {
        return; // An SQLite file takes one writer at a time; that is the next test.
    }
    let app = TestApp::new().await;
    for end in ["COMMIT", "ROLLBACK"] {
        let start = app.app.read(events::last).await.unwrap().0;
        let mut stream = app.listen("/api/v1/alerts/stream", None).await;
        let (mut early, mut late, mut reader) = (app.sql(), app.sql(), app.sql());
        run(&mut early, "BEGIN").unwrap();
        append(&mut early, &["first", "second"]).unwrap();
        let later = thread::spawn(move || {
            run(&mut late, "BEGIN").unwrap();
            append(&mut late, &["third"]).unwrap();
            late
        });
        until("the second transaction waits for a number", || (waiting(&mut reader) == 1).then_some(()));
        app.relay().await;
        assert_eq!((after(&mut reader, start), stream.news().await.len()), (vec![], 0), "nothing is committed");
        assert!(!later.is_finished(), "no number is given out while a lower one is open");

        run(&mut early, end).unwrap();
        let mut late = later.join().unwrap();
        let mut told: Vec<i64> = Vec::new();
        let first: Vec<i64> = if end == "COMMIT" { vec![start + 1, start + 2] } else { vec![] };
        assert_eq!(after(&mut reader, start), first);
        app.relay().await;
        told.extend(stream.news().await.iter().map(|message| message.id));
        assert_eq!(told, first);

        run(&mut late, "COMMIT").unwrap();
        let all: Vec<i64> = (start + 1..=start + i64::try_from(first.len()).unwrap() + 1).collect();
        assert_eq!(after(&mut reader, start), all, "without a gap, also where one gave up");
        app.relay().await;
        told.extend(stream.news().await.iter().map(|message| message.id));
        assert_eq!(told, all);
    }
}

#[actix_web::test]
async fn no_number_shows_before_a_lower_one_on_sqlite() {
    if database::server().is_some() {
        return; // That was the test before.
    }
    let app = TestApp::new().await;
    for end in ["COMMIT", "ROLLBACK"] {
        let start = app.app.read(events::last).await.unwrap().0;
        let (mut early, mut late, mut reader) = (app.sql(), app.sql(), app.sql());
        run(&mut late, "PRAGMA busy_timeout = 0").unwrap();
        run(&mut early, "BEGIN IMMEDIATE").unwrap();
        append(&mut early, &["first", "second"]).unwrap();
        for begin in ["BEGIN IMMEDIATE", "BEGIN DEFERRED"] {
            let refused = run(&mut late, begin).and_then(|()| append(&mut late, &["third"])).unwrap_err();
            assert!(refused.to_string().contains("locked"), "{begin}: {refused}");
            drop(run(&mut late, "ROLLBACK"));
        }
        app.relay().await;
        assert_eq!(after(&mut reader, start), [0; 0]);
        run(&mut early, end).unwrap();
        run(&mut late, "BEGIN IMMEDIATE").unwrap();
        append(&mut late, &["third"]).unwrap();
        let first = if end == "COMMIT" { 2 } else { 0 };
        assert_eq!(after(&mut reader, start), (start + 1..=start + first).collect::<Vec<_>>());
        run(&mut late, "COMMIT").unwrap();
        assert_eq!(after(&mut reader, start), (start + 1..=start + first + 1).collect::<Vec<_>>());
    }
}

#[actix_web::test]
async fn a_reader_beside_many_writers_finds_every_number_in_order() {
    let app = TestApp::new().await;
    let start = app.app.read(events::last).await.unwrap().0;
    let (mut reader, done) = (app.sql(), Arc::new(AtomicBool::new(false)));
    let is_done = Arc::clone(&done);
    let reading = thread::spawn(move || {
        let mut seen = vec![start];
        loop {
            // Looked at before the last look, so that it finds everything.
            let last = is_done.load(Ordering::SeqCst);
            seen.extend(after(&mut reader, *seen.last().unwrap()));
            if last {
                return seen;
            }
        }
    });
    let write = |n: usize| {
        app.app.write(Actor::operator(), move |tx| {
            (0..n % 4).for_each(|_| tx.record(alert("x")));
            if n.is_multiple_of(7) { Err(Problem::not_found()) } else { Ok(n % 4) }
        })
    };
    let written: usize = join_all((0..200).map(write)).await.into_iter().filter_map(Result::ok).sum();
    done.store(true, Ordering::SeqCst);
    let seen = reading.join().unwrap();
    let last = start + i64::try_from(written).unwrap();
    assert_eq!(seen, (start..=last).collect::<Vec<_>>());
}

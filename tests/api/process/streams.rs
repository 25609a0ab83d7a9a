//! Streams over real connections: what a client is told while servers stop, die, start again and lose their database.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use khabar::db::schema::events;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::support::database;
use crate::support::follower::{Feed, Follower};
use crate::support::process::{Asker, Home, free_port, until};

pub const ALERTS: &str = "/api/v1/alerts/stream";
const STREAM: &str = "/api/v1/stream";
const NEWSROOM: &str = "/api/v1/newsroom/alerts";

/// Sends an alert out, however often the server has to be asked, and once.
pub fn issue(editor: &Asker, headline: &str) -> String {
    let form = json!({ "headline": headline, "language": "ar" });
    let key = utf8_percent_encode(headline, NON_ALPHANUMERIC).to_string();
    let draft = insist(editor, NEWSROOM, &[("idempotency-key", &key)], &form);
    let id = draft["id"].as_str().unwrap().to_owned();
    let keyed = [("idempotency-key", key.as_str()), ("if-match", "\"1\"")];
    insist(editor, &format!("{NEWSROOM}/{id}/issue"), &keyed, &json!({}));
    id
}

/// Asks until there is an answer.
fn insist(editor: &Asker, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
    until("the server answers", || {
        let told = editor.send("POST", path, headers, Some(body)).ok().filter(|told| told.status != 503)?;
        assert!(matches!(told.status, 200 | 201), "{path}: {} {:#}", told.status, told.json);
        Some(told.json)
    })
}

/// The numbers of all alerts' public events, as the log has them.
fn public_alerts(home: &Home) -> Vec<i64> {
    let public = events::table.filter(events::visibility.eq("public").and(events::target_kind.eq("alert")));
    public.order(events::seq.asc()).select(events::public_seq.assume_not_null()).load(&mut home.sql()).unwrap()
}

/// The follower ends up with exactly what is in the log.
#[track_caller]
fn has_everything(follower: &Follower, home: &Home) {
    let all = public_alerts(home);
    until("the last event arrives", || (follower.ids().last() >= all.last()).then_some(()));
    assert_eq!(follower.ids(), all);
    assert!(follower.told().iter().all(|message| message.event == "alert.issued"));
}

#[test]
fn a_server_that_is_told_to_stop_sends_its_streams_home_and_ends_soon() {
    let home = Home::new();
    let email = home.account("editor");
    let mut server = home.serve();
    let editor = server.sign_in(&email);
    let mut feeds: Vec<Feed> = (0..20).map(|_| Feed::open(server.port(), ALERTS, None).unwrap()).collect();
    issue(&editor, "قبل النهاية");
    for feed in &mut feeds {
        assert_eq!(feed.expect(1).len(), 1);
        feed.source.retry_ms = None;
    }
    let began = Instant::now();
    server.terminate();
    let mut retries = Vec::new();
    for feed in &mut feeds {
        let (told, took) = feed.until_the_end();
        assert!(told.is_empty() && took < Duration::from_secs(1), "{told:?} after {took:?}");
        retries.push(feed.source.retry_ms.expect("it is told when to come back"));
    }
    assert_eq!(server.ended().code(), Some(0), "{}", server.err());
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    retries.sort_unstable();
    retries.dedup();
    assert!(retries.len() > 10, "they spread out: {retries:?}");
}

#[test]
fn a_client_that_goes_gives_its_seat_back_at_once() {
    let home = Home::new().set("KHABAR_EVENTS__STREAMS_MAX", "3");
    let server = home.serve();
    let open = || Feed::open(server.port(), ALERTS, None);
    let feeds: Vec<Feed> = (0..3).map(|_| open().unwrap()).collect();
    let refused = open().err().unwrap().to_string();
    assert!(refused.contains("200") && refused.contains("content-length:"), "{refused}");
    drop(feeds);
    let (began, mut feeds) = (Instant::now(), Vec::new());
    until("the seats are free", || {
        feeds.extend(open());
        (feeds.len() == 3).then_some(())
    });
    assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
}

#[test]
fn a_killed_server_that_comes_back_goes_on_where_each_client_left_off() {
    let home = Home::new();
    let email = home.account("editor");
    let port = free_port();
    let mut server = home.serve_at(port);
    let editor = server.sign_in(&email);
    let followers: Vec<Follower> = [ALERTS, STREAM].map(|target| Follower::start(port, target, || false)).into();
    (0..5).for_each(|n| drop(issue(&editor, &format!("قبل {n}"))));
    server.kill();
    let mut server = home.serve_at(port);
    (0..5).for_each(|n| drop(issue(&editor, &format!("بعد {n}"))));
    server.kill();
    // Issued by a node that these clients never see, while theirs is away.
    let other = home.serve();
    let elsewhere = other.ask().with_token(editor.token());
    (0..5).for_each(|n| drop(issue(&elsewhere, &format!("أثناء {n}"))));
    drop(other);
    let _server = home.serve_at(port);
    for follower in &followers {
        has_everything(follower, &home);
        assert_eq!((follower.ids().len(), follower.connections()), (15, 3));
    }
}

#[test]
fn two_nodes_tell_their_clients_the_same_also_after_one_was_killed() {
    if database::server().is_none() {
        return; // An SQLite file has one node.
    }
    let here = Home::new().set("KHABAR_JWT_SECRET", &"one secret for both of them ".repeat(2));
    let there = here.neighbour();
    let email = here.account("editor");
    let port = free_port();
    let (first, mut second) = (here.serve(), there.serve_at(port));
    let editor = first.sign_in(&email);
    let follower = Follower::start(port, ALERTS, || false);
    for n in 0..10 {
        issue(&editor, &format!("خبر {n}"));
        let began = Instant::now();
        until("it is told at the other node", || (follower.ids().len() == n + 1).then_some(()));
        assert!(began.elapsed() < Duration::from_millis(900), "sooner than the tick: {:?}", began.elapsed());
    }
    second.kill();
    (10..20).for_each(|n| drop(issue(&editor, &format!("خبر {n}"))));
    let _second = there.serve_at(port);
    (20..25).for_each(|n| drop(issue(&editor, &format!("خبر {n}"))));
    has_everything(&follower, &here);
    assert_eq!(follower.ids().len(), 25);
}

/// Numbers that look random and are the same in every run (a linear congruential generator).
pub fn dice(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |sides| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % sides
    }
}

#[test]
fn nothing_is_missed_or_told_twice_whatever_breaks() {
    const ISSUED: usize = 200;
    const RESTARTS: usize = 5;
    let home = Home::new();
    let email = home.account("editor");
    let port = free_port();
    let mut server = home.serve_at(port);
    let editor = server.sign_in(&email);
    let follow = |n: u64| {
        let mut dice = dice(n);
        Follower::start(port, if n.is_multiple_of(3) { STREAM } else { ALERTS }, move || dice(100) < 3)
    };
    let followers: Vec<Follower> = (0..12).map(follow).collect();
    let (next, issued) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            let editor = server.ask().with_token(editor.token());
            let (next, issued) = (&next, &issued);
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= ISSUED {
                        break;
                    }
                    issue(&editor, &format!("خبر {n}"));
                    issued.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for restart in 1..=RESTARTS {
            let enough = restart * ISSUED / (RESTARTS + 1);
            until("enough is issued", || (issued.load(Ordering::SeqCst) >= enough).then_some(()));
            if restart.is_multiple_of(2) {
                server.terminate();
                server.ended();
            } else {
                server.kill();
            }
            server = home.serve_at(port);
        }
    });
    assert_eq!(public_alerts(&home).len(), ISSUED);
    for follower in &followers {
        has_everything(follower, &home);
        assert!(follower.connections() > RESTARTS, "it was cut off: {}", follower.connections());
    }
}

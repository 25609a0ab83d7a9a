//! Several at once: nodes on one database, writers in one commit.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::database;
use crate::support::process::Home;

const SOURCES: &str = "/api/v1/newsroom/sources";

/// Sends so many requests at once, from a few threads each; answers their statuses.
fn at_once(count: usize, threads: usize, send: impl Fn(usize) -> u16 + Sync) -> Vec<u16> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            let mut statuses = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::SeqCst);
                if n >= count {
                    return statuses;
                }
                statuses.push(send(n));
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn how_many(statuses: &[u16], wanted: u16) -> usize {
    statuses.iter().filter(|status| **status == wanted).count()
}

#[test]
fn two_nodes_that_start_at_once_on_an_empty_database_work_as_one() {
    if database::server().is_none() {
        return; // An SQLite file has one node.
    }
    let one = Home::empty().set("KHABAR_JWT_SECRET", &"one secret for both of them ".repeat(2));
    let other = one.neighbour();
    let (first, second) = (one.spawn(&["serve"]), other.spawn(&["serve"]));
    let (first, second) = (first.ready().expect("a free port"), second.ready().expect("a free port"));
    let email = one.account("editor");
    let here = first.sign_in(&email);
    let there = second.ask().with_token(here.token());
    let made = here.post(SOURCES, &[], &json!({ "name": "هيا", "kind": "own" })).expect(201);
    let path = made.header("location");
    assert_eq!(there.get(&path).expect(200).json, made.json);
    let statuses = at_once(50, 50, |n| {
        let node = if n.is_multiple_of(2) { &here } else { &there };
        node.patch(&path, &[("if-match", "\"1\"")], &json!({ "creditLine": n.to_string() })).status
    });
    assert_eq!((how_many(&statuses, 200), how_many(&statuses, 412)), (1, 49), "{statuses:?}");
    assert_eq!(there.get(&path).json, here.get(&path).json);
}

#[test]
fn a_write_that_fails_takes_no_other_with_it() {
    let home = Home::new();
    let email = home.account("editor");
    let server = home.serve();
    let editor = server.sign_in(&email);
    let make = |n: usize| {
        let body: Value = json!({ "name": format!("مصدر {}", n / 2), "kind": "agency" });
        editor.post(SOURCES, &[], &body).status
    };
    let statuses = at_once(100, 50, make);
    assert_eq!((how_many(&statuses, 201), how_many(&statuses, 409)), (50, 50), "{statuses:?}");
    let total = editor.get(&format!("{SOURCES}?count=true&limit=1")).expect(200).json["page"]["total"].clone();
    assert_eq!(total, 50);
}

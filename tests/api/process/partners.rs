//! What was committed reaches partners, whatever happens to the process between the commit and the sending.

use std::collections::BTreeSet;

use diesel::prelude::*;
use khabar::db::schema::events;
use khabar::time::UtcTime;
use khabar::webhooks::signature::{Secret, sign};
use serde_json::json;

use crate::support::process::{Asker, Home, Server, until};
use crate::support::receiver::{Got, Receiver};

const ROUNDS: usize = 3;
const WRITERS: usize = 4;
const WRITES: usize = 25;

/// Makes sources as fast as it goes, until the process is killed in the middle of it.
fn interrupted(server: &mut Server, editor: &Asker, receiver: &Receiver, round: usize) -> Vec<Got> {
    let mut got = Vec::new();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let editor = editor.clone();
            scope.spawn(move || {
                for n in 0..WRITES {
                    let name = format!("{round}-{writer}-{n}");
                    drop(editor.send(
                        "POST",
                        "/api/v1/newsroom/sources",
                        &[],
                        Some(&json!({ "name": name, "kind": "own" })),
                    ));
                }
            });
        }
        until("some are told", || {
            got.extend(receiver.got());
            (got.len() >= 5 + round * 20).then_some(())
        });
        server.kill();
    });
    got
}

fn seqs(got: &[Got]) -> BTreeSet<i64> {
    got.iter().map(|got| got.seq()).collect()
}

#[test]
fn a_partner_is_told_of_every_event_that_was_committed_and_of_none_that_was_not() {
    let receiver = Receiver::start();
    let home =
        Home::new().set("KHABAR_OUTBOUND__INNER", "[\"127.0.0.1\"]").set("KHABAR_OUTBOUND__TIMEOUT_SECONDS", "1");
    let (admin, editor) = (home.account("admin"), home.account("editor"));
    let mut server = home.serve();
    let form = json!({ "url": receiver.url(), "topics": ["source.created"] });
    let made = server.sign_in(&admin).post("/api/v1/newsroom/webhooks", &[], &form).expect(201);
    let secret = Secret::parse(made.json["secret"].as_str().unwrap()).unwrap();
    let mut got = Vec::new();
    for round in 0..ROUNDS {
        let editor = server.sign_in(&editor);
        got.extend(interrupted(&mut server, &editor, &receiver, round));
        server = home.serve();
    }
    let happened = events::table.filter(events::topic.eq("source.created")).select(events::seq);
    let happened: BTreeSet<i64> = happened.load::<i64>(&mut home.sql()).unwrap().into_iter().collect();
    until("every event is told", || {
        got.extend(receiver.got());
        seqs(&got).is_superset(&happened).then_some(())
    });
    assert_eq!(seqs(&got), happened, "and nothing else");
    assert!(happened.len() > 60, "{}", happened.len());
    for got in &got {
        let at = UtcTime::from_micros(got.header("webhook-timestamp").parse::<i64>().unwrap() * 1_000_000);
        let signed = sign(std::slice::from_ref(&secret), got.header("webhook-id"), at, &got.body);
        assert_eq!(got.header("webhook-signature"), signed);
    }
}

//! What was answered is kept whole, whatever happens to the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::prelude::*;
use diesel::sql_types::Text;
use khabar::db::Conn;
use khabar::db::schema::{articles, audit_log, event_counter, events, records, revisions};
use khabar::ids::{ArticleId, RecordId};
use serde_json::json;
use uuid::Uuid;

use crate::support::process::{Asker, Home, until};

const ROUNDS: usize = 5;
const WRITES: usize = 200;
const WRITERS: usize = 8;

/// Makes the nth thing of a round: a source or an article. Answers its id, if the answer came.
fn make(client: &Asker, round: usize, n: usize) -> Option<Uuid> {
    let name = format!("خبر {round} رقم {n}");
    let (path, body) = if n.is_multiple_of(2) {
        ("/api/v1/newsroom/sources", json!({ "name": name, "kind": "agency" }))
    } else {
        ("/api/v1/newsroom/articles", json!({ "headline": name, "language": "ar", "bodyMarkdown": "نص." }))
    };
    let key = format!("{round}-{n}");
    let told = client.send("POST", path, &[("idempotency-key", &key)], Some(&body)).ok()?.expect(201);
    Some(told.json["id"].as_str().unwrap().parse().unwrap())
}

/// Kills the server when so many of the writes are answered; answers what was.
fn interrupted(home: &Home, email: &str, round: usize) -> BTreeMap<usize, Uuid> {
    let mut server = home.serve();
    let editor = server.sign_in(email);
    let (next, answered) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let editor = server.ask().with_token(editor.token());
            let (next, answered) = (&next, &answered);
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= WRITES {
                        break;
                    }
                    if let Some(id) = make(&editor, round, n) {
                        answered.lock().unwrap().insert(n, id);
                    }
                }
            });
        }
        until("enough is written", || (answered.lock().unwrap().len() >= 20 + round * 30).then_some(()));
        server.kill();
    });
    answered.into_inner().unwrap()
}

/// How often each thing is in a column.
fn counted(ids: Vec<Vec<u8>>) -> BTreeMap<Uuid, usize> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(Uuid::from_slice(&id).unwrap()).or_default() += 1;
    }
    counts
}

fn whole(conn: &mut Conn, made: &BTreeMap<usize, Uuid>) {
    let records: Vec<RecordId> = records::table.select(records::id).load(conn).unwrap();
    let articles: Vec<ArticleId> = articles::table.select(articles::id).load(conn).unwrap();
    let found: BTreeSet<Uuid> = records.iter().map(|id| id.uuid()).chain(articles.iter().map(|id| id.uuid())).collect();
    let targets: Vec<Option<Vec<u8>>> = events::table
        .filter(events::topic.eq_any(vec!["source.created", "article.created"]))
        .select(events::target_id)
        .load(conn)
        .unwrap();
    let told = counted(targets.into_iter().flatten().collect());
    let targets: Vec<Option<Vec<u8>>> = audit_log::table
        .filter(audit_log::action.eq_any(vec!["source.created", "article.created"]))
        .select(audit_log::target_id)
        .load(conn)
        .unwrap();
    let audited = counted(targets.into_iter().flatten().collect());
    let revised: Vec<ArticleId> = revisions::table.select(revisions::article_id).load(conn).unwrap();
    let revised = counted(revised.into_iter().map(|id| id.uuid().as_bytes().to_vec()).collect());
    for (n, id) in made {
        assert!(found.contains(id), "write {n} was answered and is gone");
        assert_eq!((told.get(id), audited.get(id)), (Some(&1), Some(&1)), "write {n}: its event and its audit line");
        assert!(n.is_multiple_of(2) || revised.get(id) == Some(&1), "write {n}: its revision");
    }
    let of: BTreeSet<Uuid> = told.keys().copied().collect();
    assert_eq!(found, of, "nothing is there without an event, no event without its thing");
    assert_eq!(told, audited);
    let seqs: Vec<i64> = events::table.select(events::seq).order(events::seq.asc()).load(conn).unwrap();
    let last: i64 = event_counter::table.select(event_counter::seq).first(conn).unwrap();
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>(), "the events are numbered without a gap");
    if let Conn::Sqlite(conn) = conn {
        #[derive(QueryableByName)]
        struct Check {
            #[diesel(sql_type = Text)]
            integrity_check: String,
        }
        let said: Vec<Check> = diesel::sql_query("PRAGMA integrity_check").load(conn).unwrap();
        assert_eq!(said[0].integrity_check, "ok");
    }
}

#[test]
fn a_killed_server_has_kept_what_it_answered_and_repeats_nothing() {
    let home = Home::new();
    let email = home.account("editor");
    for round in 0..ROUNDS {
        let answered = interrupted(&home, &email, round);
        assert!(answered.len() < WRITES, "the server was killed too late");
        let server = home.serve();
        whole(&mut home.sql(), &answered);
        let editor = server.sign_in(&email);
        let made: BTreeMap<usize, Uuid> = (0..WRITES).map(|n| (n, make(&editor, round, n).unwrap())).collect();
        assert!(answered.iter().all(|(n, id)| made[n] == *id), "a repetition gets the first answer");
        whole(&mut home.sql(), &made);
        let conn = &mut home.sql();
        let records: i64 = records::table.count().get_result(conn).unwrap();
        let articles: i64 = articles::table.count().get_result(conn).unwrap();
        assert_eq!(usize::try_from(records + articles).unwrap(), WRITES * (round + 1), "each is there once");
    }
}

//! Several at once: nodes on one database, writers in one commit.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::database;
use crate::support::process::{Home, PASSWORD, Server};

const GIVEN: &str = "حبر على ورق منذ الفجر الباكر";
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
fn what_is_taken_away_on_one_node_opens_nothing_on_another() {
    if database::server().is_none() {
        return; // An SQLite file has one node.
    }
    let one = Home::new().set("KHABAR_JWT_SECRET", &"one secret for both of them ".repeat(2));
    let (admin, editor) = (one.account("admin"), one.account("editor"));
    let other = one.neighbour();
    let (first, second) = (one.serve(), other.serve());
    let admin = first.sign_in(&admin);
    let there = |token: String| second.ask().with_token(token);
    let sign_in = || (first.sign_in(&editor), there(first.sign_in(&editor).token()));
    let account = {
        let (here, away) = sign_in();
        let id = away.get("/api/v1/me").expect(200).json["id"].as_str().unwrap().to_owned();
        there(here.token()).get(SOURCES).expect(200);
        here.post("/api/v1/auth/logout", &[], &json!({})).expect(204);
        there(here.token()).get("/api/v1/me").refused(401, "unauthenticated");
        away.get(SOURCES).expect(200);
        format!("/api/v1/newsroom/users/{id}")
    };
    let change = |form: &Value| {
        let tag = admin.get(&account).expect(200).header("etag");
        admin.patch(&account, &[("if-match", &tag)], form).expect(200);
    };
    let (_, away) = sign_in();
    change(&json!({ "role": "reader" }));
    away.get(SOURCES).refused(403, "forbidden");
    change(&json!({ "role": "editor" }));
    away.get(SOURCES).expect(200);
    change(&json!({ "isActive": false }));
    away.get("/api/v1/me").refused(401, "unauthenticated");
    change(&json!({ "isActive": true }));
    let (_, away) = sign_in();
    let tag = admin.get(&account).expect(200).header("etag");
    let form = json!({ "password": GIVEN });
    admin.post(&format!("{account}/password"), &[("if-match", &tag)], &form).expect(200);
    away.get("/api/v1/me").refused(401, "unauthenticated");
    // What people do to their own sessions, with a password that an administrator gave them.
    let sign_in = |on: &Server, password: &str| {
        let form = json!({ "email": editor, "password": password });
        let signed = on.ask().post("/api/v1/auth/login", &[], &form).expect(200);
        ["accessToken", "refreshToken"].map(|name| signed.json[name].as_str().unwrap().to_owned())
    };
    let ([here, _], [away, refresh]) = (sign_in(&first, GIVEN), sign_in(&second, GIVEN));
    first.ask().with_token(here).send("DELETE", "/api/v1/me/sessions", &[], None).unwrap().expect(204);
    there(away).get("/api/v1/me").refused(401, "unauthenticated");
    let form = json!({ "refreshToken": refresh });
    second.ask().post("/api/v1/auth/refresh", &[], &form).refused(401, "unauthenticated");
    let ([here, _], [away, _]) = (sign_in(&first, GIVEN), sign_in(&second, GIVEN));
    let form = json!({ "currentPassword": GIVEN, "newPassword": PASSWORD });
    let next = first.ask().with_token(here.clone()).post("/api/v1/me/password", &[], &form).expect(200);
    for token in [here, away] {
        there(token).get("/api/v1/me").refused(401, "unauthenticated");
    }
    there(next.json["accessToken"].as_str().unwrap().to_owned()).get("/api/v1/me").expect(200);

    let form = json!({ "name": "برنامج", "scopes": ["record.read"] });
    let key = admin.post("/api/v1/newsroom/api-keys", &[], &form).expect(201);
    let program = there(key.json["secret"].as_str().unwrap().to_owned());
    program.get(SOURCES).expect(200);
    let path = key.header("location");
    let tag = admin.get(&path).expect(200).header("etag");
    admin.send("DELETE", &path, &[("if-match", &tag)], None).unwrap().expect(204);
    program.get(SOURCES).refused(401, "unauthenticated");
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

//! Reading from copies of the database, where there are any: PostgreSQL only. What stands for a copy here is another database,
//! so that it shows who has answered.

use std::net::TcpListener;

use futures_util::future::join_all;
use khabar::auth::Role;
use khabar::db::Location;
use serde_json::json;

use crate::articles::{ARTICLES, DESK, Desk, record};
use crate::support::Client;
use crate::support::database::server;
use crate::support::process::free_port;

/// Two desks with a database each; the first one takes that of the second for a copy of its own. Nothing on SQLite.
async fn desks() -> Option<(Desk, Desk)> {
    let copy = Desk::new().await;
    let Location::Postgres(url) = copy.app.location() else { return None };
    // It has seen more than this node will have for a while.
    for n in 0..9 {
        copy.draft(&format!("early {n}")).await;
    }
    Some((Desk::with(&settings(&url)).await, copy))
}

/// With a copy at this URL, and with nothing kept, so that each answer is read.
fn settings(url: &str) -> String {
    format!("replica_urls = [\"{url}\"]\n[http]\ncache_bytes = 0\n")
}

async fn finds(client: &Client, id: &str) -> bool {
    let answer = client.get(&format!("{ARTICLES}/{id}")).send().await;
    assert!([200, 404].contains(&answer.status), "{}", answer.status);
    answer.status == 200
}

#[actix_web::test]
async fn a_copy_answers_strangers_while_it_knows_what_this_node_knows() {
    let Some((desk, copy)) = desks().await else { return };
    let there = copy.live("there").await;
    let reader = desk.app.as_(Role::Reader).await;
    assert!(finds(&desk.app.shared(), &there).await, "the copy was asked");
    assert!(!finds(&reader, &there).await, "whoever is signed in may have changed something elsewhere");
    assert!(desk.editor.get(&format!("{DESK}/{there}")).send().await.status == 404);
    let search = desk.app.shared().get("/api/v1/search?q=there").send().await.expect(200);
    assert_eq!(search.at("/items/0/article/id"), there.as_str(), "and is asked to search, too");

    let here = desk.live("here").await;
    assert!(finds(&desk.app.shared(), &here).await, "what a copy does not find is asked of the database");

    for n in 0..30 {
        desk.draft(&format!("more {n}")).await;
    }
    assert!(!finds(&desk.app.shared(), &there).await, "a copy that is behind is not asked");
    assert!(finds(&desk.app.shared(), &here).await);
}

#[actix_web::test]
async fn what_other_nodes_have_changed_is_asked_of_a_copy_that_knows_it() {
    let Some((desk, copy)) = desks().await else { return };
    let there = copy.live("there").await;
    let other = desk.app.restarted_with("").await;
    let known = desk.app.app.hub().known();
    let editor = other.as_(Role::Editor).await;
    for n in 0..30 {
        record(&editor, "sections", json!({ "name": format!("Section {n}") })).await;
    }
    assert!(finds(&desk.app.shared(), &there).await, "this node has not heard of it");
    desk.app.relay().await;
    assert!(desk.app.app.hub().known() > known);
    assert!(!finds(&desk.app.shared(), &there).await);
}

#[actix_web::test]
async fn a_copy_that_is_away_is_missed_by_nobody() {
    if server().is_none() {
        return;
    }
    let desk = Desk::with(&settings(&format!("postgres://nobody@127.0.0.1:{}/none", free_port()))).await;
    let id = desk.live("here").await;
    for _ in 0..3 {
        assert!(finds(&desk.app.shared(), &id).await);
    }
}

#[actix_web::test]
async fn a_copy_that_does_not_answer_keeps_one_reader_waiting() {
    if server().is_none() {
        return;
    }
    // It takes connections, and says nothing on them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = format!("postgres://nobody@127.0.0.1:{port}/none?connect_timeout=2");
    let desk = Desk::with(&settings(&url)).await;
    let id = desk.live("here").await;
    let readers: Vec<Client> = (0..4).map(|_| desk.app.shared()).collect();
    let all = join_all(readers.iter().map(|reader| finds(reader, &id))).await;
    assert_eq!(all, [true; 4]);
    silent.set_nonblocking(true).unwrap();
    assert_eq!(silent.incoming().take_while(Result::is_ok).count(), 1);
}

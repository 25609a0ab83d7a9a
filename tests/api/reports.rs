//! Reports of comments: nobody learns who sent them, enough of them take a comment from sight, and a decision closes them.

use diesel::prelude::*;
use futures_util::future::join_all;
use khabar::auth::Role;
use khabar::db::schema::{comment_reports, comments};
use serde_json::{Value, json};

use crate::comments::{address, article, below, counted, desk, say};
use crate::reactions::{commented, rules};
use crate::support::{Answer, Client, TestApp};

async fn report(client: &Client, comment: &Answer) -> Answer {
    client.post(&format!("{}/reports", address(comment))).json(&json!({ "reason": "abusive" })).send().await
}

async fn decide(moderator: &Client, comment: &Answer, what: &str) -> Answer {
    let seen = moderator.get(&desk(comment)).send().await.expect(200);
    let body = if what == "approve" { json!({}) } else { json!({ "reason": "abusive" }) };
    moderator.post(&format!("{}/{what}", desk(comment))).if_match(&seen.etag()).json(&body).send().await.expect(200)
}

/// What a comment's row says: open reports, and whether it has any. They are what counting gives.
#[track_caller]
fn kept(app: &TestApp, comment: &Answer) -> (i64, bool) {
    let id = comment.text("/id").parse::<uuid::Uuid>().unwrap().as_bytes().to_vec();
    let columns = (comments::report_count, comments::has_reports);
    let kept = comments::table.find(id.clone()).select(columns).first(&mut app.sql()).unwrap();
    let of_comment = comment_reports::table.filter(comment_reports::comment_id.eq(id));
    let open: i64 = of_comment.filter(comment_reports::closed_at.is_null()).count().get_result(&mut app.sql()).unwrap();
    assert_eq!(kept, (open, open > 0));
    kept
}

#[actix_web::test]
async fn a_reader_reports_a_comment_once_and_nobody_learns_who() {
    let app = TestApp::new().await;
    let (_, comment, writer) = commented(&app).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let ask = |note: &str| {
        let form = json!({ "reason": "spam", "note": note });
        reader.post(&format!("{}/reports", address(&comment))).json(&form).send()
    };
    let first = ask(" إعلان ").await.expect(201);
    assert_eq!((first.text("/reason"), first.text("/note")), ("spam".into(), "إعلان".into()));
    let event = app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility), ("comment.reported", "newsroom"));
    let line = app.audit().pop().unwrap();
    assert_eq!((line.actor, &*line.role, &*line.action), (None, "none", "comment.reported"));
    let again = ask("مرة أخرى").await.expect(200);
    assert_eq!(again.json, first.json, "the one that is open");
    app.assert_events(&[]);
    let list = moderator.get(&format!("{}/reports", desk(&comment))).send().await.expect(200);
    assert_eq!(list.at("/items").as_array().unwrap().len(), 1);
    assert_eq!((list.text("/items/0/note"), list.at("/items/0/dateClosed")), ("إعلان".into(), &json!(null)));
    assert_eq!(*moderator.get(&desk(&comment)).send().await.expect(200).at("/reportCount"), json!(1));
    for told in [&list.bytes, &moderator.get(&desk(&comment)).send().await.bytes] {
        assert!(!String::from_utf8_lossy(told).contains(&reader.id().to_string()));
    }
    for client in [&reader, &writer] {
        client.get(&format!("{}/reports", desk(&comment))).send().await.refused(403, "forbidden");
    }
    khabar::audit::flush(&app.app).await.unwrap();
    let named: Vec<_> = app.audit().into_iter().filter(|line| line.action.starts_with("comment.report")).collect();
    assert!(named.iter().all(|line| line.actor.is_none()), "nor do refused and repeated ones name anybody");
    assert_eq!(kept(&app, &comment), (1, true));
}

#[actix_web::test]
async fn a_report_says_why_and_is_about_what_others_write() {
    let app = TestApp::new().await;
    let (_, comment, writer) = commented(&app).await;
    let reader = app.as_(Role::Reader).await;
    let reports = format!("{}/reports", address(&comment));
    for (body, error) in [
        (json!({}), "/reason required"),
        (json!({ "reason": "boring" }), "/reason not_allowed"),
        (json!({ "reason": "other", "note": "ق".repeat(2_001) }), "/note too_long"),
        (json!({ "reason": "other", "status": "rejected" }), "/status unknown_field"),
    ] {
        assert_eq!(reader.post(&reports).json(&body).send().await.refused(422, "invalid").errors(), [error]);
    }
    report(&app.anonymous(), &comment).await.refused(401, "unauthenticated");
    report(&writer, &comment).await.refused(422, "own_comment");
    decide(&app.as_(Role::Moderator).await, &comment, "reject").await;
    for client in [&reader, &writer] {
        report(client, &comment).await.refused(404, "not_found");
    }
    assert_eq!(kept(&app, &comment), (0, false));
}

#[actix_web::test]
async fn enough_reports_take_a_comment_from_sight_until_somebody_decides() {
    let app = TestApp::new().await;
    let (article, comment, writer) = commented(&app).await;
    let moderator = app.as_(Role::Moderator).await;
    for _ in 0..2 {
        report(&app.as_(Role::Reader).await, &comment).await.expect(201);
        app.anonymous().get(&address(&comment)).send().await.expect(200);
    }
    app.events();
    report(&app.as_(Role::Reader).await, &comment).await.expect(201);
    app.assert_events(&["comment.reported", "comment.withheld"]);
    assert!(app.audit().iter().all(|line| line.actor.is_none()), "nor is the last of them named");
    app.anonymous().get(&address(&comment)).send().await.refused(404, "not_found");
    assert_eq!(writer.get(&address(&comment)).send().await.expect(200).text("/status"), "withheld");
    assert_eq!((counted(&app, &article).await, kept(&app, &comment)), (0, (3, true)));
    decide(&moderator, &comment, "approve").await;
    app.anonymous().get(&address(&comment)).send().await.expect(200);
    assert_eq!(kept(&app, &comment), (0, false));
    let reports = moderator.get(&format!("{}/reports", desk(&comment))).send().await.expect(200);
    let closed = |item: &Value| item["dateClosed"].is_string();
    assert!(reports.at("/items").as_array().unwrap().iter().all(closed), "the decision closes them");
    // What was reported before counts no more.
    for _ in 0..2 {
        report(&app.as_(Role::Reader).await, &comment).await.expect(201);
    }
    assert_eq!((counted(&app, &article).await, kept(&app, &comment)), (1, (2, true)));
    decide(&moderator, &comment, "reject").await;
    assert_eq!((counted(&app, &article).await, kept(&app, &comment)), (0, (0, false)));
}

#[actix_web::test]
async fn a_site_says_how_many_reports_are_enough() {
    let app = TestApp::new().await;
    for (enough, reports, expected) in [(1, 1, 404), (0, 4, 200)] {
        rules(&app, json!({ "reportsWithhold": enough })).await;
        let (_, comment, _) = commented(&app).await;
        for _ in 0..reports {
            report(&app.as_(Role::Reader).await, &comment).await.expect(201);
        }
        app.anonymous().get(&address(&comment)).send().await.expect(expected);
        assert_eq!(kept(&app, &comment), (reports, true));
    }
}

#[actix_web::test]
async fn what_moderators_say_is_reported_but_never_taken_from_sight() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let own = say(&app.as_(Role::Moderator).await, &below(&article), "توضيح", None).await.expect(201);
    for _ in 0..4 {
        report(&app.as_(Role::Reader).await, &own).await.expect(201);
    }
    app.anonymous().get(&address(&own)).send().await.expect(200);
    assert_eq!(kept(&app, &own), (4, true));
}

#[actix_web::test]
async fn reports_stay_counted_while_readers_and_moderators_act_at_once() {
    let app = TestApp::new().await;
    let other = app.restarted().await;
    let (article, comment, writer) = commented(&app).await;
    say(&writer, &below(&article), "رد", Some(&comment)).await.expect(201);
    let moderator = other.as_(Role::Moderator).await;
    let mut readers = Vec::new();
    for n in 0..8 {
        readers.push(if n % 2 == 0 { &app } else { &other }.as_(Role::Reader).await);
    }
    let reports = readers.iter().flat_map(|reader| (0..3).map(|_| report(reader, &comment)));
    let decisions = async {
        for _ in 0..6 {
            let seen = moderator.get(&desk(&comment)).send().await.expect(200);
            let (what, body) = match &*seen.text("/status") {
                "published" => ("reject", json!({ "reason": "abusive" })),
                _ => ("approve", json!({})),
            };
            let ask = moderator.post(&format!("{}/{what}", desk(&comment))).if_match(&seen.etag());
            let done = ask.json(&body).send().await;
            assert!([200, 409, 412].contains(&done.status), "{}", done.json);
        }
    };
    let (told, ()) = futures_util::future::join(join_all(reports), decisions).await;
    assert!(told.iter().all(|answer| [200, 201, 404].contains(&answer.status)));
    kept(&app, &comment);
    let shown = app.anonymous().get(&address(&comment)).send().await.expect(200);
    let visible = i64::from(shown.text("/status") == "published") + 1;
    assert_eq!(counted(&app, &article).await, visible);
}

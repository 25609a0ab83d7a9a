//! Comments: what moderators decide, and the counts that follow from it.

use std::time::Duration;

use diesel::prelude::*;
use futures_util::future::join;
use khabar::auth::Role;
use khabar::db::schema::{articles, comments};
use serde_json::{Value, json};

use crate::comments::{address, article, below, counted, desk, say, texts};
use crate::support::{Answer, Client, TestApp};

pub const QUEUE: &str = "/api/v1/newsroom/comments";

async fn approve(client: &Client, comment: &Answer, version: i64) -> Answer {
    let ask = client.post(&format!("{}/approve", desk(comment))).json(&json!({}));
    ask.if_match(&format!("\"{version}\"")).send().await
}

async fn reject(client: &Client, comment: &Answer, version: i64) -> Answer {
    let ask = client.post(&format!("{}/reject", desk(comment))).json(&json!({ "reason": "offTopic" }));
    ask.if_match(&format!("\"{version}\"")).send().await
}

/// The kept counts, all of them, are what counting the rows gives. Answers how many comments show.
#[track_caller]
pub fn recount(app: &TestApp) -> usize {
    type Row = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, String, i64, i64, bool);
    let kept = (comments::reply_count, comments::listed_count, comments::is_listed);
    let columns = (comments::id, comments::article_id, comments::parent_id, comments::status);
    let rows: Vec<Row> = comments::table
        .select((columns.0, columns.1, columns.2, columns.3, kept.0, kept.1, kept.2))
        .load(&mut app.sql())
        .unwrap();
    let kept: Vec<(Vec<u8>, i64)> =
        articles::table.select((articles::id, articles::comment_count)).load(&mut app.sql()).unwrap();
    let shown: Vec<&Row> = rows.iter().filter(|row| row.3 == "published").collect();
    for (article, count) in kept {
        let there = shown.iter().filter(|row| row.1 == article).count();
        assert_eq!(i64::try_from(there).unwrap(), count, "commentCount");
    }
    for (id, .., status, replies, listed, is_listed) in &rows {
        let below = |row: &&Row| row.2.as_ref() == Some(id);
        let count = |counted: usize| i64::try_from(counted).unwrap();
        assert_eq!(count(shown.iter().filter(|row| below(row)).count()), *replies, "replyCount");
        assert_eq!(count(rows.iter().filter(|row| below(row) && row.6).count()), *listed, "what is listed below");
        assert_eq!(*is_listed, status == "published" || *listed > 0, "listed");
    }
    shown.len()
}

#[actix_web::test]
async fn only_who_moderates_sees_the_queue_and_decides() {
    let app = TestApp::new().await;
    let to = below(&article(&app.as_(Role::Editor).await, Value::Null).await);
    let reader = app.as_(Role::Reader).await;
    let waiting = say(&reader, &to, "أنتظر", None).await.expect(202);
    app.events();
    for client in [reader, app.as_(Role::Journalist).await] {
        client.get(QUEUE).send().await.refused(403, "forbidden");
        client.get(&desk(&waiting)).send().await.refused(403, "forbidden");
        approve(&client, &waiting, 1).await.refused(403, "forbidden");
        reject(&client, &waiting, 1).await.refused(403, "forbidden");
    }
    app.assert_events(&[]);
    let mut version = 1;
    for role in [Role::Moderator, Role::Editor, Role::Admin] {
        let client = app.as_(role).await;
        client.get(QUEUE).send().await.expect(200);
        let seen = client.get(&desk(&waiting)).send().await.expect(200);
        assert_eq!(seen.etag(), format!("\"{version}\""));
        approve(&client, &waiting, version).await.expect(200);
        let done = reject(&client, &waiting, version + 1).await.expect(200);
        assert_eq!(done.text("/moderatedBy"), client.id().to_string());
        version += 2;
    }
}

#[actix_web::test]
async fn a_decision_names_the_version_that_was_seen() {
    let app = TestApp::new().await;
    let (to, moderator) =
        (below(&article(&app.as_(Role::Editor).await, Value::Null).await), app.as_(Role::Moderator).await);
    let waiting = say(&app.as_(Role::Reader).await, &to, "أنتظر", None).await.expect(202);
    app.events();
    for step in ["approve", "reject"] {
        let body = if step == "reject" { json!({ "reason": "spam" }) } else { json!({}) };
        let ask = || moderator.post(&format!("{}/{step}", desk(&waiting))).json(&body);
        ask().send().await.refused(428, "precondition_required");
        let stale = ask().if_match("\"9\"").send().await.refused(412, "stale");
        assert_eq!(stale.etag(), "\"1\"");
    }
    app.assert_events(&[]);
    approve(&moderator, &waiting, 1).await.expect(200);
    reject(&moderator, &waiting, 1).await.refused(412, "stale");
    let unknown = format!("{QUEUE}/0192f3a4-5b6c-7d8e-9f01-23456789abcd/approve");
    moderator.post(&unknown).if_match("\"1\"").json(&json!({})).send().await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_step_that_leads_nowhere_says_where_the_comment_stands_and_what_is_open() {
    let app = TestApp::new().await;
    let (to, moderator) =
        (below(&article(&app.as_(Role::Editor).await, Value::Null).await), app.as_(Role::Moderator).await);
    let waiting = say(&app.as_(Role::Reader).await, &to, "أنتظر", None).await.expect(202);
    approve(&moderator, &waiting, 1).await.expect(200);
    app.events();
    let no = approve(&moderator, &waiting, 2).await.refused(409, "illegal_transition");
    assert_eq!((no.text("/state"), no.at("/allowed")), ("published".into(), &json!(["reject", "withhold"])));
    reject(&moderator, &waiting, 2).await.expect(200);
    let no = reject(&moderator, &waiting, 3).await.refused(409, "illegal_transition");
    assert_eq!((no.text("/state"), no.at("/allowed")), ("rejected".into(), &json!(["approve"])));
    app.assert_events(&["comment.rejected"]);
}

#[actix_web::test]
async fn a_rejection_gives_one_of_the_reasons() {
    let app = TestApp::new().await;
    let (to, moderator) =
        (below(&article(&app.as_(Role::Editor).await, Value::Null).await), app.as_(Role::Moderator).await);
    let reader = app.as_(Role::Reader).await;
    let waiting = say(&reader, &to, "أنتظر", None).await.expect(202);
    let ask = |body: Value| moderator.post(&format!("{}/reject", desk(&waiting))).if_match("\"1\"").json(&body).send();
    for (body, error) in [
        (json!({}), "/reason required"),
        (json!({ "reason": "boring" }), "/reason not_allowed"),
        (json!({ "reason": "spam", "note": "ق".repeat(2_001) }), "/note too_long"),
        (json!({ "reason": "spam", "status": "published" }), "/status unknown_field"),
    ] {
        assert_eq!(ask(body).await.refused(422, "invalid").errors(), [error]);
    }
    let done = ask(json!({ "reason": "offensive", "note": " لا " })).await.expect(200);
    assert_eq!(
        (done.text("/reason"), done.text("/note"), done.etag()),
        ("offensive".into(), "لا".into(), "\"2\"".into())
    );
    let own = reader.get(&address(&waiting)).send().await.expect(200);
    assert_eq!((own.text("/status"), own.text("/reason")), ("rejected".into(), "offensive".into()));
    app.anonymous().get(&address(&waiting)).send().await.refused(404, "not_found");
    let back = approve(&moderator, &waiting, 2).await.expect(200);
    assert!(back.at("/reason").is_null(), "a reason goes with the rejection");
    app.anonymous().get(&address(&waiting)).send().await.expect(200);
}

#[actix_web::test]
async fn counts_follow_every_decision() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, Value::Null).await;
    let (to, moderator) = (below(&article), app.as_(Role::Moderator).await);
    let parent = say(&app.as_(Role::Reader).await, &to, "أصل", None).await.expect(202);
    app.events();
    assert_eq!((counted(&app, &article).await, recount(&app)), (0, 0), "it waits");
    approve(&moderator, &parent, 1).await.expect(200);
    assert_eq!((counted(&app, &article).await, recount(&app)), (1, 1), "it was approved");
    let reply = say(&moderator, &to, "رد", Some(&parent)).await.expect(201);
    let waiting = say(&app.as_(Role::Reader).await, &to, "رد ينتظر", Some(&parent)).await.expect(202);
    assert_eq!((counted(&app, &article).await, recount(&app)), (2, 2), "one reply shows, one waits");
    reject(&moderator, &parent, 2).await.expect(200);
    assert_eq!((counted(&app, &article).await, recount(&app)), (1, 1), "the reply stays without its parent");
    let replies = format!("{to}?parentId={}", parent.text("/id"));
    assert_eq!(texts(&app.anonymous().get(&replies).send().await.expect(200)), ["رد"]);
    approve(&moderator, &waiting, 1).await.expect(200);
    assert_eq!((counted(&app, &article).await, recount(&app)), (2, 2), "also one that is approved later");
    for (comment, version) in [(&reply, 1), (&waiting, 2)] {
        reject(&moderator, comment, version).await.expect(200);
    }
    assert_eq!((counted(&app, &article).await, recount(&app)), (0, 0), "all of it is taken back");
    for (comment, version) in [(&reply, 2), (&parent, 3), (&waiting, 3)] {
        approve(&moderator, comment, version).await.expect(200);
    }
    assert_eq!((counted(&app, &article).await, recount(&app)), (3, 3), "and all of it returns");
    let events = app.events();
    let public = events.iter().filter(|event| event.visibility == "public").count();
    assert_eq!((events.len(), public), (10, 9), "only the reply that waits is the newsroom's own");
}

#[actix_web::test]
async fn the_queue_narrows_by_status_and_article_in_both_orders() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let (one, other) = (article(&editor, Value::Null).await, article(&editor, Value::Null).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let mut posted = Vec::new();
    for (article, text) in [(&one, "a"), (&other, "b"), (&one, "c"), (&one, "d")] {
        posted.push(say(&reader, &below(article), text, None).await.expect(202));
        app.clock.advance(Duration::from_micros(1));
    }
    approve(&moderator, &posted[0], 1).await.expect(200);
    reject(&moderator, &posted[2], 1).await.expect(200);
    let of_one = format!("articleId={}", one.text("/id"));
    for (query, expected) in [
        (String::new(), vec!["d", "c", "b", "a"]),
        ("sort=oldest".into(), vec!["a", "b", "c", "d"]),
        ("status=pending&sort=oldest".into(), vec!["b", "d"]),
        ("status=pending&status=rejected".into(), vec!["d", "c", "b"]),
        ("status=published".into(), vec!["a"]),
        (of_one.clone(), vec!["d", "c", "a"]),
        (format!("{of_one}&status=pending"), vec!["d"]),
    ] {
        let page = moderator.get(&format!("{QUEUE}?count=true&{query}")).send().await.expect(200);
        assert_eq!(texts(&page), expected, "{query}");
        assert_eq!(*page.at("/page/total"), json!(expected.len()), "{query}");
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = moderator.get(&format!("{QUEUE}?limit=1&{query}{cursor}")).send().await.expect(200);
            seen.extend(texts(&page));
            let Some(next) = page.at("/page/next").as_str() else { break };
            cursor = format!("&after={next}");
        }
        assert_eq!(seen, expected, "{query}");
    }
    for query in ["status=open", "articleId=zz", "parentId=1"] {
        moderator.get(&format!("{QUEUE}?{query}")).send().await.refused(400, "bad_parameter");
    }
}

#[actix_web::test]
async fn of_moderators_who_decide_at_once_one_does() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, Value::Null).await;
    let moderators = [app.as_(Role::Moderator).await, app.as_(Role::Moderator).await];
    for round in 0..4 {
        let waiting = say(&app.as_(Role::Reader).await, &below(&article), "أنتظر", None).await.expect(202);
        app.events();
        let (a, b) = if round % 2 == 0 {
            join(approve(&moderators[0], &waiting, 1), approve(&moderators[1], &waiting, 1)).await
        } else {
            join(approve(&moderators[0], &waiting, 1), reject(&moderators[1], &waiting, 1)).await
        };
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        assert_eq!(app.events().len(), 1);
        recount(&app);
    }
}

//! What becomes public, and stops being so, by the clock; and what is taken back.

use std::time::Duration;

use khabar::auth::{Actor, Role};
use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, Desk, paragraph, said};
use crate::support::{Answer, TestApp};

const SCHEDULE: &str = "/api/v1/newsroom/schedule";

/// Carries out what the clock has done, as the job does.
async fn announce(app: &TestApp) {
    while khabar::articles::announce(app.app.clone()).await.unwrap() == Duration::ZERO {}
}

async fn at(desk: &Desk, id: &str, publish_at: &str) -> Answer {
    desk.step(&desk.editor, id, "schedule", json!({ "publishAt": publish_at })).await
}

async fn scheduled(desk: &Desk, headline: &str, publish_at: &str) -> String {
    let id = desk.draft(headline).await.text("/id");
    at(desk, &id, publish_at).await.expect(200);
    id
}

/// The ids that the public list has.
async fn listed(desk: &Desk) -> Vec<String> {
    let list = desk.app.anonymous().get(&format!("{ARTICLES}?fields=id")).send().await.expect(200);
    list.at("/items").as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().into()).collect()
}

async fn total(desk: &Desk, query: &str) -> i64 {
    let path = format!("{DESK}?count=true&limit=1{query}");
    desk.editor.get(&path).send().await.expect(200).at("/page/total").as_i64().unwrap()
}

#[actix_web::test]
async fn a_local_time_must_come_exactly_once() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let tries = [
        ("2026-11-01T01:30", "happens_twice"),
        ("2027-03-14T02:30", "never_happens"),
        ("2026-01-15T07:00", "not_later"),
        ("2026-01-15T12:00:00Z", "not_later"),
        ("غدًا", "not_an_instant"),
        ("", "not_an_instant"),
    ];
    for (publish_at, code) in tries {
        let body = json!({ "publishAt": publish_at, "timeZone": "America/New_York" });
        let refused = desk.step(&desk.editor, &id, "schedule", body).await.refused(422, "invalid");
        assert_eq!(refused.errors(), [format!("/publishAt {code}")], "{publish_at}");
    }
    let body = json!({ "publishAt": "2026-11-01T01:30", "timeZone": "America/Nueva_York" });
    let refused = desk.step(&desk.editor, &id, "schedule", body).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/timeZone not_a_time_zone"]);
    for (publish_at, instant) in [
        ("2026-11-01T01:30-04:00", "2026-11-01T05:30:00Z"),
        ("2026-11-01T01:30-05:00", "2026-11-01T06:30:00Z"),
        ("2027-03-14T03:30", "2027-03-14T07:30:00Z"),
    ] {
        let body = json!({ "publishAt": publish_at, "timeZone": "America/New_York" });
        let saved = desk.step(&desk.editor, &id, "schedule", body).await.expect(200);
        assert_eq!(saved.text("/schedule/visibleFrom"), instant);
        assert_eq!(saved.text("/schedule/timeZone"), "America/New_York");
    }
    // Without a zone it is the site's.
    let site = desk.admin.get("/api/v1/newsroom/site").send().await.expect(200);
    let zone = json!({ "timeZone": "Asia/Damascus" });
    desk.admin.patch("/api/v1/newsroom/site").if_match(&site.etag()).json(&zone).send().await.expect(200);
    assert_eq!(at(&desk, &id, "2026-06-01T09:30").await.text("/schedule/visibleFrom"), "2026-06-01T06:30:00Z");
    let planned = desk.editor.get(SCHEDULE).send().await.expect(200);
    assert_eq!(planned.text("/items/0/localTime"), "2026-06-01T09:30:00");
    assert_eq!(planned.at("/items").as_array().unwrap().len(), 1, "what was scheduled before is given up");
    let given_up = desk.editor.get(&format!("{SCHEDULE}?outcome=cancelled&count=true")).send().await.expect(200);
    assert_eq!(given_up.at("/page/total"), &json!(3));
}

#[actix_web::test]
async fn with_no_job_running_an_article_is_there_at_its_instant_and_not_before() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "خبر الساعة", "2026-01-15T13:00:00Z").await;
    let first = desk.app.anonymous().get("/api/v1/sync").send().await.expect(200).text("/cursor");
    desk.app.events();
    desk.app.clock.set("2026-01-15T12:59:59.999Z");
    desk.public(&id).await.refused(404, "not_found");
    desk.public("خبر-الساعة").await.refused(404, "not_found");
    assert_eq!(listed(&desk).await, Vec::<String>::new());
    let states = (total(&desk, "&state=scheduled").await, total(&desk, "&state=published").await);
    assert_eq!(states, (1, 0));
    let synced = desk.app.anonymous().get(&format!("/api/v1/sync?cursor={first}")).send().await.expect(200);
    assert_eq!(synced.at("/articles/upserted"), &json!([]));
    desk.app.clock.set("2026-01-15T13:00:00Z");
    let shown = desk.public(&id).await.expect(200);
    assert_eq!(shown.text("/datePublished"), "2026-01-15T13:00:00Z");
    assert_eq!(shown.text("/dateModified"), "2026-01-15T13:00:00Z");
    desk.public("خبر-الساعة").await.expect(200);
    assert_eq!(listed(&desk).await, [&*id]);
    let states = (total(&desk, "&state=scheduled").await, total(&desk, "&state=published").await);
    assert_eq!(states, (0, 1));
    let synced = desk.app.anonymous().get(&format!("/api/v1/sync?cursor={first}")).send().await.expect(200);
    assert_eq!(synced.text("/articles/upserted/0/id"), id);
    let saved = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert_eq!((saved.text("/state"), saved.at("/schedule")), ("published".into(), &Value::Null));
    assert_eq!(saved.at("/liveVersion"), saved.at("/version"));
    desk.app.assert_events(&[]);
    assert_eq!(desk.editor.get(SCHEDULE).send().await.expect(200).at("/items/0/isDue"), &json!(true));
}

#[actix_web::test]
async fn a_turn_is_announced_once_and_says_how_late_it_was() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "خبر", "2026-01-15T13:00:00Z").await;
    desk.app.events();
    announce(&desk.app).await;
    desk.app.assert_events(&[]);
    // The node was stopped over the instant.
    desk.app.clock.set("2026-01-15T13:00:01.5Z");
    let restarted = desk.app.restarted().await;
    announce(&restarted).await;
    announce(&desk.app).await;
    let events = desk.app.events();
    assert_eq!(events.iter().map(|event| &*event.topic).collect::<Vec<_>>(), ["article.published"]);
    assert_eq!((&*events[0].visibility, &events[0].payload["lateMs"]), ("public", &json!(1500)));
    assert_eq!(events[0].payload["dueAt"], json!("2026-01-15T13:00:00Z"));
    assert_eq!(events[0].payload["sectionIds"], json!([desk.section]));
    let done = desk.editor.get(&format!("{SCHEDULE}?outcome=done")).send().await.expect(200);
    assert_eq!((done.text("/items/0/articleId"), done.at("/items/0/lateMs")), (id, &json!(1500)));
    let lateness = desk.editor.get(&format!("{SCHEDULE}/lateness")).send().await.expect(200);
    assert_eq!((lateness.at("/count"), lateness.at("/maxMs")), (&json!(1), &json!(1500)));
}

#[actix_web::test]
async fn three_nodes_announce_three_hundred_articles_three_hundred_times() {
    let desk = Desk::new().await;
    for index in 0..300 {
        let form = desk.form(&format!("خبر {index}"));
        let id = desk.editor.post(DESK).json(&form).send().await.expect(201).text("/id");
        let body = json!({ "publishAt": format!("2026-01-15T13:00:{:02}Z", index % 3) });
        let path = format!("{DESK}/{id}/schedule");
        desk.editor.post(&path).if_match("\"1\"").json(&body).send().await.expect(200);
    }
    let (second, third) = (desk.app.restarted().await, desk.app.restarted().await);
    desk.app.events();
    for (now, told) in
        [("2026-01-15T12:59:59.999999Z", 0), ("2026-01-15T13:00:01Z", 200), ("2026-01-15T13:00:05Z", 300)]
    {
        desk.app.clock.set(now);
        let nodes = [&desk.app, &second, &third].map(announce);
        futures_util::future::join_all(nodes).await;
        let mut seen: Vec<_> = desk.app.events().into_iter().map(|event| (event.topic, event.target)).collect();
        assert!(seen.iter().all(|(topic, _)| topic == "article.published"));
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), all), (all, if told == 300 { 100 } else { told }), "{now}");
    }
}

#[actix_web::test]
async fn what_is_scheduled_is_one_revision_whatever_is_written_after_it() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "كما كان", "2026-01-15T13:00:00Z").await;
    let edited = desk.edit(&desk.editor, &id, json!({ "headline": "كما صار", "slug": "مكان-آخر" })).await.expect(200);
    assert_eq!(edited.text("/state"), "scheduled");
    assert_eq!(edited.at("/schedule/version"), &json!(2));
    desk.app.clock.set("2026-01-15T13:00:00Z");
    let shown = desk.public(&id).await.expect(200);
    assert_eq!((shown.text("/headline"), shown.at("/version")), ("كما كان".into(), &json!(2)));
    let saved = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert_eq!((saved.at("/hasUnpublishedChanges"), saved.at("/liveVersion")), (&json!(true), &json!(2)));
    // The next step notes what the clock has done, before its own event.
    desk.app.events();
    desk.publish(&id).await;
    desk.app.assert_events(&["article.published", "article.published"]);
    assert_eq!(desk.public("مكان-آخر").await.expect(200).text("/headline"), "كما صار");
}

#[actix_web::test]
async fn the_next_version_of_a_live_article_waits_while_the_present_one_stays() {
    let desk = Desk::new().await;
    let id = desk.live("الأول").await;
    let before = desk.public(&id).await.expect(200);
    desk.edit(&desk.editor, &id, json!({ "headline": "الثاني", "slug": "الثاني" })).await.expect(200);
    let saved = at(&desk, &id, "2026-01-15T13:00:00Z").await.expect(200);
    assert_eq!((saved.text("/state"), saved.at("/liveVersion")), ("published".into(), &json!(2)));
    assert_eq!(saved.at("/allowed").to_string().matches("unschedule").count(), 1);
    assert_eq!(desk.public(&id).await.bytes, before.bytes);
    desk.public("الثاني").await.refused(404, "not_found");
    desk.app.clock.set("2026-01-15T12:30:00Z");
    // Taken back and scheduled once more: what is live never moves.
    desk.step(&desk.editor, &id, "unschedule", json!({})).await.expect(200);
    assert_eq!(desk.public(&id).await.bytes, before.bytes);
    at(&desk, &id, "2026-01-15T14:00:00Z").await.expect(200);
    desk.app.clock.set("2026-01-15T13:59:59Z");
    assert_eq!(desk.public(&id).await.bytes, before.bytes);
    desk.app.events();
    desk.app.clock.set("2026-01-15T14:00:00Z");
    let now = desk.public("الثاني").await.expect(200);
    assert_eq!((now.text("/headline"), now.text("/dateModified")), ("الثاني".into(), "2026-01-15T14:00:00Z".into()));
    assert_eq!(now.text("/datePublished"), before.text("/datePublished"));
    desk.public("الأول").await.expect(308);
    announce(&desk.app).await;
    desk.app.assert_events(&["article.published"]);
    assert_eq!(listed(&desk).await, [id]);
}

#[actix_web::test]
async fn an_embargo_and_a_schedule_meet_at_the_later() {
    let desk = Desk::new().await;
    for (embargo, publish_at, seen) in [
        ("2026-01-15T14:00:00Z", "2026-01-15T13:00:00Z", "2026-01-15T14:00:00Z"),
        ("2026-01-15T13:00:00Z", "2026-01-15T14:00:00Z", "2026-01-15T14:00:00Z"),
    ] {
        let id = desk.draft_with("خبر", json!({ "embargoedUntil": embargo })).await.text("/id");
        let saved = at(&desk, &id, publish_at).await.expect(200);
        assert_eq!(
            (saved.text("/schedule/visibleFrom"), saved.text("/schedule/publishAt")),
            (seen.into(), publish_at.into())
        );
    }
    // Publishing at once is held back too.
    let id = desk.draft_with("محظور", json!({ "embargoedUntil": "2026-01-15T14:00:00Z" })).await.text("/id");
    desk.app.events();
    let saved = desk.publish(&id).await;
    assert_eq!((saved.text("/state"), saved.text("/pubStatus")), ("scheduled".into(), "withheld".into()));
    assert_eq!(saved.at("/schedule/publishAt"), &Value::Null);
    desk.app.assert_events(&["article.scheduled"]);
    assert_eq!(listed(&desk).await, Vec::<String>::new());
    desk.public(&id).await.refused(404, "not_found");
    // Lifted early: the editor says so and publishes again.
    desk.edit(&desk.editor, &id, json!({ "embargoedUntil": null })).await.expect(200);
    desk.publish(&id).await;
    assert_eq!(listed(&desk).await, [id]);
    desk.app.clock.set("2026-01-15T14:00:00Z");
    assert_eq!(listed(&desk).await.len(), 3);
}

#[actix_web::test]
async fn what_expires_is_gone_at_the_instant_and_that_is_told_once() {
    let desk = Desk::new().await;
    let id = desk.live_with("خبر", json!({ "expires": "2026-01-15T13:00:00Z" })).await;
    let cursor = desk.app.anonymous().get("/api/v1/sync").send().await.expect(200).text("/cursor");
    assert_eq!(desk.public(&id).await.text("/expires"), "2026-01-15T13:00:00Z");
    assert_eq!(desk.editor.get(SCHEDULE).send().await.text("/items/0/action"), "expire");
    desk.app.events();
    desk.app.clock.set("2026-01-15T13:00:00Z");
    desk.public(&id).await.refused(404, "not_found");
    let synced = desk.app.anonymous().get(&format!("/api/v1/sync?cursor={cursor}")).send().await.expect(200);
    assert_eq!(synced.at("/articles/removed"), &json!([id]));
    let saved = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert_eq!((saved.text("/state"), saved.at("/liveVersion")), ("unpublished".into(), &Value::Null));
    assert_eq!((total(&desk, "&state=published").await, total(&desk, "&state=unpublished").await), (0, 1));
    announce(&desk.app).await;
    announce(&desk.app).await;
    desk.app.assert_events(&["article.unpublished"]);
    // What would end before it begins is refused.
    let refused = desk.step(&desk.editor, &id, "publish", json!({})).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/expires not_later"]);
}

#[actix_web::test]
async fn an_article_that_was_away_may_come_and_go_and_come_again_by_the_clock() {
    let desk = Desk::new().await;
    let id = desk.live_with("خبر", json!({ "expires": "2026-01-15T13:00:00Z" })).await;
    desk.edit(&desk.editor, &id, json!({ "expires": "2026-01-15T15:00:00Z" })).await.expect(200);
    at(&desk, &id, "2026-01-15T14:00:00Z").await.expect(200);
    desk.app.events();
    for (now, status, state) in [
        ("2026-01-15T12:59:59Z", 200, "published"),
        ("2026-01-15T13:00:00Z", 404, "scheduled"),
        ("2026-01-15T14:00:00Z", 200, "published"),
        ("2026-01-15T15:00:00Z", 404, "unpublished"),
    ] {
        desk.app.clock.set(now);
        assert_eq!(desk.public(&id).await.status, status, "{now}");
        assert_eq!(desk.editor.get(&format!("{DESK}/{id}")).send().await.text("/state"), state, "{now}");
        for other in ["published", "scheduled", "unpublished", "draft"] {
            let expected = i64::from(other == state);
            assert_eq!(total(&desk, &format!("&state={other}")).await, expected, "{now} {other}");
        }
    }
    announce(&desk.app).await;
    desk.app.assert_events(&["article.unpublished", "article.published", "article.unpublished"]);
}

#[actix_web::test]
async fn a_schedule_is_taken_back_before_its_instant_and_not_after() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "خبر", "2026-01-15T13:00:00Z").await;
    assert_eq!(desk.step(&desk.editor, &id, "unschedule", json!({})).await.expect(200).text("/state"), "approved");
    desk.app.clock.set("2026-01-15T13:00:00Z");
    desk.public(&id).await.refused(404, "not_found");
    announce(&desk.app).await;
    at(&desk, &id, "2026-01-15T14:00:00Z").await.expect(200);
    desk.app.clock.set("2026-01-15T14:00:00Z");
    let refused = desk.step(&desk.editor, &id, "unschedule", json!({})).await.refused(409, "illegal_transition");
    assert_eq!(refused.text("/state"), "published");
}

#[actix_web::test]
async fn a_killed_article_is_gone_for_good_and_says_why() {
    let desk = Desk::new().await;
    let id = desk.live("خبر").await;
    desk.edit(&desk.editor, &id, json!({ "slug": "مكان-آخر" })).await.expect(200);
    desk.publish(&id).await;
    at(&desk, &id, "2026-01-15T13:00:00Z").await.expect(200);
    let cursor = desk.app.anonymous().get("/api/v1/sync").send().await.expect(200).text("/cursor");
    desk.app.events();
    let refused = desk.step(&desk.editor, &id, "kill", json!({ "notice": " " })).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/notice blank"]);
    let killed =
        desk.step(&desk.editor, &id, "kill", json!({ "notice": "تراجع المصدر.", "note": "سر" })).await.expect(200);
    assert_eq!((killed.text("/pubStatus"), killed.at("/allowed")), ("canceled".into(), &json!([])));
    desk.app.assert_events(&["article.killed"]);
    desk.app.clock.set("2026-01-15T13:00:00Z");
    for name in [&*id, "خبر", "مكان-آخر"] {
        let gone = desk.public(name).await.refused(410, "killed");
        assert_eq!(gone.text("/notice"), "تراجع المصدر.");
        assert!(!gone.json.to_string().contains("سر\""), "the note is the newsroom's");
    }
    desk.app.anonymous().get(&format!("{ARTICLES}/{id}/comments")).send().await.refused(410, "killed");
    let synced = desk.app.anonymous().get(&format!("/api/v1/sync?cursor={cursor}")).send().await.expect(200);
    assert_eq!(synced.at("/articles/removed"), &json!([id]));
    assert_eq!(desk.editor.get(SCHEDULE).send().await.at("/items"), &json!([]));
    let taken = desk.editor.post(DESK).json(&crate::articles::with(desk.form("x"), json!({ "slug": "خبر" })));
    taken.send().await.refused(409, "duplicate");
    // One that nobody ever saw is gone like one that never was.
    let unseen = scheduled(&desk, "لم يُر", "2026-01-16T13:00:00Z").await;
    desk.app.events();
    desk.step(&desk.editor, &unseen, "kill", said("kill")).await.expect(200);
    assert_eq!(desk.app.events()[0].visibility, "newsroom");
    desk.public(&unseen).await.refused(404, "not_found");
    desk.public("لم-ير").await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_correction_is_public_stays_and_comes_with_its_revision() {
    let desk = Desk::new().await;
    let id = desk.live("خبر").await;
    desk.app.clock.advance(Duration::from_secs(60));
    desk.edit(&desk.editor, &id, json!({ "body": [paragraph("يوم الجمعة")] })).await.expect(200);
    let correct = |body: Value| desk.step(&desk.editor, &id, "corrections", body);
    let refused = correct(json!({ "type": "erratum", "text": "x" })).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/type not_allowed"]);
    let refused = correct(json!({ "type": "correction", "text": "\u{200b}" })).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/text blank"]);
    desk.app.events();
    let saved = correct(json!({ "type": "correction", "text": "الجمعة لا الخميس.", "note": "سر" })).await.expect(200);
    desk.app.assert_events(&["article.corrected"]);
    assert_eq!(saved.text("/corrections/0/text"), "الجمعة لا الخميس.");
    let shown = desk.public(&format!("{id}?body=text")).await.expect(200);
    assert_eq!(
        (shown.text("/bodyText"), shown.text("/dateModified")),
        ("يوم الجمعة".into(), "2026-01-15T12:01:00Z".into())
    );
    assert_eq!(shown.text("/corrections/0/type"), "correction");
    desk.app.clock.advance(Duration::from_secs(60));
    correct(json!({ "type": "clarification", "text": "بتوقيت موسكو.", "minor": true })).await.expect(200);
    let shown = desk.public(&id).await.expect(200);
    assert_eq!(
        (shown.text("/corrections/1/text"), shown.text("/dateModified")),
        ("بتوقيت موسكو.".into(), "2026-01-15T12:01:00Z".into())
    );
    // It stays while the article is away and comes back with it.
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "x" })).await.expect(200);
    desk.step(&desk.editor, &id, "corrections", said("correct")).await.refused(409, "illegal_transition");
    desk.publish(&id).await;
    assert_eq!(desk.public(&id).await.at("/corrections").as_array().unwrap().len(), 2);
    let list = desk.app.anonymous().get(ARTICLES).send().await.expect(200);
    assert_eq!(list.at("/items/0/corrections").as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn the_schedule_is_the_editors_and_a_writer_sees_the_own_article_s_hour() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "خبر", "2026-01-15T13:00:00Z").await;
    for path in [SCHEDULE.to_owned(), format!("{SCHEDULE}/lateness")] {
        desk.journalist.get(&path).send().await.refused(403, "forbidden");
        desk.app.as_(Role::Moderator).await.get(&path).send().await.refused(403, "forbidden");
        desk.app.anonymous().get(&path).send().await.refused(401, "unauthenticated");
    }
    let own = desk.journalist.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert_eq!(own.text("/schedule/visibleFrom"), "2026-01-15T13:00:00Z");
    let of_article = desk.editor.get(&format!("{SCHEDULE}?article={id}&from=2026-01-15T13:00:00Z")).send().await;
    assert_eq!(of_article.expect(200).at("/items").as_array().unwrap().len(), 1);
    let none = desk.editor.get(&format!("{SCHEDULE}?until=2026-01-15T13:00:00Z")).send().await.expect(200);
    assert_eq!(none.at("/items"), &json!([]));
}

/// A plan whose article has moved on by hand on another node comes to nothing, and holds nobody up.
#[actix_web::test]
async fn a_plan_without_an_article_behind_it_lapses() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "خبر", "2026-01-15T13:00:00Z").await;
    let lost = desk.app.app.write(Actor::itself(), move |tx| {
        use diesel::prelude::*;
        use khabar::db::schema::articles;
        let none = (articles::due_at.eq(None::<i64>), articles::state.eq("approved"));
        diesel::update(articles::table).set(none).execute(tx.conn)?;
        Ok(())
    });
    lost.await.unwrap();
    desk.app.clock.set("2026-01-15T13:00:00Z");
    desk.app.events();
    announce(&desk.app).await;
    desk.app.assert_events(&[]);
    let given_up = desk.editor.get(&format!("{SCHEDULE}?outcome=cancelled")).send().await.expect(200);
    assert_eq!(given_up.text("/items/0/articleId"), id);
}

#[actix_web::test]
async fn an_embargo_that_comes_after_the_plan_is_not_taken_for_one_that_holds() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "خبر", "2026-01-15T13:00:00Z").await;
    let later = json!({ "embargoedUntil": "2026-01-15T15:00:00Z" });
    let refused = desk.edit(&desk.editor, &id, later.clone()).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/embargoedUntil scheduled_before"]);
    desk.edit(&desk.editor, &id, json!({ "embargoedUntil": "2026-01-15T13:00:00Z" })).await.expect(200);
    desk.step(&desk.editor, &id, "unschedule", json!({})).await.expect(200);
    desk.edit(&desk.editor, &id, later).await.expect(200);
    for said in [json!({ "datePublished": "2020-10-09T08:30:00Z" }), json!({ "minor": true })] {
        let refused = desk.step(&desk.editor, &id, "publish", said).await.refused(422, "invalid");
        assert!(refused.errors()[0].ends_with(" excludes"), "{:?}", refused.errors());
    }
}

#[actix_web::test]
async fn what_the_clock_tells_is_the_revision_that_readers_see() {
    let desk = Desk::new().await;
    let id = desk.draft_with("خبر", json!({ "expires": "2026-01-15T14:00:00Z" })).await.text("/id");
    at(&desk, &id, "2026-01-15T13:00:00Z").await.expect(200);
    desk.edit(&desk.editor, &id, json!({ "headline": "خبر آخر" })).await.expect(200);
    desk.app.events();
    desk.app.clock.set("2026-01-15T14:00:00Z");
    announce(&desk.app).await;
    let told: Vec<_> =
        desk.app.events().into_iter().map(|event| (event.topic, event.payload["version"].clone())).collect();
    assert_eq!(told, [("article.published".to_owned(), json!(2)), ("article.unpublished".to_owned(), json!(2))]);
}

/// Another node, whose clock is ahead, has told that it is public: it can't be taken back as if nobody knew.
#[actix_web::test]
async fn what_was_told_elsewhere_is_not_unscheduled_by_a_clock_that_lags() {
    let desk = Desk::new().await;
    let id = scheduled(&desk, "خبر", "2026-01-15T13:00:00Z").await;
    let told = desk.app.app.write(Actor::itself(), move |tx| {
        use diesel::prelude::*;
        use khabar::db::schema::article_turns;
        diesel::update(article_turns::table).set(article_turns::outcome.eq("done")).execute(tx.conn)?;
        Ok(())
    });
    told.await.unwrap();
    for step in ["unschedule", "schedule", "publish"] {
        desk.step(&desk.editor, &id, step, said(step)).await.refused(412, "stale");
    }
}

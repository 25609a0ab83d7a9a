//! Stories: what alerts and articles tell of one event, in order of time.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::alerts::{form as alert, issue, step};
use crate::articles::{Desk, with};
use crate::support::{Answer, Client};

const STORY: &str = "0192f3a4-5b6c-7d8e-9f01-234567890001";
const OTHER: &str = "0192f3a4-5b6c-7d8e-9f01-234567890002";

async fn story(desk: &Desk, query: &str) -> Answer {
    desk.app.anonymous().get(&format!("/api/v1/stories/{STORY}?{query}")).send().await
}

/// The steps: `kind headline`.
async fn steps(desk: &Desk, query: &str) -> Vec<String> {
    let seen = story(desk, query).await.expect(200);
    assert_eq!(seen.text("/id"), STORY);
    let said = |step: &Value| {
        let of = if step["article"].is_null() { &step["alert"] } else { &step["article"] };
        format!("{} {}", step["kind"].as_str().unwrap(), of["headline"].as_str().unwrap())
    };
    seen.at("/items").as_array().unwrap().iter().map(said).collect()
}

fn later(desk: &Desk) {
    desk.app.clock.advance(Duration::from_secs(60));
}

#[actix_web::test]
async fn a_story_is_told_in_order_with_the_sources_of_each_step() {
    let desk = Desk::new().await;
    let of_story = json!({ "storyId": STORY });
    let said = json!({ "storyId": STORY, "sourceIds": [desk.sources[0]] });
    let flash = issue(&desk.editor, &with(alert("عاجل"), said)).await;
    later(&desk);
    let first = desk.live_with("أول", of_story.clone()).await;
    later(&desk);
    let english = json!({ "storyId": STORY, "language": "en", "translationOf": first });
    desk.live_with("first", english).await;
    later(&desk);
    let why = json!({ "reason": "نُفي", "text": "لم يحدث" });
    step(&desk.editor, &flash, "retract", why).await.expect(200);
    later(&desk);
    let credit =
        json!({ "storyId": STORY, "sources": [{ "sourceId": desk.sources[1] }, { "sourceId": desk.sources[0] }] });
    let second = desk.live_with("ثان", credit).await;
    later(&desk);
    // A rewrite belongs to the story of what it rewrites, and so does its own rewrite; unless it says otherwise.
    let third = desk.live_with("ثالث", json!({ "rewriteOf": second })).await;
    later(&desk);
    desk.live_with("رابع", json!({ "rewriteOf": third })).await;
    desk.live_with("غريب", json!({ "rewriteOf": third, "storyId": OTHER })).await;
    desk.live_with("غريب آخر", json!({})).await;
    let all =
        ["alert عاجل", "article أول", "article first", "retraction عاجل", "update ثان", "update ثالث", "update رابع"];
    assert_eq!(steps(&desk, "").await, all);
    let seen = story(&desk, "").await;
    assert_eq!(seen.text("/items/0/at"), "2026-01-15T12:00:00Z");
    assert_eq!(seen.text("/items/3/at"), "2026-01-15T12:03:00Z");
    assert_eq!(seen.text("/items/3/alert/retraction/reason"), "نُفي");
    assert_eq!(seen.text("/items/0/sources/0/name"), "وكالات");
    let names: Vec<_> = seen.at("/items/4/sources").as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["هيا", "وكالات"]);
    assert!(seen.json.pointer("/items/1/article/body").is_none());
    assert_eq!(steps(&desk, "language=en").await, ["article first"]);
    assert_eq!(steps(&desk, "language=fr").await, [""; 0]);
    assert_eq!(story(&desk, "fields=id").await.expect(200).json, json!({ "id": STORY }));
}

#[actix_web::test]
async fn what_is_not_public_of_a_story_is_not_told_and_a_story_of_nothing_is_nowhere() {
    let desk = Desk::new().await;
    let of_story = json!({ "storyId": STORY });
    let nowhere = story(&desk, "").await.refused(404, "not_found");
    for state in ["draft", "submitted", "approved", "unpublished", "spiked"] {
        let id = desk.in_state(state).await;
        if state == "spiked" {
            desk.step(&desk.editor, &id, "unspike", json!({})).await.expect(200);
        }
        desk.edit(&desk.editor, &id, of_story.clone()).await.expect(200);
    }
    desk.editor.post("/api/v1/newsroom/alerts").json(&with(alert("مسودة"), of_story.clone())).send().await.expect(201);
    let start = json!({ "storyId": STORY, "startsAt": "2026-01-15T13:00:00Z" });
    issue(&desk.editor, &with(alert("قادم"), start)).await;
    // A published article whose working copy came to the story since.
    let other = desk.live("منشور").await;
    desk.edit(&desk.editor, &other, of_story.clone()).await.expect(200);
    let still = story(&desk, "").await.refused(404, "not_found");
    assert_eq!(still.json["title"], nowhere.json["title"]);
    desk.publish(&other).await;
    assert_eq!(steps(&desk, "").await, ["article منشور"]);
    desk.app.clock.set("2026-01-15T13:00:00Z");
    assert_eq!(steps(&desk, "").await, ["article منشور", "alert قادم"], "at the instant, with no job");
    desk.step(&desk.editor, &other, "unpublish", json!({ "note": "لأن" })).await.expect(200);
    assert_eq!(steps(&desk, "").await, ["alert قادم"]);
}

#[actix_web::test]
async fn an_alert_shows_in_a_story_that_began_with_its_article_only_while_that_is_public() {
    let desk = Desk::new().await;
    let said = |fields: Value| with(json!({ "sourceIds": [desk.sources[0]], "sectionIds": [desk.section] }), fields);
    let issued = issue(&desk.editor, &with(alert("بلا قصة"), said(json!({})))).await;
    let article = step(&desk.editor, &issued, "article", json!({})).await.expect(201);
    let path = format!("/api/v1/stories/{}", article.text("/storyId"));
    desk.app.anonymous().get(&path).send().await.refused(404, "not_found");
    later(&desk);
    desk.publish(&article.text("/id")).await;
    let seen = desk.app.anonymous().get(&path).send().await.expect(200);
    assert_eq!((seen.text("/items/0/kind"), seen.text("/items/1/kind")), ("alert".into(), "article".into()));
    // One that was in a story before stays in it, whatever the newsroom does.
    let issued = issue(&desk.editor, &with(alert("في القصة"), said(json!({ "storyId": STORY })))).await;
    let before = story(&desk, "").await.expect(200);
    step(&desk.editor, &issued, "article", json!({})).await.expect(201);
    assert_eq!(story(&desk, "").await.bytes, before.bytes);
}

#[actix_web::test]
async fn what_was_put_right_is_a_step_and_what_is_planned_or_killed_is_none() {
    let desk = Desk::new().await;
    let of_story = json!({ "storyId": STORY });
    let planned = desk.draft_with("قادم", of_story.clone()).await.text("/id");
    let at = json!({ "publishAt": "2026-01-15T13:00:00Z" });
    desk.step(&desk.editor, &planned, "schedule", at).await.expect(200);
    story(&desk, "").await.refused(404, "not_found");
    let first = desk.live_with("أول", of_story).await;
    later(&desk);
    let wrong = json!({ "type": "correction", "text": "الجمعة لا الخميس." });
    desk.step(&desk.editor, &first, "corrections", wrong).await.expect(200);
    later(&desk);
    let false_ = json!({ "type": "retraction", "text": "لم يحدث." });
    desk.step(&desk.editor, &first, "corrections", false_).await.expect(200);
    assert_eq!(steps(&desk, "").await, ["article أول", "correction أول", "retraction أول"]);
    let seen = story(&desk, "").await;
    assert_eq!(seen.text("/items/1/correction/text"), "الجمعة لا الخميس.");
    assert_eq!(
        (seen.text("/items/1/at"), seen.text("/items/2/at")),
        ("2026-01-15T12:01:00Z".into(), "2026-01-15T12:02:00Z".into())
    );
    assert_eq!(seen.text("/items/2/sources/0/name"), "وكالات");
    desk.app.clock.set("2026-01-15T13:00:00Z");
    assert_eq!(steps(&desk, "").await.last().unwrap(), "update قادم");
    desk.step(&desk.admin, &first, "kill", json!({ "notice": "حُذف", "note": "لأن" })).await.expect(200);
    assert_eq!(steps(&desk, "").await, ["article قادم"]);
}

async fn at_desk(who: &Client, query: &str) -> Answer {
    who.get(&format!("/api/v1/newsroom/stories/{STORY}?{query}")).send().await
}

/// The steps that somebody in the newsroom sees: `kind headline state`.
async fn desk_steps(who: &Client, query: &str) -> Vec<String> {
    let seen = at_desk(who, query).await.expect(200);
    let said = |step: &Value| {
        let of = if step["article"].is_null() { &step["alert"] } else { &step["article"] };
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        format!("{} {} {}", word(&step["kind"]), word(&of["headline"]), word(&of["state"]))
    };
    seen.at("/items").as_array().unwrap().iter().map(said).collect()
}

#[actix_web::test]
async fn the_desk_sees_a_story_with_what_is_not_public_in_order_and_with_its_state() {
    let desk = Desk::new().await;
    let of_story = json!({ "storyId": STORY });
    desk.editor.post("/api/v1/newsroom/alerts").json(&with(alert("مسودة"), of_story.clone())).send().await.expect(201);
    later(&desk);
    desk.draft_with("لم يُنشر", of_story.clone()).await;
    later(&desk);
    let flash = issue(&desk.editor, &with(alert("عاجل"), of_story.clone())).await;
    later(&desk);
    let first = desk.live_with("أول", of_story.clone()).await;
    later(&desk);
    let wrong = json!({ "type": "correction", "text": "الجمعة لا الخميس." });
    desk.step(&desk.editor, &first, "corrections", wrong).await.expect(200);
    later(&desk);
    desk.draft_with("first", json!({ "storyId": STORY, "language": "en", "translationOf": first })).await;
    let planned = desk.draft_with("قادم", of_story.clone()).await.text("/id");
    let at = json!({ "publishAt": "2026-01-15T13:00:00Z" });
    desk.step(&desk.editor, &planned, "schedule", at).await.expect(200);
    later(&desk);
    let rewrite = desk.draft_with("إعادة", json!({ "rewriteOf": first })).await.text("/id");
    desk.step(&desk.editor, &rewrite, "spike", json!({ "note": "لأن" })).await.expect(200);
    later(&desk);
    step(&desk.editor, &flash, "retract", json!({ "reason": "نُفي", "text": "لم يحدث" })).await.expect(200);
    desk.draft_with("غريب", json!({ "storyId": OTHER })).await;
    let all = [
        "alert مسودة draft",
        "update لم يُنشر draft",
        "alert عاجل retracted",
        "article أول published",
        "correction أول published",
        "article first draft",
        "update إعادة spiked",
        "retraction عاجل retracted",
        "update قادم scheduled",
    ];
    assert_eq!(desk_steps(&desk.editor, "").await, all);
    assert_eq!(desk_steps(&desk.editor, "language=en").await, ["article first draft"]);
    assert_eq!(at_desk(&desk.editor, "fields=id").await.expect(200).json, json!({ "id": STORY }));
    let seen = at_desk(&desk.editor, "").await.expect(200);
    assert_eq!(seen.text("/items/4/correction/text"), "الجمعة لا الخميس.");
    assert_eq!(seen.text("/items/8/at"), "2026-01-15T13:00:00Z");
    assert!(seen.json.pointer("/items/3/article/body").is_none_or(Value::is_null));
    // One that left the story stays in it for as long as readers see it there.
    desk.edit(&desk.editor, &first, json!({ "storyId": OTHER })).await.expect(200);
    assert!(desk_steps(&desk.editor, "").await.contains(&"article أول published".to_owned()));
    desk.app.clock.set("2026-01-15T13:00:00Z");
    assert_eq!(desk_steps(&desk.editor, "").await.last().unwrap(), "update قادم published", "with no job");
}

#[actix_web::test]
async fn a_story_at_the_desk_shows_nobody_what_the_lists_do_not() {
    let desk = Desk::new().await;
    let of_story = json!({ "storyId": STORY });
    let colleague = desk.app.as_(Role::Journalist).await;
    let nothing = at_desk(&colleague, "").await.refused(404, "not_found");
    let own = desk.draft_with("مسودة", of_story.clone()).await.text("/id");
    let alerts = "/api/v1/newsroom/alerts";
    desk.journalist.post(alerts).json(&with(alert("نبأ"), of_story.clone())).send().await.expect(201);
    let hidden = at_desk(&colleague, "").await.refused(404, "not_found");
    assert_eq!(hidden.json["title"], nothing.json["title"]);
    at_desk(&colleague, "language=ar").await.refused(404, "not_found");
    assert_eq!(desk_steps(&desk.journalist, "").await, ["alert نبأ draft", "article مسودة draft"]);
    issue(&desk.editor, &with(alert("عاجل"), of_story)).await;
    assert_eq!(desk_steps(&colleague, "").await, ["alert عاجل active"]);
    let path = format!("/api/v1/newsroom/articles/{own}/assignee");
    let tag = desk.editor.get(&format!("/api/v1/newsroom/articles/{own}")).send().await.expect(200).etag();
    let give = desk.editor.put(&path).if_match(&tag).json(&json!({ "userId": colleague.id() }));
    give.send().await.expect(200);
    assert_eq!(desk_steps(&colleague, "").await, ["alert عاجل active", "article مسودة draft"]);
    for role in [Role::Reader, Role::Moderator] {
        at_desk(&desk.app.as_(role).await, "").await.refused(403, "forbidden");
    }
    at_desk(&desk.app.anonymous(), "").await.refused(401, "unauthenticated");
}

//! Breaking alerts: from the draft to the ticker and out of it, at the instant.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{Desk, with};
use crate::support::{Answer, Client, TestApp};

const NEWSROOM: &str = "/api/v1/newsroom/alerts";
const TICKER: &str = "/api/v1/alerts";

pub fn form(headline: &str) -> Value {
    json!({ "headline": headline, "language": "ar" })
}

async fn draft(who: &Client, form: &Value) -> Answer {
    who.post(NEWSROOM).json(form).send().await.expect(201)
}

/// A step on the version that somebody has seen.
pub async fn step(who: &Client, seen: &Answer, step: &str, body: Value) -> Answer {
    let path = format!("{NEWSROOM}/{}/{step}", seen.text("/id"));
    who.post(&path).if_match(&seen.etag()).json(&body).send().await
}

pub async fn issue(editor: &Client, form: &Value) -> Answer {
    let made = draft(editor, form).await;
    let said = if form["urgency"] == 1 { json!({ "override": "لا أحد غيري هنا" }) } else { json!({}) };
    step(editor, &made, "issue", said).await.expect(200)
}

async fn ticker(app: &TestApp, query: &str) -> Vec<String> {
    headlines(&app.anonymous().get(&format!("{TICKER}?{query}")).send().await.expect(200))
}

fn headlines(page: &Answer) -> Vec<String> {
    page.at("/items").as_array().unwrap().iter().map(|item| item["headline"].as_str().unwrap().to_owned()).collect()
}

async fn public(app: &TestApp, seen: &Answer) -> Answer {
    app.anonymous().get(&format!("{TICKER}/{}", seen.text("/id"))).send().await
}

#[actix_web::test]
async fn staff_draft_alerts_and_only_the_newsroom_hears_of_it() {
    let app = TestApp::new().await;
    let journalist = app.as_(Role::Journalist).await;
    app.anonymous().post(NEWSROOM).json(&form("خبر")).send().await.refused(401, "unauthenticated");
    app.as_(Role::Reader).await.post(NEWSROOM).json(&form("خبر")).send().await.refused(403, "forbidden");
    app.events();
    let made = draft(&journalist, &form("خبر")).await;
    assert_eq!(
        (made.text("/state"), made.at("/urgency"), made.text("/dir")),
        ("draft".into(), &json!(3), "rtl".into())
    );
    let event = app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility), ("alert.created", "newsroom"));
    public(&app, &made).await.refused(404, "not_found");
    assert_eq!(ticker(&app, "").await, [""; 0]);
}

#[actix_web::test]
async fn everything_that_is_wrong_with_an_alert_is_named_at_once() {
    let desk = Desk::new().await;
    let source = &desk.sources[0];
    let bad = json!({
        "headline": " \u{200b} ", "language": "ar", "link": "javascript:alert(1)", "topics": ["أحمد", "احمد", "!!"],
        "regions": ["a\u{202e}b"], "startsAt": "2026-01-16T12:00:00Z", "expires": "2026-01-16T11:00:00Z",
        "sourceIds": [source, source],
    });
    let mut errors = desk.journalist.post(NEWSROOM).json(&bad).send().await.refused(422, "invalid").errors();
    errors.sort();
    let expected = [
        "/expires not_later",
        "/headline blank",
        "/link not_a_url",
        "/regions/0 forbidden_character",
        "/sourceIds/1 repeated",
        "/topics/1 repeated",
        "/topics/2 bad_format",
    ];
    assert_eq!(errors, expected);
    let nobody = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
    let unknown = with(form("x"), json!({ "articleId": nobody, "sourceIds": [source, nobody, desk.section] }));
    let mut errors = desk.journalist.post(NEWSROOM).json(&unknown).send().await.refused(422, "invalid").errors();
    errors.sort();
    assert_eq!(errors, ["/articleId not_found", "/sourceIds/1 not_found", "/sourceIds/2 not_found"]);
    desk.app.assert_events(&[]);
}

#[actix_web::test]
async fn a_draft_is_its_writers_and_the_editors() {
    let app = TestApp::new().await;
    let (writer, colleague, editor) =
        (app.as_(Role::Journalist).await, app.as_(Role::Journalist).await, app.as_(Role::Editor).await);
    let made = draft(&writer, &form("خبر")).await;
    let path = format!("{NEWSROOM}/{}", made.text("/id"));
    colleague.get(&path).send().await.refused(404, "not_found");
    let patch = json!({ "headline": "x" });
    colleague.patch(&path).if_match("\"1\"").json(&patch).send().await.refused(404, "not_found");
    let seen = colleague.get(&format!("{NEWSROOM}?count=true")).send().await.expect(200);
    assert_eq!((seen.at("/items"), seen.at("/page/total")), (&json!([]), &json!(0)));
    for who in [&writer, &editor] {
        who.get(&path).send().await.expect(200);
        assert_eq!(headlines(&who.get(NEWSROOM).send().await), ["خبر"]);
    }
    step(&editor, &made, "issue", json!({})).await.expect(200);
    colleague.get(&path).send().await.expect(200);
    assert_eq!(headlines(&colleague.get(NEWSROOM).send().await), ["خبر"]);
}

#[actix_web::test]
async fn a_draft_is_changed_by_those_who_know_its_version() {
    let app = TestApp::new().await;
    let writer = app.as_(Role::Journalist).await;
    let made = draft(&writer, &with(form("خبر"), json!({ "urgency": 2 }))).await;
    let path = format!("{NEWSROOM}/{}", made.text("/id"));
    let patch = json!({ "urgency": null });
    writer.patch(&path).json(&patch).send().await.refused(428, "precondition_required");
    let changed = writer.patch(&path).if_match("\"1\"").json(&patch).send().await.expect(200);
    assert_eq!((changed.at("/urgency"), changed.etag()), (&json!(3), "\"2\"".into()));
    let stale = writer.patch(&path).if_match("\"1\"").json(&patch).send().await.refused(412, "stale");
    assert_eq!(stale.etag(), "\"2\"");
    step(&app.as_(Role::Editor).await, &changed, "issue", json!({})).await.expect(200);
    let late = writer.patch(&path).if_match("\"3\"").json(&patch).send().await.refused(409, "illegal_transition");
    assert_eq!(
        (late.text("/state"), late.at("/allowed")),
        ("active".into(), &json!(["update", "retract", "supersede"]))
    );
}

#[actix_web::test]
async fn an_editor_sends_it_out_for_a_day_unless_told_otherwise() {
    let app = TestApp::new().await;
    let (writer, editor) = (app.as_(Role::Journalist).await, app.as_(Role::Editor).await);
    let made = draft(&writer, &form("خبر")).await;
    step(&writer, &made, "issue", json!({})).await.refused(403, "forbidden");
    let past = json!({ "expires": "2026-01-15T12:00:00Z" });
    let refused = step(&editor, &made, "issue", past).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/expires not_later"]);
    app.events();
    let issued = step(&editor, &made, "issue", json!({})).await.expect(200);
    assert_eq!(issued.text("/startsAt"), "2026-01-15T12:00:00Z");
    assert_eq!(issued.text("/expires"), "2026-01-16T12:00:00Z");
    let events: Vec<_> = app.events().into_iter().map(|event| (event.topic, event.visibility)).collect();
    let expected = [("alert.issued", "public"), ("push.requested", "newsroom")];
    assert_eq!(events, expected.map(|(topic, visibility)| (topic.to_owned(), visibility.to_owned())));
    let shown = public(&app, &issued).await.expect(200);
    assert!(shown.json.get("createdBy").is_none() && shown.json.get("note").is_none());
    assert_eq!((shown.text("/level"), shown.text("/state")), ("urgent".into(), "active".into()));
}

#[actix_web::test]
async fn the_same_headline_goes_out_once_in_ten_minutes() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let first = issue(&editor, &form("أحمد في دمشق")).await;
    let echo = draft(&editor, &form("شيء آخر")).await;
    let path = format!("{NEWSROOM}/{}", echo.text("/id"));
    let same = json!({ "headline": "أَحْمَد في  دمشق" });
    let echo = editor.patch(&path).if_match(&echo.etag()).json(&same).send().await.expect(200);
    app.events();
    app.clock.advance(Duration::from_micros(599_999_999));
    let refused = step(&editor, &echo, "issue", json!({})).await.refused(409, "duplicate");
    assert_eq!(refused.text("/existing"), first.text("/id"));
    app.assert_events(&[]);
    let english = with(form("أحمد في دمشق"), json!({ "language": "fa" }));
    issue(&editor, &english).await;
    app.clock.advance(Duration::from_micros(1));
    step(&editor, &echo, "issue", json!({})).await.expect(200);
}

#[actix_web::test]
async fn of_two_who_send_one_headline_at_once_one_does() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let mut drafts = vec![draft(&editor, &form("خبر")).await];
    app.clock.advance(Duration::from_secs(600));
    drafts.push(draft(&editor, &form("خبر")).await);
    app.events();
    let answers =
        futures_util::future::join_all(drafts.iter().map(|seen| step(&editor, seen, "issue", json!({})))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    app.assert_events(&["alert.issued", "push.requested"]);
}

#[actix_web::test]
async fn the_ticker_runs_by_urgency_and_then_the_newest() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    for (headline, urgency, topic) in
        [("a", 5, "أرمينيا"), ("b", 2, "روسيا"), ("c", 5, "إيران"), ("d", 1, "أرمينيا"), ("e", 2, "x")]
    {
        issue(&editor, &with(form(headline), json!({ "urgency": urgency, "topics": [topic] }))).await;
        app.clock.advance(Duration::from_secs(1));
    }
    draft(&editor, &form("z")).await;
    assert_eq!(ticker(&app, "").await.concat(), "debca");
    assert_eq!(ticker(&app, "maxUrgency=2").await.concat(), "deb");
    assert_eq!(ticker(&app, "topic=ارمينيا").await.concat(), "da");
    assert_eq!(ticker(&app, "topic=أرمينيا&topic=ايران").await.concat(), "dca");
    assert_eq!(ticker(&app, "topic=أرمين").await.concat(), "");
    assert_eq!(ticker(&app, "language=en").await.concat(), "");
    let mut walked = String::new();
    let mut cursor = String::new();
    loop {
        let page = app.anonymous().get(&format!("{TICKER}?limit=2&count=true{cursor}")).send().await.expect(200);
        assert_eq!(*page.at("/page/total"), json!(5));
        walked += &headlines(&page).concat();
        let Some(next) = page.at("/page/next").as_str() else { break };
        cursor = format!("&after={next}");
    }
    assert_eq!(walked, "debca");
    for query in ["maxUrgency=0", "maxUrgency=10", "maxUrgency=x", "since=now", "language=xx-", "state=draft"] {
        app.anonymous().get(&format!("{TICKER}?{query}")).send().await.refused(400, "bad_parameter");
    }
}

#[actix_web::test]
async fn an_alert_begins_and_ends_at_its_instants() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let times = json!({ "startsAt": "2026-01-15T13:00:00Z", "expires": "2026-01-15T14:00:00Z" });
    app.events();
    let made = issue(&editor, &with(form("خبر"), times)).await;
    assert_eq!(made.text("/state"), "scheduled");
    assert_eq!(app.events().pop().unwrap().visibility, "newsroom", "readers may not know of it yet");
    let cases = [
        ("2026-01-15T12:59:59.999999Z", 0, 404, ""),
        ("2026-01-15T13:00:00Z", 1, 200, "active"),
        ("2026-01-15T13:59:59.999999Z", 1, 200, "active"),
        ("2026-01-15T14:00:00Z", 0, 200, "expired"),
    ];
    for (instant, listed, status, state) in cases {
        app.clock.set(instant);
        assert_eq!(ticker(&app, "").await.len(), listed, "{instant}");
        let shown = public(&app, &made).await.expect(status);
        assert!(status == 404 || shown.text("/state") == state, "{instant}");
    }
}

#[actix_web::test]
async fn what_is_out_is_updated_field_by_field() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let issued = issue(&editor, &with(form("خبر"), json!({ "body": "نص", "link": "https://a.example/" }))).await;
    app.events();
    let updated = step(&editor, &issued, "update", json!({ "body": null, "headline": "خبر أدق" })).await.expect(200);
    assert_eq!((updated.at("/version"), updated.at("/body")), (&json!(3), &Value::Null));
    assert_eq!((updated.text("/headline"), updated.text("/link")), ("خبر أدق".into(), "https://a.example/".into()));
    let refused = step(&editor, &updated, "update", json!({ "headline": null })).await.refused(422, "invalid");
    assert_eq!(refused.errors().len(), 1);
    let refused = step(&editor, &updated, "update", json!({ "expires": "2026-01-15T11:00:00Z" })).await;
    assert_eq!(refused.refused(422, "invalid").errors(), ["/expires not_later"]);
    step(&editor, &issued, "update", json!({ "urgency": 1 })).await.refused(412, "stale");
    app.assert_events(&["alert.updated"]);
}

#[actix_web::test]
async fn what_is_taken_back_stays_with_its_reason() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let issued = issue(&editor, &form("خبر")).await;
    let refused = step(&editor, &issued, "retract", json!({})).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/reason required"]);
    app.clock.advance(Duration::from_secs(60));
    app.events();
    let why = json!({ "reason": "نفاه المصدر", "text": "لم يحدث" });
    let gone = step(&editor, &issued, "retract", why).await.expect(200);
    app.assert_events(&["alert.retracted", "push.requested"]);
    assert!(ticker(&app, "").await.is_empty());
    let shown = public(&app, &issued).await.expect(200);
    let retraction = json!({ "reason": "نفاه المصدر", "text": "لم يحدث", "at": "2026-01-15T12:01:00Z" });
    assert_eq!((shown.text("/state"), shown.at("/retraction")), ("retracted".into(), &retraction));
    assert_eq!(ticker(&app, "since=2026-01-15T12:00:30Z").await, ["خبر"]);
    let again = step(&editor, &gone, "retract", json!({ "reason": "x" })).await.refused(409, "illegal_transition");
    assert_eq!((again.text("/state"), again.at("/allowed")), ("retracted".into(), &json!([])));
}

#[actix_web::test]
async fn a_replacement_and_what_it_replaces_name_each_other() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let old = issue(&editor, &form("خبر")).await;
    app.events();
    let new = step(&editor, &old, "supersede", form("خبر")).await;
    assert!(new.status == 200 || new.status == 201, "{}", new.status);
    app.assert_events(&["alert.superseded", "alert.issued", "push.requested"]);
    assert_eq!(public(&app, &old).await.text("/supersededBy"), new.text("/id"));
    assert_eq!(public(&app, &new).await.text("/supersedes"), old.text("/id"));
    assert_eq!(public(&app, &old).await.text("/state"), "superseded");
    assert_eq!(ticker(&app, "").await, ["خبر"]);
}

#[actix_web::test]
async fn an_alert_names_its_article_only_while_that_is_published() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let issued = issue(&desk.editor, &with(form("عاجل"), json!({ "articleId": id }))).await;
    assert_eq!(issued.text("/articleId"), id, "the newsroom sees it");
    let seen = async || public(&desk.app, &issued).await.expect(200).at("/articleId").clone();
    assert_eq!(seen().await, Value::Null);
    desk.publish(&id).await;
    assert_eq!(seen().await, json!(id));
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "x" })).await.expect(200);
    assert_eq!(seen().await, Value::Null);
}

#[actix_web::test]
async fn a_client_that_was_away_walks_over_every_change_once() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    for headline in ["a", "b", "c", "d"] {
        issue(&editor, &form(headline)).await;
        app.clock.advance(Duration::from_secs(1));
    }
    draft(&editor, &form("draft")).await;
    let cancelled = draft(&editor, &form("cancelled")).await;
    step(&editor, &cancelled, "cancel", json!({ "note": "غير مؤكد" })).await.expect(200);
    let scheduled = draft(&editor, &with(form("scheduled"), json!({ "startsAt": "2027-01-01T00:00:00Z" }))).await;
    step(&editor, &scheduled, "issue", json!({})).await.expect(200);
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .anonymous()
            .get(&format!("{TICKER}?since=1970-01-01T00:00:00Z&limit=1{cursor}"))
            .send()
            .await
            .expect(200);
        walked.extend(headlines(&page));
        let Some(next) = page.at("/page/next").as_str() else { break };
        cursor = format!("&after={next}");
    }
    assert_eq!(walked, ["a", "b", "c", "d"]);
    public(&app, &cancelled).await.refused(404, "not_found");
    public(&app, &scheduled).await.refused(404, "not_found");
}

#[actix_web::test]
async fn an_issue_that_is_repeated_with_its_key_happens_once() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = draft(&editor, &form("خبر")).await;
    let path = format!("{NEWSROOM}/{}/issue", made.text("/id"));
    app.events();
    let first = editor.post(&path).if_match("\"1\"").key("k").json(&json!({})).send().await.expect(200);
    let again = editor.post(&path).if_match("\"1\"").key("k").json(&json!({})).send().await.expect(200);
    assert_eq!((first.bytes, first.headers.get("etag")), (again.bytes, again.headers.get("etag")));
    app.assert_events(&["alert.issued", "push.requested"]);
}

#[actix_web::test]
async fn a_source_that_an_alert_credits_can_not_be_removed_from_under_it() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let sources = "/api/v1/newsroom/sources";
    let made = editor.post(sources).json(&json!({ "name": "وكالات", "kind": "agency" })).send().await.expect(201);
    let source = made.text("/id");
    let alert = issue(&editor, &with(form("خبر"), json!({ "sourceIds": [source] }))).await;
    let path = format!("{sources}/{source}");
    editor.delete(&path).if_match(&made.etag()).send().await.refused(409, "in_use");

    // Out of use, it stays credited where it was, and is refused where it would be new.
    let rested =
        editor.patch(&path).if_match(&made.etag()).json(&json!({ "isActive": false })).send().await.expect(200);
    let changed = step(&editor, &alert, "update", json!({ "urgency": 2 })).await.expect(200);
    assert_eq!(changed.at("/sources").as_array().unwrap().len(), 1);
    let fresh = with(form("خبر آخر"), json!({ "sourceIds": [source] }));
    let refused = editor.post(NEWSROOM).json(&fresh).send().await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/sourceIds/0 out_of_use"]);
    editor.delete(&path).if_match(&rested.etag()).send().await.refused(409, "in_use");
}

#[actix_web::test]
async fn an_alert_that_starts_at_the_end_of_time_does_not_end_before_it() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let alert = issue(&editor, &with(form("خبر"), json!({ "startsAt": "9999-12-30T00:00:00Z" }))).await;
    assert!(alert.text("/expires") > alert.text("/startsAt"), "{}", alert.text("/expires"));
}

/// What happened since the last look: each topic, and the id of what it happened to.
fn told(app: &TestApp) -> Vec<(String, String)> {
    app.events().into_iter().map(|event| (event.topic, event.target.unwrap().to_string())).collect()
}

#[actix_web::test]
async fn a_flash_goes_out_when_two_people_stand_by_it() {
    let app = TestApp::new().await;
    let (writer, editor, second) =
        (app.as_(Role::Journalist).await, app.as_(Role::Editor).await, app.as_(Role::Editor).await);
    let made = draft(&writer, &with(form("انفجار"), json!({ "urgency": 1 }))).await;
    step(&writer, &made, "approve", json!({})).await.refused(403, "forbidden");
    step(&editor, &made, "issue", json!({})).await.refused(409, "approval_required");
    let odd = step(&editor, &made, "approve", json!({ "foo": 1 })).await.refused(422, "invalid");
    assert_eq!(odd.errors(), ["/foo unknown_field"]);
    let own = step(&editor, &made, "approve", json!({})).await.expect(200);
    step(&editor, &own, "issue", json!({})).await.refused(409, "approval_required");
    let both = step(&second, &own, "approve", json!({})).await.expect(200);
    assert_eq!(both.at("/approvals").as_array().unwrap().len(), 2);
    let path = format!("{NEWSROOM}/{}", made.text("/id"));
    let body = json!({ "body": "في وسط المدينة" });
    let changed = writer.patch(&path).if_match(&both.etag()).json(&body).send().await.expect(200);
    assert_eq!(*changed.at("/approvals"), json!([]), "nobody has approved this");
    step(&editor, &changed, "issue", json!({})).await.refused(409, "approval_required");
    let approved = step(&second, &changed, "approve", json!({})).await.expect(200);
    app.events();
    let issued = step(&editor, &approved, "issue", json!({ "override": "x" })).await.expect(200);
    assert_eq!(*issued.at("/override"), Value::Null, "it was not needed");
    app.assert_events(&["alert.issued", "push.requested"]);
    step(&second, &issued, "approve", json!({})).await.refused(409, "illegal_transition");
}

#[actix_web::test]
async fn somebody_who_is_alone_at_night_says_why_and_it_is_kept() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = draft(&editor, &with(form("زلزال"), json!({ "urgency": 1 }))).await;
    let blank = step(&editor, &made, "issue", json!({ "override": " " })).await;
    blank.refused(409, "approval_required");
    app.audit();
    let issued = step(&editor, &made, "issue", json!({ "override": "الثالثة فجرا ولا أحد هنا" })).await.expect(200);
    assert_eq!(issued.text("/override"), "الثالثة فجرا ولا أحد هنا");
    let line = app.audit().into_iter().find(|line| line.action == "alert.override_used").unwrap();
    assert_eq!((line.actor, &line.payload["reason"]), (Some(editor.id().uuid()), &json!("الثالثة فجرا ولا أحد هنا")));
    let public = public(&app, &issued).await.expect(200);
    assert!(public.json.get("override").is_none() && public.json.get("approvals").is_none());
    let shown: Vec<_> = app.events().into_iter().filter(|event| event.visibility == "public").collect();
    assert!(shown.iter().all(|event| !event.payload.to_string().contains("الثالثة")));
}

#[actix_web::test]
async fn no_flash_says_what_one_person_alone_wants_it_to_without_a_reason() {
    let app = TestApp::new().await;
    let (editor, second) = (app.as_(Role::Editor).await, app.as_(Role::Editor).await);
    let issued = issue(&editor, &form("خبر")).await;
    let with_reason = |body: Value| with(body, json!({ "override": "لا وقت" }));
    let flash = with(form("خبر عاجل"), json!({ "urgency": 1 }));
    for (name, body) in [("update", json!({ "urgency": 1 })), ("supersede", flash.clone())] {
        step(&editor, &issued, name, body).await.refused(409, "approval_required");
    }
    let made = draft(&editor, &flash).await;
    let approved = step(&second, &made, "approve", json!({})).await.expect(200);
    let times = json!({ "startsAt": "2026-01-15T13:00:00Z" });
    let scheduled = step(&editor, &approved, "schedule", times).await.expect(200);
    for body in [json!({ "headline": "انقلاب" }), json!({ "body": "زائف", "notify": true })] {
        step(&editor, &scheduled, "update", body).await.refused(409, "approval_required");
    }
    let moved = step(&editor, &scheduled, "update", json!({ "link": "https://a.example/" })).await.expect(200);
    assert_eq!(moved.at("/approvals").as_array().unwrap().len(), 1, "it says the same");
    app.events();
    let corrected = with_reason(json!({ "headline": "خبر عاجل أدق" }));
    let corrected = step(&editor, &moved, "update", corrected).await.expect(200);
    app.assert_events(&["alert.override_used", "alert.updated"]);
    assert_eq!((corrected.at("/approvals"), corrected.text("/override")), (&json!([]), "لا وقت".into()));
    app.clock.set("2026-01-15T13:00:00Z");
    let other = with(form("شيء آخر"), json!({ "urgency": 1 }));
    step(&editor, &corrected, "supersede", other.clone()).await.refused(409, "approval_required");
    app.events();
    let new = step(&editor, &corrected, "supersede", with_reason(other)).await.expect(201);
    assert_eq!(new.text("/override"), "لا وقت");
    let topics =
        ["alert.issued", "push.requested", "alert.override_used", "alert.superseded", "alert.issued", "push.requested"];
    app.assert_events(&topics);
}

#[actix_web::test]
async fn the_approval_of_somebody_who_may_no_longer_give_it_does_not_count() {
    let app = TestApp::new().await;
    let (admin, editor, second) =
        (app.as_(Role::Admin).await, app.as_(Role::Editor).await, app.as_(Role::Editor).await);
    let made = draft(&editor, &with(form("انفجار"), json!({ "urgency": 1 }))).await;
    let approved = step(&second, &made, "approve", json!({})).await.expect(200);
    let account = format!("/api/v1/newsroom/users/{}", second.id());
    let etag = admin.get(&account).send().await.expect(200).etag();
    admin.patch(&account).if_match(&etag).json(&json!({ "role": "journalist" })).send().await.expect(200);
    step(&editor, &approved, "issue", json!({})).await.refused(409, "approval_required");
}

#[actix_web::test]
async fn whoever_was_told_of_an_alert_is_told_what_became_of_it() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let loud = issue(&editor, &with(form("خبر"), json!({ "urgency": 2 }))).await;
    let quiet = step(&editor, &loud, "update", json!({ "urgency": 6 })).await.expect(200);
    assert_eq!((quiet.at("/urgency"), quiet.at("/peakUrgency")), (&json!(6), &json!(2)));
    assert_eq!(ticker(&app, "maxUrgency=3").await, [""; 0], "the ticker goes by what it is now");
    step(&editor, &quiet, "retract", json!({ "reason": "خطأ" })).await.expect(200);
    assert_eq!(ticker(&app, "maxUrgency=3&since=2026-01-15T12:00:00Z").await, ["خبر"]);
    let notice = app.events().pop().unwrap().payload;
    assert_eq!((&notice["urgency"], &notice["peakUrgency"]), (&json!(6), &json!(2)));
}

#[actix_web::test]
async fn what_changes_nothing_is_no_change() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = draft(&editor, &form("خبر")).await;
    app.events();
    let path = format!("{NEWSROOM}/{}", made.text("/id"));
    let same = editor.patch(&path).if_match("\"1\"").json(&json!({ "headline": "خبر" })).send().await.expect(200);
    assert_eq!(same.etag(), "\"1\"");
    app.assert_events(&[]);
    let issued = step(&editor, &same, "issue", json!({})).await.expect(200);
    app.events();
    let same = step(&editor, &issued, "update", json!({})).await.expect(200);
    assert_eq!(same.etag(), issued.etag());
    app.assert_events(&[]);
    step(&editor, &same, "update", json!({ "notify": true })).await.expect(200);
    app.assert_events(&["alert.updated", "push.requested"]);
}

#[actix_web::test]
async fn an_update_does_not_say_what_another_alert_has_just_said() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let first = issue(&editor, &form("زلزال في البحر")).await;
    let second = issue(&editor, &form("خبر")).await;
    let echo = step(&editor, &second, "update", json!({ "headline": "زلزال في البحر!" })).await;
    assert_eq!(echo.refused(409, "duplicate").text("/existing"), first.text("/id"));
    let journalist = app.as_(Role::Journalist).await;
    let hidden = draft(&editor, &form("سر")).await;
    let refused = journalist.post(NEWSROOM).json(&form("سر.")).send().await.refused(409, "duplicate");
    assert!(refused.json.get("existing").is_none(), "{} is not theirs to know", hidden.text("/id"));
}

#[actix_web::test]
async fn of_twenty_who_draft_one_headline_at_once_one_does() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let flash = with(form("زلزال في البحر"), json!({ "urgency": 1 }));
    let answers = futures_util::future::join_all((0..20).map(|_| editor.post(NEWSROOM).json(&flash).send())).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 19));
    for answer in refused {
        assert_eq!(answer.refused(409, "duplicate").text("/existing"), made[0].text("/id"));
    }
    app.assert_events(&["alert.created"]);
    app.clock.advance(Duration::from_secs(600));
    draft(&editor, &flash).await;
}

#[actix_web::test]
async fn what_the_clock_does_is_told_once_at_its_instant() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = draft(&editor, &form("قمة")).await;
    let late = json!({ "startsAt": "2026-01-15T12:00:00Z" });
    assert_eq!(step(&editor, &made, "schedule", late).await.refused(422, "invalid").errors(), ["/startsAt not_later"]);
    let times = json!({ "startsAt": "2026-01-15T13:00:00Z", "expires": "2026-01-15T14:00:00Z" });
    app.events();
    let scheduled = step(&editor, &made, "schedule", times).await.expect(200);
    app.assert_events(&["alert.scheduled"]);
    let id = scheduled.text("/id");
    let announce = async || khabar::alerts::announce(app.app.clone()).await.unwrap();
    announce().await;
    app.clock.set("2026-01-15T12:59:59.5Z");
    assert_eq!(announce().await, Duration::from_millis(500), "it looks again when the time has come");
    app.assert_events(&[]);
    app.clock.set("2026-01-15T13:00:00Z");
    let other = app.restarted().await;
    let (one, two) = futures_util::future::join(
        khabar::alerts::announce(app.app.clone()),
        khabar::alerts::announce(other.app.clone()),
    )
    .await;
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(told(&app), [("alert.issued".into(), id.clone()), ("push.requested".into(), id.clone())]);
    app.clock.set("2026-01-15T14:00:00Z");
    announce().await;
    announce().await;
    assert_eq!(told(&app), [("alert.expired".into(), id)]);
}

#[actix_web::test]
async fn a_change_that_is_faster_than_the_job_tells_what_the_clock_did_first() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let times = json!({ "startsAt": "2026-01-15T13:00:00Z", "expires": "2026-01-15T14:00:00Z" });
    let made = issue(&editor, &with(form("قمة"), times)).await;
    app.events();
    app.clock.set("2026-01-15T13:00:01Z");
    let updated = step(&editor, &made, "update", json!({ "headline": "قمة مؤجلة", "notify": true })).await.expect(200);
    app.assert_events(&["alert.issued", "push.requested", "alert.updated", "push.requested"]);
    app.clock.set("2026-01-15T14:00:01Z");
    step(&editor, &updated, "retract", json!({ "reason": "ألغيت" })).await.expect(200);
    app.assert_events(&["alert.expired", "alert.retracted", "push.requested"]);
    khabar::alerts::announce(app.app.clone()).await.unwrap();
    app.assert_events(&[]);
}

#[actix_web::test]
async fn phones_are_woken_by_an_update_only_when_it_asks_for_that() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let issued = issue(&editor, &with(form("خبر"), json!({ "body": "نص" }))).await;
    app.events();
    let quiet = step(&editor, &issued, "update", json!({ "body": "نص أدق" })).await.expect(200);
    app.assert_events(&["alert.updated"]);
    let loud = step(&editor, &quiet, "update", json!({ "body": "نص آخر", "notify": true })).await.expect(200);
    app.assert_events(&["alert.updated", "push.requested"]);
    step(&editor, &loud, "retract", json!({ "reason": "خطأ", "text": "لم يحدث" })).await.expect(200);
    let notice = app.events().pop().unwrap().payload;
    assert_eq!(
        (&notice["cause"], &notice["title"], &notice["body"]),
        (&json!("retracted"), &json!("خبر"), &json!("لم يحدث"))
    );
}

#[actix_web::test]
async fn an_alert_is_for_the_sections_and_regions_that_it_names() {
    let desk = Desk::new().await;
    let below = json!({ "name": "القوقاز", "parentId": desk.section });
    let below = desk.editor.post("/api/v1/newsroom/sections").json(&below).send().await.expect(201);
    let aimed = json!({ "sectionIds": [below.text("/id")], "regions": ["أرمينيا", "موسكو"] });
    issue(&desk.editor, &with(form("a"), aimed)).await;
    issue(&desk.editor, &with(form("b"), json!({ "sectionIds": [desk.section] }))).await;
    issue(&desk.editor, &form("c")).await;
    let section = &desk.section;
    for (query, expected) in [
        (format!("section={section}"), "ab"),
        (format!("section={}", below.text("/id")), "a"),
        ("section=القوقاز".into(), "a"),
        ("section=لا-أحد".into(), ""),
        ("region=ارمينيا".into(), "a"),
        ("region=روسيا&region=موسكو".into(), "a"),
        (format!("section={section}&region=موسكو&since=2026-01-15T00:00:00Z"), "a"),
    ] {
        let mut found = ticker(&desk.app, &query).await;
        found.sort_unstable();
        assert_eq!(found.concat(), expected, "{query}");
    }
    let path = format!("/api/v1/newsroom/sections/{}", below.text("/id"));
    desk.editor.delete(&path).if_match(&below.etag()).send().await.refused(409, "in_use");
    let bad = with(form("d"), json!({ "sectionIds": [desk.sources[0]] }));
    let refused = desk.editor.post(NEWSROOM).json(&bad).send().await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/sectionIds/0 not_found"]);
}

#[actix_web::test]
async fn a_dry_run_says_whom_an_alert_would_reach_and_what_stands_in_the_way() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let said = with(form("خبر"), json!({ "urgency": 1, "topics": ["أرمينيا"] }));
    let first = issue(&editor, &said).await;
    let echo = draft(&editor, &with(said.clone(), json!({ "headline": "x" }))).await;
    let path = format!("{NEWSROOM}/{}", echo.text("/id"));
    let echo = editor.patch(&path).if_match(&echo.etag()).json(&json!({ "headline": "خبر" })).send().await.expect(200);
    app.events();
    let seen = editor.get(&format!("{path}/audience")).send().await.expect(200);
    let expected =
        json!({ "streams": 0, "pushSubscriptions": 0, "needsApproval": true, "duplicateOf": first.text("/id") });
    assert_eq!(seen.json, expected);
    app.as_(Role::Journalist).await.get(&format!("{path}/audience")).send().await.refused(404, "not_found");
    app.clock.advance(Duration::from_secs(600));
    let second = app.as_(Role::Editor).await;
    step(&second, &echo, "approve", json!({})).await.expect(200);
    let seen = editor.get(&format!("{path}/audience")).send().await.expect(200);
    assert_eq!((seen.at("/needsApproval"), seen.at("/duplicateOf")), (&json!(false), &Value::Null));
}

#[actix_web::test]
async fn an_alert_begins_the_first_article_of_its_story() {
    let desk = Desk::new().await;
    let said = json!({ "body": "سطر أول\n\nسطر ثان", "sourceIds": [desk.sources[0]], "sectionIds": [desk.section] });
    let issued = issue(&desk.editor, &with(form("خبر عاجل"), said)).await;
    desk.app.events();
    let before = public(&desk.app, &issued).await;
    let article = step(&desk.journalist, &issued, "article", json!({})).await.expect(201);
    desk.app.assert_events(&["article.created", "alert.linked"]);
    assert_eq!((article.text("/headline"), article.text("/state")), ("خبر عاجل".into(), "draft".into()));
    assert_eq!(article.at("/body").as_array().unwrap().len(), 2);
    assert_eq!(
        (article.text("/sectionId"), article.text("/sources/0/sourceId")),
        (desk.section.clone(), desk.sources[0].clone())
    );
    assert!(article.header("location").unwrap().ends_with(&article.text("/id")));
    let path = format!("{NEWSROOM}/{}", issued.text("/id"));
    let linked = desk.editor.get(&path).send().await.expect(200);
    assert_eq!((linked.text("/articleId"), linked.text("/storyId")), (article.text("/id"), article.text("/storyId")));
    assert_eq!(public(&desk.app, &issued).await.bytes, before.bytes, "nobody outside knows that an article was begun");
    let again = step(&desk.journalist, &linked, "article", json!({})).await.refused(409, "duplicate");
    assert_eq!(again.text("/existing"), article.text("/id"));
    let announce = async || while khabar::alerts::announce(desk.app.app.clone()).await.unwrap().is_zero() {};
    announce().await;
    desk.app.events();
    desk.publish(&article.text("/id")).await;
    announce().await;
    let told = desk.app.events();
    let topics: Vec<&str> = told.iter().map(|event| &*event.topic).collect();
    assert_eq!(topics, ["article.published", "alert.updated"], "an open page learns where to read more");
    assert_eq!((&*told[1].visibility, &told[1].payload["articleId"]), ("public", &json!(article.text("/id"))));
    let seen = public(&desk.app, &issued).await;
    assert_eq!((seen.text("/articleId"), seen.text("/storyId")), (article.text("/id"), linked.text("/storyId")));
    desk.step(&desk.editor, &article.text("/id"), "unpublish", json!({ "note": "x" })).await.expect(200);
    announce().await;
    announce().await;
    desk.app.assert_events(&["article.unpublished", "alert.updated"]);
}

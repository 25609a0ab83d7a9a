//! Sanctions: what moderators do about somebody who comments, and what that person notices of it.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::comments::{address, article, below, desk, say};
use crate::support::{Answer, Client, TestApp};

const SANCTIONS: &str = "/api/v1/newsroom/sanctions";
const OWN: &str = "/api/v1/me/sanctions";

/// A place where anybody's comment shows at once.
async fn open_place(app: &TestApp) -> String {
    below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await)
}

/// Somebody who has commented.
async fn commenter(app: &TestApp, to: &str) -> Client {
    let reader = app.as_(Role::Reader).await;
    say(&reader, to, &format!("أول ما أقول {}", reader.id()), None).await.expect(201);
    reader
}

async fn impose(who: &Client, on: &Client, kind: &str, until: Option<&str>) -> Answer {
    let form = json!({ "commenterId": on.id(), "kind": kind, "reason": "abusive", "note": "سر", "until": until });
    who.post(SANCTIONS).json(&form).send().await
}

async fn lift(who: &Client, sanction: &Answer) -> Answer {
    who.post(&format!("{SANCTIONS}/{}/lift", sanction.text("/id"))).json(&json!({ "note": "اعتذر" })).send().await
}

async fn kinds(who: &Client, path: &str) -> Vec<String> {
    let page = who.get(path).send().await.expect(200);
    let items = page.at("/items").as_array().unwrap().clone();
    items.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn whoever_is_silenced_is_told_what_why_and_until_when() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    for (kind, until) in
        [("suspend", Some("2026-01-16T12:00:00Z")), ("ban", None), ("ban", Some("2026-01-17T12:00:00Z"))]
    {
        let reader = commenter(&app, &to).await;
        app.events();
        let sanction = impose(&moderator, &reader, kind, until).await.expect(201);
        app.assert_events(&["sanction.imposed"]);
        assert_eq!(sanction.at("/isActive"), &json!(true));
        let said = reader.get("/api/v1/me/comments").send().await.expect(200).text("/items/0/id");
        let edit = reader.patch(&format!("/api/v1/comments/{said}")).json(&json!({ "text": "غير ذلك" }));
        edit.send().await.refused(403, "sanctioned");
        let refused = say(&reader, &to, "وبعد", None).await.refused(403, "sanctioned");
        let told = |member: &str| refused.at(member).clone();
        assert_eq!(json!([told("/kind"), told("/reason"), told("/until")]), json!([kind, "abusive", until]));
        assert!(!String::from_utf8_lossy(&refused.bytes).contains("سر"), "the note is for colleagues");
        app.assert_events(&[]);
        lift(&moderator, &sanction).await.expect(200);
        app.assert_events(&["sanction.lifted"]);
        say(&reader, &to, "وبعد", None).await.expect(201);
    }
}

#[actix_web::test]
async fn a_sanction_ends_at_its_instant_by_itself() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let reader = commenter(&app, &to).await;
    let sanction = impose(&moderator, &reader, "suspend", Some("2026-01-15T12:00:10Z")).await.expect(201);
    app.clock.advance(Duration::from_micros(9_999_999));
    say(&reader, &to, "وبعد", None).await.refused(403, "sanctioned");
    app.clock.advance(Duration::from_micros(1));
    say(&reader, &to, "وبعد", None).await.expect(201);
    let over = lift(&moderator, &sanction).await.refused(409, "illegal_transition");
    assert_eq!(over.text("/state"), "ended");
    assert_eq!(kinds(&moderator, &format!("{SANCTIONS}?active=true")).await, [""; 0]);
    assert_eq!(kinds(&moderator, &format!("{SANCTIONS}?active=false")).await, ["suspend"]);
}

#[actix_web::test]
async fn what_somebody_watched_says_waits_with_the_rule_that_says_so() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let reader = commenter(&app, &to).await;
    impose(&moderator, &reader, "premod", None).await.expect(201);
    let waiting = say(&reader, &to, "وبعد", None).await.expect(202);
    assert_eq!(waiting.text("/status"), "pending");
    app.anonymous().get(&address(&waiting)).send().await.refused(404, "not_found");
    moderator.get(&desk(&waiting)).send().await.expect(200);
    // Nobody else waits for it.
    commenter(&app, &to).await;
}

#[actix_web::test]
async fn a_warning_is_read_by_whom_it_is_about_and_stops_nothing() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let (reader, other) = (commenter(&app, &to).await, commenter(&app, &to).await);
    let first = impose(&moderator, &reader, "warn", None).await.expect(201);
    impose(&moderator, &reader, "warn", Some("2026-01-16T12:00:00Z")).await.expect(201);
    say(&reader, &to, "وبعد", None).await.expect(201);
    let own = reader.get(OWN).send().await.expect(200);
    let item = own.at("/items/0").as_object().unwrap();
    let names: Vec<&str> = item.keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "kind", "reason", "until", "dateCreated"], "no note, and nobody's name");
    assert_eq!(kinds(&reader, OWN).await, ["warn", "warn"]);
    assert_eq!(kinds(&other, OWN).await, [""; 0]);
    lift(&moderator, &first).await.expect(200);
    app.clock.set("2026-01-16T12:00:00Z");
    assert_eq!(kinds(&reader, OWN).await, [""; 0]);
}

#[actix_web::test]
async fn of_each_kind_but_warnings_one_holds_at_a_time() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let reader = commenter(&app, &to).await;
    for (kind, until) in [("suspend", Some("2026-01-16T12:00:00Z")), ("ban", None), ("premod", None)] {
        let first = impose(&moderator, &reader, kind, until).await.expect(201);
        let again = impose(&moderator, &reader, kind, until).await.refused(409, "duplicate");
        assert_eq!(again.text("/existing"), first.text("/id"));
        lift(&moderator, &first).await.expect(200);
        let done = lift(&moderator, &first).await.refused(409, "illegal_transition");
        assert_eq!(done.text("/state"), "lifted");
        impose(&moderator, &reader, kind, until).await.expect(201);
    }
    let refused = say(&reader, &to, "وبعد", None).await.refused(403, "sanctioned");
    assert_eq!(refused.text("/kind"), "ban", "what silences the longest is told");
}

#[actix_web::test]
async fn to_ban_takes_a_permission_of_its_own() {
    let app = TestApp::new().await;
    let to = open_place(&app).await;
    let until = Some("2026-01-16T12:00:00Z");
    // Warn, suspend, premod, ban.
    for (role, expected) in [
        (Role::Reader, [403, 403, 403, 403]),
        (Role::Journalist, [403, 403, 403, 403]),
        (Role::Editor, [201, 201, 201, 403]),
        (Role::Moderator, [201, 201, 201, 201]),
        (Role::Admin, [201, 201, 201, 201]),
    ] {
        let (who, on) = (app.as_(role).await, commenter(&app, &to).await);
        let mut seen = Vec::new();
        for kind in ["warn", "suspend", "premod", "ban"] {
            seen.push(impose(&who, &on, kind, until).await.status);
        }
        assert_eq!(seen, expected, "{role}");
    }
    let ban = impose(&app.as_(Role::Moderator).await, &commenter(&app, &to).await, "ban", None).await.expect(201);
    let refused = lift(&app.as_(Role::Editor).await, &ban).await.refused(403, "forbidden");
    assert_eq!(refused.text("/permission"), "commenter.ban");
    lift(&app.as_(Role::Admin).await, &ban).await.expect(200);
}

#[actix_web::test]
async fn who_moderates_is_exempt_and_who_never_commented_is_not_found() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    for (role, exempt) in
        [(Role::Journalist, false), (Role::Editor, true), (Role::Moderator, true), (Role::Admin, true)]
    {
        let staff = app.as_(role).await;
        let unknown = impose(&moderator, &staff, "ban", None).await.refused(422, "invalid");
        assert_eq!(unknown.errors(), ["/commenterId not_found"], "{role}");
        say(&staff, &to, &format!("رأي {role}"), None).await.expect(201);
        let answer = impose(&moderator, &staff, "ban", None).await;
        if exempt {
            answer.refused(409, "exempt");
        } else {
            answer.expect(201);
            say(&staff, &to, "وبعد", None).await.refused(403, "sanctioned");
        }
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_sanction_is_named() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let reader = commenter(&app, &to).await;
    let ask = |kind: &str, until: Value| {
        let form = json!({ "commenterId": reader.id(), "kind": kind, "reason": "spam", "until": until });
        moderator.post(SANCTIONS).json(&form).send()
    };
    for (kind, until, error) in [
        ("suspend", Value::Null, "/until required"),
        ("suspend", json!("2026-01-15T12:00:00Z"), "/until not_later"),
        ("ban", json!("2020-01-15T12:00:00Z"), "/until not_later"),
        ("premod", json!("غدًا"), "/until not_an_instant"),
        ("shadow", Value::Null, "/kind not_allowed"),
    ] {
        assert_eq!(ask(kind, until).await.refused(422, "invalid").errors(), [error], "{kind}");
    }
    let unknown = format!("{SANCTIONS}/0192f3a4-5b6c-7d8e-9f01-23456789abcd");
    moderator.get(&unknown).send().await.refused(404, "not_found");
    moderator.post(&format!("{unknown}/lift")).json(&json!({})).send().await.refused(404, "not_found");
}

#[actix_web::test]
async fn the_list_narrows_by_commenter_and_goes_on_where_it_left_off() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let (one, other) = (commenter(&app, &to).await, commenter(&app, &to).await);
    let mut imposed = Vec::new();
    for (on, kind) in [(&one, "warn"), (&other, "premod"), (&one, "ban")] {
        imposed.push(impose(&moderator, on, kind, None).await.expect(201));
        app.clock.advance(Duration::from_secs(1));
    }
    lift(&moderator, &imposed[0]).await.expect(200);
    for (query, expected) in [
        (String::new(), vec!["ban", "premod", "warn"]),
        ("active=true".into(), vec!["ban", "premod"]),
        ("active=false".into(), vec!["warn"]),
        (format!("commenterId={}", one.id()), vec!["ban", "warn"]),
        (format!("commenterId={}&active=true", one.id()), vec!["ban"]),
    ] {
        let page = moderator.get(&format!("{SANCTIONS}?count=true&{query}")).send().await.expect(200);
        assert_eq!(*page.at("/page/total"), json!(expected.len()), "{query}");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("{SANCTIONS}?limit=1&{query}{cursor}");
            let page = moderator.get(&path).send().await.expect(200);
            seen.extend(kinds(&moderator, &path).await);
            let Some(next) = page.at("/page/next").as_str() else { break };
            cursor = format!("&after={next}");
        }
        assert_eq!(seen, expected, "{query}");
    }
    let lifted = moderator.get(&format!("{SANCTIONS}/{}", imposed[0].text("/id"))).send().await.expect(200);
    assert_eq!((lifted.text("/note"), lifted.text("/liftNote")), ("سر".into(), "اعتذر".into()));
    assert_eq!(lifted.text("/liftedBy"), moderator.id().to_string());
}

//! The moderators' desk: what was decided, what there is to look at, what comes to the front, and many at once.

use std::time::Duration;

use futures_util::future::join;
use khabar::auth::Role;
use serde_json::{Value, json};

use crate::comments::{address, article, below, counted, desk, say, texts};
use crate::support::{Answer, Client, TestApp};

const LIST: &str = "/api/v1/newsroom/comments";

/// A step of a moderator about a comment in this version.
pub async fn step(who: &Client, comment: &Answer, step: &str, version: i64, body: Value) -> Answer {
    let ask = who.post(&format!("{}/{step}", desk(comment))).json(&body);
    ask.if_match(&format!("\"{version}\"")).send().await
}

/// What a step takes as its body.
fn said(step: &str) -> Value {
    if matches!(step, "reject" | "withhold") { json!({ "reason": "spam" }) } else { json!({}) }
}

/// An article where comments show at once.
pub async fn open_article(app: &TestApp) -> Answer {
    article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await
}

async fn decisions(who: &Client, comment: &Answer) -> Vec<Value> {
    let page = who.get(&format!("{}/decisions", desk(comment))).send().await.expect(200);
    page.at("/items").as_array().unwrap().clone()
}

#[actix_web::test]
async fn every_decision_is_kept_with_its_rule_and_notes_stand_among_them() {
    let app = TestApp::new().await;
    let to = below(&open_article(&app).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let comment = say(&reader, &to, "انظر a.com ثم b.com", None).await.expect(202);
    app.events();
    let tick = || app.clock.advance(Duration::from_secs(1));
    tick();
    let note = moderator.post(&format!("{}/notes", desk(&comment))).json(&json!({ "note": " ينتظر " }));
    let note = note.send().await.expect(201);
    assert_eq!((note.text("/rule"), note.text("/note")), ("note".into(), "ينتظر".into()));
    tick();
    step(&moderator, &comment, "reject", 1, json!({ "reason": "spam", "note": "دعاية" })).await.expect(200);
    tick();
    step(&moderator, &comment, "review", 2, json!({ "note": "تبقى" })).await.expect(200);
    app.assert_events(&["comment.noted", "comment.rejected", "comment.reviewed"]);
    let seen: Vec<Value> = decisions(&moderator, &comment)
        .await
        .iter()
        .map(|made| json!([made["rule"], made["from"], made["to"], made["reason"], made["note"], made["decidedBy"]]))
        .collect();
    let id = moderator.id();
    assert_eq!(
        json!(seen),
        json!([
            ["review", "rejected", "rejected", null, "تبقى", id],
            ["moderator", "pending", "rejected", "spam", "دعاية", id],
            ["note", "pending", "pending", null, "ينتظر", id],
            ["links", null, "pending", null, null, null],
        ])
    );
    let first = decisions(&moderator, &comment).await.pop().unwrap();
    let spans: Vec<Value> = first["spans"].as_array().unwrap().iter().map(|s| json!([s["start"], s["end"]])).collect();
    assert_eq!(json!(spans), json!([[5, 10], [14, 19]]));
    // Its writer learns why and by what, and nothing that is for colleagues.
    let own = reader.get(&address(&comment)).send().await.expect(200);
    assert_eq!((own.text("/reason"), own.text("/rule")), ("spam".into(), "moderator".into()));
    for word in ["دعاية", "تبقى", "ينتظر"] {
        assert!(!String::from_utf8_lossy(&own.bytes).contains(word));
    }
}

#[actix_web::test]
async fn the_writer_is_told_by_what_a_comment_waits_and_nobody_else_is() {
    let app = TestApp::new().await;
    let to = below(&open_article(&app).await);
    let reader = app.as_(Role::Reader).await;
    let waiting = say(&reader, &to, "a.com b.com", None).await.expect(202);
    assert_eq!(waiting.text("/rule"), "links");
    assert_eq!(reader.get(&address(&waiting)).send().await.expect(200).text("/rule"), "links");
    let shown = say(&reader, &to, "رأي", None).await.expect(201);
    assert_eq!(shown.text("/rule"), "passed");
    let read = app.anonymous().get(&address(&shown)).send().await.expect(200);
    assert!(read.at("/rule").is_null());
}

#[actix_web::test]
async fn queues_are_listed_and_counted() {
    let app = TestApp::new().await;
    let (open, premoderated) =
        (open_article(&app).await, article(&app.as_(Role::Editor).await, json!({ "mode": "premoderated" })).await);
    let (reader, other, moderator) =
        (app.as_(Role::Reader).await, app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let mut made = Vec::new();
    for (who, to, text) in
        [(&reader, &open, "a"), (&other, &open, "b"), (&reader, &premoderated, "c"), (&other, &open, "d")]
    {
        made.push(say(who, &below(to), text, None).await);
        app.clock.advance(Duration::from_secs(1));
    }
    step(&moderator, &made[3], "withhold", 1, json!({ "reason": "other" })).await.expect(200);
    step(&moderator, &made[1], "review", 1, json!({})).await.expect(200);
    step(&moderator, &made[1], "feature", 2, json!({})).await.expect(200);
    let author = |who: &Client| format!("authorId={}", who.id());
    for (query, expected) in [
        ("queue=pending".to_owned(), vec!["c"]),
        ("queue=withheld".into(), vec!["d"]),
        ("queue=unreviewed".into(), vec!["a"]),
        ("queue=reported".into(), vec![]),
        ("featured=true".into(), vec!["b"]),
        ("featured=false".into(), vec!["d", "c", "a"]),
        ("hasAppeal=true".into(), vec![]),
        (author(&reader), vec!["c", "a"]),
        (format!("{}&queue=pending", author(&other)), vec![]),
        ("since=2026-01-15T12:00:01Z&until=2026-01-15T12:00:03Z".into(), vec!["c", "b"]),
        ("sort=oldest&until=2026-01-15T12:00:02Z".into(), vec!["a", "b"]),
    ] {
        let page = moderator.get(&format!("{LIST}?count=true&{query}")).send().await.expect(200);
        assert_eq!(texts(&page), expected, "{query}");
        assert_eq!(*page.at("/page/total"), json!(expected.len()), "{query}");
    }
    let counts = moderator.get(&format!("{LIST}/counts")).send().await.expect(200);
    let numbers = ["pending", "withheld", "reported", "unreviewed", "appealed"];
    let seen = numbers.map(|name| counts.at(&format!("/{name}/count")).as_i64().unwrap());
    assert_eq!(seen, [1, 1, 0, 1, 0]);
    assert_eq!(counts.at("/pending/hasMore"), &json!(false));
    moderator.get(&format!("{LIST}?queue=open")).send().await.refused(400, "bad_parameter");
}

#[actix_web::test]
async fn what_moderators_may_do_from_each_status_is_a_table() {
    let app = TestApp::new().await;
    let article = open_article(&app).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let steps = ["approve", "reject", "withhold", "review", "feature", "unfeature", "pin", "unpin"];
    for (status, open) in [
        ("pending", &["approve", "reject", "withhold"][..]),
        ("withheld", &["approve", "reject", "review"]),
        ("rejected", &["approve", "review"]),
        ("published", &["reject", "withhold", "review", "feature", "pin"]),
    ] {
        for name in steps {
            let (text, links) = (format!("{status} {name}"), format!("{status} {name} a.com b.com"));
            let text = if status == "pending" { links } else { text };
            let comment = say(&reader, &below(&article), &text, None).await;
            let version = match status {
                "withheld" | "rejected" => {
                    let word = if status == "withheld" { "withhold" } else { "reject" };
                    step(&moderator, &comment, word, 1, said(word)).await.expect(200);
                    2
                }
                _ => 1,
            };
            let answer = step(&moderator, &comment, name, version, said(name)).await;
            if open.contains(&name) {
                answer.expect(200);
                continue;
            }
            let refused = answer.refused(409, "illegal_transition");
            assert_eq!(refused.text("/state"), status, "{name}");
            let allowed = refused.at("/allowed").as_array().unwrap();
            assert!(allowed.iter().all(|step| open.contains(&step.as_str().unwrap())), "{status} {name}: {allowed:?}");
        }
    }
}

#[actix_web::test]
async fn what_is_brought_to_the_front_goes_back_when_it_is_no_longer_published() {
    let app = TestApp::new().await;
    let article = open_article(&app).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let comment = say(&reader, &below(&article), "رأي", None).await.expect(201);
    app.events();
    step(&moderator, &comment, "feature", 1, json!({})).await.expect(200);
    step(&moderator, &comment, "pin", 2, json!({})).await.expect(200);
    let events = app.events();
    let told: Vec<(&str, &str)> = events.iter().map(|event| (&*event.topic, &*event.visibility)).collect();
    assert_eq!(told, [("comment.featured", "public"), ("comment.pinned", "public")]);
    let marks = |answer: &Answer| (answer.at("/isFeatured").clone(), answer.at("/isPinned").clone());
    let read = app.anonymous().get(&address(&comment)).send().await.expect(200);
    assert_eq!(marks(&read), (json!(true), json!(true)));
    step(&moderator, &comment, "feature", 3, json!({})).await.refused(409, "illegal_transition");
    step(&moderator, &comment, "unpin", 3, json!({})).await.expect(200);
    let withheld = step(&moderator, &comment, "withhold", 4, json!({ "reason": "other" })).await.expect(200);
    assert_eq!(marks(&withheld), (json!(false), json!(false)));
    let back = step(&moderator, &comment, "approve", 5, json!({})).await.expect(200);
    assert_eq!(marks(&back), (json!(false), json!(false)));
    assert_eq!(counted(&app, &article).await, 1);
}

#[actix_web::test]
async fn only_who_moderates_gets_to_the_desk() {
    let app = TestApp::new().await;
    let article = open_article(&app).await;
    let comment = say(&app.as_(Role::Reader).await, &below(&article), "رأي", None).await.expect(201);
    app.events();
    let steps = ["approve", "reject", "withhold", "review", "feature", "unfeature", "pin", "unpin", "notes"];
    for role in [Role::Reader, Role::Journalist] {
        let who = app.as_(role).await;
        for name in steps {
            let body = if name == "notes" { json!({ "note": "x" }) } else { said(name) };
            step(&who, &comment, name, 1, body).await.refused(403, "forbidden");
        }
        for path in ["/counts", "?queue=pending"] {
            who.get(&format!("{LIST}{path}")).send().await.refused(403, "forbidden");
        }
        who.get(&format!("{}/decisions", desk(&comment))).send().await.refused(403, "forbidden");
    }
    app.assert_events(&[]);
}

async fn bulk(who: &Client, action: &str, items: Value, more: Value) -> Answer {
    let mut form = json!({ "action": action, "items": items });
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    who.post(&format!("{LIST}/bulk")).json(&form).send().await
}

#[actix_web::test]
async fn each_of_many_stands_or_falls_by_itself_in_the_order_of_the_request() {
    let app = TestApp::new().await;
    let (one, other) = (open_article(&app).await, open_article(&app).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let mut made = Vec::new();
    for (n, to) in [&one, &other, &one, &other].into_iter().enumerate() {
        made.push(say(&reader, &below(to), &format!("{n}"), None).await.expect(201).text("/id"));
    }
    app.events();
    let nobody = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
    let items = json!([
        { "id": made[3], "version": 1 },
        { "id": nobody },
        { "id": made[0] },
        { "id": made[1], "version": 7 },
        { "id": made[0], "version": 2 },
        { "id": made[2] },
    ]);
    let answer = bulk(&moderator, "reject", items, json!({ "reason": "spam", "note": "حملة" })).await.expect(200);
    let seen: Vec<Value> =
        answer.at("/items").as_array().unwrap().iter().map(|item| json!([item["id"], item["status"]])).collect();
    let expected =
        json!([[made[3], 200], [nobody, 404], [made[0], 200], [made[1], 412], [made[0], 409], [made[2], 200],]);
    assert_eq!(json!(seen), expected);
    assert_eq!((answer.text("/items/0/state"), answer.at("/items/0/version")), ("rejected".into(), &json!(2)));
    assert_eq!(answer.text("/items/3/problem/code"), "stale");
    app.assert_events(&["comment.rejected"; 3]);
    assert_eq!((counted(&app, &one).await, counted(&app, &other).await), (0, 1));
    let kept = moderator.get(&format!("{LIST}/{}", made[2])).send().await.expect(200);
    assert_eq!((kept.text("/reason"), kept.text("/note")), ("spam".into(), "حملة".into()));
}

#[actix_web::test]
async fn all_or_none_of_many() {
    let app = TestApp::new().await;
    let article = open_article(&app).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let first = say(&reader, &below(&article), "أ", None).await.expect(201).text("/id");
    let second = say(&reader, &below(&article), "ب", None).await.expect(201).text("/id");
    app.events();
    let items = json!([{ "id": first }, { "id": second, "version": 5 }]);
    let refused = bulk(&moderator, "feature", items, json!({ "allOrNothing": true })).await;
    let refused = refused.refused(409, "not_all_possible");
    assert_eq!((refused.at("/items/0/index"), refused.text("/items/0/problem/code")), (&json!(1), "stale".into()));
    app.assert_events(&[]);
    let items = json!([{ "id": first }, { "id": second, "version": 1 }]);
    bulk(&moderator, "feature", items, json!({ "allOrNothing": true })).await.expect(200);
    app.assert_events(&["comment.featured", "comment.featured"]);
    let missing = bulk(&moderator, "withhold", json!([{ "id": first }]), json!({})).await.refused(422, "invalid");
    assert_eq!(missing.errors(), ["/reason required"]);
    let said = bulk(&moderator, "approve", json!([{ "id": first }]), json!({ "reason": "spam" })).await;
    assert_eq!(said.refused(422, "invalid").text("/errors/0/pointer"), "/reason");
    let none = bulk(&moderator, "approve", json!([]), json!({})).await.refused(422, "invalid");
    assert_eq!(none.errors(), ["/items too_short"]);
    let reader = bulk(&reader, "approve", json!([{ "id": first }]), json!({})).await;
    reader.refused(403, "forbidden");
}

#[actix_web::test]
async fn two_who_work_through_the_same_discussions_do_not_block_each_other() {
    let app = TestApp::new().await;
    let articles = [open_article(&app).await, open_article(&app).await];
    let (reader, moderators) =
        (app.as_(Role::Reader).await, [app.as_(Role::Moderator).await, app.as_(Role::Editor).await]);
    let mut ids = Vec::new();
    for n in 0..12 {
        let to = below(&articles[n % 2]);
        let root = say(&reader, &to, &format!("أصل {n}"), None).await.expect(201);
        ids.push(root.text("/id"));
        ids.push(say(&reader, &to, &format!("رد {n}"), Some(&root)).await.expect(201).text("/id"));
    }
    for (action, more) in [("withhold", json!({ "reason": "spam" })), ("approve", json!({}))] {
        let forward: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        let backward: Vec<Value> = forward.iter().rev().cloned().collect();
        let (one, other) = join(
            bulk(&moderators[0], action, json!(forward), more.clone()),
            bulk(&moderators[1], action, json!(backward), more),
        )
        .await;
        let done = |answer: Answer| {
            let items = answer.expect(200).at("/items").as_array().unwrap().clone();
            items.iter().filter(|item| item["status"] == 200).count()
        };
        assert_eq!(done(one) + done(other), ids.len(), "{action}: each was done once");
    }
    assert_eq!(counted(&app, &articles[0]).await + counted(&app, &articles[1]).await, 24);
}

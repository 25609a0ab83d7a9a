//! What is not published is nowhere: nobody outside of the newsroom can tell it from nothing.

use std::collections::BTreeMap;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, paragraph, record, with};
use crate::support::document::{Operation, operations};
use crate::support::{Answer, Client};

/// Stands in every text of what is hidden, and nowhere else.
const CANARY: &str = "عنقاء";
const NOBODYS_ID: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

/// A form with the word in every text.
fn canary(desk: &Desk, name: &str) -> Value {
    let word = format!("{CANARY} {name}");
    let lines = [
        "headline",
        "alternativeHeadline",
        "subheadline",
        "abstract",
        "genre",
        "by",
        "creditText",
        "located",
        "edNote",
        "usageTerms",
        "copyrightHolder",
    ];
    let mut form = desk.form("x");
    for line in lines {
        form[line] = json!(word);
    }
    let media = json!({ "alt": word, "caption": word, "creditText": word, "contentUrl": format!("https://a.example/{CANARY}") });
    let more = json!({
        "body": [paragraph(&word)], "leadMedia": media, "seo": { "title": word, "description": word },
        "altIds": { CANARY: word }, "sources": [{ "sourceId": desk.sources[0], "role": word }],
    });
    with(form, more)
}

/// Hidden articles in every state, and a hidden change of a published one; their ids and slugs.
async fn hide(desk: &Desk, published: &str) -> Vec<[String; 2]> {
    let mut hidden = Vec::new();
    for (name, steps) in [("1", vec![]), ("2", vec!["submit"]), ("3", vec!["submit", "approve"]), ("4", vec!["spike"])]
    {
        let made = desk.journalist.post(DESK).json(&canary(desk, name)).send().await.expect(201);
        for step in steps {
            desk.step(&desk.editor, &made.text("/id"), step, json!({ "note": CANARY })).await.expect(200);
        }
        hidden.push([made.text("/id"), made.text("/slug")]);
    }
    // Held for its hour, by an embargo, and killed before anyone saw it.
    let hour = json!({ "publishAt": "2026-01-16T12:00:00Z", "note": CANARY });
    for (name, steps) in [("7", vec!["schedule"]), ("8", vec!["publish"]), ("9", vec!["schedule", "kill"])] {
        let embargo = json!({ "embargoedUntil": if name == "8" { Some("2026-01-16T12:00:00Z") } else { None } });
        let made = desk.journalist.post(DESK).json(&with(canary(desk, name), embargo)).send().await.expect(201);
        for step in steps {
            let said = match step {
                "schedule" => hour.clone(),
                "kill" => json!({ "notice": CANARY }),
                _ => json!({ "note": CANARY }),
            };
            desk.step(&desk.editor, &made.text("/id"), step, said).await.expect(200);
        }
        hidden.push([made.text("/id"), made.text("/slug")]);
    }
    let once = desk.live("كان هنا").await;
    desk.step(&desk.editor, &once, "unpublish", json!({ "note": CANARY })).await.expect(200);
    let patch = with(canary(desk, "5"), json!({ "slug": "عنقاء-5" }));
    desk.edit(&desk.editor, &once, patch).await.expect(200);
    hidden.push([once.clone(), "كان-هنا".into()]);
    hidden.push([once, "عنقاء-5".into()]);
    // The next version of what everyone reads, held for its hour, and a change after that.
    let patch = with(canary(desk, "6"), json!({ "slug": "عنقاء-6" }));
    desk.edit(&desk.editor, published, patch).await.expect(200);
    desk.step(&desk.editor, published, "schedule", hour).await.expect(200);
    desk.edit(&desk.editor, published, json!({ "headline": format!("{CANARY} 10") })).await.expect(200);
    hidden.push([NOBODYS_ID.to_owned(), "عنقاء-6".into()]);
    hidden
}

/// What somebody learns from an answer, but for what differs in every answer, and for what they asked.
pub fn told(answer: &Answer, asked: &[&str]) -> String {
    let mut headers: BTreeMap<String, String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = answer.json.clone();
    if let Some(problem) = body.as_object_mut().filter(|problem| problem.contains_key("requestId")) {
        problem.remove("requestId");
        problem.remove("instance");
    }
    // A place in the log of what is public: it moves when something is published or withdrawn, and only then.
    if body.as_object_mut().and_then(|body| body.remove("cursor")).is_some() {
        headers.remove("etag");
    }
    // A feed is text.
    let text = if answer.header("content-type") == Some("application/rss+xml") {
        String::from_utf8_lossy(&answer.bytes).into_owned()
    } else {
        String::new()
    };
    let mut text = format!("{} {headers:?} {body} {text}", answer.status);
    headers.clear();
    for word in asked {
        text = text.replace(word, "…");
        let encoded = percent_encoding::utf8_percent_encode(word, percent_encoding::NON_ALPHANUMERIC).to_string();
        text = text.replace(&encoded, "…");
    }
    text
}

/// The path with each parameter filled.
fn path(operation: &Operation, name: &str) -> String {
    let fill = |part: &str| match part {
        "{code}" => "stale".to_owned(),
        "{n}" | "{version}" => "1".to_owned(),
        part if part.starts_with('{') => name.to_owned(),
        part => part.to_owned(),
    };
    operation.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// Everything that can be read without the newsroom, or by a colleague.
pub fn readable(newsroom: bool) -> Vec<&'static Operation> {
    let is_open = |operation: &&Operation| newsroom || !operation.path.contains("/newsroom/");
    operations().iter().filter(|operation| operation.method == "GET").filter(is_open).collect()
}

/// Plausible queries of an operation about an article.
pub fn queries(operation: &Operation, [id, slug]: [&str; 2]) -> Vec<String> {
    let mut queries = vec![String::new()];
    let parameters = operation.value["parameters"].as_array().cloned().unwrap_or_default();
    for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
        let name = parameter["name"].as_str().unwrap();
        queries.extend(match name {
            "count" => vec!["count=true".to_owned()],
            "sort" => vec!["sort=-dateModified".to_owned(), "sort=datePublished".to_owned()],
            "include" => vec!["include=author,section,tags,sources,related,translations".to_owned()],
            "q" => vec![format!("q={CANARY}"), format!("q={id}"), format!("q={slug}")],
            "body" => vec!["body=html".to_owned(), "body=text".to_owned()],
            "language" => vec!["language=ar".to_owned()],
            "since" => vec!["since=1970-01-01T00:00:00Z".to_owned()],
            "limit" | "after" | "before" => Vec::new(),
            "fields" => vec!["fields=id".to_owned()],
            name => [id, slug].map(|value| format!("{name}={value}")).to_vec(),
        });
    }
    queries
}

#[actix_web::test]
async fn nothing_that_is_hidden_is_told_to_anyone_outside_the_newsroom() {
    let desk = Desk::new().await;
    let published = desk.live("منشور").await;
    // What everyone has read until it was taken back for good: nobody reads a word of it any more.
    let killed = desk.live_with("x", canary(&desk, "0")).await;
    desk.step(&desk.editor, &killed, "kill", json!({ "notice": "سُحب." })).await.expect(200);
    let callers = [
        ("anonymous", desk.app.anonymous(), false),
        ("reader", desk.app.as_(Role::Reader).await, false),
        ("moderator", desk.app.as_(Role::Moderator).await, true),
        ("journalist", desk.app.as_(Role::Journalist).await, true),
    ];
    // What everyone reads of the whole API before anything is hidden.
    let mut before = BTreeMap::new();
    for (who, caller, newsroom) in &callers {
        for operation in readable(*newsroom) {
            for query in queries(operation, [NOBODYS_ID, "لا-أحد"]) {
                let seen = ask(caller, operation, &published, &query).await;
                let gone = ask(caller, operation, &killed, &query).await;
                for answer in [&seen, &gone] {
                    assert!(!String::from_utf8_lossy(&answer.bytes).contains(CANARY), "{who} {} {query}", operation.id);
                }
                before.insert((who, &operation.id, query), told(&seen, &[]));
            }
        }
    }
    let hidden = hide(&desk, &published).await;
    let mut asked = 0;
    for (who, caller, newsroom) in &callers {
        for operation in readable(*newsroom) {
            for query in queries(operation, [NOBODYS_ID, "لا-أحد"]) {
                let now = ask(caller, operation, &published, &query).await;
                assert_eq!(
                    before[&(who, &operation.id, query.clone())],
                    told(&now, &[]),
                    "{who} {} {query}",
                    operation.id
                );
            }
            // Nobody is asked everything: a signed-in caller gets the first and the last, a stranger all of them.
            let few = [hidden[0].clone(), hidden[hidden.len() - 1].clone()];
            for [id, slug] in if *who == "anonymous" { &hidden[..] } else { &few[..] } {
                asked += tell_apart(who, caller, operation, [id, slug]).await;
            }
        }
    }
    assert!(asked > 300, "{asked}");
}

pub async fn ask(caller: &Client, operation: &Operation, name: &str, query: &str) -> Answer {
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    caller.get(&(path(operation, name) + &query)).send().await
}

/// What is hidden and what never was answer the same; the number of questions.
async fn tell_apart(who: &str, caller: &Client, operation: &Operation, hidden: [&str; 2]) -> usize {
    let nobody = [NOBODYS_ID, "لا-أحد"];
    let mut asked = 0;
    for (name, nothing) in hidden.into_iter().zip(nobody) {
        let pairs = queries(operation, hidden).into_iter().zip(queries(operation, nobody));
        // Without the name in path or query there is nothing to tell apart.
        for (there, nowhere) in pairs.filter(|(a, b)| a != b || operation.path.contains('{')) {
            let answer = ask(caller, operation, name, &there).await;
            let none = ask(caller, operation, nothing, &nowhere).await;
            let words = [hidden[0], hidden[1], nobody[0], nobody[1]];
            let at = format!("{who} {} {name} {there}", operation.id);
            assert_eq!(told(&answer, &words), told(&none, &words), "{at}");
            let text = String::from_utf8_lossy(&answer.bytes).replace(hidden[1], "");
            assert!(!text.contains(CANARY), "{at}: {text}");
            asked += 1;
        }
        if !operation.path.contains('{') {
            break;
        }
    }
    asked
}

#[actix_web::test]
async fn what_readers_are_told_of_a_withdrawal_is_what_they_saw_and_not_what_was_written_or_planned_since() {
    let desk = Desk::new().await;
    let [planned, written] = [
        record(&desk.editor, "sections", json!({ "name": "مخطط" })).await,
        record(&desk.editor, "sections", json!({ "name": "مكتوب" })).await,
    ];
    for (step, note) in
        [("unpublish", json!({ "note": "x" })), ("kill", json!({ "notice": "x" })), ("publish", json!({}))]
    {
        let id = desk.live("خبر").await;
        desk.edit(&desk.editor, &id, json!({ "extraSectionIds": [planned] })).await.expect(200);
        desk.step(&desk.editor, &id, "schedule", json!({ "publishAt": "2026-01-16T12:00:00Z" })).await.expect(200);
        let further = json!({ "extraSectionIds": [], "sectionId": written, "language": "en" });
        desk.edit(&desk.editor, &id, further).await.expect(200);
        desk.app.events();
        desk.step(&desk.editor, &id, step, note).await.expect(200);
        let told = desk.app.events().into_iter().find(|event| event.number.is_some()).unwrap().payload;
        let sections = told["sectionIds"].as_array().unwrap();
        assert!(sections.contains(&json!(desk.section)) && !sections.contains(&json!(planned)), "{step}: {told}");
        assert_eq!(sections.contains(&json!(written)), step == "publish", "{step}: {told}");
        assert_eq!(told["language"], json!(if step == "publish" { "en" } else { "ar" }), "{step}");
    }
}

#[actix_web::test]
async fn what_readers_are_told_of_a_kill_is_what_they_saw_last() {
    let desk = Desk::new().await;
    let written = record(&desk.editor, "sections", json!({ "name": "مكتوب" })).await;
    let id = desk.live("خبر").await;
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "x" })).await.expect(200);
    desk.edit(&desk.editor, &id, json!({ "sectionId": written, "language": "en" })).await.expect(200);
    desk.app.events();
    desk.step(&desk.editor, &id, "kill", json!({ "notice": "x" })).await.expect(200);
    let told = desk.app.events().into_iter().find(|event| event.number.is_some()).unwrap().payload;
    assert_eq!((&told["sectionIds"], &told["language"]), (&json!([desk.section]), &json!("ar")));
}

#[actix_web::test]
async fn what_the_clock_tells_is_in_the_language_that_readers_see() {
    let desk = Desk::new().await;
    let id = desk.draft_with("خبر", json!({ "expires": "2026-01-15T14:00:00Z" })).await.text("/id");
    desk.step(&desk.editor, &id, "schedule", json!({ "publishAt": "2026-01-15T13:00:00Z" })).await.expect(200);
    desk.edit(&desk.editor, &id, json!({ "language": "en" })).await.expect(200);
    desk.app.events();
    desk.app.clock.set("2026-01-15T14:00:00Z");
    while khabar::articles::announce(desk.app.app.clone()).await.unwrap().is_zero() {}
    let told: Vec<Value> = desk.app.events().into_iter().map(|event| event.payload["language"].clone()).collect();
    assert_eq!(told, [json!("ar"), json!("ar")]);
}

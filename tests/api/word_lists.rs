//! Word lists: how they are kept, and what becomes of a comment with a word of theirs.

use std::collections::BTreeSet;

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::comment_decisions;
use serde_json::{Value, json};

use crate::comments::{address, article, below, desk, say};
use crate::support::{Answer, Client, TestApp};

const LISTS: &str = "/api/v1/newsroom/word-lists";

/// A place where anybody's comment shows at once, unless a rule says otherwise.
async fn open_place(app: &TestApp) -> String {
    below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await)
}

async fn add(who: &Client, form: Value) -> Answer {
    who.post(LISTS).json(&form).send().await
}

async fn import(who: &Client, form: Value) -> Answer {
    who.post(&format!("{LISTS}/import")).json(&form).send().await
}

/// The texts of a page of words.
async fn words(who: &Client, query: &str) -> Vec<String> {
    let page = who.get(&format!("{LISTS}?{query}")).send().await.expect(200);
    let mut texts: Vec<String> =
        page.at("/items").as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    // Those of one import came at the same instant.
    texts.sort();
    texts
}

/// What was decided about a comment: the rule, and what it saw.
fn decided(app: &TestApp, comment: &Answer) -> Vec<(String, Value)> {
    let id = uuid::Uuid::parse_str(&comment.text("/id")).unwrap();
    let rows: Vec<(String, String)> = comment_decisions::table
        .filter(comment_decisions::comment_id.eq(id.as_bytes().to_vec()))
        .order((comment_decisions::created_at, comment_decisions::id))
        .select((comment_decisions::rule, comment_decisions::spans))
        .load(&mut app.sql())
        .unwrap();
    rows.into_iter().map(|(rule, spans)| (rule, serde_json::from_str(&spans).unwrap())).collect()
}

#[actix_web::test]
async fn a_banned_word_rejects_and_a_suspect_one_withholds_in_whatever_spelling() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let banned = json!({ "list": "banned", "language": "ar", "text": "كلب", "spaced": true });
    add(&moderator, banned).await.expect(201);
    add(&moderator, json!({ "list": "suspect", "text": "غبي" })).await.expect(201);
    app.events();
    for (text, status, rule) in [
        ("يا كلب", "rejected", "bannedWord"),
        ("هذا والكلب", "rejected", "bannedWord"),
        ("كـلب", "rejected", "bannedWord"),
        ("يا كَلْب!", "rejected", "bannedWord"),
        ("ك ل ب", "rejected", "bannedWord"),
        ("غبي وكلب", "rejected", "bannedWord"),
        ("أنت غبي", "withheld", "suspectWord"),
        ("كلبشة", "published", "passed"),
        ("غ ب ي", "published", "passed"),
    ] {
        let reader = app.as_(Role::Reader).await;
        app.events();
        let said = say(&reader, &to, text, None).await;
        assert_eq!((said.status, said.text("/status")), (if rule == "passed" { 201 } else { 202 }, status.into()));
        assert_eq!(decided(&app, &said)[0].0, rule, "{text}");
        let log: Vec<Value> = app
            .events()
            .into_iter()
            .map(|event| event.payload)
            .chain(app.audit().into_iter().map(|line| line.payload))
            .collect();
        let log = json!(log).to_string();
        assert!(!log.contains("كلب") && !log.contains("غبي"), "no log holds a word");
        let others = app.anonymous().get(&address(&said)).send().await;
        assert_eq!(others.status, if rule == "passed" { 200 } else { 404 }, "{text}");
    }
}

#[actix_web::test]
async fn what_was_found_is_kept_for_moderators_and_never_told_to_the_writer() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    add(&moderator, json!({ "list": "banned", "text": "كلب", "spaced": true })).await.expect(201);
    let reader = app.as_(Role::Reader).await;
    let said = say(&reader, &to, "😀 يا ك.ل.ب", None).await.expect(202);
    let span = json!([{ "start": 5, "end": 10, "entry": "كلب" }]);
    assert_eq!(decided(&app, &said), [("bannedWord".to_owned(), span)]);
    let own = reader.get(&address(&said)).send().await.expect(200);
    for answer in [&said, &own, &reader.get("/api/v1/me/comments").send().await.expect(200)] {
        let told = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(!told.contains("كلب") && !told.contains("span"), "{told}");
    }
    // A moderator may still let it pass.
    let approve = moderator.post(&format!("{}/approve", desk(&said))).if_match("\"1\"").json(&json!({}));
    approve.send().await.expect(200);
    app.anonymous().get(&address(&said)).send().await.expect(200);
}

#[actix_web::test]
async fn a_change_holds_at_once_for_what_is_written_and_for_what_is_changed() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let (reader, other) = (app.as_(Role::Reader).await, app.as_(Role::Reader).await);
    let said = say(&reader, &to, "يا كلب", None).await.expect(201);
    let entry = add(&moderator, json!({ "list": "banned", "text": "كلب" })).await.expect(201);
    reader.get(&address(&said)).send().await.expect(200);
    say(&other, &to, "ما هذا الكلب", None).await.expect(202);
    let edit = |text: &str| reader.patch(&address(&said)).json(&json!({ "text": text })).send();
    assert_eq!(edit("يا قط").await.expect(200).text("/status"), "published");
    moderator.delete(&format!("{LISTS}/{}", entry.text("/id"))).send().await.expect(204);
    assert_eq!(edit("يا كلب أيضًا").await.expect(200).text("/status"), "published");
    add(&moderator, json!({ "list": "banned", "text": "كَلب" })).await.expect(201);
    assert_eq!(edit("يا كلب مرة أخرى").await.expect(200).text("/status"), "rejected");
    assert!(decided(&app, &said).iter().any(|(rule, _)| rule == "bannedWord"), "the change was decided about too");
    app.anonymous().get(&address(&said)).send().await.refused(404, "not_found");
    // What moderators say themselves is not looked through.
    say(&moderator, &to, "لا تقولوا كلب", None).await.expect(201);
}

#[actix_web::test]
async fn an_import_is_whole_and_counts_what_was_there() {
    let app = TestApp::new().await;
    let moderator = app.as_(Role::Moderator).await;
    add(&moderator, json!({ "list": "banned", "language": "ar", "text": "كلب" })).await.expect(201);
    app.events();
    let form = |words: Value| json!({ "list": "banned", "language": "ar", "words": words });
    let wrong = import(&moderator, form(json!(["حمار", " ", "ق".repeat(101), "!؟"]))).await.refused(422, "invalid");
    assert_eq!(wrong.errors(), ["/words/1 blank", "/words/2 too_long", "/words/3 bad_format"]);
    import(&moderator, form(json!([]))).await.refused(422, "invalid");
    import(&moderator, form(json!(vec!["كلب"; 5_001]))).await.refused(422, "invalid");
    assert_eq!(words(&moderator, "").await, ["كلب"]);
    app.assert_events(&[]);
    let done = import(&moderator, form(json!(["كـلب", "حمار", "حِمار", "بغل"]))).await.expect(200);
    assert_eq!((done.at("/added"), done.at("/skipped")), (&json!(2), &json!(2)));
    let events = app.events();
    assert_eq!((events.len(), &*events[0].topic), (1, "word.added"));
    assert_eq!(events[0].payload, json!({ "list": "banned", "count": 2 }));
    let again = import(&moderator, form(json!(["حمار", "بغل"]))).await.expect(200);
    assert_eq!((again.at("/added"), again.at("/skipped")), (&json!(0), &json!(2)));
    app.assert_events(&[]);
    let many: Vec<String> = (0..5_000).map(|number| format!("كلمة{number}")).collect();
    let done = import(&moderator, json!({ "list": "suspect", "words": many })).await.expect(200);
    assert_eq!(done.at("/added"), &json!(5_000));
    let said = say(&app.as_(Role::Reader).await, &open_place(&app).await, "وكلمة4999", None).await.expect(202);
    assert_eq!(decided(&app, &said)[0].0, "suspectWord");
}

#[actix_web::test]
async fn a_word_stands_once_on_a_list_for_a_language() {
    let app = TestApp::new().await;
    let moderator = app.as_(Role::Moderator).await;
    let form = |list: &str, language: Value, text: &str| json!({ "list": list, "language": language, "text": text });
    let first = add(&moderator, form("banned", json!("ar"), "كلب")).await.expect(201);
    let again = add(&moderator, form("banned", json!("ar"), "كَـلْب")).await.refused(409, "duplicate");
    assert_eq!(again.text("/existing"), first.text("/id"));
    add(&moderator, form("banned", Value::Null, "كلب")).await.expect(201);
    add(&moderator, form("suspect", json!("ar"), "كلب")).await.expect(201);
    let wrong = add(&moderator, form("rude", json!("ar"), "كلب")).await.refused(422, "invalid");
    assert_eq!(wrong.errors(), ["/list not_allowed"]);
    add(&moderator, form("banned", json!("ar"), "!")).await.refused(422, "invalid");
    let seen = moderator.get(&format!("{LISTS}/{}", first.text("/id"))).send().await.expect(200);
    assert_eq!(
        (seen.text("/text"), seen.text("/reach"), seen.at("/spaced")),
        ("كلب".into(), "word".into(), &json!(false))
    );
    let gone = moderator.delete(&format!("{LISTS}/{}", first.text("/id")));
    gone.clone().send().await.expect(204);
    gone.send().await.refused(404, "not_found");
    add(&moderator, form("banned", json!("ar"), "كلب")).await.expect(201);
}

#[actix_web::test]
async fn the_lists_are_paged_and_narrowed_and_only_who_moderates_reads_them() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    for (list, language, texts) in [
        ("banned", json!("ar"), ["أ١", "أ٢"]),
        ("banned", json!("en"), ["b1", "b2"]),
        ("suspect", json!("ar"), ["س١", "س٢"]),
    ] {
        import(&editor, json!({ "list": list, "language": language, "words": texts })).await.expect(200);
    }
    assert_eq!(words(&editor, "list=banned&language=en").await, ["b1", "b2"]);
    assert_eq!(words(&editor, "list=suspect").await.len(), 2);
    assert_eq!(words(&editor, "language=ar").await.len(), 4);
    let (mut seen, mut query) = (BTreeSet::new(), "limit=4".to_owned());
    for rows in [4, 2] {
        let page = editor.get(&format!("{LISTS}?{query}")).send().await.expect(200);
        let items = page.at("/items").as_array().unwrap().clone();
        assert_eq!(items.len(), rows);
        seen.extend(items.iter().map(|item| item["text"].to_string()));
        query = format!("limit=4&after={}", page.at("/page/next").as_str().unwrap_or_default());
    }
    assert_eq!(seen.len(), 6);
    for role in [Role::Reader, Role::Journalist] {
        let client = app.as_(role).await;
        client.get(LISTS).send().await.refused(403, "forbidden");
        add(&client, json!({ "list": "banned", "text": "كلب" })).await.refused(403, "forbidden");
    }
}

#[actix_web::test]
async fn a_change_on_one_node_holds_on_the_other_with_its_commit() {
    let app = TestApp::new().await;
    let (to, moderator) = (open_place(&app).await, app.as_(Role::Moderator).await);
    let other = app.restarted().await;
    let reader = async || {
        // So that nobody takes them for one person with many accounts.
        app.clock.advance(std::time::Duration::from_secs(120));
        other.as_(Role::Reader).await
    };
    // The other node has prepared the lists as they were.
    say(&reader().await, &to, "يا كلب", None).await.expect(201);
    let entry = add(&moderator, json!({ "list": "banned", "text": "كلب" })).await.expect(201);
    assert_eq!(say(&reader().await, &to, "يا كلب", None).await.expect(202).text("/rule"), "bannedWord");
    moderator.delete(&format!("{LISTS}/{}", entry.text("/id"))).send().await.expect(204);
    say(&reader().await, &to, "يا كلب", None).await.expect(201);
}

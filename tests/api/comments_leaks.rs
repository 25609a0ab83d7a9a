//! What nobody may read of a discussion is nowhere: no GET, stream or feed has a word of it, and no count moves.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::users;
use serde_json::{Value, json};

use crate::comments::{address, article, below, desk, say};
use crate::leaks::{ask, queries, readable, told};
use crate::support::{Answer, Client, TestApp};

/// Stands in every text that nobody may read, and in the name of who wrote it.
const CANARY: &str = "سمندل";
const NOBODYS_ID: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

/// Everybody who is not the writer, and moderates nothing; with whether they work here.
async fn others(app: &TestApp) -> [(&'static str, Client, bool); 3] {
    [
        ("anonymous", app.anonymous(), false),
        ("reader", app.as_(Role::Reader).await, false),
        ("journalist", app.as_(Role::Journalist).await, true),
    ]
}

/// A reader whose name is the word.
async fn writer(app: &TestApp) -> Client {
    let writer = app.as_(Role::Reader).await;
    let theirs = users::table.find(writer.id());
    diesel::update(theirs).set(users::name.eq(CANARY)).execute(&mut app.sql()).unwrap();
    writer
}

async fn decide(editor: &Client, comment: &Answer, step: &str) {
    let tag = editor.get(&desk(comment)).send().await.expect(200).etag();
    let body = if step == "approve" { json!({}) } else { json!({ "reason": "spam", "note": CANARY }) };
    editor.post(&format!("{}/{step}", desk(comment))).if_match(&tag).json(&body).send().await.expect(200);
}

/// What everyone learns of an article and one of its comments by any GET. Nobody learns the word.
async fn everything(
    callers: &[(&'static str, Client, bool)],
    article: &Answer,
    comment: &Answer,
) -> BTreeMap<String, String> {
    let (article, slug, comment) = (article.text("/id"), article.text("/slug"), comment.text("/id"));
    let mut seen = BTreeMap::new();
    for (who, caller, newsroom) in callers {
        for operation in readable(*newsroom) {
            let names = if operation.path.contains('{') { vec![&article, &slug, &comment] } else { vec![&article] };
            for name in names {
                for query in queries(operation, [&comment, &slug]) {
                    let answer = ask(caller, operation, name, &query).await;
                    let at = format!("{who} {} {name} {query}", operation.id);
                    assert!(answer.status < 500, "{at}");
                    assert!(!String::from_utf8_lossy(&answer.bytes).contains(CANARY), "{at}");
                    seen.insert(at, told(&answer, &[]));
                }
            }
        }
    }
    seen
}

#[actix_web::test]
async fn what_waits_or_was_refused_is_told_to_nobody_else() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, Value::Null).await;
    let (to, writer, others) = (below(&article), writer(&app).await, others(&app).await);
    let shown = say(&editor, &to, "ظاهر", None).await.expect(201);
    let mut stream = app.listen(&format!("/api/v1/stream?topics=comments:{}", article.text("/id")), None).await;
    app.relay().await;
    stream.news().await;
    let before = everything(&others, &article, &shown).await;
    let mut hidden = Vec::new();
    for (n, step) in [None, Some("withhold"), Some("reject"), Some("delete")].into_iter().enumerate() {
        for parent in [None, Some(&shown)] {
            let made = say(&writer, &to, &format!("{CANARY} {n} {}", parent.is_some()), parent).await.expect(202);
            match step {
                Some("delete") => {
                    let text = json!({ "text": format!("{CANARY} once more {}", parent.is_some()) });
                    writer.patch(&address(&made)).json(&text).send().await.expect(200);
                    writer.delete(&address(&made)).send().await.expect(204);
                }
                Some(step) => decide(&editor, &made, step).await,
                None => {}
            }
            hidden.push(made.text("/id"));
        }
    }
    app.relay().await;
    assert_eq!(stream.news().await, [], "no stream tells that there is something");
    assert_eq!(everything(&others, &article, &shown).await, before, "and no answer or count");
    let mut asked = 0;
    for (who, caller, newsroom) in &others {
        for operation in readable(*newsroom) {
            for id in &hidden {
                let theirs = queries(operation, [id, id]).into_iter().zip(queries(operation, [NOBODYS_ID; 2]));
                for (there, nowhere) in theirs.filter(|(a, b)| a != b || operation.path.contains("comments/{")) {
                    let article = article.text("/id");
                    let names = if operation.path.contains("comments/{") {
                        (id.as_str(), NOBODYS_ID)
                    } else {
                        (article.as_str(), article.as_str())
                    };
                    let answer = told(&ask(caller, operation, names.0, &there).await, &[id, NOBODYS_ID]);
                    let nothing = told(&ask(caller, operation, names.1, &nowhere).await, &[id, NOBODYS_ID]);
                    assert_eq!(answer, nothing, "{who} {} {there}", operation.id);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 30, "{asked}");
}

#[actix_web::test]
async fn of_what_was_taken_back_the_place_stays_and_no_word() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, json!({ "mode": "open" })).await;
    let (to, writer, others) = (below(&article), writer(&app).await, others(&app).await);
    let mut gone = Vec::new();
    for (n, step) in ["withhold", "reject", "delete"].into_iter().enumerate() {
        let made = say(&writer, &to, &format!("{CANARY} {n}"), None).await.expect(201);
        say(&editor, &to, &format!("رد {n}"), Some(&made)).await.expect(201);
        app.clock.advance(Duration::from_secs(1));
        gone.push((made, step));
    }
    app.relay().await;
    let mut stream = app.listen(&format!("/api/v1/stream?topics=comments:{}", article.text("/id")), None).await;
    stream.news().await;
    for (comment, step) in &gone {
        if *step == "delete" {
            writer.delete(&address(comment)).send().await.expect(204);
        } else {
            decide(&editor, comment, step).await;
        }
    }
    app.relay().await;
    let news = stream.news().await;
    assert_eq!(news.len(), 3, "that it has gone is told");
    assert!(!format!("{news:?}").contains(CANARY));
    for (comment, _) in &gone {
        everything(&others, &article, comment).await;
    }
    let list = app.anonymous().get(&format!("{to}?replies=3&sort=oldest")).send().await.expect(200);
    for n in 0..3 {
        assert!(list.at(&format!("/items/{n}/text")).is_null() && list.at(&format!("/items/{n}/author")).is_null());
        assert_eq!(list.text(&format!("/items/{n}/replies/items/0/text")), format!("رد {n}"));
    }
    let page = app.anonymous().get(&format!("/api/v1/articles/{}", article.text("/id"))).send().await.expect(200);
    assert_eq!(*page.at("/commentCount"), json!(3));
}

#[actix_web::test]
async fn no_text_breaks_what_shows_it() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, json!({ "mode": "open" })).await;
    let to = below(&article);
    let towers = format!("a{}", "\u{301}".repeat(40));
    let words = ["x".repeat(10_000), "ق".repeat(10_000), "ق".repeat(5_000)];
    let mut hostile: Vec<&str> = vec![
        "\u{202E}txt.exe\u{2066}x\u{2067}\u{2068}",
        "a\u{2066}\u{2066}\u{2066}b",
        "\u{200B}\u{200E}\u{FEFF}\u{2060}",
        "\u{3164}\u{115F}\u{FFA0}",
        "a\u{0}b\u{8}c\u{FFFE}d\u{FFFF}",
        &towers,
    ];
    hostile.extend(words.iter().map(String::as_str));
    hostile.extend(include_str!("../../src/blocks/xss_vectors.txt").lines());
    let mut stream = app.listen(&format!("/api/v1/stream?topics=comments:{}", article.text("/id")), None).await;
    let mut kept = 0;
    for text in &hostile {
        let writer = app.as_(Role::Reader).await;
        let answer = say(&writer, &to, text, None).await;
        assert!(matches!(answer.status, 201 | 202 | 422), "{} {text:.40}", answer.status);
        if answer.status == 202 {
            decide(&editor, &answer, "approve").await;
        }
        kept += usize::from(answer.status != 422);
    }
    assert!(kept > 30, "{kept}");
    let mut pages = 0;
    let mut cursor = String::new();
    loop {
        let page = app.anonymous().get(&format!("{to}?limit=50&replies=2{cursor}")).send().await.expect(200);
        for item in page.at("/items").as_array().unwrap() {
            let text = item["text"].as_str().unwrap();
            let breaks = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{202A}'..='\u{202E}' | '\u{FFFE}' | '\u{FFFF}');
            assert!(!text.contains(breaks) && !text.trim().is_empty(), "{text:?}");
            let (opened, closed) = (text.matches(['\u{2066}', '\u{2067}', '\u{2068}']), text.matches('\u{2069}'));
            assert_eq!(opened.count(), closed.count(), "{text:?}");
        }
        pages += 1;
        let Some(next) = page.at("/page/next").as_str() else { break };
        cursor = format!("&after={next}");
    }
    assert!(pages >= 1);
    app.relay().await;
    let news = format!("{:?}", stream.news().await);
    assert!(news.contains("comment.posted") && !news.contains("alert(1)") && !news.contains("قققق"));
    let feed = app.anonymous().get(&format!("/feeds/articles/{}/comments.rss", article.text("/id"))).send().await;
    roxmltree::Document::parse(std::str::from_utf8(&feed.expect(200).bytes).unwrap()).unwrap();
}

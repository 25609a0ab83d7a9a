//! Feeds, and what nobody must find in them.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::Desk;
use crate::comments::{article, below, desk, say};
use crate::support::{Answer, TestApp};

fn feed(article: &str) -> String {
    format!("/feeds/articles/{article}/comments.rss")
}

fn xml(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

/// What another parser reads in a document: the texts of all elements with this name, in order.
fn elements(document: &str, name: &str) -> Vec<String> {
    let tree = roxmltree::Document::parse(document).unwrap();
    let named = tree.descendants().filter(|node| node.tag_name().name() == name);
    named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

#[actix_web::test]
async fn the_feed_of_an_article_has_its_newest_comments() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (to, reader) = (below(&article), app.as_(Role::Reader).await);
    let path = feed(&article.text("/id"));
    let none = app.anonymous().get(&path).send().await.expect(200);
    assert_eq!(elements(&xml(&none), "item").len(), 0);
    let root = say(&reader, &to, "c0", None).await.expect(201);
    for n in 1..55 {
        app.clock.advance(Duration::from_secs(1));
        let client = app.as_(Role::Reader).await;
        say(&client, &to, &format!("c{n}"), (n % 2 == 0).then_some(&root)).await.expect(201);
    }
    let answer = app.anonymous().get(&path).send().await.expect(200);
    let document = xml(&answer);
    let expected: Vec<String> = (5..55).rev().map(|n| format!("<p dir=\"auto\">c{n}</p>")).collect();
    assert_eq!(elements(&document, "description")[1..], expected);
    assert_eq!(elements(&document, "creator").len(), 50);
    assert_eq!(elements(&document, "pubDate")[0], "Thu, 15 Jan 2026 12:00:54 GMT");
    assert_eq!(elements(&document, "language"), ["ar"]);
    assert!(elements(&document, "guid").iter().all(|guid| guid.starts_with("urn:uuid:")));
    let tree = roxmltree::Document::parse(&document).unwrap();
    let own = tree.descendants().find(|node| node.has_tag_name(("http://www.w3.org/2005/Atom", "link"))).unwrap();
    assert!(own.attribute("href").unwrap().starts_with("http://khabar.test/feeds/articles/"));
    assert_eq!(answer.header("content-type"), Some("application/rss+xml"));
    assert_eq!(answer.header("content-language"), Some("ar"));
    assert_eq!(answer.header("cache-control"), Some("public, no-cache"));
    assert_eq!(answer.header("last-modified"), Some("Thu, 15 Jan 2026 12:00:54 GMT"));
    let again = app.anonymous().get(&path).header("if-none-match", &answer.etag()).send().await;
    assert_eq!(again.status, 304);
    say(&app.as_(Role::Reader).await, &to, "new", None).await.expect(201);
    app.anonymous().get(&path).header("if-none-match", &answer.etag()).send().await.expect(200);
}

#[actix_web::test]
async fn a_feed_has_no_word_of_what_waits_or_has_gone() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, Value::Null).await;
    let to = below(&article);
    let root = say(&editor, &to, "root", None).await.expect(201);
    say(&editor, &to, "leaf", Some(&root)).await.expect(201);
    say(&app.as_(Role::Reader).await, &to, "canary", None).await.expect(202);
    let reject = json!({ "reason": "spam", "note": "canary" });
    editor.post(&format!("{}/reject", desk(&root))).if_match("\"1\"").json(&reject).send().await.expect(200);
    let document = xml(&app.anonymous().get(&feed(&article.text("/id"))).send().await.expect(200));
    assert_eq!(elements(&document, "description")[1..], ["<p dir=\"auto\">leaf</p>"]);
    assert!(!document.contains("canary") && !document.contains("root") && !document.contains(&root.text("/id")));
}

#[actix_web::test]
async fn the_feed_goes_where_its_article_goes() {
    let desk = Desk::new().await;
    let anyone = desk.app.anonymous();
    let id = desk.live("خبر أول").await;
    anyone.get(&feed("خبر-أول")).send().await.expect(200);
    desk.edit(&desk.editor, &id, json!({ "slug": "خبر-ثان" })).await.expect(200);
    desk.step(&desk.editor, &id, "publish", json!({})).await.expect(200);
    let moved = anyone.get(&feed("خبر-أول")).send().await.expect(308);
    let there = moved.header("location").unwrap().to_owned();
    assert!(there.starts_with("/feeds/articles/") && there.ends_with("/comments.rss"), "{there}");
    anyone.get(&there).send().await.expect(200);
    anyone.get(&feed("nothing")).send().await.refused(404, "not_found");
    desk.step(&desk.editor, &id, "kill", json!({ "notice": "سُحب." })).await.expect(200);
    for name in [&id, "خبر-ثان"] {
        anyone.get(&feed(name)).send().await.refused(410, "killed");
    }
    let draft = desk.live("مسودة").await;
    desk.step(&desk.editor, &draft, "unpublish", json!({ "note": "x" })).await.expect(200);
    anyone.get(&feed(&draft)).send().await.refused(404, "not_found");
}

#[actix_web::test]
async fn no_comment_breaks_out_of_its_element() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let to = below(&article);
    let long = "ق".repeat(4_999);
    let hostile = [
        "]]></description></item><script>alert(1)</script>",
        "<!ENTITY x SYSTEM \"file:///etc/passwd\">&x; &amp; &lt;b&gt;",
        "a\u{FFFE}b\u{FFFF}c",
        "\u{202E}txt.exe\u{2066}x",
        &long,
    ];
    let vectors: Vec<&str> = include_str!("../../src/blocks/xss_vectors.txt").lines().take(20).collect();
    let mut made = 0;
    for text in hostile.iter().chain(&vectors) {
        let answer = say(&app.as_(Role::Reader).await, &to, text, None).await;
        assert!(answer.status < 500, "{text}");
        made += usize::from(answer.status == 201);
    }
    assert!(made > 5, "{made}");
    let document = xml(&app.anonymous().get(&feed(&article.text("/id"))).send().await.expect(200));
    let texts = elements(&document, "description");
    assert_eq!((texts.len(), elements(&document, "item").len()), (made + 1, made));
    // What is left when the first escaping is taken away is one paragraph of text, with breaks.
    for text in &texts[1..] {
        let inside = text.strip_prefix("<p dir=\"auto\">").and_then(|text| text.strip_suffix("</p>")).unwrap();
        assert!(!inside.replace("<br>", "").contains(['<', '>', '"', '\'']), "{text}");
    }
    let is_hidden = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{FFFE}' | '\u{FFFF}');
    assert!(!document.contains(is_hidden));
}

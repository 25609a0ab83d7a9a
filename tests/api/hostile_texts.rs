//! Texts that are made to break what shows them: in comments, and in the names of those who write them.

use khabar::auth::Role;
use khabar::text::safe::is_blank;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::comments::{address, article, below, say};
use crate::comments_leaks::decide;
use crate::guests::invite;
use crate::support::{Answer, Client, TestApp};

/// The most marks that a letter carries in what readers are shown.
const MARKS_MAX: usize = 5;

/// Markup, tricks with directions, towers of marks, nothing that looks like something, and words without an end.
fn corpus() -> Vec<String> {
    let tower = |letter: &str, mark: &str, high: usize| format!("{letter}{}", mark.repeat(high));
    let mut corpus: Vec<String> = [
        "\u{202E}txt.exe\u{2066}x\u{2067}\u{2068}",
        "a\u{2066}\u{2066}\u{2066}b",
        "\u{202A}\u{202B}\u{202D}\u{202E}مرحبا\u{202C}",
        "\u{2067}abc\u{2069}\u{2069}\u{2069}\u{2069}",
        "a\u{0}b\u{8}c\u{FFFE}d\u{FFFF}",
        "a\u{2028}b\u{2029}c\u{85}d",
        "\u{E0041}\u{E0042}مخفي",
        "\u{FFF9}a\u{FFFA}b\u{FFFB}",
        "\u{1F3F4}\u{E0067}\u{E0062}",
    ]
    .map(String::from)
    .to_vec();
    corpus.extend(blanks().map(String::from));
    for mark in ["\u{301}", "\u{64B}", "\u{489}", "\u{20DD}", "\u{1AB0}", "\u{FE20}", "\u{E34}", "\u{301}\u{200D}"] {
        corpus.push(tower("ق", mark, 40));
        corpus.push(format!("نص {} نص", tower("a", mark, 200)));
    }
    corpus.extend(["x".repeat(10_000), "ق".repeat(10_000), "ق".repeat(5_000), "👨\u{200D}👩\u{200D}👧".repeat(400)]);
    corpus.extend(["\u{FDFA}".repeat(4_000), "<b>".repeat(1_500), "\n".repeat(4_000) + "x", "\t".repeat(3_000) + "x"]);
    corpus.extend(include_str!("../../src/blocks/xss_vectors.txt").lines().map(String::from));
    corpus
}

/// Nothing that is to be seen.
fn blanks() -> [&'static str; 8] {
    [
        "\u{200B}\u{200E}\u{FEFF}\u{2060}",
        "\u{3164}\u{115F}\u{FFA0}",
        "\u{2800}\u{2800}",
        "\u{E0020}\u{E0021}",
        "\u{AD}\u{34F}\u{61C}",
        "\u{180E}\u{17B4}\u{FE0F}",
        "\u{A0}\u{3000}\u{2003}",
        "\u{2066}\u{2069}\n\u{200D}",
    ]
}

/// Nothing in a text hides, reorders or overlaps what stands beside it.
#[track_caller]
fn assert_harmless(text: &str) {
    let breaks = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{FFFE}' | '\u{FFFF}')
    };
    assert!(!text.contains(breaks) && !is_blank(text), "{text:?}");
    let (opened, closed) = (text.matches(['\u{2066}', '\u{2067}', '\u{2068}']), text.matches('\u{2069}'));
    assert!(opened.count() >= closed.count(), "{text:?}");
    for line in text.lines() {
        let depth = line.chars().fold(0_i64, |depth, c| match c {
            '\u{2066}'..='\u{2068}' => depth + 1,
            '\u{2069}' => depth - 1,
            _ => depth,
        });
        assert!(depth <= 0, "an isolate is closed on its line: {line:?}");
    }
    let is_mark = |c: &char| unicode_normalization::char::is_combining_mark(*c);
    for grapheme in text.graphemes(true) {
        // Letters of Indic scripts are built of marks that stand beside each other, and flags and faces of many signs.
        let run = grapheme.chars().filter(is_mark).count();
        assert!(run <= MARKS_MAX || grapheme.contains('\u{1F468}'), "{grapheme:?}");
    }
}

async fn pages(client: &Client, list: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{list}{cursor}")).send().await.expect(200);
        items.extend(page.at("/items").as_array().unwrap().clone());
        let Some(next) = page.at("/page/next").as_str() else { return items };
        cursor = format!("&after={next}");
    }
}

#[actix_web::test]
async fn no_text_and_no_name_breaks_what_shows_it() {
    let app = TestApp::new().await;
    invite(&app).await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, json!({ "mode": "open" })).await;
    let to = below(&article);
    let mut stream = app.listen(&format!("/api/v1/stream?topics=comments:{}", article.text("/id")), None).await;
    let (mut kept, mut named) = (0, 0);
    for (n, text) in corpus().iter().enumerate() {
        let form = json!({ "text": text, "guest": { "name": format!("ضيف {n}") } });
        let said = app.anonymous().post(&to).json(&form).send().await;
        let form = json!({ "text": format!("رأي {n}"), "guest": { "name": text } });
        let called = app.anonymous().post(&to).json(&form).send().await;
        for answer in [&said, &called] {
            assert!(matches!(answer.status, 201 | 202 | 422), "{} {text:.40}", answer.status);
            if answer.status == 202 {
                decide(&editor, answer, "approve").await;
            }
        }
        kept += usize::from(said.status != 422);
        named += usize::from(called.status != 422);
    }
    assert!(kept > 200 && named > 100, "{kept} {named}");
    let items = pages(&app.anonymous(), &format!("{to}?limit=50&replies=2")).await;
    assert_eq!(items.len(), kept + named);
    for item in &items {
        assert_harmless(item["text"].as_str().unwrap());
        let name = item["author"]["name"].as_str().unwrap();
        assert_harmless(name);
        assert!(name.graphemes(true).count() <= 60 && !name.contains('\n'), "{name:?}");
    }
    app.relay().await;
    let news = format!("{:?}", stream.news().await);
    assert!(news.contains("comment.posted") && !news.contains("alert(1)") && !news.contains("قققق"));
    let feed = app.anonymous().get(&format!("/feeds/articles/{}/comments.rss", article.text("/id"))).send().await;
    roxmltree::Document::parse(std::str::from_utf8(&feed.expect(200).bytes).unwrap()).unwrap();
}

#[actix_web::test]
async fn what_shows_nothing_or_towers_over_its_line_is_refused_with_its_place() {
    let app = TestApp::new().await;
    invite(&app).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let send = async |text: &str, name: &str| {
        let form = json!({ "text": text, "guest": { "name": name } });
        app.anonymous().post(&to).json(&form).send().await.refused(422, "invalid").errors()
    };
    for blank in blanks() {
        assert_eq!(send(blank, "ليلى").await, ["/text blank"], "{blank:?}");
        assert_eq!(send("نص", blank).await.len(), 1, "{blank:?}");
    }
    let tower = |high: usize| format!("ب{}", "\u{64B}".repeat(high));
    assert_eq!(send(&tower(6), "ليلى").await, ["/text forbidden_character"]);
    assert_eq!(send("نص", &tower(6)).await, ["/guest/name forbidden_character"]);
    assert_eq!(send("نص", &"ق".repeat(61)).await, ["/guest/name too_long"]);
    assert_eq!(send(&"ق".repeat(5_001), "ليلى").await, ["/text too_long"]);
    let reader = app.as_(Role::Reader).await;
    let rename = reader.patch("/api/v1/me").json(&json!({ "name": tower(6) })).send().await;
    assert_eq!(rename.refused(422, "invalid").errors(), ["/name forbidden_character"]);
}

#[actix_web::test]
async fn two_hundred_answers_in_a_row_stay_as_deep_as_the_site_says() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, json!({ "mode": "open" })).await;
    let to = below(&article);
    let mut chain: Vec<Answer> = Vec::new();
    for n in 0..200 {
        chain.push(say(&editor, &to, &format!("رد {n}"), chain.last()).await.expect(201));
    }
    let deepest = chain.iter().map(|comment| comment.at("/depth").as_u64().unwrap()).max();
    assert_eq!(deepest, Some(5));
    let shown = app.anonymous().get(&address(&chain[199])).send().await.expect(200);
    assert_eq!(shown.text("/answers"), chain[198].text("/id"));
    assert_eq!(shown.text("/parentItem"), chain[4].text("/id"), "it hangs beside what it answers");
    let below = format!("{to}?sort=oldest&limit=100&parentId={}", chain[4].text("/id"));
    assert_eq!(pages(&app.anonymous(), &below).await.len(), 195);
    let statements = app.statements();
    app.anonymous().get(&address(&chain[199])).send().await.expect(200);
    let deep = app.statements() - statements;
    app.anonymous().get(&address(&chain[0])).send().await.expect(200);
    assert_eq!(app.statements() - statements - deep, deep, "the last costs what the first does");
    for comment in chain.iter().take(6) {
        decide(&editor, comment, "reject").await;
    }
    let roots = app.anonymous().get(&format!("{to}?replies=3")).send().await.expect(200);
    assert_eq!((roots.at("/items/0/text"), roots.at("/items/0/replyCount")), (&Value::Null, &json!(0)));
    assert_eq!(pages(&app.anonymous(), &below).await.len(), 194);
}

//! Search: what is found, how, in which order, and that it is what everyone reads at that very instant.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use khabar::text::arabic::fold;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::{Strategy as _, any};
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, paragraph, record, said};
use crate::support::snapshot::path;
use crate::support::{Answer, Client};

const SEARCH: &str = "/api/v1/search";
const HOUR: Duration = Duration::from_secs(3_600);

fn query(q: &str, more: &str) -> String {
    format!("{SEARCH}?q={}{more}", utf8_percent_encode(q, NON_ALPHANUMERIC))
}

async fn ask(who: &Client, q: &str, more: &str) -> Answer {
    who.get(&query(q, more)).send().await.expect(200)
}

fn headlines(page: &Answer) -> Vec<String> {
    let items = page.at("/items").as_array().unwrap().iter();
    items.map(|item| item["article"]["headline"].as_str().unwrap().to_owned()).collect()
}

/// What is found, in order.
async fn found(desk: &Desk, q: &str, more: &str) -> String {
    headlines(&ask(&desk.app.anonymous(), q, more).await).join(" ")
}

/// What is found, in alphabetical order, whatever the order is that was asked for.
async fn set(desk: &Desk, q: &str, more: &str) -> String {
    let mut sets = Vec::new();
    for sort in ["relevance", "newest"] {
        let page = ask(&desk.app.anonymous(), q, &format!("&sort={sort}&count=true{more}")).await;
        let mut set = headlines(&page);
        assert_eq!(*page.at("/page/total"), json!(set.len()), "{q}");
        set.sort();
        sets.push(set.concat());
    }
    assert_eq!(sets[0], sets[1], "{q}");
    sets.remove(0)
}

fn text(text: &str) -> Value {
    json!({ "body": [paragraph(text)] })
}

fn page() -> Value {
    serde_json::from_str(&std::fs::read_to_string(path("tests/fixtures/seed_page.json")).unwrap()).unwrap()
}

#[actix_web::test]
async fn the_seed_page_is_found_however_its_words_are_typed_and_shown_as_they_were_written() {
    let desk = Desk::new().await;
    let page = page();
    let body: Vec<Value> = page["article"]["body_paragraphs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| paragraph(text.as_str().unwrap()))
        .collect();
    let title = page["article"]["title"].as_str().unwrap();
    desk.live_with(title, json!({ "body": body.clone() })).await;
    desk.live("خبر آخر").await;
    let cases = [("المكلفة", "مكلفة"), ("ارمينيا", "أرمين"), ("اقليم", "إقليم"), ("الاسرى", "أسر")];
    for (typed, written) in cases {
        let answer = ask(&desk.app.anonymous(), typed, "").await;
        assert_eq!(headlines(&answer), [title], "{typed}");
        let snippet = answer.at("/items/0/snippet");
        let shown = snippet["text"].as_str().unwrap();
        let words: Vec<String> = snippet["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|span| {
                let at = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
                shown.chars().skip(at("start")).take(at("end") - at("start")).collect()
            })
            .collect();
        assert!(!words.is_empty(), "{typed}: {snippet}");
        let whole = body.iter().map(Value::to_string).collect::<String>();
        for word in &words {
            assert!(whole.contains(word) && word != typed && fold(word).contains(&fold(written)), "{typed}: {word}");
        }
        let marked = format!("<mark>{}</mark>", words[0]);
        assert!(snippet["html"].as_str().unwrap().contains(&marked), "{snippet}");
    }
}

#[actix_web::test]
async fn words_phrases_exclusions_and_beginnings_find_what_they_say() {
    let desk = Desk::new().await;
    let texts = [
        ("a", "قال وزير الخارجية في موسكو"),
        ("b", "الخارجية بلا وزير في باريس"),
        ("c", "قال الوزير إن لوزارة الخارجية رأيًا في عام ٢٠٢٠"),
        ("d", "COVID-19 in the markets of Moscow"),
    ];
    for (headline, body) in texts {
        let language = if headline == "d" { "en" } else { "ar" };
        desk.live_with(headline, json!({ "body": [paragraph(body)], "language": language })).await;
        desk.app.clock.advance(HOUR);
    }
    desk.app.events();
    let patch = json!({ "languages": ["ar", "en"] });
    let tag = desk.admin.get("/api/v1/newsroom/site").send().await.expect(200).etag();
    desk.admin.patch("/api/v1/newsroom/site").if_match(&tag).json(&patch).send().await.expect(200);
    let cases = [
        ("وزير", "abc"),
        ("وزير خارجيه", "abc"),
        ("\"وزير الخارجية\"", "a"),
        ("«وزير الخارجيه»", "a"),
        ("الخارجية -موسكو", "bc"),
        ("الخارجية -\"وزير الخارجية\"", "bc"),
        ("خارجية -موس* -باريس", "c"),
        ("موس*", "a"),
        ("وزار* ", "c"),
        ("خارج*", "abc"),
        ("2020", "c"),
        ("۲۰۲۰", "c"),
        ("market", "d"),
        ("MARKETS moscow", "d"),
        ("covid-19", "d"),
        ("covid -19", ""),
        ("وزير غائب", ""),
        ("-موسكو", ""),
        ("*", ""),
        ("", ""),
        ("\"a\"", "a"),
    ];
    for (q, expected) in cases {
        assert_eq!(set(&desk, q, "").await, expected, "{q}");
    }
    assert_eq!(set(&desk, "وزير", "&language=en").await, "");
    assert_eq!(set(&desk, "market", "&language=en").await, "d");
}

#[actix_web::test]
async fn a_phrase_does_not_reach_from_one_text_into_the_next() {
    let desk = Desk::new().await;
    desk.live_with("نهاية العنوان", json!({ "abstract": "بداية الموجز", "body": [paragraph("صدر النص")] })).await;
    for (q, hits) in [("\"نهاية العنوان\"", 1), ("\"العنوان بداية\"", 0), ("\"الموجز صدر\"", 0), ("عنوان موجز نص", 1)]
    {
        assert_eq!(ask(&desk.app.anonymous(), q, "").await.at("/items").as_array().unwrap().len(), hits, "{q}");
    }
}

#[actix_web::test]
async fn filters_are_those_of_the_list() {
    let desk = Desk::new().await;
    let below = record(&desk.editor, "sections", json!({ "name": "اليمن", "parentId": desk.section })).await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let tag = record(&desk.editor, "tags", json!({ "name": "روسيا", "kind": "place" })).await;
    let author = record(&desk.editor, "authors", json!({ "name": "سلمى" })).await;
    let parts = [
        ("a", json!({ "tagIds": [tag] })),
        ("b", json!({ "sectionId": below, "sources": [{ "sourceId": desk.sources[1] }] })),
        ("c", json!({ "sectionId": sport, "authors": [{ "authorId": author }] })),
    ];
    for (headline, fields) in parts {
        desk.live_with(headline, fields).await;
        desk.app.clock.advance(HOUR);
    }
    let cases = [
        (String::new(), "abc"),
        ("&section=العالم".into(), "ab"),
        (format!("&section={below}"), "b"),
        ("&notSection=العالم".into(), "c"),
        ("&tag=روسيا".into(), "a"),
        ("&notTag=روسيا".into(), "bc"),
        (format!("&source={}", desk.sources[1]), "b"),
        (format!("&notSource={}", desk.sources[1]), "ac"),
        ("&author=سلمى".into(), "c"),
        ("&notAuthor=سلمى".into(), "ab"),
        ("&section=لا-أحد".into(), ""),
        ("&publishedFrom=2026-01-15T13:00:00Z".into(), "bc"),
        ("&publishedFrom=2026-01-15T13:00:00Z&publishedUntil=2026-01-15T14:00:00Z".into(), "b"),
        ("&publishedUntil=2026-01-15T12:00:00Z".into(), ""),
    ];
    for (filter, expected) in cases {
        assert_eq!(set(&desk, "الرئيس", &filter).await, expected, "{filter}");
    }
}

#[actix_web::test]
async fn a_whole_headline_comes_first_then_headlines_then_the_newest() {
    let desk = Desk::new().await;
    let cases = [
        ("هدنة في اليمن", "x", "2020-01-01T00:00:00Z"),
        ("بعد هدنة في اليمن بيوم", "x", "2025-11-01T00:00:00Z"),
        ("a", "هدنة اليمن في الخبر", "2025-11-20T00:00:00Z"),
        ("b", "هدنة اليمن في الخبر", "2025-12-02T00:00:00Z"),
    ];
    for (headline, body, date) in cases {
        let id = desk.draft_with(headline, text(body)).await.text("/id");
        desk.step(&desk.editor, &id, "publish", json!({ "datePublished": date })).await.expect(200);
    }
    assert_eq!(
        found(&desk, "هدنه في اليمن", "").await,
        "هدنة في اليمن b بعد هدنة في اليمن بيوم a",
        "the headline is worth 30 days"
    );
    assert_eq!(found(&desk, "هدنه في اليمن", "&sort=newest").await, "b a بعد هدنة في اليمن بيوم هدنة في اليمن");
}

#[actix_web::test]
async fn however_long_the_first_page_is_it_begins_with_the_same() {
    let desk = Desk::new().await;
    // Every ninth day; what has the word in its headline is worth 30 days more.
    let mut worth = Vec::new();
    for n in 0..14_i64 {
        let is_above = n % 3 == 0 || n > 10;
        let headline = if is_above { format!("{n} هدنة") } else { format!("{n}") };
        let day = jiff::civil::date(2025, 11, 30).checked_sub(jiff::Span::new().days(n * 9)).unwrap();
        let id = desk.draft_with(&headline, text("هدنة اليمن في الخبر")).await.text("/id");
        let published = json!({ "datePublished": format!("{day}T00:00:00Z") });
        desk.step(&desk.editor, &id, "publish", published).await.expect(200);
        worth.push((n * 9 - if is_above { 30 } else { 0 }, headline));
    }
    worth.sort();
    let best: Vec<String> = worth.into_iter().map(|(_, headline)| headline).collect();
    for limit in 1..=14 {
        let page = ask(&desk.app.anonymous(), "هدنة", &format!("&limit={limit}")).await;
        assert_eq!(headlines(&page), best[..limit], "{limit}");
        assert_eq!(page.at("/page/next").is_string(), limit < 14, "{limit}");
    }
}

#[actix_web::test]
async fn both_orders_have_pages_in_both_directions() {
    let desk = Desk::new().await;
    for n in 0..7 {
        desk.live(&format!("{n}")).await;
        if n % 2 == 0 {
            desk.app.clock.advance(HOUR);
        }
    }
    for sort in ["newest", "relevance"] {
        let all = headlines(&ask(&desk.app.anonymous(), "الرئيس", &format!("&sort={sort}")).await);
        assert_eq!(all.len(), 7, "{sort}");
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = ask(&desk.app.anonymous(), "الرئيس", &format!("&sort={sort}&limit=3{cursor}")).await;
            seen.extend(headlines(&answer));
            let Some(next) = answer.at("/page/next").as_str() else {
                let prev = answer.text("/page/prev");
                let back = ask(&desk.app.anonymous(), "الرئيس", &format!("&sort={sort}&limit=3&before={prev}")).await;
                assert_eq!(headlines(&back), all[3..6], "{sort}");
                break;
            };
            cursor = format!("&after={next}");
        }
        assert_eq!(seen, all, "{sort}");
    }
}

#[actix_web::test]
async fn what_is_found_is_what_everyone_reads_at_that_instant_without_any_job() {
    let desk = Desk::new().await;
    desk.draft_with("مسودة", text("كلمة")).await;
    let scheduled = desk.draft_with("مجدول", text("كلمة")).await.text("/id");
    desk.step(&desk.editor, &scheduled, "schedule", said("schedule")).await.expect(200);
    let fields = json!({ "embargoedUntil": "2026-01-16T13:00:00Z", "body": [paragraph("كلمة")] });
    let embargoed = desk.draft_with("محظور", fields).await.text("/id");
    desk.publish(&embargoed).await;
    let expiring = json!({ "expires": "2026-01-15T13:00:00Z", "body": [paragraph("كلمة")] });
    desk.live_with("عابر", expiring).await;
    let steady = desk.live_with("ثابت", text("كلمة")).await;
    assert_eq!(set(&desk, "كلمة", "").await, "ثابتعابر");
    desk.app.clock.set("2026-01-15T12:59:59.999999Z");
    assert_eq!(set(&desk, "كلمة", "").await, "ثابتعابر");
    desk.app.clock.set("2026-01-15T13:00:00Z");
    assert_eq!(set(&desk, "كلمة", "").await, "ثابت");
    // The next version of what is public: the words of now until its hour, then the new ones.
    desk.edit(&desk.editor, &steady, json!({ "body": [paragraph("جديد تمامًا")] })).await.expect(200);
    desk.step(&desk.editor, &steady, "schedule", said("schedule")).await.expect(200);
    // What was planned and is not any more.
    let patient = desk.live_with("صابر", text("صبر")).await;
    desk.edit(&desk.editor, &patient, json!({ "body": [paragraph("عجلة")] })).await.expect(200);
    desk.step(&desk.editor, &patient, "schedule", said("schedule")).await.expect(200);
    desk.step(&desk.editor, &patient, "unschedule", said("unschedule")).await.expect(200);
    desk.app.clock.set("2026-01-16T11:59:59.999999Z");
    assert_eq!((set(&desk, "كلمة", "").await, set(&desk, "جديد", "").await), ("ثابت".into(), String::new()));
    desk.app.clock.set("2026-01-16T12:00:00Z");
    assert_eq!((set(&desk, "كلمة", "").await, set(&desk, "جديد", "").await), ("مجدول".into(), "ثابت".into()));
    desk.app.clock.set("2026-01-16T13:00:00Z");
    assert_eq!(set(&desk, "كلمة", "").await, "مجدولمحظور");
    assert_eq!((set(&desk, "صبر", "").await, set(&desk, "عجلة", "").await), ("صابر".into(), String::new()));
    desk.step(&desk.editor, &scheduled, "unpublish", said("unpublish")).await.expect(200);
    assert_eq!(set(&desk, "كلمة", "").await, "محظور");
    desk.step(&desk.editor, &embargoed, "kill", said("kill")).await.expect(200);
    assert_eq!(set(&desk, "كلمة", "").await, "");
    desk.publish(&scheduled).await;
    assert_eq!(set(&desk, "كلمة", "").await, "مجدول");
}

#[actix_web::test]
async fn an_article_that_changes_again_and_again_is_found_once_by_its_present_words() {
    let desk = Desk::new().await;
    let id = desk.live_with("خبر", text("صيغة0")).await;
    for n in 1..6 {
        desk.edit(&desk.editor, &id, text(&format!("صيغة{n}"))).await.expect(200);
        let planned = json!({ "publishAt": "2026-02-16T12:00:00Z" });
        desk.step(&desk.editor, &id, "schedule", planned).await.expect(200);
        desk.publish(&id).await;
        desk.app.clock.advance(HOUR);
        for other in 0..6 {
            let expected = if other == n { "خبر" } else { "" };
            assert_eq!(set(&desk, &format!("صيغة{other}"), "").await, expected, "{n} {other}");
        }
    }
    let hits = ask(&desk.app.anonymous(), "خبر", "").await;
    assert_eq!(hits.at("/items").as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_note_to_editors_is_not_found() {
    let desk = Desk::new().await;
    desk.live_with("خبر", json!({ "edNote": "سرية" })).await;
    assert_eq!(set(&desk, "سرية", "").await, "");
}

#[actix_web::test]
async fn the_300_words_of_the_treebank_are_found_where_they_stand() {
    let desk = Desk::new().await;
    let queries: Vec<(String, Vec<String>)> =
        serde_json::from_str(&std::fs::read_to_string(path("tests/fixtures/search/pud_queries.json")).unwrap())
            .unwrap();
    assert_eq!(queries.len(), 300);
    // Six texts of fifty words each. A word is found where a word stands that has a term of it.
    for (n, part) in queries.chunks(50).enumerate() {
        let words: Vec<&str> = part.iter().map(|(word, _)| word.as_str()).collect();
        desk.live_with(&n.to_string(), text(&words.join(" "))).await;
    }
    for (word, terms) in &queries {
        let has = |part: &[(String, Vec<String>)]| {
            part.iter().any(|(_, others)| others.iter().any(|term| terms.contains(term)))
        };
        let expected: String =
            queries.chunks(50).zip(0..).filter(|(part, _)| has(part)).map(|(_, n)| n.to_string()).collect();
        let answer = ask(&desk.app.anonymous(), word, "&fields=article").await;
        let mut hits = headlines(&answer);
        hits.sort();
        assert_eq!(hits.concat(), expected, "{word}");
    }
}

#[actix_web::test]
async fn any_text_is_a_query() {
    let desk = Desk::new().await;
    desk.live("خبر").await;
    let hard = [
        "\"",
        "'",
        "''",
        "\\",
        "a\\'b",
        "-\"",
        "()",
        "NEAR(a b)",
        "rest:x",
        "{a}:b",
        "a AND",
        "NOT",
        "* *",
        "%",
        "$1",
        "?",
        ":*",
        "& | !",
        "a<->b",
        "\u{E000}",
        "='a'",
        "^a",
    ];
    for q in hard {
        ask(&desk.app.anonymous(), q, "").await;
    }
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let bytes =
        proptest::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let signs = "[\"'«»()*:&|!<>\\\\^=~%_{}+,.a-cا-ت٠-٩ -]{0,40}";
    for n in 0..150 {
        let q = if n % 2 == 0 {
            bytes.new_tree(&mut runner).unwrap().current()
        } else {
            signs.new_tree(&mut runner).unwrap().current()
        };
        let sort = if n % 3 == 0 { "&sort=newest" } else { "&count=true" };
        let answer = desk.app.anonymous().get(&query(&q, sort)).send().await;
        assert!([200, 400].contains(&answer.status), "{q:?}: {}", answer.status);
        if answer.status == 400 {
            assert_eq!(answer.text("/errors/0/pointer"), "q", "{q:?}");
        }
    }
}

#[actix_web::test]
async fn a_query_has_its_bounds_and_must_be_there() {
    let desk = Desk::new().await;
    let anyone = desk.app.anonymous();
    for long in ["ب ".repeat(21), "ب".repeat(201)] {
        let refused = anyone.get(&query(&long, "")).send().await.refused(400, "bad_parameter");
        assert_eq!(
            (refused.text("/errors/0/pointer"), refused.text("/errors/0/code")),
            ("q".into(), "too_long".into())
        );
    }
    anyone.get(&query(&"ب ".repeat(20), "")).send().await.expect(200);
    anyone.get(SEARCH).send().await.refused(400, "bad_parameter");
}

#[actix_web::test]
async fn what_was_published_before_there_was_an_index_is_read_into_it() {
    let desk = Desk::new().await;
    for n in 0..60 {
        desk.live(&format!("{n}")).await;
    }
    let ended = desk.live("ended").await;
    desk.step(&desk.editor, &ended, "unpublish", said("unpublish")).await.expect(200);
    // As the migration leaves a database of an older version.
    let up = std::fs::read_to_string(path("migrations/sqlite/2026-11-25-000040_search/up.sql")).unwrap();
    let copy = up.lines().find(|line| line.starts_with("INSERT INTO search_backlog")).unwrap();
    let empty = "DELETE FROM search_index; DELETE FROM search_entries; DELETE FROM search_backlog;";
    desk.app.sql().batch_execute(&format!("{empty} {copy}")).unwrap();
    assert_eq!(set(&desk, "الرئيس", "&limit=100").await, "");
    // Meanwhile somebody publishes one of them anew.
    let late = desk.live("late").await;
    assert!(khabar::articles::catch_up(desk.app.app.clone()).await.unwrap().is_zero());
    let found = ask(&desk.app.anonymous(), "الرئيس", "&limit=100").await.at("/items").as_array().unwrap().len();
    // The new one, and the first fifty, of which the one that has ended may be one.
    assert!((50..=51).contains(&found), "in parts: {found}");
    while khabar::articles::catch_up(desk.app.app.clone()).await.unwrap().is_zero() {}
    assert_eq!(ask(&desk.app.anonymous(), "الرئيس", "&limit=100").await.at("/items").as_array().unwrap().len(), 61);
    desk.edit(&desk.editor, &late, text("غيره")).await.expect(200);
    desk.publish(&late).await;
    assert_eq!(ask(&desk.app.anonymous(), "الرئيس", "&limit=100").await.at("/items").as_array().unwrap().len(), 60);
}

#[actix_web::test]
async fn search_takes_as_many_statements_for_many_as_for_one_and_walks_through_no_table() {
    let desk = Desk::new().await;
    for n in 0..25 {
        desk.live(&format!("خبر {n}")).await;
    }
    let anyone = desk.app.anonymous();
    // The furniture is looked up once, and then known.
    anyone.get(&query("الرئيس", "")).send().await.expect(200);
    for more in
        ["&sort=newest", "&sort=relevance", "&sort=newest&tag=x", "&publishedFrom=2026-01-01T00:00:00Z&count=true"]
    {
        let mut costs = Vec::new();
        for limit in [1, 100] {
            let path = query("الرئيس", &format!("{more}&limit={limit}"));
            let (answer, statements) = desk.app.statements_of(anyone.get(&path).send()).await;
            answer.expect(200);
            costs.push(statements.len());
        }
        assert_eq!(costs[0], costs[1], "{more}");
        desk.app.plans();
        anyone.get(&query("الرئيس", more)).send().await.expect(200);
        // The words of headlines, where nothing is found: by the index of dates, as far as to the 500th.
        let in_order = "SCAN publications USING INDEX publications_date_published_index";
        for plan in desk.app.plans() {
            let scans =
                plan.split("; ").filter(|step| step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE INDEX"));
            assert_eq!(
                scans
                    .filter(|step| !step.contains("CONSTANT ROW") && *step != "SCAN found" && *step != in_order)
                    .count(),
                0,
                "{more}: {plan}"
            );
            assert!(!plan.contains("search_index") || !plan.contains("TEMP B-TREE"), "{more}: {plan}");
        }
    }
    assert!(desk.journalist.get(DESK).send().await.status == 200);
}

#[actix_web::test]
async fn facets_count_what_is_found_and_public() {
    let desk = Desk::new().await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let tag = record(&desk.editor, "tags", json!({ "name": "روسيا", "kind": "place" })).await;
    let twin = record(&desk.editor, "tags", json!({ "name": "روسية", "kind": "place" })).await;
    for (headline, fields, date) in [
        ("a", json!({ "tagIds": [tag, twin] }), "2025-12-31T23:00:00Z"),
        ("b", json!({ "tagIds": [twin], "sources": [{ "sourceId": desk.sources[1] }] }), "2026-01-01T00:00:00Z"),
        ("c", json!({ "sectionId": sport, "extraSectionIds": [desk.section] }), "2026-01-02T00:00:00Z"),
    ] {
        let id = desk.draft_with(headline, fields).await.text("/id");
        desk.step(&desk.editor, &id, "publish", json!({ "datePublished": date })).await.expect(200);
    }
    desk.draft("x").await;
    let hidden = desk.draft_with("y", json!({ "tagIds": [tag] })).await.text("/id");
    desk.step(&desk.editor, &hidden, "schedule", said("schedule")).await.expect(200);
    let tags = format!("/api/v1/newsroom/tags/{twin}");
    let etag = desk.editor.get(&tags).send().await.expect(200).etag();
    desk.editor.post(&format!("{tags}/merge")).if_match(&etag).json(&json!({ "into": tag })).send().await.expect(200);
    let answer = ask(&desk.app.anonymous(), "الرئيس", "&facets=true&limit=1").await;
    let counts = |name: &str, key: &str| -> Vec<(String, u64)> {
        let facets = answer.json["facets"][name].as_array().unwrap().iter();
        facets.map(|facet| (facet[key].as_str().unwrap().to_owned(), facet["count"].as_u64().unwrap())).collect()
    };
    assert_eq!(answer.json["facets"]["counted"], 3);
    assert_eq!(counts("sections", "name"), [("العالم".to_owned(), 3), ("رياضة".to_owned(), 1)]);
    assert_eq!(counts("sources", "name"), [("وكالات".to_owned(), 2), ("هيا".to_owned(), 1)]);
    assert_eq!(counts("tags", "name"), [("روسيا".to_owned(), 2)], "what was merged is one");
    assert_eq!(counts("months", "month"), [("2026-01".to_owned(), 2), ("2025-12".to_owned(), 1)]);
    let narrowed = ask(&desk.app.anonymous(), "الرئيس", "&facets=true&section=رياضة").await;
    assert_eq!(narrowed.json["facets"]["counted"], 1);
    let none = ask(&desk.app.anonymous(), "غائب", "&facets=true").await;
    assert_eq!((&none.json["facets"]["counted"], &none.json["facets"]["tags"]), (&json!(0), &json!([])));
    assert!(ask(&desk.app.anonymous(), "الرئيس", "").await.json.get("facets").is_none());
}

#[actix_web::test]
async fn a_mistyped_word_is_put_right_by_headlines_that_are_public() {
    let desk = Desk::new().await;
    desk.live("الكرملين يعلن محادثات في موسكو").await;
    let hidden = desk.draft("القسطنطينية تنتظر").await.text("/id");
    desk.step(&desk.editor, &hidden, "schedule", said("schedule")).await.expect(200);
    let meant = async |q: &str| ask(&desk.app.anonymous(), q, "").await.json.get("didYouMean").cloned();
    assert_eq!(meant("محاثات موسكو").await, Some(json!("محادثات موسكو")));
    assert_eq!(meant("الكرلمين").await, Some(json!("الكرملين")));
    assert_eq!(meant("الكرملين").await, None, "it finds something");
    assert_eq!(meant("زرافة").await, None);
    assert_eq!(meant("محاثات زرافة").await, None, "it would find nothing");
    assert_eq!(meant("القصطنطينية").await, None, "not yet");
    desk.app.clock.set("2026-01-16T12:00:00Z");
    assert_eq!(meant("القصطنطينية").await, Some(json!("القسطنطينية")));
}

#[actix_web::test]
async fn headlines_and_tags_are_suggested_while_somebody_types() {
    let desk = Desk::new().await;
    desk.live_with("محادثات أرمينية في موسكو", text("لا شيء")).await;
    desk.live_with("خبر آخر", text("عن أرمينيا")).await;
    desk.draft("أرمينيا سرًا").await;
    record(&desk.editor, "tags", json!({ "name": "أرمينيا", "kind": "place" })).await;
    let typed = async |q: &str, more: &str| {
        let path = query(q, more).replace("/search?", "/search/suggest?");
        desk.app.anonymous().get(&path).send().await.expect(200)
    };
    let names = |answer: &Answer| {
        let all = |list: &str, name: &str| -> Vec<String> {
            answer.json[list]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item.pointer(name).unwrap().as_str().unwrap().to_owned())
                .collect()
        };
        (all("headlines", "/headline/text").concat(), all("tags", "/name").concat())
    };
    for q in ["ارم", "ارمي", "أرمين", "ارميني"] {
        assert_eq!(names(&typed(q, "").await), ("محادثات أرمينية في موسكو".into(), "أرمينيا".into()), "{q}");
    }
    assert_eq!(names(&typed("محادثات ارم", "").await), ("محادثات أرمينية في موسكو".into(), String::new()));
    assert_eq!(names(&typed("ارم", "&language=en").await).0, "");
    for q in ["", " ", "\"", "*", "-"] {
        assert_eq!(names(&typed(q, "").await), (String::new(), String::new()), "{q}");
    }
    let long = query(&"ب ".repeat(30), "").replace("/search?", "/search/suggest?");
    desk.app.anonymous().get(&long).send().await.refused(400, "bad_parameter");
}

#[actix_web::test]
async fn words_that_an_administrator_makes_one_find_each_other() {
    let desk = Desk::new().await;
    desk.live_with("a", text("قال وزير في أمريكا")).await;
    desk.live_with("b", text("اجتمع الوزراء في أميركا")).await;
    assert_eq!((set(&desk, "وزراء", "").await, set(&desk, "امريكا", "").await), ("b".into(), "a".into()));
    let site = "/api/v1/newsroom/site";
    let tag = desk.admin.get(site).send().await.expect(200).etag();
    let patch = |lines: Value| json!({ "searchSynonyms": lines });
    let bad = desk.admin.patch(site).if_match(&tag).json(&patch(json!(["وحيد"]))).send().await;
    assert_eq!(bad.refused(422, "invalid").text("/errors/0/pointer"), "/searchSynonyms/0");
    let lines = patch(json!(["أميركا أمريكا", "وزير وزراء"]));
    desk.admin.patch(site).if_match(&tag).json(&lines).send().await.expect(200);
    for q in ["وزراء", "الوزير", "امريكا", "أميركا", "وزير امريكا"] {
        assert_eq!(set(&desk, q, "").await, "ab", "{q}");
    }
    let snippet = ask(&desk.app.anonymous(), "أميركا قال", "").await.text("/items/0/snippet/html");
    assert_eq!(snippet, "<mark>قال</mark> وزير في <mark>أمريكا</mark>");
    assert_eq!(set(&desk, "قال -وزراء", "").await, "");
    assert!(desk.app.anonymous().get("/api/v1/site").send().await.expect(200).json.get("searchSynonyms").is_none());
}

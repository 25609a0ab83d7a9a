//! Delivery's list of articles: what narrows it, how it is sorted, and what comes with it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, Desk, record};
use crate::support::Answer;

fn headlines(page: &Answer) -> Vec<String> {
    page.at("/items").as_array().unwrap().iter().map(|item| item["headline"].as_str().unwrap().to_owned()).collect()
}

async fn list(desk: &Desk, query: &str) -> Answer {
    desk.app.anonymous().get(&format!("{ARTICLES}?{query}")).send().await
}

/// What a query finds, in alphabetical order; its count says the same.
async fn found(desk: &Desk, query: &str) -> String {
    let page = list(desk, &format!("{query}&count=true")).await.expect(200);
    let mut found = headlines(&page);
    assert_eq!(*page.at("/page/total"), json!(found.len()), "{query}");
    found.sort();
    found.concat()
}

#[actix_web::test]
async fn each_filter_narrows_the_list_and_together_they_narrow_it_more() {
    let desk = Desk::new().await;
    let below = record(&desk.editor, "sections", json!({ "name": "اليمن", "parentId": desk.section })).await;
    let deep = record(&desk.editor, "sections", json!({ "name": "عدن", "parentId": below })).await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let tag = record(&desk.editor, "tags", json!({ "name": "روسيا", "kind": "place" })).await;
    let author = record(&desk.editor, "authors", json!({ "name": "سلمى" })).await;
    let parts = [
        ("a", json!({ "sectionId": desk.section, "tagIds": [tag] })),
        ("b", json!({ "sectionId": below, "sources": [{ "sourceId": desk.sources[1] }] })),
        ("c", json!({ "sectionId": deep, "language": "en", "authors": [{ "authorId": author }] })),
        ("d", json!({ "sectionId": sport, "extraSectionIds": [deep], "language": "fa" })),
        ("e", json!({ "sectionId": sport, "tagIds": [tag], "authors": [{ "authorId": author }] })),
    ];
    for (headline, fields) in parts {
        desk.live_with(headline, fields).await;
        desk.app.clock.advance(Duration::from_secs(60));
    }
    desk.draft("z").await;
    let source = &desk.sources[1];
    let cases = [
        (String::new(), "abcde"),
        ("language=ar".into(), "abe"),
        ("language=en&language=fa".into(), "cd"),
        ("language=de".into(), ""),
        ("section=العالم".into(), "abcd"),
        (format!("section={below}"), "bcd"),
        ("section=رياضة&section=اليمن".into(), "bcde"),
        ("notSection=العالم".into(), "e"),
        ("section=رياضة&notSection=عدن".into(), "e"),
        ("section=nothing".into(), ""),
        ("notSection=nothing".into(), "abcde"),
        ("tag=روسيا".into(), "ae"),
        (format!("notTag={tag}"), "bcd"),
        ("tag=العالم".into(), ""),
        (format!("source={source}"), "b"),
        ("notSource=هيا".into(), "acde"),
        ("author=سلمى".into(), "ce"),
        ("notAuthor=سلمى".into(), "abd"),
        ("author=سلمى&tag=روسيا&language=ar".into(), "e"),
        ("publishedFrom=2026-01-15T12:02:00Z".into(), "cde"),
        ("publishedUntil=2026-01-15T12:02:00Z".into(), "ab"),
        ("publishedFrom=2026-01-15T12:01:00Z&publishedUntil=2026-01-15T12:03:00Z".into(), "bc"),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&desk, &query).await, expected, "{query}");
    }
    for (query, error) in [
        ("publishedFrom=yesterday", "publishedFrom not_an_instant"),
        ("sort=headline", "sort not_allowed"),
        ("include=everything", "include not_allowed"),
        ("tags=x", "tags unknown_field"),
        ("limit=0", "limit out_of_range"),
        ("limit=101", "limit out_of_range"),
        ("fields=nope", "fields unknown_field"),
    ] {
        assert_eq!(list(&desk, query).await.refused(400, "bad_parameter").errors(), [error], "{query}");
    }
}

#[actix_web::test]
async fn the_list_is_sorted_by_publication_or_by_the_latest_change() {
    let desk = Desk::new().await;
    let mut ids = Vec::new();
    for headline in ["a", "b", "c"] {
        ids.push(desk.live(headline).await);
        desk.app.clock.advance(Duration::from_secs(60));
    }
    desk.publish(&ids[0]).await;
    for (query, expected) in
        [("", "cba"), ("sort=-datePublished", "cba"), ("sort=datePublished", "abc"), ("sort=-dateModified", "acb")]
    {
        assert_eq!(headlines(&list(&desk, query).await.expect(200)).concat(), expected, "{query}");
        let mut walked = String::new();
        let mut cursor = String::new();
        loop {
            let page = list(&desk, &format!("limit=1&{query}{cursor}")).await.expect(200);
            walked += &headlines(&page).concat();
            let Some(next) = page.at("/page/next").as_str() else { break };
            cursor = format!("&after={next}");
        }
        assert_eq!(walked, expected, "{query}");
    }
    let next = list(&desk, "limit=1").await.text("/page/next");
    list(&desk, &format!("limit=1&sort=datePublished&after={next}")).await.refused(400, "bad_cursor");
    list(&desk, &format!("limit=1&language=ar&after={next}")).await.refused(400, "bad_cursor");
}

#[actix_web::test]
async fn what_is_included_comes_in_full_and_once() {
    let desk = Desk::new().await;
    let tag = record(&desk.editor, "tags", json!({ "name": "روسيا", "kind": "place" })).await;
    let author = record(&desk.editor, "authors", json!({ "name": "سلمى" })).await;
    let fields = json!({ "tagIds": [tag], "authors": [{ "authorId": author }] });
    let first = desk.live_with("a", fields.clone()).await;
    desk.app.clock.advance(Duration::from_secs(60));
    let mut fields = fields;
    fields["relatedIds"] = json!([first, desk.draft("z").await.text("/id")]);
    let second = desk.live_with("b", fields).await;
    let page = list(&desk, "include=author,section,tags,sources,related").await.expect(200);
    for (noun, id) in [("authors", &author), ("sections", &desk.section), ("tags", &tag), ("sources", &desk.sources[0])]
    {
        let records = page.at(&format!("/included/{noun}")).as_array().unwrap();
        assert_eq!(records.iter().map(|record| record["id"].clone()).collect::<Vec<_>>(), [json!(id)], "{noun}");
    }
    let related = page.at("/included/related").as_array().unwrap();
    assert_eq!(related.iter().map(|one| one["id"].clone()).collect::<Vec<_>>(), [json!(first)]);
    assert_eq!(*page.at("/items/0/relatedIds"), json!([first]), "no draft");
    let one = desk.public(&format!("{second}?include=tags")).await.expect(200);
    assert_eq!(one.at("/included").as_object().unwrap().keys().collect::<Vec<_>>(), ["tags"]);
    assert!(list(&desk, "").await.json.get("included").is_none());
    let narrow = list(&desk, "fields=headline,slug").await.expect(200);
    assert_eq!(*narrow.at("/items/1"), json!({ "headline": "a", "slug": "a" }));
    let narrow = desk.public(&format!("{second}?fields=bodyText&body=text")).await.expect(200);
    assert_eq!(narrow.json, json!({ "bodyText": "دعا الرئيس الروسي وزيري الخارجية." }));
    let items = list(&desk, "").await;
    assert!(items.at("/items").as_array().unwrap().iter().all(|item| item.get("body").is_none()));
}

/// What stands on each page of a walk, from one end of a list to the other; the way back is the same.
async fn walked(desk: &Desk, query: &str) -> Vec<String> {
    let (mut pages, mut page) = (Vec::new(), list(desk, query).await.expect(200));
    loop {
        pages.push(headlines(&page).concat());
        let Some(next) = page.at("/page/next").as_str().map(str::to_owned) else { break };
        page = list(desk, &format!("{query}&after={next}")).await.expect(200);
    }
    for earlier in pages.iter().rev().skip(1) {
        page = list(desk, &format!("{query}&before={}", page.text("/page/prev"))).await.expect(200);
        assert_eq!(headlines(&page).concat(), *earlier, "{query}");
    }
    pages
}

#[actix_web::test]
async fn what_stands_in_several_sections_of_a_list_is_there_once_and_in_its_place() {
    let desk = Desk::new().await;
    let mut below = Vec::new();
    for name in ["اليمن", "مصر", "تونس"] {
        below.push(record(&desk.editor, "sections", json!({ "name": name, "parentId": desk.section })).await);
    }
    for (n, headline) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
        let (own, others) = (&below[n % 3], [&below[(n + 1) % 3], &below[(n + 2) % 3]]);
        let others = &others[..n % 3];
        desk.live_with(headline, json!({ "sectionId": own, "extraSectionIds": others })).await;
        desk.app.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(walked(&desk, "section=العالم&limit=3&sort=datePublished").await, ["abc", "def", "g"]);
    assert_eq!(walked(&desk, "section=العالم&limit=2").await, ["gf", "ed", "cb", "a"]);
    assert_eq!(walked(&desk, "section=العالم&limit=7").await, ["gfedcba"]);
    let tunis = format!("section={}&section={}&limit=3", below[2], below[1]);
    assert_eq!(walked(&desk, &tunis).await, ["fec", "b"]);
}

#[actix_web::test]
async fn a_list_of_many_sections_is_that_of_all_where_everything_stands_in_some() {
    let desk = Desk::new().await;
    let mut below = vec![desk.section.clone()];
    for n in 0..20 {
        below.push(
            record(&desk.editor, "sections", json!({ "name": format!("قسم {n}"), "parentId": below[n / 4] })).await,
        );
    }
    for n in 0..26 {
        let others: Vec<&String> = below.iter().cycle().skip(n * 5 % 21 + 1).step_by(3).take(n % 3).collect();
        let fields = json!({ "sectionId": below[n * 5 % 21], "extraSectionIds": others });
        desk.live_with(&format!("{}", char::from(b'a' + u8::try_from(n).unwrap())), fields).await;
        // Several are of one instant.
        if n % 4 == 3 {
            desk.app.clock.advance(Duration::from_secs(60));
        }
    }
    for query in ["limit=4", "limit=5&sort=datePublished", "limit=26", "limit=3&language=ar&language=en"] {
        let all = walked(&desk, query).await;
        assert_eq!(all.concat().len(), 26, "{query}");
        assert_eq!(walked(&desk, &format!("{query}&section=العالم")).await, all, "{query}");
    }
}

#[actix_web::test]
async fn articles_that_come_and_go_shift_no_page() {
    let desk = Desk::new().await;
    let mut ids = Vec::new();
    for n in 0..9 {
        ids.push(desk.live(&format!("{n}")).await);
        desk.app.clock.advance(Duration::from_secs(60));
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for round in 0.. {
        let page = list(&desk, &format!("limit=3{cursor}")).await.expect(200);
        seen.extend(headlines(&page));
        desk.live(&format!("new{round}")).await;
        if round == 0 {
            desk.step(&desk.editor, &ids[8], "unpublish", json!({ "note": "x" })).await.expect(200);
            desk.step(&desk.editor, &ids[4], "unpublish", json!({ "note": "x" })).await.expect(200);
        }
        let Some(next) = page.at("/page/next").as_str() else { break };
        cursor = format!("&after={next}");
    }
    assert_eq!(seen, ["8", "7", "6", "5", "3", "2", "1", "0"]);
}

#[actix_web::test]
async fn the_desk_narrows_its_list_by_state_language_and_section() {
    let desk = Desk::new().await;
    desk.draft("a").await;
    desk.app.clock.advance(Duration::from_secs(60));
    desk.draft_with("b", json!({ "language": "en" })).await;
    desk.app.clock.advance(Duration::from_secs(60));
    desk.live_with("c", json!({ "sectionId": record(&desk.editor, "sections", json!({ "name": "رياضة" })).await }))
        .await;
    let cases = [
        ("", "cba"),
        ("state=draft", "ba"),
        ("state=draft&state=published", "cba"),
        ("language=en", "b"),
        ("section=رياضة", "c"),
        ("section=nothing", ""),
        ("mine=true", ""),
    ];
    for (query, expected) in cases {
        let page = desk.editor.get(&format!("{DESK}?{query}&count=true")).send().await.expect(200);
        assert_eq!(headlines(&page).concat(), expected, "{query}");
        assert_eq!(*page.at("/page/total"), json!(expected.len()), "{query}");
    }
    let refused = desk.editor.get(&format!("{DESK}?state=alive")).send().await.refused(400, "bad_parameter");
    assert_eq!(refused.errors(), ["state not_allowed"]);
    assert_eq!(Value::Null, desk.editor.get(DESK).send().await.json["items"][0]["body"]);
}

#[actix_web::test]
async fn what_include_brings_stays_when_fields_are_chosen() {
    let desk = Desk::new().await;
    let id = desk.live_with("خبر", json!({})).await;
    let path = format!("/api/v1/articles/{id}?fields=headline&include=sources");
    let answer = desk.app.anonymous().get(&path).send().await.expect(200);
    assert_eq!(answer.at("/headline"), "خبر");
    assert!(!answer.at("/included/sources").as_array().unwrap().is_empty());
}

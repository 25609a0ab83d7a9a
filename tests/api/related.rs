//! What goes with an article.

use std::time::Duration;

use serde_json::{Value, json};

use crate::articles::{ARTICLES, Desk, record};

/// The headlines of what goes with an article, in order.
async fn with(desk: &Desk, id: &str, query: &str) -> String {
    let page = desk.app.anonymous().get(&format!("{ARTICLES}/{id}/related?{query}")).send().await.expect(200);
    page.at("/items").as_array().unwrap().iter().map(|item| item["headline"].as_str().unwrap()).collect()
}

/// Articles about two places, one after another by a minute, and their ids.
async fn published(desk: &Desk) -> Vec<String> {
    let there = record(&desk.editor, "tags", json!({ "name": "روسيا", "kind": "place" })).await;
    let elsewhere = record(&desk.editor, "tags", json!({ "name": "أرمينيا", "kind": "place" })).await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let parts = [
        ("a", json!({ "sectionId": desk.section, "tagIds": [there, elsewhere] })),
        ("b", json!({ "sectionId": sport, "tagIds": [there] })),
        ("c", json!({ "sectionId": desk.section, "tagIds": [elsewhere, there], "language": "en" })),
        ("d", json!({ "sectionId": desk.section, "tagIds": [] })),
        ("e", json!({ "sectionId": sport, "tagIds": [] })),
        ("f", json!({ "sectionId": desk.section, "tagIds": [elsewhere, there] })),
    ];
    let mut ids = Vec::new();
    for (headline, fields) in parts {
        ids.push(desk.live_with(headline, fields).await);
        desk.app.clock.advance(Duration::from_secs(60));
    }
    let about = json!({ "sectionId": desk.section, "tagIds": [there, elsewhere], "relatedIds": [ids[4], ids[3]] });
    ids.push(desk.live_with("g", about).await);
    ids
}

#[actix_web::test]
async fn what_the_desk_has_named_comes_first_then_what_shares_most_then_what_is_new() {
    let desk = Desk::new().await;
    let ids = published(&desk).await;
    // Named: e, d. Both tags: f, a. One: b. Another language: c.
    assert_eq!(with(&desk, &ids[6], "").await, "edfab");
    assert_eq!(with(&desk, &ids[0], "").await, "gfbd");
    assert_eq!(with(&desk, &ids[3], "").await, "gfa", "of the section");
    assert_eq!(with(&desk, &ids[2], "").await, "", "alone in its language");
    let slug = desk.public(&ids[6]).await.text("/slug");
    assert_eq!(with(&desk, &slug, "").await, "edfab");
    desk.step(&desk.editor, &ids[5], "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    assert_eq!(with(&desk, &ids[6], "").await, "edab");
    desk.step(&desk.editor, &ids[4], "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    assert_eq!(with(&desk, &ids[6], "").await, "dab", "the desk's choice is public or not there");
}

#[actix_web::test]
async fn it_goes_page_by_page_in_both_directions_and_counts() {
    let desk = Desk::new().await;
    let ids = published(&desk).await;
    let reader = desk.app.anonymous();
    let base = format!("{ARTICLES}/{}/related?limit=2&fields=headline", ids[6]);
    let (mut path, mut pages) = (format!("{base}&count=true"), Vec::new());
    loop {
        let page = reader.get(&path).send().await.expect(200);
        let total = page.json.pointer("/page/total").cloned();
        pages.push((page.at("/items").clone(), total, page.at("/page/prev").clone()));
        let Some(next) = page.at("/page/next").as_str() else { break };
        path = format!("{base}&after={next}");
    }
    let page = |names: &str| names.chars().map(|name| json!({ "headline": name.to_string() })).collect::<Value>();
    assert_eq!(pages.iter().map(|(items, ..)| items.clone()).collect::<Vec<_>>(), [page("ed"), page("fa"), page("b")]);
    assert_eq!((&pages[0].1, &pages[0].2), (&Some(json!(5)), &Value::Null));
    let before = pages[2].2.as_str().unwrap();
    let back = reader.get(&format!("{base}&before={before}")).send().await.expect(200);
    assert_eq!(*back.at("/items"), page("fa"));
    assert!(back.at("/page/next").is_string() && back.at("/page/prev").is_string());
}

#[actix_web::test]
async fn what_is_not_public_has_nothing_beside_it_and_is_in_no_list() {
    let desk = Desk::new().await;
    let tag = record(&desk.editor, "tags", json!({ "name": "روسيا", "kind": "place" })).await;
    let live = desk.live_with("ظاهر", json!({ "tagIds": [tag] })).await;
    let draft = desk.draft_with("مسودة", json!({ "tagIds": [tag] })).await.text("/id");
    let later = desk.draft_with("لاحق", json!({ "tagIds": [tag] })).await.text("/id");
    desk.step(&desk.editor, &later, "schedule", json!({ "publishAt": "2026-01-15T12:30:00Z" })).await.expect(200);
    assert_eq!(with(&desk, &live, "").await, "");
    let reader = desk.app.anonymous();
    for id in [&draft, &later, "nothing"] {
        reader.get(&format!("{ARTICLES}/{id}/related")).send().await.refused(404, "not_found");
        desk.editor.get(&format!("{ARTICLES}/{id}/related")).send().await.refused(404, "not_found");
    }
    desk.app.clock.set("2026-01-15T12:30:00Z");
    assert_eq!(with(&desk, &live, "").await, "لاحق");
    let killed = desk.step(&desk.editor, &live, "kill", json!({ "notice": "سُحب الخبر", "note": "خطأ" })).await;
    killed.expect(200);
    reader.get(&format!("{ARTICLES}/{live}/related")).send().await.refused(410, "killed");
    assert_eq!(with(&desk, &later, "").await, "");
}

//! Articles that belong together: chains of rewrites, and translations as one set.

use std::time::Duration;

use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, Desk, paragraph, with};
use crate::support::{Answer, Client};

async fn get(desk: &Desk, id: &str, query: &str) -> Answer {
    desk.app.anonymous().get(&format!("{ARTICLES}/{id}?{query}")).send().await.expect(200)
}

/// Begins a translation of the present version.
async fn translate(desk: &Desk, who: &Client, id: &str, body: Value) -> Answer {
    let tag = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200).etag();
    who.post(&format!("{DESK}/{id}/translations")).if_match(&tag).json(&body).send().await
}

/// A published translation; its id.
async fn translated(desk: &Desk, of: &str, language: &str) -> String {
    let made = translate(desk, &desk.editor, of, json!({ "language": language, "headline": format!("In {language}") }));
    let id = made.await.expect(201).text("/id");
    desk.edit(&desk.editor, &id, json!({ "body": [paragraph("x")] })).await.expect(200);
    desk.publish(&id).await;
    id
}

fn languages(article: &Answer) -> Vec<&str> {
    article.at("/alternates").as_array().unwrap().iter().map(|one| one["language"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_rewrite_and_what_it_rewrites_name_each_other_while_both_are_public() {
    let desk = Desk::new().await;
    let first = desk.live("أول").await;
    desk.app.clock.advance(Duration::from_secs(1));
    let second = desk.draft_with("ثان", json!({ "rewriteOf": first })).await.text("/id");
    assert_eq!(*get(&desk, &first, "").await.at("/rewrittenBy"), json!([]));
    desk.publish(&second).await;
    desk.app.clock.advance(Duration::from_secs(1));
    let third = desk.live_with("ثالث", json!({ "rewriteOf": first })).await;
    assert_eq!(*get(&desk, &first, "").await.at("/rewrittenBy"), json!([second, third]));
    assert_eq!(get(&desk, &second, "").await.text("/rewriteOf"), first);
    let listed = desk.app.anonymous().get(&format!("{ARTICLES}?sort=datePublished")).send().await;
    assert_eq!(*listed.at("/items/0/rewrittenBy"), json!([second, third]));
    desk.step(&desk.editor, &second, "unpublish", json!({ "note": "لأن" })).await.expect(200);
    assert_eq!(*get(&desk, &first, "").await.at("/rewrittenBy"), json!([third]));
    // What the working copy says is not public before it is published.
    desk.edit(&desk.editor, &third, json!({ "rewriteOf": null })).await.expect(200);
    assert_eq!(*get(&desk, &first, "").await.at("/rewrittenBy"), json!([third]));
    desk.publish(&third).await;
    assert_eq!(*get(&desk, &first, "").await.at("/rewrittenBy"), json!([]));
}

#[actix_web::test]
async fn a_chain_of_rewrites_does_not_come_back_to_where_it_began() {
    let desk = Desk::new().await;
    let first = desk.draft("أول").await.text("/id");
    let mut last = first.clone();
    for _ in 0..30 {
        last = desk.draft_with("تال", json!({ "rewriteOf": last })).await.text("/id");
    }
    for older in [&last, &first] {
        let refused = desk.edit(&desk.editor, &first, json!({ "rewriteOf": older })).await;
        assert_eq!(refused.refused(422, "invalid").errors(), ["/rewriteOf loop"]);
    }
    desk.edit(&desk.editor, &last, json!({ "rewriteOf": first })).await.expect(200);
}

#[actix_web::test]
async fn a_translation_begins_with_what_is_the_same_in_every_language() {
    let desk = Desk::new().await;
    let media =
        json!({ "contentUrl": "https://cdn.example/a.jpg", "alt": "صورة", "caption": null, "creditText": null });
    let fields = json!({
        "leadMedia": media, "storyId": "0192f3a4-5b6c-7d8e-9f01-234567890001", "urgency": 2, "abstract": "نص",
        "edNote": "سر", "altIds": { "wordpress": "1" },
    });
    let original = desk.draft_with("أصل", fields).await;
    let id = original.text("/id");
    let body = json!({ "language": "en", "headline": "In English" });
    let made = translate(&desk, &desk.journalist, &id, body.clone()).await.expect(201);
    for same in ["sectionId", "tagIds", "sources", "leadMedia", "storyId", "urgency"] {
        assert_eq!(made.json[same], original.json[same], "{same}");
    }
    for (field, value) in [
        ("translationOf", json!(id)),
        ("language", json!("en")),
        ("headline", json!("In English")),
        ("slug", json!("in-english")),
        ("state", json!("draft")),
        ("body", json!([])),
        ("abstract", Value::Null),
        ("edNote", Value::Null),
        ("altIds", json!({})),
    ] {
        assert_eq!(made.json[field], value, "{field}");
    }
    assert_eq!(made.header("location"), Some(format!("{DESK}/{}", made.text("/id")).as_str()));
    let again = translate(&desk, &desk.editor, &id, body).await.refused(409, "duplicate");
    assert_eq!(again.text("/existing"), made.text("/id"));
    let itself = translate(&desk, &desk.editor, &made.text("/id"), json!({ "language": "ar" })).await;
    assert_eq!(itself.refused(409, "duplicate").text("/existing"), id);
    // The headline is the original's where none is given.
    assert_eq!(translate(&desk, &desk.editor, &id, json!({ "language": "fa" })).await.text("/headline"), "أصل");
    // One that was given up makes room for another.
    desk.step(&desk.editor, &made.text("/id"), "spike", json!({})).await.expect(200);
    translate(&desk, &desk.editor, &id, json!({ "language": "en" })).await.expect(201);
    let stranger = desk.app.as_(khabar::auth::Role::Journalist).await;
    translate(&desk, &stranger, &id, json!({ "language": "de" })).await.refused(404, "not_found");
    let stale = desk.editor.post(&format!("{DESK}/{id}/translations")).if_match("\"9\"");
    stale.json(&json!({ "language": "de" })).send().await.refused(412, "stale");
}

#[actix_web::test]
async fn translations_are_one_set_with_the_original_in_its_middle() {
    let desk = Desk::new().await;
    let original = desk.draft("أصل").await.text("/id");
    let english = desk.draft_with("a", json!({ "language": "en", "translationOf": original })).await.text("/id");
    let french = desk.draft_with("b", json!({ "language": "fr", "translationOf": english })).await;
    assert_eq!(french.text("/translationOf"), original, "a translation of a translation is one of the original");
    let french = french.text("/id");
    let other = desk.draft("آخر").await.text("/id");
    for (id, of, fault) in [
        (&original, &original, "loop"),
        (&original, &english, "loop"),
        (&original, &other, "is_original"),
        (&english, &english, "loop"),
    ] {
        let refused = desk.edit(&desk.editor, id, json!({ "translationOf": of, "language": "de" })).await;
        assert_eq!(refused.refused(422, "invalid").errors(), [format!("/translationOf {fault}")]);
    }
    // No language twice, whichever way it comes.
    let second = with(desk.form("c"), json!({ "language": "en", "translationOf": french }));
    let refused = desk.editor.post(DESK).json(&second).send().await.refused(409, "duplicate");
    assert_eq!(refused.text("/existing"), english);
    for (id, language) in [(&french, "en"), (&original, "en"), (&english, "ar")] {
        let refused = desk.edit(&desk.editor, id, json!({ "language": language })).await;
        refused.refused(409, "duplicate");
    }
    desk.edit(&desk.editor, &french, json!({ "translationOf": null, "language": "en" })).await.expect(200);
}

#[actix_web::test]
async fn alternates_are_what_is_published_of_the_set_and_nothing_else() {
    let desk = Desk::new().await;
    let original = desk.draft("أصل").await.text("/id");
    let english = translated(&desk, &original, "en").await;
    let french = translated(&desk, &english, "fr").await;
    translate(&desk, &desk.editor, &original, json!({ "language": "de" })).await.expect(201);
    // The original that they have in common is a draft: they are a set all the same, and do not name it.
    let seen = get(&desk, &english, "include=translations").await;
    assert_eq!(*seen.at("/translationOf"), Value::Null);
    let url = format!("http://khabar.test{ARTICLES}/{french}");
    let expected = json!([{ "language": "fr", "id": french, "slug": "in-fr", "url": url }]);
    assert_eq!(*seen.at("/alternates"), expected);
    assert_eq!(seen.at("/included/translations").as_array().unwrap().len(), 1);
    assert_eq!(seen.text("/included/translations/0/id"), french);
    assert!(!seen.json.to_string().contains(&original));
    desk.publish(&original).await;
    assert_eq!(languages(&get(&desk, &original, "").await), ["en", "fr"]);
    assert_eq!(languages(&get(&desk, &english, "").await), ["ar", "fr"]);
    assert_eq!(get(&desk, &english, "").await.text("/translationOf"), original);
    let page = desk.app.anonymous().get(&format!("{ARTICLES}?language=en&include=translations")).send().await;
    assert_eq!(page.at("/items/0/alternates").as_array().unwrap().len(), 2);
    assert_eq!(page.at("/included/translations").as_array().unwrap().len(), 2);
    desk.step(&desk.editor, &french, "unpublish", json!({ "note": "لأن" })).await.expect(200);
    assert_eq!(languages(&get(&desk, &english, "").await), ["ar"]);
}

#[actix_web::test]
async fn a_reader_is_served_the_language_asked_for_or_the_next_that_the_site_falls_back_on() {
    let desk = Desk::new().await;
    let original = desk.live("أصل").await;
    let english = translated(&desk, &original, "en").await;
    let french = translated(&desk, &original, "fr").await;
    let site = "/api/v1/newsroom/site";
    let tag = desk.admin.get(site).send().await.etag();
    let rule = json!({ "ar-SY": ["ar", "en"], "de": ["nl", "en"], "fr": ["en"] });
    let patched = desk.admin.patch(site).if_match(&tag).json(&json!({ "languageFallbacks": rule })).send().await;
    assert_eq!(*patched.expect(200).at("/languageFallbacks"), rule);
    let served = async |id: &str, language: &str| {
        let answer = get(&desk, id, &format!("language={language}")).await;
        assert_eq!(answer.header("content-language").unwrap(), answer.text("/language"));
        answer.text("/id")
    };
    for (asked, language, expected) in [
        (&original, "en", &english),
        (&english, "ar", &original),
        (&english, "en", &english),
        (&english, "ar-SY", &original),
        (&french, "de", &english),
        (&french, "en-GB", &english),
        (&french, "he", &french),
        (&french, "", &french),
        (&french, "!", &french),
    ] {
        assert_eq!(&served(asked, language).await, expected, "{language}");
    }
    assert_eq!(served("in-en", "fr").await, french, "by slug too");
    assert_eq!(get(&desk, &english, "").await.text("/id"), english, "who does not ask gets what is there");
    desk.step(&desk.editor, &french, "unpublish", json!({ "note": "لأن" })).await.expect(200);
    assert_eq!(served(&original, "fr").await, english);
    desk.app.anonymous().get(&format!("{ARTICLES}/{french}?language=en")).send().await.refused(404, "not_found");
    let wrong = json!({ "languageFallbacks": { "a/b": ["ar"], "en": ["ar", "ar", "x_y"] } });
    let tag = desk.admin.get(site).send().await.etag();
    let refused = desk.admin.patch(site).if_match(&tag).json(&wrong).send().await.refused(422, "invalid");
    let expected = ["/languageFallbacks/a~1b not_a_language", "/languageFallbacks/en/1 repeated"];
    assert_eq!(refused.errors()[..2], expected);
}

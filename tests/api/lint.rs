//! What an editor is told to look at before publishing, and what a site makes of it.

use diesel::prelude::*;
use khabar::db::schema::{publication_prints, publication_shingles};
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, paragraph, with};
use crate::support::snapshot::path;
use crate::support::{Answer, Client};

const SITE: &str = "/api/v1/newsroom/site";

/// The paragraphs of a real article.
fn paragraphs() -> Vec<String> {
    let page = std::fs::read_to_string(path("tests/fixtures/seed_page.json")).unwrap();
    let page: Value = serde_json::from_str(&page).unwrap();
    let paragraphs = page["article"]["body_paragraphs"].as_array().unwrap();
    paragraphs.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The warnings with a code.
fn warned(answer: &Answer, code: &str) -> Vec<Value> {
    let body = &answer.json;
    let all = body["warnings"].as_array().unwrap();
    all.iter().filter(|warning| warning["code"] == code).cloned().collect()
}

async fn settle(who: &Client, patch: Value) -> Answer {
    let tag = who.get(SITE).send().await.expect(200).etag();
    who.patch(SITE).if_match(&tag).json(&patch).send().await
}

async fn opened(desk: &Desk, id: &str) -> Answer {
    desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200)
}

#[actix_web::test]
async fn warnings_name_the_code_and_the_place() {
    let desk = Desk::new().await;
    let long = "عنوان طويل ".repeat(10);
    let picture = json!({ "_type": "image", "contentUrl": "https://cdn.example/1.jpg" });
    let form = json!({
        "language": "ar", "headline": long.trim(), "alternativeHeadline": long.trim(),
        "body": [paragraph("نص"), picture], "leadMedia": { "alt": long.trim() },
        "sources": [{ "sourceId": desk.sources[0] }, { "sourceId": desk.sources[1] }], "creditText": "وكالات",
    });
    let made = desk.journalist.post(DESK).json(&form).send().await.expect(201);
    let expected = json!([
        { "code": "headline_too_long", "pointer": "/headline" },
        { "code": "headline_equals_alternative", "pointer": "/alternativeHeadline" },
        { "code": "source_not_credited", "pointer": "/creditText" },
        { "code": "no_section", "pointer": "/sectionId" },
        { "code": "empty_tags", "pointer": "/tagIds" },
        { "code": "alt_equals_headline", "pointer": "/leadMedia/alt" },
        { "code": "no_alt_text", "pointer": "/body/1/alt" },
    ]);
    assert_eq!(made.json["warnings"], expected);
    let listed = desk.journalist.get(DESK).send().await.expect(200).json;
    assert_eq!(listed["items"][0]["warnings"].as_array().unwrap(), &expected.as_array().unwrap()[..6]);

    let bare =
        json!({ "language": "ar", "headline": "عنوان", "leadMedia": { "contentUrl": "https://cdn.example/1.jpg" } });
    let bare = desk.journalist.post(DESK).json(&bare).send().await.expect(201);
    for code in ["no_source", "no_section", "no_body", "no_alt_text"] {
        assert_eq!(warned(&bare, code).len(), 1, "{code}");
    }
    assert_eq!(warned(&bare, "no_abstract"), [] as [Value; 0], "as it comes, nobody looks for one");
}

#[actix_web::test]
async fn a_site_chooses_what_is_silent_and_what_is_refused() {
    let desk = Desk::new().await;
    let id = desk.draft("عنوان أطول من عشرة").await.text("/id");
    let chosen = json!({
        "headlineMax": 10, "lint": { "headline_too_long": "refuse", "no_abstract": "refuse", "empty_tags": "off" },
    });
    let site = settle(&desk.admin, chosen).await.expect(200).json;
    assert_eq!(site["lint"]["headline_too_long"], "refuse");
    assert_eq!(site["lint"]["no_alt_text"], "warn", "what is not said stays as it comes");
    let public = desk.app.anonymous().get("/api/v1/site").send().await.expect(200).json;
    assert!(public.get("lint").is_none() && public.get("headlineMax").is_none(), "no reader needs to know");

    assert_eq!(warned(&opened(&desk, &id).await, "empty_tags"), [] as [Value; 0]);
    for (step, said) in [("publish", json!({})), ("schedule", json!({ "publishAt": "2026-02-01T08:00:00Z" }))] {
        let refused = desk.step(&desk.editor, &id, step, said).await.expect(422).json;
        assert_eq!(refused["code"], "not_publishable");
        let errors: Vec<(&str, &str)> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["code"].as_str().unwrap(), error["pointer"].as_str().unwrap()))
            .collect();
        assert_eq!(errors, [("headline_too_long", "/headline"), ("no_abstract", "/abstract")], "{step}");
        assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("headline"));
    }
    desk.edit(&desk.editor, &id, json!({ "headline": "قصير", "abstract": "خلاصة" })).await.expect(200);
    desk.publish(&id).await;

    settle(&desk.admin, json!({ "lint": { "headline_too_long": null } })).await.expect(200);
    let site = desk.admin.get(SITE).send().await.expect(200).json;
    assert_eq!((&site["lint"]["headline_too_long"], &site["lint"]["no_abstract"]), (&json!("warn"), &json!("refuse")));
}

#[actix_web::test]
async fn a_site_can_choose_only_among_what_there_is() {
    let desk = Desk::new().await;
    let cases = [
        (json!({ "lint": { "no_such_code": "warn" } }), "/lint/no_such_code"),
        (json!({ "lint": { "no_body": "shout" } }), "/lint/no_body"),
        (json!({ "headlineMax": 9 }), "/headlineMax"),
        (json!({ "headlineMax": 301 }), "/headlineMax"),
    ];
    for (patch, pointer) in cases {
        let refused = settle(&desk.admin, patch).await.expect(422).json;
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
}

#[actix_web::test]
async fn a_pasted_paragraph_of_another_source_is_found() {
    let desk = Desk::new().await;
    let [wire, other] = &desk.sources;
    let texts = paragraphs();
    let blocks: Vec<Value> = texts.iter().map(|text| paragraph(text)).collect();
    let published = desk.live_with("خبر الوكالة", json!({ "body": blocks })).await;
    assert_eq!(warned(&opened(&desk, &published).await, "unattributed_text"), [] as [Value; 0], "itself");

    let pasted =
        json!([paragraph("كتبنا هذه الفقرة بأنفسنا ولم ننقلها عن أحد من الناس في أي وقت كان."), paragraph(&texts[2])]);
    let fields = json!({ "body": pasted, "sources": [{ "sourceId": other }] });
    let draft = desk.draft_with("منقول", fields.clone()).await;
    let expected = json!([{
        "code": "unattributed_text", "pointer": "/body/1", "articleId": published, "sourceIds": [wire],
    }]);
    assert_eq!(json!(warned(&draft, "unattributed_text")), expected);

    let id = draft.text("/id");
    settle(&desk.admin, json!({ "lint": { "unattributed_text": "refuse" } })).await.expect(200);
    let refused = desk.step(&desk.editor, &id, "publish", json!({})).await.expect(422).json;
    assert_eq!(refused["errors"][0]["pointer"], "/body/1");
    let credit = json!({ "sources": [{ "sourceId": other }, { "sourceId": wire }] });
    let credited = desk.edit(&desk.editor, &id, credit).await.expect(200);
    assert_eq!(warned(&credited, "unattributed_text"), [] as [Value; 0]);
    desk.publish(&id).await;

    let rewrite = desk.draft_with("إعادة", with(fields, json!({ "rewriteOf": published }))).await;
    let of_second = warned(&rewrite, "unattributed_text");
    assert!(of_second.len() == 2 && of_second.iter().all(|found| found["articleId"] == id), "not what it rewrites");
}

#[actix_web::test]
async fn own_texts_short_quotes_and_what_is_hidden_are_nobodys() {
    let desk = Desk::new().await;
    let texts = paragraphs();
    let own = json!({ "name": "خاص", "kind": "own" });
    let own = crate::articles::record(&desk.editor, "sources", own).await;
    desk.live_with("لنا", json!({ "body": [paragraph(&texts[3])], "sources": [{ "sourceId": own }] })).await;
    let hidden = desk.live_with("سحب", json!({ "body": [paragraph(&texts[4])] })).await;
    desk.step(&desk.editor, &hidden, "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    desk.draft_with("مسودة", json!({ "body": [paragraph(&texts[5])] })).await;
    let later = desk.draft_with("لاحقًا", json!({ "body": [paragraph(&texts[6])] })).await.text("/id");
    let at = json!({ "publishAt": "2026-01-16T12:00:00Z" });
    desk.step(&desk.editor, &later, "schedule", at).await.expect(200);
    desk.live_with("اقتباس", json!({ "body": [paragraph(&texts[7])] })).await;

    let quote = texts[7].split_whitespace().take(7).collect::<Vec<_>>().join(" ");
    let body: Vec<Value> = texts[3..7].iter().chain([&quote]).map(|text| paragraph(text)).collect();
    let fields = json!({ "body": body, "sources": [{ "sourceId": desk.sources[1] }] });
    let draft = desk.draft_with("جديد", fields).await;
    assert_eq!(warned(&draft, "unattributed_text"), [] as [Value; 0]);

    desk.app.clock.set("2026-01-16T12:00:00Z");
    let seen = warned(&opened(&desk, &draft.text("/id")).await, "unattributed_text");
    assert_eq!((seen.len(), &seen[0]["articleId"], &seen[0]["pointer"]), (1, &json!(later), &json!("/body/3")));
}

#[actix_web::test]
async fn what_is_published_anew_is_found_in_its_new_words_alone() {
    let desk = Desk::new().await;
    let texts = paragraphs();
    let id = desk.live_with("خبر", json!({ "body": [paragraph(&texts[2])] })).await;
    desk.edit(&desk.editor, &id, json!({ "body": [paragraph(&texts[3])] })).await.expect(200);
    desk.publish(&id).await;
    let fields =
        json!({ "body": [paragraph(&texts[2]), paragraph(&texts[3])], "sources": [{ "sourceId": desk.sources[1] }] });
    let found = warned(&desk.draft_with("آخر", fields).await, "unattributed_text");
    assert_eq!((found.len(), &found[0]["pointer"]), (1, &json!("/body/1")));
}

#[actix_web::test]
async fn what_stands_in_twenty_other_articles_is_nobodys() {
    let desk = Desk::new().await;
    let texts = paragraphs();
    for n in 0..19 {
        desk.live_with(&format!("خبر {n}"), json!({ "body": [paragraph(&texts[2])] })).await;
    }
    let hidden = desk.live_with("سحب", json!({ "body": [paragraph(&texts[2])] })).await;
    desk.step(&desk.editor, &hidden, "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    let fields = json!({ "body": [paragraph(&texts[2])], "sources": [{ "sourceId": desk.sources[1] }] });
    let id = desk.live_with("آخر", fields).await;
    let seen = warned(&opened(&desk, &id).await, "unattributed_text");
    assert_eq!(seen.len(), 3, "neither what is hidden nor its own counts");
    desk.publish(&hidden).await;
    assert_eq!(warned(&opened(&desk, &id).await, "unattributed_text"), [] as [Value; 0]);
}

/// How many hashes are kept, and how many of them are known to be a publication's.
fn kept(desk: &Desk) -> (i64, i64) {
    let all = publication_shingles::table.count().get_result(&mut desk.app.sql()).unwrap();
    let packed: Vec<Vec<u8>> =
        publication_prints::table.select(publication_prints::hashes).load(&mut desk.app.sql()).unwrap();
    (all, packed.iter().map(|packed| i64::try_from(packed.len() / 8).unwrap()).sum())
}

#[actix_web::test]
async fn of_what_is_over_and_of_plans_that_were_dropped_no_hash_is_kept() {
    let desk = Desk::new().await;
    let texts = paragraphs();
    let id = desk.live_with("خبر", json!({ "body": [paragraph(&texts[2])] })).await;
    let (first, known) = kept(&desk);
    assert!(first > 0 && known == first, "{first} {known}");
    let both = json!({ "body": [paragraph(&texts[2]), paragraph(&texts[3])] });
    desk.edit(&desk.editor, &id, both).await.expect(200);
    desk.step(&desk.editor, &id, "schedule", json!({ "publishAt": "2026-01-16T12:00:00Z" })).await.expect(200);
    let (planned, known) = kept(&desk);
    assert!(planned > 2 * first && known == planned, "{planned} {known}");
    desk.step(&desk.editor, &id, "unschedule", json!({})).await.expect(200);
    assert_eq!(kept(&desk), (first, first));
    desk.publish(&id).await;
    assert_eq!(kept(&desk), (planned - first, planned - first));
    desk.edit(&desk.editor, &id, json!({ "body": [paragraph("قصير")] })).await.expect(200);
    desk.publish(&id).await;
    assert_eq!(kept(&desk), (0, 0));
}

#[actix_web::test]
async fn a_headline_is_repeated_for_a_day_in_every_spelling() {
    let desk = Desk::new().await;
    let first = desk.live("الأسرى إلى أرمينيا").await;
    let again = desk.draft("الاسرى الى ارمينيا!").await;
    let expected = json!([{ "code": "repeated_headline", "pointer": "/headline", "articleId": first }]);
    assert_eq!(json!(warned(&again, "repeated_headline")), expected);
    assert_eq!(warned(&opened(&desk, &first).await, "repeated_headline"), [] as [Value; 0]);
    desk.app.clock.advance(std::time::Duration::from_secs(86_400));
    assert_eq!(warned(&opened(&desk, &again.text("/id")).await, "repeated_headline"), [] as [Value; 0]);
}

#[actix_web::test]
async fn a_large_change_is_told_or_is_silent() {
    let desk = Desk::new().await;
    let texts = paragraphs();
    let id = desk.live_with("خبر", json!({ "body": [paragraph(&texts[2])] })).await;
    desk.edit(&desk.editor, &id, json!({ "body": [paragraph(&texts[3])] })).await.expect(200);
    settle(&desk.admin, json!({ "lint": { "silent_change": "refuse" } })).await.expect(200);
    let refused = desk.step(&desk.editor, &id, "publish", json!({})).await.expect(422).json;
    assert_eq!(refused["errors"][0]["code"], "silent_change");
    settle(&desk.admin, json!({ "lint": { "silent_change": "warn" } })).await.expect(200);
    let told = desk.step(&desk.editor, &id, "publish", json!({})).await.expect(200);
    assert_eq!(json!(warned(&told, "silent_change")), json!([{ "code": "silent_change", "pointer": "/body" }]));

    for (said, text) in [(json!({ "note": "كُتب من جديد" }), &texts[4]), (json!({ "minor": true }), &texts[5])]
    {
        desk.edit(&desk.editor, &id, json!({ "body": [paragraph(text)] })).await.expect(200);
        let told = desk.step(&desk.editor, &id, "publish", said).await.expect(200);
        assert_eq!(warned(&told, "silent_change"), [] as [Value; 0]);
    }
}

#[actix_web::test]
async fn a_site_can_refuse_texts_that_have_to_be_cleaned() {
    let desk = Desk::new().await;
    settle(&desk.admin, json!({ "lint": { "cleaned_text": "refuse" } })).await.expect(200);
    let dirty = with(desk.form("خبر"), json!({ "by": "\u{202E}بوتين" }));
    let refused = desk.journalist.post(DESK).json(&dirty).send().await.expect(422).json;
    assert_eq!(
        (&refused["errors"][0]["code"], &refused["errors"][0]["pointer"]),
        (&json!("cleaned_text"), &json!("/by"))
    );
}

#[actix_web::test]
async fn a_dateline_that_was_pasted_with_the_text_is_not_from_the_future() {
    let desk = Desk::new().await;
    for (first, expected) in [
        ("الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك", json!([])),
        ("الجمعة ١٦/٠١/٢٠٢٦ - 04:30 بتوقيت نيويورك", json!([{ "code": "future_dateline", "pointer": "/body/0" }])),
    ] {
        let body = json!({ "body": [paragraph(first), paragraph("في 17/01/2030 موعد آخر.")] });
        let id = desk.draft_with("خبر", body).await.text("/id");
        assert_eq!(json!(warned(&opened(&desk, &id).await, "future_dateline")), expected, "{first}");
    }
    // Of one that waits for its hour, that day counts.
    let id = desk.draft_with("خبر", json!({ "body": [paragraph("الجمعة 16/01/2026")] })).await.text("/id");
    desk.step(&desk.editor, &id, "schedule", json!({ "publishAt": "2026-01-16T12:00:00Z" })).await.expect(200);
    assert_eq!(warned(&opened(&desk, &id).await, "future_dateline"), Vec::<Value>::new());
}

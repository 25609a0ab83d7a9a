//! Where articles are: slugs, their former forms, and languages that share one.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, Desk, with};
use crate::support::Answer;

/// Where a redirect leads, decoded.
fn target(answer: &Answer) -> String {
    percent_encoding::percent_decode_str(answer.header("location").unwrap()).decode_utf8().unwrap().into_owned()
}

async fn reslug(desk: &Desk, id: &str, slug: &str) {
    desk.edit(&desk.editor, id, json!({ "slug": slug })).await.expect(200);
    desk.publish(id).await;
}

#[actix_web::test]
async fn an_article_is_found_by_its_id_and_every_spelling_of_its_slug() {
    let desk = Desk::new().await;
    let id = desk.live("أذربيجان ١٢").await;
    let encoded = "%D8%A3%D8%B0%D8%B1%D8%A8%D9%8A%D8%AC%D8%A7%D9%86-12";
    for spelling in
        [&*id, "أذربيجان-12", "اذربيجان-12", "أَذربيجان-١٢", encoded, &encoded.to_lowercase(), &id.to_uppercase()]
    {
        assert_eq!(desk.public(spelling).await.expect(200).text("/slug"), "أذربيجان-12", "{spelling}");
    }
}

#[actix_web::test]
async fn a_former_slug_leads_to_the_present_one_in_one_step() {
    let desk = Desk::new().await;
    let id = desk.live("first").await;
    desk.edit(&desk.editor, &id, json!({ "slug": "second" })).await.expect(200);
    desk.public("second").await.refused(404, "not_found");
    desk.public("first").await.expect(200);
    desk.publish(&id).await;
    assert_eq!(target(&desk.public("first").await.expect(308)), format!("{ARTICLES}/second"));
    reslug(&desk, &id, "ثالث").await;
    assert_eq!(
        target(&desk.public("first?body=html&language=ar").await.expect(308)),
        format!("{ARTICLES}/ثالث?body=html&language=ar")
    );
    assert_eq!(target(&desk.public("second").await.expect(308)), format!("{ARTICLES}/ثالث"));
    desk.public("ثالث").await.expect(200);
    reslug(&desk, &id, "first").await;
    desk.public("first").await.expect(200);
    assert_eq!(target(&desk.public("ثالث").await.expect(308)), format!("{ARTICLES}/first"));
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    for gone in ["first", "second", "ثالث"] {
        desk.public(gone).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn a_slug_that_was_public_once_stays_with_its_article() {
    let desk = Desk::new().await;
    let id = desk.live("first").await;
    reslug(&desk, &id, "second").await;
    let form = with(desk.form("x"), json!({ "slug": "first" }));
    let refused = desk.journalist.post(DESK).json(&form).send().await.refused(409, "duplicate");
    assert_eq!(refused.errors(), ["/slug taken"]);
    assert_eq!(desk.draft("first").await.text("/slug"), "first-2");
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    desk.journalist.post(DESK).json(&form).send().await.refused(409, "duplicate");
}

#[actix_web::test]
async fn a_made_slug_gets_a_number_where_a_given_one_is_refused() {
    let desk = Desk::new().await;
    let slugs = ["أحمد", "أحمد", "احمد", "آحمد", "أَحْمَد"];
    let mut made = Vec::new();
    for headline in slugs {
        made.push(desk.draft(headline).await.text("/slug"));
    }
    assert_eq!(made, ["أحمد", "أحمد-2", "احمد-3", "آحمد-4", "أحمد-5"]);
    for n in 6..=11 {
        assert_eq!(desk.draft("أحمد").await.text("/slug"), format!("أحمد-{n}"));
    }
    desk.app.events();
    for slug in ["أحمد", "احمد", "احمد-2", "أحمد-٣"] {
        let form = with(desk.form("x"), json!({ "slug": slug }));
        let answer = desk.journalist.post(DESK).json(&form).send().await;
        if slug.ends_with('٣') {
            answer.refused(422, "invalid")
        } else {
            answer.refused(409, "duplicate")
        };
    }
    let id = desk.draft("x").await.text("/id");
    let refused = desk.edit(&desk.journalist, &id, json!({ "slug": "احمد" })).await.refused(409, "duplicate");
    assert_eq!(refused.errors(), ["/slug taken"]);
    desk.app.assert_events(&["article.created"]);
    let long = "كلمة ".repeat(60);
    let first = desk.draft(&long).await.text("/slug");
    let second = desk.draft(&long).await.text("/slug");
    assert_ne!(first, second);
    assert!(second.ends_with("-2"), "{second}");
}

#[actix_web::test]
async fn a_slug_stays_when_the_headline_changes() {
    let desk = Desk::new().await;
    let id = desk.draft("الأول").await.text("/id");
    let changed = desk.edit(&desk.journalist, &id, json!({ "headline": "الثاني" })).await.expect(200);
    assert_eq!(changed.text("/slug"), "الأول");
    let changed = desk.edit(&desk.journalist, &id, json!({ "slug": null })).await.expect(200);
    assert_eq!(changed.text("/slug"), "الأول");
}

#[actix_web::test]
async fn a_headline_without_a_letter_gets_a_slug_all_the_same() {
    let desk = Desk::new().await;
    for headline in ["!!!", "؟؟؟", "❤️", "…"] {
        let made = desk.draft(headline).await;
        assert!(made.text("/slug").starts_with("a-"), "{headline}");
        let id = desk.publish(&made.text("/id")).await.text("/id");
        assert_eq!(desk.public(&made.text("/slug")).await.expect(200).text("/id"), id);
    }
}

#[actix_web::test]
async fn languages_share_a_slug_and_the_reader_chooses() {
    let desk = Desk::new().await;
    let site = json!({ "name": "هيا", "languages": ["fa", "ar"], "timeZone": "UTC" });
    desk.admin.patch("/api/v1/newsroom/site").if_match("\"0\"").json(&site).send().await.expect(200);
    let languages = ["ar", "en", "fa"];
    let mut ids = Vec::new();
    for language in languages {
        ids.push(desk.live_with("iran", json!({ "language": language })).await);
    }
    assert_eq!(desk.public("iran").await.expect(200).text("/language"), "fa", "the site's first");
    for (language, id) in languages.iter().zip(&ids) {
        let found = desk.public(&format!("iran?language={language}")).await.expect(200);
        assert_eq!(found.text("/id"), *id);
        assert_eq!(found.header("content-language"), Some(*language));
    }
    let refused = desk.edit(&desk.editor, &ids[1], json!({ "language": "ar" })).await.refused(409, "duplicate");
    assert_eq!(refused.errors(), ["/slug taken"]);
}

#[actix_web::test]
async fn html_and_markdown_become_blocks_and_nothing_runs() {
    let desk = Desk::new().await;
    let form = |fields: Value| {
        let mut bare = desk.form("خبر");
        bare.as_object_mut().unwrap().remove("body");
        with(bare, fields)
    };
    let markdown =
        form(json!({ "bodyMarkdown": "## عنوان\n\nنص **غامق** و[رابط](https://a.example/)\n\n<script>x()</script>" }));
    let made = desk.journalist.post(DESK).json(&markdown).send().await.expect(201);
    assert_eq!(made.text("/body/0/style"), "h2");
    let html = desk.public(&desk.publish(&made.text("/id")).await.text("/id")).await;
    assert!(!html.bytes.windows(8).any(|part| part == b"<script>"));
    let attacks = [
        "<p onclick=x()>a<script>alert(1)</script></p><img src=x onerror=alert(1)>",
        "<p><a href='javascript:alert(1)'>a</a><a href=' jAvascript&colon;alert(1)'>b</a></p>",
        "<svg onload=alert(1)></svg><p>a</p><iframe src='https://evil.example'></iframe><style>*{}</style>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
    ];
    for attack in attacks {
        let made = desk.journalist.post(DESK).json(&form(json!({ "bodyHtml": attack }))).send().await.expect(201);
        assert!(made.at("/body").as_array().is_some_and(|blocks| !blocks.is_empty()), "{attack}");
        assert!(made.json.get("bodyHtml").is_none());
        desk.publish(&made.text("/id")).await;
        let html = desk.public(&format!("{}?body=html", made.text("/id"))).await.text("/bodyHtml");
        for bad in ["<script", "onerror=", "onclick", "javascript:", "<svg", "<iframe", "<style", "onload"] {
            assert!(!html.to_lowercase().contains(bad), "{attack} → {html}");
        }
    }
    let id = made.text("/id");
    let replaced = desk.edit(&desk.editor, &id, json!({ "bodyHtml": "<p>جديد</p>" })).await.expect(200);
    assert_eq!(replaced.text("/body/0/children/0/text"), "جديد");
    let mut both = form(json!({ "bodyHtml": "<p>a</p>", "bodyMarkdown": "a" }));
    let refused = desk.journalist.post(DESK).json(&both).send().await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/bodyMarkdown excludes"]);
    both["body"] = json!([]);
    let refused = desk.journalist.post(DESK).json(&both).send().await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/bodyHtml excludes", "/bodyMarkdown excludes"]);
    let refused = desk.edit(&desk.editor, &id, json!({ "body": [], "bodyHtml": "<p>a</p>" })).await;
    assert_eq!(refused.refused(422, "invalid").errors(), ["/bodyHtml excludes"]);
}

#[actix_web::test]
async fn a_former_slug_of_what_is_hidden_tells_nothing() {
    let desk = Desk::new().await;
    desk.draft("سر").await;
    let journalist = desk.app.as_(Role::Journalist).await;
    for path in ["سر", "سر?language=ar", "سر?body=text", "سر?include=sources"] {
        let hidden = journalist.get(&format!("{ARTICLES}/{path}")).send().await.refused(404, "not_found");
        assert!(hidden.header("etag").is_none() && hidden.header("location").is_none());
    }
}

#[actix_web::test]
async fn a_patch_that_changes_nothing_makes_no_revision() {
    let desk = Desk::new().await;
    let made = desk.draft_with("خبر", json!({})).await;
    let path = format!("/api/v1/newsroom/articles/{}", made.text("/id"));
    desk.app.events();
    let same = desk.journalist.patch(&path).if_match(&made.etag()).json(&json!({})).send().await.expect(200);
    assert_eq!(same.etag(), made.etag());
    desk.app.assert_events(&[]);
}

#[actix_web::test]
async fn comments_are_found_below_an_old_address_too() {
    let desk = Desk::new().await;
    let id = desk.live_with("خبر", json!({ "slug": "old" })).await;
    let path = format!("/api/v1/newsroom/articles/{id}");
    let seen = desk.editor.get(&path).send().await.expect(200);
    let moved =
        desk.editor.patch(&path).if_match(&seen.etag()).json(&json!({ "slug": "new" })).send().await.expect(200);
    let publish = format!("{path}/publish");
    desk.editor.post(&publish).if_match(&moved.etag()).json(&json!({})).send().await.expect(200);
    for slug in ["old", "new"] {
        desk.app.anonymous().get(&format!("/api/v1/articles/{slug}/comments")).send().await.expect(200);
    }
    desk.app.anonymous().get("/api/v1/articles/older/comments").send().await.expect(404);
}

//! Texts, on their way through the API: in which order names stand, how dates are written, what becomes of markup.

use scraper::Html;
use serde_json::{Value, json};

use crate::articles::{ARTICLES, Desk, record};

const VECTORS: &str = include_str!("../fixtures/arabic_text_vectors.json");

#[actix_web::test]
async fn lists_put_numbers_first_then_arabic_as_dictionaries_do_then_latin() {
    let desk = Desk::new().await;
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let expected = vectors["collation_ar_expected"].as_array().unwrap();
    for name in expected.iter().rev() {
        record(&desk.editor, "tags", json!({ "name": name })).await;
    }
    let first = desk.app.anonymous().get("/api/v1/tags?limit=9").send().await.expect(200);
    let after = first.text("/page/next");
    let second = desk.app.anonymous().get(&format!("/api/v1/tags?limit=9&after={after}")).send().await.expect(200);
    let pages = [first.json, second.json];
    let names: Vec<_> =
        pages.iter().flat_map(|page| page["items"].as_array().unwrap()).map(|tag| &tag["name"]).collect();
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
}

#[actix_web::test]
async fn a_date_is_in_the_words_and_digits_of_the_articles_country() {
    let desk = Desk::new().await;
    let zone = json!({ "timeZone": "America/New_York", "languages": ["ar"], "name": "خبر" });
    desk.admin.patch("/api/v1/newsroom/site").if_match("\"0\"").json(&zone).send().await.expect(200);
    let cases = [
        ("ar", "الجمعة، 9 أكتوبر 2020", "الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك"),
        ("ar-SY", "الجمعة، ٩ تشرين الأول ٢٠٢٠", "الجمعة ٠٩/١٠/٢٠٢٠ - ٠٤:٣٠ بتوقيت نيويورك"),
        ("ar-SY-u-nu-latn", "الجمعة، 9 تشرين الأول 2020", "الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك"),
        ("en", "Friday, 9 October 2020", "Friday 09/10/2020 - 04:30 New York time"),
    ];
    for (n, (language, long_date, text)) in cases.into_iter().enumerate() {
        let id = desk.draft_with(&format!("خبر {n}"), json!({ "language": language })).await.text("/id");
        let date = json!({ "datePublished": "2020-10-09T08:30:00Z" });
        desk.step(&desk.editor, &id, "publish", date).await.expect(200);
        let shown = desk.public(&id).await.expect(200);
        assert_eq!(shown.text("/dateline/longDate"), long_date, "{language}");
        assert_eq!(shown.text("/dateline/text"), text, "{language}");
        assert_eq!((shown.text("/dateline/date"), shown.text("/dateline/time")), ("2020-10-09".into(), "04:30".into()));
    }
}

/// What would do harm in a browser's tree of this HTML, read twice.
fn harmful(html: &str) -> Vec<String> {
    let again = Html::parse_fragment(html).root_element().inner_html();
    let mut found = Vec::new();
    for html in [html, &again] {
        let tree = Html::parse_document(html);
        for element in tree.root_element().descendent_elements().map(|element| element.value()) {
            let forbidden =
                ["script", "style", "svg", "math", "iframe", "form", "object", "embed", "base", "meta", "link"];
            found.extend(forbidden.contains(&element.name()).then(|| element.name().to_owned()));
            let soundly =
                |value: &str| ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| value.starts_with(scheme));
            let harms = |(name, value): &(&str, &str)| {
                name.starts_with("on") || *name == "style" || (["href", "src"].contains(name) && !soundly(value))
            };
            found.extend(element.attrs().filter(harms).map(|(name, value)| format!("{name}={value}")));
        }
    }
    found
}

#[actix_web::test]
async fn no_script_comes_through_whichever_way_a_body_comes_and_goes() {
    let desk = Desk::new().await;
    let vectors = include_str!("../../src/blocks/xss_vectors.txt");
    assert!(!harmful(vectors).is_empty(), "the test sees harm");
    let parts: Vec<_> = vectors.lines().step_by(3).collect();
    let body = format!("<p>قبل</p>{}", parts.join("<p>بعد</p>\n\n<p>قبل</p>"));
    for (n, field) in ["bodyHtml", "bodyMarkdown"].into_iter().enumerate() {
        let id = desk.live_with(&format!("خبر {n}"), json!({ "body": null, field: body })).await;
        let get = |form: &str| desk.app.anonymous().get(&format!("{ARTICLES}/{id}?body={form}")).send();
        let html = get("html").await.expect(200).text("/bodyHtml");
        assert!(html.contains("<p>قبل</p>"));
        assert_eq!(harmful(&html), Vec::<String>::new());
        let blocks = get("blocks").await.expect(200).at("/body").clone();
        let markdown = get("markdown").await.expect(200).text("/bodyMarkdown");
        for (back, text) in [("bodyHtml", html), ("bodyMarkdown", markdown)] {
            let fields = json!({ "body": null, back: text });
            let again = desk.draft_with(&format!("{back} {n}"), fields).await;
            assert_eq!(*again.at("/body"), blocks, "{field} by {back}");
        }
    }
}

#[actix_web::test]
async fn whoever_pastes_a_hidden_character_is_told_that_it_is_gone() {
    let desk = Desk::new().await;
    let told = |answer: &Value| {
        let warnings = answer["warnings"].as_array().unwrap();
        warnings.iter().any(|warning| warning["code"] == "cleaned_text")
    };
    let body = |text: &str| json!([crate::articles::paragraph("خبر"), crate::articles::paragraph(text)]);
    let dirty = [
        json!({ "headline": "\u{202E}بوتين" }),
        json!({ "abstract": "8\u{202D}.\u{202C}9 كغ" }),
        json!({ "leadMedia": { "alt": "خ\u{200B}بر" } }),
        json!({ "body": body("TU 216\u{8F} المبرمجة") }),
        json!({ "body": null, "bodyHtml": "<p>خبر&#x202E;</p>" }),
        json!({ "body": null, "bodyMarkdown": "خبر\u{AD}" }),
        json!({ "by": "\u{2067}بوتين" }),
    ];
    for fields in dirty {
        let made = desk.draft_with("خبر", fields.clone()).await;
        assert!(told(&made.json), "{fields}");
        let path = format!("{}/{}", crate::articles::DESK, made.text("/id"));
        let opened = desk.editor.get(&path).send().await.expect(200);
        assert!(!told(&opened.json), "only the one who wrote it is told");
        let edited = desk.edit(&desk.journalist, &made.text("/id"), json!({ "headline": "نظيف" })).await.expect(200);
        assert!(!told(&edited.json));
        let edited = desk.edit(&desk.journalist, &made.text("/id"), fields.clone()).await.expect(200);
        assert!(told(&edited.json), "{fields}");
    }
    for kept in
        ["\u{200F}خبر", "می\u{200C}خواهم", "\u{2067}بوتين\u{2069}", "بـــوتين قُتِلَ", "👨\u{200D}👩\u{200D}👧 ا\u{654}"]
    {
        let made = desk.draft_with(kept, json!({ "body": body(kept), "abstract": "a\r\nb" })).await;
        assert!(!told(&made.json), "{kept}");
    }
}

#[actix_web::test]
async fn whoever_sends_text_that_no_reader_would_see_is_told_so() {
    let desk = Desk::new().await;
    for (field, text, expected) in [
        ("bodyHtml", "<p>خبر</p><!-- عاجل", true),
        ("bodyHtml", "<p>خبر</p><svg>عاجل", true),
        ("bodyMarkdown", "خبر\n\n<select>عاجل", true),
        ("bodyHtml", "<p>خبر</p><svg><p>عاجل</p><style>a</style><!-- b -->", false),
        ("bodyMarkdown", "خبر", false),
    ] {
        let fields = json!({ "body": null, field: text });
        let made = desk.draft_with("خبر", fields.clone()).await;
        let edited = desk.edit(&desk.journalist, &made.text("/id"), fields).await.expect(200);
        let dropped = json!({ "code": "dropped_text", "pointer": format!("/{field}") });
        for answer in [&made, &edited] {
            assert_eq!(answer.at("/warnings").as_array().unwrap().contains(&dropped), expected, "{text}");
        }
        let opened =
            desk.editor.get(&format!("{}/{}", crate::articles::DESK, made.text("/id"))).send().await.expect(200);
        assert!(!opened.at("/warnings").as_array().unwrap().contains(&dropped), "only the one who wrote it is told");
    }
}

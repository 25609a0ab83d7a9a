//! Texts, on their way through the API: in which order names stand, and how dates are written.

use serde_json::{Value, json};

use crate::articles::{Desk, record};

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

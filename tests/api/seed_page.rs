//! The seed page, made from nothing over HTTP by three accounts, and read back byte for byte.

use std::time::Duration;

use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, paragraph, record};
use crate::support::{Client, TestApp};
use khabar::auth::Role;

const PAGE: &str = include_str!("../fixtures/seed_page.json");
const ALERTS: &str = "/api/v1/newsroom/alerts";

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

async fn furnish(admin: &Client, page: &Value) {
    let links: Vec<Value> =
        page["social_links"].as_array().unwrap().iter().map(|link| json!({ "network": link["network"] })).collect();
    let site = json!({
        "name": page["site"]["name"], "languages": ["ar"], "timeZone": page["site"]["timezone"],
        "zoneLabels": { "ar": page["site"]["timezone_label_ar"] }, "socialLinks": links,
        "latestHeading": { "ar": page["latest_heading"] }, "breakingLabel": { "ar": page["breaking"]["label"] },
    });
    admin.patch("/api/v1/newsroom/site").if_match("\"0\"").json(&site).send().await.expect(200);
}

async fn publish(editor: &Client, journalist: &Client, page: &Value) -> String {
    let article = &page["article"];
    let mut sources = Vec::new();
    for found in article["sources"].as_array().unwrap() {
        let kind = if found["kind"] == "own_desk" { "own" } else { "agency" };
        let id = record(editor, "sources", json!({ "name": found["name"], "kind": kind })).await;
        sources.push(json!({ "sourceId": id }));
    }
    let section = record(editor, "sections", json!({ "name": "العالم" })).await;
    let body: Vec<Value> = texts(&article["body_paragraphs"]).iter().map(|text| paragraph(text)).collect();
    let form = json!({
        "language": "ar", "headline": article["title"], "body": body, "sources": sources, "sectionId": section,
        "creditText": "وكالات - هيا", "leadMedia": { "alt": article["image"]["alt"] },
    });
    let made = journalist.post(DESK).json(&form).send().await.expect(201);
    let id = made.text("/id");
    let mut tag = made.etag();
    let date = json!({ "datePublished": article["published_at"] });
    for (who, step, body) in
        [(journalist, "submit", json!({})), (editor, "approve", json!({})), (editor, "publish", date)]
    {
        tag = who.post(&format!("{DESK}/{id}/{step}")).if_match(&tag).json(&body).send().await.expect(200).etag();
    }
    id
}

/// The last of the ticker first: of equals the newest stands in front.
async fn alert(app: &TestApp, editor: &Client, headlines: &[String]) {
    for headline in headlines.iter().rev() {
        let form = json!({ "headline": headline, "language": "ar" });
        let draft = editor.post(ALERTS).json(&form).send().await.expect(201);
        let path = format!("{ALERTS}/{}/issue", draft.text("/id"));
        editor.post(&path).if_match(&draft.etag()).json(&json!({})).send().await.expect(200);
        app.clock.advance(Duration::from_secs(1));
    }
}

#[actix_web::test]
async fn the_seed_page_is_made_from_nothing_and_comes_back_byte_for_byte() {
    let page: Value = serde_json::from_str(PAGE).unwrap();
    let app = TestApp::new().await;
    let (admin, editor) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await);
    let journalist = app.as_(Role::Journalist).await;
    app.events();
    furnish(&admin, &page).await;
    let id = publish(&editor, &journalist, &page).await;
    let headlines = texts(&page["breaking"]["headlines"]);
    let topics = app.events().into_iter().map(|event| event.topic).collect::<Vec<_>>();
    let expected = [
        "site.updated",
        "source.created",
        "source.created",
        "section.created",
        "article.created",
        "article.submitted",
        "article.approved",
        "article.published",
    ];
    assert_eq!(topics, expected);
    alert(&app, &editor, &headlines).await;
    assert_eq!(app.events().len(), 45, "each was drafted, issued and pushed");

    let reader = app.anonymous();
    let site = reader.get("/api/v1/site").send().await.expect(200);
    assert_eq!(site.text("/name"), "هيا");
    let networks: Vec<_> =
        site.at("/socialLinks").as_array().unwrap().iter().map(|link| link["network"].clone()).collect();
    assert_eq!(networks, ["facebook", "twitter", "google+", "youtube", "rss"]);
    assert_eq!((site.text("/latestHeading/ar"), site.text("/breakingLabel/ar")), ("أحدث الأخبار".into(), "عاجل".into()));
    let ticker = reader.get("/api/v1/alerts").send().await.expect(200);
    let shown: Vec<_> = ticker.at("/items").as_array().unwrap().iter().map(|item| item["headline"].clone()).collect();
    assert_eq!(shown, headlines);
    assert_eq!(shown.len(), 15);

    let title = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو";
    let slug = title.replace(' ', "-");
    let encoded = percent_encoding::utf8_percent_encode(&slug, percent_encoding::NON_ALPHANUMERIC).to_string();
    let paragraphs = texts(&page["article"]["body_paragraphs"]);
    assert_eq!(paragraphs.len(), 15);
    let listed = reader.get(ARTICLES).send().await.expect(200).at("/items/0").clone();
    for name in [&id, &slug, &encoded] {
        let found = reader.get(&format!("{ARTICLES}/{name}")).send().await.expect(200);
        let html = reader.get(&format!("{ARTICLES}/{name}?body=html")).send().await.expect(200).text("/bodyHtml");
        let text = reader.get(&format!("{ARTICLES}/{name}?body=text")).send().await.expect(200).text("/bodyText");
        for answer in [&found.json, &listed] {
            assert_eq!(answer["headline"], title);
            assert_eq!(answer["slug"], slug);
            assert_eq!(answer["datePublished"], "2020-10-09T08:30:00Z");
            assert_eq!(answer["dateline"]["text"], "الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك");
            assert_eq!(answer["dateline"]["utcOffset"], "-04:00");
            let names: Vec<_> =
                answer["sources"].as_array().unwrap().iter().map(|source| source["name"].clone()).collect();
            assert_eq!(names, ["وكالات", "هيا"]);
            assert_eq!((&answer["sources"][0]["position"], &answer["sources"][1]["position"]), (&json!(1), &json!(2)));
            assert_eq!(answer["creditText"], "وكالات - هيا");
            assert_eq!(answer["leadMedia"]["alt"], title);
            assert_eq!((&answer["dir"], &answer["commentCount"]), (&json!("rtl"), &json!(0)));
            assert_eq!(answer["wordCount"], 436);
        }
        let blocks = found.at("/body").as_array().unwrap();
        let read: Vec<String> =
            blocks.iter().map(|block| block["children"][0]["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(read, paragraphs);
        assert!(blocks.iter().all(|block| block["children"].as_array().unwrap().len() == 1));
        assert_eq!(text, paragraphs.join("\n\n"));
        let lines: Vec<String> =
            html.split("</p>").map(|line| line.trim().replace("<p>", "")).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, paragraphs);
        assert_eq!(html.matches("<p>").count(), 15);
    }
    app.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(*reader.get("/api/v1/alerts").send().await.at("/items"), json!([]), "gone by themselves");
}

//! The archive of invented articles: what it holds is what a newsroom would have made.

use khabar::text::terms;
use serde_json::Value;

use crate::support::TestApp;

pub async fn made(articles: u32, comments: u32, seed: u32) -> TestApp {
    let app = TestApp::new().await;
    let [articles, comments, seed] = [articles, comments, seed].map(|number| number.to_string());
    let arguments = ["generate", "--articles", &articles, "--comments", &comments, "--seed", &seed];
    let said = app.home().run(&arguments).succeeds().out;
    assert!(said.contains(&format!("{articles} articles and {comments} comments")), "{said}");
    app
}

/// All pages of a list.
async fn everything(app: &TestApp, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.anonymous().get(&format!("{path}{cursor}")).send().await.expect(200);
        all.extend(page.at("/items").as_array().unwrap().clone());
        match page.at("/page/next").as_str() {
            Some(next) => cursor = format!("&after={next}"),
            None => return all,
        }
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

#[actix_web::test]
async fn an_archive_is_what_a_newsroom_would_have_made() {
    let app = made(250, 300, 7).await;
    let said = app.home().run(&["verify"]).succeeds().out;
    assert!(said.contains("500 revisions, 250 articles and 250 publications"), "{said}");
    app.home().run(&["generate", "--articles", "1"]).refuses("want an empty one");
    let articles = everything(&app, "/api/v1/articles?limit=100").await;
    assert_eq!(articles.len(), 250);
    let dates: Vec<&str> = articles.iter().map(|article| article["datePublished"].as_str().unwrap()).collect();
    assert!(dates.is_sorted_by(|newer, older| newer > older), "each has an instant of its own");
    assert!(dates[249].starts_with("2016-01-01") && dates[0].starts_with("2025-12-"), "{} {}", dates[249], dates[0]);
    for article in &articles {
        assert!((39..=1_600).contains(&number(&article["wordCount"])), "{article:#}");
        for name in ["sources", "tags", "authors"] {
            assert!((1..=5).contains(&article[name].as_array().unwrap().len()), "{name}: {article:#}");
        }
    }
    let counts: Vec<i64> = articles.iter().map(|article| number(&article["commentCount"])).collect();
    assert_eq!(counts.iter().sum::<i64>(), 300);
    assert!(counts[0] > 20 && counts[0] == *counts.iter().max().unwrap(), "most are on the newest: {counts:?}");
    let discussion = format!("/api/v1/articles/{}/comments?limit=100&replies=10", articles[0]["id"].as_str().unwrap());
    let said = everything(&app, &discussion).await;
    assert!(said.iter().any(|comment| number(&comment["replyCount"]) > 0), "some answer others");
    // What a headline says is found.
    let headline = articles[100]["headline"].as_str().unwrap();
    let words = terms::words(headline);
    let word = words.keys().max_by_key(|key| key.len()).unwrap();
    let found = app.anonymous().get(&format!("/api/v1/search?sort=newest&limit=100&q={word}")).send().await.expect(200);
    let found = found.at("/items").as_array().unwrap().clone();
    assert!(found.iter().any(|hit| hit["article"]["id"] == articles[100]["id"]), "{word}");
}

#[actix_web::test]
async fn the_same_seed_makes_the_same_archive() {
    let list = async |seed| everything(&made(20, 30, seed).await, "/api/v1/articles?limit=100").await;
    assert_eq!(list(3).await, list(3).await);
    assert_ne!(list(3).await, list(4).await);
}

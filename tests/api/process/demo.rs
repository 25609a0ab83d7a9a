//! The demonstration: the seed page, byte for byte, by pasting what is printed.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::process::{Home, Server};

fn seed() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/seed_page.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The lines that a newcomer pastes.
fn curls(said: &str) -> Vec<String> {
    said.lines().filter(|line| line.starts_with("curl ")).map(String::from).collect()
}

fn pasted(line: &str, server: &Server) -> Value {
    let line = line.replace("http://khabar.test", &server.url());
    let output = Command::new("bash").args(["-c", &line]).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{line}: {}", String::from_utf8_lossy(&output.stdout)))
}

fn texts(values: &Value, pointer: &str) -> Vec<Value> {
    values.as_array().unwrap().iter().map(|value| value.pointer(pointer).unwrap().clone()).collect()
}

fn is_the_seed_page(site: &Value, alerts: &Value, articles: &Value, article: &Value) {
    let seed = seed();
    assert_eq!((&site["name"], &site["timeZone"]), (&seed["site"]["name"], &seed["site"]["timezone"]));
    assert_eq!(texts(&site["socialLinks"], "/network"), texts(&seed["social_links"], "/network"));
    assert_eq!(json!(texts(&alerts["items"], "/headline")), seed["breaking"]["headlines"]);
    assert_eq!(articles["items"].as_array().unwrap().len(), 1);
    assert_eq!(articles["items"][0]["id"], article["id"]);
    let page = &seed["article"];
    assert_eq!(article["headline"], page["title"]);
    let paragraphs: Vec<String> = article["body"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| texts(&block["children"], "/text").iter().map(|text| text.as_str().unwrap()).collect())
        .collect();
    assert_eq!(json!(paragraphs), page["body_paragraphs"]);
    assert_eq!(article["dateline"]["text"], "الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك");
    assert_eq!(article["datePublished"], "2020-10-09T08:30:00Z");
    assert_eq!(texts(&article["sources"], "/name"), texts(&page["sources"], "/name"));
    assert_eq!(article["creditText"], "وكالات - هيا");
    assert_eq!(article["leadMedia"]["alt"], page["image"]["alt"]);
    assert_eq!((&article["dir"], &article["commentCount"]), (&json!("rtl"), &json!(0)));
}

#[test]
fn the_demonstration_is_the_seed_page_by_what_it_prints() {
    let home = Home::empty();
    let server = home.serve_with(&["serve", "--demo"]);
    let said = server.out();
    for role in ["admin", "editor", "journalist", "moderator", "reader"] {
        let line = said.lines().find(|line| line.trim_start().starts_with(role)).expect(role);
        let words: Vec<&str> = line.split_whitespace().collect();
        let login = json!({ "email": words[1], "password": words[2] });
        let told = server.ask().post("/api/v1/auth/login", &[], &login).expect(200);
        assert_eq!(told.json["user"]["role"], role);
    }
    let lines = curls(&said);
    assert_eq!(lines.len(), 5, "{said}");
    if Command::new("curl").arg("--version").output().is_ok() {
        let answers: Vec<Value> = lines.iter().map(|line| pasted(line, &server)).collect();
        is_the_seed_page(&answers[0], &answers[1], &answers[2], &answers[3]);
        assert_eq!(answers[4]["items"][0]["id"], answers[3]["id"], "the journalist sees the working copy");
        let by_id = format!("/api/v1/articles/{}", answers[3]["id"].as_str().unwrap());
        assert_eq!(server.ask().get(&by_id).expect(200).json, answers[3]);
    } else {
        eprintln!("SKIPPED: there is no curl to paste the demonstration's lines to");
    }

    drop(server);
    let again = home.serve_with(&["serve", "--demo"]);
    assert!(again.err().contains("was not loaded"), "{}", again.err());
    assert!(curls(&again.out()).is_empty());
    assert_eq!(again.ask().get("/api/v1/alerts").expect(200).json["items"].as_array().unwrap().len(), 15);
    assert_eq!(home.run(&["demo"]).refuses("wants an empty one").code, Some(1));
}

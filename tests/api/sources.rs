//! Sources: the life of one, who learns of it, and how it is found.

use khabar::auth::Role;
use serde_json::json;

use crate::support::{Answer, Client, TestApp};

pub const SOURCES: &str = "/api/v1/newsroom/sources";

/// A new source.
pub async fn source(editor: &Client, name: &str) -> Answer {
    editor.post(SOURCES).json(&json!({ "name": name, "kind": "agency" })).send().await.expect(201)
}

/// Where a source is, for the newsroom.
pub fn address(source: &Answer) -> String {
    format!("{SOURCES}/{}", source.text("/id"))
}

#[actix_web::test]
async fn a_source_lives_from_its_making_to_its_removal_and_each_step_is_recorded() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = source(&editor, "وكالات").await;
    assert_eq!(made.header("location"), Some(&*address(&made)));
    assert_eq!((made.text("/slug"), made.etag()), ("وكالات".into(), "\"1\"".into()));
    let event = app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility, event.seq), ("source.created", "public", 2), "after the sign-in");
    assert_eq!(event.target.unwrap().to_string(), made.text("/id"));
    assert_eq!(event.payload, json!({ "slug": "وكالات" }));
    let line = app.audit().pop().unwrap();
    assert_eq!((line.action, line.target, line.payload), (event.topic, event.target, event.payload));
    assert_eq!(Some(&*line.request_id), made.header("x-request-id"));

    let patch = json!({ "creditLine": "وكالات الأنباء", "names": { "en": "Agencies" } });
    let changed = editor.patch(&address(&made)).if_match("\"1\"").json(&patch).send().await.expect(200);
    assert_eq!((changed.text("/creditLine"), changed.text("/names/en")), ("وكالات الأنباء".into(), "Agencies".into()));
    assert_eq!(changed.etag(), "\"2\"");
    let cleared = json!({ "creditLine": null, "isActive": false });
    let changed = editor.patch(&address(&made)).if_match("\"2\"").json(&cleared).send().await.expect(200);
    assert!(changed.at("/creditLine").is_null());

    editor.delete(&address(&made)).if_match("\"3\"").send().await.expect(204);
    editor.get(&address(&made)).send().await.refused(404, "not_found");
    app.assert_events(&["source.updated", "source.updated", "source.deleted"]);
    let lines = app.audit();
    assert_eq!(lines.len(), 3, "one line of the audit log for each change");
    assert!(lines.iter().all(|line| line.actor == Some(editor.id().uuid()) && line.role == "editor"));
}

#[actix_web::test]
async fn a_source_is_found_by_its_id_and_by_every_spelling_of_its_slug() {
    let app = TestApp::new().await;
    let made = source(&app.as_(Role::Editor).await, "وكالة الأنباء").await;
    let reader = app.anonymous();
    let spellings = [
        made.text("/id"),
        made.text("/slug"),
        "وكاله-الانباء".into(),
        "%D9%88%D9%83%D8%A7%D9%84%D8%A9-%D8%A7%D9%84%D8%A3%D9%86%D8%A8%D8%A7%D8%A1".into(),
    ];
    for spelling in spellings {
        let found = reader.get(&format!("/api/v1/sources/{spelling}")).send().await.expect(200);
        assert_eq!(found.text("/id"), made.text("/id"));
    }
}

#[actix_web::test]
async fn a_second_source_with_the_same_slug_is_refused_and_leaves_no_trace() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let first = source(&editor, "هيا").await;
    app.events();
    let again = editor.post(SOURCES).json(&json!({ "name": "هيا", "kind": "own" })).send().await;
    assert_eq!(again.refused(409, "duplicate").text("/existing"), first.text("/id"));
    app.assert_events(&[]);
}

#[actix_web::test]
async fn a_source_out_of_use_leaves_the_readers_list_but_stays_readable() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = source(&editor, "هيا").await;
    editor.patch(&address(&made)).if_match("\"1\"").json(&json!({ "isActive": false })).send().await.expect(200);
    let listed = app.anonymous().get("/api/v1/sources").send().await.expect(200);
    assert_eq!(*listed.at("/items"), json!([]));
    app.anonymous().get(&format!("/api/v1/sources/{}", made.text("/slug"))).send().await.expect(200);
    let all = editor.get(SOURCES).send().await.expect(200);
    assert_eq!(all.text("/items/0/id"), made.text("/id"));
}

#[actix_web::test]
async fn only_the_wanted_fields_are_answered() {
    let app = TestApp::new().await;
    source(&app.as_(Role::Editor).await, "هيا").await;
    let listed = app.anonymous().get("/api/v1/sources?fields=name,kind").send().await.expect(200);
    assert_eq!(*listed.at("/items/0"), json!({ "name": "هيا", "kind": "agency" }));
}

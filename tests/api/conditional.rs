//! `ETag`, `If-Match`, `If-None-Match`, `HEAD`.

use futures_util::future::join_all;
use khabar::auth::Role;
use serde_json::json;

use crate::sources::{SOURCES, address, source};
use crate::support::TestApp;

#[actix_web::test]
async fn of_fifty_changes_to_one_version_one_wins() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = source(&editor, "هيا").await;
    app.events();
    let change = async |n: usize| {
        let body = json!({ "creditLine": format!("{n}") });
        editor.patch(&address(&made)).if_match(&made.etag()).json(&body).send().await
    };
    let answers = join_all((0..50).map(change)).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    let lost: Vec<_> = answers.iter().filter(|answer| answer.status == 412).collect();
    assert_eq!((won.len(), lost.len()), (1, 49));
    let kept = editor.get(&address(&made)).send().await.expect(200);
    assert_eq!(kept.bytes, won[0].bytes, "and its change is what is kept");
    assert!(lost.iter().all(|answer| answer.etag() == kept.etag()), "a loser learns the present version");
    app.assert_events(&["source.updated"]);
}

#[actix_web::test]
async fn a_change_names_the_version_that_it_is_based_on() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = source(&editor, "هيا").await;
    let body = json!({ "creditLine": "هيا" });
    let patch = || editor.patch(&address(&made)).json(&body);
    patch().send().await.refused(428, "precondition_required");
    patch().if_match("\"7\"").send().await.refused(412, "stale");
    patch().if_match("nonsense").send().await.refused(412, "stale");
    patch().if_match("W/\"1\"").send().await.refused(412, "stale");
    patch().if_match("\"7\", \"1\"").send().await.expect(200);
    editor.delete(&address(&made)).send().await.refused(428, "precondition_required");
    editor.delete(&address(&made)).if_match("\"1\"").send().await.refused(412, "stale");
}

#[actix_web::test]
async fn what_a_caller_has_already_is_not_sent_again() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = source(&editor, "هيا").await;
    let paths =
        [address(&made), SOURCES.into(), "/api/v1/sources".into(), format!("/api/v1/sources/{}", made.text("/id"))];
    for path in &paths {
        let first = editor.get(path).send().await.expect(200);
        for tag in [first.etag(), format!("W/{}", first.etag()), format!("\"x\", {}", first.etag()), "*".into()] {
            let again = editor.get(path).header("if-none-match", &tag).send().await.expect(304);
            assert_eq!(again.etag(), first.etag(), "{path}");
            assert!(again.bytes.is_empty());
        }
        editor.get(path).header("if-none-match", "\"x\"").send().await.expect(200);
    }
    let before = app.anonymous().get(&paths[2]).send().await.etag();
    editor.patch(&paths[0]).if_match(&made.etag()).json(&json!({ "creditLine": "x" })).send().await.expect(200);
    for path in &paths {
        editor.get(path).header("if-none-match", &before).send().await.expect(200);
    }
}

#[actix_web::test]
async fn head_answers_what_get_does_without_the_body() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let made = source(&editor, "هيا").await;
    for path in [address(&made), SOURCES.into(), "/api/v1/sources".into(), "/health/ready".into(), "/nowhere".into()] {
        let get = editor.get(&path).header("x-request-id", "one").send().await;
        let head = editor.ask("HEAD", &path).header("x-request-id", "one").send().await;
        assert_eq!(head.status, get.status, "{path}");
        let names = |answer: &crate::support::Answer| {
            let line = |(name, value): (_, &actix_web::http::header::HeaderValue)| format!("{name}: {value:?}");
            answer.headers.iter().map(line).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(&head), names(&get), "{path}");
    }
}

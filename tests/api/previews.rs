//! Preview links: what is not public yet, shown to whoever was given the address, and to nobody else.

use std::time::Duration;

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::{audit_log, events, preview_links};
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, paragraph};
use crate::support::{Answer, Client, ISSUER};
use crate::writes::answers;

async fn link(who: &Client, id: &str, form: Value) -> Answer {
    who.post(&format!("{DESK}/{id}/preview-links")).json(&form).send().await
}

/// The address of a new link, without the host.
async fn shared(desk: &Desk, id: &str, form: Value) -> String {
    let made = link(&desk.journalist, id, form).await.expect(201);
    made.text("/url").strip_prefix(ISSUER).unwrap().to_owned()
}

async fn open(desk: &Desk, path: &str) -> Answer {
    desk.app.anonymous().get(path).send().await
}

#[actix_web::test]
async fn a_preview_is_what_delivery_will_show_and_says_that_it_is_none() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر لم ينشر").await.text("/id");
    let path = shared(&desk, &id, json!({})).await;
    let seen = open(&desk, &path).await.expect(200);
    assert_eq!((seen.text("/headline"), seen.at("/preview/version")), ("خبر لم ينشر".to_owned(), &json!(1)));
    assert_eq!(seen.text("/preview/expiresAt"), desk.app.clock_in(86_400).to_string());
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex, nofollow"),
        ("referrer-policy", "no-referrer"),
        ("content-language", "ar"),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    for (form, member) in [("html", "bodyHtml"), ("markdown", "bodyMarkdown"), ("text", "bodyText"), ("blocks", "body")]
    {
        assert!(open(&desk, &format!("{path}?body={form}")).await.expect(200).json.get(member).is_some());
    }
    desk.public(&id).await.refused(404, "not_found");
    desk.publish(&id).await;
    let public = desk.public(&id).await.expect(200);
    let mut preview = open(&desk, &path).await.expect(200).json;
    preview.as_object_mut().unwrap().remove("preview");
    assert_eq!(preview, public.json);
}

#[actix_web::test]
async fn a_link_shows_one_revision_or_follows_the_working_copy() {
    let desk = Desk::new().await;
    let id = desk.draft("الأول").await.text("/id");
    let (fixed, following) = (shared(&desk, &id, json!({ "version": 1 })).await, shared(&desk, &id, json!({})).await);
    desk.edit(&desk.journalist, &id, json!({ "headline": "الثاني", "body": [paragraph("نص ثان.")] })).await.expect(200);
    let one = open(&desk, &format!("{fixed}?body=text")).await.expect(200);
    assert_eq!((one.text("/headline"), one.at("/version")), ("الأول".to_owned(), &json!(1)));
    assert!(!one.text("/bodyText").contains("ثان"));
    let two = open(&desk, &format!("{following}?body=text")).await.expect(200);
    assert_eq!((two.text("/headline"), two.at("/preview/version")), ("الثاني".to_owned(), &json!(2)));
    assert_eq!(two.text("/bodyText"), "نص ثان.");
}

#[actix_web::test]
async fn what_is_over_revoked_unknown_or_given_up_answers_alike() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let unknown =
        open(&desk, "/api/v1/previews/4sHBn6mR6mN0Ew0R0l2lqk8nGm2sYp2Hc3Wb1x9Yk7M").await.refused(404, "not_found");
    let alike = |answer: Answer| {
        let told = |answer: &Answer| {
            let mut body = answer.json.clone();
            for name in ["requestId", "instance"] {
                body.as_object_mut().unwrap().remove(name);
            }
            (
                answer.status,
                body,
                answer.header("cache-control").map(String::from),
                answer.header("etag").map(String::from),
            )
        };
        assert_eq!(told(&answer), told(&unknown));
    };
    let made = link(&desk.journalist, &id, json!({})).await.expect(201);
    let revoked = made.text("/url").strip_prefix(ISSUER).unwrap().to_owned();
    desk.journalist.delete(&format!("{DESK}/{id}/preview-links/{}", made.text("/id"))).send().await.expect(204);
    alike(open(&desk, &revoked).await);
    let soon = shared(&desk, &id, json!({ "expiresAt": desk.app.clock_in(60) })).await;
    open(&desk, &soon).await.expect(200);
    desk.app.clock.advance(Duration::from_secs(60));
    alike(open(&desk, &soon).await);
    for (state, step, body) in
        [("approved", "spike", json!({})), ("published", "kill", json!({ "notice": "سُحب هذا الخبر" }))]
    {
        let id = desk.in_state(state).await;
        let path = shared(&desk, &id, json!({})).await;
        open(&desk, &path).await.expect(200);
        desk.step(&desk.editor, &id, step, body).await.expect(200);
        alike(open(&desk, &path).await);
    }
    alike(open(&desk, "/api/v1/previews/خبر").await);
}

#[actix_web::test]
async fn a_link_shows_nothing_while_whoever_made_it_is_shut_out() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let made = desk.journalist.post(&format!("{DESK}/{id}/preview-links")).json(&json!({})).send().await.expect(201);
    let path = format!("/api/v1/previews/{}", made.text("/url").rsplit('/').next().unwrap());
    let maker = format!("/api/v1/newsroom/users/{}", desk.journalist.id());
    for (is_active, status) in [(false, 404), (true, 200)] {
        let present = desk.admin.get(&maker).send().await.expect(200);
        let patch = desk.admin.patch(&maker).if_match(&present.etag()).json(&json!({ "isActive": is_active }));
        patch.send().await.expect(200);
        open(&desk, &path).await.expect(status);
    }
}

#[actix_web::test]
async fn a_link_ends_with_the_key_and_the_right_that_made_it() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let links = format!("{DESK}/{id}/preview-links");
    let shown = |made: &Answer| format!("/api/v1/previews/{}", made.text("/url").rsplit('/').next().unwrap());
    let own = shown(&desk.journalist.post(&links).json(&json!({})).send().await.expect(201));
    let keys = "/api/v1/newsroom/api-keys";
    let form = json!({ "name": "برنامج", "scopes": ["article.write", "record.read"] });
    let key = desk.admin.post(keys).json(&form).send().await.expect(201);
    let bearer = format!("Bearer {}", key.text("/secret"));
    let theirs = desk.app.anonymous().post(DESK).header("authorization", &bearer);
    let theirs = theirs.json(&json!({ "language": "ar", "headline": "خبر آخر" })).send().await.expect(201);
    let by_key = desk.app.anonymous().post(&format!("{DESK}/{}/preview-links", theirs.text("/id")));
    let by_key = shown(&by_key.header("authorization", &bearer).json(&json!({})).send().await.expect(201));
    open(&desk, &own).await.expect(200);
    open(&desk, &by_key).await.expect(200);

    let one = format!("{keys}/{}", key.text("/id"));
    let patch =
        |scopes: Value, etag: &str| desk.admin.patch(&one).if_match(etag).json(&json!({ "scopes": scopes })).send();
    let changed = patch(json!(["record.read"]), &key.etag()).await.expect(200);
    open(&desk, &by_key).await.expect(404);
    let changed = patch(json!(["article.write"]), &changed.etag()).await.expect(200);
    open(&desk, &by_key).await.expect(200);
    desk.admin.delete(&one).if_match(&changed.etag()).send().await.expect(204);
    open(&desk, &by_key).await.expect(404);

    let maker = format!("/api/v1/newsroom/users/{}", desk.journalist.id());
    let present = desk.admin.get(&maker).send().await.expect(200);
    let patch = desk.admin.patch(&maker).if_match(&present.etag()).json(&json!({ "role": "moderator" }));
    patch.send().await.expect(200);
    open(&desk, &own).await.expect(404);
}

#[actix_web::test]
async fn a_token_is_told_once_and_kept_nowhere() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    desk.app.events();
    let ask =
        || desk.journalist.post(&format!("{DESK}/{id}/preview-links")).json(&json!({ "note": "للمحامي" })).key("k");
    let made = ask().send().await.expect(201);
    let token = made.text("/url").rsplit('/').next().unwrap().to_owned();
    assert_eq!(token.len(), 43, "256 bits");
    assert_eq!(*ask().send().await.expect(201).at("/url"), Value::Null);
    open(&desk, &format!("/api/v1/previews/{token}")).await.expect(200);
    let listed = desk.editor.get(&format!("{DESK}/{id}/preview-links?count=true")).send().await.expect(200);
    assert_eq!((listed.at("/page/total"), listed.text("/items/0/note")), (&json!(1), "للمحامي".to_owned()));
    let revoke = || desk.editor.delete(&format!("{DESK}/{id}/preview-links/{}", made.text("/id")));
    revoke().send().await.expect(204);
    revoke().send().await.expect(204);
    let listed = desk.editor.get(&format!("{DESK}/{id}/preview-links")).send().await.expect(200);
    assert_eq!(listed.text("/items/0/revokedAt"), desk.app.clock_in(0).to_string());
    desk.app.assert_events(&["article.preview_shared", "article.preview_revoked"]);
    let mut sql = desk.app.sql();
    let mut kept: Vec<String> = events::table.select(events::payload).load(&mut sql).unwrap();
    kept.extend(audit_log::table.select(audit_log::payload).load::<String>(&mut sql).unwrap());
    let answers = answers(&desk.app);
    assert_eq!(answers.len(), 1);
    kept.extend(answers);
    kept.push(String::from_utf8_lossy(&listed.bytes).into_owned());
    assert!(kept.iter().all(|text| !text.contains(&token)));
    let hashes: Vec<Vec<u8>> = preview_links::table.select(preview_links::token_hash).load(&mut sql).unwrap();
    assert!(hashes.iter().all(|hash| hash.len() == 32 && hash.as_slice() != token.as_bytes()));
}

#[actix_web::test]
async fn links_are_made_by_those_who_see_the_article_and_for_a_month_at_most() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let colleague = desk.app.as_(Role::Journalist).await;
    link(&colleague, &id, json!({})).await.refused(404, "not_found");
    colleague.get(&format!("{DESK}/{id}/preview-links")).send().await.refused(404, "not_found");
    let made = link(&desk.editor, &id, json!({ "expiresAt": desk.app.clock_in(30 * 86_400) })).await.expect(201);
    let path = format!("{DESK}/{id}/preview-links/{}", made.text("/id"));
    colleague.delete(&path).send().await.refused(404, "not_found");
    let other = desk.draft("غيره").await.text("/id");
    let elsewhere = format!("{DESK}/{other}/preview-links/{}", made.text("/id"));
    desk.editor.delete(&elsewhere).send().await.refused(404, "not_found");
    let table = [
        (json!({ "expiresAt": desk.app.clock_in(0) }), "/expiresAt not_later"),
        (json!({ "expiresAt": desk.app.clock_in(30 * 86_400 + 1) }), "/expiresAt bad_format"),
        (json!({ "version": 2 }), "/version not_found"),
        (json!({ "version": 0 }), "/version out_of_range"),
        (json!({ "note": "و".repeat(5_001) }), "/note too_long"),
        (json!({ "token": "x" }), "/token unknown_field"),
    ];
    for (form, error) in table {
        assert_eq!(link(&desk.editor, &id, form).await.refused(422, "invalid").errors(), [error]);
    }
}

#[test]
fn the_log_does_not_have_the_address_of_a_preview() {
    let server = crate::support::process::Home::new().set("KHABAR_LOG", "info").serve();
    let token = "oXkM5b1q-2wAB9dHsJ0cYt7Vu3nLzRf6gPiQeWxKaC8";
    let asker = server.ask();
    for path in ["previews/", "previews//", "previe%77s/", "PREVIEWS/", "previews/%6F", "x/previews/", "articles/"] {
        asker.get(&format!("/api/v1/{path}{token}"));
    }
    asker.get("/api/v1/sources/offen");
    let log = crate::support::process::until("the requests are logged", || {
        let log = server.err();
        log.contains("offen").then_some(log)
    });
    assert!(!log.contains(&token[1..]), "{log}");
    assert!(log.contains("/api/v1/previews/…"), "{log}");
}

#[actix_web::test]
async fn what_is_withdrawn_is_not_shown_around_any_more() {
    let desk = Desk::new().await;
    let id = desk.live("خبر").await;
    let path = shared(&desk, &id, json!({})).await;
    open(&desk, &path).await.expect(200);
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "طلب قانوني" })).await.expect(200);
    open(&desk, &path).await.refused(404, "not_found");
    // Who works on it again may show that.
    let path = shared(&desk, &id, json!({})).await;
    open(&desk, &path).await.expect(200);
}

//! Guests, who have no account, and the badges beside the names of those who comment.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::Desk;
use crate::comments::{address, article, below, desk, say, texts};
use crate::own_comments::traces;
use crate::support::{Answer, Client, TestApp};

pub const HEADER: &str = "khabar-guest";

/// The site takes guests.
pub async fn invite(app: &TestApp) {
    let admin = app.as_(Role::Admin).await;
    let site = admin.get("/api/v1/newsroom/site").send().await.expect(200);
    let patch = json!({ "discussion": { "guests": true } });
    admin.patch("/api/v1/newsroom/site").if_match(&site.etag()).json(&patch).send().await.expect(200);
}

/// A new guest says something.
async fn introduce(app: &TestApp, to: &str, name: &str, text: &str) -> Answer {
    let guest = json!({ "name": name, "email": "laila@example.org" });
    app.anonymous().post(to).json(&json!({ "text": text, "guest": guest })).send().await
}

/// A guest who was here before says something.
async fn again(app: &TestApp, to: &str, token: &str, text: &str) -> Answer {
    app.anonymous().post(to).header(HEADER, token).json(&json!({ "text": text })).send().await
}

#[actix_web::test]
async fn a_guest_writes_changes_and_deletes_with_the_token_that_is_told_once() {
    let app = TestApp::new().await;
    invite(&app).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    app.events();
    let made = introduce(&app, &to, "ليلى", "أول").await.expect(201);
    assert_eq!((made.text("/author/name"), made.at("/author/badge")), ("ليلى".into(), &Value::Null));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let token = made.text("/guestToken");
    app.assert_events(&["comment.posted"]);
    let second = again(&app, &to, &token, "ثان").await.expect(201);
    assert_eq!(second.at("/author"), made.at("/author"));
    assert!(second.json.get("guestToken").is_none());
    let anyone = app.anonymous();
    let ask = |method: &str, comment: &Answer| anyone.ask(method, &address(comment)).header(HEADER, &token);
    let edited = ask("PATCH", &second).json(&json!({ "text": "ثانٍ ومصحح" })).send().await.expect(200);
    assert_eq!(edited.text("/text"), "ثانٍ ومصحح");
    app.clock.advance(Duration::from_secs(300));
    ask("PATCH", &second).json(&json!({ "text": "متأخر" })).send().await.refused(409, "edit_ended");
    let waiting = again(&app, &to, &token, "https://a.example https://b.example").await.expect(202);
    anyone.get(&address(&waiting)).send().await.refused(404, "not_found");
    let own = ask("GET", &waiting).send().await.expect(200);
    assert_eq!((own.text("/status"), own.header("cache-control")), ("pending".into(), Some("no-store")));
    let stranger = introduce(&app, &to, "غيرها", "آخر").await.expect(201).text("/guestToken");
    let other = |method: &str| anyone.ask(method, &address(&second)).header(HEADER, &stranger);
    other("PATCH").json(&json!({ "text": "لي" })).send().await.refused(403, "forbidden");
    other("DELETE").send().await.refused(403, "forbidden");
    for comment in [&made, &second, &waiting] {
        assert!(!traces(&app, "ليلى").is_empty(), "the name stays while something is said under it");
        ask("DELETE", comment).send().await.expect(204);
    }
    assert_eq!(traces(&app, "ليلى"), Vec::<String>::new(), "it goes with the last word");
    ask("DELETE", &made).send().await.expect(204);
    again(&app, &to, &token, "عدت").await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn guests_are_taken_where_the_site_and_the_article_say_so() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    introduce(&app, &to, "ليلى", "لا").await.refused(401, "unauthenticated");
    invite(&app).await;
    for (mode, status) in [("open", 201), ("premoderated", 202), ("membersOnly", 401), ("closed", 409)] {
        let to = below(&article(&editor, json!({ "mode": mode })).await);
        introduce(&app, &to, "ليلى", mode).await.expect(status);
    }
    let refused = say(&app.anonymous(), &to, "بلا اسم", None).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/guest required"]);
    let guest = json!({ "name": " \u{202E}x", "email": "nobody", "role": "admin" });
    let ask = |guest: &Value| app.anonymous().post(&to).json(&json!({ "text": "x", "guest": guest })).send();
    ask(&guest).await.refused(422, "invalid");
    let guest = json!({ "name": "\u{202E}x", "email": "nobody" });
    let refused = ask(&guest).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/guest/name forbidden_character", "/guest/email not_an_email"]);
    let reader = app.as_(Role::Reader).await;
    let both = json!({ "text": "x", "guest": { "name": "ليلى" } });
    let refused = reader.post(&to).json(&both).send().await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/guest excludes"]);
    let token = introduce(&app, &to, "ليلى", "أهلا").await.expect(201).text("/guestToken");
    let refused = app.anonymous().post(&to).header(HEADER, &token).json(&both).send().await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/guest excludes"]);
    reader.post(&to).header(HEADER, &token).json(&json!({ "text": "x" })).send().await.refused(400, "malformed");
}

#[actix_web::test]
async fn nobody_passes_for_a_colleague() {
    let app = TestApp::new().await;
    invite(&app).await;
    let editor = app.as_(Role::Editor).await;
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    editor.patch("/api/v1/me").json(&json!({ "name": "سارة الأحمد" })).send().await.expect(200);
    for name in ["سارة الأحمد", "ساره  الاحمد", "سَارَة-الأحـمد", "a.ADMIN"] {
        let refused = introduce(&app, &to, name, name).await.refused(422, "invalid");
        assert_eq!(refused.errors(), ["/guest/name taken"], "{name}");
    }
    introduce(&app, &to, "سارة الأحمدي", "أهلا").await.expect(201);
}

#[actix_web::test]
async fn a_guests_address_and_token_are_shown_and_kept_nowhere() {
    let app = TestApp::new().await;
    invite(&app).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let guest = json!({ "name": "ليلى", "email": "Laila@Example.org" });
    let ask = app.anonymous().post(&to).key("one").json(&json!({ "text": "مرحبا", "guest": guest }));
    let made = ask.clone().send().await.expect(201);
    let token = made.text("/guestToken");
    let kept = ask.send().await.expect(201);
    assert_eq!((kept.header("idempotency-replayed"), kept.text("/id")), (Some("true"), made.text("/id")));
    assert!(kept.json.get("guestToken").is_none(), "a repetition is answered without it");
    let payload = token.split('.').nth(1).unwrap();
    for word in ["laila@example.org", "Laila@Example.org", token.as_str(), payload] {
        assert_eq!(traces(&app, word), Vec::<String>::new(), "{word}");
    }
    let moderator = app.as_(Role::Moderator).await;
    for path in [desk(&made), "/api/v1/newsroom/comments".to_owned(), to.clone(), address(&made)] {
        let shown = moderator.get(&path).send().await.expect(200);
        assert!(!String::from_utf8_lossy(&shown.bytes).to_lowercase().contains("laila"), "{path}");
    }
}

#[actix_web::test]
async fn the_tokens_of_guests_and_of_accounts_are_not_taken_for_each_other() {
    let app = TestApp::new().await;
    invite(&app).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let token = introduce(&app, &to, "ليلى", "أهلا").await.expect(201).text("/guestToken");
    let bearer = format!("Bearer {token}");
    app.anonymous().get("/api/v1/me").header("authorization", &bearer).send().await.refused(401, "unauthenticated");
    let access = app.as_(Role::Admin).await.token().unwrap();
    let mut spoiled = token.clone();
    spoiled.pop();
    for wrong in [access.as_str(), &spoiled, "x", ""] {
        again(&app, &to, wrong, "تسلل").await.refused(401, "unauthenticated");
    }
    let twice = app.anonymous().post(&to).header(HEADER, &token).header(HEADER, &token);
    twice.json(&json!({ "text": "x" })).send().await.refused(400, "malformed");
}

#[actix_web::test]
async fn a_badge_says_who_works_here_who_wrote_the_article_and_who_knows_the_matter() {
    let desk = Desk::new().await;
    let app = &desk.app;
    let (admin, reader) = (app.as_(Role::Admin).await, app.as_(Role::Reader).await);
    let behind = json!({ "name": "كاتبة المقال", "userId": desk.journalist.id() });
    let author = admin.post("/api/v1/newsroom/authors").json(&behind).send().await.expect(201);
    let byline = json!({ "authors": [{ "authorId": author.text("/id") }], "comments": { "mode": "open" } });
    let own = desk.live_with("مقالها", byline).await;
    let open = json!({ "comments": { "mode": "open" } });
    let other = desk.live_with("غيره", open).await;
    let place = |id: &str| format!("/api/v1/articles/{id}/comments");
    let badge = |answer: &Answer| (answer.at("/author/badge").clone(), answer.at("/isStaff").clone());
    let made = say(&desk.journalist, &place(&own), "كتبته", None).await.expect(201);
    assert_eq!(badge(&made), (json!("author"), json!(true)));
    app.clock.advance(Duration::from_secs(1));
    let elsewhere = say(&desk.journalist, &place(&other), "قرأته", None).await.expect(201);
    assert_eq!(badge(&elsewhere), (json!("staff"), json!(true)));
    let said = say(&reader, &place(&own), "أعرف الأمر", None).await.expect(201);
    assert_eq!(badge(&said), (json!(null), json!(false)));
    let put = |client: &Client, id: &str, badge: Value| {
        client.put(&format!("/api/v1/newsroom/commenters/{id}/badge")).json(&json!({ "badge": badge })).send()
    };
    let id = said.text("/author/id");
    put(&reader, &id, json!("expert")).await.refused(403, "forbidden");
    put(&admin, &id, json!("author")).await.refused(422, "invalid");
    admin.put(&format!("/api/v1/newsroom/commenters/{id}/badge")).json(&json!({})).send().await.refused(422, "invalid");
    put(&admin, "0192f3a4-5b6c-7d8e-9f01-23456789abcd", json!("expert")).await.refused(404, "not_found");
    app.events();
    assert_eq!(put(&admin, &id, json!("expert")).await.expect(200).text("/badge"), "expert");
    put(&admin, &id, json!("expert")).await.expect(200);
    app.assert_events(&["commenter.badged"]);
    app.anonymous().get(&place(&own)).send().await.expect(200);
    let before = app.statements();
    let page = app.anonymous().get(&format!("{}?sort=oldest", place(&own))).send().await.expect(200);
    let few = app.statements() - before;
    assert_eq!(texts(&page), ["كتبته", "أعرف الأمر"]);
    assert_eq!(
        (page.text("/items/0/author/badge"), page.text("/items/1/author/badge")),
        ("author".into(), "expert".into())
    );
    for n in 0..10 {
        say(&app.as_(Role::Reader).await, &place(&own), &format!("رأي {n}"), None).await.expect(201);
    }
    let before = app.statements();
    app.anonymous().get(&format!("{}?sort=oldest", place(&own))).send().await.expect(200);
    assert_eq!(app.statements() - before, few, "however many there are");
    assert_eq!(put(&admin, &id, json!(null)).await.expect(200).at("/badge"), &json!(null));
}

#[actix_web::test]
async fn a_guests_token_is_good_for_a_year() {
    let app = TestApp::new().await;
    invite(&app).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let made = introduce(&app, &to, "ليلى", "أول").await.expect(201);
    let token = made.text("/guestToken");
    let day = Duration::from_secs(86_400);
    app.clock.advance(364 * day);
    again(&app, &to, &token, "بعد عام إلا يومًا").await.expect(201);
    app.clock.advance(day);
    again(&app, &to, &token, "بعد عام").await.refused(401, "unauthenticated");
    let delete = app.anonymous().delete(&address(&made)).header(HEADER, &token);
    delete.send().await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn a_guest_asks_with_the_token_to_look_again() {
    let app = TestApp::new().await;
    invite(&app).await;
    let (editor, moderator) = (app.as_(Role::Editor).await, app.as_(Role::Moderator).await);
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    let made = introduce(&app, &to, "ليلى", "رأي").await.expect(201);
    let stranger = introduce(&app, &to, "غيرها", "آخر").await.expect(201).text("/guestToken");
    app.clock.advance(Duration::from_secs(1));
    let reject = moderator.post(&format!("{}/reject", desk(&made))).if_match("\"1\"");
    reject.json(&json!({ "reason": "abusive" })).send().await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    let appeal = |token: &str| {
        let ask = app.anonymous().post(&format!("{}/appeal", address(&made))).header(HEADER, token);
        ask.json(&json!({ "text": "لم أقصد" })).send()
    };
    appeal(&stranger).await.refused(404, "not_found");
    let asked = appeal(&made.text("/guestToken")).await.expect(200);
    assert_eq!((asked.at("/isAppealed"), asked.text("/rule")), (&json!(true), "moderator".into()));
    appeal(&made.text("/guestToken")).await.refused(409, "duplicate");
}

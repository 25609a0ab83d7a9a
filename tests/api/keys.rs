//! The keys of programs: what they open, from where, until when, and what they never do.

use std::collections::BTreeSet;
use std::time::Duration;

use khabar::auth::Role;
use khabar::auth::actions::{POLICY, for_keys};
use serde_json::{Value, json};

use crate::permissions::{call, is_denied};
use crate::support::document::operations;
use crate::support::{Answer, Client, TestApp};

const KEYS: &str = "/api/v1/newsroom/api-keys";
const LIST: &str = "/api/v1/newsroom/articles";

async fn make(admin: &Client, form: Value) -> Answer {
    admin.post(KEYS).json(&form).send().await
}

async fn key(admin: &Client, scopes: &[&str]) -> Answer {
    make(admin, json!({ "name": "تطبيق", "scopes": scopes })).await.expect(201)
}

async fn get(app: &TestApp, secret: &str, path: &str) -> Answer {
    app.anonymous().get(path).header("authorization", &format!("Bearer {secret}")).send().await
}

#[actix_web::test]
async fn a_key_is_told_once_and_opens_what_it_says() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let made = key(&admin, &["article.write"]).await;
    let secret = made.text("/secret");
    assert!(secret.starts_with("kh_") && secret.len() == 46 && secret.starts_with(&made.text("/prefix")), "{secret}");
    let one = format!("{KEYS}/{}", made.text("/id"));
    for answer in [admin.get(&one).send().await.expect(200), admin.get(KEYS).send().await.expect(200)] {
        assert!(!answer.json.to_string().contains(&secret) && !answer.json.to_string().contains("\"secret\""));
    }
    get(&app, &secret, LIST).await.expect(200);
    let refused = get(&app, &secret, "/api/v1/newsroom/users").await.refused(403, "forbidden");
    assert_eq!(refused.text("/permission"), "user.manage");
    get(&app, &secret, "/api/v1/me").await.refused(403, "forbidden");
    let bearer = format!("Bearer {secret}");
    let draft = json!({ "language": "ar", "headline": "من برنامج", "body": [] });
    let made_by = app.anonymous().post(LIST).header("authorization", &bearer).json(&draft).send().await.expect(201);
    assert_eq!(made_by.text("/createdBy"), admin.id().to_string());
    let used = admin.get(&one).send().await.expect(200);
    assert_eq!((used.at("/dateUsed"), used.at("/version")), (&json!(app.clock_in(0)), &json!(1)));
    for wrong in [format!("{secret}x"), secret[..45].to_owned(), "kh_".into(), secret.replace("kh_", "kh-")] {
        get(&app, &wrong, LIST).await.refused(401, "unauthenticated");
    }
}

#[actix_web::test]
async fn what_a_key_says_is_checked_whole() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let form = json!({
        "name": " ", "scopes": ["article.write", "user.grant", "account.use", "article.write", "nothing"],
        "addresses": ["203.0.113.0/24", "203.0.113.7/24", "example.org"], "expires": "2020-01-01T00:00:00Z",
    });
    let mut errors = make(&admin, form).await.refused(422, "invalid").errors();
    errors.sort();
    assert_eq!(
        errors,
        [
            "/addresses/1 not_a_network",
            "/addresses/2 not_a_network",
            "/expires not_later",
            "/name blank",
            "/scopes/1 not_allowed",
            "/scopes/2 not_allowed",
            "/scopes/3 repeated",
            "/scopes/4 not_allowed",
        ]
    );
    for role in [Role::Reader, Role::Journalist, Role::Editor, Role::Moderator] {
        let form = json!({ "name": "x", "scopes": ["article.write"] });
        make(&app.as_(role).await, form).await.refused(403, "forbidden");
    }
}

#[actix_web::test]
async fn a_key_is_good_from_its_addresses_until_its_end_and_while_its_maker_is() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let maker = app.as_(Role::Admin).await;
    let ends = app.clock_in(3_600);
    let form = json!({ "name": "x", "scopes": ["article.write"], "addresses": ["203.0.113.0/24", "2001:db8::/32"], "expires": ends });
    let made = make(&maker, form).await.expect(201);
    let bearer = format!("Bearer {}", made.text("/secret"));
    let from = |peer: &str| app.anonymous().get(LIST).header("authorization", &bearer).peer(peer);
    for inside in ["203.0.113.7", "2001:db8:1::1", "::ffff:203.0.113.9"] {
        from(inside).send().await.expect(200);
    }
    for outside in ["203.0.114.7", "192.0.2.1", "2001:db9::1"] {
        from(outside).header("x-forwarded-for", "203.0.113.7").send().await.refused(401, "unauthenticated");
    }
    app.clock.advance(Duration::from_secs(3_599));
    from("203.0.113.7").send().await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    from("203.0.113.7").send().await.refused(401, "unauthenticated");

    let other = key(&maker, &["article.write", "event.read"]).await.text("/secret");
    get(&app, &other, "/api/v1/newsroom/events").await.expect(200);
    let who = format!("/api/v1/newsroom/users/{}", maker.id());
    let patch = async |fields: Value| {
        let tag = admin.get(&who).send().await.expect(200).etag();
        admin.patch(&who).if_match(&tag).json(&fields).send().await.expect(200)
    };
    patch(json!({ "role": "journalist" })).await;
    get(&app, &other, LIST).await.expect(200);
    get(&app, &other, "/api/v1/newsroom/events").await.refused(403, "forbidden");
    patch(json!({ "isActive": false })).await;
    get(&app, &other, LIST).await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn a_key_works_on_what_its_scopes_say_and_not_on_what_its_makers_role_could() {
    let app = TestApp::new().await;
    let (admin, journalist) = (app.as_(Role::Admin).await, app.as_(Role::Journalist).await);
    let form = json!({ "language": "ar", "headline": "مسودة", "body": [] });
    let draft = journalist.post(LIST).json(&form).send().await.expect(201).text("/id");
    let one = format!("{LIST}/{draft}");
    let writes = app.anonymous().with_key(&key(&admin, &["article.write"]).await.text("/secret"));
    writes.get(&one).send().await.refused(404, "not_found");
    writes.patch(&one).if_match("\"1\"").json(&json!({ "headline": "غيرها" })).send().await.refused(404, "not_found");
    writes.post(&format!("{one}/submit")).if_match("\"1\"").json(&json!({})).send().await.refused(404, "not_found");
    let own = writes.post(LIST).json(&form).send().await.expect(201).text("/id");
    writes.get(&format!("{LIST}/{own}")).send().await.expect(200);
    let both = key(&admin, &["article.write", "article.publish"]).await.text("/secret");
    let both = app.anonymous().with_key(&both);
    both.get(&one).send().await.expect(200);
    let submitted = both.post(&format!("{one}/submit")).if_match("\"1\"").json(&json!({})).send().await.expect(200);
    let publish = both.post(&format!("{one}/publish")).if_match(&submitted.etag()).json(&json!({}));
    // What it lacks is a text, not a right.
    publish.send().await.refused(422, "not_publishable");
}

#[actix_web::test]
async fn keys_end_when_their_maker_is_shut_out_or_given_a_new_password() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let maker = app.as_(Role::Admin).await;
    let who = format!("/api/v1/newsroom/users/{}", maker.id());
    let tag = async || admin.get(&who).send().await.expect(200).etag();
    let first = key(&maker, &["article.write"]).await.text("/secret");
    let reset = admin.post(&format!("{who}/password")).if_match(&tag().await);
    reset.json(&json!({ "password": "حبر على ورق منذ الفجر" })).send().await.expect(200);
    get(&app, &first, LIST).await.refused(401, "unauthenticated");
    let again = app.as_user(maker.id()).await;
    let second = key(&again, &["article.write"]).await.text("/secret");
    for is_active in [false, true] {
        let patch = admin.patch(&who).if_match(&tag().await).json(&json!({ "isActive": is_active }));
        patch.send().await.expect(200);
        get(&app, &second, LIST).await.refused(401, "unauthenticated");
    }
    assert_eq!(admin.get(KEYS).send().await.expect(200).at("/items"), &json!([]));
}

#[actix_web::test]
async fn a_program_repeats_its_own_requests_and_nobody_elses() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let program = app.anonymous().with_key(&key(&admin, &["article.write"]).await.text("/secret"));
    let form = json!({ "language": "ar", "headline": "مسودة", "body": [] });
    let ask = |who: &Client| who.post(LIST).key("same").json(&form).send();
    let (first, second, third) = (ask(&admin).await.expect(201), ask(&program).await.expect(201), ask(&program).await);
    assert_ne!(first.text("/id"), second.text("/id"));
    assert_eq!(second.text("/id"), third.expect(201).text("/id"));
}

#[actix_web::test]
async fn a_new_secret_stands_beside_the_old_one_for_as_long_as_was_said() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let made = key(&admin, &["article.write"]).await;
    let one = format!("{KEYS}/{}", made.text("/id"));
    let rotate = |version: usize, minutes: u32| {
        let ask = admin.post(&format!("{one}/rotate")).if_match(&format!("\"{version}\""));
        ask.json(&json!({ "overlapMinutes": minutes })).send()
    };
    let second = rotate(1, 10).await.expect(200);
    assert_ne!(second.text("/prefix"), made.text("/prefix"));
    for secret in [made.text("/secret"), second.text("/secret")] {
        get(&app, &secret, LIST).await.expect(200);
    }
    app.clock.advance(Duration::from_secs(600));
    get(&app, &made.text("/secret"), LIST).await.refused(401, "unauthenticated");
    get(&app, &second.text("/secret"), LIST).await.expect(200);
    rotate(1, 10).await.refused(412, "stale");
    let third = rotate(2, 0).await.expect(200);
    get(&app, &second.text("/secret"), LIST).await.refused(401, "unauthenticated");
    let fourth = rotate(3, 60).await.expect(200);
    admin.delete(&one).if_match("\"4\"").send().await.expect(204);
    for secret in [third.text("/secret"), fourth.text("/secret")] {
        get(&app, &secret, LIST).await.refused(401, "unauthenticated");
    }
    admin.get(&one).send().await.refused(404, "not_found");
    assert_eq!(admin.get(KEYS).send().await.expect(200).at("/items"), &json!([]));
}

/// Nobody gets to act as somebody else by turning over their key.
#[actix_web::test]
async fn a_key_is_that_of_whoever_rotated_it_last() {
    let app = TestApp::new().await;
    let (admin, other) = (app.as_(Role::Admin).await, app.as_(Role::Admin).await);
    let made = key(&admin, &["article.write"]).await;
    assert_eq!(made.text("/createdBy"), admin.id().to_string());
    let rotate = other.post(&format!("{KEYS}/{}/rotate", made.text("/id"))).if_match("\"1\"");
    let turned = rotate.json(&json!({ "overlapMinutes": 60 })).send().await.expect(200);
    assert_eq!(turned.text("/createdBy"), other.id().to_string());
    get(&app, &made.text("/secret"), LIST).await.refused(401, "unauthenticated");
    let draft = json!({ "language": "ar", "headline": "مسودة", "body": [] });
    let program = app.anonymous().with_key(&turned.text("/secret"));
    assert_eq!(program.post(LIST).json(&draft).send().await.expect(201).text("/createdBy"), other.id().to_string());
}

#[actix_web::test]
async fn a_key_of_each_scope_does_what_its_scope_says_and_nothing_else() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let (mut cells, mut two) = (0, BTreeSet::new());
    for (scope, _) in POLICY.iter().filter(|(name, _)| for_keys(name)) {
        let secret = key(&admin, &[scope]).await.text("/secret");
        let program = app.anonymous().with_key(&secret);
        for operation in operations() {
            let answer = call(&program, operation, "{}").await;
            // Who is known writes a comment under that name or not at all; a guest is nobody.
            let permission = operation.permission.as_deref();
            match permission.filter(|permission| *permission != *scope) {
                Some(_) => assert!(is_denied(&answer), "{scope} {}: {:#}", operation.id, answer.json),
                // It takes another one, too.
                None if is_denied(&answer) => {
                    assert_ne!(answer.text("/permission"), *scope, "{:#}", answer.json);
                    two.insert(operation.id.as_str());
                }
                None => {}
            }
            cells += 1;
        }
    }
    assert!(cells > 1_000, "{cells}");
    // Who is known writes a comment under that name or not at all; the others take two permissions.
    assert_eq!(two.into_iter().collect::<Vec<_>>(), ["begin_article", "post_comment", "read_newsroom_story"]);
}

#[actix_web::test]
async fn that_a_key_is_used_is_in_the_audit_log_and_costs_no_write_each_time() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let made = key(&admin, &["article.write"]).await;
    app.assert_events(&["api_key.created"]);
    for _ in 0..5 {
        get(&app, &made.text("/secret"), LIST).await.expect(200);
    }
    app.assert_events(&["api_key.used"]);
    app.clock.advance(Duration::from_secs(301));
    get(&app, &made.text("/secret"), LIST).await.expect(200);
    app.assert_events(&["api_key.used"]);
}

#[actix_web::test]
async fn the_audit_log_tells_a_key_from_its_maker() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let made = key(&admin, &["article.write"]).await;
    let (id, other) = (made.text("/id"), key(&admin, &["article.write"]).await.text("/secret"));
    let draft = json!({ "language": "ar", "headline": "مسودة", "body": [] });
    for secret in [made.text("/secret"), other] {
        app.anonymous().with_key(&secret).post(LIST).json(&draft).send().await.expect(201);
    }
    admin.post(LIST).json(&draft).send().await.expect(201);
    app.anonymous().with_key(&made.text("/secret")).post(LIST).json(&json!({})).send().await.refused(422, "invalid");
    khabar::audit::flush(&app.app).await.unwrap();
    let list = async |query: &str| {
        let answer = admin.get(&format!("/api/v1/newsroom/audit-log?{query}")).send().await.expect(200);
        let line = |item: &Value| {
            assert_eq!(item["actor"]["id"], json!(admin.id()));
            (item["action"].as_str().unwrap().to_owned(), item["actor"]["keyId"].as_str() == Some(&*id))
        };
        answer.at("/items").as_array().unwrap().iter().map(line).collect::<BTreeSet<_>>()
    };
    let theirs = ["article.create", "article.created", "api_key.used"].map(|action| (action.to_owned(), true));
    assert_eq!(list(&format!("key={id}")).await, BTreeSet::from(theirs));
    let drafts = list("action=article.created").await;
    assert_eq!(drafts.iter().map(|(_, is_keys)| *is_keys).collect::<Vec<_>>(), [false, true]);
}

#[actix_web::test]
async fn a_program_through_which_many_call_has_a_share_of_its_own() {
    let app =
        TestApp::with("[limits]\naddress_factor = 2\nkey_factor = 4\nviews = { per_minute = 2, per_hour = 0 }\n").await;
    let admin = app.as_(Role::Admin).await;
    let made =
        make(&admin, json!({ "name": "الموقع", "scopes": [], "addresses": ["203.0.113.0/24"] })).await.expect(201);
    let secret = made.text("/secret");
    let inside = app.anonymous().get(LIST).header("authorization", &format!("Bearer {secret}")).peer("203.0.113.7");
    inside.send().await.refused(403, "forbidden");
    let view = |peer: &str, key: Option<&str>| {
        let article = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
        let ask = app.anonymous().post(&format!("/api/v1/articles/{article}/views")).peer(peer);
        let ask = key.into_iter().fold(ask, |ask, key| ask.header("khabar-key", key));
        ask.json(&json!({})).send()
    };
    // Nobody's article is nobody's view, and is counted all the same.
    for _ in 0..8 {
        view("203.0.113.7", Some(&secret)).await.refused(404, "not_found");
    }
    let stopped = view("203.0.113.7", Some(&secret)).await.refused(429, "too_many");
    assert!(stopped.header("ratelimit").is_some_and(|limit| limit.starts_with("\"key-minute\";r=0")));
    view("203.0.113.7", None).await.refused(404, "not_found");
    for wrong in ["kh_", "nonsense", &format!("{secret}x")] {
        view("203.0.113.7", Some(wrong)).await.refused(401, "unauthenticated");
    }
    view("198.51.100.1", Some(&secret)).await.refused(401, "unauthenticated");
    // Reading is not counted, so that a server that sends its key with everything is answered from memory like anybody.
    let reader = app.shared();
    reader.get("/api/v1/site").send().await.expect(200);
    let before = app.statements();
    reader.get("/api/v1/site").header("khabar-key", &secret).send().await.expect(200);
    reader.get("/api/v1/site").header("khabar-key", "nonsense").send().await.expect(200);
    assert_eq!(app.statements(), before);
    // A key that moderates is limited like any other: there is nobody behind it who reads.
    let moderator = app.anonymous().with_key(&key(&admin, &["comment.moderate"]).await.text("/secret"));
    let views = "/api/v1/articles/0192f3a4-5b6c-7d8e-9f01-23456789abcd/views";
    let view_as = || moderator.post(views).json(&json!({})).peer("192.0.2.9").send();
    for _ in 0..2 {
        view_as().await.refused(404, "not_found");
    }
    view_as().await.refused(429, "too_many");
    let one = format!("{KEYS}/{}", made.text("/id"));
    admin.delete(&one).if_match("\"1\"").send().await.expect(204);
    view("203.0.113.7", Some(&secret)).await.refused(401, "unauthenticated");
}

//! Accounts: registering, signing in and out, the own one, and everybody's.

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::{audit_log, events, unsealed_addresses, users};
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

const USERS: &str = "/api/v1/newsroom/users";
const PASSWORD: &str = "قهوة سادة كل صباح";
const OTHER: &str = "شاي بالنعناع كل مساء";

async fn register(app: &TestApp, email: &str) -> Answer {
    let form = json!({ "email": email, "password": PASSWORD, "name": "سارة" });
    app.anonymous().post("/api/v1/auth/register").json(&form).send().await
}

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/login").json(&json!({ "email": email, "password": password })).send().await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/api/v1/auth/refresh").json(&json!({ "refreshToken": token })).send().await
}

/// The own account, as a token has it.
async fn me(app: &TestApp, token: &str) -> Answer {
    app.anonymous().get("/api/v1/me").header("authorization", &format!("Bearer {token}")).send().await
}

fn address(id: &str) -> String {
    format!("{USERS}/{id}")
}

async fn change(admin: &Client, who: &Client, patch: Value) -> Answer {
    let path = address(&who.id().to_string());
    let tag = admin.get(&path).send().await.expect(200).etag();
    admin.patch(&path).if_match(&tag).json(&patch).send().await
}

#[actix_web::test]
async fn a_reader_registers_signs_in_in_any_case_and_out() {
    let app = TestApp::new().await;
    let made = register(&app, " Sara@Example.ORG ").await.expect(201);
    assert_eq!((made.text("/email"), made.text("/role")), ("sara@example.org".into(), "reader".into()));
    assert_eq!(made.header("location"), Some("/api/v1/me"));
    app.assert_events(&["user.registered"]);
    assert_eq!(register(&app, "sara@EXAMPLE.org").await.refused(422, "invalid").errors(), ["/email taken"]);
    app.assert_events(&[]);
    let session = login(&app, "SARA@example.org", PASSWORD).await.expect(200);
    let token = session.text("/accessToken");
    assert_eq!(me(&app, &token).await.expect(200).text("/id"), made.text("/id"));
    let bearer = format!("Bearer {token}");
    app.anonymous().post("/api/v1/auth/logout").header("authorization", &bearer).send().await.expect(204);
    me(&app, &token).await.refused(401, "unauthenticated");
    refresh(&app, &session.text("/refreshToken")).await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn what_is_wrong_with_a_registration_is_named_at_once() {
    let app = TestApp::new().await;
    let asked = async |form: Value| app.anonymous().post("/api/v1/auth/register").json(&form).send().await;
    let bad =
        asked(json!({ "email": "sara", "password": "short", "name": "a\u{202e}b" })).await.refused(422, "invalid");
    let mut errors = bad.errors();
    errors.sort();
    assert_eq!(errors, ["/email not_an_email", "/name forbidden_character", "/password too_short"]);
    let rank = asked(json!({ "email": "a@b.example", "password": PASSWORD, "name": "a", "role": "admin" })).await;
    assert_eq!(rank.refused(422, "invalid").errors(), ["/role unknown_field"]);
    for password in ["12345678", "aaaaaaaa", "sara@example.org", "Sara Haddad"] {
        let form = json!({ "email": "sara@example.org", "password": password, "name": "sara haddad" });
        assert_eq!(asked(form).await.refused(422, "invalid").errors(), ["/password guessable"], "{password}");
    }
    app.assert_events(&[]);
    let closed = TestApp::with("[auth]\nregistration = false").await;
    let refused = register(&closed, "sara@example.org").await.refused(403, "forbidden");
    assert_eq!(refused.text("/permission"), "account.register");
}

#[actix_web::test]
async fn a_failed_sign_in_does_not_tell_why() {
    let app = TestApp::new().await;
    let (admin, gone) = (app.as_(Role::Admin).await, register(&app, "gone@example.org").await.expect(201));
    register(&app, "sara@example.org").await.expect(201);
    let path = address(&gone.text("/id"));
    admin.patch(&path).if_match("\"1\"").json(&json!({ "isActive": false })).send().await.expect(200);
    let mut bodies = Vec::new();
    for (email, password) in [
        ("sara@example.org", OTHER),
        ("nobody@example.org", PASSWORD),
        ("gone@example.org", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let mut refused = login(&app, email, password).await.refused(401, "bad_credentials");
        refused.json.as_object_mut().unwrap().remove("requestId");
        bodies.push(refused.json.to_string());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[actix_web::test]
async fn people_change_their_own_name_and_nothing_more() {
    let app = TestApp::new().await;
    let reader = app.as_(Role::Reader).await;
    app.anonymous().get("/api/v1/me").send().await.refused(401, "unauthenticated");
    let mut patch = reader.patch("/api/v1/me").json(&json!({ "name": "سارة" })).send().await;
    if patch.status == 428 {
        let tag = reader.get("/api/v1/me").send().await.etag();
        patch = reader.patch("/api/v1/me").if_match(&tag).json(&json!({ "name": "سارة" })).send().await;
    }
    assert_eq!(patch.expect(200).text("/name"), "سارة");
    for field in ["role", "isActive", "email", "password"] {
        let refused = reader.patch("/api/v1/me").if_match("\"2\"").json(&json!({ field: "admin" })).send().await;
        assert_eq!(refused.refused(422, "invalid").errors(), [format!("/{field} unknown_field")]);
    }
    app.assert_events(&["user.updated"]);
}

#[actix_web::test]
async fn a_refresh_token_works_once_and_its_second_use_ends_the_session() {
    let app = TestApp::new().await;
    register(&app, "sara@example.org").await.expect(201);
    let first = login(&app, "sara@example.org", PASSWORD).await.expect(200);
    let second = refresh(&app, &first.text("/refreshToken")).await.expect(200);
    assert_ne!(first.text("/refreshToken"), second.text("/refreshToken"));
    me(&app, &second.text("/accessToken")).await.expect(200);
    refresh(&app, &first.text("/refreshToken")).await.refused(401, "unauthenticated");
    for token in [&first, &second] {
        me(&app, &token.text("/accessToken")).await.refused(401, "unauthenticated");
    }
    refresh(&app, &second.text("/refreshToken")).await.refused(401, "unauthenticated");
    for garbage in ["", "x", "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE", "\u{0}"] {
        let refused = refresh(&app, garbage).await;
        assert!(refused.status == 401 || refused.status == 422, "{garbage:?} {}", refused.status);
    }
}

#[actix_web::test]
async fn a_new_password_ends_every_session_and_opens_another() {
    let app = TestApp::new().await;
    register(&app, "sara@example.org").await.expect(201);
    let before = login(&app, "sara@example.org", PASSWORD).await;
    let here = before.text("/accessToken");
    let there = login(&app, "sara@example.org", PASSWORD).await.text("/accessToken");
    let asked = async |current: &str, next: &str| {
        let form = json!({ "currentPassword": current, "newPassword": next });
        let bearer = format!("Bearer {here}");
        app.anonymous().post("/api/v1/me/password").header("authorization", &bearer).json(&form).send().await
    };
    assert_eq!(asked(OTHER, OTHER).await.refused(422, "invalid").errors(), ["/currentPassword wrong_password"]);
    assert_eq!(asked(PASSWORD, "short").await.refused(422, "invalid").errors(), ["/newPassword too_short"]);
    let name = async |token: &str, name: &str| {
        let bearer = format!("Bearer {token}");
        let list = app.anonymous().get("/api/v1/me/sessions").header("authorization", &bearer).send().await.expect(200);
        let mine = list.at("/items").as_array().unwrap().iter().find(|one| one["isCurrent"] == json!(true)).unwrap();
        let one = format!("/api/v1/me/sessions/{}", mine["id"].as_str().unwrap());
        let patch = json!({ "name": name });
        let named = app.anonymous().patch(&one).header("authorization", &bearer).json(&patch).send().await.expect(200);
        (list.at("/items").as_array().unwrap().len(), mine["name"].clone(), named.text("/id"))
    };
    let (_, _, old) = name(&here, "حاسوبي").await;
    let next = asked(PASSWORD, OTHER).await.expect(200);
    for token in [&here, &there] {
        me(&app, token).await.refused(401, "unauthenticated");
    }
    refresh(&app, &before.text("/refreshToken")).await.refused(401, "unauthenticated");
    let (count, called, new) = name(&next.text("/accessToken"), "x").await;
    assert_eq!((count, called), (1, json!("حاسوبي")), "it goes on under the same name");
    assert_ne!(old, new);
    refresh(&app, &next.text("/refreshToken")).await.expect(200);
    login(&app, "sara@example.org", PASSWORD).await.refused(401, "bad_credentials");
    login(&app, "sara@example.org", OTHER).await.expect(200);
}

#[actix_web::test]
async fn an_administrator_makes_and_changes_accounts() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    app.events();
    let form = json!({ "email": "omar@example.org", "name": "عمر", "role": "editor", "password": OTHER });
    let made = admin.post(USERS).json(&form).send().await.expect(201);
    let path = address(&made.text("/id"));
    assert_eq!(made.header("location"), Some(&*path));
    let short = json!({ "email": "x@example.org", "name": "x", "role": "editor", "password": "14-letters-abc" });
    assert_eq!(admin.post(USERS).json(&short).send().await.refused(422, "invalid").errors(), ["/password too_short"]);
    let patch = json!({ "name": "عمر خليل" });
    admin.patch(&path).json(&patch).send().await.refused(428, "precondition_required");
    assert_eq!(admin.patch(&path).if_match("\"1\"").json(&patch).send().await.expect(200).etag(), "\"2\"");
    admin.patch(&path).if_match("\"1\"").json(&patch).send().await.refused(412, "stale");
    app.assert_events(&["user.created", "user.updated"]);
    let new = json!({ "password": PASSWORD });
    let token = login(&app, "omar@example.org", OTHER).await.expect(200).text("/accessToken");
    admin.post(&format!("{path}/password")).if_match("\"2\"").json(&new).send().await.expect(200);
    me(&app, &token).await.refused(401, "unauthenticated");
    login(&app, "omar@example.org", OTHER).await.refused(401, "bad_credentials");
    login(&app, "omar@example.org", PASSWORD).await.expect(200);
    for (query, expected) in [("", 2), ("role=editor", 1), ("role=editor&role=admin", 2), ("role=reader", 0)] {
        let page = admin.get(&format!("{USERS}?count=true&{query}")).send().await.expect(200);
        assert_eq!(page.at("/items").as_array().unwrap().len(), expected, "{query}");
        assert_eq!(*page.at("/page/total"), json!(expected));
    }
    admin.get(&format!("{USERS}?role=king")).send().await.refused(400, "bad_parameter");
}

#[actix_web::test]
async fn a_role_counts_from_the_next_request_on_and_an_account_out_of_use_is_signed_out() {
    let app = TestApp::new().await;
    let (admin, staff) = (app.as_(Role::Admin).await, app.as_(Role::Editor).await);
    let desk = "/api/v1/newsroom/sources";
    staff.get(desk).send().await.expect(200);
    change(&admin, &staff, json!({ "role": "reader" })).await.expect(200);
    staff.get(desk).send().await.refused(403, "forbidden");
    change(&admin, &staff, json!({ "role": "admin" })).await.expect(200);
    staff.get(USERS).send().await.expect(200);
    change(&admin, &staff, json!({ "isActive": false })).await.expect(200);
    staff.get("/api/v1/me").send().await.refused(401, "unauthenticated");
    change(&admin, &staff, json!({ "isActive": true })).await.expect(200);
    staff.get("/api/v1/me").send().await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn somebody_always_stays_in_charge() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    app.events();
    for patch in [json!({ "role": "editor" }), json!({ "isActive": false })] {
        change(&admin, &admin, patch).await.refused(409, "last_admin");
    }
    app.assert_events(&[]);
    admin.get(USERS).send().await.expect(200);
}

#[actix_web::test]
async fn of_two_administrators_who_demote_each_other_at_once_one_stays() {
    for _ in 0..3 {
        let app = TestApp::new().await;
        let (one, two) = (app.as_(Role::Admin).await, app.as_(Role::Admin).await);
        let demote = async |who: &Client, whom: &Client| {
            let path = address(&whom.id().to_string());
            who.patch(&path).if_match("\"1\"").json(&json!({ "role": "editor" })).send().await.status
        };
        let (a, b) = futures_util::future::join(demote(&one, &two), demote(&two, &one)).await;
        let mut statuses = [a, b];
        statuses.sort_unstable();
        assert!([[200, 409], [200, 403]].contains(&statuses), "{statuses:?}");
        let left = if a == 200 { &one } else { &two };
        assert_eq!(
            left.get(&format!("{USERS}?role=admin&count=true")).send().await.expect(200).at("/page/total"),
            &json!(1)
        );
    }
}

#[actix_web::test]
async fn no_answer_and_no_log_holds_a_secret_or_an_address() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let mut secrets = vec![PASSWORD.to_owned(), OTHER.to_owned(), "argon2".to_owned()];
    let mut answers = vec![register(&app, "canary@example.org").await.expect(201)];
    let session = login(&app, "canary@example.org", PASSWORD).await.expect(200);
    let next = refresh(&app, &session.text("/refreshToken")).await.expect(200);
    let path = address(&session.text("/user/id"));
    answers.push(admin.get(&path).send().await.expect(200));
    answers.push(
        admin
            .post(&format!("{path}/password"))
            .if_match("\"1\"")
            .json(&json!({ "password": OTHER }))
            .send()
            .await
            .expect(200),
    );
    answers.push(admin.patch(&path).if_match("\"2\"").json(&json!({ "role": "moderator" })).send().await.expect(200));
    answers.push(admin.get(USERS).send().await.expect(200));
    answers.push(login(&app, "canary@example.org", PASSWORD).await.refused(401, "bad_credentials"));
    answers.push(refresh(&app, &session.text("/refreshToken")).await.refused(401, "unauthenticated"));
    for token in [&session, &next] {
        secrets.extend(["/accessToken", "/refreshToken"].map(|name| token.text(name)));
    }
    for answer in answers {
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
    }
    secrets.push("canary".to_owned());
    let mut rows: Vec<String> = events::table.select(events::payload).load(&mut app.sql()).unwrap();
    rows.extend(audit_log::table.select(audit_log::payload).load::<String>(&mut app.sql()).unwrap());
    assert!(rows.len() > 10);
    for row in rows {
        assert!(secrets.iter().all(|secret| !row.contains(secret)), "{row}");
    }
}

#[actix_web::test]
async fn an_address_that_an_older_version_kept_in_clear_is_sealed_and_still_signs_in() {
    let app = TestApp::new().await;
    register(&app, "layla@example.org").await.expect(201);
    let id = users::table.select(users::id).first::<Vec<u8>>(&mut app.sql()).unwrap();
    let nothing = (users::email_mark.eq(None::<Vec<u8>>), users::email_sealed.eq(None::<Vec<u8>>));
    diesel::update(users::table).set(nothing).execute(&mut app.sql()).unwrap();
    let clear = (unsealed_addresses::user_id.eq(id), unsealed_addresses::email.eq("layla@example.org"));
    diesel::insert_into(unsealed_addresses::table).values(clear).execute(&mut app.sql()).unwrap();
    login(&app, "layla@example.org", PASSWORD).await.refused(401, "bad_credentials");
    khabar::users::seal_addresses(&app.app).await.unwrap();
    let signed = login(&app, "layla@example.org", PASSWORD).await.expect(200);
    let me = me(&app, &signed.text("/accessToken")).await.expect(200);
    assert_eq!(me.at("/email"), &json!("layla@example.org"));
    assert_eq!(unsealed_addresses::table.count().get_result(&mut app.sql()), Ok(0));
    register(&app, "layla@example.org").await.refused(422, "invalid");
}

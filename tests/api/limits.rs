//! How often somebody may write, react and report: by account and by address, whatever a request says of itself.

use std::time::Duration;

use diesel::prelude::*;
use khabar::auth::{Actor, Role};
use khabar::db::schema::comments;
use serde_json::json;

use crate::comments::{address, article, below, say};
use crate::guests::invite;
use crate::support::client::Asked;
use crate::support::{Answer, Client, TestApp};

/// Three comments a minute for an account, six for an address.
const TIGHT: &str = "[limits]\naddress_factor = 2\ncomments = { per_minute = 3, per_hour = 20 }\n";

async fn tight(more: &str) -> (TestApp, String) {
    let app = TestApp::with(&format!("{more}{TIGHT}")).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    (app, to)
}

/// Where everybody calls from, as the documentation of networks has it.
const HOME: &str = "192.0.2.55";

/// A comment unlike any other, from the one address.
fn comment(client: &Client, to: &str, n: usize) -> Asked {
    client.post(to).json(&json!({ "text": format!("رأي {n}") })).peer(HOME)
}

/// Uses up what an account has.
async fn exhaust(client: &Client, to: &str) {
    for n in 0..3 {
        comment(client, to, n).send().await.expect(201);
    }
}

fn wait(refused: &Answer) -> u64 {
    refused.header("retry-after").unwrap().parse().unwrap()
}

#[actix_web::test]
async fn who_writes_too_often_waits_exactly_as_long_as_the_answer_says() {
    let (app, to) = tight("").await;
    let reader = app.as_(Role::Reader).await;
    for left in [2, 1, 0] {
        let made = comment(&reader, &to, left).send().await.expect(201);
        let limit = format!("\"account-minute\";r={left};t={}", 60 - left * 20);
        assert_eq!(made.header("ratelimit"), Some(&*limit));
        let policy = made.header("ratelimit-policy").unwrap();
        assert!(
            policy.starts_with("\"account-minute\";q=3;w=60, \"account-hour\";q=20;w=3600, \"address-minute\";q=6")
        );
    }
    let refused = comment(&reader, &to, 3).send().await.refused(429, "too_many");
    assert_eq!(wait(&refused), 20);
    assert_eq!(refused.header("ratelimit"), Some("\"account-minute\";r=0;t=20"));
    app.clock.advance(Duration::from_secs(wait(&refused) - 1));
    let refused = comment(&reader, &to, 4).send().await.refused(429, "too_many");
    app.clock.advance(Duration::from_secs(wait(&refused)));
    let made = comment(&reader, &to, 5).send().await.expect(201);
    let edit = reader.patch(&address(&made)).json(&json!({ "text": "غير ذلك" }));
    edit.send().await.refused(429, "too_many");
}

#[actix_web::test]
async fn no_header_parameter_or_field_makes_somebody_new() {
    let (app, to) = tight("").await;
    let reader = app.as_(Role::Reader).await;
    exhaust(&reader, &to).await;
    let ask = || comment(&reader, &to, 9);
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.7"),
        ("X-Forwarded-For", "198.51.100.8, 198.51.100.9"),
        ("x-FORWARDED-for", "2001:db8::1"),
        ("forwarded", "for=198.51.100.7"),
        ("x-real-ip", "198.51.100.7"),
        ("cf-connecting-ip", "198.51.100.7"),
        ("true-client-ip", "198.51.100.7"),
        ("idempotency-key", "another"),
        ("user-agent", "another"),
    ] {
        ask().header(name, value).send().await.refused(429, "too_many");
    }
    let again = app.as_user(reader.id()).await;
    comment(&again, &to, 9).send().await.refused(429, "too_many");
    let extra = json!({ "text": "رأي", "authorId": "0192f3a4-5b6c-7d8e-9f01-23456789abcd" });
    reader.post(&to).json(&extra).send().await.refused(422, "invalid");
    reader.post(&format!("{to}?x=1")).json(&json!({ "text": "رأي" })).send().await.refused(400, "bad_parameter");
    ask().send().await.refused(429, "too_many");
}

#[actix_web::test]
async fn accounts_behind_one_address_share_what_it_has() {
    let (app, to) = tight("").await;
    let readers = [app.as_(Role::Reader).await, app.as_(Role::Reader).await, app.as_(Role::Reader).await];
    exhaust(&readers[0], &to).await;
    exhaust(&readers[1], &to).await;
    for header in ["x-forwarded-for", "forwarded"] {
        let refused = comment(&readers[2], &to, 9).header(header, "198.51.100.7").send().await.refused(429, "too_many");
        assert_eq!(refused.header("ratelimit"), Some("\"address-minute\";r=0;t=10"));
    }
    app.clock.advance(Duration::from_secs(10));
    comment(&readers[2], &to, 9).send().await.expect(201);
}

#[actix_web::test]
async fn guests_have_a_share_each_and_strangers_share_one() {
    let (app, to) = tight("").await;
    invite(&app).await;
    let nobody = app.anonymous();
    let stranger = |n: usize| {
        let words = json!({ "text": format!("رأي {n}"), "guest": { "name": format!("ليلى {n}"), "email": null } });
        nobody.post(&to).json(&words).send()
    };
    let token = stranger(0).await.expect(201).text("/guestToken");
    let guest = |n: usize| comment(&nobody, &to, n).header("khabar-guest", &token).send();
    for n in 10..13 {
        guest(n).await.expect(201);
    }
    let refused = guest(13).await.refused(429, "too_many");
    assert_eq!(refused.header("ratelimit"), Some("\"account-minute\";r=0;t=20"));
    // From the machine itself, where nobody knows who stands behind it.
    for n in 1..6 {
        stranger(n).await.expect(201);
    }
    stranger(6).await.refused(429, "too_many");
}

#[actix_web::test]
async fn a_proxy_that_is_named_is_believed_of_the_one_behind_it_and_no_further() {
    let (app, to) = tight("[http]\ntrusted_proxies = [\"192.0.2.0/24\"]\n").await;
    let from = |client: &Client, n: usize, value: &str| comment(client, &to, n).header("x-forwarded-for", value).send();
    for address in ["198.51.100.7", "198.51.100.8", "2001:db8:0:1::1"] {
        for n in 0..2 {
            let reader = app.as_(Role::Reader).await;
            for step in 0..3 {
                // What the caller wrote stands before what the proxy adds.
                from(&reader, n * 10 + step, &format!("203.0.113.{step}, {address}")).await.expect(201);
            }
        }
        let reader = app.as_(Role::Reader).await;
        from(&reader, 99, &format!("203.0.113.99, {address}")).await.refused(429, "too_many");
    }
    let reader = app.as_(Role::Reader).await;
    from(&reader, 98, "2001:db8:0:1:ffff::2").await.refused(429, "too_many");
    from(&reader, 98, "2001:db8:0:2::1").await.expect(201);
}

#[actix_web::test]
async fn what_is_refused_asks_nothing_of_the_database_but_who_it_is() {
    let (app, to) = tight("").await;
    let reader = app.as_(Role::Reader).await;
    exhaust(&reader, &to).await;
    let before = app.statements();
    reader.get("/problems/stale").send().await.expect(200);
    let identified = app.statements() - before;
    comment(&reader, &to, 9).send().await.refused(429, "too_many");
    assert_eq!(app.statements() - before, 2 * identified);
}

#[actix_web::test]
async fn whoever_moderates_is_not_limited() {
    let (app, to) = tight("").await;
    let moderator = app.as_(Role::Moderator).await;
    for n in 0..8 {
        let made = comment(&moderator, &to, n).send().await.expect(201);
        assert_eq!(made.header("ratelimit"), None);
    }
}

#[actix_web::test]
async fn reactions_and_reports_have_limits_of_their_own() {
    let limits = "[limits]\nreactions = { per_minute = 2, per_hour = 0 }\nreports = { per_minute = 1, per_hour = 9 }\n";
    let app = TestApp::with(limits).await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let made = say(&app.as_(Role::Moderator).await, &to, "رأي", None).await.expect(201);
    let reader = app.as_(Role::Reader).await;
    let like = format!("{}/reactions/like", address(&made));
    reader.put(&like).send().await.expect(200);
    reader.delete(&like).send().await.expect(200);
    assert_eq!(wait(&reader.put(&like).send().await.refused(429, "too_many")), 30);
    let report = || reader.post(&format!("{}/reports", address(&made))).json(&json!({ "reason": "spam" })).send();
    report().await.expect(201);
    assert_eq!(wait(&report().await.refused(429, "too_many")), 60);
    comment(&reader, &to, 1).send().await.expect(201);
}

#[actix_web::test]
async fn many_accounts_at_once_from_one_address_wait_for_a_moderator() {
    let app = TestApp::new().await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    for n in 0..5 {
        comment(&app.as_(Role::Reader).await, &to, n).send().await.expect(201);
    }
    comment(&app.as_(Role::Reader).await, &to, 5).send().await.expect(202);
    app.clock.advance(Duration::from_secs(61));
    comment(&app.as_(Role::Reader).await, &to, 6).send().await.expect(201);
}

#[actix_web::test]
async fn where_a_comment_came_from_is_kept_as_a_hash_and_for_a_month() {
    let app = TestApp::new().await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    comment(&app.as_(Role::Reader).await, &to, 1).send().await.expect(201);
    let origins = || comments::table.select(comments::origin).load::<Option<Vec<u8>>>(&mut app.sql()).unwrap();
    let sweep = async || app.app.write(Actor::itself(), |tx| khabar::comments::forget_origins(tx, 10)).await.unwrap();
    let kept = origins().pop().flatten().unwrap();
    let own = app.app.limits().origin(HOME.parse().unwrap()).unwrap();
    assert_eq!((kept.as_slice(), kept.len()), (own.as_bytes(), 16));
    app.clock.advance(Duration::from_secs(29 * 86_400));
    assert_eq!(sweep().await, 0);
    app.clock.advance(Duration::from_secs(2 * 86_400));
    assert_eq!((sweep().await, origins()), (1, vec![None]));
}

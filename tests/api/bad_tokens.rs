//! Tokens that are no good: each is 401, also where no token is needed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use khabar::auth::{Actor, Role, revoke_session};
use khabar::db::schema::users;
use khabar::ids::{Id, SessionId};
use serde_json::{Value, json};

use crate::sources::SOURCES;
use crate::support::{ISSUER, SECRET, TestApp};

/// Some part of a token as JSON.
fn part(token: &str, n: usize) -> Value {
    let part = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn base64(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token that is signed well, whatever it says.
fn signed(algorithm: Algorithm, header: &Value, claims: &Value, secret: &str) -> String {
    let mut head = Header::new(algorithm);
    head.typ = header["typ"].as_str().map(String::from);
    head.kid = header["kid"].as_str().map(String::from);
    encode(&head, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// A value with one member changed, or removed by null.
fn with(value: &Value, name: &str, other: Value) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().insert(name.into(), other);
    if value[name].is_null() {
        value.as_object_mut().unwrap().remove(name);
    }
    value
}

/// One changed character in the middle of a part.
fn edited(token: &str, n: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(String::from).collect();
    let middle = parts[n].len() / 2;
    let other = if parts[n].as_bytes()[middle] == b'A' { "B" } else { "A" };
    parts[n].replace_range(middle..=middle, other);
    parts.join(".")
}

/// Name and `Authorization` of everything that must not pass.
fn forgeries(good: &str) -> Vec<(&'static str, String)> {
    let (header, claims) = (part(good, 0), part(good, 1));
    let hs256 = |header: &Value, claims: &Value| signed(Algorithm::HS256, header, claims, SECRET);
    let none = json!({ "alg": "none", "typ": "at+jwt", "kid": header["kid"] });
    let parts: Vec<&str> = good.split('.').collect();
    let tokens = [
        ("alg none, no signature", format!("{}.{}.", base64(&none), parts[1])),
        ("alg none, the old signature", format!("{}.{}.{}", base64(&none), parts[1], parts[2])),
        ("alg None", format!("{}.{}.", base64(&with(&none, "alg", json!("None"))), parts[1])),
        ("another algorithm", signed(Algorithm::HS512, &header, &claims, SECRET)),
        ("another secret", signed(Algorithm::HS256, &header, &claims, "another secret of more than 32 bytes, too")),
        ("an edited signature", edited(good, 2)),
        ("edited claims", edited(good, 1)),
        ("an edited header", edited(good, 0)),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("another audience", hs256(&header, &with(&claims, "aud", json!("other")))),
        ("no audience", hs256(&header, &with(&claims, "aud", Value::Null))),
        ("another issuer", hs256(&header, &with(&claims, "iss", json!("http://evil.test")))),
        ("no issuer", hs256(&header, &with(&claims, "iss", Value::Null))),
        ("no expiry", hs256(&header, &with(&claims, "exp", Value::Null))),
        ("expired", hs256(&header, &with(&claims, "exp", claims["iat"].clone()))),
        ("another type", hs256(&with(&header, "typ", json!("JWT")), &claims)),
        ("another key id", hs256(&with(&header, "kid", json!("00000000")), &claims)),
        ("no key id", hs256(&with(&header, "kid", Value::Null), &claims)),
        ("another account", hs256(&header, &with(&claims, "sub", claims["sid"].clone()))),
        ("an unknown session", hs256(&header, &with(&claims, "sid", claims["sub"].clone()))),
        ("a session that is no id", hs256(&header, &with(&claims, "sid", json!("1")))),
        ("nothing like a token", "x".into()),
        ("nothing", String::new()),
    ];
    let mut all: Vec<_> = tokens.into_iter().map(|(name, token)| (name, format!("Bearer {token}"))).collect();
    all.push(("Basic", format!("Basic {}", URL_SAFE_NO_PAD.encode("admin:admin"))));
    all.push(("the bare token", good.to_owned()));
    all.push(("only the scheme", "Bearer".into()));
    all
}

#[actix_web::test]
async fn a_forged_token_is_refused_even_where_none_is_needed() {
    let app = TestApp::new().await;
    let good = app.as_(Role::Admin).await.token().unwrap();
    assert_eq!(part(&good, 1)["iss"], ISSUER);
    let anyone = app.anonymous();
    for (name, authorization) in forgeries(&good) {
        for path in [SOURCES, "/api/v1/sources", "/health/live", "/nowhere"] {
            let answer = anyone.get(path).header("authorization", &authorization).send().await;
            assert_eq!((answer.status, &answer.json["code"]), (401, &json!("unauthenticated")), "{name} at {path}");
        }
    }
    let claims = part(&good, 1);
    let resigned = signed(Algorithm::HS256, &part(&good, 0), &claims, SECRET);
    anyone.get(SOURCES).header("authorization", &format!("bEARER {resigned}")).send().await.expect(200);
}

#[actix_web::test]
async fn two_tokens_are_none() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let more = format!("Bearer {}", admin.token().unwrap());
    admin.get(SOURCES).header("authorization", &more).send().await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn a_token_ends_after_its_minutes() {
    let app = TestApp::new().await;
    let authorization = format!("Bearer {}", app.as_(Role::Admin).await.token().unwrap());
    let get = || app.anonymous().get(SOURCES).header("authorization", &authorization);
    app.clock.advance(Duration::from_secs(15 * 60 - 1));
    get().send().await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    get().send().await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn the_stored_role_the_account_and_the_session_win_over_the_token() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let get = async || editor.get(SOURCES).send().await;
    get().await.expect(200);
    let own = || users::table.filter(users::id.eq(editor.id()));
    let of = |role: Role| diesel::update(own()).set(users::role.eq(role)).execute(&mut app.sql()).unwrap();
    of(Role::Reader);
    get().await.refused(403, "forbidden");
    of(Role::Editor);
    get().await.expect(200);
    diesel::update(own()).set(users::is_active.eq(false)).execute(&mut app.sql()).unwrap();
    get().await.refused(401, "unauthenticated");
    diesel::update(own()).set(users::is_active.eq(true)).execute(&mut app.sql()).unwrap();
    let session: SessionId = Id::parse(part(&editor.token().unwrap(), 1)["sid"].as_str().unwrap()).unwrap();
    app.app.write(Actor::operator(), move |tx| revoke_session(tx, session)).await.unwrap();
    get().await.refused(401, "unauthenticated");
}

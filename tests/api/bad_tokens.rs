//! Tokens that are no good: each is 401, also where no token is needed.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use khabar::auth::{Actor, Role, open_session, revoke_session};
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

/// A token of these texts as they are, signed with a key.
fn raw(header: &str, claims: &str, key: &[u8]) -> String {
    let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), parts.as_bytes());
    format!("{parts}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Heads that tell the server where to find the key, or what it must understand: each signed by whoever says so, and by us.
fn heads(good: &str) -> Vec<(String, String)> {
    let (header, claims) = (part(good, 0), part(good, 1).to_string());
    let own = "a key that whoever sends the token has, too";
    let jwk = json!({ "kty": "oct", "alg": "HS256", "kid": header["kid"], "k": URL_SAFE_NO_PAD.encode(own) });
    let members = [
        ("jku", json!("https://evil.example/jwks.json")),
        ("jku", json!("file:///dev/null")),
        ("jwk", jwk),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!([URL_SAFE_NO_PAD.encode("a certificate")])),
        ("x5t", json!("dGh1bWJwcmludA")),
        ("crit", json!(["exp"])),
        ("crit", json!(["http://evil.example/understand"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("nonce", json!("x")),
        ("url", json!("http://evil.example")),
        ("anything", json!(1)),
        ("kid", json!("/dev/null")),
        ("kid", json!("../../../../../../dev/null")),
        ("kid", json!("' UNION SELECT 'x' -- ")),
        ("kid", json!("https://evil.example/key")),
        ("kid", json!("http://127.0.0.1:1/key")),
        ("kid", json!("")),
        ("kid", json!(["x"])),
        ("kid", json!(0)),
        ("typ", json!("AT+JWT")),
        ("typ", json!("application/at+jwt")),
        ("typ", json!("guest+jwt")),
        ("alg", json!("RS256")),
        ("alg", json!("ES256")),
        ("alg", json!("PS256")),
        ("alg", json!("EdDSA")),
        ("alg", json!("HS384")),
        ("alg", json!("hs256")),
        ("alg", json!("")),
        ("alg", json!(null)),
    ];
    // What is public or easy to guess, such as what a key that can't be found would be.
    let key_id = header["kid"].as_str().unwrap();
    let keys = [SECRET, own, ISSUER, key_id, "", "x", "null", "secret"];
    let mut all = Vec::new();
    for (name, value) in members {
        let header = with(&header, name, value.clone()).to_string();
        all.extend(
            keys.map(|key| (format!("{name} {value}, signed with {key:?}"), raw(&header, &claims, key.as_bytes()))),
        );
    }
    let ours = keys.into_iter().filter(|key| *key != SECRET);
    all.extend(ours.map(|key| (format!("signed with {key:?}"), raw(&header.to_string(), &claims, key.as_bytes()))));
    all
}

/// Claims that we would never make, signed by us.
fn claims(good: &str) -> Vec<(String, String)> {
    let (header, claims) = (part(good, 0).to_string(), part(good, 1));
    let members = [
        ("exp", json!(claims["exp"].to_string())),
        ("exp", json!("9999999999")),
        ("exp", json!("")),
        ("exp", json!(true)),
        ("exp", json!([claims["exp"]])),
        ("exp", json!({ "$gt": 0 })),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(i64::MIN)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(1e300)),
        ("exp", json!(-1e300)),
        ("exp", json!(32_503_680_000_i64)),
        ("aud", json!("khabar-guest")),
        ("aud", json!("KHABAR-API")),
        ("aud", json!(["khabar-api"])),
        ("aud", json!(["khabar-api", "other"])),
        ("aud", json!("")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("iss", json!([ISSUER])),
        ("iss", json!("")),
        ("sub", json!("admin")),
        ("sub", json!(1)),
        ("sub", json!("' OR 1=1 -- ")),
        ("sid", json!(null)),
        ("sid", json!("0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    ];
    let changed = |(name, value): (&str, Value)| {
        let claims = with(&claims, name, value.clone()).to_string();
        (format!("{name} {value}"), raw(&header, &claims, SECRET.as_bytes()))
    };
    let mut all: Vec<_> = members.into_iter().map(changed).collect();
    let twice = claims.to_string().replacen('{', "{\"exp\":1,", 1);
    all.push(("exp twice".into(), raw(&header, &twice, SECRET.as_bytes())));
    let endless = claims.to_string().replacen(&claims["exp"].to_string(), "1e999", 1);
    all.push(("exp without end".into(), raw(&header, &endless, SECRET.as_bytes())));
    all.push(("no object".into(), raw(&header, "[]", SECRET.as_bytes())));
    all
}

/// The same bits, written in another way.
fn spellings(good: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    // The last letter of 32 bytes holds two bits that mean nothing.
    let (rest, last) = parts[2].split_at(parts[2].len() - 1);
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = letters.chars().nth(letters.find(last).unwrap() + 1).unwrap();
    [
        ("bits behind the signature", format!("{}.{}.{rest}{next}", parts[0], parts[1])),
        ("padding", format!("{good}=")),
        ("another letter behind", format!("{good}A")),
        ("a part more", format!("{good}.{}", parts[2])),
        ("an empty part more", format!("{good}.")),
        ("five parts", format!("{}..{}.{}.{}", parts[0], parts[1], parts[2], parts[2])),
        ("white space within", format!("{}.{}.\t{}", parts[0], parts[1], parts[2])),
    ]
    .map(|(name, token)| (name.to_owned(), token))
    .into()
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
async fn no_head_no_claim_and_no_spelling_makes_a_token_of_ours() {
    let app = TestApp::new().await;
    let good = app.as_(Role::Admin).await.token().unwrap();
    let anyone = app.anonymous();
    let ask = |token: &str| anyone.get(SOURCES).header("authorization", &format!("Bearer {token}")).send();
    let same = raw(&part(&good, 0).to_string(), &part(&good, 1).to_string(), SECRET.as_bytes());
    ask(&same).await.expect(200);
    for (name, token) in [heads(&good), claims(&good), spellings(&good)].concat() {
        let answer = ask(&token).await;
        assert_eq!((answer.status, &answer.json["code"]), (401, &json!("unauthenticated")), "{name}");
    }
}

#[actix_web::test]
async fn no_token_passes_for_one_of_another_kind() {
    let app = TestApp::new().await;
    let now = app.app.now();
    let reader = app.as_(Role::Reader).await;
    let access = reader.token().unwrap();
    let guest = app.app.tokens().sign_guest(app.app.ids().next(now), now).unwrap();
    let (tokens, id) = (app.app.tokens(), reader.id());
    let session = app.app.clone();
    let refresh = app
        .app
        .write(Actor::operator(), move |tx| open_session(tx, &session, (id, tx.now), None, false))
        .await
        .unwrap()
        .refresh_token;
    assert!(tokens.read_guest(&guest, now).is_some() && tokens.read(&access, now).is_some());
    for token in [&guest, &refresh] {
        let ask = app.anonymous().get("/api/v1/me").header("authorization", &format!("Bearer {token}"));
        ask.send().await.refused(401, "unauthenticated");
    }
    for token in [&access, &refresh] {
        assert!(tokens.read_guest(token, now).is_none());
    }
    for token in [&access, &guest] {
        let ask = app.anonymous().post("/api/v1/auth/refresh").json(&json!({ "refreshToken": token }));
        // It is longer than any that there is.
        assert_eq!(ask.send().await.refused(422, "invalid").errors(), ["/refreshToken too_long"]);
    }
    // A guest's token with the kind or the audience of the others, and theirs with a guest's.
    for (token, kind, audience) in [(&guest, "at+jwt", "khabar-guest"), (&guest, "guest+jwt", "khabar-api")] {
        let head = with(&part(token, 0), "typ", json!(kind)).to_string();
        let told =
            with(&with(&part(token, 1), "aud", json!(audience)), "exp", part(&access, 1)["exp"].clone()).to_string();
        let mixed = raw(&head, &told, SECRET.as_bytes());
        assert!(tokens.read(&mixed, now).is_none() && tokens.read_guest(&mixed, now).is_none(), "{kind} {audience}");
    }
    let late = with(&part(&guest, 1), "iat", json!(i64::MAX)).to_string();
    assert!(tokens.read_guest(&raw(&part(&guest, 0).to_string(), &late, SECRET.as_bytes()), now).is_none());
}

#[actix_web::test]
async fn a_token_says_nothing_of_what_its_holder_may_do() {
    let app = TestApp::new().await;
    let good = app.as_(Role::Reader).await.token().unwrap();
    let mut claims = part(&good, 1);
    for (name, value) in [("role", json!("admin")), ("roles", json!(["admin"])), ("scope", json!("*"))] {
        claims = with(&claims, name, value);
    }
    let ask = |token: &str| app.anonymous().get(SOURCES).header("authorization", &format!("Bearer {token}"));
    let parts: Vec<&str> = good.split('.').collect();
    let tampered = format!("{}.{}.{}", parts[0], base64(&claims), parts[2]);
    ask(&tampered).send().await.refused(401, "unauthenticated");
    let signed = raw(&part(&good, 0).to_string(), &claims.to_string(), SECRET.as_bytes());
    ask(&signed).send().await.refused(403, "forbidden");
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

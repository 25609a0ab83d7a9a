#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, clippy::indexing_slicing)]
use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::config::Config;

const NOW: &str = "2026-01-15T12:00:00Z";

fn settings(more: &str) -> Oidc {
    let lines = format!(
        "[oidc]\nissuer = \"https://login.example\"\nclient_id = \"khabar\"\n\
         redirect_urls = [\"https://desk.example/signed-in\"]\n\
         roles = {{ writers = \"journalist\", hosts = \"moderator\", desk = \"editor\", chiefs = \"admin\" }}\n{more}"
    );
    Config::with(&lines).unwrap().oidc.unwrap()
}

fn now() -> UtcTime {
    UtcTime::parse(NOW).unwrap()
}

/// A good token's claims, with some of them otherwise; null takes one out.
fn claims(other: Value) -> Option<Claims> {
    let at = now().seconds();
    let mut all = json!({ "iss": "https://login.example", "sub": "s-1", "aud": "khabar", "exp": at + 300, "iat": at, "nonce": "n" });
    for (name, value) in other.as_object().unwrap() {
        all[name] = value.clone();
    }
    all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    serde_json::from_value(all).ok()
}

fn vouched(other: Value) -> Result<Vouched, Flaw> {
    claims(other).unwrap().vouch(&settings(""), "n", now())
}

#[test]
fn all_of_an_attempt_follows_from_its_secret_and_differs() {
    let of = |secret: &str| {
        let binding = Binding::new(secret.into());
        [binding.state(), binding.nonce(), binding.verifier(), binding.challenge()]
    };
    let both: HashSet<String> = of("a").into_iter().chain(of("b")).collect();
    assert_eq!((both.len(), of("a")), (8, of("a")));
    assert!(both.iter().all(|text| text.len() == 43));
}

#[test]
fn a_challenge_is_the_one_of_rfc_7636() {
    // The RFC's appendix B gives the hash of a verifier; ours is made the same way.
    let theirs = URL_SAFE_NO_PAD.encode(Sha256::digest("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    assert_eq!(theirs, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let binding = Binding::new("secret".into());
    assert_eq!(binding.challenge(), URL_SAFE_NO_PAD.encode(Sha256::digest(binding.verifier())));
}

#[test]
fn a_token_that_is_wrong_in_one_thing_is_refused_for_it() {
    let at = now().seconds();
    for (other, flaw) in [
        (json!({ "iss": "https://login.example/" }), Flaw::Issuer),
        (json!({ "iss": "" }), Flaw::Issuer),
        (json!({ "aud": "other" }), Flaw::Audience),
        (json!({ "aud": [] }), Flaw::Audience),
        (json!({ "aud": ["khabar", "other"] }), Flaw::Audience),
        (json!({ "aud": ["khabar", "other"], "azp": "other" }), Flaw::Audience),
        (json!({ "azp": "other" }), Flaw::Audience),
        (json!({ "exp": at - 60 }), Flaw::Time),
        (json!({ "iat": at + 61 }), Flaw::Time),
        (json!({ "nbf": at + 61 }), Flaw::Time),
        (json!({ "nonce": "m" }), Flaw::Nonce),
        (json!({ "sub": "" }), Flaw::Subject),
        (json!({ "sub": "s".repeat(256) }), Flaw::Subject),
        (json!({ "sub": "a\0" }), Flaw::Subject),
    ] {
        assert_eq!(vouched(other.clone()).map(|vouched| vouched.subject), Err(flaw), "{other}");
    }
    for name in ["iss", "sub", "aud", "exp", "iat", "nonce"] {
        assert!(claims(json!({ name: null })).is_none(), "{name}");
    }
    for (name, value) in [("exp", json!("soon")), ("aud", json!(7)), ("iss", json!(["https://login.example"]))] {
        assert!(claims(json!({ name: value })).is_none(), "{name}");
    }
}

#[test]
fn a_token_is_good_at_the_edges_of_what_clocks_may_differ() {
    let at = now().seconds();
    for other in [
        json!({}),
        json!({ "exp": at - 59 }),
        json!({ "iat": at + 60 }),
        json!({ "nbf": at + 60 }),
        json!({ "aud": ["khabar"] }),
        json!({ "aud": ["other", "khabar"], "azp": "khabar" }),
        json!({ "sub": "s".repeat(255) }),
    ] {
        assert!(vouched(other.clone()).is_ok(), "{other}");
    }
}

#[test]
fn an_address_counts_only_where_the_provider_has_confirmed_it() {
    let email =
        |confirmed: Value| vouched(json!({ "email": "sara@example.org", "email_verified": confirmed })).unwrap().email;
    assert_eq!(email(json!(true)).as_deref(), Some("sara@example.org"));
    for other in [json!(false), json!("true"), json!(1), Value::Null] {
        assert_eq!(email(other.clone()), None, "{other}");
    }
}

#[test]
fn the_highest_of_the_roles_counts_in_whatever_order_they_are_told() {
    for (groups, role) in [
        (json!(["writers", "desk", "hosts"]), Some(Role::Editor)),
        (json!(["hosts", "writers"]), Some(Role::Moderator)),
        (json!(["chiefs", "writers"]), Some(Role::Admin)),
        (json!("writers"), Some(Role::Journalist)),
        (json!(["Writers", "guests", 7, null, ["desk"]]), None),
        (json!([]), None),
        (json!({ "desk": true }), None),
    ] {
        assert_eq!(vouched(json!({ "groups": groups })).unwrap().role, role, "{groups}");
    }
    assert_eq!(vouched(json!({})).unwrap().role, None);
}

#[test]
fn roles_are_found_where_the_settings_say() {
    let told = |claim: &str, other: Value| {
        claims(other).unwrap().vouch(&settings(&format!("role_claim = \"{claim}\"")), "n", now()).unwrap().role
    };
    let nested = json!({ "realm_access": { "roles": ["desk"] }, "https://a.example/roles": ["hosts"] });
    assert_eq!(told("/realm_access/roles", nested.clone()), Some(Role::Editor));
    assert_eq!(told("https://a.example/roles", nested.clone()), Some(Role::Moderator));
    assert_eq!(told("/realm_access/groups", nested.clone()), None);
    assert_eq!(told("realm_access", nested), None);
}

#[test]
fn a_proof_must_come_after_the_attempt_began() {
    let at = now().seconds();
    let is_fresh = |auth_time: Value| vouched(json!({ "auth_time": auth_time })).unwrap().must_be_fresh(now()).is_ok();
    assert!(is_fresh(json!(at)) && is_fresh(json!(at - 10)) && is_fresh(json!(at + 10)));
    assert!(!is_fresh(json!(at - 11)) && !is_fresh(json!(0)) && !is_fresh(Value::Null));
    // What lies in the future counts as now.
    assert_eq!(vouched(json!({ "auth_time": at + 3_600 })).unwrap().proved_at, Some(now()));
}

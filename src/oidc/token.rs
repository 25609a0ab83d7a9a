//! ID tokens and the keys that sign them. A token says which key; the key says which algorithm, and never is a secret that
//! both sides know: a public key that is taken for one would let anybody sign.

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;

use super::model::{Claims, Flaw};

/// Keys of a provider that are looked at.
const KEYS_MAX: usize = 100;

/// The keys of a provider that may sign ID tokens (RFC 7517).
pub struct Keys(Vec<Key>);

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
}

impl Keys {
    /// Reads a set of keys; those that are for something else are left out.
    pub fn read(set: &Value) -> Option<Self> {
        let all = set.get("keys")?.as_array()?;
        Some(Self(all.iter().take(KEYS_MAX).filter_map(Key::read).collect()))
    }

    /// The one key that a head means. One without a name is meant only where there is no choice.
    fn find(&self, header: &Header) -> Option<&Key> {
        let is_meant = |key: &&Key| {
            key.algorithm == header.alg && (header.kid.is_none() || key.id.as_ref() == header.kid.as_ref())
        };
        let mut meant = self.0.iter().filter(is_meant);
        meant.next().filter(|_| meant.next().is_none())
    }
}

impl Key {
    fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let (algorithm, name, decoding) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (Algorithm::RS256, "RS256", DecodingKey::from_rsa_components(text("n")?, text("e")?)),
            ("EC", Some("P-256")) => {
                (Algorithm::ES256, "ES256", DecodingKey::from_ec_components(text("x")?, text("y")?))
            }
            ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, "EdDSA", DecodingKey::from_ed_components(text("x")?)),
            _ => return None,
        };
        let verifies = |uses: &Value| uses.as_array().is_some_and(|uses| uses.iter().any(|one| one == "verify"));
        let is_for_this = text("use").is_none_or(|purpose| purpose == "sig")
            && text("alg").is_none_or(|told| told == name)
            && key.get("key_ops").is_none_or(verifies);
        let decoding = decoding.ok().filter(|_| is_for_this)?;
        Some(Self { id: text("kid").map(String::from), algorithm, decoding })
    }
}

/// What a token says, if one of these keys has signed it. Whether that is right, now and for us, is another question.
///
/// # Errors
/// [`Flaw::Form`], [`Flaw::Key`] or [`Flaw::Signature`].
pub fn read(token: &str, keys: &Keys) -> Result<Claims, Flaw> {
    let header = decode_header(token).map_err(|_| Flaw::Form)?;
    // Access tokens (RFC 9068) and others have types of their own; what is critical is not understood (RFC 7515 §4.1.11).
    let is_plain = header.typ.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("JWT")) && header.crit.is_none();
    if !is_plain || !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA) {
        return Err(Flaw::Form);
    }
    let key = keys.find(&header).ok_or(Flaw::Key)?;
    let mut rules = Validation::new(key.algorithm);
    // All claims are looked at by our own clock and rules.
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_aud) = (false, false);
    Ok(decode::<Claims>(token, &key.decoding, &rules).map_err(|_| Flaw::Signature)?.claims)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn b64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn ed() -> (Ed25519KeyPair, Value) {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public = b64(pair.public_key());
        (pair, json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": public }))
    }

    fn signed(pair: &Ed25519KeyPair, header: &Value) -> String {
        let claims = json!({ "iss": "i", "sub": "s", "aud": "a", "exp": 1, "iat": 1, "nonce": "n" });
        let told = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        format!("{told}.{}", b64(pair.sign(told.as_bytes())))
    }

    fn flaw(token: &str, keys: &[Value]) -> Option<Flaw> {
        read(token, &Keys::read(&json!({ "keys": keys })).unwrap()).err()
    }

    #[test]
    fn a_token_is_read_whose_key_is_named_or_the_only_one() {
        let ((pair, key), (_, other)) = (ed(), ed());
        for (header, keys, expected) in [
            (json!({ "alg": "EdDSA", "kid": "a" }), vec![key.clone()], None),
            (json!({ "alg": "EdDSA" }), vec![key.clone()], None),
            (json!({ "alg": "EdDSA", "typ": "jwt" }), vec![key.clone()], None),
            (json!({ "alg": "EdDSA", "kid": "b" }), vec![key.clone()], Some(Flaw::Key)),
            (json!({ "alg": "EdDSA" }), vec![key.clone(), other.clone()], Some(Flaw::Key)),
            (json!({ "alg": "EdDSA", "kid": "a" }), vec![key.clone(), other.clone()], Some(Flaw::Key)),
            (json!({ "alg": "EdDSA", "kid": "a" }), vec![], Some(Flaw::Key)),
            (json!({ "alg": "EdDSA", "kid": "a" }), vec![other], Some(Flaw::Signature)),
            (json!({ "alg": "ES256", "kid": "a" }), vec![key.clone()], Some(Flaw::Key)),
        ] {
            assert_eq!(flaw(&signed(&pair, &header), &keys), expected, "{header}");
        }
    }

    #[test]
    fn a_head_that_is_not_plain_is_refused_whatever_the_signature() {
        let (pair, key) = ed();
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "HS256", "kid": "a" }),
            json!({ "alg": "RS512", "kid": "a" }),
            json!({ "alg": "PS256", "kid": "a" }),
            json!({ "alg": "EdDSA", "kid": "a", "typ": "at+jwt" }),
            json!({ "alg": "EdDSA", "kid": "a", "typ": "logout+jwt" }),
            json!({ "alg": "EdDSA", "kid": "a", "crit": ["b64"] }),
            json!({ "kid": "a" }),
            json!([]),
        ] {
            assert_eq!(flaw(&signed(&pair, &header), std::slice::from_ref(&key)), Some(Flaw::Form), "{header}");
        }
        for token in ["", "a", "a.b", "a.b.c", "....", "e30.e30.e30"] {
            assert_eq!(flaw(token, std::slice::from_ref(&key)), Some(Flaw::Form), "{token}");
        }
        let whole = signed(&pair, &json!({ "alg": "EdDSA" }));
        let (stripped, _) = whole.rsplit_once('.').unwrap();
        assert_eq!(flaw(&format!("{stripped}."), &[key]), Some(Flaw::Signature));
    }

    #[test]
    fn keys_for_something_else_are_left_out() {
        let (pair, key) = ed();
        let token = signed(&pair, &json!({ "alg": "EdDSA", "kid": "a" }));
        let with = |name: &str, value: Value| {
            let mut key = key.clone();
            key[name] = value;
            flaw(&token, &[key])
        };
        for (name, value) in [
            ("use", json!("enc")),
            ("alg", json!("ES256")),
            ("alg", json!("HS256")),
            ("key_ops", json!(["encrypt"])),
            ("crv", json!("X25519")),
            ("kty", json!("oct")),
            ("x", json!("!")),
        ] {
            assert_eq!(with(name, value.clone()), Some(Flaw::Key), "{name} {value}");
        }
        for (name, value) in [("use", json!("sig")), ("alg", json!("EdDSA")), ("key_ops", json!(["verify"]))] {
            assert_eq!(with(name, value.clone()), None, "{name} {value}");
        }
        assert!(Keys::read(&json!({})).is_none() && Keys::read(&json!({ "keys": {} })).is_none());
    }

    #[test]
    fn an_elliptic_key_verifies_what_its_other_half_signs() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        let (x, y) = point.get(1..).unwrap().split_at(32);
        let key = json!({ "kty": "EC", "crv": "P-256", "kid": "a", "x": b64(x), "y": b64(y) });
        let claims = json!({ "iss": "i", "sub": "s", "aud": "a", "exp": 1, "iat": 1, "nonce": "n" });
        let told = format!("{}.{}", b64(json!({ "alg": "ES256", "kid": "a" }).to_string()), b64(claims.to_string()));
        let signature = pair.sign(&SystemRandom::new(), told.as_bytes()).unwrap();
        assert_eq!(flaw(&format!("{told}.{}", b64(signature)), &[key]), None);
    }
}

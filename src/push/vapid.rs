//! Says to push services who sends (VAPID, RFC 8292): a short-lived token, signed with the key that browsers were
//! given when they subscribed.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use crate::outbound::Url;
use crate::time::UtcTime;

/// How long a token is good for; push services refuse more than a day.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Why there is no key or no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VapidError {
    /// The bytes are no key, or none could be made.
    #[error("the VAPID key can't be used")]
    BadKey,
    /// The push service's address is none.
    #[error("the address of the push service can't be read")]
    BadEndpoint,
}

/// The key that subscriptions are bound to: with another one every browser would have to subscribe again.
#[derive(Clone)]
pub struct VapidKey {
    /// PKCS #8.
    private: Vec<u8>,
    public: String,
}

impl VapidKey {
    /// A fresh one.
    pub fn fresh() -> Result<Self, VapidError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| VapidError::BadKey)?;
        let private = pair.to_pkcs8v1().map_err(|_| VapidError::BadKey)?;
        Self::from_bytes(private.as_ref())
    }

    /// The one that was kept.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VapidError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map_err(|_| VapidError::BadKey)?;
        Ok(Self { private: bytes.to_vec(), public: URL_SAFE_NO_PAD.encode(pair.public_key()) })
    }

    /// The bytes to keep, sealed. They are secret.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.private.clone()
    }

    /// What a browser takes as `applicationServerKey`: 65 bytes in base64url.
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// The value of `Authorization` for the push service at an endpoint. The subject is a `mailto:` or `https:`
    /// address where the service's people find us.
    pub fn authorization(&self, endpoint: &str, subject: &str, now: UtcTime) -> Result<String, VapidError> {
        let service = Url::parse(endpoint).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let service = service.ok_or(VapidError::BadEndpoint)?.origin().ascii_serialization();
        let claims = Claims { aud: &service, exp: now.after(LIFETIME).seconds(), sub: subject };
        let token = encode(&Header::new(Algorithm::ES256), &claims, &EncodingKey::from_ec_der(&self.private));
        let token = token.map_err(|_| VapidError::BadKey)?;
        Ok(format!("vapid t={token}, k={}", self.public))
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VapidKey({})", self.public)
    }
}

/// What a token says (RFC 8292 §2).
#[derive(Serialize)]
struct Claims<'c> {
    aud: &'c str,
    exp: i64,
    sub: &'c str,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use serde_json::Value;

    const ENDPOINT: &str = "https://push.example.net/send/abc?secret=1";
    const SUBJECT: &str = "mailto:desk@khabar.example";

    fn noon() -> UtcTime {
        UtcTime::parse("2026-01-15T12:00:00Z").unwrap()
    }

    /// The token and the key of a header.
    fn parts(header: &str) -> (&str, &str) {
        header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap()
    }

    fn claims(token: &str, key: &str) -> Option<Value> {
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_audience(&["https://push.example.net"]);
        rules.validate_exp = false;
        let point = URL_SAFE_NO_PAD.decode(key).unwrap();
        decode(token, &DecodingKey::from_ec_der(&point), &rules).ok().map(|token| token.claims)
    }

    #[test]
    fn a_token_says_to_whom_until_when_and_who_we_are() {
        let key = VapidKey::fresh().unwrap();
        let header = key.authorization(ENDPOINT, SUBJECT, noon()).unwrap();
        let (token, public) = parts(&header);
        assert_eq!(public, key.public_key());
        let exp = noon().seconds() + 12 * 60 * 60;
        let said = serde_json::json!({ "aud": "https://push.example.net", "exp": exp, "sub": SUBJECT });
        assert_eq!(claims(token, public), Some(said));
        assert_eq!(claims(token, VapidKey::fresh().unwrap().public_key()), None);
    }

    #[test]
    fn the_audience_is_the_origin_of_the_endpoint() {
        let key = VapidKey::fresh().unwrap();
        for (endpoint, audience) in [
            ("https://PUSH.example.net/a", "https://push.example.net"),
            ("https://push.example.net:443/a", "https://push.example.net"),
            ("https://push.example.net:8443/a", "https://push.example.net:8443"),
            ("http://127.0.0.1:9000/a", "http://127.0.0.1:9000"),
        ] {
            let header = key.authorization(endpoint, SUBJECT, noon()).unwrap();
            let payload = parts(&header).0.split('.').nth(1).unwrap();
            let said: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
            assert_eq!(said.get("aud").unwrap(), audience);
        }
        for endpoint in ["", "/send", "mailto:a@b.example", "data:,a", "wss://a.example/"] {
            assert_eq!(key.authorization(endpoint, SUBJECT, noon()), Err(VapidError::BadEndpoint), "{endpoint}");
        }
    }

    #[test]
    fn a_key_that_was_kept_is_the_same_and_its_secret_is_never_shown() {
        let key = VapidKey::fresh().unwrap();
        let kept = VapidKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(kept.public_key(), key.public_key());
        assert_eq!(URL_SAFE_NO_PAD.decode(key.public_key()).unwrap().len(), 65);
        assert_eq!(format!("{key:?}"), format!("VapidKey({})", key.public_key()));
        assert_ne!(VapidKey::fresh().unwrap().public_key(), key.public_key());
        assert_eq!(VapidKey::from_bytes(b"nothing").err(), Some(VapidError::BadKey));
    }
}

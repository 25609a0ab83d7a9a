//! Access tokens: signed JWTs (RFC 9068) that live for minutes. A token only names a session; what its holder
//! may do is looked up.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{SessionId, UserId};
use crate::problem::Problem;
use crate::text::hex;
use crate::time::UtcTime;

/// Who a token is for; refresh tokens are not JWTs and can never pass as one.
const AUDIENCE: &str = "khabar-api";
/// The media type of an access token (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The account.
    pub sub: UserId,
    /// The session.
    pub sid: SessionId,
    iat: i64,
    exp: i64,
}

/// Signs and reads access tokens with one pinned algorithm.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    key_id: String,
    issuer: String,
    lifetime: Duration,
}

impl Tokens {
    /// Signs with this secret, as this issuer.
    pub fn new(secret: &[u8], issuer: &str, lifetime_minutes: u32) -> Self {
        let digest = Sha256::digest(secret);
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            key_id: hex(digest.as_slice()).chars().take(8).collect(),
            issuer: issuer.to_owned(),
            lifetime: Duration::from_secs(u64::from(lifetime_minutes) * 60),
        }
    }

    /// Seconds that a token is good for.
    pub const fn lifetime_seconds(&self) -> u64 {
        self.lifetime.as_secs()
    }

    /// A token for a session.
    pub fn sign(&self, user: UserId, session: SessionId, now: UtcTime) -> Result<String, Problem> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.into());
        header.kid = Some(self.key_id.clone());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: user,
            sid: session,
            iat: now.seconds(),
            exp: now.after(self.lifetime).seconds(),
        };
        encode(&header, &claims, &self.encoding).map_err(Problem::internal)
    }

    /// What a token says, if it is ours, meant for us, and not expired.
    pub fn read(&self, token: &str, now: UtcTime) -> Option<Claims> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        rules.required_spec_claims = HashSet::from(["exp", "iss", "aud", "sub"].map(String::from));
        // By our own clock, below.
        rules.validate_exp = false;
        let token = decode::<Claims>(token, &self.decoding, &rules).ok()?;
        let ours = token.header.kid.as_deref() == Some(&self.key_id) && token.header.typ.as_deref() == Some(TYPE);
        (ours && now.seconds() < token.claims.exp).then_some(token.claims)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

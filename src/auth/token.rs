//! Access tokens: signed JWTs (RFC 9068) that live for minutes. A token only names a session; what its holder
//! may do is looked up. The tokens of guests are told from them by audience and type: neither passes for the other.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{CommenterId, SessionId, UserId};
use crate::problem::Problem;
use crate::text::hex;
use crate::time::UtcTime;

/// Who a token is for; refresh tokens are not JWTs and can never pass as one.
const AUDIENCE: &str = "khabar-api";
/// The media type of an access token (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";
/// Who a guest's token is for.
const GUEST_AUDIENCE: &str = "khabar-guest";
/// The media type of a guest's token.
const GUEST_TYPE: &str = "guest+jwt";

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

/// How far apart the clocks of two nodes may be.
const CLOCKS: Duration = Duration::from_secs(60);

/// How long a guest's token is good: as long as somebody may still want to take back what they said.
const GUEST_LIFETIME: Duration = Duration::from_secs(365 * 86_400);

/// What a guest's token says: which guest, and nothing about them. It is good for a year, while there is such a guest.
#[derive(Serialize, Deserialize)]
struct GuestClaims {
    iss: String,
    aud: String,
    sub: CommenterId,
    iat: i64,
}

/// A secret that tokens are signed with, and what tokens call it.
struct SigningKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    id: String,
}

impl SigningKey {
    fn new(secret: &[u8]) -> Self {
        let digest = Sha256::digest(secret);
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            id: hex(digest.as_slice()).chars().take(8).collect(),
        }
    }

    /// The head of every token of a kind.
    fn header(&self, kind: &str) -> Header {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(kind.into());
        header.kid = Some(self.id.clone());
        header
    }
}

/// Signs and reads access tokens with one pinned algorithm.
pub struct Tokens {
    present: SigningKey,
    /// What was signed with before is still read.
    past: Option<SigningKey>,
    issuer: String,
    lifetime: Duration,
}

impl Tokens {
    /// Signs with this secret, as this issuer, and reads what was signed with the one before, too.
    pub fn new(secret: &[u8], before: Option<&[u8]>, issuer: &str, lifetime_minutes: u32) -> Self {
        Self {
            present: SigningKey::new(secret),
            past: before.map(SigningKey::new),
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
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: user,
            sid: session,
            iat: now.seconds(),
            exp: now.after(self.lifetime).seconds(),
        };
        self.encode(TYPE, &claims)
    }

    /// A token for a guest.
    pub fn sign_guest(&self, guest: CommenterId, now: UtcTime) -> Result<String, Problem> {
        let (iss, aud) = (self.issuer.clone(), GUEST_AUDIENCE.into());
        self.encode(GUEST_TYPE, &GuestClaims { iss, aud, sub: guest, iat: now.seconds() })
    }

    /// What a token says, if it is ours, meant for us, and not expired. One that is good for longer than any that is made now
    /// was not made by us, or before the operator made them shorter.
    pub fn read(&self, token: &str, now: UtcTime) -> Option<Claims> {
        // The expiry is looked at by our own clock.
        let claims: Claims = self.decode(token, (AUDIENCE, TYPE), &["exp", "iss", "aud", "sub"])?;
        let last = now.after(self.lifetime).after(CLOCKS).seconds();
        (now.seconds() < claims.exp && claims.exp <= last).then_some(claims)
    }

    /// Which guest a token is for, if it is ours, a guest's, and not expired.
    pub fn read_guest(&self, token: &str, now: UtcTime) -> Option<CommenterId> {
        let claims: GuestClaims = self.decode(token, (GUEST_AUDIENCE, GUEST_TYPE), &["iss", "aud", "sub"])?;
        let is_young = now.before(GUEST_LIFETIME).seconds() < claims.iat && claims.iat <= now.after(CLOCKS).seconds();
        is_young.then_some(claims.sub)
    }

    fn encode(&self, kind: &str, claims: &impl Serialize) -> Result<String, Problem> {
        encode(&self.present.header(kind), claims, &self.present.encoding).map_err(Problem::internal)
    }

    fn decode<T: DeserializeOwned>(&self, token: &str, meant: (&str, &str), required: &[&str]) -> Option<T> {
        let (audience, kind) = meant;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[audience]);
        rules.required_spec_claims = required.iter().copied().map(String::from).collect::<HashSet<_>>();
        rules.validate_exp = false;
        // No key is looked up anywhere but among our own, and nothing else is understood: what is critical is refused (RFC 7515
        // §4.1.11), and so is whatever we would not have written.
        let read = |key: &SigningKey| {
            let token = decode::<T>(token, &key.decoding, &rules).ok()?;
            (token.header == key.header(kind)).then_some(token.claims)
        };
        read(&self.present).or_else(|| self.past.as_ref().and_then(read))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

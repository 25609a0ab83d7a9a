//! A sign-in at a provider as values: the secret that everything unforeseeable of it follows from, what an ID token says, and
//! whom the provider vouches for.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::auth::Role::{self, Admin, Editor, Journalist, Moderator};
use crate::config::Oidc;
use crate::text_enum;
use crate::time::UtcTime;

/// How far apart our clock and the provider's may be.
const CLOCKS: Duration = Duration::from_secs(60);
/// The same for a proof that must be fresh.
const CLOCKS_OF_A_PROOF: Duration = Duration::from_secs(10);
/// The longest subject, in bytes (OpenID Connect Core §2).
const SUBJECT_BYTES_MAX: usize = 255;
/// Of several roles the first of these counts.
const RANKS: [Role; 4] = [Admin, Editor, Moderator, Journalist];

text_enum! {
    /// What a sign-in at the provider is for.
    #[schema(example = "sign_in")]
    pub enum Purpose {
        /// A session here.
        SignIn = "sign_in",
        /// From now on the provider's word opens the account that is signed in.
        Link = "link",
        /// The session that is signed in may do what is grave.
        StepUp = "step_up",
    }
}

/// The secret of one attempt, which whoever began it keeps. What the provider and its answer must hold follows from it, so that
/// Khabar keeps nothing that opens anything, and nobody finishes what another one has begun.
pub struct Binding(String);

impl Binding {
    /// Takes 256 random bits, as text.
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// Names the attempt on its way through the provider and back (RFC 6749 §10.12).
    pub fn state(&self) -> String {
        self.derived("state")
    }

    /// Must come back in the ID token.
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// Shows the provider that whoever has the code has begun the attempt (RFC 7636).
    pub fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// What the provider is told of it before.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier()))
    }

    /// The text, to be told once.
    pub fn expose(self) -> String {
        self.0
    }

    fn derived(&self, what: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, format!("khabar oidc {what}").as_bytes()))
    }
}

/// Why an ID token is refused. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// No token, or an algorithm or a head that is not taken.
    #[error("it has another form or algorithm")]
    Form,
    /// None of the provider's keys is the one that it names.
    #[error("its key is not the provider's")]
    Key,
    /// The signature is another one's, or a claim is missing or makes no sense.
    #[error("its signature or a claim is wrong")]
    Signature,
    /// From another provider.
    #[error("another issuer")]
    Issuer,
    /// For somebody else.
    #[error("another audience")]
    Audience,
    /// Over, not yet good, or from the future.
    #[error("not of this time")]
    Time,
    /// Of another attempt.
    #[error("another nonce")]
    Nonce,
    /// About nobody.
    #[error("no subject")]
    Subject,
    /// The proof is older than the attempt.
    #[error("nobody has signed in anew")]
    Proof,
}

/// What an ID token says (OpenID Connect Core §2).
#[derive(Debug, Deserialize)]
pub struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: String,
    auth_time: Option<i64>,
    /// About the person.
    #[serde(flatten)]
    person: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Whom a provider vouches for.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// The provider.
    pub issuer: String,
    /// Who it is, and always the same one there.
    pub subject: String,
    /// An address that the provider has confirmed.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// The role that it gives them.
    pub role: Option<Role>,
    /// When they last proved there who they are, if it says so.
    pub proved_at: Option<UtcTime>,
}

impl Claims {
    /// Whom a token vouches for whose signature is right.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn vouch(self, settings: &Oidc, nonce: &str, now: UtcTime) -> Result<Vouched, Flaw> {
        let Self { iss, sub, aud, azp, exp, iat, nbf, nonce: told, auth_time, person } = self;
        let (past, future) = (now.before(CLOCKS).seconds(), now.after(CLOCKS).seconds());
        let is_for_us = match aud {
            Audience::One(aud) => aud == settings.client_id,
            // Of several the one must be named that the token was given to.
            Audience::Several(all) => all.contains(&settings.client_id) && (all.len() == 1 || azp.is_some()),
        };
        let rules = [
            (iss == settings.issuer, Flaw::Issuer),
            (is_for_us && azp.is_none_or(|azp| azp == settings.client_id), Flaw::Audience),
            (exp > past && iat <= future && nbf.is_none_or(|nbf| nbf <= future), Flaw::Time),
            (told == nonce, Flaw::Nonce),
            ((1..=SUBJECT_BYTES_MAX).contains(&sub.len()) && !sub.contains('\0'), Flaw::Subject),
        ];
        if let Some((_, flaw)) = rules.iter().find(|(holds, _)| !holds) {
            return Err(*flaw);
        }
        let text = |name| person.get(name).and_then(Value::as_str).map(String::from);
        let is_confirmed = person.get("email_verified") == Some(&Value::Bool(true));
        Ok(Vouched {
            issuer: iss,
            subject: sub,
            email: text("email").filter(|_| is_confirmed),
            name: text("name").or_else(|| text("preferred_username")),
            role: role(&person, settings),
            proved_at: auth_time.map(|seconds| UtcTime::from_micros(seconds.saturating_mul(1_000_000)).min(now)),
        })
    }
}

impl Vouched {
    /// Refuses whoever has not proved who they are since an attempt began.
    pub fn must_be_fresh(&self, since: UtcTime) -> Result<(), Flaw> {
        // It is told in whole seconds.
        let earliest = since.before(CLOCKS_OF_A_PROOF).seconds();
        let is_fresh = self.proved_at.is_some_and(|at| at.seconds() >= earliest);
        if is_fresh { Ok(()) } else { Err(Flaw::Proof) }
    }
}

/// The highest of the roles that a token gives.
fn role(person: &Map<String, Value>, settings: &Oidc) -> Option<Role> {
    let value = match settings.role_claim.strip_prefix('/') {
        Some(path) => {
            let mut steps = path.split('/');
            let first = person.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))?
        }
        None => person.get(&settings.role_claim)?,
    };
    let several = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    let given: Vec<Role> =
        several.iter().filter_map(Value::as_str).filter_map(|name| settings.roles.get(name)).copied().collect();
    RANKS.into_iter().find(|role| given.contains(role))
}

#[cfg(test)]
mod tests;

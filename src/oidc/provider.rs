//! What is asked of the provider: where its doors are, its keys, and a token for a code.
//!
//! Each node keeps doors and keys for an hour. Only one request at a time asks for them, and after a failure nobody does for some
//! seconds, so that a provider that is away is not knocked at by everybody who waits. Nothing of what it answers is logged.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use super::model::{Binding, Claims, Flaw};
use super::token::{self, Keys};
use crate::app::App;
use crate::config::Oidc;
use crate::outbound::Url;
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

/// How long doors and keys are taken for what they were.
const FRESH: Duration = Duration::from_secs(3_600);
/// How long keys are kept though a token names another one.
const KEYS_AT_LEAST: Duration = Duration::from_secs(60);
/// How long nobody asks again after a failure.
const REST: Duration = Duration::from_secs(5);
/// What stands for itself in a form (WHATWG URL, `application/x-www-form-urlencoded`).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// The provider as this node knows it.
#[derive(Default)]
pub struct Provider {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    doors: Option<(Arc<Doors>, UtcTime)>,
    keys: Option<(Arc<Keys>, UtcTime)>,
    failed_at: Option<UtcTime>,
}

/// Where people and we go to.
struct Doors {
    authorization: Url,
    token: String,
    keys: String,
    /// Whether the client's secret goes in the body, and not in a header.
    secret_in_body: bool,
}

/// A provider's own words about itself (OpenID Connect Discovery §3).
#[derive(Deserialize)]
struct Written {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What a code is traded for.
#[derive(Deserialize)]
struct Traded {
    id_token: String,
}

/// Why it is not (RFC 6749 §5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Provider {
    /// Where somebody goes to sign in: the provider's page, with all that it needs to know.
    pub async fn door(
        &self,
        app: &App,
        settings: &Oidc,
        binding: &Binding,
        (redirect_uri, anew): (&str, bool),
    ) -> Result<String, Problem> {
        let mut url = self.doors(app, settings).await?.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &settings.scopes.join(" "))
            .append_pair("state", &binding.state())
            .append_pair("nonce", &binding.nonce())
            .append_pair("code_challenge", &binding.challenge())
            .append_pair("code_challenge_method", "S256");
        if anew {
            url.query_pairs_mut().append_pair("prompt", "login").append_pair("max_age", "0");
        }
        Ok(url.into())
    }

    /// Trades a code for an ID token, and reads it.
    ///
    /// # Errors
    /// `sign_in_failed` where the code or the token is no good, `provider_failed` where the provider is.
    pub async fn trade(
        &self,
        app: &App,
        settings: &Oidc,
        binding: &Binding,
        (code, redirect_uri): (&str, &str),
    ) -> Result<Claims, Problem> {
        let doors = self.doors(app, settings).await?;
        let (headers, body) = request(
            settings,
            &doors,
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect_uri),
                ("code_verifier", &binding.verifier()),
            ],
        );
        let (status, answer) = app.outbound().ask(&doors.token, &headers, Some(body)).await.map_err(failed)?;
        let token = match status {
            200 => parsed::<Traded>(&answer)?.id_token,
            400 if serde_json::from_slice(&answer).is_ok_and(|Refusal { error }| error == "invalid_grant") => {
                return Err(Problem::new(Code::SignInFailed));
            }
            _ => return Err(failed(format!("the token endpoint answers {status}"))),
        };
        let keys = self.keys(app, &doors, FRESH).await?;
        let read = match token::read(&token, &keys) {
            Err(Flaw::Key) => {
                let keys = self.keys(app, &doors, KEYS_AT_LEAST).await?;
                token::read(&token, &keys)
            }
            read => read,
        };
        read.map_err(refused)
    }

    async fn doors(&self, app: &App, settings: &Oidc) -> Result<Arc<Doors>, Problem> {
        let mut known = self.known.lock().await;
        match &known.doors {
            Some((doors, at)) if app.now().since(*at) < FRESH => Ok(Arc::clone(doors)),
            _ => {
                let url = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
                let written = ask(app, &mut known, &url).await?;
                let doors = known.noted(Doors::read(&written, settings), app.now())?;
                known.doors = Some((Arc::clone(&doors), app.now()));
                Ok(doors)
            }
        }
    }

    /// The provider's keys, unless they were asked for so long ago.
    async fn keys(&self, app: &App, doors: &Doors, good_for: Duration) -> Result<Arc<Keys>, Problem> {
        let mut known = self.known.lock().await;
        match &known.keys {
            Some((keys, at)) if app.now().since(*at) < good_for => Ok(Arc::clone(keys)),
            _ => {
                let set = ask(app, &mut known, &doors.keys).await?;
                let keys = Keys::read(&set).ok_or_else(|| failed("there are no keys where they should be"));
                let keys = known.noted(keys, app.now())?;
                known.keys = Some((Arc::clone(&keys), app.now()));
                Ok(keys)
            }
        }
    }
}

impl Known {
    /// What was found, or a failure after which there is a rest.
    fn noted<T>(&mut self, found: Result<T, Problem>, now: UtcTime) -> Result<Arc<T>, Problem> {
        self.failed_at = found.as_ref().err().map(|_| now);
        found.map(Arc::new)
    }
}

impl Doors {
    fn read(written: &Value, settings: &Oidc) -> Result<Self, Problem> {
        let Written { issuer, authorization_endpoint, token_endpoint, jwks_uri, token_endpoint_auth_methods_supported } =
            Written::deserialize(written).map_err(|_| failed("the discovery document lacks something"))?;
        // Whoever answers for another one could sign in anybody.
        if issuer != settings.issuer {
            return Err(failed("the discovery document names another issuer"));
        }
        let authorization = Url::parse(&authorization_endpoint).ok();
        // People are sent there: to a page of the kind that the provider is, and to no script.
        let scheme = settings.issuer.split_once(':').map(|(scheme, _)| scheme);
        let is_page = |url: &Url| url.scheme() == "https" || Some(url.scheme()) == scheme;
        let authorization =
            authorization.filter(is_page).ok_or_else(|| failed("the authorization endpoint is no page"))?;
        let methods = token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|known| known == method);
        let secret_in_body = takes("client_secret_post") && !takes("client_secret_basic");
        Ok(Self { authorization, token: token_endpoint, keys: jwks_uri, secret_in_body })
    }
}

/// Asks for something that the provider says to everybody.
async fn ask(app: &App, known: &mut Known, url: &str) -> Result<Value, Problem> {
    if known.failed_at.is_some_and(|at| app.now().since(at) < REST) {
        return Err(failed("the provider failed a moment ago, and is left alone"));
    }
    // A request that is given up half-way counts as a failure.
    known.failed_at = Some(app.now());
    let headers = [("accept", "application/json".to_owned())];
    match app.outbound().ask(url, &headers, None).await.map_err(failed)? {
        (200, answer) => parsed(&answer),
        (status, _) => Err(failed(format!("the provider answers {status}"))),
    }
}

/// A form that shows who we are (RFC 6749 §2.3.1), and its headers.
fn request(settings: &Oidc, doors: &Doors, fields: &[(&str, &str)]) -> (Vec<(&'static str, String)>, Bytes) {
    let encoded = |bytes: &[u8]| percent_encode(bytes, FORM).to_string();
    let (id, secret) = (encoded(settings.client_id.as_bytes()), encoded(settings.client_secret.expose()));
    let mut body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value.as_bytes()))).collect();
    let mut headers = vec![
        ("accept", "application/json".to_owned()),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
    ];
    if secret.is_empty() || doors.secret_in_body {
        body.push(format!("client_id={id}"));
        body.extend(Some(format!("client_secret={secret}")).filter(|_| !secret.is_empty()));
    } else {
        headers.push(("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))));
    }
    (headers, Bytes::from(body.join("&")))
}

/// The word of a provider is no good: for callers one refusal, for the log the reason.
pub(super) fn refused(flaw: Flaw) -> Problem {
    tracing::warn!(%flaw, "an ID token is refused");
    Problem::new(Code::SignInFailed)
}

fn parsed<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Problem> {
    // What was wrong with it would say what it was.
    serde_json::from_slice(answer).map_err(|_| failed("the provider's answer is another than it should be"))
}

fn failed(cause: impl Display) -> Problem {
    Problem { cause: Some(cause.to_string()), ..Problem::new(Code::ProviderFailed) }
}

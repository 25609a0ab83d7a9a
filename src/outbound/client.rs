//! The client: one request, to an address that was checked, with an answer of bounded size in bounded time.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::fmt::rfc2822;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, redirect};

use super::{Rules, check_url};
use crate::config;

/// As much of an answer as is kept; the rest is not read.
const ANSWER_BYTES_MAX: usize = 4096;
/// As much as an answer may have that counts whole.
const WHOLE_BYTES_MAX: usize = 256 * 1024;
/// As much as is told of why nobody could be reached.
const REASON_CHARS_MAX: usize = 300;
/// A receiver that takes no connection for so long is away, however long an answer may take.
const CONNECT_SECONDS_MAX: u64 = 10;
/// Connections that are kept open for the next request, for each receiver.
const IDLE_CONNECTIONS: usize = 64;
/// Shorter than most receivers keep theirs, so that seldom one is written to that is closed already.
const IDLE_SECONDS: u64 = 20;

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status; a redirect is one like any other, and not followed.
    pub status: u16,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
    /// The first 4 KiB of the body, with U+FFFD for what is no text.
    pub body: String,
    /// From the request to the end of what was read.
    pub took: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The address is not allowed, or its name leads nowhere but to the inside.
    #[error("the address is not allowed")]
    Refused,
    /// Nobody there, or no TLS, or no HTTP; why, without the address, which may hold a secret.
    #[error("{0}")]
    Unreachable(String),
    /// Not in time.
    #[error("timed out")]
    TimedOut,
}

/// The client can't be made: TLS has no foundation here.
#[derive(Debug, thiserror::Error)]
#[error("the client for outgoing requests can't be made: {0}")]
pub struct NoClient(#[from] reqwest::Error);

/// Where the addresses of a name come from. Blocks until it knows.
pub trait Resolver: Send + Sync {
    /// All addresses of a name.
    fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
    }
}

/// Sends requests. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    rules: Arc<Rules>,
}

impl Outbound {
    /// Sends by these settings.
    pub fn new(settings: &config::Outbound) -> Result<Self, NoClient> {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// The same with names that mean what the resolver says, for tests.
    pub fn with_resolver(settings: &config::Outbound, resolver: Arc<dyn Resolver>) -> Result<Self, NoClient> {
        let rules = Arc::new(Rules::from(settings));
        let checked = Arc::new(Checked { resolver, rules: rules.clone() });
        let total = Duration::from_secs(settings.timeout_seconds);
        let builder = || {
            Client::builder()
                .user_agent(concat!("Khabar/", env!("CARGO_PKG_VERSION")))
                // Each would take the request somewhere that nobody checked.
                .redirect(redirect::Policy::none())
                .no_proxy()
                .dns_resolver(checked.clone())
                .referer(false)
                .timeout(total)
                .connect_timeout(total.min(Duration::from_secs(CONNECT_SECONDS_MAX)))
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .pool_idle_timeout(Duration::from_secs(IDLE_SECONDS))
        };
        // A machine without certificates of authorities still runs a newsroom: it just trusts no receiver.
        let client = builder().build().or_else(|error| {
            tracing::warn!(%error, "no receiver over https can be trusted: are CA certificates installed?");
            builder().tls_certs_only([]).build()
        })?;
        Ok(Self { client, rules })
    }

    /// Where requests may go, to check an address when it is taken in.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Sends one POST, once. Any status is an answer.
    pub async fn post(&self, url: &str, headers: &[(&str, String)], body: Bytes) -> Result<Answer, Failure> {
        let began = Instant::now();
        let response = self.send(url, headers, Some(body)).await?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = beginning(response).await;
        Ok(Answer { status, retry_after, body, took: began.elapsed() })
    }

    /// Gets what is at an address, or posts something to it, once. Any status is an answer, which is had whole or not at all.
    pub async fn ask(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: Option<Bytes>,
    ) -> Result<(u16, Vec<u8>), Failure> {
        let mut response = self.send(url, headers, body).await?;
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            read.extend_from_slice(&chunk);
            if read.len() > WHOLE_BYTES_MAX {
                return Err(Failure::Unreachable("the answer is too long".into()));
            }
        }
        Ok((response.status().as_u16(), read))
    }

    async fn send(&self, url: &str, headers: &[(&str, String)], body: Option<Bytes>) -> Result<Response, Failure> {
        let url = check_url(url, &self.rules).map_err(|_| Failure::Refused)?;
        let headers = header_map(headers)?;
        let request = match body {
            Some(body) => self.client.post(url).body(body),
            None => self.client.get(url),
        };
        request.headers(headers).send().await.map_err(failure)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

/// Names resolved to nothing but addresses that are allowed. The client connects to what this gives and asks nobody
/// again, so a name can't mean one thing when it is checked and another when it is connected to.
struct Checked {
    resolver: Arc<dyn Resolver>,
    rules: Arc<Rules>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, rules) = (self.resolver.clone(), self.rules.clone());
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || resolver.addresses(name.as_str())).await??;
            let allowed: Vec<_> = found.into_iter().filter(|ip| rules.allow(*ip)).collect();
            if allowed.is_empty() {
                return Err(OnlyInner.into());
            }
            // The client puts the address's port in place of 0.
            Ok(Box::new(allowed.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

/// A name has no address that is allowed.
#[derive(Debug, thiserror::Error)]
#[error("no address that is allowed")]
struct OnlyInner;

fn header_map(headers: &[(&str, String)]) -> Result<HeaderMap, Failure> {
    let header = |(name, value): &(&str, String)| {
        let pair = HeaderName::try_from(*name).ok().zip(HeaderValue::try_from(value).ok());
        pair.ok_or_else(|| Failure::Unreachable(format!("the header {name} can't be sent")))
    };
    headers.iter().map(header).collect()
}

/// The beginning of the body. A status has come: whatever happens to the rest of the body does not undo it.
async fn beginning(mut response: Response) -> String {
    let mut read = Vec::new();
    while read.len() < ANSWER_BYTES_MAX
        && let Ok(Some(chunk)) = response.chunk().await
    {
        read.extend(chunk.iter().take(ANSWER_BYTES_MAX - read.len()));
    }
    // PostgreSQL keeps no NUL in a text.
    String::from_utf8_lossy(&read).replace('\0', "\u{fffd}")
}

/// Reads `Retry-After` (RFC 9110 §10.2.3). A date is held against the receiver's own `Date`: its clock need not be ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let value = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let instant = |date: &str| rfc2822::parse(date).ok().map(|date| date.timestamp().as_second());
    let seconds = instant(value)?.saturating_sub(instant(text(DATE)?)?);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    if causes(&error).any(<dyn Error>::is::<OnlyInner>) {
        return Failure::Refused;
    }
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    let told: Vec<String> = causes(&error).map(ToString::to_string).collect();
    Failure::Unreachable(told.join(": ").chars().take(REASON_CHARS_MAX).collect())
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

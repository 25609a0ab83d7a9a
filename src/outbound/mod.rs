//! Requests that Khabar sends to addresses that other people chose: receivers of webhooks, push services, and what a provider of
//! sign-ins names as its own.
//!
//! Whoever names an address could name one inside the house and have Khabar knock there. So an address is judged
//! twice: what its text says when it is taken in ([`check_url`]) and what its name means when it is connected to
//! ([`Outbound`]), where the addresses that were checked are the very ones that the socket gets. This room knows no
//! other room, decides about no retry and keeps nothing; answers go back to whoever asked.

pub mod address;
mod client;

use std::net::IpAddr;

pub use reqwest::Url;

pub use address::{Network, is_outer};
pub use client::{Answer, Failure, NoClient, Outbound, Resolver, SystemResolver};

use crate::config;
use crate::fault::Fault;
use crate::text::safe::URL_BYTES_MAX;

/// Names that mean something inside a house, or on the machine itself, and never on the internet (RFC 6761, RFC 6762,
/// RFC 8375, and what ICANN keeps out of the root).
const INNER_NAMES: &[&str] =
    &["localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"];

/// Where requests may go.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The ports.
    pub ports: Vec<u16>,
    /// Inner addresses that are allowed all the same, on any port and without TLS.
    pub inner: Vec<Network>,
}

impl Rules {
    /// Whether an address may be connected to.
    pub fn allow(&self, ip: IpAddr) -> bool {
        self.allow_inner(ip) || is_outer(ip)
    }

    fn allow_inner(&self, ip: IpAddr) -> bool {
        self.inner.iter().any(|network| network.contains(ip))
    }

    /// The form of an address, in a notation that needs no language.
    fn form(&self) -> String {
        let ports: Vec<String> = self.ports.iter().map(|port| format!(":{port}")).collect();
        format!("https://host[{}]/path", ports.join("|"))
    }
}

impl From<&config::Outbound> for Rules {
    fn from(settings: &config::Outbound) -> Self {
        let config::Outbound { ports, timeout_seconds: _, inner } = settings.clone();
        Self { ports, inner }
    }
}

/// What an address says by itself: `https`, a port of the list, no name or number of the inside, and neither a
/// password nor a fragment. Where a name leads is known only when it is connected to.
///
/// # Errors
/// `too_long`, `bad_format` when it has another form, `inner_address` when it names the inside.
pub fn check_url(url: &str, rules: &Rules) -> Result<Url, Fault> {
    if url.len() > URL_BYTES_MAX {
        return Err(Fault::TooLong(URL_BYTES_MAX));
    }
    let misshapen = || Fault::BadFormat(rules.form());
    // The parser is the one that the client uses: it reads octal, short and full-width numbers as a browser does.
    let url = Url::parse(url).map_err(|_| misshapen())?;
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).ok_or_else(misshapen)?;
    let number = number(host);
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if bare && number.is_some_and(|ip| rules.allow_inner(ip)) {
        return Ok(url);
    }
    if number.map_or_else(|| is_inner_name(host), |ip| !is_outer(ip)) {
        return Err(Fault::InnerAddress);
    }
    let port = url.port_or_known_default().is_some_and(|port| rules.ports.contains(&port));
    if bare && port && url.scheme() == "https" { Ok(url) } else { Err(misshapen()) }
}

/// The number that a host is. The parser has brought every spelling of one into its plain form.
fn number(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// A name without a dot is one of the house's own, which its search list completes.
fn is_inner_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let ends_in = |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !host.contains('.') || INNER_NAMES.iter().copied().any(ends_in)
}

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod url_tests;

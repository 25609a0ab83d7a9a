//! From which address somebody calls. A header says only what its sender wants us to believe, so it is read for nobody but
//! the proxies that the settings name.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Once;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderValue;

use crate::config::{ForwardedHeader, Http};
use crate::outbound::Network;

/// Whether somebody was told of a proxy that the settings don't name.
static UNNAMED: Once = Once::new();

/// The address of a request: the other end of its connection, or, behind proxies that are trusted, the last address before
/// them.
pub(super) fn address(request: &HttpRequest, settings: &Http) -> IpAddr {
    // Without an address it is a socket of this machine.
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip());
    let header = settings.forwarded_header;
    // What can't be read is an address of nobody, and hides none of those that a proxy has added behind it.
    let line = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let lines: Vec<String> = request.headers().get_all(header.name()).map(line).collect();
    let is_named = |peer: IpAddr| settings.trusted_proxies.iter().any(|network| network.contains(peer));
    if !lines.is_empty() && peer.to_canonical().is_loopback() && !is_named(peer) {
        UNNAMED.call_once(|| {
            tracing::warn!(
                "a proxy on this machine passes addresses on that nobody believes: name it in http.trusted_proxies"
            );
        });
    }
    let hops: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).collect();
    behind(peer, &settings.trusted_proxies, hops.iter().rev().map(|hop| header.address(hop)))
}

/// The first address that is no trusted proxy, from the nearest on. Where one can't be read, nobody knows what lies behind.
fn behind(peer: IpAddr, trusted: &[Network], hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    for hop in hops {
        match hop {
            Some(address) if is_trusted(nearest) => nearest = address,
            _ => break,
        }
    }
    nearest
}

impl ForwardedHeader {
    const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// The address in one element of the header.
    fn address(self, element: &str) -> Option<IpAddr> {
        match self {
            Self::XForwardedFor => node(element),
            Self::Forwarded => {
                let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
                let (_, node_name) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
                node(node_name)
            }
        }
    }
}

/// An address with or without a port, in quotes or not: `192.0.2.43:47011`, `"[2001:db8::17]:4711"`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse().ok().map(IpAddr::V6),
        None => text.rsplit_once(':')?.0.parse().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn nobody_is_believed_but_proxies_that_are_named() {
        let trusted = [Network::parse("10.0.0.0/8").unwrap(), Network::parse("192.0.2.1").unwrap()];
        let table: [(&str, &str, &str); 7] = [
            ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7, 192.0.2.1, 10.9.9.9", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ];
        for (peer, header, expected) in table {
            let hops: Vec<&str> = header.split(',').collect();
            let hops = hops.iter().rev().map(|hop| ForwardedHeader::XForwardedFor.address(hop));
            assert_eq!(behind(ip(peer), &trusted, hops), ip(expected), "{peer} {header}");
        }
    }

    #[test]
    fn addresses_are_read_in_every_form() {
        for (text, expected) in [
            (" 192.0.2.43 ", "192.0.2.43"),
            ("192.0.2.43:47011", "192.0.2.43"),
            ("2001:db8::17", "2001:db8::17"),
            ("[2001:db8::17]:4711", "2001:db8::17"),
        ] {
            assert_eq!(ForwardedHeader::XForwardedFor.address(text), Some(ip(expected)), "{text}");
            let element = format!("proto=https; For=\"{}\";by=203.0.113.43", text.trim());
            assert_eq!(ForwardedHeader::Forwarded.address(&element), Some(ip(expected)), "{element}");
        }
        for text in ["", "unknown", "_hidden", "999.1.1.1", "[::1", "for=192.0.2.1"] {
            assert_eq!(ForwardedHeader::XForwardedFor.address(text), None, "{text}");
        }
        assert_eq!(ForwardedHeader::Forwarded.address("192.0.2.43"), None);
    }
}

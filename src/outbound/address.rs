//! Which addresses belong to the public internet, and which to the house or to nobody.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

/// A block of addresses, such as `10.0.0.0/8`; one address is a block too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

/// This is no address and no block of addresses.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is not an address such as 127.0.0.1 or a block such as 10.0.0.0/8")]
pub struct NotANetwork(String);

impl Network {
    /// Reads `address` or `address/bits`. The bits after the prefix must be zero, or somebody misread a mask; and IPv4
    /// is written as such.
    pub fn parse(text: &str) -> Result<Self, NotANetwork> {
        let refuse = || NotANetwork(text.to_owned());
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| refuse())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| refuse())?;
        let network = Self { first, bits };
        if bits <= most && network.holes() == 0 && first == first.to_canonical() { Ok(network) } else { Err(refuse()) }
    }

    /// Whether an address lies in it. An IPv4 address that is written as IPv6 is the same address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.first, ip.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(ip)) => (first.to_bits() ^ ip.to_bits()) & mask_v4(self.bits) == 0,
            (IpAddr::V6(first), IpAddr::V6(ip)) => (first.to_bits() ^ ip.to_bits()) & mask_v6(self.bits) == 0,
            _ => false,
        }
    }

    /// The bits of the address that the prefix does not cover.
    fn holes(&self) -> u128 {
        match self.first {
            IpAddr::V4(first) => u128::from(first.to_bits() & !mask_v4(self.bits)),
            IpAddr::V6(first) => first.to_bits() & !mask_v6(self.bits),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        Self::parse(&text)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

fn mask_v4(bits: u32) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0)
}

fn mask_v6(bits: u32) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0)
}

/// IPv4 that is not globally reachable unicast: IANA's special-purpose registry (RFC 6890 and what followed it),
/// multicast, and one address that a cloud keeps for its own machines.
const INNER_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // behind a carrier's NAT; a cloud's metadata at 100.100.100.200
    ([127, 0, 0, 0], 8),      // loopback
    ([168, 63, 129, 16], 32), // Azure's inner services, seen from its machines only
    ([169, 254, 0, 0], 16),   // link-local; the metadata of most clouds at 169.254.169.254
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocols; a cloud's metadata at 192.0.0.192
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // relays of 6to4, given up
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, and broadcast
];

/// What is special within `2000::/3`, the only IPv6 space that is given out.
const INNER_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),     // protocols
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),     // documentation
];

/// Whether an address is unicast that the whole internet reaches. What carries an IPv4 address inside (mapped, NAT64,
/// 6to4, Teredo) ends at that address, and is judged by it.
pub fn is_outer(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_outer_v4(ip),
        IpAddr::V6(ip) => is_outer_v6(ip),
    }
}

fn is_outer_v4(ip: Ipv4Addr) -> bool {
    let is_in = |(first, bits): &([u8; 4], u32)| (u32::from_be_bytes(*first) ^ ip.to_bits()) & mask_v4(*bits) == 0;
    !INNER_V4.iter().any(is_in)
}

fn is_outer_v6(ip: Ipv6Addr) -> bool {
    let bits = ip.to_bits();
    match ip.segments() {
        // Mapped (RFC 4291) and NAT64's well-known prefix (RFC 6052): at the end.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_outer_v4(v4_at(bits, 0)),
        // 6to4 (RFC 3056): right after the prefix.
        [0x2002, ..] => is_outer_v4(v4_at(bits, 80)),
        // Teredo (RFC 4380): the server, and at the end, inverted, the client.
        [0x2001, 0, ..] => is_outer_v4(v4_at(bits, 64)) && is_outer_v4(v4_at(!bits, 0)),
        _ => {
            let given_out = (bits >> 125) == 0b001;
            let is_in = |(first, length): &(Ipv6Addr, u32)| (first.to_bits() ^ bits) & mask_v6(*length) == 0;
            given_out && !INNER_V6.iter().any(is_in)
        }
    }
}

/// The IPv4 address so many bits before the end.
#[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are what is asked for")]
const fn v4_at(bits: u128, from_the_end: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits((bits >> from_the_end) as u32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_of_the_public_internet_are_outer() {
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2400:cb00::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:200::1",
            "2001:0:808:808:0:0:f7f7:f7f7",
        ] {
            assert!(is_outer(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn every_other_address_is_inner() {
        for ip in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::808:808",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "100::1",
            "2001:0:7f00:1:0:0:f7f7:f7f7",
            "2001:0:808:808:0:0:80ff:fffe",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!is_outer(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn blocks_are_read_and_hold_what_lies_in_them() {
        for (block, ip, inside) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.0/8", "127.255.0.9", true),
            ("127.0.0.0/8", "128.0.0.0", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("10.0.0.0/31", "10.0.0.1", true),
            ("10.0.0.0/31", "10.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("::1", "::1", true),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fc00::1", false),
            ("::/0", "fe80::1", true),
        ] {
            assert_eq!(Network::parse(block).unwrap().contains(ip.parse().unwrap()), inside, "{block} {ip}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in [
            "",
            "localhost",
            "10.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "::1/64",
            "::/129",
            "10.0.0.0/-1",
            "::ffff:10.0.0.1",
            "1/2/3",
        ] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_carries_an_ipv4_address_is_judged_by_it(v4 in any::<u32>()) {
            let inside = u128::from(v4);
            let outer = is_outer(Ipv4Addr::from_bits(v4).into());
            for carried in [0xffff << 32 | inside, 0x64_ff9b << 96 | inside, 0x2002 << 112 | inside << 80] {
                prop_assert_eq!(is_outer(Ipv6Addr::from_bits(carried).into()), outer);
            }
            prop_assert!(!is_outer(Ipv6Addr::from_bits(inside).into()));
        }

        #[test]
        fn an_outer_address_is_none_of_what_the_standard_library_calls_special(bits in any::<u128>(), narrow in any::<u32>()) {
            let v6 = Ipv6Addr::from_bits(bits);
            if is_outer(v6.into()) {
                prop_assert!(!v6.is_loopback() && !v6.is_multicast() && !v6.is_unique_local() && !v6.is_unicast_link_local());
            }
            let v4 = Ipv4Addr::from_bits(narrow);
            if is_outer(v4.into()) {
                prop_assert!(!v4.is_private() && !v4.is_loopback() && !v4.is_link_local() && !v4.is_multicast());
                prop_assert!(!v4.is_documentation() && !v4.is_broadcast() && !v4.is_unspecified());
            }
        }
    }
}

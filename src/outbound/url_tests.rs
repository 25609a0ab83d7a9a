#![allow(clippy::unwrap_used)]
use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn rules(inner: &[&str]) -> Rules {
    Rules { ports: vec![443, 8443], inner: inner.iter().map(|block| Network::parse(block).unwrap()).collect() }
}

/// Spellings of the inside, by what they are.
const INNER: &[&str] = &[
    // Loopback, in every notation that some resolver takes.
    "https://127.0.0.1/",
    "https://127.0.0.1:8443/hook",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.255.255.254/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0X7F.0.0.1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://0177.0.0.01/",
    "https://017700000001/",
    "https://0x7f.0.0.0x1/",
    "https://127.0.0.1./",
    "https://127.1./",
    "https://%31%32%37.0.0.1/",
    "https://127%2e0%2e0%2e1/",
    "https://127。0。0。1/",
    "https://127.0.0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://𝟏𝟐𝟕.𝟎.𝟎.𝟏/",
    "https://127.0.\u{ad}0.1/",
    "https://127.0.\u{200b}0.1/",
    "https://12\t7.0.0.1/",
    "  https://127.0.0.1/  ",
    "https:127.0.0.1",
    "https:\\\\127.0.0.1\\hook",
    "https:///127.0.0.1/",
    "https://outer.example@127.0.0.1/",
    "http://127.0.0.1/",
    "https://127.0.0.1:22/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[0000::0001]:8443/",
    "https://[::]/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    // Loopback inside of IPv6.
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::FFFF:7F00:0001]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::1]/",
    "https://[64:ff9b:1:ffff::8.8.8.8]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:7f00:1::1]/",
    "https://[2001:0:808:808::80ff:fffe]/",
    "https://[2001:0:7f00:1::f7f7:f7f7]/",
    // Names.
    "https://localhost/",
    "https://LOCALHOST:8443/",
    "https://LocalHost./",
    "https://localhost../",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://%6cocalhost/",
    "https://a.localhost/",
    "https://localhost.localdomain/",
    "https://printer.local/",
    "https://PRINTER.LOCAL./",
    "https://db.internal/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://wiki.corp/",
    "https://nas.home.arpa/",
    "https://router.lan/",
    "https://postgres/",
    "https://postgres./",
    // Metadata of clouds.
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://168.63.129.16/",
    // Private, carriers', link-local.
    "https://10.0.0.1/",
    "https://10.1/",
    "https://012.0.0.1/",
    "https://167772161/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://0xc0a80101/",
    "https://3232235777/",
    "https://100.64.0.1/",
    "https://100.127.255.255/",
    "https://169.254.1.1/",
    "https://[fc00::1]/",
    "https://[fd12:3456:789a::1]/",
    "https://[fe80::1]/",
    "https://[febf::1]/",
    "https://[fec0::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:c0a8:101]/",
    "https://[2002:c0a8:101::1]/",
    "https://[2002:a9fe:a9fe::1]/",
    // Nobody's.
    "https://192.0.2.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://198.18.0.1/",
    "https://192.88.99.1/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://4294967295/",
    "https://[ff02::1]/",
    "https://[ff0e::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[100::1]/",
    "https://[2001:2::1]/",
    "https://[5f00::1]/",
];

const OUTER: &[&str] = &[
    "https://hooks.example.com/khabar",
    "https://hooks.example.com:443/khabar",
    "https://hooks.example.com:8443/",
    "https://HOOKS.Example.COM/a?token=b&c=d",
    "https://example.org",
    "https://example.org./",
    "https://أخبار.example/تنبيه",
    "https://xn--mgbcd7bfg.example/",
    "https://localhost.example.com/",
    "https://mylocalhost.example/",
    "https://notlocal.example/",
    "https://thelocal.se/",
    "https://internal.example.net/",
    "https://8.8.8.8/",
    "https://1.1.1.1:8443/",
    "https://0x08080808/",
    "https://[2606:4700::1111]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[64:ff9b::808:808]/",
    "https://fcm.googleapis.com/fcm/send/abc:def",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
    "https://web.push.apple.com/QGuz",
    "https://a.b.c.d.e.example.com/%7Ehook",
];

#[test]
fn no_spelling_of_the_inside_is_taken() {
    assert!(INNER.len() >= 70, "{}", INNER.len());
    for url in INNER {
        assert_eq!(check_url(url, &rules(&[])).map(String::from), Err(Fault::InnerAddress), "{url}");
    }
}

#[test]
fn addresses_of_the_internet_are_taken() {
    assert!(OUTER.len() >= 15);
    for url in OUTER {
        assert!(check_url(url, &rules(&[])).is_ok(), "{url}");
    }
}

#[test]
fn another_form_is_refused_with_the_one_that_is_wanted() {
    let form = || Fault::BadFormat("https://host[:443|:8443]/path".into());
    for url in [
        "",
        "hooks.example.com",
        "/hook",
        "https://",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "data:text/plain,a",
        "mailto:desk@example.com",
        "https://hooks.example.com:80/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:65536/",
        "https://user@hooks.example.com/",
        "https://user:pass@hooks.example.com/",
        "https://:pass@hooks.example.com/",
        "https://hooks.example.com/#top",
        "https://hooks.example.com/#",
        "https://8.8.8.8:25/",
        "https://256.0.0.1/",
        "https://1.2.3.4.5/",
        "https://0x7f.0.0.0.1/",
        "https://[::1%25eth0]/",
        "https://[::1/",
        "https://a b.example/",
        "https://a%00.example/",
    ] {
        assert_eq!(check_url(url, &rules(&[])).map(String::from), Err(form()), "{url}");
    }
    let long = format!("https://hooks.example.com/{}", "a".repeat(2048));
    assert_eq!(check_url(&long, &rules(&[])), Err(Fault::TooLong(2048)));
}

#[test]
fn an_inner_address_that_is_allowed_needs_neither_tls_nor_a_port_of_the_list() {
    let rules = rules(&["127.0.0.1", "10.2.0.0/16", "::1"]);
    for url in [
        "http://127.0.0.1:9000/hook",
        "https://127.0.0.1/",
        "http://10.2.3.4/",
        "http://[::1]:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
    ] {
        assert!(check_url(url, &rules).is_ok(), "{url}");
    }
    for url in ["http://127.0.0.2/", "https://10.3.0.1/", "http://localhost/", "https://[::2]/"] {
        assert_eq!(check_url(url, &rules), Err(Fault::InnerAddress), "{url}");
    }
    for url in ["http://8.8.8.8/", "ftp://127.0.0.1/", "http://hooks.example.com/"] {
        assert!(check_url(url, &rules).is_err(), "{url}");
    }
    assert!(check_url("http://user@127.0.0.1/", &rules).is_err());
}

proptest! {
    #[test]
    fn a_number_is_judged_alike_in_every_notation(ip: u32) {
        let [a, b, c, d] = ip.to_be_bytes();
        let wanted = is_outer(Ipv4Addr::from_bits(ip).into());
        let (low, lower) = (ip & 0x00ff_ffff, ip & 0xffff);
        for host in [
            format!("{a}.{b}.{c}.{d}"),
            format!("{a}.{b}.{c}.{d}."),
            format!("{ip}"),
            format!("0x{ip:x}"),
            format!("0{ip:o}"),
            format!("{a}.{low}"),
            format!("0x{a:X}.0{b:o}.{lower}"),
            format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
            format!("{a}%2e{b}\u{3002}{c}\u{ff0e}{d}"),
            format!("[::ffff:{a}.{b}.{c}.{d}]"),
            format!("[0:0:0:0:0:FFFF:{:x}:{lower:x}]", ip >> 16),
            format!("[64:ff9b::{a}.{b}.{c}.{d}]"),
        ] {
            prop_assert_eq!(check_url(&format!("https://{host}/"), &rules(&[])).is_ok(), wanted, "{}", host);
        }
    }

    #[test]
    fn an_ipv6_number_is_judged_alike_long_and_short(bits: u128) {
        let ip = Ipv6Addr::from_bits(bits);
        let long: Vec<String> = ip.segments().iter().map(|segment| format!("{segment:04X}")).collect();
        for host in [ip.to_string(), long.join(":")] {
            prop_assert_eq!(check_url(&format!("https://[{host}]/"), &rules(&[])).is_ok(), is_outer(ip.into()));
        }
    }

    #[test]
    fn what_is_taken_once_is_taken_again_as_it_was_read(url in "https://[a-z0-9.:@\\[\\]%/?#\u{3002}]{0,40}") {
        if let Ok(read) = check_url(&url, &rules(&[])) {
            prop_assert_eq!(check_url(read.as_str(), &rules(&[])), Ok(read));
        }
    }
}

//! How much of everything there is, and for whom.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::ids::{Ids, SystemEntropy};
use uuid::Uuid;

fn limits(per_minute: u32, per_hour: u32) -> Limits {
    let (rate, free) = (config::Rate { per_minute, per_hour }, config::Rate { per_minute: 0, per_hour: 0 });
    let [reactions, reports, views, registrations, letters] = [(); 5].map(|()| free.clone());
    let (comments, sign_ins) = (rate.clone(), rate);
    let rules = config::Limits {
        address_factor: 2,
        key_factor: 4,
        comments,
        reactions,
        reports,
        views,
        sign_ins,
        registrations,
        letters,
    };
    Limits::new(rules, vault())
}

/// A vault with a key of its own.
fn vault() -> Arc<Vault> {
    let (ids, vault) = (Ids::new(SystemEntropy), Vault::new(b"a secret of thirty-two bytes or so", None));
    let kept = vault.fresh_key(&ids).unwrap();
    vault.unlock(&ids, &kept).unwrap();
    Arc::new(vault)
}

fn at(seconds: i64) -> UtcTime {
    UtcTime::from_micros(1_700_000_000 * MICROS + seconds * MICROS)
}

fn account(n: u128) -> CommenterId {
    CommenterId::of(Uuid::from_u128(n))
}

/// Whoever calls from an address.
fn party(limits: &Limits, address: &str) -> Option<Party> {
    limits.origin(address.parse().unwrap()).map(Party::Address)
}

/// Sara signs in.
fn succeed(limits: &Limits, from: Option<Party>) {
    let attempt = limits.attempt("sara", from, at(0)).unwrap();
    limits.give_back(&attempt, at(0));
    limits.welcome("sara", from, at(0));
}

#[test]
fn a_minute_has_so_many_and_gives_them_back_one_by_one() {
    let limits = limits(3, 0);
    let take = |seconds: i64| limits.take(Act::Comment, Some(account(1)), None, at(seconds));
    let left: Vec<String> = (0..3).map(|_| take(0).unwrap().limit).collect();
    assert_eq!(left, ["\"account-minute\";r=2;t=20", "\"account-minute\";r=1;t=40", "\"account-minute\";r=0;t=60"]);
    assert_eq!(take(0).unwrap_err().wait, 20);
    assert_eq!(take(19).unwrap_err().wait, 1);
    assert!(take(20).is_ok());
    assert_eq!(take(20).unwrap_err().wait, 20);
    assert!((0..3).all(|_| take(600).is_ok()));
    assert!(
        limits.take(Act::React, Some(account(1)), None, at(0)).unwrap().policy.is_empty(),
        "others are not limited"
    );
}

#[test]
fn an_hour_is_counted_beside_its_minutes() {
    let limits = limits(2, 4);
    let taken = (0..10).filter(|n| limits.take(Act::Comment, Some(account(1)), None, at(n * 30)).is_ok()).count();
    assert_eq!(taken, 4);
    let refused = limits.take(Act::Comment, Some(account(1)), None, at(300)).unwrap_err();
    assert_eq!(refused.policy, "\"account-minute\";q=2;w=60, \"account-hour\";q=4;w=3600");
    assert_eq!(refused.limit, format!("\"account-hour\";r=0;t={}", refused.wait));
    assert!(limits.take(Act::Comment, Some(account(1)), None, at(300 + i64::try_from(refused.wait).unwrap())).is_ok());
}

#[test]
fn what_is_refused_takes_nothing_from_anybody() {
    let limits = limits(1, 0);
    let origin = party(&limits, "203.0.113.9");
    assert!(limits.take(Act::Comment, Some(account(1)), origin, at(0)).is_ok());
    // Its own share is used up; that of the address has one left, and keeps it.
    for _ in 0..5 {
        assert!(limits.take(Act::Comment, Some(account(1)), origin, at(0)).is_err());
    }
    assert!(limits.take(Act::Comment, Some(account(2)), origin, at(0)).is_ok());
    let third = limits.take(Act::Comment, Some(account(3)), origin, at(0)).unwrap_err();
    assert!(third.limit.starts_with("\"address-minute\";r=0"), "{}", third.limit);
    assert!(limits.take(Act::Comment, Some(account(3)), None, at(0)).is_ok());
}

#[test]
fn an_address_is_one_however_it_is_written() {
    let limits = limits(1, 1);
    let origin = |text: &str| limits.origin(text.parse().unwrap()).unwrap();
    assert_eq!(origin("203.0.113.9"), origin("::ffff:203.0.113.9"));
    assert_eq!(origin("2001:db8:0:1::1"), origin("2001:db8:0:1:ffff::2"));
    assert_ne!(origin("2001:db8:0:1::1"), origin("2001:db8:0:2::1"));
    assert_ne!(origin("203.0.113.9"), origin("203.0.113.8"));
    assert_eq!(limits.origin("::ffff:127.0.0.1".parse().unwrap()), None);
    let other = Limits::new(limits.rules.clone(), vault());
    assert_ne!(other.origin("203.0.113.9".parse().unwrap()), Some(origin("203.0.113.9")));
}

#[test]
fn wrong_passwords_are_counted_by_name_by_address_and_by_both() {
    let limits = limits(2, 0);
    let origin = |n: u8| party(&limits, &format!("203.0.113.{n}"));
    let attempt = |name: &str, n: u8| limits.attempt(name, origin(n), at(0)).map(|attempt| attempt.standing.limit);
    assert!(attempt("sara", 1).is_ok() && attempt("sara", 1).is_ok());
    assert!(attempt("sara", 1).unwrap_err().limit.starts_with("\"pair-minute\";r=0"));
    // One address has twice as many for all names, one name twice as many from all addresses.
    assert!(attempt("omar", 1).is_ok() && attempt("omar", 1).is_ok());
    assert!(attempt("layla", 1).unwrap_err().limit.starts_with("\"address-minute\";r=0"));
    assert!(attempt("sara", 2).is_ok() && attempt("sara", 3).is_ok());
    let refused = attempt("sara", 4).unwrap_err();
    assert!(refused.limit.starts_with("\"name-minute\";r=0"), "{}", refused.limit);
    let later = at(i64::try_from(refused.wait).unwrap());
    assert!(limits.attempt("sara", origin(4), later).is_ok());
}

#[test]
fn a_right_password_takes_nothing_and_from_there_strangers_shut_nobody_out() {
    let limits = limits(2, 10);
    let home = party(&limits, "203.0.113.9");
    for _ in 0..100 {
        succeed(&limits, home);
    }
    for n in 0..200 {
        drop(limits.attempt("sara", party(&limits, &format!("198.51.100.{n}")), at(0)));
    }
    assert!(limits.attempt("sara", party(&limits, "192.0.2.1"), at(0)).is_err());
    assert!(limits.attempt("sara", home, at(0)).is_ok());
    assert!(limits.attempt("sara", home, at(0)).is_ok());
    assert!(limits.attempt("sara", home, at(0)).is_err(), "at home they are counted, too");
}

#[test]
fn a_flood_of_strangers_shuts_nobody_out_who_is_at_home_and_gives_nobody_more() {
    let limits = limits(2, 10);
    let home = party(&limits, "203.0.113.9");
    succeed(&limits, home);
    // Two hours later all of that address is back, and it is known no more.
    drop(limits.known(at(7_200)));
    for n in 0..u32::try_from(KNOWN_MAX).unwrap() + 10 {
        let address = std::net::Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(n) << 64);
        let origin = party(&limits, &address.to_string());
        drop(limits.attempt("nobody", origin, at(0)));
        drop(limits.take(Act::Comment, None, origin, at(0)));
    }
    let known = |act: Act| limits.known.lock().unwrap().back_at.keys().filter(|(of, _)| *of == act).count();
    assert!(known(Act::SignIn) <= KNOWN_MAX + 4 && known(Act::Comment) <= KNOWN_MAX + 4);
    let elsewhere = party(&limits, "192.0.2.77");
    let taken = (0..20).filter(|n| limits.attempt(&format!("omar{n}"), elsewhere, at(0)).is_ok()).count();
    assert!(taken <= 4, "{taken}");
    for _ in 0..5 {
        succeed(&limits, home);
    }
}

#[test]
fn what_a_name_has_is_told_to_whom_it_stops_alone() {
    let limits = limits(2, 0);
    let origin = |n: u8| party(&limits, &format!("203.0.113.{n}"));
    succeed(&limits, origin(1));
    let told = |name: &str| limits.attempt(name, origin(1), at(0)).unwrap().standing;
    assert_eq!(told("sara").policy, told("omar").policy);
    let stopped = (2..6).find_map(|n| limits.attempt("omar", origin(n), at(0)).err()).unwrap();
    assert!(stopped.limit.starts_with("\"name-minute\";r=0"), "{}", stopped.limit);
}

#[test]
fn who_has_all_of_it_back_is_forgotten() {
    let limits = limits(5, 10);
    for n in 0..1_000 {
        assert!(limits.take(Act::Comment, Some(account(n)), None, at(0)).is_ok());
    }
    assert_eq!(limits.known.lock().unwrap().back_at.len(), 1_000);
    assert!(limits.take(Act::Comment, Some(account(0)), None, at(3_600)).is_ok());
    assert_eq!(limits.known.lock().unwrap().back_at.len(), 1);
}

#[test]
fn a_program_has_a_share_of_its_own_beside_the_accounts() {
    let limits = limits(3, 0);
    let program = Some(Party::Program(KeyId::of(Uuid::from_u128(7))));
    let take = |n: u128, party: Option<Party>| limits.take(Act::Comment, Some(account(n)), party, at(0));
    for n in 0..12 {
        assert!(take(n, program).is_ok(), "{n}");
    }
    assert!(take(12, program).unwrap_err().limit.starts_with("\"key-minute\";r=0"));
    let another = Some(Party::Program(KeyId::of(Uuid::from_u128(8))));
    assert!(take(12, another).is_ok(), "each key has its own");
    assert!(take(13, party(&limits, "203.0.113.9")).is_ok(), "it is not that of an address");
    for _ in 0..2 {
        assert!(take(12, another).is_ok());
    }
    assert!(
        take(12, another).unwrap_err().limit.starts_with("\"account-minute\""),
        "an account has no more than before"
    );
}

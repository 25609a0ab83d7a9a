//! How often one account, and one address, may do what costs others: write, react, report, try a password.
//!
//! Each has so many a minute and so many an hour, which come back little by little (GCRA, as ITU-T I.371 has it). What is
//! asked for must be there for the account and for the address, or none of it is taken. It is counted in the memory of this
//! node, by the application's clock: several nodes count each for itself, and a restart begins anew. An address is kept only
//! as a keyed hash, an account by its id, and both are forgotten once all of theirs has come back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::auth::Vault;
use crate::config;
use crate::ids::{CommenterId, KeyId};
use crate::time::UtcTime;

/// Holders that are known at once. Beyond them new addresses share one share, so that nobody can fill the memory.
const KNOWN_MAX: usize = 100_000;
/// How often those are forgotten that have all of theirs back.
const SWEEP: Duration = Duration::from_secs(60);
/// How long it is known from where somebody has signed in.
pub const AT_HOME: Duration = Duration::from_secs(30 * 86_400);
/// Over what is counted, in seconds.
const SPANS: [u32; 2] = [60, 3_600];
const MICROS: i64 = 1_000_000;

/// What is counted, each for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Writing a comment, or changing one.
    Comment,
    /// Reacting to one.
    React,
    /// Reporting one.
    Report,
    /// Reading an article.
    View,
    /// Trying a password.
    SignIn,
    /// Making an account.
    Register,
    /// Asking for a letter, or trying the code of one.
    Letter,
}

/// A keyed hash: whoever does not know the newsroom's key can't try values against it.
type Tag = [u8; 16];

/// Where somebody calls from: the keyed hash of an address, of an IPv6 address that of its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin(Tag);

impl Origin {
    /// The hash.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Who has a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Account(CommenterId),
    Address(Origin),
    Program(KeyId),
    /// What somebody signs in with, whether or not there is such an account.
    Name(Tag),
    /// The same from one address.
    Pair(Tag),
    /// Who comes when too many are known, and strangers of whom nothing is known.
    Rest,
}

/// Who brings a call, whoever it is that calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// An address.
    Address(Origin),
    /// A program with a key of its own, through which many call.
    Program(KeyId),
}

impl Party {
    /// What tells it from others.
    const fn tag(self) -> Tag {
        match self {
            Self::Address(origin) => origin.0,
            Self::Program(key) => key.uuid().into_bytes(),
        }
    }
}

impl From<Party> for Holder {
    fn from(party: Party) -> Self {
        match party {
            Party::Address(origin) => Self::Address(origin),
            Party::Program(key) => Self::Program(key),
        }
    }
}

/// How much is left, in the words of HTTP (draft-ietf-httpapi-ratelimit-headers).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `RateLimit-Policy`: every share.
    pub policy: String,
    /// `RateLimit`: the share that has least left.
    pub limit: String,
    /// Seconds until it can be asked for again; 0 when it was taken.
    pub wait: u64,
}

/// A share, and what would be left of it.
#[derive(Clone, Debug)]
struct Share {
    name: &'static str,
    quota: u32,
    seconds: u32,
    /// Until when it would be used up so far that all of it is back.
    until: i64,
    left: i64,
    /// Microseconds until there is enough.
    wait: i64,
}

/// A password or a code that is being tried.
#[derive(Clone, Debug)]
pub struct Attempt {
    holders: Vec<Holder>,
    /// What is left if it is wrong.
    pub standing: Standing,
}

impl Share {
    /// What would be left of a share that is all back at an instant, if one were taken now.
    fn after_one(name: &'static str, quota: u32, seconds: u32, back_at: i64, now: i64) -> Self {
        let (span, each) = (i64::from(seconds) * MICROS, each(quota, seconds));
        let until = back_at.max(now) + each;
        let spare = span - (until - now);
        Self { name, quota, seconds, until, left: spare.max(0) / each.max(1), wait: (-spare).max(0) }
    }
}

/// The shares of everybody.
pub struct Limits {
    rules: config::Limits,
    vault: Arc<Vault>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// When all of each span is back.
    back_at: HashMap<(Act, Holder), [i64; SPANS.len()]>,
    /// Of how many holders that is known, by what is counted: a flood of one thing leaves room for the others.
    counted: HashMap<Act, usize>,
    /// Who signed in from where, and when last.
    at_home: HashMap<Tag, i64>,
    swept_at: i64,
}

impl Limits {
    /// The shares that the settings give. What tells callers apart follows from the key in the vault: it stays what it was when
    /// the signing secret is another one.
    pub fn new(rules: config::Limits, vault: Arc<Vault>) -> Self {
        Self { rules, vault, known: Mutex::default() }
    }

    /// Where somebody calls from. Who has one IPv6 address has 2^64 of them, and is one all the same. An address of this
    /// machine says nothing: behind it may be a proxy that nobody has named, and everybody behind that.
    pub fn origin(&self, address: IpAddr) -> Option<Origin> {
        if address.to_canonical().is_loopback() {
            return None;
        }
        let network = match address.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().iter().copied().take(8).collect(),
        };
        self.tag(&[&network]).map(Origin)
    }

    fn tag(&self, parts: &[&[u8]]) -> Option<Tag> {
        let mark = self.vault.mark("limits", &parts.concat()).ok()?;
        mark.first_chunk().copied()
    }

    /// Takes one from the shares of an account or a guest and of an address or a program, and says what is left. All strangers of whom not
    /// even an address is known share what one address has.
    ///
    /// # Errors
    /// What is left when one of them has not enough: then none is taken from either.
    pub fn take(
        &self,
        act: Act,
        account: Option<CommenterId>,
        party: Option<Party>,
        now: UtcTime,
    ) -> Result<Standing, Standing> {
        let mut known = self.known(now);
        let holders = [account.map(Holder::Account), party.map(Holder::from)];
        let holders = known.admitted(act, holders.into_iter().flatten());
        self.take_from(&mut known, act, &holders, now)
    }

    /// Takes one try at a password: from the shares of the name and the address together, of the address, and of the name. From
    /// where its holder has signed in, the name's own share does not count: strangers elsewhere who try that name do not shut
    /// its holder out. What is asked for stays taken until [`Self::give_back`], so that many at once are not more.
    ///
    /// # Errors
    /// What is left when one of them has not enough: then none is taken from any.
    pub fn attempt(&self, name: &str, party: Option<Party>, now: UtcTime) -> Result<Attempt, Standing> {
        let pair = self.pair(name, party);
        let name = self.tag(&[name.as_bytes()]).unwrap_or_default();
        let mut known = self.known(now);
        let is_at_home = known.at_home.contains_key(&pair);
        let name = Some(Holder::Name(name)).filter(|_| !is_at_home);
        // At home nobody waits for the strangers who have filled the room for addresses.
        let party = party.map(Holder::from).filter(|party| !is_at_home || known.admit(Act::SignIn, *party) == *party);
        let holders = [Some(Holder::Pair(pair)), party, name];
        let holders = known.admitted(Act::SignIn, holders.into_iter().flatten());
        let standing = self.take_from(&mut known, Act::SignIn, &holders, now)?;
        Ok(Attempt { holders, standing })
    }

    /// Whether it is known here that somebody with this name signs in there.
    pub fn is_at_home(&self, name: &str, party: Option<Party>, now: UtcTime) -> bool {
        let pair = self.pair(name, party);
        self.known(now).at_home.contains_key(&pair)
    }

    /// What tells a name at one address, or with one program, from all others.
    pub fn place(&self, name: &str, party: Option<Party>) -> [u8; 16] {
        self.pair(name, party)
    }

    /// Whoever signs in with this name is at home there.
    pub fn welcome(&self, name: &str, party: Option<Party>, now: UtcTime) {
        let pair = self.pair(name, party);
        let mut known = self.known(now);
        if known.at_home.len() >= KNOWN_MAX && !known.at_home.contains_key(&pair) {
            let oldest = known.at_home.iter().min_by_key(|(_, last)| **last).map(|(pair, _)| *pair);
            oldest.and_then(|pair| known.at_home.remove(&pair));
        }
        known.at_home.insert(pair, now.micros());
    }

    /// What was given is right, or was not looked at: nothing was taken.
    pub fn give_back(&self, attempt: &Attempt, now: UtcTime) {
        let mut known = self.known(now);
        for holder in &attempt.holders {
            let each = self.quotas(Act::SignIn, *holder).map(|(_, quota, seconds)| each(quota, seconds));
            let back_at = known.back_at.get_mut(&(Act::SignIn, *holder));
            for (at, each) in back_at.into_iter().flatten().zip(each) {
                *at -= each;
            }
        }
    }

    /// A name at one address, or with one program.
    fn pair(&self, name: &str, party: Option<Party>) -> Tag {
        let from = party.map(Party::tag).unwrap_or_default();
        self.tag(&[&from, name.as_bytes()]).unwrap_or_default()
    }

    /// What is known, without what is not worth knowing any more.
    fn known(&self, now: UtcTime) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.sweep(now.micros());
        known
    }

    fn take_from(&self, known: &mut Known, act: Act, holders: &[Holder], now: UtcTime) -> Result<Standing, Standing> {
        let now = now.micros();
        let shares: Vec<Vec<Share>> = holders.iter().map(|holder| self.shares(act, *holder, known, now)).collect();
        let all: Vec<&Share> = shares.iter().flatten().collect();
        let standing = standing(&all, now);
        if standing.wait > 0 {
            return Err(standing);
        }
        for (holder, shares) in holders.iter().zip(&shares) {
            if !known.back_at.contains_key(&(act, *holder)) {
                *known.counted.entry(act).or_default() += 1;
            }
            let back_at = known.back_at.entry((act, *holder)).or_default();
            for share in shares {
                if let Some((_, at)) = SPANS.iter().zip(back_at.iter_mut()).find(|(span, _)| **span == share.seconds) {
                    *at = share.until;
                }
            }
        }
        Ok(standing)
    }

    /// The shares of one holder, each as it would be after one was taken. Where there is no limit, there is none.
    fn shares(&self, act: Act, holder: Holder, known: &Known, now: i64) -> Vec<Share> {
        let back_at = known.back_at.get(&(act, holder)).copied().unwrap_or_default();
        let limited = self.quotas(act, holder).into_iter().zip(back_at).filter(|((_, quota, _), _)| *quota > 0);
        limited.map(|((name, quota, seconds), at)| Share::after_one(name, quota, seconds, at, now)).collect()
    }

    /// The name of each share of a holder, how much it has, and in how many seconds.
    fn quotas(&self, act: Act, holder: Holder) -> [(&'static str, u32, u32); SPANS.len()] {
        let rate = match act {
            Act::Comment => &self.rules.comments,
            Act::React => &self.rules.reactions,
            Act::Report => &self.rules.reports,
            Act::View => &self.rules.views,
            Act::SignIn => &self.rules.sign_ins,
            Act::Register => &self.rules.registrations,
            Act::Letter => &self.rules.letters,
        };
        let many = if matches!(act, Act::Register | Act::Letter) { 1 } else { self.rules.address_factor };
        let ([minute, hour], times) = match holder {
            Holder::Account(_) => (["account-minute", "account-hour"], 1),
            Holder::Program(_) => (["key-minute", "key-hour"], self.rules.key_factor),
            Holder::Pair(_) => (["pair-minute", "pair-hour"], 1),
            Holder::Name(_) => (["name-minute", "name-hour"], many),
            Holder::Address(_) | Holder::Rest => (["address-minute", "address-hour"], many),
        };
        let [in_minute, in_hour] = SPANS;
        [
            (minute, rate.per_minute.saturating_mul(times), in_minute),
            (hour, rate.per_hour.saturating_mul(times), in_hour),
        ]
    }
}

/// Microseconds until one of a share is back.
fn each(quota: u32, seconds: u32) -> i64 {
    i64::from(seconds) * MICROS / i64::from(quota.max(1))
}

impl Known {
    /// The holders whose shares are asked; of nobody, what all the rest have.
    fn admitted(&self, act: Act, holders: impl Iterator<Item = Holder>) -> Vec<Holder> {
        let mut admitted: Vec<Holder> = Vec::new();
        for holder in holders.map(|holder| self.admit(act, holder)) {
            if !admitted.contains(&holder) {
                admitted.push(holder);
            }
        }
        if admitted.is_empty() {
            admitted.push(Holder::Rest);
        }
        admitted
    }

    /// The holder itself, or, of more addresses than there is room for, one of all the rest. Accounts are never shut out by strangers:
    /// each of theirs has cost something.
    fn admit(&self, act: Act, holder: Holder) -> Holder {
        let is_ours = match holder {
            Holder::Account(_) | Holder::Program(_) => true,
            Holder::Pair(pair) => self.at_home.contains_key(&pair),
            Holder::Address(_) | Holder::Name(_) | Holder::Rest => false,
        };
        let has_room = || self.counted.get(&act).is_none_or(|counted| *counted < KNOWN_MAX);
        if is_ours || has_room() || self.back_at.contains_key(&(act, holder)) { holder } else { Holder::Rest }
    }

    /// Forgets who has all of theirs back.
    fn sweep(&mut self, now: i64) {
        let pause = i64::try_from(SWEEP.as_micros()).unwrap_or(i64::MAX);
        if now - self.swept_at < pause {
            return;
        }
        self.swept_at = now;
        self.back_at.retain(|_, back_at| back_at.iter().any(|at| *at > now));
        self.counted.clear();
        for (act, _) in self.back_at.keys() {
            *self.counted.entry(*act).or_default() += 1;
        }
        let long_ago = now - i64::try_from(AT_HOME.as_micros()).unwrap_or(i64::MAX);
        self.at_home.retain(|_, last| *last > long_ago);
    }
}

/// What a caller is told of all shares.
fn standing(shares: &[&Share], now: i64) -> Standing {
    let seconds = |micros: i64| u64::try_from(micros).unwrap_or_default().div_ceil(MICROS.unsigned_abs());
    let policy = |share: &&Share| format!("\"{}\";q={};w={}", share.name, share.quota, share.seconds);
    // What a name has from everywhere is told to whom it stops alone: at home it does not count, and nobody else is to see that.
    let is_told = |share: &&&Share| !share.name.starts_with("name-");
    let wait = shares.iter().map(|share| share.wait).max().unwrap_or_default();
    // Of those that have nothing left the one that takes longest.
    let tightest = shares
        .iter()
        .filter(|share| wait > 0 || is_told(share))
        .max_by_key(|share| (share.wait, std::cmp::Reverse(share.left)));
    let limit = tightest.map(|share| {
        let until = if wait > 0 { share.wait } else { share.until - now };
        let left = if wait > 0 { 0 } else { share.left };
        format!("\"{}\";r={left};t={}", share.name, seconds(until))
    });
    Standing {
        policy: shares.iter().filter(is_told).map(policy).collect::<Vec<_>>().join(", "),
        limit: limit.unwrap_or_default(),
        wait: seconds(wait),
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits")
    }
}

#[cfg(test)]
mod tests;

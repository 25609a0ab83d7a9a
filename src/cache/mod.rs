//! Answers that are alike for everyone, kept as bytes for as long as they hold.
//!
//! No change removes an answer. An answer is kept with the [facets](Facet) that it rests on and with the count of changes
//! from before it was read; every change raises the count and notes it at the facets that it touches. An answer holds while
//! none of its facets was touched since, so one that was read before a change and kept after it does not hold either, and no
//! reader ever waits for a writer. On the node that makes a change this is before its writer is answered; the others learn of
//! it from the event log.
//!
//! What the clock turns is known ahead: the cache looks up the next instant at which anything becomes public or stops being
//! so, and gives nothing that is older than the last one.

pub mod facet;
pub mod http;
mod kept;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use quick_cache::Weighter;
use quick_cache::sync::Cache as Bounded;
use tokio::sync::Semaphore;

use facet::SharedSeconds;
pub use facet::{Facet, Marks};
pub use kept::{Kept, Rest};

use crate::http::layer::ASK;
use crate::time::UtcTime;

/// So many are expected; the bound is of bytes.
const EXPECTED: usize = 1_000;
/// How long answers are given by a node that hears nothing of the others: nothing that was taken back may stay for longer.
const DEAF_MICROS: u64 = 30_000_000;
const SECOND_MICROS: u64 = 1_000_000;
/// Before anybody has looked, and after something may have been planned.
const UNKNOWN: i64 = i64::MIN;

/// The answers of one node.
pub struct Cache {
    /// Nothing where the settings want none.
    kept: Option<Bounded<String, Arc<Kept>, Bytes>>,
    shared: SharedSeconds,
    marks: Marks,
    /// The next instant at which the clock turns something, in microseconds.
    next_turn: AtomicI64,
    /// Up to which instant the clock was followed. Whoever looks ahead holds it.
    followed: tokio::sync::Mutex<Option<UtcTime>>,
    began: Instant,
    /// When this node last heard of all that the others have changed, in microseconds from when it began; none if 0.
    heard: AtomicU64,
    /// What is being read just now, and where others wait for it.
    under_way: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Weighs answers in bytes.
#[derive(Clone, Copy, Debug)]
struct Bytes;

impl Weighter<String, Arc<Kept>> for Bytes {
    fn weight(&self, key: &String, kept: &Arc<Kept>) -> u64 {
        (key.len() as u64).saturating_add(kept.weight())
    }
}

/// Whose turn it is to read an answer.
pub enum Turn<'c> {
    /// One's own.
    Mine(Reading<'c>),
    /// Somebody else reads it: it is closed once that is over.
    Theirs(Arc<Semaphore>),
}

/// Somebody reads an answer that others may wait for.
pub struct Reading<'c> {
    cache: &'c Cache,
    key: String,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.cache.under_way().remove(&self.key) {
            waiting.close();
        }
    }
}

impl Cache {
    /// A cache of at most so many bytes, of none it keeps nothing; and for how long others may keep what it has.
    pub fn new(bytes: u64, shared: SharedSeconds) -> Self {
        Self {
            shared,
            kept: (bytes > 0).then(|| Bounded::with_weighter(EXPECTED, bytes, Bytes)),
            marks: Marks::default(),
            next_turn: AtomicI64::new(UNKNOWN),
            followed: tokio::sync::Mutex::default(),
            began: Instant::now(),
            heard: AtomicU64::new(0),
            under_way: Mutex::default(),
        }
    }

    /// Whether it keeps anything.
    pub const fn is_on(&self) -> bool {
        self.kept.is_some()
    }

    /// How many changes there were: to be asked before an answer is read.
    pub fn count(&self) -> u64 {
        self.marks.count()
    }

    /// Notes that these were touched.
    pub fn touch(&self, facets: &[Facet]) {
        if self.marks.touch(facets) {
            self.next_turn.store(UNKNOWN, Ordering::SeqCst);
        }
    }

    /// The answer to a request, if there is one that holds at an instant.
    pub fn find(&self, key: &str, now: UtcTime) -> Option<Arc<Kept>> {
        if !self.sees(now) {
            return None;
        }
        let kept = self.kept.as_ref()?.get(key)?;
        (kept.holds_at(now) && self.marks.hold(&kept.rest.facets, kept.count)).then_some(kept)
    }

    /// The same, if nothing is to be found out first.
    fn at_hand(&self, key: &str, now: UtcTime) -> Option<Arc<Kept>> {
        if self.is_deaf() { None } else { self.find(key, now) }
    }

    /// Keeps an answer.
    pub fn keep(&self, key: String, kept: Arc<Kept>) {
        if let Some(all) = &self.kept {
            all.insert(key, kept);
        }
    }

    /// What caches of others are told of an answer that leaves at an instant, if they may give it without asking. Its time ends
    /// before the clock turns anything, and what is given while they ask does, too.
    fn rule(&self, kept: &Kept, now: UtcTime) -> Option<Cow<'static, str>> {
        let shared = &self.shared;
        let most = kept.rest.facets.iter().map(|facet| facet.seconds(shared)).min().filter(|most| *most > 0)?;
        let turn = self.next_turn.load(Ordering::SeqCst).min(kept.rest.until.map_or(i64::MAX, UtcTime::micros));
        let left = u64::try_from(turn.saturating_sub(now.micros())).unwrap_or_default() / SECOND_MICROS;
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        let fresh = most.min(left);
        let stale = shared.stale.min(left.saturating_sub(fresh));
        Some(match (fresh, stale) {
            (0, _) => ASK.into(),
            (_, 0) => format!("public, max-age=0, s-maxage={fresh}").into(),
            _ => format!("public, max-age=0, s-maxage={fresh}, stale-while-revalidate={stale}").into(),
        })
    }

    /// Notes that everything was heard of that other nodes have changed.
    pub fn hears(&self) {
        self.heard.store(self.age().max(1), Ordering::SeqCst);
    }

    /// Whether it has been too long since this node heard of the others, if it ever listens.
    fn is_deaf(&self) -> bool {
        let heard = self.heard.load(Ordering::SeqCst);
        heard > 0 && self.age().saturating_sub(heard) > DEAF_MICROS
    }

    fn age(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Whether the clock is known to have turned something that was not noted.
    fn is_late(&self, now: UtcTime) -> bool {
        let next = self.next_turn.load(Ordering::SeqCst);
        next != UNKNOWN && next <= now.micros()
    }

    /// Whether it is known that the clock has turned nothing up to an instant that was not noted.
    pub fn sees(&self, now: UtcTime) -> bool {
        now.micros() < self.next_turn.load(Ordering::SeqCst)
    }

    /// Says who reads the answer to a request.
    pub fn turn(&self, key: &str) -> Turn<'_> {
        let mut under_way = self.under_way();
        if let Some(waiting) = under_way.get(key) {
            return Turn::Theirs(Arc::clone(waiting));
        }
        under_way.insert(key.to_owned(), Arc::new(Semaphore::new(0)));
        Turn::Mine(Reading { cache: self, key: key.to_owned() })
    }

    /// Notes the next turn of the clock, as it was read after so many changes.
    pub fn expect(&self, next: Option<UtcTime>, count: u64) {
        self.next_turn.store(next.map_or(i64::MAX, UtcTime::micros), Ordering::SeqCst);
        // Whoever plans something notes that first and makes this unknown then: one of the two sees the other.
        if !self.marks.plans_hold(count) {
            self.next_turn.store(UNKNOWN, Ordering::SeqCst);
        }
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}

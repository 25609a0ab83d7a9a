//! Views that were not written down yet, and who was just counted. All of it in the memory of this node.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ids::{ArticleId, UserId};
use crate::limits::Origin;
use crate::time::UtcTime;

/// A reader who comes back within this, and within twice as long at the most, is the same one.
const VISIT: Duration = Duration::from_secs(30 * 60);
/// Visits that are known at once; where there are more, the earlier ones are forgotten sooner.
const VISITS_MAX: usize = 200_000;

/// Who reads, as far as that is known. Nothing of it is kept but a hash with a key that ends with this process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Somebody who is signed in.
    Account(UserId),
    /// A program at an address.
    Device(Origin, String),
}

/// What this node has counted.
#[derive(Debug, Default)]
pub struct Tally {
    keyed: RandomState,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    views: HashMap<ArticleId, i64>,
    /// Who came in this part of the time, and who in the one before.
    recent: HashSet<u64>,
    earlier: HashSet<u64>,
    /// When this part began, in microseconds.
    since: i64,
}

impl Tally {
    /// Counts a view, unless this reader has just been counted for this article; who is not known is another one each time.
    pub fn view(&self, article: ArticleId, reader: Option<&Reader>, now: UtcTime) {
        let visit = reader.map(|reader| self.keyed.hash_one((article, reader)));
        let mut counted = self.counted();
        counted.turn(now.micros());
        if let Some(visit) = visit
            && (counted.earlier.contains(&visit) || !counted.recent.insert(visit))
        {
            return;
        }
        *counted.views.entry(article).or_default() += 1;
    }

    /// Takes out what was counted of some articles, by their ids.
    pub fn take(&self, most: usize) -> Vec<(ArticleId, i64)> {
        let mut counted = self.counted();
        let mut ids: Vec<ArticleId> = counted.views.keys().copied().collect();
        ids.sort_unstable();
        ids.truncate(most);
        let taken: Vec<_> = ids.into_iter().filter_map(|id| counted.views.remove_entry(&id)).collect();
        if counted.views.is_empty() {
            counted.views = HashMap::new(); // What a crowd has taken up is given back.
        }
        taken
    }

    /// Takes back what could not be written.
    pub fn take_back(&self, views: Vec<(ArticleId, i64)>) {
        let mut counted = self.counted();
        for (article, more) in views {
            *counted.views.entry(article).or_default() += more;
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// Begins another part of the time once this one is over, or full.
    fn turn(&mut self, now: i64) {
        let visit = i64::try_from(VISIT.as_micros()).unwrap_or(i64::MAX);
        let parts = (now - self.since) / visit;
        if parts == 0 && self.recent.len() < VISITS_MAX / 2 {
            return;
        }
        let recent = std::mem::take(&mut self.recent);
        self.earlier = if parts > 1 { HashSet::new() } else { recent };
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use uuid::Uuid;

    fn article(n: u128) -> ArticleId {
        ArticleId::of(Uuid::from_u128(n))
    }

    fn reader(n: u128) -> Reader {
        Reader::Account(UserId::of(Uuid::from_u128(n)))
    }

    fn at(minutes: i64) -> UtcTime {
        UtcTime::from_micros(1_790_000_000_000_000 + minutes * 60_000_000)
    }

    #[test]
    fn a_reader_is_counted_once_in_a_while_and_a_stranger_each_time() {
        let tally = Tally::default();
        let view =
            |id: u128, reader: Option<Reader>, minutes: i64| tally.view(article(id), reader.as_ref(), at(minutes));
        view(1, Some(reader(1)), 0);
        view(1, Some(reader(1)), 29);
        view(1, Some(reader(2)), 29);
        view(2, Some(reader(1)), 29);
        assert_eq!(tally.take(10), [(article(1), 2), (article(2), 1)]);
        view(1, Some(reader(1)), 31);
        assert_eq!(tally.take(10), [], "still the same visit");
        view(1, Some(reader(1)), 91);
        view(1, None, 91);
        view(1, None, 91);
        assert_eq!(tally.take(10), [(article(1), 3)]);
    }

    #[test]
    fn what_is_taken_is_gone_and_what_comes_back_is_added() {
        let tally = Tally::default();
        (0..5).for_each(|n| tally.view(article(n), None, at(0)));
        let first = tally.take(2);
        assert_eq!(first, [(article(0), 1), (article(1), 1)]);
        tally.view(article(1), None, at(0));
        tally.take_back(first);
        assert_eq!(tally.take(10), [0, 1, 2, 3, 4].map(|n| (article(n), if n == 1 { 2 } else { 1 })));
        assert_eq!(tally.take(10), []);
    }

    #[test]
    fn a_crowd_takes_no_more_room_than_there_is() {
        let tally = Tally::default();
        for n in 0..u128::try_from(VISITS_MAX * 2).unwrap() {
            tally.view(article(1), Some(&reader(n)), at(0));
        }
        let counted = tally.counted();
        assert!(counted.recent.len() + counted.earlier.len() <= VISITS_MAX);
    }
}

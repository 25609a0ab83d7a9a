//! The lists, prepared to search with, and where a node keeps them so until they change. Pure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aho_corasick::BuildError;
use quick_cache::sync::Cache;

use super::matcher::{Entry, Hit, WordList, Words};
use crate::comments::pipeline::Span;
use crate::comments::wording::Gist;

/// Places that are told of one text. A moderator sees by a few what it is about.
const SPANS_MAX: usize = 50;
/// Gists that a node keeps; each is a few hundred bytes.
const GISTS_MAX: usize = 4_096;

/// What the lists have to say about a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The strictest list that has a word of it.
    pub list: WordList,
    /// Where, and which words.
    pub spans: Vec<Span>,
}

/// Every list, prepared.
#[derive(Debug)]
pub struct Lists {
    entries: Vec<Entry>,
    words: Words,
}

impl Lists {
    /// Prepares the lists.
    ///
    /// # Errors
    /// They are larger than any newsroom's.
    pub fn new(entries: Vec<Entry>) -> Result<Self, BuildError> {
        Ok(Self { words: Words::new(&entries)?, entries })
    }

    /// What they have to say about a text.
    pub fn look(&self, text: &str) -> Option<Seen> {
        let hits = self.words.find(text);
        let list = hits.iter().filter_map(|hit| self.entry(hit)).map(|entry| entry.list).min()?;
        let of_list = hits.iter().filter_map(|hit| Some((hit, self.entry(hit)?))).filter(|(_, it)| it.list == list);
        let characters = |bytes: usize| text.get(..bytes).map_or(0, |before| before.chars().count());
        let span = |(hit, entry): (&Hit, &Entry)| Span {
            start: characters(hit.start),
            end: characters(hit.end),
            entry: Some(entry.text.clone()),
        };
        Some(Seen { list, spans: of_list.take(SPANS_MAX).map(span).collect() })
    }

    fn entry(&self, hit: &Hit) -> Option<&Entry> {
        self.entries.get(hit.entry)
    }
}

/// Where a node keeps the lists as they were after so many changes, and the gists of what was said lately.
#[derive(Debug)]
pub struct Prepared {
    lists: Mutex<Option<(i64, Arc<Lists>)>>,
    /// By the key of the text, which all texts of the same words share.
    gists: Cache<Vec<u8>, Arc<Gist>>,
}

impl Default for Prepared {
    fn default() -> Self {
        Self { lists: Mutex::default(), gists: Cache::new(GISTS_MAX) }
    }
}

impl Prepared {
    /// The lists, if they have seen exactly so many changes.
    pub(super) fn at(&self, version: i64) -> Option<Arc<Lists>> {
        self.kept().as_ref().filter(|(kept, _)| *kept == version).map(|(_, lists)| Arc::clone(lists))
    }

    /// Keeps the lists in the place of earlier ones.
    pub(super) fn keep(&self, version: i64, lists: &Arc<Lists>) {
        *self.kept() = Some((version, Arc::clone(lists)));
    }

    /// The gist of a text that has this key.
    pub(in crate::comments) fn gist(&self, key: &[u8], make: impl FnOnce() -> Gist) -> Arc<Gist> {
        self.gists.get(key).unwrap_or_else(|| {
            let gist = Arc::new(make());
            self.gists.insert(key.to_vec(), Arc::clone(&gist));
            gist
        })
    }

    fn kept(&self) -> MutexGuard<'_, Option<(i64, Arc<Lists>)>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::comments::words::matcher::Reach;

    fn entry(text: &str, list: WordList) -> Entry {
        Entry { text: text.to_owned(), language: None, list, reach: Reach::Word, spaced: true }
    }

    #[test]
    fn the_strictest_list_speaks_and_shows_its_words_in_characters() {
        let lists = Lists::new(vec![entry("غبي", WordList::Suspect), entry("كلب", WordList::Banned)]).unwrap();
        assert_eq!(lists.look("يا صديقي"), None);
        let seen = lists.look("😀 يا غبي").unwrap();
        let span = |start, end, entry: &str| Span { start, end, entry: Some(entry.to_owned()) };
        assert_eq!(seen, Seen { list: WordList::Suspect, spans: vec![span(5, 8, "غبي")] });
        let seen = lists.look("😀 يا غبي والكلب").unwrap();
        assert_eq!(seen, Seen { list: WordList::Banned, spans: vec![span(12, 15, "كلب")] });
        assert_eq!(lists.look(&"كلب ".repeat(1_000)).unwrap().spans.len(), SPANS_MAX);
    }

    #[test]
    fn lists_are_good_for_the_number_of_changes_that_they_were_prepared_after() {
        let (prepared, lists) = (Prepared::default(), Arc::new(Lists::new(Vec::new()).unwrap()));
        assert!(prepared.at(0).is_none());
        prepared.keep(3, &lists);
        assert!(prepared.at(3).is_some());
        assert!(prepared.at(2).is_none() && prepared.at(4).is_none());
    }
}

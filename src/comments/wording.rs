//! What somebody is about to say, with all that the rules look at in the words alone. It needs nothing of the database, and
//! of a new comment it is made before anything waits for its turn.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use linkify::{LinkFinder, LinkKind};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use super::dto::{CommentIn, GuestIn};
use super::model;
use super::pipeline::Span;
use crate::fault::Fault;
use crate::ids::CommentId;
use crate::text::arabic;

/// How many words a comment must have before it is compared with others: «thank you» is said by many.
const WORDS_MIN: usize = 5;
/// Of a hundred words that two texts have together, how many they share when they are nearly the same.
const NEAR: usize = 80;

/// Top-level domains in Arabic and Cyrillic letters (IANA's root zone) that are no common words of a sentence.
const TOPS: [&str; 16] = [
    "شبكة",
    "موقع",
    "امارات",
    "السعودية",
    "الاردن",
    "المغرب",
    "الجزائر",
    "فلسطين",
    "بازار",
    "كوم",
    "بيتك",
    "همراه",
    "ابوظبي",
    "ایران",
    "рф",
    "рус",
];

/// A new comment as it came in.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it says, or why that can't be said.
    pub(super) wording: Result<Wording, Fault>,
    /// What it answers.
    pub(super) parent_id: Option<CommentId>,
    /// As whom a guest is introduced.
    pub(super) guest: Option<GuestIn>,
}

impl From<CommentIn> for Draft {
    fn from(CommentIn { text, parent_id, guest }: CommentIn) -> Self {
        Self { wording: model::text(&text).map(Wording::of), parent_id, guest }
    }
}

/// A text as it may be kept.
#[derive(Clone, Debug)]
pub struct Wording {
    /// What it says.
    pub(super) text: String,
    /// What finds it again.
    pub(super) key: Vec<u8>,
    pub(super) gist: Gist,
    /// Where it has links.
    pub(super) links: Vec<Span>,
}

impl Wording {
    /// A text, and what is to be seen in it.
    pub fn of(text: String) -> Self {
        let folded = arabic::fold(&text);
        Self { key: key(&text, &folded), gist: Gist::of_folded(&folded), links: link_spans(&text), text }
    }
}

/// What finds the same text again, however it is spelled, spaced and punctuated; as it stands, where it has no words.
fn key(text: &str, folded: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut words = arabic::words(folded).peekable();
    let whole = words.peek().is_none().then_some(text);
    for word in words.chain(whole) {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().copied().take(16).collect()
}

/// What two texts are compared by.
#[derive(Clone, Debug)]
pub(super) struct Gist {
    /// How many words it has.
    count: usize,
    /// A hash of each word, once and in order.
    words: Vec<u64>,
}

impl Gist {
    /// The gist of a text.
    pub fn of(text: &str) -> Self {
        Self::of_folded(&arabic::fold(text))
    }

    fn of_folded(folded: &str) -> Self {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let mut words: Vec<u64> = arabic::words(folded).map(|word| hasher.hash_one(word)).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        Self { count, words }
    }

    /// Whether it has enough words to be compared.
    pub const fn is_long(&self) -> bool {
        self.count >= WORDS_MIN
    }

    /// Whether two texts share nearly all of their words.
    pub fn is_near(&self, other: &Self) -> bool {
        if !self.is_long() || !other.is_long() {
            return false;
        }
        let shared = self.words.iter().filter(|word| other.words.binary_search(word).is_ok()).count();
        shared * 100 >= (self.words.len() + other.words.len() - shared) * NEAR
    }
}

/// Where a text has links: with a scheme or without, but no e-mail addresses.
fn link_spans(text: &str) -> Vec<Span> {
    let finder = links_without_scheme();
    let characters = |bytes: usize| text.get(..bytes).map_or(0, |before| before.chars().count());
    let span = |start: usize, end: usize| Span { start: characters(start), end: characters(end), entry: None };
    let mut places: Vec<(usize, usize)> = finder.links(text).map(|link| (link.start(), link.end())).collect();
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let (start, end) = (at, at + word.trim_end().len());
        at += word.len();
        let is_known = places.iter().any(|(from, to)| *from < end && start < *to);
        if !is_known && is_foreign_link(word, &finder) {
            places.push((start, end));
        }
    }
    places.sort_unstable();
    places.into_iter().map(|(start, end)| span(start, end)).collect()
}

fn links_without_scheme() -> LinkFinder {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    finder
}

/// Whether a word is a link that only those see who know more than Latin letters: with a host of another script, or with
/// letters and stops that are read as Latin ones.
fn is_foreign_link(word: &str, finder: &LinkFinder) -> bool {
    let plain: String =
        word.trim().nfkc().map(|c| if c == '\u{3002}' { '.' } else { c }).collect::<String>().to_lowercase();
    let begins_host = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '[');
    let has_scheme = plain.split_once("://").is_some_and(|(_, rest)| begins_host(rest));
    let bare = plain.strip_prefix("//").or_else(|| plain.strip_prefix("www.")).is_some_and(begins_host);
    let host =
        plain.split(['/', '?', '#', ':']).next().unwrap_or_default().trim_matches(|c: char| !c.is_alphanumeric());
    let ends_host = |top: &str| host.strip_suffix(top).is_some_and(|rest| rest.ends_with('.'));
    has_scheme || bare || TOPS.iter().any(|top| ends_host(top)) || finder.links(&plain).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Vec<u8> {
        Wording::of(text.to_owned()).key
    }

    #[test]
    fn the_same_text_has_the_same_key_however_it_is_spelled() {
        assert_eq!(key("أَهلاً، يا   عالم!"), key("اهلا يا عالم"));
        assert_ne!(key("يا عالم"), key("ياعالم"));
        assert_ne!(key("👍"), key("👎"));
    }

    #[test]
    fn links_are_seen_in_every_script() {
        for link in [
            "https://a.example/x",
            "bit.ly/y",
            "https://موقع.شبكة/صفحة",
            "www.موقع.شبكة",
            "موقع.شبكة",
            "http://١.٢.٣.٤/x",
            "https://пример.рф/",
            "https://例え.テスト/",
            "ｈｔｔｐｓ://a.example",
            "//evil.example/x",
            "evil。example",
        ] {
            let text = format!("انظر {link} الآن");
            let characters = link.trim_end_matches('/').chars().count();
            let spans = link_spans(&text);
            assert_eq!(spans.len(), 1, "{link}");
            assert!(spans.iter().all(|span| span.start == 5 && span.end >= 5 + characters), "{link} {spans:?}");
        }
        for none in ["انتهى الأمر.ثم عاد", "أحمد@موقع", "وجه :// غريب", "١٢.٥ بالمئة", "نعم//لا", "الموقع."]
        {
            assert_eq!(link_spans(none), [], "{none}");
        }
    }
}

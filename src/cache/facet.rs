//! What answers rest on, and which changes touch it.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use serde_json::Value;

use crate::events::Visibility;
use crate::ids::ArticleId;

/// A part of what is public. Whatever an answer tells lies in some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facet {
    /// All of it: a change of which nobody knows what it shows in.
    All,
    /// What the clock has turned.
    Clock,
    /// The articles that are published, with their slugs, links and corrections.
    Articles,
    /// Sources, sections, tags and authors.
    Records,
    /// The site.
    Site,
    /// Breaking news.
    Alerts,
    /// Front pages.
    Collections,
    /// The names and badges of those who comment.
    People,
    /// Which articles are read most.
    Readership,
    /// The comments of whichever article.
    Discussions,
    /// Those of one article, with what readers and moderators have made of them.
    Comments(ArticleId),
    /// How many they are.
    Counts(ArticleId),
}

/// Seconds for which a cache that many share may give an answer without asking, by what it tells of; 0 is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedSeconds {
    /// Articles, by themselves and in lists.
    pub articles: u32,
    /// Breaking news.
    pub alerts: u32,
    /// Front pages.
    pub collections: u32,
    /// What readers say.
    pub comments: u32,
    /// How many comments there are.
    pub counts: u32,
    /// The site, and its sources, sections, tags, authors and commenters.
    pub records: u32,
    /// For so many more it may give what it has while it asks.
    pub stale: u32,
}

/// Slots for facets that are there once.
const FIXED: usize = 16;
/// Slots in which articles share: two in one slot forget each other's answers, and nothing worse.
const SHARED: u64 = 4_096;

/// What happens to a working copy or around it, and shows nowhere in public.
const AT_THE_DESK: [&str; 12] = [
    "article.approved",
    "article.assigned",
    "article.created",
    "article.edited",
    "article.lock_taken_over",
    "article.locked",
    "article.preview_revoked",
    "article.preview_shared",
    "article.restored",
    "article.returned",
    "article.submitted",
    "article.unlocked",
];
/// What happens to a comment without a change of how many there are.
const UNCOUNTED: [&str; 5] =
    ["comment.featured", "comment.pinned", "comment.reacted", "comment.unfeatured", "comment.unpinned"];
/// What happens to an account and shows beside what it has written.
const OF_PEOPLE: [&str; 2] = ["user.erased", "user.updated"];
/// Nouns that never show in public.
const INNER: [&str; 11] = [
    "api_key",
    "comment_hook",
    "identity",
    "invitation",
    "push",
    "sanction",
    "second_factor",
    "session",
    "subscription",
    "webhook",
    "word",
];

impl Facet {
    /// What an event touches. What is not known touches all.
    pub fn touched(topic: &str, visibility: Visibility, payload: &Value) -> Vec<Self> {
        let noun = topic.split('.').next().unwrap_or_default();
        let is_inner = visibility == Visibility::Newsroom && AT_THE_DESK.contains(&topic);
        match noun {
            _ if is_inner || INNER.contains(&noun) => Vec::new(),
            "article" => vec![Self::Articles],
            "alert" => vec![Self::Alerts],
            "collection" => vec![Self::Collections],
            "source" | "section" | "tag" | "author" => vec![Self::Records],
            "readership" => vec![Self::Readership],
            "site" => vec![Self::Site],
            "user" if !OF_PEOPLE.contains(&topic) => Vec::new(),
            "user" | "commenter" => vec![Self::People],
            // Of what nobody could read before or can read now, readers are shown nothing.
            "comment" if visibility == Visibility::Newsroom => Vec::new(),
            "comment" => Self::of_comment(topic, payload),
            _ => vec![Self::All],
        }
    }

    fn of_comment(topic: &str, payload: &Value) -> Vec<Self> {
        let article = payload.get("articleId").and_then(Value::as_str).and_then(|id| ArticleId::parse(id).ok());
        match article {
            Some(article) if UNCOUNTED.contains(&topic) => vec![Self::Comments(article), Self::Discussions],
            Some(article) => vec![Self::Comments(article), Self::Counts(article), Self::Discussions],
            None => vec![Self::All],
        }
    }

    /// Its name for caches that others keep: what is touched is purged by it. A list has many: of an article it has the last
    /// digits of the id, and two that are alike in them are purged together.
    pub fn key(self) -> String {
        match self {
            Self::All => "khabar".into(),
            Self::Clock => "clock".into(),
            Self::Articles => "articles".into(),
            Self::Records => "records".into(),
            Self::Site => "site".into(),
            Self::Alerts => "alerts".into(),
            Self::Collections => "collections".into(),
            Self::People => "people".into(),
            Self::Readership => "readership".into(),
            Self::Discussions => "discussions".into(),
            Self::Comments(article) => format!("comments-{}", last_digits(article)),
            Self::Counts(article) => format!("counts-{}", last_digits(article)),
        }
    }

    /// For how many seconds others may give what rests on it without asking.
    pub const fn seconds(self, shared: &SharedSeconds) -> u32 {
        match self {
            Self::All | Self::Clock | Self::Articles | Self::Readership => shared.articles,
            Self::Alerts => shared.alerts,
            Self::Collections => shared.collections,
            Self::Discussions | Self::Comments(_) => shared.comments,
            Self::Counts(_) => shared.counts,
            Self::Records | Self::Site | Self::People => shared.records,
        }
    }

    /// Whether it is around the articles of every page.
    pub const fn is_furniture(self) -> bool {
        matches!(self, Self::All | Self::Records | Self::Site)
    }

    /// Whether the clock may have something new to turn once it is touched.
    const fn is_planned(self) -> bool {
        matches!(self, Self::All | Self::Articles | Self::Alerts | Self::Collections)
    }

    fn slot(self) -> usize {
        match self {
            Self::All => 0,
            Self::Clock => 1,
            Self::Articles => 2,
            Self::Records => 3,
            Self::Site => 4,
            Self::Alerts => 5,
            Self::Collections => 6,
            Self::People => 7,
            Self::Discussions => 8,
            Self::Readership => 9,
            Self::Comments(article) => FIXED + shared(article),
            Self::Counts(article) => FIXED + shared(article) + 1,
        }
    }
}

/// Eight digits of an id that are random: one pair in four billion has the same.
fn last_digits(article: ArticleId) -> String {
    let mut digits = article.to_string();
    digits.split_off(digits.len().saturating_sub(8))
}

/// The first of an article's two slots.
fn shared(article: ArticleId) -> usize {
    let (high, low) = article.uuid().as_u64_pair();
    usize::try_from((high ^ low) % SHARED * 2).unwrap_or_default()
}

/// The names of facets in one line, as `Surrogate-Key` has them.
pub fn keys(facets: &[Facet]) -> String {
    facets.iter().map(|facet| facet.key()).collect::<Vec<_>>().join(" ")
}

/// When each facet was last touched, by a count of changes.
#[derive(Debug)]
pub struct Marks {
    changes: AtomicU64,
    touched: Box<[AtomicU64]>,
    /// When something was touched that may have given the clock more to do.
    planned: AtomicU64,
}

impl Default for Marks {
    fn default() -> Self {
        let slots = FIXED + usize::try_from(SHARED * 2).unwrap_or_default();
        let touched = (0..slots).map(|_| AtomicU64::new(0)).collect();
        Self { changes: AtomicU64::new(0), touched, planned: AtomicU64::new(0) }
    }
}

impl Marks {
    /// How many changes there were. Whoever notes it before reading knows later whether what was read still holds.
    pub fn count(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Notes that these were touched; answers whether the clock may have more to do.
    pub fn touch(&self, facets: &[Facet]) -> bool {
        if facets.is_empty() {
            return false;
        }
        let count = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        for facet in facets {
            if let Some(slot) = self.touched.get(facet.slot()) {
                slot.fetch_max(count, Ordering::SeqCst);
            }
        }
        let more = facets.iter().any(|facet| facet.is_planned());
        if more {
            self.planned.fetch_max(count, Ordering::SeqCst);
        }
        more
    }

    /// Whether none of these was touched after so many changes.
    pub fn hold(&self, facets: &[Facet], since: u64) -> bool {
        let untouched = |facet: &Facet| {
            self.touched.get(facet.slot()).is_some_and(|touched| touched.load(Ordering::SeqCst) <= since)
        };
        [Facet::All, Facet::Clock].iter().chain(facets).all(untouched)
    }

    /// Whether the clock got nothing more to do after so many changes.
    pub fn plans_hold(&self, since: u64) -> bool {
        self.planned.load(Ordering::SeqCst) <= since
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn touched(topic: &str, visibility: Visibility) -> Vec<Facet> {
        Facet::touched(topic, visibility, &json!({ "articleId": Uuid::from_u128(7) }))
    }

    #[test]
    fn a_change_touches_what_it_shows_in_and_what_nobody_knows_touches_all() {
        use Visibility::{Newsroom, Public};
        let article = ArticleId::of(Uuid::from_u128(7));
        assert_eq!(touched("article.edited", Newsroom), []);
        assert_eq!(touched("article.edited", Public), [Facet::Articles]);
        assert_eq!(touched("article.scheduled", Newsroom), [Facet::Articles]);
        let (said, counted) = (Facet::Comments(article), Facet::Counts(article));
        assert_eq!(touched("comment.posted", Public), [said, counted, Facet::Discussions]);
        assert_eq!(touched("comment.reacted", Public), [said, Facet::Discussions]);
        assert_eq!(touched("comment.posted", Newsroom), []);
        assert_eq!(Facet::touched("comment.posted", Public, &json!({})), [Facet::All]);
        assert_eq!(touched("user.updated", Newsroom), [Facet::People]);
        assert_eq!(touched("user.registered", Newsroom), []);
        assert_eq!(touched("session.opened", Newsroom), []);
        assert_eq!(touched("readership.counted", Newsroom), [Facet::Readership]);
        assert_eq!(touched("dream.dreamt", Newsroom), [Facet::All]);
    }

    #[test]
    fn a_list_names_its_articles_shortly() {
        let article = ArticleId::parse("0192f3a4-5b6c-7d8e-9f01-23456789abcd").unwrap();
        let named = keys(&[Facet::Articles, Facet::Comments(article), Facet::Counts(article)]);
        assert_eq!(named, "articles comments-6789abcd counts-6789abcd");
    }

    #[test]
    fn what_was_read_before_a_change_does_not_hold_after_it() {
        let (marks, article) = (Marks::default(), ArticleId::of(Uuid::from_u128(7)));
        let rests = [Facet::Articles, Facet::Comments(article)];
        let before = marks.count();
        assert!(marks.hold(&rests, before));
        assert!(!marks.touch(&[Facet::Site]));
        assert!(marks.hold(&rests, before), "of something else");
        assert!(!marks.touch(&[Facet::Comments(article), Facet::Discussions]));
        assert!(!marks.hold(&rests, before));
        assert!(marks.hold(&rests, marks.count()));
        let (count, all) = (marks.count(), [Facet::All]);
        assert!(marks.plans_hold(count) && marks.touch(&all) && !marks.plans_hold(count));
        assert!(!marks.hold(&[], count));
    }
}

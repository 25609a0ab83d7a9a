//! What a site is, parsed.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::discussion::DiscussionRules;
use crate::lint::LintRules;
use crate::text::{Lang, Language};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// Who may comment, and when it shows.
    #[schema(example = "premoderated")]
    pub enum CommentPolicy {
        /// Everyone with an account, and guests where the site takes them; at once.
        Open = "open",
        /// Everyone with an account, and guests where the site takes them; when a moderator has approved it.
        Premoderated = "premoderated",
        /// Everyone with an account and no guests; at once.
        MembersOnly = "membersOnly",
        /// Nobody.
        Closed = "closed",
    }
}

text_enum! {
    /// The format of a feed.
    #[schema(example = "rss")]
    pub enum FeedKind {
        /// RSS 2.0.
        Rss = "rss",
        /// Atom (RFC 4287).
        Atom = "atom",
        /// JSON Feed.
        Json = "json",
        /// A sitemap for search engines.
        Sitemap = "sitemap",
    }
}

/// By language, what is served in its place, the first choice first.
pub type Fallbacks = BTreeMap<Language, Vec<Language>>;
/// How many graphemes a headline may have while the site does not say.
pub(super) const HEADLINE_MAX: usize = 90;

/// Texts by language.
pub type ByLanguage = BTreeMap<Language, String>;

/// The publication somewhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SocialLink {
    /// Where: a free lower-case word.
    #[schema(max_length = 30, pattern = "^[a-z0-9][a-z0-9.+_-]*$", example = "facebook")]
    pub network: String,
    /// The publication's page there, when it has been set.
    #[serde(default)]
    #[schema(example = "https://social.example/haya")]
    pub url: Option<String>,
}

/// A feed of the publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Feed {
    /// Its format.
    pub kind: FeedKind,
    /// Where it is.
    #[schema(example = "https://news.example/feeds/latest.rss")]
    pub url: String,
}

/// The publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// What it says below its name.
    pub tagline: Option<String>,
    /// What it writes in, the default first; never empty.
    pub languages: Vec<Language>,
    /// Where its clock hangs: an IANA zone.
    pub time_zone: TimeZone,
    /// What datelines call the zone, where not by its city.
    pub zone_labels: ByLanguage,
    /// What stands above the latest news.
    pub latest_heading: ByLanguage,
    /// What stands before breaking news.
    pub breaking_label: ByLanguage,
    /// Where else it is, in order.
    pub social_links: Vec<SocialLink>,
    /// Its feeds, in order.
    pub feeds: Vec<Feed>,
    /// Who may comment.
    pub comment_policy: CommentPolicy,
    /// What readers of a language are served where there is nothing in it.
    pub language_fallbacks: Fallbacks,
    /// What becomes of articles that an editor should look at.
    pub lint: LintRules,
    /// How many graphemes a headline may have before it is too long.
    pub headline_max: usize,
    /// How its readers talk.
    pub discussion: DiscussionRules,
    /// Lines of words that search takes for one.
    pub search_synonyms: Vec<String>,
    /// Counts its changes.
    pub version: i64,
    /// When it was last changed, if ever.
    pub updated_at: Option<UtcTime>,
}

impl Site {
    /// The site as it comes, before anybody has changed it.
    pub fn untouched() -> Self {
        Self {
            name: "Khabar".into(),
            tagline: None,
            languages: vec![Lang::Ar.into()],
            time_zone: TimeZone::UTC,
            zone_labels: ByLanguage::new(),
            latest_heading: ByLanguage::new(),
            breaking_label: ByLanguage::new(),
            social_links: Vec::new(),
            feeds: Vec::new(),
            comment_policy: CommentPolicy::Premoderated,
            language_fallbacks: Fallbacks::new(),
            lint: LintRules::default(),
            headline_max: HEADLINE_MAX,
            discussion: DiscussionRules::default(),
            search_synonyms: Vec::new(),
            version: 0,
            updated_at: None,
        }
    }

    /// The language of what does not say its own.
    pub fn language(&self) -> Language {
        self.languages.first().cloned().unwrap_or_else(|| Lang::Ar.into())
    }

    /// The languages in which a reader of one is served, in order: that one, then those that it falls back on, which is the
    /// one without the region where nothing else is said.
    pub fn fallbacks(&self, language: &Language) -> Vec<Language> {
        let base = || Language::parse(language.base()).into_iter().collect();
        let others = self.language_fallbacks.get(language).cloned().unwrap_or_else(base);
        std::iter::once(language.clone()).chain(others).collect()
    }

    /// What datelines in a language call the zone, where not by its city: `ar-SY` reads as `ar` when it has no own label.
    pub fn zone_label(&self, language: &Language) -> Option<&str> {
        let of_base =
            || self.zone_labels.iter().find(|(other, _)| other.as_str() == language.base()).map(|(_, label)| label);
        self.zone_labels.get(language).or_else(of_base).map(String::as_str)
    }
}

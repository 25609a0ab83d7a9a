//! What becomes of a comment on its way in, as one list of rules in a fixed order. Pure: the same case always ends the
//! same way, and the verdict says which rule it was and which words it saw.
//!
//! What comes before any of them refuses the request and keeps nothing: a text of a wrong form, an article that takes no
//! comments, somebody who may not write, the very same comment once more.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use linkify::{LinkFinder, LinkKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use super::model::CommentStatus;
use super::words::Seen;
use super::words::matcher::WordList;
use crate::discussion::DiscussionRules;
use crate::site::CommentPolicy;
use crate::text::arabic;
use crate::text_enum;

text_enum! {
    /// By what a comment got its status, or what else moderators should know of.
    #[schema(example = "links")]
    pub enum Rule {
        /// A moderator decided.
        Moderator = "moderator",
        /// A moderator looked and left it as it is.
        Review = "review",
        /// A moderator left a note, and nothing else.
        Note = "note",
        /// Its writer decided.
        Author = "author",
        /// Its writer asks to look again.
        Appeal = "appeal",
        /// It is a moderator's own.
        Staff = "staff",
        /// It says nearly what its writer has just said.
        NearRepeat = "nearRepeat",
        /// Others have just said the very same.
        RepeatedElsewhere = "repeatedElsewhere",
        /// It has a word of the banned list.
        BannedWord = "bannedWord",
        /// It has a word of the suspect list.
        SuspectWord = "suspectWord",
        /// It has too many links.
        Links = "links",
        /// Others have just written much from where it came from.
        Rate = "rate",
        /// Its writer is new here.
        NewCommenter = "newCommenter",
        /// Every comment on the article waits.
        PremoderatedArticle = "premoderatedArticle",
        /// Everything that its writer says waits.
        PremoderatedAuthor = "premoderatedAuthor",
        /// The newsroom's own service decided, or did not.
        External = "external",
        /// Several readers have reported it.
        Reports = "reports",
        /// Nothing stood against it.
        Passed = "passed",
    }
}

/// Those that decide about a comment on its way in.
pub(super) const RULES: [Rule; 12] = [
    Rule::Staff,
    Rule::BannedWord,
    Rule::SuspectWord,
    Rule::NearRepeat,
    Rule::RepeatedElsewhere,
    Rule::Links,
    Rule::Rate,
    Rule::NewCommenter,
    Rule::PremoderatedArticle,
    Rule::PremoderatedAuthor,
    Rule::External,
    Rule::Passed,
];
/// How many words a comment must have before it is compared with others: «thank you» is said by many.
const WORDS_MIN: usize = 5;
/// Of a hundred words that two texts have together, how many they share when they are nearly the same.
const NEAR: usize = 80;
/// How many others must have said the very same before it looks like a campaign.
pub(super) const ELSEWHERE: usize = 2;
/// How many others must have written within a minute from where a comment comes from before it looks like one person with
/// many accounts.
pub(super) const CROWD: usize = 5;

/// Where in a text a rule saw something: characters (Unicode scalar values), from 0, the end not included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MatchedSpan)]
pub struct Span {
    /// Its first character.
    #[schema(example = 4)]
    pub start: usize,
    /// The character after its last.
    #[schema(example = 9)]
    pub end: usize,
    /// What it was found by, where there is more to say than the text does.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub entry: Option<String>,
}

/// All that a verdict depends on.
#[derive(Clone, Debug)]
pub(super) struct Case<'a> {
    /// What it says.
    pub text: &'a str,
    /// The site's rules.
    pub rules: &'a DiscussionRules,
    /// The article's rule.
    pub mode: CommentPolicy,
    /// Whether its writer moderates.
    pub is_moderator: bool,
    /// Whether all that its writer says waits.
    pub is_premoderated: bool,
    /// What the word lists have to say about it.
    pub seen: Option<&'a Seen>,
    /// How many comments of its writer are published, as far as it matters.
    pub published: usize,
    /// What its writer has said lately.
    pub recent: &'a [Arc<Gist>],
    /// How many others have said the very same lately.
    pub elsewhere: usize,
    /// How many others have just commented from where it comes from.
    pub crowd: usize,
}

/// What becomes of a comment, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub status: CommentStatus,
    pub rule: Rule,
    pub spans: Vec<Span>,
}

type Phase = fn(&Case<'_>) -> Option<Verdict>;

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

/// The rules, in order. The first that has something to say decides.
const PHASES: [Phase; 9] = [
    staff,
    word_lists,
    near_repeat,
    repeated_elsewhere,
    links,
    rate,
    new_commenter,
    premoderation,
    premoderated_author,
];

/// What becomes of a comment.
pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let found = PHASES.iter().find_map(|phase| phase(case));
    found.unwrap_or_else(|| verdict(CommentStatus::Published, Rule::Passed))
}

const fn verdict(status: CommentStatus, rule: Rule) -> Verdict {
    Verdict { status, rule, spans: Vec::new() }
}

fn staff(case: &Case<'_>) -> Option<Verdict> {
    case.is_moderator.then(|| verdict(CommentStatus::Published, Rule::Staff))
}

fn word_lists(case: &Case<'_>) -> Option<Verdict> {
    let Seen { list, spans } = case.seen?;
    let (status, rule) = match list {
        WordList::Banned => (CommentStatus::Rejected, Rule::BannedWord),
        WordList::Suspect => (CommentStatus::Withheld, Rule::SuspectWord),
    };
    Some(Verdict { status, rule, spans: spans.clone() })
}

fn near_repeat(case: &Case<'_>) -> Option<Verdict> {
    let gist = Gist::of(case.text);
    let repeats = case.recent.iter().any(|other| gist.is_near(other));
    repeats.then(|| verdict(CommentStatus::Withheld, Rule::NearRepeat))
}

fn repeated_elsewhere(case: &Case<'_>) -> Option<Verdict> {
    let repeats = case.elsewhere >= ELSEWHERE && words(case.text).len() >= WORDS_MIN;
    repeats.then(|| verdict(CommentStatus::Withheld, Rule::RepeatedElsewhere))
}

fn links(case: &Case<'_>) -> Option<Verdict> {
    let spans = link_spans(case.text);
    let max = usize::try_from(case.rules.links_max).unwrap_or(usize::MAX);
    (spans.len() > max).then_some(Verdict { status: CommentStatus::Pending, rule: Rule::Links, spans })
}

fn rate(case: &Case<'_>) -> Option<Verdict> {
    (case.crowd >= CROWD).then(|| verdict(CommentStatus::Pending, Rule::Rate))
}

fn new_commenter(case: &Case<'_>) -> Option<Verdict> {
    let is_new = case.published < usize::try_from(case.rules.hold_first).unwrap_or(usize::MAX);
    is_new.then(|| verdict(CommentStatus::Pending, Rule::NewCommenter))
}

fn premoderation(case: &Case<'_>) -> Option<Verdict> {
    let waits = case.mode == CommentPolicy::Premoderated;
    waits.then(|| verdict(CommentStatus::Pending, Rule::PremoderatedArticle))
}

fn premoderated_author(case: &Case<'_>) -> Option<Verdict> {
    case.is_premoderated.then(|| verdict(CommentStatus::Pending, Rule::PremoderatedAuthor))
}

/// What finds the same text again, however it is spelled, spaced and punctuated; as it stands, where it has no words.
pub(super) fn key(text: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    let words = words(text);
    for word in if words.is_empty() { vec![text.to_owned()] } else { words } {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().copied().take(16).collect()
}

fn words(text: &str) -> Vec<String> {
    let folded = arabic::fold(text);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
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
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let mut words: Vec<u64> = words(text).iter().map(|word| hasher.hash_one(word)).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        Self { count, words }
    }

    /// Whether two texts share nearly all of their words.
    fn is_near(&self, other: &Self) -> bool {
        if self.count.min(other.count) < WORDS_MIN {
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

    fn rules() -> DiscussionRules {
        DiscussionRules { hold_first: 2, ..DiscussionRules::default() }
    }

    fn case<'a>(text: &'a str, rules: &'a DiscussionRules) -> Case<'a> {
        let mode = CommentPolicy::Open;
        Case {
            text,
            rules,
            mode,
            is_moderator: false,
            is_premoderated: false,
            seen: None,
            published: 2,
            recent: &[],
            elsewhere: 0,
            crowd: 0,
        }
    }

    fn end(case: &Case<'_>) -> (CommentStatus, Rule) {
        let Verdict { status, rule, .. } = judge(case);
        (status, rule)
    }

    const LONG: &str = "هذا رأي طويل في الخبر كله";

    #[test]
    fn nothing_stands_against_an_ordinary_comment() {
        let rules = rules();
        assert_eq!(end(&case("تحليل جيد", &rules)), (CommentStatus::Published, Rule::Passed));
    }

    #[test]
    fn each_rule_holds_what_it_is_there_for_and_earlier_ones_come_first() {
        let (rules, recent) = (rules(), [Arc::new(Gist::of(&format!("{LONG} جدا")))]);
        let links = "https://a.example/1 و www.b.example";
        let [banned, suspect] = [WordList::Banned, WordList::Suspect].map(|list| Seen { list, spans: Vec::new() });
        let all = Case {
            seen: Some(&banned),
            recent: &recent,
            elsewhere: ELSEWHERE,
            crowd: CROWD,
            published: 1,
            mode: CommentPolicy::Premoderated,
            ..case(LONG, &rules)
        };
        assert_eq!(end(&Case { is_moderator: true, ..all.clone() }), (CommentStatus::Published, Rule::Staff));
        assert_eq!(end(&all), (CommentStatus::Rejected, Rule::BannedWord));
        assert_eq!(end(&Case { seen: Some(&suspect), ..all.clone() }), (CommentStatus::Withheld, Rule::SuspectWord));
        let clean = Case { seen: None, ..all };
        assert_eq!(end(&clean), (CommentStatus::Withheld, Rule::NearRepeat));
        let unsaid = Case { recent: &[], ..clean };
        assert_eq!(end(&unsaid), (CommentStatus::Withheld, Rule::RepeatedElsewhere));
        let alone = Case { elsewhere: 0, ..unsaid };
        assert_eq!(end(&Case { text: links, ..alone.clone() }), (CommentStatus::Pending, Rule::Links));
        assert_eq!(end(&alone), (CommentStatus::Pending, Rule::Rate));
        let quiet = Case { crowd: CROWD - 1, ..alone };
        assert_eq!(end(&quiet), (CommentStatus::Pending, Rule::NewCommenter));
        let known = Case { published: 2, ..quiet };
        assert_eq!(end(&known), (CommentStatus::Pending, Rule::PremoderatedArticle));
        let watched = Case { mode: CommentPolicy::Open, is_premoderated: true, ..known };
        assert_eq!(end(&watched), (CommentStatus::Pending, Rule::PremoderatedAuthor));
    }

    #[test]
    fn links_are_found_with_a_scheme_and_without() {
        let rules = rules();
        let one = case("انظر https://a.example/x ثم اكتب إلى a@b.example", &rules);
        assert_eq!(end(&one).1, Rule::Passed);
        let two = judge(&case("انظر a.com ثم https://b.example", &rules));
        let found: Vec<(usize, usize)> = two.spans.iter().map(|span| (span.start, span.end)).collect();
        assert_eq!((two.rule, found), (Rule::Links, vec![(5, 10), (14, 31)]));
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

    #[test]
    fn short_texts_are_said_by_many() {
        let (rules, recent) = (rules(), [Arc::new(Gist::of("شكرا لكم"))]);
        let thanks = Case { recent: &recent, elsewhere: 100, ..case("شكرا لكم", &rules) };
        assert_eq!(end(&thanks).1, Rule::Passed);
    }
}

//! What becomes of a comment on its way in, as one list of rules in a fixed order. Pure: the same case always ends the
//! same way, and the verdict says which rule it was and which words it saw.
//!
//! What comes before any of them refuses the request and keeps nothing: a text of a wrong form, an article that takes no
//! comments, somebody who may not write, the very same comment once more.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::CommentStatus;
use super::wording::{Gist, Wording};
use super::words::Seen;
use super::words::matcher::WordList;
use crate::discussion::DiscussionRules;
use crate::site::CommentPolicy;
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
    pub wording: &'a Wording,
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
    let repeats = case.recent.iter().any(|other| case.wording.gist.is_near(other));
    repeats.then(|| verdict(CommentStatus::Withheld, Rule::NearRepeat))
}

fn repeated_elsewhere(case: &Case<'_>) -> Option<Verdict> {
    let repeats = case.elsewhere >= ELSEWHERE && case.wording.gist.is_long();
    repeats.then(|| verdict(CommentStatus::Withheld, Rule::RepeatedElsewhere))
}

fn links(case: &Case<'_>) -> Option<Verdict> {
    let links = &case.wording.links;
    let max = usize::try_from(case.rules.links_max).unwrap_or(usize::MAX);
    let verdict = || Verdict { spans: links.clone(), ..verdict(CommentStatus::Pending, Rule::Links) };
    (links.len() > max).then(verdict)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> DiscussionRules {
        DiscussionRules { hold_first: 2, ..DiscussionRules::default() }
    }

    fn said(text: &str) -> Wording {
        Wording::of(text.to_owned())
    }

    fn case<'a>(wording: &'a Wording, rules: &'a DiscussionRules) -> Case<'a> {
        let mode = CommentPolicy::Open;
        Case {
            wording,
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
        assert_eq!(end(&case(&said("تحليل جيد"), &rules)), (CommentStatus::Published, Rule::Passed));
    }

    #[test]
    fn each_rule_holds_what_it_is_there_for_and_earlier_ones_come_first() {
        let (rules, recent) = (rules(), [Arc::new(Gist::of(&format!("{LONG} جدا")))]);
        let (long, links) = (said(LONG), said("https://a.example/1 و www.b.example"));
        let [banned, suspect] = [WordList::Banned, WordList::Suspect].map(|list| Seen { list, spans: Vec::new() });
        let all = Case {
            seen: Some(&banned),
            recent: &recent,
            elsewhere: ELSEWHERE,
            crowd: CROWD,
            published: 1,
            mode: CommentPolicy::Premoderated,
            ..case(&long, &rules)
        };
        assert_eq!(end(&Case { is_moderator: true, ..all.clone() }), (CommentStatus::Published, Rule::Staff));
        assert_eq!(end(&all), (CommentStatus::Rejected, Rule::BannedWord));
        assert_eq!(end(&Case { seen: Some(&suspect), ..all.clone() }), (CommentStatus::Withheld, Rule::SuspectWord));
        let clean = Case { seen: None, ..all };
        assert_eq!(end(&clean), (CommentStatus::Withheld, Rule::NearRepeat));
        let unsaid = Case { recent: &[], ..clean };
        assert_eq!(end(&unsaid), (CommentStatus::Withheld, Rule::RepeatedElsewhere));
        let alone = Case { elsewhere: 0, ..unsaid };
        assert_eq!(end(&Case { wording: &links, ..alone.clone() }), (CommentStatus::Pending, Rule::Links));
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
        let one = said("انظر https://a.example/x ثم اكتب إلى a@b.example");
        assert_eq!(end(&case(&one, &rules)).1, Rule::Passed);
        let two = judge(&case(&said("انظر a.com ثم https://b.example"), &rules));
        let found: Vec<(usize, usize)> = two.spans.iter().map(|span| (span.start, span.end)).collect();
        assert_eq!((two.rule, found), (Rule::Links, vec![(5, 10), (14, 31)]));
    }

    #[test]
    fn short_texts_are_said_by_many() {
        let (rules, recent) = (rules(), [Arc::new(Gist::of("شكرا لكم"))]);
        let thanks = said("شكرا لكم");
        let thanks = Case { recent: &recent, elsewhere: 100, ..case(&thanks, &rules) };
        assert_eq!(end(&thanks).1, Rule::Passed);
    }
}

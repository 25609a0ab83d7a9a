//! A change of the rules to be tried, and what would come of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tally::{Change, Example, Replayed};
use crate::comments::CommentStatus;
use crate::comments::pipeline::{Rule, Span};
use crate::comments::words::dto::WordIn;
use crate::fault::Fault;
use crate::ids::{ArticleId, CommentId, WordId};
use crate::site::CommentPolicy;
use crate::time::UtcTime;

/// A change of the rules, as it would be made, and how many comments it is tried on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayIn {
    /// What would change on the word lists.
    #[serde(default)]
    pub words: WordsTrialIn,
    /// What would change of the site's settings.
    #[serde(default)]
    pub site: SiteTrialIn,
    /// On how many comments, the latest ones.
    #[serde(default = "thousand")]
    #[schema(minimum = 1, maximum = 5_000, default = 1_000, example = 1_000)]
    pub last: u32,
}

const fn thousand() -> u32 {
    1_000
}

/// What would change on the word lists.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WordsTrialIn {
    /// Which words would come. What a list has already is left out, as an import does.
    #[serde(default)]
    #[schema(max_items = 5_000)]
    pub add: Vec<WordIn>,
    /// Which would go.
    #[serde(default)]
    #[schema(max_items = 5_000, example = json!([]))]
    pub remove: Vec<WordId>,
}

/// What would change of the site's settings: those that can be tried.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SiteTrialIn {
    /// Who could comment, and when it shows, where neither the article nor a moderator says otherwise; not `closed`, which
    /// lets nothing in.
    #[serde(default)]
    pub comment_policy: Option<CommentPolicy>,
    /// How readers talk.
    #[serde(default)]
    pub discussion: Option<RulesTrialIn>,
}

/// Of a site's rules for comments those that can be tried.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RulesTrialIn {
    /// How many links a comment may have before it waits for a moderator.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100, example = 0)]
    pub links_max: Option<u32>,
    /// How many of a new commenter's comments wait for a moderator before one shows at once.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50, example = 2)]
    pub hold_first: Option<u32>,
}

impl SiteTrialIn {
    /// The policy that would hold, if it would be another.
    ///
    /// # Errors
    /// `not_allowed` for `closed`.
    pub fn policy(&self) -> Result<Option<CommentPolicy>, Fault> {
        if self.comment_policy != Some(CommentPolicy::Closed) {
            return Ok(self.comment_policy);
        }
        let open = CommentPolicy::ALL.iter().filter(|policy| **policy != CommentPolicy::Closed);
        Err(Fault::NotAllowed(open.map(ToString::to_string).collect()))
    }
}

/// What a change of the rules would have done to the last comments.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayView {
    /// How many comments were looked at.
    #[schema(example = 1_000)]
    looked_at: usize,
    /// Since when, if at any.
    since: Option<UtcTime>,
    /// How many would fare otherwise than by the rules as they are.
    #[schema(example = 12)]
    changed: usize,
    /// How, the largest part first.
    changes: Vec<ReplayChange>,
}

/// Some comments that would fare otherwise.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayChange {
    /// What becomes of such a comment by the rules as they are.
    from: CommentStatus,
    /// What would become of it.
    to: CommentStatus,
    /// Which rule would decide.
    rule: Rule,
    /// How many.
    #[schema(example = 12)]
    count: usize,
    /// The latest of them, at most ten.
    examples: Vec<ReplayExample>,
}

/// A comment that would fare otherwise.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayExample {
    /// The comment.
    id: CommentId,
    /// The article that it is about.
    article_id: ArticleId,
    /// What it says.
    #[schema(example = "تحليل جيد، شكرًا.")]
    text: String,
    /// Where in it the rule would see something.
    spans: Vec<Span>,
}

impl From<Replayed> for ReplayView {
    fn from(replayed: Replayed) -> Self {
        let Replayed { looked_at, since, changes } = replayed;
        let changed = changes.iter().map(|change| change.count).sum();
        Self { looked_at, since, changed, changes: changes.into_iter().map(ReplayChange::from).collect() }
    }
}

impl From<Change> for ReplayChange {
    fn from(change: Change) -> Self {
        let Change { from, to, rule, count, examples } = change;
        Self { from, to, rule, count, examples: examples.into_iter().map(ReplayExample::from).collect() }
    }
}

impl From<Example> for ReplayExample {
    fn from(example: Example) -> Self {
        let Example { id, article_id, text, spans } = example;
        Self { id, article_id, text, spans }
    }
}

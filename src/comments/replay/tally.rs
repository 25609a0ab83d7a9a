//! What comes of a trial: counts, and a few examples. Pure.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::trial::{Kept, Standing, Trial};
use crate::comments::CommentStatus;
use crate::comments::pipeline::{Rule, Span};
use crate::ids::{ArticleId, CommentId, CommenterId};
use crate::time::UtcTime;

/// Comments that are shown of each change. A moderator sees by a few what it is about.
const EXAMPLES_MAX: usize = 10;

/// A comment that would fare otherwise.
#[derive(Clone, Debug)]
pub struct Example {
    pub id: CommentId,
    pub article_id: ArticleId,
    pub text: String,
    /// Where the rule that would decide sees something.
    pub spans: Vec<Span>,
}

/// What would become of some comments, and what becomes of them by the rules as they are.
#[derive(Clone, Debug)]
pub struct Change {
    pub from: CommentStatus,
    pub to: CommentStatus,
    /// Which rule would decide.
    pub rule: Rule,
    pub count: usize,
    /// The latest of them, the latest first.
    pub examples: VecDeque<Example>,
}

/// What a change of the rules would have done.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// How many comments were looked at.
    pub looked_at: usize,
    /// Since when, if at any.
    pub since: Option<UtcTime>,
    pub changes: Vec<Change>,
}

/// Counts in the making.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    looked_at: usize,
    since: Option<UtcTime>,
    writers: HashMap<CommenterId, Standing>,
    changes: BTreeMap<(CommentStatus, CommentStatus, &'static str), Change>,
}

impl Tally {
    /// The same with a page of comments more, which are newer.
    pub fn with(mut self, trial: &Trial, page: Vec<Kept>) -> Self {
        for kept in page {
            self.looked_at += 1;
            self.since = self.since.or(Some(kept.said.created_at));
            // Of a writer's first one all earlier ones are older than what is looked at.
            let standing = self.writers.entry(kept.said.author_id).or_insert_with(|| Standing::before(&kept.said));
            let (present, changed) = trial.judge(&kept, *standing);
            standing.add(&kept, &present, &changed);
            let (from, to, rule) = (present.status, changed.status, changed.rule);
            if from == to {
                continue;
            }
            let fresh = || Change { from, to, rule, count: 0, examples: VecDeque::new() };
            let change = self.changes.entry((from, to, rule.as_str())).or_insert_with(fresh);
            change.count += 1;
            let Kept { said, .. } = kept;
            let (id, article_id, text) = (said.id, said.article_id, said.text);
            change.examples.push_front(Example { id, article_id, text, spans: changed.spans });
            change.examples.truncate(EXAMPLES_MAX);
        }
        self
    }

    /// What it has come to, the largest changes first.
    pub fn finish(self) -> Replayed {
        let Self { looked_at, since, writers: _, changes } = self;
        let mut changes: Vec<Change> = changes.into_values().collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.count));
        Replayed { looked_at, since, changes }
    }
}

//! The rules as they are beside the rules as they would be, and what each makes of a comment. Pure.

use std::sync::Arc;

use super::dto::RulesTrialIn;
use super::store::Said;
use crate::comments::CommentStatus;
use crate::comments::pipeline::{self, CROWD, Case, ELSEWHERE, Rule, Verdict};
use crate::comments::wording::Wording;
use crate::comments::words::{Lists, Tried};
use crate::discussion::DiscussionRules;
use crate::site::{CommentPolicy, Site};

/// What is kept of a comment, as far as a verdict depends on it.
#[derive(Clone, Debug)]
pub struct Kept {
    pub said: Said,
    /// Which rule decided when it was written as it is.
    pub rule: Option<Rule>,
    /// What its article says now about comments, where the site does not speak for it.
    pub mode: Option<CommentPolicy>,
    /// Whether all that its writer says waits now.
    pub is_premoderated: bool,
}

impl Kept {
    /// Whether it counts for its writer's later ones where rules make this of it. Whoever moderates has the last word:
    /// what was held and is published counts, what passed and is not published any more does not.
    fn counts(&self, verdict: &Verdict) -> bool {
        let is_published = self.said.status == CommentStatus::Published;
        match self.rule {
            Some(Rule::Staff | Rule::Passed | Rule::External) if !is_published => false,
            None | Some(Rule::Staff | Rule::Passed | Rule::External) => verdict.status == CommentStatus::Published,
            Some(_) => is_published || verdict.status == CommentStatus::Published,
        }
    }
}

/// How many of a writer's comments are published by the rules as they are, and as they would be.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    present: usize,
    changed: usize,
}

impl Standing {
    /// As it is when somebody says this.
    pub fn before(said: &Said) -> Self {
        let earlier = usize::try_from(said.earlier).unwrap_or_default();
        Self { present: earlier, changed: earlier }
    }

    /// Counts one more comment where it is published.
    pub fn add(&mut self, kept: &Kept, present: &Verdict, changed: &Verdict) {
        self.present += usize::from(kept.counts(present));
        self.changed += usize::from(kept.counts(changed));
    }
}

/// What need not be looked up, since no rule asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Without {
    pub history: bool,
}

/// Rules.
#[derive(Clone, Debug)]
struct Rules {
    lists: Arc<Lists>,
    policy: CommentPolicy,
    discussion: DiscussionRules,
}

impl Rules {
    /// What becomes of a comment by these rules. What was held as a repetition, or among many from one place, is held
    /// so again; others are not looked through for it.
    fn judge(&self, kept: &Kept, wording: &Wording, published: usize) -> Verdict {
        let Kept { said: _, rule, mode, is_premoderated } = kept;
        let seen = self.lists.look(&wording.text);
        let itself = (*rule == Some(Rule::NearRepeat)).then(|| Arc::new(wording.gist.clone()));
        pipeline::judge(&Case {
            wording,
            rules: &self.discussion,
            mode: mode.unwrap_or(self.policy),
            is_moderator: *rule == Some(Rule::Staff),
            is_premoderated: *is_premoderated,
            seen: seen.as_ref(),
            published,
            recent: itself.as_slice(),
            elsewhere: if *rule == Some(Rule::RepeatedElsewhere) { ELSEWHERE } else { 0 },
            crowd: if *rule == Some(Rule::Rate) { CROWD } else { 0 },
        })
    }
}

/// Two sets of rules to compare.
#[derive(Clone, Debug)]
pub struct Trial {
    present: Rules,
    changed: Rules,
}

impl Trial {
    /// The rules of a site and its lists, and the same with a change.
    pub fn new(site: &Site, lists: Tried, policy: Option<CommentPolicy>, change: RulesTrialIn) -> Self {
        let Tried { present, changed } = lists;
        let RulesTrialIn { links_max, hold_first } = change;
        let now = site.discussion.clone();
        let discussion = DiscussionRules {
            links_max: links_max.unwrap_or(now.links_max),
            hold_first: hold_first.unwrap_or(now.hold_first),
            ..now.clone()
        };
        let policy = policy.unwrap_or(site.comment_policy);
        Self {
            present: Rules { lists: present, policy: site.comment_policy, discussion: now },
            changed: Rules { lists: changed, policy, discussion },
        }
    }

    /// What need not be looked up.
    pub fn without(&self) -> Without {
        Without { history: self.present.discussion.hold_first.max(self.changed.discussion.hold_first) == 0 }
    }

    /// What becomes of a comment by the rules as they are, and as they would be.
    pub fn judge(&self, kept: &Kept, standing: Standing) -> (Verdict, Verdict) {
        let wording = Wording::of(kept.said.text.clone());
        let present = self.present.judge(kept, &wording, standing.present);
        (present, self.changed.judge(kept, &wording, standing.changed))
    }
}

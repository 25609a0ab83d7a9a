//! How a site lets its readers talk: one table of settings.
//!
//! The site keeps them, the room of comments goes by them, and everyone may know most of them. Nothing here reads anything.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::{Fault, Faults};
use crate::text_enum;

/// The deepest that replies may be shown.
const DEPTH_MAX: u8 = 10;

text_enum! {
    /// What a reader can say about a comment with one touch.
    #[schema(example = "like")]
    pub enum ReactionKind {
        /// Likes it.
        Like = "like",
        /// Is of the same opinion.
        Agree = "agree",
        /// Is of another opinion.
        Disagree = "disagree",
        /// Has learned something.
        Insightful = "insightful",
        /// Has laughed.
        Funny = "funny",
        /// Is sad about it.
        Sad = "sad",
        /// Is angry about it.
        Angry = "angry",
    }
}

/// What holds for the comments of a whole site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DiscussionRules {
    /// Whether those without an account may comment where the policy is `open` or `premoderated`.
    #[schema(default = false, example = false)]
    pub guests: bool,
    /// For how many seconds after writing it a comment can be changed by its writer.
    #[schema(minimum = 0, maximum = 86_400, default = 300, example = 300)]
    pub edit_seconds: u32,
    /// How deep replies are shown; those that go deeper hang beside each other at that depth.
    #[schema(minimum = 1, maximum = 10, default = 5, example = 5)]
    pub depth_max: u8,
    /// How many days after its publication an article takes no more comments; never, when absent.
    #[schema(minimum = 1, maximum = 3_650, example = json!(null))]
    pub close_after_days: Option<u32>,
    /// How many links a comment may have before it waits for a moderator.
    #[schema(minimum = 0, maximum = 100, default = 1, example = 1)]
    pub links_max: u32,
    /// How many of a new commenter's comments wait for a moderator before one shows at once.
    #[schema(minimum = 0, maximum = 50, default = 0, example = 0)]
    pub hold_first: u32,
    /// How many readers must report a comment before it is withheld; 0 for never.
    #[schema(minimum = 0, maximum = 1_000, default = 3, example = 3)]
    pub reports_withhold: u32,
    /// With what readers can react.
    #[schema(max_items = 7, default = json!(["like"]), example = json!(["like"]))]
    pub reactions: Vec<ReactionKind>,
}

impl Default for DiscussionRules {
    fn default() -> Self {
        Self {
            guests: false,
            edit_seconds: 300,
            depth_max: 5,
            close_after_days: None,
            links_max: 1,
            hold_first: 0,
            reports_withhold: 3,
            reactions: vec![ReactionKind::Like],
        }
    }
}

impl DiscussionRules {
    /// Adds what is wrong with them, below a pointer. The document has refused what it can refuse.
    pub fn check(&self, faults: &mut Faults, pointer: &str) {
        if !(1..=DEPTH_MAX).contains(&self.depth_max) {
            faults.add(format!("{pointer}/depthMax"), Fault::TooLarge(DEPTH_MAX.into()));
        }
        for (n, kind) in self.reactions.iter().enumerate() {
            if self.reactions.iter().take(n).any(|earlier| earlier == kind) {
                faults.add(format!("{pointer}/reactions/{n}"), Fault::Repeated);
            }
        }
    }
}

/// What readers' clients must know of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscussionView {
    /// Whether those without an account may comment where the policy is `open` or `premoderated`.
    #[schema(example = false)]
    guests: bool,
    /// For how many seconds after writing it a comment can be changed by its writer.
    #[schema(example = 300)]
    edit_seconds: u32,
    /// How deep replies are shown.
    #[schema(example = 5)]
    depth_max: u8,
    /// With what readers can react.
    reactions: Vec<ReactionKind>,
}

impl From<&DiscussionRules> for DiscussionView {
    fn from(rules: &DiscussionRules) -> Self {
        let DiscussionRules { guests, edit_seconds, depth_max, reactions, .. } = rules.clone();
        Self { guests, edit_seconds, depth_max, reactions }
    }
}

//! What was decided about a comment, as moderators read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::comments::model::{CommentReason, CommentStatus};
use crate::comments::pipeline::{Rule, Span};
use crate::comments::store::Decided;
use crate::ids::{CommentId, DecisionId, UserId};
use crate::problem::Problem;
use crate::time::UtcTime;

/// A note about a comment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentNoteIn {
    /// What colleagues should know.
    #[schema(min_length = 1, max_length = 20_000, example = "ينتظر رد المحامي")]
    pub note: String,
}

/// What was decided about a comment, or noted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentDecisionView {
    /// Its id.
    id: DecisionId,
    /// About which comment.
    comment_id: CommentId,
    /// By what.
    rule: Rule,
    /// Where in the text something was seen, as the text was then.
    spans: Vec<Span>,
    /// Who decided or noted it, where it was somebody who works here.
    decided_by: Option<UserId>,
    /// The status before; nothing for the first.
    from: Option<CommentStatus>,
    /// The status after; the same where nothing was decided about it.
    to: CommentStatus,
    /// Why.
    reason: Option<CommentReason>,
    /// For colleagues.
    #[schema(example = "ينتظر رد المحامي")]
    note: Option<String>,
    /// When.
    date_created: UtcTime,
}

impl TryFrom<Decided> for CommentDecisionView {
    type Error = Problem;

    fn try_from(decided: Decided) -> Result<Self, Problem> {
        let Decided { id, comment_id, actor_id, rule, from_status, to_status, reason, note, spans, created_at } =
            decided;
        Ok(Self {
            id,
            comment_id,
            rule,
            spans: serde_json::from_str(&spans)?,
            decided_by: actor_id,
            from: from_status,
            to: to_status,
            reason,
            note,
            date_created: created_at,
        })
    }
}

//! What somebody's comments look like when they take them along.

use serde::Serialize;
use utoipa::ToSchema;

use crate::comments::dto::CommentRevisionView;
use crate::comments::pipeline::Rule;
use crate::comments::store::{Decided, Revision, Row};
use crate::comments::{CommentReason, CommentStatus};
use crate::ids::{ArticleId, CommentId};
use crate::time::UtcTime;

/// A comment with all that became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentExport {
    /// Its id.
    id: CommentId,
    /// The article that it is about.
    article_id: ArticleId,
    /// The comment that it answers.
    answers: Option<CommentId>,
    /// What it says; nothing once it was deleted.
    #[schema(example = "تحليل جيد، شكرًا.")]
    text: Option<String>,
    /// What has become of it.
    status: CommentStatus,
    /// Why it was rejected, while it is.
    reason: Option<CommentReason>,
    /// When it was written.
    date_created: UtcTime,
    /// When it was last changed by its writer, if ever.
    date_edited: Option<UtcTime>,
    /// What its writer asked to look at again, until somebody has.
    #[schema(example = json!(null))]
    appeal: Option<String>,
    /// What it said before, the earliest first.
    earlier: Vec<CommentRevisionView>,
    /// What was decided about it, in order.
    decisions: Vec<DecisionExport>,
}

/// Something that was decided about a comment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecisionExport {
    /// By what.
    rule: Rule,
    /// What became of the comment.
    status: CommentStatus,
    /// Why.
    reason: Option<CommentReason>,
    /// When.
    date_created: UtcTime,
}

impl CommentExport {
    /// A row with what hangs on it.
    pub(super) fn new(row: Row, earlier: Vec<Revision>, decided: Vec<Decided>) -> Self {
        Self {
            id: row.id,
            article_id: row.article_id,
            answers: row.answers_id,
            text: Some(row.text).filter(|_| row.status != CommentStatus::Deleted),
            status: row.status,
            reason: row.reason,
            date_created: row.created_at,
            date_edited: row.edited_at,
            appeal: row.appeal,
            earlier: earlier.into_iter().map(CommentRevisionView::from).collect(),
            decisions: decided.into_iter().map(DecisionExport::from).collect(),
        }
    }
}

impl From<Decided> for DecisionExport {
    fn from(decided: Decided) -> Self {
        // Who decided, and what was noted for colleagues, is not about the writer.
        let Decided { id: _, comment_id: _, actor_id: _, note: _, from_status: _, spans: _, .. } = decided;
        Self { rule: decided.rule, status: decided.to_status, reason: decided.reason, date_created: decided.created_at }
    }
}

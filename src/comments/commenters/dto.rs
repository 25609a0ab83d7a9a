//! Somebody's history, as moderators read it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Role;
use crate::comments::decisions::dto::CommentDecisionView;
use crate::comments::dto::CommentAuthor;
use crate::comments::model::CommentStatus;
use crate::comments::sanctions::dto::SanctionView;
use crate::comments::store::{Decided, Writer};
use crate::ids::CommenterId;
use crate::problem::Problem;
use crate::time::UtcTime;

/// How many comments have which status.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusCountsView {
    /// Waiting for a moderator.
    #[schema(example = 0)]
    pending: i64,
    /// Taken from sight until a moderator has looked.
    #[schema(example = 1)]
    withheld: i64,
    /// Everyone reads them.
    #[schema(example = 12)]
    published: i64,
    /// A moderator or a rule has refused them.
    #[schema(example = 2)]
    rejected: i64,
    /// Taken back by their writer.
    #[schema(example = 0)]
    deleted: i64,
}

/// Somebody who comments.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommenterView {
    /// As below their comments.
    author: CommentAuthor,
    /// Whether there is no account.
    #[schema(example = false)]
    is_guest: bool,
    /// What the account may do.
    role: Option<Role>,
    /// Since when they comment.
    date_created: UtcTime,
    /// What became of what they wrote.
    counts: StatusCountsView,
    /// What holds against them, the latest first.
    sanctions: Vec<SanctionView>,
    /// What was last decided about their latest 50 comments, and noted beside them; 20 at the most.
    decisions: Vec<CommentDecisionView>,
}

impl CommenterView {
    /// Puts together what is known of somebody.
    pub(super) fn new(
        (id, writer, since): (CommenterId, Writer, UtcTime),
        counts: &[(CommentStatus, i64)],
        sanctions: Vec<SanctionView>,
        decided: Vec<Decided>,
    ) -> Result<Self, Problem> {
        let of = |wanted| counts.iter().find(|(status, _)| *status == wanted).map_or(0, |(_, count)| *count);
        Ok(Self {
            is_guest: writer.user.is_none(),
            role: writer.role,
            author: CommentAuthor::new(id, writer, false),
            date_created: since,
            counts: StatusCountsView {
                pending: of(CommentStatus::Pending),
                withheld: of(CommentStatus::Withheld),
                published: of(CommentStatus::Published),
                rejected: of(CommentStatus::Rejected),
                deleted: of(CommentStatus::Deleted),
            },
            sanctions,
            decisions: decided.into_iter().map(CommentDecisionView::try_from).collect::<Result<_, _>>()?,
        })
    }
}

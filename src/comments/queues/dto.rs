//! The moderators' queues in requests and answers.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::Counts;
use crate::comments::dto::CommentSort;
use crate::comments::model::CommentStatus;
use crate::ids::{ArticleId, CommenterId};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// What there is to look at.
    #[schema(example = "pending")]
    pub enum CommentQueue {
        /// What waits for a first decision.
        Pending = "pending",
        /// What was taken from sight until somebody looks.
        Withheld = "withheld",
        /// What readers have reported since somebody looked.
        Reported = "reported",
        /// What is published and nobody has looked at.
        Unreviewed = "unreviewed",
    }
}

/// What the moderators' list can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct QueueQuery {
    /// Only what is in this queue.
    #[param(required = false, inline)]
    pub queue: Option<CommentQueue>,
    /// Only with this status; repeat for several.
    #[param(required = false)]
    pub status: Vec<CommentStatus>,
    /// Only on this article.
    #[param(required = false)]
    pub article_id: Option<ArticleId>,
    /// Only by this commenter.
    #[param(required = false)]
    pub author_id: Option<CommenterId>,
    /// Only those that are featured, or with `false` only those that are not.
    #[param(required = false)]
    pub featured: Option<bool>,
    /// Only those whose writer asks to look again, or with `false` only the others.
    #[param(required = false)]
    pub has_appeal: Option<bool>,
    /// Only those that were written then or later.
    #[param(required = false)]
    pub since: Option<UtcTime>,
    /// Only those that were written before then.
    #[param(required = false)]
    pub until: Option<UtcTime>,
    /// The order; the newest first unless said otherwise.
    #[param(required = false, inline)]
    pub sort: Option<CommentSort>,
}

/// How many comments are in a queue.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueCountView {
    /// How many, up to 1,000.
    #[schema(minimum = 0, maximum = 1000, example = 3)]
    count: i64,
    /// Whether there are more than that.
    #[schema(example = false)]
    has_more: bool,
}

impl QueueCountView {
    fn of(counted: i64) -> Self {
        Self { count: counted.min(super::COUNT_MAX), has_more: counted > super::COUNT_MAX }
    }
}

/// How many comments are in each queue.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueCountsView {
    /// What waits for a first decision.
    pending: QueueCountView,
    /// What was taken from sight until somebody looks.
    withheld: QueueCountView,
    /// What readers have reported since somebody looked.
    reported: QueueCountView,
    /// What is published and nobody has looked at.
    unreviewed: QueueCountView,
    /// Where the writer asks to look again.
    appealed: QueueCountView,
}

impl From<Counts> for QueueCountsView {
    fn from(counts: Counts) -> Self {
        let Counts { pending, withheld, reported, unreviewed, appealed } = counts;
        let [pending, withheld, reported, unreviewed, appealed] =
            [pending, withheld, reported, unreviewed, appealed].map(QueueCountView::of);
        Self { pending, withheld, reported, unreviewed, appealed }
    }
}

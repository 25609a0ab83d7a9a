//! How a discussion is asked for, and what hangs below a comment in the answer.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Thread;
use crate::comments::Audience;
use crate::comments::dto::CommentView;
use crate::db::page::Position;
use crate::ids::CommentId;
use crate::text_enum;

/// The order of a discussion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ThreadSort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// Those first that most readers have reacted to.
    MostReacted,
}

text_enum! {
    /// What moderators have marked a comment as.
    #[schema(example = "featured")]
    pub enum CommentTag {
        /// One of the best.
        Featured = "featured",
        /// To stand above the others.
        Pinned = "pinned",
    }
}

/// Which comments of an article are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct CommentQuery {
    /// Only the replies to this comment; without it, only those that answer none.
    #[param(required = false)]
    pub parent_id: Option<CommentId>,
    /// Only what moderators have marked so, wherever in the discussion it stands. Neither with `parentId` nor with
    /// `sort=mostReacted`.
    #[param(required = false, inline)]
    pub tag: Option<CommentTag>,
    /// The order; the newest first unless said otherwise.
    #[param(required = false, inline)]
    pub sort: Option<ThreadSort>,
    /// How many replies to each comment come with it, the oldest first.
    #[param(required = false, minimum = 0, maximum = 10, default = 0)]
    pub replies: Option<u32>,
}

/// The first replies to a comment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepliesView {
    /// The oldest ones.
    #[schema(no_recursion)]
    items: Vec<CommentView>,
    /// Where the others begin: `after` of the same address with `parentId` and `sort=oldest`.
    #[schema(example = "WzEyMyx7ImtleSI6MX1d")]
    next: Option<String>,
}

impl Thread {
    /// What everyone is shown of it; `seal` makes the cursor with which the replies to a comment go on.
    pub fn view(self, seal: impl Fn(CommentId, &Position) -> String) -> CommentView {
        let Self { comment, replies } = self;
        let id = comment.id();
        let replies = replies.map(|replies| RepliesView {
            items: replies.rows.into_iter().map(|reply| CommentView::new(reply, Audience::Everyone)).collect(),
            next: replies.next.map(|position| seal(id, &position)),
        });
        CommentView::new(comment, Audience::Everyone).with_replies(replies)
    }
}

//! Where a comment stands in its discussion.

use super::store::Row;
use crate::ids::CommentId;

/// What a new comment answers, and below which comment it hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub parent_id: Option<CommentId>,
    pub answers_id: Option<CommentId>,
    pub depth: i64,
}

impl Place {
    /// It answers none.
    pub const ROOT: Self = Self { parent_id: None, answers_id: None, depth: 0 };

    /// Below the comment that it answers; beside it, where that one is as deep as replies go.
    pub fn of_answer(answered: &Row, depth_max: u8) -> Self {
        let is_deepest = answered.depth >= i64::from(depth_max);
        let parent_id = if is_deepest { answered.parent_id } else { Some(answered.id) };
        let depth = if is_deepest { answered.depth } else { answered.depth + 1 };
        Self { parent_id, answers_id: Some(answered.id), depth }
    }
}

//! What moderators say of a discussion, in requests and answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::views::CommentsView;
use crate::ids::ArticleId;
use crate::site::CommentPolicy;
use crate::time::UtcTime;

/// What a moderator says of a discussion.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArticleDiscussionIn {
    /// Who may comment; as the article or the site says, when absent.
    #[serde(default)]
    pub mode: Option<CommentPolicy>,
    /// No comments from here on; as the article or the site says, when absent.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub closes_at: Option<UtcTime>,
}

/// Who may comment on an article, and by whose word.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArticleDiscussionView {
    /// The article.
    pub(super) article_id: ArticleId,
    /// Who may comment, as moderators say.
    pub(super) mode: Option<CommentPolicy>,
    /// No comments from here on, as moderators say.
    #[schema(example = json!(null))]
    pub(super) closes_at: Option<UtcTime>,
    /// What holds.
    pub(super) effective: CommentsView,
}

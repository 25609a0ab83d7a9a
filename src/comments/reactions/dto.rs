//! What reactions look like in requests and answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::Reaction;
use crate::discussion::ReactionKind;
use crate::ids::{ArticleId, CommentId};
use crate::time::UtcTime;

/// How readers have reacted to a comment, and how the caller has.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReactionsView {
    /// The comment.
    pub comment_id: CommentId,
    /// How many readers have reacted in which way; only those ways that somebody has.
    #[schema(example = json!({ "like": 3 }))]
    pub reactions: BTreeMap<ReactionKind, i64>,
    /// In which ways the caller has.
    pub own: Vec<ReactionKind>,
}

/// One of the caller's own.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnReactionView {
    /// The comment.
    comment_id: CommentId,
    /// The article that it is about.
    article_id: ArticleId,
    /// Which one.
    kind: ReactionKind,
    /// Since when.
    date_created: UtcTime,
}

impl From<Reaction> for OwnReactionView {
    fn from(reaction: Reaction) -> Self {
        let Reaction { comment_id, author_id: _, kind, id: _, article_id, created_at } = reaction;
        Self { comment_id, article_id, kind, date_created: created_at }
    }
}

/// What the own reactions can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct OwnReactionQuery {
    /// Only on comments on this article.
    #[param(required = false)]
    pub article_id: Option<ArticleId>,
}

/// How many readers react to a comment in one way now. Nobody is told who.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `count` puts together")]
pub struct ReactionEvent {
    /// The article that it is about.
    article_id: ArticleId,
    /// In which way.
    kind: ReactionKind,
    /// How many.
    #[schema(example = 3)]
    count: i64,
}

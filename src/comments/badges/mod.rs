//! What stands beside a commenter's name: that they work here, that they wrote the article, or that they know the matter.

mod dto;
pub mod http;
mod store;

use std::collections::HashSet;

use serde_json::json;

use self::dto::CommenterBadgeIn;
use super::dto::CommentAuthor;
use super::{Comment, Writer};
use crate::app::{Read, Tx};
use crate::articles;
use crate::auth::actions::ModerateComments;
use crate::auth::{Permit, Role};
use crate::db::page::Slice;
use crate::events::{Change, Kind, fingerprint};
use crate::ids::{ArticleId, CommenterId};
use crate::problem::Problem;
use crate::text_enum;

/// What happens to those who comment.
pub const EVENTS: &[Kind] = &[Kind::of::<dto::BadgeEvent>(
    "commenter.badged",
    "A moderator gave somebody who comments a badge, or took it away.",
)];

text_enum! {
    /// What others should know of somebody who comments.
    #[schema(example = "staff")]
    pub enum CommentBadge {
        /// Works here.
        Staff = "staff",
        /// Their name stands above the article.
        Author = "author",
        /// Knows the matter: moderators say so.
        Expert = "expert",
    }
}

text_enum! {
    /// A badge that moderators give.
    #[schema(example = "expert")]
    pub enum GivenBadge {
        /// Knows the matter.
        Expert = "expert",
    }
}

/// The badge of a writer: whose article it is says more than that they work here, and that more than what others say.
pub(super) fn badge(writer: &Writer, is_byline: bool) -> Option<CommentBadge> {
    if is_byline {
        return Some(CommentBadge::Author);
    }
    if writer.role.is_some_and(|role| role != Role::Reader) {
        return Some(CommentBadge::Staff);
    }
    writer.badge.map(|GivenBadge::Expert| CommentBadge::Expert)
}

/// Finds out which of these comments are by authors of their articles, whatever their number in one look.
pub(super) fn find_bylines(read: &mut Read<'_>, comments: Vec<&mut Comment>) -> Result<(), Problem> {
    let of_accounts = comments.iter().filter(|comment| comment.writer.user.is_some());
    let articles: HashSet<ArticleId> = of_accounts.map(|comment| comment.row.article_id).collect();
    if articles.is_empty() {
        return Ok(());
    }
    let behind = articles::bylines(read, &articles.into_iter().collect::<Vec<_>>())?;
    for comment in comments {
        comment.is_byline = comment.writer.user.is_some_and(|user| behind.contains(&(comment.row.article_id, user)));
    }
    Ok(())
}

/// The same for a page.
pub(super) fn with_bylines(read: &mut Read<'_>, mut page: Slice<Comment>) -> Result<Slice<Comment>, Problem> {
    find_bylines(read, page.rows.iter_mut().collect())?;
    Ok(page)
}

/// What others see of somebody who comments.
pub(super) fn writer(read: &mut Read<'_>, id: CommenterId) -> Result<Writer, Problem> {
    store::find(read.conn, id)?.ok_or_else(Problem::not_found)
}

/// Gives somebody a badge, or takes it away.
pub fn award(
    tx: &mut Tx<'_>,
    _: &Permit<ModerateComments>,
    id: CommenterId,
    form: CommenterBadgeIn,
) -> Result<CommentAuthor, Problem> {
    let CommenterBadgeIn { badge: next } = form;
    let before = store::find(tx.conn, id)?.ok_or_else(Problem::not_found)?;
    let present = before.badge;
    if present != next {
        store::award(tx.conn, id, next)?;
        let state = |badge: Option<GivenBadge>| fingerprint(&(id, badge));
        tx.restate(id, Some(state(present)?), Some(state(next)?));
        tx.record(Change::newsroom("commenter.badged", id, json!({ "badge": next })));
    }
    Ok(CommentAuthor::new(id, Writer { badge: next, ..before }, false))
}

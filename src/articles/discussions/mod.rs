//! Discussions of single articles, as moderators have them: closed, or waiting, whatever the article says, and without a word
//! of it being touched.

pub mod dto;
mod store;

use serde::Serialize;

use self::dto::{ArticleDiscussionIn, ArticleDiscussionView};
use super::dto::ArticleIn;
use super::store as articles;
use super::told::{sections, summary};
use super::views::{CommentsView, comment_rule};
use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::ModerateComments;
use crate::events::{Change, fingerprint};
use crate::ids::ArticleId;
use crate::problem::Problem;
use crate::site::{self, CommentPolicy};
use crate::time::UtcTime;

/// What a moderator says of a discussion; where nothing, the article has its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ruling {
    /// Who may comment.
    pub mode: Option<CommentPolicy>,
    /// No comments from here on.
    pub closes_at: Option<UtcTime>,
}

/// What moderators say of the discussion of an article.
pub(super) fn ruling(read: &mut Read<'_>, id: ArticleId) -> Result<Ruling, Problem> {
    Ok(store::find(read.conn, id)?.unwrap_or_default())
}

/// Who may comment on an article that is published, and by whose word.
pub fn open_discussion(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    id: ArticleId,
) -> Result<ArticleDiscussionView, Problem> {
    let (form, published) = live(read, id)?;
    let ruling = ruling(read, id)?;
    view(read, id, ruling, &form, published)
}

/// Says who may comment on an article that is published, whatever it says itself.
pub fn rule_discussion(
    tx: &mut Tx<'_>,
    permit: &Permit<ModerateComments>,
    id: ArticleId,
    said: &ArticleDiscussionIn,
) -> Result<ArticleDiscussionView, Problem> {
    let (form, published) = live(&mut tx.reading(), id)?;
    let before = ruling(&mut tx.reading(), id)?;
    let ArticleDiscussionIn { mode, closes_at } = *said;
    let after = Ruling { mode, closes_at };
    if before != after {
        store::keep(tx.conn, id, after, permit.user.id, tx.now)?;
        let head = articles::head(tx.conn, id)?.ok_or_else(Problem::not_found)?.at(tx.now);
        tx.restate(id, Some(fingerprint(&(id, before))?), Some(fingerprint(&(id, after))?));
        tx.record(Change::public("article.discussion_changed", id, summary(&head, &sections(&form))));
    }
    view(&mut tx.reading(), id, after, &form, published)
}

/// What a published article says, and since when it is. Moderators do not learn of others.
fn live(read: &mut Read<'_>, id: ArticleId) -> Result<(ArticleIn, UtcTime), Problem> {
    let live = articles::live(read.conn, id, read.now)?.ok_or_else(Problem::not_found)?;
    Ok((serde_json::from_str(&live.content)?, live.date_published))
}

fn view(
    read: &mut Read<'_>,
    id: ArticleId,
    ruling: Ruling,
    form: &ArticleIn,
    published: UtcTime,
) -> Result<ArticleDiscussionView, Problem> {
    let site = site::present(read)?;
    let effective = CommentsView::at(read.now, comment_rule(form, &site, published, ruling));
    Ok(ArticleDiscussionView { article_id: id, mode: ruling.mode, closes_at: ruling.closes_at, effective })
}

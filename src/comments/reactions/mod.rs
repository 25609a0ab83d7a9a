//! What readers say of a comment with one touch: one of each kind for each reader, and as many as are counted.
//!
//! Who reacts holds the comment's row first, so that nothing is counted twice or lost. It is no news for the audit log, and
//! nobody is told who it was.

pub mod dto;
mod store;

use std::collections::BTreeMap;

use serde_json::json;

use self::dto::ReactionsView;
use self::store::Reaction;
use super::bulk::take_articles;
use super::store::Row;
use super::{Comment, guests, hold_shown, sanctions, shown};
use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::{ReactToComments, UseAccount};
use crate::db::page::{PageRequest, Slice};
use crate::discussion::ReactionKind;
use crate::events::Change;
use crate::ids::{ArticleId, CommentId, CommenterId};
use crate::problem::Problem;
use crate::site;

/// How many readers have reacted to a comment in which way.
pub fn tally(row: &Row) -> BTreeMap<ReactionKind, i64> {
    let counted = row.reactions.as_deref().unwrap_or_default().split(',');
    counted
        .filter_map(|one| one.split_once(':'))
        .filter_map(|(kind, count)| Some((ReactionKind::from_word(kind)?, count.parse().ok()?)))
        .collect()
}

/// Reacts to a comment that everyone reads, in a way that the site offers. Once more changes nothing.
pub fn react(
    tx: &mut Tx<'_>,
    permit: &Permit<ReactToComments>,
    id: CommentId,
    kind: &str,
) -> Result<ReactionsView, Problem> {
    shown(&mut tx.reading(), id)?;
    let offered = &site::present(&mut tx.reading())?.discussion.reactions;
    let kind = ReactionKind::from_word(kind).filter(|kind| offered.contains(kind)).ok_or_else(|| {
        let words: Vec<&str> = offered.iter().map(|kind| kind.as_str()).collect();
        Problem::not_found().with("allowed", words)
    })?;
    let author_id = permit.user.commenter();
    sanctions::check(&mut tx.reading(), author_id)?;
    guests::enter_account(tx, author_id)?;
    let Comment { row, .. } = hold_shown(tx, id)?;
    let article_id = row.article_id;
    let reaction = Reaction { comment_id: id, author_id, kind, id: tx.next_id(), article_id, created_at: tx.now };
    let delta = i64::from(store::insert(tx.conn, &reaction)?);
    count(tx, (id, author_id, kind), delta)
}

/// No longer reacts to a comment in this way. Once more changes nothing.
pub fn withdraw(
    tx: &mut Tx<'_>,
    permit: &Permit<ReactToComments>,
    id: CommentId,
    kind: &str,
) -> Result<ReactionsView, Problem> {
    // Whatever the site offers by now: who has said something can take it back.
    let kind = ReactionKind::from_word(kind).ok_or_else(Problem::not_found)?;
    hold_shown(tx, id)?;
    let author = permit.user.commenter();
    let delta = -i64::from(store::delete(tx.conn, id, author, kind)?);
    count(tx, (id, author, kind), delta)
}

/// Counts what has changed, tells of it, and answers how things are now.
fn count(
    tx: &mut Tx<'_>,
    (id, author, kind): (CommentId, CommenterId, ReactionKind),
    delta: i64,
) -> Result<ReactionsView, Problem> {
    tx.is_routine();
    if delta != 0 {
        store::count(tx.conn, id, kind, delta)?;
    }
    let row = super::store::row(tx.conn, id)?.ok_or_else(Problem::not_found)?;
    let reactions = tally(&row);
    if delta != 0 {
        let count = reactions.get(&kind).copied().unwrap_or_default();
        let payload = json!({ "articleId": row.article_id, "kind": kind, "count": count });
        tx.record(Change::public("comment.reacted", id, payload).routine());
    }
    Ok(ReactionsView { comment_id: id, reactions, own: store::own(tx.conn, id, author)? })
}

/// Takes back some of what somebody has said with one touch; how many that were. Only where everyone reads the comment is
/// it told that there are fewer.
pub(super) fn forget_some(tx: &mut Tx<'_>, author: CommenterId, limit: i64) -> Result<usize, Problem> {
    let mut given = store::all_of(tx.conn, author, Some(limit))?;
    take_articles(tx, given.iter().map(|reaction| reaction.article_id))?;
    given.sort_by_key(|reaction| reaction.comment_id);
    for Reaction { comment_id: id, kind, .. } in &given {
        super::store::hold(tx.conn, *id)?;
        if !store::delete(tx.conn, *id, author, *kind)? {
            continue;
        }
        if shown(&mut tx.reading(), *id).is_ok() {
            count(tx, (*id, author, *kind), -1)?;
        } else {
            store::count(tx.conn, *id, *kind, -1)?;
        }
    }
    Ok(given.len())
}

/// All that somebody has said with one touch, the earliest first, for them to take along.
pub(super) fn all_of(read: &mut Read<'_>, author: CommenterId) -> Result<Vec<Reaction>, Problem> {
    Ok(store::all_of(read.conn, author, None)?)
}

/// A page of what somebody has said with one touch, the latest first.
pub fn own(
    read: &mut Read<'_>,
    permit: &Permit<UseAccount>,
    article: Option<ArticleId>,
    page: &PageRequest,
) -> Result<Slice<Reaction>, Problem> {
    Ok(store::of(read.conn, permit.user.commenter(), article, page)?)
}

//! The only SQL for reactions.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::db::Conn;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{comment_reactions, comments};
use crate::discussion::ReactionKind;
use crate::ids::{ArticleId, CommentId, CommenterId, ReactionId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `comment_reactions`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = comment_reactions)]
pub struct Reaction {
    pub comment_id: CommentId,
    pub author_id: CommenterId,
    pub kind: ReactionKind,
    pub id: ReactionId,
    pub article_id: ArticleId,
    pub created_at: UtcTime,
}

/// Keeps a reaction; false when there is one already.
pub(super) fn insert(conn: &mut Conn, reaction: &Reaction) -> QueryResult<bool> {
    let Reaction { comment_id, author_id, kind, id, article_id, created_at } = reaction;
    diesel::sql_query(
        "INSERT INTO comment_reactions (comment_id, author_id, kind, id, article_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind::<Binary, _>(*comment_id)
    .bind::<Binary, _>(*author_id)
    .bind::<Text, _>(*kind)
    .bind::<Binary, _>(*id)
    .bind::<Binary, _>(*article_id)
    .bind::<BigInt, _>(*created_at)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Takes a reaction away; false when there is none.
pub(super) fn delete(
    conn: &mut Conn,
    comment: CommentId,
    author: CommenterId,
    kind: ReactionKind,
) -> QueryResult<bool> {
    diesel::delete(comment_reactions::table.find((comment, author, kind))).execute(conn).map(|rows| rows == 1)
}

/// Counts reactions of one kind to a comment whose row is held.
pub(super) fn count(conn: &mut Conn, comment: CommentId, kind: ReactionKind, delta: i64) -> QueryResult<usize> {
    diesel::update(comments::table.find(comment))
        .set(comments::reaction_count.eq(comments::reaction_count + delta))
        .execute(conn)?;
    diesel::sql_query(
        "INSERT INTO comment_reaction_counts (comment_id, kind, count) VALUES ($1, $2, $3) \
         ON CONFLICT (comment_id, kind) DO UPDATE SET count = comment_reaction_counts.count + excluded.count",
    )
    .bind::<Binary, _>(comment)
    .bind::<Text, _>(kind)
    .bind::<BigInt, _>(delta)
    .execute(conn)
}

/// In which ways somebody has reacted to a comment.
pub(super) fn own(conn: &mut Conn, comment: CommentId, author: CommenterId) -> QueryResult<Vec<ReactionKind>> {
    comment_reactions::table
        .filter(comment_reactions::comment_id.eq(comment).and(comment_reactions::author_id.eq(author)))
        .order(comment_reactions::kind.asc())
        .select(comment_reactions::kind)
        .load(conn)
}

/// All that somebody has said with one touch, or the earliest so many.
pub(super) fn all_of(conn: &mut Conn, author: CommenterId, limit: Option<i64>) -> QueryResult<Vec<Reaction>> {
    let theirs = comment_reactions::table.filter(comment_reactions::author_id.eq(author)).into_boxed();
    let theirs = limit.into_iter().fold(theirs, QueryDsl::limit);
    let ordered = theirs.order((comment_reactions::created_at.asc(), comment_reactions::id.asc()));
    ordered.select(Reaction::as_select()).load(conn)
}

/// Somebody's reactions, everywhere or below one article.
pub(super) fn of(
    conn: &mut Conn,
    author: CommenterId,
    article: Option<ArticleId>,
    page: &PageRequest,
) -> QueryResult<Slice<Reaction>> {
    let own = || {
        let own = comment_reactions::table.filter(comment_reactions::author_id.eq(author)).into_boxed();
        match article {
            Some(article) => own.filter(comment_reactions::article_id.eq(article)),
            None => own,
        }
    };
    let query = keyset!(own(), page, comment_reactions::created_at => number, comment_reactions::id, true);
    let rows = query.select(Reaction::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Reaction| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(own().count().get_result(conn)?);
    }
    Ok(slice)
}

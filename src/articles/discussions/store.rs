//! The SQL for what moderators say of discussions.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::Ruling;
use crate::db::schema::{article_discussions, articles};
use crate::db::{Conn, directly, one_of};
use crate::ids::{ArticleId, UserId};
use crate::site::CommentPolicy;
use crate::time::UtcTime;

/// How much is said about each of these articles, and what moderators say of that.
pub(super) fn talks(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<(ArticleId, i64, Ruling)>> {
    type Found = (ArticleId, i64, Option<CommentPolicy>, Option<UtcTime>);
    let ruled = (article_discussions::mode.nullable(), article_discussions::closes_at.nullable());
    let talks = articles::table
        .left_join(article_discussions::table.on(article_discussions::article_id.eq(articles::id)))
        .filter(one_of(articles::id, ids))
        .select((articles::id, articles::comment_count, ruled.0, ruled.1));
    let found: Vec<Found> = directly!(conn, own => talks.load(own))?;
    Ok(found.into_iter().map(|(id, count, mode, closes_at)| (id, count, Ruling { mode, closes_at })).collect())
}

/// What moderators say of one discussion.
pub(super) fn find(conn: &mut Conn, id: ArticleId) -> QueryResult<Option<Ruling>> {
    let ruled = article_discussions::table.find(id).select((article_discussions::mode, article_discussions::closes_at));
    let found: Option<(Option<CommentPolicy>, Option<UtcTime>)> = directly!(conn, own => ruled.first(own).optional())?;
    Ok(found.map(|(mode, closes_at)| Ruling { mode, closes_at }))
}

/// Keeps what a moderator says, instead of what was said before.
pub(super) fn keep(conn: &mut Conn, id: ArticleId, ruling: Ruling, by: UserId, now: UtcTime) -> QueryResult<usize> {
    diesel::sql_query(
        "INSERT INTO article_discussions (article_id, mode, closes_at, ruled_by, ruled_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (article_id) DO UPDATE SET mode = excluded.mode, closes_at = excluded.closes_at, \
         ruled_by = excluded.ruled_by, ruled_at = excluded.ruled_at",
    )
    .bind::<Binary, _>(id)
    .bind::<Nullable<Text>, _>(ruling.mode)
    .bind::<Nullable<BigInt>, _>(ruling.closes_at)
    .bind::<Binary, _>(by)
    .bind::<BigInt, _>(now)
    .execute(conn)
}

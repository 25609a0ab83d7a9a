//! The SQL for what moderators say of discussions.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::Ruling;
use crate::db::schema::article_discussions;
use crate::db::{Conn, directly};
use crate::ids::{ArticleId, UserId};
use crate::site::CommentPolicy;
use crate::time::UtcTime;

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

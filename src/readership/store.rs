//! The only SQL for readership.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::db::schema::readership;
use crate::db::{Conn, one_of, statement};
use crate::ids::ArticleId;
use crate::time::UtcTime;

/// A row of `readership`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = readership)]
pub(super) struct Row {
    pub article_id: ArticleId,
    pub views: i64,
    pub score: i64,
    pub read_at: UtcTime,
}

/// What was counted of these articles.
pub(super) fn find(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<Row>> {
    readership::table.filter(one_of(readership::article_id, ids)).select(Row::as_select()).load(conn)
}

/// Keeps a row in the place of the one before.
pub(super) fn keep(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    statement(
        "INSERT INTO readership (article_id, views, score, read_at) VALUES (?, ?, ?, ?) ON CONFLICT (article_id) \
         DO UPDATE SET views = excluded.views, score = excluded.score, read_at = excluded.read_at",
    )
    .bind::<Binary, _>(row.article_id)
    .bind::<BigInt, _>(row.views)
    .bind::<BigInt, _>(row.score)
    .bind::<BigInt, _>(row.read_at)
    .execute(conn)
}

/// Those with the highest scores.
pub(super) fn top(conn: &mut Conn, limit: i64) -> QueryResult<Vec<(i64, ArticleId)>> {
    readership::table
        .order((readership::score.desc(), readership::article_id.desc()))
        .limit(limit)
        .select((readership::score, readership::article_id))
        .load(conn)
}

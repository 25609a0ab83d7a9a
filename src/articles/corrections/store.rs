//! The only SQL for corrections.

use diesel::prelude::*;

use super::CorrectionKind;
use crate::db::schema::corrections;
use crate::db::{Conn, directly, one_of};
use crate::ids::{ArticleId, CorrectionId};
use crate::time::UtcTime;

/// A row of `corrections`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = corrections)]
pub(super) struct Row {
    pub id: CorrectionId,
    pub article_id: ArticleId,
    pub version: i64,
    pub kind: CorrectionKind,
    pub text: String,
    pub created_at: UtcTime,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(corrections::table).values(row).execute(conn)
}

pub(super) fn of_articles(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<Row>> {
    let found = corrections::table.filter(one_of(corrections::article_id, ids));
    let found = found.order((corrections::article_id, corrections::version));
    directly!(conn, own => found.select(Row::as_select()).load(own))
}

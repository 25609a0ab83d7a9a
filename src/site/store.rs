//! The only SQL for the site.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db::schema::site;
use crate::db::{Conn, directly};
use crate::time::UtcTime;

/// The key of the one row.
const ONLY: i64 = 1;

/// The row of `site`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = site)]
pub(super) struct Row {
    pub content: String,
    pub version: i64,
    pub updated_at: UtcTime,
}

pub(super) fn find(conn: &mut Conn) -> QueryResult<Option<Row>> {
    directly!(conn, own => site::table.find(ONLY).select(Row::as_select()).first(own).optional())
}

/// Writes the row over the version that was read, where 0 is no row; 0 when another change came first.
pub(super) fn save(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    if present == 0 { insert(conn, row) } else { update(conn, row, present) }
}

/// Two first changes at once: the second waits here for the first, and then changes nothing.
fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::sql_query(
        "INSERT INTO site (id, content, version, updated_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(ONLY)
    .bind::<Text, _>(&row.content)
    .bind::<BigInt, _>(row.version)
    .bind::<BigInt, _>(row.updated_at)
    .execute(conn)
}

fn update(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(site::table.find(ONLY).filter(site::version.eq(present)))
        .set((site::content.eq(&row.content), site::version.eq(row.version), site::updated_at.eq(row.updated_at)))
        .execute(conn)
}

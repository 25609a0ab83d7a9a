//! The SQL for the newsroom's own service.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::db::Conn;
use crate::db::schema::comment_hooks;
use crate::ids::UserId;
use crate::time::UtcTime;

/// The key of the one row.
const ONLY: i64 = 1;

/// The row of `comment_hooks`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = comment_hooks)]
pub struct Hook {
    pub url: String,
    pub secret: Vec<u8>,
    pub timeout_ms: i64,
    pub updated_by: UserId,
    pub updated_at: UtcTime,
}

pub(super) fn find(conn: &mut Conn) -> QueryResult<Option<Hook>> {
    comment_hooks::table.find(ONLY).select(Hook::as_select()).first(conn).optional()
}

/// Keeps the row in the place of an earlier one.
pub(super) fn keep(conn: &mut Conn, hook: &Hook) -> QueryResult<usize> {
    diesel::sql_query(
        "INSERT INTO comment_hooks (id, url, secret, timeout_ms, updated_by, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET url = excluded.url, \
         secret = excluded.secret, timeout_ms = excluded.timeout_ms, updated_by = excluded.updated_by, \
         updated_at = excluded.updated_at",
    )
    .bind::<BigInt, _>(ONLY)
    .bind::<Text, _>(&hook.url)
    .bind::<Binary, _>(&hook.secret)
    .bind::<BigInt, _>(hook.timeout_ms)
    .bind::<Binary, _>(hook.updated_by)
    .bind::<BigInt, _>(hook.updated_at)
    .execute(conn)
}

pub(super) fn delete(conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(comment_hooks::table.find(ONLY)).execute(conn)
}

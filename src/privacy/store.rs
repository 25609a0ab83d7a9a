//! The only SQL for erasures.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::erasures;
use crate::ids::CommenterId;
use crate::time::UtcTime;

pub(super) fn begin(conn: &mut Conn, id: CommenterId, now: UtcTime) -> QueryResult<usize> {
    diesel::insert_into(erasures::table)
        .values((erasures::commenter_id.eq(id), erasures::requested_at.eq(now)))
        .execute(conn)
}

/// Whose words have waited longest.
pub(super) fn next(conn: &mut Conn) -> QueryResult<Option<CommenterId>> {
    erasures::table.order(erasures::requested_at.asc()).select(erasures::commenter_id).first(conn).optional()
}

pub(super) fn end(conn: &mut Conn, id: CommenterId) -> QueryResult<usize> {
    diesel::delete(erasures::table.find(id)).execute(conn)
}

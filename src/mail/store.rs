//! The only SQL for letters that wait.

use diesel::prelude::*;

use crate::db::schema::letters;
use crate::db::{Conn, one_of};
use crate::ids::LetterId;
use crate::time::UtcTime;

/// A row of `letters`.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = letters)]
pub(super) struct Row {
    pub id: LetterId,
    pub sealed: Vec<u8>,
    pub attempts: i64,
    pub due_at: UtcTime,
    pub created_at: UtcTime,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(letters::table).values(row).execute(conn)
}

/// The letter that has been due for longest.
pub(super) fn due(conn: &mut Conn, now: UtcTime) -> QueryResult<Option<Row>> {
    let due = letters::table.filter(letters::due_at.le(now)).order((letters::due_at.asc(), letters::id.asc()));
    due.select(Row::as_select()).first(conn).optional()
}

/// Takes a letter for a while, if nobody else has.
pub(super) fn take(conn: &mut Conn, row: &Row, until: UtcTime) -> QueryResult<bool> {
    diesel::update(letters::table.find(row.id).filter(letters::due_at.eq(row.due_at)))
        .set((letters::due_at.eq(until), letters::attempts.eq(row.attempts + 1)))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// Lets a letter wait that was taken until an instant, unless somebody else has taken it since.
pub(super) fn put_off(conn: &mut Conn, id: LetterId, until: UtcTime, at: UtcTime) -> QueryResult<usize> {
    let ours = letters::table.find(id).filter(letters::due_at.eq(until));
    diesel::update(ours).set(letters::due_at.eq(at)).execute(conn)
}

/// Removes a letter that was taken until an instant, on the same condition.
pub(super) fn delete(conn: &mut Conn, id: LetterId, until: UtcTime) -> QueryResult<usize> {
    diesel::delete(letters::table.find(id).filter(letters::due_at.eq(until))).execute(conn)
}

/// Removes some that are older than an instant.
pub(super) fn forget(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let old: Vec<LetterId> =
        letters::table.filter(letters::created_at.lt(before)).limit(limit).select(letters::id).load(conn)?;
    diesel::delete(letters::table.filter(one_of(letters::id, old))).execute(conn)
}

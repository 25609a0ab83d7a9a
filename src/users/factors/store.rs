//! The only SQL for second factors.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::{recovery_codes, second_factors};
use crate::ids::UserId;
use crate::time::UtcTime;

/// A row of `second_factors`.
#[derive(Queryable, Insertable)]
#[diesel(table_name = second_factors)]
pub(super) struct Row {
    pub user_id: UserId,
    pub secret: Vec<u8>,
    pub confirmed_at: Option<UtcTime>,
    pub last_step: i64,
    pub misses: i64,
    pub created_at: UtcTime,
}

/// A row of `recovery_codes`.
#[derive(Insertable)]
#[diesel(table_name = recovery_codes)]
struct CodeRow {
    hash: Vec<u8>,
    user_id: UserId,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(second_factors::table).values(row).execute(conn)
}

pub(super) fn find(conn: &mut Conn, user: UserId) -> QueryResult<Option<Row>> {
    second_factors::table.find(user).first(conn).optional()
}

/// Takes the second factor of an account away, with all codes; whether there was one.
pub(super) fn remove(conn: &mut Conn, user: UserId) -> QueryResult<bool> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    let removed = diesel::delete(second_factors::table.find(user)).execute(conn)?;
    Ok(removed > 0)
}

/// Takes the code of a step over the row that was read, unless that step or a later one was taken. False when another request came first.
pub(super) fn take_step(conn: &mut Conn, present: &Row, step: i64, now: UtcTime) -> QueryResult<bool> {
    let as_it_was = second_factors::secret.eq(&present.secret).and(second_factors::last_step.lt(step));
    diesel::update(second_factors::table.find(present.user_id).filter(as_it_was))
        .set((
            second_factors::confirmed_at.eq(present.confirmed_at.unwrap_or(now)),
            second_factors::last_step.eq(step),
            second_factors::misses.eq(0),
        ))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// Counts a wrong code.
pub(super) fn miss(conn: &mut Conn, user: UserId) -> QueryResult<usize> {
    let counted = second_factors::misses.eq(second_factors::misses + 1);
    diesel::update(second_factors::table.find(user)).set(counted).execute(conn)
}

/// Uses a recovery code up, and forgets the wrong ones before it; false when there is no such code, or no more.
pub(super) fn spend(conn: &mut Conn, user: UserId, hash: &[u8]) -> QueryResult<bool> {
    let theirs = recovery_codes::table.find(hash).filter(recovery_codes::user_id.eq(user));
    if diesel::delete(theirs).execute(conn)? == 0 {
        return Ok(false);
    }
    diesel::update(second_factors::table.find(user)).set(second_factors::misses.eq(0)).execute(conn)?;
    Ok(true)
}

/// Gives an account these recovery codes in the place of those that it has.
pub(super) fn replace_codes(conn: &mut Conn, user: UserId, hashes: Vec<Vec<u8>>) -> QueryResult<usize> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    let rows: Vec<CodeRow> = hashes.into_iter().map(|hash| CodeRow { hash, user_id: user }).collect();
    // Each database takes many rows at once, but no one statement serves both.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(recovery_codes::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(recovery_codes::table).values(rows).execute(conn),
    }
}

/// What is kept of the recovery codes that are left.
pub(super) fn code_hashes(conn: &mut Conn, user: UserId) -> QueryResult<Vec<Vec<u8>>> {
    let theirs = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
    theirs.order(recovery_codes::hash.asc()).select(recovery_codes::hash).load(conn)
}

/// How many recovery codes are left.
pub(super) fn codes_left(conn: &mut Conn, user: UserId) -> QueryResult<i64> {
    recovery_codes::table.filter(recovery_codes::user_id.eq(user)).count().get_result(conn)
}

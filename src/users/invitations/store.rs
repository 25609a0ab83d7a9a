//! The only SQL for invitations.

use diesel::prelude::*;

use crate::auth::Role;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::invitations;
use crate::db::{Conn, one_of};
use crate::ids::{InvitationId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `invitations`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = invitations)]
pub(super) struct Row {
    pub id: InvitationId,
    pub email: Vec<u8>,
    pub name: String,
    pub role: Role,
    pub section_ids: String,
    pub may_kill: bool,
    pub hash: Option<Vec<u8>>,
    pub invited_by: UserId,
    pub expires_at: UtcTime,
    pub revoked_at: Option<UtcTime>,
    pub accepted_at: Option<UtcTime>,
    pub user_id: Option<UserId>,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(invitations::table).values(row).execute(conn)
}

pub(super) fn find(conn: &mut Conn, id: InvitationId) -> QueryResult<Option<Row>> {
    invitations::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// The invitation of a code.
pub(super) fn find_by_hash(conn: &mut Conn, hash: &[u8]) -> QueryResult<Option<Row>> {
    invitations::table.filter(invitations::hash.eq(hash)).select(Row::as_select()).first(conn).optional()
}

/// A page of the invitations that were not taken back, the newest first.
pub(super) fn list(conn: &mut Conn, page: &PageRequest) -> QueryResult<Slice<Row>> {
    let kept = || invitations::table.filter(invitations::revoked_at.is_null()).into_boxed();
    let query = keyset!(kept(), page, invitations::created_at => number, invitations::id, true);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(kept().count().get_result(conn)?);
    }
    Ok(slice)
}

/// How many are open.
pub(super) fn count(conn: &mut Conn, now: UtcTime) -> QueryResult<i64> {
    let kept = invitations::table.filter(invitations::revoked_at.is_null().and(invitations::accepted_at.is_null()));
    kept.filter(invitations::expires_at.gt(now)).count().get_result(conn)
}

/// Writes what changes over the version that was read; 0 when another change came first.
pub(super) fn update(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(invitations::table.find(row.id).filter(invitations::version.eq(present)))
        .set((
            invitations::hash.eq(&row.hash),
            invitations::expires_at.eq(row.expires_at),
            invitations::revoked_at.eq(row.revoked_at),
            invitations::accepted_at.eq(row.accepted_at),
            invitations::user_id.eq(row.user_id),
            invitations::version.eq(row.version),
            invitations::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

/// Takes out whose account came of an invitation; of which.
pub(super) fn blank(conn: &mut Conn, user: UserId) -> QueryResult<Vec<InvitationId>> {
    let nothing: &[u8] = &[];
    diesel::update(invitations::table.filter(invitations::user_id.eq(user)))
        .set((invitations::email.eq(nothing), invitations::name.eq("")))
        .returning(invitations::id)
        .get_results(conn)
}

/// Removes some that ended before an instant without an account.
pub(super) fn forget(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let over = invitations::table.filter(invitations::accepted_at.is_null().and(invitations::expires_at.lt(before)));
    let ids: Vec<InvitationId> = over.limit(limit).select(invitations::id).load(conn)?;
    diesel::delete(invitations::table.filter(one_of(invitations::id, ids))).execute(conn)
}

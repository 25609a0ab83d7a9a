//! The only SQL for managing API keys.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::api_keys;
use crate::ids::{KeyId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `api_keys`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys)]
pub(super) struct Row {
    pub id: KeyId,
    pub user_id: UserId,
    pub name: String,
    pub prefix: String,
    pub hash: Vec<u8>,
    pub old_hash: Option<Vec<u8>>,
    pub old_hash_until: Option<UtcTime>,
    pub scopes: String,
    pub addresses: String,
    pub expires_at: Option<UtcTime>,
    pub used_at: Option<UtcTime>,
    pub revoked_at: Option<UtcTime>,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(api_keys::table).values(row).execute(conn)
}

pub(super) fn find(conn: &mut Conn, id: KeyId) -> QueryResult<Option<Row>> {
    api_keys::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// A page of the keys that are not revoked, the newest first.
pub(super) fn list(conn: &mut Conn, page: &PageRequest) -> QueryResult<Slice<Row>> {
    let kept = || api_keys::table.filter(api_keys::revoked_at.is_null()).into_boxed();
    let query = keyset!(kept(), page, api_keys::created_at => number, api_keys::id, true);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(kept().count().get_result(conn)?);
    }
    Ok(slice)
}

/// How many keys there are that are not revoked.
pub(super) fn count(conn: &mut Conn) -> QueryResult<i64> {
    api_keys::table.filter(api_keys::revoked_at.is_null()).count().get_result(conn)
}

/// Writes a row over the version that was read; 0 when another change came first. When it was used is another's work.
pub(super) fn update(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(api_keys::table.find(row.id).filter(api_keys::version.eq(present)))
        .set((
            api_keys::user_id.eq(row.user_id),
            api_keys::name.eq(&row.name),
            api_keys::prefix.eq(&row.prefix),
            api_keys::hash.eq(&row.hash),
            api_keys::old_hash.eq(&row.old_hash),
            api_keys::old_hash_until.eq(row.old_hash_until),
            api_keys::scopes.eq(&row.scopes),
            api_keys::addresses.eq(&row.addresses),
            api_keys::expires_at.eq(row.expires_at),
            api_keys::revoked_at.eq(row.revoked_at),
            api_keys::version.eq(row.version),
            api_keys::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

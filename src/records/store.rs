//! The only SQL for records.

use diesel::prelude::*;

use super::Kind;
use crate::db::Conn;
use crate::db::page::{Key, PageRequest, Position, Slice};
use crate::db::schema::records;
use crate::ids::RecordId;
use crate::keyset;
use crate::time::UtcTime;

/// A row of `records`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = records)]
pub(super) struct Row {
    pub id: RecordId,
    pub kind: Kind,
    pub slug: String,
    pub slug_key: String,
    pub sort_key: String,
    pub parent_id: Option<RecordId>,
    pub is_active: bool,
    pub content: String,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(records::table).values(row).execute(conn)
}

/// Writes a row over the version that was read; 0 when another change came first.
pub(super) fn update(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(records::table.find(row.id).filter(records::version.eq(present)))
        .set((
            records::slug.eq(&row.slug),
            records::slug_key.eq(&row.slug_key),
            records::sort_key.eq(&row.sort_key),
            records::parent_id.eq(row.parent_id),
            records::is_active.eq(row.is_active),
            records::content.eq(&row.content),
            records::version.eq(row.version),
            records::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

pub(super) fn delete(conn: &mut Conn, id: RecordId, present: i64) -> QueryResult<usize> {
    diesel::delete(records::table.find(id).filter(records::version.eq(present))).execute(conn)
}

pub(super) fn find(conn: &mut Conn, kind: Kind, id: RecordId) -> QueryResult<Option<Row>> {
    records::table.find(id).filter(records::kind.eq(kind)).select(Row::as_select()).first(conn).optional()
}

pub(super) fn find_by_slug(conn: &mut Conn, kind: Kind, key: &str) -> QueryResult<Option<Row>> {
    let of_kind = records::table.filter(records::kind.eq(kind).and(records::slug_key.eq(key)));
    of_kind.select(Row::as_select()).first(conn).optional()
}

pub(super) fn ids_by_slug(conn: &mut Conn, kind: Kind, keys: &[String]) -> QueryResult<Vec<RecordId>> {
    let of_kind = records::table.filter(records::kind.eq(kind).and(records::slug_key.eq_any(keys.to_vec())));
    of_kind.select(records::id).load(conn)
}

pub(super) fn many(conn: &mut Conn, ids: &[RecordId]) -> QueryResult<Vec<Row>> {
    records::table.filter(records::id.eq_any(ids.to_vec())).select(Row::as_select()).load(conn)
}

pub(super) fn children(conn: &mut Conn, parents: &[RecordId]) -> QueryResult<Vec<RecordId>> {
    records::table.filter(records::parent_id.eq_any(parents.to_vec())).select(records::id).load(conn)
}

pub(super) fn parents(conn: &mut Conn, children: &[RecordId]) -> QueryResult<Vec<RecordId>> {
    let below = records::table.filter(records::id.eq_any(children.to_vec()).and(records::parent_id.is_not_null()));
    below.select(records::parent_id.assume_not_null()).load(conn)
}

pub(super) fn all(conn: &mut Conn, kind: Kind) -> QueryResult<Vec<Row>> {
    let of_kind = records::table.filter(records::kind.eq(kind).and(records::is_active.eq(true)));
    of_kind.order((records::sort_key.asc(), records::id.asc())).select(Row::as_select()).load(conn)
}

pub(super) fn list(conn: &mut Conn, kind: Kind, active_only: bool, page: &PageRequest) -> QueryResult<Slice<Row>> {
    let filtered = || {
        let query = records::table.filter(records::kind.eq(kind)).into_boxed();
        if active_only { query.filter(records::is_active.eq(true)) } else { query }
    };
    let query = keyset!(filtered(), page, records::sort_key => text, records::id, false);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position { key: Key::Text(row.sort_key.clone()), id: row.id.uuid() });
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

//! The only SQL for records.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::Kind;
use crate::db::page::{Key, PageRequest, Position, Slice};
use crate::db::schema::{record_names, record_redirects, records};
use crate::db::{Conn, directly, one_of};
use crate::ids::{RecordId, UserId};
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
    pub merged_into: Option<RecordId>,
    pub user_id: Option<UserId>,
}

/// What those see of a record who name it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
pub(super) struct Named {
    pub id: RecordId,
    pub kind: Kind,
    pub slug: String,
    pub is_active: bool,
    pub content: String,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub merged_into: Option<RecordId>,
}

/// A row of `record_names`.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = record_names)]
struct NameRow<'a> {
    kind: Kind,
    name_key: &'a str,
    record_id: RecordId,
    slug_key: Option<&'a str>,
}

/// A name that some record has.
#[derive(Clone, Debug, Queryable)]
pub(super) struct NameOf {
    pub name_key: String,
    /// That of a spelling, which a name is not.
    pub slug_key: Option<String>,
    pub record_id: RecordId,
    pub merged_into: Option<RecordId>,
}

/// Which records a list wants.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub active_only: bool,
    /// Called something that begins so.
    pub beginning: Option<String>,
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
            records::user_id.eq(row.user_id),
        ))
        .execute(conn)
}

pub(super) fn delete(conn: &mut Conn, id: RecordId, present: i64) -> QueryResult<usize> {
    diesel::delete(records::table.find(id).filter(records::version.eq(present))).execute(conn)
}

/// Puts another record in the place of one that is still as it was read, and of all that it had taken the place of;
/// 0 when another change came first.
pub(super) fn merge(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(records::table.filter(records::merged_into.eq(row.id)))
        .set(records::merged_into.eq(row.merged_into))
        .execute(conn)?;
    diesel::update(records::table.find(row.id).filter(records::version.eq(present)))
        .set((
            records::merged_into.eq(row.merged_into),
            records::user_id.eq(row.user_id),
            records::version.eq(row.version),
            records::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

/// Lets an old slug of a record lead to it, and its new one no longer.
pub(super) fn redirect(conn: &mut Conn, kind: Kind, id: RecordId, [from, to]: [&str; 2]) -> QueryResult<usize> {
    diesel::delete(record_redirects::table.find((kind, to))).execute(conn)?;
    diesel::insert_into(record_redirects::table)
        .values((
            record_redirects::kind.eq(kind),
            record_redirects::slug_key.eq(from),
            record_redirects::record_id.eq(id),
        ))
        .execute(conn)
}

/// Replaces what a record is called: folded names, each with its slug if it is another spelling.
pub(super) fn rename(
    conn: &mut Conn,
    kind: Kind,
    id: RecordId,
    names: &BTreeMap<String, Option<String>>,
) -> QueryResult<usize> {
    diesel::delete(record_names::table.filter(record_names::record_id.eq(id))).execute(conn)?;
    let row = |(name_key, slug_key)| NameRow { kind, name_key, record_id: id, slug_key };
    let rows: Vec<NameRow<'_>> = names.iter().map(|(key, slug)| (key.as_str(), slug.as_deref())).map(row).collect();
    // Each database takes many rows at once, but no one statement serves both.
    match conn {
        Conn::Sqlite(conn) => diesel::insert_into(record_names::table).values(rows).execute(conn),
        Conn::Postgres(conn) => diesel::insert_into(record_names::table).values(rows).execute(conn),
    }
}

pub(super) fn find(conn: &mut Conn, kind: Kind, id: RecordId) -> QueryResult<Option<Row>> {
    records::table.find(id).filter(records::kind.eq(kind)).select(Row::as_select()).first(conn).optional()
}

pub(super) fn find_by_slug(conn: &mut Conn, kind: Kind, key: &str) -> QueryResult<Option<Row>> {
    let of_kind = records::table.filter(records::kind.eq(kind).and(records::slug_key.eq(key)));
    of_kind.select(Row::as_select()).first(conn).optional()
}

/// The record that an old slug leads to, as it is itself.
pub(super) fn find_by_old_slug(conn: &mut Conn, kind: Kind, key: &str) -> QueryResult<Option<Row>> {
    let old = record_redirects::table.find((kind, key)).select(record_redirects::record_id);
    records::table.filter(records::id.eq_any(old)).select(Row::as_select()).first(conn).optional()
}

pub(super) fn find_by_user(conn: &mut Conn, user: UserId) -> QueryResult<Option<RecordId>> {
    records::table.filter(records::user_id.eq(user)).select(records::id).first(conn).optional()
}

/// These records.
pub(super) fn many(conn: &mut Conn, ids: &[RecordId]) -> QueryResult<Vec<Named>> {
    let these = records::table.filter(one_of(records::id, ids));
    directly!(conn, own => these.select(Named::as_select()).load(own))
}

/// Of these records, those that were merged, each with the one that took its place.
pub(super) fn merged_among(conn: &mut Conn, ids: &[RecordId]) -> QueryResult<Vec<(RecordId, RecordId)>> {
    let merged = records::table.filter(one_of(records::id, ids).and(records::merged_into.is_not_null()));
    merged.select((records::id, records::merged_into.assume_not_null())).load(conn)
}

/// What was merged into these records.
pub(super) fn merged_into(conn: &mut Conn, ids: &[RecordId]) -> QueryResult<Vec<RecordId>> {
    records::table.filter(one_of(records::merged_into, ids)).select(records::id).load(conn)
}

/// A slug, the record that it leads to, and what took its place.
type Lead = (String, RecordId, Option<RecordId>);

/// The records with these slugs or ids.
pub(super) fn named(conn: &mut Conn, kind: Kind, keys: &[String], ids: &[RecordId]) -> QueryResult<Vec<Lead>> {
    records::table
        .filter(records::kind.eq(kind))
        .filter(one_of(records::slug_key, keys).or(one_of(records::id, ids)))
        .select((records::slug_key, records::id, records::merged_into))
        .load(conn)
}

/// The records that once had these slugs.
pub(super) fn once_named(conn: &mut Conn, kind: Kind, keys: &[String]) -> QueryResult<Vec<Lead>> {
    record_redirects::table
        .inner_join(records::table.on(records::id.eq(record_redirects::record_id)))
        .filter(record_redirects::kind.eq(kind).and(one_of(record_redirects::slug_key, keys)))
        .select((record_redirects::slug_key, records::id, records::merged_into))
        .load(conn)
}

/// The records that have a spelling with one of these slugs, the oldest first.
pub(super) fn also_named(conn: &mut Conn, kind: Kind, keys: &[String]) -> QueryResult<Vec<Lead>> {
    record_names::table
        .inner_join(records::table.on(records::id.eq(record_names::record_id)))
        .filter(record_names::kind.eq(kind).and(one_of(record_names::slug_key, keys)))
        .order(records::id)
        .select((record_names::slug_key.assume_not_null(), records::id, records::merged_into))
        .load(conn)
}

/// Who has one of these folded names.
pub(super) fn names_of(conn: &mut Conn, kind: Kind, keys: Vec<String>) -> QueryResult<Vec<NameOf>> {
    record_names::table
        .inner_join(records::table.on(records::id.eq(record_names::record_id)))
        .filter(record_names::kind.eq(kind).and(one_of(record_names::name_key, keys)))
        .order((record_names::name_key, record_names::record_id))
        .select((record_names::name_key, record_names::slug_key, records::id, records::merged_into))
        .load(conn)
}

pub(super) fn children(conn: &mut Conn, parents: &[RecordId]) -> QueryResult<Vec<RecordId>> {
    records::table.filter(one_of(records::parent_id, parents)).select(records::id).load(conn)
}

pub(super) fn parents(conn: &mut Conn, children: &[RecordId]) -> QueryResult<Vec<RecordId>> {
    let below = records::table.filter(one_of(records::id, children).and(records::parent_id.is_not_null()));
    below.select(records::parent_id.assume_not_null()).load(conn)
}

pub(super) fn all(conn: &mut Conn, kind: Kind) -> QueryResult<Vec<Row>> {
    let of_kind = records::table.filter(records::kind.eq(kind).and(records::is_active.eq(true)));
    let standing = of_kind.filter(records::merged_into.is_null());
    standing.order((records::sort_key.asc(), records::id.asc())).select(Row::as_select()).load(conn)
}

pub(super) fn list(conn: &mut Conn, kind: Kind, wanted: &Wanted, page: &PageRequest) -> QueryResult<Slice<Row>> {
    let filtered = || {
        let standing = records::kind.eq(kind).and(records::merged_into.is_null());
        let mut query = records::table.filter(standing).into_boxed();
        if wanted.active_only {
            query = query.filter(records::is_active.eq(true));
        }
        if let Some(beginning) = &wanted.beginning {
            let (of_kind, from) = (record_names::kind.eq(kind), record_names::name_key.ge(beginning.clone()));
            let until = record_names::name_key.lt(format!("{beginning}{}", char::MAX));
            let called = || record_names::table.filter(of_kind.and(from.clone()).and(until.clone()));
            let merged = diesel::alias!(records as merged);
            let into = merged
                .filter(merged.field(records::id).eq_any(called().select(record_names::record_id)))
                .select(merged.field(records::merged_into));
            // What was merged is found under the one that took its place.
            let itself = records::id.eq_any(called().select(record_names::record_id));
            query = query.filter(itself.nullable().or(records::id.nullable().eq_any(into)));
        }
        query
    };
    let query = keyset!(filtered(), page, records::sort_key => text, records::id, false);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position { key: Key::Text(row.sort_key.clone()), id: row.id.uuid() });
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

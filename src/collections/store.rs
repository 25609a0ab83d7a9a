//! The only SQL for collections and their swaps.

use diesel::prelude::*;

use crate::db::dialect::{self, Door};
use crate::db::page::{Key, PageRequest, Position, Slice};
use crate::db::schema::{collection_redirects, collection_swaps, collections};
use crate::db::{Conn, one_of};
use crate::ids::{CollectionId, SwapId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `collections`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = collections)]
pub(super) struct Row {
    pub id: CollectionId,
    pub slug: String,
    pub slug_key: String,
    pub sort_key: String,
    pub content: String,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// A row of `collection_swaps`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = collection_swaps)]
pub(super) struct SwapRow {
    pub id: SwapId,
    pub collection_id: CollectionId,
    pub at: UtcTime,
    pub slots: String,
    pub created_by: UserId,
    pub created_at: UtcTime,
}

/// Makes changes to collections take turns until each has ended: with each other, and with the clock's.
pub(super) fn take_turns(conn: &mut Conn) -> QueryResult<()> {
    dialect::take_turns(conn, Door::Collections)
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(collections::table).values(row).execute(conn)
}

pub(super) fn update(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::update(collections::table.find(row.id))
        .set((
            collections::slug.eq(&row.slug),
            collections::slug_key.eq(&row.slug_key),
            collections::sort_key.eq(&row.sort_key),
            collections::content.eq(&row.content),
            collections::version.eq(row.version),
            collections::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

pub(super) fn delete(conn: &mut Conn, id: CollectionId) -> QueryResult<usize> {
    diesel::delete(collections::table.find(id)).execute(conn)
}

pub(super) fn find(conn: &mut Conn, id: CollectionId) -> QueryResult<Option<Row>> {
    collections::table.find(id).select(Row::as_select()).first(conn).optional()
}

pub(super) fn find_by_slug(conn: &mut Conn, key: &str) -> QueryResult<Option<Row>> {
    collections::table.filter(collections::slug_key.eq(key)).select(Row::as_select()).first(conn).optional()
}

/// The present slug of the collection that once had another.
pub(super) fn moved_from(conn: &mut Conn, key: &str) -> QueryResult<Option<String>> {
    let old = collection_redirects::table.find(key).select(collection_redirects::collection_id);
    let Some(id) = old.first::<CollectionId>(conn).optional()? else { return Ok(None) };
    collections::table.find(id).select(collections::slug).first(conn).optional()
}

/// Leaves a redirect at the old slug; whoever has a slug now needs none there.
pub(super) fn redirect(conn: &mut Conn, id: CollectionId, [from, to]: [&str; 2]) -> QueryResult<()> {
    forget_redirects(conn, &[from, to])?;
    diesel::insert_into(collection_redirects::table)
        .values((collection_redirects::slug_key.eq(from), collection_redirects::collection_id.eq(id)))
        .execute(conn)?;
    Ok(())
}

/// Takes redirects away.
pub(super) fn forget_redirects(conn: &mut Conn, keys: &[&str]) -> QueryResult<usize> {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    diesel::delete(collection_redirects::table.filter(one_of(collection_redirects::slug_key, keys))).execute(conn)
}

pub(super) fn list(conn: &mut Conn, page: &PageRequest) -> QueryResult<Slice<Row>> {
    let all = || collections::table.into_boxed();
    let query = keyset!(all(), page, collections::sort_key => text, collections::id, false);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position { key: Key::Text(row.sort_key.clone()), id: row.id.uuid() });
    if page.count {
        slice.total = Some(all().count().get_result(conn)?);
    }
    Ok(slice)
}

pub(super) fn insert_swap(conn: &mut Conn, row: &SwapRow) -> QueryResult<usize> {
    diesel::insert_into(collection_swaps::table).values(row).execute(conn)
}

/// The swaps of these collections that have come and were not told, in their order.
pub(super) fn due(conn: &mut Conn, ids: &[CollectionId], now: UtcTime) -> QueryResult<Vec<SwapRow>> {
    collection_swaps::table
        .filter(one_of(collection_swaps::collection_id, ids).and(collection_swaps::at.le(now)))
        .order((collection_swaps::at.asc(), collection_swaps::id.asc()))
        .select(SwapRow::as_select())
        .load(conn)
}

/// When the next swap of any collection is due.
pub(super) fn next_swap_after(conn: &mut Conn, after: UtcTime) -> QueryResult<Option<UtcTime>> {
    let ahead = collection_swaps::table.filter(collection_swaps::at.gt(after)).order(collection_swaps::at.asc());
    ahead.select(collection_swaps::at).first(conn).optional()
}

/// The swaps that a collection has ahead, the next one first.
pub(super) fn ahead(conn: &mut Conn, id: CollectionId, now: UtcTime) -> QueryResult<Vec<SwapRow>> {
    collection_swaps::table
        .filter(collection_swaps::collection_id.eq(id).and(collection_swaps::at.gt(now)))
        .order((collection_swaps::at.asc(), collection_swaps::id.asc()))
        .select(SwapRow::as_select())
        .load(conn)
}

pub(super) fn delete_swaps(conn: &mut Conn, ids: &[SwapId]) -> QueryResult<usize> {
    diesel::delete(collection_swaps::table.filter(one_of(collection_swaps::id, ids))).execute(conn)
}

/// When the next swap comes, or came that was not told.
pub(super) fn next_swap(conn: &mut Conn) -> QueryResult<Option<UtcTime>> {
    let waiting = collection_swaps::table.order((collection_swaps::at.asc(), collection_swaps::id.asc()));
    waiting.select(collection_swaps::at).first(conn).optional()
}

/// Collections with a swap that has come.
pub(super) fn turned(conn: &mut Conn, now: UtcTime, limit: i64) -> QueryResult<Vec<Row>> {
    let due = collection_swaps::table
        .filter(collection_swaps::at.le(now))
        .order((collection_swaps::at.asc(), collection_swaps::id.asc()))
        .limit(limit)
        .select(collection_swaps::collection_id);
    let ids: Vec<CollectionId> = due.load(conn)?;
    collections::table.filter(one_of(collections::id, ids)).select(Row::as_select()).load(conn)
}

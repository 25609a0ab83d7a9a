//! The only SQL for the event log and the places of its readers.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::dto::EventQuery;
use super::{Change, Visibility};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{event_counter, event_readers, events};
use crate::db::{Conn, directly, one_of, statement};
use crate::ids::FurnitureId;
use crate::keyset;
use crate::time::UtcTime;
use uuid::Uuid;

/// A row of `events`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
pub(super) struct Row {
    pub seq: i64,
    pub public_seq: Option<i64>,
    pub topic: String,
    pub visibility: Visibility,
    pub target_id: Option<Vec<u8>>,
    pub payload: String,
    pub at: UtcTime,
}

/// Takes the next `count` numbers, and of the public ones the next `public_count`, and puts a mark on the furniture if there is
/// a new one; answers the last number of each. The row stays locked until the commit.
pub(super) fn reserve(
    conn: &mut Conn,
    (count, public_count): (i64, i64),
    furniture: Option<FurnitureId>,
) -> QueryResult<(i64, i64)> {
    statement(
        "UPDATE event_counter SET seq = seq + ?, public_seq = public_seq + ?, furniture = coalesce(?, furniture) \
         WHERE id = 1 RETURNING seq, public_seq",
    )
    .bind::<BigInt, _>(count)
    .bind::<BigInt, _>(public_count)
    .bind::<Nullable<Binary>, _>(furniture)
    .answering::<(BigInt, BigInt)>()
    .get_result(conn)
}

/// The last number of all, and of the public ones.
pub(super) fn last(conn: &mut Conn) -> QueryResult<(i64, i64)> {
    event_counter::table.find(1).select((event_counter::seq, event_counter::public_seq)).first(conn)
}

/// The mark that is on the furniture.
pub(super) fn furniture(conn: &mut Conn) -> QueryResult<Option<FurnitureId>> {
    let mark = event_counter::table.find(1).select(event_counter::furniture);
    directly!(conn, own => mark.first(own))
}

/// The first number that is still in the log.
pub(super) fn first(conn: &mut Conn) -> QueryResult<Option<i64>> {
    events::table.select(events::seq).order(events::seq.asc()).first(conn).optional()
}

/// The first public number that is still in the log.
pub(super) fn first_public(conn: &mut Conn) -> QueryResult<Option<i64>> {
    let public = events::table.filter(events::public_seq.is_not_null()).order(events::public_seq.asc());
    public.select(events::public_seq).first::<Option<i64>>(conn).optional().map(Option::flatten)
}

pub(super) fn after(conn: &mut Conn, seq: i64, limit: i64) -> QueryResult<Vec<Row>> {
    let later = events::table.filter(events::seq.gt(seq)).order(events::seq.asc());
    later.limit(limit).select(Row::as_select()).load(conn)
}

pub(super) fn public_after(conn: &mut Conn, number: i64, limit: i64) -> QueryResult<Vec<Row>> {
    let later = events::table.filter(events::public_seq.gt(number)).order(events::public_seq.asc());
    later.limit(limit).select(Row::as_select()).load(conn)
}

pub(super) fn public_about(conn: &mut Conn, target: Uuid, limit: i64) -> QueryResult<Vec<Row>> {
    let about = events::table.filter(events::target_id.eq(target.as_bytes().to_vec()));
    let public = about.filter(events::public_seq.is_not_null());
    public.order((events::target_id.desc(), events::seq.desc())).select(Row::as_select()).limit(limit).load(conn)
}

pub(super) fn of_topics_after(conn: &mut Conn, topics: &[&str], seq: i64, limit: i64) -> QueryResult<Vec<Row>> {
    let topics: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
    let later = events::table.filter(one_of(events::topic, topics).and(events::seq.gt(seq))).order(events::seq.asc());
    later.limit(limit).select(Row::as_select()).load(conn)
}

pub(super) fn list(conn: &mut Conn, filter: &EventQuery, page: &PageRequest) -> QueryResult<Slice<Row>> {
    let EventQuery { topic } = filter;
    let filtered = || match topic.as_slice() {
        [] => events::table.into_boxed(),
        topics => events::table.filter(one_of(events::topic, topics)).into_boxed(),
    };
    let query = keyset!(filtered(), page, events::seq, true);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position::at(row.seq, Uuid::nil()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

/// The latest event before an instant.
pub(super) fn last_before(conn: &mut Conn, at: UtcTime) -> QueryResult<Option<i64>> {
    let earlier = events::table.filter(events::at.lt(at)).order(events::at.desc());
    earlier.select(events::seq).first(conn).optional()
}

pub(super) fn forget(conn: &mut Conn, up_to: i64) -> QueryResult<usize> {
    diesel::delete(events::table.filter(events::seq.le(up_to))).execute(conn)
}

/// Gives a new reader its place, at the end of the log.
pub(super) fn begin_reader(conn: &mut Conn, name: &str) -> QueryResult<usize> {
    // Without the WHERE, SQLite would read ON as the condition of a join.
    diesel::sql_query(
        "INSERT INTO event_readers (name, seq) SELECT $1, seq FROM event_counter WHERE id = 1 ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(name)
    .execute(conn)
}

/// A reader's place. The row stays locked until the commit.
pub(super) fn place(conn: &mut Conn, name: &str) -> QueryResult<i64> {
    diesel::update(event_readers::table.find(name))
        .set(event_readers::seq.eq(event_readers::seq))
        .returning(event_readers::seq)
        .get_result(conn)
}

pub(super) fn glance(conn: &mut Conn, name: &str) -> QueryResult<Option<i64>> {
    event_readers::table.find(name).select(event_readers::seq).first(conn).optional()
}

pub(super) fn move_on(conn: &mut Conn, name: &str, seq: i64) -> QueryResult<usize> {
    diesel::update(event_readers::table.find(name)).set(event_readers::seq.eq(seq)).execute(conn)
}

pub(super) fn insert_event(
    conn: &mut Conn,
    seq: i64,
    public_seq: Option<i64>,
    now: UtcTime,
    change: &Change,
) -> QueryResult<usize> {
    let Change { topic, kind, target, visibility, payload, before: _, after: _, is_routine: _ } = change;
    let insert = diesel::insert_into(events::table).values((
        events::seq.eq(seq),
        events::topic.eq(*topic),
        events::visibility.eq(*visibility),
        events::target_kind.eq(*kind),
        events::target_id.eq(target.map(|id| id.as_bytes().to_vec())),
        events::payload.eq(payload.to_string()),
        events::at.eq(now),
        events::public_seq.eq(public_seq),
    ));
    directly!(conn, own => insert.execute(own))
}

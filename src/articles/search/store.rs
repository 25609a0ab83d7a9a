//! The only SQL of search. Each database has an index of its own kind; what it is asked is the same.

use std::fmt::Write as _;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use super::entry::Entry;
use super::expression::Needle;
use crate::articles::lists::store::Wanted;
use crate::articles::store::{Live, visible};
use crate::db::dialect::{self, Door};
use crate::db::schema::{publication_links, publications, search_backlog, search_entries};
use crate::db::{Conn, directly, kept, list, one_of, statement};
use crate::ids::{ArticleId, PublicationId, RecordId};
use crate::records::Kind;
use crate::time::UtcTime;

/// How many places a second has.
const PLACES: i64 = 1_024;
/// How many places a day has.
pub(super) const DAY: i64 = 86_400 * PLACES;
/// How far from its own place a publication may stand, where very many have the same date: 48 days.
const STRAY_MAX: i64 = 1 << 32;
/// Places that are looked at together for a free one.
const LOOK: i64 = 64;
/// PostgreSQL is asked for so many at the least: for few it would walk through all of the archive.
const AT_LEAST: i64 = 500;

/// A publication that was found, and its place in the order of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub(super) struct Found {
    #[diesel(sql_type = BigInt)]
    pub place: i64,
    #[diesel(sql_type = Binary)]
    pub publication_id: PublicationId,
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Which publications are looked for, and how many of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    pub needle: &'a Needle,
    pub wanted: &'a Wanted,
    pub now: UtcTime,
    pub limit: i64,
    /// Beyond which one, and whether towards the newest.
    pub from: Option<(i64, PublicationId)>,
    pub backward: bool,
}

/// A publication that the index does not have yet.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Unread {
    pub id: PublicationId,
    pub visible_from: UtcTime,
    pub visible_until: Option<UtcTime>,
    pub date_published: UtcTime,
    pub content: String,
    pub body: String,
}

impl Found {
    /// The second of its date of publication.
    pub fn second(self) -> UtcTime {
        UtcTime::from_micros(self.place.div_euclid(PLACES).saturating_mul(1_000_000))
    }
}

/// The place of an instant in the order of dates.
fn place_of(at: UtcTime) -> i64 {
    at.micros().div_euclid(1_000_000).saturating_mul(PLACES)
}

/// An id as SQL: bytes in hexadecimal, nothing that could be anything else.
fn literal(conn: &Conn, uuid: uuid::Uuid) -> String {
    match conn {
        Conn::Sqlite(_) => format!("x'{}'", uuid.simple()),
        Conn::Postgres(_) => format!("'\\x{}'::bytea", uuid.simple()),
    }
}

/// What a publication must meet besides the words, at the instant `$2`: numbers, ids and tags of languages, of which none can be more than that.
fn conditions(conn: &Conn, wanted: &Wanted) -> String {
    let Wanted { languages, with, without, from, until, sort: _ } = wanted;
    let mut sql = String::from(
        "search_entries.visible_from <= $2 \
         AND (search_entries.visible_until IS NULL OR search_entries.visible_until > $2)",
    );
    let mut and = |condition: String| {
        // Writing into a text never fails.
        let _ = write!(sql, " AND {condition}");
    };
    let linked = |ids: &[RecordId]| {
        let ids: Vec<String> = ids.iter().map(|id| literal(conn, id.uuid())).collect();
        if ids.is_empty() {
            return "1 = 0".to_owned();
        }
        format!(
            "EXISTS (SELECT 1 FROM publication_links \
             WHERE publication_links.publication_id = search_entries.publication_id \
             AND publication_links.target_id IN ({}))",
            ids.join(", ")
        )
    };
    for ids in with {
        and(linked(ids));
    }
    if !without.is_empty() {
        and(format!("NOT {}", linked(without)));
    }
    let mut stated = Vec::new();
    if !languages.is_empty() {
        let is_tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let tags = languages.iter().filter(|tag| tag.chars().all(is_tag)).map(|tag| format!("'{tag}'"));
        stated.push(format!("publications.language IN ({})", tags.collect::<Vec<_>>().join(", ")));
    }
    stated.extend(from.map(|from| format!("publications.date_published >= {}", from.micros())));
    stated.extend(until.map(|until| format!("publications.date_published < {}", until.micros())));
    if !stated.is_empty() {
        and(format!(
            "EXISTS (SELECT 1 FROM publications WHERE publications.id = search_entries.publication_id AND {})",
            stated.join(" AND ")
        ));
    }
    sql
}

impl Search<'_> {
    /// Whether the text of its statement is one of few: it asks for words alone. PostgreSQL is better off to plan for each.
    const fn is_plain(&self, conn: &Conn) -> bool {
        let Wanted { languages, with, without, from, until, sort: _ } = self.wanted;
        let is_narrowed = from.is_some() || until.is_some() || self.from.is_some();
        let has_filters = !languages.is_empty() || !with.is_empty() || !without.is_empty();
        matches!(conn, Conn::Sqlite(_)) && !is_narrowed && !has_filters
    }

    /// The statement, but for what it selects, its order and its limit.
    fn sources(&self, conn: &Conn) -> String {
        let Self { needle: _, wanted, now: _, limit: _, from, backward } = self;
        let conditions = conditions(conn, wanted);
        let (tables, place) = match conn {
            // In this order, so that it stops as soon as it has enough.
            Conn::Sqlite(_) => (
                "search_index CROSS JOIN search_entries ON search_entries.place = search_index.rowid \
                 WHERE search_index MATCH $1",
                "search_index.rowid",
            ),
            Conn::Postgres(_) => (
                "search_index JOIN search_entries ON search_entries.publication_id = search_index.publication_id \
                 WHERE search_index.terms @@ $1::tsquery",
                "search_index.place",
            ),
        };
        let mut sql = format!("FROM {tables} AND {conditions}");
        // Writing into a text never fails.
        if let Some(from) = wanted.from {
            let _ = write!(sql, " AND {place} >= {}", place_of(from));
        }
        if let Some(until) = wanted.until {
            let _ = write!(sql, " AND {place} < {}", place_of(until).saturating_add(PLACES + STRAY_MAX));
        }
        if let Some((at, id)) = from {
            let beyond = if *backward { '>' } else { '<' };
            let _ = match conn {
                Conn::Sqlite(_) => write!(sql, " AND {place} {beyond} {at}"),
                Conn::Postgres(_) => {
                    let id = literal(conn, id.uuid());
                    write!(sql, " AND ({place}, search_index.publication_id) {beyond} ({at}, {id})")
                }
            };
        }
        sql
    }
}

/// The newest publications that have what is looked for; the oldest beyond one, going backward.
pub(super) fn find(conn: &mut Conn, search: &Search<'_>) -> QueryResult<Vec<Found>> {
    let (sources, limit) = (search.sources(conn), search.limit);
    let order = if search.backward { "ASC" } else { "DESC" };
    let sql = match conn {
        Conn::Sqlite(_) => format!(
            "SELECT search_entries.place, search_entries.publication_id {sources} \
             ORDER BY search_index.rowid {order} LIMIT {limit}"
        ),
        Conn::Postgres(_) => format!(
            "WITH found AS MATERIALIZED (SELECT search_index.place, search_index.publication_id {sources} \
             ORDER BY search_index.place {order}, search_index.publication_id {order} LIMIT {least}) \
             SELECT place, publication_id FROM found ORDER BY place {order}, publication_id {order} LIMIT {limit}",
            least = limit.max(AT_LEAST)
        ),
    };
    let query = diesel::sql_query(sql).bind::<Text, _>(search.needle.of(conn)).bind::<BigInt, _>(search.now);
    if search.is_plain(conn) { kept(query).load(conn) } else { query.load(conn) }
}

/// How many publications have what is looked for; no more than the limit.
pub(super) fn count(conn: &mut Conn, search: &Search<'_>) -> QueryResult<i64> {
    let (sources, limit) = (search.sources(conn), search.limit);
    let sql = format!("SELECT count(*) AS total FROM (SELECT 1 {sources} LIMIT {limit}) AS found");
    let query = diesel::sql_query(sql).bind::<Text, _>(search.needle.of(conn)).bind::<BigInt, _>(search.now);
    let total: Total = query.get_result(conn)?;
    Ok(total.total)
}

/// The newest publications whose whole headline has a hash.
pub(super) fn with_headline(conn: &mut Conn, search: &Search<'_>, hash: i64) -> QueryResult<Vec<Found>> {
    let Search { needle: _, wanted, now, limit, from: _, backward: _ } = *search;
    let conditions = conditions(conn, wanted);
    let query = diesel::sql_query(format!(
        "SELECT search_entries.place, search_entries.publication_id FROM search_entries \
         WHERE search_entries.headline_hash = $1 AND {conditions} ORDER BY search_entries.place DESC LIMIT {limit}"
    ));
    let query = query.bind::<BigInt, _>(hash).bind::<BigInt, _>(now);
    if search.is_plain(conn) { kept(query).load(conn) } else { query.load(conn) }
}

/// Publications with their bodies, as far as they are visible now.
pub(super) fn whole(conn: &mut Conn, ids: &[PublicationId], now: UtcTime) -> QueryResult<Vec<(Live, String)>> {
    // The index finds, and what shows is decided where it is kept.
    let found = publications::table.filter(one_of(publications::id, ids)).filter(visible!(now));
    directly!(conn, own => found.select((Live::as_select(), publications::body)).load(own))
}

/// The sections, sources and tags of publications.
pub(super) fn links(conn: &mut Conn, ids: &[PublicationId]) -> QueryResult<Vec<(PublicationId, Kind, RecordId)>> {
    publication_links::table
        .filter(one_of(publication_links::publication_id, ids))
        .filter(one_of(publication_links::kind, [Kind::Section, Kind::Source, Kind::Tag]))
        .select((publication_links::publication_id, publication_links::kind, publication_links::target_id))
        .load(conn)
}

/// The slugs of the newest publications that are visible now.
pub(super) fn newest_slugs(conn: &mut Conn, now: UtcTime, limit: i64) -> QueryResult<Vec<String>> {
    publications::table
        .filter(visible!(now))
        .order((publications::date_published.desc(), publications::article_id.desc()))
        .select(publications::slug)
        .limit(limit)
        .load(conn)
}

/// Puts a publication into the index, at the place of its date or the next one that is free.
pub(super) fn insert(
    conn: &mut Conn,
    id: PublicationId,
    date: UtcTime,
    (visible_from, visible_until): (UtcTime, Option<UtcTime>),
    entry: &Entry,
) -> QueryResult<()> {
    let spread = i64::from(id.uuid().as_bytes().last().copied().unwrap_or_default());
    let place = free_place(conn, place_of(date).saturating_add(spread))?;
    diesel::insert_into(search_entries::table)
        .values((
            search_entries::publication_id.eq(id),
            search_entries::place.eq(place),
            search_entries::headline_hash.eq(entry.headline_hash),
            search_entries::visible_from.eq(visible_from),
            search_entries::visible_until.eq(visible_until),
        ))
        .execute(conn)?;
    match conn {
        Conn::Sqlite(_) => {
            let [headline, rest, words] = entry.columns();
            statement("INSERT INTO search_index (rowid, headline, rest, words) VALUES (?, ?, ?, ?)")
                .bind::<BigInt, _>(place)
                .bind::<Text, _>(headline)
                .bind::<Text, _>(rest)
                .bind::<Text, _>(words)
                .execute(conn)?
        }
        Conn::Postgres(_) => {
            statement("INSERT INTO search_index (publication_id, place, terms) VALUES (?, ?, ?::tsvector)")
                .bind::<Binary, _>(id)
                .bind::<BigInt, _>(place)
                .bind::<Text, _>(entry.tsvector())
                .execute(conn)?
        }
    };
    Ok(())
}

/// The first place from one on that no publication has. FTS5 takes one row at each; PostgreSQL does not mind two.
fn free_place(conn: &mut Conn, from: i64) -> QueryResult<i64> {
    let taken = search_entries::table.filter(search_entries::place.ge(from)).order(search_entries::place.asc());
    let taken: Vec<i64> = taken.select(search_entries::place).limit(LOOK).load(conn)?;
    let free = taken.iter().fold(from, |free, place| if *place == free { free + 1 } else { free });
    if free < from + LOOK {
        return Ok(free);
    }
    let near = search_entries::table.filter(search_entries::place.lt(from.saturating_add(STRAY_MAX)));
    let last: Option<i64> = near.select(diesel::dsl::max(search_entries::place)).first(conn)?;
    Ok(last.unwrap_or(from) + 1)
}

/// Says in the index, too, until when what is published of an article is visible.
pub(in crate::articles) fn restate(conn: &mut Conn, id: ArticleId) -> QueryResult<usize> {
    statement(
        "UPDATE search_entries SET visible_until = publications.visible_until FROM publications \
         WHERE publications.id = search_entries.publication_id AND publications.article_id = ?",
    )
    .bind::<Binary, _>(id)
    .execute(conn)
}

/// Takes publications out of the index.
pub(in crate::articles) fn forget(conn: &mut Conn, ids: &[PublicationId]) -> QueryResult<usize> {
    let entries = search_entries::table.filter(one_of(search_entries::publication_id, ids));
    if let Conn::Sqlite(_) = conn {
        let places: Vec<i64> = entries.select(search_entries::place).load(conn)?;
        if !places.is_empty() {
            let forgotten = statement("DELETE FROM search_index WHERE rowid IN (SELECT value FROM json_each(?))");
            forgotten.bind::<Text, _>(list(conn, &places)).execute(conn)?;
        }
    }
    diesel::delete(search_entries::table.filter(one_of(search_entries::publication_id, ids))).execute(conn)
}

/// The publications of an article in the index that are over.
pub(super) fn over(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<Vec<PublicationId>> {
    publications::table
        .inner_join(search_entries::table.on(search_entries::publication_id.eq(publications::id)))
        .filter(publications::article_id.eq(id).and(publications::visible_until.le(now)))
        .select(publications::id)
        .load(conn)
}

/// Makes those who read what was published before there was an index take turns.
pub(super) fn take_turns(conn: &mut Conn) -> QueryResult<()> {
    dialect::take_turns(conn, Door::Search)
}

/// Whether anything waits to be read into the index.
pub(super) fn has_backlog(conn: &mut Conn) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(search_backlog::table.limit(1).select(search_backlog::publication_id)))
        .get_result(conn)
}

/// What waits to be read, the newest first.
pub(super) fn backlog(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Unread>> {
    search_backlog::table
        .inner_join(publications::table.on(publications::id.eq(search_backlog::publication_id)))
        .order((search_backlog::date_published.desc(), search_backlog::publication_id.desc()))
        .select((
            publications::id,
            publications::visible_from,
            publications::visible_until,
            publications::date_published,
            publications::content,
            publications::body,
        ))
        .limit(limit)
        .load(conn)
}

/// Strikes off what was read.
pub(super) fn strike_off(conn: &mut Conn, ids: &[PublicationId]) -> QueryResult<usize> {
    diesel::delete(search_backlog::table.filter(one_of(search_backlog::publication_id, ids))).execute(conn)
}

/// Of these publications, those that the index has.
pub(super) fn indexed(conn: &mut Conn, ids: &[PublicationId]) -> QueryResult<Vec<PublicationId>> {
    let entries = search_entries::table.filter(one_of(search_entries::publication_id, ids));
    entries.select(search_entries::publication_id).load(conn)
}

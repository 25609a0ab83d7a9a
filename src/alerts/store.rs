//! The only SQL for alerts.

use diesel::prelude::*;
use diesel::sql_types::Binary;

use super::dto::{DeskFilter, TickerFilter};
use super::model::{self, AlertState, Kept};
use crate::db::Conn;
use crate::db::dialect::{self, Door};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{alert_links, alerts, records};
use crate::ids::{AlertId, ArticleId, RecordId, UserId};
use crate::keyset;
use crate::text::Language;
use crate::time::UtcTime;

type Query = alerts::BoxedQuery<'static, <Conn as diesel::Connection>::Backend>;

/// A row of `alerts`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = alerts)]
pub(super) struct Row {
    pub id: AlertId,
    pub state: Kept,
    pub language: String,
    pub headline_key: String,
    pub topic_keys: String,
    pub rank: i64,
    pub starts_at: Option<UtcTime>,
    pub expires: Option<UtcTime>,
    pub last_change: UtcTime,
    pub issued_at: Option<UtcTime>,
    pub supersedes: Option<AlertId>,
    pub article_id: Option<ArticleId>,
    pub created_by: UserId,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub content: String,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(alerts::table).values(row).execute(conn)
}

/// Writes a row over the version that was read; 0 when another change came first.
pub(super) fn update(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(alerts::table.find(row.id).filter(alerts::version.eq(present)))
        .set((
            alerts::state.eq(row.state),
            alerts::language.eq(&row.language),
            alerts::headline_key.eq(&row.headline_key),
            alerts::topic_keys.eq(&row.topic_keys),
            alerts::rank.eq(row.rank),
            alerts::starts_at.eq(row.starts_at),
            alerts::expires.eq(row.expires),
            alerts::last_change.eq(row.last_change),
            alerts::issued_at.eq(row.issued_at),
            alerts::article_id.eq(row.article_id),
            alerts::version.eq(row.version),
            alerts::updated_at.eq(row.updated_at),
            alerts::content.eq(&row.content),
        ))
        .execute(conn)
}

/// Replaces the sources that an alert credits.
pub(super) fn credit(conn: &mut Conn, id: AlertId, sources: &[RecordId]) -> QueryResult<usize> {
    diesel::delete(alert_links::table.filter(alert_links::alert_id.eq(id))).execute(conn)?;
    let credited = records::table.filter(records::id.eq_any(sources.to_vec()));
    diesel::insert_into(alert_links::table)
        .values(credited.select((id.into_sql::<Binary>(), records::id)))
        .into_columns((alert_links::alert_id, alert_links::target_id))
        .execute(conn)
}

pub(super) fn find(conn: &mut Conn, id: AlertId) -> QueryResult<Option<Row>> {
    alerts::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// The first alert that was issued after an instant, still stands, and says the same in the same language as
/// this row. Until this transaction ends, no other one gets to ask.
pub(super) fn find_echo(conn: &mut Conn, row: &Row, after: UtcTime) -> QueryResult<Option<AlertId>> {
    dialect::take_turns(conn, Door::Alerts)?;
    alerts::table
        .filter(alerts::headline_key.eq(&row.headline_key).and(alerts::issued_at.gt(after)))
        .filter(alerts::language.eq(&row.language).and(alerts::state.eq(Kept::Active)))
        .filter(alerts::id.ne(row.id))
        .order((alerts::issued_at.asc(), alerts::id.asc()))
        .select(alerts::id)
        .first(conn)
        .optional()
}

/// What readers see at an instant: the ticker, or what became of it since another instant.
pub(super) fn list_public(
    conn: &mut Conn,
    filter: &TickerFilter,
    now: UtcTime,
    page: &PageRequest,
) -> QueryResult<Slice<Row>> {
    let (query, by_rank) = match filter.since {
        None => (ticker as fn(&TickerFilter, UtcTime) -> Query, true),
        Some(_) => (changed as fn(&TickerFilter, UtcTime) -> Query, false),
    };
    let paged = if by_rank {
        keyset!(query(filter, now), page, alerts::rank => number, alerts::id, false)
    } else {
        // The sum keeps SQLite from walking the index of `updated_at` from its beginning, row by row.
        keyset!(query(filter, now), page, (alerts::updated_at + 0) => number, alerts::id, false)
    };
    let rows = paged.select(Row::as_select()).load(conn)?;
    let key = |row: &Row| if by_rank { row.rank } else { row.updated_at.micros() };
    let mut slice = page.cut(rows, |row| Position::at(key(row), row.id.uuid()));
    if page.count {
        slice.total = Some(query(filter, now).count().get_result(conn)?);
    }
    Ok(slice)
}

/// What is active.
fn ticker(filter: &TickerFilter, now: UtcTime) -> Query {
    chosen(filter).filter(alerts::state.eq(Kept::Active)).filter(alerts::starts_at.le(now).and(alerts::expires.gt(now)))
}

/// What readers have seen and was changed since, by hand or by the clock.
fn changed(filter: &TickerFilter, now: UtcTime) -> Query {
    let since = filter.since.unwrap_or(now);
    let started = alerts::starts_at.ge(since);
    let ended = alerts::expires.ge(since).and(alerts::expires.le(now));
    chosen(filter)
        .filter(alerts::issued_at.is_not_null().and(alerts::state.ne(Kept::Cancelled)))
        .filter(alerts::starts_at.le(now))
        // Implied by what follows, but only this is a range of an index.
        .filter(alerts::last_change.ge(since))
        .filter(alerts::updated_at.ge(since).or(started).or(ended))
}

/// What the reader's filter lets through.
fn chosen(filter: &TickerFilter) -> Query {
    // The alternatives first: `or_filter` embraces all that stands before it.
    let any = alerts::table.into_boxed();
    let query = filter
        .topic
        .iter()
        .fold(any, |query, topic| query.or_filter(alerts::topic_keys.like(format!("%{}%", model::fenced(topic)))));
    let query = match filter.max_urgency {
        Some(urgency) => query.filter(alerts::rank.le(model::rank_max(urgency))),
        None => query,
    };
    in_languages(query, &filter.language)
}

/// What the newsroom sees at an instant, latest change first; with `own`, others' drafts are left out.
pub(super) fn list(
    conn: &mut Conn,
    filter: &DeskFilter,
    own: Option<UserId>,
    now: UtcTime,
    page: &PageRequest,
) -> QueryResult<Slice<Row>> {
    let query = || {
        let any = alerts::table.into_boxed();
        let query = filter.state.iter().fold(any, |query, state| or_in_state(query, *state, now));
        let query = in_languages(query, &filter.language);
        match own {
            Some(user) => query.filter(alerts::created_by.eq(user).or(alerts::issued_at.is_not_null())),
            None => query,
        }
    };
    let paged = keyset!(query(), page, alerts::updated_at => number, alerts::id, true);
    let rows = paged.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position::at(row.updated_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(query().count().get_result(conn)?);
    }
    Ok(slice)
}

/// Lets a state through as well: what `Alert::state` says of one alert.
fn or_in_state(query: Query, state: AlertState, now: UtcTime) -> Query {
    let active = alerts::state.eq(Kept::Active);
    match state {
        AlertState::Draft => query.or_filter(alerts::state.eq(Kept::Draft)),
        AlertState::Scheduled => query.or_filter(active.and(alerts::starts_at.gt(now))),
        AlertState::Active => query.or_filter(active.and(alerts::starts_at.le(now)).and(alerts::expires.gt(now))),
        AlertState::Expired => query.or_filter(active.and(alerts::starts_at.le(now)).and(alerts::expires.le(now))),
        AlertState::Retracted => query.or_filter(alerts::state.eq(Kept::Retracted)),
        AlertState::Superseded => query.or_filter(alerts::state.eq(Kept::Superseded)),
        AlertState::Cancelled => query.or_filter(alerts::state.eq(Kept::Cancelled)),
    }
}

fn in_languages(query: Query, languages: &[Language]) -> Query {
    if languages.is_empty() {
        return query;
    }
    let tags: Vec<String> = languages.iter().map(Language::to_string).collect();
    query.filter(alerts::language.eq_any(tags))
}

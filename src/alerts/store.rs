//! The only SQL for alerts.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool};

use super::dto::{DeskFilter, TickerFilter};
use super::keys;
use super::model::{AlertState, Kept};
use crate::db::dialect::{self, Door};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{alert_links, alerts, records};
use crate::db::{Conn, one_of};
use crate::ids::{AlertId, ArticleId, RecordId, StoryId, UserId};
use crate::keyset;
use crate::text::Language;
use crate::time::UtcTime;

/// How far a look back reaches beyond the instant that was asked for: what was decided just before may have been
/// committed just after.
const OVERLAP: Duration = Duration::from_secs(30);

type Condition = Box<dyn BoxableExpression<alerts::table, <Conn as diesel::Connection>::Backend, SqlType = Bool>>;
type Query = alerts::BoxedQuery<'static, <Conn as diesel::Connection>::Backend>;

/// What a reader asks for, with the sections' ids and those of all below them; `None` is any.
pub(super) struct Sought<'f> {
    pub asked: &'f TickerFilter,
    pub sections: Option<Vec<RecordId>>,
}

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
    pub region_keys: String,
    pub peak_urgency: i64,
    pub next_at: Option<UtcTime>,
    pub story_id: Option<StoryId>,
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
            alerts::region_keys.eq(&row.region_keys),
            alerts::peak_urgency.eq(row.peak_urgency),
            alerts::next_at.eq(row.next_at),
            alerts::story_id.eq(row.story_id),
        ))
        .execute(conn)
}

/// Replaces the sources and sections that an alert refers to.
pub(super) fn relink(conn: &mut Conn, id: AlertId, links: &[RecordId]) -> QueryResult<usize> {
    diesel::delete(alert_links::table.filter(alert_links::alert_id.eq(id))).execute(conn)?;
    let linked = records::table.filter(one_of(records::id, links));
    diesel::insert_into(alert_links::table)
        .values(linked.select((id.into_sql::<Binary>(), records::id)))
        .into_columns((alert_links::alert_id, alert_links::target_id))
        .execute(conn)
}

pub(super) fn find(conn: &mut Conn, id: AlertId) -> QueryResult<Option<Row>> {
    alerts::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// The first alert that was issued after an instant, still stands, and says the same as
/// this row; or that was drafted after it, where drafts count too. Who asks has taken its turn.
pub(super) fn find_echo(conn: &mut Conn, row: &Row, after: UtcTime, drafts: bool) -> QueryResult<Option<AlertId>> {
    let issued = alerts::state.eq(Kept::Active).and(alerts::issued_at.gt(after));
    let drafted = alerts::state.eq(Kept::Draft).and(alerts::created_at.gt(after)).and(drafts.into_sql::<Bool>());
    alerts::table
        .filter(alerts::headline_key.eq(&row.headline_key))
        .filter(issued.or(drafted.nullable()))
        .filter(alerts::id.ne(row.id))
        .order((alerts::created_at.asc(), alerts::id.asc()))
        .select(alerts::id)
        .first(conn)
        .optional()
}

/// The top of the ticker.
pub(super) fn active(conn: &mut Conn, now: UtcTime, limit: i64) -> QueryResult<Vec<Row>> {
    running(now).order((alerts::rank.asc(), alerts::id.asc())).limit(limit).select(Row::as_select()).load(conn)
}

/// These alerts, and of those in the ticker the ones that point at these articles or sources.
pub(super) fn about(
    conn: &mut Conn,
    ids: &[AlertId],
    (articles, sources): (&[ArticleId], &[RecordId]),
    now: UtcTime,
) -> QueryResult<Vec<Row>> {
    let named = alerts::table.filter(one_of(alerts::id, ids)).select(Row::as_select());
    let mut rows: Vec<Row> = named.load(conn)?;
    if !articles.is_empty() {
        let leading = running(now).filter(one_of(alerts::article_id, articles));
        rows.extend(leading.select(Row::as_select()).load(conn)?);
    }
    if !sources.is_empty() {
        let crediting = alert_links::table.filter(one_of(alert_links::target_id, sources));
        let crediting = running(now).filter(alerts::id.eq_any(crediting.select(alert_links::alert_id)));
        rows.extend(crediting.select(Row::as_select()).load(conn)?);
    }
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    Ok(rows)
}

/// The alerts of a story that were ever in the ticker, the first one first.
pub(super) fn of_story(conn: &mut Conn, story: StoryId, now: UtcTime, limit: i64) -> QueryResult<Vec<Row>> {
    alerts::table
        .filter(alerts::story_id.eq(story).and(alerts::starts_at.le(now)))
        .filter(alerts::issued_at.is_not_null().and(alerts::state.ne(Kept::Cancelled)))
        .order((alerts::starts_at.asc(), alerts::id.asc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)
}

/// The alerts of a story, whatever became of them, in the order in which they were drafted; with `own`, others' drafts are
/// left out.
pub(super) fn of_story_at_desk(
    conn: &mut Conn,
    story: StoryId,
    own: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let of_story = alerts::table.filter(alerts::story_id.eq(story)).into_boxed();
    let known = match own {
        Some(user) => of_story.filter(alerts::created_by.eq(user).or(alerts::issued_at.is_not_null())),
        None => of_story,
    };
    known.order(alerts::id.asc()).limit(limit).select(Row::as_select()).load(conn)
}

/// The alerts whose start or end lies between two instants.
pub(super) fn turned_between(conn: &mut Conn, after: UtcTime, now: UtcTime, limit: i64) -> QueryResult<Vec<AlertId>> {
    let started = alerts::starts_at.gt(after).and(alerts::starts_at.le(now));
    let ended = alerts::expires.gt(after).and(alerts::expires.le(now));
    // Those that turn later than this have their last change later, and only that is a range of an index.
    let issued = alerts::table.filter(alerts::state.eq(Kept::Active)).filter(alerts::last_change.gt(after));
    issued.filter(started.or(ended)).limit(limit).select(alerts::id).load(conn)
}

/// When the alerts that the clock has yet to turn appear and disappear.
pub(super) fn turns(conn: &mut Conn, after: UtcTime) -> QueryResult<Vec<(Option<UtcTime>, Option<UtcTime>)>> {
    let issued = alerts::table.filter(alerts::state.eq(Kept::Active)).filter(alerts::last_change.gt(after));
    issued.select((alerts::starts_at, alerts::expires)).load(conn)
}

/// Makes changes to alerts take turns until each has ended: with each other, and with the clock's.
pub(super) fn take_turns(conn: &mut Conn) -> QueryResult<()> {
    dialect::take_turns(conn, Door::Alerts)
}

/// When the clock next turns an alert.
pub(super) fn next_turn(conn: &mut Conn) -> QueryResult<Option<UtcTime>> {
    let waiting = alerts::table.filter(alerts::next_at.is_not_null()).order(alerts::next_at.asc());
    waiting.select(alerts::next_at).first::<Option<UtcTime>>(conn).optional().map(Option::flatten)
}

/// The alerts whose turn has come, the earliest first.
pub(super) fn due(conn: &mut Conn, now: UtcTime, limit: i64) -> QueryResult<Vec<Row>> {
    let due = alerts::table.filter(alerts::next_at.le(now)).order((alerts::next_at.asc(), alerts::id.asc()));
    due.limit(limit).select(Row::as_select()).load(conn)
}

/// Notes that a turn was told, and when the next one is.
pub(super) fn turned(conn: &mut Conn, id: AlertId, next: Option<UtcTime>) -> QueryResult<usize> {
    diesel::update(alerts::table.find(id)).set(alerts::next_at.eq(next)).execute(conn)
}

/// What readers see at an instant: the ticker, or what became of it since another instant.
pub(super) fn list_public(
    conn: &mut Conn,
    filter: &Sought<'_>,
    now: UtcTime,
    page: &PageRequest,
) -> QueryResult<Slice<Row>> {
    let (query, by_rank) = match filter.asked.since {
        None => (ticker as fn(&Sought<'_>, UtcTime) -> Query, true),
        Some(_) => (changed as fn(&Sought<'_>, UtcTime) -> Query, false),
    };
    let paged = if by_rank {
        keyset!(query(filter, now), page, alerts::rank => number, alerts::id, false)
    } else {
        // The sum keeps SQLite from walking the index of `updated_at` from its beginning, row by row.
        keyset!(query(filter, now), page, alerts::updated_at + 0 => number, alerts::id, false)
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
fn ticker(filter: &Sought<'_>, now: UtcTime) -> Query {
    chosen(filter).filter(alerts::state.eq(Kept::Active)).filter(alerts::starts_at.le(now).and(alerts::expires.gt(now)))
}

fn running(now: UtcTime) -> Query {
    let all = alerts::table.filter(alerts::state.eq(Kept::Active));
    all.filter(alerts::starts_at.le(now).and(alerts::expires.gt(now))).into_boxed()
}

/// What readers have seen and was changed since, by hand or by the clock.
fn changed(filter: &Sought<'_>, now: UtcTime) -> Query {
    let since = filter.asked.since.unwrap_or(now).before(OVERLAP);
    let started = alerts::starts_at.ge(since);
    let ended = alerts::expires.ge(since).and(alerts::expires.le(now));
    chosen(filter)
        .filter(alerts::issued_at.is_not_null().and(alerts::state.ne(Kept::Cancelled)))
        .filter(alerts::starts_at.le(now))
        // Implied by what follows, but only this is a range of an index.
        .filter(alerts::last_change.ge(since))
        .filter(alerts::updated_at.ge(since).or(started).or(ended))
}

/// Any of several conditions; none when there are none.
fn any(conditions: impl Iterator<Item = Condition>) -> Option<Condition> {
    conditions.reduce(|one, other| Box::new(one.or(other)))
}

/// A pattern for a word among fenced keys.
fn within(word: &str) -> String {
    format!("%{}%", keys::fenced(word))
}

/// What the reader's filter lets through.
fn chosen(filter: &Sought<'_>) -> Query {
    let Sought { asked, sections } = filter;
    let query = alerts::table.into_boxed();
    let about = |word: &String| -> Condition { Box::new(alerts::topic_keys.like(within(word))) };
    let query = match any(asked.topic.iter().map(about)) {
        Some(condition) => query.filter(condition),
        None => query,
    };
    let from = |word: &String| -> Condition { Box::new(alerts::region_keys.like(within(word))) };
    let query = match any(asked.region.iter().map(from)) {
        Some(condition) => query.filter(condition),
        None => query,
    };
    let query = match sections {
        None => query,
        Some(ids) => query.filter(
            alerts::id
                .eq_any(alert_links::table.filter(one_of(alert_links::target_id, ids)).select(alert_links::alert_id)),
        ),
    };
    let query = match (asked.max_urgency, asked.since) {
        (Some(urgency), None) => query.filter(alerts::rank.le(keys::rank_max(urgency))),
        // Who was told of it when it was more urgent is told what became of it.
        (Some(urgency), Some(_)) => query.filter(alerts::peak_urgency.le(i64::from(urgency))),
        (None, _) => query,
    };
    in_languages(query, &asked.language)
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
    query.filter(one_of(alerts::language, tags))
}

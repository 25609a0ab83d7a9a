//! The only SQL for webhooks: endpoints, the queue of messages to them, and what came of each attempt.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use super::dto::DeliveryQuery;
use super::model::{AttemptOutcome, DeliveryState, DisabledReason, Health, Progress, WebhookState};
use crate::db::dialect::{self, Door};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{webhook_attempts, webhook_deliveries, webhooks};
use crate::db::{Conn, one_of};
use crate::ids::{DeliveryId, UserId, WebhookId};
use crate::keyset;
use crate::time::UtcTime;

/// Rows that one statement inserts.
const BATCH: usize = 500;

/// A row of `webhooks`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhooks)]
pub(super) struct Row {
    pub id: WebhookId,
    pub url: String,
    pub description: Option<String>,
    pub topics: Option<String>,
    pub is_ordered: bool,
    pub state: WebhookState,
    pub disabled_reason: Option<DisabledReason>,
    pub secret: Vec<u8>,
    pub old_secret: Option<Vec<u8>>,
    pub old_secret_until: Option<UtcTime>,
    pub failing_since: Option<UtcTime>,
    pub throttled_until: Option<UtcTime>,
    pub from_seq: i64,
    pub created_by: UserId,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// A row of `webhook_deliveries`, but for the body.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_deliveries)]
pub(super) struct Dispatch {
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    pub message_id: String,
    pub seq: Option<i64>,
    pub topic: String,
    pub state: DeliveryState,
    pub tries: i64,
    pub attempt_count: i64,
    pub due_at: Option<UtcTime>,
    pub leased_until: UtcTime,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// A row of `webhook_attempts`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_attempts)]
pub(super) struct Attempt {
    pub delivery_id: DeliveryId,
    pub number: i64,
    pub at: UtcTime,
    pub outcome: AttemptOutcome,
    pub status: Option<i64>,
    pub duration_ms: Option<i64>,
    pub answer: String,
}

/// How much of what is due at one endpoint may be taken now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub webhook: WebhookId,
    pub is_ordered: bool,
    pub limit: usize,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(webhooks::table).values(row).execute(conn)
}

/// Writes a row over the version that was read; 0 when another change came first.
pub(super) fn update(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(webhooks::table.find(row.id).filter(webhooks::version.eq(present)))
        .set((
            webhooks::url.eq(&row.url),
            webhooks::description.eq(row.description.as_deref()),
            webhooks::topics.eq(row.topics.as_deref()),
            webhooks::is_ordered.eq(row.is_ordered),
            webhooks::state.eq(row.state),
            webhooks::disabled_reason.eq(row.disabled_reason),
            webhooks::secret.eq(&row.secret),
            webhooks::old_secret.eq(row.old_secret.as_deref()),
            webhooks::old_secret_until.eq(row.old_secret_until),
            webhooks::failing_since.eq(row.failing_since),
            webhooks::throttled_until.eq(row.throttled_until),
            webhooks::version.eq(row.version),
            webhooks::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

/// Removes an endpoint with all that was on its way to it; 0 when another change came first.
pub(super) fn delete(conn: &mut Conn, id: WebhookId, present: i64) -> QueryResult<usize> {
    diesel::delete(webhooks::table.find(id).filter(webhooks::version.eq(present))).execute(conn)
}

pub(super) fn count(conn: &mut Conn) -> QueryResult<i64> {
    webhooks::table.count().get_result(conn)
}

pub(super) fn find(conn: &mut Conn, id: WebhookId) -> QueryResult<Option<Row>> {
    webhooks::table.find(id).select(Row::as_select()).first(conn).optional()
}

/// An endpoint that nobody else changes until this transaction ends.
pub(super) fn hold(conn: &mut Conn, id: WebhookId) -> QueryResult<Option<Row>> {
    diesel::update(webhooks::table.find(id))
        .set(webhooks::version.eq(webhooks::version))
        .returning(webhooks::all_columns)
        .get_result(conn)
        .optional()
}

pub(super) fn list(conn: &mut Conn, page: &PageRequest) -> QueryResult<Slice<Row>> {
    let query = keyset!(webhooks::table.into_boxed(), page, webhooks::created_at => number, webhooks::id, true);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(count(conn)?);
    }
    Ok(slice)
}

/// Every endpoint that events are for: those that take them now, and those for which they wait.
pub(super) fn audience(conn: &mut Conn) -> QueryResult<Vec<Row>> {
    webhooks::table.filter(webhooks::state.ne(WebhookState::Disabled)).select(Row::as_select()).load(conn)
}

/// Every endpoint that takes messages at an instant.
pub(super) fn takers(conn: &mut Conn, now: UtcTime) -> QueryResult<Vec<Row>> {
    let left_alone = webhooks::throttled_until.gt(now);
    webhooks::table
        .filter(webhooks::state.eq(WebhookState::Active))
        .filter(webhooks::throttled_until.is_null().or(diesel::dsl::not(left_alone)))
        .select(Row::as_select())
        .load(conn)
}

/// Puts messages into the queue, each with its body.
pub(super) fn enqueue(conn: &mut Conn, messages: &[(Dispatch, Arc<str>)]) -> QueryResult<()> {
    for some in messages.chunks(BATCH) {
        let rows: Vec<_> = some.iter().map(|(row, body)| (row, webhook_deliveries::body.eq(&**body))).collect();
        let insert = diesel::insert_into(webhook_deliveries::table).values(rows);
        match conn {
            Conn::Sqlite(conn) => insert.execute(conn)?,
            Conn::Postgres(conn) => insert.execute(conn)?,
        };
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Binary)]
    id: DeliveryId,
}

/// What is due at an instant: tests, and each endpoint's share, all of it with one statement. From an ordered endpoint
/// only the first message that is still on its way.
pub(super) fn due(conn: &mut Conn, shares: &[Share], limit: usize, now: UtcTime) -> QueryResult<Vec<DeliveryId>> {
    let ready = "due_at <= $1 AND leased_until <= $1";
    let columns = "id, due_at, leased_until FROM webhook_deliveries";
    let tests = format!("SELECT {columns} WHERE seq IS NULL AND {ready} ORDER BY due_at LIMIT {limit}");
    let mut query = diesel::sql_query("SELECT id FROM (").into_boxed::<<Conn as diesel::Connection>::Backend>();
    query = query.sql(format!("SELECT * FROM ({tests}) AS tests")).bind::<BigInt, _>(now);
    for (n, Share { webhook, is_ordered, limit }) in (2..).zip(shares.iter().copied()) {
        let own = format!("SELECT {columns} WHERE webhook_id = ${n} AND seq IS NOT NULL");
        let share = if is_ordered {
            let first = format!("{own} AND state = 'pending' ORDER BY seq LIMIT 1");
            format!(" UNION ALL SELECT * FROM ({first}) AS share_{n} WHERE {ready}")
        } else {
            format!(" UNION ALL SELECT * FROM ({own} AND {ready} ORDER BY due_at, id LIMIT {limit}) AS share_{n}")
        };
        query = query.sql(share).bind::<Binary, _>(webhook);
    }
    let rows: Vec<Due> = query.sql(format!(") AS due ORDER BY due_at LIMIT {limit}")).load(conn)?;
    Ok(rows.into_iter().map(|due| due.id).collect())
}

/// A message that a node has taken, with its body and its endpoint.
pub(super) type Taken = (Dispatch, String, Row);

/// Takes those of these messages that are still due, until an instant, so that no other node does.
pub(super) fn lease(conn: &mut Conn, ids: &[DeliveryId], now: UtcTime, until: UtcTime) -> QueryResult<Vec<Taken>> {
    dialect::take_turns(conn, Door::Deliveries)?;
    let mut taken: Vec<Taken> = webhook_deliveries::table
        .inner_join(webhooks::table.on(webhooks::id.eq(webhook_deliveries::webhook_id)))
        .filter(one_of(webhook_deliveries::id, ids))
        .filter(webhook_deliveries::due_at.le(now).and(webhook_deliveries::leased_until.le(now)))
        .order(webhook_deliveries::due_at.asc())
        .select((Dispatch::as_select(), webhook_deliveries::body, Row::as_select()))
        .load(conn)?;
    let ids: Vec<DeliveryId> = taken.iter().map(|(message, ..)| message.id).collect();
    // Asked once more: what came of an earlier attempt may have been noted since.
    let still = webhook_deliveries::due_at.le(now).and(webhook_deliveries::leased_until.le(now));
    let leased: Vec<DeliveryId> =
        diesel::update(webhook_deliveries::table.filter(one_of(webhook_deliveries::id, ids).and(still)))
            .set(webhook_deliveries::leased_until.eq(until))
            .returning(webhook_deliveries::id)
            .get_results(conn)?;
    taken.retain(|(message, ..)| leased.contains(&message.id));
    for (message, ..) in &mut taken {
        message.leased_until = until;
    }
    Ok(taken)
}

pub(super) fn find_message(
    conn: &mut Conn,
    webhook: WebhookId,
    id: DeliveryId,
) -> QueryResult<Option<(Dispatch, String)>> {
    webhook_deliveries::table
        .find(id)
        .filter(webhook_deliveries::webhook_id.eq(webhook))
        .select((Dispatch::as_select(), webhook_deliveries::body))
        .first(conn)
        .optional()
}

pub(super) fn update_message(conn: &mut Conn, row: &Dispatch) -> QueryResult<usize> {
    diesel::update(webhook_deliveries::table.find(row.id))
        .set((
            webhook_deliveries::state.eq(row.state),
            webhook_deliveries::tries.eq(row.tries),
            webhook_deliveries::attempt_count.eq(row.attempt_count),
            webhook_deliveries::due_at.eq(row.due_at),
            webhook_deliveries::leased_until.eq(row.leased_until),
            webhook_deliveries::version.eq(row.version),
            webhook_deliveries::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

pub(super) fn messages(
    conn: &mut Conn,
    webhook: WebhookId,
    filter: &DeliveryQuery,
    page: &PageRequest,
) -> QueryResult<Slice<Dispatch>> {
    let DeliveryQuery { state, topic } = filter;
    let filtered = || {
        let query = webhook_deliveries::table.filter(webhook_deliveries::webhook_id.eq(webhook)).into_boxed();
        // One of a kind is said as such: only then do the indexes give the order too.
        let query = match state.as_slice() {
            [] => query,
            [one] => query.filter(webhook_deliveries::state.eq(*one)),
            several => query.filter(one_of(webhook_deliveries::state, several)),
        };
        match topic.as_slice() {
            [] => query,
            [one] => query.filter(webhook_deliveries::topic.eq(one.clone())),
            several => query.filter(one_of(webhook_deliveries::topic, several)),
        }
    };
    let query = keyset!(filtered(), page, webhook_deliveries::created_at => number, webhook_deliveries::id, true);
    let rows = query.select(Dispatch::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Dispatch| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

pub(super) fn insert_attempt(conn: &mut Conn, attempt: &Attempt) -> QueryResult<usize> {
    diesel::insert_into(webhook_attempts::table).values(attempt).execute(conn)
}

/// The latest attempts at a message, the first of them first.
pub(super) fn attempts(conn: &mut Conn, id: DeliveryId, limit: i64) -> QueryResult<Vec<Attempt>> {
    let mut latest: Vec<Attempt> = webhook_attempts::table
        .filter(webhook_attempts::delivery_id.eq(id))
        .order(webhook_attempts::number.desc())
        .limit(limit)
        .select(Attempt::as_select())
        .load(conn)?;
    latest.reverse();
    Ok(latest)
}

/// Forgets messages to which nothing has happened since an instant, with their attempts.
pub(super) fn forget(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let old =
        webhook_deliveries::table.filter(webhook_deliveries::updated_at.lt(before)).select(webhook_deliveries::id);
    let ids: Vec<DeliveryId> = old.limit(limit).load(conn)?;
    diesel::delete(webhook_deliveries::table.filter(one_of(webhook_deliveries::id, ids))).execute(conn)
}

impl Row {
    /// How the endpoint fares.
    pub(super) const fn health(&self) -> Health {
        Health {
            state: self.state,
            disabled_reason: self.disabled_reason,
            failing_since: self.failing_since,
            throttled_until: self.throttled_until,
        }
    }

    /// The same endpoint, faring so.
    pub(super) fn with_health(self, health: Health) -> Self {
        let Health { state, disabled_reason, failing_since, throttled_until } = health;
        Self { state, disabled_reason, failing_since, throttled_until, ..self }
    }
}

impl Dispatch {
    /// How far it has come.
    pub(super) const fn progress(&self) -> Progress {
        Progress { state: self.state, tries: self.tries, due_at: self.due_at }
    }

    /// The same message, so far.
    pub(super) fn with_progress(self, progress: Progress) -> Self {
        let Progress { state, tries, due_at } = progress;
        Self { state, tries, due_at, ..self }
    }
}

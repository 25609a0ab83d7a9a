//! The only SQL for subscriptions, rounds and retries, and for the key that Khabar keeps for itself.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use super::model::{Aim, RoundState, Standing};
use crate::db::schema::{push_retries, push_rounds, push_subscriptions};
use crate::db::{Conn, one_of};
use crate::ids::{AlertId, PushLeaseId, PushSubscriptionId};
use crate::time::UtcTime;

type Backend = <Conn as diesel::Connection>::Backend;
type Query = push_subscriptions::BoxedQuery<'static, Backend>;
type Condition = Box<dyn BoxableExpression<push_subscriptions::table, Backend, SqlType = Bool>>;

/// A row of `push_subscriptions`.
#[derive(Clone)]
pub(super) struct Row {
    pub id: PushSubscriptionId,
    pub endpoint: String,
    pub fingerprint: Vec<u8>,
    pub p256dh: Vec<u8>,
    pub auth: Vec<u8>,
    pub language: Option<String>,
    pub max_urgency: i64,
    pub topic_keys: String,
    pub region_keys: String,
    pub section_ids: String,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// Who gets a message.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = push_subscriptions)]
pub(super) struct Recipient {
    pub id: PushSubscriptionId,
    pub endpoint: String,
    pub p256dh: Vec<u8>,
    pub auth: Vec<u8>,
}

/// A row of `push_rounds`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = push_rounds)]
pub(super) struct Round {
    pub seq: i64,
    pub alert_id: AlertId,
    pub state: RoundState,
    pub urgency: i64,
    pub notice: String,
    pub requested_at: UtcTime,
    pub until: UtcTime,
    pub after_id: Option<PushSubscriptionId>,
    pub lease: Option<PushLeaseId>,
    pub leased_until: UtcTime,
    pub sent: i64,
    pub failed: i64,
    pub gone: i64,
}

/// What became of some messages, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub sent: i64,
    pub failed: i64,
    pub gone: i64,
}

/// Inserts a browser that is not known yet; 0 when it is.
pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    let Row {
        id,
        endpoint,
        fingerprint,
        p256dh,
        auth,
        language,
        max_urgency,
        topic_keys,
        region_keys,
        section_ids,
        created_at,
        updated_at,
    } = row;
    diesel::sql_query(
        "INSERT INTO push_subscriptions (id, endpoint, fingerprint, p256dh, auth, language, max_urgency, topic_keys, \
         region_keys, section_ids, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind::<Binary, _>(*id)
    .bind::<Text, _>(endpoint)
    .bind::<Binary, _>(fingerprint)
    .bind::<Binary, _>(p256dh)
    .bind::<Binary, _>(auth)
    .bind::<Nullable<Text>, _>(language)
    .bind::<BigInt, _>(*max_urgency)
    .bind::<Text, _>(topic_keys)
    .bind::<Text, _>(region_keys)
    .bind::<Text, _>(section_ids)
    .bind::<BigInt, _>(*created_at)
    .bind::<BigInt, _>(*updated_at)
    .execute(conn)
}

/// Changes what a known browser has chosen.
pub(super) fn choose(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::update(push_subscriptions::table.filter(push_subscriptions::fingerprint.eq(&row.fingerprint)))
        .set((
            push_subscriptions::language.eq(&row.language),
            push_subscriptions::max_urgency.eq(row.max_urgency),
            push_subscriptions::topic_keys.eq(&row.topic_keys),
            push_subscriptions::region_keys.eq(&row.region_keys),
            push_subscriptions::section_ids.eq(&row.section_ids),
            push_subscriptions::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

pub(super) fn id_of(conn: &mut Conn, fingerprint: &[u8]) -> QueryResult<PushSubscriptionId> {
    let known = push_subscriptions::table.filter(push_subscriptions::fingerprint.eq(fingerprint));
    known.select(push_subscriptions::id).first(conn)
}

pub(super) fn count(conn: &mut Conn) -> QueryResult<i64> {
    push_subscriptions::table.count().get_result(conn)
}

pub(super) fn delete_by_fingerprint(conn: &mut Conn, fingerprint: &[u8]) -> QueryResult<usize> {
    match id_of(conn, fingerprint).optional()? {
        Some(id) => delete(conn, &[id]),
        None => Ok(0),
    }
}

/// Notes which push services took a message and which did not. A browser whose service has taken nothing for so long
/// that the failure began before an instant is forgotten.
pub(super) fn note_health(
    conn: &mut Conn,
    (well, ill): (&[PushSubscriptionId], &[PushSubscriptionId]),
    now: UtcTime,
    lost_before: UtcTime,
) -> QueryResult<usize> {
    let (id, since) = (push_subscriptions::id, push_subscriptions::failing_since);
    let well = push_subscriptions::table.filter(one_of(id, well).and(since.is_not_null()));
    diesel::update(well).set(since.eq(None::<UtcTime>)).execute(conn)?;
    let lost = push_subscriptions::table.filter(one_of(id, ill).and(since.lt(lost_before)));
    let lost: Vec<PushSubscriptionId> = lost.select(id).load(conn)?;
    delete(conn, &lost)?;
    let ill = push_subscriptions::table.filter(one_of(id, ill).and(since.is_null()));
    diesel::update(ill).set(since.eq(now)).execute(conn)
}

/// Forgets browsers, and what was to be tried again.
pub(super) fn delete(conn: &mut Conn, ids: &[PushSubscriptionId]) -> QueryResult<usize> {
    diesel::delete(push_retries::table.filter(one_of(push_retries::subscription_id, ids))).execute(conn)?;
    diesel::delete(push_subscriptions::table.filter(one_of(push_subscriptions::id, ids))).execute(conn)
}

/// Those who have chosen what an alert is aimed at.
fn aimed(aim: &Aim) -> Query {
    let Aim { language, urgency, topics, regions, sections } = aim;
    let in_language = push_subscriptions::language.is_null().or(push_subscriptions::language.eq(language.clone()));
    push_subscriptions::table
        .into_boxed()
        .filter(in_language.assume_not_null())
        .filter(push_subscriptions::max_urgency.ge(*urgency))
        .filter(choice(push_subscriptions::topic_keys, topics))
        .filter(choice(push_subscriptions::region_keys, regions))
        .filter(choice(push_subscriptions::section_ids, sections))
}

/// Whether a column chooses everything, or one of these.
fn choice<C>(column: C, fenced: &[String]) -> Condition
where
    C: TextExpressionMethods + ExpressionMethods + Expression<SqlType = Text> + Copy + 'static,
    diesel::dsl::Eq<C, &'static str>: BoxableExpression<push_subscriptions::table, Backend, SqlType = Bool>,
    diesel::dsl::Like<C, String>: BoxableExpression<push_subscriptions::table, Backend, SqlType = Bool>,
{
    let everything: Condition = Box::new(column.eq("|"));
    fenced.iter().fold(everything, |chosen, word| {
        let one: Condition = Box::new(column.like(format!("%{word}%")));
        Box::new(chosen.or(one))
    })
}

pub(super) fn audience(conn: &mut Conn, aim: &Aim) -> QueryResult<i64> {
    aimed(aim).count().get_result(conn)
}

/// The next of those who had subscribed when a round began, along their ids.
pub(super) fn page(conn: &mut Conn, aim: &Aim, round: &Round, limit: i64) -> QueryResult<Vec<Recipient>> {
    let query = aimed(aim).filter(push_subscriptions::created_at.le(round.requested_at));
    let query = match round.after_id {
        Some(id) => query.filter(push_subscriptions::id.gt(id)),
        None => query,
    };
    query.order(push_subscriptions::id.asc()).limit(limit).select(Recipient::as_select()).load(conn)
}

pub(super) fn recipients(conn: &mut Conn, ids: &[PushSubscriptionId]) -> QueryResult<Vec<Recipient>> {
    let known = push_subscriptions::table.filter(one_of(push_subscriptions::id, ids));
    known.select(Recipient::as_select()).load(conn)
}

pub(super) fn insert_round(conn: &mut Conn, round: &Round) -> QueryResult<usize> {
    diesel::insert_into(push_rounds::table).values(round).execute(conn)
}

/// Ends the rounds of an alert that are under way.
pub(super) fn replace_rounds(conn: &mut Conn, alert: AlertId) -> QueryResult<usize> {
    let open = push_rounds::alert_id.eq(alert).and(push_rounds::state.eq(RoundState::Open));
    diesel::update(push_rounds::table.filter(open)).set(push_rounds::state.eq(RoundState::Replaced)).execute(conn)
}

/// Ends the rounds that are of no more use, or have been replaced while nobody was at them.
pub(super) fn end_rounds(conn: &mut Conn, now: UtcTime) -> QueryResult<usize> {
    let late = push_rounds::state.eq(RoundState::Open).and(push_rounds::until.le(now));
    let idle = push_rounds::state.eq(RoundState::Replaced).and(push_rounds::leased_until.le(now));
    diesel::update(push_rounds::table.filter(late.or(idle))).set(push_rounds::state.eq(RoundState::Done)).execute(conn)
}

/// The rounds that are not over.
pub(super) fn standing(conn: &mut Conn) -> QueryResult<Vec<Standing>> {
    let rounds: Vec<(i64, AlertId, RoundState, i64, UtcTime)> = push_rounds::table
        .filter(one_of(push_rounds::state, [RoundState::Open, RoundState::Replaced]))
        .order(push_rounds::seq.asc())
        .select((
            push_rounds::seq,
            push_rounds::alert_id,
            push_rounds::state,
            push_rounds::urgency,
            push_rounds::leased_until,
        ))
        .load(conn)?;
    let standing = |(seq, alert, state, urgency, leased_until)| {
        let is_open = state == RoundState::Open;
        Standing { seq, alert, is_open, urgency, leased_until }
    };
    Ok(rounds.into_iter().map(standing).collect())
}

pub(super) fn lease_round(conn: &mut Conn, seq: i64, lease: PushLeaseId, until: UtcTime) -> QueryResult<Round> {
    diesel::update(push_rounds::table.find(seq))
        .set((push_rounds::lease.eq(lease), push_rounds::leased_until.eq(until)))
        .returning(push_rounds::all_columns)
        .get_result(conn)
}

pub(super) fn round(conn: &mut Conn, seq: i64) -> QueryResult<Round> {
    push_rounds::table.find(seq).select(Round::as_select()).first(conn)
}

/// Notes how far a round has come, and lets go of it.
pub(super) fn settle_round(
    conn: &mut Conn,
    seq: i64,
    state: RoundState,
    after: Option<PushSubscriptionId>,
) -> QueryResult<usize> {
    diesel::update(push_rounds::table.find(seq))
        .set((
            push_rounds::state.eq(state),
            push_rounds::after_id.eq(after),
            push_rounds::lease.eq(None::<PushLeaseId>),
            push_rounds::leased_until.eq(UtcTime::from_micros(0)),
        ))
        .execute(conn)
}

pub(super) fn count_up(conn: &mut Conn, seq: i64, tally: Tally) -> QueryResult<Round> {
    let Tally { sent, failed, gone } = tally;
    diesel::update(push_rounds::table.find(seq))
        .set((
            push_rounds::sent.eq(push_rounds::sent + sent),
            push_rounds::failed.eq(push_rounds::failed + failed),
            push_rounds::gone.eq(push_rounds::gone + gone),
        ))
        .returning(push_rounds::all_columns)
        .get_result(conn)
}

pub(super) fn forget_rounds(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let old = push_rounds::table.filter(push_rounds::until.lt(before)).select(push_rounds::seq);
    let seqs: Vec<i64> = old.limit(limit).load(conn)?;
    diesel::delete(push_rounds::table.filter(one_of(push_rounds::seq, seqs))).execute(conn)
}

/// Notes that some browsers are to be told later, those who are still there.
pub(super) fn insert_retries(
    conn: &mut Conn,
    seq: i64,
    ids: &[PushSubscriptionId],
    next_at: UtcTime,
) -> QueryResult<usize> {
    let rows = push_subscriptions::table.filter(one_of(push_subscriptions::id, ids)).select((
        push_subscriptions::id,
        seq.into_sql::<BigInt>(),
        1_i64.into_sql::<BigInt>(),
        next_at.into_sql::<BigInt>(),
    ));
    let columns = (push_retries::subscription_id, push_retries::seq, push_retries::attempts, push_retries::next_at);
    diesel::insert_into(push_retries::table).values(rows).into_columns(columns).execute(conn)
}

pub(super) fn drop_retries_of(conn: &mut Conn, alert: AlertId) -> QueryResult<usize> {
    let rounds = push_rounds::table.filter(push_rounds::alert_id.eq(alert)).select(push_rounds::seq);
    diesel::delete(push_retries::table.filter(push_retries::seq.eq_any(rounds))).execute(conn)
}

/// Drops what is of no more use.
pub(super) fn drop_late_retries(conn: &mut Conn, now: UtcTime) -> QueryResult<usize> {
    let rounds = push_rounds::table.filter(push_rounds::until.le(now)).select(push_rounds::seq);
    let due = push_retries::next_at.le(now);
    diesel::delete(push_retries::table.filter(due.and(push_retries::seq.eq_any(rounds)))).execute(conn)
}

/// The next retry: its round and its time.
pub(super) fn next_retry(conn: &mut Conn) -> QueryResult<Option<(i64, UtcTime)>> {
    let next = push_retries::table.order(push_retries::next_at.asc());
    next.select((push_retries::seq, push_retries::next_at)).first(conn).optional()
}

/// Retries of a round whose time has come, each with the tries so far.
pub(super) fn due(conn: &mut Conn, seq: i64, now: UtcTime, limit: i64) -> QueryResult<Vec<(PushSubscriptionId, i64)>> {
    let due = push_retries::table.filter(push_retries::seq.eq(seq).and(push_retries::next_at.le(now)));
    let due = due.order(push_retries::subscription_id.asc()).limit(limit);
    due.select((push_retries::subscription_id, push_retries::attempts)).load(conn)
}

/// Puts retries off, and says how often they were tried.
pub(super) fn put_off(
    conn: &mut Conn,
    (seq, ids): (i64, &[PushSubscriptionId]),
    attempts: Option<i64>,
    next_at: UtcTime,
) -> QueryResult<usize> {
    let these = push_retries::seq.eq(seq).and(one_of(push_retries::subscription_id, ids));
    let later = diesel::update(push_retries::table.filter(these));
    match attempts {
        Some(attempts) => {
            later.set((push_retries::attempts.eq(attempts), push_retries::next_at.eq(next_at))).execute(conn)
        }
        None => later.set(push_retries::next_at.eq(next_at)).execute(conn),
    }
}

pub(super) fn drop_retries(conn: &mut Conn, seq: i64, ids: &[PushSubscriptionId]) -> QueryResult<usize> {
    let these = push_retries::seq.eq(seq).and(one_of(push_retries::subscription_id, ids));
    diesel::delete(push_retries::table.filter(these)).execute(conn)
}

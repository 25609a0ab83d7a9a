//! The one log of what changed. Each [`Change`] becomes an event, and a line of the [audit log](crate::audit), in the
//! transaction that makes it; whoever needs to know reads the log, each from a place of its own.
//!
//! [`relay`] carries what is public from the log to the [`hub`], where the streams of this node wait. Nothing is sent
//! before its commit, and what was committed is in the log until it is forgotten by age and number.

pub mod dto;
mod frame;
pub mod http;
mod hub;
pub mod relay;
mod store;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::ReadEvents;
use crate::config;
use crate::db::page::{PageRequest, Slice};
use crate::db::{Conn, QueryResult, dialect};
use crate::ids::{FurnitureId, Id};
use crate::problem::Problem;
use crate::text_enum;
use crate::time::UtcTime;

pub use frame::{Filter, Frame, Route};
pub use hub::{Hub, Missed, News, Subscription};

/// Numbers that are forgotten at once.
const SLICE: i64 = 2_000;

text_enum! {
    /// Who may learn of an event.
    #[schema(example = "public")]
    pub enum Visibility {
        /// Anyone: it speaks only of what is published.
        Public = "public",
        /// Staff.
        Newsroom = "newsroom",
    }
}

/// Something that happened to one thing.
#[derive(Clone, Debug)]
pub struct Change {
    /// `noun.verb` in the past, such as `article.published`; the audit log's `action` too.
    pub topic: &'static str,
    /// The noun.
    pub kind: &'static str,
    /// Which one, where there are several.
    pub target: Option<Uuid>,
    /// Who may learn of it.
    pub visibility: Visibility,
    /// What a reader of the log needs to know, without secrets, in the form that its [`Kind`] promises.
    pub payload: Value,
    /// The [`fingerprint`] of what was kept of the target; nothing where nothing was, or nobody says.
    pub before: Option<Vec<u8>>,
    /// The same, of what is kept now.
    pub after: Option<Vec<u8>>,
    /// Whether it is too small for the audit log: one touch of a reader, that nobody answers for.
    pub is_routine: bool,
}

/// The hash of what is kept of something: SHA-256 of its JSON.
pub fn fingerprint(kept: &impl Serialize) -> Result<Vec<u8>, Problem> {
    Ok(Sha256::digest(serde_json::to_vec(kept)?).to_vec())
}

impl Change {
    /// A change that only staff may learn of.
    pub fn newsroom<K>(topic: &'static str, target: Id<K>, payload: Value) -> Self {
        let (kind, target, visibility) = (noun(topic), Some(target.uuid()), Visibility::Newsroom);
        Self { topic, kind, target, visibility, payload, before: None, after: None, is_routine: false }
    }

    /// A change that shows in what is published.
    pub fn public<K>(topic: &'static str, target: Id<K>, payload: Value) -> Self {
        Self { visibility: Visibility::Public, ..Self::newsroom(topic, target, payload) }
    }

    /// The same, without a line in the audit log.
    #[must_use]
    pub fn routine(self) -> Self {
        Self { is_routine: true, ..self }
    }

    /// With the [`fingerprint`]s of what was kept of the target and of what is kept now.
    #[must_use]
    pub fn hashes(self, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Self {
        Self { before, after, ..self }
    }
}

fn noun(topic: &'static str) -> &'static str {
    topic.split_once('.').map_or(topic, |(noun, _)| noun)
}

/// A kind of event, as the contract promises it to those who read the log.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// `noun.verb` in the past.
    pub topic: &'static str,
    /// What happened, in one sentence.
    pub about: &'static str,
    /// The name of the payload's schema.
    pub name: fn() -> std::borrow::Cow<'static, str>,
    /// The payload's schema.
    pub schema: fn() -> RefOr<Schema>,
    /// The schemas that it refers to.
    pub parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Kind {
    /// A kind whose payload is a `T`.
    pub const fn of<T: ToSchema>(topic: &'static str, about: &'static str) -> Self {
        Self { topic, about, name: T::name, schema: T::schema, parts: T::schemas }
    }
}

/// An event, as the log keeps it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its number; numbers follow the order of commits, without a gap.
    pub seq: i64,
    /// Its number among the public ones, if it is one; they too have no gap.
    pub number: Option<i64>,
    /// `noun.verb` in the past.
    pub topic: String,
    /// Who may learn of it.
    pub visibility: Visibility,
    /// What it happened to.
    pub target: Option<Uuid>,
    /// What its reader needs to know.
    pub payload: Value,
    /// When.
    pub at: UtcTime,
}

/// Writes changes to the log. Called last in a transaction: from here to its commit, no other transaction
/// gets a number, so that the order of events is the order of commits. Where they change the furniture, it is marked anew.
/// Answers the number of the last one, if there is one.
pub fn append(
    conn: &mut Conn,
    now: UtcTime,
    changes: &[Change],
    furniture: Option<FurnitureId>,
) -> QueryResult<Option<i64>> {
    if changes.is_empty() {
        return Ok(None);
    }
    let is_public = |change: &Change| change.visibility == Visibility::Public;
    let count = |changes: usize| i64::try_from(changes).unwrap_or(i64::MAX);
    let (all, public) = (count(changes.len()), count(changes.iter().filter(|change| is_public(change)).count()));
    let (last, last_public) = store::reserve(conn, (all, public), furniture)?;
    let mut numbers = last_public - public + 1..;
    for (seq, change) in (last - all + 1..).zip(changes) {
        let number = if is_public(change) { numbers.next() } else { None };
        store::insert_event(conn, seq, number, now, change)?;
    }
    dialect::notify(conn)?;
    Ok(Some(last))
}

/// The number of the latest event, and that of the latest public one.
pub fn last(read: &mut Read<'_>) -> Result<(i64, i64), Problem> {
    Ok(store::last(read.conn)?)
}

/// The mark that is on the furniture, none before it was first changed.
pub fn furniture(read: &mut Read<'_>) -> Result<Option<FurnitureId>, Problem> {
    Ok(store::furniture(read.conn)?)
}

/// The next events after a number, in order, whoever may learn of them.
pub fn after(read: &mut Read<'_>, seq: i64, limit: u32) -> Result<Vec<Event>, Problem> {
    store::after(read.conn, seq, i64::from(limit))?.into_iter().map(event).collect()
}

/// The next events of some topics after a number, in order.
pub fn of_topics_after(read: &mut Read<'_>, topics: &[&str], seq: i64, limit: u32) -> Result<Vec<Event>, Problem> {
    store::of_topics_after(read.conn, topics, seq, i64::from(limit))?.into_iter().map(event).collect()
}

/// The next public events after a public number, in order.
pub fn public_after(read: &mut Read<'_>, number: i64, limit: u32) -> Result<Vec<Event>, Problem> {
    store::public_after(read.conn, number, i64::from(limit))?.into_iter().map(event).collect()
}

/// The latest public events about one thing, the latest first.
pub fn public_about(read: &mut Read<'_>, target: Uuid, limit: u32) -> Result<Vec<Event>, Problem> {
    store::public_about(read.conn, target, i64::from(limit))?.into_iter().map(event).collect()
}

/// Whether all that is public and came after a public number is still in the log; not so when the number lies ahead.
pub fn reaches_back_to(read: &mut Read<'_>, number: i64) -> Result<bool, Problem> {
    let (_, last) = store::last(read.conn)?;
    let first = store::first_public(read.conn)?.unwrap_or(last + 1);
    Ok((first - 1..=last).contains(&number))
}

/// How far a reader of the log has come; a new one begins at its end. Until this transaction ends, no other node gets
/// to read for it.
pub fn place(tx: &mut Tx<'_>, reader: &str) -> Result<i64, Problem> {
    store::begin_reader(tx.conn, reader)?;
    Ok(store::place(tx.conn, reader)?)
}

/// How far a reader of the log has come, for a look that holds nobody back; nothing before it has begun.
pub fn glance(read: &mut Read<'_>, reader: &str) -> Result<Option<i64>, Problem> {
    Ok(store::glance(read.conn, reader)?)
}

/// Whether there is something in the log that a reader has not taken yet; a look that holds nobody up.
pub fn is_behind(read: &mut Read<'_>, reader: &str) -> Result<bool, Problem> {
    let (last, _) = store::last(read.conn)?;
    Ok(store::glance(read.conn, reader)?.is_none_or(|place| place < last))
}

/// Notes how far a reader has come.
pub fn move_on(tx: &mut Tx<'_>, reader: &str, seq: i64) -> Result<(), Problem> {
    store::move_on(tx.conn, reader, seq)?;
    Ok(())
}

/// A page of the log for the newsroom, the latest first.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ReadEvents>,
    filter: &dto::EventQuery,
    page: &PageRequest,
) -> Result<Slice<Event>, Problem> {
    let Slice { rows, next, prev, total } = store::list(read.conn, filter, page)?;
    Ok(Slice { rows: rows.into_iter().map(event).collect::<Result<_, _>>()?, next, prev, total })
}

/// Forgets events that are too old or too many, some thousand at a time; answers how many. Nobody's place in the log
/// holds them back.
pub fn forget(tx: &mut Tx<'_>, rule: &config::Events) -> Result<usize, Problem> {
    let by_age = store::last_before(tx.conn, tx.now.before(rule.kept_for()))?.unwrap_or(0);
    let by_number = store::last(tx.conn)?.0 - rule.keep_count;
    // A slice of what is to go: whoever forgets much does so again and again.
    let first = store::first(tx.conn)?.unwrap_or_default();
    Ok(store::forget(tx.conn, by_age.max(by_number).min(first + SLICE))?)
}

fn event(row: store::Row) -> Result<Event, Problem> {
    let store::Row { seq, public_seq: number, topic, visibility, target_id, payload, at } = row;
    let target = target_id.and_then(|bytes| Uuid::from_slice(&bytes).ok());
    Ok(Event { seq, number, topic, visibility, target, payload: serde_json::from_str(&payload)?, at })
}

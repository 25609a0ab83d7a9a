//! First answers to requests that carry an `Idempotency-Key`, kept in the transaction of the change itself. Each has
//! a scope, the caller and the route: the same key elsewhere is another key.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use uuid::Uuid;

use super::schema::replies;
use super::{Conn, one_of, statement};
use crate::ids::Id;
use crate::time::UtcTime;

/// What is kept of an earlier request.
#[derive(Clone, Debug, Queryable)]
pub struct Kept {
    /// The hash of its route and body.
    pub fingerprint: Vec<u8>,
    /// Its answer, sealed.
    pub sealed: Option<Vec<u8>>,
}

/// Takes a key for a request whose answer will follow in the same transaction; false when it is taken. Two
/// requests at once take turns: the second waits here until the first has committed or failed.
pub fn claim(conn: &mut Conn, scope: &str, key: &str, fingerprint: &[u8], now: UtcTime) -> QueryResult<bool> {
    statement(
        "INSERT INTO replies (scope, idempotency_key, fingerprint, created_at) \
         VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(scope)
    .bind::<Text, _>(key)
    .bind::<Binary, _>(fingerprint)
    .bind::<BigInt, _>(now)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// The answer that a key stands for.
pub fn find(conn: &mut Conn, scope: &str, key: &str) -> QueryResult<Kept> {
    replies::table.find((scope, key)).select((replies::fingerprint, replies::sealed)).first(conn)
}

/// Puts the answer to the key that was claimed, with what it tells of.
pub fn keep(conn: &mut Conn, scope: &str, key: &str, sealed: &[u8], target: Option<Uuid>) -> QueryResult<usize> {
    let target = target.map(|target| target.as_bytes().to_vec());
    statement("UPDATE replies SET sealed = ?, target_id = ? WHERE scope = ? AND idempotency_key = ?")
        .bind::<Binary, _>(sealed)
        .bind::<Nullable<Binary>, _>(target)
        .bind::<Text, _>(scope)
        .bind::<Text, _>(key)
        .execute(conn)
}

/// Forgets the answers that tell of any of these: what they told is to be gone.
pub fn forget_about<K>(conn: &mut Conn, targets: &[Id<K>]) -> QueryResult<usize> {
    diesel::delete(replies::table.filter(one_of(replies::target_id, targets))).execute(conn)
}

/// Forgets every answer.
pub fn forget_everything(conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(replies::table).execute(conn)
}

/// Forgets the answer that a key stands for, if it is older than an instant.
pub fn forget(conn: &mut Conn, scope: &str, key: &str, before: UtcTime) -> QueryResult<usize> {
    diesel::delete(replies::table.find((scope, key)).filter(replies::created_at.lt(before))).execute(conn)
}

/// Forgets answers that are older than an instant, those of the oldest so many.
pub fn forget_all(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let old = replies::table.filter(replies::created_at.lt(before)).order(replies::created_at.asc());
    let upto: Option<UtcTime> =
        old.limit(limit).select(replies::created_at).load::<UtcTime>(conn)?.into_iter().next_back();
    match upto {
        Some(upto) => diesel::delete(replies::table.filter(replies::created_at.le(upto))).execute(conn),
        None => Ok(0),
    }
}

//! The only SQL for locks of articles.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::db::schema::{article_locks, users};
use crate::db::{Conn, one_of};
use crate::ids::{ArticleId, UserId};
use crate::time::UtcTime;

/// A lock and the name of its owner.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Row {
    pub article_id: ArticleId,
    pub user_id: UserId,
    pub user_name: String,
    pub taken_at: UtcTime,
    pub expires_at: UtcTime,
}

/// Those of some articles that hold now.
pub(super) fn held(conn: &mut Conn, ids: &[ArticleId], now: UtcTime) -> QueryResult<Vec<Row>> {
    article_locks::table
        .inner_join(users::table.on(users::id.eq(article_locks::user_id)))
        .filter(one_of(article_locks::article_id, ids).and(article_locks::expires_at.gt(now)))
        .select((
            article_locks::article_id,
            article_locks::user_id,
            users::name,
            article_locks::taken_at,
            article_locks::expires_at,
        ))
        .load(conn)
}

/// Prolongs somebody's own lock; false when it no longer holds.
pub(super) fn renew(
    conn: &mut Conn,
    (id, owner): (ArticleId, UserId),
    now: UtcTime,
    until: UtcTime,
) -> QueryResult<bool> {
    let own = article_locks::user_id.eq(owner).and(article_locks::expires_at.gt(now));
    diesel::update(article_locks::table.find(id).filter(own))
        .set(article_locks::expires_at.eq(until))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// Takes a lock that nobody has; false when somebody has it. Of several at once one gets it: the others wait here
/// until it is decided.
pub(super) fn take(
    conn: &mut Conn,
    (id, owner): (ArticleId, UserId),
    now: UtcTime,
    until: UtcTime,
) -> QueryResult<bool> {
    let over = article_locks::expires_at.le(now);
    let taken = diesel::update(article_locks::table.find(id).filter(over))
        .set((article_locks::user_id.eq(owner), article_locks::taken_at.eq(now), article_locks::expires_at.eq(until)))
        .execute(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    diesel::sql_query(
        "INSERT INTO article_locks (article_id, user_id, taken_at, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Binary, _>(id)
    .bind::<Binary, _>(owner)
    .bind::<BigInt, _>(now)
    .bind::<BigInt, _>(until)
    .execute(conn)
    .map(|rows| rows == 1)
}

/// Gives a lock to somebody else.
pub(super) fn take_over(
    conn: &mut Conn,
    (id, owner): (ArticleId, UserId),
    now: UtcTime,
    until: UtcTime,
) -> QueryResult<usize> {
    diesel::update(article_locks::table.find(id))
        .set((article_locks::user_id.eq(owner), article_locks::taken_at.eq(now), article_locks::expires_at.eq(until)))
        .execute(conn)
}

pub(super) fn release(conn: &mut Conn, (id, owner): (ArticleId, UserId)) -> QueryResult<usize> {
    diesel::delete(article_locks::table.find(id).filter(article_locks::user_id.eq(owner))).execute(conn)
}

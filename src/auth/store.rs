//! The only SQL for sessions and refresh tokens, and for keys as they come with requests.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use serde::Serialize;

use super::Role;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{api_keys, refresh_tokens, secrets, sessions, sign_in_places, users};
use crate::db::{Conn, one_of};
use crate::ids::{KeyId, SessionId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A refresh token's session and its owner.
pub(super) struct Held {
    pub session: SessionId,
    pub user: UserId,
}

/// What is kept of a session.
#[derive(Clone, Debug, Serialize, Queryable, Insertable)]
#[diesel(table_name = sessions)]
pub struct KeptSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    #[diesel(column_name = user_id)]
    pub user: UserId,
    /// Since when.
    #[diesel(column_name = created_at)]
    pub opened_at: UtcTime,
    /// Until when, if it is not prolonged.
    pub expires_at: UtcTime,
    /// When it was ended.
    pub revoked_at: Option<UtcTime>,
    /// What its holder calls it.
    pub name: Option<String>,
    /// What the program that opened it said of itself.
    pub agent: Option<String>,
    /// When it was last given tokens.
    pub used_at: UtcTime,
    /// When its holder last proved who they are.
    pub proved_at: UtcTime,
    /// Whether it was opened with more than a password, or its holder has shown a second factor in it.
    pub is_strong: bool,
}

/// Who holds a live session.
#[derive(Queryable)]
pub(super) struct Holder {
    pub role: Role,
    pub sections: String,
    pub may_kill: bool,
    pub proved_at: UtcTime,
    pub is_strong: bool,
}

/// What the database has of a good key.
#[derive(Queryable)]
pub(super) struct HeldKey {
    pub id: KeyId,
    pub user: UserId,
    pub role: Role,
    pub sections: String,
    pub scopes: String,
    pub addresses: String,
    pub used_at: Option<UtcTime>,
}

/// The present role and grants of a session's owner, while the session is live and the account active.
pub(super) fn live_holder(
    conn: &mut Conn,
    session: SessionId,
    user: UserId,
    now: UtcTime,
) -> QueryResult<Option<Holder>> {
    sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(session).and(sessions::user_id.eq(user)))
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
        .filter(users::is_active.eq(true))
        .select((users::role, users::section_ids, users::may_kill, sessions::proved_at, sessions::is_strong))
        .first(conn)
        .optional()
}

pub(super) fn insert_session(conn: &mut Conn, session: &KeptSession) -> QueryResult<usize> {
    diesel::insert_into(sessions::table).values(session).execute(conn)
}

pub(super) fn session(conn: &mut Conn, id: SessionId) -> QueryResult<Option<KeptSession>> {
    sessions::table.find(id).first(conn).optional()
}

/// Every session of an account, the latest first.
pub(super) fn sessions_of(conn: &mut Conn, user: UserId) -> QueryResult<Vec<KeptSession>> {
    let theirs = sessions::table.filter(sessions::user_id.eq(user));
    theirs.order((sessions::created_at.desc(), sessions::id.desc())).load(conn)
}

/// A page of the sessions of an account that are live, the latest first.
pub(super) fn live_sessions(
    conn: &mut Conn,
    user: UserId,
    now: UtcTime,
    page: &PageRequest,
) -> QueryResult<Slice<KeptSession>> {
    let live = || {
        let theirs = sessions::table.filter(sessions::user_id.eq(user)).into_boxed();
        theirs.filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
    };
    let rows = keyset!(live(), page, sessions::created_at => number, sessions::id, true).load(conn)?;
    let mut slice = page.cut(rows, |row: &KeptSession| Position::at(row.opened_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(live().count().get_result(conn)?);
    }
    Ok(slice)
}

/// Calls a session something else.
pub(super) fn rename(conn: &mut Conn, session: SessionId, name: Option<&str>) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session)).set(sessions::name.eq(name)).execute(conn)
}

/// Notes that the holder of a session has proved who they are, and how strong it is from here on, if that is known.
pub(super) fn prove(conn: &mut Conn, session: SessionId, now: UtcTime, is_strong: Option<bool>) -> QueryResult<usize> {
    let marks = (sessions::proved_at.eq(now), is_strong.map(|is_strong| sessions::is_strong.eq(is_strong)));
    diesel::update(sessions::table.find(session)).set(marks).execute(conn)
}

pub(super) fn insert_refresh(conn: &mut Conn, hash: &[u8], session: SessionId, now: UtcTime) -> QueryResult<usize> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(conn)
}

/// A token of a live session, spent or not.
pub(super) fn find_refresh(conn: &mut Conn, hash: &[u8], now: UtcTime) -> QueryResult<Option<Held>> {
    refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
        .filter(users::is_active.eq(true))
        .select((sessions::id, sessions::user_id))
        .first(conn)
        .optional()
        .map(|found| found.map(|(session, user)| Held { session, user }))
}

/// Marks a token as used; false when it was already.
pub(super) fn spend_refresh(conn: &mut Conn, hash: &[u8], now: UtcTime) -> QueryResult<bool> {
    diesel::update(refresh_tokens::table.find(hash).filter(refresh_tokens::used_at.is_null()))
        .set(refresh_tokens::used_at.eq(now))
        .execute(conn)
        .map(|rows| rows == 1)
}

pub(super) fn prolong(conn: &mut Conn, session: SessionId, expires: UtcTime, now: UtcTime) -> QueryResult<usize> {
    let marks = (sessions::expires_at.eq(expires), sessions::used_at.eq(now));
    diesel::update(sessions::table.find(session)).set(marks).execute(conn)
}

pub(super) fn revoke_session(conn: &mut Conn, session: SessionId, now: UtcTime) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session).filter(sessions::revoked_at.is_null()))
        .set(sessions::revoked_at.eq(now))
        .execute(conn)
}

pub(super) fn revoke_all(conn: &mut Conn, user: UserId, but: Option<SessionId>, now: UtcTime) -> QueryResult<usize> {
    let of_user = sessions::table.filter(sessions::user_id.eq(user).and(sessions::revoked_at.is_null()));
    match but {
        Some(kept) => {
            diesel::update(of_user.filter(sessions::id.ne(kept))).set(sessions::revoked_at.eq(now)).execute(conn)
        }
        None => diesel::update(of_user).set(sessions::revoked_at.eq(now)).execute(conn),
    }
}

pub(super) fn blank_sessions(conn: &mut Conn, user: UserId) -> QueryResult<usize> {
    let nothing = (sessions::name.eq(None::<String>), sessions::agent.eq(None::<String>));
    diesel::update(sessions::table.filter(sessions::user_id.eq(user))).set(nothing).execute(conn)
}

/// Removes some tokens that were used before an instant.
pub(super) fn forget_tokens(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let used = refresh_tokens::table.filter(refresh_tokens::used_at.lt(before)).limit(limit);
    let used: Vec<Vec<u8>> = used.select(refresh_tokens::hash).load(conn)?;
    diesel::delete(refresh_tokens::table.filter(one_of(refresh_tokens::hash, used))).execute(conn)
}

/// Removes some sessions that ended before an instant, with all of their tokens.
pub(super) fn forget_sessions(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let over = sessions::table.filter(sessions::expires_at.lt(before)).limit(limit);
    let over: Vec<SessionId> = over.select(sessions::id).load(conn)?;
    diesel::delete(refresh_tokens::table.filter(one_of(refresh_tokens::session_id, over.clone()))).execute(conn)?;
    diesel::delete(sessions::table.filter(one_of(sessions::id, over))).execute(conn)
}

/// The roles of those of these accounts that are active.
pub(super) fn active_roles(conn: &mut Conn, ids: &[UserId]) -> QueryResult<Vec<(UserId, Role)>> {
    let active = users::table.filter(one_of(users::id, ids).and(users::is_active.eq(true)));
    active.select((users::id, users::role)).load(conn)
}

/// Of keys that are good now, with whoever made them, while their account is active.
macro_rules! good_key {
    ($which:expr, $now:expr) => {
        api_keys::table
            .inner_join(users::table.on(users::id.eq(api_keys::user_id)))
            .filter($which)
            .filter(api_keys::revoked_at.is_null())
            .filter(api_keys::expires_at.is_null().or(api_keys::expires_at.gt($now)))
            .filter(users::is_active.eq(true))
            .select((
                api_keys::id,
                users::id,
                users::role,
                users::section_ids,
                api_keys::scopes,
                api_keys::addresses,
                api_keys::used_at,
            ))
    };
}

/// The key with this hash.
pub(super) fn key_holder(conn: &mut Conn, hash: &[u8], now: UtcTime) -> QueryResult<Option<HeldKey>> {
    let is_old = api_keys::old_hash.eq(hash).and(api_keys::old_hash_until.gt(now));
    good_key!(api_keys::hash.eq(hash).or(is_old.assume_not_null()), now).first(conn).optional()
}

/// The key with this id.
pub(super) fn key(conn: &mut Conn, id: KeyId, now: UtcTime) -> QueryResult<Option<HeldKey>> {
    good_key!(api_keys::id.eq(id), now).first(conn).optional()
}

/// Notes that a key is used, unless that was noted since an instant.
pub(super) fn note_key_use(conn: &mut Conn, id: KeyId, now: UtcTime, since: UtcTime) -> QueryResult<usize> {
    let unnoted = api_keys::used_at.is_null().or(api_keys::used_at.le(since));
    diesel::update(api_keys::table.find(id).filter(unnoted)).set(api_keys::used_at.eq(now)).execute(conn)
}

/// Ends the keys that somebody has made.
pub(super) fn revoke_keys(conn: &mut Conn, user: UserId, now: UtcTime) -> QueryResult<usize> {
    let theirs = api_keys::table.filter(api_keys::user_id.eq(user).and(api_keys::revoked_at.is_null()));
    let ended =
        (api_keys::revoked_at.eq(now), api_keys::updated_at.eq(now), api_keys::version.eq(api_keys::version + 1));
    diesel::update(theirs).set(ended).execute(conn)
}

pub(super) fn secret(conn: &mut Conn, name: &str) -> QueryResult<Option<Vec<u8>>> {
    secrets::table.find(name).select(secrets::sealed).first(conn).optional()
}

/// Keeps a secret unless there is one of this name. Two nodes at once take turns: the second waits here for the first.
pub(super) fn keep_secret(conn: &mut Conn, name: &str, sealed: &[u8], now: UtcTime) -> QueryResult<usize> {
    diesel::sql_query("INSERT INTO secrets (name, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(name)
        .bind::<Binary, _>(sealed)
        .bind::<BigInt, _>(now)
        .execute(conn)
}

/// Keeps a secret in another seal, unless another node has done so.
pub(super) fn replace_secret(conn: &mut Conn, name: &str, present: &[u8], sealed: &[u8]) -> QueryResult<usize> {
    let as_it_was = secrets::table.find(name).filter(secrets::sealed.eq(present));
    diesel::update(as_it_was).set(secrets::sealed.eq(sealed)).execute(conn)
}

pub(super) fn forget_secrets(conn: &mut Conn) -> QueryResult<usize> {
    diesel::delete(secrets::table).execute(conn)
}

pub(super) fn place_used_at(conn: &mut Conn, mark: &[u8]) -> QueryResult<Option<UtcTime>> {
    sign_in_places::table.find(mark).select(sign_in_places::used_at).first(conn).optional()
}

pub(super) fn settle(conn: &mut Conn, mark: &[u8], user: UserId, now: UtcTime) -> QueryResult<usize> {
    let known = diesel::update(sign_in_places::table.find(mark));
    if known.set((sign_in_places::user_id.eq(user), sign_in_places::used_at.eq(now))).execute(conn)? > 0 {
        return Ok(1);
    }
    diesel::sql_query("INSERT INTO sign_in_places (mark, user_id, used_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<Binary, _>(mark)
        .bind::<Binary, _>(user)
        .bind::<BigInt, _>(now)
        .execute(conn)
}

pub(super) fn leave_places(conn: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(sign_in_places::table.filter(sign_in_places::user_id.eq(user))).execute(conn)
}

/// Removes some that were used before an instant.
pub(super) fn forget_places(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let old = sign_in_places::table.filter(sign_in_places::used_at.lt(before)).limit(limit);
    let old: Vec<Vec<u8>> = old.select(sign_in_places::mark).load(conn)?;
    diesel::delete(sign_in_places::table.filter(one_of(sign_in_places::mark, old))).execute(conn)
}

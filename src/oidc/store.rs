//! The only SQL for identities, and for sign-ins that have begun.

use diesel::prelude::*;
use serde::Serialize;

use super::model::Purpose;
use crate::db::schema::{identities, oidc_attempts};
use crate::db::{Conn, one_of};
use crate::ids::{IdentityId, SessionId, UserId};
use crate::time::UtcTime;

/// A sign-in that has begun.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = oidc_attempts)]
pub(super) struct Attempt {
    pub state: String,
    pub purpose: Purpose,
    /// Whose session it is for, where it opens none.
    pub session_id: Option<SessionId>,
    pub redirect_uri: String,
    pub started_at: UtcTime,
    pub expires_at: UtcTime,
}

/// Somebody at a provider, and their account here.
#[derive(Clone, Debug, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = identities)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// The provider.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
    /// Whose account it opens.
    pub user_id: UserId,
    /// Since when.
    pub linked_at: UtcTime,
    /// When somebody last signed in by it.
    pub last_used_at: Option<UtcTime>,
}

pub(super) fn begin(conn: &mut Conn, attempt: &Attempt) -> QueryResult<usize> {
    diesel::insert_into(oidc_attempts::table).values(attempt).execute(conn)
}

/// A sign-in that has begun and is not over.
pub(super) fn attempt(conn: &mut Conn, state: &str, now: UtcTime) -> QueryResult<Option<Attempt>> {
    let open = oidc_attempts::table.find(state).filter(oidc_attempts::expires_at.gt(now));
    open.select(Attempt::as_select()).first(conn).optional()
}

/// Takes a sign-in out, so that nobody finishes it again; false when somebody has.
pub(super) fn take(conn: &mut Conn, state: &str) -> QueryResult<bool> {
    Ok(diesel::delete(oidc_attempts::table.find(state)).execute(conn)? == 1)
}

pub(super) fn forget_attempts(conn: &mut Conn, now: UtcTime, limit: i64) -> QueryResult<usize> {
    let over = oidc_attempts::table.filter(oidc_attempts::expires_at.le(now)).select(oidc_attempts::state);
    let states: Vec<String> = over.limit(limit).load(conn)?;
    diesel::delete(oidc_attempts::table.filter(one_of(oidc_attempts::state, states))).execute(conn)
}

pub(super) fn insert(conn: &mut Conn, identity: &Identity) -> QueryResult<usize> {
    diesel::insert_into(identities::table).values(identity).execute(conn)
}

pub(super) fn find(conn: &mut Conn, issuer: &str, subject: &str) -> QueryResult<Option<Identity>> {
    let theirs = identities::table.filter(identities::issuer.eq(issuer).and(identities::subject.eq(subject)));
    theirs.select(Identity::as_select()).first(conn).optional()
}

/// All of an account's, the first one first.
pub(super) fn of(conn: &mut Conn, user: UserId) -> QueryResult<Vec<Identity>> {
    let theirs = identities::table.filter(identities::user_id.eq(user));
    theirs.order((identities::linked_at.asc(), identities::id.asc())).select(Identity::as_select()).load(conn)
}

pub(super) fn note_use(conn: &mut Conn, id: IdentityId, now: UtcTime) -> QueryResult<usize> {
    diesel::update(identities::table.find(id)).set(identities::last_used_at.eq(now)).execute(conn)
}

pub(super) fn delete(conn: &mut Conn, id: IdentityId) -> QueryResult<usize> {
    diesel::delete(identities::table.find(id)).execute(conn)
}

pub(super) fn delete_of(conn: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(identities::table.filter(identities::user_id.eq(user))).execute(conn)
}

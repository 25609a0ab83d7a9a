//! Sessions: a sign-in and the refresh tokens that descend from it. A refresh token works once; a second use
//! means that it was stolen, and ends the session.

use std::time::Duration;

use utoipa::ToSchema;

use super::key::key_user;
use super::store::Holder;
pub use super::store::KeptSession;
use super::{Claims, User, store};
use crate::app::{App, Read, Tx};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, Kind, fingerprint};
use crate::ids::{SessionId, UserId, token_hash};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

/// How long an ended session and a used token are known.
const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// What happens to sessions.
pub const EVENTS: &[Kind] = &[
    Kind::of::<SessionEvent>("session.opened", "Somebody signed in, or goes on after choosing another password."),
    Kind::of::<SessionEvent>("session.refreshed", "A refresh token was traded for the next one."),
    Kind::of::<SessionEvent>("session.reuse_detected", "A refresh token came twice, so its session was ended."),
    Kind::of::<SessionEvent>("session.revoked", "Somebody signed out, or ended a session elsewhere."),
    Kind::of::<SessionEvent>("session.named", "Somebody called a session something else."),
    Kind::of::<SessionEvent>("session.proved", "Somebody proved once more who they are."),
    Kind::of::<SessionEvent>("user.sessions_revoked", "All sessions of an account were ended."),
    Kind::of::<SessionEvent>("user.keys_revoked", "All API keys that somebody had made were revoked."),
];

/// What became of a session.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the changes say")]
pub struct SessionEvent {
    /// Whose it is, where the target does not tell.
    #[schema(required = false)]
    user_id: Option<UserId>,
}

/// What a sign-in or a refresh gives.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The account.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// The next refresh token.
    pub refresh_token: String,
}

/// The holder of a token, if its session is live and its account active.
pub fn live_session(read: &mut Read<'_>, claims: &Claims, app: &App) -> Result<Option<User>, Problem> {
    holder_of(read, (claims.sid, claims.sub), app)
}

/// Refuses somebody who is not any more who they were when they were let in.
pub fn look_again(read: &mut Read<'_>, user: &User, app: &App) -> Result<(), Problem> {
    let now = match user.key() {
        Some(key) => key_user(read, key)?,
        None => holder_of(read, (user.session, user.id), app)?,
    };
    // That a proof grows old meanwhile makes nobody another one.
    let now = now.map(|now| User { is_sure: user.is_sure, ..now });
    if now.as_ref() == Some(user) { Ok(()) } else { Err(Problem::new(Code::Unauthenticated)) }
}

fn holder_of(read: &mut Read<'_>, (session, id): (SessionId, UserId), app: &App) -> Result<Option<User>, Problem> {
    let Some(holder) = store::live_holder(read.conn, session, id, read.now)? else {
        return Ok(None);
    };
    let Holder { role, sections, may_kill, proved_at, is_strong } = holder;
    Ok(Some(User {
        id,
        role,
        session,
        sections: serde_json::from_str(&sections)?,
        may_kill,
        is_sure: proved_at >= app.sure_since(),
        owes_factor: !is_strong && app.config().auth.asks_factor_of(role),
        scopes: None,
    }))
}

/// Opens a session for an account whose holder proved at an instant who they are, for a program that says this of itself. It is
/// strong if more than a password opened it.
pub fn open_session(
    tx: &mut Tx<'_>,
    app: &App,
    (user, proved_at): (UserId, UtcTime),
    agent: Option<&str>,
    is_strong: bool,
) -> Result<Grant, Problem> {
    let now = tx.now;
    let kept = KeptSession {
        id: tx.next_id(),
        user,
        opened_at: now,
        expires_at: expiry(app, now),
        revoked_at: None,
        name: None,
        agent: agent.map(ToOwned::to_owned),
        used_at: now,
        proved_at,
        is_strong,
    };
    begin(tx, app, &kept)
}

/// Ends a session that is live, and opens another one for its holder, with its name and as strong as that was.
pub fn succeed_session(tx: &mut Tx<'_>, app: &App, session: SessionId) -> Result<Grant, Problem> {
    let (id, now) = (tx.next_id(), tx.now);
    let present = store::session(tx.conn, session)?.filter(|kept| kept.is_live(now));
    let present = present.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    if store::revoke_session(tx.conn, session, now)? == 0 {
        // Somebody has ended it since it was read.
        return Err(Problem::new(Code::Unauthenticated));
    }
    begin(tx, app, &KeptSession { id, opened_at: now, used_at: now, expires_at: expiry(app, now), ..present })
}

fn begin(tx: &mut Tx<'_>, app: &App, kept: &KeptSession) -> Result<Grant, Problem> {
    let (session, user) = (kept.id, kept.user);
    store::insert_session(tx.conn, kept)?;
    restate(tx, session, None)?;
    tx.record(Change::newsroom("session.opened", session, serde_json::json!({ "userId": user })));
    let refresh_token = issue(tx, app, session)?;
    Ok(Grant { user, session, refresh_token })
}

/// Whether a refresh token belongs to a session that is live, used or not.
pub fn is_refresh_token(read: &mut Read<'_>, token: &str) -> Result<bool, Problem> {
    Ok(store::find_refresh(read.conn, &token_hash(token), read.now)?.is_some())
}

/// Takes out of the sessions of an account what tells of whom they were.
pub fn blank_sessions(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    store::blank_sessions(tx.conn, user)?;
    Ok(())
}

/// Forgets sessions that ended long ago and refresh tokens that were used long ago, some at a time. Until then a token that comes
/// twice is known for stolen.
pub fn forget_sessions(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    let before = tx.now.before(KEPT);
    Ok(store::forget_tokens(tx.conn, before, limit)? + store::forget_sessions(tx.conn, before, limit)?)
}

/// Trades a refresh token for the next one. `None` when it is unknown, spent or expired; a spent one also
/// ends its session, since two have it.
pub fn refresh(tx: &mut Tx<'_>, app: &App, token: &str) -> Result<Option<Grant>, Problem> {
    let Some(held) = store::find_refresh(tx.conn, &token_hash(token), tx.now)? else {
        return Ok(None);
    };
    let before = state(tx, held.session)?;
    if !store::spend_refresh(tx.conn, &token_hash(token), tx.now)? {
        store::revoke_session(tx.conn, held.session, tx.now)?;
        restate(tx, held.session, before)?;
        tx.record(Change::newsroom("session.reuse_detected", held.session, serde_json::json!({ "userId": held.user })));
        return Ok(None);
    }
    store::prolong(tx.conn, held.session, expiry(app, tx.now), tx.now)?;
    restate(tx, held.session, before)?;
    let refresh_token = issue(tx, app, held.session)?;
    tx.record(Change::newsroom("session.refreshed", held.session, serde_json::json!({ "userId": held.user })));
    Ok(Some(Grant { user: held.user, session: held.session, refresh_token }))
}

/// Ends one session.
pub fn revoke_session(tx: &mut Tx<'_>, session: SessionId) -> Result<(), Problem> {
    let before = state(tx, session)?;
    store::revoke_session(tx.conn, session, tx.now)?;
    restate(tx, session, before)?;
    tx.record(Change::newsroom("session.revoked", session, serde_json::json!({})));
    Ok(())
}

/// Ends every session of an account, except for one that may stay.
pub fn revoke_all(tx: &mut Tx<'_>, user: UserId, but: Option<SessionId>) -> Result<(), Problem> {
    store::revoke_all(tx.conn, user, but, tx.now)?;
    tx.record(Change::newsroom("user.sessions_revoked", user, serde_json::json!({})));
    Ok(())
}

impl KeptSession {
    /// Whether its tokens are good at an instant.
    pub fn is_live(&self, now: UtcTime) -> bool {
        self.revoked_at.is_none() && self.expires_at > now
    }
}

/// Every session of an account, the latest first.
pub fn sessions_of(read: &mut Read<'_>, user: UserId) -> Result<Vec<KeptSession>, Problem> {
    Ok(store::sessions_of(read.conn, user)?)
}

/// A page of the sessions of an account that are live, the latest first.
pub fn live_sessions(read: &mut Read<'_>, user: UserId, page: &PageRequest) -> Result<Slice<KeptSession>, Problem> {
    Ok(store::live_sessions(read.conn, user, read.now, page)?)
}

/// A session of an account, while it is live.
pub fn own_session(read: &mut Read<'_>, user: UserId, session: SessionId) -> Result<KeptSession, Problem> {
    let kept = store::session(read.conn, session)?.filter(|kept| kept.user == user);
    let now = read.now;
    kept.filter(|kept| kept.is_live(now)).ok_or_else(Problem::not_found)
}

/// Calls a session something else.
pub fn name_session(tx: &mut Tx<'_>, session: SessionId, name: Option<&str>) -> Result<(), Problem> {
    let before = state(tx, session)?;
    store::rename(tx.conn, session, name)?;
    restate(tx, session, before)?;
    tx.record(Change::newsroom("session.named", session, serde_json::json!({})));
    Ok(())
}

/// Notes that the holder of a session has just proved who they are, and whether it counts as strong from here on; it is as strong
/// as before where nothing is said.
pub fn prove_session(tx: &mut Tx<'_>, session: SessionId, is_strong: Option<bool>) -> Result<(), Problem> {
    let before = state(tx, session)?;
    store::prove(tx.conn, session, tx.now, is_strong)?;
    restate(tx, session, before)?;
    tx.record(Change::newsroom("session.proved", session, serde_json::json!({})));
    Ok(())
}

/// The fingerprint of what is kept of a session. No part of it comes from a token.
fn state(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<Vec<u8>>, Problem> {
    store::session(tx.conn, session)?.map(|kept| fingerprint(&kept)).transpose()
}

/// Notes how a session looked, and how it looks now.
fn restate(tx: &mut Tx<'_>, session: SessionId, before: Option<Vec<u8>>) -> Result<(), Problem> {
    let after = state(tx, session)?;
    tx.restate(session, before, after);
    Ok(())
}

fn issue(tx: &mut Tx<'_>, app: &App, session: SessionId) -> Result<String, Problem> {
    let token = app.ids().token();
    store::insert_refresh(tx.conn, &token_hash(&token), session, tx.now)?;
    Ok(token)
}

fn expiry(app: &App, now: UtcTime) -> UtcTime {
    now.after(Duration::from_secs(u64::from(app.config().auth.refresh_days) * 86_400))
}

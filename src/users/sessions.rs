//! Where somebody is signed in, and ending that.

use super::dto::SessionIn;
use super::sign_in::{PASSWORD, Shown, with_proof};
use super::{found, store};
use crate::app::{Read, Tx};
use crate::auth::actions::{GrantAccess, ManageUsers, UseAccount};
use crate::auth::{
    KeptSession, Permit, live_sessions, name_session, own_session, prove_session, revoke_all, revoke_session,
    sessions_of,
};
use crate::db::page::{PageRequest, Slice};
use crate::events::fingerprint;
use crate::http::{Call, Patch};
use crate::ids::{SessionId, UserId};
use crate::problem::Problem;

/// A page of the caller's own live sessions, the latest first.
pub fn list(
    read: &mut Read<'_>,
    permit: &Permit<UseAccount>,
    page: &PageRequest,
) -> Result<Slice<KeptSession>, Problem> {
    live_sessions(read, permit.user.id, page)
}

/// A page of somebody's live sessions, the latest first.
pub fn list_of(
    read: &mut Read<'_>,
    _: &Permit<ManageUsers>,
    user: UserId,
    page: &PageRequest,
) -> Result<Slice<KeptSession>, Problem> {
    found(read, user)?;
    live_sessions(read, user, page)
}

/// Calls one of the caller's own sessions something else.
pub fn rename(
    tx: &mut Tx<'_>,
    permit: &Permit<UseAccount>,
    id: SessionId,
    patch: &Patch<SessionIn>,
) -> Result<KeptSession, Problem> {
    let user = permit.user.id;
    let present = own_session(&mut tx.reading(), user, id)?;
    let SessionIn { name } = patch.apply(&SessionIn { name: present.name })?.checked()?;
    name_session(tx, id, name.as_deref())?;
    own_session(&mut tx.reading(), user, id)
}

/// Ends one of the caller's own sessions.
pub fn end(tx: &mut Tx<'_>, permit: &Permit<UseAccount>, id: SessionId) -> Result<(), Problem> {
    // Whoever goes on in another session meanwhile is waited for.
    store::hold_active(tx.conn, permit.user.id)?;
    own_session(&mut tx.reading(), permit.user.id, id)?;
    revoke_session(tx, id)
}

/// Ends all of the caller's own sessions but this one.
pub fn end_others(tx: &mut Tx<'_>, permit: &Permit<UseAccount>) -> Result<(), Problem> {
    end_all(tx, permit.user.id, Some(permit.user.session))
}

/// Ends all of somebody's sessions.
pub fn end_of(tx: &mut Tx<'_>, _: &Permit<GrantAccess>, user: UserId) -> Result<(), Problem> {
    found(&mut tx.reading(), user)?;
    end_all(tx, user, None)
}

/// Ends all sessions of an account but one that may stay, and notes which were live.
pub(super) fn end_all(tx: &mut Tx<'_>, user: UserId, but: Option<SessionId>) -> Result<(), Problem> {
    store::hold_active(tx.conn, user)?;
    let now = tx.now;
    let kept = sessions_of(&mut tx.reading(), user)?.into_iter();
    let live: Vec<SessionId> = kept.filter(|one| one.is_live(now)).map(|one| one.id).collect();
    let left: Vec<SessionId> = live.iter().copied().filter(|id| Some(*id) == but).collect();
    tx.restate(user, Some(fingerprint(&live)?), Some(fingerprint(&left)?));
    revoke_all(tx, user, but)
}

/// Proves once more who the caller is, for what is grave. Who shows a second factor has a strong session from then on.
pub async fn step_up(call: &Call, permit: Permit<UseAccount>, shown: Shown) -> Result<(), Problem> {
    let (id, session) = (permit.user.id, permit.user.session);
    with_proof(call, id, (PASSWORD, shown), move |tx, has_factor| {
        prove_session(tx, session, has_factor.then_some(true))
    })
    .await
}

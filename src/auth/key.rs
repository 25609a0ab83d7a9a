//! API keys as they come with requests: a program acts for whoever made its key, and may do no more than the key says. The room
//! `keys` manages them.

use std::net::IpAddr;
use std::time::Duration;

use super::actions::permissions;
use super::store::HeldKey;
use super::{Actor, Role, User, store};
use crate::app::{App, Read, Tx};
use crate::events::Change;
use crate::ids::{Id, Ids, KeyId, UserId, token_hash};
use crate::outbound::Network;
use crate::problem::Problem;

/// How a key begins, so that it is known for what it is wherever it turns up.
pub const PREFIX: &str = "kh_";
/// How much of a key is shown to tell it from others: of 256 random bits the first 48.
const SHOWN: usize = PREFIX.len() + 8;
/// How exactly is known when a key was last used.
const USED_WITHIN: Duration = Duration::from_secs(300);

/// A key that nobody has had.
pub fn fresh_key(ids: &Ids) -> String {
    format!("{PREFIX}{}", ids.token())
}

/// The part of a key that is shown.
pub fn shown_part(key: &str) -> String {
    key.chars().take(SHOWN).collect()
}

/// What a key turned out to be.
pub(super) enum Found {
    /// Good: for whom it speaks, and whether it was noted lately that it is used.
    Good(User, bool),
    /// Good, but not from where it comes.
    Astray(KeyId),
    /// None, or one whose maker has gone.
    Nothing,
}

fn find(read: &mut Read<'_>, key: &str, from: IpAddr) -> Result<Found, Problem> {
    let Some(held) = store::key_holder(read.conn, &token_hash(key), read.now)? else { return Ok(Found::Nothing) };
    let addresses: Vec<String> = serde_json::from_str(&held.addresses)?;
    let is_inside = |network: &String| Network::parse(network).is_ok_and(|network| network.contains(from));
    if !addresses.is_empty() && !addresses.iter().any(is_inside) {
        return Ok(Found::Astray(held.id));
    }
    let since = read.now.before(USED_WITHIN);
    Ok(Found::Good(user(&held)?, held.used_at.is_some_and(|at| at > since)))
}

/// Whom a key makes of its holder.
fn user(held: &HeldKey) -> Result<User, Problem> {
    let scopes: Vec<String> = serde_json::from_str(&held.scopes)?;
    Ok(User {
        id: held.user,
        role: least_role(held.role, &scopes),
        session: Id::of(held.id.uuid()),
        sections: serde_json::from_str(&held.sections)?,
        may_kill: false,
        is_sure: false,
        owes_factor: false,
        scopes: Some(scopes),
    })
}

/// Who comes with a key now, if it is good.
pub(super) fn key_user(read: &mut Read<'_>, id: KeyId) -> Result<Option<User>, Problem> {
    store::key(read.conn, id, read.now)?.map(|held| user(&held)).transpose()
}

/// The role of a key: of those that have all that it says and its maker may, the one that may least. So what rests on roles, such
/// as whose drafts somebody may change, gives a key no more than it says.
fn least_role(maker: Role, scopes: &[String]) -> Role {
    let theirs = permissions(maker);
    let wanted: Vec<&str> = scopes.iter().map(String::as_str).filter(|scope| theirs.contains(scope)).collect();
    let covers = |role: &Role| {
        let may = permissions(*role);
        wanted.iter().all(|scope| may.contains(scope)) && may.iter().all(|name| theirs.contains(name))
    };
    let covering = Role::ALL.iter().copied().filter(covers);
    covering.min_by_key(|role| permissions(*role).len()).unwrap_or(maker)
}

/// Finds out what a key is. That it was used is noted, every few minutes at the most.
pub(super) async fn identify_key(app: &App, key: &str, from: IpAddr, request_id: String) -> Result<Found, Problem> {
    let text = key.to_owned();
    let found = app.read(move |read| find(read, &text, from)).await?;
    if let Found::Good(user, false) = &found
        && let Some(id) = user.key()
    {
        let origin = app.limits().origin(from);
        let actor = Actor { caller: Some(user.caller()), request_id, deed: None, origin };
        app.write(actor, move |tx| note_use(tx, id)).await?;
    }
    Ok(found)
}

/// Ends the keys that somebody has made, who is shut out or may have lost them.
pub fn revoke_keys(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    if store::revoke_keys(tx.conn, user, tx.now)? > 0 {
        tx.record(Change::newsroom("user.keys_revoked", user, serde_json::json!({})));
    }
    Ok(())
}

fn note_use(tx: &mut Tx<'_>, id: KeyId) -> Result<(), Problem> {
    // Of many at once the first one notes it.
    if store::note_key_use(tx.conn, id, tx.now, tx.now.before(USED_WITHIN))? > 0 {
        tx.record(Change::newsroom("api_key.used", id, serde_json::json!({})));
    }
    Ok(())
}

//! How the addresses of accounts are kept: sealed, so that a copy of the database tells none, and found by a mark.

use super::model::Email;
use super::{deactivate_some, store};
use crate::app::{App, Tx};
use crate::auth::{self, Actor, Vault};
use crate::db::dialect::{self, Door};
use crate::ids::UserId;
use crate::problem::Problem;

/// How many are sealed in one transaction.
const AT_ONCE: i64 = 500;

/// What is kept of an address.
pub(super) struct Kept {
    /// What it is found by.
    pub mark: Vec<u8>,
    /// What opens again.
    pub sealed: Vec<u8>,
}

/// What is to be kept of the address of an account.
pub(super) fn kept(tx: &Tx<'_>, id: UserId, email: &Email) -> Result<Kept, Problem> {
    Ok(Kept { mark: mark(tx.vault, email)?, sealed: tx.seal(&place(id), email.as_str().as_bytes())? })
}

/// What an address is found by.
pub(super) fn mark(vault: &Vault, email: &Email) -> Result<Vec<u8>, Problem> {
    vault.mark("account", email.as_str().as_bytes())
}

/// The address that was kept. Where there is none any more, or none that opens, one that nobody has.
pub(super) fn opened(vault: &Vault, id: UserId, sealed: Option<&[u8]>) -> Email {
    let Some(sealed) = sealed else { return Email::kept(format!("{id}@erased.invalid")) };
    let plain = vault.open(&place(id), sealed).and_then(|plain| String::from_utf8(plain).ok());
    Email::kept(plain.unwrap_or_else(|| format!("{id}@sealed.invalid")))
}

fn place(id: UserId) -> String {
    format!("account {id}")
}

/// Seals the addresses that an older version has kept in clear.
pub async fn seal_all(app: &App) -> Result<(), Problem> {
    while app.write(Actor::itself(), seal_some).await? > 0 {}
    Ok(())
}

/// Gives all that is sealed up for lost, with a signing secret that is: nobody is found by an address any more, so every account that
/// no provider knows is deactivated. False if it opens.
pub async fn forget_sealed(app: &App) -> Result<bool, Problem> {
    if auth::unlock(app).await? {
        return Ok(false);
    }
    while app.write(Actor::operator(), |tx| deactivate_some(tx, AT_ONCE)).await? > 0 {}
    auth::forget_secrets(app).await?;
    Ok(true)
}

fn seal_some(tx: &mut Tx<'_>) -> Result<usize, Problem> {
    // Of several nodes that start at once each goes on when the last address is sealed.
    dialect::take_turns(tx.conn, Door::Addresses)?;
    let unsealed = store::unsealed(tx.conn, AT_ONCE)?;
    for (id, email) in &unsealed {
        let kept = kept(tx, *id, &Email::kept(email.clone()))?;
        store::seal(tx.conn, *id, &kept)?;
    }
    let ids: Vec<UserId> = unsealed.iter().map(|(id, _)| *id).collect();
    store::forget_unsealed(tx.conn, &ids)?;
    Ok(ids.len())
}

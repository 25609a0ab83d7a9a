//! Secrets that a newsroom makes once, and keeps sealed.

use super::{Actor, store};
use crate::app::{App, Tx};
use crate::db::replies;
use crate::ids::{Ids, SystemEntropy};
use crate::problem::Problem;

/// The key that everything else is sealed with.
const VAULT: &str = "vault";

/// The sealed secret of a name. The first who asks makes it, and of two at once the first one's stays.
pub async fn kept_secret(
    app: &App,
    name: &'static str,
    fresh: impl FnOnce() -> Result<Vec<u8>, Problem>,
) -> Result<Vec<u8>, Problem> {
    if let Some(sealed) = app.read(move |read| Ok(store::secret(read.conn, name)?)).await? {
        return Ok(sealed);
    }
    let sealed = fresh()?;
    app.write(Actor::itself(), move |tx| {
        store::keep_secret(tx.conn, name, &sealed, tx.now)?;
        store::secret(tx.conn, name)?.ok_or_else(|| Problem::internal("a secret was not kept"))
    })
    .await
}

/// Opens the vault with the key that the newsroom has, which is sealed anew if that was done with the signing secret before.
/// False if it was sealed with a signing secret that is not known here.
pub async fn unlock(app: &App) -> Result<bool, Problem> {
    // Never of ids that are made to be the same each time.
    let random = Ids::new(SystemEntropy);
    let kept = kept_secret(app, VAULT, || app.vault().fresh_key(&random)).await?;
    let Some(anew) = app.vault().unlock(&random, &kept)? else { return Ok(false) };
    if let Some(anew) = anew {
        app.write(Actor::itself(), move |tx| Ok(store::replace_secret(tx.conn, VAULT, &kept, &anew)?)).await?;
    }
    Ok(true)
}

/// Forgets what everything was sealed with, and the kept answers, which open with nothing else.
pub async fn forget_secrets(app: &App) -> Result<(), Problem> {
    let forget = |tx: &mut Tx<'_>| {
        replies::forget_everything(tx.conn)?;
        store::forget_secrets(tx.conn)?;
        Ok(())
    };
    app.write(Actor::operator(), forget).await
}

//! What is kept of a person: all of it for them to take along, and all of it taken out when they ask to be forgotten.
//!
//! To be forgotten, an account is blanked at once: nobody can sign in, and no name stands anywhere. What the person has
//! said, also with one touch, is taken out in slices, so that nobody waits long for the database; whose turn it is stands
//! in a table until nothing is left, and whichever node comes by goes on with it. Reports stay without their words: what
//! moderators decided rests on them. Ids stay: what others said, the event log and the audit log refer to them.
//! Subscriptions to pushes belong to browsers and to no account.

pub mod dto;
pub mod http;
mod store;

use std::time::Duration;

use self::dto::{ExportView, SessionExport};
use crate::app::{App, Read, Tx};
use crate::auth::actions::UseAccount;
use crate::auth::{Actor, Permit, sessions_of};
use crate::comments;
use crate::db::dialect::{self, Door};
use crate::http::Call;
use crate::ids::CommenterId;
use crate::oidc;
use crate::problem::Problem;
use crate::users;
use crate::users::model::Password;

/// Comments that lose their words, or reactions that are taken back, in one transaction.
const SLICE: i64 = 50;
/// Slices that are taken out before the person is answered: for most, that is everything.
const AT_ONCE: usize = 4;
/// How long the job waits when nobody asks for it.
const LOOK: Duration = Duration::from_secs(60);

/// All that is kept of the caller.
pub fn export(read: &mut Read<'_>, permit: &Permit<UseAccount>) -> Result<ExportView, Problem> {
    let (id, commenter) = (permit.user.id, permit.user.commenter());
    Ok(ExportView {
        date_created: read.now,
        account: users::own(read, permit)?.into(),
        second_factor_since: users::factors::since(read, id)?,
        sessions: sessions_of(read, id)?.into_iter().map(SessionExport::from).collect(),
        identities: oidc::own(read, permit)?.items,
        sanctions: comments::sanctions_on(read, commenter)?,
        comments: comments::everything(read, commenter)?,
        reactions: comments::reactions_by(read, commenter)?,
        reports: comments::reports_by(read, commenter)?,
    })
}

/// Forgets the caller.
pub async fn erase(call: &Call, permit: Permit<UseAccount>, current: Password) -> Result<(), Problem> {
    let proof = users::prove_reader(call, &permit, current).await?;
    let id = permit.user.id;
    call.write(move |tx| {
        users::erase(tx, id, &proof)?;
        oidc::forget(tx, id)?;
        forget(tx, CommenterId::of(id.uuid()))
    })
    .await?;
    for _ in 0..AT_ONCE {
        // What is not done here the job does.
        if !matches!(step(&call.app).await, Ok(true)) {
            break;
        }
    }
    Ok(())
}

/// Begins to forget somebody who may have commented. Whatever else a person leaves behind goes from here.
fn forget(tx: &mut Tx<'_>, id: CommenterId) -> Result<(), Problem> {
    comments::forget_commenter(tx, id)?;
    store::begin(tx.conn, id, tx.now)?;
    Ok(())
}

/// Takes out what erased people have said, until nothing is left.
pub async fn run(app: App) -> Result<Duration, Problem> {
    while step(&app).await? {}
    Ok(LOOK)
}

/// Takes out one slice; false when there was nothing to do.
pub async fn step(app: &App) -> Result<bool, Problem> {
    // A look that holds nobody up.
    if app.read(|read| Ok(store::next(read.conn)?)).await?.is_none() {
        return Ok(false);
    }
    app.write(Actor::itself(), |tx| {
        dialect::take_turns(tx.conn, Door::Erasures)?;
        let Some(id) = store::next(tx.conn)? else { return Ok(false) };
        if comments::forget_some(tx, id, SLICE)? == 0 {
            store::end(tx.conn, id)?;
        }
        Ok(true)
    })
    .await
}

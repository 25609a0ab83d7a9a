//! What the clock does to alerts, told once: by the next change of the alert or by a job, whichever comes first.
//!
//! Readers need none of this to see what is right. It only announces.

use std::time::Duration;

use super::kept::alert as read_row;
use super::model::{Alert, Turn};
use super::store;
use super::told::{record, request_push};
use crate::app::{App, Tx};
use crate::auth::Actor;
use crate::jobs::Pause;
use crate::problem::Problem;
use crate::push::Cause;

/// Turns that are told in one transaction.
const BATCH: i64 = 100;
/// How long the job looks away at the most.
const TICK: Duration = Duration::from_secs(1);

/// Tells every turn whose time has come, and says when the next one does.
pub async fn announce(app: App) -> Pause {
    let now = app.now();
    match app.read(|read| Ok(store::next_turn(read.conn)?)).await? {
        None => Ok(TICK),
        Some(next) if next > now => Ok(next.since(now).min(TICK)),
        Some(_) => {
            app.write(Actor::itself(), tell_due).await?;
            Ok(Duration::ZERO)
        }
    }
}

fn tell_due(tx: &mut Tx<'_>) -> Result<(), Problem> {
    store::take_turns(tx.conn)?;
    for row in store::due(tx.conn, tx.now, BATCH)? {
        tell(tx, read_row(row)?)?;
    }
    Ok(())
}

/// Tells what the clock has made of an alert by now. Who calls has taken its turn.
pub(super) fn tell(tx: &mut Tx<'_>, mut alert: Alert) -> Result<Alert, Problem> {
    while let Some((turn, next)) = alert.turn(tx.now) {
        store::turned(tx.conn, alert.id, next)?;
        alert.next_at = next;
        match turn {
            Turn::Starts => {
                record(tx, "alert.issued", &alert)?;
                request_push(tx, Cause::Issued, &alert)?;
            }
            Turn::Ends => record(tx, "alert.expired", &alert)?,
        }
    }
    Ok(alert)
}

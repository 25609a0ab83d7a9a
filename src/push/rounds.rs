//! From the event log to rounds: one for each notice.

use super::model::{self, RoundState};
use super::store::{self, Round};
use super::{Notice, REQUESTED};
use crate::app::{App, Tx};
use crate::auth::Actor;
use crate::db::dialect::{self, Door};
use crate::events::{self, Event};
use crate::problem::Problem;
use crate::time::UtcTime;

/// Our name among the readers of the event log.
const READER: &str = "push";
/// Events that are read at once.
const BATCH: u32 = 100;
/// How long a round is kept after its end, for those who ask what became of it.
const KEPT: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

/// Makes a round of each notice that was written to the log since the last time; answers how many. The place in the log
/// moves in the same transaction, so none is made twice and none is left out.
pub async fn begin_rounds(app: &App) -> Result<usize, Problem> {
    // A look that holds nobody back: most events are none of ours.
    let is_news = app.read(|read| match events::glance(read, READER)? {
        Some(place) => Ok(!events::of_topics_after(read, &[REQUESTED], place, 1)?.is_empty()),
        None => Ok(true),
    });
    if !is_news.await? {
        return Ok(0);
    }
    app.write(Actor::itself(), |tx| {
        dialect::take_turns(tx.conn, Door::Push)?;
        let place = events::place(tx, READER)?;
        let requests = events::of_topics_after(&mut tx.reading(), &[REQUESTED], place, BATCH)?;
        let Some(last) = requests.last().map(|event| event.seq) else { return Ok(0) };
        events::move_on(tx, READER, last)?;
        requests.into_iter().try_fold(0, |made, event| Ok(made + begin(tx, event)?))
    })
    .await
}

/// Takes this room's place in the log unless it has one: what is asked for after the first browser has subscribed must
/// reach it, even if no node gets to look before it dies.
pub(super) fn take_place(tx: &mut Tx<'_>) -> Result<(), Problem> {
    if events::glance(&mut tx.reading(), READER)?.is_none() {
        events::place(tx, READER)?;
    }
    Ok(())
}

/// Makes one round. It stands for every earlier one of its alert and of the one that this replaces, and for what those
/// have left to try again.
fn begin(tx: &mut Tx<'_>, event: Event) -> Result<usize, Problem> {
    let (seq, at) = (event.seq, event.at);
    let notice: Notice = match serde_json::from_value(event.payload) {
        Ok(notice) => notice,
        Err(error) => {
            // It would be as wrong the next time, and must not stop those that come after.
            tracing::error!(seq, %error, "a notice can't be read and is not pushed");
            return Ok(0);
        }
    };
    for alert in std::iter::once(notice.alert_id).chain(notice.supersedes) {
        store::replace_rounds(tx.conn, alert)?;
        store::drop_retries_of(tx.conn, alert)?;
    }
    store::insert_round(tx.conn, &round(seq, &notice, at)?)?;
    Ok(1)
}

fn round(seq: i64, notice: &Notice, at: UtcTime) -> Result<Round, Problem> {
    Ok(Round {
        seq,
        alert_id: notice.alert_id,
        state: RoundState::Open,
        urgency: i64::from(notice.urgency),
        notice: serde_json::to_string(notice)?,
        requested_at: at,
        until: model::until(notice.cause, notice.expires, at),
        after_id: None,
        lease: None,
        leased_until: UtcTime::from_micros(0),
        sent: 0,
        failed: 0,
        gone: 0,
    })
}

/// Forgets rounds that ended long ago, with what was left of them.
pub fn forget(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget_rounds(tx.conn, tx.now.before(KEPT), limit)?)
}

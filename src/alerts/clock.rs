//! What happens to alerts without anyone touching them, told once. Their start and their end are the clock's: the next
//! change of the alert tells of them or a job does, whichever comes first. And an alert leads to its article exactly while
//! that is published.
//!
//! Readers need none of this to see what is right. It only announces.

use std::time::Duration;

use super::kept::alert as read_row;
use super::model::{Alert, Turn};
use super::store;
use super::told::{record, request_push};
use crate::app::{App, Read, Tx};
use crate::auth::Actor;
use crate::events;
use crate::ids::ArticleId;
use crate::problem::Problem;
use crate::push::Cause;

/// Turns that are told in one transaction.
const BATCH: i64 = 100;
/// Events that are looked at in one transaction.
const BATCH_EVENTS: u32 = 100;
/// How long the job looks away at the most.
const TICK: Duration = Duration::from_secs(1);

/// The place in the log up to which the alerts of articles were told of.
const READER: &str = "alerts";
/// What makes an article appear and disappear.
const TOPICS: [&str; 3] = ["article.published", "article.unpublished", "article.killed"];

/// Tells all that has happened, and says when the clock next turns.
pub async fn announce(app: App) -> Result<Duration, Problem> {
    if app.read(is_behind).await? {
        app.write(Actor::itself(), tell_of_articles).await?;
        return Ok(Duration::ZERO);
    }
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

/// Whether articles have come or gone since the last look. Until there is a place in the log, there is something to do.
fn is_behind(read: &mut Read<'_>) -> Result<bool, Problem> {
    match events::glance(read, READER)? {
        None => Ok(true),
        Some(place) => Ok(!events::of_topics_after(read, &TOPICS, place, 1)?.is_empty()),
    }
}

/// Tells that alerts lead to an article now, or no more.
fn tell_of_articles(tx: &mut Tx<'_>) -> Result<(), Problem> {
    store::take_turns(tx.conn)?;
    let place = events::place(tx, READER)?;
    let events = events::of_topics_after(&mut tx.reading(), &TOPICS, place, BATCH_EVENTS)?;
    let articles: Vec<ArticleId> = events.iter().filter_map(|event| event.target).map(ArticleId::of).collect();
    for row in store::about(tx.conn, &[], (&articles, &[]), tx.now)? {
        record(tx, "alert.updated", &read_row(row)?)?;
    }
    events.last().map_or(Ok(()), |last| events::move_on(tx, READER, last.seq))
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

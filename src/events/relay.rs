//! Carries the log to this node's hub: at a nudge from a write here, at a notice from another node, and every second in
//! any case. It keeps its place in the hub, so one that died and was started again has missed nothing.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::hub::RECENT;
use super::{Event, Frame, Hub, after, last, public_after};
use crate::app::App;
use crate::cache::Facet;
use crate::problem::Problem;

/// How often it looks when nobody tells it anything.
const TICK: Duration = Duration::from_secs(1);
/// Events that are read at once.
const BATCH: u32 = 500;

/// Carries until the process ends.
pub async fn run(app: App) {
    let hub: Weak<Hub> = Arc::downgrade(app.hub());
    app.listen(move |told| {
        let Some(hub) = hub.upgrade() else { return false };
        if told {
            hub.nudge();
        }
        true
    });
    let mut well = true;
    loop {
        let carried = catch_up(&app).await;
        match &carried {
            Err(problem) if well => tracing::warn!(%problem, "the event log can't be read; streams wait"),
            Ok(()) if !well => tracing::info!("the event log can be read again"),
            _ => {}
        }
        well = carried.is_ok();
        if well {
            app.cache().hears();
        }
        app.hub().nudged(TICK).await;
    }
}

/// Carries all that is in the log and not yet here.
pub async fn catch_up(app: &App) -> Result<(), Problem> {
    loop {
        let Some(from) = app.hub().carried() else {
            begin(app).await?;
            continue;
        };
        let events = app.read(move |read| after(read, from, BATCH)).await?;
        let full = events.len() == BATCH as usize;
        let to = events.last().map_or(from, |event| event.seq);
        app.hub().learn(to);
        notice(app, from, &events);
        app.hub().carry(frames(events)?, to);
        if !full {
            return Ok(());
        }
    }
}

/// Lets go of the answers that no longer hold; of all, where events were forgotten before they came here.
fn notice(app: &App, from: i64, events: &[Event]) {
    let has_gap = events.first().is_some_and(|first| first.seq > from + 1);
    let each = |event: &Event| Facet::touched(&event.topic, event.visibility, &event.payload);
    let touched: Vec<Facet> = has_gap.then_some(Facet::All).into_iter().chain(events.iter().flat_map(each)).collect();
    app.cache().touch(&touched);
}

/// Begins at the end of the log, with the last while at hand for those who come back.
async fn begin(app: &App) -> Result<(), Problem> {
    let present = app.read(|read| {
        let (carried, told) = last(read)?;
        Ok((carried, told, public_after(read, told - i64::from(RECENT), RECENT)?))
    });
    let (carried, told, events) = present.await?;
    let from = events.first().and_then(|event| event.number).map_or(told, |first| first - 1);
    app.hub().begin(carried, from, frames(events)?);
    app.hub().learn(carried);
    // What was kept before nobody has followed.
    app.cache().touch(&[Facet::All]);
    Ok(())
}

fn frames(events: Vec<Event>) -> Result<Vec<Frame>, Problem> {
    let frames: Result<Vec<Option<Frame>>, Problem> = events.into_iter().map(Frame::of).collect();
    Ok(frames?.into_iter().flatten().collect())
}

//! Makes messages of events: one for each event and each endpoint that it is for, in the transaction that moves the
//! room's place in the log. So, however many nodes do it and whenever one of them dies, no event is left out and none
//! becomes two messages.

use std::sync::Arc;

use serde_json::json;

use super::model::WebhookState;
use super::store::Dispatch;
use super::{READER, Webhook, message, store};
use crate::app::{App, Read, Tx};
use crate::auth::Actor;
use crate::events::dto::EventView;
use crate::events::{self, Event, Visibility};
use crate::problem::Problem;

/// Events that one transaction takes.
const BATCH: u32 = 100;
/// Bodies stay below this, as the specification advises.
const BODY_BYTES_MAX: usize = 20_000;

/// Makes messages of all that has happened and that no endpoint was told yet.
pub async fn collect(app: &App) -> Result<(), Problem> {
    while app.read(is_wanted).await? {
        let node = app.clone();
        app.write(Actor::itself(), move |tx| take(tx, &node)).await?;
    }
    Ok(())
}

/// Where nobody is to be told, nothing is written for it either; the first endpoint begins at the end of the log.
fn is_wanted(read: &mut Read<'_>) -> Result<bool, Problem> {
    Ok(store::count(read.conn)? > 0 && events::is_behind(read, READER)?)
}

/// Takes the next events from the log.
fn take(tx: &mut Tx<'_>, app: &App) -> Result<(), Problem> {
    let place = events::place(tx, READER)?;
    // The end first: what is committed between the two looks is for the next time.
    let (end, _) = events::last(&mut tx.reading())?;
    let events = events::after(&mut tx.reading(), place, BATCH)?;
    // Where there is nothing, what lay between was forgotten.
    let last = events.last().map_or(end.max(place), |event| event.seq);
    let audience: Vec<Webhook> =
        store::audience(tx.conn)?.into_iter().map(Webhook::try_from).collect::<Result<_, _>>()?;
    let mut messages = Vec::new();
    for event in events {
        messages.extend(messages_of(tx, app, event, &audience)?);
    }
    store::enqueue(tx.conn, &messages)?;
    events::move_on(tx, READER, last)
}

/// The messages that an event becomes.
fn messages_of(
    tx: &Tx<'_>,
    app: &App,
    event: Event,
    audience: &[Webhook],
) -> Result<Vec<(Dispatch, Arc<str>)>, Problem> {
    let wanting: Vec<&Webhook> = audience.iter().filter(|webhook| webhook.wants(&event)).collect();
    if wanting.is_empty() {
        return Ok(Vec::new());
    }
    let (seq, topic) = (event.seq, event.topic.clone());
    // A public one by its public number: partners too count nothing of what the newsroom does in between.
    let name = event.number.map_or_else(|| format!("evt_s{seq}"), |number| format!("evt_{number}"));
    let body: Arc<str> = body(event)?.into();
    let message = |webhook: &&Webhook| {
        let id = app.ids().next(tx.now);
        (message(id, webhook.id(), name.clone(), Some(seq), (&topic, tx.now)), Arc::clone(&body))
    };
    Ok(wanting.iter().map(message).collect())
}

/// What is sent of an event: as the stream has it, with no more than a hint for data where it would be too large.
fn body(event: Event) -> Result<String, Problem> {
    let view = EventView::from(event);
    let whole = serde_json::to_string(&view)?;
    if whole.len() < BODY_BYTES_MAX {
        return Ok(whole);
    }
    Ok(serde_json::to_string(&EventView { data: json!({ "truncated": true }), ..view })?)
}

impl Webhook {
    /// Whether an event is for it.
    fn wants(&self, event: &Event) -> bool {
        let named = match &self.topics {
            None => event.visibility == Visibility::Public,
            Some(topics) => topics.contains(&event.topic),
        };
        named && event.seq > self.row.from_seq && self.row.state != WebhookState::Disabled
    }
}

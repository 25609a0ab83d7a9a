//! Webhooks: events on their way to partners, by the Standard Webhooks specification.
//!
//! Somebody names an endpoint; from then on each event that is for it becomes one message to it ([`collect`]), in the
//! transaction that moves this room's place in the log, and each message is tried until the endpoint takes it or three
//! days are over ([`deliver`]). So an event that was committed reaches every endpoint once or, where an answer is lost,
//! more than once, always with the same `webhook-id`. An endpoint's secret is told once, kept sealed, and is in no
//! event, log or later answer.

mod collect;
mod deliver;
pub mod dto;
pub mod http;
mod model;
pub mod signature;
mod store;

use serde_json::json;

use self::dto::{DeliveryQuery, WebhookEvent, WebhookIn};
use self::model::{Health, Progress, WebhookState};
use self::signature::Secret;
use self::store::{Attempt, Dispatch, Row};
use crate::app::{App, Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::ManageWebhooks;
use crate::db::page::{PageRequest, Slice};
use crate::events::dto::EventView;
use crate::events::{self, Change, fingerprint};
use crate::http::{Expected, Patch};
use crate::ids::{DeliveryId, WebhookId};
use crate::outbound::Rules;
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

pub use collect::collect;
pub use deliver::{deliver, run};
pub use dto::EVENTS;
pub use model::{AttemptOutcome, DeliveryState, DisabledReason};

/// The name of this room's place in the event log.
const READER: &str = "webhooks";
/// What a test says it is; no event has this type.
pub const TEST: &str = "webhook.test";
/// Endpoints that there may be: each look at the queue asks for every one of them.
const ENDPOINTS: usize = 100;
/// The same, as rows are counted.
#[expect(clippy::cast_possible_wrap, reason = "a hundred is far from the end of any number")]
const ENDPOINTS_MAX: i64 = ENDPOINTS as i64;
/// Attempts at one message that are shown.
const ATTEMPTS_SHOWN: i64 = 100;

/// An endpoint.
#[derive(Clone, Debug)]
pub struct Webhook {
    row: Row,
    /// The types of events that it is told of; every public one when there is no list.
    topics: Option<Vec<String>>,
}

impl Webhook {
    /// Its id.
    pub const fn id(&self) -> WebhookId {
        self.row.id
    }

    /// The version that a change must name, and when it last changed.
    pub const fn stamp(&self) -> (i64, UtcTime) {
        (self.row.version, self.row.updated_at)
    }

    fn form(&self) -> WebhookIn {
        WebhookIn {
            url: self.row.url.clone(),
            description: self.row.description.clone(),
            topics: self.topics.clone(),
            ordered: self.row.is_ordered,
        }
    }
}

impl TryFrom<Row> for Webhook {
    type Error = Problem;

    fn try_from(row: Row) -> Result<Self, Problem> {
        let topics = row.topics.as_deref().map(serde_json::from_str).transpose()?;
        Ok(Self { row, topics })
    }
}

/// A message to an endpoint, with what came of it.
#[derive(Clone, Debug)]
pub struct Delivery {
    message: Dispatch,
    body: String,
    attempts: Vec<Attempt>,
}

impl Delivery {
    /// Its id, and that of its endpoint.
    pub const fn ids(&self) -> (WebhookId, DeliveryId) {
        (self.message.webhook_id, self.message.id)
    }

    /// The version that a change must name, and when something last happened to it.
    pub const fn stamp(&self) -> (i64, UtcTime) {
        (self.message.version, self.message.updated_at)
    }
}

/// An endpoint, and the versions of it that somebody has seen.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The endpoint.
    pub id: WebhookId,
    /// The versions.
    pub expected: Expected,
}

/// Adds an endpoint, which is told of what happens from now on, and makes its secret.
pub fn create(
    tx: &mut Tx<'_>,
    permit: &Permit<ManageWebhooks>,
    form: WebhookIn,
    app: &App,
) -> Result<(Webhook, Secret), Problem> {
    let WebhookIn { url, description, topics, ordered } = form.checked(app.outbound().rules())?;
    // The room's place in the log must be there before the first event that this endpoint is told of.
    events::place(tx, READER)?;
    let (from_seq, _) = events::last(&mut tx.reading())?;
    match store::count(tx.conn)? {
        0 => events::move_on(tx, READER, from_seq)?,
        ENDPOINTS_MAX.. => return Err(Problem::new(Code::LimitReached).with("limit", ENDPOINTS_MAX)),
        _ => {}
    }
    let id = tx.next_id();
    let secret = Secret::fresh(app.ids());
    let Health { state, disabled_reason, failing_since, throttled_until } = Health::good();
    let row = Row {
        id,
        url,
        description,
        topics: topics.as_ref().map(serde_json::to_string).transpose()?,
        is_ordered: ordered,
        state,
        disabled_reason,
        secret: seal(app, id, &secret)?,
        old_secret: None,
        old_secret_until: None,
        failing_since,
        throttled_until,
        from_seq,
        created_by: permit.user.id,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    store::insert(tx.conn, &row)?;
    tx.restate(id, None, Some(fingerprint_of(&row)?));
    let webhook = Webhook { row, topics };
    record(tx, "webhook.created", &webhook)?;
    Ok((webhook, secret))
}

/// A page of the endpoints.
pub fn list(read: &mut Read<'_>, _: &Permit<ManageWebhooks>, page: &PageRequest) -> Result<Slice<Webhook>, Problem> {
    let Slice { rows, next, prev, total } = store::list(read.conn, page)?;
    let rows = rows.into_iter().map(Webhook::try_from).collect::<Result<_, _>>()?;
    Ok(Slice { rows, next, prev, total })
}

/// One endpoint.
pub fn read(read: &mut Read<'_>, _: &Permit<ManageWebhooks>, id: WebhookId) -> Result<Webhook, Problem> {
    find(read, id)
}

/// Changes an endpoint. What is on its way to it goes to the new address.
pub fn update(
    tx: &mut Tx<'_>,
    _: &Permit<ManageWebhooks>,
    aim: &Aim,
    patch: &Patch<WebhookIn>,
    rules: &Rules,
) -> Result<Webhook, Problem> {
    let present = aimed_at(tx, aim)?;
    let form = patch.apply(&present.form())?.checked(rules)?;
    if form == present.form() {
        return Ok(present);
    }
    let WebhookIn { url, description, topics, ordered } = form;
    let kept = topics.as_ref().map(serde_json::to_string).transpose()?;
    let webhook = save(tx, Row { url, description, topics: kept, is_ordered: ordered, ..present.row })?;
    record(tx, "webhook.updated", &webhook)?;
    Ok(webhook)
}

/// Removes an endpoint, with all that was on its way to it.
pub fn delete(tx: &mut Tx<'_>, _: &Permit<ManageWebhooks>, aim: &Aim) -> Result<(), Problem> {
    let present = aimed_at(tx, aim)?;
    if store::delete(tx.conn, aim.id, present.row.version)? == 0 {
        return Err(Problem::stale(find(&mut tx.reading(), aim.id)?.row.version));
    }
    tx.restate(aim.id, Some(fingerprint_of(&present.row)?), None);
    record(tx, "webhook.deleted", &present)
}

/// Lets what happens wait for an endpoint.
pub fn pause(tx: &mut Tx<'_>, _: &Permit<ManageWebhooks>, aim: &Aim) -> Result<Webhook, Problem> {
    let present = ready_for(tx, aim, "pause")?;
    let webhook = save(tx, Row { state: WebhookState::Paused, ..present.row })?;
    record(tx, "webhook.paused", &webhook)?;
    Ok(webhook)
}

/// Sends to an endpoint again, first what has waited for it.
pub fn resume(tx: &mut Tx<'_>, _: &Permit<ManageWebhooks>, aim: &Aim) -> Result<Webhook, Problem> {
    let present = ready_for(tx, aim, "resume")?;
    let webhook = save(tx, present.row.with_health(Health::good()))?;
    record(tx, "webhook.resumed", &webhook)?;
    Ok(webhook)
}

/// Gives an endpoint a new secret. The old one signs beside it for a day, so that the endpoint can change at leisure.
pub fn rotate(tx: &mut Tx<'_>, _: &Permit<ManageWebhooks>, aim: &Aim, app: &App) -> Result<(Webhook, Secret), Problem> {
    let present = aimed_at(tx, aim)?;
    if let Some(until) = present.row.old_secret_until.filter(|until| *until > tx.now) {
        // Two are as many as sign; whoever has the first one would be cut off.
        return Err(Problem::new(Code::LimitReached).with("limit", 2).with("until", until.to_string()));
    }
    let fresh = Secret::fresh(app.ids());
    let row = Row {
        secret: seal(app, aim.id, &fresh)?,
        old_secret: Some(present.row.secret.clone()),
        old_secret_until: Some(tx.now.after(model::ROTATION)),
        ..present.row
    };
    let webhook = save(tx, row)?;
    record(tx, "webhook.secret_rotated", &webhook)?;
    Ok((webhook, fresh))
}

/// Puts a test into the queue. It is sent whether the endpoint is active or not, and tried once.
pub fn test(tx: &mut Tx<'_>, _: &Permit<ManageWebhooks>, aim: &Aim) -> Result<Delivery, Problem> {
    let webhook = aimed_at(tx, aim)?;
    let id: DeliveryId = tx.next_id();
    let view = EventView { kind: TEST.into(), timestamp: tx.now, target: Some(webhook.id().uuid()), data: json!({}) };
    let message = message(id, webhook.id(), format!("test_{}", id.uuid().simple()), None, (TEST, tx.now));
    let body = serde_json::to_string(&view)?;
    store::enqueue(tx.conn, &[(message.clone(), body.as_str().into())])?;
    tx.restate(webhook.id(), None, Some(queued(&message)?));
    record(tx, "webhook.tested", &webhook)?;
    Ok(Delivery { message, body, attempts: Vec::new() })
}

/// A page of the messages to an endpoint, the newest first.
pub fn deliveries(
    read: &mut Read<'_>,
    _: &Permit<ManageWebhooks>,
    id: WebhookId,
    filter: &DeliveryQuery,
    page: &PageRequest,
) -> Result<Slice<dto::DeliveryView>, Problem> {
    find(read, id)?;
    Ok(store::messages(read.conn, id, filter, page)?.map(dto::DeliveryView::from))
}

/// One message to an endpoint.
pub fn delivery(
    read: &mut Read<'_>,
    _: &Permit<ManageWebhooks>,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Delivery, Problem> {
    found(read, webhook, id)
}

/// Puts a message into the queue once more, as if it had never been tried; its `webhook-id` stays.
pub fn redeliver(
    tx: &mut Tx<'_>,
    _: &Permit<ManageWebhooks>,
    webhook: WebhookId,
    id: DeliveryId,
    expected: &Expected,
) -> Result<Delivery, Problem> {
    store::hold(tx.conn, webhook)?.ok_or_else(Problem::not_found)?;
    let Delivery { message, body, attempts } = found(&mut tx.reading(), webhook, id)?;
    expected.check(message.version)?;
    let before = queued(&message)?;
    let message = Dispatch {
        leased_until: UtcTime::from_micros(0),
        version: message.version + 1,
        updated_at: tx.now,
        ..message.with_progress(Progress::due(tx.now))
    };
    store::update_message(tx.conn, &message)?;
    tx.restate(webhook, Some(before), Some(queued(&message)?));
    let endpoint = find(&mut tx.reading(), webhook)?;
    record(tx, "webhook.redelivered", &endpoint)?;
    Ok(Delivery { message, body, attempts })
}

/// Forgets messages to which nothing has happened for long, those that still waited for a paused endpoint too.
pub fn forget(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget(tx.conn, tx.now.before(model::REMEMBERED), limit)?)
}

/// A message that is due at once.
fn message(
    id: DeliveryId,
    webhook_id: WebhookId,
    message_id: String,
    seq: Option<i64>,
    (topic, now): (&str, UtcTime),
) -> Dispatch {
    let Progress { state, tries, due_at } = Progress::due(now);
    Dispatch {
        id,
        webhook_id,
        message_id,
        seq,
        topic: topic.into(),
        state,
        tries,
        attempt_count: 0,
        due_at,
        leased_until: UtcTime::from_micros(0),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn find(read: &mut Read<'_>, id: WebhookId) -> Result<Webhook, Problem> {
    store::find(read.conn, id)?.ok_or_else(Problem::not_found)?.try_into()
}

fn found(read: &mut Read<'_>, webhook: WebhookId, id: DeliveryId) -> Result<Delivery, Problem> {
    let (message, body) = store::find_message(read.conn, webhook, id)?.ok_or_else(Problem::not_found)?;
    Ok(Delivery { message, body, attempts: store::attempts(read.conn, id, ATTEMPTS_SHOWN)? })
}

/// The endpoint, if it is still as the caller saw it.
fn aimed_at(tx: &mut Tx<'_>, aim: &Aim) -> Result<Webhook, Problem> {
    let present = find(&mut tx.reading(), aim.id)?;
    aim.expected.check(present.row.version)?;
    Ok(present)
}

/// The same, if its state has this step.
fn ready_for(tx: &mut Tx<'_>, aim: &Aim, step: &str) -> Result<Webhook, Problem> {
    let present = aimed_at(tx, aim)?;
    let (state, allowed) = (present.row.state, present.row.state.allowed());
    if allowed.contains(&step) {
        return Ok(present);
    }
    Err(Problem::new(Code::IllegalTransition).with("state", state.as_str()).with("allowed", allowed.to_vec()))
}

/// Writes a changed endpoint over the version that was read.
fn save(tx: &mut Tx<'_>, changed: Row) -> Result<Webhook, Problem> {
    let present = changed.version;
    let before = fingerprint_of(&find(&mut tx.reading(), changed.id)?.row)?;
    let row = Row { version: present + 1, updated_at: tx.now, ..changed };
    if store::update(tx.conn, &row, present)? == 0 {
        return Err(Problem::stale(find(&mut tx.reading(), row.id)?.row.version));
    }
    tx.restate(row.id, Some(before), Some(fingerprint_of(&row)?));
    row.try_into()
}

/// The fingerprint of what is kept of an endpoint, with its secrets as they are sealed.
fn fingerprint_of(row: &Row) -> Result<Vec<u8>, Problem> {
    let said = (&row.url, &row.description, &row.topics, row.is_ordered);
    let health = (row.state, row.disabled_reason, row.failing_since, row.throttled_until);
    let secrets = (&row.secret, &row.old_secret, row.old_secret_until);
    fingerprint(&(row.id, row.version, said, health, secrets, row.updated_at))
}

/// The fingerprint of what is kept of a message, but for its body, which never changes.
fn queued(message: &Dispatch) -> Result<Vec<u8>, Problem> {
    let Dispatch {
        id,
        webhook_id,
        message_id,
        seq,
        topic,
        state,
        tries,
        attempt_count,
        due_at,
        leased_until: _,
        version,
        created_at,
        updated_at,
    } = message;
    let progress = (state, tries, attempt_count, due_at);
    fingerprint(&(id, webhook_id, message_id, seq, topic, progress, version, created_at, updated_at))
}

fn record(tx: &mut Tx<'_>, topic: &'static str, webhook: &Webhook) -> Result<(), Problem> {
    let payload = serde_json::to_value(WebhookEvent::of(webhook))?;
    tx.record(Change::newsroom(topic, webhook.id(), payload));
    Ok(())
}

/// What a secret is sealed for: it opens for no other endpoint.
fn seal_context(id: WebhookId) -> String {
    format!("webhook {id}")
}

fn seal(app: &App, id: WebhookId, secret: &Secret) -> Result<Vec<u8>, Problem> {
    app.vault().seal(app.ids(), &seal_context(id), secret.reveal().as_bytes())
}

//! Webhooks as clients write and read them, and what the event log says of them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{AttemptOutcome, DeliveryState, DisabledReason, WebhookState};
use super::store::{Attempt, Dispatch, Row};
use super::{Delivery, Webhook};
use crate::events::Kind;
use crate::fault::{Fault, Faults};
use crate::ids::{DeliveryId, UserId, WebhookId};
use crate::outbound::{Rules, Url, check_url};
use crate::text::safe;
use crate::time::UtcTime;

/// The longest description, in graphemes.
const DESCRIPTION_MAX: usize = 200;

/// Every kind of event that webhooks make.
pub const EVENTS: &[Kind] = &[
    Kind::of::<WebhookEvent>("webhook.created", "An endpoint was added."),
    Kind::of::<WebhookEvent>("webhook.updated", "An endpoint was changed."),
    Kind::of::<WebhookEvent>("webhook.deleted", "An endpoint was removed, with what was on its way to it."),
    Kind::of::<WebhookEvent>("webhook.paused", "An endpoint is not told of events for now; they wait for it."),
    Kind::of::<WebhookEvent>("webhook.resumed", "An endpoint is told of events again."),
    Kind::of::<WebhookEvent>(
        "webhook.secret_rotated",
        "An endpoint has a new secret; the old one signs for a day more.",
    ),
    Kind::of::<WebhookEvent>("webhook.tested", "A test was put into the queue of an endpoint."),
    Kind::of::<WebhookEvent>("webhook.redelivered", "A message to an endpoint was put into its queue once more."),
    Kind::of::<TestEvent>("webhook.test", "A test, which only the endpoint hears of."),
    Kind::of::<WebhookEvent>("webhook.disabled", "An endpoint was given up, since it is gone or only fails."),
];

/// Nothing: a test says only that the way is open.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestEvent {}

/// What the event log says of an endpoint: neither its secret nor its whole address, which may hold one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookEvent {
    /// Counts the endpoint's changes.
    #[schema(example = 1)]
    version: i64,
    /// Whether it is told of events.
    state: WebhookState,
    /// Why it was given up.
    #[schema(example = json!(null))]
    disabled_reason: Option<DisabledReason>,
    /// The host of its address.
    #[schema(example = "partner.example")]
    host: String,
    /// The types of events that it is told of; `null` for every public one.
    #[schema(example = json!(["alert.issued"]))]
    topics: Option<Vec<String>>,
    /// Whether it is told of one event after the other.
    #[schema(example = false)]
    ordered: bool,
}

impl WebhookEvent {
    pub(super) fn of(webhook: &Webhook) -> Self {
        let Webhook { row, topics } = webhook;
        let host = Url::parse(&row.url).ok().and_then(|url| url.host_str().map(String::from));
        Self {
            version: row.version,
            state: row.state,
            disabled_reason: row.disabled_reason,
            host: host.unwrap_or_default(),
            topics: topics.clone(),
            ordered: row.is_ordered,
        }
    }
}

/// An endpoint as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookIn {
    /// Where events are sent: `https`, on port 443 or 8443 unless the operator allows others, on the internet.
    #[schema(min_length = 1, max_length = 2048, example = "https://partner.example/hooks/khabar")]
    pub url: String,
    /// What it is for, in a line of 200 characters at most.
    #[serde(default)]
    #[schema(max_length = 2000, example = "تطبيق الشريك")]
    pub description: Option<String>,
    /// The types of events that it is told of; every public one when absent. What only the newsroom may know is sent to
    /// endpoints that name its type.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100, example = json!(["alert.issued", "alert.retracted"]))]
    pub topics: Option<Vec<String>>,
    /// Whether it is told of one event after the other, in order. Then one that fails holds up those after it until it
    /// is delivered or given up.
    #[serde(default)]
    #[schema(default = false, example = false)]
    pub ordered: bool,
}

impl WebhookIn {
    /// The form as it may be kept.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn checked(self, rules: &Rules) -> Result<Self, Faults> {
        let Self { url, description, topics, ordered } = self;
        let mut faults = Faults::new();
        let url = faults.take("/url", check_url(&url, rules).map(String::from));
        let description = faults.take("/description", safe::optional_line(description.as_deref(), DESCRIPTION_MAX));
        let mut known = HashSet::new();
        for (at, _) in topics.iter().flatten().enumerate().filter(|(_, topic)| !known.insert(topic.as_str())) {
            faults.add(format!("/topics/{at}"), Fault::Repeated);
        }
        let built = url.zip(description);
        faults.finish(built.map(|(url, description)| Self { url, description, topics, ordered }))
    }
}

/// An endpoint as its managers see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookView {
    /// Its id.
    id: WebhookId,
    /// Where events are sent.
    #[schema(example = "https://partner.example/hooks/khabar")]
    url: String,
    /// What it is for.
    #[schema(example = "تطبيق الشريك")]
    description: Option<String>,
    /// The types of events that it is told of; `null` for every public one.
    #[schema(example = json!(["alert.issued", "alert.retracted"]))]
    topics: Option<Vec<String>>,
    /// Whether it is told of one event after the other.
    #[schema(example = false)]
    ordered: bool,
    /// Whether it is told of events.
    state: WebhookState,
    /// Why it was given up, while it is.
    #[schema(example = json!(null))]
    disabled_reason: Option<DisabledReason>,
    /// Since when it has done nothing but fail.
    #[schema(example = json!(null))]
    failing_since: Option<UtcTime>,
    /// Until when it is left alone, since it asked for that.
    #[schema(example = json!(null))]
    next_attempt_at: Option<UtcTime>,
    /// Until when the secret before this one signs too.
    #[schema(example = json!(null))]
    secret_rotates_until: Option<UtcTime>,
    /// Who added it.
    created_by: UserId,
    /// Counts its changes, those in how it fares too.
    #[schema(example = 1)]
    version: i64,
    /// When it was added.
    date_created: UtcTime,
    /// When it last changed.
    date_modified: UtcTime,
}

impl WebhookView {
    /// How an endpoint looks at an instant.
    pub fn at(now: UtcTime, webhook: Webhook) -> Self {
        let Webhook { row, topics } = webhook;
        let Row {
            id,
            url,
            description,
            topics: _,
            is_ordered,
            state,
            disabled_reason,
            secret: _,
            old_secret: _,
            old_secret_until,
            failing_since,
            throttled_until,
            from_seq: _,
            created_by,
            version,
            created_at,
            updated_at,
        } = row;
        Self {
            id,
            url,
            description,
            topics,
            ordered: is_ordered,
            state,
            disabled_reason,
            failing_since,
            next_attempt_at: throttled_until.filter(|until| *until > now),
            secret_rotates_until: old_secret_until.filter(|until| *until > now),
            created_by,
            version,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

/// An endpoint with a new secret.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewSecretView {
    /// The endpoint.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What signs the messages to it, for one of the specification's libraries. It is told this once: a repetition of
    /// the request with the same `Idempotency-Key` gets `null`, and so does everybody else.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Option<String>,
}

/// Which messages are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct DeliveryQuery {
    /// Only those in this state; repeat for several.
    #[param(required = false)]
    pub state: Vec<DeliveryState>,
    /// Only those about events of this type; repeat for several.
    #[param(required = false, example = json!(["alert.issued"]))]
    pub topic: Vec<String>,
}

/// A message to an endpoint, as lists have it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliveryView {
    /// Its id.
    id: DeliveryId,
    /// The endpoint.
    webhook_id: WebhookId,
    /// What `webhook-id` says: the same at each attempt, so that the endpoint can tell a repetition.
    #[schema(example = "evt_42")]
    message_id: String,
    /// The event's type.
    #[serde(rename = "type")]
    #[schema(example = "alert.issued")]
    topic: String,
    /// What has become of it.
    state: DeliveryState,
    /// How often it was tried.
    #[schema(example = 1)]
    attempt_count: i64,
    /// When it is tried next.
    #[schema(example = json!(null))]
    next_attempt_at: Option<UtcTime>,
    /// Counts its changes.
    #[schema(example = 2)]
    version: i64,
    /// When it was put into the queue.
    date_created: UtcTime,
    /// When something last happened to it.
    date_modified: UtcTime,
}

impl From<Dispatch> for DeliveryView {
    fn from(message: Dispatch) -> Self {
        let Dispatch {
            id,
            webhook_id,
            message_id,
            seq: _,
            topic,
            state,
            tries: _,
            attempt_count,
            due_at,
            leased_until: _,
            version,
            created_at,
            updated_at,
        } = message;
        Self {
            id,
            webhook_id,
            message_id,
            topic,
            state,
            attempt_count,
            next_attempt_at: due_at,
            version,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

/// An attempt to deliver a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttemptView {
    /// Which one, from 1.
    #[schema(example = 1)]
    number: i64,
    /// When it began.
    date_started: UtcTime,
    /// How it ended.
    outcome: AttemptOutcome,
    /// The status of the answer.
    #[schema(example = 204)]
    status: Option<i64>,
    /// How long the answer took.
    #[schema(example = 84)]
    duration_ms: Option<i64>,
    /// The first 4 KiB of the answer, or why there is none.
    #[schema(example = "")]
    answer: String,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { delivery_id: _, number, at, outcome, status, duration_ms, answer } = attempt;
        Self { number, date_started: at, outcome, status, duration_ms, answer }
    }
}

/// A message to an endpoint with all that is known of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryDetailView {
    /// The message.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// What is sent, to the byte.
    #[schema(example = r#"{"type":"alert.issued","timestamp":"2020-10-09T08:30:00Z","target":null,"data":{}}"#)]
    pub body: String,
    /// The attempts, the first one first; the latest hundred.
    pub attempts: Vec<AttemptView>,
}

impl From<Delivery> for DeliveryDetailView {
    fn from(delivery: Delivery) -> Self {
        let Delivery { message, body, attempts } = delivery;
        let attempts = attempts.into_iter().map(AttemptView::from).collect();
        Self { delivery: message.into(), body, attempts }
    }
}

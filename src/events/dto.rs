//! Events as clients read them, in the newsroom's list, in streams and in webhooks alike.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Event, Visibility};
use crate::time::UtcTime;

/// An event as it goes out: what happened, when, to what.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventView {
    /// What happened: `noun.verb`.
    #[serde(rename = "type")]
    #[schema(example = "alert.issued")]
    pub kind: String,
    /// When.
    pub timestamp: UtcTime,
    /// The id of what it happened to.
    #[schema(value_type = Option<String>, format = "uuid", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    pub target: Option<Uuid>,
    /// What there is to know of it; each type has a schema of its own, see `webhooks` in this document.
    #[schema(value_type = Object, example = json!({ "slug": "وكالات" }))]
    pub data: Value,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        let Event { seq: _, number: _, topic, visibility: _, target, payload, at } = event;
        Self { kind: topic, timestamp: at, target, data: payload }
    }
}

/// An event as the newsroom lists it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomEventView {
    /// What goes out.
    #[serde(flatten)]
    pub event: EventView,
    /// Who may learn of it.
    pub visibility: Visibility,
    /// Its number: events follow the order in which changes were made, without a gap.
    #[schema(example = 42)]
    pub seq: i64,
}

impl From<Event> for NewsroomEventView {
    fn from(event: Event) -> Self {
        Self { visibility: event.visibility, seq: event.seq, event: event.into() }
    }
}

/// Which events the newsroom wants.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Only those of this type, or of one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["alert.issued"]))]
    pub topic: Vec<String>,
}

//! What badges look like in requests and events.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::GivenBadge;

/// The badge that somebody is to have.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommenterBadgeIn {
    /// The badge; none when it is null.
    #[schema(required = true)]
    pub badge: Option<GivenBadge>,
}

/// Which badge somebody has now.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the change says")]
pub struct BadgeEvent {
    /// The badge, if any.
    badge: Option<GivenBadge>,
}

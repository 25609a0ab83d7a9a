//! The newsroom's own service in requests and answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::Hook;
use crate::ids::UserId;
use crate::time::UtcTime;
use crate::webhooks::signature::Secret;

/// A service that is asked about comments.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentHookIn {
    /// Where it is: `https`, and nowhere inside.
    #[schema(example = "https://moderation.example/check")]
    pub url: String,
    /// What its requests are signed with, `whsec_` and 24 to 64 bytes in base64. When absent, the one before stays; where there
    /// is none, one is made and told, this once.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub secret: Option<String>,
    /// How long a writer waits for it at most, in milliseconds.
    #[serde(default = "two_seconds")]
    #[schema(minimum = 50, maximum = 5_000, default = 2_000, example = 2_000)]
    pub timeout_ms: u32,
}

const fn two_seconds() -> u32 {
    2_000
}

/// The service that is asked about comments.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentHookView {
    /// Where it is; nothing, as all else, while nobody is asked.
    #[schema(example = "https://moderation.example/check")]
    url: Option<String>,
    /// How long a writer waits for it at most, in milliseconds.
    #[schema(example = 2_000)]
    timeout_ms: Option<i64>,
    /// Who said so.
    updated_by: Option<UserId>,
    /// Since when.
    date_modified: Option<UtcTime>,
    /// What its requests are signed with, where one was just made. It is not told again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
}

impl CommentHookView {
    /// What is shown of it, with a secret that was just made.
    pub fn new(hook: Option<Hook>, fresh: Option<&Secret>) -> Self {
        let secret = fresh.map(Secret::reveal);
        let Some(Hook { url, secret: _, timeout_ms, updated_by, updated_at }) = hook else {
            return Self { url: None, timeout_ms: None, updated_by: None, date_modified: None, secret };
        };
        let (timeout_ms, updated_by, date_modified) = (Some(timeout_ms), Some(updated_by), Some(updated_at));
        Self { url: Some(url), timeout_ms, updated_by, date_modified, secret }
    }
}

/// What became of the service; never where it is, since an address may hold a secret.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `told` puts together")]
pub struct CommentHookEvent {
    /// How long a writer waits for it at most, in milliseconds.
    #[schema(example = 2_000)]
    timeout_ms: i64,
}

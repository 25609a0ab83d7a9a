//! The audit log as administrators read it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::{Line, Outcome};
use crate::ids::{AuditId, KeyId, UserId};
use crate::problem::Problem;
use crate::text::hex;
use crate::time::UtcTime;

/// Which lines are wanted. All that is said must hold.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct AuditQuery {
    /// Only what this account did, or was refused.
    #[param(required = false)]
    pub actor: Option<UserId>,
    /// Only what a program did with this key, or was refused.
    #[param(required = false)]
    pub key: Option<KeyId>,
    /// Only this action, or all of a noun: `article.published`, `article.`.
    #[param(required = false, example = "article.", max_length = 100)]
    pub action: Option<String>,
    /// Only what was done to the thing with this id.
    #[param(required = false, value_type = Option<String>, format = "uuid")]
    pub target: Option<Uuid>,
    /// Only what was done to things of this kind.
    #[param(required = false, example = "article", max_length = 100)]
    pub target_kind: Option<String>,
    /// Only what was allowed, or only what was refused.
    #[param(required = false, inline)]
    pub outcome: Option<Outcome>,
    /// At or after this instant.
    #[param(required = false)]
    pub from: Option<UtcTime>,
    /// Before this instant.
    #[param(required = false)]
    pub until: Option<UtcTime>,
    /// Only what came of this request.
    #[param(required = false, max_length = 64)]
    pub request_id: Option<String>,
}

/// Who called.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditActor {
    /// The account; nobody for strangers, the command line and the clock.
    pub id: Option<UserId>,
    /// The role that it had; `none` without an account.
    #[schema(example = "editor")]
    pub role: String,
    /// The key, where a program acted for them.
    pub key_id: Option<KeyId>,
}

/// What was done something to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditTarget {
    /// The noun.
    #[schema(example = "article")]
    pub kind: String,
    /// Which one, where there are several.
    #[schema(value_type = Option<String>, format = "uuid", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    pub id: Option<Uuid>,
}

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: UtcTime,
    /// Who.
    pub actor: AuditActor,
    /// `noun.verb`: in the past for a change, in the present for a call that changed nothing.
    #[schema(example = "article.published")]
    pub action: String,
    /// The method of the request; nothing where there was none.
    #[schema(example = "POST")]
    pub method: Option<String>,
    /// The pattern of its path.
    #[schema(example = "/api/v1/newsroom/articles/{id}/publish")]
    pub route: Option<String>,
    /// To what.
    pub target: AuditTarget,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer to a call that changed nothing.
    #[schema(example = 409)]
    pub status: Option<i64>,
    /// The code of the problem, where it was refused.
    #[schema(example = "illegal_transition")]
    pub code: Option<String>,
    /// The request; `cli` for the command line, `job` for the clock.
    #[schema(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    pub request_id: String,
    /// SHA-256 of what was kept of the target before, where there was something and its room says so.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub before: Option<String>,
    /// SHA-256 of what is kept of it now.
    #[schema(example = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752")]
    pub after: Option<String>,
    /// What there is to know beside. `times`: how many calls the line stands for, where more than one.
    #[schema(value_type = Object, example = json!({ "version": 3 }))]
    pub payload: Value,
}

impl TryFrom<Line> for AuditView {
    type Error = Problem;

    fn try_from(line: Line) -> Result<Self, Problem> {
        let Line {
            id,
            at,
            actor,
            role,
            key,
            action,
            method,
            route,
            kind,
            target,
            outcome,
            status,
            code,
            request_id,
            before,
            after,
            payload,
        } = line;
        Ok(Self {
            id,
            at,
            actor: AuditActor { id: actor, role, key_id: key },
            action,
            method,
            route,
            target: AuditTarget { kind, id: target },
            outcome,
            status,
            code,
            request_id,
            before: before.as_deref().map(hex),
            after: after.as_deref().map(hex),
            payload: serde_json::from_str(&payload)?,
        })
    }
}

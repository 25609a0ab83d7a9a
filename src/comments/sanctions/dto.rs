//! Sanctions as moderators write and read them, and as those read them whom they are about.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{SanctionKind, holds};
use super::store::Sanction;
use crate::comments::model::CommentReason;
use crate::ids::{CommenterId, SanctionId, UserId};
use crate::time::UtcTime;

/// A sanction to be imposed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SanctionIn {
    /// On whom: the `author.id` of a comment.
    pub commenter_id: CommenterId,
    /// What.
    pub kind: SanctionKind,
    /// Why. They are told.
    pub reason: CommentReason,
    /// A note for colleagues.
    #[serde(default)]
    #[schema(max_length = 20_000, example = "للمرة الثالثة هذا الأسبوع")]
    pub note: Option<String>,
    /// Until when; a suspension always has an end, the others until somebody lifts them when absent.
    #[serde(default)]
    #[schema(example = "2027-01-01T00:00:00Z")]
    pub until: Option<UtcTime>,
}

/// What a moderator says when a sanction is lifted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SanctionLiftIn {
    /// A note for colleagues.
    #[serde(default)]
    #[schema(max_length = 20_000, example = "اعتذر")]
    pub note: Option<String>,
}

/// Which sanctions are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct SanctionQuery {
    /// Only those of this commenter.
    #[param(required = false)]
    pub commenter_id: Option<CommenterId>,
    /// Only those that hold now, or with `false` only those that do not.
    #[param(required = false)]
    pub active: Option<bool>,
}

/// A sanction, as moderators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SanctionView {
    /// Its id.
    id: SanctionId,
    /// On whom.
    commenter_id: CommenterId,
    /// What.
    kind: SanctionKind,
    /// Why.
    reason: CommentReason,
    /// What the moderator had to say to colleagues.
    #[schema(example = "للمرة الثالثة هذا الأسبوع")]
    note: Option<String>,
    /// Until when, if it ends by itself.
    until: Option<UtcTime>,
    /// Whether it holds now.
    #[schema(example = true)]
    is_active: bool,
    /// By whom.
    imposed_by: UserId,
    /// Since when.
    date_created: UtcTime,
    /// When it was lifted.
    date_lifted: Option<UtcTime>,
    /// By whom it was lifted.
    lifted_by: Option<UserId>,
    /// What that moderator had to say.
    #[schema(example = json!(null))]
    lift_note: Option<String>,
}

impl SanctionView {
    /// What it is at an instant.
    pub fn at(now: UtcTime, sanction: Sanction) -> Self {
        let Sanction {
            id,
            commenter_id,
            kind,
            reason,
            note,
            until,
            imposed_by,
            created_at,
            lifted_at,
            lifted_by,
            lift_note,
        } = sanction;
        Self {
            id,
            commenter_id,
            kind,
            reason,
            note,
            until,
            is_active: holds(until, lifted_at, now),
            imposed_by,
            date_created: created_at,
            date_lifted: lifted_at,
            lifted_by,
            lift_note,
        }
    }
}

/// A sanction, as whoever has it sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnSanctionView {
    /// Its id.
    id: SanctionId,
    /// What.
    kind: SanctionKind,
    /// Why.
    reason: CommentReason,
    /// Until when, if it ends by itself.
    until: Option<UtcTime>,
    /// Since when.
    date_created: UtcTime,
}

impl From<Sanction> for OwnSanctionView {
    fn from(sanction: Sanction) -> Self {
        // Who imposed it and what was said of it is the newsroom's own.
        let Sanction { id, kind, reason, until, created_at, .. } = sanction;
        Self { id, kind, reason, until, date_created: created_at }
    }
}

/// What was done about somebody who comments.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `told` puts together")]
pub struct SanctionEvent {
    /// On whom.
    commenter_id: CommenterId,
    /// What.
    kind: SanctionKind,
    /// Why.
    reason: CommentReason,
    /// Until when, if it ends by itself.
    until: Option<UtcTime>,
}

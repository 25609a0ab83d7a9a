//! How the desk asks for its lists.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::articles::model::ArticleState;
use crate::ids::UserId;
use crate::text::Language;
use crate::time::UtcTime;

/// What the desk's list can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct DeskQuery {
    /// Only in this state; repeat for several.
    #[param(required = false, inline)]
    pub state: Vec<ArticleState>,
    /// Only what waits for somebody: drafts, what is submitted, approved or scheduled.
    #[param(required = false)]
    pub unfinished: Option<bool>,
    /// Only this language; repeat for several.
    #[param(required = false)]
    pub language: Vec<Language>,
    /// Only in this section and those below it, by id or slug; repeat for several.
    #[param(required = false)]
    pub section: Vec<String>,
    /// Only with this author's name above it, by id or slug; repeat for several.
    #[param(required = false)]
    pub author: Vec<String>,
    /// Only begun by this account.
    #[param(required = false)]
    pub created_by: Option<UserId>,
    /// Only assigned to this account.
    #[param(required = false)]
    pub assigned_to: Option<UserId>,
    /// Only while somebody holds its lock, or while nobody does.
    #[param(required = false)]
    pub locked: Option<bool>,
    /// Only while this account holds its lock.
    #[param(required = false)]
    pub locked_by: Option<UserId>,
    /// Only changed at or after this instant.
    #[param(required = false)]
    pub changed_since: Option<UtcTime>,
    /// Only what the caller began, or is to work on. With `unfinished` it is the caller's own work.
    #[param(required = false)]
    pub mine: Option<bool>,
}

/// Who is to work on an article.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssigneeIn {
    /// An account that may write articles; nobody when `null`.
    #[schema(required = true)]
    pub user_id: Option<UserId>,
}

/// What became of an article's assignment.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the change says")]
pub struct AssignedEvent {
    /// Who is to work on it now.
    user_id: Option<UserId>,
}

/// How many articles are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateCounts {
    /// Being written.
    #[schema(example = 12)]
    draft: i64,
    /// Waiting for an editor.
    #[schema(example = 3)]
    submitted: i64,
    /// Good to go.
    #[schema(example = 1)]
    approved: i64,
    /// Waiting for their hour.
    #[schema(example = 2)]
    scheduled: i64,
    /// Out.
    #[schema(example = 4000)]
    published: i64,
    /// Withdrawn.
    #[schema(example = 7)]
    unpublished: i64,
    /// Given up.
    #[schema(example = 9)]
    spiked: i64,
    /// Taken back for good.
    #[schema(example = 0)]
    killed: i64,
    /// All of these.
    #[schema(example = 4034)]
    total: i64,
}

impl StateCounts {
    pub(super) const fn add(&mut self, state: ArticleState, number: i64) {
        let place = match state {
            ArticleState::Draft => &mut self.draft,
            ArticleState::Submitted => &mut self.submitted,
            ArticleState::Approved => &mut self.approved,
            ArticleState::Scheduled => &mut self.scheduled,
            ArticleState::Published => &mut self.published,
            ArticleState::Unpublished => &mut self.unpublished,
            ArticleState::Spiked => &mut self.spiked,
            ArticleState::Killed => &mut self.killed,
        };
        *place = number;
        self.total += number;
    }
}

//! Many comments in one request.

use actix_web::post;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::newsroom::note;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::comments::bulk::{Deed, Outcome, Task, Work, bulk};
use crate::comments::{CommentReason, CommentStatus, Mark};
use crate::fault::Fault;
use crate::http::{Call, Input, Reply, Routes};
use crate::ids::CommentId;
use crate::problem::Problem;
use crate::text_enum;

/// Adds this route.
pub fn routes(config: &mut Routes<'_>) {
    config.service(moderate_comments);
}

text_enum! {
    /// What is done with each of several comments.
    #[schema(example = "reject")]
    pub enum CommentAction {
        /// Let everyone read it.
        Approve = "approve",
        /// Refuse it, or take it back.
        Reject = "reject",
        /// Take it from sight for the time being.
        Withhold = "withhold",
        /// Look, and leave it as it is.
        Review = "review",
        /// Count it among the best.
        Feature = "feature",
        /// Count it among the best no more.
        Unfeature = "unfeature",
        /// Put it above the others.
        Pin = "pin",
        /// Put it above the others no more.
        Unpin = "unpin",
    }
}

/// The same about several comments.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommentBulkIn {
    /// What.
    action: CommentAction,
    /// About which.
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<CommentBulkItem>,
    /// Why; `reject` and `withhold` need it.
    #[serde(default)]
    reason: Option<CommentReason>,
    /// A note for colleagues.
    #[serde(default)]
    #[schema(max_length = 20_000, example = "حملة منظمة")]
    note: Option<String>,
    /// Do nothing at all unless every item is possible.
    #[serde(default)]
    #[schema(example = false)]
    all_or_nothing: bool,
}

/// One of several comments.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommentBulkItem {
    /// The comment.
    id: CommentId,
    /// The version that the caller has seen, as in `If-Match`; whatever it is when absent.
    #[serde(default)]
    #[schema(example = 3)]
    version: Option<i64>,
}

/// What became of each item, in order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommentBulkView {
    /// One for each item.
    items: Vec<CommentBulkOutcome>,
}

/// What became of one item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommentBulkOutcome {
    /// The comment.
    id: CommentId,
    /// The status that the action's own operation would have answered with.
    #[schema(example = 200)]
    status: u16,
    /// The version that it has now, where the item was done.
    #[schema(example = 4)]
    version: Option<i64>,
    /// What has become of it, where the item was done.
    state: Option<CommentStatus>,
    /// Why not, where it was refused: a problem as any refusal is.
    #[schema(value_type = Option<Object>, example = json!(null))]
    problem: Option<Value>,
}

impl CommentBulkOutcome {
    fn of(call: &Call, outcome: Outcome) -> Self {
        let Outcome { id, result } = outcome;
        match result {
            Ok(comment) => {
                let (version, state) = (Some(comment.stamp().0), Some(comment.status()));
                Self { id, status: 200, version, state, problem: None }
            }
            Err(problem) => {
                call.note_refusal(id, &problem);
                let status = problem.code.status().as_u16();
                Self { id, status, version: None, state: None, problem: Some(call.explain(&problem)) }
            }
        }
    }
}

/// Do the same about several comments
///
/// Up to 100. Each stands or falls by itself, and the answer has a status for each, in the order of the request; with
/// `allOrNothing` either all are done or none, and 409 `not_all_possible` says why not.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["not_all_possible"]))),
    request_body = CommentBulkIn,
    responses((status = OK, description = "What became of each", body = CommentBulkView)),
)]
#[post("/comments/bulk")]
async fn moderate_comments(
    permit: Permit<ModerateComments>,
    call: Call,
    input: Input<CommentBulkIn>,
) -> Result<Reply, Problem> {
    let caller = call.clone();
    call.act(input, move |tx, form| {
        let work = work(&form)?;
        let tasks: Vec<Task> =
            form.items.iter().map(|CommentBulkItem { id, version }| Task { id: *id, version: *version }).collect();
        let explain = |problem: &Problem| caller.explain(problem);
        let outcomes = bulk(tx, &permit, &tasks, &work, if form.all_or_nothing { Some(&explain) } else { None })?;
        let items = outcomes.into_iter().map(|outcome| CommentBulkOutcome::of(&caller, outcome)).collect();
        Reply::json(&CommentBulkView { items })
    })
    .await
}

fn work(form: &CommentBulkIn) -> Result<Work, Problem> {
    let reason = || form.reason.ok_or_else(|| Problem::field("/reason", Fault::Required));
    let deed = match form.action {
        CommentAction::Approve => Deed::Approve,
        CommentAction::Reject => Deed::Reject(reason()?),
        CommentAction::Withhold => Deed::Withhold(reason()?),
        CommentAction::Review => Deed::Review,
        CommentAction::Feature => Deed::Mark(Mark::Feature),
        CommentAction::Unfeature => Deed::Mark(Mark::Unfeature),
        CommentAction::Pin => Deed::Mark(Mark::Pin),
        CommentAction::Unpin => Deed::Mark(Mark::Unpin),
    };
    // As for a single comment, where nobody is told why.
    if form.reason.is_some() && !matches!(deed, Deed::Reject(_) | Deed::Withhold(_)) {
        return Err(Problem::field("/reason", Fault::UnknownField(None)));
    }
    Ok(Work { deed, note: note(form.note.as_deref())? })
}

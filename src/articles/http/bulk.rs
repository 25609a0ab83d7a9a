//! Many articles in one request.

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::articles::bulk::{Outcome, Task, Work, bulk};
use crate::articles::dto::{CorrectionIn, KillIn, NoteIn, PublishIn, ScheduleIn};
use crate::articles::{ArticleState, Step};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, WriteArticles};
use crate::fault::Fault;
use crate::http::{Call, Contract, Input, Patch, Reply, Routes, parse};
use crate::ids::ArticleId;
use crate::problem::{Code, Problem};

/// Adds this route.
pub fn routes(config: &mut Routes<'_>) {
    config.service(change_articles);
}

/// Work on several articles.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BulkIn {
    /// What is to be done, in this order.
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<BulkItem>,
    /// Do nothing at all unless every item is possible.
    #[serde(default)]
    #[schema(example = true)]
    all_or_nothing: bool,
}

/// Work on one of several articles.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BulkItem {
    /// The article.
    id: ArticleId,
    /// The version that the caller has seen, as in `If-Match`.
    #[schema(example = 3)]
    version: i64,
    /// What to do: a step, or `edit`.
    action: Step,
    /// What the action's own operation takes as its body; for `edit` a merge patch.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({ "note": "جاهز" }))]
    with: serde_json::Map<String, Value>,
}

/// What became of each item, in order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BulkView {
    /// One for each item.
    items: Vec<BulkOutcome>,
}

/// What became of one item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BulkOutcome {
    /// The article.
    id: ArticleId,
    /// The status that the action's own operation would have answered with.
    #[schema(example = 200)]
    status: u16,
    /// The version that it has now, where the item was done.
    #[schema(example = 4)]
    version: Option<i64>,
    /// Where it is in its life now, where the item was done.
    state: Option<ArticleState>,
    /// Why not, where it was refused: a problem as any refusal is.
    #[schema(value_type = Option<Object>, example = json!(null))]
    problem: Option<Value>,
}

impl BulkOutcome {
    fn of(call: &Call, outcome: Outcome) -> Self {
        let Outcome { id, result } = outcome;
        match result {
            Ok(saved) => {
                let (version, state) = (saved.stamp().0, saved.state());
                Self { id, status: 200, version: Some(version), state: Some(state), problem: None }
            }
            Err(problem) => {
                call.note_refusal(id, &problem);
                let status = problem.code.status().as_u16();
                Self { id, status, version: None, state: None, problem: Some(call.explain(&problem)) }
            }
        }
    }
}

/// Work on several articles
///
/// Up to 100 steps and edits, done in order. Each stands or falls by itself, and the answer has a status for each; with
/// `allOrNothing` either all are done or none, and 409 `not_all_possible` says why not. An item needs what its own
/// operation needs: the version that was seen, and the permission. What an item is told wrongly is 422 for the whole request.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME)), ("x-refusals" = json!(["not_all_possible"]))),
    request_body = BulkIn,
    responses((status = OK, description = "What became of each", body = BulkView)),
)]
#[post("/articles/bulk")]
async fn change_articles(
    permit: Permit<WriteArticles>,
    call: Call,
    contract: web::Data<Contract>,
    input: Input<BulkIn>,
) -> Result<Reply, Problem> {
    let all_or_nothing = input.value.all_or_nothing;
    let tasks = tasks(&contract, &input.value.items)?;
    let caller = call.clone();
    call.act(input, move |tx, _| {
        let explain = |problem: &Problem| caller.explain(problem);
        let outcomes = bulk(tx, &permit, tasks, if all_or_nothing { Some(&explain) } else { None })?;
        let items = outcomes.into_iter().map(|outcome| BulkOutcome::of(&caller, outcome)).collect();
        Reply::json(&BulkView { items })
    })
    .await
}

/// What each item asks for, or everything that is wrong with how they ask.
fn tasks(contract: &web::Data<Contract>, items: &[BulkItem]) -> Result<Vec<Task>, Problem> {
    let mut tasks = Vec::with_capacity(items.len());
    let mut errors = Vec::new();
    for (n, item) in items.iter().enumerate() {
        match work(contract, item) {
            Ok(work) => tasks.push(Task { id: item.id, version: item.version, work }),
            Err(problem) if problem.errors.is_empty() => return Err(problem),
            Err(problem) => errors.extend(problem.errors.into_iter().map(|mut error| {
                error.pointer.insert_str(0, &format!("/items/{n}/with"));
                error
            })),
        }
    }
    if errors.is_empty() { Ok(tasks) } else { Err(Problem { errors, ..Problem::new(Code::Invalid) }) }
}

fn work(contract: &web::Data<Contract>, item: &BulkItem) -> Result<Work, Problem> {
    let with = Value::Object(item.with.clone());
    let notes = match item.action {
        Step::Edit if item.with.is_empty() => return Err(Problem::field("", Fault::Required)),
        Step::Edit => return Ok(Work::Edit(Patch::of(with, contract.clone()))),
        Step::Publish => parse::<PublishIn>(contract, with)?.into(),
        Step::Schedule => parse::<ScheduleIn>(contract, with)?.into(),
        Step::Correct => parse::<CorrectionIn>(contract, with)?.into(),
        Step::Kill => parse::<KillIn>(contract, with)?.into(),
        Step::Submit
        | Step::Return
        | Step::Approve
        | Step::Unschedule
        | Step::Unpublish
        | Step::Spike
        | Step::Unspike => parse::<NoteIn>(contract, with)?.into(),
    };
    Ok(Work::Step(item.action, notes))
}

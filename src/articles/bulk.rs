//! The same work on many articles in one request: each task stands or falls by itself, or all of them together.

use serde_json::Value;

use super::desk::revise;
use super::dto::ArticleIn;
use super::kept::Saved;
use super::model::Step;
use super::steps::{Notes, Order, step as take};
use crate::app::Tx;
use crate::auth::Permit;
use crate::auth::actions::{KillArticles, PublishArticles, WriteArticles};
use crate::http::{Expected, Patch};
use crate::ids::ArticleId;
use crate::problem::{Code, Problem};

/// What is to be done with one article.
#[derive(Debug)]
pub struct Task {
    /// The article.
    pub id: ArticleId,
    /// The version that the caller has seen.
    pub version: i64,
    /// What to do.
    pub work: Work,
}

/// What is to be done.
#[derive(Debug)]
pub enum Work {
    /// Change the working copy.
    Edit(Patch<ArticleIn>),
    /// Take a step.
    Step(Step, Notes),
}

/// What became of a task.
#[derive(Debug)]
pub struct Outcome {
    /// The article.
    pub id: ArticleId,
    /// What it is now, or why not.
    pub result: Result<Saved, Problem>,
}

/// Works on articles one after the other. Where all or nothing was asked for, `explain` says each refusal.
///
/// # Errors
/// `not_all_possible` where all or nothing was asked for and something was refused: then nothing is done. What breaks on
/// our side ends the whole request.
pub fn bulk(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    tasks: Vec<Task>,
    explain: Option<&dyn Fn(&Problem) -> Value>,
) -> Result<Vec<Outcome>, Problem> {
    let mut outcomes = Vec::with_capacity(tasks.len());
    for task in tasks {
        let id = task.id;
        match tx.attempt(|tx| carry_out(tx, permit, task)) {
            Err(problem) if problem.code.status().is_server_error() => return Err(problem),
            result => outcomes.push(Outcome { id, result }),
        }
    }
    let Some(explain) = explain else { return Ok(outcomes) };
    let refused = |(n, outcome): (usize, &Outcome)| {
        let problem = explain(outcome.result.as_ref().err()?);
        Some(serde_json::json!({ "index": n, "id": outcome.id, "problem": problem }))
    };
    let refused: Vec<Value> = outcomes.iter().enumerate().filter_map(refused).collect();
    if refused.is_empty() { Ok(outcomes) } else { Err(Problem::new(Code::NotAllPossible).with("items", refused)) }
}

fn carry_out(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, task: Task) -> Result<Saved, Problem> {
    let Task { id, version, work } = task;
    let expected = Expected::version(version);
    match work {
        Work::Edit(patch) => revise(tx, permit, id, &expected, patch),
        Work::Step(step, notes) => {
            check(permit, step)?;
            take(tx, &permit.user, Order { id, expected, step, notes })
        }
    }
}

/// The permission that the step's own operation asks for.
fn check(permit: &Permit<WriteArticles>, step: Step) -> Result<(), Problem> {
    match step {
        Step::Edit | Step::Submit | Step::Spike | Step::Unspike => Ok(()),
        Step::Kill => permit.and::<KillArticles>().map(drop),
        _ => permit.and::<PublishArticles>().map(drop),
    }
}

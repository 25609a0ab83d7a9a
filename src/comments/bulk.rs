//! The same about many comments in one request: each item stands or falls by itself, or all of them together.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::desk::{mark, review};
use super::model::{CommentReason, Mark};
use super::{Comment, Ruling, approve, found, reject, store, withhold};
use crate::app::Tx;
use crate::articles;
use crate::auth::Permit;
use crate::auth::actions::ModerateComments;
use crate::http::Expected;
use crate::ids::{ArticleId, CommentId};
use crate::problem::{Code, Problem};

/// What is to be done with each of several comments.
#[derive(Clone, Debug)]
pub struct Work {
    /// What.
    pub deed: Deed,
    /// For colleagues.
    pub note: Option<String>,
}

/// What a moderator does with one comment.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// Let everyone read it.
    Approve,
    /// Refuse it, or take it back.
    Reject(CommentReason),
    /// Take it from sight for the time being.
    Withhold(CommentReason),
    /// Look, and leave it as it is.
    Review,
    /// Bring it to the front, or back.
    Mark(Mark),
}

/// One of several comments, and the version that the caller has seen, if that matters.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The comment.
    pub id: CommentId,
    /// The version.
    pub version: Option<i64>,
}

/// What became of a task.
#[derive(Debug)]
pub struct Outcome {
    /// The comment.
    pub id: CommentId,
    /// What it is now, or why not.
    pub result: Result<Comment, Problem>,
}

/// Works on comments one after the other, and answers in the order of the tasks. Where all or nothing was asked for,
/// `explain` says each refusal.
///
/// # Errors
/// `not_all_possible` where all or nothing was asked for and something was refused: then nothing is done. What breaks on
/// our side ends the whole request.
pub fn bulk(
    tx: &mut Tx<'_>,
    permit: &Permit<ModerateComments>,
    tasks: &[Task],
    work: &Work,
    explain: Option<&dyn Fn(&Problem) -> Value>,
) -> Result<Vec<Outcome>, Problem> {
    let mut outcomes = Vec::with_capacity(tasks.len());
    for (n, task) in in_order(tx, tasks)? {
        match tx.attempt(|tx| carry_out(tx, permit, task, work)) {
            Err(problem) if problem.code.status().is_server_error() => return Err(problem),
            result => outcomes.push((n, Outcome { id: task.id, result })),
        }
    }
    outcomes.sort_by_key(|(n, _)| *n);
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let Some(explain) = explain else { return Ok(outcomes) };
    let refused = |(n, outcome): (usize, &Outcome)| {
        let problem = explain(outcome.result.as_ref().err()?);
        Some(serde_json::json!({ "index": n, "id": outcome.id, "problem": problem }))
    };
    let refused: Vec<Value> = outcomes.iter().enumerate().filter_map(refused).collect();
    if refused.is_empty() { Ok(outcomes) } else { Err(Problem::new(Code::NotAllPossible).with("items", refused)) }
}

/// Takes the rows of articles, in one order. Everything that changes a discussion takes the article's row first: whoever
/// changes several comments at once does too, so that two that meet do not wait for each other.
pub(super) fn take_articles(tx: &mut Tx<'_>, articles: impl IntoIterator<Item = ArticleId>) -> Result<(), Problem> {
    for article in articles.into_iter().collect::<BTreeSet<_>>() {
        articles::count_comments(tx, article, 0)?;
    }
    Ok(())
}

/// The tasks by article, each with its place in the request. Nobody else changes these discussions from here on.
fn in_order<'t>(tx: &mut Tx<'_>, tasks: &'t [Task]) -> Result<Vec<(usize, &'t Task)>, Problem> {
    let ids: Vec<CommentId> = tasks.iter().map(|task| task.id).collect();
    let places: HashMap<CommentId, ArticleId> = store::articles_of(tx.conn, &ids)?.into_iter().collect();
    take_articles(tx, places.values().copied())?;
    let mut ordered: Vec<(usize, &Task)> = tasks.iter().enumerate().collect();
    ordered.sort_by_key(|(_, task)| (places.get(&task.id).copied(), task.id));
    Ok(ordered)
}

fn carry_out(tx: &mut Tx<'_>, permit: &Permit<ModerateComments>, task: &Task, work: &Work) -> Result<Comment, Problem> {
    let Task { id, version } = *task;
    let seen = match version {
        Some(version) => version,
        None => found(&mut tx.reading(), id)?.row.version,
    };
    let (expected, note) = (Expected::version(seen), work.note.clone());
    match work.deed {
        Deed::Review => review(tx, permit, id, &expected, note),
        Deed::Mark(which) => mark(tx, permit, id, &expected, which),
        Deed::Approve => approve(tx, permit, Ruling { id, expected, note }),
        Deed::Reject(reason) => reject(tx, permit, Ruling { id, expected, note }, reason),
        Deed::Withhold(reason) => withhold(tx, permit, Ruling { id, expected, note }, reason),
    }
}

//! What was decided about a comment, by whom or by which rule, and what moderators noted beside it. It only grows.

pub mod dto;
pub mod http;
mod store;

use std::collections::HashMap;

use self::dto::CommentDecisionView;
use super::course::{self, Cause};
use super::pipeline::{self, Rule};
use super::{Comment, found};
use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::ModerateComments;
use crate::db::page::{PageRequest, Slice};
use crate::ids::CommentId;
use crate::problem::Problem;

/// What stands among the decisions and is none.
const ASIDE: [Rule; 3] = [Rule::Note, Rule::Review, Rule::Appeal];

/// A page of what was decided about a comment and noted beside it, the latest first.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    id: CommentId,
    page: &PageRequest,
) -> Result<Slice<CommentDecisionView>, Problem> {
    found(read, id)?;
    let Slice { rows, next, prev, total } = store::list(read.conn, id, page)?;
    let rows = rows.into_iter().map(CommentDecisionView::try_from).collect::<Result<_, _>>()?;
    Ok(Slice { rows, next, prev, total })
}

/// Leaves a note about a comment for colleagues.
pub fn note(
    tx: &mut Tx<'_>,
    permit: &Permit<ModerateComments>,
    id: CommentId,
    note: String,
) -> Result<CommentDecisionView, Problem> {
    let Comment { row, .. } = found(&mut tx.reading(), id)?;
    let cause = Cause { note: Some(note), ..Cause::of(Rule::Note, permit.user.id) };
    course::remark(tx, &row, cause)?.try_into()
}

/// By what a comment got the status that it has.
pub fn last_rule(read: &mut Read<'_>, id: CommentId) -> Result<Option<Rule>, Problem> {
    Ok(store::last_rule(read.conn, id, &ASIDE)?)
}

/// By what each of these comments got the status that it has.
pub fn last_rules(read: &mut Read<'_>, ids: &[CommentId]) -> Result<HashMap<CommentId, Rule>, Problem> {
    let deciding: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| !ASIDE.contains(rule)).collect();
    Ok(store::rules(read.conn, ids, &deciding)?.into_iter().collect())
}

/// Which rule decided about each of these comments when it was written as it is, before anybody else did.
pub fn last_judged(read: &mut Read<'_>, ids: &[CommentId]) -> Result<HashMap<CommentId, Rule>, Problem> {
    // In order, so that the last one of each stays.
    Ok(store::rules(read.conn, ids, &pipeline::RULES)?.into_iter().collect())
}

/// Whether the writer has asked once already to look again at what was last decided.
pub fn is_appealed(read: &mut Read<'_>, id: CommentId) -> Result<bool, Problem> {
    Ok(store::last_rule(read.conn, id, &[Rule::Note, Rule::Review])? == Some(Rule::Appeal))
}

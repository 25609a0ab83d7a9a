//! Somebody who comments, as moderators know them: what became of what they wrote, and what was done about them.

pub mod dto;
pub mod http;
mod store;

use self::dto::CommenterView;
use super::sanctions;
use crate::app::Read;
use crate::auth::Permit;
use crate::auth::actions::ModerateComments;
use crate::ids::CommenterId;
use crate::problem::Problem;

/// How many of somebody's latest comments are looked through for decisions.
const SAID_MAX: i64 = 50;
/// How many decisions are shown.
const DECISIONS_MAX: i64 = 20;

/// Somebody's history.
pub fn open(read: &mut Read<'_>, _: &Permit<ModerateComments>, id: CommenterId) -> Result<CommenterView, Problem> {
    let (writer, since) = store::find(read.conn, id)?.ok_or_else(Problem::not_found)?;
    let counts = store::counts(read.conn, id)?;
    let held = sanctions::held(read, id)?;
    let decided = store::decisions(read.conn, id, SAID_MAX, DECISIONS_MAX)?;
    CommenterView::new((id, writer, since), &counts, held, decided)
}

//! What moderators do beside deciding: they look, and bring the best to the front.

use super::course::{self, Cause};
use super::model::{self, Mark};
use super::pipeline::Rule;
use super::store::Row;
use super::{Comment, found};
use crate::app::Tx;
use crate::auth::Permit;
use crate::auth::actions::ModerateComments;
use crate::http::Expected;
use crate::ids::CommentId;
use crate::problem::{Code, Problem};

/// Leaves a comment as it is, after a look: it is unreviewed, reported or appealed against no more.
pub fn review(
    tx: &mut Tx<'_>,
    permit: &Permit<ModerateComments>,
    id: CommentId,
    expected: &Expected,
    note: Option<String>,
) -> Result<Comment, Problem> {
    let Comment { row: before, writer, .. } = found(&mut tx.reading(), id)?;
    expected.check(before.version)?;
    if !model::may_stay(before.status) {
        let allowed: Vec<&str> = model::allowed(before.status).into_iter().map(model::Decision::as_str).collect();
        return Err(Problem::new(Code::IllegalTransition)
            .with("state", before.status.as_str())
            .with("allowed", allowed));
    }
    let cause = Cause { note, ..Cause::of(Rule::Review, permit.user.id) };
    let after = Row { is_reviewed: true, report_count: 0, appeal: None, ..before.clone() };
    let row = course::turn_unseen(tx, &before, after, "comment.reviewed", Some(cause))?;
    Ok(Comment::from((row, writer)))
}

/// Features or pins a published comment, or does so no more.
pub fn mark(
    tx: &mut Tx<'_>,
    _: &Permit<ModerateComments>,
    id: CommentId,
    expected: &Expected,
    mark: Mark,
) -> Result<Comment, Problem> {
    let Comment { row: before, writer, .. } = found(&mut tx.reading(), id)?;
    expected.check(before.version)?;
    let marks = (before.is_featured, before.is_pinned);
    let (is_featured, is_pinned) = model::marked(mark, before.status, marks).ok_or_else(|| {
        let open = Mark::ALL.iter().filter(|mark| model::marked(**mark, before.status, marks).is_some());
        let allowed: Vec<&str> = open.map(|mark| mark.as_str()).collect();
        Problem::new(Code::IllegalTransition).with("state", before.status.as_str()).with("allowed", allowed)
    })?;
    let topic = match mark {
        Mark::Feature => "comment.featured",
        Mark::Unfeature => "comment.unfeatured",
        Mark::Pin => "comment.pinned",
        Mark::Unpin => "comment.unpinned",
    };
    let row = course::turn(tx, &before, Row { is_featured, is_pinned, ..before.clone() }, topic, None)?;
    Ok(Comment::from((row, writer)))
}

//! What readers tell moderators of a comment. A report is open until a moderator decides about the comment; when as many are
//! open as the site's `reportsWithhold` says, the comment goes out of sight until somebody has looked.
//!
//! Nobody learns who reported: no answer, no event and no line of the audit log says it. What those who moderate write is
//! reported like anything else, but no number of reports takes it from sight: they answer for it themselves, and a campaign
//! must not silence a newsroom below its own articles.

pub mod dto;
mod store;

use serde_json::json;

use self::dto::ReportIn;
pub use self::store::Report;
use super::course::{self, Cause};
use super::pipeline::Rule;
use super::store::Row;
use super::{Comment, CommentStatus, found, guests, hold_shown, sanctions, shown};
use crate::app::{Read, Tx};
use crate::articles;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments, ReactToComments};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, fingerprint};
use crate::ids::{CommentId, CommenterId};
use crate::problem::{Code, Problem};
use crate::site;

/// Tells moderators of a comment that everyone reads; answers whether that is new. Who has an open report of it has said
/// so already.
pub fn report(
    tx: &mut Tx<'_>,
    permit: &Permit<ReactToComments>,
    id: CommentId,
    form: ReportIn,
) -> Result<(Report, bool), Problem> {
    let ReportIn { reason, note } = form;
    let note = super::dto::note(note.as_deref()).map_err(|fault| Problem::field("/note", fault))?;
    let article = shown(&mut tx.reading(), id)?.row.article_id;
    let author_id = permit.user.commenter();
    sanctions::check(&mut tx.reading(), author_id)?;
    guests::enter_account(tx, author_id)?;
    // It may go out of sight, which is counted at the article: so that comes first.
    articles::count_comments(tx, article, 0)?;
    let comment = hold_shown(tx, id)?;
    if comment.user() == Some(permit.user.id) {
        return Err(Problem::new(Code::OwnComment));
    }
    if let Some(open) = store::open(tx.conn, id, author_id)? {
        tx.is_routine();
        return Ok((open, false));
    }
    let report =
        Report { id: tx.next_id(), comment_id: id, author_id, reason, note, created_at: tx.now, closed_at: None };
    store::insert(tx.conn, &report)?;
    let payload = json!({ "articleId": article, "reason": reason, "count": comment.row.report_count + 1 });
    let kept = fingerprint(&(report.id, id, reason, &report.note))?;
    tx.record(Change::newsroom("comment.reported", id, payload).hashes(None, Some(kept)));
    withhold(tx, comment)?;
    Ok((report, true))
}

/// Takes a comment from sight if as many reports of it are open as the site's rule says.
fn withhold(tx: &mut Tx<'_>, comment: Comment) -> Result<(), Problem> {
    let Comment { row, writer, .. } = comment;
    let before = Row { report_count: row.report_count + 1, has_reports: true, ..row };
    let enough = i64::from(site::present(&mut tx.reading())?.discussion.reports_withhold);
    let is_moderators = writer.role.is_some_and(|role| ModerateComments::ROLES.contains(&role));
    if enough == 0 || before.report_count < enough || is_moderators {
        return Ok(());
    }
    let after = Row { status: CommentStatus::Withheld, is_reviewed: false, ..before.clone() };
    course::turn(tx, &before, after, "comment.withheld", Some(Cause::rule(Rule::Reports, Vec::new())))?;
    Ok(())
}

/// Closes what is open about a comment whose row is held: somebody has decided.
pub(super) fn close(tx: &mut Tx<'_>, id: CommentId) -> Result<(), Problem> {
    store::close(tx.conn, id, tx.now)?;
    Ok(())
}

/// A page of the reports of a comment for moderators, the latest first.
pub fn of_comment(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    id: CommentId,
    page: &PageRequest,
) -> Result<Slice<Report>, Problem> {
    found(read, id)?;
    Ok(store::of_comment(read.conn, id, page)?)
}

/// All that somebody has told moderators of comments, the earliest first, for them to take along.
pub(super) fn all_of(read: &mut Read<'_>, author: CommenterId) -> Result<Vec<Report>, Problem> {
    Ok(store::all_of(read.conn, author)?)
}

/// Takes out what somebody has said with their reports.
pub(super) fn forget_notes(tx: &mut Tx<'_>, author: CommenterId) -> Result<(), Problem> {
    store::forget_notes(tx.conn, author)?;
    Ok(())
}

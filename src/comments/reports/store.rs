//! The only SQL for reports.

use diesel::prelude::*;

use super::dto::ReportReason;
use crate::db::Conn;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{comment_reports, comments};
use crate::ids::{CommentId, CommenterId, ReportId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `comment_reports`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_reports)]
pub struct Report {
    pub id: ReportId,
    pub comment_id: CommentId,
    pub author_id: CommenterId,
    pub reason: ReportReason,
    pub note: Option<String>,
    pub created_at: UtcTime,
    pub closed_at: Option<UtcTime>,
}

/// Somebody's open report of a comment.
pub(super) fn open(conn: &mut Conn, comment: CommentId, author: CommenterId) -> QueryResult<Option<Report>> {
    let own = comment_reports::comment_id.eq(comment).and(comment_reports::author_id.eq(author));
    let open = comment_reports::table.filter(own.and(comment_reports::closed_at.is_null()));
    open.select(Report::as_select()).first(conn).optional()
}

/// Keeps an open report of a comment whose row is held, and counts it there.
pub(super) fn insert(conn: &mut Conn, report: &Report) -> QueryResult<usize> {
    diesel::insert_into(comment_reports::table).values(report).execute(conn)?;
    diesel::update(comments::table.find(report.comment_id))
        .set((comments::report_count.eq(comments::report_count + 1), comments::has_reports.eq(true)))
        .execute(conn)
}

/// Closes the open reports of a comment whose row is held.
pub(super) fn close(conn: &mut Conn, comment: CommentId, now: UtcTime) -> QueryResult<usize> {
    let of_comment = comment_reports::table.filter(comment_reports::comment_id.eq(comment));
    diesel::update(of_comment.filter(comment_reports::closed_at.is_null()))
        .set(comment_reports::closed_at.eq(now))
        .execute(conn)?;
    diesel::update(comments::table.find(comment))
        .set((comments::report_count.eq(0), comments::has_reports.eq(false)))
        .execute(conn)
}

pub(super) fn of_comment(conn: &mut Conn, comment: CommentId, page: &PageRequest) -> QueryResult<Slice<Report>> {
    let of_comment = || comment_reports::table.filter(comment_reports::comment_id.eq(comment)).into_boxed();
    let query = keyset!(of_comment(), page, comment_reports::created_at => number, comment_reports::id, true);
    let rows = query.select(Report::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Report| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(of_comment().count().get_result(conn)?);
    }
    Ok(slice)
}

pub(super) fn all_of(conn: &mut Conn, author: CommenterId) -> QueryResult<Vec<Report>> {
    let theirs = comment_reports::table.filter(comment_reports::author_id.eq(author));
    theirs.order((comment_reports::created_at.asc(), comment_reports::id.asc())).select(Report::as_select()).load(conn)
}

/// Takes out what somebody has said with their reports.
pub(super) fn forget_notes(conn: &mut Conn, author: CommenterId) -> QueryResult<usize> {
    diesel::update(comment_reports::table.filter(comment_reports::author_id.eq(author)))
        .set(comment_reports::note.eq(None::<String>))
        .execute(conn)
}

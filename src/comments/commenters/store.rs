//! The SQL for somebody's history.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::comments::model::CommentStatus;
use crate::comments::store::{Decided, Writer, writer};
use crate::db::schema::{comment_decisions, commenters, comments, users};
use crate::db::{Conn, one_of};
use crate::ids::{CommentId, CommenterId};
use crate::time::UtcTime;

/// Somebody who comments, and since when.
pub(super) fn find(conn: &mut Conn, id: CommenterId) -> QueryResult<Option<(Writer, UtcTime)>> {
    commenters::table
        .left_join(users::table.on(users::id.nullable().eq(commenters::user_id)))
        .filter(commenters::id.eq(id))
        .select((writer!(), commenters::created_at))
        .first(conn)
        .optional()
}

/// How many of somebody's comments have which status, along the index.
pub(super) fn counts(conn: &mut Conn, id: CommenterId) -> QueryResult<Vec<(CommentStatus, i64)>> {
    comments::table
        .filter(comments::author_id.eq(id))
        .group_by(comments::status)
        .select((comments::status, count_star()))
        .load(conn)
}

/// The latest of what was decided about the latest of somebody's comments.
pub(super) fn decisions(conn: &mut Conn, id: CommenterId, said: i64, limit: i64) -> QueryResult<Vec<Decided>> {
    let latest: Vec<CommentId> = comments::table
        .filter(comments::author_id.eq(id))
        .order((comments::created_at.desc(), comments::id.desc()))
        .limit(said)
        .select(comments::id)
        .load(conn)?;
    comment_decisions::table
        .filter(one_of(comment_decisions::comment_id, latest))
        .order((comment_decisions::created_at.desc(), comment_decisions::id.desc()))
        .limit(limit)
        .select(Decided::as_select())
        .load(conn)
}

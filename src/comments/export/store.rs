//! The queries that collect all that somebody has said.

use diesel::prelude::*;

use crate::comments::store::{Decided, Revision, Row};
use crate::db::Conn;
use crate::db::schema::{comment_decisions, comment_revisions, comments};
use crate::ids::CommenterId;

pub(super) fn comments(conn: &mut Conn, author: CommenterId) -> QueryResult<Vec<Row>> {
    let theirs = comments::table.filter(comments::author_id.eq(author));
    theirs.order((comments::created_at.asc(), comments::id.asc())).select(Row::as_select()).load(conn)
}

pub(super) fn revisions(conn: &mut Conn, author: CommenterId) -> QueryResult<Vec<Revision>> {
    comment_revisions::table
        .inner_join(comments::table.on(comments::id.eq(comment_revisions::comment_id)))
        .filter(comments::author_id.eq(author))
        .order((comment_revisions::comment_id.asc(), comment_revisions::version.asc()))
        .select(Revision::as_select())
        .load(conn)
}

pub(super) fn decisions(conn: &mut Conn, author: CommenterId) -> QueryResult<Vec<Decided>> {
    comment_decisions::table
        .inner_join(comments::table.on(comments::id.eq(comment_decisions::comment_id)))
        .filter(comments::author_id.eq(author))
        .order((comment_decisions::comment_id.asc(), comment_decisions::id.asc()))
        .select(Decided::as_select())
        .load(conn)
}

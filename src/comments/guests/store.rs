//! The only SQL for guests.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::comments::CommentStatus;
use crate::db::schema::{commenters, comments};
use crate::db::{Conn, one_of};
use crate::ids::CommenterId;
use crate::time::UtcTime;

/// Whether this is a guest who still has a name, and does not lose it before the transaction ends.
pub(super) fn hold_guest(conn: &mut Conn, id: CommenterId) -> QueryResult<bool> {
    let guest = commenters::table.find(id).filter(commenters::user_id.is_null().and(commenters::name.is_not_null()));
    diesel::update(guest).set(commenters::name.eq(commenters::name)).execute(conn).map(|rows| rows == 1)
}

/// Whether an account stands behind this one, and is not forgotten before the transaction ends.
pub(super) fn hold_account(conn: &mut Conn, id: CommenterId) -> QueryResult<bool> {
    let account = commenters::table.find(id).filter(commenters::user_id.is_not_null());
    diesel::update(account).set(commenters::user_id.eq(commenters::user_id)).execute(conn).map(|rows| rows == 1)
}

pub(super) fn insert(
    conn: &mut Conn,
    id: CommenterId,
    name: &str,
    email: Option<&[u8]>,
    now: UtcTime,
) -> QueryResult<usize> {
    diesel::insert_into(commenters::table)
        .values((
            commenters::id.eq(id),
            commenters::name.eq(name),
            commenters::email.eq(email),
            commenters::created_at.eq(now),
        ))
        .execute(conn)
}

/// Takes the name and the address from a guest of whom no comment has words any more.
pub(super) fn forget_if_silent(conn: &mut Conn, id: CommenterId) -> QueryResult<usize> {
    let said = one_of(comments::status, CommentStatus::with_words());
    let words = comments::table.filter(comments::author_id.eq(id).and(said));
    diesel::update(commenters::table.find(id).filter(commenters::user_id.is_null()).filter(not(exists(words))))
        .set((
            commenters::name.eq(None::<String>),
            commenters::email.eq(None::<Vec<u8>>),
            commenters::badge.eq(None::<String>),
        ))
        .execute(conn)
}

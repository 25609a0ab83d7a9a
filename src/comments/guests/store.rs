//! The only SQL for guests.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::Binary;

use crate::comments::CommentStatus;
use crate::db::schema::{commenters, comments};
use crate::db::{Conn, one_of, statement};
use crate::ids::CommenterId;
use crate::time::UtcTime;

/// Whether this is a guest who still has a name, and does not lose it before the transaction ends.
pub(super) fn hold_guest(conn: &mut Conn, id: CommenterId) -> QueryResult<bool> {
    let guest = statement("SELECT id FROM commenters WHERE user_id IS NULL AND name IS NOT NULL AND id = ?");
    let guest = guest.bind::<Binary, _>(id).answering::<Binary>().holding(conn);
    Ok(guest.get_result::<CommenterId>(conn).optional()?.is_some())
}

/// Whether an account stands behind this one, and is not forgotten before the transaction ends.
pub(super) fn hold_account(conn: &mut Conn, id: CommenterId) -> QueryResult<bool> {
    let account = statement("SELECT id FROM commenters WHERE user_id IS NOT NULL AND id = ?");
    let account = account.bind::<Binary, _>(id).answering::<Binary>().holding(conn);
    Ok(account.get_result::<CommenterId>(conn).optional()?.is_some())
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

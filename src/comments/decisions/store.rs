//! The SQL for what was decided about comments, and noted beside it.

use diesel::prelude::*;

use crate::comments::pipeline::Rule;
use crate::comments::store::Decided;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::comment_decisions;
use crate::db::{Conn, one_of};
use crate::ids::CommentId;
use crate::keyset;

pub(super) fn list(conn: &mut Conn, id: CommentId, page: &PageRequest) -> QueryResult<Slice<Decided>> {
    let about = || comment_decisions::table.filter(comment_decisions::comment_id.eq(id)).into_boxed();
    let query = keyset!(about(), page, comment_decisions::created_at => number, comment_decisions::id, true);
    let rows = query.select(Decided::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Decided| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(about().count().get_result(conn)?);
    }
    Ok(slice)
}

/// By what a comment got its status, these rules aside.
pub(super) fn last_rule(conn: &mut Conn, id: CommentId, aside: &[Rule]) -> QueryResult<Option<Rule>> {
    comment_decisions::table
        .filter(comment_decisions::comment_id.eq(id).and(comment_decisions::rule.ne_all(aside.to_vec())))
        .order((comment_decisions::created_at.desc(), comment_decisions::id.desc()))
        .select(comment_decisions::rule)
        .first(conn)
        .optional()
}

/// Of these rules, those that decided about each of these comments, in order.
pub(super) fn rules(conn: &mut Conn, ids: &[CommentId], rules: &[Rule]) -> QueryResult<Vec<(CommentId, Rule)>> {
    comment_decisions::table
        .filter(one_of(comment_decisions::comment_id, ids))
        .filter(one_of(comment_decisions::rule, rules))
        .order((comment_decisions::comment_id, comment_decisions::created_at, comment_decisions::id))
        .select((comment_decisions::comment_id, comment_decisions::rule))
        .load(conn)
}

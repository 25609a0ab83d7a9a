//! The only SQL for comments.

use diesel::prelude::*;

use super::model::{CommentReason, CommentStatus};
use crate::auth::Role;
use crate::db::Conn;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{comments, users};
use crate::ids::{ArticleId, CommentId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `comments`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = comments)]
pub(super) struct Row {
    pub id: CommentId,
    pub article_id: ArticleId,
    pub parent_id: Option<CommentId>,
    pub depth: i64,
    pub author_id: UserId,
    pub status: CommentStatus,
    pub text: String,
    pub reply_count: i64,
    pub reason: Option<CommentReason>,
    pub note: Option<String>,
    pub moderated_by: Option<UserId>,
    pub version: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// What others see of somebody who comments.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(super) struct Writer {
    pub name: String,
    pub role: Role,
}

/// Which part of a discussion.
#[derive(Clone, Copy, Debug)]
pub(super) enum Branch {
    Whole,
    Roots,
    RepliesTo(CommentId),
}

/// Which comments a list wants. No status stands for any.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub article: Option<ArticleId>,
    pub branch: Branch,
    pub statuses: Vec<CommentStatus>,
    pub newest_first: bool,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(comments::table).values(row).execute(conn)
}

/// Writes a decision over the version that was read; 0 when another came first. Replies that are counted
/// meanwhile are no part of it.
pub(super) fn decide(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(comments::table.find(row.id).filter(comments::version.eq(present)))
        .set((
            comments::status.eq(row.status),
            comments::reason.eq(row.reason),
            comments::note.eq(row.note.as_deref()),
            comments::moderated_by.eq(row.moderated_by),
            comments::version.eq(row.version),
            comments::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

pub(super) fn add_replies(conn: &mut Conn, parent: CommentId, delta: i64) -> QueryResult<usize> {
    diesel::update(comments::table.find(parent))
        .set(comments::reply_count.eq(comments::reply_count + delta))
        .execute(conn)
}

pub(super) fn find(conn: &mut Conn, id: CommentId) -> QueryResult<Option<(Row, Writer)>> {
    comments::table
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .filter(comments::id.eq(id))
        .select((Row::as_select(), Writer::as_select()))
        .first(conn)
        .optional()
}

pub(super) fn list(conn: &mut Conn, wanted: &Wanted, page: &PageRequest) -> QueryResult<Slice<(Row, Writer)>> {
    let Wanted { article, branch, statuses, newest_first } = wanted;
    let filtered = || {
        let mut query = comments::table.inner_join(users::table.on(users::id.eq(comments::author_id))).into_boxed();
        if let Some(article) = article {
            query = query.filter(comments::article_id.eq(*article));
        }
        // One status is said as such: only then do the indexes give the order too.
        query = match statuses.as_slice() {
            [] => query,
            [one] => query.filter(comments::status.eq(*one)),
            several => query.filter(comments::status.eq_any(several.to_vec())),
        };
        match branch {
            Branch::Whole => query,
            Branch::Roots => query.filter(comments::parent_id.is_null()),
            Branch::RepliesTo(parent) => query.filter(comments::parent_id.eq(*parent)),
        }
    };
    let query = keyset!(filtered(), page, comments::created_at => number, comments::id, *newest_first);
    let rows = query.select((Row::as_select(), Writer::as_select())).load::<(Row, Writer)>(conn)?;
    let mut slice = page.cut(rows, |(row, _): &(Row, Writer)| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

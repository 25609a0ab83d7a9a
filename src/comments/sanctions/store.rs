//! The only SQL for sanctions.

use diesel::prelude::*;

use super::model::SanctionKind;
use crate::auth::Role;
use crate::comments::model::CommentReason;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{commenters, sanctions, users};
use crate::db::{Conn, directly, one_of};
use crate::ids::{CommenterId, SanctionId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `sanctions`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sanctions)]
pub struct Sanction {
    pub id: SanctionId,
    pub commenter_id: CommenterId,
    pub kind: SanctionKind,
    pub reason: CommentReason,
    pub note: Option<String>,
    pub until: Option<UtcTime>,
    pub imposed_by: UserId,
    pub created_at: UtcTime,
    pub lifted_at: Option<UtcTime>,
    pub lifted_by: Option<UserId>,
    pub lift_note: Option<String>,
}

/// Which sanctions a list wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub commenter: Option<CommenterId>,
    /// Only those that hold at this instant, or only those that do not.
    pub active: Option<(bool, UtcTime)>,
}

pub(super) fn insert(conn: &mut Conn, sanction: &Sanction) -> QueryResult<usize> {
    diesel::insert_into(sanctions::table).values(sanction).execute(conn)
}

pub(super) fn find(conn: &mut Conn, id: SanctionId) -> QueryResult<Option<Sanction>> {
    sanctions::table.find(id).select(Sanction::as_select()).first(conn).optional()
}

/// Ends a sanction, unless somebody has.
pub(super) fn lift(conn: &mut Conn, lifted: &Sanction) -> QueryResult<usize> {
    diesel::update(sanctions::table.find(lifted.id).filter(sanctions::lifted_at.is_null()))
        .set((
            sanctions::lifted_at.eq(lifted.lifted_at),
            sanctions::lifted_by.eq(lifted.lifted_by),
            sanctions::lift_note.eq(lifted.lift_note.as_deref()),
        ))
        .execute(conn)
}

/// Of the sanctions of somebody, those that hold, the latest first.
macro_rules! holding {
    ($commenter:expr, $now:expr) => {
        sanctions::table
            .filter(sanctions::commenter_id.eq($commenter).and(sanctions::lifted_at.is_null()))
            .filter(sanctions::until.is_null().or(sanctions::until.gt($now)))
            .order((sanctions::created_at.desc(), sanctions::id.desc()))
    };
}

/// What holds for somebody, up to a limit.
pub(super) fn held(conn: &mut Conn, commenter: CommenterId, now: UtcTime, limit: i64) -> QueryResult<Vec<Sanction>> {
    holding!(commenter, now).limit(limit).select(Sanction::as_select()).load(conn)
}

/// The same without warnings, of which somebody may have many.
pub(super) fn held_firmly(
    conn: &mut Conn,
    commenter: CommenterId,
    now: UtcTime,
    limit: i64,
) -> QueryResult<Vec<Sanction>> {
    let firm = holding!(commenter, now).filter(sanctions::kind.ne(SanctionKind::Warn));
    directly!(conn, own => firm.limit(limit).select(Sanction::as_select()).load(own))
}

/// Of these, those for whom one of a kind holds.
pub(super) fn held_by(
    conn: &mut Conn,
    commenters: &[CommenterId],
    kind: SanctionKind,
    now: UtcTime,
) -> QueryResult<Vec<CommenterId>> {
    sanctions::table
        .filter(one_of(sanctions::commenter_id, commenters).and(sanctions::lifted_at.is_null()))
        .filter(sanctions::kind.eq(kind))
        .filter(sanctions::until.is_null().or(sanctions::until.gt(now)))
        .select(sanctions::commenter_id)
        .load(conn)
}

/// Somebody who comments, with the role of the account, if there is one.
pub(super) fn commenter(conn: &mut Conn, id: CommenterId) -> QueryResult<Option<(CommenterId, Option<Role>)>> {
    commenters::table
        .left_join(users::table.on(users::id.nullable().eq(commenters::user_id)))
        .filter(commenters::id.eq(id))
        .select((commenters::id, users::role.nullable()))
        .first(conn)
        .optional()
}

pub(super) fn list(conn: &mut Conn, wanted: Wanted, page: &PageRequest) -> QueryResult<Slice<Sanction>> {
    let Wanted { commenter, active } = wanted;
    let filtered = || {
        let mut query = sanctions::table.into_boxed();
        if let Some(commenter) = commenter {
            query = query.filter(sanctions::commenter_id.eq(commenter));
        }
        match active {
            None => query,
            Some((true, now)) => query
                .filter(sanctions::lifted_at.is_null())
                .filter(sanctions::until.is_null().or(sanctions::until.gt(now))),
            Some((false, now)) => query.filter(sanctions::lifted_at.is_not_null().or(sanctions::until.le(now))),
        }
    };
    let query = keyset!(filtered(), page, sanctions::created_at => number, sanctions::id, true);
    let rows = query.select(Sanction::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Sanction| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

/// All that was ever done about somebody, the earliest first.
pub(super) fn all_of(conn: &mut Conn, commenter: CommenterId) -> QueryResult<Vec<Sanction>> {
    let theirs = sanctions::table.filter(sanctions::commenter_id.eq(commenter));
    theirs.order((sanctions::created_at.asc(), sanctions::id.asc())).select(Sanction::as_select()).load(conn)
}

/// Takes out what was noted about somebody.
pub(super) fn forget_notes(conn: &mut Conn, commenter: CommenterId) -> QueryResult<usize> {
    diesel::update(sanctions::table.filter(sanctions::commenter_id.eq(commenter)))
        .set((sanctions::note.eq(None::<String>), sanctions::lift_note.eq(None::<String>)))
        .execute(conn)
}

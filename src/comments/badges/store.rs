//! The only SQL for badges.

use diesel::prelude::*;

use super::GivenBadge;
use crate::comments::Writer;
use crate::db::schema::{commenters, users};
use crate::db::{Conn, directly};
use crate::ids::CommenterId;

pub(super) fn find(conn: &mut Conn, id: CommenterId) -> QueryResult<Option<Writer>> {
    let writer = commenters::table
        .left_join(users::table.on(users::id.nullable().eq(commenters::user_id)))
        .filter(commenters::id.eq(id))
        .select((
            commenters::user_id,
            users::name.nullable(),
            users::role.nullable(),
            commenters::name,
            commenters::badge,
        ));
    directly!(conn, own => writer.first(own).optional())
}

pub(super) fn award(conn: &mut Conn, id: CommenterId, badge: Option<GivenBadge>) -> QueryResult<usize> {
    diesel::update(commenters::table.find(id)).set(commenters::badge.eq(badge)).execute(conn)
}

//! The SQL for the comments that rules are tried on.

use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::trial::Without;
use crate::comments::CommentStatus;
use crate::db::Conn;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::comments;
use crate::ids::{ArticleId, CommentId, CommenterId};
use crate::keyset;
use crate::time::UtcTime;

/// What somebody has said, and how much of theirs was read by everyone before.
#[derive(Clone, Debug, Queryable)]
pub struct Said {
    pub id: CommentId,
    pub article_id: ArticleId,
    pub author_id: CommenterId,
    pub status: CommentStatus,
    pub text: String,
    pub created_at: UtcTime,
    /// How many of its writer's earlier comments are published, as far as any rule asks.
    pub earlier: i64,
}

/// Of the writer's published comments those that are older. Within the statement that reads the comment, so that no page
/// needs one for each writer; the index is `comments_author_id_index`.
fn earlier(without: Without) -> SqlLiteral<BigInt> {
    diesel::dsl::sql(if without.history {
        "CAST(0 AS BIGINT)"
    } else {
        "(SELECT count(*) FROM (SELECT 1 FROM comments earlier WHERE earlier.author_id = comments.author_id \
         AND earlier.status = 'published' \
         AND (earlier.created_at, earlier.id) < (comments.created_at, comments.id) LIMIT 50) few)"
    })
}

/// The latest comment that is none of the last ones, if there are more than these. The index is `comments_created_at_index`.
pub(super) fn before_last(conn: &mut Conn, last: u32) -> QueryResult<Option<Position>> {
    let said = comments::table.filter(comments::status.ne(CommentStatus::Deleted));
    let latest_first = said.order((comments::created_at.desc(), comments::id.desc()));
    let place = latest_first.select((comments::created_at, comments::id)).offset(last.into()).limit(1);
    let place: Option<(UtcTime, CommentId)> = place.first(conn).optional()?;
    Ok(place.map(|(created_at, id)| Position::at(created_at.micros(), id.uuid())))
}

/// Comments that still have words, the oldest first.
pub(super) fn after(conn: &mut Conn, page: &PageRequest, without: Without) -> QueryResult<Slice<Said>> {
    let said = comments::table.filter(comments::status.ne(CommentStatus::Deleted)).into_boxed();
    let query = keyset!(said, page, comments::created_at => number, comments::id, false);
    let what = (comments::status, comments::text, comments::created_at);
    let (id, article, author) = (comments::id, comments::article_id, comments::author_id);
    let rows = query.select((id, article, author, what.0, what.1, what.2, earlier(without))).load(conn)?;
    Ok(page.cut(rows, |said: &Said| Position::at(said.created_at.micros(), said.id.uuid())))
}

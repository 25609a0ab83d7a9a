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

/// The last comments that still have words, the latest first.
pub(super) fn last(conn: &mut Conn, page: &PageRequest, without: Without) -> QueryResult<Slice<Said>> {
    let said = comments::table.filter(comments::status.ne(CommentStatus::Deleted)).into_boxed();
    let query = keyset!(said, page, comments::created_at => number, comments::id, true);
    let columns = (comments::id, comments::article_id, comments::author_id, comments::text, comments::created_at);
    let (id, article, author, text, created_at) = columns;
    let rows = query.select((id, article, author, text, created_at, earlier(without))).load(conn)?;
    Ok(page.cut(rows, |said: &Said| Position::at(said.created_at.micros(), said.id.uuid())))
}

//! The SQL for the moderators' queues.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::dto::{CommentQueue, QueueQuery};
use crate::comments::model::CommentStatus;
use crate::comments::store::{Row, Writer, joined, writer};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{commenters, comments, users};
use crate::db::{Conn, one_of};
use crate::keyset;

/// How many comments are in each queue, up to a limit.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Counts {
    #[diesel(sql_type = BigInt)]
    pub pending: i64,
    #[diesel(sql_type = BigInt)]
    pub withheld: i64,
    #[diesel(sql_type = BigInt)]
    pub reported: i64,
    #[diesel(sql_type = BigInt)]
    pub unreviewed: i64,
    #[diesel(sql_type = BigInt)]
    pub appealed: i64,
}

/// The rows of a list; a macro, since a boxed query's type has no name that anybody could write.
macro_rules! filtered {
    ($query:expr) => {{
        let QueueQuery { queue, status, article_id, author_id, featured, has_appeal, since, until, sort: _ } = $query;
        let mut query = joined!().into_boxed();
        query = match queue {
            None => query,
            Some(CommentQueue::Pending) => query.filter(comments::status.eq(CommentStatus::Pending)),
            Some(CommentQueue::Withheld) => query.filter(comments::status.eq(CommentStatus::Withheld)),
            Some(CommentQueue::Reported) => query.filter(comments::has_reports),
            Some(CommentQueue::Unreviewed) => {
                query.filter(comments::status.eq(CommentStatus::Published)).filter(comments::is_reviewed.eq(false))
            }
        };
        // One status is said as such: only then do the indexes give the order too.
        query = match status.as_slice() {
            [] => query,
            [one] => query.filter(comments::status.eq(*one)),
            several => query.filter(one_of(comments::status, several)),
        };
        if let Some(article) = article_id {
            query = query.filter(comments::article_id.eq(*article));
        }
        if let Some(author) = author_id {
            query = query.filter(comments::author_id.eq(*author));
        }
        // Without a parameter, so that the indexes of the few apply.
        query = match featured {
            None => query,
            Some(true) => query.filter(comments::is_featured),
            Some(false) => query.filter(diesel::dsl::not(comments::is_featured)),
        };
        query = match has_appeal {
            None => query,
            Some(true) => query.filter(comments::appeal.is_not_null()),
            Some(false) => query.filter(comments::appeal.is_null()),
        };
        if let Some(since) = since {
            query = query.filter(comments::created_at.ge(*since));
        }
        if let Some(until) = until {
            query = query.filter(comments::created_at.lt(*until));
        }
        query
    }};
}

pub(super) fn list(conn: &mut Conn, query: &QueueQuery, page: &PageRequest) -> QueryResult<Slice<(Row, Writer)>> {
    let newest_first = query.sort.unwrap_or_default().newest_first();
    let paged = keyset!(filtered!(query), page, comments::created_at => number, comments::id, newest_first);
    let rows = paged.select((Row::as_select(), writer!())).load::<(Row, Writer)>(conn)?;
    let mut slice = page.cut(rows, |(row, _): &(Row, Writer)| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered!(query).count().get_result(conn)?);
    }
    Ok(slice)
}

/// Counts each queue along its index, and no further than the limit.
pub(super) fn counts(conn: &mut Conn, limit: i64) -> QueryResult<Counts> {
    let count = |name: &str, which: &str| {
        format!("(SELECT count(*) FROM (SELECT 1 AS one FROM comments WHERE {which} LIMIT $1) {name}_ones) AS {name}")
    };
    let columns = [
        count("pending", "status = 'pending'"),
        count("withheld", "status = 'withheld'"),
        count("reported", "has_reports"),
        count("unreviewed", "is_reviewed = FALSE AND status = 'published'"),
        count("appealed", "appeal IS NOT NULL"),
    ];
    diesel::sql_query(format!("SELECT {}", columns.join(", "))).bind::<BigInt, _>(limit).get_result(conn)
}

//! The SQL for what readers are shown of a discussion.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool};

use super::dto::CommentTag;
use crate::comments::model::CommentStatus;
use crate::comments::store::{Row, Writer, joined, writer};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{commenters, comments, users};
use crate::db::{Conn, directly};
use crate::ids::{ArticleId, CommentId};
use crate::keyset;

type Backend = <Conn as diesel::Connection>::Backend;

/// Which part of a discussion.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Roots,
    RepliesTo(CommentId),
    Marked(CommentTag),
}

/// In which order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    ByAge { newest_first: bool },
    ByReactions,
}

/// Which comments readers want.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub article: ArticleId,
    pub part: Part,
    pub order: Order,
}

/// A page in an order. Where roots are listed it begins with what they all lack, which only the discussion's own indexes do:
/// a server that knows how much of the table is one discussion would take another index, and read what is elsewhere.
macro_rules! in_order {
    ($query:expr, $page:expr, $key:expr, $newest_first:expr, $part:expr) => {{
        let query = keyset!($query, $page, $key => number, comments::id, $newest_first);
        match ($part, $newest_first != $page.backward) {
            (Part::Roots, true) => query.order((comments::parent_id.desc(), $key.desc(), comments::id.desc())),
            (Part::Roots, false) => query.order((comments::parent_id.asc(), $key.asc(), comments::id.asc())),
            _ => query,
        }
    }};
}

/// A page of what readers want of a discussion.
macro_rules! listed {
    ($own:expr, $wanted:expr, $page:expr) => {{
        let Wanted { article, part, order } = $wanted;
        let filtered = || {
            let query = joined!().into_boxed().filter(comments::article_id.eq(*article));
            let published = comments::status.eq(CommentStatus::Published);
            match part {
                Part::Roots => query.filter(comments::parent_id.is_null()).filter(comments::is_listed.eq(true)),
                Part::RepliesTo(parent) => {
                    query.filter(comments::parent_id.eq(*parent)).filter(comments::is_listed.eq(true))
                }
                Part::Marked(CommentTag::Featured) => query.filter(comments::is_featured).filter(published),
                Part::Marked(CommentTag::Pinned) => query.filter(comments::is_pinned).filter(published),
            }
        };
        let columns = (Row::as_select(), writer!());
        let rows = match order {
            Order::ByAge { newest_first } => {
                let query = in_order!(filtered(), $page, comments::created_at, *newest_first, part);
                query.select(columns).load::<(Row, Writer)>($own)?
            }
            Order::ByReactions => {
                let query = in_order!(filtered(), $page, comments::reaction_count, true, part);
                query.select(columns).load::<(Row, Writer)>($own)?
            }
        };
        let mut slice = $page.cut(rows, |(row, _): &(Row, Writer)| match order {
            Order::ByAge { .. } => Position::at(row.created_at.micros(), row.id.uuid()),
            Order::ByReactions => Position::at(row.reaction_count, row.id.uuid()),
        });
        if $page.count {
            slice.total = Some(filtered().count().get_result($own)?);
        }
        Ok(slice)
    }};
}

pub(super) fn list(conn: &mut Conn, wanted: &Wanted, page: &PageRequest) -> QueryResult<Slice<(Row, Writer)>> {
    directly!(conn, own => listed!(own, wanted, page))
}

/// The newest published comments below an article.
pub(super) fn latest(conn: &mut Conn, article: ArticleId, limit: i64) -> QueryResult<Vec<(Row, Writer)>> {
    joined!()
        .filter(comments::article_id.eq(article).and(comments::status.eq(CommentStatus::Published)))
        .order((comments::created_at.desc(), comments::id.desc()))
        .limit(limit)
        .select((Row::as_select(), writer!()))
        .load(conn)
}

/// Which articles the newest published comments are about, wherever they stand.
pub(super) fn latest_about(conn: &mut Conn, limit: i64) -> QueryResult<Vec<ArticleId>> {
    let published = comments::table.filter(comments::status.eq(CommentStatus::Published));
    let newest = published.order((comments::created_at.desc(), comments::id.desc())).limit(limit);
    newest.select(comments::article_id).load(conn)
}

/// Whether a comment is one of the oldest so many that hang below one of these.
#[derive(Clone, Debug)]
pub(super) struct FirstBelow {
    pub article: ArticleId,
    pub parents: Vec<CommentId>,
    pub fetch: i64,
}

/// The oldest replies to several comments, in order. Each comment's are looked up by themselves: however many hang below
/// one, no more are read than are wanted.
pub(super) fn first_below(conn: &mut Conn, first: FirstBelow) -> QueryResult<Vec<(Row, Writer)>> {
    if first.parents.is_empty() {
        return Ok(Vec::new());
    }
    let query = joined!().filter(first).order((comments::created_at.asc(), comments::id.asc()));
    query.select((Row::as_select(), writer!())).load(conn)
}

impl QueryFragment<Backend> for FirstBelow {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        // As long as there are parents: not worth keeping prepared.
        out.unsafe_to_cache_prepared();
        out.push_sql("comments.id IN (");
        for (n, parent) in self.parents.iter().enumerate() {
            out.push_sql(if n == 0 { "SELECT id FROM (" } else { " UNION ALL SELECT id FROM (" });
            out.push_sql("SELECT reply.id FROM comments AS reply WHERE reply.article_id = ");
            out.push_bind_param::<Binary, _>(&self.article)?;
            out.push_sql(" AND reply.parent_id = ");
            out.push_bind_param::<Binary, _>(parent)?;
            out.push_sql(" AND reply.is_listed = TRUE ORDER BY reply.created_at, reply.id LIMIT ");
            out.push_bind_param::<BigInt, _>(&self.fetch)?;
            out.push_sql(&format!(") AS below_{n}"));
        }
        out.push_sql(")");
        Ok(())
    }
}

impl Expression for FirstBelow {
    type SqlType = Bool;
}

impl<Q> AppearsOnTable<Q> for FirstBelow {}

impl<Q> SelectableExpression<Q> for FirstBelow {}

impl<G> ValidGrouping<G> for FirstBelow {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for FirstBelow {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

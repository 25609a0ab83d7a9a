//! Statements whose text is one of few, which each connection prepares once.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use super::Conn;

/// A statement that is kept by its text.
#[derive(Clone, Copy, Debug)]
pub struct Kept<Q>(Q);

/// Keeps a query that Diesel would prepare anew each time: one of `sql_query`, or of `sql`. Its text must be one of few, as
/// every connection keeps each of them for good: values are bound, and never a part of it. Of what is executed Diesel does
/// not ask this, only of what has rows: an UPDATE is a [`super::statement`].
pub const fn kept<Q>(statement: Q) -> Kept<Q> {
    Kept(statement)
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> RunQueryDsl<Conn> for Kept<Q> {}

impl<D: Backend, Q: QueryFragment<D>> QueryFragment<D> for Kept<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, D>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &D) -> QueryResult<bool> {
        Ok(true)
    }
}

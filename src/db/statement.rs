//! Statements whose text is always the same. Diesel prepares what it can't be sure of anew each time, which is every UPDATE
//! and every `sql_query`; these it prepares once on each connection.

use std::marker::PhantomData;
use std::str::Split;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;

use super::Conn;

/// A statement with a `?` for each value, the values, and what its rows are made of.
#[derive(Debug)]
pub struct Statement<B = (), R = ()> {
    text: &'static str,
    end: &'static str,
    binds: B,
    rows: PhantomData<R>,
}

/// A value, and as what it is sent.
#[derive(Debug)]
pub struct Bound<T, V>(V, PhantomData<T>);

/// A statement of this text. A `?` in it stands for a value wherever it is, even between quotes.
pub const fn statement(text: &'static str) -> Statement {
    Statement { text, end: "", binds: (), rows: PhantomData }
}

impl<B, R> Statement<B, R> {
    /// The value for the next `?`.
    pub fn bind<T, V>(self, value: V) -> Statement<(B, Bound<T, V>), R> {
        let Self { text, end, binds, rows } = self;
        Statement { text, end, binds: (binds, Bound(value, PhantomData)), rows }
    }

    /// With rows of these types.
    pub fn answering<S>(self) -> Statement<B, S> {
        let Self { text, end, binds, rows: PhantomData } = self;
        Statement { text, end, binds, rows: PhantomData }
    }

    /// Keeps others from changing the rows until the transaction ends. SQLite has one writer, whom nobody disturbs.
    #[must_use]
    pub const fn holding(mut self, conn: &Conn) -> Self {
        self.end = match conn {
            Conn::Sqlite(_) => "",
            Conn::Postgres(_) => " FOR NO KEY UPDATE",
        };
        self
    }
}

/// The values of a statement, in order.
pub trait Binds<DB: Backend> {
    /// Writes each value, and what stands in the text behind it.
    ///
    /// # Errors
    /// A value can't be sent.
    fn walk<'b>(&'b self, out: AstPass<'_, 'b, DB>, text: &mut Split<'static, char>) -> QueryResult<()>;
}

impl<DB: Backend> Binds<DB> for () {
    fn walk<'b>(&'b self, _: AstPass<'_, 'b, DB>, _: &mut Split<'static, char>) -> QueryResult<()> {
        Ok(())
    }
}

impl<DB, B, T, V> Binds<DB> for (B, Bound<T, V>)
where
    DB: Backend + HasSqlType<T>,
    B: Binds<DB>,
    V: ToSql<T, DB>,
{
    fn walk<'b>(&'b self, mut out: AstPass<'_, 'b, DB>, text: &mut Split<'static, char>) -> QueryResult<()> {
        let (earlier, Bound(value, _)) = self;
        earlier.walk(out.reborrow(), text)?;
        out.push_bind_param::<T, V>(value)?;
        out.push_sql(text.next().unwrap_or_default());
        Ok(())
    }
}

impl<DB: Backend, B: Binds<DB>, R> QueryFragment<DB> for Statement<B, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut text = self.text.split('?');
        out.push_sql(text.next().unwrap_or_default());
        self.binds.walk(out.reborrow(), &mut text)?;
        out.push_sql(self.end);
        Ok(())
    }
}

/// It is known by its text.
impl<B, R> QueryId for Statement<B, R> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<B, R> Query for Statement<B, R> {
    type SqlType = R;
}

impl<B, R> RunQueryDsl<Conn> for Statement<B, R> {}

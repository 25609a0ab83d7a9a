//! Whether a column has one of some values, said in a way that is one statement however many they are: spelled out as
//! `IN (?, ?, …)` it would be prepared anew for every list.

use std::fmt::Write as _;
use std::marker::PhantomData;

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, IntoNullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, backend::Backend};

use super::Conn;
use super::conn::MultiBackend;
use crate::ids::Id;
use crate::text::hex;

/// A type of columns that lists can be compared with.
pub trait Listed: 'static {
    /// What an element is on SQLite, where `value` is the text of it.
    const ELEMENT: &'static str;
    /// The type of a list on PostgreSQL.
    const LIST: &'static str;
}

impl Listed for Binary {
    const ELEMENT: &'static str = "unhex(value)";
    const LIST: &'static str = "bytea[]";
}

impl Listed for BigInt {
    const ELEMENT: &'static str = "value";
    const LIST: &'static str = "bigint[]";
}

impl Listed for Text {
    const ELEMENT: &'static str = "value";
    const LIST: &'static str = "text[]";
}

/// A value that can stand in a list.
pub trait Element {
    /// The type of the column.
    type Column: Listed;

    /// Writes it as an element of a JSON array and of an array of PostgreSQL.
    fn write(&self, json: &mut String, array: &mut String);
}

impl Element for [u8] {
    type Column = Binary;

    fn write(&self, json: &mut String, array: &mut String) {
        let hex = hex(self);
        // Writing into a text never fails.
        let _ = write!(json, "\"{hex}\"");
        let _ = write!(array, "\"\\\\x{hex}\"");
    }
}

impl Element for Vec<u8> {
    type Column = Binary;

    fn write(&self, json: &mut String, array: &mut String) {
        self.as_slice().write(json, array);
    }
}

impl<K> Element for Id<K> {
    type Column = Binary;

    fn write(&self, json: &mut String, array: &mut String) {
        self.uuid().as_bytes().as_slice().write(json, array);
    }
}

impl Element for i64 {
    type Column = BigInt;

    fn write(&self, json: &mut String, array: &mut String) {
        let _ = write!(json, "{self}");
        let _ = write!(array, "{self}");
    }
}

impl Element for str {
    type Column = Text;

    fn write(&self, json: &mut String, array: &mut String) {
        json.push_str(&serde_json::Value::from(self).to_string());
        array.push('"');
        for c in self.chars() {
            if matches!(c, '"' | '\\') {
                array.push('\\');
            }
            array.push(c);
        }
        array.push('"');
    }
}

impl Element for String {
    type Column = Text;

    fn write(&self, json: &mut String, array: &mut String) {
        self.as_str().write(json, array);
    }
}

impl<T: Element + ?Sized> Element for &T {
    type Column = T::Column;

    fn write(&self, json: &mut String, array: &mut String) {
        (**self).write(json, array);
    }
}

/// `column IN (…)`.
#[derive(Clone, Debug)]
pub struct OneOf<C, S> {
    column: C,
    /// The list for SQLite.
    json: String,
    /// The list for PostgreSQL.
    array: String,
    of: PhantomData<fn() -> S>,
}

/// Whether a column has one of these values; of none it has none. It is for filters: of a column without a value it is
/// neither true nor false.
pub fn one_of<C, T>(column: C, values: impl IntoIterator<Item = T>) -> OneOf<C, T::Column>
where
    T: Element,
    T::Column: IntoNullable,
    C: Expression<SqlType: IntoNullable<Nullable = <T::Column as IntoNullable>::Nullable>>,
{
    let (json, array) = lists(values);
    OneOf { column, json, array, of: PhantomData }
}

/// A list as one value of a statement: a JSON array on SQLite, with bytes as hexadecimal texts; the text of an array on
/// PostgreSQL.
pub fn list<T: Element>(conn: &Conn, values: impl IntoIterator<Item = T>) -> String {
    let (json, array) = lists(values);
    match conn {
        Conn::Sqlite(_) => json,
        Conn::Postgres(_) => array,
    }
}

/// A list for SQLite, and for PostgreSQL.
fn lists<T: Element>(values: impl IntoIterator<Item = T>) -> (String, String) {
    let (mut json, mut array) = (String::from("["), String::from("{"));
    for (n, value) in values.into_iter().enumerate() {
        if n > 0 {
            json.push(',');
            array.push(',');
        }
        value.write(&mut json, &mut array);
    }
    json.push(']');
    array.push('}');
    (json, array)
}

impl<C, S> Expression for OneOf<C, S> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<Q>, S, Q> AppearsOnTable<Q> for OneOf<C, S> {}

impl<C: SelectableExpression<Q>, S, Q> SelectableExpression<Q> for OneOf<C, S> {}

impl<C: ValidGrouping<G>, S, G> ValidGrouping<G> for OneOf<C, S> {
    type IsAggregate = C::IsAggregate;
}

impl<C: QueryId, S: Listed> QueryId for OneOf<C, S> {
    type QueryId = OneOf<C::QueryId, S>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C, S: Listed> OneOf<C, S> {
    fn on_sqlite<'b, D>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()>
    where
        D: Backend + diesel::sql_types::HasSqlType<Text>,
        C: QueryFragment<D>,
        String: diesel::serialize::ToSql<Text, D>,
    {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT ");
        out.push_sql(S::ELEMENT);
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }

    fn on_postgres<'b, D>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()>
    where
        D: Backend + diesel::sql_types::HasSqlType<Text>,
        C: QueryFragment<D>,
        String: diesel::serialize::ToSql<Text, D>,
    {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY (CAST(");
        out.push_bind_param::<Text, _>(&self.array)?;
        out.push_sql(" AS ");
        out.push_sql(S::LIST);
        out.push_sql("))");
        Ok(())
    }
}

impl<C: QueryFragment<Sqlite>, S: Listed> QueryFragment<Sqlite> for OneOf<C, S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.on_sqlite(out)
    }
}

impl<C: QueryFragment<Pg>, S: Listed> QueryFragment<Pg> for OneOf<C, S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.on_postgres(out)
    }
}

impl<C: QueryFragment<MultiBackend>, S: Listed> QueryFragment<MultiBackend> for OneOf<C, S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        match out.backend() {
            MultiBackend::Sqlite(_) => self.on_sqlite(out),
            MultiBackend::Postgres(_) => self.on_postgres(out),
        }
    }
}

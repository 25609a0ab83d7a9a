//! Whether a row lies beyond another in an order by two columns, said in a way that an index answers by itself: spelled
//! out as «less, or equal and less», both databases would read all that equals the first column.

use diesel::expression::{AppearsOnTable, AsExpression, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Binary, Bool, SingleValue, SqlType};
use diesel::{QueryResult, backend::Backend};

/// `(key, id) < (…, …)`, or `>`.
#[derive(Clone, Copy, Debug, ValidGrouping)]
pub struct Beyond<K, I, V, W> {
    key: K,
    id: I,
    than_key: V,
    than_id: W,
    downwards: bool,
}

/// The value of a column of this type, as it is bound.
type Bound<V, S> = <V as AsExpression<S>>::Expression;

/// Whether a row lies below a key and an id, or above them.
#[expect(clippy::type_complexity, reason = "each part is bound as the type of its column")]
pub fn beyond<K, I, V>(
    key: K,
    id: I,
    than_key: V,
    than_id: Vec<u8>,
    downwards: bool,
) -> Beyond<K, I, Bound<V, K::SqlType>, Bound<Vec<u8>, Binary>>
where
    K: Expression<SqlType: SqlType + SingleValue>,
    I: Expression<SqlType = Binary>,
    V: AsExpression<K::SqlType>,
{
    let (than_key, than_id) = (than_key.as_expression(), AsExpression::<Binary>::as_expression(than_id));
    Beyond { key, id, than_key, than_id, downwards }
}

impl<K, I, V, W> Expression for Beyond<K, I, V, W> {
    type SqlType = Bool;
}

impl<K, I, V, W, Q> AppearsOnTable<Q> for Beyond<K, I, V, W>
where
    K: AppearsOnTable<Q>,
    I: AppearsOnTable<Q>,
    V: AppearsOnTable<Q>,
    W: AppearsOnTable<Q>,
{
}

impl<K, I, V, W, Q> SelectableExpression<Q> for Beyond<K, I, V, W>
where
    K: SelectableExpression<Q>,
    I: SelectableExpression<Q>,
    V: SelectableExpression<Q>,
    W: SelectableExpression<Q>,
{
}

impl<K, I, V, W> QueryId for Beyond<K, I, V, W> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<K, I, V, W, D> QueryFragment<D> for Beyond<K, I, V, W>
where
    D: Backend,
    K: QueryFragment<D>,
    I: QueryFragment<D>,
    V: QueryFragment<D>,
    W: QueryFragment<D>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()> {
        out.push_sql("(");
        self.key.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.id.walk_ast(out.reborrow())?;
        out.push_sql(if self.downwards { ") < (" } else { ") > (" });
        self.than_key.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.than_id.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

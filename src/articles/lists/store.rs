//! The only SQL of delivery's lists. Page 1 of a rare tag costs what page 5,000 of everything does.

use diesel::connection::Connection;
use diesel::dsl::exists;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Text};

use crate::articles::query::Sort;
use crate::articles::store::{Live, visible};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{publication_links, publications};
use crate::db::{Conn, one_of};
use crate::ids::{ArticleId, RecordId};
use crate::keyset;
use crate::time::UtcTime;

type Backend = <Conn as Connection>::Backend;

/// So many sections, tags and the like are looked through each by itself: what has more below it is most of an archive.
const APART_MAX: usize = 100;
/// The statement of a list under at most so many of them is kept prepared: one for each power of two.
const USUAL_MAX: usize = 16;

/// Which live publications a list wants. Each of `with` must be met by one of its records, none of `without`; what is met
/// by the fewest publications, as a rule, comes first.
#[derive(Clone, Debug, Default)]
pub(in crate::articles) struct Wanted {
    pub languages: Vec<String>,
    pub with: Vec<Vec<RecordId>>,
    pub without: Vec<RecordId>,
    pub from: Option<UtcTime>,
    pub until: Option<UtcTime>,
    pub sort: Sort,
}

pub(in crate::articles) fn list(
    conn: &mut Conn,
    wanted: &Wanted,
    now: UtcTime,
    page: &PageRequest,
) -> QueryResult<Slice<Live>> {
    let by_change = wanted.sort == Sort::LatestChange;
    let newest = wanted.sort == Sort::Newest;
    let rows = if by_change {
        let query = filtered(conn, wanted, now);
        let query = keyset!(query, page, publications::date_modified => number, publications::article_id, true);
        query.select(Live::as_select()).load(conn)?
    } else {
        let apart: Option<(Vec<Under<'_>>, _)> = match wanted.with.split_first() {
            Some((ids, _)) if ids.len() > APART_MAX => None,
            Some((ids, others)) => Some((ids.iter().map(Under::Record).collect(), others)),
            None if wanted.languages.is_empty() => None,
            None => Some((wanted.languages.iter().map(Under::Language).collect(), [].as_slice())),
        };
        let query = match apart {
            Some((under, others)) => {
                let from = page.from.as_ref().map(|at| (at.number(), at.id()));
                let (limit, downwards) = (page.fetch(), newest != page.backward);
                let arms_are_limited = matches!(conn, Conn::Postgres(_));
                let mut first = FirstUnder { under, others, wanted, now, from, limit, downwards, arms_are_limited };
                first.pad();
                publications::table.filter(first).into_boxed()
            }
            None => filtered(conn, wanted, now),
        };
        let query = keyset!(query, page, publications::date_published => number, publications::article_id, newest);
        query.select(Live::as_select()).load(conn)?
    };
    let key = |row: &Live| if by_change { row.date_modified } else { row.date_published };
    let mut slice = page.cut(rows, |row: &Live| Position::at(key(row).micros(), row.article_id.uuid()));
    if page.count {
        slice.total = Some(filtered(conn, wanted, now).count().get_result(conn)?);
    }
    Ok(slice)
}

/// Of these articles, those that are wanted.
pub(in crate::articles) fn among(
    conn: &mut Conn,
    wanted: &Wanted,
    now: UtcTime,
    ids: &[ArticleId],
) -> QueryResult<Vec<ArticleId>> {
    let these = filtered(conn, wanted, now).filter(one_of(publications::article_id, ids));
    these.select(publications::article_id).load(conn)
}

/// All that are wanted, whatever their order.
fn filtered(conn: &Conn, wanted: &Wanted, now: UtcTime) -> publications::BoxedQuery<'static, Backend> {
    let linked = |ids: &[RecordId]| {
        exists(
            publication_links::table
                .filter(publication_links::publication_id.eq(publications::id))
                .filter(one_of(publication_links::target_id, ids)),
        )
    };
    let mut query = publications::table.filter(visible!(now)).into_boxed();
    if !wanted.languages.is_empty() {
        query = match conn {
            // Not by the index of languages: SQLite does not know that each has a good part of the archive.
            Conn::Sqlite(_) => query.filter(one_of(publications::language.concat(""), &wanted.languages)),
            Conn::Postgres(_) => query.filter(one_of(publications::language, &wanted.languages)),
        };
    }
    for ids in &wanted.with {
        query = query.filter(linked(ids));
    }
    if !wanted.without.is_empty() {
        query = query.filter(diesel::dsl::not(linked(&wanted.without)));
    }
    if let Some(from) = wanted.from {
        query = query.filter(publications::date_published.ge(from));
    }
    if let Some(until) = wanted.until {
        query = query.filter(publications::date_published.lt(until));
    }
    query
}

/// What publications are looked up under.
#[derive(Clone, Copy)]
enum Under<'a> {
    Record(&'a RecordId),
    Language(&'a String),
}

/// Whether a publication is one of the first so many that are wanted under any of these, which are all of a kind. What is
/// under each is looked up by itself, in the order of dates: sorted out of the whole archive, what is rare would be found
/// late, and what is common sorted each time. SQLite reads them side by side and stops once it has enough of them together;
/// PostgreSQL has to be told how many of each are enough.
struct FirstUnder<'a> {
    under: Vec<Under<'a>>,
    others: &'a [Vec<RecordId>],
    wanted: &'a Wanted,
    now: UtcTime,
    /// Beyond this date and article, where the page is not the first.
    from: Option<(i64, Vec<u8>)>,
    limit: i64,
    downwards: bool,
    arms_are_limited: bool,
}

impl FirstUnder<'_> {
    /// Whether its text is one of a few dozen, as that of a section with those below it is.
    fn is_usual(&self) -> bool {
        let Wanted { languages, with: _, without, from, until, sort: _ } = self.wanted;
        let are_more = !self.others.is_empty() || !without.is_empty() || from.is_some() || until.is_some();
        self.under.len() <= USUAL_MAX && languages.len() <= 1 && !are_more
    }

    /// Looks up what is last some times more, which finds nothing more, so that there are fewer texts to keep prepared.
    fn pad(&mut self) {
        if let Some(last) = self.under.last().copied().filter(|_| self.is_usual()) {
            self.under.resize(self.under.len().next_power_of_two(), last);
        }
    }

    /// The conditions besides what they are under.
    fn walk_conditions<'b>(&'b self, out: &mut AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let Wanted { languages, with: _, without, from, until, sort: _ } = self.wanted;
        out.push_sql(" AND filed.visible_from <= ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(" AND (filed.visible_until IS NULL OR filed.visible_until > ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(")");
        if !languages.is_empty() && matches!(self.under.first(), Some(Under::Record(_))) {
            out.push_sql(" AND filed.language IN (");
            for (n, language) in languages.iter().enumerate() {
                out.push_sql(if n == 0 { "" } else { ", " });
                out.push_bind_param::<Text, _>(language)?;
            }
            out.push_sql(")");
        }
        let others = self.others.iter().map(|ids| ("", ids));
        for (not, ids) in others.chain([("NOT ", without)].into_iter().filter(|(_, ids)| !ids.is_empty())) {
            out.push_sql(" AND ");
            out.push_sql(not);
            out.push_sql("EXISTS (SELECT 1 FROM publication_links AS other WHERE other.publication_id = filed.id");
            out.push_sql(" AND other.target_id IN (");
            for (n, id) in ids.iter().enumerate() {
                out.push_sql(if n == 0 { "" } else { ", " });
                out.push_bind_param::<Binary, _>(id)?;
            }
            out.push_sql("))");
        }
        for (comparison, date) in [(" >= ", from), (" < ", until)] {
            if let Some(date) = date {
                out.push_sql(" AND link.date_published");
                out.push_sql(comparison);
                out.push_bind_param::<BigInt, _>(date)?;
            }
        }
        Ok(())
    }
}

impl QueryFragment<Backend> for FirstUnder<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        if !self.is_usual() {
            // Of many records and filters there are many texts, and each connection keeps what it prepares for good.
            out.unsafe_to_cache_prepared();
        }
        let (beyond, way) = if self.downwards { ('<', "DESC") } else { ('>', "ASC") };
        if self.under.is_empty() {
            out.push_sql("publications.id IN (NULL)");
            return Ok(());
        }
        out.push_sql("publications.id IN (SELECT id FROM (");
        for (n, under) in self.under.iter().enumerate() {
            out.push_sql(if n == 0 { "" } else { " UNION " });
            if self.arms_are_limited {
                out.push_sql("SELECT * FROM (");
            }
            out.push_sql("SELECT link.date_published, link.article_id, filed.id FROM ");
            // In this order, so that it stops as soon as it has enough.
            match under {
                Under::Record(id) => {
                    out.push_sql("publication_links AS link CROSS JOIN publications AS filed ");
                    out.push_sql("WHERE filed.id = link.publication_id AND link.target_id = ");
                    out.push_bind_param::<Binary, _>(*id)?;
                }
                Under::Language(tag) => {
                    out.push_sql("publications AS link CROSS JOIN publications AS filed ");
                    out.push_sql("WHERE filed.id = link.id AND link.language = ");
                    out.push_bind_param::<Text, _>(*tag)?;
                }
            }
            self.walk_conditions(&mut out)?;
            if let Some((date, article)) = &self.from {
                out.push_sql(&format!(" AND (link.date_published, link.article_id) {beyond} ("));
                out.push_bind_param::<BigInt, _>(date)?;
                out.push_sql(", ");
                out.push_bind_param::<Binary, _>(article)?;
                out.push_sql(")");
            }
            if self.arms_are_limited {
                out.push_sql(&format!(" ORDER BY link.date_published {way}, link.article_id {way} LIMIT "));
                out.push_bind_param::<BigInt, _>(&self.limit)?;
                out.push_sql(&format!(") AS under_{n}"));
            }
        }
        out.push_sql(&format!(" ORDER BY 1 {way}, 2 {way} LIMIT "));
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(") AS firsts)");
        Ok(())
    }
}

impl Expression for FirstUnder<'_> {
    type SqlType = Bool;
}

impl<Q> AppearsOnTable<Q> for FirstUnder<'_> {}

impl<Q> SelectableExpression<Q> for FirstUnder<'_> {}

impl<G> ValidGrouping<G> for FirstUnder<'_> {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for FirstUnder<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

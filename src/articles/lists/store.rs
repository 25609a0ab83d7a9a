//! The only SQL of delivery's lists. Page 1 of a rare tag costs what page 5,000 of everything does.

use diesel::backend::Backend;
use diesel::connection::DefaultLoadingMode;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::articles::query::Sort;
use crate::articles::store::{Live, visible};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{publication_links, publications};
use crate::db::{Conn, directly, one_of};
use crate::ids::{ArticleId, RecordId};
use crate::keyset;
use crate::time::UtcTime;

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
    if wanted.with.iter().any(Vec::is_empty) {
        return Ok(Slice { rows: Vec::new(), next: None, prev: None, total: page.count.then_some(0) });
    }
    let by_change = wanted.sort == Sort::LatestChange;
    let newest = wanted.sort == Sort::Newest;
    let rows = if by_change {
        let query = filtered(conn, wanted, now);
        let query = keyset!(query, page, publications::date_modified => number, publications::article_id, true);
        query.select(Live::as_select()).load(conn)?
    } else if let Some((under, others)) = apart(wanted) {
        let from = page.from.as_ref().map(|at| (at.number(), at.id()));
        let (limit, downwards) = (page.fetch(), newest != page.backward);
        let arms_are_limited = under.len() > 1 && matches!(conn, Conn::Postgres(_));
        let mut first = FirstUnder { under, others, wanted, now, from, limit, downwards, arms_are_limited };
        first.pad();
        directly!(conn, own => each_once(first.load_iter::<Live, DefaultLoadingMode>(own)?, limit))?
    } else {
        let query = filtered(conn, wanted, now);
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

/// Under what a list is looked up, each by itself, and what else it must be filed under; nothing where that is too much.
fn apart(wanted: &Wanted) -> Option<(Vec<Under<'_>>, &[Vec<RecordId>])> {
    match wanted.with.split_first() {
        Some((ids, _)) if ids.len() > APART_MAX => None,
        Some((ids, others)) => Some((ids.iter().map(Under::Record).collect(), others)),
        None if wanted.languages.is_empty() => Some((vec![Under::All], &[])),
        None => Some((wanted.languages.iter().map(Under::Language).collect(), &[])),
    }
}

/// The first so many publications of rows in order, where one that comes several times follows itself. No more is read.
fn each_once(rows: impl Iterator<Item = QueryResult<Live>>, limit: i64) -> QueryResult<Vec<Live>> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let mut firsts: Vec<Live> = Vec::new();
    for row in rows {
        let row = row?;
        if firsts.last().is_none_or(|last| last.id != row.id) {
            firsts.push(row);
        }
        if firsts.len() == limit {
            break;
        }
    }
    Ok(firsts)
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
fn filtered(
    conn: &Conn,
    wanted: &Wanted,
    now: UtcTime,
) -> publications::BoxedQuery<'static, <Conn as Connection>::Backend> {
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
    All,
    Record(&'a RecordId),
    Language(&'a String),
}

impl Under<'_> {
    /// The column that has the dates in order.
    const fn date(self) -> &'static str {
        match self {
            Under::Record(_) => "link.date_published",
            Under::All | Under::Language(_) => "filed.date_published",
        }
    }

    /// The column by which equal dates are in order.
    const fn article(self) -> &'static str {
        match self {
            Under::Record(_) => "link.article_id",
            Under::All | Under::Language(_) => "filed.article_id",
        }
    }
}

/// The first publications that are wanted under any of these, which are all of a kind; on SQLite what is under several of
/// them comes as often. What is under each is looked up by itself, in the order of dates: sorted out of the whole archive,
/// what is rare would be found late, and what is common sorted each time. SQLite reads them side by side, as far as it is
/// asked to; PostgreSQL, which sends all that it was asked for, has to be told how many of each are enough, and of all.
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

    /// What is under one of them, in any order. What has the dates in order is read first, so that nothing is read beyond
    /// what is enough.
    fn walk_arm<'b, D>(&'b self, under: &'b Under<'_>, mut out: AstPass<'_, 'b, D>) -> QueryResult<()>
    where
        D: Backend,
        UtcTime: ToSql<BigInt, D>,
        i64: ToSql<BigInt, D>,
        RecordId: ToSql<Binary, D>,
        Vec<u8>: ToSql<Binary, D>,
        String: ToSql<Text, D>,
    {
        out.push_sql("SELECT filed.id, ");
        out.push_sql(under.article());
        out.push_sql(", filed.version, filed.slug, ");
        out.push_sql(under.date());
        out.push_sql(", filed.date_modified, filed.word_count, filed.content FROM ");
        match under {
            Under::All => out.push_sql("publications AS filed WHERE "),
            Under::Record(id) => {
                out.push_sql("publication_links AS link CROSS JOIN publications AS filed ");
                out.push_sql("WHERE filed.id = link.publication_id AND link.target_id = ");
                out.push_bind_param::<Binary, _>(*id)?;
                out.push_sql(" AND ");
            }
            Under::Language(tag) => {
                out.push_sql("publications AS filed WHERE filed.language = ");
                out.push_bind_param::<Text, _>(*tag)?;
                out.push_sql(" AND ");
            }
        }
        self.walk_conditions(under, out)
    }

    /// What it must meet besides.
    fn walk_conditions<'b, D>(&'b self, under: &'b Under<'_>, mut out: AstPass<'_, 'b, D>) -> QueryResult<()>
    where
        D: Backend,
        UtcTime: ToSql<BigInt, D>,
        i64: ToSql<BigInt, D>,
        RecordId: ToSql<Binary, D>,
        Vec<u8>: ToSql<Binary, D>,
        String: ToSql<Text, D>,
    {
        let Wanted { languages, with: _, without, from, until, sort: _ } = self.wanted;
        out.push_sql("filed.visible_from <= ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(" AND (filed.visible_until IS NULL OR filed.visible_until > ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(")");
        if !languages.is_empty() && matches!(under, Under::Record(_)) {
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
                out.push_sql(" AND ");
                out.push_sql(under.date());
                out.push_sql(comparison);
                out.push_bind_param::<BigInt, _>(date)?;
            }
        }
        if let Some((date, article)) = &self.from {
            let beyond = if self.downwards { '<' } else { '>' };
            out.push_sql(&format!(" AND ({}, {}) {beyond} (", under.date(), under.article()));
            out.push_bind_param::<BigInt, _>(date)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, _>(article)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl<D> QueryFragment<D> for FirstUnder<'_>
where
    D: Backend,
    UtcTime: ToSql<BigInt, D>,
    i64: ToSql<BigInt, D>,
    RecordId: ToSql<Binary, D>,
    Vec<u8>: ToSql<Binary, D>,
    String: ToSql<Text, D>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()> {
        if !self.is_usual() {
            // Of many records and filters there are many texts, and each connection keeps what it prepares for good.
            out.unsafe_to_cache_prepared();
        }
        let way = if self.downwards { "DESC" } else { "ASC" };
        if self.arms_are_limited {
            out.push_sql("SELECT DISTINCT ON (date_published, article_id) * FROM (");
        }
        for (n, under) in self.under.iter().enumerate() {
            out.push_sql(if n == 0 { "" } else { " UNION ALL " });
            if self.arms_are_limited {
                out.push_sql("SELECT * FROM (");
                self.walk_arm(under, out.reborrow())?;
                out.push_sql(&format!(" ORDER BY {} {way}, {} {way} LIMIT ", under.date(), under.article()));
                out.push_bind_param::<BigInt, _>(&self.limit)?;
                out.push_sql(&format!(") AS under_{n}"));
            } else {
                self.walk_arm(under, out.reborrow())?;
            }
        }
        if self.arms_are_limited {
            out.push_sql(") AS firsts");
        }
        out.push_sql(&format!(" ORDER BY 5 {way}, 2 {way}"));
        if self.arms_are_limited || self.under.len() == 1 {
            out.push_sql(" LIMIT ");
            out.push_bind_param::<BigInt, _>(&self.limit)?;
        }
        Ok(())
    }
}

impl Query for FirstUnder<'_> {
    type SqlType = (Binary, Binary, BigInt, Text, BigInt, BigInt, BigInt, Text);
}

impl<C> RunQueryDsl<C> for FirstUnder<'_> {}

impl QueryId for FirstUnder<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

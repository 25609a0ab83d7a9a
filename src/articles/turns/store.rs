//! The only SQL for what the clock does to articles.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use super::{Planned, TurnAction, TurnOutcome};
use crate::articles::store::{Ahead, Head};
use crate::articles::{lint, search};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{article_turns, articles, publication_links, publications};
use crate::db::{Conn, one_of, statement};
use crate::ids::{ArticleId, PublicationId, StoryId, TurnId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `article_turns`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = article_turns)]
pub(super) struct Row {
    pub id: TurnId,
    pub article_id: ArticleId,
    pub version: i64,
    pub action: TurnAction,
    pub due_at: UtcTime,
    pub publish_at: Option<UtcTime>,
    pub time_zone: Option<String>,
    pub outcome: TurnOutcome,
    pub planned_by: UserId,
    pub planned_at: UtcTime,
    pub told_at: Option<UtcTime>,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    diesel::insert_into(article_turns::table).values(row).execute(conn)
}

/// Gives up what is planned for an article; how many turns that were.
pub(super) fn cancel(conn: &mut Conn, id: ArticleId) -> QueryResult<usize> {
    statement("UPDATE article_turns SET outcome = ? WHERE article_id = ? AND outcome = ?")
        .bind::<Text, _>(TurnOutcome::Cancelled)
        .bind::<Binary, _>(id)
        .bind::<Text, _>(TurnOutcome::Planned)
        .execute(conn)
}

/// Gives up the turn of an instant; 0 when somebody has told of it already.
pub(super) fn give_up(conn: &mut Conn, id: ArticleId, due_at: UtcTime) -> QueryResult<usize> {
    let of_article = article_turns::table.filter(article_turns::article_id.eq(id));
    let planned = of_article.filter(article_turns::outcome.eq(TurnOutcome::Planned));
    diesel::update(planned.filter(article_turns::due_at.eq(due_at)))
        .set(article_turns::outcome.eq(TurnOutcome::Cancelled))
        .execute(conn)
}

/// Takes a turn that nobody has told of yet; 0 when somebody has.
pub(super) fn claim(conn: &mut Conn, id: ArticleId, due_at: UtcTime, now: UtcTime) -> QueryResult<usize> {
    let of_article = article_turns::table.filter(article_turns::article_id.eq(id));
    let planned = of_article.filter(article_turns::outcome.eq(TurnOutcome::Planned));
    diesel::update(planned.filter(article_turns::due_at.eq(due_at)))
        .set((article_turns::outcome.eq(TurnOutcome::Done), article_turns::told_at.eq(now)))
        .execute(conn)
}

/// Gives up what was due and has come to nothing.
pub(super) fn lapse(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<usize> {
    let of_article = article_turns::table.filter(article_turns::article_id.eq(id));
    let planned = of_article.filter(article_turns::outcome.eq(TurnOutcome::Planned));
    diesel::update(planned.filter(article_turns::due_at.le(now)))
        .set(article_turns::outcome.eq(TurnOutcome::Cancelled))
        .execute(conn)
}

/// When the next turn comes.
pub(super) fn next(conn: &mut Conn) -> QueryResult<Option<UtcTime>> {
    let planned = article_turns::table.filter(article_turns::outcome.eq(TurnOutcome::Planned));
    planned.order(article_turns::due_at.asc()).select(article_turns::due_at).first(conn).optional()
}

/// The articles whose time has come.
pub(super) fn due(conn: &mut Conn, now: UtcTime, limit: i64) -> QueryResult<Vec<ArticleId>> {
    let planned = article_turns::table.filter(article_turns::outcome.eq(TurnOutcome::Planned));
    let due = planned.filter(article_turns::due_at.le(now)).order((article_turns::due_at, article_turns::id));
    due.select(article_turns::article_id).limit(limit).load(conn)
}

/// A revision that is to become public.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Waiting {
    pub article_id: ArticleId,
    pub version: i64,
    pub due_at: UtcTime,
    pub slug: String,
    pub story_id: Option<StoryId>,
}

/// The revisions that are to become public after an instant, the next first, with what they will be found by.
pub(super) fn waiting(conn: &mut Conn, now: UtcTime, limit: i64) -> QueryResult<Vec<Waiting>> {
    let same = publications::article_id.eq(article_turns::article_id);
    article_turns::table
        .inner_join(publications::table.on(same.and(publications::version.eq(article_turns::version))))
        .filter(article_turns::outcome.eq(TurnOutcome::Planned).and(article_turns::due_at.gt(now)))
        .filter(article_turns::action.ne(TurnAction::Expire))
        .order((article_turns::due_at, article_turns::id))
        .select((
            article_turns::article_id,
            article_turns::version,
            article_turns::due_at,
            publications::slug,
            publications::story_id,
        ))
        .limit(limit)
        .load(conn)
}

/// The newsroom's list: what is planned in order, what was the latest first. With each article's present text.
pub(super) fn list(conn: &mut Conn, wanted: &Planned, page: &PageRequest) -> QueryResult<Slice<(Row, String)>> {
    let filtered = || {
        let mut query = article_turns::table.filter(article_turns::outcome.eq(wanted.outcome)).into_boxed();
        if let Some(from) = wanted.from {
            query = query.filter(article_turns::due_at.ge(from));
        }
        if let Some(until) = wanted.until {
            query = query.filter(article_turns::due_at.lt(until));
        }
        if let Some(article) = wanted.article {
            query = query.filter(article_turns::article_id.eq(article));
        }
        query
    };
    let latest_first = wanted.outcome != TurnOutcome::Planned;
    let query = keyset!(filtered(), page, article_turns::due_at => number, article_turns::id, latest_first);
    let rows: Vec<Row> = query.select(Row::as_select()).load(conn)?;
    let ids: Vec<ArticleId> = rows.iter().map(|row| row.article_id).collect();
    let of_page = articles::table.filter(one_of(articles::id, ids));
    let texts: Vec<(ArticleId, String)> = of_page.select((articles::id, articles::content)).load(conn)?;
    let text = |id: ArticleId| texts.iter().find(|(of, _)| *of == id).map(|(_, text)| text.clone());
    let rows = rows.into_iter().map(|row| (row.clone(), text(row.article_id).unwrap_or_default())).collect();
    let mut slice = page.cut(rows, |(row, _): &(Row, String)| Position::at(row.due_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

/// When the latest turns were due and when they were told.
pub(super) fn told_lately(conn: &mut Conn, since: UtcTime, limit: i64) -> QueryResult<Vec<(UtcTime, UtcTime)>> {
    let done = article_turns::table.filter(article_turns::outcome.eq(TurnOutcome::Done));
    done.filter(article_turns::due_at.ge(since))
        .order((article_turns::due_at.desc(), article_turns::id.desc()))
        .select((article_turns::due_at, article_turns::told_at.assume_not_null()))
        .limit(limit)
        .load(conn)
}

/// Takes back what is to become public; what is public now stays until its own end.
pub(in crate::articles) fn drop_planned(
    conn: &mut Conn,
    id: ArticleId,
    ends_at: Option<UtcTime>,
    now: UtcTime,
) -> QueryResult<()> {
    let ahead = publications::table.filter(publications::article_id.eq(id)).filter(publications::visible_from.gt(now));
    let ids: Vec<PublicationId> = ahead.select(publications::id).load(conn)?;
    if !ids.is_empty() {
        search::forget(conn, &ids)?;
        lint::forget(conn, &ids)?;
        diesel::delete(publication_links::table.filter(one_of(publication_links::publication_id, &ids)))
            .execute(conn)?;
        diesel::delete(publications::table.filter(one_of(publications::id, ids))).execute(conn)?;
        let live = publications::table.filter(publications::article_id.eq(id));
        diesel::update(live.filter(publications::visible_until.gt(now)))
            .set(publications::visible_until.eq(ends_at))
            .execute(conn)?;
        search::restate(conn, id)?;
    }
    Ok(())
}

/// Ends what is public at an instant, unless it ends before.
pub(in crate::articles) fn end(conn: &mut Conn, id: ArticleId, at: UtcTime) -> QueryResult<usize> {
    let ended = statement(
        "UPDATE publications SET visible_until = ? \
         WHERE article_id = ? AND visible_from <= ? AND (visible_until IS NULL OR visible_until > ?)",
    );
    let ended = ended.bind::<BigInt, _>(at).bind::<Binary, _>(id).bind::<BigInt, _>(at).bind::<BigInt, _>(at);
    let ended = ended.execute(conn)?;
    if ended > 0 {
        search::restate(conn, id)?;
    }
    Ok(ended)
}

/// The version of an article that became public last.
pub(super) fn last_seen(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<Option<i64>> {
    publications::table
        .filter(publications::article_id.eq(id).and(publications::visible_from.le(now)))
        .order((publications::visible_from.desc(), publications::version.desc()))
        .select(publications::version)
        .first(conn)
        .optional()
}

/// The texts of an article's publications of these versions, each with its version.
pub(super) fn contents(conn: &mut Conn, id: ArticleId, versions: &[i64]) -> QueryResult<Vec<(i64, String)>> {
    let of_article = publications::table.filter(publications::article_id.eq(id));
    let wanted = of_article.filter(one_of(publications::version, versions));
    wanted.select((publications::version, publications::content)).load(conn)
}

/// The articles that appeared or disappeared between two instants by the clock alone.
pub(super) fn turned_between(
    conn: &mut Conn,
    after: UtcTime,
    until: UtcTime,
    limit: i64,
) -> QueryResult<Vec<ArticleId>> {
    let came = publications::table
        .filter(publications::visible_from.gt(after).and(publications::visible_from.le(until)))
        .select(publications::article_id)
        .limit(limit);
    let mut ids: Vec<ArticleId> = came.load(conn)?;
    let went = publications::table
        .filter(publications::visible_until.gt(after).and(publications::visible_until.le(until)))
        .select(publications::article_id)
        .limit(limit);
    ids.extend(went.load::<ArticleId>(conn)?);
    Ok(ids)
}

/// When the clock next makes something appear, and when it next makes something disappear.
pub(super) fn next_turns(conn: &mut Conn, after: UtcTime) -> QueryResult<[Option<UtcTime>; 2]> {
    let ahead =
        publications::table.filter(publications::visible_from.gt(after)).order(publications::visible_from.asc());
    let comes = ahead.select(publications::visible_from).first(conn).optional()?;
    let ends =
        publications::table.filter(publications::visible_until.gt(after)).order(publications::visible_until.asc());
    let goes = ends.select(publications::visible_until).first::<Option<UtcTime>>(conn).optional()?;
    Ok([comes, goes.flatten()])
}

/// Writes what the clock has made of an article. No version is spent on it.
pub(super) fn settle(conn: &mut Conn, head: &Head) -> QueryResult<usize> {
    let Ahead { due_version, due_at, due_ends_at, publish_at, time_zone, ends_at } = &head.ahead;
    diesel::update(articles::table.find(head.id).filter(articles::version.eq(head.version)))
        .set((
            articles::state.eq(head.state),
            articles::live_version.eq(head.live_version),
            articles::date_published.eq(head.date_published),
            articles::date_modified.eq(head.date_modified),
            articles::due_version.eq(due_version),
            articles::due_at.eq(due_at),
            articles::due_ends_at.eq(due_ends_at),
            articles::publish_at.eq(publish_at),
            articles::time_zone.eq(time_zone),
            articles::ends_at.eq(ends_at),
        ))
        .execute(conn)
}

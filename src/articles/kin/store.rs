//! The only SQL for articles that belong together.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::articles::model::ArticleState;
use crate::articles::store::{Head, visible};
use crate::db::dialect::{self, Door};
use crate::db::schema::{articles, publications};
use crate::db::{Conn, directly, one_of};
use crate::ids::{ArticleId, PublicationId, StoryId};
use crate::time::UtcTime;

/// What an article belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ties {
    pub story: Option<StoryId>,
    pub rewrites: Option<ArticleId>,
    pub translates: Option<ArticleId>,
}

/// A publication that is visible now, as one of a set of translations.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Sibling {
    pub id: ArticleId,
    pub language: String,
    pub slug: String,
    pub translates: Option<ArticleId>,
}

/// An article that a statement of its own has found.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Binary)]
    article_id: ArticleId,
}

/// Makes those who tie articles together take turns until each has ended.
pub(super) fn take_turns(conn: &mut Conn) -> QueryResult<()> {
    dialect::take_turns(conn, Door::Kin)
}

/// Writes what a working copy belongs to.
pub(super) fn tie(conn: &mut Conn, id: ArticleId, ties: Ties) -> QueryResult<usize> {
    let Ties { story, rewrites, translates } = ties;
    diesel::update(articles::table.find(id))
        .set((articles::story_id.eq(story), articles::rewrite_of.eq(rewrites), articles::translation_of.eq(translates)))
        .execute(conn)
}

/// Writes what a publication belongs to.
pub(super) fn tie_publication(conn: &mut Conn, id: PublicationId, ties: Ties) -> QueryResult<usize> {
    let Ties { story, rewrites, translates } = ties;
    diesel::update(publications::table.find(id))
        .set((
            publications::story_id.eq(story),
            publications::rewrite_of.eq(rewrites),
            publications::translation_of.eq(translates),
        ))
        .execute(conn)
}

/// Whether a chain of rewrites that begins at an article, towards older ones, comes to another.
pub(super) fn leads_to(conn: &mut Conn, from: ArticleId, to: ArticleId) -> QueryResult<bool> {
    let found: Option<Found> = diesel::sql_query(
        "WITH RECURSIVE chain (article_id) AS (
            SELECT id FROM articles WHERE id = $1
            UNION SELECT articles.rewrite_of FROM articles JOIN chain ON articles.id = chain.article_id
                WHERE articles.rewrite_of IS NOT NULL
        ) SELECT article_id FROM chain WHERE article_id = $2",
    )
    .bind::<Binary, _>(from)
    .bind::<Binary, _>(to)
    .get_result(conn)
    .optional()?;
    Ok(found.is_some_and(|found| found.article_id == to))
}

/// The original that a working copy is a translation of.
pub(super) fn original_of(conn: &mut Conn, id: ArticleId) -> QueryResult<Option<ArticleId>> {
    articles::table.find(id).select(articles::translation_of).first(conn).optional().map(Option::flatten)
}

/// Whether any working copy is a translation of this one.
pub(super) fn has_translations(conn: &mut Conn, id: ArticleId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(articles::table.filter(articles::translation_of.eq(id)))).get_result(conn)
}

/// Another article of a set of translations that has a language and was not given up.
pub(super) fn in_language(
    conn: &mut Conn,
    original: ArticleId,
    language: &str,
    other_than: ArticleId,
) -> QueryResult<Option<ArticleId>> {
    let set = articles::table.filter(articles::translation_of.eq(original).or(articles::id.eq(original)));
    let others = set.filter(articles::id.ne(other_than)).order(articles::id.asc());
    let standing = others.filter(articles::state.ne_all([ArticleState::Spiked, ArticleState::Killed]));
    // The language is looked at here: SQLite would read through all that was written in it.
    let found: Vec<(ArticleId, String)> = standing.select((articles::id, articles::language)).load(conn)?;
    Ok(found.into_iter().find(|(_, of)| of == language).map(|(id, _)| id))
}

/// Each rewrite of these articles that is visible now, behind what it rewrites.
pub(super) fn rewrites(conn: &mut Conn, of: &[ArticleId], now: UtcTime) -> QueryResult<Vec<(ArticleId, ArticleId)>> {
    let rewrites = publications::table
        .filter(one_of(publications::rewrite_of, of))
        .filter(visible!(now))
        .order((publications::date_published.asc(), publications::article_id.asc()))
        .select((publications::rewrite_of.assume_not_null(), publications::article_id));
    directly!(conn, own => rewrites.load(own))
}

/// What is visible now of the sets of translations that have these originals.
pub(super) fn siblings(conn: &mut Conn, originals: &[ArticleId], now: UtcTime) -> QueryResult<Vec<Sibling>> {
    let set = publications::table
        .filter(one_of(publications::translation_of, originals).or(one_of(publications::article_id, originals)))
        .filter(visible!(now))
        .order((publications::language.asc(), publications::article_id.asc()))
        .select((publications::article_id, publications::language, publications::slug, publications::translation_of));
    directly!(conn, own => set.load(own))
}

/// The articles of a story that are visible now, and what they were rewritten by, as far as that belongs to no other
/// story.
pub(super) fn of_story(conn: &mut Conn, story: StoryId, now: UtcTime, limit: i64) -> QueryResult<Vec<ArticleId>> {
    let found: Vec<Found> = diesel::sql_query(
        "WITH RECURSIVE kin (article_id) AS (
            SELECT article_id FROM publications WHERE story_id = $1
                AND visible_from <= $2 AND (visible_until IS NULL OR visible_until > $2)
            UNION SELECT later.article_id FROM publications AS later JOIN kin ON later.rewrite_of = kin.article_id
                WHERE later.story_id IS NULL
                AND later.visible_from <= $2 AND (later.visible_until IS NULL OR later.visible_until > $2)
        ) SELECT article_id FROM kin ORDER BY article_id LIMIT $3",
    )
    .bind::<Binary, _>(story)
    .bind::<BigInt, _>(now)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(found.into_iter().map(|found| found.article_id).collect())
}

/// The working copies that say that they are of a story, and what they were rewritten by, as far as that belongs to no
/// other story.
pub(super) fn begun_for_story(conn: &mut Conn, story: StoryId, limit: i64) -> QueryResult<Vec<ArticleId>> {
    let found: Vec<Found> = diesel::sql_query(
        "WITH RECURSIVE kin (article_id) AS (
            SELECT id FROM articles WHERE story_id = $1
            UNION SELECT later.id FROM articles AS later JOIN kin ON later.rewrite_of = kin.article_id
                WHERE later.story_id IS NULL
        ) SELECT article_id FROM kin ORDER BY article_id LIMIT $2",
    )
    .bind::<Binary, _>(story)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(found.into_iter().map(|found| found.article_id).collect())
}

/// These working copies, without their bodies.
pub(super) fn heads(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<(Head, String)>> {
    let named = articles::table.filter(one_of(articles::id, ids));
    named.select((Head::as_select(), articles::content)).load(conn)
}

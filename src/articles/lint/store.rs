//! The only SQL for what finds published texts again.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};

use crate::articles::store::visible;
use crate::db::schema::{publication_links, publication_shingles, publications};
use crate::db::{Conn, one_of, statement};
use crate::ids::{ArticleId, PublicationId, RecordId};
use crate::records::Kind;
use crate::time::UtcTime;

/// A hash that a visible publication has.
#[derive(Clone, Copy, Debug, Queryable)]
pub(super) struct Match {
    pub hash: i64,
    pub publication_id: PublicationId,
    pub article_id: ArticleId,
}

/// Which visible publications have some of these hashes, but for those of some articles.
pub(super) fn matches(conn: &mut Conn, hashes: &[i64], except: &[ArticleId], now: UtcTime) -> QueryResult<Vec<Match>> {
    let mut found: Vec<Match> = publication_shingles::table
        .inner_join(publications::table.on(publications::id.eq(publication_shingles::publication_id)))
        .filter(one_of(publication_shingles::hash, hashes))
        .filter(visible!(now))
        .select((publication_shingles::hash, publications::id, publications::article_id))
        .load(conn)?;
    found.retain(|found| !except.contains(&found.article_id));
    Ok(found)
}

/// The sources that publications credit.
pub(super) fn sources(conn: &mut Conn, ids: &[PublicationId]) -> QueryResult<Vec<(PublicationId, RecordId)>> {
    publication_links::table
        .filter(one_of(publication_links::publication_id, ids))
        .filter(publication_links::kind.eq(Kind::Source))
        .order((publication_links::publication_id, publication_links::target_id))
        .select((publication_links::publication_id, publication_links::target_id))
        .load(conn)
}

/// Another article that was published under a headline since some instant, and is visible.
pub(super) fn same_headline(
    conn: &mut Conn,
    (hash, except): (i64, ArticleId),
    since: UtcTime,
    now: UtcTime,
) -> QueryResult<Option<ArticleId>> {
    publications::table
        .filter(publications::headline_hash.eq(hash).and(publications::date_published.gt(since)))
        .filter(visible!(now).and(publications::article_id.ne(except)))
        .order(publications::date_published.desc())
        .select(publications::article_id)
        .first(conn)
        .optional()
}

/// Of these hashes, those that so many publications have.
pub(super) fn formulas(conn: &mut Conn, hashes: &[i64], common: i64) -> QueryResult<Vec<i64>> {
    publication_shingles::table
        .filter(one_of(publication_shingles::hash, hashes))
        .group_by(publication_shingles::hash)
        .having(count_star().ge(common))
        .select(publication_shingles::hash)
        .load(conn)
}

/// Drops what was kept of an article's publications that are over.
pub(super) fn forget(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<usize> {
    let over = publications::table
        .filter(publications::article_id.eq(id).and(publications::visible_until.le(now)))
        .select(publications::id);
    diesel::delete(publication_shingles::table.filter(publication_shingles::publication_id.eq_any(over))).execute(conn)
}

/// Keeps the hashes of a publication.
pub(super) fn imprint(conn: &mut Conn, id: PublicationId, hashes: &[i64]) -> QueryResult<usize> {
    let kept = statement(match conn {
        Conn::Sqlite(_) => "INSERT INTO publication_shingles (hash, publication_id) SELECT value, ? FROM json_each(?)",
        Conn::Postgres(_) => {
            "INSERT INTO publication_shingles (hash, publication_id) \
             SELECT value::bigint, ? FROM json_array_elements_text(?::json) AS value"
        }
    });
    // One text for all of them, so that the statement is the same for however many.
    kept.bind::<Binary, _>(id).bind::<Text, _>(format!("{hashes:?}")).execute(conn)
}

//! The only SQL for what finds published texts again.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};

use crate::articles::store::visible;
use crate::db::schema::{publication_links, publication_prints, publication_shingles, publications};
use crate::db::{Conn, directly, one_of, statement};
use crate::ids::{ArticleId, PublicationId, RecordId};
use crate::records::Kind;
use crate::time::UtcTime;

/// A hash that a publication has.
#[derive(Clone, Copy, Debug, Queryable)]
pub(super) struct Standing {
    pub hash: i64,
    pub publication_id: PublicationId,
}

/// Which publications have some of these hashes, visible or not.
pub(super) fn standing(conn: &mut Conn, hashes: &[i64]) -> QueryResult<Vec<Standing>> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let standing = publication_shingles::table
        .filter(one_of(publication_shingles::hash, hashes))
        .select((publication_shingles::hash, publication_shingles::publication_id));
    directly!(conn, own => standing.load(own))
}

/// Of these publications, those that are visible, each with its article.
pub(super) fn visible(
    conn: &mut Conn,
    ids: &[PublicationId],
    now: UtcTime,
) -> QueryResult<Vec<(PublicationId, ArticleId)>> {
    let these = publications::table.filter(one_of(publications::id, ids)).filter(visible!(now));
    these.select((publications::id, publications::article_id)).load(conn)
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

/// The publications of an article that are over, of which something is still kept.
pub(super) fn over(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<Vec<PublicationId>> {
    let over = publication_prints::table
        .inner_join(publications::table.on(publications::id.eq(publication_prints::publication_id)))
        .filter(publications::article_id.eq(id).and(publications::visible_until.le(now)))
        .select(publications::id);
    directly!(conn, own => over.load(own))
}

/// Drops what is kept of publications.
pub(in crate::articles) fn forget(conn: &mut Conn, ids: &[PublicationId]) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let kept = publication_prints::table.filter(one_of(publication_prints::publication_id, ids));
    let kept: Vec<(PublicationId, Vec<u8>)> =
        kept.select((publication_prints::publication_id, publication_prints::hashes)).load(conn)?;
    for (id, packed) in kept {
        let hashes: Vec<i64> = packed.as_chunks().0.iter().copied().map(i64::from_be_bytes).collect();
        let of_one = publication_shingles::table.filter(publication_shingles::publication_id.eq(id));
        diesel::delete(of_one.filter(one_of(publication_shingles::hash, hashes))).execute(conn)?;
    }
    diesel::delete(publication_prints::table.filter(one_of(publication_prints::publication_id, ids))).execute(conn)?;
    Ok(())
}

/// Keeps the hashes of a publication.
pub(super) fn imprint(conn: &mut Conn, id: PublicationId, hashes: &[i64]) -> QueryResult<()> {
    let kept = statement(match conn {
        Conn::Sqlite(_) => "INSERT INTO publication_shingles (hash, publication_id) SELECT value, ? FROM json_each(?)",
        Conn::Postgres(_) => {
            "INSERT INTO publication_shingles (hash, publication_id) \
             SELECT value::bigint, ? FROM json_array_elements_text(?::json) AS value"
        }
    });
    // One text for all of them, so that the statement is the same for however many.
    kept.bind::<Binary, _>(id).bind::<Text, _>(format!("{hashes:?}")).execute(conn)?;
    let packed: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
    let print = (publication_prints::publication_id.eq(id), publication_prints::hashes.eq(packed));
    diesel::insert_into(publication_prints::table).values(print).execute(conn)?;
    Ok(())
}

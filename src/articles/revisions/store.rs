//! The only SQL for the walk over everything that was ever written.

use diesel::prelude::*;

use crate::db::schema::{articles, publications, revisions};
use crate::db::{Conn, one_of};
use crate::ids::{ArticleId, Id, PublicationId, UserId, of};
use crate::time::UtcTime;

/// A row of `revisions`, as it stands there: whatever somebody has written into it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub(super) struct StoredRevision {
    pub article_id: ArticleId,
    pub version: i64,
    pub parent_version: Option<i64>,
    pub action: String,
    pub state: String,
    pub note: Option<String>,
    pub author_id: UserId,
    pub created_at: UtcTime,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub content: String,
    pub body: String,
}

/// Content and body.
type Texts = (String, String);

/// A text that was taken from a revision, and that revision's where there is one.
pub(super) struct Copy<K: 'static> {
    pub id: Id<K>,
    pub article: ArticleId,
    pub version: i64,
    pub texts: Texts,
    pub revision: Option<Texts>,
}

pub(super) fn revisions_after(
    conn: &mut Conn,
    (article, version): (ArticleId, i64),
    limit: i64,
) -> QueryResult<Vec<StoredRevision>> {
    let later = revisions::article_id.eq(article).and(revisions::version.gt(version));
    revisions::table
        .filter(revisions::article_id.ge(article))
        .filter(revisions::article_id.gt(article).or(later))
        .order((revisions::article_id.asc(), revisions::version.asc()))
        .limit(limit)
        .select(StoredRevision::as_select())
        .load(conn)
}

pub(super) fn articles_after(conn: &mut Conn, id: ArticleId, limit: i64) -> QueryResult<Vec<Copy<of::Article>>> {
    let latest = revisions::article_id.eq(articles::id).and(revisions::version.eq(articles::version));
    let rows = articles::table
        .left_join(revisions::table.on(latest))
        .filter(articles::id.gt(id))
        .order(articles::id.asc())
        .limit(limit)
        .select((
            articles::id,
            articles::version,
            (articles::content, articles::body),
            (revisions::content, revisions::body).nullable(),
        ))
        .load::<(ArticleId, i64, Texts, Option<Texts>)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, version, texts, revision)| Copy { id, article: id, version, texts, revision })
        .collect())
}

/// The number of the last revision of each of these articles.
pub(super) fn last_versions(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<(ArticleId, Option<i64>)>> {
    revisions::table
        .filter(one_of(revisions::article_id, ids))
        .group_by(revisions::article_id)
        .select((revisions::article_id, diesel::dsl::max(revisions::version)))
        .load(conn)
}

pub(super) fn publications_after(
    conn: &mut Conn,
    id: PublicationId,
    limit: i64,
) -> QueryResult<Vec<Copy<of::Publication>>> {
    let frozen = revisions::article_id.eq(publications::article_id).and(revisions::version.eq(publications::version));
    let rows = publications::table
        .left_join(revisions::table.on(frozen))
        .filter(publications::id.gt(id))
        .order(publications::id.asc())
        .limit(limit)
        .select((
            publications::id,
            publications::article_id,
            publications::version,
            (publications::content, publications::body),
            (revisions::content, revisions::body).nullable(),
        ))
        .load::<(PublicationId, ArticleId, i64, Texts, Option<Texts>)>(conn)?;
    let copy = |(id, article, version, texts, revision)| Copy { id, article, version, texts, revision };
    Ok(rows.into_iter().map(copy).collect())
}

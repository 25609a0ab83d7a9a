//! The only SQL for preview links.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::preview_links;
use crate::ids::{ArticleId, KeyId, PreviewLinkId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `preview_links`, without the hash of its token.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = preview_links)]
pub struct Link {
    pub id: PreviewLinkId,
    pub article_id: ArticleId,
    pub version: Option<i64>,
    pub note: Option<String>,
    pub expires_at: UtcTime,
    pub revoked_at: Option<UtcTime>,
    pub created_by: UserId,
    pub created_at: UtcTime,
    pub key_id: Option<KeyId>,
}

pub(super) fn insert(conn: &mut Conn, link: &Link, token_hash: &[u8]) -> QueryResult<usize> {
    let Link { id, article_id, version, note, expires_at, revoked_at, created_by, created_at, key_id } = link;
    diesel::insert_into(preview_links::table)
        .values((
            preview_links::id.eq(*id),
            preview_links::article_id.eq(*article_id),
            preview_links::token_hash.eq(token_hash),
            preview_links::version.eq(*version),
            preview_links::note.eq(note),
            preview_links::expires_at.eq(*expires_at),
            preview_links::revoked_at.eq(*revoked_at),
            preview_links::created_by.eq(*created_by),
            preview_links::created_at.eq(*created_at),
            preview_links::key_id.eq(*key_id),
        ))
        .execute(conn)
}

pub(super) fn of_article(conn: &mut Conn, id: ArticleId, page: &PageRequest) -> QueryResult<Slice<Link>> {
    let of_article = || preview_links::table.filter(preview_links::article_id.eq(id)).into_boxed();
    let query = keyset!(of_article(), page, preview_links::created_at => number, preview_links::id, true);
    let rows = query.select(Link::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Link| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(of_article().count().get_result(conn)?);
    }
    Ok(slice)
}

pub(super) fn find(conn: &mut Conn, article: ArticleId, id: PreviewLinkId) -> QueryResult<Option<Link>> {
    let link = preview_links::table.find(id).filter(preview_links::article_id.eq(article));
    link.select(Link::as_select()).first(conn).optional()
}

/// The link of a token, while it is good.
pub(super) fn by_hash(conn: &mut Conn, token_hash: &[u8], now: UtcTime) -> QueryResult<Option<Link>> {
    preview_links::table
        .filter(preview_links::token_hash.eq(token_hash))
        .filter(preview_links::revoked_at.is_null().and(preview_links::expires_at.gt(now)))
        .select(Link::as_select())
        .first(conn)
        .optional()
}

/// Ends every link of an article.
pub(super) fn revoke_all(conn: &mut Conn, article: ArticleId, now: UtcTime) -> QueryResult<usize> {
    let of_article = preview_links::table.filter(preview_links::article_id.eq(article));
    diesel::update(of_article.filter(preview_links::revoked_at.is_null()))
        .set(preview_links::revoked_at.eq(now))
        .execute(conn)
}

/// Ends a link, unless somebody has.
pub(super) fn revoke(conn: &mut Conn, id: PreviewLinkId, now: UtcTime) -> QueryResult<usize> {
    diesel::update(preview_links::table.find(id).filter(preview_links::revoked_at.is_null()))
        .set(preview_links::revoked_at.eq(now))
        .execute(conn)
}

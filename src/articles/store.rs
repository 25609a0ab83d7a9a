//! The only SQL for articles, their revisions and their publications.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use super::company::Company;
use super::discussions::Ruling;
use super::model::{ArticleState, Step};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{article_links, articles, publication_links, publications, records, revisions};
use crate::db::{Conn, directly, list, one_of, statement};
use crate::ids::{ArticleId, PublicationId, RecordId, UserId};
use crate::keyset;
use crate::records::Kind;
use crate::site::CommentPolicy;
use crate::time::UtcTime;

/// A row of `articles`, without the texts.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub(super) struct Head {
    pub id: ArticleId,
    pub language: String,
    pub slug: String,
    pub state: ArticleState,
    pub spiked_from: Option<ArticleState>,
    pub version: i64,
    pub live_version: Option<i64>,
    pub section_id: Option<RecordId>,
    pub created_by: UserId,
    pub updated_by: UserId,
    pub date_published: Option<UtcTime>,
    pub date_modified: Option<UtcTime>,
    pub comment_count: i64,
    pub word_count: i64,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub notice: Option<String>,
    pub assigned_to: Option<UserId>,
    #[diesel(embed)]
    pub ahead: Ahead,
}

/// What the clock will make of an article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub(super) struct Ahead {
    /// The revision that becomes public.
    pub due_version: Option<i64>,
    /// When it does.
    pub due_at: Option<UtcTime>,
    /// When that ends.
    pub due_ends_at: Option<UtcTime>,
    /// The instant that was asked for, before any embargo.
    pub publish_at: Option<UtcTime>,
    /// The zone that it was asked for in.
    pub time_zone: Option<String>,
    /// When what is public now ends.
    pub ends_at: Option<UtcTime>,
}

/// The texts of a row, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Texts {
    pub content: String,
    pub body: String,
}

/// A row of `revisions`, without the texts.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub(super) struct RevisionRow {
    pub article_id: ArticleId,
    pub version: i64,
    pub parent_version: Option<i64>,
    pub action: Step,
    pub state: ArticleState,
    pub note: Option<String>,
    pub author_id: UserId,
    pub created_at: UtcTime,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// A publication that is visible now, without its body.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = publications)]
pub(super) struct Live {
    pub id: PublicationId,
    pub article_id: ArticleId,
    pub version: i64,
    pub slug: String,
    pub date_published: UtcTime,
    pub date_modified: UtcTime,
    pub word_count: i64,
    pub content: String,
}

/// A new publication.
pub(super) struct NewPublication<'a> {
    pub id: PublicationId,
    pub head: &'a Head,
    pub slug_key: String,
    pub headline_hash: i64,
    pub visible_from: UtcTime,
    pub visible_until: Option<UtcTime>,
    pub date_published: UtcTime,
    pub date_modified: UtcTime,
    pub texts: &'a Texts,
}

pub(super) fn head(conn: &mut Conn, id: ArticleId) -> QueryResult<Option<Head>> {
    articles::table.find(id).select(Head::as_select()).first(conn).optional()
}

pub(super) fn texts(conn: &mut Conn, id: ArticleId) -> QueryResult<Texts> {
    let row = articles::table.find(id).select((articles::content, articles::body)).first(conn);
    row.map(|(content, body)| Texts { content, body })
}

pub(super) fn exists_any(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<ArticleId>> {
    articles::table.filter(one_of(articles::id, ids)).select(articles::id).load(conn)
}

pub(super) fn insert(conn: &mut Conn, head: &Head, slug_key: &str, texts: &Texts) -> QueryResult<usize> {
    let insert = diesel::insert_into(articles::table).values((
        articles::id.eq(head.id),
        articles::language.eq(&head.language),
        articles::slug.eq(&head.slug),
        articles::slug_key.eq(slug_key),
        articles::state.eq(head.state),
        articles::version.eq(head.version),
        articles::section_id.eq(head.section_id),
        articles::created_by.eq(head.created_by),
        articles::updated_by.eq(head.updated_by),
        articles::comment_count.eq(head.comment_count),
        articles::word_count.eq(head.word_count),
        articles::created_at.eq(head.created_at),
        articles::updated_at.eq(head.updated_at),
        articles::content.eq(&texts.content),
        articles::body.eq(&texts.body),
    ));
    directly!(conn, own => insert.execute(own))
}

/// Writes a head and its texts over the version that was read; 0 when another change came first.
pub(super) fn update(conn: &mut Conn, head: &Head, slug_key: &str, texts: &Texts, present: i64) -> QueryResult<usize> {
    let Ahead { due_version, due_at, due_ends_at, publish_at, time_zone, ends_at } = &head.ahead;
    statement(
        "UPDATE articles SET language = ?, slug = ?, slug_key = ?, state = ?, spiked_from = ?, version = ?, \
         live_version = ?, section_id = ?, updated_by = ?, date_published = ?, date_modified = ?, word_count = ?, \
         updated_at = ?, content = ?, body = ?, notice = ?, due_version = ?, due_at = ?, due_ends_at = ?, \
         publish_at = ?, time_zone = ?, ends_at = ? WHERE id = ? AND version = ?",
    )
    .bind::<Text, _>(&head.language)
    .bind::<Text, _>(&head.slug)
    .bind::<Text, _>(slug_key)
    .bind::<Text, _>(head.state)
    .bind::<Nullable<Text>, _>(head.spiked_from)
    .bind::<BigInt, _>(head.version)
    .bind::<Nullable<BigInt>, _>(head.live_version)
    .bind::<Nullable<Binary>, _>(head.section_id)
    .bind::<Binary, _>(head.updated_by)
    .bind::<Nullable<BigInt>, _>(head.date_published)
    .bind::<Nullable<BigInt>, _>(head.date_modified)
    .bind::<BigInt, _>(head.word_count)
    .bind::<BigInt, _>(head.updated_at)
    .bind::<Text, _>(&texts.content)
    .bind::<Text, _>(&texts.body)
    .bind::<Nullable<Text>, _>(&head.notice)
    .bind::<Nullable<BigInt>, _>(due_version)
    .bind::<Nullable<BigInt>, _>(due_at)
    .bind::<Nullable<BigInt>, _>(due_ends_at)
    .bind::<Nullable<BigInt>, _>(publish_at)
    .bind::<Nullable<Text>, _>(time_zone)
    .bind::<Nullable<BigInt>, _>(ends_at)
    .bind::<Binary, _>(head.id)
    .bind::<BigInt, _>(present)
    .execute(conn)
}

pub(super) fn add_comments(conn: &mut Conn, id: ArticleId, delta: i64) -> QueryResult<usize> {
    statement("UPDATE articles SET comment_count = comment_count + ? WHERE id = ?")
        .bind::<BigInt, _>(delta)
        .bind::<Binary, _>(id)
        .execute(conn)
}

/// Of these slug keys, those that other articles have in a language. Old publications count: their addresses
/// lead to the article.
pub(super) fn taken_keys(conn: &mut Conn, id: ArticleId, language: &str, keys: &[String]) -> QueryResult<Vec<String>> {
    let mut taken: Vec<String> = articles::table
        .filter(articles::language.eq(language).and(one_of(articles::slug_key, keys)))
        .filter(articles::id.ne(id))
        .select(articles::slug_key)
        .load(conn)?;
    // The language is looked at here: SQLite would read through all that was published in it.
    let old: Vec<(String, String)> = publications::table
        .filter(one_of(publications::slug_key, keys).and(publications::article_id.ne(id)))
        .select((publications::language, publications::slug_key))
        .load(conn)?;
    taken.extend(old.into_iter().filter(|(of, _)| of == language).map(|(_, key)| key));
    Ok(taken)
}

/// Replaces the records that a working copy refers to.
pub(super) fn relink(conn: &mut Conn, id: ArticleId, links: &[RecordId]) -> QueryResult<usize> {
    diesel::delete(article_links::table.filter(article_links::article_id.eq(id))).execute(conn)?;
    let linked = records::table.filter(one_of(records::id, links));
    diesel::insert_into(article_links::table)
        .values(linked.select((id.into_sql::<Binary>(), records::kind, records::id)))
        .into_columns((article_links::article_id, article_links::kind, article_links::target_id))
        .execute(conn)
}

pub(super) fn insert_revision(conn: &mut Conn, row: &RevisionRow, texts: &Texts) -> QueryResult<usize> {
    let RevisionRow {
        article_id,
        version,
        parent_version,
        action,
        state,
        note,
        author_id,
        created_at,
        prev_hash,
        hash,
    } = row;
    let insert = diesel::insert_into(revisions::table).values((
        revisions::article_id.eq(*article_id),
        revisions::version.eq(*version),
        revisions::parent_version.eq(*parent_version),
        revisions::action.eq(*action),
        revisions::state.eq(*state),
        revisions::note.eq(note),
        revisions::author_id.eq(*author_id),
        revisions::created_at.eq(*created_at),
        revisions::prev_hash.eq(prev_hash),
        revisions::hash.eq(hash),
        revisions::content.eq(&texts.content),
        revisions::body.eq(&texts.body),
    ));
    directly!(conn, own => insert.execute(own))
}

pub(super) fn revision_hash(conn: &mut Conn, id: ArticleId, version: i64) -> QueryResult<Vec<u8>> {
    revisions::table.find((id, version)).select(revisions::hash).first(conn)
}

pub(super) fn revision(conn: &mut Conn, id: ArticleId, version: i64) -> QueryResult<Option<(RevisionRow, Texts)>> {
    let row = revisions::table.find((id, version));
    row.select((RevisionRow::as_select(), revisions::content, revisions::body))
        .first::<(RevisionRow, String, String)>(conn)
        .optional()
        .map(|found| found.map(|(row, content, body)| (row, Texts { content, body })))
}

pub(super) fn revisions(conn: &mut Conn, id: ArticleId, page: &PageRequest) -> QueryResult<Slice<RevisionRow>> {
    let of_article = || revisions::table.filter(revisions::article_id.eq(id)).into_boxed();
    let query = keyset!(of_article(), page, revisions::version => number, revisions::article_id, true);
    let rows = query.select(RevisionRow::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &RevisionRow| Position::at(row.version, row.article_id.uuid()));
    if page.count {
        slice.total = Some(of_article().count().get_result(conn)?);
    }
    Ok(slice)
}

pub(super) fn publish(conn: &mut Conn, new: &NewPublication<'_>, links: &[RecordId]) -> QueryResult<usize> {
    let NewPublication {
        id,
        head,
        slug_key,
        headline_hash,
        visible_from,
        visible_until,
        date_published,
        date_modified,
        texts,
    } = new;
    let insert = diesel::insert_into(publications::table).values((
        publications::id.eq(*id),
        publications::article_id.eq(head.id),
        publications::version.eq(head.version),
        publications::visible_from.eq(*visible_from),
        publications::visible_until.eq(*visible_until),
        publications::language.eq(&head.language),
        publications::slug.eq(&head.slug),
        publications::slug_key.eq(slug_key),
        publications::headline_hash.eq(*headline_hash),
        publications::date_published.eq(*date_published),
        publications::date_modified.eq(*date_modified),
        publications::word_count.eq(head.word_count),
        publications::content.eq(&texts.content),
        publications::body.eq(&texts.body),
    ));
    directly!(conn, own => insert.execute(own))?;
    let linked = records::table.filter(one_of(records::id, links));
    diesel::insert_into(publication_links::table)
        .values(linked.select((
            id.into_sql::<Binary>(),
            records::kind,
            records::id,
            date_published.into_sql::<BigInt>(),
            head.id.into_sql::<Binary>(),
        )))
        .into_columns((
            publication_links::publication_id,
            publication_links::kind,
            publication_links::target_id,
            publication_links::date_published,
            publication_links::article_id,
        ))
        .execute(conn)
}

/// What «visible now» means, the same for every reader.
macro_rules! visible {
    ($now:expr) => {
        publications::visible_from
            .le($now)
            .and(publications::visible_until.is_null().or(publications::visible_until.gt($now)))
    };
}
pub(super) use visible;

pub(super) fn live(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<Option<Live>> {
    let of_article = publications::table.filter(publications::article_id.eq(id)).filter(visible!(now));
    directly!(conn, own => of_article.select(Live::as_select()).first(own).optional())
}

/// The same with its body.
pub(super) fn live_whole(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<Option<(Live, String)>> {
    let of_article = publications::table.filter(publications::article_id.eq(id)).filter(visible!(now));
    directly!(conn, own => of_article.select((Live::as_select(), publications::body)).first(own).optional())
}

/// The live publications with a slug, in any language: each with its body and its language.
pub(super) fn live_by_slug(conn: &mut Conn, key: &str, now: UtcTime) -> QueryResult<Vec<(Live, String, String)>> {
    let by_slug = publications::table.filter(publications::slug_key.eq(key)).filter(visible!(now));
    directly!(conn, own => {
        by_slug.select((Live::as_select(), publications::body, publications::language)).load(own)
    })
}

/// The present publication of an article that once had a slug in public; of several the one that had it last.
pub(super) fn moved_from(conn: &mut Conn, key: &str, now: UtcTime) -> QueryResult<Option<Live>> {
    let old = diesel::alias!(publications as old);
    publications::table
        .inner_join(old.on(old.field(publications::article_id).eq(publications::article_id)))
        .filter(old.field(publications::slug_key).eq(key).and(old.field(publications::visible_from).le(now)))
        .filter(visible!(now))
        .order(old.field(publications::visible_from).desc())
        .select(Live::as_select())
        .first(conn)
        .optional()
}

/// Why an article that was public was taken back for good.
pub(super) fn killed(conn: &mut Conn, id: ArticleId) -> QueryResult<Option<String>> {
    let was_public = exists(publications::table.filter(publications::article_id.eq(articles::id)));
    let killed = articles::table.find(id).filter(articles::state.eq(ArticleState::Killed)).filter(was_public);
    killed.filter(articles::notice.is_not_null()).select(articles::notice.assume_not_null()).first(conn).optional()
}

/// The same of the article that had a slug.
pub(super) fn killed_by_slug(conn: &mut Conn, key: &str) -> QueryResult<Option<String>> {
    publications::table
        .inner_join(articles::table.on(articles::id.eq(publications::article_id)))
        .filter(publications::slug_key.eq(key).and(articles::state.eq(ArticleState::Killed)))
        .filter(articles::notice.is_not_null())
        .order(publications::visible_from.desc())
        .select(articles::notice.assume_not_null())
        .first(conn)
        .optional()
}

pub(super) fn live_body(conn: &mut Conn, id: PublicationId) -> QueryResult<String> {
    directly!(conn, own => publications::table.find(id).select(publications::body).first(own))
}

/// Of these articles, those that are visible now.
pub(super) fn live_ids(conn: &mut Conn, ids: &[ArticleId], now: UtcTime) -> QueryResult<Vec<ArticleId>> {
    let of_articles = publications::table.filter(one_of(publications::article_id, ids));
    of_articles.filter(visible!(now)).select(publications::article_id).load(conn)
}

/// Whether an article is visible now: [`live_ids`] of one, which is asked so often that it must not be prepared each time.
pub(super) fn is_live(conn: &mut Conn, id: ArticleId, now: UtcTime) -> QueryResult<bool> {
    let of_article = publications::table.filter(publications::article_id.eq(id)).filter(visible!(now));
    let of_article = of_article.select(publications::article_id);
    Ok(directly!(conn, own => of_article.first::<ArticleId>(own).optional())?.is_some())
}

/// The accounts of those whose names stand above an article, if it is visible now: [`bylines`] of one.
pub(super) fn byline(conn: &mut Conn, id: ArticleId, kind: Kind, now: UtcTime) -> QueryResult<Vec<Option<UserId>>> {
    let named = publications::table
        .inner_join(publication_links::table.on(publication_links::publication_id.eq(publications::id)))
        .inner_join(records::table.on(records::id.eq(publication_links::target_id)))
        .filter(publications::article_id.eq(id).and(visible!(now)))
        .filter(publication_links::kind.eq(kind).and(records::user_id.is_not_null()));
    directly!(conn, own => named.select(records::user_id).load(own))
}

/// Of these articles, the accounts of those whose names stand above what is visible now.
pub(super) fn bylines(
    conn: &mut Conn,
    ids: &[ArticleId],
    kind: Kind,
    now: UtcTime,
) -> QueryResult<Vec<(ArticleId, Option<UserId>)>> {
    publications::table
        .inner_join(publication_links::table.on(publication_links::publication_id.eq(publications::id)))
        .inner_join(records::table.on(records::id.eq(publication_links::target_id)))
        .filter(one_of(publications::article_id, ids).and(visible!(now)))
        .filter(publication_links::kind.eq(kind).and(records::user_id.is_not_null()))
        .select((publications::article_id, records::user_id))
        .load(conn)
}

pub(super) fn live_many(conn: &mut Conn, ids: &[ArticleId], now: UtcTime) -> QueryResult<Vec<Live>> {
    let of_articles = publications::table.filter(one_of(publications::article_id, ids));
    let visible = of_articles.filter(visible!(now)).order(publications::article_id);
    directly!(conn, own => visible.select(Live::as_select()).load(own))
}

/// What goes with each of some articles: as text, since Diesel took as long to write the statement out as SQLite to run it.
macro_rules! company {
    ($articles:literal, $are_named:literal) => {
        concat!(
            "SELECT articles.id, articles.comment_count, ruled.mode, ruled.closes_at, \
             EXISTS (SELECT 1 FROM corrections WHERE corrections.article_id = articles.id), \
             EXISTS (SELECT 1 FROM publications WHERE publications.rewrite_of = articles.id), \
             EXISTS (SELECT 1 FROM publications WHERE publications.translation_of = articles.id) FROM ",
            $articles,
            " LEFT JOIN article_discussions ruled ON ruled.article_id = articles.id WHERE ",
            $are_named
        )
    };
}

/// What goes with each of these articles.
pub(super) fn company(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<(ArticleId, Company)>> {
    type Columns = (Binary, BigInt, Nullable<Text>, Nullable<BigInt>, Bool, Bool, Bool);
    type Found = (ArticleId, i64, Option<CommentPolicy>, Option<UtcTime>, bool, bool, bool);
    let found: Vec<Found> = if let [only] = ids {
        let company = statement(company!("articles", "articles.id = ?"));
        company.bind::<Binary, _>(*only).answering::<Columns>().load(conn)?
    } else {
        let company = statement(match conn {
            Conn::Sqlite(_) => company!("json_each(?) named CROSS JOIN articles", "articles.id = unhex(named.value)"),
            Conn::Postgres(_) => company!("articles", "articles.id = ANY (CAST(? AS bytea[]))"),
        });
        company.bind::<Text, _>(list(conn, ids)).answering::<Columns>().load(conn)?
    };
    let with = |(id, comment_count, mode, closes_at, is_corrected, is_rewritten, is_translated)| {
        let ruling = Ruling { mode, closes_at };
        (id, Company { comment_count, ruling, is_corrected, is_rewritten, is_translated })
    };
    Ok(found.into_iter().map(with).collect())
}

pub(super) fn comment_counts(conn: &mut Conn, ids: &[ArticleId]) -> QueryResult<Vec<(ArticleId, i64)>> {
    let of_articles = articles::table.filter(one_of(articles::id, ids));
    of_articles.select((articles::id, articles::comment_count)).load(conn)
}

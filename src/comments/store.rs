//! The only SQL for comments.

use diesel::backend::Backend;
use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use super::badges::GivenBadge;
use super::model::{CommentReason, CommentStatus};
use super::pipeline::Rule;
use crate::auth::Role;
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{comment_decisions, comment_revisions, commenters, comments, users};
use crate::db::{Conn, directly, one_of, statement};
use crate::ids::{ArticleId, CommentId, CommenterId, DecisionId, UserId};
use crate::keyset;
use crate::time::UtcTime;

/// A row of `comments`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = comments, treat_none_as_default_value = false)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column, and none excludes another")]
pub(super) struct Row {
    pub id: CommentId,
    pub article_id: ArticleId,
    /// Below which it hangs.
    pub parent_id: Option<CommentId>,
    /// Which it answers: the same, or one beside it where the discussion is at its deepest.
    pub answers_id: Option<CommentId>,
    pub depth: i64,
    pub author_id: CommenterId,
    pub status: CommentStatus,
    pub text: String,
    pub text_key: Vec<u8>,
    pub origin: Option<Vec<u8>>,
    /// How many published ones hang below it.
    pub reply_count: i64,
    /// How many that are shown, if only as a gap, hang below it.
    pub listed_count: i64,
    /// Whether it is shown, if only as a gap.
    pub is_listed: bool,
    /// How often readers have reacted to it.
    pub reaction_count: i64,
    /// How often of each kind: `like:3,sad:1`.
    #[diesel(skip_insertion)]
    #[diesel(select_expression = ReactionsByKind, select_expression_type = ReactionsByKind)]
    pub reactions: Option<String>,
    /// How many readers have reported it since a moderator last decided.
    pub report_count: i64,
    /// Whether any has.
    pub has_reports: bool,
    pub is_reviewed: bool,
    pub is_featured: bool,
    pub is_pinned: bool,
    pub appeal: Option<String>,
    pub reason: Option<CommentReason>,
    pub note: Option<String>,
    pub moderated_by: Option<UserId>,
    pub version: i64,
    pub edited_at: Option<UtcTime>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// What readers have said of a comment with one touch. Within the statement that reads the comment, so that no page of
/// them needs another, and none can be shown without; most comments have none, and there it looks nowhere. Not
/// `diesel::dsl::sql`, whose statements are prepared anew each time.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct ReactionsByKind;

impl Expression for ReactionsByKind {
    type SqlType = Nullable<Text>;
}

impl<S> SelectableExpression<S> for ReactionsByKind {}

impl<S> AppearsOnTable<S> for ReactionsByKind {}

impl<G> ValidGrouping<G> for ReactionsByKind {
    type IsAggregate = is_aggregate::Never;
}

impl<DB: Backend> QueryFragment<DB> for ReactionsByKind {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "CASE WHEN comments.reaction_count > 0 THEN \
             (SELECT string_agg(counted.kind || ':' || counted.count, ',') FROM comment_reaction_counts counted \
             WHERE counted.comment_id = comments.id AND counted.count > 0) END",
        );
        Ok(())
    }
}

/// What others see of somebody who comments.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Writer {
    /// The account.
    pub user: Option<UserId>,
    /// The account's name.
    pub name: Option<String>,
    /// The account's role.
    pub role: Option<Role>,
    /// A guest's name.
    pub guest: Option<String>,
    /// What moderators say of them.
    pub badge: Option<GivenBadge>,
}

/// A row of `comment_decisions`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_decisions, treat_none_as_default_value = false)]
pub(super) struct Decided {
    pub id: DecisionId,
    pub comment_id: CommentId,
    pub actor_id: Option<UserId>,
    pub rule: Rule,
    pub from_status: Option<CommentStatus>,
    pub to_status: CommentStatus,
    pub reason: Option<CommentReason>,
    pub note: Option<String>,
    pub spans: String,
    pub created_at: UtcTime,
}

/// A row of `comment_revisions`: a wording, and since when the comment had it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_revisions)]
pub struct Revision {
    pub(super) comment_id: CommentId,
    pub(super) version: i64,
    pub(super) text: String,
    pub(super) created_at: UtcTime,
}

/// What somebody has said.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = comments)]
pub(super) struct Said {
    pub id: CommentId,
    pub article_id: ArticleId,
    pub answers_id: Option<CommentId>,
    pub text_key: Vec<u8>,
    pub text: String,
}

/// Which of their own comments writers want.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub article: Option<ArticleId>,
    pub author: CommenterId,
    pub newest_first: bool,
}

/// Comments beside those who wrote them.
macro_rules! joined {
    () => {
        comments::table
            .inner_join(commenters::table.on(commenters::id.eq(comments::author_id)))
            .left_join(users::table.on(users::id.nullable().eq(commenters::user_id)))
    };
}

/// What others see of the writer.
macro_rules! writer {
    () => {
        (commenters::user_id, users::name.nullable(), users::role.nullable(), commenters::name, commenters::badge)
    };
}

pub(super) use {joined, writer};

/// Makes an account one of those who comment, under its own id.
pub(super) fn introduce(conn: &mut Conn, user: CommenterId, now: UtcTime) -> QueryResult<usize> {
    statement("INSERT INTO commenters (id, user_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind::<Binary, _>(user)
        .bind::<Binary, _>(user)
        .bind::<BigInt, _>(now)
        .execute(conn)
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> QueryResult<usize> {
    directly!(conn, own => diesel::insert_into(comments::table).values(row).execute(own))
}

/// Writes what is decided over the version that was read; 0 when another change came first. What is counted meanwhile is
/// no part of it.
pub(super) fn save(conn: &mut Conn, row: &Row, present: i64) -> QueryResult<usize> {
    diesel::update(comments::table.find(row.id).filter(comments::version.eq(present)))
        .set((
            comments::status.eq(row.status),
            comments::text.eq(&row.text),
            comments::text_key.eq(&row.text_key),
            comments::origin.eq(row.origin.as_deref()),
            comments::is_reviewed.eq(row.is_reviewed),
            comments::is_featured.eq(row.is_featured),
            comments::is_pinned.eq(row.is_pinned),
            comments::appeal.eq(row.appeal.as_deref()),
            comments::reason.eq(row.reason),
            comments::note.eq(row.note.as_deref()),
            comments::moderated_by.eq(row.moderated_by),
            comments::version.eq(row.version),
            comments::edited_at.eq(row.edited_at),
            comments::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
}

pub(super) fn insert_decision(conn: &mut Conn, decided: &Decided) -> QueryResult<usize> {
    directly!(conn, own => diesel::insert_into(comment_decisions::table).values(decided).execute(own))
}

pub(super) fn insert_revision(conn: &mut Conn, revision: &Revision) -> QueryResult<usize> {
    diesel::insert_into(comment_revisions::table).values(revision).execute(conn)
}

/// A page of a comment's earlier wordings, the latest first.
pub(super) fn revisions(conn: &mut Conn, id: CommentId, page: &PageRequest) -> QueryResult<Slice<Revision>> {
    let filtered = || comment_revisions::table.filter(comment_revisions::comment_id.eq(id)).into_boxed();
    let query = keyset!(filtered(), page, comment_revisions::version, true);
    let rows = query.select(Revision::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Revision| Position::at(row.version, id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

/// Makes of somebody who comments nobody.
pub(super) fn forget_commenter(conn: &mut Conn, id: CommenterId) -> QueryResult<usize> {
    diesel::update(commenters::table.find(id))
        .set((
            commenters::user_id.eq(None::<UserId>),
            commenters::name.eq(None::<String>),
            commenters::email.eq(None::<Vec<u8>>),
            commenters::badge.eq(None::<GivenBadge>),
        ))
        .execute(conn)
}

/// Some of somebody's comments that have words.
pub(super) fn with_words(conn: &mut Conn, author: CommenterId, limit: i64) -> QueryResult<Vec<Row>> {
    let theirs = comments::table.filter(comments::author_id.eq(author));
    let said = theirs.filter(one_of(comments::status, CommentStatus::with_words()));
    said.limit(limit).select(Row::as_select()).load(conn)
}

/// Takes out what is kept of a comment's words beside its row: earlier wordings, what a rule saw in them, and notes,
/// which may repeat them.
pub(super) fn forget_words(conn: &mut Conn, id: CommentId) -> QueryResult<usize> {
    diesel::delete(comment_revisions::table.filter(comment_revisions::comment_id.eq(id))).execute(conn)?;
    diesel::update(comment_decisions::table.filter(comment_decisions::comment_id.eq(id)))
        .set((comment_decisions::spans.eq("[]"), comment_decisions::note.eq(None::<String>)))
        .execute(conn)
}

/// Counts what hangs below a comment.
pub(super) fn add_below(conn: &mut Conn, parent: CommentId, published: i64, listed: i64) -> QueryResult<usize> {
    statement("UPDATE comments SET reply_count = reply_count + ?, listed_count = listed_count + ? WHERE id = ?")
        .bind::<BigInt, _>(published)
        .bind::<BigInt, _>(listed)
        .bind::<Binary, _>(parent)
        .execute(conn)
}

pub(super) fn list_or_not(conn: &mut Conn, id: CommentId, is_listed: bool) -> QueryResult<usize> {
    let list = statement("UPDATE comments SET is_listed = ? WHERE id = ?");
    list.bind::<Bool, _>(is_listed).bind::<Binary, _>(id).execute(conn)
}

/// Keeps others from changing a comment, and what is counted of it, until the transaction ends.
pub(super) fn hold(conn: &mut Conn, id: CommentId) -> QueryResult<bool> {
    let comment = statement("SELECT id FROM comments WHERE id = ?").bind::<Binary, _>(id).answering::<Binary>();
    Ok(comment.holding(conn).get_result::<CommentId>(conn).optional()?.is_some())
}

pub(super) fn row(conn: &mut Conn, id: CommentId) -> QueryResult<Option<Row>> {
    directly!(conn, own => comments::table.find(id).select(Row::as_select()).first(own).optional())
}

pub(super) fn find(conn: &mut Conn, id: CommentId) -> QueryResult<Option<(Row, Writer)>> {
    let one = joined!().filter(comments::id.eq(id));
    directly!(conn, own => one.select((Row::as_select(), writer!())).first(own).optional())
}

/// Below which articles comments are.
pub(super) fn articles_of(conn: &mut Conn, ids: &[CommentId]) -> QueryResult<Vec<(CommentId, ArticleId)>> {
    let named = comments::table.filter(one_of(comments::id, ids));
    named.select((comments::id, comments::article_id)).load(conn)
}

/// How many of somebody's comments are published, up to a limit.
pub(super) fn count_published(conn: &mut Conn, author: CommenterId, limit: i64) -> QueryResult<usize> {
    let theirs = comments::table.filter(comments::author_id.eq(author));
    let published = theirs.filter(comments::status.eq(CommentStatus::Published));
    let published = published.select(comments::id).limit(limit);
    Ok(directly!(conn, own => published.load::<CommentId>(own))?.len())
}

/// What somebody has said since an instant, the latest first.
pub(super) fn recent(conn: &mut Conn, author: CommenterId, since: UtcTime, limit: i64) -> QueryResult<Vec<Said>> {
    let said = comments::table
        .filter(comments::author_id.eq(author).and(comments::created_at.gt(since)))
        .order((comments::created_at.desc(), comments::id.desc()));
    directly!(conn, own => said.limit(limit).select(Said::as_select()).load(own))
}

/// Who else has said the very same since an instant, each once, up to a limit of comments.
pub(super) fn others_saying(
    conn: &mut Conn,
    key: &[u8],
    author: CommenterId,
    since: UtcTime,
    limit: i64,
) -> QueryResult<Vec<CommenterId>> {
    let same = comments::table.filter(comments::text_key.eq(key).and(comments::created_at.gt(since)));
    let others = same.filter(comments::author_id.ne(author)).select(comments::author_id).limit(limit);
    let mut others: Vec<CommenterId> = directly!(conn, own => others.load(own))?;
    others.sort_unstable_by_key(|id| id.uuid());
    others.dedup();
    Ok(others)
}

/// Who else has commented from somewhere since an instant, each once, up to a limit.
pub(super) fn others_from(
    conn: &mut Conn,
    origin: &[u8],
    author: CommenterId,
    since: UtcTime,
    limit: i64,
) -> QueryResult<Vec<CommenterId>> {
    let there = comments::table.filter(comments::origin.eq(origin).and(comments::created_at.gt(since)));
    let others = there.filter(comments::author_id.ne(author)).select(comments::author_id);
    directly!(conn, own => others.distinct().limit(limit).load(own))
}

/// Forgets where comments from before an instant came from, some at a time.
pub(super) fn forget_origins(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE comments SET origin = NULL WHERE id IN \
         (SELECT id FROM comments WHERE origin IS NOT NULL AND created_at < $1 ORDER BY created_at LIMIT $2)",
    )
    .bind::<BigInt, _>(before)
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

pub(super) fn list(conn: &mut Conn, wanted: &Wanted, page: &PageRequest) -> QueryResult<Slice<(Row, Writer)>> {
    let Wanted { article, author, newest_first } = wanted;
    let filtered = || {
        let query = joined!().into_boxed().filter(comments::author_id.eq(*author));
        match article {
            Some(article) => query.filter(comments::article_id.eq(*article)),
            None => query,
        }
    };
    let query = keyset!(filtered(), page, comments::created_at => number, comments::id, *newest_first);
    let rows = query.select((Row::as_select(), writer!())).load::<(Row, Writer)>(conn)?;
    let mut slice = page.cut(rows, |(row, _): &(Row, Writer)| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

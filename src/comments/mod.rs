//! Comments: what readers say about an article that is published, and what moderators make of it.
//!
//! Everyone reads the comments that are `published`, and only those count: an article's `commentCount` is the
//! number of its published comments, a comment's `replyCount` that of the published replies to it. Both change in
//! the transaction that changes a status. Replies to a comment that was rejected stay, and stay counted: they
//! said something of their own. No event and no audit line holds a comment's text.

pub mod dto;
pub mod http;
mod model;
mod store;

use serde_json::json;

use self::dto::{CommentIn, CommentQuery, QueueQuery};
use self::store::{Branch, Row, Wanted, Writer};
use crate::app::{Read, Tx};
use crate::articles;
use crate::auth::actions::{ModerateComments, PostComment};
use crate::auth::{Permit, User};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, Kind, Visibility, fingerprint};
use crate::fault::{Fault, Faults};
use crate::http::Expected;
use crate::ids::{ArticleId, CommentId, UserId};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

pub use model::{CommentReason, CommentStatus, Decision};

/// What happens to comments.
pub const EVENTS: &[Kind] = &[
    Kind::of::<dto::CommentEvent>("comment.posted", "A reader commented."),
    Kind::of::<dto::CommentEvent>("comment.approved", "A moderator lets everyone read it."),
    Kind::of::<dto::CommentEvent>("comment.rejected", "A moderator refused it, or took it back."),
];

/// A comment and its writer.
#[derive(Clone, Debug)]
pub struct Comment {
    row: Row,
    writer: Writer,
}

impl Comment {
    /// The comment's id.
    pub const fn id(&self) -> CommentId {
        self.row.id
    }

    /// Whether everyone may read it, as long as its article is published.
    pub const fn is_visible(&self) -> bool {
        self.row.status.is_visible()
    }

    /// The version that a decision must name, and when the last one was made.
    pub const fn stamp(&self) -> (i64, UtcTime) {
        (self.row.version, self.row.updated_at)
    }
}

impl From<(Row, Writer)> for Comment {
    fn from((row, writer): (Row, Writer)) -> Self {
        Self { row, writer }
    }
}

/// Who an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anyone.
    Everyone,
    /// The comment's writer alone.
    Writer,
}

/// A comment, the version it must have, and what is said with the decision about it.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// The comment.
    pub id: CommentId,
    /// The versions that the moderator has seen.
    pub expected: Expected,
    /// For colleagues.
    pub note: Option<String>,
}

/// Takes a comment on a published article: at once, or for a moderator to look at.
pub fn post(
    tx: &mut Tx<'_>,
    permit: &Permit<PostComment>,
    id_or_slug: &str,
    form: CommentIn,
) -> Result<Comment, Problem> {
    let CommentIn { text, parent_id } = form;
    let about = articles::discussion(&mut tx.reading(), id_or_slug)?;
    let status = model::on_arrival(about.mode, about.closes_at, tx.now, permit.also::<ModerateComments>())
        .ok_or_else(|| Problem::new(Code::CommentsClosed))?;
    let mut faults = Faults::new();
    let text = faults.take("/text", model::text(&text));
    let parent = faults.take("/parentId", parent(tx, about.article, parent_id)?);
    let (text, parent) = faults.finish(text.zip(parent))?;
    let row = Row {
        id: tx.next_id(),
        article_id: about.article,
        parent_id,
        depth: model::depth_below(parent.map(|parent| parent.depth)),
        author_id: permit.user.id,
        status,
        text,
        reply_count: 0,
        reason: None,
        note: None,
        moderated_by: None,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    count(tx, &row, model::count_change(None, status))?;
    // From here on nobody withdraws the article; somebody may just have.
    if status.is_visible() && !is_live(&mut tx.reading(), about.article)? {
        return Err(Problem::not_found());
    }
    store::insert(tx.conn, &row)?;
    tx.restate(row.id, None, Some(state(&row)?));
    tx.record(change("comment.posted", &row, status.is_visible()));
    found(&mut tx.reading(), row.id)
}

/// A page of an article's comments: those that answer none, or the replies to one.
pub fn discussion(
    read: &mut Read<'_>,
    id_or_slug: &str,
    query: &CommentQuery,
    page: &PageRequest,
) -> Result<Slice<Comment>, Problem> {
    let CommentQuery { parent_id, sort } = query;
    let wanted = Wanted {
        article: Some(articles::discussion(read, id_or_slug)?.article),
        branch: parent_id.map_or(Branch::Roots, Branch::RepliesTo),
        statuses: vec![CommentStatus::Published],
        newest_first: sort.unwrap_or_default().newest_first(),
    };
    Ok(store::list(read.conn, &wanted, page)?.map(Comment::from))
}

/// A comment that everyone may read, or else the reader's own.
pub fn find(read: &mut Read<'_>, id: CommentId, reader: Option<UserId>) -> Result<(Comment, Audience), Problem> {
    let comment = found(read, id)?;
    if comment.is_visible() && is_live(read, comment.row.article_id)? {
        return Ok((comment, Audience::Everyone));
    }
    if reader == Some(comment.row.author_id) { Ok((comment, Audience::Writer)) } else { Err(Problem::not_found()) }
}

/// A page of comments for moderators.
pub fn queue(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    query: &QueueQuery,
    page: &PageRequest,
) -> Result<Slice<Comment>, Problem> {
    let QueueQuery { status, article_id, sort } = query;
    let wanted = Wanted {
        article: *article_id,
        branch: Branch::Whole,
        statuses: status.clone(),
        newest_first: sort.unwrap_or_default().newest_first(),
    };
    Ok(store::list(read.conn, &wanted, page)?.map(Comment::from))
}

/// A comment for moderators, whatever its status.
pub fn open(read: &mut Read<'_>, _: &Permit<ModerateComments>, id: CommentId) -> Result<Comment, Problem> {
    found(read, id)
}

/// Lets everyone read a comment.
pub fn approve(tx: &mut Tx<'_>, permit: &Permit<ModerateComments>, ruling: Ruling) -> Result<Comment, Problem> {
    decide(tx, &permit.user, ruling, Decision::Approve, None)
}

/// Refuses a comment, or takes it back.
pub fn reject(
    tx: &mut Tx<'_>,
    permit: &Permit<ModerateComments>,
    ruling: Ruling,
    reason: CommentReason,
) -> Result<Comment, Problem> {
    decide(tx, &permit.user, ruling, Decision::Reject, Some(reason))
}

fn decide(
    tx: &mut Tx<'_>,
    by: &User,
    ruling: Ruling,
    decision: Decision,
    reason: Option<CommentReason>,
) -> Result<Comment, Problem> {
    let Ruling { id, expected, note } = ruling;
    let Comment { row: before, writer } = found(&mut tx.reading(), id)?;
    expected.check(before.version)?;
    let status = model::after(decision, before.status).ok_or_else(|| {
        let allowed: Vec<&str> = model::allowed(before.status).into_iter().map(Decision::as_str).collect();
        Problem::new(Code::IllegalTransition).with("state", before.status.as_str()).with("allowed", allowed)
    })?;
    let was_visible = before.status.is_visible();
    let delta = model::count_change(Some(before.status), status);
    let (present, old) = (before.version, state(&before)?);
    let row =
        Row { status, reason, note, moderated_by: Some(by.id), version: present + 1, updated_at: tx.now, ..before };
    count(tx, &row, delta)?;
    if store::decide(tx.conn, &row, present)? == 0 {
        return Err(Problem::stale(found(&mut tx.reading(), id)?.row.version));
    }
    tx.restate(id, Some(old), Some(state(&row)?));
    let topic = match decision {
        Decision::Approve => "comment.approved",
        Decision::Reject => "comment.rejected",
    };
    let shows = (was_visible || status.is_visible()) && is_live(&mut tx.reading(), row.article_id)?;
    tx.record(change(topic, &row, shows));
    Ok(Comment { row, writer })
}

/// Changes the counts that a comment is part of. It comes before the comment's own row is written, so that whatever
/// changes the visible part of a discussion first takes the article's row, and no two wait for each other.
fn count(tx: &mut Tx<'_>, row: &Row, delta: i64) -> Result<(), Problem> {
    if delta == 0 {
        return Ok(());
    }
    articles::count_comments(tx, row.article_id, delta)?;
    if let Some(parent) = row.parent_id {
        store::add_replies(tx.conn, parent, delta)?;
    }
    Ok(())
}

/// The comment that a new one answers: it must be one that everyone reads below the same article.
fn parent(tx: &mut Tx<'_>, article: ArticleId, id: Option<CommentId>) -> Result<Result<Option<Row>, Fault>, Problem> {
    let Some(id) = id else { return Ok(Ok(None)) };
    let found = store::find(tx.conn, id)?.map(|(row, _)| row);
    let parent = found.filter(|row| row.article_id == article && row.status.is_visible());
    Ok(parent.map(Some).ok_or(Fault::NotFound))
}

fn found(read: &mut Read<'_>, id: CommentId) -> Result<Comment, Problem> {
    store::find(read.conn, id)?.map(Comment::from).ok_or_else(Problem::not_found)
}

fn is_live(read: &mut Read<'_>, article: ArticleId) -> Result<bool, Problem> {
    Ok(articles::live_among(read, &[article])?.contains(&article))
}

/// The fingerprint of what is kept of a comment, but for the count of its replies, which are not its own.
fn state(row: &Row) -> Result<Vec<u8>, Problem> {
    let Row { id, article_id, parent_id, depth: _, author_id, status, text, reply_count: _, .. } = row;
    fingerprint(&(
        id,
        article_id,
        parent_id,
        author_id,
        status,
        text,
        row.reason,
        &row.note,
        row.moderated_by,
        row.version,
    ))
}

/// What the logs say: which article and what became of the comment, never its words.
fn change(topic: &'static str, row: &Row, shows: bool) -> Change {
    let payload = json!({ "articleId": row.article_id, "parentId": row.parent_id, "status": row.status });
    let visibility = if shows { Visibility::Public } else { Visibility::Newsroom };
    Change { visibility, ..Change::newsroom(topic, row.id, payload) }
}

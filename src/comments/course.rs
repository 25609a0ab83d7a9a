//! How a comment comes to be and how its status changes, whoever or whatever changes it: the counts around it, its row,
//! what was decided, the logs. There is no other way to either.

use serde_json::json;

use super::model::{self, CommentReason, CommentStatus};
use super::pipeline::{Rule, Span};
use super::place::Place;
use super::reports;
use super::store::{self, Decided, Row};
use super::wording::Wording;
use crate::app::Tx;
use crate::articles;
use crate::events::{Change, Visibility, fingerprint};
use crate::ids::{ArticleId, CommentId, CommenterId, UserId};
use crate::problem::Problem;
use crate::time::UtcTime;

impl Row {
    /// A comment as it begins: what becomes of it, what it says.
    pub(super) fn new(
        id: CommentId,
        article_id: ArticleId,
        place: Place,
        author_id: CommenterId,
        (status, wording): (CommentStatus, Wording),
        now: UtcTime,
    ) -> Self {
        let Place { parent_id, answers_id, depth } = place;
        Self {
            id,
            article_id,
            parent_id,
            answers_id,
            depth,
            author_id,
            status,
            text_key: wording.key,
            text: wording.text,
            origin: None,
            reply_count: 0,
            listed_count: 0,
            is_listed: false,
            reaction_count: 0,
            reactions: None,
            report_count: 0,
            has_reports: false,
            is_reviewed: false,
            is_featured: false,
            is_pinned: false,
            appeal: None,
            reason: None,
            note: None,
            moderated_by: None,
            version: 1,
            edited_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Why a status is what it becomes.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// By what.
    pub rule: Rule,
    /// By whom, where it was somebody who works here.
    pub actor: Option<UserId>,
    /// Why.
    pub reason: Option<CommentReason>,
    /// For colleagues.
    pub note: Option<String>,
    /// Where in the text something was seen.
    pub spans: Vec<Span>,
}

impl Cause {
    /// What a rule alone decides.
    pub fn rule(rule: Rule, spans: Vec<Span>) -> Self {
        Self { rule, actor: None, reason: None, note: None, spans }
    }

    /// What somebody does who works here.
    pub fn of(rule: Rule, actor: UserId) -> Self {
        Self { actor: Some(actor), ..Self::rule(rule, Vec::new()) }
    }
}

/// Keeps a new comment, and answers it; and whether everyone sees it from now on.
pub(super) fn begin(tx: &mut Tx<'_>, row: Row, cause: Cause) -> Result<(Row, bool), Problem> {
    count(tx, None, &row)?;
    let kept = Row { is_listed: row.status.is_visible(), ..row };
    let row = &kept;
    store::insert(tx.conn, row)?;
    if let Some(parent) = row.parent_id.filter(|_| row.is_listed) {
        store::add_below(tx.conn, parent, 0, 1)?;
        list(tx, parent)?;
    }
    decided(tx, None, row, cause)?;
    tx.restate(row.id, None, Some(state(row)?));
    let shows = row.status.is_visible() && articles::is_live(&mut tx.reading(), row.article_id)?;
    tx.record(change("comment.posted", row, shows));
    Ok((kept, shows))
}

/// Writes what a comment has become over the row that was read, and answers it in its new version. A topic says what has
/// happened; a cause, when it was a decision.
///
/// # Errors
/// `stale` when another change came first.
pub(super) fn turn(
    tx: &mut Tx<'_>,
    before: &Row,
    after: Row,
    topic: &'static str,
    cause: Option<Cause>,
) -> Result<Row, Problem> {
    let row = write(tx, before, after, cause)?;
    let was_seen = before.status.is_visible() || row.status.is_visible();
    let shows = was_seen && articles::is_live(&mut tx.reading(), row.article_id)?;
    tx.record(change(topic, &row, shows));
    Ok(row)
}

/// The same for what nobody outside of the newsroom sees, whatever the comment's status.
pub(super) fn turn_unseen(
    tx: &mut Tx<'_>,
    before: &Row,
    after: Row,
    topic: &'static str,
    cause: Option<Cause>,
) -> Result<Row, Problem> {
    let row = write(tx, before, after, cause)?;
    tx.record(change(topic, &row, false));
    Ok(row)
}

/// Leaves something beside a comment that changes nothing about it.
pub(super) fn remark(tx: &mut Tx<'_>, row: &Row, cause: Cause) -> Result<Decided, Problem> {
    let made = decided(tx, Some(row.status), row, cause)?;
    tx.restate(row.id, None, Some(fingerprint(&(made.id, row.id, made.rule, made.actor_id, &made.note))?));
    tx.record(change("comment.noted", row, false));
    Ok(made)
}

fn write(tx: &mut Tx<'_>, before: &Row, after: Row, cause: Option<Cause>) -> Result<Row, Problem> {
    let (version, updated_at) = (before.version + 1, tx.now);
    // What is brought to the front is what everyone reads.
    let is_visible = after.status.is_visible();
    let (is_featured, is_pinned) = (after.is_featured && is_visible, after.is_pinned && is_visible);
    let appeal = after.appeal.filter(|_| model::may_be_appealed(after.status));
    let row = Row { is_featured, is_pinned, appeal, version, updated_at, ..after };
    count(tx, Some(before.status), &row)?;
    if store::save(tx.conn, &row, before.version)? == 0 {
        let present = store::row(tx.conn, row.id)?.ok_or_else(Problem::not_found)?;
        return Err(Problem::stale(present.version));
    }
    if before.status.is_visible() != row.status.is_visible() {
        list(tx, row.id)?;
    }
    let is_settled = row.status == CommentStatus::Deleted;
    if is_settled || cause.as_ref().is_some_and(|cause| matches!(cause.rule, Rule::Moderator | Rule::Review)) {
        reports::close(tx, row.id)?;
    }
    if let Some(cause) = cause {
        decided(tx, Some(before.status), &row, cause)?;
    }
    tx.restate(row.id, Some(state(before)?), Some(state(&row)?));
    Ok(row)
}

/// Changes the counts that a comment is part of. It comes before the comment's own row is written, so that whatever
/// changes the visible part of a discussion first takes the article's row, and no two wait for each other.
fn count(tx: &mut Tx<'_>, from: Option<CommentStatus>, row: &Row) -> Result<(), Problem> {
    let delta = model::count_change(from, row.status);
    if delta == 0 {
        return Ok(());
    }
    articles::count_comments(tx, row.article_id, delta)?;
    if let Some(parent) = row.parent_id {
        store::add_below(tx.conn, parent, delta, 0)?;
    }
    Ok(())
}

/// Shows a comment, or what is left of it, while it or something below it is published, and so on up to its root. Each
/// step goes up one level, and there are few.
fn list(tx: &mut Tx<'_>, id: CommentId) -> Result<(), Problem> {
    let mut next = Some(id);
    while let Some(id) = next {
        let row = store::row(tx.conn, id)?.ok_or_else(Problem::not_found)?;
        let is_listed = row.status.is_visible() || row.listed_count > 0;
        if is_listed == row.is_listed {
            return Ok(());
        }
        store::list_or_not(tx.conn, id, is_listed)?;
        if let Some(parent) = row.parent_id {
            store::add_below(tx.conn, parent, 0, if is_listed { 1 } else { -1 })?;
        }
        next = row.parent_id;
    }
    Ok(())
}

fn decided(tx: &mut Tx<'_>, from: Option<CommentStatus>, row: &Row, cause: Cause) -> Result<Decided, Problem> {
    let Cause { rule, actor, reason, note, spans } = cause;
    let decided = Decided {
        id: tx.next_id(),
        comment_id: row.id,
        actor_id: actor,
        rule,
        from_status: from,
        to_status: row.status,
        reason,
        note,
        spans: serde_json::to_string(&spans)?,
        created_at: tx.now,
    };
    store::insert_decision(tx.conn, &decided)?;
    Ok(decided)
}

/// The fingerprint of what is kept of a comment, but for what is counted, which is not its own.
fn state(row: &Row) -> Result<Vec<u8>, Problem> {
    let Row { id, article_id, parent_id, answers_id, author_id, status, text, .. } = row;
    let flags = (row.is_reviewed, row.is_featured, row.is_pinned, &row.appeal);
    let ruling = (row.reason, &row.note, row.moderated_by);
    fingerprint(&(id, article_id, parent_id, answers_id, author_id, status, text, flags, ruling, row.version))
}

/// What the logs say: which article and what became of the comment, never its words.
fn change(topic: &'static str, row: &Row, shows: bool) -> Change {
    let payload = json!({ "articleId": row.article_id, "parentId": row.parent_id, "status": row.status });
    let visibility = if shows { Visibility::Public } else { Visibility::Newsroom };
    Change { visibility, ..Change::newsroom(topic, row.id, payload) }
}

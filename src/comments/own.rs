//! What writers do with what they have said: they change it while that is open, take it back for good, and find it
//! again.

use std::time::Duration;

use super::bulk::take_articles;
use super::course::{self, Cause};
use super::dto::{CommentEditIn, OwnCommentQuery};
use super::external::{self, Opinion, Outcome};
use super::judgement::{Beside, Remark, judge};
use super::model::{self, CommentStatus};
use super::pipeline::Rule;
use super::sanctions::{self, Standing};
use super::store::{self, Revision, Row, Wanted};
use super::wording::Wording;
use super::{Comment, Speaker, as_writer, decisions, found, guests, is_told, reactions, reports, with_bylines};
use crate::app::{Read, Tx};
use crate::articles;
use crate::articles::Discussion;
use crate::auth::Permit;
use crate::auth::actions::UseAccount;
use crate::db::page::{PageRequest, Slice};
use crate::db::replies;
use crate::http::Patch;
use crate::ids::{CommentId, CommenterId};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

/// Changes what a comment says. The rules look at it as at a new one, so its status may change too; what it said before
/// is kept for moderators.
pub fn edit(
    tx: &mut Tx<'_>,
    speaker: &Speaker,
    id: CommentId,
    patch: &Patch<CommentEditIn>,
    opinion: Option<&Opinion>,
) -> Result<Comment, Problem> {
    let is_somebody = guests::hold(tx, speaker)?;
    let (comment, about, wording) = rewording(&mut tx.reading(), speaker, id, patch)?;
    if !is_somebody {
        return Err(Problem::new(Code::Unauthenticated));
    }
    let Comment { row: before, writer, is_byline, .. } = comment;
    let author = before.author_id;
    let Standing { is_premoderated } = sanctions::check(&mut tx.reading(), author)?;
    if wording.text == before.text {
        return as_writer(&mut tx.reading(), Comment { row: before, writer, rule: None, is_byline });
    }
    let (is_moderator, answers) = (speaker.is_moderator(), before.answers_id);
    let remark = Remark { author, is_moderator, is_premoderated, answers, but: Some(id), wording: &wording };
    let beside = Beside::of(tx);
    let verdict = judge(&mut tx.reading(), beside, &about, &remark)?;
    let Outcome { status, cause } = external::settle(tx, verdict, &wording.text, opinion)?;
    let after = Row {
        status,
        text_key: wording.key,
        text: wording.text,
        reason: cause.reason,
        is_reviewed: cause.rule == Rule::Staff,
        edited_at: Some(tx.now),
        ..before.clone()
    };
    let rule = Some(cause.rule);
    let row = course::turn(tx, &before, after, "comment.edited", Some(cause))?;
    let Row { id: comment_id, version, text, created_at, edited_at, .. } = before;
    let revision = Revision { comment_id, version, text, created_at: edited_at.unwrap_or(created_at) };
    store::insert_revision(tx.conn, &revision)?;
    Ok(Comment { row, writer, rule, is_byline })
}

/// The own comment that is to say something else, its discussion, and what it is to say.
pub(super) fn rewording(
    read: &mut Read<'_>,
    speaker: &Speaker,
    id: CommentId,
    patch: &Patch<CommentEditIn>,
) -> Result<(Comment, Discussion, Wording), Problem> {
    let comment = own(read, speaker, id)?;
    check_status(comment.row.status)?;
    let CommentEditIn { text } = patch.apply(&CommentEditIn { text: comment.row.text.clone() })?;
    let text = model::text(&text).map_err(|fault| Problem::field("/text", fault))?;
    let about = articles::discussion(read, &comment.row.article_id.to_string())?;
    check_open(&about, &comment.row, read.now)?;
    Ok((comment, about, Wording::of(text)))
}

/// Takes a comment back for good. Its words and what was kept of them are gone; a gap keeps its place while something
/// below it stays. Once more changes nothing.
pub fn delete(tx: &mut Tx<'_>, speaker: &Speaker, id: CommentId) -> Result<(), Problem> {
    guests::hold(tx, speaker)?;
    let Comment { row, .. } = own(&mut tx.reading(), speaker, id)?;
    if row.status == CommentStatus::Deleted {
        return Ok(());
    }
    wipe(tx, &row)?;
    match speaker {
        Speaker::Guest(guest) => guests::forget_if_silent(tx, *guest),
        Speaker::Account(_) | Speaker::Stranger => Ok(()),
    }
}

/// Takes every word of a comment out of the database, and keeps its place.
fn wipe(tx: &mut Tx<'_>, before: &Row) -> Result<(), Problem> {
    let after = Row {
        status: CommentStatus::Deleted,
        text: String::new(),
        text_key: Vec::new(),
        origin: None,
        is_reviewed: true,
        is_featured: false,
        is_pinned: false,
        appeal: None,
        reason: None,
        note: None,
        ..before.clone()
    };
    let row = course::turn(tx, before, after, "comment.deleted", Some(Cause::rule(Rule::Author, Vec::new())))?;
    store::forget_words(tx.conn, row.id)?;
    replies::forget_about(tx.conn, &[row.id])?;
    Ok(())
}

/// Takes the name, the address and the badge from somebody who comments, or might be about to: whoever says something from
/// now on under this id is refused.
pub fn forget_commenter(tx: &mut Tx<'_>, id: CommenterId) -> Result<(), Problem> {
    store::introduce(tx.conn, id, tx.now)?;
    store::forget_commenter(tx.conn, id)?;
    sanctions::forget_notes(tx, id)?;
    reports::forget_notes(tx, id)
}

/// Takes back for good some of what somebody has said, and then some of what they have said with one touch; how much that
/// was, none when nothing is left. Each goes the way that its writer would have it go, with its counts and its event, so
/// they go one by one.
pub fn forget_some(tx: &mut Tx<'_>, author: CommenterId, limit: i64) -> Result<usize, Problem> {
    let mut rows = store::with_words(tx.conn, author, limit)?;
    take_articles(tx, rows.iter().map(|row| row.article_id))?;
    rows.sort_by_key(|row| -row.depth);
    for row in &rows {
        wipe(tx, row)?;
    }
    if rows.is_empty() { reactions::forget_some(tx, author, limit) } else { Ok(rows.len()) }
}

/// A page of what the caller has written, whatever has become of it.
pub fn written_by(
    read: &mut Read<'_>,
    permit: &Permit<UseAccount>,
    query: &OwnCommentQuery,
    page: &PageRequest,
) -> Result<Slice<Comment>, Problem> {
    let OwnCommentQuery { article_id, sort } = query;
    let wanted = Wanted {
        article: *article_id,
        author: permit.user.commenter(),
        newest_first: sort.unwrap_or_default().newest_first(),
    };
    let page = store::list(read.conn, &wanted, page)?.map(Comment::from);
    let ids: Vec<CommentId> = page.rows.iter().map(Comment::id).collect();
    let rules = decisions::last_rules(read, &ids)?;
    let page = page.map(|comment| Comment { rule: rules.get(&comment.id()).copied(), ..comment });
    with_bylines(read, page)
}

/// A comment of this writer's own. Of those of others, what everyone may know of is refused, and nothing else is there.
fn own(read: &mut Read<'_>, speaker: &Speaker, id: CommentId) -> Result<Comment, Problem> {
    let comment = found(read, id)?;
    if speaker.commenter() == Some(comment.row.author_id) {
        return Ok(comment);
    }
    if is_told(read, &comment)? {
        return Err(Problem::new(Code::Forbidden).with("permission", "comment.own"));
    }
    Err(Problem::not_found())
}

/// Refuses to change what was refused or taken from sight: a moderator has the word then.
fn check_status(status: CommentStatus) -> Result<(), Problem> {
    match status {
        CommentStatus::Pending | CommentStatus::Published => Ok(()),
        CommentStatus::Withheld | CommentStatus::Rejected | CommentStatus::Deleted => {
            let left = if status == CommentStatus::Deleted { vec![] } else { vec!["delete"] };
            Err(Problem::new(Code::IllegalTransition).with("state", status.as_str()).with("allowed", left))
        }
    }
}

/// Refuses to change what was said too long ago, or where nothing more is said.
fn check_open(about: &Discussion, comment: &Row, now: UtcTime) -> Result<(), Problem> {
    if !model::is_open(about.mode, about.closes_at, now) {
        return Err(Problem::new(Code::CommentsClosed));
    }
    let until = comment.created_at.after(Duration::from_secs(u64::from(about.rules.edit_seconds)));
    if now < until {
        return Ok(());
    }
    Err(Problem::new(Code::EditEnded).with("until", serde_json::to_value(until)?))
}

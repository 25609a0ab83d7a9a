//! Comments: what readers say about an article that is published, and what moderators make of it.
//!
//! Everyone reads the comments that are `published`, and only those count: an article's `commentCount` is the
//! number of its published comments, a comment's `replyCount` that of the published ones that hang below it. Both change
//! in the transaction that changes a status. Where one of them goes and something below it stays, a gap keeps the shape:
//! it is listed without its words. What becomes of a new comment is decided by a list of rules, and each decision is
//! kept with its rule. No event and no audit line holds a comment's text.
//!
//! Reactions are what readers say of a comment with one touch, reports what they tell moderators of it.

mod appeals;
pub mod badges;
mod bulk;
mod commenters;
mod course;
mod decisions;
mod desk;
pub mod dto;
mod export;
pub mod external;
mod guests;
pub mod http;
mod judgement;
mod model;
mod own;
mod pipeline;
mod place;
mod queues;
mod reactions;
mod replay;
mod reports;
mod sanctions;
mod store;
mod threads;
mod wording;
pub mod words;

use std::time::Duration;

use self::badges::{find_bylines, with_bylines};
use self::course::Cause;
use self::external::{Opinion, Outcome};
use self::judgement::{Beside, Remark, judge};
use self::pipeline::Rule;
use self::place::Place;
use self::sanctions::Standing;
use self::store::{Revision, Row, Writer};
use self::wording::Draft;
use crate::app::{App, Read, Tx};
use crate::articles;
use crate::auth::actions::ModerateComments;
use crate::auth::{Permit, User};
use crate::db::page::{PageRequest, Slice};
use crate::events::Kind;
use crate::fault::{Fault, Faults};
use crate::http::Expected;
use crate::ids::{ArticleId, CommentId, CommenterId, UserId};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

pub use export::{CommentExport, OwnReactionView, OwnSanctionView, ReportView};
pub use export::{everything, reactions_by, reports_by, sanctions_on};
pub use guests::{Posted, Speaker};
pub use model::{CommentReason, CommentStatus, Decision, Mark};
pub use own::{delete, edit, forget_commenter, forget_some, written_by};
pub use threads::dto::CommentQuery;
pub use threads::{Entry, Thread, discussion, latest, most_discussed};

/// What happens to comments.
pub const EVENTS: &[Kind] = &[
    Kind::of::<dto::CommentEvent>("comment.posted", "A reader commented."),
    Kind::of::<dto::CommentEvent>("comment.edited", "Its writer changed it, and the rules looked at it again."),
    Kind::of::<dto::CommentEvent>("comment.deleted", "Its writer took it back for good."),
    Kind::of::<dto::CommentEvent>("comment.approved", "A moderator lets everyone read it."),
    Kind::of::<dto::CommentEvent>("comment.rejected", "A moderator refused it, or took it back."),
    Kind::of::<dto::CommentEvent>("comment.withheld", "It was taken from sight for the time being."),
    Kind::of::<dto::CommentEvent>("comment.featured", "A moderator counts it among the best."),
    Kind::of::<dto::CommentEvent>("comment.unfeatured", "It is no more among the best."),
    Kind::of::<dto::CommentEvent>("comment.pinned", "A moderator has put it above the others."),
    Kind::of::<dto::CommentEvent>("comment.unpinned", "It is no more above the others."),
    Kind::of::<dto::CommentEvent>("comment.reviewed", "A moderator looked and left it as it is."),
    Kind::of::<dto::CommentEvent>("comment.appealed", "Its writer asks to look again."),
    Kind::of::<dto::CommentEvent>("comment.noted", "A moderator left a note about it for colleagues."),
    Kind::of::<reactions::dto::ReactionEvent>("comment.reacted", "A reader reacted to it, or no longer does."),
    Kind::of::<reports::dto::ReportEvent>("comment.reported", "A reader told moderators of it."),
];

/// What happens to those who comment.
pub const SANCTION_EVENTS: &[Kind] = sanctions::EVENTS;

/// What happens to the service that is asked about comments.
pub const HOOK_EVENTS: &[Kind] = external::EVENTS;

/// What happens to word lists.
pub const WORD_EVENTS: &[Kind] = words::EVENTS;

/// How long it is kept where a comment came from.
const ORIGIN_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// A comment and its writer.
#[derive(Clone, Debug)]
pub struct Comment {
    row: Row,
    writer: Writer,
    /// By what it got its status, where that was asked for.
    rule: Option<Rule>,
    /// Whether its writer's name stands above the article, once somebody has looked.
    is_byline: bool,
}

impl Comment {
    /// The comment's id.
    pub const fn id(&self) -> CommentId {
        self.row.id
    }

    /// The article that it is about.
    pub const fn article(&self) -> ArticleId {
        self.row.article_id
    }

    /// The account that wrote it.
    const fn user(&self) -> Option<UserId> {
        self.writer.user
    }

    /// Whether everyone may read it, as long as its article is published.
    pub const fn is_visible(&self) -> bool {
        self.row.status.is_visible()
    }

    /// What has become of it.
    pub const fn status(&self) -> CommentStatus {
        self.row.status
    }

    /// The version that a decision must name, and when the last one was made.
    pub const fn stamp(&self) -> (i64, UtcTime) {
        (self.row.version, self.row.updated_at)
    }
}

impl From<(Row, Writer)> for Comment {
    fn from((row, writer): (Row, Writer)) -> Self {
        Self { row, writer, rule: None, is_byline: false }
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

/// A comment as it comes in.
#[derive(Clone, Debug)]
pub struct Submission<'a> {
    /// The article's id or slug.
    pub article: &'a str,
    /// What is said.
    pub draft: Draft,
    /// What the newsroom's own service says of it.
    pub opinion: Option<Opinion>,
}

/// Takes a comment on a published article: at once, or for a moderator to look at. A guest who is new gets a token.
pub fn post(tx: &mut Tx<'_>, app: &App, speaker: &Speaker, submission: Submission<'_>) -> Result<Posted, Problem> {
    let Submission { article, draft: Draft { wording, parent_id, guest }, opinion } = submission;
    let about = articles::discussion(&mut tx.reading(), article)?;
    guests::check_taken(speaker, &about)?;
    if !model::is_open(about.mode, about.closes_at, tx.now) {
        return Err(Problem::new(Code::CommentsClosed));
    }
    let standing = speaker.commenter().map(|known| sanctions::check(&mut tx.reading(), known)).transpose()?;
    let is_premoderated = standing.is_some_and(|Standing { is_premoderated }| is_premoderated);
    let mut faults = Faults::new();
    let wording = faults.take("/text", wording);
    let parent = faults.take("/parentId", parent(tx, about.article, parent_id)?);
    let introduced = guests::introduced(tx, speaker, guest, &mut faults)?;
    let ((wording, parent), introduced) = faults.finish(wording.zip(parent).zip(introduced))?;
    let is_new = introduced.is_new();
    let author = introduced.enter(tx, app)?;
    let place = parent.map_or(Place::ROOT, |answered| Place::of_answer(&answered, about.rules.depth_max));
    let (is_moderator, answers) = (speaker.is_moderator(), place.answers_id);
    let remark = Remark { author, is_moderator, is_premoderated, answers, but: None, wording: &wording };
    let beside = Beside::of(tx);
    let verdict = judge(&mut tx.reading(), beside, &about, &remark)?;
    let Outcome { status, cause } = external::settle(tx, verdict, &wording.text, opinion.as_ref())?;
    let (rule, reason) = (cause.rule, cause.reason);
    let row = Row::new(tx.next_id(), about.article, place, author, (status, wording), tx.now);
    // Somebody who moderates has looked at what they say themselves.
    let origin = tx.by.origin.map(|origin| origin.as_bytes().to_vec());
    let row = Row { is_reviewed: rule == Rule::Staff, origin, reason, ..row };
    let (row, shows) = course::begin(tx, row, cause)?;
    // From here on nobody withdraws the article; somebody may just have.
    if row.status.is_visible() && !shows {
        return Err(Problem::not_found());
    }
    let guest_token = is_new.then(|| app.tokens().sign_guest(author, tx.now)).transpose()?;
    let writer = badges::writer(&mut tx.reading(), author)?;
    let mut comment = Comment { rule: Some(rule), ..Comment::from((row, writer)) };
    find_bylines(&mut tx.reading(), vec![&mut comment])?;
    Ok(Posted { comment, guest_token })
}

/// A comment that everyone may read, or else the reader's own.
pub fn find(read: &mut Read<'_>, id: CommentId, reader: Option<CommenterId>) -> Result<(Comment, Audience), Problem> {
    let comment = found(read, id)?;
    let is_own =
        reader.is_some() && reader == Some(comment.row.author_id) && comment.row.status != CommentStatus::Deleted;
    if is_own && !comment.is_visible() {
        return Ok((as_writer(read, comment)?, Audience::Writer));
    }
    if is_told(read, &comment)? {
        return Ok((comment, Audience::Everyone));
    }
    if is_own { Ok((as_writer(read, comment)?, Audience::Writer)) } else { Err(Problem::not_found()) }
}

/// Whether everyone may know that there is such a comment, if only as a gap.
fn is_told(read: &mut Read<'_>, comment: &Comment) -> Result<bool, Problem> {
    Ok(comment.row.is_listed && articles::is_live(read, comment.row.article_id)?)
}

/// A comment with what its writer alone is told of it.
fn as_writer(read: &mut Read<'_>, comment: Comment) -> Result<Comment, Problem> {
    Ok(Comment { rule: decisions::last_rule(read, comment.row.id)?, ..comment })
}

/// A comment for moderators, whatever its status.
pub fn open(read: &mut Read<'_>, _: &Permit<ModerateComments>, id: CommentId) -> Result<Comment, Problem> {
    found(read, id)
}

/// A page of a comment's earlier wordings, the latest first.
pub fn revisions(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    id: CommentId,
    page: &PageRequest,
) -> Result<Slice<Revision>, Problem> {
    found(read, id)?;
    Ok(store::revisions(read.conn, id, page)?)
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

/// Takes a comment from sight for the time being.
pub fn withhold(
    tx: &mut Tx<'_>,
    permit: &Permit<ModerateComments>,
    ruling: Ruling,
    reason: CommentReason,
) -> Result<Comment, Problem> {
    decide(tx, &permit.user, ruling, Decision::Withhold, Some(reason))
}

fn decide(
    tx: &mut Tx<'_>,
    by: &User,
    ruling: Ruling,
    decision: Decision,
    reason: Option<CommentReason>,
) -> Result<Comment, Problem> {
    let Ruling { id, expected, note } = ruling;
    let Comment { row: before, writer, is_byline, .. } = found(&mut tx.reading(), id)?;
    expected.check(before.version)?;
    let status = model::after(decision, before.status).ok_or_else(|| {
        let allowed: Vec<&str> = model::allowed(before.status).into_iter().map(Decision::as_str).collect();
        Problem::new(Code::IllegalTransition).with("state", before.status.as_str()).with("allowed", allowed)
    })?;
    let topic = match decision {
        Decision::Approve => "comment.approved",
        Decision::Reject => "comment.rejected",
        Decision::Withhold => "comment.withheld",
    };
    let cause = Cause { reason, note: note.clone(), ..Cause::of(Rule::Moderator, by.id) };
    let after = Row {
        status,
        reason,
        note,
        moderated_by: Some(by.id),
        is_reviewed: true,
        report_count: 0,
        appeal: None,
        ..before.clone()
    };
    let row = course::turn(tx, &before, after, topic, Some(cause))?;
    Ok(Comment { row, writer, rule: None, is_byline })
}

/// Forgets where comments came from, some at a time, once that is long ago; answers of how many.
pub fn forget_origins(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget_origins(tx.conn, tx.now.before(ORIGIN_KEPT), limit)?)
}

/// The comment that a new one answers: it must be one that everyone reads below the same article.
fn parent(tx: &mut Tx<'_>, article: ArticleId, id: Option<CommentId>) -> Result<Result<Option<Row>, Fault>, Problem> {
    let Some(id) = id else { return Ok(Ok(None)) };
    let found = store::find(tx.conn, id)?.map(|(row, _)| row);
    let parent = found.filter(|row| row.article_id == article && row.status.is_visible());
    Ok(parent.map(Some).ok_or(Fault::NotFound))
}

fn found(read: &mut Read<'_>, id: CommentId) -> Result<Comment, Problem> {
    let mut comment = store::find(read.conn, id)?.map(Comment::from).ok_or_else(Problem::not_found)?;
    find_bylines(read, vec![&mut comment])?;
    Ok(comment)
}

/// A comment that everyone reads now, which nobody else changes until the transaction ends, and neither what is counted
/// of it.
fn hold_shown(tx: &mut Tx<'_>, id: CommentId) -> Result<Comment, Problem> {
    store::hold(tx.conn, id)?;
    shown(&mut tx.reading(), id)
}

/// A comment that everyone reads now.
fn shown(read: &mut Read<'_>, id: CommentId) -> Result<Comment, Problem> {
    let comment = found(read, id)?;
    let is_shown = comment.is_visible() && articles::is_live(read, comment.row.article_id)?;
    if is_shown { Ok(comment) } else { Err(Problem::not_found()) }
}

//! What comments look like in requests and answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::badges::{self, CommentBadge};
use super::guests::Posted;
use super::pipeline::Rule;
use super::reactions;
use super::store::{Revision, Writer};
use super::threads::dto::RepliesView;
use super::{Audience, Comment, CommentReason, CommentStatus};
use crate::auth::Role;
use crate::discussion::ReactionKind;
use crate::fault::Fault;
use crate::ids::{ArticleId, CommentId, CommenterId, UserId};
use crate::text::{Direction, safe};
use crate::time::UtcTime;

/// The longest note, in graphemes.
const NOTE_MAX: usize = 2_000;

/// A comment as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentIn {
    /// Plain text of at most 5,000 characters, as people count them.
    #[schema(min_length = 1, max_length = 50_000, example = "تحليل جيد، شكرًا.")]
    pub text: String,
    /// The comment that it answers, however deep: a published one of the same article.
    #[serde(default)]
    pub parent_id: Option<CommentId>,
    /// Who writes, for a guest who has no token yet.
    #[serde(default)]
    pub guest: Option<GuestIn>,
}

/// How a guest is introduced.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({ "name": "ليلى", "email": "laila@example.org" })))]
pub struct GuestIn {
    /// The name that others see: at most 60 characters, and not that of somebody who works here.
    #[schema(min_length = 1, max_length = 600, example = "ليلى")]
    pub name: String,
    /// An address, which is kept sealed and shown to nobody.
    #[serde(default)]
    #[schema(max_length = 254, example = "laila@example.org")]
    pub email: Option<String>,
}

/// What a writer can change of a comment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentEditIn {
    /// Plain text of at most 5,000 characters, as people count them.
    #[schema(min_length = 1, max_length = 50_000, example = "تحليل جيد جدًا، شكرًا.")]
    pub text: String,
}

/// What a moderator says with an approval.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentApprovalIn {
    /// A note for colleagues.
    #[serde(default)]
    #[schema(max_length = 20_000, example = "رأي لا يخالف القواعد")]
    pub note: Option<String>,
}

/// What a moderator says with a rejection, or when it takes a comment from sight.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentRejectionIn {
    /// Why.
    pub reason: CommentReason,
    /// A note for colleagues.
    #[serde(default)]
    #[schema(max_length = 20_000, example = "لا صلة له بالخبر")]
    pub note: Option<String>,
}

/// What became of a comment; get the comment for its words.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `change` puts together")]
pub struct CommentEvent {
    /// The article that it is about.
    article_id: ArticleId,
    /// The comment that it answers.
    #[schema(example = json!(null))]
    parent_id: Option<CommentId>,
    /// Whether everyone reads it.
    status: CommentStatus,
}

/// A moderator's note as it may be kept.
///
/// # Errors
/// `too_long` in graphemes.
pub fn note(input: Option<&str>) -> Result<Option<String>, Fault> {
    safe::optional_paragraph(input, NOTE_MAX)
}

/// The order of comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CommentSort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

impl CommentSort {
    /// Whether the newest comes first.
    pub const fn newest_first(self) -> bool {
        matches!(self, Self::Newest)
    }
}

/// What the list of the own comments can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct OwnCommentQuery {
    /// Only on this article.
    #[param(required = false)]
    pub article_id: Option<ArticleId>,
    /// The order; the newest first unless said otherwise.
    #[param(required = false, inline)]
    pub sort: Option<CommentSort>,
}

/// Who wrote a comment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentAuthor {
    /// The account, or the guest.
    id: CommenterId,
    /// The name that others see; nothing once it was erased.
    #[schema(example = "ليلى")]
    name: Option<String>,
    /// What others should know of them.
    #[schema(example = json!(null))]
    badge: Option<CommentBadge>,
}

impl CommentAuthor {
    /// How somebody is shown, beside a comment on an article of their own or elsewhere.
    pub(super) fn new(id: CommenterId, writer: Writer, is_byline: bool) -> Self {
        let badge = badges::badge(&writer, is_byline);
        Self { id, name: writer.name.or(writer.guest), badge }
    }
}

/// A comment as everyone may read it, or its writer alone. Where one has gone and something below it stays, a gap keeps
/// its place: `author` and `text` are null.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property, and none excludes another")]
pub struct CommentView {
    /// Its id.
    id: CommentId,
    /// The article that it is about.
    article_id: ArticleId,
    /// The comment below which it hangs.
    parent_item: Option<CommentId>,
    /// The comment that it answers: `parentItem`, or one beside it where the discussion is at its deepest.
    answers: Option<CommentId>,
    /// How deep in the discussion it is shown, from 0.
    #[schema(example = 0)]
    depth: i64,
    /// Who wrote it; nobody where there is a gap.
    author: Option<CommentAuthor>,
    /// Whether its writer works here.
    #[schema(example = false)]
    is_staff: bool,
    /// What it says: plain text, to be escaped wherever it is shown; nothing where there is a gap.
    #[schema(example = "تحليل جيد، شكرًا.")]
    text: Option<String>,
    /// Which way the text runs.
    dir: Direction,
    /// What has become of it. Whoever has not written it sees another than `published` only where there is a gap.
    status: CommentStatus,
    /// Why it was rejected, for its writer.
    reason: Option<CommentReason>,
    /// By what it got its status, for its writer.
    rule: Option<Rule>,
    /// Whether its writer has asked to look again, and nobody has yet; for its writer.
    #[schema(example = false)]
    is_appealed: bool,
    /// Whether a moderator counts it among the best.
    #[schema(example = false)]
    is_featured: bool,
    /// Whether a moderator has put it above the others.
    #[schema(example = false)]
    is_pinned: bool,
    /// How many published comments hang below it.
    #[schema(example = 0)]
    reply_count: i64,
    /// The first ones that hang below it, where a list was asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    replies: Option<RepliesView>,
    /// How many readers have reacted to it in which way; only those ways that somebody has.
    #[schema(example = json!({ "like": 3 }))]
    reactions: BTreeMap<ReactionKind, i64>,
    /// When it was written.
    date_created: UtcTime,
    /// When its writer last changed it, if ever.
    date_edited: Option<UtcTime>,
}

impl CommentView {
    /// What is shown of it to this audience.
    pub fn new(comment: Comment, audience: Audience) -> Self {
        let Comment { row, writer, rule, is_byline } = comment;
        let is_own = audience == Audience::Writer;
        let has_words = row.status != CommentStatus::Deleted;
        let is_shown = row.status.is_visible() || (has_words && is_own);
        let tally = reactions::tally(&row);
        let is_staff = is_shown && writer.role.is_some_and(|role| role != Role::Reader);
        Self {
            id: row.id,
            article_id: row.article_id,
            parent_item: row.parent_id,
            answers: row.answers_id,
            depth: row.depth,
            author: is_shown.then(|| CommentAuthor::new(row.author_id, writer, is_byline)),
            is_staff,
            dir: Direction::of_text(if is_shown { &row.text } else { "" }),
            text: is_shown.then_some(row.text),
            status: row.status,
            reason: row.reason.filter(|_| is_own),
            rule: rule.filter(|_| is_own),
            is_appealed: is_own && row.appeal.is_some(),
            is_featured: is_shown && row.is_featured,
            is_pinned: is_shown && row.is_pinned,
            reply_count: row.reply_count,
            replies: None,
            reactions: if is_shown { tally } else { BTreeMap::new() },
            date_created: row.created_at,
            date_edited: row.edited_at,
        }
    }

    /// With what hangs below it.
    pub(super) fn with_replies(self, replies: Option<RepliesView>) -> Self {
        Self { replies, ..self }
    }
}

/// A comment that was just posted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostedCommentView {
    /// The comment.
    #[serde(flatten)]
    comment: CommentView,
    /// For a new guest, once: the token for `Khabar-Guest`, with which to write again, change, delete and see what waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "eyJ0eXAiOiJndWVzdCtqd3QiLCJhbGciOiJIUzI1NiJ9…")]
    guest_token: Option<String>,
}

impl PostedCommentView {
    /// What its writer is answered; without the token, what is kept of that.
    pub fn of(posted: Posted) -> (Self, Option<Self>) {
        let Posted { comment, guest_token } = posted;
        let comment = CommentView::new(comment, Audience::Writer);
        let told = guest_token.map(|token| Self { comment: comment.clone(), guest_token: Some(token) });
        (Self { comment, guest_token: None }, told)
    }
}

/// An earlier wording of a comment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentRevisionView {
    /// The version of the comment that had it last.
    #[schema(example = 1)]
    version: i64,
    /// What it said: plain text, to be escaped wherever it is shown.
    #[schema(example = "تحليل جيد، شكرًا.")]
    text: String,
    /// Since when it said so.
    date_created: UtcTime,
}

impl From<Revision> for CommentRevisionView {
    fn from(revision: Revision) -> Self {
        let Revision { comment_id: _, version, text, created_at } = revision;
        Self { version, text, date_created: created_at }
    }
}

/// A comment as moderators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property, and none excludes another")]
pub struct NewsroomCommentView {
    /// Its id.
    id: CommentId,
    /// The article that it is about.
    article_id: ArticleId,
    /// The comment below which it hangs.
    parent_item: Option<CommentId>,
    /// The comment that it answers: `parentItem`, or one beside it where the discussion is at its deepest.
    answers: Option<CommentId>,
    /// How deep in the discussion it is shown, from 0.
    #[schema(example = 0)]
    depth: i64,
    /// Who wrote it.
    author: CommentAuthor,
    /// Whether its writer works here.
    #[schema(example = false)]
    is_staff: bool,
    /// What it says: plain text, to be escaped wherever it is shown.
    #[schema(example = "تحليل جيد، شكرًا.")]
    text: String,
    /// Which way the text runs.
    dir: Direction,
    /// What has become of it.
    status: CommentStatus,
    /// Why it was rejected, while it is.
    reason: Option<CommentReason>,
    /// What the moderator who decided last had to say.
    #[schema(example = json!(null))]
    note: Option<String>,
    /// Who decided last.
    moderated_by: Option<UserId>,
    /// Whether a moderator has looked at it as it is.
    #[schema(example = false)]
    is_reviewed: bool,
    /// Whether a moderator counts it among the best.
    #[schema(example = false)]
    is_featured: bool,
    /// Whether a moderator has put it above the others.
    #[schema(example = false)]
    is_pinned: bool,
    /// Why its writer asks to look again, until somebody does.
    #[schema(example = json!(null))]
    appeal: Option<String>,
    /// How many readers have reacted to it in which way; only those ways that somebody has.
    #[schema(example = json!({ "like": 3 }))]
    reactions: BTreeMap<ReactionKind, i64>,
    /// How many readers have reported it since a moderator last decided about it.
    #[schema(example = 0)]
    report_count: i64,
    /// Counts its changes.
    #[schema(example = 1)]
    version: i64,
    /// When it was written.
    date_created: UtcTime,
    /// When its writer last changed it, if ever.
    date_edited: Option<UtcTime>,
    /// When it was last decided about; when it was written, before that.
    date_modified: UtcTime,
}

impl From<Comment> for NewsroomCommentView {
    fn from(comment: Comment) -> Self {
        let Comment { row, writer, rule: _, is_byline } = comment;
        Self {
            id: row.id,
            article_id: row.article_id,
            parent_item: row.parent_id,
            answers: row.answers_id,
            depth: row.depth,
            is_staff: writer.role.is_some_and(|role| role != Role::Reader),
            reactions: reactions::tally(&row),
            author: CommentAuthor::new(row.author_id, writer, is_byline),
            dir: Direction::of_text(&row.text),
            text: row.text,
            status: row.status,
            reason: row.reason,
            note: row.note,
            moderated_by: row.moderated_by,
            is_reviewed: row.is_reviewed,
            is_featured: row.is_featured,
            is_pinned: row.is_pinned,
            appeal: row.appeal,
            report_count: row.report_count,
            version: row.version,
            date_created: row.created_at,
            date_edited: row.edited_at,
            date_modified: row.updated_at,
        }
    }
}

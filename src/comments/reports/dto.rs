//! What reports look like in requests and answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::Report;
use crate::ids::{ArticleId, CommentId, ReportId};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// Why a comment was reported.
    #[schema(example = "abusive")]
    pub enum ReportReason {
        /// It offends.
        Offensive = "offensive",
        /// It attacks somebody.
        Abusive = "abusive",
        /// It advertises, or says the same everywhere.
        Spam = "spam",
        /// The law forbids it.
        Illegal = "illegal",
        /// Something else; the note says what.
        Other = "other",
    }
}

/// What a reader tells moderators of a comment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportIn {
    /// Why.
    pub reason: ReportReason,
    /// In own words.
    #[serde(default)]
    #[schema(max_length = 20_000, example = "يهاجم كاتب التعليق الأول")]
    pub note: Option<String>,
}

/// A report, for its reader.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportView {
    /// The comment.
    comment_id: CommentId,
    /// Why.
    reason: ReportReason,
    /// In own words.
    #[schema(example = json!(null))]
    note: Option<String>,
    /// When.
    date_created: UtcTime,
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        let Report { id: _, comment_id, author_id: _, reason, note, created_at, closed_at: _ } = report;
        Self { comment_id, reason, note, date_created: created_at }
    }
}

/// A report as moderators see it: not who it came from.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewsroomReportView {
    /// Its id.
    id: ReportId,
    /// The comment.
    comment_id: CommentId,
    /// Why.
    reason: ReportReason,
    /// In the reader's words: plain text, to be escaped wherever it is shown.
    #[schema(example = json!(null))]
    note: Option<String>,
    /// When.
    date_created: UtcTime,
    /// When somebody decided about the comment; it is open until then.
    date_closed: Option<UtcTime>,
}

impl From<Report> for NewsroomReportView {
    fn from(report: Report) -> Self {
        let Report { id, comment_id, author_id: _, reason, note, created_at, closed_at } = report;
        Self { id, comment_id, reason, note, date_created: created_at, date_closed: closed_at }
    }
}

/// That a reader has reported a comment. Nobody is told who, and what they wrote stays with the report.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `report` puts together")]
pub struct ReportEvent {
    /// The article that the comment is about.
    article_id: ArticleId,
    /// Why.
    reason: ReportReason,
    /// How many reports of it are open now.
    #[schema(example = 1)]
    count: i64,
}

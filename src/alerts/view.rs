//! An alert as clients read it: readers, and the newsroom.

use serde::Serialize;
use utoipa::ToSchema;

use super::dto::AlertIn;
use super::model::{Alert, AlertLevel, AlertRetraction, AlertSource, AlertState, Approval, Shown};
use crate::ids::{AlertId, ArticleId, RecordId, StoryId, UserId};
use crate::text::{Direction, Language};
use crate::time::UtcTime;

/// An alert as readers see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertView {
    /// Its id.
    pub id: AlertId,
    /// Where it stands now.
    pub state: AlertState,
    /// What happened.
    #[schema(example = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو")]
    pub headline: String,
    /// A few more sentences.
    #[schema(example = "أعلن الكرملين أن المحادثات تبدأ الجمعة.")]
    pub body: Option<String>,
    /// The language it is written in.
    pub language: Language,
    /// Which way its lines run.
    #[schema(example = "rtl")]
    pub dir: Direction,
    /// From 1, the highest, to 9.
    #[schema(example = 2)]
    pub urgency: u8,
    /// The highest urgency that it has had since it went out. Streams, pushes and looks back go by it, so that whoever was
    /// told of it is told what became of it.
    #[schema(example = 2)]
    pub peak_urgency: u8,
    /// The urgency in a word.
    pub level: AlertLevel,
    /// When it went out.
    pub starts_at: Option<UtcTime>,
    /// When it leaves the ticker.
    #[schema(example = "2020-10-10T08:30:00Z")]
    pub expires: Option<UtcTime>,
    /// The article that tells more.
    pub article_id: Option<ArticleId>,
    /// Where else to read more.
    #[schema(example = "https://khabar.example/live")]
    pub link: Option<String>,
    /// What it is about.
    #[schema(example = json!(["أرمينيا", "أذربيجان"]))]
    pub topics: Vec<String>,
    /// Where it happened.
    #[schema(example = json!(["موسكو"]))]
    pub regions: Vec<String>,
    /// Where the news comes from, in order.
    pub sources: Vec<AlertSource>,
    /// The sections whose readers it is for.
    pub section_ids: Vec<RecordId>,
    /// The story that it belongs to.
    #[schema(example = json!(null))]
    pub story_id: Option<StoryId>,
    /// The alert that it replaces.
    #[schema(example = json!(null))]
    pub supersedes: Option<AlertId>,
    /// The alert that replaces it.
    #[schema(example = json!(null))]
    pub superseded_by: Option<AlertId>,
    /// Why it was taken back.
    #[schema(example = json!(null))]
    pub retraction: Option<AlertRetraction>,
    /// Counts its changes.
    #[schema(example = 2)]
    pub version: i64,
    /// When it was issued.
    pub date_issued: Option<UtcTime>,
    /// When somebody last changed it.
    pub date_modified: UtcTime,
}

impl AlertView {
    /// What an alert says, before anything has happened to it.
    fn saying(id: AlertId, form: AlertIn, date_modified: UtcTime) -> Self {
        let AlertIn {
            headline,
            body,
            language,
            urgency,
            starts_at,
            expires,
            article_id,
            link,
            topics,
            regions,
            source_ids: _,
            section_ids,
            story_id,
        } = form;
        Self {
            id,
            state: AlertState::Draft,
            headline,
            body,
            dir: language.direction(),
            language,
            urgency,
            peak_urgency: urgency,
            level: AlertLevel::of(urgency),
            starts_at,
            expires,
            article_id,
            link,
            topics,
            regions,
            sources: Vec::new(),
            section_ids,
            story_id,
            supersedes: None,
            superseded_by: None,
            retraction: None,
            version: 1,
            date_issued: None,
            date_modified,
        }
    }
}

impl From<Shown> for AlertView {
    fn from(shown: Shown) -> Self {
        let Shown { alert, state, sources, article_id, changed_at: _ } = shown;
        let Alert {
            id,
            kept: _,
            form,
            issued_at,
            supersedes,
            superseded_by,
            retraction,
            note: _,
            approvals: _,
            override_reason: _,
            next_at: _,
            peak_urgency,
            quiet_changes: _,
            quiet_story: _,
            created_by: _,
            version,
            created_at: _,
            updated_at,
        } = alert;
        Self {
            state,
            peak_urgency,
            article_id,
            sources,
            supersedes,
            superseded_by,
            retraction,
            version,
            date_issued: issued_at,
            ..Self::saying(id, form, updated_at)
        }
    }
}

/// An alert as the newsroom sees it: as readers do, and what only the newsroom knows.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomAlertView {
    /// What readers see, or will see.
    #[serde(flatten)]
    pub alert: AlertView,
    /// Why it was cancelled.
    #[schema(example = json!(null))]
    pub note: Option<String>,
    /// Who stands by the draft as it is.
    pub approvals: Vec<Approval>,
    /// Why a flash went out without a second pair of eyes.
    #[schema(example = json!(null))]
    #[serde(rename = "override")]
    pub override_reason: Option<String>,
    /// Who drafted it.
    pub created_by: UserId,
    /// When it was drafted.
    pub date_created: UtcTime,
}

impl From<Shown> for NewsroomAlertView {
    fn from(shown: Shown) -> Self {
        let known = shown.alert.clone();
        Self {
            alert: shown.into(),
            note: known.note,
            approvals: known.approvals,
            override_reason: known.override_reason,
            created_by: known.created_by,
            date_created: known.created_at,
        }
    }
}

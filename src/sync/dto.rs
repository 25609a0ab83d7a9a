//! What an app asks when it comes back, and what it is told.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::alerts::model::{AlertRetraction, AlertState, Shown};
use crate::alerts::view::AlertView;
use crate::articles::CompactArticle;
use crate::ids::{AlertId, ArticleId};
use crate::text::Language;

/// What an app keeps, and how far it has come.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SyncQuery {
    /// The `cursor` of the last answer; absent the first time. It is good only beside the same `language` and `section`.
    #[param(required = false, example = "WzE1NDM5OTUxMDYyNzIxMix7InNlcSI6NDJ9XQ")]
    pub cursor: Option<String>,
    /// Only articles and alerts in this language, or in one of these.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false, example = json!(["ar"]))]
    pub language: Vec<Language>,
    /// Only articles of this section or one below it, by id or slug; or of one of these. Alerts come for all sections.
    #[serde(default)]
    #[param(required = false, example = json!(["العالم"]))]
    pub section: Vec<String>,
    /// Articles in a first answer: the newest so many.
    #[param(minimum = 1, maximum = 500, default = 100, required = false)]
    pub limit: Option<u32>,
}

impl SyncQuery {
    /// What cursors are bound to: what the app keeps.
    pub(super) fn identity(&self) -> String {
        let mut languages: Vec<&str> = self.language.iter().map(Language::as_str).collect();
        languages.sort_unstable();
        let mut sections = self.section.clone();
        sections.sort_unstable();
        format!("sync {languages:?} {sections:?}")
    }

    /// Whether an alert is in a language that the app keeps.
    pub(super) fn speaks(&self, shown: &Shown) -> bool {
        self.language.is_empty() || self.language.contains(&shown.alert.form.language)
    }
}

/// What an app has to change in its own store.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncView {
    /// Whether the app begins anew: forget everything first.
    #[schema(example = false)]
    pub reset: bool,
    /// What became of articles.
    pub articles: ArticleChanges,
    /// What became of alerts.
    pub alerts: AlertChanges,
    /// Articles that only have another number of comments.
    pub counts: Vec<CountView>,
    /// Ask with it next time.
    #[schema(example = "WzE1NDM5OTUxMDYyNzIxMix7InNlcSI6NDJ9XQ")]
    pub cursor: String,
    /// Whether there is more right now: ask again at once.
    #[schema(example = false)]
    pub more: bool,
}

/// Articles to keep or to forget.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SyncArticles)]
pub struct ArticleChanges {
    /// Keep these, in the place of what there was.
    pub upserted: Vec<CompactArticle>,
    /// Forget these: they are no longer published, or no longer among what the app keeps.
    pub removed: Vec<ArticleId>,
}

/// Alerts to show or to take down.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SyncAlerts)]
pub struct AlertChanges {
    /// Show these, in the place of what there was.
    pub upserted: Vec<AlertView>,
    /// Take these down.
    pub removed: Vec<EndedAlert>,
}

/// An alert that is over.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndedAlert {
    /// Which.
    pub id: AlertId,
    /// How it ended.
    #[schema(example = "retracted")]
    pub state: AlertState,
    /// Why it was taken back: readers may have to be told.
    pub retraction: Option<AlertRetraction>,
    /// The alert that replaces it.
    #[schema(example = json!(null))]
    pub superseded_by: Option<AlertId>,
}

impl From<Shown> for EndedAlert {
    fn from(shown: Shown) -> Self {
        let Shown { alert, state, sources: _, article_id: _, changed_at: _ } = shown;
        Self { id: alert.id, state, retraction: alert.retraction, superseded_by: alert.superseded_by }
    }
}

/// How many comments everyone reads below an article.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CountView {
    /// The article.
    pub article_id: ArticleId,
    /// Comments that everyone reads.
    #[schema(example = 12)]
    pub comment_count: i64,
}

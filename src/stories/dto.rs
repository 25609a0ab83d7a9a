//! A story as everyone reads it, and as the newsroom does.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::alerts::view::{AlertView, NewsroomAlertView};
use crate::articles::{ArticleView, CorrectionKind, CorrectionView, NewsroomArticleView, Saved};
use crate::cache::{Facet, Rest};
use crate::ids::{RecordId, StoryId};
use crate::text::Language;
use crate::time::UtcTime;

/// What of a story is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct StoryQuery {
    /// Only what was said in this language; repeat for several.
    #[param(required = false)]
    pub language: Vec<Language>,
}

/// What a step of a story is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = "article")]
pub enum StepKind {
    /// An alert went out, or is to.
    Alert,
    /// The first article, or a translation of it.
    Article,
    /// A later article.
    Update,
    /// Something was put right in an article; `correction` says what.
    Correction,
    /// An alert or an article was taken back; it says why.
    Retraction,
}

impl StepKind {
    fn of(correction: &CorrectionView) -> Self {
        if correction.kind == CorrectionKind::Retraction { Self::Retraction } else { Self::Correction }
    }
}

/// A story: what was told of an event, in order of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoryView {
    /// Its id.
    pub id: StoryId,
    /// What happened, the first step first.
    pub items: Vec<StoryStep>,
}

impl StoryView {
    /// What it rests on.
    pub fn rest(&self) -> Rest {
        let mut rest = ArticleView::rest(self.items.iter().filter_map(|step| step.article.as_deref()));
        rest.and(Facet::Alerts);
        rest
    }
}

/// A step of a story.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoryStep {
    /// What it is.
    pub kind: StepKind,
    /// When.
    pub at: UtcTime,
    /// Where the news came from, in order.
    sources: Vec<StorySource>,
    /// The alert, where the step is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Box<AlertView>>,
    /// The article without its body, where the step is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<Box<ArticleView>>,
    /// What was put right.
    #[serde(skip_serializing_if = "Option::is_none")]
    correction: Option<CorrectionView>,
    #[serde(skip)]
    #[schema(ignore)]
    language: Language,
}

/// A source, as a step of a story credits it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorySource {
    /// Its id.
    source_id: RecordId,
    /// The readable part of its address.
    #[schema(example = "وكالات")]
    slug: String,
    /// Its name in the language of the step, or in the site's own.
    #[schema(example = "وكالات")]
    name: String,
}

impl StoryStep {
    /// What became of an alert.
    pub fn of_alert(kind: StepKind, at: UtcTime, alert: AlertView) -> Self {
        let sources = alert.sources.iter().map(|source| StorySource {
            source_id: source.source_id,
            slug: source.slug.clone(),
            name: source.name.clone(),
        });
        let (sources, language) = (sources.collect(), alert.language.clone());
        Self { kind, at, sources, alert: Some(Box::new(alert)), article: None, correction: None, language }
    }

    /// That an article was published.
    pub fn of_article(kind: StepKind, article: ArticleView) -> Self {
        let sources = article.sources().iter().map(|source| StorySource {
            source_id: source.source_id,
            slug: source.slug.clone(),
            name: source.name.clone(),
        });
        let (sources, language, at) = (sources.collect(), article.language().clone(), article.published());
        Self { kind, at, sources, alert: None, article: Some(Box::new(article)), correction: None, language }
    }

    /// That something was put right in an article.
    pub fn of_correction(article: ArticleView, correction: CorrectionView) -> Self {
        let kind = StepKind::of(&correction);
        Self { at: correction.at, correction: Some(correction), ..Self::of_article(kind, article) }
    }

    /// The language that it speaks.
    pub const fn language(&self) -> &Language {
        &self.language
    }
}

/// A story as the newsroom sees it: what was told of an event, what is to be told and what was not, in order of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewsroomStoryView {
    /// Its id.
    pub id: StoryId,
    /// The steps, the first one first.
    pub items: Vec<NewsroomStoryStep>,
}

/// A step of a story, public or not.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewsroomStoryStep {
    /// What it is.
    pub kind: StepKind,
    /// When it was told, or is to be; when it was begun, while nobody knows that.
    pub at: UtcTime,
    /// The alert, where the step is one's, with its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Box<NewsroomAlertView>>,
    /// The working copy without its body, where the step is an article's, with its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<Box<NewsroomArticleView>>,
    /// What was put right.
    #[serde(skip_serializing_if = "Option::is_none")]
    correction: Option<CorrectionView>,
    #[serde(skip)]
    #[schema(ignore)]
    language: Language,
}

impl NewsroomStoryStep {
    /// What is to become of an alert, or became of it.
    pub fn of_alert(kind: StepKind, at: UtcTime, alert: NewsroomAlertView) -> Self {
        let language = alert.alert.language.clone();
        Self { kind, at, alert: Some(Box::new(alert)), article: None, correction: None, language }
    }

    /// An article, wherever it is in its life.
    pub fn of_article(kind: StepKind, article: Saved) -> Self {
        let (at, language) = (article.moment(), article.language().clone());
        Self { kind, at, alert: None, article: Some(Box::new(article.into())), correction: None, language }
    }

    /// That something was put right in an article, or will be with its next publication.
    pub fn of_correction(article: Saved, correction: CorrectionView) -> Self {
        let kind = StepKind::of(&correction);
        Self { at: correction.at, correction: Some(correction), ..Self::of_article(kind, article) }
    }

    /// The language that it speaks.
    pub const fn language(&self) -> &Language {
        &self.language
    }
}

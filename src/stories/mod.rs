//! What came of an event, in order of time: the alert, the first article, its updates and corrections, and what was taken
//! back. A story has no row of its own: it is what articles and alerts say that they belong to.

pub mod dto;
pub mod http;

use std::collections::HashSet;

use crate::alerts;
use crate::alerts::view::{AlertView, NewsroomAlertView};
use crate::app::Read;
use crate::articles::{self, ArticleView, Saved};
use crate::auth::Permit;
use crate::auth::actions::{DraftAlerts, WriteArticles};
use crate::ids::{ArticleId, StoryId};
use crate::problem::Problem;
use crate::text::Language;
use dto::{NewsroomStoryStep, NewsroomStoryView, StepKind, StoryStep, StoryView};

/// Articles of one story that are told of at most, and alerts: the first ones.
const STEPS_MAX: u16 = 500;

/// A story, as everyone may see it now.
pub fn read(read: &mut Read<'_>, id: StoryId, languages: &[Language], public_url: &str) -> Result<StoryView, Problem> {
    let articles = articles::of_story(read, id, STEPS_MAX.into(), public_url)?;
    let alerts = alerts::of_story(read, id, STEPS_MAX.into())?;
    if articles.is_empty() && alerts.is_empty() {
        return Err(Problem::not_found());
    }
    let alerts = alerts.into_iter().map(AlertView::from).flat_map(|alert| alert_steps(&alert));
    let mut items: Vec<StoryStep> = alerts.chain(article_steps(articles)).collect();
    items.retain(|step| languages.is_empty() || languages.contains(step.language()));
    // What happened at the same instant: the alert, and then what followed it.
    items.sort_by_key(|step| (step.at, step.kind));
    Ok(StoryView { id, items })
}

/// A story, as somebody in the newsroom may see it: also what is not public, with its state.
pub fn at_desk(
    read: &mut Read<'_>,
    (writing, drafting): (&Permit<WriteArticles>, &Permit<DraftAlerts>),
    id: StoryId,
    languages: &[Language],
) -> Result<NewsroomStoryView, Problem> {
    let articles = articles::of_story_at_desk(read, writing, id, STEPS_MAX.into())?;
    let alerts = alerts::of_story_at_desk(read, drafting, id, STEPS_MAX.into())?;
    if articles.is_empty() && alerts.is_empty() {
        return Err(Problem::not_found());
    }
    let alerts = alerts.into_iter().map(NewsroomAlertView::from).flat_map(|alert| desk_alert_steps(&alert));
    let mut items: Vec<NewsroomStoryStep> = alerts.chain(desk_article_steps(articles)).collect();
    items.retain(|step| languages.is_empty() || languages.contains(step.language()));
    items.sort_by_key(|step| (step.at, step.kind));
    Ok(NewsroomStoryView { id, items })
}

/// An alert, at its start where it has one, and that it was taken back.
fn desk_alert_steps(alert: &NewsroomAlertView) -> Vec<NewsroomStoryStep> {
    let starts = alert.alert.starts_at.unwrap_or(alert.date_created);
    let retraction = alert.alert.retraction.as_ref().map(|retraction| (StepKind::Retraction, retraction.at));
    let steps = std::iter::once((StepKind::Alert, starts)).chain(retraction);
    steps.map(|(kind, at)| NewsroomStoryStep::of_alert(kind, at, alert.clone())).collect()
}

/// The article that was published first, or else begun first, with its translations, and the others; what was put right
/// in each.
fn desk_article_steps(articles: Vec<Saved>) -> Vec<NewsroomStoryStep> {
    let first = articles.iter().min_by_key(|article| (!article.was_published(), article.moment(), article.id()));
    let first = first.map(Saved::original);
    let steps = |article: Saved| {
        let kind = if Some(article.original()) == first { StepKind::Article } else { StepKind::Update };
        let corrections = article.corrections().to_vec().into_iter();
        let mut steps: Vec<_> = corrections.map(|one| NewsroomStoryStep::of_correction(article.clone(), one)).collect();
        steps.push(NewsroomStoryStep::of_article(kind, article));
        steps
    };
    articles.into_iter().flat_map(steps).collect()
}

/// That an alert went out, and that it was taken back.
fn alert_steps(alert: &AlertView) -> Vec<StoryStep> {
    let Some(issued) = alert.starts_at else { return Vec::new() };
    let retraction = alert.retraction.as_ref().map(|retraction| (StepKind::Retraction, retraction.at));
    let steps = std::iter::once((StepKind::Alert, issued)).chain(retraction);
    steps.map(|(kind, at)| StoryStep::of_alert(kind, at, alert.clone())).collect()
}

/// The first article with its translations, and then what followed; what was put right in each.
fn article_steps(mut articles: Vec<ArticleView>) -> Vec<StoryStep> {
    articles.sort_by_key(|article| (article.published(), article.id()));
    let mut first = HashSet::<ArticleId>::new();
    if let Some(article) = articles.first() {
        first.extend(std::iter::once(article.id()).chain(article.alternate_ids()));
    }
    let steps = |article: ArticleView| {
        let kind = if first.contains(&article.id()) { StepKind::Article } else { StepKind::Update };
        let corrections = article.corrections().to_vec().into_iter();
        let mut steps: Vec<_> = corrections.map(|one| StoryStep::of_correction(article.clone(), one)).collect();
        steps.push(StoryStep::of_article(kind, article));
        steps
    };
    articles.into_iter().flat_map(steps).collect()
}

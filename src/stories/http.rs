//! Stories over HTTP.

use actix_web::get;

use super::dto::{NewsroomStoryView, StoryQuery, StoryView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, DraftAlerts, WriteArticles};
use crate::http::{Call, FieldsQuery, Query, Reply, Routes, Segment, View};
use crate::problem::Problem;

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(read_story);
}

/// Adds what the newsroom reads.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(read_newsroom_story);
}

/// Get a story
///
/// Everything that was told of an event, in order of time: alerts, the first article, later ones and rewrites, corrections
/// and retractions, each with its sources. `storyId` of an alert or article names it. A story of which nothing is published answers 404.
#[utoipa::path(
    tag = "stories",
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        StoryQuery, FieldsQuery,
    ),
    responses((status = OK, description = "The story", body = StoryView)),
)]
#[get("/stories/{id}")]
async fn read_story(call: Call, id: Segment, query: Query<StoryQuery>, view: View) -> Result<Reply, Problem> {
    let (id, Query(query)) = (id.id()?, query);
    let public_url = call.app.config().public_url.clone();
    let story = call.read(move |read| super::read(read, id, &query.language, &public_url)).await?;
    Ok(view.reply(&story)?.shared(story.rest()))
}

/// Get a story with what is not public
///
/// Alerts and articles of an event in every state, corrections and retractions, in order of time: each when it was told, or is
/// to be, or else when it was begun. What is told to nobody yet says so by its `state`. For journalists the alerts that were
/// issued and what is their own, as in the lists; a story of which there is nothing for the caller answers 404.
/// A program's key needs `alert.draft`, too.
#[utoipa::path(
    tag = "stories",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        StoryQuery, FieldsQuery,
    ),
    responses((status = OK, description = "The story", body = NewsroomStoryView)),
)]
#[get("/stories/{id}")]
async fn read_newsroom_story(
    (writing, drafting): (Permit<WriteArticles>, Permit<DraftAlerts>),
    call: Call,
    id: Segment,
    query: Query<StoryQuery>,
    view: View,
) -> Result<Reply, Problem> {
    let (id, Query(query)) = (id.id()?, query);
    let story = call.read(move |read| super::at_desk(read, (&writing, &drafting), id, &query.language)).await?;
    view.reply(&story)
}

//! Stories over HTTP.

use actix_web::get;

use super::dto::{StoryQuery, StoryView};
use crate::http::{Call, FieldsQuery, Query, Reply, Routes, Segment, View};
use crate::problem::Problem;

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(read_story);
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
    view.reply(&story)
}

//! Somebody's history over HTTP.

use actix_web::get;

use super::dto::CommenterView;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::comments::commenters;
use crate::http::{Call, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds this route.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(read_commenter);
}

/// Get somebody's history
///
/// Who they are, what became of what they wrote, what holds against them, and what was last decided. `GET
/// /newsroom/comments?authorId=…` has their comments.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "The `author.id` of a comment", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The history", body = CommenterView)),
)]
#[get("/commenters/{id}")]
async fn read_commenter(permit: Permit<ModerateComments>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&call.read(move |read| commenters::open(read, &permit, id)).await?)
}

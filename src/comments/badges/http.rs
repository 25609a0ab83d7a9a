//! Badges over HTTP.

use actix_web::put;

use super::dto::CommenterBadgeIn;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::comments;
use crate::comments::dto::CommentAuthor;
use crate::http::{Call, Input, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(award_badge);
}

/// Give somebody who comments a badge
///
/// `expert`, or null to take it away; an account or a guest who has commented. It shows beside all of their comments at
/// once. That somebody works here, or wrote the article, shows by itself and comes first.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-unconditional" = json!(true))),
    params(("id" = String, Path, description = "The `author.id` of a comment", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = CommenterBadgeIn,
    responses((status = OK, description = "How they are shown", body = CommentAuthor)),
)]
#[put("/commenters/{id}/badge")]
async fn award_badge(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<CommenterBadgeIn>,
) -> Result<Reply, Problem> {
    let (id, form) = (id.id()?, input.value);
    Reply::json(&call.write(move |tx| comments::badges::award(tx, &permit, id, form)).await?)
}

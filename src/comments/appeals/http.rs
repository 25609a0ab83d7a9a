//! Appeals over HTTP.

use actix_web::post;

use super::dto::CommentAppealIn;
use crate::auth::actions::{Action as _, PostComment};
use crate::comments::dto::CommentView;
use crate::comments::http::speaker::Known;
use crate::comments::{Audience, appeals};
use crate::http::{Call, Input, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds this route.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(appeal_comment);
}

/// Ask moderators to look again at the own comment
///
/// At one that was rejected or withheld, once for each decision: again is 409 `duplicate`. The next decision answers it. Also
/// for those who may not write any more.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-permission" = json!(PostComment::NAME)),
        ("x-refusals" = json!(["illegal_transition", "duplicate", "stale"])),
    ),
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        ("Khabar-Guest" = Option<String>, Header, description = "A guest's token, without an account", example = "eyJ0eXAiOiJndWVzdCtqd3QiLCJhbGciOiJIUzI1NiJ9…"),
    ),
    request_body = CommentAppealIn,
    responses((status = OK, description = "The comment, appealed against", body = CommentView)),
)]
#[post("/comments/{id}/appeal")]
async fn appeal_comment(
    Known(speaker): Known,
    call: Call,
    id: Segment,
    input: Input<CommentAppealIn>,
) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.act(input, move |tx, CommentAppealIn { text }| {
        let comment = appeals::ask(tx, &speaker, id, &text)?;
        Ok(Reply::json(&CommentView::new(comment, Audience::Writer))?.private().about(id))
    })
    .await
}

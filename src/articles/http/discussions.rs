//! Discussions of single articles, for moderators.

use actix_web::{get, put};

use crate::articles::discussions::dto::{ArticleDiscussionIn, ArticleDiscussionView};
use crate::articles::discussions::{open_discussion, rule_discussion};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::http::{Call, Input, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(read_article_discussion).service(rule_article_discussion);
}

/// Get who may comment on an article
///
/// What moderators say of it, and what holds. Of articles that are published.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The rule", body = ArticleDiscussionView)),
)]
#[get("/articles/{id}/discussion")]
async fn read_article_discussion(permit: Permit<ModerateComments>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&call.read(move |read| open_discussion(read, &permit, id)).await?)
}

/// Say who may comment on an article
///
/// Whatever it says itself, from now on, and without a new version of it: `closed` ends a discussion, `premoderated` lets
/// what comes wait. What is absent or null is as the article or the site has it. Of articles that are published.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-unconditional" = json!(true))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = ArticleDiscussionIn,
    responses((status = OK, description = "The rule", body = ArticleDiscussionView)),
)]
#[put("/articles/{id}/discussion")]
async fn rule_article_discussion(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<ArticleDiscussionIn>,
) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&call.write(move |tx| rule_discussion(tx, &permit, id, &input.value)).await?)
}

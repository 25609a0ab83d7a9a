//! Reactions to comments over HTTP.

use actix_web::{delete, get, put};
use utoipa::IntoParams;

use crate::auth::Permit;
use crate::auth::actions::{Action as _, ReactToComments, UseAccount};
use crate::comments::reactions;
use crate::comments::reactions::dto::{OwnReactionQuery, OwnReactionView, ReactionsView};
use crate::http::{Call, ListQuery, Page, PageView, Reply, Routes, Segments};
use crate::limits::Act;
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(list_own_reactions).service(add_reaction).service(remove_reaction);
}

/// A page of the caller's own reactions.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct OwnReactionList {
    items: Vec<OwnReactionView>,
    page: PageView,
}

/// The path of one kind of reaction to one comment.
#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `Segments` reads")]
struct ReactionPath {
    /// The comment's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
    /// One of the site's `reactions`
    #[param(example = "like")]
    kind: String,
}

/// React to a comment
///
/// To one that everyone reads, in one of the ways that the site offers in `commentRules.reactions`. Once for each reader and
/// way: once more changes nothing. Nobody is told who has reacted.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-permission" = json!(ReactToComments::NAME)),
        ("x-rate-limit" = json!("reactions")),
        ("x-refusals" = json!(["sanctioned"])),
    ),
    params(ReactionPath),
    responses((status = OK, description = "How readers react to it now", body = ReactionsView)),
)]
#[put("/comments/{id}/reactions/{kind}")]
async fn add_reaction(permit: Permit<ReactToComments>, call: Call, path: Segments) -> Result<Reply, Problem> {
    let Segments(id, kind) = path;
    let (id, standing) = (id.id()?, call.within_limits(Act::React, Some(permit.user.commenter()))?);
    let now = call.write(move |tx| reactions::react(tx, &permit, id, &kind.0)).await?;
    Ok(Reply::json(&now)?.private().standing(standing))
}

/// No longer react to a comment
///
/// Who has not reacted in this way changes nothing.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ReactToComments::NAME)), ("x-rate-limit" = json!("reactions"))),
    params(ReactionPath),
    responses((status = OK, description = "How readers react to it now", body = ReactionsView)),
)]
#[delete("/comments/{id}/reactions/{kind}")]
async fn remove_reaction(permit: Permit<ReactToComments>, call: Call, path: Segments) -> Result<Reply, Problem> {
    let Segments(id, kind) = path;
    let (id, standing) = (id.id()?, call.within_limits(Act::React, Some(permit.user.commenter()))?);
    let now = call.write(move |tx| reactions::withdraw(tx, &permit, id, &kind.0)).await?;
    Ok(Reply::json(&now)?.private().standing(standing))
}

/// List the own reactions
///
/// The latest first: with `articleId` what a page needs to show which ones the caller has pressed.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    params(ListQuery, OwnReactionQuery),
    responses((status = OK, description = "A page", body = OwnReactionList)),
)]
#[get("/me/reactions")]
async fn list_own_reactions(
    permit: Permit<UseAccount>,
    call: Call,
    page: Page<OwnReactionQuery>,
) -> Result<Reply, Problem> {
    let (OwnReactionQuery { article_id }, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| reactions::own(read, &permit, article_id, &request)).await?;
    page.reply(&slice.map(OwnReactionView::from))
}

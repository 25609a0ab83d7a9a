//! What moderators work with.

use actix_web::{get, post};

use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::comments::dto::{self, CommentApprovalIn, CommentRejectionIn, CommentRevisionView, NewsroomCommentView};
use crate::comments::{self, Comment, Ruling, commenters, decisions, external, replay, sanctions, words};
use crate::http::{Call, Input, ListQuery, Page, PageView, Reply, Routes, Segment, Unfiltered};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config
        .configure(super::desk::routes)
        .configure(super::bulk::routes)
        .configure(commenters::http::newsroom)
        .configure(decisions::http::newsroom)
        .configure(replay::http::newsroom)
        .configure(external::http::newsroom)
        .service(read_newsroom_comment)
        .service(list_comment_revisions)
        .service(approve_comment)
        .service(reject_comment)
        .service(withhold_comment)
        .configure(sanctions::http::newsroom)
        .configure(words::http::newsroom);
}

pub(super) fn reply(comment: Comment) -> Result<Reply, Problem> {
    let ((version, modified), id) = (comment.stamp(), comment.id());
    // What is counted changes without the version.
    let reply = Reply::json(&NewsroomCommentView::from(comment))?.version(version).moving();
    Ok(reply.modified(modified).about(id))
}

pub(super) fn note(text: Option<&str>) -> Result<Option<String>, Problem> {
    dto::note(text).map_err(|fault| Problem::field("/note", fault))
}

/// Get a comment as moderators see it
///
/// With the `ETag` that a decision must name.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[get("/comments/{id}")]
async fn read_newsroom_comment(permit: Permit<ModerateComments>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    reply(call.read(move |read| comments::open(read, &permit, id)).await?)
}

/// A page of earlier wordings.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct CommentRevisionList {
    items: Vec<CommentRevisionView>,
    page: PageView,
}

/// List what a comment said before
///
/// Each earlier wording, the latest first. A comment that was deleted has none.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), ListQuery),
    responses((status = OK, description = "A page", body = CommentRevisionList)),
)]
#[get("/comments/{id}/revisions")]
async fn list_comment_revisions(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    let (id, request) = (id.id()?, page.request.clone());
    let slice = call.read(move |read| comments::revisions(read, &permit, id, &request)).await?;
    page.reply(&slice.map(CommentRevisionView::from))
}

/// Let everyone read a comment
///
/// From `pending`, `withheld` or `rejected`. It counts from then on.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = CommentApprovalIn,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/approve")]
async fn approve_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<CommentApprovalIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, CommentApprovalIn { note: text }| {
        let ruling = Ruling { id, expected, note: note(text.as_deref())? };
        reply(comments::approve(tx, &permit, ruling)?)
    })
    .await
}

/// Refuse a comment, or take it back
///
/// From `pending`, `withheld` or `published`. Its writer still sees it, nobody else does; the replies to it stay.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = CommentRejectionIn,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/reject")]
async fn reject_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<CommentRejectionIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, CommentRejectionIn { reason, note: text }| {
        let ruling = Ruling { id, expected, note: note(text.as_deref())? };
        reply(comments::reject(tx, &permit, ruling, reason)?)
    })
    .await
}

/// Take a comment from sight for the time being
///
/// From `pending` or `published`. Its writer still sees it, nobody else does; the replies to it stay.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = CommentRejectionIn,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/withhold")]
async fn withhold_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<CommentRejectionIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, CommentRejectionIn { reason, note: text }| {
        let ruling = Ruling { id, expected, note: note(text.as_deref())? };
        reply(comments::withhold(tx, &permit, ruling, reason)?)
    })
    .await
}

//! Queues, and what moderators do beside deciding.

use actix_web::{get, post};

use super::newsroom::{note, reply};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::comments::dto::{CommentApprovalIn, NewsroomCommentView};
use crate::comments::queues::dto::{QueueCountsView, QueueQuery};
use crate::comments::{Mark, desk, queues};
use crate::http::{Call, Empty, Input, ListQuery, Page, PageView, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes. What has a name of its own stands before what has an id.
pub fn routes(config: &mut Routes<'_>) {
    config
        .service(list_newsroom_comments)
        .service(count_newsroom_comments)
        .service(review_comment)
        .service(feature_comment)
        .service(unfeature_comment)
        .service(pin_comment)
        .service(unpin_comment);
}

/// A page of comments for moderators.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomCommentList {
    items: Vec<NewsroomCommentView>,
    page: PageView,
}

/// List comments for moderators
///
/// Whatever their status, on any article; `queue` names what there is to look at. `queue=pending&sort=oldest` is the usual one.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(ListQuery, QueueQuery),
    responses((status = OK, description = "A page", body = NewsroomCommentList)),
)]
#[get("/comments")]
async fn list_newsroom_comments(
    permit: Permit<ModerateComments>,
    call: Call,
    page: Page<QueueQuery>,
) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| queues::list(read, &permit, &query, &request)).await?;
    page.reply(&slice.map(NewsroomCommentView::from))
}

/// Count what there is for moderators to look at
///
/// Each queue of all articles, up to 1,000; `hasMore` says when there are more.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    responses((status = OK, description = "The counts", body = QueueCountsView)),
)]
#[get("/comments/counts")]
async fn count_newsroom_comments(permit: Permit<ModerateComments>, call: Call) -> Result<Reply, Problem> {
    Reply::json(&QueueCountsView::from(call.read(move |read| queues::counts(read, &permit)).await?))
}

/// Look at a comment and leave it as it is
///
/// From `published`, `withheld` or `rejected`: it is no more unreviewed, reported or appealed against.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = CommentApprovalIn,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/review")]
async fn review_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<CommentApprovalIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, CommentApprovalIn { note: text }| {
        let note = note(text.as_deref())?;
        reply(desk::review(tx, &permit, id, &expected, note)?)
    })
    .await
}

async fn mark(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
    mark: Mark,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, Empty {}| reply(desk::mark(tx, &permit, id, &expected, mark)?)).await
}

/// Feature a comment
///
/// Among the best, until somebody unfeatures it or it is published no more.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = Empty,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/feature")]
async fn feature_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    mark(permit, call, id, input, Mark::Feature).await
}

/// Feature a comment no more
///
/// Readers see it where it was.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = Empty,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/unfeature")]
async fn unfeature_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    mark(permit, call, id, input, Mark::Unfeature).await
}

/// Pin a comment
///
/// Above the others, until somebody unpins it or it is published no more.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = Empty,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/pin")]
async fn pin_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    mark(permit, call, id, input, Mark::Pin).await
}

/// Pin a comment no more
///
/// Readers see it where it was.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = Empty,
    responses((status = OK, description = "The comment", body = NewsroomCommentView)),
)]
#[post("/comments/{id}/unpin")]
async fn unpin_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    mark(permit, call, id, input, Mark::Unpin).await
}

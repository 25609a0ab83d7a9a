//! What the newsroom works with.

use actix_web::{get, patch, post};

use crate::articles::desk_views::{NewsroomArticleView, RevisionView};
use crate::articles::dto::{ArticleEditIn, ArticleIn, NoteIn};
use crate::articles::{self, Draft, Notes, Order, Saved, Step};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, PublishArticles, WriteArticles};
use crate::http::{Call, Input, ListQuery, Page, PageView, Patch, Reply, Routes, Segment, Segments, Unfiltered};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config
        .service(create_article)
        .service(read_newsroom_article)
        .service(update_article)
        .service(submit_article)
        .service(return_article)
        .service(approve_article)
        .service(spike_article)
        .service(unspike_article)
        .service(list_revisions)
        .service(read_revision);
}

/// A page of revisions.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct RevisionList {
    items: Vec<RevisionView>,
    page: PageView,
}

pub(super) fn reply(saved: Saved) -> Result<Reply, Problem> {
    let (version, modified) = saved.stamp();
    Ok(Reply::json(&NewsroomArticleView::from(saved))?.version(version).moving().modified(modified))
}

/// Make a draft
///
/// Nothing in the body can publish it. The slug is made from the headline unless one is given; a given one that
/// is taken is 409, a made one gets a number.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME)), ("x-refusals" = json!(["duplicate"]))),
    request_body = ArticleIn,
    responses((status = CREATED, description = "The draft", body = NewsroomArticleView)),
)]
#[post("/articles")]
async fn create_article(permit: Permit<WriteArticles>, call: Call, input: Input<ArticleIn>) -> Result<Reply, Problem> {
    let input = input.ready(&call.app, Draft::of).await?;
    call.act(input, move |tx, draft| {
        let saved = articles::create(tx, &permit, draft)?;
        let location = format!("/api/v1/newsroom/articles/{}", saved.id());
        Ok(reply(saved)?.created(location))
    })
    .await
}

/// Get a working copy
///
/// With the `ETag` that a change must name. Journalists see their own.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[get("/articles/{id}")]
async fn read_newsroom_article(permit: Permit<WriteArticles>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    reply(call.read(move |read| articles::open(read, &permit, id)).await?)
}

/// Change a working copy
///
/// A JSON Merge Patch. What the public sees of a published article stays byte for byte the same until it is
/// published again. A patch that changes nothing makes no revision. `note` is no part of the article: it is kept with
/// the revision.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked", "duplicate"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body(content = ArticleEditIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[patch("/articles/{id}")]
async fn update_article(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    patch: Patch<ArticleIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    reply(call.write(move |tx| articles::revise(tx, &permit, id, &expected, patch)).await?)
}

/// Takes a step that writers may take.
async fn write_step(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    step: Step,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, said| {
        let order = Order { id, expected, step, notes: said.into() };
        reply(articles::write_step(tx, &permit, order)?)
    })
    .await
}

/// Takes a step that is the editors'.
pub(super) async fn editor_step<T: Into<Notes> + Send + 'static>(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    step: Step,
    input: Input<T>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, said| {
        let order = Order { id, expected, step, notes: said.into() };
        reply(articles::editor_step(tx, &permit, order)?)
    })
    .await
}

/// Hand a draft to the editors
///
/// From `draft`. A journalist can submit their own.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/submit")]
async fn submit_article(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    write_step(permit, call, id, Step::Submit, input).await
}

/// Hand an article back to its writer
///
/// From `submitted` or `approved`. `note` is required: it says what is to be done.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(PublishArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/return")]
async fn return_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    editor_step(permit, call, id, Step::Return, input).await
}

/// Say that an article is good to go
///
/// From `submitted`.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(PublishArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/approve")]
async fn approve_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    editor_step(permit, call, id, Step::Approve, input).await
}

/// Give an article up
///
/// From `draft`, `submitted`, `approved` or `unpublished`; a journalist their own draft. Nothing is lost.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/spike")]
async fn spike_article(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    write_step(permit, call, id, Step::Spike, input).await
}

/// Take an article up again
///
/// From `spiked`, back to the state it had.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked", "duplicate"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/unspike")]
async fn unspike_article(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    write_step(permit, call, id, Step::Unspike, input).await
}

/// List an article's revisions
///
/// The latest first, without their texts. Every save and every step makes one; none is ever removed.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), ListQuery),
    responses((status = OK, description = "A page", body = RevisionList)),
)]
#[get("/articles/{id}/revisions")]
async fn list_revisions(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    let (id, request) = (id.id()?, page.request.clone());
    let slice = call.read(move |read| articles::history(read, &permit, id, &request)).await?;
    page.reply(&slice.map(RevisionView::from))
}

/// Get a revision
///
/// The article as it was, in `snapshot`.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        ("version" = i64, Path, description = "The revision's number", example = 2),
    ),
    responses((status = OK, description = "The revision", body = RevisionView)),
)]
#[get("/articles/{id}/revisions/{version}")]
async fn read_revision(permit: Permit<WriteArticles>, call: Call, path: Segments) -> Result<Reply, Problem> {
    let Segments(id, version) = path;
    let (id, version) = (id.id()?, version.0.parse().map_err(|_| Problem::not_found())?);
    let revision = call.read(move |read| articles::revision(read, &permit, id, version)).await?;
    Reply::json(&RevisionView::from(revision))
}

//! Authors over HTTP.

use actix_web::{delete, get, patch, post};

use super::dto::{AuthorIn, AuthorView, NewsroomAuthorView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageRecords, ReadRecords};
use crate::http::{Call, FieldsQuery, Input, ListQuery, Page, Patch, Reply, Routes, Segment, Unfiltered, View};
use crate::problem::Problem;
use crate::records::MergeIn;
use crate::records::answer::{self, RecordPath};

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(list_authors).service(read_author);
}

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_newsroom_authors)
        .service(create_author)
        .service(read_newsroom_author)
        .service(update_author)
        .service(merge_author)
        .service(delete_author);
}

/// A page of authors, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct AuthorList {
    items: Vec<AuthorView>,
    page: crate::http::PageView,
}

/// The same, for the newsroom.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomAuthorList {
    items: Vec<NewsroomAuthorView>,
    page: crate::http::PageView,
}

/// List the authors in use
///
/// By name. Authors that are out of use are left out, but stay readable one by one.
#[utoipa::path(tag = "authors", params(ListQuery), responses((status = OK, description = "A page", body = AuthorList)))]
#[get("/authors")]
async fn list_authors(call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    answer::public_list::<AuthorIn>(&call, &page).await
}

/// Get an author
///
/// By its id or its slug. An old slug answers 308 with the present address; so does an author that was merged, with that of the
/// author in its place.
#[utoipa::path(
    tag = "authors",
    params(("idOrSlug" = String, Path, description = "Id or slug", example = "ليلى-حداد"), FieldsQuery),
    responses(
        (status = OK, description = "The author", body = AuthorView),
        (status = PERMANENT_REDIRECT, description = "An old slug, or merged: `Location` has the present address"),
    ),
)]
#[get("/authors/{idOrSlug}")]
async fn read_author(call: Call, author: Segment, view: View) -> Result<Reply, Problem> {
    answer::public::<AuthorIn>(&call, author, &view).await
}

/// List all authors
///
/// By name, those out of use too.
#[utoipa::path(
    tag = "authors",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = NewsroomAuthorList)),
)]
#[get("/authors")]
async fn list_newsroom_authors(
    permit: Permit<ReadRecords>,
    call: Call,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    answer::list::<AuthorIn, _>(&call, permit, &page, None).await
}

/// Make an author
///
/// The slug is made from the name unless one is given; a slug that is taken is 409 with the id of the other.
#[utoipa::path(
    tag = "authors",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate"]))),
    request_body = AuthorIn,
    responses((status = CREATED, description = "The new author", body = NewsroomAuthorView)),
)]
#[post("/authors")]
async fn create_author(permit: Permit<ManageRecords>, call: Call, input: Input<AuthorIn>) -> Result<Reply, Problem> {
    answer::create(&call, permit, input).await
}

/// Get an author as the newsroom sees it
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "authors",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(RecordPath),
    responses((status = OK, description = "The author", body = NewsroomAuthorView)),
)]
#[get("/authors/{id}")]
async fn read_newsroom_author(permit: Permit<ReadRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::read::<AuthorIn>(&call, permit, &id).await
}

/// Change an author
///
/// A JSON Merge Patch. Articles show the new name at once, also those published before.
#[utoipa::path(
    tag = "authors",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate", "merged"]))),
    params(RecordPath),
    request_body(content = AuthorIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed author", body = NewsroomAuthorView)),
)]
#[patch("/authors/{id}")]
async fn update_author(
    permit: Permit<ManageRecords>,
    call: Call,
    id: Segment,
    patch: Patch<AuthorIn>,
) -> Result<Reply, Problem> {
    answer::update(&call, permit, &id, patch).await
}

/// Merge an author into another
///
/// From now on the other shows wherever this one is named, in drafts and in what is published, and once where both are.
/// Filters by either find the articles of both; this one's address leads on to the other's. It can't be changed any more
/// and is in no list, but its slug stays taken. What names it anew names the other.
#[utoipa::path(
    tag = "authors",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["merged"]))),
    params(RecordPath),
    request_body = MergeIn,
    responses((status = OK, description = "The merged author", body = NewsroomAuthorView)),
)]
#[post("/authors/{id}/merge")]
async fn merge_author(
    permit: Permit<ManageRecords>,
    call: Call,
    id: Segment,
    input: Input<MergeIn>,
) -> Result<Reply, Problem> {
    answer::merge::<AuthorIn>(&call, permit, &id, input).await
}

/// Remove an author
///
/// Only while no article, draft or published, refers to it: 409 `in_use` otherwise. Deactivate it then.
#[utoipa::path(
    tag = "authors",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["in_use"]))),
    params(RecordPath),
    responses((status = NO_CONTENT, description = "Removed")),
)]
#[delete("/authors/{id}")]
async fn delete_author(permit: Permit<ManageRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::delete::<AuthorIn>(&call, permit, &id).await
}

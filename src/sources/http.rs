//! Sources over HTTP.

use actix_web::{delete, get, patch, post};

use super::dto::{NewsroomSourceView, SourceIn, SourceView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageRecords, ReadRecords};
use crate::http::{Call, FieldsQuery, Input, ListQuery, Page, Patch, Reply, Routes, Segment, Unfiltered, View};
use crate::problem::Problem;
use crate::records::MergeIn;
use crate::records::answer::{self, RecordPath};

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(list_sources).service(read_source);
}

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_newsroom_sources)
        .service(create_source)
        .service(read_newsroom_source)
        .service(update_source)
        .service(merge_source)
        .service(delete_source);
}

/// A page of sources, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct SourceList {
    items: Vec<SourceView>,
    page: crate::http::PageView,
}

/// The same, for the newsroom.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomSourceList {
    items: Vec<NewsroomSourceView>,
    page: crate::http::PageView,
}

/// List the sources in use
///
/// By name. Sources that are out of use are left out, but stay readable one by one.
#[utoipa::path(tag = "sources", params(ListQuery), responses((status = OK, description = "A page", body = SourceList)))]
#[get("/sources")]
async fn list_sources(call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    answer::public_list::<SourceIn>(&call, &page).await
}

/// Get a source
///
/// By its id or its slug. An old slug answers 308 with the present address; so does a source that was merged, with that of the
/// source in its place.
#[utoipa::path(
    tag = "sources",
    params(("idOrSlug" = String, Path, description = "Id or slug", example = "وكالات"), FieldsQuery),
    responses(
        (status = OK, description = "The source", body = SourceView),
        (status = PERMANENT_REDIRECT, description = "An old slug, or merged: `Location` has the present address"),
    ),
)]
#[get("/sources/{idOrSlug}")]
async fn read_source(call: Call, source: Segment, view: View) -> Result<Reply, Problem> {
    answer::public::<SourceIn>(&call, source, &view).await
}

/// List all sources
///
/// By name, those out of use too.
#[utoipa::path(
    tag = "sources",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = NewsroomSourceList)),
)]
#[get("/sources")]
async fn list_newsroom_sources(
    permit: Permit<ReadRecords>,
    call: Call,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    answer::list::<SourceIn, _>(&call, permit, &page, None).await
}

/// Make a source
///
/// The slug is made from the name unless one is given; a slug that is taken is 409 with the id of the other.
#[utoipa::path(
    tag = "sources",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate"]))),
    request_body = SourceIn,
    responses((status = CREATED, description = "The new source", body = NewsroomSourceView)),
)]
#[post("/sources")]
async fn create_source(permit: Permit<ManageRecords>, call: Call, input: Input<SourceIn>) -> Result<Reply, Problem> {
    answer::create(&call, permit, input).await
}

/// Get a source as the newsroom sees it
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "sources",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(RecordPath),
    responses((status = OK, description = "The source", body = NewsroomSourceView)),
)]
#[get("/sources/{id}")]
async fn read_newsroom_source(permit: Permit<ReadRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::read::<SourceIn>(&call, permit, &id).await
}

/// Change a source
///
/// A JSON Merge Patch. Articles show the new name at once, also those published before.
#[utoipa::path(
    tag = "sources",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate", "merged"]))),
    params(RecordPath),
    request_body(content = SourceIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed source", body = NewsroomSourceView)),
)]
#[patch("/sources/{id}")]
async fn update_source(
    permit: Permit<ManageRecords>,
    call: Call,
    id: Segment,
    patch: Patch<SourceIn>,
) -> Result<Reply, Problem> {
    answer::update(&call, permit, &id, patch).await
}

/// Merge a source into another
///
/// From now on the other shows wherever this one is named, in drafts and in what is published, and once where both are.
/// Filters by either find the articles of both; this one's address leads on to the other's. It can't be changed any more
/// and is in no list, but its slug stays taken. What names it anew names the other.
#[utoipa::path(
    tag = "sources",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["merged"]))),
    params(RecordPath),
    request_body = MergeIn,
    responses((status = OK, description = "The merged source", body = NewsroomSourceView)),
)]
#[post("/sources/{id}/merge")]
async fn merge_source(
    permit: Permit<ManageRecords>,
    call: Call,
    id: Segment,
    input: Input<MergeIn>,
) -> Result<Reply, Problem> {
    answer::merge::<SourceIn>(&call, permit, &id, input).await
}

/// Remove a source
///
/// Only while no article, draft or published, refers to it: 409 `in_use` otherwise. Deactivate it then.
#[utoipa::path(
    tag = "sources",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["in_use"]))),
    params(RecordPath),
    responses((status = NO_CONTENT, description = "Removed")),
)]
#[delete("/sources/{id}")]
async fn delete_source(permit: Permit<ManageRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::delete::<SourceIn>(&call, permit, &id).await
}

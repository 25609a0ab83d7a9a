//! Tags over HTTP.

use actix_web::{delete, get, patch, post};

use super::dto::{NewsroomTagView, TagIn, TagQuery, TagView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageRecords, ReadRecords};
use crate::http::{Call, FieldsQuery, Input, ListQuery, Page, Patch, Reply, Routes, Segment, Unfiltered, View};
use crate::problem::Problem;
use crate::records::MergeIn;
use crate::records::answer::{self, RecordPath};

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(list_tags).service(read_tag);
}

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_newsroom_tags)
        .service(create_tag)
        .service(read_newsroom_tag)
        .service(update_tag)
        .service(merge_tag)
        .service(delete_tag);
}

/// A page of tags, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct TagList {
    items: Vec<TagView>,
    page: crate::http::PageView,
}

/// The same, for the newsroom.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomTagList {
    items: Vec<NewsroomTagView>,
    page: crate::http::PageView,
}

/// List the tags in use
///
/// By name. Tags that are out of use are left out, but stay readable one by one.
#[utoipa::path(tag = "tags", params(ListQuery), responses((status = OK, description = "A page", body = TagList)))]
#[get("/tags")]
async fn list_tags(call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    answer::public_list::<TagIn>(&call, &page).await
}

/// Get a tag
///
/// By its id or its slug. An old slug answers 308 with the present address; so does a tag that was merged, with that of the
/// tag in its place.
#[utoipa::path(
    tag = "tags",
    params(("idOrSlug" = String, Path, description = "Id or slug", example = "روسيا"), FieldsQuery),
    responses(
        (status = OK, description = "The tag", body = TagView),
        (status = PERMANENT_REDIRECT, description = "An old slug, or merged: `Location` has the present address"),
    ),
)]
#[get("/tags/{idOrSlug}")]
async fn read_tag(call: Call, tag: Segment, view: View) -> Result<Reply, Problem> {
    answer::public::<TagIn>(&call, tag, &view).await
}

/// List all tags
///
/// By name, those out of use too. With `q`, to see whether there is one already: those whose name in any language, or an
/// alias, begins so.
#[utoipa::path(
    tag = "tags",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(ListQuery, TagQuery),
    responses((status = OK, description = "A page", body = NewsroomTagList)),
)]
#[get("/tags")]
async fn list_newsroom_tags(permit: Permit<ReadRecords>, call: Call, page: Page<TagQuery>) -> Result<Reply, Problem> {
    let beginning = page.filter.q.clone();
    answer::list::<TagIn, _>(&call, permit, &page, beginning).await
}

/// Make a tag
///
/// The slug is made from the name unless one is given; a slug that is taken is 409 with the id of the other.
#[utoipa::path(
    tag = "tags",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate"]))),
    request_body = TagIn,
    responses((status = CREATED, description = "The new tag", body = NewsroomTagView)),
)]
#[post("/tags")]
async fn create_tag(permit: Permit<ManageRecords>, call: Call, input: Input<TagIn>) -> Result<Reply, Problem> {
    answer::create(&call, permit, input).await
}

/// Get a tag as the newsroom sees it
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "tags",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(RecordPath),
    responses((status = OK, description = "The tag", body = NewsroomTagView)),
)]
#[get("/tags/{id}")]
async fn read_newsroom_tag(permit: Permit<ReadRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::read::<TagIn>(&call, permit, &id).await
}

/// Change a tag
///
/// A JSON Merge Patch. Articles show the new name at once, also those published before.
#[utoipa::path(
    tag = "tags",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate", "merged"]))),
    params(RecordPath),
    request_body(content = TagIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed tag", body = NewsroomTagView)),
)]
#[patch("/tags/{id}")]
async fn update_tag(
    permit: Permit<ManageRecords>,
    call: Call,
    id: Segment,
    patch: Patch<TagIn>,
) -> Result<Reply, Problem> {
    answer::update(&call, permit, &id, patch).await
}

/// Merge a tag into another
///
/// From now on the other shows wherever this one is named, in drafts and in what is published, and once where both are.
/// Filters by either find the articles of both; this one's address leads on to the other's. It can't be changed any more
/// and is in no list, but its slug stays taken. What names it anew names the other.
#[utoipa::path(
    tag = "tags",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["merged"]))),
    params(RecordPath),
    request_body = MergeIn,
    responses((status = OK, description = "The merged tag", body = NewsroomTagView)),
)]
#[post("/tags/{id}/merge")]
async fn merge_tag(
    permit: Permit<ManageRecords>,
    call: Call,
    id: Segment,
    input: Input<MergeIn>,
) -> Result<Reply, Problem> {
    answer::merge::<TagIn>(&call, permit, &id, input).await
}

/// Remove a tag
///
/// Only while no article, draft or published, refers to it: 409 `in_use` otherwise. Deactivate it then.
#[utoipa::path(
    tag = "tags",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["in_use"]))),
    params(RecordPath),
    responses((status = NO_CONTENT, description = "Removed")),
)]
#[delete("/tags/{id}")]
async fn delete_tag(permit: Permit<ManageRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::delete::<TagIn>(&call, permit, &id).await
}

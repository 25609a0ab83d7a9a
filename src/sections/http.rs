//! Sections over HTTP.

use actix_web::{delete, get, patch, post};

use super::dto::{NewsroomSectionView, SectionIn, SectionTree, SectionView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageRecords, ReadRecords};
use crate::http::{Call, FieldsQuery, Input, ListQuery, Page, Patch, Reply, Routes, Segment, Unfiltered, View};
use crate::problem::Problem;
use crate::records::answer::{self, RecordPath};

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(list_sections).service(read_section);
}

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_newsroom_sections)
        .service(create_section)
        .service(read_newsroom_section)
        .service(update_section)
        .service(delete_section);
}

/// A page of sections, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomSectionList {
    items: Vec<NewsroomSectionView>,
    page: crate::http::PageView,
}

/// List the sections in use
///
/// The whole tree, each level in order. What is below a section that is out of use is left out with it.
#[utoipa::path(tag = "sections", responses((status = OK, description = "The tree", body = SectionTree)))]
#[get("/sections")]
async fn list_sections(call: Call) -> Result<Reply, Problem> {
    let items = call.read(super::tree).await?;
    Reply::json(&SectionTree { items })
}

/// Get a section
///
/// By its id or its slug. An old slug answers 308 with the present address.
#[utoipa::path(
    tag = "sections",
    params(("idOrSlug" = String, Path, description = "Id or slug", example = "سياسة"), FieldsQuery),
    responses(
        (status = OK, description = "The section", body = SectionView),
        (status = PERMANENT_REDIRECT, description = "An old slug: `Location` has the present address"),
    ),
)]
#[get("/sections/{idOrSlug}")]
async fn read_section(call: Call, section: Segment, view: View) -> Result<Reply, Problem> {
    answer::public::<SectionIn>(&call, section, &view).await
}

/// List all sections
///
/// By position and name, whatever is above them; those out of use too.
#[utoipa::path(
    tag = "sections",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = NewsroomSectionList)),
)]
#[get("/sections")]
async fn list_newsroom_sections(
    permit: Permit<ReadRecords>,
    call: Call,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    answer::list::<SectionIn, _>(&call, permit, &page, None).await
}

/// Make a section
///
/// The slug is made from the name unless one is given; a slug that is taken is 409 with the id of the other.
#[utoipa::path(
    tag = "sections",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate", "in_use"]))),
    request_body = SectionIn,
    responses((status = CREATED, description = "The new section", body = NewsroomSectionView)),
)]
#[post("/sections")]
async fn create_section(permit: Permit<ManageRecords>, call: Call, input: Input<SectionIn>) -> Result<Reply, Problem> {
    answer::create(&call, permit, input).await
}

/// Get a section as the newsroom sees it
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "sections",
    extensions(("x-permission" = json!(ReadRecords::NAME))),
    params(RecordPath),
    responses((status = OK, description = "The section", body = NewsroomSectionView)),
)]
#[get("/sections/{id}")]
async fn read_newsroom_section(permit: Permit<ReadRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::read::<SectionIn>(&call, permit, &id).await
}

/// Change a section
///
/// A JSON Merge Patch. To change `parentId` or `fourEyes` takes `site.manage`, since editors may be bound to sections. Articles show the new name at once, also those published before. With another `parentId` the
/// section moves, and all that is below it.
#[utoipa::path(
    tag = "sections",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["duplicate", "in_use"]))),
    params(RecordPath),
    request_body(content = SectionIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed section", body = NewsroomSectionView)),
)]
#[patch("/sections/{id}")]
async fn update_section(
    permit: Permit<ManageRecords>,
    call: Call,
    id: Segment,
    patch: Patch<SectionIn>,
) -> Result<Reply, Problem> {
    answer::update(&call, permit, &id, patch).await
}

/// Remove a section
///
/// Only while no article, draft or published, is filed in it and no section is below it: 409 `in_use` otherwise.
/// Deactivate it then.
#[utoipa::path(
    tag = "sections",
    extensions(("x-permission" = json!(ManageRecords::NAME)), ("x-refusals" = json!(["in_use"]))),
    params(RecordPath),
    responses((status = NO_CONTENT, description = "Removed")),
)]
#[delete("/sections/{id}")]
async fn delete_section(permit: Permit<ManageRecords>, call: Call, id: Segment) -> Result<Reply, Problem> {
    answer::delete::<SectionIn>(&call, permit, &id).await
}

//! Collections over HTTP.

use actix_web::{HttpRequest, delete, get, patch, post};

use super::Sought;
use super::dto::{CollectionCard, CollectionIn, CollectionView, NewsroomCollectionView, SwapIn, SwapList, SwapView};
use super::model::Collection;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageCollections};
use crate::cache::{Facet, Rest};
use crate::http::{
    Call, FieldsQuery, Input, ListQuery, Page, PageView, Patch, Reply, Routes, Segment, Segments, Unfiltered, View,
    address,
};
use crate::problem::Problem;

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(list_collections).service(read_collection);
}

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_newsroom_collections)
        .service(create_collection)
        .service(read_newsroom_collection)
        .service(update_collection)
        .service(delete_collection)
        .service(list_swaps)
        .service(schedule_swap)
        .service(cancel_swap);
}

/// A page of collections, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct CollectionList {
    items: Vec<CollectionCard>,
    page: PageView,
}

/// A page of the newsroom's collections, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomCollectionList {
    items: Vec<NewsroomCollectionView>,
    page: PageView,
}

fn reply(collection: Collection) -> Result<Reply, Problem> {
    let (version, modified) = (collection.version, collection.updated_at);
    Ok(Reply::json(&NewsroomCollectionView::from(collection))?.version(version).modified(modified))
}

/// List the collections
///
/// By name, without their articles.
#[utoipa::path(
    tag = "collections",
    params(ListQuery),
    responses((status = OK, description = "A page", body = CollectionList)),
)]
#[get("/collections")]
async fn list_collections(call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let slice = call.read(move |read| super::public_list(read, &request)).await?;
    Ok(page.reply(&slice.map(CollectionCard::from))?.shared(Rest::on(&[Facet::Collections])))
}

/// Get a collection
///
/// By its id or its slug, with its articles in order: those that stand there and are published now, and what its rules find, none
/// twice. An old slug answers 308 with the present address.
#[utoipa::path(
    tag = "collections",
    params(("idOrSlug" = String, Path, description = "Id or slug", example = "الصفحة-الأولى"), FieldsQuery),
    responses(
        (status = OK, description = "The collection", body = CollectionView),
        (status = PERMANENT_REDIRECT, description = "An old slug: `Location` has the present address"),
    ),
)]
#[get("/collections/{idOrSlug}")]
async fn read_collection(call: Call, collection: Segment, view: View, request: HttpRequest) -> Result<Reply, Problem> {
    let public_url = call.app.config().public_url.clone();
    match call.read(move |read| super::public(read, &collection.0, &public_url)).await? {
        Sought::Here(collection, rest) => Ok(view.reply(&*collection)?.shared(rest)),
        Sought::Moved(slug) => {
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            Ok(Reply::moved(address("/api/v1/collections", &slug) + &query))
        }
    }
}

/// List the collections with their slots
///
/// By name.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = NewsroomCollectionList)),
)]
#[get("/collections")]
async fn list_newsroom_collections(
    permit: Permit<ManageCollections>,
    call: Call,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let slice = call.read(move |read| super::list(read, &permit, &request)).await?;
    page.reply(&slice.map(NewsroomCollectionView::from))
}

/// Make a collection
///
/// The slug is made from the name unless one is given; a slug that is taken is 409.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME)), ("x-refusals" = json!(["duplicate"]))),
    request_body = CollectionIn,
    responses((status = CREATED, description = "The new collection", body = NewsroomCollectionView)),
)]
#[post("/collections")]
async fn create_collection(
    permit: Permit<ManageCollections>,
    call: Call,
    input: Input<CollectionIn>,
) -> Result<Reply, Problem> {
    call.act(input, move |tx, form| {
        let made = super::create(tx, &permit, form)?;
        let location = format!("/api/v1/newsroom/collections/{}", made.id);
        Ok(reply(made)?.created(location))
    })
    .await
}

/// Get a collection as the newsroom sees it
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The collection", body = NewsroomCollectionView)),
)]
#[get("/collections/{id}")]
async fn read_newsroom_collection(
    permit: Permit<ManageCollections>,
    call: Call,
    id: Segment,
) -> Result<Reply, Problem> {
    let id = id.id()?;
    reply(call.read(move |read| super::open(read, &permit, id)).await?)
}

/// Change a collection
///
/// A JSON Merge Patch; `slots` are replaced as a whole. Readers see it at once. A swap that has come counts as a change.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME)), ("x-refusals" = json!(["duplicate"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body(content = CollectionIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed collection", body = NewsroomCollectionView)),
)]
#[patch("/collections/{id}")]
async fn update_collection(
    permit: Permit<ManageCollections>,
    call: Call,
    id: Segment,
    patch: Patch<CollectionIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    reply(call.write(move |tx| super::update(tx, &permit, id, &expected, &patch)).await?)
}

/// Remove a collection
///
/// With what is planned for it. Its articles stay.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = NO_CONTENT, description = "Removed")),
)]
#[delete("/collections/{id}")]
async fn delete_collection(permit: Permit<ManageCollections>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.write(move |tx| super::delete(tx, &permit, id, &expected)).await?;
    Ok(Reply::nothing())
}

/// List the swaps that a collection has ahead
///
/// The next one first; those that have come are what the collection is.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The swaps", body = SwapList)),
)]
#[get("/collections/{id}/swaps")]
async fn list_swaps(permit: Permit<ManageCollections>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    let ahead = call.read(move |read| super::ahead(read, &permit, id)).await?;
    Reply::json(&SwapList { items: ahead.into_iter().map(SwapView::from).collect() })
}

/// Plan what a collection shows from an instant on
///
/// From then on readers see these slots, whether anything runs or not; `collection.updated` is told once and says how late it
/// was. A hundred at most lie ahead.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME)), ("x-refusals" = json!(["limit_reached"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = SwapIn,
    responses((status = CREATED, description = "The swap", body = SwapView)),
)]
#[post("/collections/{id}/swaps")]
async fn schedule_swap(
    permit: Permit<ManageCollections>,
    call: Call,
    id: Segment,
    input: Input<SwapIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, said| {
        let swap = super::schedule(tx, &permit, id, &expected, said)?;
        let location = format!("/api/v1/newsroom/collections/{id}/swaps");
        Ok(Reply::json(&SwapView::from(swap))?.created(location))
    })
    .await
}

/// Give up a swap
///
/// One that lies ahead. `If-Match` names the collection's version.
#[utoipa::path(
    tag = "collections",
    extensions(("x-permission" = json!(ManageCollections::NAME))),
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        ("swapId" = String, Path, description = "The swap's id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
    ),
    responses((status = NO_CONTENT, description = "Given up")),
)]
#[delete("/collections/{id}/swaps/{swapId}")]
async fn cancel_swap(permit: Permit<ManageCollections>, call: Call, path: Segments) -> Result<Reply, Problem> {
    let (place, expected) = ((path.0.id()?, path.1.id()?), call.expected()?);
    call.write(move |tx| super::cancel(tx, &permit, place, &expected)).await?;
    Ok(Reply::nothing())
}

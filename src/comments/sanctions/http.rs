//! Sanctions over HTTP, on both surfaces.

use actix_web::{get, post};

use super::dto::{OwnSanctionView, SanctionIn, SanctionLiftIn, SanctionQuery, SanctionView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments, UseAccount};
use crate::comments::{dto, sanctions};
use crate::http::{Call, Input, ListQuery, Page, PageView, Reply, Routes, Segment, Unfiltered};
use crate::problem::Problem;

/// Adds what whoever comments sees of it.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(list_own_sanctions);
}

/// Adds what moderators work with.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_sanctions).service(impose_sanction).service(read_sanction).service(lift_sanction);
}

/// A page of sanctions.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct SanctionList {
    items: Vec<SanctionView>,
    page: PageView,
}

/// A page of the caller's own sanctions.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct OwnSanctionList {
    items: Vec<OwnSanctionView>,
    page: PageView,
}

/// List what holds against the own account
///
/// What moderators have done about the caller's comments, and why, as long as it holds; the latest first. A warning changes
/// nothing but this list.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = OwnSanctionList)),
)]
#[get("/me/sanctions")]
async fn list_own_sanctions(permit: Permit<UseAccount>, call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let slice = call.read(move |read| sanctions::own(read, &permit, &request)).await?;
    page.reply(&slice.map(OwnSanctionView::from))
}

/// List sanctions
///
/// The latest first, those that are over too.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(ListQuery, SanctionQuery),
    responses((status = OK, description = "A page", body = SanctionList)),
)]
#[get("/sanctions")]
async fn list_sanctions(
    permit: Permit<ModerateComments>,
    call: Call,
    page: Page<SanctionQuery>,
) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let read = call.read(move |read| Ok((read.now, sanctions::list(read, &permit, &query, &request)?)));
    let (now, slice) = read.await?;
    page.reply(&slice.map(|sanction| SanctionView::at(now, sanction)))
}

/// Act on somebody who comments
///
/// `warn` tells them; `premod` lets all that they write wait; `suspend` (which needs `until`) and `ban` take nothing from
/// them: they get 403 `sanctioned` with `kind`, `reason` and `until`. It holds at once. To ban takes `commenter.ban`. Of each
/// kind but `warn` one holds at a time: another is 409 `duplicate`. Those who moderate are 409 `exempt`.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-refusals" = json!(["duplicate", "exempt"]))),
    request_body = SanctionIn,
    responses((status = CREATED, description = "The sanction", body = SanctionView)),
)]
#[post("/sanctions")]
async fn impose_sanction(
    permit: Permit<ModerateComments>,
    call: Call,
    input: Input<SanctionIn>,
) -> Result<Reply, Problem> {
    call.act(input, move |tx, form| {
        let sanction = sanctions::impose(tx, &permit, form)?;
        let location = format!("/api/v1/newsroom/sanctions/{}", sanction.id);
        Ok(Reply::json(&SanctionView::at(tx.now, sanction))?.created(location))
    })
    .await
}

/// Get a sanction
///
/// With what moderators said of it.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The sanction", body = SanctionView)),
)]
#[get("/sanctions/{id}")]
async fn read_sanction(permit: Permit<ModerateComments>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    let (now, sanction) = call.read(move |read| Ok((read.now, sanctions::open(read, &permit, id)?))).await?;
    Reply::json(&SanctionView::at(now, sanction))
}

/// Lift a sanction
///
/// At once. One that is over by itself or was lifted is 409. To lift a ban takes `commenter.ban`.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-permission" = json!(ModerateComments::NAME)),
        ("x-unconditional" = json!(true)),
        ("x-refusals" = json!(["illegal_transition"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = SanctionLiftIn,
    responses((status = OK, description = "The sanction", body = SanctionView)),
)]
#[post("/sanctions/{id}/lift")]
async fn lift_sanction(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<SanctionLiftIn>,
) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.act(input, move |tx, SanctionLiftIn { note }| {
        let note = dto::note(note.as_deref()).map_err(|fault| Problem::field("/note", fault))?;
        let sanction = sanctions::lift(tx, &permit, id, note)?;
        Reply::json(&SanctionView::at(tx.now, sanction))
    })
    .await
}

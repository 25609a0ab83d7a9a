//! Where people are signed in.

use actix_web::{delete, get, patch, post};

use crate::auth::Permit;
use crate::auth::actions::{Action as _, GrantAccess, ManageUsers, UseAccount};
use crate::http::{Call, Input, ListQuery, Page, Patch, Reply, Routes, Segment, Unfiltered};
use crate::problem::Problem;
use crate::users::dto::{SessionIn, SessionView, StepUpIn};
use crate::users::sessions as rooms;

/// Adds what people do with their own sessions.
pub fn own_sessions(config: &mut Routes<'_>) {
    config
        .service(list_sessions)
        .service(end_other_sessions)
        .service(name_session)
        .service(end_session)
        .service(step_up);
}

/// Adds what administrators do with those of others.
pub fn sessions(config: &mut Routes<'_>) {
    config.service(list_user_sessions).service(end_user_sessions);
}

/// A page of sessions, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct SessionList {
    items: Vec<SessionView>,
    page: crate::http::PageView,
}

/// List the own sessions
///
/// Where you are signed in, the latest first; `isCurrent` is the one that asks.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = SessionList)),
)]
#[get("/me/sessions")]
async fn list_sessions(permit: Permit<UseAccount>, call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    let (request, current) = (page.request.clone(), permit.user.session);
    let slice = call.read(move |read| rooms::list(read, &permit, &request)).await?;
    page.reply(&slice.map(|session| SessionView::of(session, current)))
}

/// Call an own session something
///
/// A JSON Merge Patch; `null` takes the name away.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body(content = SessionIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The session", body = SessionView)),
)]
#[patch("/me/sessions/{id}")]
async fn name_session(
    permit: Permit<UseAccount>,
    call: Call,
    id: Segment,
    patch: Patch<SessionIn>,
) -> Result<Reply, Problem> {
    let (id, current) = (id.id()?, permit.user.session);
    let session = call.write(move |tx| rooms::rename(tx, &permit, id, &patch)).await?;
    Reply::json(&SessionView::of(session, current))
}

/// End an own session
///
/// Its tokens are refused from then on, on every node.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = NO_CONTENT, description = "It is over")),
)]
#[delete("/me/sessions/{id}")]
async fn end_session(permit: Permit<UseAccount>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.write(move |tx| rooms::end(tx, &permit, id)).await?;
    Ok(Reply::nothing())
}

/// End all other own sessions
///
/// This one stays; `POST /auth/logout` ends it.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    responses((status = NO_CONTENT, description = "They are over")),
)]
#[delete("/me/sessions")]
async fn end_other_sessions(permit: Permit<UseAccount>, call: Call) -> Result<Reply, Problem> {
    call.write(move |tx| rooms::end_others(tx, &permit)).await?;
    Ok(Reply::nothing())
}

/// Prove once more who you are
///
/// What is grave (`step_up_required`) is then open to this session for `auth.step_up_minutes`. An account with a second factor
/// gives a `code`, too (422 `required` at `/code` without), and the session then counts as opened with one. A wrong password or
/// code is 422, and counts as one at the sign-in does; a password that is too short for the role proves nothing (403
/// `password_too_short`). An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["password_too_short"])),
    ),
    request_body = StepUpIn,
    responses((status = NO_CONTENT, description = "Proved")),
)]
#[post("/auth/step-up")]
async fn step_up(permit: Permit<UseAccount>, call: Call, input: Input<StepUpIn>) -> Result<Reply, Problem> {
    rooms::step_up(&call, permit, input.value.into()).await?;
    Ok(Reply::nothing())
}

/// List somebody's sessions
///
/// Where they are signed in, the latest first.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(ManageUsers::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), ListQuery),
    responses((status = OK, description = "A page", body = SessionList)),
)]
#[get("/users/{id}/sessions")]
async fn list_user_sessions(
    permit: Permit<ManageUsers>,
    call: Call,
    id: Segment,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    let (id, request, current) = (id.id()?, page.request.clone(), permit.user.session);
    let slice = call.read(move |read| rooms::list_of(read, &permit, id, &request)).await?;
    page.reply(&slice.map(|session| SessionView::of(session, current)))
}

/// End all of somebody's sessions
///
/// They sign in anew, if they still may. API keys that they have made stay.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME)), ("x-unconditional" = json!(true))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = NO_CONTENT, description = "They are over")),
)]
#[delete("/users/{id}/sessions")]
async fn end_user_sessions(permit: Permit<GrantAccess>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.write(move |tx| rooms::end_of(tx, &permit, id)).await?;
    Ok(Reply::nothing())
}

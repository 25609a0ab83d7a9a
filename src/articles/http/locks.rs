//! The lock of an article over HTTP.

use actix_web::{delete, get, post, put};

use crate::articles::{self, LockIn, LockView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, WriteArticles};
use crate::http::{Call, Input, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(read_lock).service(lock_article).service(renew_lock).service(unlock_article);
}

/// Get the lock of an article
///
/// Who is writing at it, and until when; 404 when nobody is.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The lock", body = LockView)),
)]
#[get("/articles/{id}/lock")]
async fn read_lock(permit: Permit<WriteArticles>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&call.read(move |read| articles::read_lock(read, &permit, id)).await?)
}

/// Lock an article
///
/// For a minute, which PUT prolongs; who has it already renews it, and that is not logged. Nobody else can save or take a step
/// meanwhile: that is 409 `locked` with the `owner`, as this is. With `takeOver` an editor takes it from whoever has it, which
/// is logged. A lock is the person's, whichever window they write in, and it does not change the article's version. Who may
/// not edit the article as it stands can't lock it.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-unconditional" = json!(true)),
        ("x-refusals" = json!(["illegal_transition", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = LockIn,
    responses((status = CREATED, description = "The lock", body = LockView)),
)]
#[post("/articles/{id}/lock")]
async fn lock_article(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    input: Input<LockIn>,
) -> Result<Reply, Problem> {
    let id = id.id()?;
    let lock = call.write(move |tx| articles::lock(tx, &permit, id, input.value)).await?;
    Ok(Reply::json(&lock)?.created(format!("/api/v1/newsroom/articles/{id}/lock")))
}

/// Renew the own lock
///
/// For a minute from now; ask every 20 seconds or so while the page is open. 409 `not_locked` when it has ended, `locked`
/// when somebody else has it by now.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-unconditional" = json!(true)),
        ("x-refusals" = json!(["illegal_transition", "locked", "not_locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The lock", body = LockView)),
)]
#[put("/articles/{id}/lock")]
async fn renew_lock(permit: Permit<WriteArticles>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&call.write(move |tx| articles::renew_lock(tx, &permit, id)).await?)
}

/// Give the own lock back
///
/// One that has ended meanwhile is no mistake; somebody else's is 409 `locked`.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-unconditional" = json!(true)),
        ("x-refusals" = json!(["locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = NO_CONTENT, description = "It is free")),
)]
#[delete("/articles/{id}/lock")]
async fn unlock_article(permit: Permit<WriteArticles>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.write(move |tx| articles::unlock(tx, &permit, id)).await?;
    Ok(Reply::nothing())
}

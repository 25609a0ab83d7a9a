//! Readership over HTTP.

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, get, post};

use super::dto::ReadershipView;
use super::tally::Reader;
use crate::articles;
use crate::auth::actions::{Action as _, WriteArticles};
use crate::auth::{Permit, Role, User};
use crate::http::{Call, Empty, Input, Reply, Routes, Segment};
use crate::limits::Act;
use crate::problem::Problem;

/// Adds what pages and apps tell.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(count_view);
}

/// Adds what the newsroom reads.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(read_readership);
}

/// Say that an article is read
///
/// By the page or app that shows it, from the reader's own device: `navigator.sendBeacon('/api/v1/articles/…/views')` is enough. The
/// same reader is counted once in half an hour, by account or else by address and program; colleagues are not counted. Of what
/// comes through a server with a key (`Khabar-Key`) each call is a view. What is counted shows within half a minute, in `sort=mostRead` too; a node that is killed loses what came in that time.
#[utoipa::path(
    tag = "articles",
    extensions(("x-rate-limit" = json!("views")), ("x-no-idempotency" = json!(true))),
    params(
        ("idOrSlug" = String, Path, description = "Id or slug", example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو"),
    ),
    request_body = Empty,
    responses((status = NO_CONTENT, description = "Taken")),
)]
#[post("/articles/{idOrSlug}/views")]
async fn count_view(call: Call, article: Segment, request: HttpRequest, _: Input<Empty>) -> Result<Reply, Problem> {
    call.changes_nothing();
    let user = call.viewer.user();
    let standing = call.within_limits(Act::View, user.map(User::commenter))?;
    let id = call.read(move |read| articles::published(read, &article.0)).await?;
    let device = || {
        let program = request.headers().get(USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
        Some(Reader::Device(call.origin()?, program.to_owned()))
    };
    let reader = user.map(|user| Reader::Account(user.id)).or_else(device);
    if user.is_none_or(|user| user.role == Role::Reader) {
        call.app.tally().view(id, reader.as_ref(), call.app.now());
    }
    Ok(Reply::nothing().standing(standing))
}

/// Get how often an article was read
///
/// As it was last written down, at most half a minute ago.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "How often", body = ReadershipView)),
)]
#[get("/articles/{id}/readership")]
async fn read_readership(permit: Permit<WriteArticles>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&call.read(move |read| super::of(read, &permit, id)).await?)
}

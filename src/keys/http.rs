//! API keys over HTTP.

use actix_web::{delete, get, patch, post};
use utoipa::IntoParams;

use super::Key;
use super::dto::{KeyIn, KeyRotationIn, KeyView, NewKeyView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageKeys, ReadKeys};
use crate::http::{Call, Input, ListQuery, Page, Patch, Reply, Routes, Segment, Unfiltered};
use crate::keys;
use crate::problem::Problem;
use crate::time::UtcTime;

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_api_keys)
        .service(create_api_key)
        .service(read_api_key)
        .service(update_api_key)
        .service(rotate_api_key)
        .service(revoke_api_key);
}

/// A page of keys, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct KeyList {
    items: Vec<KeyView>,
    page: crate::http::PageView,
}

/// The path of one key.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Segment` reads")]
struct KeyPath {
    /// The key's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
}

fn reply(now: UtcTime, key: Key) -> Result<Reply, Problem> {
    let (version, modified) = key.stamp();
    Ok(Reply::json(&KeyView::at(now, key))?.version(version).modified(modified))
}

/// The key with its secret, which is not kept with the answer.
fn reply_with(now: UtcTime, (key, secret): (Key, String)) -> Result<Reply, Problem> {
    let (version, modified) = key.stamp();
    let view = NewKeyView { key: KeyView::at(now, key), secret: None };
    let reply = Reply::json(&view)?.version(version).modified(modified);
    reply.telling_once(&NewKeyView { secret: Some(secret), ..view })
}

/// List the API keys
///
/// The newest first, without those that were revoked.
#[utoipa::path(
    tag = "api keys",
    extensions(("x-permission" = json!(ReadKeys::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = KeyList)),
)]
#[get("/api-keys")]
async fn list_api_keys(permit: Permit<ReadKeys>, call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let (now, slice) = call.read(move |read| Ok((read.now, keys::list(read, &permit, &request)?))).await?;
    page.reply(&slice.map(|key| KeyView::at(now, key)))
}

/// Make an API key
///
/// For a program: it sends `Authorization: Bearer kh_…` and may do what `scopes` say, as far as whoever made it may. A key can
/// have no right over accounts or keys, and never takes an article back for good; it ends with its maker's account. The
/// answer has the key, this once.
#[utoipa::path(
    tag = "api keys",
    extensions(("x-permission" = json!(ManageKeys::NAME)), ("x-refusals" = json!(["limit_reached"]))),
    request_body = KeyIn,
    responses((status = CREATED, description = "The key and its secret", body = NewKeyView)),
)]
#[post("/api-keys")]
async fn create_api_key(permit: Permit<ManageKeys>, call: Call, input: Input<KeyIn>) -> Result<Reply, Problem> {
    let app = call.app.clone();
    call.act(input, move |tx, form| {
        let made = keys::create(tx, &permit, form, &app)?;
        let location = format!("/api/v1/newsroom/api-keys/{}", made.0.id());
        Ok(reply_with(tx.now, made)?.created(location))
    })
    .await
}

/// Get an API key
///
/// With the `ETag` that a change must name; its secret is not told again.
#[utoipa::path(
    tag = "api keys",
    extensions(("x-permission" = json!(ReadKeys::NAME))),
    params(KeyPath),
    responses((status = OK, description = "The key", body = KeyView)),
)]
#[get("/api-keys/{id}")]
async fn read_api_key(permit: Permit<ReadKeys>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.read(move |read| reply(read.now, keys::read(read, &permit, id)?)).await
}

/// Change an API key
///
/// A JSON Merge Patch; the secret stays. It counts from the next request on.
#[utoipa::path(
    tag = "api keys",
    extensions(("x-permission" = json!(ManageKeys::NAME))),
    params(KeyPath),
    request_body(content = KeyIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed key", body = KeyView)),
)]
#[patch("/api-keys/{id}")]
async fn update_api_key(
    permit: Permit<ManageKeys>,
    call: Call,
    id: Segment,
    patch: Patch<KeyIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.write(move |tx| reply(tx.now, keys::update(tx, &permit, id, &expected, &patch)?)).await
}

/// Give an API key a new secret
///
/// The answer has it, this once. The old one is good for `overlapMinutes` more; the one before that no more. A key that somebody
/// else has made is yours from then on, and its old secret ends at once: nobody acts as another.
#[utoipa::path(
    tag = "api keys",
    extensions(("x-permission" = json!(ManageKeys::NAME))),
    params(KeyPath),
    request_body = KeyRotationIn,
    responses((status = OK, description = "The key and its new secret", body = NewKeyView)),
)]
#[post("/api-keys/{id}/rotate")]
async fn rotate_api_key(
    permit: Permit<ManageKeys>,
    call: Call,
    id: Segment,
    input: Input<KeyRotationIn>,
) -> Result<Reply, Problem> {
    let (id, expected, app) = (id.id()?, call.expected()?, call.app.clone());
    call.act(input, move |tx, form| reply_with(tx.now, keys::rotate(tx, &permit, (id, &expected), form, &app)?)).await
}

/// Revoke an API key
///
/// It is refused from the next request on, on every node, and so is the secret that it had before.
#[utoipa::path(
    tag = "api keys",
    extensions(("x-permission" = json!(ManageKeys::NAME))),
    params(KeyPath),
    responses((status = NO_CONTENT, description = "It is good for nothing any more")),
)]
#[delete("/api-keys/{id}")]
async fn revoke_api_key(permit: Permit<ManageKeys>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.write(move |tx| keys::revoke(tx, &permit, id, &expected)).await?;
    Ok(Reply::nothing())
}

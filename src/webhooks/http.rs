//! Webhooks over HTTP.

use actix_web::{delete, get, patch, post};
use utoipa::IntoParams;

use super::dto::{DeliveryDetailView, DeliveryQuery, DeliveryView, NewSecretView, WebhookIn, WebhookView};
use super::signature::Secret;
use super::{Aim, Delivery, Webhook};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageWebhooks};
use crate::http::{Call, Empty, Input, ListQuery, Page, Patch, Reply, Routes, Segment, Segments, Unfiltered};
use crate::problem::Problem;
use crate::time::UtcTime;
use crate::webhooks;

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_webhooks)
        .service(create_webhook)
        .service(read_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(pause_webhook)
        .service(resume_webhook)
        .service(test_webhook)
        .service(rotate_webhook_secret)
        .service(list_deliveries)
        .service(read_delivery)
        .service(redeliver_delivery);
}

/// A page of endpoints, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct WebhookList {
    items: Vec<WebhookView>,
    page: crate::http::PageView,
}

/// A page of messages, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct DeliveryList {
    items: Vec<DeliveryView>,
    page: crate::http::PageView,
}

/// The path of one endpoint.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Segment` reads")]
struct WebhookPath {
    /// The endpoint's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
}

/// The path of one message.
#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `Segments` reads")]
struct DeliveryPath {
    /// The endpoint's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
    /// The message's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abce")]
    delivery_id: String,
}

fn reply(now: UtcTime, webhook: Webhook) -> Result<Reply, Problem> {
    let (version, modified) = webhook.stamp();
    Ok(Reply::json(&WebhookView::at(now, webhook))?.version(version).modified(modified))
}

/// The endpoint with its new secret, which is not kept with the answer.
fn reply_with(now: UtcTime, (webhook, secret): (Webhook, Secret)) -> Result<Reply, Problem> {
    let (version, modified) = webhook.stamp();
    let view = NewSecretView { webhook: WebhookView::at(now, webhook), secret: None };
    let reply = Reply::json(&view)?.version(version).modified(modified);
    reply.telling_once(&NewSecretView { secret: Some(secret.reveal()), ..view })
}

fn reply_about(delivery: Delivery) -> Result<Reply, Problem> {
    let (version, modified) = delivery.stamp();
    Ok(Reply::json(&DeliveryDetailView::from(delivery))?.version(version).modified(modified))
}

/// 202 with the message that is on its way.
fn queued(delivery: Delivery) -> Result<Reply, Problem> {
    let (webhook, id) = delivery.ids();
    Ok(reply_about(delivery)?.accepted(format!("/api/v1/newsroom/webhooks/{webhook}/deliveries/{id}")))
}

fn aim(call: &Call, id: &Segment) -> Result<Aim, Problem> {
    Ok(Aim { id: id.id()?, expected: call.expected()? })
}

/// List the endpoints
///
/// The newest first.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = WebhookList)),
)]
#[get("/webhooks")]
async fn list_webhooks(permit: Permit<ManageWebhooks>, call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let (now, slice) = call.read(move |read| Ok((read.now, webhooks::list(read, &permit, &request)?))).await?;
    page.reply(&slice.map(|webhook| WebhookView::at(now, webhook)))
}

/// Add an endpoint
///
/// There may be a hundred. It is told of what happens from now on, each event as one POST, signed by the Standard Webhooks specification
/// (`webhook-id`, `webhook-timestamp`, `webhook-signature`): verify that with one of its libraries. Answer 2xx within 15
/// seconds, and tell repetitions by their `webhook-id`. Any other answer is a failure, and the message comes again after
/// 5 seconds, 5 minutes, half an hour, 2, 5, 10, 14, 20 and 24 hours, and a little. 410 ends it for good; 429 and 503
/// stop everything for as long as `Retry-After` says, an hour at the most. An endpoint that has done nothing but fail for
/// five days is disabled. A body is smaller than 20,000 bytes: where an event has more to say, `data` is
/// `{"truncated":true}`, and `target` tells what to ask for. The answer has the secret, this once.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME)), ("x-refusals" = json!(["limit_reached"]))),
    request_body = WebhookIn,
    responses((status = CREATED, description = "The endpoint and its secret", body = NewSecretView)),
)]
#[post("/webhooks")]
async fn create_webhook(permit: Permit<ManageWebhooks>, call: Call, input: Input<WebhookIn>) -> Result<Reply, Problem> {
    let app = call.app.clone();
    call.act(input, move |tx, form| {
        let made = webhooks::create(tx, &permit, form, &app)?;
        let location = format!("/api/v1/newsroom/webhooks/{}", made.0.id());
        Ok(reply_with(tx.now, made)?.created(location))
    })
    .await
}

/// Get an endpoint
///
/// How it fares, with the `ETag` that a change must name; its secret is not told again.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(WebhookPath),
    responses((status = OK, description = "The endpoint", body = WebhookView)),
)]
#[get("/webhooks/{id}")]
async fn read_webhook(permit: Permit<ManageWebhooks>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.read(move |read| reply(read.now, webhooks::read(read, &permit, id)?)).await
}

/// Change an endpoint
///
/// A JSON Merge Patch. What is on its way goes to the new address; the secret stays.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(WebhookPath),
    request_body(content = WebhookIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed endpoint", body = WebhookView)),
)]
#[patch("/webhooks/{id}")]
async fn update_webhook(
    permit: Permit<ManageWebhooks>,
    call: Call,
    id: Segment,
    patch: Patch<WebhookIn>,
) -> Result<Reply, Problem> {
    let (aim, app) = (aim(&call, &id)?, call.app.clone());
    call.write(move |tx| reply(tx.now, webhooks::update(tx, &permit, &aim, &patch, app.outbound().rules())?)).await
}

/// Remove an endpoint
///
/// With all that was on its way to it, and its log.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(WebhookPath),
    responses((status = NO_CONTENT, description = "It is gone")),
)]
#[delete("/webhooks/{id}")]
async fn delete_webhook(permit: Permit<ManageWebhooks>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let aim = aim(&call, &id)?;
    call.write(move |tx| webhooks::delete(tx, &permit, &aim)).await?;
    Ok(Reply::nothing())
}

/// Pause an endpoint
///
/// What happens waits for it, 30 days at the most.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(WebhookPath),
    request_body = Empty,
    responses((status = OK, description = "The paused endpoint", body = WebhookView)),
)]
#[post("/webhooks/{id}/pause")]
async fn pause_webhook(
    permit: Permit<ManageWebhooks>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    let aim = aim(&call, &id)?;
    call.act(input, move |tx, Empty {}| reply(tx.now, webhooks::pause(tx, &permit, &aim)?)).await
}

/// Resume an endpoint
///
/// One that was paused gets what has waited for it. One that was disabled gets what was on its way to it then; what
/// happened since has passed it by.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(WebhookPath),
    request_body = Empty,
    responses((status = OK, description = "The active endpoint", body = WebhookView)),
)]
#[post("/webhooks/{id}/resume")]
async fn resume_webhook(
    permit: Permit<ManageWebhooks>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    let aim = aim(&call, &id)?;
    call.act(input, move |tx, Empty {}| reply(tx.now, webhooks::resume(tx, &permit, &aim)?)).await
}

/// Test an endpoint
///
/// Sends it an event of the type `webhook.test`, once, whatever its state and whatever it is told of else. The answer
/// is the message on its way; get it again to see what came of it.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(WebhookPath),
    request_body = Empty,
    responses((status = ACCEPTED, description = "The message", body = DeliveryDetailView)),
)]
#[post("/webhooks/{id}/test")]
async fn test_webhook(
    permit: Permit<ManageWebhooks>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    let aim = aim(&call, &id)?;
    call.act(input, move |tx, Empty {}| queued(webhooks::test(tx, &permit, &aim)?)).await
}

/// Give an endpoint a new secret
///
/// The answer has it, this once. For a day every message carries two signatures, one by the old secret and one by the
/// new one; libraries of the specification take either.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME)), ("x-refusals" = json!(["limit_reached"]))),
    params(WebhookPath),
    request_body = Empty,
    responses((status = OK, description = "The endpoint and its new secret", body = NewSecretView)),
)]
#[post("/webhooks/{id}/rotate-secret")]
async fn rotate_webhook_secret(
    permit: Permit<ManageWebhooks>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    let (aim, app) = (aim(&call, &id)?, call.app.clone());
    call.act(input, move |tx, Empty {}| reply_with(tx.now, webhooks::rotate(tx, &permit, &aim, &app)?)).await
}

/// List the messages to an endpoint
///
/// The newest first, those of the last 30 days.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(WebhookPath, ListQuery, DeliveryQuery),
    responses((status = OK, description = "A page", body = DeliveryList)),
)]
#[get("/webhooks/{id}/deliveries")]
async fn list_deliveries(
    permit: Permit<ManageWebhooks>,
    call: Call,
    id: Segment,
    page: Page<DeliveryQuery>,
) -> Result<Reply, Problem> {
    let (id, filter, request) = (id.id()?, page.filter.clone(), page.request.clone());
    page.reply(&call.read(move |read| webhooks::deliveries(read, &permit, id, &filter, &request)).await?)
}

/// Get a message to an endpoint
///
/// What is sent, and what came of each attempt.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(DeliveryPath),
    responses((status = OK, description = "The message", body = DeliveryDetailView)),
)]
#[get("/webhooks/{id}/deliveries/{deliveryId}")]
async fn read_delivery(permit: Permit<ManageWebhooks>, call: Call, path: Segments) -> Result<Reply, Problem> {
    let (webhook, id) = (path.0.id()?, path.1.id()?);
    reply_about(call.read(move |read| webhooks::delivery(read, &permit, webhook, id)).await?)
}

/// Deliver a message again
///
/// It is due at once and has all its attempts before it, whatever came of it. Its `webhook-id` stays the same, so an
/// endpoint that has it already can tell.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    params(DeliveryPath),
    request_body = Empty,
    responses((status = ACCEPTED, description = "The message", body = DeliveryDetailView)),
)]
#[post("/webhooks/{id}/deliveries/{deliveryId}/redeliver")]
async fn redeliver_delivery(
    permit: Permit<ManageWebhooks>,
    call: Call,
    path: Segments,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    let (webhook, id, expected) = (path.0.id()?, path.1.id()?, call.expected()?);
    call.act(input, move |tx, Empty {}| queued(webhooks::redeliver(tx, &permit, webhook, id, &expected)?)).await
}

//! The newsroom's own service over HTTP.

use actix_web::{delete, get, put};

use super::dto::{CommentHookIn, CommentHookView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageWebhooks};
use crate::comments::external;
use crate::http::{Call, Input, Reply, Routes};
use crate::problem::Problem;

/// Adds these routes.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(read_comment_hook).service(set_comment_hook).service(remove_comment_hook);
}

/// Get the service that is asked about comments
///
/// Its secret is not told again.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ManageWebhooks::NAME))),
    responses((status = OK, description = "The service", body = CommentHookView)),
)]
#[get("/comment-hook")]
async fn read_comment_hook(permit: Permit<ManageWebhooks>, call: Call) -> Result<Reply, Problem> {
    let hook = call.read(move |read| external::open(read, &permit)).await?;
    Reply::json(&CommentHookView::new(hook, None))
}

/// Have a service asked about comments
///
/// Every comment and every change of one that our own rules would publish is sent there first, signed by the Standard Webhooks
/// specification: `{"type": "comment.check", "timestamp", "data": {"text", "language", "articleId", "author", "isEdit"}}`, with
/// `account` or `guest` for the author, and nothing by which anybody could tell who it is. It answers 200 with
/// `{"decision": "publish"}`, `withhold` or `reject`, if it likes with a `reason` as moderators have them and the name of its
/// own `rule`, which moderators read as the note of the decision. Whatever else it does, or does not do in time, holds the
/// comment for a moderator; no redirect is followed, and it is asked once. The writer waits for it, and nothing else does.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ManageWebhooks::NAME)), ("x-unconditional" = json!(true))),
    request_body = CommentHookIn,
    responses((status = OK, description = "The service", body = CommentHookView)),
)]
#[put("/comment-hook")]
async fn set_comment_hook(
    permit: Permit<ManageWebhooks>,
    call: Call,
    input: Input<CommentHookIn>,
) -> Result<Reply, Problem> {
    let app = call.app.clone();
    let (hook, fresh) = call.write(move |tx| external::set(tx, &permit, &app, &input.value)).await?;
    Ok(Reply::json(&CommentHookView::new(Some(hook), fresh.as_ref()))?.private())
}

/// Have no service asked about comments
///
/// Our own rules decide alone from then on.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ManageWebhooks::NAME)), ("x-unconditional" = json!(true))),
    responses((status = NO_CONTENT, description = "Nobody is asked any more")),
)]
#[delete("/comment-hook")]
async fn remove_comment_hook(permit: Permit<ManageWebhooks>, call: Call) -> Result<Reply, Problem> {
    call.write(move |tx| external::remove(tx, &permit)).await?;
    Ok(Reply::nothing())
}

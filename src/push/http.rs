//! Web Push over HTTP, for pages in a browser.

use actix_web::{get, post};

use super::dto::{PushEndIn, PushKeyView, PushSubscriptionIn, PushSubscriptionView};
use crate::http::{Call, Input, Reply, Routes};
use crate::problem::Problem;
use crate::push;

/// Adds what browsers do.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(read_push_key).service(subscribe_push).service(unsubscribe_push);
}

/// Get the key for push subscriptions
///
/// What a page hands to `pushManager.subscribe`. It is made when first asked for and then stays: every subscription is
/// bound to it.
#[utoipa::path(tag = "push", responses((status = OK, description = "The key", body = PushKeyView)))]
#[get("/push/vapid-public-key")]
async fn read_push_key(call: Call) -> Result<Reply, Problem> {
    let key = push::vapid_key(&call.app).await?;
    Reply::json(&PushKeyView { public_key: key.public_key().to_owned() })
}

/// Subscribe to breaking news
///
/// For a browser that is closed: send what `PushSubscription.toJSON()` gives, with what to be told of. It takes no
/// account. The same browser once more changes its choice. The endpoint must be an `https` address of a push service
/// that this site knows; the answer is the same whether it was known or not, and who does not know the keys can neither change nor end a
/// subscription. Beyond the number that this site takes the answer is 503.
///
/// Each message is encrypted for the browser (RFC 8291) and holds, as JSON: `alertId`, `cause` (`issued`, `updated` or
/// `retracted`), `title`, `body`, `language`, `dir`, `urgency`, `tag`, `supersedes`, `articleId`, `link` and `timestamp`.
/// Messages of one alert have one `tag`, so that a correction takes the place of what it corrects; `supersedes` is the tag
/// of one that is to be taken down. One may come twice.
#[utoipa::path(
    tag = "push",
    request_body = PushSubscriptionIn,
    responses((status = OK, description = "What is kept", body = PushSubscriptionView)),
)]
#[post("/push/subscriptions")]
async fn subscribe_push(call: Call, input: Input<PushSubscriptionIn>) -> Result<Reply, Problem> {
    let Input { value, digest } = input;
    let (most, services) = (call.app.config().push.subscriptions_max, &call.app.config().push.services);
    let value = value.checked(call.app.outbound().rules(), services)?;
    call.act(Input { value, digest }, move |tx, (browser, wish)| {
        Ok(Reply::json(&push::subscribe(tx, browser, wish, most)?)?.private())
    })
    .await
}

/// Unsubscribe from breaking news
///
/// Send what `PushSubscription.toJSON()` gives. The answer is the same whether there was such a subscription or not.
#[utoipa::path(
    tag = "push",
    request_body = PushEndIn,
    responses((status = NO_CONTENT, description = "There is no such subscription any more")),
)]
#[post("/push/unsubscribe")]
async fn unsubscribe_push(call: Call, input: Input<PushEndIn>) -> Result<Reply, Problem> {
    let Input { value, digest } = input;
    let value = value.checked()?;
    call.act(Input { value, digest }, |tx, browser| {
        push::unsubscribe(tx, &browser)?;
        Ok(Reply::nothing())
    })
    .await
}

//! Replay over HTTP.

use actix_web::post;

use super::dto::{ReplayIn, ReplayView};
use super::replay;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::http::{Call, Input, Reply, Routes};
use crate::problem::Problem;

/// Adds this route.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(replay_comments);
}

/// Try a change of the rules on the last comments
///
/// What would have become of them, counted against the rules as they are, with a few examples. Nothing is changed and
/// nothing is recorded. `words.add` and `words.remove` are what would be put on the word lists and taken from them, `site` is
/// the patch of the site's settings. Each comment is judged as it reads now, on its article and by its writer as they are
/// now. For `holdFirst` a writer's earlier comments count that are published now and older than all that are looked at; of
/// the others those that the rules in question would publish, and those that were held and a moderator has let pass, but not
/// what a moderator has taken away. A repetition, or one of many from one place, is one where it was held as one. What was
/// refused and not kept can't be tried: limits of rate, the same comment once more, sanctions, closed discussions.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-permission" = json!(ModerateComments::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-refusals" = json!(["limit_reached"])),
    ),
    request_body = ReplayIn,
    responses((status = OK, description = "What would have become of them", body = ReplayView)),
)]
#[post("/comments/replay")]
async fn replay_comments(
    permit: Permit<ModerateComments>,
    call: Call,
    input: Input<ReplayIn>,
) -> Result<Reply, Problem> {
    let replayed = replay(&call.app, &permit, input.value).await?;
    call.changes_nothing();
    Ok(Reply::json(&ReplayView::from(replayed))?.private())
}

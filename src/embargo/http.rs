//! The embargo check over HTTP.

use actix_web::get;

use super::dto::EmbargoReport;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, PublishArticles};
use crate::embargo;
use crate::http::{Call, Reply, Routes};
use crate::problem::Problem;

/// Adds what the newsroom may ask.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(check_embargoes);
}

/// Prove that nothing held back is public
///
/// Asks every public surface, by the functions that answer readers, for each revision that waits for its hour or for the
/// end of an embargo, and names those that one of them reveals. There should be none, ever.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(PublishArticles::NAME))),
    responses((status = OK, description = "What was looked at", body = EmbargoReport)),
)]
#[get("/embargo-check")]
async fn check_embargoes(permit: Permit<PublishArticles>, call: Call) -> Result<Reply, Problem> {
    Reply::json(&call.read(move |read| embargo::check(read, &permit)).await?)
}

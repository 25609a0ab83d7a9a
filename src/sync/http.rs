//! Sync over HTTP.

use actix_web::get;

use super::dto::{SyncQuery, SyncView};
use crate::http::{Call, Query, Reply, Routes};
use crate::problem::Problem;
use crate::sync;

/// Adds what everyone may ask.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(sync_changes);
}

/// Bring an app up to date
///
/// The first answer has the newest articles and the whole ticker; later ones have what changed since `cursor`, each thing
/// once, as it is now. An app that does what it is told holds what the API would answer, but for articles older than its
/// first answer. One that was away for longer than the log is kept, or whose sections were moved, is told to `reset`; so
/// is everyone after a merge of records.
#[utoipa::path(
    tag = "events",
    params(SyncQuery),
    responses((status = OK, description = "What to change", body = SyncView)),
)]
#[get("/sync")]
async fn sync_changes(call: Call, query: Query<SyncQuery>) -> Result<Reply, Problem> {
    let Query(query) = query;
    Reply::json(&call.read(move |read| sync::changes(read, &query)).await?)
}

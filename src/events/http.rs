//! The event log over HTTP.

use actix_web::get;

use super::dto::{EventQuery, NewsroomEventView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ReadEvents};
use crate::events;
use crate::http::{Call, ListQuery, Page, Reply, Routes};
use crate::problem::Problem;

/// Adds what the newsroom may read.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_events);
}

/// A page of events, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct EventList {
    items: Vec<NewsroomEventView>,
    page: crate::http::PageView,
}

/// List the events
///
/// Everything that has changed, the latest first, as far back as the log is kept.
#[utoipa::path(
    tag = "events",
    extensions(("x-permission" = json!(ReadEvents::NAME))),
    params(ListQuery, EventQuery),
    responses((status = OK, description = "A page", body = EventList)),
)]
#[get("/events")]
async fn list_events(permit: Permit<ReadEvents>, call: Call, page: Page<EventQuery>) -> Result<Reply, Problem> {
    let (filter, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| events::list(read, &permit, &filter, &request)).await?;
    page.reply(&slice.map(NewsroomEventView::from))
}

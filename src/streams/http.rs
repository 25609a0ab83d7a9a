//! Streams over HTTP.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, get};

use super::dto::{AlertStreamQuery, LastEventId, StreamQuery};
use super::{Place, Wish, open, turned_away};
use crate::http::{Call, Query, Routes, is_head};
use crate::problem::Problem;

/// Adds what everyone may follow. Before the alerts, whose addresses would take these for an id.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(stream_alerts).service(stream_events);
}

/// Follow the breaking news
///
/// Server-Sent Events, one for each thing that happens to an alert: `alert.issued`, `alert.updated`, `alert.retracted`,
/// `alert.superseded` and `alert.expired`. The data is an `EventView` whose `data` is the alert as it is then. Open the
/// stream first and read the ticker after, so that nothing falls between. A client that comes back with `Last-Event-ID`
/// is told exactly what it missed, or `resync` when that is too long ago: then it reads the ticker anew. A node that has no
/// room says `retry` and ends the stream at once.
#[utoipa::path(
    tag = "alerts",
    params(AlertStreamQuery, LastEventId),
    responses((
        status = OK, description = "The stream", body = String, content_type = "text/event-stream",
        example = "id: 42\nevent: alert.issued\ndata: {\"type\":\"alert.issued\"}\n\n",
    )),
)]
#[get("/alerts/stream")]
async fn stream_alerts(
    call: Call,
    request: HttpRequest,
    query: Query<AlertStreamQuery>,
) -> Result<HttpResponse, Problem> {
    let Query(query) = query;
    let wish = Wish { filter: query.filter(), after: place(&request, query.last_event_id), sections: query.section };
    answer(&call, &request, wish).await
}

/// Follow what is published
///
/// Server-Sent Events of alerts (`alert.…`), articles (`article.published`, `article.unpublished`) and the comments of
/// single articles (`comment.…`). The data is an `EventView`; see `webhooks` in this document for each type's `data`. It
/// begins, goes on, ends and says `resync` as the stream of alerts does.
#[utoipa::path(
    tag = "events",
    params(StreamQuery, LastEventId),
    responses((
        status = OK, description = "The stream", body = String, content_type = "text/event-stream",
        example = "id: 42\nevent: article.published\ndata: {\"type\":\"article.published\"}\n\n",
    )),
)]
#[get("/stream")]
async fn stream_events(call: Call, request: HttpRequest, query: Query<StreamQuery>) -> Result<HttpResponse, Problem> {
    let Query(query) = query;
    let wish = Wish { filter: query.filter()?, after: place(&request, query.last_event_id), sections: query.section };
    answer(&call, &request, wish).await
}

/// Where the client left off. The header is a browser's own and newer than what stood in the address.
fn place(request: &HttpRequest, in_query: Option<i64>) -> Option<Place> {
    let header = request.headers().get("last-event-id").filter(|value| !value.is_empty());
    let told = header.map(|value| value.to_str().ok().and_then(|text| text.parse().ok()).filter(|seq| *seq >= 0));
    told.map_or_else(|| in_query.map(Place::After), |seq| Some(seq.map_or(Place::Unknown, Place::After)))
}

async fn answer(call: &Call, request: &HttpRequest, wish: Wish) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "text/event-stream"));
    response.insert_header((CACHE_CONTROL, "no-store"));
    // Neither we nor a proxy may hold anything back until there is enough of it.
    response.insert_header((CONTENT_ENCODING, "identity"));
    response.insert_header(("x-accel-buffering", "no"));
    if is_head(request) {
        return Ok(response.finish());
    }
    match open(&call.app, wish).await? {
        Some(stream) => Ok(response.streaming(stream.chunks())),
        None => Ok(response.body(turned_away(&call.app))),
    }
}

//! The layer that gives kept answers, and keeps new ones.

pub mod early;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ETAG, Encoding,
    Header as _, HeaderMap, HeaderName, HeaderValue, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web};
use tokio::time::timeout;

use crate::app::{App, Read};
use crate::cache::kept::{Coding, Form};
use crate::cache::{Facet, Kept, Turn};
use crate::http::{GUEST, named};
use crate::problem::Problem;
use crate::time::UtcTime;
use crate::{alerts, articles, collections};

/// Headers that make an answer the caller's own.
const OWN: [HeaderName; 2] = [AUTHORIZATION, HeaderName::from_static(GUEST)];

/// Where answers are that may be alike for everyone; nothing else waits for anything here.
const PUBLIC: [&str; 11] = [
    "/api/v1/articles",
    "/api/v1/comments/",
    "/api/v1/alerts",
    "/api/v1/collections",
    "/api/v1/stories/",
    "/api/v1/site",
    "/api/v1/sources",
    "/api/v1/sections",
    "/api/v1/tags",
    "/api/v1/authors",
    "/feeds/",
];
/// How often somebody waits for what others read.
const READINGS: usize = 2;
/// How long somebody waits for another one's look at the clock's next turn.
const LOOK: Duration = Duration::from_secs(1);

/// Marks a request whose answer may be kept, with the count of changes from before it is read.
#[derive(Clone, Copy, Debug)]
pub struct Watched(pub u64);

/// Gives the kept answer, or lets one caller find it out while the others wait for that.
pub async fn shared(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let app = request.app_data::<web::Data<App>>().map(|app| app.get_ref().clone());
    let (Some(app), Some(key)) = (app, key(request.request())) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let cache = app.cache();
    if !cache.is_on() || cache.is_deaf() || !looked_ahead(&app).await {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let mut reading = None;
    // Whoever waited for one that no longer holds waits for the next one, and then reads by itself.
    for _ in 0..READINGS {
        if let Some(kept) = cache.find(&key, app.now()) {
            return Ok(give(request, kept).await);
        }
        match cache.turn(&key) {
            Turn::Mine(mine) => {
                reading = Some(mine);
                break;
            }
            // Closed is what it is waited for.
            Turn::Theirs(waiting) => drop(waiting.acquire().await),
        }
    }
    if reading.is_none()
        && let Some(kept) = cache.find(&key, app.now())
    {
        return Ok(give(request, kept).await);
    }
    request.extensions_mut().insert(Watched(cache.count()));
    let response = next.call(request).await?.map_into_boxed_body();
    let mut response = response;
    let kept = response.response().extensions().get::<Arc<Kept>>().cloned();
    if let Some(kept) = kept {
        tell(&app, &kept, response.headers_mut());
        cache.keep(key, kept);
    }
    drop(reading);
    Ok(response)
}

/// What tells two answers apart: the path, the query in one order, and the media types that are taken. Nothing where the
/// answer is not everyone's.
fn key(request: &HttpRequest) -> Option<String> {
    let headers = request.headers();
    let is_public = PUBLIC.iter().any(|start| request.path().starts_with(start));
    if request.method() != Method::GET || !is_public || OWN.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let query = request.query_string();
    let query = if query.contains('&') {
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.sort_unstable();
        Cow::Owned(pairs.join("&"))
    } else {
        Cow::Borrowed(query)
    };
    let mut key = String::with_capacity(request.path().len() + query.len() + 8);
    key.push_str(request.uri().path());
    key.push('?');
    key.push_str(&query);
    for accept in headers.get_all(ACCEPT).filter(|accept| *accept != "*/*") {
        key.push('\n');
        key.push_str(accept.to_str().ok()?);
    }
    Some(key)
}

/// Follows the clock to this instant: what it has turned since somebody last looked no longer holds. Answers whether that is
/// known now; where the database is slow, nobody waits long for it.
async fn looked_ahead(app: &App) -> bool {
    if app.cache().sees(app.now()) {
        return true;
    }
    match timeout(LOOK, app.cache().followed.lock()).await {
        Ok(mut followed) => look_ahead(app, &mut followed).await.is_ok(),
        Err(_) => false,
    }
}

async fn look_ahead(app: &App, followed: &mut Option<UtcTime>) -> Result<(), Problem> {
    let (cache, now) = (app.cache(), app.now());
    if cache.sees(now) {
        return Ok(());
    }
    let (count, since) = (cache.count(), followed.unwrap_or(now));
    if cache.is_late(now) {
        // Whatever it was may be told and gone by now.
        cache.touch(&[Facet::Clock]);
    }
    let mut next = app.read(move |read| next_turn(read, since)).await?;
    if next.is_some_and(|at| at <= now) {
        cache.touch(&[Facet::Clock]);
        next = app.read(move |read| next_turn(read, now)).await?;
    }
    cache.expect(next, count);
    *followed = Some(now);
    Ok(())
}

/// The first instant after this one at which the clock turns something that is public.
fn next_turn(read: &mut Read<'_>, after: UtcTime) -> Result<Option<UtcTime>, Problem> {
    let turns = [
        articles::next_change(read, after)?,
        alerts::next_change(read, after)?,
        collections::next_change(read, after)?,
    ];
    Ok(turns.into_iter().flatten().min())
}

/// The headers with which an answer has left, without those that each caller gets.
pub(super) type Head = Vec<(HeaderName, HeaderValue)>;

/// An answer that was kept, on its way, and as what it leaves.
#[derive(Clone, Debug)]
struct Leaving {
    pub kept: Arc<Kept>,
    pub form: Form,
}

/// As what an answer goes to a caller, and the tag that the caller has of it, if it is that.
fn form(request: &HttpRequest, kept: &Kept) -> (Form, Option<String>) {
    match named(request, &kept.etag) {
        Some(held) => (Form::Held, Some(held)),
        None => (taken(request).map_or(Form::Plain, Form::Coded), None),
    }
}

/// Tells caches that others keep for how long they may give an answer without asking, if they may.
fn tell(app: &App, kept: &Kept, headers: &mut HeaderMap) {
    let rule = app.cache().rule(kept, app.now()).map(|rule| HeaderValue::from_str(&rule));
    if let Some(Ok(rule)) = rule {
        headers.insert(CACHE_CONTROL, rule);
    }
}

/// The answer in the coding that the caller takes, or the word that the caller has it.
async fn give(request: ServiceRequest, kept: Arc<Kept>) -> ServiceResponse<BoxBody> {
    let (mut form, held) = form(request.request(), &kept);
    let mut body = kept.body.clone();
    if let Form::Coded(coding) = form {
        match kept.coded(coding).await {
            Some(coded) => body = coded,
            None => form = Form::Plain,
        }
    }
    let status = if form == Form::Held { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response.insert_header((ETAG, held.as_deref().unwrap_or(&kept.etag)));
    let of_the_body = |name: &str| form == Form::Held && name == "content-type";
    for (name, value) in kept.headers.iter().filter(|(name, _)| !of_the_body(name)) {
        response.insert_header((*name, value.as_str()));
    }
    if let Form::Coded(coding) = form {
        response.insert_header((CONTENT_ENCODING, coding.name()));
        response.append_header((VARY, "accept-encoding"));
    }
    let mut response = if form == Form::Held { response.finish() } else { response.body(body) };
    if let Some(app) = request.app_data::<web::Data<App>>() {
        tell(app, &kept, response.headers_mut());
    }
    response.extensions_mut().insert(Leaving { kept, form });
    request.into_response(response)
}

/// The coding that the caller likes best, of those that there are.
fn taken(request: &HttpRequest) -> Option<Coding> {
    if !request.headers().contains_key(ACCEPT_ENCODING) {
        return None;
    }
    let known = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::zstd(), Encoding::deflate()];
    let asked = AcceptEncoding::parse(request).ok()?;
    match asked.negotiate(known.iter())? {
        coding if coding == Encoding::brotli() => Some(Coding::Brotli),
        coding if coding == Encoding::zstd() => Some(Coding::Zstd),
        coding if coding == Encoding::gzip() => Some(Coding::Gzip),
        coding if coding == Encoding::deflate() => Some(Coding::Deflate),
        _ => None,
    }
}

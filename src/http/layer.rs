//! What every request passes: it gets an id and a language, the caller is identified, and whatever is refused,
//! by whichever layer, leaves as `application/problem+json`.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ALLOW, CACHE_CONTROL,
    CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use super::call::RequestId;
use super::caller;
use super::contract::Contract;
use super::deeds;
use super::reply::SURROGATE_KEY;
use super::surface::Surface;
use super::unread::Held;
use crate::app::App;
use crate::auth::viewer;
use crate::problem::{Code, Problem};
use crate::text::Lang;

const PROBLEM: &str = "application/problem+json";
/// The id of a request.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Any cache may keep an answer, and asks each time whether it still holds.
pub const ASK: &str = "public, no-cache";
/// The longest request id that is taken from a caller, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;
/// What a caller should wait, in seconds, when the database or a queue can't take more.
const RETRY_SECONDS: &str = "1";

/// Marks a request that came as HEAD.
#[derive(Clone, Copy, Debug)]
struct Head;

/// Whether only the headers are wanted, for answers that have no end.
pub fn is_head(request: &HttpRequest) -> bool {
    request.extensions().contains::<Head>()
}

/// The outermost layer: it knows of every request and of every answer, those of the other layers too.
pub async fn outermost(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut request = request;
    let passage = Passage::begin(request.request(), Instant::now());
    request.extensions_mut().insert(RequestId(passage.id.clone()));
    // HEAD is GET without the body, which the HTTP encoder leaves out by itself.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(Head);
    }
    deeds::announce(&request);
    let held = Held::of(&mut request);
    let mut response = settled(next.call(request).await?.map_into_boxed_body());
    if let Some(held) = held {
        response = response.map_body(|_, body| held.until_sent(body));
    }
    deeds::conclude(&response);
    // As the router reads it, in whichever letters it was sent.
    let surface = Surface::of(response.request().match_info().as_str());
    // What was done for somebody is theirs, too.
    let is_own = surface == Surface::Own || !response.request().method().is_safe();
    surface.guard(response.headers_mut());
    finish(response.headers_mut(), is_own);
    let (request, mut response) = response.into_parts();
    passage.end(&request, &mut response);
    Ok(ServiceResponse::new(request, response))
}

/// What is known of a request from when it came until its answer leaves.
pub struct Passage {
    id: String,
    began: Instant,
}

impl Passage {
    /// A request has come: it has the id that the caller gave it, or a fresh one.
    pub fn begin(request: &HttpRequest, began: Instant) -> Self {
        Self { id: request_id(request), began }
    }

    /// Its answer leaves, with the id, and the log is told. What was read and went well is most of what happens, and tells
    /// nobody anything: whoever wants it asks for it.
    pub fn end(self, request: &HttpRequest, response: &mut HttpResponse) {
        if let Ok(value) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        let (method, path, status) = (request.method(), request.path(), response.status());
        macro_rules! answered {
            ($level:ident) => {
                tracing::$level!(
                    request_id = self.id,
                    %method,
                    path = logged(path),
                    status = status.as_u16(),
                    micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
                    "answered"
                )
            };
        }
        if method.is_safe() && !status.is_client_error() && !status.is_server_error() {
            answered!(debug);
        } else {
            answered!(info);
        }
    }
}

/// The innermost layer: the caller is identified, and refusals get their form while CORS and compression can
/// still work on them.
pub async fn innermost(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // No clone of the request may live beside it: the router needs it for itself.
    Ok(match identified(request.request()).await {
        Err(problem) => answer(request.into_parts().0, &problem),
        // Handlers and the router answer their own errors; what is left could only be a layer that broke.
        Ok(()) => settled(next.call(request).await?.map_into_boxed_body()),
    })
}

/// Where the router has no handler: 405 when the path has others, else 404.
pub async fn nowhere(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let contract = request.app_data::<web::Data<Contract>>();
    match contract.and_then(|contract| contract.methods(request.match_info().as_str())) {
        Some(methods) => Err(Problem { allow: Some(methods.to_owned()), ..Problem::new(Code::MethodNotAllowed) }),
        None => Err(Problem::not_found()),
    }
}

async fn identified(request: &HttpRequest) -> Result<(), Problem> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::internal("the app is not set up"))?;
    let from = caller::address(request, &app.config().http);
    let viewer = viewer::identify(app, request, from, RequestId::of(request)).await?;
    request.extensions_mut().insert(viewer);
    if let Some(program) = viewer::identify_program(app, request, from, RequestId::of(request)).await? {
        request.extensions_mut().insert(program);
    }
    Ok(())
}

/// A response as it may leave: refusals in our form, whoever made them.
fn settled(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_ours = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if is_ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let fallback = as_problem(status);
    let (request, response) = response.into_parts();
    let problem = response.error().and_then(|error| error.as_error::<Problem>()).unwrap_or(&fallback);
    answer(request, problem)
}

fn as_problem(status: StatusCode) -> Problem {
    let same = |code: &&Code| code.status() == status;
    let code = match status {
        StatusCode::BAD_REQUEST => Code::Malformed,
        _ => Code::ALL.iter().find(same).copied().unwrap_or(Code::Internal),
    };
    Problem::new(code)
}

fn answer(request: HttpRequest, problem: &Problem) -> ServiceResponse<BoxBody> {
    let status = problem.code.status();
    let id = RequestId::of(&request);
    request.extensions_mut().insert(problem.code);
    match problem.code {
        // It passes by itself, or the operator sees the cause of it elsewhere.
        Code::Unavailable => tracing::warn!(request_id = id, problem = %problem, "refused for a moment"),
        _ if status.is_server_error() => tracing::error!(request_id = id, problem = %problem, "failed"),
        _ => {}
    }
    let language = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let body = problem.body(Lang::negotiate(language), request.path(), &id);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, PROBLEM));
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"khabar\""));
    }
    match &problem.standing {
        Some(standing) => {
            if standing.wait > 0 {
                response.insert_header((RETRY_AFTER, standing.wait));
            }
            super::reply::tell_standing(&mut response, standing);
        }
        None if matches!(problem.code, Code::Unavailable | Code::TooMany) => {
            response.insert_header((RETRY_AFTER, RETRY_SECONDS));
        }
        None => {}
    }
    if let Some(etag) = &problem.etag {
        response.insert_header((ETAG, etag.as_str()));
    }
    if let Some(methods) = &problem.allow {
        response.insert_header((ALLOW, methods.as_str()));
    }
    response.insert_header((CACHE_CONTROL, "no-store"));
    ServiceResponse::new(request, response.body(body.to_string()))
}

/// Headers that every answer has.
fn finish(headers: &mut HeaderMap, is_own: bool) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    // What is alike for everyone is so in whichever language they read.
    if !headers.contains_key(SURROGATE_KEY) {
        headers.append(VARY, HeaderValue::from_static("Accept-Language"));
    }
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
        // It was for the compressing layer alone (RFC 9110 §8.4.1).
        headers.remove(CONTENT_ENCODING);
    } else if headers.contains_key(CONTENT_ENCODING) {
        name_coding(headers);
    } else {
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    join(headers, &VARY);
    if !headers.contains_key(CACHE_CONTROL) {
        let rule = if is_own { "no-store" } else { ASK };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(rule));
    }
}

/// Writes a list that several layers have added to in one line.
fn join(headers: &mut HeaderMap, name: &HeaderName) {
    let values: Vec<&str> = headers.get_all(name).filter_map(|value| value.to_str().ok()).collect();
    if let Ok(value) = HeaderValue::from_str(&values.join(", ")) {
        headers.insert(name.clone(), value);
    }
}

/// Says the coding in the tag: other bytes need another strong tag (RFC 9110 §8.8.3.3).
fn name_coding(headers: &mut HeaderMap) {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let tag = text(ETAG).zip(text(CONTENT_ENCODING)).map(|(etag, coding)| super::tag::coded(etag, coding));
    if let Some(value) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
        headers.insert(ETAG, value);
    }
}

/// A path as the log may have it: its words, ids and slugs. Whatever else somebody puts there, such as a token or an address, is
/// nobody's to read.
fn logged(path: &str) -> String {
    path.split('/').map(|part| if is_plain(part) { part } else { "…" }).collect::<Vec<_>>().join("/")
}

/// Whether a part of a path can be none of our tokens, which have capitals, and no address.
fn is_plain(part: &str) -> bool {
    let is_fine =
        |c: char| (c.is_alphanumeric() && !c.is_ascii_uppercase()) || is_combining_mark(c) || "-_.".contains(c);
    percent_decode_str(part).decode_utf8().is_ok_and(|part| part.chars().all(is_fine))
}

/// The caller's request id, if it is short and plain; a fresh one otherwise.
fn request_id(request: &HttpRequest) -> String {
    let plain = |id: &&str| {
        (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = request.headers().get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
    given.map_or_else(|| fresh_id(request), String::from)
}

fn fresh_id(request: &HttpRequest) -> String {
    let app = request.app_data::<web::Data<App>>();
    app.map_or_else(Uuid::nil, |app| app.ids().label(app.now())).to_string()
}

#[cfg(test)]
mod tests {
    use super::logged;

    #[test]
    fn the_log_has_of_a_path_what_can_be_no_secret() {
        for path in [
            "/",
            "/api/v1/articles/0192f3a4-5b6c-7d8e-9f01-23456789abcd",
            "/api/v1/articles/%D8%AE%D8%A8%D8%B1-%D9%85%D9%8F%D9%87%D9%85",
            "/feeds/articles.rss",
            "/problems/too_many",
        ] {
            assert_eq!(logged(path), path);
        }
        let token = "oXkM5b1q-2_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        for (path, told) in [
            (format!("/api/v1/previews/{token}"), "/api/v1/previews/…"),
            (format!("/api/v1/%70reviews/{token}/"), "/api/v1/%70reviews/…/"),
            (format!("//{token}/x"), "//…/x"),
            ("/api/v1/articles/sara@example.org".into(), "/api/v1/articles/…"),
            ("/api/v1/articles/sara%40example.org".into(), "/api/v1/articles/…"),
            ("/kh_3q2-7wAB".into(), "/…"),
            ("/%ff".into(), "/…"),
            ("/a%0ab".into(), "/…"),
        ] {
            assert_eq!(logged(&path), told);
        }
    }
}

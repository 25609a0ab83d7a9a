//! The layer before all others: what has left already leaves again, with nothing made anew but its request id.

use std::future::{Ready, ready};
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_web::{Error, HttpResponse, web};
use futures_util::TryFutureExt as _;
use futures_util::future::{Either, MapOk};

use super::{Head, Leaving, form, key, tell};
use crate::app::App;
use crate::cache::kept::Form;
use crate::http::layer::{Passage, X_REQUEST_ID};

/// Puts the layer before others.
#[derive(Clone, Copy, Debug)]
pub struct Early;

/// The layer, with those behind it.
#[derive(Debug)]
pub struct Layer<S> {
    next: S,
}

type Noted<F> = MapOk<F, fn(ServiceResponse) -> ServiceResponse>;

impl<S> Transform<S, ServiceRequest> for Early
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error>,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = Layer<S>;
    type InitError = ();
    type Future = Ready<Result<Layer<S>, ()>>;

    fn new_transform(&self, next: S) -> Self::Future {
        ready(Ok(Layer { next }))
    }
}

impl<S> Service<ServiceRequest> for Layer<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error>,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Either<Ready<Result<ServiceResponse, Error>>, Noted<S::Future>>;

    forward_ready!(next);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        match again(&request) {
            Some(response) => Either::Left(ready(Ok(request.into_response(response)))),
            None => Either::Right(self.next.call(request).map_ok(noted)),
        }
    }
}

/// The answer in the form that is asked for, if it has left in it before and still holds.
fn again(request: &ServiceRequest) -> Option<HttpResponse<BoxBody>> {
    // What other sites' pages may see of an answer is for the layer that knows them.
    if request.headers().contains_key(ORIGIN) {
        return None;
    }
    let began = Instant::now();
    let app = request.app_data::<web::Data<App>>()?;
    let request = request.request();
    let kept = app.cache().at_hand(&key(request)?, app.now())?;
    let (form, held) = form(request, &kept);
    let (headers, body) = kept.left(form)?;
    let mut response = HttpResponse::new(if held.is_some() { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    for (name, value) in headers {
        response.headers_mut().append(name.clone(), value.clone());
    }
    if let Some(tag) = held {
        response.headers_mut().insert(ETAG, HeaderValue::try_from(tag).ok()?);
    }
    tell(app, &kept, response.headers_mut());
    Passage::begin(request, began).end(request, &mut response);
    Some(response.set_body(BoxBody::new(body)))
}

/// Remembers how an answer leaves that was kept, as far as it is told to all.
fn noted(response: ServiceResponse) -> ServiceResponse {
    if response.request().headers().contains_key(ORIGIN) {
        return response;
    }
    if let Some(Leaving { kept, form }) = response.response().extensions().get() {
        kept.leaves(*form, || head(*form, response.headers()));
    }
    response
}

/// What each caller gets alike: the id is the request's, and which of an answer's tags somebody has, they say.
fn head(form: Form, headers: &HeaderMap) -> Head {
    let is_shared = |name: &HeaderName| *name != X_REQUEST_ID && !(form == Form::Held && *name == ETAG);
    let shared = headers.iter().filter(|(name, _)| is_shared(name));
    shared.map(|(name, value)| (name.clone(), value.clone())).collect()
}

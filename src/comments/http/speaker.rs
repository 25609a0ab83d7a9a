//! Who speaks, by the headers of a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use crate::app::App;
use crate::auth::{Permit, Viewer};
use crate::comments::Speaker;
use crate::http::GUEST;
use crate::problem::{Code, Problem};

/// Somebody who has spoken before: an account, or a guest with a token.
pub(in crate::comments) struct Known(pub Speaker);

fn speaker(request: &HttpRequest) -> Result<Speaker, Problem> {
    let viewer = Viewer::of(request);
    let mut headers = request.headers().get_all(GUEST);
    let (token, another) = (headers.next(), headers.next());
    let is_signed_in = viewer.user().is_some();
    // Of two who speak at once nobody knows who is meant.
    if another.is_some() || (token.is_some() && is_signed_in) {
        return Err(Problem::new(Code::Malformed).with("header", GUEST));
    }
    let Some(token) = token else {
        return match Permit::ask(&viewer) {
            Ok(permit) => Ok(Speaker::Account(permit)),
            // A program whose key says nothing of comments reads what everyone does.
            Err(_) if !is_signed_in || request.method().is_safe() => Ok(Speaker::Stranger),
            Err(problem) => Err(problem),
        };
    };
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::internal("the app is not set up"))?;
    let guest = token.to_str().ok().and_then(|token| app.tokens().read_guest(token.trim(), app.now()));
    guest.map(Speaker::Guest).ok_or_else(|| Problem::new(Code::Unauthenticated))
}

impl FromRequest for Speaker {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(speaker(request))
    }
}

impl FromRequest for Known {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match speaker(request) {
            Ok(Speaker::Stranger) => Err(Problem::new(Code::Unauthenticated)),
            other => other.map(Self),
        })
    }
}

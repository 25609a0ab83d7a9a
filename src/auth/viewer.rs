//! Finds out who is asking, before anything else of the request is read.

use std::net::IpAddr;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage as _, HttpRequest};

use super::key::{Found, PREFIX as KEY_PREFIX, identify_key};
use super::{User, live_session};
use crate::app::App;
use crate::ids::KeyId;
use crate::problem::{Code, Problem};

/// The caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Viewer {
    /// Not signed in.
    #[default]
    Nobody,
    /// Signed in, with a live session.
    User(User),
}

impl Viewer {
    /// The caller of a request that has passed [`identify`].
    pub fn of(request: &HttpRequest) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// The signed-in person, or whom a program acts for, if any.
    pub const fn user(&self) -> Option<&User> {
        match self {
            Self::Nobody => None,
            Self::User(user) => Some(user),
        }
    }
}

/// The header with the key of a program through which other people call.
const PROGRAM: &str = "khabar-key";

/// The program through which others call, whose calls are counted as one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program(pub KeyId);

impl Program {
    /// That of a request which has passed [`identify_program`].
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get().copied()
    }
}

/// A good key that came from where it may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Astray(pub KeyId);

impl Astray {
    /// That of a request which was refused for it.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get().copied()
    }
}

/// Reads the key of the program that a request comes through, from an address. One that is no good is refused even where nothing is
/// counted; where nothing ever is, since a request only reads, nobody looks at it.
pub async fn identify_program(
    app: &App,
    request: &HttpRequest,
    from: IpAddr,
    request_id: String,
) -> Result<Option<Program>, Problem> {
    let mut headers = request.headers().get_all(PROGRAM).filter(|_| !request.method().is_safe());
    let Some(header) = headers.next() else { return Ok(None) };
    let refuse = || Problem::new(Code::Unauthenticated);
    let key = header.to_str().ok().filter(|_| headers.next().is_none()).ok_or_else(refuse)?;
    let user = holder(app, request, key.trim(), from, request_id).await?;
    Ok(Some(Program(user.key().ok_or_else(refuse)?)))
}

/// Reads the bearer token of a request, which comes from an address: a session's, or a program's key. A token that is no good is
/// refused even where none is needed.
pub async fn identify(app: &App, request: &HttpRequest, from: IpAddr, request_id: String) -> Result<Viewer, Problem> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else {
        return Ok(Viewer::Nobody);
    };
    let refuse = || Problem::new(Code::Unauthenticated);
    if headers.next().is_some() {
        return Err(refuse());
    }
    let (scheme, token) = header.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(refuse)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refuse());
    }
    let token = token.trim();
    if token.starts_with(KEY_PREFIX) {
        return Ok(Viewer::User(holder(app, request, token, from, request_id).await?));
    }
    let claims = app.tokens().read(token, app.now()).ok_or_else(refuse)?;
    let asked = app.clone();
    let user = app.read(move |read| live_session(read, &claims, &asked)).await?;
    user.map(Viewer::User).ok_or_else(refuse)
}

/// Whom a key speaks for. One that is good and comes from where it may not be used is noted, which no answer tells.
async fn holder(
    app: &App,
    request: &HttpRequest,
    key: &str,
    from: IpAddr,
    request_id: String,
) -> Result<User, Problem> {
    match identify_key(app, key, from, request_id).await? {
        Found::Good(user, _) => return Ok(user),
        Found::Astray(key) => drop(request.extensions_mut().insert(Astray(key))),
        Found::Nothing => {}
    }
    Err(Problem::new(Code::Unauthenticated))
}

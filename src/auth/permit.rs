//! A permit is a value that a handler must ask for and a use case must be handed: a forgotten check does not compile.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::actions::Action;
use super::{User, Viewer};
use crate::problem::{Code, Problem};

/// Proof that the signed-in person may do `A`. Only the request's own viewer can make one.
pub struct Permit<A> {
    /// Who holds it.
    pub user: User,
    action: PhantomData<fn() -> A>,
}

impl<A: Action> Permit<A> {
    /// Asks the policy.
    pub fn ask(viewer: &Viewer) -> Result<Self, Problem> {
        match viewer {
            Viewer::Nobody => Err(Problem::new(Code::Unauthenticated)),
            Viewer::User(user) if A::ROLES.contains(&user.role) => Ok(Self { user: user.clone(), action: PhantomData }),
            Viewer::User(_) => Err(Problem::new(Code::Forbidden).with("permission", A::NAME)),
        }
    }

    /// Whether the holder could do something else as well.
    pub fn also<B: Action>(&self) -> bool {
        B::ROLES.contains(&self.user.role)
    }
}

impl<A> std::fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.user.fmt(f)
    }
}

impl<A: Action> FromRequest for Permit<A> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::ask(&Viewer::of(request)))
    }
}

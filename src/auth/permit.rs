//! A permit is a value that a handler must ask for and a use case must be handed: a forgotten check does not compile.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::actions::{Action, is_grave};
use super::key::key_user;
use super::{User, Viewer, store};
use crate::app::Read;
use crate::ids::{KeyId, UserId};
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
            Viewer::User(user) => Self::of(user),
        }
    }

    fn of(user: &User) -> Result<Self, Problem> {
        if !user.is_entitled_to::<A>() {
            return Err(Problem::new(Code::Forbidden).with("permission", A::NAME));
        }
        if !user.may::<A>() {
            return Err(Problem::new(Code::SecondFactorRequired).with("permission", A::NAME));
        }
        if is_grave(A::NAME) && !user.is_sure {
            return Err(Problem::new(Code::StepUpRequired).with("permission", A::NAME));
        }
        Ok(Self { user: user.clone(), action: PhantomData })
    }

    /// Whether the holder could do something else as well.
    pub fn also<B: Action>(&self) -> bool {
        self.user.may::<B>()
    }

    /// The permit for something else.
    pub fn and<B: Action>(&self) -> Result<Permit<B>, Problem> {
        Permit::of(&self.user)
    }
}

/// Of these accounts, those that may do `A` at this moment, whatever they were when they did something.
pub fn still_may<A: Action>(read: &mut Read<'_>, ids: &[UserId]) -> Result<Vec<UserId>, Problem> {
    let roles = if ids.is_empty() { Vec::new() } else { store::active_roles(read.conn, ids)? };
    Ok(roles.into_iter().filter(|(_, role)| A::ROLES.contains(role)).map(|(id, _)| id).collect())
}

/// Whether somebody could do `A` once more as they did it: themselves, or through a key that must be good and theirs still.
pub fn could_still<A: Action>(read: &mut Read<'_>, user: UserId, key: Option<KeyId>) -> Result<bool, Problem> {
    match key {
        Some(key) => Ok(key_user(read, key)?.is_some_and(|holder| holder.id == user && holder.may::<A>())),
        None => Ok(!still_may::<A>(read, &[user])?.is_empty()),
    }
}

/// For work that may be done a second time.
impl<A> Clone for Permit<A> {
    fn clone(&self) -> Self {
        Self { user: self.user.clone(), action: PhantomData }
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

//! Staff sign in at a provider (OpenID Connect): by the authorization code flow with PKCE, a nonce and a state.
//!
//! Khabar has no pages: a front end sends people away and takes them back, and keeps the one secret that an attempt is made of
//! ([`model::Binding`]). Somebody is who they are by issuer and subject, and by nothing else; no address ever links an account. The
//! provider is asked while no transaction is open, and nothing that it says is kept or logged but who it was and when. The usual
//! crate for this, `openidconnect`, can't do without `rsa`, which has an advisory that nobody has mended (RUSTSEC-2023-0071); so ID
//! tokens are verified by what verifies our own.

pub mod dto;
pub mod http;
pub mod model;
mod provider;
mod store;
mod token;

use std::time::Duration;

use self::dto::{IdentityEvent, IdentityList, OidcFinishIn, OidcStartIn, OidcStartView, ProviderView, SignInView};
use self::model::{Binding, Purpose, Vouched};
use self::store::Attempt;
use crate::app::{App, Read, Tx};
use crate::auth::actions::{GrantAccess, LinkIdentities, ManageUsers, UseAccount};
use crate::auth::{PasswordHash, Permit, Role, User, own_session, prove_session};
use crate::config::{Config, Oidc};
use crate::db::violates;
use crate::events::{Change, fingerprint};
use crate::fault::Fault;
use crate::http::Call;
use crate::ids::{IdentityId, UserId};
use crate::limits::{Act, Standing};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;
use crate::users::model::{Email, NewAccount, display_name};
use crate::users::{self, SignedIn};

pub use dto::EVENTS;
pub use provider::Provider;
pub use store::Identity;

/// How long somebody may take at the provider.
const PATIENCE: Duration = Duration::from_secs(600);

/// Who signs people in, as everybody may know.
pub fn provider(config: &Config) -> SignInView {
    SignInView { provider: config.oidc.as_ref().map(|oidc| ProviderView { name: oidc.name.clone() }) }
}

/// Begins a sign-in. It takes one of the tries that the caller's address has.
pub async fn start(call: &Call, form: OidcStartIn) -> Result<(OidcStartView, Option<Standing>), Problem> {
    let settings = settings(&call.app)?;
    let OidcStartIn { redirect_uri, purpose } = form;
    if !settings.redirect_urls.contains(&redirect_uri) {
        return Err(Problem::field("/redirectUri", Fault::NotAllowed(settings.redirect_urls.clone())));
    }
    let session = holder(call, purpose)?.map(|user| user.session);
    let standing = call.within_limits(Act::SignIn, call.viewer.user().map(User::commenter))?;
    let binding = Binding::new(call.app.ids().token());
    let way = (redirect_uri.as_str(), purpose == Purpose::StepUp);
    let authorization_url = call.app.oidc().door(&call.app, settings, &binding, way).await?;
    let state = binding.state();
    let named = state.clone();
    let begin = move |tx: &mut Tx<'_>| {
        let (started_at, expires_at) = (tx.now, tx.now.after(PATIENCE));
        let attempt = Attempt { state: named, purpose, session_id: session, redirect_uri, started_at, expires_at };
        store::begin(tx.conn, &attempt)?;
        tx.is_routine();
        Ok(expires_at)
    };
    let expires = call.write(begin).await?;
    Ok((OidcStartView { authorization_url, state, binding: binding.expose(), expires }, standing))
}

/// Finishes a sign-in: the tokens, where it opens a session. One that fails has taken a try.
pub async fn finish(call: &Call, form: OidcFinishIn, agent: Option<String>) -> Result<Option<SignedIn>, Problem> {
    let settings = settings(&call.app)?;
    let name = form.state.clone();
    let (attempt, vouched, holder) = call.attempt(&name, vouch(call, settings, form)).await?;
    let app = call.app.clone();
    // A refusal may come with a change that stays.
    let finished = call.write(move |tx| {
        if !store::take(tx.conn, &attempt.state)? {
            return Err(failed());
        }
        match (attempt.purpose, holder) {
            (Purpose::SignIn, _) => Ok(sign_in(tx, &app, &vouched, agent.as_deref())?.map(Some)),
            (Purpose::Link, Some(holder)) => link_own(tx, &app, &holder, &vouched).map(|()| Ok(None)),
            (Purpose::StepUp, Some(holder)) => step_up(tx, &holder, &vouched).map(|()| Ok(None)),
            (_, None) => Err(failed()),
        }
    });
    finished.await?
}

/// The caller's own identities, the first one first.
pub fn own(read: &mut Read<'_>, permit: &Permit<UseAccount>) -> Result<IdentityList, Problem> {
    list(read, permit.user.id)
}

/// Somebody's identities, the first one first.
pub fn of(read: &mut Read<'_>, permit: &Permit<ManageUsers>, user: UserId) -> Result<IdentityList, Problem> {
    users::read(read, permit, user)?;
    list(read, user)
}

/// Has a provider's word open the caller's account no more, unless nothing else does.
pub fn unlink(tx: &mut Tx<'_>, permit: &Permit<LinkIdentities>, id: IdentityId) -> Result<(), Problem> {
    let identity = found(tx, permit.user.id, id)?;
    if !users::has_password(&mut tx.reading(), permit.user.id)? {
        return Err(Problem::new(Code::OnlyWayIn));
    }
    cut(tx, &identity)
}

/// Has a provider's word open somebody's account no more, whatever else does; nobody shuts themselves out.
pub fn unlink_of(tx: &mut Tx<'_>, permit: &Permit<GrantAccess>, user: UserId, id: IdentityId) -> Result<(), Problem> {
    let identity = found(tx, user, id)?;
    if user == permit.user.id && !users::has_password(&mut tx.reading(), user)? {
        return Err(Problem::new(Code::OnlyWayIn));
    }
    cut(tx, &identity)
}

/// Takes out who somebody is elsewhere, when all about them is.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    store::delete_of(tx.conn, user)?;
    Ok(())
}

/// Forgets sign-ins that nobody can finish any more; how many.
pub fn forget_attempts(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget_attempts(tx.conn, tx.now, limit)?)
}

fn list(read: &mut Read<'_>, user: UserId) -> Result<IdentityList, Problem> {
    let identities = store::of(read.conn, user)?;
    Ok(IdentityList { items: identities.into_iter().map(Into::into).collect() })
}

fn found(tx: &mut Tx<'_>, user: UserId, id: IdentityId) -> Result<Identity, Problem> {
    let identity = store::of(tx.conn, user)?.into_iter().find(|identity| identity.id == id);
    identity.ok_or_else(Problem::not_found)
}

fn cut(tx: &mut Tx<'_>, identity: &Identity) -> Result<(), Problem> {
    store::delete(tx.conn, identity.id)?;
    tx.restate(identity.id, Some(fingerprint_of(identity)?), None);
    record(tx, "identity.unlinked", identity)
}

fn settings(app: &App) -> Result<&Oidc, Problem> {
    app.config().oidc.as_ref().ok_or_else(|| Problem::new(Code::NoProvider))
}

fn failed() -> Problem {
    Problem::new(Code::SignInFailed)
}

/// Who is signed in already, where a purpose needs that.
fn holder(call: &Call, purpose: Purpose) -> Result<Option<User>, Problem> {
    match purpose {
        Purpose::SignIn => Ok(None),
        Purpose::Link => Permit::<LinkIdentities>::ask(&call.viewer).map(|permit| Some(permit.user)),
        Purpose::StepUp => Permit::<UseAccount>::ask(&call.viewer).map(|permit| Some(permit.user)),
    }
}

/// Whom the provider vouches for, for the attempt that a caller has begun; with who is signed in, where that matters.
async fn vouch(call: &Call, settings: &Oidc, form: OidcFinishIn) -> Result<(Attempt, Vouched, Option<User>), Problem> {
    let OidcFinishIn { code, state, binding } = form;
    let binding = Binding::new(binding);
    if binding.state() != state {
        return Err(failed());
    }
    let begun = call.read(move |read| Ok(store::attempt(read.conn, &state, read.now)?)).await?;
    let attempt = begun.ok_or_else(failed)?;
    let holder = holder(call, attempt.purpose)?;
    if holder.as_ref().map(|user| user.session) != attempt.session_id {
        return Err(failed());
    }
    let what = (code.as_str(), attempt.redirect_uri.as_str());
    let claims = call.app.oidc().trade(&call.app, settings, &binding, what).await?;
    let vouched = claims.vouch(settings, &binding.nonce(), call.app.now()).map_err(provider::refused)?;
    if attempt.purpose == Purpose::StepUp {
        vouched.must_be_fresh(attempt.started_at).map_err(provider::refused)?;
    }
    Ok((attempt, vouched, holder))
}

/// Opens a session, in an account that is made where there is none. Who has lost their role at the provider loses it here, and
/// that stays although they are refused.
fn sign_in(
    tx: &mut Tx<'_>,
    app: &App,
    vouched: &Vouched,
    agent: Option<&str>,
) -> Result<Result<SignedIn, Problem>, Problem> {
    let identity = match store::find(tx.conn, &vouched.issuer, &vouched.subject)? {
        Some(identity) => identity,
        None => first(tx, vouched)?,
    };
    let user = identity.user_id;
    if gives_roles(app)? {
        users::follow(tx, user, vouched.role.unwrap_or(Role::Reader))?;
        if vouched.role.is_none() {
            return Ok(Err(Problem::new(Code::NoRole)));
        }
    }
    store::note_use(tx.conn, identity.id, tx.now)?;
    // Where the provider does not say when that was, it may have been long ago.
    let proved_at = vouched.proved_at.unwrap_or_else(|| UtcTime::from_micros(0));
    users::admit(tx, app, (user, proved_at), agent).map(Ok)
}

/// Makes an account for somebody who comes for the first time. It has no password.
fn first(tx: &mut Tx<'_>, vouched: &Vouched) -> Result<Identity, Problem> {
    let role = vouched.role.ok_or_else(|| Problem::new(Code::NoRole))?;
    let email = vouched.email.as_deref().and_then(|email| Email::parse(email).ok());
    let email = email.ok_or_else(|| Problem::new(Code::EmailUnverified))?;
    let called = vouched.name.as_deref().and_then(|name| display_name(name).ok());
    let before_the_at = || email.as_str().split('@').next().unwrap_or_default().to_owned();
    let account = NewAccount { name: called.unwrap_or_else(before_the_at), email, role };
    let made = users::create(tx, account, &PasswordHash::nobodys()).map_err(|problem| match problem.code {
        // An address that somebody has: whose it is there says nothing about whose account it is here.
        Code::Invalid => Problem::new(Code::AccountExists),
        _ => problem,
    })?;
    link(tx, made.id, vouched)
}

/// Has a provider's word open the caller's account from now on.
fn link_own(tx: &mut Tx<'_>, app: &App, holder: &User, vouched: &Vouched) -> Result<(), Problem> {
    own_session(&mut tx.reading(), holder.id, holder.session).map_err(|_| failed())?;
    // Whoever has no role there would lose theirs at the next sign-in.
    if gives_roles(app)? && vouched.role.is_none() {
        return Err(Problem::new(Code::NoRole));
    }
    link(tx, holder.id, vouched).map(drop)
}

fn link(tx: &mut Tx<'_>, user_id: UserId, vouched: &Vouched) -> Result<Identity, Problem> {
    let (issuer, subject) = (vouched.issuer.clone(), vouched.subject.clone());
    let identity = Identity { id: tx.next_id(), issuer, subject, user_id, linked_at: tx.now, last_used_at: None };
    store::insert(tx.conn, &identity).map_err(|error| {
        let is_taken = ["subject", "user_id"].iter().any(|column| violates(&error, "identities", column));
        if is_taken { Problem::new(Code::Duplicate) } else { error.into() }
    })?;
    tx.restate(identity.id, None, Some(fingerprint_of(&identity)?));
    record(tx, "identity.linked", &identity)?;
    Ok(identity)
}

/// Proves who the caller is, if the provider has just been shown that by the same person.
fn step_up(tx: &mut Tx<'_>, holder: &User, vouched: &Vouched) -> Result<(), Problem> {
    own_session(&mut tx.reading(), holder.id, holder.session).map_err(|_| failed())?;
    let identity = store::find(tx.conn, &vouched.issuer, &vouched.subject)?;
    identity.filter(|identity| identity.user_id == holder.id).ok_or_else(failed)?;
    prove_session(tx, holder.session, Some(true))
}

/// Whether roles are the provider's to give.
fn gives_roles(app: &App) -> Result<bool, Problem> {
    Ok(!settings(app)?.roles.is_empty())
}

fn record(tx: &mut Tx<'_>, topic: &'static str, identity: &Identity) -> Result<(), Problem> {
    tx.record(Change::newsroom(topic, identity.id, serde_json::to_value(IdentityEvent::of(identity))?));
    Ok(())
}

/// The fingerprint of a link. When it is used is told by the sessions that it opens.
fn fingerprint_of(identity: &Identity) -> Result<Vec<u8>, Problem> {
    let Identity { id, issuer, subject, user_id, linked_at, last_used_at: _ } = identity;
    fingerprint(&(id, issuer, subject, user_id, linked_at))
}

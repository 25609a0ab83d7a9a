//! Second factors: codes of an authenticator, and recovery codes for the day on which it is lost. A code is looked at only once the
//! password was right, so that nothing tells accounts with one from those without. The secret is kept sealed, for its account
//! alone; of recovery codes only hashes are kept. Neither stands in any event.

pub mod dto;
mod model;
mod store;

use serde_json::json;

use self::model::Given;
use self::store::Row;
use super::found;
use super::sessions::end_all;
use super::sign_in::{PASSWORD, Shown, with_proof};
use crate::app::{App, Read, Tx};
use crate::auth::actions::{GrantAccess, UseAccount};
use crate::auth::{Permit, Role, prove_session};
use crate::events::{Change, fingerprint};
use crate::fault::Fault;
use crate::http::Call;
use crate::ids::UserId;
use crate::problem::{Code, Problem};
use crate::site;
use crate::time::UtcTime;
use crate::users::model::Password;

pub use dto::EVENTS;

/// Recovery codes that are made at a time.
const CODES: usize = 10;
/// Wrong codes in a row after which no six digits are taken any more, from wherever and at whatever pace they come
/// (NIST SP 800-63B-4 §3.2.2). A recovery code can't be guessed, so it opens the account and the digits.
const MISSES_MAX: i64 = 100;

/// What somebody has set up.
#[derive(Clone, Debug)]
pub struct State {
    /// Since when it is asked for.
    pub confirmed_at: Option<UtcTime>,
    /// Recovery codes that are left.
    pub codes_left: i64,
    /// Whether the role must have one.
    pub is_required: bool,
}

/// What an authenticator is given.
pub struct Begun {
    /// As people type it.
    pub secret: String,
    /// As a QR code holds it.
    pub uri: String,
}

/// What is found of a code, once the password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The account has no second factor.
    Unasked,
    /// It has one, and there is no code.
    Missing,
    /// There is no such code, or it was used.
    Wrong,
    /// It was the right one, and is used up.
    Right,
}

/// The own second factor.
pub fn own(read: &mut Read<'_>, permit: &Permit<UseAccount>, app: &App) -> Result<State, Problem> {
    let id = permit.user.id;
    let (confirmed_at, codes_left) = (since(read, id)?, store::codes_left(read.conn, id)?);
    Ok(State { confirmed_at, codes_left, is_required: is_required(app, permit.user.role) })
}

/// Since when an account has a second factor.
pub fn since(read: &mut Read<'_>, user: UserId) -> Result<Option<UtcTime>, Problem> {
    Ok(store::find(read.conn, user)?.and_then(|row| row.confirmed_at))
}

/// Makes a secret for the caller's authenticator, in the place of one that was not confirmed.
pub async fn begin(call: &Call, permit: Permit<UseAccount>, password: Password) -> Result<Begun, Problem> {
    let id = permit.user.id;
    call.read(move |read| since(read, id)?.map_or(Ok(()), |_| Err(Problem::new(Code::Duplicate)))).await?;
    let app = call.app.clone();
    with_proof(call, id, (PASSWORD, Shown { password, code: None }), move |tx, _| {
        let before = state(tx, id)?;
        let random = app.ids().secret();
        let secret = random.first_chunk::<{ model::SECRET_BYTES }>().ok_or_else(|| Problem::internal("no secret"))?;
        let sealed = app.vault().seal(app.ids(), &context(id), secret)?;
        store::remove(tx.conn, id)?;
        let row = Row { user_id: id, secret: sealed, confirmed_at: None, last_step: 0, misses: 0, created_at: tx.now };
        store::insert(tx.conn, &row)?;
        record(tx, "second_factor.begun", id, before)?;
        let (site, account) = (site::present(&mut tx.reading())?, found(&mut tx.reading(), id)?);
        let spelled = model::spelled(secret)?;
        Ok(Begun { uri: model::uri(&site.name, account.email.as_str(), &spelled), secret: spelled })
    })
    .await
}

/// Asks for the second factor from here on, whose codes the caller can show. All other sessions were opened without, so they end.
pub async fn confirm(call: &Call, permit: Permit<UseAccount>, code: &str) -> Result<Vec<String>, Problem> {
    let (id, session, app) = (permit.user.id, permit.user.session, call.app.clone());
    let account = call.read(move |read| found(read, id)).await?;
    let given = Given::parse(code);
    let confirmed = call.write(move |tx| {
        // A sign-in without waits here, and ends with the others.
        super::store::hold_active(tx.conn, id)?;
        let present = store::find(tx.conn, id)?.ok_or_else(nothing)?;
        if present.confirmed_at.is_some() {
            return Err(Problem::new(Code::Duplicate));
        }
        let before = state(tx, id)?;
        match given {
            Some(Given::Timed(digits)) if take(tx, &app, &present, &digits)? => {}
            _ => return Err(Problem::field("/code", Fault::WrongCode)),
        }
        let codes = make_codes(tx, &app, id)?;
        record(tx, "second_factor.confirmed", id, before)?;
        prove_session(tx, session, Some(true))?;
        end_all(tx, id, Some(session))?;
        Ok(codes)
    });
    call.attempt(account.email.as_str(), confirmed).await
}

/// Makes new recovery codes for the caller; those before are good for nothing any more.
pub async fn renew_codes(call: &Call, permit: Permit<UseAccount>, shown: Shown) -> Result<Vec<String>, Problem> {
    let (id, app) = (permit.user.id, call.app.clone());
    with_proof(call, id, (PASSWORD, shown), move |tx, has_factor| {
        if !has_factor {
            return Err(nothing());
        }
        let before = state(tx, id)?;
        let codes = make_codes(tx, &app, id)?;
        record(tx, "second_factor.codes_renewed", id, before)?;
        Ok(codes)
    })
    .await
}

/// Takes the caller's second factor away, where the role may do without. The other sessions end, and this one is not strong any more.
pub async fn remove(call: &Call, permit: Permit<UseAccount>, shown: Shown) -> Result<(), Problem> {
    if is_required(&call.app, permit.user.role) {
        return Err(Problem::new(Code::SecondFactorRequired));
    }
    let (id, session) = (permit.user.id, permit.user.session);
    with_proof(call, id, (PASSWORD, shown), move |tx, has_factor| {
        if !has_factor {
            return Err(nothing());
        }
        take_away(tx, id)?;
        prove_session(tx, session, Some(false))?;
        end_all(tx, id, Some(session))
    })
    .await
}

/// Takes away the second factor of somebody who has lost it, and ends their sessions.
pub fn forget_of(tx: &mut Tx<'_>, _: &Permit<GrantAccess>, user: UserId) -> Result<(), Problem> {
    forget(tx, user)
}

/// The same, for the operator.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    // The account before what it has, as at the sign-in.
    super::store::hold_active(tx.conn, user)?;
    take_away(tx, user)?;
    end_all(tx, user, None)
}

/// Takes away what an account that is erased leaves behind here.
pub(super) fn erase(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    store::remove(tx.conn, user)?;
    Ok(())
}

/// Looks at the code that came with a right password, and uses it up. A wrong one is counted, so the transaction is to be kept also
/// when it is refused.
pub(super) fn check(tx: &mut Tx<'_>, app: &App, user: UserId, code: Option<&str>) -> Result<Verdict, Problem> {
    let Some(present) = store::find(tx.conn, user)?.filter(|row| row.confirmed_at.is_some()) else {
        return Ok(Verdict::Unasked);
    };
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else { return Ok(Verdict::Missing) };
    let is_right = match Given::parse(code) {
        Some(Given::Timed(digits)) => present.misses < MISSES_MAX && take(tx, app, &present, &digits)?,
        Some(Given::Recovery(code)) => spend(tx, user, &code)?,
        None => false,
    };
    if is_right {
        return Ok(Verdict::Right);
    }
    store::miss(tx.conn, user)?;
    tx.record(Change::newsroom("second_factor.refused", user, json!({})));
    Ok(Verdict::Wrong)
}

/// Takes six digits, if they belong to a step after the last one.
fn take(tx: &mut Tx<'_>, app: &App, present: &Row, digits: &str) -> Result<bool, Problem> {
    let opened = app.vault().open(&context(present.user_id), &present.secret);
    let secret = opened.ok_or_else(|| Problem::internal("a second factor was sealed with another signing secret"))?;
    let Some(step) = model::step_of(&secret, digits, tx.now)? else { return Ok(false) };
    Ok(store::take_step(tx.conn, present, step, tx.now)?)
}

fn spend(tx: &mut Tx<'_>, user: UserId, code: &str) -> Result<bool, Problem> {
    let before = state(tx, user)?;
    let is_spent = store::spend(tx.conn, user, &model::recovery_hash(code))?;
    if is_spent {
        record(tx, "second_factor.code_spent", user, before)?;
    }
    Ok(is_spent)
}

fn make_codes(tx: &mut Tx<'_>, app: &App, user: UserId) -> Result<Vec<String>, Problem> {
    let codes: Vec<String> = (0..CODES).map(|_| model::recovery_code(app.ids().secret())).collect();
    let hashes = codes.iter().map(|code| model::recovery_hash(&code.replace('-', ""))).collect();
    store::replace_codes(tx.conn, user, hashes)?;
    Ok(codes)
}

fn take_away(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    let before = state(tx, user)?;
    if !store::remove(tx.conn, user)? {
        return Err(Problem::not_found());
    }
    record(tx, "second_factor.removed", user, before)
}

/// There is no second factor to do this with.
fn nothing() -> Problem {
    Problem::new(Code::IllegalTransition).with("state", "off").with("allowed", json!(["begin"]))
}

fn is_required(app: &App, role: Role) -> bool {
    app.config().auth.asks_factor_of(role)
}

/// The place in which a secret was sealed.
fn context(user: UserId) -> String {
    format!("second factor {user}")
}

/// The fingerprint of what is kept of a second factor. No part of it comes from its secret; recovery codes are in it as
/// hashes, which give none of them away, so that new ones are told from old ones.
fn state(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Vec<u8>>, Problem> {
    let Some(row) = store::find(tx.conn, user)? else { return Ok(None) };
    let codes = store::code_hashes(tx.conn, user)?;
    fingerprint(&(user, row.confirmed_at, row.created_at, codes)).map(Some)
}

/// Notes how a second factor looked, and how it looks now.
fn record(tx: &mut Tx<'_>, topic: &'static str, user: UserId, before: Option<Vec<u8>>) -> Result<(), Problem> {
    let after = state(tx, user)?;
    tx.restate(user, before, after);
    tx.record(Change::newsroom(topic, user, json!({})));
    Ok(())
}

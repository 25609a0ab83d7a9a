//! Proving who one is. Hashing takes tens of milliseconds, so it happens before the transaction; the
//! transaction then holds the account as it was when its password was checked.

use serde_json::json;

use super::dto::UserIn;
use super::factors::{self, Verdict};
use super::letters::{self, About};
use super::model::{Account, Email, Password};
use super::{addresses, change, codes, found, invitations, restate, shut_out, store};
use crate::app::{App, Read, Tx};
use crate::auth::actions::UseAccount;
use crate::auth::{
    Grant, PasswordHash, Permit, Role, blank_sessions, is_refresh_token, leave_homes, open_session, refresh,
    revoke_all, settle, succeed_session,
};
use crate::db::replies;
use crate::events::Change;
use crate::fault::Fault;
use crate::http::Call;
use crate::ids::UserId;
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

/// Where a form has the password, and where one has that which is changed.
pub(super) const PASSWORD: &str = "/password";
pub(super) const CURRENT: &str = "/currentPassword";

/// What a sign-in or a refresh gives.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Good for minutes, with every request.
    pub access_token: String,
    /// Good once, for the next pair.
    pub refresh_token: String,
    /// Who it is.
    pub account: Account,
}

/// The hash of a password with a salt of its own.
pub async fn hash(app: &App, password: Password) -> Result<PasswordHash, Problem> {
    Ok(app.hasher().hash(password.expose(), app.ids().secret()).await?)
}

/// What somebody shows at the door.
pub struct Shown {
    /// The password.
    pub password: Password,
    /// A code of the second factor, where there is one.
    pub code: Option<String>,
}

/// Opens a session. An unknown address, a wrong password and an inactive account answer the same, as late; whether there is a
/// second factor is looked at once the password was right. A wrong code counts as a wrong password does, to be asked for one is no
/// guess, and nobody is at home before both were right.
pub async fn sign_in(call: &Call, email: &str, shown: Shown, agent: Option<String>) -> Result<SignedIn, Problem> {
    let email = Email::parse(email).ok();
    // All that is no address is one name: nobody is behind it.
    let name = email.as_ref().map_or_else(String::new, |email| email.as_str().to_owned());
    let place = call.place(&name);
    let signed_in = call.attempt(&name, enter(call, email, shown, (agent, place))).await?;
    call.welcome(&name);
    Ok(signed_in)
}

async fn enter(
    call: &Call,
    email: Option<Email>,
    Shown { password, code }: Shown,
    (agent, place): (Option<String>, [u8; 16]),
) -> Result<SignedIn, Problem> {
    let known = match email {
        Some(email) => {
            let known =
                move |read: &mut Read<'_>| Ok(store::credentials(read.conn, &addresses::mark(read.vault, &email)?)?);
            call.read(known).await?
        }
        None => None,
    };
    let refuse = || Problem::new(Code::BadCredentials);
    let is_long = password.is_long_enough(Role::Admin);
    let fits = fits(call, password, known.as_ref().map(|known| known.hash.clone()), refuse()).await;
    if let (Err(problem), Some(known)) = (&fits, &known) {
        call.note_wrong_password(known.id, problem);
    }
    fits?;
    let known = known.ok_or_else(refuse)?;
    let app = call.app.clone();
    let entered = call.write(move |tx| {
        store::hold(tx.conn, known.id, &known.hash)?.ok_or_else(refuse)?;
        check_length(tx, known.id, is_long)?;
        let is_strong = match factors::check(tx, &app, known.id, code.as_deref())? {
            Verdict::Unasked => false,
            Verdict::Right => true,
            Verdict::Missing => return Ok(Err(Problem::new(Code::CodeRequired))),
            Verdict::Wrong => return Ok(Err(Problem::new(Code::BadCode))),
        };
        settle(tx, &place, known.id)?;
        let grant = open_session(tx, &app, (known.id, tx.now), agent.as_deref(), is_strong)?;
        signed_in(tx, &app, grant).map(Ok)
    });
    entered.await?
}

/// Looks at what somebody wants to have as a password, a few at a time: what takes long keeps nobody else waiting.
pub async fn judged<T, E>(app: &App, check: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    app.hasher().run(check).await?.map_err(Into::into)
}

/// The same, of another password for an account, which stands somewhere in a form.
pub async fn chosen(app: &App, text: &str, account: &Account, at: &'static str) -> Result<Password, Problem> {
    let (text, account) = (text.to_owned(), account.clone());
    judged(app, move || {
        let personal = [account.email.as_str(), &account.name];
        Password::chosen(&text, account.role, personal).map_err(|fault| Problem::field(at, fault))
    })
    .await
}

/// Whether a password is the one that was hashed.
async fn fits(call: &Call, password: Password, hash: Option<PasswordHash>, refusal: Problem) -> Result<(), Problem> {
    if call.app.hasher().verify(password.expose(), hash).await? { Ok(()) } else { Err(refusal) }
}

/// Refuses a right password that is too short for staff where its holder was a reader when they chose it and works here now. That
/// is found out before a code is looked at, which would be used up for nothing.
fn check_length(tx: &mut Tx<'_>, id: UserId, is_long: bool) -> Result<(), Problem> {
    if is_long || found(&mut tx.reading(), id)?.role == Role::Reader {
        return Ok(());
    }
    Err(Problem::new(Code::PasswordTooShort))
}

/// Does what its caller proves their right to once more: with the password, which stands somewhere in a form, and with a code where
/// the account has a second factor, which the work is told. A wrong code counts, though nothing else is done.
pub(super) async fn with_proof<T, F>(
    call: &Call,
    id: UserId,
    (at, Shown { password, code }): (&'static str, Shown),
    work: F,
) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&mut Tx<'_>, bool) -> Result<T, Problem> + Send + 'static,
{
    let (account, hash) = call.read(move |read| Ok((found(read, id)?, store::password_hash(read.conn, id)?))).await?;
    let (name, app, is_long) = (account.email.as_str(), call.app.clone(), password.is_long_enough(Role::Admin));
    let wrong = move || Problem::field(at, Fault::WrongPassword);
    let proved = async {
        fits(call, password, Some(hash.clone()), wrong()).await?;
        let done = call.write(move |tx| {
            store::hold(tx.conn, id, &hash)?.ok_or_else(wrong)?;
            check_length(tx, id, is_long)?;
            match factors::check(tx, &app, id, code.as_deref())? {
                Verdict::Unasked => work(tx, false).map(Ok),
                Verdict::Right => work(tx, true).map(Ok),
                Verdict::Missing => Ok(Err(Problem::field("/code", Fault::Required))),
                Verdict::Wrong => Ok(Err(Problem::field("/code", Fault::WrongCode))),
            }
        });
        done.await?
    };
    call.attempt(name, proved).await
}

/// Trades a refresh token for the next pair. One that was used before ends its session, which is committed
/// although the answer is a refusal.
pub async fn sign_in_again(call: &Call, refresh_token: String) -> Result<SignedIn, Problem> {
    let (app, token) = (call.app.clone(), refresh_token.clone());
    // What nobody has costs no turn of the writer.
    if !call.app.read(move |read| is_refresh_token(read, &token)).await? {
        return Err(Problem::new(Code::Unauthenticated));
    }
    let traded = call
        .write(move |tx| refresh(tx, &app, &refresh_token)?.map(|grant| signed_in(tx, &app, grant)).transpose())
        .await?;
    traded.ok_or_else(|| Problem::new(Code::Unauthenticated))
}

/// Opens a session for somebody whom a provider knows, and who proved there at an instant who they are. An account that is not
/// active is refused as at the sign-in.
pub fn admit(
    tx: &mut Tx<'_>,
    app: &App,
    (id, proved_at): (UserId, UtcTime),
    agent: Option<&str>,
) -> Result<SignedIn, Problem> {
    hold_active(tx, id)?;
    let grant = open_session(tx, app, (id, proved_at), agent, true)?;
    signed_in(tx, app, grant)
}

/// Gives an active account the role that its provider says, without what went with another one.
pub fn follow(tx: &mut Tx<'_>, id: UserId, role: Role) -> Result<(), Problem> {
    hold_active(tx, id)?;
    let present = found(&mut tx.reading(), id)?;
    if present.role != role {
        let form = UserIn { role, may_kill: false, ..UserIn::from(&present) };
        change(tx, &present, form)?;
    }
    Ok(())
}

/// Whether somebody can sign in with a password.
pub fn has_password(read: &mut Read<'_>, id: UserId) -> Result<bool, Problem> {
    Ok(!store::password_hash(read.conn, id)?.is_nobodys())
}

fn hold_active(tx: &mut Tx<'_>, id: UserId) -> Result<(), Problem> {
    if store::hold_active(tx.conn, id)? { Ok(()) } else { Err(Problem::new(Code::BadCredentials)) }
}

/// Changes the caller's own password, and ends all of their sessions; they go on in another one.
pub async fn change_password(
    call: &Call,
    permit: Permit<UseAccount>,
    current: Password,
    next: &str,
) -> Result<SignedIn, Problem> {
    let (id, is_long) = (permit.user.id, current.is_long_enough(Role::Admin));
    let (account, present) =
        call.read(move |read| Ok((found(read, id)?, store::password_hash(read.conn, id)?))).await?;
    prove(call, id, current, &present).await?;
    let next = chosen(&call.app, next, &account, "/newPassword").await?;
    let next = hash(&call.app, next).await?;
    let (app, lang) = (call.app.clone(), call.lang());
    call.write(move |tx| {
        let version = store::hold(tx.conn, id, &present)?.ok_or_else(wrong)?;
        check_length(tx, id, is_long)?;
        let before = found(&mut tx.reading(), id)?;
        let here = succeed_session(tx, &app, permit.user.session)?;
        store::set_password(tx.conn, id, version, &next, tx.now)?;
        let account = found(&mut tx.reading(), id)?;
        restate(tx, Some(&before), &account)?;
        revoke_all(tx, id, Some(here.session))?;
        tx.record(Change::newsroom("user.password_changed", id, json!({})));
        letters::queue(tx, &app, lang, About::PasswordChanged(account.email.as_str().into()))?;
        signed_in(tx, &app, here)
    })
    .await
}

/// Proves that a reader who wants to be forgotten is who they are; what the password was found to fit.
pub async fn prove_reader(
    call: &Call,
    permit: &Permit<UseAccount>,
    current: Password,
) -> Result<PasswordHash, Problem> {
    let id = permit.user.id;
    check_reader(permit.user.role)?;
    let present = call.read(move |read| Ok(store::password_hash(read.conn, id)?)).await?;
    prove(call, id, current, &present).await?;
    Ok(present)
}

/// Refuses a password that is not that of who calls: whoever found an open device must not be able to try many.
async fn prove(call: &Call, id: UserId, password: Password, hash: &PasswordHash) -> Result<(), Problem> {
    let account = call.read(move |read| found(read, id)).await?;
    call.attempt(account.email.as_str(), fits(call, password, Some(hash.clone()), wrong())).await
}

/// Takes out of an account whose it was, if it still is as it was proved, and ends its sessions. Its id stays, for those
/// who refer to it.
pub fn erase(tx: &mut Tx<'_>, id: UserId, proof: &PasswordHash) -> Result<(), Problem> {
    let version = store::hold(tx.conn, id, proof)?.ok_or_else(wrong)?;
    let before = found(&mut tx.reading(), id)?;
    check_reader(before.role)?;
    store::erase(tx.conn, id, version, tx.now)?;
    store::forget_unsealed(tx.conn, &[id])?;
    let account = found(&mut tx.reading(), id)?;
    restate(tx, Some(&before), &account)?;
    shut_out(tx, id)?;
    blank_sessions(tx, id)?;
    leave_homes(tx, id)?;
    codes::forget_all(tx, id)?;
    codes::forget_of(tx, &before.email)?;
    invitations::blank(tx, id)?;
    factors::erase(tx, id)?;
    replies::forget_about(tx.conn, &[id])?;
    tx.record(Change::newsroom("user.erased", id, json!({})));
    Ok(())
}

fn wrong() -> Problem {
    Problem::field(CURRENT, Fault::WrongPassword)
}

fn check_reader(role: Role) -> Result<(), Problem> {
    if role == Role::Reader { Ok(()) } else { Err(Problem::new(Code::StaffAccount)) }
}

fn signed_in(tx: &mut Tx<'_>, app: &App, grant: Grant) -> Result<SignedIn, Problem> {
    let Grant { user, session, refresh_token } = grant;
    let access_token = app.tokens().sign(user, session, tx.now)?;
    Ok(SignedIn { access_token, refresh_token, account: found(&mut tx.reading(), user)? })
}

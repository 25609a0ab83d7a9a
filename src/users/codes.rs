//! Codes that people get by mail: whoever has one reads the mail of an address. A code works once and for a while; only its hash
//! is kept, and of each purpose an account has one at the most, as has an address with which one is to be made.

use std::time::Duration;

use super::model::Email;
use super::{addresses, store};
use crate::app::{App, Read, Tx};
use crate::auth::Vault;
use crate::fault::Fault;
use crate::ids::{UserId, token_hash};
use crate::problem::Problem;
use crate::text_enum;
use crate::time::UtcTime;

/// For how long a code is good.
const GOOD: Duration = Duration::from_secs(3_600);

text_enum! {
    /// What a code is for.
    #[schema(example = "reset")]
    pub enum Purpose {
        /// Another password, for who does not know the present one.
        Reset = "reset",
        /// Another address.
        Email = "email",
    }
}

/// Whose a code is.
pub(super) struct Held {
    /// The account.
    pub user: UserId,
    /// The address that it is to have.
    pub address: Option<Email>,
}

/// A code for an account, in place of the one of this purpose that it had.
pub(super) fn issue(
    tx: &mut Tx<'_>,
    app: &App,
    (user, purpose): (UserId, Purpose),
    address: Option<&Email>,
) -> Result<String, Problem> {
    let code = app.ids().token();
    let seal = |email: &Email| app.vault().seal(app.ids(), &context(user), email.as_str().as_bytes());
    let sealed = address.map(seal).transpose()?;
    store::delete_code(tx.conn, user, purpose)?;
    store::insert_code(tx.conn, (user, purpose, &token_hash(&code)), sealed.as_deref(), tx.now, expiry(tx.now))?;
    Ok(code)
}

/// When the code that an account has was made.
pub(super) fn issued_at(read: &mut Read<'_>, user: UserId, purpose: Purpose) -> Result<Option<UtcTime>, Problem> {
    Ok(store::code_made_at(read.conn, user, purpose)?)
}

/// Whose a code is, if it is good.
pub(super) fn holder(read: &mut Read<'_>, code: &str, purpose: Purpose) -> Result<UserId, Problem> {
    store::code_holder(read.conn, &token_hash(code), purpose, read.now)?.ok_or_else(wrong)
}

/// Uses a code up; whose it was, if it was good and they are active. The account is locked first, as by whatever changes it and
/// ends its codes, so that no two wait for each other.
pub(super) fn spend(tx: &mut Tx<'_>, app: &App, code: &str, purpose: Purpose) -> Result<Held, Problem> {
    let holder = holder(&mut tx.reading(), code, purpose)?;
    if !store::hold_active(tx.conn, holder)? {
        return Err(wrong());
    }
    let (user, sealed) = store::spend_code(tx.conn, &token_hash(code), purpose, tx.now)?.ok_or_else(wrong)?;
    // What was sealed with a secret that is forgotten is no good any more.
    let opened = |sealed: Vec<u8>| {
        let plain = app.vault().open(&context(user), &sealed).and_then(|plain| String::from_utf8(plain).ok());
        plain.map(Email::kept).ok_or_else(wrong)
    };
    Ok(Held { user, address: sealed.map(opened).transpose()? })
}

/// A code for an address that is to have an account, in place of the one that it had, or another one that differs in its tag.
pub(super) fn issue_to(tx: &mut Tx<'_>, app: &App, email: &Email) -> Result<String, Problem> {
    let (code, mark) = (app.ids().token(), place_of(tx.vault, email)?);
    store::put_address_code(tx.conn, (&mark, &hash_for(email, &code)), tx.now, expiry(tx.now))?;
    Ok(code)
}

/// When that code was made.
pub(super) fn issued_to_at(read: &mut Read<'_>, email: &Email) -> Result<Option<UtcTime>, Problem> {
    Ok(store::address_code_made_at(read.conn, &place_of(read.vault, email)?)?)
}

/// Uses the code of an address up, if it is good.
pub(super) fn spend_of(tx: &mut Tx<'_>, email: &Email, code: &str) -> Result<(), Problem> {
    let mark = place_of(tx.vault, email)?;
    if store::end_address_code(tx.conn, (&mark, &hash_for(email, code)), tx.now)? { Ok(()) } else { Err(wrong()) }
}

/// Forgets the code of an address.
pub(super) fn forget_of(tx: &mut Tx<'_>, email: &Email) -> Result<(), Problem> {
    let mark = place_of(tx.vault, email)?;
    store::delete_address_code(tx.conn, &mark)?;
    Ok(())
}

/// Forgets the codes of addresses that were made long ago, some at a time.
pub fn forget(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget_address_codes(tx.conn, tx.now.before(GOOD), limit)?)
}

/// Ends every code of an account. When they were made is still known, so that no change of the account has another letter written
/// at once.
pub(super) fn end_all(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    store::end_codes(tx.conn, user, tx.now)?;
    Ok(())
}

/// Forgets every code of an account.
pub(super) fn forget_all(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    store::delete_codes(tx.conn, user)?;
    Ok(())
}

/// The refusal of a code, which does not tell why it is not good.
pub(super) fn wrong() -> Problem {
    Problem::field("/code", Fault::WrongCode)
}

/// What the code of an address is found by: all that differ in their tags have one, so that nobody fills a mailbox by them.
fn place_of(vault: &Vault, email: &Email) -> Result<Vec<u8>, Problem> {
    addresses::mark(vault, &email.of_any_tag())
}

/// The hash of a code that is good for one address.
fn hash_for(email: &Email, code: &str) -> Vec<u8> {
    token_hash(&format!("{code} {}", email.as_str()))
}

fn expiry(now: UtcTime) -> UtcTime {
    now.after(GOOD)
}

fn context(user: UserId) -> String {
    format!("account_code {user}")
}

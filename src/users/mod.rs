//! Accounts: who people are, how they prove it, and which role they have. Sessions and tokens are `auth`'s
//! work; what a role may do is on the policy page there. No view, event or log line holds a password or its hash.

mod addresses;
pub mod codes;
pub mod dto;
pub mod factors;
pub mod http;
pub mod invitations;
pub mod letters;
pub mod model;
mod recovery;
mod registration;
pub mod sessions;
mod sign_in;
mod store;

use serde_json::json;

use self::dto::{ProfileIn, UserEvent, UserIn};
use self::model::{Account, Email, NewAccount};
use crate::app::{Read, Tx};
use crate::auth::actions::{GrantAccess, ManageUsers, UseAccount};
use crate::auth::{PasswordHash, Permit, Role, revoke_all, revoke_keys};
use crate::db::dialect::{self, Door};
use crate::db::page::{PageRequest, Slice};
use crate::db::violates;
use crate::events::{Change, Kind, fingerprint};
use crate::fault::{Fault, Faults};
use crate::http::{Expected, Patch};
use crate::ids::{RecordId, UserId};
use crate::problem::{Code, Problem};
use crate::records;

pub use addresses::{forget_sealed, seal_all as seal_addresses};
pub use recovery::{ask_for_email, ask_for_reset, confirm_email, reset};
pub use registration::{Proof, ask_to_register, check_registration, register};
pub use sign_in::{
    Shown, SignedIn, admit, change_password, chosen, erase, follow, has_password, hash, judged, prove_reader, sign_in,
    sign_in_again,
};

/// What happens to accounts.
pub const EVENTS: &[Kind] = &[
    Kind::of::<UserEvent>(
        "user.created",
        "There is an account: an administrator made it, or who was invited, or a first sign-in at the provider.",
    ),
    Kind::of::<UserEvent>("user.registered", "A reader made an account."),
    Kind::of::<UserEvent>("user.updated", "An account was changed."),
    Kind::of::<UserEvent>("user.password_changed", "Somebody chose another password."),
    Kind::of::<UserEvent>("user.erased", "A reader had everything about them taken out."),
    Kind::of::<UserEvent>(
        "user.password_reset",
        "Somebody has another password: by a code, an administrator or the operator.",
    ),
    Kind::of::<UserEvent>("user.reset_posted", "A letter with a code for another password was written."),
    Kind::of::<UserEvent>("user.email_changed", "An account has another address."),
];

/// Makes an account. For those who hold the right already: the operator, the demonstration, and [`add`].
pub fn create(tx: &mut Tx<'_>, account: NewAccount, hash: &PasswordHash) -> Result<Account, Problem> {
    let account = insert(tx, account, hash)?;
    restate(tx, None, &account)?;
    tx.record(Change::newsroom("user.created", account.id, json!({ "role": account.role })));
    Ok(account)
}

/// Makes an account for somebody else.
pub fn add(
    tx: &mut Tx<'_>,
    _: &Permit<GrantAccess>,
    account: NewAccount,
    hash: &PasswordHash,
) -> Result<Account, Problem> {
    create(tx, account, hash)
}

/// The caller's own account.
pub fn own(read: &mut Read<'_>, permit: &Permit<UseAccount>) -> Result<Account, Problem> {
    found(read, permit.user.id)
}

/// Changes the caller's own name.
pub fn rename(tx: &mut Tx<'_>, permit: &Permit<UseAccount>, patch: &Patch<ProfileIn>) -> Result<Account, Problem> {
    let id = permit.user.id;
    let present = found(&mut tx.reading(), id)?;
    let ProfileIn { name } = patch.apply(&ProfileIn { name: present.name.clone() })?.checked()?;
    store::rename(tx.conn, id, &name, tx.now)?;
    let account = found(&mut tx.reading(), id)?;
    restate(tx, Some(&present), &account)?;
    tx.record(Change::newsroom("user.updated", id, json!({})));
    Ok(account)
}

/// One account, for administrators.
pub fn read(read: &mut Read<'_>, _: &Permit<ManageUsers>, id: UserId) -> Result<Account, Problem> {
    found(read, id)
}

/// A page of accounts, the newest first: of every role when none is named, with a second factor, without, or either.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ManageUsers>,
    wanted: (&[Role], Option<bool>),
    page: &PageRequest,
) -> Result<Slice<Account>, Problem> {
    Ok(store::list(read.conn, read.vault, wanted, page)?)
}

/// Changes somebody's name, role or access, if the account is still as the caller saw it.
pub fn update(
    tx: &mut Tx<'_>,
    _: &Permit<GrantAccess>,
    id: UserId,
    expected: &Expected,
    patch: &Patch<UserIn>,
) -> Result<Account, Problem> {
    let present = found(&mut tx.reading(), id)?;
    expected.check(present.version)?;
    let form = patch.apply(&UserIn::from(&present))?.checked()?;
    change(tx, &present, form)
}

/// Gives somebody another password, and ends all of their sessions.
pub fn reset_password(
    tx: &mut Tx<'_>,
    _: &Permit<GrantAccess>,
    id: UserId,
    expected: &Expected,
    hash: &PasswordHash,
) -> Result<Account, Problem> {
    let present = found(&mut tx.reading(), id)?;
    expected.check(present.version)?;
    replace_password(tx, &present, hash)?;
    found(&mut tx.reading(), id)
}

/// Gives an account another role, for the operator.
pub fn set_role(tx: &mut Tx<'_>, email: &Email, role: Role) -> Result<Account, Problem> {
    let present = by_email(&mut tx.reading(), email)?;
    let form = UserIn { role, ..UserIn::from(&present) };
    change(tx, &present, form)
}

/// Gives an account another password and ends its sessions, for the operator.
pub fn set_password(tx: &mut Tx<'_>, email: &Email, hash: &PasswordHash) -> Result<(), Problem> {
    let present = by_email(&mut tx.reading(), email)?;
    replace_password(tx, &present, hash)
}

/// The account with an address, for the operator.
pub fn by_email(read: &mut Read<'_>, email: &Email) -> Result<Account, Problem> {
    find_by_email(read, email)?.ok_or_else(Problem::not_found)
}

/// A page of all accounts, the newest first, for the operator.
pub fn everyone(read: &mut Read<'_>, page: &PageRequest) -> Result<Slice<Account>, Problem> {
    Ok(store::list(read.conn, read.vault, (&[], None), page)?)
}

/// Deactivates some of the active accounts whose holders can't sign in any more, since nobody is found by an address; how many. Whom
/// a provider knows still can.
fn deactivate_some(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    let active = store::active_by_address(tx.conn, tx.vault, limit)?;
    let ids: Vec<UserId> = active.iter().map(|account| account.id).collect();
    store::deactivate(tx.conn, &ids, tx.now)?;
    for before in &active {
        let after = Account { is_active: false, version: before.version + 1, updated_at: tx.now, ..before.clone() };
        restate(tx, Some(before), &after)?;
        shut_out(tx, after.id)?;
        tx.record(Change::newsroom("user.updated", after.id, grant(&after)));
    }
    Ok(active.len())
}

/// What those who work here are called, for checks of who others say they are.
pub fn staff_names(read: &mut Read<'_>) -> Result<Vec<String>, Problem> {
    Ok(store::staff_names(read.conn)?)
}

/// How many active administrators there are.
pub fn count_admins(read: &mut Read<'_>) -> Result<i64, Problem> {
    Ok(store::count_admins(read.conn)?)
}

fn found(read: &mut Read<'_>, id: UserId) -> Result<Account, Problem> {
    store::find(read.conn, read.vault, id)?.ok_or_else(Problem::not_found)
}

fn find_by_email(read: &mut Read<'_>, email: &Email) -> Result<Option<Account>, Problem> {
    Ok(store::find_by_mark(read.conn, read.vault, &addresses::mark(read.vault, email)?)?)
}

/// Notes how an account looked, and how it looks now. No part of it comes from a password, but each changes the version. Codes
/// that were posted to who held it as it looked are good for nothing any more.
fn restate(tx: &mut Tx<'_>, before: Option<&Account>, after: &Account) -> Result<(), Problem> {
    let state = |account: &Account| {
        let Account { id, email, name, role, is_active, sections, may_kill, version, created_at, updated_at } = account;
        let grants = (role, is_active, sections, may_kill);
        fingerprint(&(id, email.as_str(), name, grants, version, created_at, updated_at))
    };
    if before.is_some() {
        codes::end_all(tx, after.id)?;
    }
    let (before, now) = (before.map(state).transpose()?, state(after)?);
    tx.restate(after.id, before, Some(now));
    Ok(())
}

fn insert(tx: &mut Tx<'_>, account: NewAccount, hash: &PasswordHash) -> Result<Account, Problem> {
    insert_with(tx, account, hash, (Vec::new(), false))
}

/// Makes a row of an account that has these grants.
fn insert_with(
    tx: &mut Tx<'_>,
    account: NewAccount,
    hash: &PasswordHash,
    (sections, may_kill): (Vec<RecordId>, bool),
) -> Result<Account, Problem> {
    let NewAccount { email, name, role } = account;
    let (id, now) = (tx.next_id(), tx.now);
    let account = Account {
        id,
        email,
        name,
        role,
        is_active: true,
        sections,
        may_kill,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let address = addresses::kept(tx, id, &account.email)?;
    store::insert(tx.conn, &account, &address, hash).map_err(|error| {
        if violates(&error, "users", "email_mark") { Problem::field("/email", Fault::Taken) } else { error.into() }
    })?;
    Ok(account)
}

fn change(tx: &mut Tx<'_>, present: &Account, form: UserIn) -> Result<Account, Problem> {
    let UserIn { name, role, is_active, section_ids, may_kill } = form;
    check_sections(tx, &section_ids, &present.sections)?;
    let had_charge = present.is_admin();
    let (version, updated_at, sections) = (present.version + 1, tx.now, section_ids);
    let account = Account { name, role, is_active, sections, may_kill, version, updated_at, ..present.clone() };
    if store::update(tx.conn, &account, present.version)? == 0 {
        return Err(Problem::stale(found(&mut tx.reading(), account.id)?.version));
    }
    restate(tx, Some(present), &account)?;
    if !is_active {
        shut_out(tx, account.id)?;
    }
    tx.record(Change::newsroom("user.updated", account.id, grant(&account)));
    if had_charge && !account.is_admin() {
        check_admins(tx)?;
    }
    Ok(account)
}

/// What an account may do, for the event log.
fn grant(account: &Account) -> serde_json::Value {
    let Account { role, is_active, sections, may_kill, .. } = account;
    json!({ "role": role, "isActive": is_active, "sectionIds": sections, "mayKill": may_kill })
}

/// Ends all that opens an account beside its password and its codes: sessions and keys.
fn shut_out(tx: &mut Tx<'_>, id: UserId) -> Result<(), Problem> {
    revoke_all(tx, id, None)?;
    revoke_keys(tx, id)
}

/// Refuses sections that there are not, but for those that were there before: one that was deleted since stands in the way of nothing
/// else that is to be changed.
fn check_sections(tx: &mut Tx<'_>, ids: &[RecordId], present: &[RecordId]) -> Result<(), Problem> {
    let known = records::references(&mut tx.reading(), ids)?;
    let mut faults = Faults::new();
    for (n, id) in ids.iter().enumerate() {
        let is_section = known.get(id).is_some_and(|reference| reference.kind == records::Kind::Section);
        if !is_section && !present.contains(id) {
            faults.add(format!("/sectionIds/{n}"), Fault::NotFound);
        }
    }
    faults.finish(Some(())).map_err(Problem::from)
}

/// Refuses a change that has left no administrator. Two of them who demote each other at once take turns here,
/// each with its change made, so that the second one counts what the first has committed.
fn check_admins(tx: &mut Tx<'_>) -> Result<(), Problem> {
    dialect::take_turns(tx.conn, Door::Admins)?;
    if store::count_admins(tx.conn)? == 0 { Err(Problem::new(Code::LastAdmin)) } else { Ok(()) }
}

fn replace_password(tx: &mut Tx<'_>, present: &Account, hash: &PasswordHash) -> Result<(), Problem> {
    if store::set_password(tx.conn, present.id, present.version, hash, tx.now)? == 0 {
        return Err(Problem::stale(found(&mut tx.reading(), present.id)?.version));
    }
    let account = found(&mut tx.reading(), present.id)?;
    restate(tx, Some(present), &account)?;
    shut_out(tx, present.id)?;
    tx.record(Change::newsroom("user.password_reset", present.id, json!({})));
    Ok(())
}

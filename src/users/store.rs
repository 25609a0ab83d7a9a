//! The only SQL for accounts.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use super::addresses::{self, Kept};
use super::codes::Purpose;
use super::model::Account;
use crate::auth::{PasswordHash, Role, Vault};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{account_codes, address_codes, identities, second_factors, unsealed_addresses, users};
use crate::db::{Conn, one_of};
use crate::ids::{RecordId, UserId};
use crate::keyset;
use crate::time::UtcTime;
use uuid::Uuid;

/// A row of `users` without the password's hash, so that no view can show it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: UserId,
    email_sealed: Option<Vec<u8>>,
    name: String,
    role: Role,
    is_active: bool,
    version: i64,
    created_at: UtcTime,
    updated_at: UtcTime,
    section_ids: String,
    may_kill: bool,
}

impl Row {
    fn opened(self, vault: &Vault) -> Account {
        let Self { id, email_sealed, name, role, is_active, version, created_at, updated_at, section_ids, may_kill } =
            self;
        // What can't be read binds to a section that there is not.
        let sections = serde_json::from_str(&section_ids).unwrap_or_else(|_| vec![RecordId::of(Uuid::nil())]);
        let email = addresses::opened(vault, id, email_sealed.as_deref());
        Account { id, email, name, role, is_active, sections, may_kill, version, created_at, updated_at }
    }
}

/// What the door needs to know of an active account.
pub(super) struct Credentials {
    pub id: UserId,
    pub hash: PasswordHash,
}

pub(super) fn insert(conn: &mut Conn, account: &Account, address: &Kept, hash: &PasswordHash) -> QueryResult<usize> {
    let Account { id, email: _, name, role, is_active, sections, may_kill, version, created_at, updated_at } = account;
    diesel::insert_into(users::table)
        .values((
            users::id.eq(id),
            users::email_mark.eq(&address.mark),
            users::email_sealed.eq(&address.sealed),
            users::name.eq(name),
            users::role.eq(role),
            users::password_hash.eq(&hash.0),
            users::is_active.eq(is_active),
            users::version.eq(version),
            users::created_at.eq(created_at),
            users::updated_at.eq(updated_at),
            users::section_ids.eq(listed(sections)),
            users::may_kill.eq(may_kill),
        ))
        .execute(conn)
}

/// Writes what may change over the version that was read; 0 when another change came first.
pub(super) fn update(conn: &mut Conn, account: &Account, present: i64) -> QueryResult<usize> {
    let Account { id, email: _, name, role, is_active, sections, may_kill, version, created_at: _, updated_at } =
        account;
    diesel::update(users::table.find(id).filter(users::version.eq(present)))
        .set((
            users::name.eq(name),
            users::role.eq(role),
            users::is_active.eq(is_active),
            users::version.eq(version),
            users::updated_at.eq(updated_at),
            users::section_ids.eq(listed(sections)),
            users::may_kill.eq(may_kill),
        ))
        .execute(conn)
}

/// Ids as the column keeps them: a JSON list.
fn listed(ids: &[RecordId]) -> String {
    serde_json::json!(ids).to_string()
}

/// The same for the password alone.
pub(super) fn set_password(
    conn: &mut Conn,
    id: UserId,
    present: i64,
    hash: &PasswordHash,
    now: UtcTime,
) -> QueryResult<usize> {
    diesel::update(users::table.find(id).filter(users::version.eq(present)))
        .set((users::password_hash.eq(&hash.0), users::version.eq(present + 1), users::updated_at.eq(now)))
        .execute(conn)
}

/// Blanks an account over the version that was read: nobody can sign in to it, and nothing of it says whose it was.
pub(super) fn erase(conn: &mut Conn, id: UserId, present: i64, now: UtcTime) -> QueryResult<usize> {
    diesel::update(users::table.find(id).filter(users::version.eq(present)))
        .set((
            users::email_mark.eq(None::<Vec<u8>>),
            users::email_sealed.eq(None::<Vec<u8>>),
            users::name.eq(""),
            users::password_hash.eq(""),
            users::is_active.eq(false),
            users::section_ids.eq("[]"),
            users::may_kill.eq(false),
            users::version.eq(present + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)
}

/// Locks an account that is active and still has this password, until the transaction ends; its version.
pub(super) fn hold(conn: &mut Conn, id: UserId, hash: &PasswordHash) -> QueryResult<Option<i64>> {
    let as_it_was = users::table.find(id).filter(users::password_hash.eq(&hash.0).and(users::is_active.eq(true)));
    diesel::update(as_it_was)
        .set(users::version.eq(users::version))
        .returning(users::version)
        .get_result(conn)
        .optional()
}

/// Locks an account until the transaction ends; whether it is active.
pub(super) fn hold_active(conn: &mut Conn, id: UserId) -> QueryResult<bool> {
    let active = users::table.find(id).filter(users::is_active.eq(true));
    Ok(diesel::update(active).set(users::version.eq(users::version)).execute(conn)? == 1)
}

pub(super) fn rename(conn: &mut Conn, id: UserId, name: &str, now: UtcTime) -> QueryResult<usize> {
    diesel::update(users::table.find(id))
        .set((users::name.eq(name), users::version.eq(users::version + 1), users::updated_at.eq(now)))
        .execute(conn)
}

pub(super) fn find(conn: &mut Conn, vault: &Vault, id: UserId) -> QueryResult<Option<Account>> {
    let row = users::table.find(id).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(|row: Row| row.opened(vault)))
}

pub(super) fn find_by_mark(conn: &mut Conn, vault: &Vault, mark: &[u8]) -> QueryResult<Option<Account>> {
    let row = users::table.filter(users::email_mark.eq(mark)).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(|row: Row| row.opened(vault)))
}

/// Some of the accounts that are active and that no provider knows.
pub(super) fn active_by_address(conn: &mut Conn, vault: &Vault, limit: i64) -> QueryResult<Vec<Account>> {
    let linked = identities::table.select(identities::user_id);
    let active = users::table.filter(users::is_active.eq(true)).filter(users::id.ne_all(linked)).order(users::id);
    let rows = active.limit(limit).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|row: Row| row.opened(vault)).collect())
}

/// Shuts accounts.
pub(super) fn deactivate(conn: &mut Conn, ids: &[UserId], now: UtcTime) -> QueryResult<usize> {
    diesel::update(users::table.filter(one_of(users::id, ids)))
        .set((users::is_active.eq(false), users::version.eq(users::version + 1), users::updated_at.eq(now)))
        .execute(conn)
}

/// How an active account is entered, by the mark of its address.
pub(super) fn credentials(conn: &mut Conn, mark: &[u8]) -> QueryResult<Option<Credentials>> {
    let found = users::table
        .filter(users::email_mark.eq(mark).and(users::is_active.eq(true)))
        .select((users::id, users::password_hash))
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, hash)| Credentials { id, hash: PasswordHash(hash) }))
}

pub(super) fn password_hash(conn: &mut Conn, id: UserId) -> QueryResult<PasswordHash> {
    users::table.find(id).select(users::password_hash).first(conn).map(PasswordHash)
}

/// Gives an account another address over the version that was read.
pub(super) fn set_email(conn: &mut Conn, id: UserId, present: i64, address: &Kept, now: UtcTime) -> QueryResult<usize> {
    diesel::update(users::table.find(id).filter(users::version.eq(present)))
        .set((
            users::email_mark.eq(&address.mark),
            users::email_sealed.eq(&address.sealed),
            users::version.eq(present + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)
}

/// Addresses that are kept in clear, with their accounts.
pub(super) fn unsealed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<(UserId, String)>> {
    unsealed_addresses::table.order(unsealed_addresses::user_id).limit(limit).load(conn)
}

/// Keeps an address as it is to be, for an account that has none yet. No version is made of it: nothing of the account has changed.
pub(super) fn seal(conn: &mut Conn, id: UserId, address: &Kept) -> QueryResult<usize> {
    diesel::update(users::table.find(id).filter(users::email_mark.is_null()))
        .set((users::email_mark.eq(&address.mark), users::email_sealed.eq(&address.sealed)))
        .execute(conn)
}

pub(super) fn forget_unsealed(conn: &mut Conn, ids: &[UserId]) -> QueryResult<usize> {
    diesel::delete(unsealed_addresses::table.filter(one_of(unsealed_addresses::user_id, ids))).execute(conn)
}

pub(super) fn insert_code(
    conn: &mut Conn,
    (user, purpose, hash): (UserId, Purpose, &[u8]),
    address: Option<&[u8]>,
    now: UtcTime,
    expires: UtcTime,
) -> QueryResult<usize> {
    diesel::insert_into(account_codes::table)
        .values((
            account_codes::user_id.eq(user),
            account_codes::purpose.eq(purpose),
            account_codes::hash.eq(hash),
            account_codes::address.eq(address),
            account_codes::created_at.eq(now),
            account_codes::expires_at.eq(expires),
        ))
        .execute(conn)
}

pub(super) fn code_made_at(conn: &mut Conn, user: UserId, purpose: Purpose) -> QueryResult<Option<UtcTime>> {
    account_codes::table.find((user, purpose)).select(account_codes::created_at).first(conn).optional()
}

/// Whose a code is that is good.
pub(super) fn code_holder(conn: &mut Conn, hash: &[u8], purpose: Purpose, now: UtcTime) -> QueryResult<Option<UserId>> {
    let good = account_codes::hash.eq(hash).and(account_codes::purpose.eq(purpose));
    account_codes::table
        .inner_join(users::table.on(users::id.eq(account_codes::user_id)))
        .filter(good.and(account_codes::expires_at.gt(now)).and(users::is_active.eq(true)))
        .select(account_codes::user_id)
        .first(conn)
        .optional()
}

/// Takes a code away that is good; whose it was, and the address that came with it.
pub(super) fn spend_code(
    conn: &mut Conn,
    hash: &[u8],
    purpose: Purpose,
    now: UtcTime,
) -> QueryResult<Option<(UserId, Option<Vec<u8>>)>> {
    let good = account_codes::hash.eq(hash).and(account_codes::purpose.eq(purpose));
    diesel::delete(account_codes::table.filter(good.and(account_codes::expires_at.gt(now))))
        .returning((account_codes::user_id, account_codes::address))
        .get_result(conn)
        .optional()
}

pub(super) fn delete_code(conn: &mut Conn, user: UserId, purpose: Purpose) -> QueryResult<usize> {
    diesel::delete(account_codes::table.find((user, purpose))).execute(conn)
}

pub(super) fn end_codes(conn: &mut Conn, user: UserId, now: UtcTime) -> QueryResult<usize> {
    diesel::update(account_codes::table.filter(account_codes::user_id.eq(user).and(account_codes::expires_at.gt(now))))
        .set((account_codes::expires_at.eq(now), account_codes::address.eq(None::<Vec<u8>>)))
        .execute(conn)
}

pub(super) fn delete_codes(conn: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(account_codes::table.filter(account_codes::user_id.eq(user))).execute(conn)
}

/// Keeps the code of an address, in place of the one that it had.
pub(super) fn put_address_code(
    conn: &mut Conn,
    (mark, hash): (&[u8], &[u8]),
    now: UtcTime,
    expires: UtcTime,
) -> QueryResult<usize> {
    let put = "INSERT INTO address_codes (mark, hash, created_at, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (mark) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, expires_at = excluded.expires_at";
    diesel::sql_query(put)
        .bind::<Binary, _>(mark)
        .bind::<Binary, _>(hash)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(expires)
        .execute(conn)
}

pub(super) fn address_code_made_at(conn: &mut Conn, mark: &[u8]) -> QueryResult<Option<UtcTime>> {
    address_codes::table.find(mark).select(address_codes::created_at).first(conn).optional()
}

/// Ends the code of an address that is good, whatever another node's clock says; false where it is not. When it was made is still known.
pub(super) fn end_address_code(conn: &mut Conn, (mark, hash): (&[u8], &[u8]), now: UtcTime) -> QueryResult<bool> {
    let good = address_codes::hash.eq(hash).and(address_codes::expires_at.gt(now));
    diesel::update(address_codes::table.find(mark).filter(good))
        .set(address_codes::expires_at.eq(UtcTime::from_micros(0)))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// Removes some codes of addresses that were made before an instant.
pub(super) fn forget_address_codes(conn: &mut Conn, before: UtcTime, limit: i64) -> QueryResult<usize> {
    let old = address_codes::table.filter(address_codes::created_at.lt(before)).limit(limit);
    let old: Vec<Vec<u8>> = old.select(address_codes::mark).load(conn)?;
    // One that was put there meanwhile stays.
    let old = address_codes::created_at.lt(before).and(one_of(address_codes::mark, old));
    diesel::delete(address_codes::table.filter(old)).execute(conn)
}

pub(super) fn delete_address_code(conn: &mut Conn, mark: &[u8]) -> QueryResult<usize> {
    diesel::delete(address_codes::table.find(mark)).execute(conn)
}

pub(super) fn count_admins(conn: &mut Conn) -> QueryResult<i64> {
    let admins = users::table.filter(users::role.eq(Role::Admin).and(users::is_active.eq(true)));
    admins.count().get_result(conn)
}

/// What those who work here are called.
pub(super) fn staff_names(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let staff: Vec<Role> = Role::ALL.iter().copied().filter(|role| *role != Role::Reader).collect();
    users::table.filter(one_of(users::role, staff)).select(users::name).load(conn)
}

/// A page of accounts, the newest first; of every role when none is named.
pub(super) fn list(
    conn: &mut Conn,
    vault: &Vault,
    (roles, has_factor): (&[Role], Option<bool>),
    page: &PageRequest,
) -> QueryResult<Slice<Account>> {
    let filtered = || {
        let query = users::table.into_boxed();
        let query = if roles.is_empty() { query } else { query.filter(one_of(users::role, roles)) };
        let confirmed = || {
            let confirmed = second_factors::table.filter(second_factors::confirmed_at.is_not_null());
            confirmed.select(second_factors::user_id)
        };
        match has_factor {
            None => query,
            Some(true) => query.filter(users::id.eq_any(confirmed())),
            Some(false) => query.filter(users::id.ne_all(confirmed())),
        }
    };
    let query = keyset!(filtered(), page, users::created_at => number, users::id, true);
    let rows = query.select(Row::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice.map(|row| row.opened(vault)))
}

//! API keys: a program acts for whoever made its key. A key may do what it says and its maker may, never anything with accounts
//! or keys; it is told once and kept as a hash. How a key that comes with a request is known is `auth`'s work.

pub mod dto;
pub mod http;
mod store;

use std::time::Duration;

use self::dto::{KeyEvent, KeyIn, KeyRotationIn};
use self::store::Row;
use crate::app::{App, Read, Tx};
use crate::auth::actions::{ManageKeys, ReadKeys};
use crate::auth::{Permit, fresh_key, shown_part};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, fingerprint};
use crate::http::{Expected, Patch};
use crate::ids::{KeyId, token_hash};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

pub use dto::EVENTS;

/// Keys that there may be.
const KEYS_MAX: i64 = 1_000;

/// A key, without its secret.
#[derive(Clone, Debug)]
pub struct Key {
    row: Row,
    form: KeyIn,
}

impl Key {
    /// Its id.
    pub const fn id(&self) -> KeyId {
        self.row.id
    }

    /// The version that a change must name, and when it last changed.
    pub const fn stamp(&self) -> (i64, UtcTime) {
        (self.row.version, self.row.updated_at)
    }
}

impl TryFrom<Row> for Key {
    type Error = Problem;

    fn try_from(row: Row) -> Result<Self, Problem> {
        let form = KeyIn {
            name: row.name.clone(),
            scopes: serde_json::from_str(&row.scopes)?,
            addresses: serde_json::from_str(&row.addresses)?,
            expires: row.expires_at,
        };
        Ok(Self { row, form })
    }
}

/// A page of the keys, the newest first.
pub fn list(read: &mut Read<'_>, _: &Permit<ReadKeys>, page: &PageRequest) -> Result<Slice<Key>, Problem> {
    let Slice { rows, next, prev, total } = store::list(read.conn, page)?;
    let rows = rows.into_iter().map(Key::try_from).collect::<Result<_, _>>()?;
    Ok(Slice { rows, next, prev, total })
}

/// One key.
pub fn read(read: &mut Read<'_>, _: &Permit<ReadKeys>, id: KeyId) -> Result<Key, Problem> {
    find(read, id)
}

/// Makes a key, and tells it.
pub fn create(tx: &mut Tx<'_>, permit: &Permit<ManageKeys>, form: KeyIn, app: &App) -> Result<(Key, String), Problem> {
    let form = form.checked(permit.user.role, tx.now)?;
    if store::count(tx.conn)? >= KEYS_MAX {
        return Err(Problem::new(Code::LimitReached).with("limit", KEYS_MAX));
    }
    let secret = fresh_key(app.ids());
    let KeyIn { name, scopes, addresses, expires } = form.clone();
    let row = Row {
        id: tx.next_id(),
        user_id: permit.user.id,
        name,
        prefix: shown_part(&secret),
        hash: token_hash(&secret),
        old_hash: None,
        old_hash_until: None,
        scopes: serde_json::to_string(&scopes)?,
        addresses: serde_json::to_string(&addresses)?,
        expires_at: expires,
        used_at: None,
        revoked_at: None,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    store::insert(tx.conn, &row)?;
    tx.restate(row.id, None, Some(fingerprint_of(&row)?));
    let key = Key { row, form };
    record(tx, "api_key.created", &key)?;
    Ok((key, secret))
}

/// Changes what a key is called, may do, from where, and until when.
pub fn update(
    tx: &mut Tx<'_>,
    permit: &Permit<ManageKeys>,
    id: KeyId,
    expected: &Expected,
    patch: &Patch<KeyIn>,
) -> Result<Key, Problem> {
    let present = expect(tx, id, expected)?;
    let form = patch.apply(&present.form)?.checked(permit.user.role, tx.now)?;
    if form == present.form {
        return Ok(present);
    }
    let KeyIn { name, scopes, addresses, expires } = form;
    let (scopes, addresses) = (serde_json::to_string(&scopes)?, serde_json::to_string(&addresses)?);
    let key = save(tx, &present.row, Row { name, scopes, addresses, expires_at: expires, ..present.row.clone() })?;
    record(tx, "api_key.updated", &key)?;
    Ok(key)
}

/// Gives a key a new secret, and tells it: from then on it is the key of whoever rotates it, who alone knows it. The old one is good for a while, so that programs can change at leisure.
pub fn rotate(
    tx: &mut Tx<'_>,
    permit: &Permit<ManageKeys>,
    (id, expected): (KeyId, &Expected),
    KeyRotationIn { overlap_minutes }: KeyRotationIn,
    app: &App,
) -> Result<(Key, String), Problem> {
    let present = expect(tx, id, expected)?;
    let secret = fresh_key(app.ids());
    // Whoever has the old secret of somebody else's key must not act as whoever rotates it.
    let is_own = present.row.user_id == permit.user.id;
    let overlap = Duration::from_secs(u64::from(overlap_minutes) * 60);
    let row = Row {
        user_id: permit.user.id,
        prefix: shown_part(&secret),
        hash: token_hash(&secret),
        old_hash: Some(present.row.hash.clone()),
        old_hash_until: is_own.then(|| tx.now.after(overlap)),
        ..present.row.clone()
    };
    let key = save(tx, &present.row, row)?;
    record(tx, "api_key.rotated", &key)?;
    Ok((key, secret))
}

/// Ends a key for good.
pub fn revoke(tx: &mut Tx<'_>, _: &Permit<ManageKeys>, id: KeyId, expected: &Expected) -> Result<(), Problem> {
    let present = expect(tx, id, expected)?;
    let key = save(tx, &present.row, Row { revoked_at: Some(tx.now), ..present.row.clone() })?;
    record(tx, "api_key.revoked", &key)
}

fn find(read: &mut Read<'_>, id: KeyId) -> Result<Key, Problem> {
    let row = store::find(read.conn, id)?.filter(|row| row.revoked_at.is_none());
    row.ok_or_else(Problem::not_found)?.try_into()
}

fn expect(tx: &mut Tx<'_>, id: KeyId, expected: &Expected) -> Result<Key, Problem> {
    let present = find(&mut tx.reading(), id)?;
    expected.check(present.row.version)?;
    Ok(present)
}

fn save(tx: &mut Tx<'_>, present: &Row, row: Row) -> Result<Key, Problem> {
    let row = Row { version: present.version + 1, updated_at: tx.now, ..row };
    if store::update(tx.conn, &row, present.version)? == 0 {
        return Err(Problem::stale(find(&mut tx.reading(), row.id)?.row.version));
    }
    tx.restate(row.id, Some(fingerprint_of(present)?), Some(fingerprint_of(&row)?));
    row.try_into()
}

fn record(tx: &mut Tx<'_>, topic: &'static str, key: &Key) -> Result<(), Problem> {
    tx.record(Change::newsroom(topic, key.row.id, serde_json::to_value(KeyEvent::of(key))?));
    Ok(())
}

/// The fingerprint of what is kept of a key. No part of it comes from its secret.
fn fingerprint_of(row: &Row) -> Result<Vec<u8>, Problem> {
    let Row { id, user_id, name, prefix, scopes, addresses, expires_at, revoked_at, version, .. } = row;
    fingerprint(&(id, user_id, name, prefix, scopes, addresses, expires_at, revoked_at, version))
}

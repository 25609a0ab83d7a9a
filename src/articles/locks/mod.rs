//! Who is writing at an article. A lock is a lease: its owner renews it while the page is open, and when that stops it ends by
//! itself. It guards a person's work against others' saves; versions guard everybody's in any case.

mod store;

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use self::store::Row;
use super::beat::Beat;
use super::kept::{permitted, visible_to};
use super::model::Step;
use crate::app::{Read, Tx};
use crate::auth::actions::{Action as _, PublishArticles, WriteArticles};
use crate::auth::{Permit, User};
use crate::events::{Change, fingerprint};
use crate::ids::{ArticleId, UserId};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

/// How long a lock holds after its last sign of life.
const LEASE: Duration = Duration::from_secs(60);

/// How a lock is taken.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockIn {
    /// Take it from whoever has it; for editors.
    #[serde(default)]
    #[schema(example = false)]
    pub take_over: bool,
}

/// A lock that holds now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockView {
    /// The article.
    article_id: ArticleId,
    /// Who has it.
    user_id: UserId,
    /// The name of who has it.
    #[schema(example = "سلمى حداد")]
    user_name: String,
    /// Since when.
    taken_at: UtcTime,
    /// Until when, unless it is renewed.
    expires_at: UtcTime,
}

impl From<Row> for LockView {
    fn from(row: Row) -> Self {
        let Row { article_id, user_id, user_name, taken_at, expires_at } = row;
        Self { article_id, user_id, user_name, taken_at, expires_at }
    }
}

/// Who is writing at an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockOwner {
    /// Who has it.
    user_id: UserId,
    /// The name of who has it.
    #[schema(example = "سلمى حداد")]
    user_name: String,
    /// Until when, unless it is renewed.
    expires_at: UtcTime,
}

impl From<LockView> for LockOwner {
    fn from(lock: LockView) -> Self {
        let LockView { article_id: _, user_id, user_name, taken_at: _, expires_at } = lock;
        Self { user_id, user_name, expires_at }
    }
}

/// That somebody begins to write at an article, or has ended.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `tell` puts together")]
pub struct LockEvent {
    /// Who.
    user_id: UserId,
}

/// A lock that an editor took from somebody.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `tell` puts together")]
pub struct TakeOverEvent {
    /// Who has it now.
    user_id: UserId,
    /// Who had it.
    from_user_id: UserId,
}

/// Takes an article's lock, or renews the own one.
pub fn lock(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    wanted: LockIn,
) -> Result<LockView, Problem> {
    let me = permit.user.id;
    let head = visible_to(&mut tx.reading(), &permit.user, id)?;
    permitted(&mut tx.reading(), &permit.user, &head, Step::Edit)?;
    let is_editor = permit.also::<PublishArticles>() && Beat::of(&mut tx.reading(), &permit.user)?.covers_head(&head);
    if wanted.take_over && !is_editor {
        return Err(Problem::new(Code::Forbidden).with("permission", PublishArticles::NAME));
    }
    let until = tx.now.after(LEASE);
    if store::renew(tx.conn, (id, me), tx.now, until)? {
        tx.is_routine();
        return own(tx, id);
    }
    let mut other = None;
    if !store::take(tx.conn, (id, me), tx.now, until)? {
        other = held(&mut tx.reading(), id)?.filter(|lock| lock.user_id != me);
        if !wanted.take_over {
            return Err(locked(other));
        }
        store::take_over(tx.conn, (id, me), tx.now, until)?;
    }
    let lock = own(tx, id)?;
    tell(tx, id, other.as_ref(), Some(&lock))?;
    Ok(lock)
}

fn own(tx: &mut Tx<'_>, id: ArticleId) -> Result<LockView, Problem> {
    held(&mut tx.reading(), id)?.ok_or_else(|| Problem::new(Code::NotLocked))
}

/// Notes who held an article's lock, and who holds it now.
fn tell(tx: &mut Tx<'_>, id: ArticleId, before: Option<&LockView>, after: Option<&LockView>) -> Result<(), Problem> {
    let (topic, payload) = match (before, after) {
        (Some(from), Some(to)) => {
            ("article.lock_taken_over", json!({ "userId": to.user_id, "fromUserId": from.user_id }))
        }
        (None, Some(lock)) => ("article.locked", json!({ "userId": lock.user_id })),
        (Some(lock), None) => ("article.unlocked", json!({ "userId": lock.user_id })),
        (None, None) => return Ok(()),
    };
    // Not until when: a lock that is renewed is the same one.
    let state = |lock: &LockView| fingerprint(&(lock.article_id, lock.user_id, lock.taken_at));
    tx.restate(id, before.map(state).transpose()?, after.map(state).transpose()?);
    tx.record(Change::newsroom(topic, id, payload));
    Ok(())
}

/// Says that the owner is still there.
pub fn renew_lock(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, id: ArticleId) -> Result<LockView, Problem> {
    let article = visible_to(&mut tx.reading(), &permit.user, id)?;
    // Who has handed it on no longer holds it.
    permitted(&mut tx.reading(), &permit.user, &article, Step::Edit)?;
    let renewed = store::renew(tx.conn, (id, permit.user.id), tx.now, tx.now.after(LEASE))?;
    match held(&mut tx.reading(), id)? {
        Some(held) if renewed => {
            tx.is_routine();
            Ok(held)
        }
        Some(held) => Err(locked(Some(held))),
        None => Err(Problem::new(Code::NotLocked)),
    }
}

/// Gives the own lock back. One that has ended meanwhile needs nothing.
pub fn unlock(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, id: ArticleId) -> Result<(), Problem> {
    visible_to(&mut tx.reading(), &permit.user, id)?;
    guard(&mut tx.reading(), &permit.user, id)?;
    let lock = held(&mut tx.reading(), id)?;
    store::release(tx.conn, (id, permit.user.id))?;
    tell(tx, id, lock.as_ref(), None)
}

/// The lock of an article; nothing is there when nobody has it.
pub fn read_lock(read: &mut Read<'_>, permit: &Permit<WriteArticles>, id: ArticleId) -> Result<LockView, Problem> {
    visible_to(read, &permit.user, id)?;
    held(read, id)?.ok_or_else(Problem::not_found)
}

/// Refuses to let somebody change what somebody else is writing at.
pub(super) fn guard(read: &mut Read<'_>, by: &User, id: ArticleId) -> Result<(), Problem> {
    match held(read, id)?.filter(|held| held.user_id != by.id) {
        Some(held) => Err(locked(Some(held))),
        None => Ok(()),
    }
}

/// The locks of some articles, with one statement.
pub(super) fn of(read: &mut Read<'_>, ids: &[ArticleId]) -> Result<HashMap<ArticleId, LockOwner>, Problem> {
    let rows = if ids.is_empty() { Vec::new() } else { store::held(read.conn, ids, read.now)? };
    Ok(rows.into_iter().map(|row| (row.article_id, LockView::from(row).into())).collect())
}

fn held(read: &mut Read<'_>, id: ArticleId) -> Result<Option<LockView>, Problem> {
    Ok(store::held(read.conn, &[id], read.now)?.pop().map(LockView::from))
}

fn locked(by: Option<LockView>) -> Problem {
    let owner = by.map(|lock| {
        let LockOwner { user_id, user_name, expires_at } = lock.into();
        json!({ "userId": user_id, "userName": user_name, "expiresAt": expires_at })
    });
    Problem::new(Code::Locked).with("owner", owner)
}

//! Sanctions: what moderators do about somebody who comments. Whoever has one is told so, and why: nobody is silenced
//! behind their back. One that was just imposed holds on every node, since whoever writes reads them in the transaction
//! that writes.

pub mod dto;
pub mod http;
mod model;
mod store;

use std::collections::HashSet;

use serde_json::{Value, json};

use self::dto::{SanctionIn, SanctionQuery, SanctionView};
use self::store::Wanted;
use super::dto::note;
use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, BanCommenters, ModerateComments, UseAccount};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, Kind, fingerprint};
use crate::fault::{Fault, Faults};
use crate::ids::{CommenterId, SanctionId};
use crate::problem::{Code, Problem};

pub use model::SanctionKind;
pub use store::Sanction;

/// What happens to those who comment.
pub const EVENTS: &[Kind] = &[
    Kind::of::<dto::SanctionEvent>("sanction.imposed", "A moderator has acted on somebody who comments."),
    Kind::of::<dto::SanctionEvent>("sanction.lifted", "A moderator has taken that back."),
];

/// More than anybody has: two moderators may act at the same moment.
const HELD_MAX: i64 = 20;

/// Whether what somebody writes waits for a moderator, whoever they are; they may write at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub is_premoderated: bool,
}

/// How somebody stands who is about to write or to change what they wrote.
///
/// # Errors
/// `sanctioned` when they may not, with what, why and until when.
pub fn check(read: &mut Read<'_>, commenter: CommenterId) -> Result<Standing, Problem> {
    let held = store::held_firmly(read.conn, commenter, read.now, HELD_MAX)?;
    let is_premoderated = held.iter().any(|sanction| sanction.kind == SanctionKind::Premod);
    match model::silencing(held, |sanction| (sanction.kind, sanction.until)) {
        None => Ok(Standing { is_premoderated }),
        Some(Sanction { kind, reason, until, .. }) => Err(Problem::new(Code::Sanctioned)
            .with("kind", kind.as_str())
            .with("reason", reason.as_str())
            .with("until", serde_json::to_value(until)?)),
    }
}

/// Of these, those whose comments wait for a moderator whatever they say.
pub(super) fn premoderated_among(
    read: &mut Read<'_>,
    commenters: &[CommenterId],
) -> Result<HashSet<CommenterId>, Problem> {
    Ok(store::held_by(read.conn, commenters, SanctionKind::Premod, read.now)?.into_iter().collect())
}

/// All that was ever done about somebody, the earliest first, for them to take along.
pub(super) fn all_of(read: &mut Read<'_>, commenter: CommenterId) -> Result<Vec<Sanction>, Problem> {
    Ok(store::all_of(read.conn, commenter)?)
}

/// Takes out what was noted about somebody who is forgotten.
pub(super) fn forget_notes(tx: &mut Tx<'_>, commenter: CommenterId) -> Result<(), Problem> {
    store::forget_notes(tx.conn, commenter)?;
    Ok(())
}

/// Imposes a sanction on somebody who has commented.
///
/// # Errors
/// `exempt` for those who moderate, `duplicate` where one of its kind holds already.
pub fn impose(tx: &mut Tx<'_>, permit: &Permit<ModerateComments>, form: SanctionIn) -> Result<Sanction, Problem> {
    let SanctionIn { commenter_id, kind, reason, note: text, until } = form;
    may(permit, kind)?;
    let mut faults = Faults::new();
    let note = faults.take("/note", note(text.as_deref())).flatten();
    match until {
        None if kind.needs_end() => faults.add("/until", Fault::Required),
        Some(until) if until <= tx.now => faults.add("/until", Fault::NotLater),
        _ => {}
    }
    let found = store::commenter(tx.conn, commenter_id)?;
    let found = faults.take("/commenterId", found.ok_or(Fault::NotFound));
    let (_, role) = faults.finish(found)?;
    if role.is_some_and(|role| ModerateComments::ROLES.contains(&role)) {
        return Err(Problem::new(Code::Exempt));
    }
    let held = if kind.is_single() { store::held_firmly(tx.conn, commenter_id, tx.now, HELD_MAX)? } else { Vec::new() };
    if let Some(first) = held.iter().find(|other| other.kind == kind) {
        return Err(Problem::new(Code::Duplicate).with("existing", first.id.to_string()));
    }
    let sanction = Sanction {
        id: tx.next_id(),
        commenter_id,
        kind,
        reason,
        note,
        until,
        imposed_by: permit.user.id,
        created_at: tx.now,
        lifted_at: None,
        lifted_by: None,
        lift_note: None,
    };
    store::insert(tx.conn, &sanction)?;
    tx.restate(sanction.id, None, Some(state(&sanction)?));
    tx.record(Change::newsroom("sanction.imposed", sanction.id, told(&sanction)));
    Ok(sanction)
}

/// Takes a sanction back that holds.
pub fn lift(
    tx: &mut Tx<'_>,
    permit: &Permit<ModerateComments>,
    id: SanctionId,
    note: Option<String>,
) -> Result<Sanction, Problem> {
    let before = store::find(tx.conn, id)?.ok_or_else(Problem::not_found)?;
    may(permit, before.kind)?;
    if !model::holds(before.until, before.lifted_at, tx.now) {
        let state = if before.lifted_at.is_some() { "lifted" } else { "ended" };
        return Err(Problem::new(Code::IllegalTransition).with("state", state).with("allowed", Vec::<String>::new()));
    }
    let (lifted_at, lifted_by) = (Some(tx.now), Some(permit.user.id));
    let lifted = Sanction { lifted_at, lifted_by, lift_note: note, ..before.clone() };
    if store::lift(tx.conn, &lifted)? == 0 {
        return Err(Problem::new(Code::IllegalTransition)
            .with("state", "lifted")
            .with("allowed", Vec::<String>::new()));
    }
    tx.restate(id, Some(state(&before)?), Some(state(&lifted)?));
    tx.record(Change::newsroom("sanction.lifted", id, told(&lifted)));
    Ok(lifted)
}

/// What holds against somebody, the latest first.
pub fn held(read: &mut Read<'_>, commenter: CommenterId) -> Result<Vec<SanctionView>, Problem> {
    let held = store::held(read.conn, commenter, read.now, HELD_MAX)?;
    Ok(held.into_iter().map(|sanction| SanctionView::at(read.now, sanction)).collect())
}

/// One sanction.
pub fn open(read: &mut Read<'_>, _: &Permit<ModerateComments>, id: SanctionId) -> Result<Sanction, Problem> {
    store::find(read.conn, id)?.ok_or_else(Problem::not_found)
}

/// A page of sanctions, the latest first.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    query: &SanctionQuery,
    page: &PageRequest,
) -> Result<Slice<Sanction>, Problem> {
    let SanctionQuery { commenter_id, active } = query;
    let wanted = Wanted { commenter: *commenter_id, active: active.map(|active| (active, read.now)) };
    Ok(store::list(read.conn, wanted, page)?)
}

/// A page of what holds for the caller.
pub fn own(read: &mut Read<'_>, permit: &Permit<UseAccount>, page: &PageRequest) -> Result<Slice<Sanction>, Problem> {
    let wanted = Wanted { commenter: Some(permit.user.commenter()), active: Some((true, read.now)) };
    Ok(store::list(read.conn, wanted, page)?)
}

/// To ban somebody, and to let them back, takes a permission of its own.
fn may(permit: &Permit<ModerateComments>, kind: SanctionKind) -> Result<(), Problem> {
    if kind == SanctionKind::Ban && !permit.also::<BanCommenters>() {
        return Err(Problem::new(Code::Forbidden).with("permission", BanCommenters::NAME));
    }
    Ok(())
}

/// The fingerprint of what is kept of a sanction.
fn state(sanction: &Sanction) -> Result<Vec<u8>, Problem> {
    let Sanction {
        id,
        commenter_id,
        kind,
        reason,
        note,
        until,
        imposed_by,
        created_at,
        lifted_at,
        lifted_by,
        lift_note,
    } = sanction;
    let lift = (lifted_at, lifted_by, lift_note);
    fingerprint(&(id, commenter_id, kind, reason, note, until, imposed_by, created_at, lift))
}

fn told(sanction: &Sanction) -> Value {
    let Sanction { commenter_id, kind, reason, until, .. } = sanction;
    json!({ "commenterId": commenter_id, "kind": kind, "reason": reason, "until": until })
}

//! Invitations: who is invited makes the account, with a password that nobody else has known. What they may do was said when they
//! were invited, by somebody who must be allowed to say it still when they accept.

pub mod dto;
mod store;

use std::time::Duration;

use self::dto::{AcceptanceIn, InvitationEvent, Invited, RenewalIn};
use self::store::Row;
use super::codes;
use super::letters::{self, About};
use super::model::{Account, Email, NewAccount, Password, display_name};
use super::{grant, insert_with, restate};
use crate::app::{App, Read, Tx};
use crate::auth::actions::{GrantAccess, ManageUsers};
use crate::auth::{Permit, still_may};
use crate::db::page::{PageRequest, Slice};
use crate::db::replies;
use crate::events::{Change, Kind, fingerprint};
use crate::fault::{Fault, Faults};
use crate::http::{Call, Expected};
use crate::ids::{InvitationId, RecordId, UserId, token_hash};
use crate::mail;
use crate::problem::{Code, Problem};
use crate::text::Lang;
use crate::time::UtcTime;

/// What happens to invitations.
pub const EVENTS: &[Kind] = &[
    Kind::of::<InvitationEvent>("invitation.created", "Somebody was invited to join."),
    Kind::of::<InvitationEvent>("invitation.renewed", "An invitation has another code, and goes on."),
    Kind::of::<InvitationEvent>("invitation.posted", "The letter to somebody who is invited was written."),
    Kind::of::<InvitationEvent>("invitation.accepted", "Somebody who was invited has made an account."),
    Kind::of::<InvitationEvent>("invitation.revoked", "An invitation was taken back."),
];

/// How long an invitation is open.
const OPEN: Duration = Duration::from_secs(7 * 86_400);
/// How long one is kept that ended without an account, for administrators to see.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How many may be open at once.
const OPEN_MAX: i64 = 1_000;

/// An invitation, without its code.
#[derive(Clone, Debug)]
pub struct Invitation {
    row: Row,
    email: Option<String>,
    section_ids: Vec<RecordId>,
}

impl Invitation {
    /// Its id.
    pub const fn id(&self) -> InvitationId {
        self.row.id
    }

    /// The version that a change must name, and when it last changed.
    pub const fn stamp(&self) -> (i64, UtcTime) {
        (self.row.version, self.row.updated_at)
    }

    fn of(app: &App, row: Row) -> Result<Self, Problem> {
        let email = opened(app, &row);
        Ok(Self { email, section_ids: serde_json::from_str(&row.section_ids)?, row })
    }
}

/// A page of the invitations, the newest first.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ManageUsers>,
    app: &App,
    page: &PageRequest,
) -> Result<Slice<Invitation>, Problem> {
    let Slice { rows, next, prev, total } = store::list(read.conn, page)?;
    let rows = rows.into_iter().map(|row| Invitation::of(app, row)).collect::<Result<_, _>>()?;
    Ok(Slice { rows, next, prev, total })
}

/// One invitation.
pub fn read(read: &mut Read<'_>, _: &Permit<ManageUsers>, app: &App, id: InvitationId) -> Result<Invitation, Problem> {
    Invitation::of(app, find(read, id)?)
}

/// Invites somebody; with the code, if it does not go by mail.
pub fn create(
    tx: &mut Tx<'_>,
    permit: &Permit<GrantAccess>,
    app: &App,
    (form, lang): (Invited, Lang),
) -> Result<(Invitation, Option<String>), Problem> {
    let Invited { email, name, role, section_ids, may_kill, by_mail } = form;
    if super::find_by_email(&mut tx.reading(), &email)?.is_some() {
        return Err(Problem::field("/email", Fault::Taken));
    }
    super::check_sections(tx, &section_ids, &[])?;
    if store::count(tx.conn, tx.now)? >= OPEN_MAX {
        return Err(Problem::new(Code::LimitReached).with("limit", OPEN_MAX));
    }
    let id = tx.next_id();
    let code = sent(tx, app, (id, lang), by_mail)?;
    let row = Row {
        id,
        email: app.vault().seal(app.ids(), &context(id), email.as_str().as_bytes())?,
        name,
        role,
        section_ids: serde_json::to_string(&section_ids)?,
        may_kill,
        hash: code.as_deref().map(token_hash),
        invited_by: permit.user.id,
        expires_at: tx.now.after(OPEN),
        revoked_at: None,
        accepted_at: None,
        user_id: None,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    store::insert(tx.conn, &row)?;
    tx.restate(id, None, Some(fingerprint_of(&row)?));
    record(tx, "invitation.created", &row)?;
    Ok((Invitation::of(app, row)?, code))
}

/// Gives an invitation another code and the whole time once more, in the name of whoever does it; the code before is no good any
/// more.
pub fn renew(
    tx: &mut Tx<'_>,
    permit: &Permit<GrantAccess>,
    app: &App,
    (id, expected): (InvitationId, &Expected),
    (RenewalIn { by_mail }, lang): (RenewalIn, Lang),
) -> Result<(Invitation, Option<String>), Problem> {
    let present = expect(tx, id, expected)?;
    let code = sent(tx, app, (id, lang), by_mail)?;
    let row = Row {
        hash: code.as_deref().map(token_hash),
        expires_at: tx.now.after(OPEN),
        invited_by: permit.user.id,
        ..present.clone()
    };
    let row = save(tx, &present, row)?;
    record(tx, "invitation.renewed", &row)?;
    Ok((Invitation::of(app, row)?, code))
}

/// Takes an invitation back.
pub fn revoke(tx: &mut Tx<'_>, _: &Permit<GrantAccess>, id: InvitationId, expected: &Expected) -> Result<(), Problem> {
    let present = expect(tx, id, expected)?;
    let row = save(tx, &present, Row { revoked_at: Some(tx.now), hash: None, ..present.clone() })?;
    replies::forget_about(tx.conn, &[id])?;
    record(tx, "invitation.revoked", &row)
}

/// Makes the account that an invitation promises.
pub async fn accept(call: &Call, form: AcceptanceIn) -> Result<Account, Problem> {
    let AcceptanceIn { code, password, name } = form;
    let (app, given) = (call.app.clone(), token_hash(&code));
    let (row, email) = call.app.read(move |read| good(read, &app, &given)).await?;
    let checked = super::judged(&call.app, move || {
        let mut faults = Faults::new();
        let name = faults.take("/name", display_name(name.as_deref().unwrap_or(&row.name)));
        let personal = [email.as_str(), name.as_deref().unwrap_or_default()];
        let password = faults.take("/password", Password::chosen(&password, row.role, personal));
        faults.finish(name.zip(password))
    });
    let (name, password) = checked.await?;
    let hash = super::hash(&call.app, password).await?;
    let app = call.app.clone();
    call.write(move |tx| {
        // As it is now, whatever happened to it while the password was hashed.
        let (present, email) = good(&mut tx.reading(), &app, &token_hash(&code))?;
        let sections = serde_json::from_str(&present.section_ids)?;
        let account = NewAccount { email, name, role: present.role };
        let account = insert_with(tx, account, &hash, (sections, present.may_kill)).map_err(|problem| {
            // Their address is no part of what they have sent.
            if problem.code == Code::Invalid { Problem::field("/code", Fault::Taken) } else { problem }
        })?;
        restate(tx, None, &account)?;
        tx.record(Change::newsroom("user.created", account.id, grant(&account)));
        let row = Row { accepted_at: Some(tx.now), user_id: Some(account.id), hash: None, ..present.clone() };
        let row = save(tx, &present, row).map_err(|problem| match problem.code {
            // Somebody was faster, or has taken it back.
            Code::Stale | Code::NotFound => codes::wrong(),
            _ => problem,
        })?;
        record(tx, "invitation.accepted", &row)?;
        Ok(account)
    })
    .await
}

/// Takes somebody who is erased out of the invitation that they came by.
pub(super) fn blank(tx: &mut Tx<'_>, user: UserId) -> Result<(), Problem> {
    let blanked = store::blank(tx.conn, user)?;
    replies::forget_about(tx.conn, &blanked)?;
    Ok(())
}

/// Forgets invitations that nobody accepted, some at a time.
pub fn forget(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget(tx.conn, tx.now.before(KEPT), limit)?)
}

/// The address and the code for the letter of an invitation that is open until an instant, unless it is not any more, or was renewed. Each letter has a code of its own,
/// and the last one counts.
pub(super) fn letter(
    tx: &mut Tx<'_>,
    app: &App,
    (id, until): (InvitationId, UtcTime),
) -> Result<Option<(String, String)>, Problem> {
    let is_meant = |row: &Row| is_open(row, tx.now) && row.expires_at == until;
    let Some(present) = store::find(tx.conn, id)?.filter(is_meant) else { return Ok(None) };
    let Some(email) = opened(app, &present) else { return Ok(None) };
    let code = app.ids().token();
    let row = save(tx, &present, Row { hash: Some(token_hash(&code)), ..present.clone() })?;
    record(tx, "invitation.posted", &row)?;
    Ok(Some((email, code)))
}

/// Sees to it that the code reaches who is invited: by a letter, or by hand.
fn sent(
    tx: &mut Tx<'_>,
    app: &App,
    (id, lang): (InvitationId, Lang),
    by_mail: bool,
) -> Result<Option<String>, Problem> {
    if by_mail {
        mail::check(app)?;
        letters::queue(tx, app, lang, About::Invitation(id, tx.now.after(OPEN)))?;
        return Ok(None);
    }
    Ok(Some(app.ids().token()))
}

/// The open invitation of a code, whose maker may still invite.
fn good(read: &mut Read<'_>, app: &App, hash: &[u8]) -> Result<(Row, Email), Problem> {
    let row = store::find_by_hash(read.conn, hash)?.filter(|row| is_open(row, read.now)).ok_or_else(codes::wrong)?;
    if still_may::<GrantAccess>(read, &[row.invited_by])?.is_empty() {
        return Err(codes::wrong());
    }
    let email = opened(app, &row).map(Email::kept).ok_or_else(codes::wrong)?;
    Ok((row, email))
}

fn is_open(row: &Row, now: UtcTime) -> bool {
    row.revoked_at.is_none() && row.accepted_at.is_none() && row.expires_at > now
}

fn find(read: &mut Read<'_>, id: InvitationId) -> Result<Row, Problem> {
    store::find(read.conn, id)?.filter(|row| row.revoked_at.is_none()).ok_or_else(Problem::not_found)
}

/// An invitation that can still be changed, as the caller saw it.
fn expect(tx: &mut Tx<'_>, id: InvitationId, expected: &Expected) -> Result<Row, Problem> {
    let present = find(&mut tx.reading(), id)?;
    expected.check(present.version)?;
    if present.accepted_at.is_some() {
        return Err(Problem::new(Code::InUse));
    }
    Ok(present)
}

fn save(tx: &mut Tx<'_>, present: &Row, row: Row) -> Result<Row, Problem> {
    let row = Row { version: present.version + 1, updated_at: tx.now, ..row };
    if store::update(tx.conn, &row, present.version)? == 0 {
        return Err(Problem::stale(find(&mut tx.reading(), row.id)?.version));
    }
    tx.restate(row.id, Some(fingerprint_of(present)?), Some(fingerprint_of(&row)?));
    Ok(row)
}

fn record(tx: &mut Tx<'_>, topic: &'static str, row: &Row) -> Result<(), Problem> {
    let told = InvitationEvent { role: row.role, user_id: row.user_id };
    tx.record(Change::newsroom(topic, row.id, serde_json::to_value(told)?));
    Ok(())
}

fn opened(app: &App, row: &Row) -> Option<String> {
    let plain = app.vault().open(&context(row.id), &row.email)?;
    String::from_utf8(plain).ok()
}

/// The fingerprint of what is kept of an invitation. No part of it comes from its code.
fn fingerprint_of(row: &Row) -> Result<Vec<u8>, Problem> {
    let Row { id, name, role, section_ids, may_kill, invited_by, expires_at, revoked_at, accepted_at, .. } = row;
    let what = (id, name, role, section_ids, may_kill);
    fingerprint(&(what, invited_by, expires_at, revoked_at, accepted_at, row.user_id, row.version))
}

fn context(id: InvitationId) -> String {
    format!("invitation {id}")
}

//! What the newsroom does with alerts. Each use case is one transaction: the alert, its events and its audit lines stand
//! or fall together.

use serde_json::json;

use super::clock::tell;
use super::dto::{
    self, AlertCancelIn, AlertIn, AlertRetractIn, AlertSupersedeIn, AlertUpdateIn, AudienceView, DeskFilter, Dispatch,
};
use super::kept::{alert as read_row, find, insert, one, row, save, save_quietly, shown};
use super::model::{self, Action, Alert, Approval, Kept, Shown};
use super::store;
use super::told::{notice, record, record_inside, record_override, request_push};
use super::view::AlertView;
use crate::app::{Read, Tx};
use crate::articles::{self, Draft, Saved};
use crate::auth::actions::{DraftAlerts, IssueAlerts, WriteArticles};
use crate::auth::{Permit, still_may};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Hub, Route};
use crate::fault::{Fault, Faults};
use crate::http::{Expected, Patch};
use crate::ids::{AlertId, RecordId, StoryId, UserId};
use crate::problem::{Code, Problem};
use crate::push::{self, Cause};
use crate::records::{self, Kind};

/// An alert, and the version of it that the caller has seen.
#[derive(Clone, Debug)]
pub struct Place {
    /// The alert.
    pub id: AlertId,
    /// The versions that a change may be based on.
    pub expected: Expected,
}

/// Drafts an alert. The same headline is not drafted twice within ten minutes: somebody else is at it.
pub fn draft(tx: &mut Tx<'_>, permit: &Permit<DraftAlerts>, form: AlertIn) -> Result<Shown, Problem> {
    let form = checked(tx, form, &[])?;
    let alert = Alert::draft(tx.next_id(), form, permit.user.id, tx.now);
    store::take_turns(tx.conn)?;
    refuse_echo(tx, &alert, Echo::Drafted(permit))?;
    insert(tx, &alert)?;
    record(tx, "alert.created", &alert)?;
    finished(tx, alert)
}

/// Changes a draft. Who had approved it has not approved this.
pub fn edit(
    tx: &mut Tx<'_>,
    permit: &Permit<DraftAlerts>,
    place: &Place,
    patch: &Patch<AlertIn>,
) -> Result<Shown, Problem> {
    let present = find(&mut tx.reading(), place.id)?;
    let present = seen_by(permit, present)?;
    may(tx, &present, &place.expected, Action::Edit)?;
    let before = references(&present.form);
    let form = checked(tx, patch.apply(&present.form)?, &before)?;
    if form == present.form {
        return finished(tx, present);
    }
    let alert = save(tx, Alert { approvals: Vec::new(), ..present.says(form) })?;
    record(tx, "alert.edited", &alert)?;
    finished(tx, alert)
}

/// Stands by a draft, as a second pair of eyes.
pub fn approve(tx: &mut Tx<'_>, permit: &Permit<IssueAlerts>, place: &Place) -> Result<Shown, Problem> {
    let mut present = ready_for(tx, place, Action::Approve)?;
    let approval = Approval { user_id: permit.user.id, at: tx.now };
    present.approvals.retain(|known| known.user_id != approval.user_id);
    present.approvals.push(approval);
    let alert = save(tx, present)?;
    record(tx, "alert.approved", &alert)?;
    finished(tx, alert)
}

/// Sends a draft out, now or at its start. The same headline does not go out twice within ten minutes, and a flash
/// not on one person's word, unless that person says why.
pub fn issue(
    tx: &mut Tx<'_>,
    permit: &Permit<IssueAlerts>,
    place: &Place,
    dispatch: Dispatch,
) -> Result<Shown, Problem> {
    let draft = ready_for(tx, place, Action::Issue)?;
    let Dispatch { starts_at, expires, override_reason } = dispatch.checked(tx.now)?;
    let is_alone = !is_cleared(&mut tx.reading(), &draft, permit.user.id)?;
    let override_reason = needed(override_reason, is_alone)?;
    let form = AlertIn { starts_at: starts_at.or(draft.form.starts_at), ..draft.form.clone() };
    let draft = Alert { form, override_reason: override_reason.clone(), ..draft };
    let alert = draft.issued(tx.now, expires).map_err(|fault| Problem::field("/expires", fault))?;
    refuse_echo(tx, &alert, Echo::Issued)?;
    let alert = save(tx, alert)?;
    note_override(tx, &alert, override_reason.as_deref())?;
    if alert.is_public(tx.now) {
        record(tx, "alert.issued", &alert)?;
        request_push(tx, Cause::Issued, &alert)?;
    } else {
        record(tx, "alert.scheduled", &alert)?;
    }
    finished(tx, alert)
}

/// Changes what was issued. Whom it is aimed at stays, so that those who had it get the change too.
pub fn update(
    tx: &mut Tx<'_>,
    _: &Permit<IssueAlerts>,
    place: &Place,
    change: AlertUpdateIn,
) -> Result<Shown, Problem> {
    let present = ready_for(tx, place, Action::Update)?;
    if change.expires.is_some_and(|expires| expires <= tx.now) {
        return Err(Problem::field("/expires", Fault::NotLater));
    }
    let (notify, reason) = (change.notify, dto::reason(change.override_reason.as_deref()));
    let reason = reason.map_err(|fault| Problem::field("/override", fault))?;
    let before = references(&present.form);
    let form = checked(tx, change.onto(present.form.clone()), &before)?;
    if form == present.form && !notify {
        return finished(tx, present);
    }
    let is_new_flash = model::is_flash(form.urgency) && model::says_anew(&present.form, &form);
    let reason = needed(reason, is_new_flash)?;
    let is_said_before = form.headline == present.form.headline;
    let changed = present.says(form);
    if !is_said_before {
        refuse_echo(tx, &changed, Echo::Issued)?;
    }
    let alert = save(tx, Alert { override_reason: reason.clone().or(changed.override_reason.clone()), ..changed })?;
    note_override(tx, &alert, reason.as_deref())?;
    record(tx, "alert.updated", &alert)?;
    if notify && alert.is_public(tx.now) {
        request_push(tx, Cause::Updated, &alert)?;
    }
    finished(tx, alert)
}

/// Takes back what readers have seen. It stays addressable, with the reason.
pub fn retract(
    tx: &mut Tx<'_>,
    _: &Permit<IssueAlerts>,
    place: &Place,
    why: &AlertRetractIn,
) -> Result<Shown, Problem> {
    let present = ready_for(tx, place, Action::Retract)?;
    let retraction = Some(why.checked(tx.now)?);
    let alert = save(tx, Alert { kept: Kept::Retracted, retraction, ..present })?;
    record(tx, "alert.retracted", &alert)?;
    request_push(tx, Cause::Retracted, &alert)?;
    finished(tx, alert)
}

/// Replaces what readers have seen by a new alert, which goes out at once.
pub fn supersede(
    tx: &mut Tx<'_>,
    permit: &Permit<IssueAlerts>,
    place: &Place,
    AlertSupersedeIn { form, override_reason }: AlertSupersedeIn,
) -> Result<Shown, Problem> {
    let old = ready_for(tx, place, Action::Supersede)?;
    let before = references(&old.form);
    let form = checked(tx, form, &before)?;
    if form.starts_at.is_some_and(|start| start > tx.now) {
        let fault = Fault::BadFormat("now or earlier, since a replacement goes out at once".into());
        return Err(Problem::field("/startsAt", fault));
    }
    let reason = dto::reason(override_reason.as_deref()).map_err(|fault| Problem::field("/override", fault))?;
    let override_reason = needed(reason, model::is_flash(form.urgency))?;
    let new = Alert::draft(tx.next_id(), form, permit.user.id, tx.now);
    let superseded_by = Some(new.id);
    // The old one first: it may have had the same headline a moment ago.
    let old = save(tx, Alert { kept: Kept::Superseded, superseded_by, ..old })?;
    let issued = new.issued(tx.now, None).map_err(|fault| Problem::field("/expires", fault))?;
    let new = Alert { supersedes: Some(old.id), override_reason: override_reason.clone(), ..issued };
    refuse_echo(tx, &new, Echo::Issued)?;
    insert(tx, &new)?;
    note_override(tx, &new, override_reason.as_deref())?;
    record(tx, "alert.superseded", &old)?;
    record(tx, "alert.issued", &new)?;
    request_push(tx, Cause::Issued, &new)?;
    finished(tx, new)
}

/// Gives up what nobody has seen yet.
pub fn cancel(tx: &mut Tx<'_>, _: &Permit<IssueAlerts>, place: &Place, why: AlertCancelIn) -> Result<Shown, Problem> {
    let present = ready_for(tx, place, Action::Cancel)?;
    let note = why.checked()?;
    let alert = save(tx, Alert { kept: Kept::Cancelled, note, ..present })?;
    record(tx, "alert.cancelled", &alert)?;
    finished(tx, alert)
}

/// Begins the first short article of an alert's story, with what the alert says; both belong to one story then.
pub fn begin_article(
    tx: &mut Tx<'_>,
    (drafting, writing): (&Permit<DraftAlerts>, &Permit<WriteArticles>),
    place: &Place,
) -> Result<Saved, Problem> {
    store::take_turns(tx.conn)?;
    let present = find(&mut tx.reading(), place.id)?;
    let present = tell(tx, seen_by(drafting, present)?)?;
    place.expected.check(present.version)?;
    if let Some(article) = present.form.article_id {
        return Err(Problem::new(Code::Duplicate).with("existing", article.to_string()));
    }
    let story_id = Some(present.form.story_id.unwrap_or_else(|| tx.next_id()));
    let AlertIn { headline, body, language, urgency, source_ids, section_ids, .. } = present.form.clone();
    let lines = body.as_deref().unwrap_or(&headline).lines().filter(|line| !line.trim().is_empty());
    let paragraph = |line| json!({ "_type": "block", "children": [{ "_type": "span", "text": line }] });
    let form = serde_json::from_value(json!({
        "language": language, "headline": headline, "urgency": urgency, "storyId": story_id,
        "body": lines.map(paragraph).collect::<Vec<_>>(),
        "sources": source_ids.iter().map(|id| json!({ "sourceId": id })).collect::<Vec<_>>(),
        "sectionId": section_ids.first(), "extraSectionIds": section_ids.get(1..).unwrap_or_default(),
    }))?;
    let article = articles::create(tx, writing, Draft::of(form)?)?;
    let form = AlertIn { article_id: Some(article.id()), story_id, ..present.form.clone() };
    let quiet_story = present.quiet_story || present.form.story_id.is_none();
    let alert = save_quietly(tx, Alert { form, quiet_story, ..present })?;
    record_inside(tx, "alert.linked", &alert)?;
    Ok(article)
}

/// Whom an alert would reach if the caller sent it out now, and what stands in the way.
pub fn audience(
    read: &mut Read<'_>,
    permit: &Permit<DraftAlerts>,
    id: AlertId,
    hub: &Hub,
) -> Result<AudienceView, Problem> {
    let alert = seen_by(permit, find(read, id)?)?;
    let duplicate_of = store::find_echo(read.conn, &row(&alert)?, read.now.before(model::ECHO), false)?;
    let seen = AlertView::from(one(shown(read, vec![alert.clone()])?)?);
    let push_subscriptions = push::audience(read, &notice(Cause::Issued, &seen))?;
    let seen = serde_json::to_value(seen)?;
    Ok(AudienceView {
        streams: hub.audience(&Route::of("alert", &seen)),
        push_subscriptions,
        needs_approval: !is_cleared(read, &alert, permit.user.id)?,
        duplicate_of,
    })
}

/// One alert. Others' drafts are hidden from those who only draft.
pub fn read(read: &mut Read<'_>, permit: &Permit<DraftAlerts>, id: AlertId) -> Result<Shown, Problem> {
    let alert = find(read, id)?;
    one(shown(read, vec![seen_by(permit, alert)?])?)
}

/// A page of alerts, latest change first.
pub fn list(
    read: &mut Read<'_>,
    permit: &Permit<DraftAlerts>,
    filter: &DeskFilter,
    page: &PageRequest,
) -> Result<Slice<Shown>, Problem> {
    let own = (!permit.also::<IssueAlerts>()).then_some(permit.user.id);
    let Slice { rows, next, prev, total } = store::list(read.conn, filter, own, read.now, page)?;
    let alerts = rows.into_iter().map(read_row).collect::<Result<_, _>>()?;
    Ok(Slice { rows: shown(read, alerts)?, next, prev, total })
}

/// The alerts of a story, whatever became of them, but for the drafts of others where those are nobody else's business.
pub fn of_story_at_desk(
    read: &mut Read<'_>,
    permit: &Permit<DraftAlerts>,
    story: StoryId,
    limit: i64,
) -> Result<Vec<Shown>, Problem> {
    let own = (!permit.also::<IssueAlerts>()).then_some(permit.user.id);
    let rows = store::of_story_at_desk(read.conn, story, own, limit)?;
    let alerts = rows.into_iter().map(read_row).collect::<Result<_, _>>()?;
    shown(read, alerts)
}

/// The alert on which an action is about to be taken, still as the caller saw it. What the clock did to it comes
/// first in the log.
fn ready_for(tx: &mut Tx<'_>, place: &Place, action: Action) -> Result<Alert, Problem> {
    store::take_turns(tx.conn)?;
    let alert = find(&mut tx.reading(), place.id)?;
    may(tx, &alert, &place.expected, action)?;
    tell(tx, alert)
}

fn may(tx: &Tx<'_>, alert: &Alert, expected: &Expected, action: Action) -> Result<(), Problem> {
    expected.check(alert.version)?;
    let state = alert.state(tx.now);
    if state.allowed().contains(&action) {
        return Ok(());
    }
    let allowed: Vec<&str> = state.allowed().iter().map(|action| action.as_str()).collect();
    Err(Problem::new(Code::IllegalTransition).with("state", state.as_str()).with("allowed", allowed))
}

fn seen_by(permit: &Permit<DraftAlerts>, alert: Alert) -> Result<Alert, Problem> {
    let shown = alert.is_shown_to(permit.user.id, permit.also::<IssueAlerts>());
    Some(alert).filter(|_| shown).ok_or_else(Problem::not_found)
}

/// Whether somebody may send an alert out: a flash takes a second pair of eyes, of somebody who may still look.
fn is_cleared(read: &mut Read<'_>, alert: &Alert, issuer: UserId) -> Result<bool, Problem> {
    if !model::is_flash(alert.form.urgency) {
        return Ok(true);
    }
    let approvers: Vec<UserId> = alert.approvals.iter().map(|approval| approval.user_id).collect();
    Ok(still_may::<IssueAlerts>(read, &approvers)?.into_iter().any(|user| user != issuer))
}

/// The reason for going on alone, where one is needed.
fn needed(reason: Option<String>, is_alone: bool) -> Result<Option<String>, Problem> {
    match reason {
        None if is_alone => Err(Problem::new(Code::ApprovalRequired)),
        reason => Ok(reason.filter(|_| is_alone)),
    }
}

fn note_override(tx: &mut Tx<'_>, alert: &Alert, reason: Option<&str>) -> Result<(), Problem> {
    reason.map_or(Ok(()), |reason| record_override(tx, alert, reason))
}

/// What counts as said already.
#[derive(Clone, Copy)]
enum Echo<'p> {
    /// What went out.
    Issued,
    /// What is about to as well. Who only drafts is not told of others' drafts.
    Drafted(&'p Permit<DraftAlerts>),
}

/// Refuses an alert that says what another one has just said, or is about to say.
fn refuse_echo(tx: &mut Tx<'_>, alert: &Alert, echo: Echo<'_>) -> Result<(), Problem> {
    let drafts = matches!(echo, Echo::Drafted(_));
    let Some(first) = store::find_echo(tx.conn, &row(alert)?, tx.now.before(model::ECHO), drafts)? else {
        return Ok(());
    };
    let is_shown = match echo {
        Echo::Issued => true,
        Echo::Drafted(permit) => seen_by(permit, find(&mut tx.reading(), first)?).is_ok(),
    };
    let problem = Problem::new(Code::Duplicate);
    Err(if is_shown { problem.with("existing", first.to_string()) } else { problem })
}

fn references(form: &AlertIn) -> Vec<RecordId> {
    form.source_ids.iter().chain(&form.section_ids).copied().collect()
}

/// A form as it may be kept, also by what only the database knows: whether what it refers to is there, and in
/// use unless it was referred to `before`.
fn checked(tx: &mut Tx<'_>, form: AlertIn, before: &[RecordId]) -> Result<AlertIn, Problem> {
    let form = form.checked()?;
    let mut faults = Faults::new();
    let known = records::references(&mut tx.reading(), &references(&form))?;
    let lists = [("sourceIds", Kind::Source, &form.source_ids), ("sectionIds", Kind::Section, &form.section_ids)];
    for (list, kind, ids) in lists {
        for (at, id) in ids.iter().enumerate() {
            match known.get(id).filter(|reference| reference.kind == kind) {
                None => faults.add(format!("/{list}/{at}"), Fault::NotFound),
                Some(record) if !record.is_active && !before.contains(id) => {
                    faults.add(format!("/{list}/{at}"), Fault::OutOfUse);
                }
                Some(_) => {}
            }
        }
    }
    if let Some(article) = form.article_id
        && !articles::exists(&mut tx.reading(), article)?
    {
        faults.add("/articleId", Fault::NotFound);
    }
    Ok(faults.finish(Some(form))?)
}

fn finished(tx: &mut Tx<'_>, alert: Alert) -> Result<Shown, Problem> {
    one(shown(&mut tx.reading(), vec![alert])?)
}

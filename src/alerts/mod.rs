//! Breaking news: short, urgent, and gone by itself. People draft, issue, update, retract, supersede and cancel
//! alerts; their start and their end are the clock's, at the instant, with no job running.
//!
//! Nothing is sent from here: every change is an event in the log, and it is public exactly when readers may know
//! of the alert.

pub mod dto;
pub mod http;
pub mod model;
mod store;
pub mod view;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{Read, Tx};
use crate::articles;
use crate::auth::Permit;
use crate::auth::actions::{DraftAlerts, IssueAlerts};
use crate::db::dialect::violates_reference;
use crate::db::page::{PageRequest, Slice};
use crate::events::Change;
use crate::fault::{Fault, Faults};
use crate::http::{Expected, Patch};
use crate::ids::{AlertId, ArticleId, RecordId};
use crate::problem::{Code, Problem};
use crate::records::{self, Kind};
use crate::time::UtcTime;

use dto::{AlertCancelIn, AlertIn, AlertRetractIn, AlertUpdateIn, DeskFilter, TickerFilter};
use model::{Action, Alert, AlertRetraction, AlertSource, Kept, Shown};

/// Drafts an alert.
pub fn draft(tx: &mut Tx<'_>, permit: &Permit<DraftAlerts>, form: AlertIn) -> Result<Shown, Problem> {
    let form = checked(tx, form, &[])?;
    let alert = Alert::draft(tx.next_id(), form, permit.user.id, tx.now);
    insert(tx, &alert)?;
    record(tx, "alert.created", &alert);
    shown(tx, alert)
}

/// Changes a draft.
pub fn edit(
    tx: &mut Tx<'_>,
    permit: &Permit<DraftAlerts>,
    id: AlertId,
    expected: &Expected,
    patch: &Patch<AlertIn>,
) -> Result<Shown, Problem> {
    let present = find(&mut tx.reading(), id)?;
    let present = seen_by(permit, present)?;
    may(tx, &present, expected, Action::Edit)?;
    let form = checked(tx, patch.apply(&present.form)?, &present.form.source_ids)?;
    let alert = save(tx, Alert { form, ..present })?;
    record(tx, "alert.updated", &alert);
    shown(tx, alert)
}

/// Sends a draft out, now or at its start. The same headline does not go out twice within ten minutes.
pub fn issue(
    tx: &mut Tx<'_>,
    _: &Permit<IssueAlerts>,
    id: AlertId,
    expected: &Expected,
    expires: Option<UtcTime>,
) -> Result<Shown, Problem> {
    let draft = ready_for(tx, id, expected, Action::Issue)?;
    let alert = issued(tx, draft, expires)?;
    let alert = save(tx, alert)?;
    record(tx, "alert.issued", &alert);
    shown(tx, alert)
}

/// Changes what was issued.
pub fn update(
    tx: &mut Tx<'_>,
    _: &Permit<IssueAlerts>,
    id: AlertId,
    expected: &Expected,
    change: AlertUpdateIn,
) -> Result<Shown, Problem> {
    let present = ready_for(tx, id, expected, Action::Update)?;
    if change.expires.is_some_and(|expires| expires <= tx.now) {
        return Err(Problem::field("/expires", Fault::NotLater));
    }
    let form = checked(tx, change.onto(present.form.clone()), &present.form.source_ids)?;
    let alert = save(tx, Alert { form, ..present })?;
    record(tx, "alert.updated", &alert);
    shown(tx, alert)
}

/// Takes back what readers have seen. It stays addressable, with the reason.
pub fn retract(
    tx: &mut Tx<'_>,
    _: &Permit<IssueAlerts>,
    id: AlertId,
    expected: &Expected,
    why: &AlertRetractIn,
) -> Result<Shown, Problem> {
    let present = ready_for(tx, id, expected, Action::Retract)?;
    let retraction = Some(why.checked(tx.now)?);
    let alert = save(tx, Alert { kept: Kept::Retracted, retraction, ..present })?;
    record(tx, "alert.retracted", &alert);
    shown(tx, alert)
}

/// Replaces what readers have seen by a new alert, which goes out at once.
pub fn supersede(
    tx: &mut Tx<'_>,
    permit: &Permit<IssueAlerts>,
    id: AlertId,
    expected: &Expected,
    form: AlertIn,
) -> Result<Shown, Problem> {
    let old = ready_for(tx, id, expected, Action::Supersede)?;
    let form = checked(tx, form, &old.form.source_ids)?;
    if form.starts_at.is_some_and(|start| start > tx.now) {
        let fault = Fault::BadFormat("now or earlier, since a replacement goes out at once".into());
        return Err(Problem::field("/startsAt", fault));
    }
    let new = Alert::draft(tx.next_id(), form, permit.user.id, tx.now);
    let superseded_by = Some(new.id);
    // The old one first: it may have had the same headline a moment ago.
    let old = save(tx, Alert { kept: Kept::Superseded, superseded_by, ..old })?;
    let new = Alert { supersedes: Some(old.id), ..issued(tx, new, None)? };
    insert(tx, &new)?;
    record(tx, "alert.superseded", &old);
    record(tx, "alert.issued", &new);
    shown(tx, new)
}

/// Gives up what nobody has seen yet.
pub fn cancel(
    tx: &mut Tx<'_>,
    _: &Permit<IssueAlerts>,
    id: AlertId,
    expected: &Expected,
    why: AlertCancelIn,
) -> Result<Shown, Problem> {
    let present = ready_for(tx, id, expected, Action::Cancel)?;
    let note = why.checked()?;
    let alert = save(tx, Alert { kept: Kept::Cancelled, note, ..present })?;
    record(tx, "alert.cancelled", &alert);
    shown(tx, alert)
}

/// One alert, for the newsroom. Others' drafts are hidden from those who only draft.
pub fn read(read: &mut Read<'_>, permit: &Permit<DraftAlerts>, id: AlertId) -> Result<Shown, Problem> {
    let alert = find(read, id)?;
    one(for_newsroom(read, vec![seen_by(permit, alert)?])?)
}

/// A page of alerts, for the newsroom, latest change first.
pub fn list(
    read: &mut Read<'_>,
    permit: &Permit<DraftAlerts>,
    filter: &DeskFilter,
    page: &PageRequest,
) -> Result<Slice<Shown>, Problem> {
    let own = (!permit.also::<IssueAlerts>()).then_some(permit.user.id);
    let Slice { rows, next, prev, total } = store::list(read.conn, filter, own, read.now, page)?;
    let alerts = rows.into_iter().map(alert).collect::<Result<_, _>>()?;
    Ok(Slice { rows: for_newsroom(read, alerts)?, next, prev, total })
}

/// One alert, for everyone: any that was in the ticker, whatever became of it.
pub fn public(read: &mut Read<'_>, id: AlertId) -> Result<Shown, Problem> {
    let alert = Some(find(read, id)?).filter(|alert| alert.is_public(read.now));
    one(for_readers(read, vec![alert.ok_or_else(Problem::not_found)?])?)
}

/// A page of the ticker, or of what became of it since an instant, for everyone.
pub fn public_list(read: &mut Read<'_>, filter: &TickerFilter, page: &PageRequest) -> Result<Slice<Shown>, Problem> {
    let Slice { rows, next, prev, total } = store::list_public(read.conn, filter, read.now, page)?;
    let alerts = rows.into_iter().map(alert).collect::<Result<_, _>>()?;
    Ok(Slice { rows: for_readers(read, alerts)?, next, prev, total })
}

/// The alert on which an action is about to be taken, still as the caller saw it.
fn ready_for(tx: &mut Tx<'_>, id: AlertId, expected: &Expected, action: Action) -> Result<Alert, Problem> {
    let alert = find(&mut tx.reading(), id)?;
    may(tx, &alert, expected, action)?;
    Ok(alert)
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

/// A form as it may be kept, also by what only the database knows: whether what it refers to is there, and in
/// use unless it was credited `before`.
fn checked(tx: &mut Tx<'_>, form: AlertIn, before: &[RecordId]) -> Result<AlertIn, Problem> {
    let form = form.checked()?;
    let mut faults = Faults::new();
    let known = records::references(&mut tx.reading(), &form.source_ids)?;
    for (at, id) in form.source_ids.iter().enumerate() {
        match known.get(id).filter(|reference| reference.kind == Kind::Source) {
            None => faults.add(format!("/sourceIds/{at}"), Fault::NotFound),
            Some(source) if !source.is_active && !before.contains(id) => {
                faults.add(format!("/sourceIds/{at}"), Fault::OutOfUse);
            }
            Some(_) => {}
        }
    }
    if let Some(article) = form.article_id
        && !articles::exists(&mut tx.reading(), article)?
    {
        faults.add("/articleId", Fault::NotFound);
    }
    Ok(faults.finish(Some(form))?)
}

/// A draft as it goes out, unless another alert has just said the same.
fn issued(tx: &mut Tx<'_>, draft: Alert, expires: Option<UtcTime>) -> Result<Alert, Problem> {
    let alert = draft.issued(tx.now, expires).map_err(|fault| Problem::field("/expires", fault))?;
    match store::find_echo(tx.conn, &row(&alert)?, tx.now.before(model::ECHO))? {
        Some(first) => Err(Problem::new(Code::Duplicate).with("existing", first.to_string())),
        None => Ok(alert),
    }
}

/// Writes a new alert, with the sources that it credits.
fn insert(tx: &mut Tx<'_>, alert: &Alert) -> Result<(), Problem> {
    store::insert(tx.conn, &row(alert)?)?;
    credit(tx, alert)
}

/// Keeps hold of the sources that an alert credits, so that none of them can be removed.
fn credit(tx: &mut Tx<'_>, alert: &Alert) -> Result<(), Problem> {
    let credited = store::credit(tx.conn, alert.id, &alert.form.source_ids);
    credited.map(drop).map_err(|error| {
        if violates_reference(&error) { Problem::field("/sourceIds", Fault::NotFound) } else { error.into() }
    })
}

/// Writes a changed alert over the version that was read.
fn save(tx: &mut Tx<'_>, changed: Alert) -> Result<Alert, Problem> {
    let present = changed.version;
    let alert = Alert { version: present + 1, updated_at: tx.now, ..changed };
    if store::update(tx.conn, &row(&alert)?, present)? == 0 {
        return Err(Problem::stale(find(&mut tx.reading(), alert.id)?.version));
    }
    credit(tx, &alert)?;
    Ok(alert)
}

/// Notes what happened; for readers too when they may know of the alert.
fn record(tx: &mut Tx<'_>, topic: &'static str, alert: &Alert) {
    let payload = json!({
        "version": alert.version,
        "state": alert.state(tx.now),
        "language": alert.form.language,
        "headline": alert.form.headline,
        "urgency": alert.form.urgency,
        "supersedes": alert.supersedes,
        "supersededBy": alert.superseded_by,
        "retraction": alert.retraction,
    });
    let change = if alert.is_public(tx.now) { Change::public } else { Change::newsroom };
    tx.record(change(topic, alert.id, payload));
}

fn find(read: &mut Read<'_>, id: AlertId) -> Result<Alert, Problem> {
    alert(store::find(read.conn, id)?.ok_or_else(Problem::not_found)?)
}

fn shown(tx: &mut Tx<'_>, alert: Alert) -> Result<Shown, Problem> {
    one(for_newsroom(&mut tx.reading(), vec![alert])?)
}

fn one(shown: Vec<Shown>) -> Result<Shown, Problem> {
    shown.into_iter().next().ok_or_else(Problem::not_found)
}

/// Alerts with what they refer to.
fn for_newsroom(read: &mut Read<'_>, alerts: Vec<Alert>) -> Result<Vec<Shown>, Problem> {
    let ids: HashSet<_> = alerts.iter().flat_map(|alert| alert.form.source_ids.iter().copied()).collect();
    let known = records::references(read, &ids.into_iter().collect::<Vec<_>>())?;
    let now = read.now;
    let credit = |alert: &Alert| {
        let source = |id| {
            let reference = known.get(id)?;
            let name = reference.name(&alert.form.language);
            Some(AlertSource { source_id: *id, slug: reference.slug.clone(), name })
        };
        alert.form.source_ids.iter().filter_map(source).collect()
    };
    let show = |alert: Alert| Shown {
        state: alert.state(now),
        sources: credit(&alert),
        article_id: alert.form.article_id,
        changed_at: alert.changed_at(now),
        alert,
    };
    Ok(alerts.into_iter().map(show).collect())
}

/// Alerts with what they refer to, but for articles that are not published now.
fn for_readers(read: &mut Read<'_>, alerts: Vec<Alert>) -> Result<Vec<Shown>, Problem> {
    let ids: Vec<ArticleId> = alerts.iter().filter_map(|alert| alert.form.article_id).collect();
    let live = articles::live_among(read, &ids)?;
    let mut shown = for_newsroom(read, alerts)?;
    for one in &mut shown {
        one.article_id = one.article_id.filter(|id| live.contains(id));
    }
    Ok(shown)
}

/// What of an alert has no column of its own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    form: AlertIn,
    superseded_by: Option<AlertId>,
    retraction: Option<AlertRetraction>,
    note: Option<String>,
}

fn row(alert: &Alert) -> Result<store::Row, Problem> {
    let Alert {
        id,
        kept,
        form,
        issued_at,
        supersedes,
        superseded_by,
        retraction,
        note,
        created_by,
        version,
        created_at,
        updated_at,
    } = alert.clone();
    Ok(store::Row {
        id,
        state: kept,
        language: form.language.to_string(),
        headline_key: model::headline_key(&form.headline),
        topic_keys: model::topic_keys(&form.topics),
        rank: model::rank(form.urgency, form.starts_at),
        starts_at: form.starts_at,
        expires: form.expires,
        last_change: form.expires.map_or(updated_at, |expires| expires.max(updated_at)),
        issued_at,
        supersedes,
        article_id: form.article_id,
        created_by,
        version,
        created_at,
        updated_at,
        content: serde_json::to_string(&Content { form, superseded_by, retraction, note })?,
    })
}

fn alert(row: store::Row) -> Result<Alert, Problem> {
    let store::Row {
        id,
        state: kept,
        language: _,
        headline_key: _,
        topic_keys: _,
        rank: _,
        starts_at: _,
        expires: _,
        last_change: _,
        issued_at,
        supersedes,
        article_id: _,
        created_by,
        version,
        created_at,
        updated_at,
        content,
    } = row;
    let Content { form, superseded_by, retraction, note } = serde_json::from_str(&content)?;
    Ok(Alert {
        id,
        kept,
        form,
        issued_at,
        supersedes,
        superseded_by,
        retraction,
        note,
        created_by,
        version,
        created_at,
        updated_at,
    })
}

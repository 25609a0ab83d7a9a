//! Between alerts and the rows that keep them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::dto::AlertIn;
use super::keys;
use super::model::{Alert, AlertRetraction, AlertSource, Approval, Shown};
use super::store;
use crate::app::{Read, Tx};
use crate::db::dialect::violates_reference;
use crate::events::fingerprint;
use crate::fault::Fault;
use crate::ids::{AlertId, RecordId};
use crate::problem::Problem;
use crate::records;

/// What of an alert has no column of its own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    form: AlertIn,
    superseded_by: Option<AlertId>,
    retraction: Option<AlertRetraction>,
    note: Option<String>,
    #[serde(default)]
    approvals: Vec<Approval>,
    #[serde(default)]
    override_reason: Option<String>,
    #[serde(default)]
    quiet_changes: i64,
    #[serde(default = "quiet")]
    quiet_story: bool,
}

/// What was kept before it was said is on the safe side.
const fn quiet() -> bool {
    true
}

/// The alert with this id.
pub(super) fn find(read: &mut Read<'_>, id: AlertId) -> Result<Alert, Problem> {
    alert(store::find(read.conn, id)?.ok_or_else(Problem::not_found)?)
}

/// Writes a new alert, with what it refers to.
pub(super) fn insert(tx: &mut Tx<'_>, alert: &Alert) -> Result<(), Problem> {
    let row = row(alert)?;
    store::insert(tx.conn, &row)?;
    tx.restate(alert.id, None, Some(state(&row)?));
    relink(tx, alert)
}

/// Writes a changed alert over the version that was read.
pub(super) fn save(tx: &mut Tx<'_>, changed: Alert) -> Result<Alert, Problem> {
    let next_at = changed.turns_at(tx.now);
    write(tx, Alert { version: changed.version + 1, updated_at: tx.now, next_at, ..changed })
}

/// The same, where readers may not know that anything has changed.
pub(super) fn save_quietly(tx: &mut Tx<'_>, changed: Alert) -> Result<Alert, Problem> {
    let (version, quiet_changes) = (changed.version + 1, changed.quiet_changes + 1);
    write(tx, Alert { quiet_changes, version, ..changed })
}

fn write(tx: &mut Tx<'_>, alert: Alert) -> Result<Alert, Problem> {
    let before = row(&find(&mut tx.reading(), alert.id)?)?;
    let row = row(&alert)?;
    if store::update(tx.conn, &row, alert.version - 1)? == 0 {
        return Err(Problem::stale(find(&mut tx.reading(), alert.id)?.version));
    }
    tx.restate(alert.id, Some(state(&before)?), Some(state(&row)?));
    relink(tx, &alert)?;
    Ok(alert)
}

/// The fingerprint of what is kept of an alert, but for what only the clock needs.
fn state(row: &store::Row) -> Result<Vec<u8>, Problem> {
    let dates = (row.starts_at, row.expires, row.issued_at, row.created_at, row.updated_at);
    fingerprint(&(row.id, row.state, &row.content, row.supersedes, row.article_id, row.created_by, row.version, dates))
}

/// Keeps hold of the sources and sections that an alert refers to, so that none of them can be removed.
fn relink(tx: &mut Tx<'_>, alert: &Alert) -> Result<(), Problem> {
    let links: Vec<RecordId> = alert.form.source_ids.iter().chain(&alert.form.section_ids).copied().collect();
    let linked = store::relink(tx.conn, alert.id, &links);
    linked.map(drop).map_err(|error| {
        if violates_reference(&error) { Problem::field("/sourceIds", Fault::NotFound) } else { error.into() }
    })
}

/// Alerts with what they refer to.
pub(super) fn shown(read: &mut Read<'_>, alerts: Vec<Alert>) -> Result<Vec<Shown>, Problem> {
    let ids: HashSet<_> = alerts.iter().flat_map(|alert| alert.form.source_ids.iter().copied()).collect();
    let known = records::references(read, &ids.into_iter().collect::<Vec<_>>())?;
    let now = read.now;
    let credit = |alert: &Alert| {
        let source = |id| {
            let reference = known.get(&id)?;
            let name = reference.name(&alert.form.language);
            Some(AlertSource { source_id: id, slug: reference.slug.clone(), name })
        };
        let present = |id| known.get(&id).map_or(id, |reference| reference.id);
        records::once(alert.form.source_ids.iter().copied(), present).into_iter().filter_map(source).collect()
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

/// The only one of them.
pub(super) fn one(shown: Vec<Shown>) -> Result<Shown, Problem> {
    shown.into_iter().next().ok_or_else(Problem::not_found)
}

pub(super) fn row(alert: &Alert) -> Result<store::Row, Problem> {
    let Alert {
        id,
        kept,
        form,
        issued_at,
        supersedes,
        superseded_by,
        retraction,
        note,
        approvals,
        override_reason,
        next_at,
        peak_urgency,
        quiet_changes,
        quiet_story,
        created_by,
        version,
        created_at,
        updated_at,
    } = alert.clone();
    Ok(store::Row {
        id,
        state: kept,
        language: form.language.to_string(),
        headline_key: keys::headline_key(&form.language, &form.headline),
        topic_keys: keys::topic_keys(&form.topics),
        rank: keys::rank(form.urgency, form.starts_at),
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
        region_keys: keys::topic_keys(&form.regions),
        peak_urgency: peak_urgency.into(),
        next_at,
        story_id: form.story_id,
        content: serde_json::to_string(&Content {
            form,
            superseded_by,
            retraction,
            note,
            approvals,
            override_reason,
            quiet_changes,
            quiet_story,
        })?,
    })
}

pub(super) fn alert(row: store::Row) -> Result<Alert, Problem> {
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
        region_keys: _,
        peak_urgency,
        next_at,
        story_id: _,
    } = row;
    let Content { form, superseded_by, retraction, note, approvals, override_reason, quiet_changes, quiet_story } =
        serde_json::from_str(&content)?;
    Ok(Alert {
        id,
        kept,
        form,
        issued_at,
        supersedes,
        superseded_by,
        retraction,
        note,
        approvals,
        override_reason,
        next_at,
        peak_urgency: u8::try_from(peak_urgency).unwrap_or(1),
        quiet_changes,
        quiet_story,
        created_by,
        version,
        created_at,
        updated_at,
    })
}

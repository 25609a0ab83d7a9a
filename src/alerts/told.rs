//! What the log is told of alerts, and what phones and browsers are asked to show.

use serde::Serialize;
use utoipa::ToSchema;

use super::delivery::for_readers;
use super::kept::{one, shown};
use super::model::Alert;
use super::view::AlertView;
use crate::app::Tx;
use crate::events::{Change, Kind};
use crate::ids::UserId;
use crate::problem::Problem;
use crate::push::{Cause, Notice};

/// What happens to alerts.
pub const EVENTS: &[Kind] = &[
    Kind::of::<AlertView>("alert.created", "An alert was drafted."),
    Kind::of::<AlertView>("alert.edited", "A draft was changed."),
    Kind::of::<AlertView>("alert.approved", "Somebody stands by a draft."),
    Kind::of::<OverrideEvent>("alert.override_used", "A flash went out without a second pair of eyes."),
    Kind::of::<AlertView>("alert.scheduled", "An alert was issued; its start is ahead."),
    Kind::of::<AlertView>("alert.issued", "An alert is in the ticker."),
    Kind::of::<AlertView>("alert.updated", "An alert that was issued says something else."),
    Kind::of::<AlertView>("alert.linked", "An article was begun for an alert."),
    Kind::of::<AlertView>("alert.retracted", "An alert was taken back; it says why."),
    Kind::of::<AlertView>("alert.superseded", "An alert was replaced; it names its successor."),
    Kind::of::<AlertView>("alert.expired", "The time of an alert is over."),
    Kind::of::<AlertView>("alert.cancelled", "An alert was given up before anyone saw it."),
];

/// That a flash went out on one person's word.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverrideEvent {
    /// Whose.
    pub user_id: Option<UserId>,
    /// Why.
    #[schema(example = "لا أحد غيري في غرفة الأخبار الآن.")]
    pub reason: String,
}

/// Notes what happened; for readers too when they may know of the alert.
pub(super) fn record(tx: &mut Tx<'_>, topic: &'static str, alert: &Alert) -> Result<(), Problem> {
    let change = if alert.is_public(tx.now) { Change::public } else { Change::newsroom };
    let payload = serde_json::to_value(seen(tx, alert)?)?;
    tx.record(change(topic, alert.id, payload));
    Ok(())
}

/// Notes what only the newsroom may know of an alert that readers see.
pub(super) fn record_inside(tx: &mut Tx<'_>, topic: &'static str, alert: &Alert) -> Result<(), Problem> {
    let payload = serde_json::to_value(AlertView::from(one(shown(&mut tx.reading(), vec![alert.clone()])?)?))?;
    tx.record(Change::newsroom(topic, alert.id, payload));
    Ok(())
}

/// Notes that somebody sent a flash out alone, and why.
pub(super) fn record_override(tx: &mut Tx<'_>, alert: &Alert, reason: &str) -> Result<(), Problem> {
    let payload = serde_json::to_value(OverrideEvent {
        user_id: tx.by.caller.map(|caller| caller.user),
        reason: reason.to_owned(),
    })?;
    tx.record(Change::newsroom("alert.override_used", alert.id, payload));
    Ok(())
}

/// Asks for phones and browsers to be told. One message takes the place of the last one about the same alert.
pub(super) fn request_push(tx: &mut Tx<'_>, cause: Cause, alert: &Alert) -> Result<(), Problem> {
    let view = seen(tx, alert)?;
    tx.record(Change::newsroom("push.requested", alert.id, serde_json::to_value(notice(cause, &view))?));
    Ok(())
}

/// The alert as readers see it, or as the newsroom does while they may not know of it.
fn seen(tx: &mut Tx<'_>, alert: &Alert) -> Result<AlertView, Problem> {
    let is_public = alert.is_public(tx.now);
    let read = &mut tx.reading();
    let shown = if is_public { for_readers(read, vec![alert.clone()])? } else { shown(read, vec![alert.clone()])? };
    Ok(AlertView::from(one(shown)?))
}

/// What phones and browsers are told. A retraction says what was wrong in the place of what it said.
pub(super) fn notice(cause: Cause, seen: &AlertView) -> Notice {
    let retraction = seen.retraction.as_ref().filter(|_| cause == Cause::Retracted);
    let correction = retraction.map(|why| why.text.clone().unwrap_or_else(|| why.reason.clone()));
    Notice {
        alert_id: seen.id,
        cause,
        title: seen.headline.clone(),
        body: correction.or_else(|| seen.body.clone()),
        language: seen.language.clone(),
        dir: seen.dir,
        urgency: seen.urgency,
        peak_urgency: seen.peak_urgency,
        supersedes: seen.supersedes,
        topics: seen.topics.clone(),
        regions: seen.regions.clone(),
        section_ids: seen.section_ids.clone(),
        expires: seen.expires,
        article_id: seen.article_id,
        link: seen.link.clone(),
    }
}

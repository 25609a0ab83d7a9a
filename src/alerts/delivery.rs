//! What everyone may read: alerts that were in the ticker, now or earlier.

use super::dto::TickerFilter;
use super::kept::{alert, find, one as only, shown};
use super::model::{Alert, Shown};
use super::store::{self, Sought};
use crate::app::Read;
use crate::articles;
use crate::db::page::{PageRequest, Slice};
use crate::ids::{AlertId, ArticleId, RecordId, StoryId};
use crate::problem::Problem;
use crate::records;
use crate::time::UtcTime;

/// One alert: any that was in the ticker, whatever became of it.
pub fn one(read: &mut Read<'_>, id: AlertId) -> Result<Shown, Problem> {
    let alert = Some(find(read, id)?).filter(|alert| alert.is_public(read.now));
    only(for_readers(read, vec![alert.ok_or_else(Problem::not_found)?])?)
}

/// A page of the ticker, or of what became of it since an instant.
pub fn list(read: &mut Read<'_>, asked: &TickerFilter, page: &PageRequest) -> Result<Slice<Shown>, Problem> {
    let sections = records::sections(read, &asked.section)?;
    let sought = Sought { asked, sections };
    let Slice { rows, next, prev, total } = store::list_public(read.conn, &sought, read.now, page)?;
    let alerts = rows.into_iter().map(alert).collect::<Result<_, _>>()?;
    Ok(Slice { rows: for_readers(read, alerts)?, next, prev, total })
}

/// The ticker, from its top.
pub fn active(read: &mut Read<'_>, limit: i64) -> Result<Vec<Shown>, Problem> {
    let alerts = store::active(read.conn, read.now, limit)?.into_iter().map(alert).collect::<Result<_, _>>()?;
    for_readers(read, alerts)
}

/// What readers may know of these alerts, and of those in the ticker that lead to these articles or credit these
/// sources, or others that are one with them by a merge.
pub fn about(
    read: &mut Read<'_>,
    ids: &[AlertId],
    articles: &[ArticleId],
    sources: &[RecordId],
) -> Result<Vec<Shown>, Problem> {
    let sources = records::kin(read, sources)?;
    let rows = store::about(read.conn, ids, (articles, &sources), read.now)?;
    let alerts = rows.into_iter().map(alert).collect::<Result<Vec<_>, _>>()?;
    let public = alerts.into_iter().filter(|alert| alert.is_public(read.now)).collect();
    for_readers(read, public)
}

/// The alerts of a story that readers may know of, the first one first.
pub fn of_story(read: &mut Read<'_>, story: StoryId, limit: i64) -> Result<Vec<Shown>, Problem> {
    let rows = store::of_story(read.conn, story, read.now, limit)?;
    let alerts = rows.into_iter().map(alert).collect::<Result<Vec<_>, _>>()?;
    let public = alerts.into_iter().filter(|alert| alert.is_public(read.now)).collect();
    let mut shown = for_readers(read, public)?;
    // Not those that belong to it only for an article that nobody reads yet.
    shown.retain(|one| one.alert.form.story_id == Some(story));
    Ok(shown)
}

/// Some of the alerts that the clock has made something else after an instant, until now.
pub fn turned_between(read: &mut Read<'_>, after: UtcTime, limit: usize) -> Result<Vec<AlertId>, Problem> {
    Ok(store::turned_between(read.conn, after, read.now, i64::try_from(limit).unwrap_or(i64::MAX))?)
}

/// The first instant after this one at which an alert appears or disappears by the clock.
pub fn next_change(read: &mut Read<'_>, after: UtcTime) -> Result<Option<UtcTime>, Problem> {
    let turns = store::turns(read.conn, after)?.into_iter();
    Ok(turns.flat_map(|(comes, goes)| [comes, goes]).flatten().filter(|at| *at > after).min())
}

/// Alerts with what they refer to, but for articles that are not published now.
pub(super) fn for_readers(read: &mut Read<'_>, alerts: Vec<Alert>) -> Result<Vec<Shown>, Problem> {
    let ids: Vec<ArticleId> = alerts.iter().filter_map(|alert| alert.form.article_id).collect();
    let live = articles::live_among(read, &ids)?;
    let mut shown = shown(read, alerts)?;
    for one in &mut shown {
        one.article_id = one.article_id.filter(|id| live.contains(id));
        // Nor of what the newsroom did for an article that nobody reads yet.
        one.alert.version -= one.alert.quiet_changes;
        if one.alert.quiet_changes > 0 && one.alert.quiet_story && one.article_id.is_none() {
            one.alert.form.story_id = None;
        }
    }
    Ok(shown)
}

//! Sync: what an app that was away has to change in its own store, in one answer.
//!
//! The log says which things have changed since; their present state says how. So however often something changed, it
//! comes once, as it is now or as gone, and whatever was withdrawn in the meantime is told by its id alone. Alerts that
//! the clock has turned, and articles, are found by the clock, with no job running.

pub mod dto;
pub mod http;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::dto::{AlertChanges, ArticleChanges, CountView, EndedAlert, SyncQuery, SyncView};
use crate::alerts;
use crate::alerts::model::{AlertState, Shown};
use crate::alerts::view::AlertView;
use crate::app::Read;
use crate::articles::{self, CompactArticle, Which};
use crate::db::page;
use crate::events::{self, Event};
use crate::ids::{AlertId, ArticleId, RecordId};
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

/// How long ago an app may have asked last: beyond it, what the clock has turned is too much to tell one by one.
const KEPT_MAX: Duration = Duration::from_secs(90 * 86_400);
/// Events that one answer looks through.
const BATCH: u32 = 1_000;
/// Articles that a first answer has, when the app does not say.
const ARTICLES: u32 = 100;
/// Alerts that the ticker of a first answer has at the most.
const TICKER_MAX: i64 = 500;

/// Alerts that the clock may have turned meanwhile; beyond them the app begins anew.
const TURNS_MAX: usize = 1_000;

/// How far an app has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The public number of the last event that it has.
    seq: i64,
    /// The instant whose ticker it has.
    at: i64,
}

/// What has changed, by noun.
#[derive(Default)]
struct Touched {
    articles: BTreeSet<ArticleId>,
    alerts: BTreeSet<AlertId>,
    sources: BTreeSet<RecordId>,
    /// Articles whose comments were counted anew.
    counted: BTreeSet<ArticleId>,
    sections_moved: bool,
    /// Articles name another record than before, and no event says which articles.
    records_merged: bool,
}

impl Touched {
    fn by(events: &[Event]) -> Self {
        let mut touched = Self::default();
        for event in events {
            let Some(id) = event.target else { continue };
            match event.topic.split('.').next() {
                _ if event.topic.ends_with(".merged") => touched.records_merged = true,
                Some("article") => drop(touched.articles.insert(ArticleId::of(id))),
                Some("alert") => drop(touched.alerts.insert(AlertId::of(id))),
                Some("source") => drop(touched.sources.insert(RecordId::of(id))),
                Some("section") => touched.sections_moved = true,
                Some("comment") => touched.counted.extend(article_of(event)),
                _ => {}
            }
        }
        touched
    }
}

fn article_of(event: &Event) -> Option<ArticleId> {
    let id = event.payload.get("articleId")?.as_str()?;
    Uuid::try_parse(id).ok().map(ArticleId::of)
}

/// What an app has to change since it last asked, or all that a new one needs.
pub fn changes(read: &mut Read<'_>, query: &SyncQuery) -> Result<SyncView, Problem> {
    let which = Which::of(read, &query.language, &query.section)?;
    let list = query.identity();
    let Some(cursor) = &query.cursor else { return snapshot(read, query, &which) };
    let from: Place = page::unseal(cursor, &list).ok_or_else(|| Problem::new(Code::BadCursor))?;
    let is_late = UtcTime::from_micros(from.at) < read.now.before(KEPT_MAX);
    if is_late || !events::reaches_back_to(read, from.seq)? {
        return snapshot(read, query, &which);
    }
    let events = events::public_after(read, from.seq, BATCH)?;
    // Another node's clock may be ahead: what it has published is published.
    read.now = events.iter().fold(read.now, |now, event| now.max(event.at));
    let more = events.len() == BATCH as usize;
    let seq = events.last().and_then(|event| event.number).unwrap_or(from.seq);
    let mut touched = Touched::by(&events);
    if touched.records_merged || touched.sections_moved && !query.section.is_empty() {
        return snapshot(read, query, &which);
    }
    let turned = alerts::turned_between(read, UtcTime::from_micros(from.at), TURNS_MAX + 1)?;
    if turned.len() > TURNS_MAX {
        return snapshot(read, query, &which);
    }
    touched.alerts.extend(turned);
    let turned = articles::turned_between(read, UtcTime::from_micros(from.at), TURNS_MAX)?;
    if turned.len() > TURNS_MAX {
        return snapshot(read, query, &which);
    }
    touched.articles.extend(turned);
    let articles = article_changes(read, &which, &touched)?;
    let counts = count_changes(read, &which, &touched, &articles.upserted)?;
    let alerts = alert_changes(read, query, &touched)?;
    // The clock's turns are done with only when the log is.
    let at = if more { from.at } else { read.now.micros() };
    let cursor = page::seal(&Place { seq, at }, &list);
    Ok(SyncView { reset: false, articles, alerts, counts, cursor, more })
}

/// All that an app needs that has nothing, or nothing that still counts.
fn snapshot(read: &mut Read<'_>, query: &SyncQuery, which: &Which) -> Result<SyncView, Problem> {
    let place = Place { seq: events::last(read)?.1, at: read.now.micros() };
    let upserted = articles::newest(read, which, query.limit.unwrap_or(ARTICLES))?;
    let ticker = alerts::active(read, TICKER_MAX)?.into_iter().filter(|shown| query.speaks(shown));
    Ok(SyncView {
        reset: true,
        articles: ArticleChanges { upserted, removed: Vec::new() },
        alerts: AlertChanges { upserted: ticker.map(AlertView::from).collect(), removed: Vec::new() },
        counts: Vec::new(),
        cursor: page::seal(&place, &query.identity()),
        more: false,
    })
}

fn article_changes(read: &mut Read<'_>, which: &Which, touched: &Touched) -> Result<ArticleChanges, Problem> {
    let ids: Vec<ArticleId> = touched.articles.iter().copied().collect();
    let upserted = articles::among(read, which, &ids)?;
    let here: BTreeSet<ArticleId> = upserted.iter().map(|article| article.id).collect();
    Ok(ArticleChanges { removed: ids.into_iter().filter(|id| !here.contains(id)).collect(), upserted })
}

/// New counts of articles that have not changed otherwise.
fn count_changes(
    read: &mut Read<'_>,
    which: &Which,
    touched: &Touched,
    upserted: &[CompactArticle],
) -> Result<Vec<CountView>, Problem> {
    let told: BTreeSet<ArticleId> = upserted.iter().map(|article| article.id).collect();
    let ids: Vec<ArticleId> = touched.counted.difference(&told).copied().collect();
    let counted = articles::among(read, which, &ids)?;
    let count = |article: CompactArticle| CountView { article_id: article.id, comment_count: article.comment_count };
    Ok(counted.into_iter().map(count).collect())
}

fn alert_changes(read: &mut Read<'_>, query: &SyncQuery, touched: &Touched) -> Result<AlertChanges, Problem> {
    let ids: Vec<AlertId> = touched.alerts.iter().copied().collect();
    let articles: Vec<ArticleId> = touched.articles.iter().copied().collect();
    let sources: Vec<RecordId> = touched.sources.iter().copied().collect();
    let shown = alerts::about(read, &ids, &articles, &sources)?;
    let spoken = shown.into_iter().filter(|shown| query.speaks(shown));
    let (running, over): (Vec<Shown>, Vec<Shown>) = spoken.partition(|shown| shown.state == AlertState::Active);
    Ok(AlertChanges {
        upserted: running.into_iter().map(AlertView::from).collect(),
        removed: over.into_iter().map(EndedAlert::from).collect(),
    })
}

//! What the clock does to articles: a revision becomes public at its hour, and what is public comes to its end.
//!
//! Readers need none of this to see what is right: publications say from when until when they are visible. It keeps the
//! newsroom's plan, and announces each turn once, by the next change of the article or by a job, whichever comes first.

pub mod dto;
pub(super) mod store;

use std::collections::HashMap;
use std::time::Duration;

use self::dto::{Lateness, ScheduleQuery, TurnView};
use self::store::Row;
use super::dto::ArticleIn;
use super::model::{Turn, next_turn};
use super::store::{self as articles, Ahead, Head};
use super::told::{sections, turned};
use crate::app::{App, Read, Tx};
use crate::auth::actions::PublishArticles;
use crate::auth::{Actor, Permit};
use crate::db::page::{PageRequest, Slice};
use crate::events::fingerprint;
use crate::ids::{ArticleId, RecordId, StoryId};
use crate::problem::Problem;
use crate::text_enum;
use crate::time::UtcTime;

/// Articles whose turns are told in one transaction.
const BATCH: i64 = 100;
/// How long the job looks away at the most.
const TICK: Duration = Duration::from_secs(1);
/// How far back lateness is measured, and over how many turns at the most.
const LATELY: (Duration, i64) = (Duration::from_secs(7 * 86_400), 10_000);

text_enum! {
    /// What the clock does.
    #[schema(example = "publish")]
    pub enum TurnAction {
        /// The article appears.
        Publish = "publish",
        /// Another revision takes the place of what is public.
        Update = "update",
        /// What is public comes to its end.
        Expire = "expire",
    }
}

text_enum! {
    /// What became of a plan.
    #[schema(example = "planned")]
    pub enum TurnOutcome {
        /// It has yet to come, or to be announced.
        Planned = "planned",
        /// It came, and was announced.
        Done = "done",
        /// Something else was decided before it came.
        Cancelled = "cancelled",
    }
}

/// Which turns somebody asks for.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub outcome: TurnOutcome,
    pub from: Option<UtcTime>,
    pub until: Option<UtcTime>,
    pub article: Option<ArticleId>,
}

impl Head {
    /// The next turn, if it has come by an instant.
    fn turn(&self, now: UtcTime) -> Option<(UtcTime, Turn)> {
        next_turn(self.ahead.due_at, self.ahead.ends_at).filter(|(at, _)| *at <= now)
    }

    /// What a turn makes of it.
    fn turned(self, at: UtcTime, turn: Turn) -> Self {
        use super::model::ArticleState::{Published, Scheduled, Unpublished};
        match turn {
            Turn::Appears => Self {
                state: Published,
                live_version: self.ahead.due_version,
                date_published: self.date_published.or(Some(at)),
                date_modified: Some(at),
                ahead: Ahead { ends_at: self.ahead.due_ends_at, ..Ahead::default() },
                ..self
            },
            Turn::Ends => Self {
                state: if self.ahead.due_at.is_some() { Scheduled } else { Unpublished },
                live_version: None,
                ahead: Ahead { ends_at: None, ..self.ahead },
                ..self
            },
        }
    }

    /// Where it stands at an instant, whether or not anything has noted it.
    pub(super) fn at(mut self, now: UtcTime) -> Self {
        while let Some((at, turn)) = self.turn(now) {
            self = self.turned(at, turn);
        }
        self
    }
}

/// Notes what the clock has made of an article by now, and tells of each turn that was not told of.
pub(super) fn settle(tx: &mut Tx<'_>, head: Head) -> Result<Head, Problem> {
    if head.turn(tx.now).is_none() {
        return Ok(head);
    }
    let mut head = head;
    while let Some((at, turn)) = head.turn(tx.now) {
        let frozen = frozen(tx, &head, head.live_version)?;
        let (ended, before) = (head.live_version, standing(&head)?);
        head = head.turned(at, turn);
        if store::claim(tx.conn, head.id, at, tx.now)? > 0 {
            // The revision that readers see, or saw; not what was written since.
            let version = head.live_version.or(ended).unwrap_or(head.version);
            let shown = Head { version, ..frozen.in_language(version, head.clone()) };
            let listed = frozen.sections(ended.into_iter().chain(head.live_version));
            let change = turned(turn, &shown, &listed, at, tx.now);
            tx.record(change.hashes(Some(before), Some(standing(&head)?)));
        }
    }
    store::settle(tx.conn, &head)?;
    Ok(head)
}

/// The fingerprint of what the clock changes of an article. It makes no revision.
fn standing(head: &Head) -> Result<Vec<u8>, Problem> {
    fingerprint(&(head.id, head.version, head.state, head.live_version, head.date_published, head.date_modified))
}

/// What is public of an article, and what is about to be, by version.
#[derive(Debug)]
pub(super) struct Frozen(HashMap<i64, ArticleIn>);

impl Frozen {
    /// The sections that list any of these versions, each once.
    pub fn sections(&self, versions: impl IntoIterator<Item = i64>) -> Vec<RecordId> {
        let forms = versions.into_iter().filter_map(|version| self.0.get(&version));
        let mut listed: Vec<RecordId> = forms.flat_map(sections).collect();
        listed.sort_unstable();
        listed.dedup();
        listed
    }

    /// The head with the language of a version, whatever that of the working copy is by now.
    pub fn in_language(&self, version: i64, head: Head) -> Head {
        let language = self.0.get(&version).map(|form| form.language.to_string());
        Head { language: language.unwrap_or_else(|| head.language.clone()), ..head }
    }
}

/// The version that readers see, or else the one that they saw last, if they ever saw one.
pub(super) fn seen(tx: &mut Tx<'_>, head: &Head) -> Result<Option<i64>, Problem> {
    match head.live_version {
        None if head.date_published.is_some() => Ok(store::last_seen(tx.conn, head.id, tx.now)?),
        live => Ok(live),
    }
}

/// What is public of an article, or was, and what is about to be.
pub(super) fn frozen(tx: &mut Tx<'_>, head: &Head, seen: Option<i64>) -> Result<Frozen, Problem> {
    let versions: Vec<i64> = seen.into_iter().chain(head.ahead.due_version).collect();
    let contents = store::contents(tx.conn, head.id, &versions)?.into_iter();
    let forms: Result<_, Problem> =
        contents.map(|(version, form)| Ok((version, serde_json::from_str(&form)?))).collect();
    Ok(Frozen(forms?))
}

/// Puts what is ahead of an article in the place of what was planned for it.
///
/// # Errors
/// `stale` when another node, whose clock is ahead, has told that the planned revision is public.
pub(super) fn plan(tx: &mut Tx<'_>, head: &Head, was_due: Option<UtcTime>) -> Result<(), Problem> {
    if let Some(due) = was_due
        && store::give_up(tx.conn, head.id, due)? == 0
    {
        return Err(Problem::stale(head.version - 1));
    }
    store::cancel(tx.conn, head.id)?;
    let Ahead { due_version, due_at, due_ends_at, publish_at, time_zone, ends_at } = head.ahead.clone();
    let appears = if head.live_version.is_some() { TurnAction::Update } else { TurnAction::Publish };
    let ends_first = ends_at.filter(|ends| due_at.is_none_or(|due| *ends < due));
    let turns = [
        ends_first.zip(head.live_version).map(|(at, version)| (TurnAction::Expire, at, version)),
        due_at.zip(due_version).map(|(at, version)| (appears, at, version)),
        due_ends_at.zip(due_version).map(|(at, version)| (TurnAction::Expire, at, version)),
    ];
    for (action, due_at, version) in turns.into_iter().flatten() {
        let is_asked = action != TurnAction::Expire;
        let row = Row {
            id: tx.next_id(),
            article_id: head.id,
            version,
            action,
            due_at,
            publish_at: publish_at.filter(|_| is_asked),
            time_zone: time_zone.clone().filter(|_| is_asked),
            outcome: TurnOutcome::Planned,
            planned_by: head.updated_by,
            planned_at: tx.now,
            told_at: None,
        };
        store::insert(tx.conn, &row)?;
    }
    Ok(())
}

/// Tells what the clock has done to articles, and says when it next turns.
pub async fn announce(app: App) -> Result<Duration, Problem> {
    let now = app.now();
    match app.read(|read| Ok(store::next(read.conn)?)).await? {
        None => Ok(TICK),
        Some(next) if next > now => Ok(next.since(now).min(TICK)),
        Some(_) => {
            app.write(Actor::itself(), tell_due).await?;
            Ok(Duration::ZERO)
        }
    }
}

fn tell_due(tx: &mut Tx<'_>) -> Result<(), Problem> {
    let mut due = store::due(tx.conn, tx.now, BATCH)?;
    due.dedup();
    for id in due {
        if let Some(head) = articles::head(tx.conn, id)? {
            settle(tx, head)?;
        }
        store::lapse(tx.conn, id, tx.now)?;
    }
    Ok(())
}

/// A page of what will happen when, or of what has happened.
pub fn schedule(
    read: &mut Read<'_>,
    _: &Permit<PublishArticles>,
    query: &ScheduleQuery,
    page: &PageRequest,
) -> Result<Slice<TurnView>, Problem> {
    let ScheduleQuery { outcome, from, until, article } = query;
    let outcome = outcome.unwrap_or(TurnOutcome::Planned);
    let wanted = Planned { outcome, from: *from, until: *until, article: *article };
    let Slice { rows, next, prev, total } = store::list(read.conn, &wanted, page)?;
    let rows: Result<Vec<TurnView>, Problem> = rows
        .into_iter()
        .map(|(row, content)| Ok(TurnView::of(row, &serde_json::from_str::<ArticleIn>(&content)?, read.now)))
        .collect();
    Ok(Slice { rows: rows?, next, prev, total })
}

/// A revision that nobody outside of the newsroom may know of yet.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// Whose.
    pub article: ArticleId,
    /// Which.
    pub version: i64,
    /// Until when.
    pub until: UtcTime,
    /// The slug that it will have.
    pub slug: String,
    /// The story that it belongs to.
    pub story: Option<StoryId>,
}

/// The revisions that are held back for their hour or by an embargo, the next first; so many at the most.
pub fn withheld(read: &mut Read<'_>, most: usize) -> Result<Vec<Withheld>, Problem> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let waiting = store::waiting(read.conn, read.now, limit)?.into_iter();
    let withheld = |store::Waiting { article_id, version, due_at, slug, story_id }| Withheld {
        article: article_id,
        version,
        until: due_at,
        slug,
        story: story_id,
    };
    Ok(waiting.map(withheld).collect())
}

/// How late the turns of the last week were announced.
pub fn lateness(read: &mut Read<'_>, _: &Permit<PublishArticles>) -> Result<Lateness, Problem> {
    let (since, limit) = LATELY;
    let told = store::told_lately(read.conn, read.now.before(since), limit)?;
    Ok(Lateness::of(told.into_iter().map(|(due, told)| told.since(due)).collect()))
}

/// The first instant after this one at which an article appears or disappears by the clock.
pub fn next_change(read: &mut Read<'_>, after: UtcTime) -> Result<Option<UtcTime>, Problem> {
    Ok(store::next_turns(read.conn, after)?.into_iter().flatten().min())
}

/// The articles that appeared or disappeared after an instant, until now, by the clock; so many at the most, and then
/// the answer is longer than that.
pub fn turned_between(read: &mut Read<'_>, after: UtcTime, most: usize) -> Result<Vec<ArticleId>, Problem> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    Ok(store::turned_between(read.conn, after, read.now, limit)?)
}

//! How often articles are read, and which are read most just now.
//!
//! Whoever shows an article says so. It is counted in the memory of a node, a reader once in a while, and a job writes down what has
//! come together: no view costs a write, and a node that is killed loses what came since the last one, half a minute of it.
//! What is read most is a [score](Score) that fades: it is kept in a way that fades by itself, so that no row is written
//! because time passes.

pub mod dto;
pub mod http;
mod model;
mod store;
mod tally;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use self::dto::{CountedEvent, ReadershipView};
use self::model::Score;
use self::store::Row;
use crate::app::{App, Read, Tx};
use crate::articles;
use crate::auth::actions::WriteArticles;
use crate::auth::{Actor, Permit};
use crate::db::dialect::{self, Door};
use crate::events::{Change, Kind, Visibility};
use crate::ids::ArticleId;
use crate::problem::Problem;

pub use tally::{Reader, Tally};

/// How long views wait in memory.
const PAUSE: Duration = Duration::from_secs(30);
/// Articles whose views are written in one transaction.
const SLICE: usize = 500;
/// So many rank by how they are read. What nobody reads has no rank.
const RANKED_MAX: i64 = 1_000;

/// What happens to readership.
pub const EVENTS: &[Kind] = &[Kind::of::<CountedEvent>(
    "readership.counted",
    "Views were written down that had come together: twice a minute from each node, of 500 articles at a time.",
)];

/// What is read most just now, highest first, with what it ranks by.
pub fn most_read(read: &mut Read<'_>) -> Result<Vec<(i64, ArticleId)>, Problem> {
    Ok(store::top(read.conn, RANKED_MAX)?)
}

/// How often an article was read.
pub fn of(read: &mut Read<'_>, permit: &Permit<WriteArticles>, id: ArticleId) -> Result<ReadershipView, Problem> {
    articles::check_known(read, permit, id)?;
    let row = store::find(read.conn, &[id])?.pop();
    let (views, date_last_read) = row.map_or((0, None), |row| (row.views, Some(row.read_at)));
    Ok(ReadershipView { article_id: id, views, date_last_read })
}

/// Writes down what has come together; answers when to look again.
pub async fn run(app: App) -> Result<Duration, Problem> {
    flush(&app).await?;
    Ok(PAUSE)
}

/// Writes down what has come together. What can't be written waits on.
pub async fn flush(app: &App) -> Result<(), Problem> {
    loop {
        let views = app.tally().take(SLICE);
        if views.is_empty() {
            return Ok(());
        }
        let batch = views.clone();
        let written = app.write(Actor::itself(), move |tx| count(tx, &batch)).await;
        if written.is_err() {
            app.tally().take_back(views);
            return written;
        }
    }
}

/// Adds views to what was counted.
fn count(tx: &mut Tx<'_>, views: &[(ArticleId, i64)]) -> Result<(), Problem> {
    // What one node adds, another must not have read before.
    dialect::take_turns(tx.conn, Door::Readership)?;
    let ids: Vec<ArticleId> = views.iter().map(|(id, _)| *id).collect();
    let found = store::find(tx.conn, &ids)?;
    let known: HashMap<ArticleId, Row> = found.into_iter().map(|row| (row.article_id, row)).collect();
    for (id, more) in views {
        let before = known.get(id);
        let score = Score::of(*more, tx.now).and(before.map(|row| Score(row.score)));
        let row =
            Row { article_id: *id, views: before.map_or(0, |row| row.views) + more, score: score.0, read_at: tx.now };
        store::keep(tx.conn, &row)?;
    }
    tx.record(Change {
        topic: "readership.counted",
        kind: "readership",
        target: None,
        visibility: Visibility::Newsroom,
        payload: json!({ "articles": views.len(), "views": views.iter().map(|(_, more)| more).sum::<i64>() }),
        before: None,
        after: None,
        is_routine: true,
    });
    Ok(())
}

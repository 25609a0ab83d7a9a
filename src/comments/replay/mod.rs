//! Replay: what a change of the rules would have done to the last comments, before anybody makes it.
//!
//! It looks at what is kept of each comment, judges it by the rules as they are and as they would be, and tells where the
//! two differ. It writes nothing. Comments are read page by page, the oldest first, since what becomes of one matters to its
//! writer's next ones; each page from a snapshot of its own, and judged on a thread where nobody waits for them.

pub mod dto;
pub mod http;
mod store;
mod tally;
mod trial;

use std::collections::HashMap;
use std::sync::Arc;

use self::dto::ReplayIn;
use self::tally::Tally;
use self::trial::{Kept, Trial, Without};
use super::{decisions, sanctions, words};
use crate::app::{App, Read};
use crate::articles;
use crate::auth::Permit;
use crate::auth::actions::ModerateComments;
use crate::db::page::{PageRequest, Position, Slice};
use crate::fault::Faults;
use crate::ids::{ArticleId, CommentId, CommenterId};
use crate::problem::Problem;
use crate::site;

pub use tally::Replayed;

/// Comments that are read at once.
const PAGE: u32 = 500;

/// Judges the last comments by the rules as they are and as they would be.
pub async fn replay(app: &App, _: &Permit<ModerateComments>, form: ReplayIn) -> Result<Replayed, Problem> {
    let last = form.last;
    let (trial, mut next) = app.read(move |read| prepare(read, form)).await?;
    let (trial, mut tally, mut left) = (Arc::new(trial), Tally::default(), last);
    while left > 0 {
        let page = PageRequest { limit: left.min(PAGE), from: next, ..PageRequest::default() };
        let wanted = trial.without();
        let Slice { rows, next: more, .. } = app.read(move |read| kept(read, &page, wanted)).await?;
        left = left.saturating_sub(PAGE);
        let trial = Arc::clone(&trial);
        let judged = tokio::task::spawn_blocking(move || tally.with(&trial, rows));
        tally = judged.await.map_err(Problem::internal)?;
        next = more;
        if next.is_none() {
            break;
        }
    }
    Ok(tally.finish())
}

/// The rules as they are and as they would be, and after which comment the last ones begin.
fn prepare(read: &mut Read<'_>, form: ReplayIn) -> Result<(Trial, Option<Position>), Problem> {
    let ReplayIn { words, site, last } = form;
    let mut faults = Faults::new();
    let lists = words::tried(read, &words.add, &words.remove, &mut faults)?;
    let policy = faults.take("/site/commentPolicy", site.policy());
    let (lists, policy) = faults.finish(lists.zip(policy))?;
    let present = site::present(read)?;
    let trial = Trial::new(&present, lists, policy, site.discussion.unwrap_or_default());
    Ok((trial, store::before_last(read.conn, last)?))
}

/// A page of comments with all that is kept of what a verdict depends on, the oldest first.
fn kept(read: &mut Read<'_>, page: &PageRequest, without: Without) -> Result<Slice<Kept>, Problem> {
    let slice = store::after(read.conn, page, without)?;
    let ids: Vec<CommentId> = slice.rows.iter().map(|said| said.id).collect();
    let mut articles: Vec<ArticleId> = slice.rows.iter().map(|said| said.article_id).collect();
    articles.sort_unstable_by_key(|id| id.uuid());
    articles.dedup();
    let mut authors: Vec<CommenterId> = slice.rows.iter().map(|said| said.author_id).collect();
    authors.sort_unstable_by_key(|id| id.uuid());
    authors.dedup();
    let rules = decisions::last_judged(read, &ids)?;
    let modes: HashMap<_, _> = articles::own_policies(read, &articles)?;
    let watched = sanctions::premoderated_among(read, &authors)?;
    Ok(slice.map(|said| Kept {
        rule: rules.get(&said.id).copied(),
        mode: modes.get(&said.article_id).copied().flatten(),
        is_premoderated: watched.contains(&said.author_id),
        said,
    }))
}

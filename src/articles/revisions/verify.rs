//! The walk over every revision, which finds what somebody has changed behind Khabar's back. It reads in slices, each a
//! snapshot of its own, so that a newsroom can work meanwhile.

use std::collections::HashMap;
use std::fmt;

use uuid::Uuid;

use super::store::{self, Copy, StoredRevision};
use crate::app::{App, Read};
use crate::articles::kept::Said;
use crate::ids::{ArticleId, Id, PublicationId, of};
use crate::problem::Problem;

/// Rows that are read at once.
const SLICE: i64 = 100;
/// Flaws that are told one by one.
const SHOWN: usize = 20;

/// What is wrong with a revision, or with what was taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its hash is not that of what it says.
    Altered,
    /// It does not go on from the one before it.
    Unlinked,
    /// A revision before it is missing.
    Gap,
    /// The article has another latest revision, or none.
    Latest,
    /// The working copy is not what its revision says.
    WorkingCopy,
    /// A publication is not what its revision says.
    Publication,
}

/// A flaw and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is wrong.
    pub flaw: Flaw,
    /// The article.
    pub article: ArticleId,
    /// The revision.
    pub version: i64,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.flaw {
            Flaw::Altered => "is not what was written: its hash says otherwise",
            Flaw::Unlinked => "does not go on from the revision before it",
            Flaw::Gap => "has no revision before it: at least one is missing",
            Flaw::Latest => "should be the latest one, and is not or is missing",
            Flaw::WorkingCopy => "is not what the working copy says",
            Flaw::Publication => "is not what was published as it",
        };
        write!(f, "article {}, revision {}: {what}", self.article, self.version)
    }
}

/// What a walk has seen.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// Revisions.
    pub revisions: usize,
    /// Articles.
    pub articles: usize,
    /// Publications.
    pub publications: usize,
    /// All that is wrong.
    pub flaws: usize,
    /// The first of it.
    pub found: Vec<Found>,
}

impl Verification {
    fn add(&mut self, flaw: Flaw, article: ArticleId, version: i64) {
        self.flaws += 1;
        if self.found.len() < SHOWN {
            self.found.push(Found { flaw, article, version });
        }
    }
}

/// Looks at everything that was ever written.
pub async fn verify(app: &App) -> Result<Verification, Problem> {
    let mut seen = Verification::default();
    let mut last: Option<StoredRevision> = None;
    loop {
        let from = last.as_ref().map_or((first(), 0), |row| (row.article_id, row.version));
        let rows = app.read(move |read| Ok(store::revisions_after(read.conn, from, SLICE)?)).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            check(&mut seen, last.as_ref().filter(|last| last.article_id == row.article_id), &row);
            last = Some(row);
        }
    }
    let mut article = first();
    loop {
        let rows = app.read(move |read| working_copies(read, article)).await?;
        let Some((_, next)) = rows.last() else { break };
        article = next.id;
        for (last, copy) in &rows {
            check_working_copy(&mut seen, copy, *last);
        }
    }
    let mut publication: PublicationId = first();
    loop {
        let rows = app.read(move |read| Ok(store::publications_after(read.conn, publication, SLICE)?)).await?;
        let Some(next) = rows.last() else { return Ok(seen) };
        publication = next.id;
        seen.publications += rows.len();
        for copy in rows.iter().filter(|copy| copy.revision.as_ref() != Some(&copy.texts)) {
            seen.add(Flaw::Publication, copy.article, copy.version);
        }
    }
}

/// The number of the last revision of a working copy, and that copy.
type Latest = (Option<i64>, Copy<of::Article>);

/// Before every id.
const fn first<K>() -> Id<K> {
    Id::of(Uuid::nil())
}

fn check(seen: &mut Verification, before: Option<&StoredRevision>, row: &StoredRevision) {
    let StoredRevision { article_id, version, parent_version, author_id, created_at, prev_hash, hash, .. } = row;
    let said = Said {
        version: *version,
        action: &row.action,
        state: &row.state,
        author: *author_id,
        at: *created_at,
        note: row.note.as_deref(),
        content: &row.content,
        body: &row.body,
    };
    seen.revisions += 1;
    let (number, previous) = before.map_or((0, &[][..]), |before| (before.version, &before.hash));
    if *version != number + 1 {
        seen.add(Flaw::Gap, *article_id, *version);
    } else if prev_hash != previous || parent_version.unwrap_or(0) != number {
        seen.add(Flaw::Unlinked, *article_id, *version);
    }
    if said.hash(prev_hash) != *hash {
        seen.add(Flaw::Altered, *article_id, *version);
    }
}

fn working_copies(read: &mut Read<'_>, after: ArticleId) -> Result<Vec<Latest>, Problem> {
    let rows = store::articles_after(read.conn, after, SLICE)?;
    let ids: Vec<ArticleId> = rows.iter().map(|copy| copy.id).collect();
    let last: HashMap<ArticleId, Option<i64>> = store::last_versions(read.conn, &ids)?.into_iter().collect();
    let last = |copy: &Copy<of::Article>| last.get(&copy.id).copied().flatten();
    Ok(rows.into_iter().map(|copy| (last(&copy), copy)).collect())
}

fn check_working_copy(seen: &mut Verification, copy: &Copy<of::Article>, last: Option<i64>) {
    seen.articles += 1;
    if last != Some(copy.version) {
        seen.add(Flaw::Latest, copy.article, copy.version);
    } else if copy.revision.as_ref() != Some(&copy.texts) {
        seen.add(Flaw::WorkingCopy, copy.article, copy.version);
    }
}

//! Working copies as they are kept: the head, its texts, and the chain of their revisions.

use std::collections::HashMap;

use super::beat::{Beat, elsewhere};
use super::corrections::{self, CorrectionView};
use super::dto::ArticleIn;
use super::lint::{self, Prints, Warning};
use super::locks::{self, LockOwner};
use super::model::{self, ArticleState, Standing, Step};
use super::names::{refusal, settled};
use super::store::{self, Head, RevisionRow, Texts};
use super::turns::settle;
use crate::app::{Read, Tx};
use crate::auth::User;
use crate::auth::actions::{Action as _, KillArticles};
use crate::blocks::Body;
use crate::http::Expected;
use crate::ids::{ArticleId, UserId};
use crate::problem::{Code, Problem};
use crate::records::References;
use crate::text::{Language, count, slug};
use crate::time::UtcTime;

/// A working copy, as the newsroom sees it.
#[derive(Clone, Debug)]
pub struct Saved {
    pub(super) head: Head,
    pub(super) form: ArticleIn,
    pub(super) warnings: Vec<Warning>,
    pub(super) allowed: Vec<Step>,
    /// Those that are public, or will be with the next publication.
    pub(super) corrections: Vec<CorrectionView>,
    /// Who is writing at it.
    pub(super) lock: Option<LockOwner>,
}

impl Saved {
    /// The article's id.
    pub const fn id(&self) -> ArticleId {
        self.head.id
    }

    /// Where it is in its life.
    pub const fn state(&self) -> ArticleState {
        self.head.state
    }

    /// The language that it is written in.
    pub const fn language(&self) -> &Language {
        &self.form.language
    }

    /// The original that it is a translation of; itself where it is none.
    pub fn original(&self) -> ArticleId {
        self.form.translation_of.unwrap_or(self.head.id)
    }

    /// What was put right, in order.
    pub fn corrections(&self) -> &[CorrectionView] {
        &self.corrections
    }

    /// Whether it was ever published.
    pub const fn was_published(&self) -> bool {
        self.head.date_published.is_some()
    }

    /// When it was published, or else will be; when it was begun, while nobody knows that.
    pub fn moment(&self) -> UtcTime {
        self.head.date_published.or(self.head.ahead.due_at).unwrap_or(self.head.created_at)
    }

    /// The version that a later change must name, and when it was made.
    pub const fn stamp(&self) -> (i64, UtcTime) {
        (self.head.version, self.head.updated_at)
    }
}

/// A revision, with its texts where one was asked for.
#[derive(Clone, Debug)]
pub struct Revision {
    pub(super) row: RevisionRow,
    pub(super) form: Option<ArticleIn>,
}

/// Loads an article for a step, if the caller may know of it, nobody else is writing at it, the caller has seen its
/// present version, and may take the step.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    by: &User,
    id: ArticleId,
    expected: &Expected,
    step: Step,
) -> Result<(Head, ArticleState), Problem> {
    let head = known_to(&mut tx.reading(), by, id)?;
    locks::guard(&mut tx.reading(), by, id)?;
    expected.check(head.version)?;
    let head = settle(tx, head)?;
    let next = permitted(&mut tx.reading(), by, &head, step)?;
    Ok((head, next))
}

/// Refuses what concerns an article as a whole to those who neither write it nor cover its section.
pub(super) fn check_beat(read: &mut Read<'_>, by: &User, head: &Head) -> Result<(), Problem> {
    if head.is_written_by(by.id) || Beat::of(read, by)?.covers_head(head) {
        return Ok(());
    }
    Err(elsewhere(head.section_id.iter().map(ToString::to_string).collect()))
}

/// Where a step leads that somebody may take with an article as it stands.
pub(super) fn permitted(read: &mut Read<'_>, by: &User, head: &Head, step: Step) -> Result<ArticleState, Problem> {
    let standing = head.standing();
    let covers = Beat::of(read, by)?.covers_head(head);
    let may = |covers| model::may(by, head.is_written_by(by.id), step, standing, covers);
    match model::after(step, standing) {
        Some(next) if may(covers) => return Ok(next),
        Some(_) if step == Step::Kill && covers => {
            return Err(Problem::new(Code::Forbidden).with("permission", KillArticles::NAME));
        }
        Some(_) if may(true) => return Err(elsewhere(head.section_id.iter().map(ToString::to_string).collect())),
        _ => {}
    }
    let allowed = model::allowed(by, head.is_written_by(by.id), standing, covers);
    let allowed: Vec<&str> = allowed.into_iter().map(Step::as_str).collect();
    Err(Problem::new(Code::IllegalTransition).with("state", head.state.as_str()).with("allowed", allowed))
}

/// An article as it stands now, if the caller may know of it.
pub(super) fn visible_to(read: &mut Read<'_>, by: &User, id: ArticleId) -> Result<Head, Problem> {
    Ok(known_to(read, by, id)?.at(read.now))
}

/// An article as it is kept, if the caller may know of it.
pub(super) fn known_to(read: &mut Read<'_>, by: &User, id: ArticleId) -> Result<Head, Problem> {
    let head = store::head(read.conn, id)?;
    head.filter(|head| model::may_see(by, head.is_written_by(by.id))).ok_or_else(Problem::not_found)
}

impl Head {
    /// Whether somebody is its writer: who began it, or who is to work on it.
    pub(super) fn is_written_by(&self, who: UserId) -> bool {
        self.created_by == who || self.assigned_to == Some(who)
    }

    /// Where it stands, once [`Head::at`] has said so.
    pub(super) const fn standing(&self) -> Standing {
        Standing { state: self.state, before: self.spiked_from, planned: self.ahead.due_at.is_some() }
    }
}

pub(super) fn advance(tx: &Tx<'_>, by: &User, head: Head, state: ArticleState) -> Head {
    Head { state, version: head.version + 1, updated_by: by.id, updated_at: tx.now, ..head }
}

/// Writes the head, its texts and its revision.
pub(super) fn save(
    tx: &mut Tx<'_>,
    head: &Head,
    step: Step,
    note: Option<String>,
    texts: &Texts,
) -> Result<(), Problem> {
    let present = head.version - 1;
    if store::update(tx.conn, head, &slug::key(&head.slug), texts, present).map_err(refusal)? == 0 {
        let present = store::head(tx.conn, head.id)?.ok_or_else(Problem::not_found)?;
        return Err(Problem::stale(present.version));
    }
    record(tx, head, step, note, texts)
}

/// Adds the revision to the chain.
pub(super) fn record(
    tx: &mut Tx<'_>,
    head: &Head,
    step: Step,
    note: Option<String>,
    texts: &Texts,
) -> Result<(), Problem> {
    let parent_version = Some(head.version - 1).filter(|version| *version > 0);
    let prev_hash = match parent_version {
        Some(version) => store::revision_hash(tx.conn, head.id, version)?,
        None => Vec::new(),
    };
    let said = Said {
        version: head.version,
        action: step.as_str(),
        state: head.state.as_str(),
        author: head.updated_by,
        at: head.updated_at,
        note: note.as_deref(),
        content: &texts.content,
        body: &texts.body,
    };
    let hash = said.hash(&prev_hash);
    let row = RevisionRow {
        article_id: head.id,
        version: head.version,
        parent_version,
        action: step,
        state: head.state,
        note,
        author_id: head.updated_by,
        created_at: head.updated_at,
        prev_hash,
        hash,
    };
    store::insert_revision(tx.conn, &row, texts)?;
    let before = Some(row.prev_hash).filter(|_| row.parent_version.is_some());
    tx.restate(head.id, before, Some(row.hash));
    Ok(())
}

/// All that the hash of a revision stands for, besides the revision before it.
pub(super) struct Said<'r> {
    pub version: i64,
    pub action: &'r str,
    pub state: &'r str,
    pub author: UserId,
    pub at: UtcTime,
    pub note: Option<&'r str>,
    pub content: &'r str,
    pub body: &'r str,
}

impl Said<'_> {
    /// Its link in the chain.
    pub fn hash(&self, previous: &[u8]) -> Vec<u8> {
        let Self { version, action, state, author, at, note, content, body } = self;
        let (version, author, at) = (version.to_string(), author.to_string(), at.to_string());
        model::chain(previous, &[&version, action, state, &author, &at, note.unwrap_or_default(), content, body])
    }
}

pub(super) fn words(body: &Body) -> i64 {
    i64::try_from(count::words(&body.to_text())).unwrap_or(i64::MAX)
}

pub(super) fn write_texts(form: &ArticleIn, body: &Body) -> Result<Texts, Problem> {
    Ok(Texts { content: serde_json::to_string(form)?, body: serde_json::to_string(body)? })
}

pub(super) fn read_texts(texts: &Texts) -> Result<(ArticleIn, Body), Problem> {
    Ok((serde_json::from_str(&texts.content)?, serde_json::from_str(&texts.body)?))
}

/// A working copy with its body, its corrections and its lock.
pub(super) fn saved(
    read: &mut Read<'_>,
    by: &User,
    head: Head,
    (form, body, prints): (ArticleIn, Body, Option<&Prints>),
    references: &References,
) -> Result<Saved, Problem> {
    let found = lint::look(read, &head, (&form, &body, prints), references)?;
    saved_as_looked(read, by, head, (form, body), (references, Some(found)))
}

/// The same where what there is to look at may have been found already.
pub(super) fn saved_as_looked(
    read: &mut Read<'_>,
    by: &User,
    head: Head,
    (form, body): (ArticleIn, Body),
    (references, looked): (&References, Option<Vec<Warning>>),
) -> Result<Saved, Problem> {
    let mut corrections = corrections::up_to(read, &HashMap::from([(head.id, head.version)]))?;
    let corrections = corrections.remove(&head.id).unwrap_or_default();
    let warnings = match looked {
        Some(found) => found,
        None => lint::look(read, &head, (&form, &body, None), references)?,
    };
    let lock = locks::of(read, &[head.id])?.remove(&head.id);
    let beat = Beat::of(read, by)?;
    let mut card = card((by, &beat), head, form, references, warnings);
    card.form.body = Some(body.into_blocks());
    Ok(Saved { corrections, lock, ..card })
}

/// A working copy without its body, as it stands to somebody who covers a beat.
pub(super) fn card(
    (by, beat): (&User, &Beat),
    head: Head,
    form: ArticleIn,
    references: &References,
    warnings: Vec<Warning>,
) -> Saved {
    let form = settled(form, |id| references.get(&id).map_or(id, |reference| reference.id));
    let allowed = model::allowed(by, head.is_written_by(by.id), head.standing(), beat.covers_head(&head));
    Saved { head, form, warnings, allowed, corrections: Vec::new(), lock: None }
}

//! The steps in the life of an article: each is one transaction that changes its state and makes a revision.

use super::dto::{ArticleIn, NoteIn, PublishIn};
use super::kept::{Saved, advance, begin, read_texts, save, saved};
use super::model::{self, ArticleState, Step};
use super::names::{ids, refusal};
use super::store::{self, Head, NewPublication, Texts};
use super::told::{change, sections};
use crate::app::Tx;
use crate::auth::actions::{PublishArticles, WriteArticles};
use crate::auth::{Permit, User};
use crate::blocks::Body;
use crate::fault::Fault;
use crate::http::Expected;
use crate::ids::ArticleId;
use crate::problem::{Code, Problem};
use crate::records;
use crate::text::{safe, slug};
use crate::time::UtcTime;

/// The longest note, in graphemes.
const NOTE_MAX: usize = 5_000;

/// What somebody says with a step.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Why.
    pub note: Option<String>,
    /// The date of publication of an older story.
    pub date_published: Option<UtcTime>,
    /// Whether a reader would call it no change.
    pub minor: bool,
}

impl From<NoteIn> for Notes {
    fn from(NoteIn { note }: NoteIn) -> Self {
        Self { note, ..Self::default() }
    }
}

impl From<PublishIn> for Notes {
    fn from(PublishIn { note, date_published, minor }: PublishIn) -> Self {
        Self { note, date_published, minor }
    }
}

/// The article, the version it must have, and what is to be done with it.
#[derive(Clone, Debug)]
pub struct Order {
    /// The article.
    pub id: ArticleId,
    /// The versions that the caller has seen.
    pub expected: Expected,
    /// What to do.
    pub step: Step,
    /// What is said with it.
    pub notes: Notes,
}

/// Takes a step that writers may take with their own articles.
pub fn write_step(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, order: Order) -> Result<Saved, Problem> {
    step(tx, &permit.user, order)
}

/// Takes a step that is the editors'.
pub fn editor_step(tx: &mut Tx<'_>, permit: &Permit<PublishArticles>, order: Order) -> Result<Saved, Problem> {
    step(tx, &permit.user, order)
}

fn step(tx: &mut Tx<'_>, by: &User, order: Order) -> Result<Saved, Problem> {
    let Order { id, expected, step, mut notes } = order;
    let (head, next) = begin(tx, by, id, &expected, step)?;
    notes.note = safe::optional_paragraph(notes.note.as_deref(), NOTE_MAX).map_err(|f| Problem::field("/note", f))?;
    if matches!(step, Step::Return | Step::Unpublish) && notes.note.is_none() {
        return Err(Problem::field("/note", Fault::Required));
    }
    let texts = store::texts(tx.conn, id)?;
    let (form, body) = read_texts(&texts)?;
    let from = head.state;
    let mut listed = sections(&form);
    if let Some(live) = store::live(tx.conn, id, tx.now)? {
        // Who follows the section that it leaves is told too.
        listed.extend(sections(&serde_json::from_str(&live.content)?));
        listed.sort_unstable();
        listed.dedup();
    }
    let mut head = advance(tx, by, head, next);
    match step {
        Step::Publish => publish(tx, &mut head, &form, &body, &notes, &texts)?,
        Step::Unpublish => {
            store::withdraw(tx.conn, id, tx.now)?;
            head.live_version = None;
        }
        _ => {}
    }
    head.spiked_from = (next == ArticleState::Spiked).then_some(from);
    save(tx, &head, step, notes.note, &texts)?;
    tx.record(change(step, &head, &listed));
    let references = records::references(&mut tx.reading(), &ids(&form))?;
    Ok(saved(by, head, form, body, &references))
}

/// Freezes the working copy as what the public sees from now on.
fn publish(
    tx: &mut Tx<'_>,
    head: &mut Head,
    form: &ArticleIn,
    body: &Body,
    notes: &Notes,
    texts: &Texts,
) -> Result<(), Problem> {
    model::publishable(form, body).map_err(|faults| Problem { code: Code::NotPublishable, ..Problem::from(faults) })?;
    if notes.date_published.is_some_and(|date| date > tx.now) {
        return Err(Problem::field("/datePublished", Fault::NotPast));
    }
    let first = head.date_published.is_none();
    let date_published = notes.date_published.or(head.date_published).unwrap_or(tx.now);
    let date_modified = match head.date_modified {
        _ if first => date_published,
        Some(date) if notes.minor => date.max(date_published),
        _ => tx.now,
    };
    head.date_published = Some(date_published);
    head.date_modified = Some(date_modified);
    head.live_version = Some(head.version);
    store::withdraw(tx.conn, head.id, tx.now)?;
    let new = NewPublication {
        id: tx.next_id(),
        slug_key: slug::key(&head.slug),
        visible_from: tx.now,
        date_published,
        date_modified,
        head,
        texts,
    };
    store::publish(tx.conn, &new, &ids(form)).map_err(refusal)?;
    Ok(())
}

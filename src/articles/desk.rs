//! What the newsroom does with articles. Each use case is one transaction: the working copy, its revision, the
//! publication where there is one, the event and the audit line stand or fall together.

use std::collections::HashMap;

use super::dto::{ArticleIn, DeskQuery, NoteIn, PublishIn};
use super::model::{self, ArticleState, Step};
use super::names::{check_references, choose_slug, ids, refusal};
use super::store::{self, DeskFilter, Head, NewPublication, RevisionRow, Texts};
use super::told::{change, sections, summary};
use crate::app::{Read, Tx};
use crate::auth::actions::{PublishArticles, WriteArticles};
use crate::auth::{Permit, User};
use crate::blocks::Body;
use crate::db::page::{PageRequest, Slice};
use crate::events::Change;
use crate::fault::Fault;
use crate::http::{Expected, Patch};
use crate::ids::{ArticleId, RecordId};
use crate::problem::{Code, Problem};
use crate::records::{self, Kind, Reference};
use crate::text::slug;
use crate::text::{Language, count, safe};
use crate::time::UtcTime;

/// The longest note, in graphemes.
const NOTE_MAX: usize = 5_000;

/// A working copy, as the newsroom sees it.
#[derive(Clone, Debug)]
pub struct Saved {
    pub(super) head: Head,
    pub(super) form: ArticleIn,
    pub(super) warnings: Vec<&'static str>,
    pub(super) allowed: Vec<Step>,
}

impl Saved {
    /// The article's id.
    pub const fn id(&self) -> ArticleId {
        self.head.id
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

/// Makes a draft.
pub fn create(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, form: ArticleIn) -> Result<Saved, Problem> {
    let (mut form, body) = form.checked()?;
    let id = tx.next_id();
    let slug = choose_slug(tx, id, &form, None)?;
    form.slug = Some(slug.to_string());
    let references = check_references(tx, &form, None)?;
    let head = Head {
        id,
        language: form.language.to_string(),
        slug: slug.to_string(),
        state: ArticleState::Draft,
        spiked_from: None,
        version: 1,
        live_version: None,
        section_id: form.section_id,
        created_by: permit.user.id,
        updated_by: permit.user.id,
        date_published: None,
        date_modified: None,
        comment_count: 0,
        word_count: words(&body),
        created_at: tx.now,
        updated_at: tx.now,
    };
    let texts = write_texts(&form, &body)?;
    store::insert(tx.conn, &head, &slug.key(), &texts).map_err(refusal)?;
    store::relink(tx.conn, id, &ids(&form)).map_err(refusal)?;
    record(tx, &head, Step::Edit, None, &texts)?;
    tx.record(Change::newsroom("article.created", id, summary(&head, &sections(&form))));
    Ok(saved(&permit.user, head, form, body, &references))
}

/// Changes a working copy. What is live stays as it is.
pub fn revise(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    expected: &Expected,
    patch: &Patch<ArticleIn>,
) -> Result<Saved, Problem> {
    let (head, next) = begin(tx, &permit.user, id, expected, Step::Edit)?;
    let present = store::texts(tx.conn, id)?;
    let (mut before, body) = read_texts(&present)?;
    let replaces_body = ["bodyHtml", "bodyMarkdown"].iter().any(|field| patch.mentions(field));
    before.body = Some(body.into_blocks()).filter(|_| !replaces_body || patch.mentions("body"));
    let (mut form, body) = patch.apply(&before)?.checked()?;
    let slug = choose_slug(tx, id, &form, Some(&before))?;
    form.slug = Some(slug.to_string());
    let references = check_references(tx, &form, Some(&before))?;
    let texts = write_texts(&form, &body)?;
    if texts == present {
        return Ok(saved(&permit.user, head, form, body, &references));
    }
    let head = Head {
        language: form.language.to_string(),
        slug: slug.to_string(),
        section_id: form.section_id,
        word_count: words(&body),
        ..advance(tx, &permit.user, head, next)
    };
    save(tx, &head, Step::Edit, None, &texts)?;
    store::relink(tx.conn, id, &ids(&form)).map_err(refusal)?;
    tx.record(change(Step::Edit, &head, &sections(&form)));
    Ok(saved(&permit.user, head, form, body, &references))
}

/// Takes a step that writers may take with their own articles.
pub fn write_step(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, order: Order) -> Result<Saved, Problem> {
    step(tx, &permit.user, order)
}

/// Takes a step that is the editors'.
pub fn editor_step(tx: &mut Tx<'_>, permit: &Permit<PublishArticles>, order: Order) -> Result<Saved, Problem> {
    step(tx, &permit.user, order)
}

/// One working copy.
pub fn open(read: &mut Read<'_>, permit: &Permit<WriteArticles>, id: ArticleId) -> Result<Saved, Problem> {
    let head = visible_to(read, &permit.user, id)?;
    let (form, body) = read_texts(&store::texts(read.conn, id)?)?;
    let references = records::references(read, &ids(&form))?;
    Ok(saved(&permit.user, head, form, body, &references))
}

/// A page of working copies, the latest change first: all for editors, the own ones for writers.
pub fn worklist(
    read: &mut Read<'_>,
    permit: &Permit<WriteArticles>,
    query: &DeskQuery,
    page: &PageRequest,
) -> Result<Slice<Saved>, Problem> {
    let DeskQuery { state, language, section, mine } = query;
    let own = mine.unwrap_or(false) || !permit.also::<PublishArticles>();
    let sections = match section.as_slice() {
        [] => None,
        named => Some(records::resolve(read, Kind::Section, named)?),
    };
    let filter = DeskFilter {
        owner: own.then_some(permit.user.id),
        states: state.clone(),
        languages: language.clone(),
        sections,
    };
    let Slice { rows, next, prev, total } = store::desk(read.conn, &filter, page)?;
    let forms: Result<Vec<(Head, ArticleIn)>, Problem> =
        rows.into_iter().map(|(head, content)| Ok((head, serde_json::from_str(&content)?))).collect();
    let forms = forms?;
    let wanted: Vec<RecordId> = forms.iter().flat_map(|(_, form)| ids(form)).collect();
    let references = records::references(read, &wanted)?;
    let rows = forms.into_iter().map(|(head, form)| card(&permit.user, head, form, &references)).collect();
    Ok(Slice { rows, next, prev, total })
}

/// A page of an article's revisions, the latest first, without their texts.
pub fn history(
    read: &mut Read<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    page: &PageRequest,
) -> Result<Slice<Revision>, Problem> {
    visible_to(read, &permit.user, id)?;
    Ok(store::revisions(read.conn, id, page)?.map(|row| Revision { row, form: None }))
}

/// One revision with its texts.
pub fn revision(
    read: &mut Read<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    version: i64,
) -> Result<Revision, Problem> {
    visible_to(read, &permit.user, id)?;
    let (row, texts) = store::revision(read.conn, id, version)?.ok_or_else(Problem::not_found)?;
    let (mut form, body) = read_texts(&texts)?;
    form.body = Some(body.into_blocks());
    Ok(Revision { row, form: Some(form) })
}

/// Changes the number of visible comments, when their visibility changes.
pub fn count_comments(tx: &mut Tx<'_>, id: ArticleId, delta: i64) -> Result<(), Problem> {
    store::add_comments(tx.conn, id, delta)?;
    Ok(())
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

/// Loads an article for a step, if the caller may know of it, has seen its present version, and may take the step.
fn begin(
    tx: &mut Tx<'_>,
    by: &User,
    id: ArticleId,
    expected: &Expected,
    step: Step,
) -> Result<(Head, ArticleState), Problem> {
    let head = visible_to(&mut tx.reading(), by, id)?;
    expected.check(head.version)?;
    let next = model::after(step, head.state, head.spiked_from);
    if let Some(next) = next.filter(|_| model::may(by, head.created_by, step, head.state, head.spiked_from)) {
        return Ok((head, next));
    }
    let allowed = model::allowed(by, head.created_by, head.state, head.spiked_from);
    let allowed: Vec<&str> = allowed.into_iter().map(Step::as_str).collect();
    Err(Problem::new(Code::IllegalTransition).with("state", head.state.as_str()).with("allowed", allowed))
}

fn visible_to(read: &mut Read<'_>, by: &User, id: ArticleId) -> Result<Head, Problem> {
    let head = store::head(read.conn, id)?;
    head.filter(|head| model::may_see(by, head.created_by)).ok_or_else(Problem::not_found)
}

fn advance(tx: &Tx<'_>, by: &User, head: Head, state: ArticleState) -> Head {
    Head { state, version: head.version + 1, updated_by: by.id, updated_at: tx.now, ..head }
}

/// Writes the head, its texts and its revision.
fn save(tx: &mut Tx<'_>, head: &Head, step: Step, note: Option<String>, texts: &Texts) -> Result<(), Problem> {
    let present = head.version - 1;
    if store::update(tx.conn, head, &slug::key(&head.slug), texts, present).map_err(refusal)? == 0 {
        let present = store::head(tx.conn, head.id)?.ok_or_else(Problem::not_found)?;
        return Err(Problem::stale(present.version));
    }
    record(tx, head, step, note, texts)
}

/// Adds the revision to the chain.
fn record(tx: &mut Tx<'_>, head: &Head, step: Step, note: Option<String>, texts: &Texts) -> Result<(), Problem> {
    let parent_version = Some(head.version - 1).filter(|version| *version > 0);
    let prev_hash = match parent_version {
        Some(version) => store::revision_hash(tx.conn, head.id, version)?,
        None => Vec::new(),
    };
    let (version, at, by) = (head.version.to_string(), head.updated_at.to_string(), head.updated_by.to_string());
    let parts: [&str; 8] = [
        &version,
        step.as_str(),
        head.state.as_str(),
        &by,
        &at,
        note.as_deref().unwrap_or_default(),
        &texts.content,
        &texts.body,
    ];
    let hash = model::chain(&prev_hash, &parts);
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
    Ok(())
}

fn words(body: &Body) -> i64 {
    i64::try_from(count::words(&body.to_text())).unwrap_or(i64::MAX)
}

fn write_texts(form: &ArticleIn, body: &Body) -> Result<Texts, Problem> {
    Ok(Texts { content: serde_json::to_string(form)?, body: serde_json::to_string(body)? })
}

fn read_texts(texts: &Texts) -> Result<(ArticleIn, Body), Problem> {
    Ok((serde_json::from_str(&texts.content)?, serde_json::from_str(&texts.body)?))
}

fn saved(by: &User, head: Head, form: ArticleIn, body: Body, references: &HashMap<RecordId, Reference>) -> Saved {
    let mut card = card(by, head, form, references);
    card.form.body = Some(body.into_blocks());
    card
}

fn card(by: &User, head: Head, form: ArticleIn, references: &HashMap<RecordId, Reference>) -> Saved {
    let name = |id: RecordId, language: &Language| references.get(&id).map(|reference| reference.name(language));
    let names: Vec<String> = form.sources.iter().filter_map(|credit| name(credit.source_id, &form.language)).collect();
    let warnings = model::warnings(&form, &names);
    let allowed = model::allowed(by, head.created_by, head.state, head.spiked_from);
    Saved { head, form, warnings, allowed }
}

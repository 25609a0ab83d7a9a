//! What the newsroom does with articles. Each use case is one transaction: the working copy, its revision, the
//! publication where there is one, the event and the audit line stand or fall together.

use super::beat::Beat;
use super::draft::Draft;
use super::dto::ArticleIn;
use super::kept::{Revision, Saved, advance, begin, read_texts, record, save, saved, visible_to, words, write_texts};
use super::kin;
use super::model::{self, ArticleState, Step};
use super::names::{check_references, choose_slug, ids, refusal};
use super::steps::NOTE_MAX;
use super::store::{self, Ahead, Head};
use super::told::{change, sections, summary};
use crate::app::{Read, Tx};
use crate::auth::actions::WriteArticles;
use crate::auth::{Permit, User};
use crate::db::page::{PageRequest, Slice};
use crate::events::Change;
use crate::fault::Fault;
use crate::http::{Expected, Patch};
use crate::ids::ArticleId;
use crate::problem::Problem;
use crate::records;
use crate::text::safe;

/// Makes a draft.
pub fn create(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, draft: Draft) -> Result<Saved, Problem> {
    create_like(tx, permit, draft, None)
}

/// Makes a draft that may go on naming what its model names, even if that is out of use by now.
pub(super) fn create_like(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    draft: Draft,
    model: Option<&ArticleIn>,
) -> Result<Saved, Problem> {
    let Draft { mut form, body, prints, stripped } = draft;
    let id = tx.next_id();
    let slug = choose_slug(tx, id, &form, None)?;
    form.slug = Some(slug.to_string());
    let references = check_references(tx, &form, model)?;
    kin::place(tx, id, &mut form, None)?;
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
        notice: None,
        assigned_to: None,
        ahead: Ahead::default(),
    };
    let texts = write_texts(&form, &body)?;
    store::insert(tx.conn, &head, &slug.key(), &texts).map_err(refusal)?;
    store::relink(tx.conn, id, &ids(&form)).map_err(refusal)?;
    kin::keep(tx, id, &form, None)?;
    record(tx, &head, Step::Edit, None, &texts)?;
    tx.record(Change::newsroom("article.created", id, summary(&head, &sections(&form))));
    saved(&mut tx.reading(), &permit.user, head, (form, body, Some(&prints)), &references)?.noting(tx, &stripped)
}

/// Changes a working copy, for a reason that may be said with it. What is live stays as it is.
pub fn revise(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    expected: &Expected,
    mut patch: Patch<ArticleIn>,
) -> Result<Saved, Problem> {
    let (head, next) = begin(tx, &permit.user, id, expected, Step::Edit)?;
    let note = patch.take_text("note")?;
    let note = safe::optional_paragraph(note.as_deref(), NOTE_MAX).map_err(|fault| Problem::field("/note", fault))?;
    let present = store::texts(tx.conn, id)?;
    let (mut before, body) = read_texts(&present)?;
    let replaces_body = ["bodyHtml", "bodyMarkdown"].iter().any(|field| patch.mentions(field));
    before.body = Some(body.into_blocks()).filter(|_| !replaces_body || patch.mentions("body"));
    let form = patch.apply(&before)?;
    let Draft { mut form, body, prints, stripped } = Draft::of(form)?;
    if head.ahead.due_at.is_some_and(|due| form.embargoed_until > Some(due))
        && form.embargoed_until != before.embargoed_until
    {
        // What is scheduled is a revision without it: it would be public while somebody believes that it is not.
        return Err(Problem::field("/embargoedUntil", Fault::ScheduledBefore));
    }
    let is_own = model::may(&permit.user, head.is_written_by(permit.user.id), Step::Edit, head.standing(), false);
    if form.section_id != before.section_id && !is_own {
        // Nobody hands over what they may not take back.
        Beat::of(&mut tx.reading(), &permit.user)?.check(&sections(&form))?;
    }
    let slug = choose_slug(tx, id, &form, Some(&before))?;
    form.slug = Some(slug.to_string());
    let references = check_references(tx, &form, Some(&before))?;
    kin::place(tx, id, &mut form, Some(&before))?;
    let texts = write_texts(&form, &body)?;
    if texts == present {
        return saved(&mut tx.reading(), &permit.user, head, (form, body, Some(&prints)), &references)?
            .noting(tx, &stripped);
    }
    let head = Head {
        language: form.language.to_string(),
        slug: slug.to_string(),
        section_id: form.section_id,
        word_count: words(&body),
        ..advance(tx, &permit.user, head, next)
    };
    save(tx, &head, Step::Edit, note, &texts)?;
    store::relink(tx.conn, id, &ids(&form)).map_err(refusal)?;
    kin::keep(tx, id, &form, Some(&before))?;
    tx.record(change(Step::Edit, &head, &sections(&form)));
    saved(&mut tx.reading(), &permit.user, head, (form, body, Some(&prints)), &references)?.noting(tx, &stripped)
}

/// One working copy.
pub fn open(read: &mut Read<'_>, permit: &Permit<WriteArticles>, id: ArticleId) -> Result<Saved, Problem> {
    open_to(read, &permit.user, id)
}

/// Refuses an article that the caller may not know of, as if there were none.
pub fn check_known(read: &mut Read<'_>, permit: &Permit<WriteArticles>, id: ArticleId) -> Result<(), Problem> {
    visible_to(read, &permit.user, id).map(drop)
}

/// One working copy, for whoever may know of it.
pub(super) fn open_to(read: &mut Read<'_>, by: &User, id: ArticleId) -> Result<Saved, Problem> {
    let head = visible_to(read, by, id)?;
    let (form, body) = read_texts(&store::texts(read.conn, id)?)?;
    let references = records::references(read, &ids(&form))?;
    saved(read, by, head, (form, body, None), &references)
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

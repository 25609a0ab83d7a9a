//! What can be done with an article's past: two revisions compared, one taken up again, all of them verified. No
//! revision is ever changed or removed.

pub mod diff;
mod store;
mod verify;

#[cfg(test)]
mod diff_tests;

use serde::Serialize;
use utoipa::ToSchema;

use self::diff::{BlockDiff, Budget, DiffStats, FieldDiff};
use super::beat::Beat;
use super::dto::ArticleIn;
use super::kept::{Saved, advance, begin, read_texts, save, saved, visible_to, words, write_texts};
use super::kin;
use super::lint;
use super::model::{self, Step};
use super::names::{check_references, choose_slug, ids, refusal};
use super::steps::NOTE_MAX;
use super::store::{Head, Texts};
use super::told::{restored, sections};
use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::WriteArticles;
use crate::blocks::Body;
use crate::fault::Fault;
use crate::http::Expected;
use crate::ids::{ArticleId, RecordId};
use crate::lint::LintCode;
use crate::problem::{Code, Problem};
use crate::records::{self, Kind};
use crate::text::safe;

pub use verify::{Verification, verify};

/// What changed from one revision to another.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevisionDiff {
    /// The revision that is compared with; nothing before the first one.
    #[schema(example = 1)]
    from: Option<i64>,
    /// The revision that is looked at.
    #[schema(example = 2)]
    to: i64,
    /// The fields that differ.
    fields: Vec<FieldDiff>,
    /// Every block of the two bodies, in the order of reading.
    body: Vec<BlockDiff>,
    /// Words that came and went.
    stats: DiffStats,
}

/// Compares a revision with another one, or with the one before it.
pub fn compare(
    read: &mut Read<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    version: i64,
    with: Option<i64>,
) -> Result<RevisionDiff, Problem> {
    visible_to(read, &permit.user, id)?;
    let (row, texts) = super::store::revision(read.conn, id, version)?.ok_or_else(Problem::not_found)?;
    let from = with.or(row.parent_version);
    let earlier = match from {
        Some(version) => super::store::revision(read.conn, id, version)?,
        None => None,
    };
    if with.is_some() && earlier.is_none() {
        return Err(Problem::parameter("with", Fault::NotFound));
    }
    let (old_form, old_body) = match earlier {
        Some((_, texts)) => values(&texts)?,
        None => (serde_json::Value::Null, Body::default()),
    };
    let (new_form, new_body) = values(&texts)?;
    let mut budget = Budget::default();
    let fields = diff::fields(&old_form, &new_form, &mut budget);
    let body = diff::bodies(&old_body, &new_body, &mut budget);
    let stats = diff::stats(&fields, &body);
    Ok(RevisionDiff { from, to: version, fields, body, stats })
}

/// A form as plain JSON, and its body.
fn values(texts: &Texts) -> Result<(serde_json::Value, Body), Problem> {
    Ok((serde_json::from_str(&texts.content)?, serde_json::from_str(&texts.body)?))
}

/// Which revision is to be taken up again, over which version.
#[derive(Clone, Debug)]
pub struct Restoration {
    /// The article.
    pub id: ArticleId,
    /// The revision whose texts it is to have again.
    pub version: i64,
    /// The versions that the caller has seen.
    pub expected: Expected,
    /// Why.
    pub note: Option<String>,
}

/// Makes the working copy what it was, as a new revision. Where the article stands stays, and so does what is live.
pub fn restore(tx: &mut Tx<'_>, permit: &Permit<WriteArticles>, wanted: Restoration) -> Result<Saved, Problem> {
    let Restoration { id, version, expected, note } = wanted;
    let (head, next) = begin(tx, &permit.user, id, &expected, Step::Edit)?;
    let note = safe::optional_paragraph(note.as_deref(), NOTE_MAX).map_err(|fault| Problem::field("/note", fault))?;
    let (_, texts) = super::store::revision(tx.conn, id, version)?.ok_or_else(Problem::not_found)?;
    let present = super::store::texts(tx.conn, id)?;
    let (before, _) = read_texts(&present)?;
    let (mut old, body) = read_texts(&texts)?;
    old.body = Some(body.into_blocks());
    // What was agreed since holds: an old text must not end an embargo.
    (old.embargoed_until, old.expires) = (before.embargoed_until, before.expires);
    let dropped = drop_lost(tx, &mut old)?;
    let (mut form, body) = old.clone().checked()?;
    let is_own = model::may(&permit.user, head.is_written_by(permit.user.id), Step::Edit, head.standing(), false);
    if form.section_id != before.section_id && !is_own {
        // Nobody hands over what they may not take back.
        Beat::of(&mut tx.reading(), &permit.user)?.check(&sections(&form))?;
    }
    form.slug = Some(free_slug(tx, id, &form, &before)?);
    // What it named then it may name again, though it be out of use by now.
    let references = check_references(tx, &form, Some(&old))?;
    kin::place(tx, id, &mut form, Some(&before))?;
    let texts = write_texts(&form, &body)?;
    let head = if texts == present {
        head
    } else {
        let head = Head {
            language: form.language.to_string(),
            slug: form.slug.clone().unwrap_or_default(),
            section_id: form.section_id,
            word_count: words(&body),
            ..advance(tx, &permit.user, head, next)
        };
        save(tx, &head, Step::Edit, note, &texts)?;
        super::store::relink(tx.conn, id, &ids(&form)).map_err(refusal)?;
        kin::keep(tx, id, &form, Some(&before))?;
        tx.record(restored(&head, &sections(&form), version));
        head
    };
    let mut saved = saved(&mut tx.reading(), &permit.user, head, (form, body, None), &references)?;
    let places: Vec<String> = dropped.then(String::new).into_iter().collect();
    saved.warnings.extend(lint::once(tx, LintCode::ReferenceDropped, &places)?);
    Ok(saved)
}

/// The slug that the revision had, if nothing else has it by now; the present one otherwise.
fn free_slug(tx: &mut Tx<'_>, id: ArticleId, form: &ArticleIn, before: &ArticleIn) -> Result<String, Problem> {
    match choose_slug(tx, id, form, Some(before)) {
        Err(problem) if problem.code == Code::Duplicate => {
            let form = ArticleIn { slug: before.slug.clone(), ..form.clone() };
            Ok(choose_slug(tx, id, &form, Some(before))?.to_string())
        }
        chosen => Ok(chosen?.to_string()),
    }
}

/// Leaves out of a form the records that are gone; whether there were any.
fn drop_lost(tx: &mut Tx<'_>, form: &mut ArticleIn) -> Result<bool, Problem> {
    let named = ids(form);
    let known = records::references(&mut tx.reading(), &named)?;
    let is_there = |kind: Kind, id: RecordId| known.get(&id).is_some_and(|reference| reference.kind == kind);
    form.section_id = form.section_id.filter(|id| is_there(Kind::Section, *id));
    form.extra_section_ids.retain(|id| is_there(Kind::Section, *id));
    form.tag_ids.retain(|id| is_there(Kind::Tag, *id));
    form.sources.retain(|credit| is_there(Kind::Source, credit.source_id));
    form.authors.retain(|credit| is_there(Kind::Author, credit.author_id));
    Ok(ids(form).len() < named.len())
}

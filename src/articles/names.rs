//! What an article names besides itself: its own slug, and the records and articles that it refers to.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::dto::ArticleIn;
use super::store;
use crate::app::Tx;
use crate::db::{QueryError, dialect, violates};
use crate::fault::{Fault, Faults, FieldError};
use crate::ids::{ArticleId, RecordId};
use crate::problem::{Code, Problem};
use crate::records::{self, Kind, References};
use crate::text::slug::{self, Slug};

/// The numbers that tell the slugs of equal headlines apart, those together that are asked for together: most headlines are
/// like no other. 1 is not written; after the last the writer has to choose.
const NUMBERS: [RangeInclusive<u32>; 3] = [1..=1, 2..=9, 10..=200];

/// The slug that the form asks for, or one made from the headline that nothing else has.
pub(super) fn choose_slug(
    tx: &mut Tx<'_>,
    id: ArticleId,
    form: &ArticleIn,
    before: Option<&ArticleIn>,
) -> Result<Slug, Problem> {
    let named = form.slug.as_deref();
    let wanted = match named.or_else(|| before?.slug.as_deref()) {
        Some(text) => Slug::parse(text),
        None => Slug::parse(&slug::from_title(&form.headline)).or_else(|_| Slug::parse(&plain_slug(id))),
    };
    let wanted = wanted.map_err(|fault| Problem::field("/slug", fault))?;
    let kept = before.is_some_and(|before| before.slug.as_deref() == Some(wanted.as_str()));
    if kept && before.is_some_and(|before| before.language == form.language) {
        return Ok(wanted);
    }
    for numbers in NUMBERS.into_iter().take(if named.is_some() { 1 } else { NUMBERS.len() }) {
        let choices: Vec<Slug> = numbers.map(|n| if n == 1 { wanted.clone() } else { wanted.numbered(n) }).collect();
        let keys: Vec<String> = choices.iter().map(Slug::key).collect();
        let taken = store::taken_keys(tx.conn, id, form.language.as_str(), &keys)?;
        if let Some(free) = choices.into_iter().find(|slug| !taken.contains(&slug.key())) {
            return Ok(free);
        }
    }
    Err(slug_taken())
}

/// A slug for a headline without a letter or digit.
fn plain_slug(id: ArticleId) -> String {
    let hex = id.uuid().simple().to_string();
    format!("a-{}", hex.chars().skip(20).collect::<String>())
}

fn slug_taken() -> Problem {
    let error = FieldError { pointer: "/slug".into(), fault: Fault::Taken };
    Problem { errors: vec![error], ..Problem::new(Code::Duplicate) }
}

/// What a row that was refused tells the caller: between the check and the write another change came first.
pub(super) fn refusal(error: QueryError) -> Problem {
    if violates(&error, "articles", "slug_key") {
        slug_taken()
    } else if dialect::violates_reference(&error) {
        Problem::field("", Fault::NotFound)
    } else {
        error.into()
    }
}

/// Looks up what the form refers to, and refuses what does not exist, is of another kind, or is newly used
/// though out of use. What was merged counts as the other, which is what the writer sees in its place.
pub(super) fn check_references(
    tx: &mut Tx<'_>,
    form: &ArticleIn,
    before: Option<&ArticleIn>,
) -> Result<References, Problem> {
    let mut old = before.map(ids).unwrap_or_default();
    let named: Vec<RecordId> = ids(form).into_iter().chain(old.iter().copied()).collect();
    let references = records::references(&mut tx.reading(), &named)?;
    old.extend(old.clone().iter().filter_map(|id| Some(references.get(id)?.id)));
    let mut faults = Faults::new();
    for (pointer, kind, id) in mentions(form) {
        match references.get(&id).filter(|reference| reference.kind == kind) {
            None => faults.add(pointer, Fault::NotFound),
            Some(reference) if !reference.is_active && !old.contains(&id) => faults.add(pointer, Fault::OutOfUse),
            Some(_) => {}
        }
    }
    let mut others: Vec<(String, ArticleId)> =
        form.related_ids.iter().enumerate().map(|(index, id)| (format!("/relatedIds/{index}"), *id)).collect();
    others.extend(form.rewrite_of.map(|id| ("/rewriteOf".to_owned(), id)));
    others.extend(form.translation_of.map(|id| ("/translationOf".to_owned(), id)));
    if !others.is_empty() {
        let wanted: Vec<ArticleId> = others.iter().map(|(_, id)| *id).collect();
        let known = store::exists_any(tx.conn, &wanted)?;
        for (pointer, id) in others {
            if !known.contains(&id) {
                faults.add(pointer, Fault::NotFound);
            }
        }
    }
    faults.finish(Some(references)).map_err(Problem::from)
}

/// The form as it reads now: what was merged stands in it as the other, once, where the first of both stood.
pub(super) fn settled(mut form: ArticleIn, now: impl Fn(RecordId) -> RecordId) -> ArticleIn {
    if ids(&form).into_iter().all(|id| now(id) == id) {
        return form;
    }
    let mut first = HashMap::new();
    // A form may credit one twice, for different things; that was so before any merge and stays so.
    let mut stays = |id: &mut RecordId| {
        let named = *id;
        *id = now(named);
        *first.entry(*id).or_insert(named) == named
    };
    form.sources.retain_mut(|credit| stays(&mut credit.source_id));
    form.authors.retain_mut(|credit| stays(&mut credit.author_id));
    form.tag_ids.retain_mut(stays);
    form
}

/// Every record that a form names, with the pointer to its name.
fn mentions(form: &ArticleIn) -> Vec<(String, Kind, RecordId)> {
    let mut found = Vec::new();
    found.extend(form.section_id.map(|id| ("/sectionId".to_owned(), Kind::Section, id)));
    let mut list = |pointer: &str, suffix: &str, kind, ids: Vec<RecordId>| {
        let each = ids.into_iter().enumerate();
        found.extend(each.map(|(index, id)| (format!("{pointer}/{index}{suffix}"), kind, id)));
    };
    list("/extraSectionIds", "", Kind::Section, form.extra_section_ids.clone());
    list("/tagIds", "", Kind::Tag, form.tag_ids.clone());
    list("/sources", "/sourceId", Kind::Source, form.sources.iter().map(|credit| credit.source_id).collect());
    list("/authors", "/authorId", Kind::Author, form.authors.iter().map(|credit| credit.author_id).collect());
    found
}

/// Every record that a form names.
pub(super) fn ids(form: &ArticleIn) -> Vec<RecordId> {
    let sections = form.section_id.iter().chain(&form.extra_section_ids).copied();
    let credits = form.sources.iter().map(|credit| credit.source_id);
    sections
        .chain(form.tag_ids.iter().copied())
        .chain(credits)
        .chain(form.authors.iter().map(|credit| credit.author_id))
        .collect()
}

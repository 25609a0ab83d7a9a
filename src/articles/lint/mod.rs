//! What an editor should look at before an article goes out. [`crate::lint`] has the codes, the site says which of them
//! matter; here they are found.

mod shingles;
mod store;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use serde::Serialize;
use utoipa::ToSchema;

use jiff::civil::Date;

use super::dto::ArticleIn;
use super::model;
use super::store::{self as articles, Head};
use crate::app::{Read, Tx};
use crate::blocks::{Block, Body};
use crate::fault::{Fault, Faults, FieldError};
use crate::ids::{ArticleId, PublicationId, RecordId};
use crate::lint::{LintCode, LintLevel};
use crate::problem::{Code, Problem};
use crate::records::{self, Reference, References};
use crate::site::{self, Site};
use crate::sources::dto::{SourceIn, SourceKind};
use crate::text::dateline::dates_in;
use crate::text::{arabic, count};
use shingles::Traces;
use store::Standing;

pub(super) use store::forget;

/// How many hashes of a publication are kept, and of a working copy are asked for.
const HASHES_MAX: usize = 400;
/// What stands in so many publications is a formula, and nobody's.
const FORMULA: usize = 20;
/// So many hashes in common are more than chance, however long the paragraph is.
const SHARED_MIN: usize = 3;
/// So many are, where they are half of the paragraph: one of fifteen words, copied whole, has as many.
const SHARED_OF_SHORT: usize = 2;
/// So many words may change without a word to the reader.
const SILENT_WORDS: usize = 20;
/// How long a headline is new.
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// What finds the text of a body again.
#[derive(Clone, Debug)]
pub(super) struct Prints(Vec<Traces>);

impl Prints {
    /// Takes them of a body: each run of a few words is hashed, so one who needs them twice keeps them.
    pub fn of(body: &Body) -> Self {
        Self(shingles::of_body(body))
    }

    /// As many as are kept of a publication, and as a working copy is compared by.
    fn smallest(&self) -> Vec<i64> {
        shingles::smallest(&self.0, HASHES_MAX)
    }
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Warning {
    /// What it is.
    code: LintCode,
    /// Where, as a JSON Pointer.
    #[schema(example = "/leadMedia/alt")]
    pointer: String,
    /// The published article that has the same headline or text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    article_id: Option<ArticleId>,
    /// The sources of that article that are not credited here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    source_ids: Vec<RecordId>,
}

impl Warning {
    fn new(code: LintCode, pointer: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), article_id: None, source_ids: Vec::new() }
    }
}

/// What can be told from the form alone, as lists tell it.
pub(super) fn glance(form: &ArticleIn, references: &References, site: &Site) -> Vec<Warning> {
    use LintCode::{
        AltEqualsHeadline, EmptyTags, HeadlineEqualsAlternative, HeadlineTooLong, NoAbstract, NoAltText, NoSection,
        NoSource, SourceNotCredited,
    };
    let name = |id| references.get(&id).map(|reference| reference.name(&form.language));
    let mut names = form.sources.iter().filter_map(|credit| name(credit.source_id));
    let alt = form.lead_media.as_ref().map(|media| media.alt.as_str());
    let leaves_out = |credit: &String| names.any(|name| !credit.contains(&name));
    let questions = [
        (HeadlineTooLong, "/headline", count::graphemes(&form.headline) > site.headline_max),
        (
            HeadlineEqualsAlternative,
            "/alternativeHeadline",
            form.alternative_headline.as_deref() == Some(form.headline.as_str()),
        ),
        (NoAbstract, "/abstract", form.abstract_.is_none()),
        (NoSource, "/sources", form.sources.is_empty()),
        (SourceNotCredited, "/creditText", form.credit_text.as_ref().is_some_and(leaves_out)),
        (NoSection, "/sectionId", form.section_id.is_none()),
        (EmptyTags, "/tagIds", form.tag_ids.is_empty()),
        (NoAltText, "/leadMedia/alt", alt == Some("")),
        (AltEqualsHeadline, "/leadMedia/alt", alt == Some(form.headline.as_str())),
    ];
    let found = questions.into_iter().filter(|(code, _, is_so)| *is_so && site.lint.level(*code) != LintLevel::Off);
    found.map(|(code, pointer, _)| Warning::new(code, pointer)).collect()
}

/// What can be told from the body: its first lines may be a dateline that was pasted with the text.
fn leaf(body: &Body, today: Date) -> Vec<Warning> {
    let mut found = Vec::new();
    if body.is_empty() {
        found.push(Warning::new(LintCode::NoBody, "/body"));
    }
    let mute = |block: &Block| matches!(block, Block::Image(image) if image.alt.is_empty());
    let pictures = body.blocks().iter().enumerate().filter(|(_, block)| mute(block));
    found.extend(pictures.map(|(index, _)| Warning::new(LintCode::NoAltText, format!("/body/{index}/alt"))));
    let text = body.to_text();
    let first = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    if dates_in(first).any(|date| date > today) {
        found.push(Warning::new(LintCode::FutureDateline, "/body/0"));
    }
    found
}

/// Everything that there is to look at in one working copy.
///
/// With what is published it is compared by one statement on the shingles, which reads no more than [`HASHES_MAX`] times
/// [`FORMULA`] of them however many articles there are, by one on the index of headlines, by one more where a text
/// may stand elsewhere, and by two more where it does. Only what everyone can read now is told of.
pub(super) fn look(
    read: &mut Read<'_>,
    head: &Head,
    (form, body, prints): (&ArticleIn, &Body, Option<&Prints>),
    references: &References,
) -> Result<Vec<Warning>, Problem> {
    let site = site::present(read)?;
    let is_on = |code| site.lint.level(code) != LintLevel::Off;
    // The day on which readers will see it, where that is known.
    let seen = form.embargoed_until.into_iter().chain(head.ahead.due_at).chain([read.now]).max();
    let today = seen.unwrap_or(read.now).timestamp().to_zoned(site.time_zone.clone()).date();
    let mut found = glance(form, references, &site);
    found.extend(leaf(body, today).into_iter().filter(|warning| is_on(warning.code)));
    if is_on(LintCode::RepeatedHeadline) {
        let hash = shingles::of_headline(&form.language, &form.headline);
        let since = read.now.before(DAY);
        let other = store::same_headline(read.conn, (hash, head.id), since, read.now)?;
        found.extend(
            other.map(|id| Warning { article_id: Some(id), ..Warning::new(LintCode::RepeatedHeadline, "/headline") }),
        );
    }
    if is_on(LintCode::UnattributedText) {
        let prints = prints.map_or_else(|| Cow::Owned(Prints::of(body)), Cow::Borrowed);
        found.extend(unattributed(read, head.id, (form, &prints), references)?);
    }
    Ok(found)
}

/// Refuses what is not fit to be published: what every article needs, and what the site won't have. Gives what is to be
/// looked at in the act itself, and what in the working copy; `is_told` says whether readers or colleagues are told what
/// changes.
pub(super) fn gate(
    tx: &mut Tx<'_>,
    head: &Head,
    (form, body, prints): (&ArticleIn, &Body, &Prints),
    references: &References,
    is_told: bool,
) -> Result<(Vec<Warning>, Vec<Warning>), Problem> {
    let lint = site::present(&mut tx.reading())?.lint;
    let mut faults = model::publishable(form, body).err().unwrap_or_default();
    let of_act = silent(tx, head.id, body, is_told || lint.silent_change == LintLevel::Off)?;
    let found = look(&mut tx.reading(), head, (form, body, Some(prints)), references)?;
    for warning in found.iter().chain(&of_act).filter(|warning| lint.level(warning.code) == LintLevel::Refuse) {
        // What every article needs is named by its own code.
        if !faults.0.iter().any(|fault| fault.pointer == warning.pointer && fault.fault == Fault::Required) {
            faults.add(warning.pointer.clone(), Fault::Lint(warning.code));
        }
    }
    let refused = |faults| Problem { code: Code::NotPublishable, ..Problem::from(faults) };
    faults.finish(Some((of_act, found))).map_err(refused)
}

fn silent(tx: &mut Tx<'_>, id: ArticleId, body: &Body, is_told: bool) -> Result<Vec<Warning>, Problem> {
    let Some(live) = articles::live(tx.conn, id, tx.now)?.filter(|_| !is_told) else { return Ok(Vec::new()) };
    let before: Body = serde_json::from_str(&articles::live_body(tx.conn, live.id)?)?;
    let is_silent = silent_change(&before, body);
    Ok(is_silent.then(|| Warning::new(LintCode::SilentChange, "/body")).into_iter().collect())
}

/// Whether more words come or go than readers should find changed without being told.
fn silent_change(before: &Body, after: &Body) -> bool {
    let mut balance: HashMap<String, i64> = HashMap::new();
    for (body, sign) in [(after, 1), (before, -1)] {
        for word in arabic::words(&arabic::fold(&body.to_text())) {
            *balance.entry(word.to_owned()).or_default() += sign;
        }
    }
    let sum = |gone: bool| {
        let of_side = balance.values().filter(|count| (**count < 0) == gone);
        of_side.map(|count| usize::try_from(count.abs()).unwrap_or(usize::MAX)).fold(0, usize::saturating_add)
    };
    sum(true).max(sum(false)) > SILENT_WORDS
}

/// What is told once, of what a change did at some places; or its refusal, where the site wants that.
pub(super) fn once(tx: &mut Tx<'_>, code: LintCode, pointers: &[String]) -> Result<Vec<Warning>, Problem> {
    if pointers.is_empty() {
        return Ok(Vec::new());
    }
    let warnings = || pointers.iter().map(|pointer| Warning::new(code, pointer.clone())).collect();
    let fault = |pointer: &String| FieldError { pointer: pointer.clone(), fault: Fault::Lint(code) };
    match site::present(&mut tx.reading())?.lint.level(code) {
        LintLevel::Off => Ok(Vec::new()),
        LintLevel::Warn => Ok(warnings()),
        LintLevel::Refuse => Err(Faults(pointers.iter().map(fault).collect()).into()),
    }
}

/// What finds these very words again, in every spelling.
pub(super) fn words_hash(words: &[&str]) -> i64 {
    shingles::hash(words)
}

/// What finds a headline again.
pub(super) fn headline_hash(form: &ArticleIn) -> i64 {
    shingles::of_headline(&form.language, &form.headline)
}

/// Keeps what finds a publication's text again, in place of what was kept of those of the article that are over. Formulas
/// leave no trace, so that no hash ever leads to more than [`FORMULA`] publications, and a few that came at once.
pub(super) fn imprint(tx: &mut Tx<'_>, id: PublicationId, article: ArticleId, prints: &Prints) -> Result<(), Problem> {
    let over = store::over(tx.conn, article, tx.now)?;
    store::forget(tx.conn, &over)?;
    let mut hashes = prints.smallest();
    let formulas = formulas(&store::standing(tx.conn, &hashes)?);
    hashes.retain(|hash| !formulas.contains(hash));
    if !hashes.is_empty() {
        store::imprint(tx.conn, id, &hashes)?;
    }
    Ok(())
}

/// The hashes that so many of these publications have that they are nobody's.
fn formulas(standing: &[Standing]) -> HashSet<i64> {
    let mut counted: HashMap<i64, usize> = HashMap::new();
    for Standing { hash, .. } in standing {
        *counted.entry(*hash).or_default() += 1;
    }
    counted.into_iter().filter(|(_, count)| *count >= FORMULA).map(|(hash, _)| hash).collect()
}

/// Paragraphs that stand in what others published, with their sources. An article is not held against itself, nor against
/// what it is a new version or a translation of.
fn unattributed(
    read: &mut Read<'_>,
    id: ArticleId,
    (form, prints): (&ArticleIn, &Prints),
    references: &References,
) -> Result<Vec<Warning>, Problem> {
    let mut standing = store::standing(read.conn, &prints.smallest())?;
    // Most texts stand nowhere else, and nobody needs to know what of it is visible.
    if overlaps(&prints.0, &standing).is_empty() {
        return Ok(Vec::new());
    }
    let own: Vec<ArticleId> = [Some(id), form.rewrite_of, form.translation_of].into_iter().flatten().collect();
    let mut publications: Vec<PublicationId> = standing.iter().map(|other| other.publication_id).collect();
    publications.sort_unstable();
    publications.dedup();
    let mut visible: HashMap<_, _> = store::visible(read.conn, &publications, read.now)?.into_iter().collect();
    visible.retain(|_, article| !own.contains(article));
    standing.retain(|other| visible.contains_key(&other.publication_id));
    let formulas = formulas(&standing);
    standing.retain(|other| !formulas.contains(&other.hash));
    let found = overlaps(&prints.0, &standing);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let publications: Vec<PublicationId> = found.iter().map(|overlap| overlap.publication).collect();
    let links = store::sources(read.conn, &publications)?;
    let others = records::references(read, &links.iter().map(|(_, id)| *id).collect::<Vec<_>>())?;
    // What was merged is named by what it is now.
    let credited = |id: RecordId| {
        let now = |named: RecordId| references.get(&named).map_or(named, |reference| reference.id);
        form.sources.iter().any(|credit| now(credit.source_id) == id)
    };
    let mut warnings = Vec::new();
    for Overlap { index, publication } in found {
        let of_other = links.iter().filter(|(of, _)| *of == publication).filter_map(|(_, id)| others.get(id));
        let missing = of_other.filter(|source| !credited(source.id) && !is_own(source));
        let source_ids: Vec<RecordId> = missing.map(|source| source.id).collect();
        if !source_ids.is_empty() {
            let at = Warning::new(LintCode::UnattributedText, format!("/body/{index}"));
            warnings.push(Warning { article_id: visible.get(&publication).copied(), source_ids, ..at });
        }
    }
    Ok(warnings)
}

/// Whether a source is the newsroom itself.
fn is_own(source: &Reference) -> bool {
    source.record::<SourceIn>().is_ok_and(|source| source.form.kind == SourceKind::Own)
}

/// A block and a publication that has much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Overlap {
    index: usize,
    publication: PublicationId,
}

/// Which publications share enough with which blocks; of each block the three that share most.
fn overlaps(traces: &[Traces], standing: &[Standing]) -> Vec<Overlap> {
    let mut by_hash: HashMap<i64, Vec<PublicationId>> = HashMap::new();
    for other in standing {
        by_hash.entry(other.hash).or_default().push(other.publication_id);
    }
    let is_much = |shared: usize, of: usize| shared >= SHARED_MIN || (shared >= SHARED_OF_SHORT && shared * 2 >= of);
    let mut overlaps = Vec::new();
    for Traces { index, hashes } in traces {
        let mut shared: HashMap<PublicationId, usize> = HashMap::new();
        for publication in hashes.iter().filter_map(|hash| by_hash.get(hash)).flatten() {
            *shared.entry(*publication).or_default() += 1;
        }
        let mut enough: Vec<_> = shared.into_iter().filter(|(_, shared)| is_much(*shared, hashes.len())).collect();
        enough.sort_unstable_by_key(|(id, shared)| (Reverse(*shared), *id));
        let best = enough.into_iter().take(3);
        overlaps.extend(best.map(|(publication, _)| Overlap { index: *index, publication }));
    }
    overlaps
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(words: std::ops::Range<usize>) -> Body {
        let words: Vec<String> = words.map(|n| format!("w{n}")).collect();
        Body::from_html(&format!("<p>{}</p>", words.join(" ")))
    }

    #[test]
    fn twenty_words_may_change_in_silence_and_no_more() {
        assert!(!silent_change(&text(0..100), &text(0..100)));
        assert!(!silent_change(&text(0..100), &text(20..120)));
        assert!(silent_change(&text(0..100), &text(21..121)));
        assert!(silent_change(&text(0..100), &text(0..79)));
        assert!(silent_change(&Body::default(), &text(0..21)));
    }

    #[test]
    fn words_that_only_move_have_not_changed() {
        let turned = Body::from_html("<p>c b</p><p>a</p>");
        assert!(!silent_change(&Body::from_html("<p>a b c</p>"), &turned));
    }
}

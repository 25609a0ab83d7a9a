//! Articles that belong together: those of a story, an article and its rewrites, an article and its translations.
//!
//! A set of translations is an original and all that name it; a translation of a translation is one of the original.
//! The working copy says where it belongs, and a publication keeps what was said when it was published.

mod store;

use std::collections::HashMap;

use super::company::Companies;
use super::corrections;
use super::delivery::show_many;
use super::dto::ArticleIn;
use super::kept::Saved;
use super::model::may_see;
use super::store::Live;
use super::views::{Alternate, ArticleView};
use super::worklist::cards;
use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::WriteArticles;
use crate::fault::Fault;
use crate::ids::{ArticleId, PublicationId, StoryId};
use crate::problem::{Code, Problem};
use crate::site::Site;
use crate::text::Language;
use store::{Sibling, Ties};

/// What is published beside some articles.
#[derive(Clone, Debug, Default)]
pub(super) struct Kin {
    rewrites: HashMap<ArticleId, Vec<ArticleId>>,
    /// Sets of translations by their originals.
    sets: HashMap<ArticleId, Vec<Sibling>>,
}

impl Kin {
    /// What an article was rewritten by.
    pub fn rewritten_by(&self, id: ArticleId) -> Vec<ArticleId> {
        self.rewrites.get(&id).cloned().unwrap_or_default()
    }

    /// The same article in other languages.
    pub fn alternates(&self, id: ArticleId, form: &ArticleIn, public_url: &str) -> Vec<Alternate> {
        let set = self.sets.get(&original(id, form)).into_iter().flatten();
        let others = set.filter(|sibling| sibling.id != id);
        let alternate = |sibling: &Sibling| {
            let language = Language::parse(&sibling.language).ok()?;
            Some(Alternate::new(sibling.id, language, sibling.slug.clone(), public_url))
        };
        others.filter_map(alternate).collect()
    }

    /// Every article of these sets but the shown ones, each once.
    pub fn others(&self, shown: &[ArticleId]) -> Vec<ArticleId> {
        let all = self.sets.values().flatten().map(|sibling| sibling.id);
        let mut ids: Vec<_> = all.filter(|id| !shown.contains(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The original of the set that an article is in; it may be its own.
fn original(id: ArticleId, form: &ArticleIn) -> ArticleId {
    form.translation_of.unwrap_or(id)
}

/// What stands alone.
const NOWHERE: Ties = Ties { story: None, rewrites: None, translates: None };

const fn ties(form: &ArticleIn) -> Ties {
    Ties { story: form.story_id, rewrites: form.rewrite_of, translates: form.translation_of }
}

/// Checks where a form says that it belongs, and names the original where it names a translation.
pub(super) fn place(
    tx: &mut Tx<'_>,
    id: ArticleId,
    form: &mut ArticleIn,
    before: Option<&ArticleIn>,
) -> Result<(), Problem> {
    let old = before.map(ties);
    let rewrites = form.rewrite_of.filter(|_| old.is_none_or(|old| old.rewrites != form.rewrite_of));
    let moved = form.translation_of != old.and_then(|old| old.translates)
        || before.is_some_and(|before| before.language != form.language);
    if rewrites.is_none() && !moved {
        return Ok(());
    }
    // Two that name each other at once would make a ring: they take turns.
    store::take_turns(tx.conn)?;
    if let Some(older) = rewrites
        && store::leads_to(tx.conn, older, id)?
    {
        return Err(Problem::field("/rewriteOf", Fault::Loop));
    }
    if let Some(named) = form.translation_of {
        let original = store::original_of(tx.conn, named)?.unwrap_or(named);
        if named == id || original == id {
            return Err(Problem::field("/translationOf", Fault::Loop));
        }
        if store::has_translations(tx.conn, id)? {
            return Err(Problem::field("/translationOf", Fault::IsOriginal));
        }
        form.translation_of = Some(original);
    }
    if moved { check_language(tx, id, form) } else { Ok(()) }
}

/// Takes an article that was set aside into its set again.
pub(super) fn rejoin(tx: &mut Tx<'_>, id: ArticleId, form: &ArticleIn) -> Result<(), Problem> {
    store::take_turns(tx.conn)?;
    check_language(tx, id, form)
}

/// No set has a language twice.
pub(super) fn check_language(tx: &mut Tx<'_>, id: ArticleId, form: &ArticleIn) -> Result<(), Problem> {
    match store::in_language(tx.conn, original(id, form), form.language.as_str(), id)? {
        Some(existing) => Err(Problem::new(Code::Duplicate).with("existing", existing.to_string())),
        None => Ok(()),
    }
}

/// Keeps where a working copy belongs.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    id: ArticleId,
    form: &ArticleIn,
    before: Option<&ArticleIn>,
) -> Result<(), Problem> {
    if ties(form) != before.map_or(NOWHERE, ties) {
        store::tie(tx.conn, id, ties(form))?;
    }
    Ok(())
}

/// Keeps where a new publication belongs.
pub(super) fn freeze(tx: &mut Tx<'_>, id: PublicationId, form: &ArticleIn) -> Result<(), Problem> {
    if ties(form) != NOWHERE {
        store::tie_publication(tx.conn, id, ties(form))?;
    }
    Ok(())
}

/// What is published beside these articles, with two statements at the most.
pub(super) fn published(
    read: &mut Read<'_>,
    rows: &[Live],
    forms: &[ArticleIn],
    companies: &Companies,
) -> Result<Kin, Problem> {
    let mut kin = Kin::default();
    let ids = || rows.iter().map(|live| live.article_id);
    let rewritten: Vec<ArticleId> = ids().filter(|id| companies.with(*id).is_rewritten).collect();
    if !rewritten.is_empty() {
        for (older, newer) in store::rewrites(read.conn, &rewritten, read.now)? {
            kin.rewrites.entry(older).or_default().push(newer);
        }
    }
    let in_sets = ids().zip(forms).filter(|(id, form)| original(*id, form) != *id || companies.with(*id).is_translated);
    let originals: Vec<ArticleId> = in_sets.map(|(id, form)| original(id, form)).collect();
    if !originals.is_empty() {
        for sibling in store::siblings(read.conn, &originals, read.now)? {
            kin.sets.entry(sibling.translates.unwrap_or(sibling.id)).or_default().push(sibling);
        }
    }
    Ok(kin)
}

/// Of an article's set, the one that a reader of a language is served, if it is another: in that language, or in the
/// first that the site falls back on.
pub(super) fn in_language(
    read: &mut Read<'_>,
    live: &Live,
    asked: &str,
    site: &Site,
) -> Result<Option<ArticleId>, Problem> {
    let form: ArticleIn = serde_json::from_str(&live.content)?;
    let Ok(asked) = Language::parse(asked) else { return Ok(None) };
    if form.language == asked {
        return Ok(None);
    }
    let set = store::siblings(read.conn, &[original(live.article_id, &form)], read.now)?;
    let mut chain = site.fallbacks(&asked).into_iter();
    let served = chain.find_map(|language| set.iter().find(|sibling| sibling.language == language.as_str()));
    Ok(served.map(|sibling| sibling.id).filter(|id| *id != live.article_id))
}

/// The articles of a story that are published now, in no order: those that say so, and what they were rewritten by.
pub fn of_story(
    read: &mut Read<'_>,
    story: StoryId,
    limit: i64,
    public_url: &str,
) -> Result<Vec<ArticleView>, Problem> {
    let ids = store::of_story(read.conn, story, read.now, limit)?;
    show_many(read, &ids, public_url)
}

/// The working copies of a story that somebody may know of, in every state and in no order, with what was put right in
/// each: those that say so, those that are public in it, and what they were rewritten by.
pub fn of_story_at_desk(
    read: &mut Read<'_>,
    permit: &Permit<WriteArticles>,
    story: StoryId,
    limit: i64,
) -> Result<Vec<Saved>, Problem> {
    let mut ids = store::begun_for_story(read.conn, story, limit)?;
    ids.extend(store::of_story(read.conn, story, read.now, limit)?);
    ids.sort_unstable();
    ids.dedup();
    let mut rows = store::heads(read.conn, &ids)?;
    rows.retain(|(head, _)| may_see(&permit.user, head.is_written_by(permit.user.id)));
    let mut saved = cards(read, &permit.user, rows)?;
    let versions = saved.iter().map(|one| (one.head.id, one.head.version)).collect();
    let mut corrections = corrections::up_to(read, &versions)?;
    for one in &mut saved {
        one.corrections = corrections.remove(&one.head.id).unwrap_or_default();
    }
    Ok(saved)
}

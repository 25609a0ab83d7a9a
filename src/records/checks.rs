//! What a record must be to be kept, beyond what its own form can say.

use std::collections::BTreeMap;

use super::{DEPTH_MAX, NAME_MAX, Names, Noun, store};
use crate::app::Tx;
use crate::db::dialect::{self, Door};
use crate::fault::{Fault, Faults, FieldError};
use crate::ids::RecordId;
use crate::problem::{Code, Problem};
use crate::text::slug::{self, Slug};
use crate::text::{arabic, safe};

/// Checks the name, the names and the slug, which every kind has.
pub fn check_names(faults: &mut Faults, name: &str, names: &Names, slug: Option<&str>) -> Option<(String, Names)> {
    if let Some(slug) = slug {
        faults.take("/slug", Slug::parse(slug));
    }
    let mut checked = Names::default();
    for (language, text) in names.iter() {
        let text = faults.take(format!("/names/{language}"), safe::name(text, NAME_MAX));
        checked.0.extend(text.map(|text| (language.clone(), text)));
    }
    let name = faults.take("/name", safe::name(name, NAME_MAX))?;
    Some((name, checked))
}

/// A form with the slug that its name gives, where the writer chose none.
pub(super) fn sluggish<N: Noun>(form: N) -> Result<N, Problem> {
    let text = form.slug().map_or_else(|| slug::from_title(form.name()), String::from);
    let slug = Slug::parse(&text).map_err(|fault| Problem::field("/slug", fault))?;
    Ok(form.with_slug(&slug))
}

/// What only the database knows: whether slug, names and account are free, and the parent is no descendant.
pub(super) fn check<N: Noun>(tx: &mut Tx<'_>, id: RecordId, form: &N) -> Result<(), Problem> {
    let key = slug::key(form.slug().unwrap_or_default());
    // In this order: between the two looks, a slug can only turn from a present one into an old one.
    let taken = match store::find_by_slug(tx.conn, N::KIND, &key)? {
        None => store::find_by_old_slug(tx.conn, N::KIND, &key)?,
        taken => taken,
    };
    if let Some(other) = taken.filter(|row| row.id != id) {
        return Err(duplicate("/slug", other.merged_into.unwrap_or(other.id)));
    }
    if let Some(user) = form.user()
        && let Some(other) = store::find_by_user(tx.conn, user)?.filter(|other| *other != id)
    {
        return Err(duplicate("/userId", other));
    }
    check_called(tx, id, form)?;
    match form.parent() {
        None => Ok(()),
        Some(parent) => check_parent::<N>(tx, id, parent),
    }
}

fn duplicate(pointer: &str, existing: RecordId) -> Problem {
    let error = FieldError { pointer: pointer.into(), fault: Fault::Taken };
    Problem { errors: vec![error], ..Problem::new(Code::Duplicate) }.with("existing", existing.to_string())
}

/// Refuses a spelling that is the name or a spelling of another, and a name that is a spelling of another. Names alone
/// may be alike: there are people and places of one name.
fn check_called<N: Noun>(tx: &mut Tx<'_>, id: RecordId, form: &N) -> Result<(), Problem> {
    let called = called(form);
    if called.is_empty() {
        return Ok(());
    }
    // Of two that take the same name at once, the later one sees the earlier.
    dialect::take_turns(tx.conn, Door::Records)?;
    for other in store::names_of(tx.conn, N::KIND, called.keys().cloned().collect())? {
        let store::NameOf { name_key, slug_key, record_id, merged_into } = other;
        let shown = merged_into.unwrap_or(record_id);
        let is_spelling = called.get(&name_key).is_some_and(Option::is_some);
        if shown != id && (is_spelling || slug_key.is_some()) {
            return Err(duplicate(if is_spelling { "/aliases" } else { "/name" }, shown));
        }
    }
    Ok(())
}

/// What a record is called, folded, where its kind has other spellings; those with their slugs.
pub(super) fn called<N: Noun>(form: &N) -> BTreeMap<String, Option<String>> {
    let Some(spellings) = form.aliases() else { return BTreeMap::new() };
    let names = std::iter::once(form.name()).chain(form.names().iter().map(|(_, name)| name.as_str()));
    let mut called: BTreeMap<String, Option<String>> = names.map(|name| (arabic::fold(name), None)).collect();
    let with_slug = |text: &String| (arabic::fold(text), Some(slug::key(&slug::from_title(text))));
    called.extend(spellings.iter().map(with_slug));
    called
}

/// Walks up from a parent: what hangs below the record must fit under it too, within ten levels in all.
fn check_parent<N: Noun>(tx: &mut Tx<'_>, id: RecordId, parent: RecordId) -> Result<(), Problem> {
    // Two that move below each other at once would make a ring: they take turns.
    dialect::take_turns(tx.conn, Door::Sections)?;
    let mut above = Some(parent);
    for _ in levels_below(tx, id)?..DEPTH_MAX {
        let Some(parent) = above else { return Ok(()) };
        if parent == id {
            break;
        }
        let row = store::find(tx.conn, N::KIND, parent)?;
        above = row.ok_or_else(|| Problem::field("/parentId", Fault::NotFound))?.parent_id;
    }
    Err(Problem::field("/parentId", Fault::BadFormat("a section above, and no more than ten levels".into())))
}

/// How many levels hang below a record.
fn levels_below(tx: &mut Tx<'_>, id: RecordId) -> Result<usize, Problem> {
    let mut level = vec![id];
    for depth in 0..DEPTH_MAX {
        level = store::children(tx.conn, &level)?;
        if level.is_empty() {
            return Ok(depth);
        }
    }
    Ok(DEPTH_MAX)
}

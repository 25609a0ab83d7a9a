//! How other rooms come from what they name to records: from ids and slugs, old ones too, and past what was merged.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{DEPTH_MAX, Kind, Noun, Record, store};
use crate::app::Read;
use crate::ids::RecordId;
use crate::problem::Problem;
use crate::text::{Language, slug};
use crate::time::UtcTime;

/// How an article names a record.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Which one. Where another took its place, everything here is the other's.
    pub id: RecordId,
    /// Which noun.
    pub kind: Kind,
    /// Its slug.
    pub slug: String,
    /// Its whole form, as JSON.
    form: String,
    /// Its names.
    names: Naming,
    /// Whether it may be used for new articles.
    pub is_active: bool,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was last changed.
    pub updated_at: UtcTime,
}

/// What every noun is called, whatever else it has.
#[derive(Clone, Debug, Deserialize)]
struct Naming {
    name: String,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

impl Reference {
    /// The name in a language, or in the site's own.
    pub fn name(&self, language: &Language) -> String {
        let Naming { name, names } = &self.names;
        names.get(language.as_str()).unwrap_or(name).clone()
    }

    /// The whole record.
    pub fn record<N: Noun>(&self) -> Result<Record<N>, Problem> {
        Ok(Record {
            id: self.id,
            form: serde_json::from_str(&self.form)?,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            merged_into: None,
        })
    }
}

/// What ids refer to.
pub type References = HashMap<RecordId, Arc<Reference>>;

/// What these ids refer to, whatever the kind: of those that this node does not know yet with one statement, or with two where
/// something was merged. Those that took another's place are there by their own ids too.
pub fn references(read: &mut Read<'_>, ids: &[RecordId]) -> Result<References, Problem> {
    let (mut found, mut unknown) = (References::with_capacity(ids.len()), Vec::new());
    for id in once(ids.iter().copied(), |id| id) {
        match read.furnished(|furniture| &furniture.records, &id)? {
            Some(reference) => {
                if reference.id != id {
                    found.insert(reference.id, Arc::clone(&reference));
                }
                found.insert(id, reference);
            }
            None => unknown.push(id),
        }
    }
    for (id, reference) in looked_up(read, &unknown)? {
        read.furnish(|furniture| &furniture.records, id, &reference)?;
        found.insert(id, reference);
    }
    Ok(found)
}

fn looked_up(read: &mut Read<'_>, ids: &[RecordId]) -> Result<References, Problem> {
    let (merged, rows): (Vec<_>, Vec<_>) =
        named(read, ids.iter().copied())?.into_iter().partition(|row| row.merged_into.is_some());
    let into = named(read, merged.iter().filter_map(|row| row.merged_into))?;
    let rows = rows.into_iter().chain(into).map(|row| Ok((row.id, Arc::new(reference(row)?))));
    let mut found: References = rows.collect::<Result<_, Problem>>()?;
    for row in merged {
        if let Some(shown) = row.merged_into.and_then(|into| found.get(&into)).cloned() {
            found.insert(row.id, shown);
        }
    }
    Ok(found)
}

fn named(read: &mut Read<'_>, ids: impl Iterator<Item = RecordId>) -> Result<Vec<store::Named>, Problem> {
    let ids = once(ids, |id| id);
    Ok(if ids.is_empty() { Vec::new() } else { store::many(read.conn, &ids)? })
}

/// Of these ids, those of records that were merged, each with that of the record in its place.
pub fn merged(read: &mut Read<'_>, ids: &[RecordId]) -> Result<HashMap<RecordId, RecordId>, Problem> {
    let rows = if ids.is_empty() { Vec::new() } else { store::merged_among(read.conn, ids)? };
    Ok(rows.into_iter().collect())
}

/// A list without what stands in it before: what was merged, under the id of the other.
pub fn once(ids: impl IntoIterator<Item = RecordId>, now: impl Fn(RecordId) -> RecordId) -> Vec<RecordId> {
    let mut seen = HashSet::new();
    ids.into_iter().map(now).filter(|id| seen.insert(*id)).collect()
}

/// What each of these ids or slugs of a kind leads to, if to anything. A slug of now comes before an old one, and that
/// before another spelling.
pub fn known(read: &mut Read<'_>, kind: Kind, ids_or_slugs: &[String]) -> Result<Vec<Option<RecordId>>, Problem> {
    let ids: Vec<RecordId> = ids_or_slugs.iter().filter_map(|text| RecordId::parse(text).ok()).collect();
    let mut keys: Vec<String> = ids_or_slugs.iter().map(|text| slug::key(text)).collect();
    keys.retain(|key| !key.is_empty());
    let (mut by_id, mut by_key) = (HashMap::new(), HashMap::new());
    for (key, id, into) in store::named(read.conn, kind, &keys, &ids)? {
        by_id.insert(id, into.unwrap_or(id));
        by_key.insert(key, into.unwrap_or(id));
    }
    keys.retain(|key| !by_key.contains_key(key) && RecordId::parse(key).is_err());
    if !keys.is_empty() {
        let mut further = store::once_named(read.conn, kind, &keys)?;
        if kind == Kind::Tag {
            further.extend(store::also_named(read.conn, kind, &keys)?);
        }
        for (key, id, into) in further {
            by_key.entry(key).or_insert(into.unwrap_or(id));
        }
    }
    let one = |text: &String| match RecordId::parse(text) {
        Ok(id) => by_id.get(&id).copied(),
        Err(_) => by_key.get(&slug::key(text)).copied(),
    };
    Ok(ids_or_slugs.iter().map(one).collect())
}

/// The ids that these ids or slugs of a kind stand for, with those of all that is one with them by a merge: what other
/// rooms keep may name either. The unknown ones fall away.
pub fn resolve(read: &mut Read<'_>, kind: Kind, ids_or_slugs: &[String]) -> Result<Vec<RecordId>, Problem> {
    let known = known(read, kind, ids_or_slugs)?;
    with_merged(read, once(known.into_iter().flatten(), |id| id))
}

/// Records in use, and what was merged into them.
fn with_merged(read: &mut Read<'_>, mut ids: Vec<RecordId>) -> Result<Vec<RecordId>, Problem> {
    if !ids.is_empty() {
        ids.extend(store::merged_into(read.conn, &ids)?);
    }
    Ok(ids)
}

/// These records, what took their place, and all that was merged into the same.
pub fn kin(read: &mut Read<'_>, ids: &[RecordId]) -> Result<Vec<RecordId>, Problem> {
    let into = merged(read, ids)?;
    with_merged(read, once(ids.iter().copied(), |id| into.get(&id).copied().unwrap_or(id)))
}

/// A record and, where the kind has a tree, all below it.
pub fn with_descendants(read: &mut Read<'_>, roots: Vec<RecordId>) -> Result<Vec<RecordId>, Problem> {
    let mut found = roots.clone();
    let mut level = roots;
    for _ in 0..DEPTH_MAX {
        level = store::children(read.conn, &level)?;
        if level.is_empty() {
            break;
        }
        found.extend(&level);
    }
    Ok(found)
}

/// The records whose articles somebody wants who names these: with those that were merged into them, and of sections with all
/// below them. Of one name a node knows it already, as long as no record changes.
pub fn meant(read: &mut Read<'_>, kind: Kind, names: &[String]) -> Result<Vec<RecordId>, Problem> {
    let key = match names {
        [only] => Some((kind, only.clone())),
        _ => None,
    };
    if let Some(key) = &key
        && let Some(known) = read.furnished(|furniture| &furniture.meant, key)?
    {
        return Ok(known.to_vec());
    }
    let ids = resolve(read, kind, names)?;
    let ids = if kind == Kind::Section { with_descendants(read, ids)? } else { ids };
    // Names of nothing are without number, and spellings of something without end.
    if let Some(key) = key.filter(|(_, name)| !ids.is_empty() && name.len() <= slug::BYTES_MAX) {
        read.furnish(|furniture| &furniture.meant, key, &Arc::new(ids.clone()))?;
    }
    Ok(ids)
}

/// The sections that these ids or slugs stand for, with all below them; `None`, which is any, where none is named.
pub fn sections(read: &mut Read<'_>, names: &[String]) -> Result<Option<Vec<RecordId>>, Problem> {
    if names.is_empty() { Ok(None) } else { meant(read, Kind::Section, names).map(Some) }
}

/// Records and, where the kind has a tree, all above them.
pub fn with_ancestors(read: &mut Read<'_>, leaves: Vec<RecordId>) -> Result<Vec<RecordId>, Problem> {
    let mut found = leaves.clone();
    let mut level = leaves;
    for _ in 0..DEPTH_MAX {
        level = store::parents(read.conn, &level)?;
        if level.is_empty() {
            break;
        }
        found.extend(&level);
    }
    Ok(found)
}

fn reference(row: store::Named) -> Result<Reference, Problem> {
    let store::Named { id, kind, slug, is_active, content: form, version, created_at, updated_at, merged_into: _ } =
        row;
    let names = serde_json::from_str(&form)?;
    Ok(Reference { id, kind, slug, form, names, is_active, version, created_at, updated_at })
}

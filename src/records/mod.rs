//! Named things that articles refer to: what sources, sections, tags and authors have in common. Each of those
//! rooms says what its noun is; making, changing, finding and removing one is said here, once.

pub mod answer;
mod store;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::{Read, Tx};
use crate::auth::actions::ManageRecords;
use crate::auth::{Permit, actions::ReadRecords};
use crate::db::dialect::{self, Door};
use crate::db::page::{PageRequest, Slice};
use crate::db::{QueryError, violates};
use crate::events::{self, Change};
use crate::fault::{Fault, Faults};
use crate::http::{Expected, Patch};
use crate::ids::{RecordId, of};
use crate::problem::{Code, Problem};
use crate::text::slug::{self, Slug};
use crate::text::{Language, arabic, safe};
use crate::time::UtcTime;
use crate::{ids::Id, text_enum};

text_enum! {
    /// Which noun a record is.
    pub enum Kind {
        /// Where news comes from.
        Source = "source",
        /// Where articles are filed.
        Section = "section",
        /// What articles are about.
        Tag = "tag",
        /// Whose name stands above them.
        Author = "author",
    }
}

/// The longest name, in graphemes.
const NAME_MAX: usize = 200;
/// The deepest chain of parents; also what ends a walk along one.
const DEPTH_MAX: usize = 10;

/// Names by language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(example = json!({ "en": "Agencies" }))]
pub struct Names(BTreeMap<Language, String>);

impl Names {
    /// Each language and the name in it.
    pub fn iter(&self) -> impl Iterator<Item = (&Language, &String)> {
        self.0.iter()
    }
}

/// The writable form of one kind of record. It is what clients send and what the database keeps.
pub trait Noun: Serialize + DeserializeOwned + utoipa::ToSchema + Clone + Send + Sync + 'static {
    /// How it is read.
    type View: From<Record<Self>> + Serialize + utoipa::ToSchema;
    /// Which noun.
    const KIND: Kind;
    /// The events of its life: made, changed, removed.
    const TOPICS: [&'static str; 3];

    /// The form as it may be kept, or everything that is wrong with it.
    fn checked(self) -> Result<Self, Faults>;
    /// The name in the site's own language.
    fn name(&self) -> &str;
    /// The names in other languages.
    fn names(&self) -> &Names;
    /// The slug, where the writer chose one.
    fn slug(&self) -> Option<&str>;
    /// The same form with its slug.
    #[must_use]
    fn with_slug(self, slug: &Slug) -> Self;
    /// Whether it may be used for new articles.
    fn is_active(&self) -> bool;
    /// The record above it, where the kind has a tree.
    fn parent(&self) -> Option<RecordId> {
        None
    }
    /// What precedes the name in the order of lists.
    fn rank(&self) -> u32 {
        0
    }
}

/// The methods of a [`Noun`] that only hand out a field, which all four forms have by the same name.
macro_rules! getters {
    () => {
        fn name(&self) -> &str {
            &self.name
        }

        fn names(&self) -> &$crate::records::Names {
            &self.names
        }

        fn slug(&self) -> Option<&str> {
            self.slug.as_deref()
        }

        fn with_slug(self, slug: &$crate::text::slug::Slug) -> Self {
            Self { slug: Some(slug.to_string()), ..self }
        }

        fn is_active(&self) -> bool {
            self.is_active
        }
    };
}
pub(crate) use getters;

/// What a record is when its writer does not say: in use.
pub(crate) const fn active() -> bool {
    true
}

/// A record as it is kept.
#[derive(Clone, Debug)]
pub struct Record<N> {
    /// Its id.
    pub id: RecordId,
    /// What it is.
    pub form: N,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was last changed.
    pub updated_at: UtcTime,
}

/// How an article names a record.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Which noun.
    pub kind: Kind,
    /// Its slug.
    pub slug: String,
    /// Its whole form, as JSON.
    pub form: serde_json::Value,
    /// Whether it may be used for new articles.
    pub is_active: bool,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was last changed.
    pub updated_at: UtcTime,
}

impl Reference {
    /// The name in a language, or in the site's own.
    pub fn name(&self, language: &Language) -> String {
        let text = |value: Option<&serde_json::Value>| value.and_then(|value| value.as_str()).map(String::from);
        let translated = text(self.form.get("names").and_then(|names| names.get(language.as_str())));
        translated.or_else(|| text(self.form.get("name"))).unwrap_or_default()
    }

    /// The whole record.
    pub fn record<N: Noun>(&self, id: RecordId) -> Result<Record<N>, Problem> {
        let form = serde_json::from_value(self.form.clone())?;
        Ok(Record { id, form, version: self.version, created_at: self.created_at, updated_at: self.updated_at })
    }
}

/// What happens to records.
pub const EVENTS: &[events::Kind] = &[
    events::Kind::of::<RecordEvent>("source.created", "A source was added."),
    events::Kind::of::<RecordEvent>("source.updated", "A source was changed."),
    events::Kind::of::<RecordEvent>("source.deleted", "A source was removed."),
    events::Kind::of::<RecordEvent>("section.created", "A section was added."),
    events::Kind::of::<RecordEvent>("section.updated", "A section was changed, or moved in the tree."),
    events::Kind::of::<RecordEvent>("section.deleted", "A section was removed."),
    events::Kind::of::<RecordEvent>("tag.created", "A tag was added."),
    events::Kind::of::<RecordEvent>("tag.updated", "A tag was changed."),
    events::Kind::of::<RecordEvent>("tag.deleted", "A tag was removed."),
    events::Kind::of::<RecordEvent>("author.created", "An author was added."),
    events::Kind::of::<RecordEvent>("author.updated", "An author was changed."),
    events::Kind::of::<RecordEvent>("author.deleted", "An author was removed."),
];

/// What became of a source, section, tag or author.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what each change says")]
pub struct RecordEvent {
    /// The readable part of its address.
    #[schema(example = "وكالات")]
    slug: String,
}

/// Makes a record.
pub fn create<N: Noun>(tx: &mut Tx<'_>, _: &Permit<ManageRecords>, form: N) -> Result<Record<N>, Problem> {
    let form = sluggish(form.checked()?)?;
    let id = tx.next_id();
    check(tx, id, &form)?;
    let record = Record { id, form, version: 1, created_at: tx.now, updated_at: tx.now };
    store::insert(tx.conn, &row(&record)?).map_err(refusal)?;
    let [created, ..] = N::TOPICS;
    tx.record(Change::public(created, id, json!({ "slug": record.form.slug() })));
    Ok(record)
}

/// Changes a record that is still as the caller saw it.
pub fn update<N: Noun>(
    tx: &mut Tx<'_>,
    _: &Permit<ManageRecords>,
    id: RecordId,
    expected: &Expected,
    patch: &Patch<N>,
) -> Result<Record<N>, Problem> {
    let present = find::<N>(&mut tx.reading(), id)?;
    expected.check(present.version)?;
    let form = sluggish(patch.apply(&present.form)?.checked()?)?;
    check(tx, id, &form)?;
    let record = Record { form, version: present.version + 1, updated_at: tx.now, ..present };
    if store::update(tx.conn, &row(&record)?, present.version).map_err(refusal)? == 0 {
        return Err(Problem::stale(find::<N>(&mut tx.reading(), id)?.version));
    }
    let [_, updated, _] = N::TOPICS;
    tx.record(Change::public(updated, id, json!({ "slug": record.form.slug() })));
    Ok(record)
}

/// Removes a record that nothing refers to.
pub fn delete<N: Noun>(
    tx: &mut Tx<'_>,
    _: &Permit<ManageRecords>,
    id: RecordId,
    expected: &Expected,
) -> Result<(), Problem> {
    let present = find::<N>(&mut tx.reading(), id)?;
    expected.check(present.version)?;
    if store::delete(tx.conn, id, present.version).map_err(refusal)? == 0 {
        return Err(Problem::stale(find::<N>(&mut tx.reading(), id)?.version));
    }
    let [.., deleted] = N::TOPICS;
    tx.record(Change::public(deleted, id, json!({ "slug": present.form.slug() })));
    Ok(())
}

/// One record, for the newsroom.
pub fn read<N: Noun>(read: &mut Read<'_>, _: &Permit<ReadRecords>, id: RecordId) -> Result<Record<N>, Problem> {
    find(read, id)
}

/// A page of records, for the newsroom: those out of use too.
pub fn list<N: Noun>(
    read: &mut Read<'_>,
    _: &Permit<ReadRecords>,
    page: &PageRequest,
) -> Result<Slice<Record<N>>, Problem> {
    forms(store::list(read.conn, N::KIND, false, page)?)
}

/// One record by its id or slug, for everyone.
pub fn public<N: Noun>(read: &mut Read<'_>, id_or_slug: &str) -> Result<Record<N>, Problem> {
    let row = match Id::<of::Record>::parse(id_or_slug) {
        Ok(id) => store::find(read.conn, N::KIND, id)?,
        Err(_) => store::find_by_slug(read.conn, N::KIND, &slug::key(id_or_slug))?,
    };
    form(row.ok_or_else(Problem::not_found)?)
}

/// A page of the records in use, for everyone.
pub fn public_list<N: Noun>(read: &mut Read<'_>, page: &PageRequest) -> Result<Slice<Record<N>>, Problem> {
    forms(store::list(read.conn, N::KIND, true, page)?)
}

/// Every record of a kind in use, in order. Only for kinds that stay few.
pub fn all<N: Noun>(read: &mut Read<'_>) -> Result<Vec<Record<N>>, Problem> {
    store::all(read.conn, N::KIND)?.into_iter().map(form).collect()
}

/// What these ids refer to, whatever the kind, with one statement.
pub fn references(read: &mut Read<'_>, ids: &[RecordId]) -> Result<HashMap<RecordId, Reference>, Problem> {
    let rows = if ids.is_empty() { Vec::new() } else { store::many(read.conn, ids)? };
    rows.into_iter().map(|row| Ok((row.id, reference(row)?))).collect()
}

/// The ids that these ids or slugs of a kind stand for; the unknown ones fall away.
pub fn resolve(read: &mut Read<'_>, kind: Kind, ids_or_slugs: &[String]) -> Result<Vec<RecordId>, Problem> {
    let keys: Vec<String> = ids_or_slugs.iter().map(|text| slug::key(text)).collect();
    let mut ids: Vec<RecordId> = ids_or_slugs.iter().filter_map(|text| RecordId::parse(text).ok()).collect();
    ids.extend(store::ids_by_slug(read.conn, kind, &keys)?);
    Ok(ids)
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

/// The sections that these ids or slugs stand for, with all below them; `None`, which is any, where none is named.
pub fn sections(read: &mut Read<'_>, names: &[String]) -> Result<Option<Vec<RecordId>>, Problem> {
    if names.is_empty() {
        return Ok(None);
    }
    let roots = resolve(read, Kind::Section, names)?;
    Ok(Some(with_descendants(read, roots)?))
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
fn sluggish<N: Noun>(form: N) -> Result<N, Problem> {
    let text = form.slug().map_or_else(|| slug::from_title(form.name()), String::from);
    let slug = Slug::parse(&text).map_err(|fault| Problem::field("/slug", fault))?;
    Ok(form.with_slug(&slug))
}

/// What only the database knows: whether the slug is free and the parent is no descendant.
fn check<N: Noun>(tx: &mut Tx<'_>, id: RecordId, form: &N) -> Result<(), Problem> {
    let key = slug::key(form.slug().unwrap_or_default());
    if let Some(other) = store::find_by_slug(tx.conn, N::KIND, &key)?.filter(|row| row.id != id) {
        return Err(Problem::new(Code::Duplicate).with("existing", other.id.to_string()));
    }
    match form.parent() {
        None => Ok(()),
        Some(parent) => check_parent::<N>(tx, id, parent),
    }
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

fn find<N: Noun>(read: &mut Read<'_>, id: RecordId) -> Result<Record<N>, Problem> {
    form(store::find(read.conn, N::KIND, id)?.ok_or_else(Problem::not_found)?)
}

fn refusal(error: QueryError) -> Problem {
    if violates(&error, "records", "slug_key") {
        Problem::new(Code::Duplicate)
    } else if dialect::violates_reference(&error) {
        Problem::new(Code::InUse)
    } else {
        error.into()
    }
}

fn row<N: Noun>(record: &Record<N>) -> Result<store::Row, Problem> {
    let Record { id, form, version, created_at, updated_at } = record;
    let slug = form.slug().unwrap_or_default();
    Ok(store::Row {
        id: *id,
        kind: N::KIND,
        slug: slug.to_owned(),
        slug_key: slug::key(slug),
        sort_key: format!("{:010} {}", form.rank(), arabic::sort_key(form.name())),
        parent_id: form.parent(),
        is_active: form.is_active(),
        content: serde_json::to_string(form)?,
        version: *version,
        created_at: *created_at,
        updated_at: *updated_at,
    })
}

fn form<N: Noun>(row: store::Row) -> Result<Record<N>, Problem> {
    // All but these five columns are read off the form, for the database to find it by.
    let store::Row {
        id,
        kind: _,
        slug: _,
        slug_key: _,
        sort_key: _,
        parent_id: _,
        is_active: _,
        content,
        version,
        created_at,
        updated_at,
    } = row;
    Ok(Record { id, form: serde_json::from_str(&content)?, version, created_at, updated_at })
}

fn forms<N: Noun>(slice: Slice<store::Row>) -> Result<Slice<Record<N>>, Problem> {
    let Slice { rows, next, prev, total } = slice;
    Ok(Slice { rows: rows.into_iter().map(form).collect::<Result<_, _>>()?, next, prev, total })
}

fn reference(row: store::Row) -> Result<Reference, Problem> {
    Ok(Reference {
        kind: row.kind,
        slug: row.slug,
        form: serde_json::from_str(&row.content)?,
        is_active: row.is_active,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

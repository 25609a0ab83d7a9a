//! Named things that articles refer to: what sources, sections, tags and authors have in common. Each of those
//! rooms says what its noun is; making, changing, finding and removing one is said here, once.

pub mod answer;
mod checks;
mod lookup;
mod merge;
mod store;

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use utoipa::ToSchema;

use crate::app::{Read, Tx};
use crate::auth::actions::{Action as _, ManageRecords, ManageSite};
use crate::auth::{Permit, actions::ReadRecords};
use crate::db::dialect;
use crate::db::page::{PageRequest, Slice};
use crate::db::{QueryError, violates};
use crate::events::{self, Change, fingerprint};
use crate::fault::{Fault, Faults};
use crate::http::{Expected, Patch};
use crate::ids::{RecordId, UserId};
use crate::problem::{Code, Problem};
use crate::text::slug::{self, Slug};
use crate::text::{Language, arabic};
use crate::text_enum;
use crate::time::UtcTime;
use checks::{called, check, sluggish};
use store::Wanted;

pub use checks::check_names;
pub use lookup::{
    Reference, References, kin, known, meant, merged, once, references, resolve, sections, with_ancestors,
    with_descendants,
};
pub use merge::{MergeEvent, MergeIn, Mergeable, merge};

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
    /// How everyone reads it.
    type View: From<Record<Self>> + Serialize + utoipa::ToSchema;
    /// How the newsroom reads it.
    type NewsroomView: From<Record<Self>> + Serialize + utoipa::ToSchema;
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
    /// Its other spellings, where the kind has them.
    fn aliases(&self) -> Option<&[String]> {
        None
    }
    /// The account of whom it names, where the kind has accounts.
    fn user(&self) -> Option<UserId> {
        None
    }
    /// Whether the change from another form moves the bounds within which editors work: an administrator's business.
    fn moves_bounds(&self, _before: &Self) -> bool {
        false
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
    /// What took its place.
    pub merged_into: Option<RecordId>,
}

/// Where a look-up by id or slug leads.
#[derive(Clone, Debug)]
pub enum Sought<N> {
    /// Here.
    Here(Box<Record<N>>),
    /// To another slug: the present one, or that of what took its place.
    Moved(String),
}

/// What happens to records.
pub const EVENTS: &[events::Kind] = &[
    events::Kind::of::<RecordEvent>("source.created", "A source was added."),
    events::Kind::of::<RecordEvent>("source.updated", "A source was changed."),
    events::Kind::of::<RecordEvent>("source.deleted", "A source was removed."),
    events::Kind::of::<MergeEvent>("source.merged", "A source was merged into another, which shows in its place."),
    events::Kind::of::<RecordEvent>("section.created", "A section was added."),
    events::Kind::of::<RecordEvent>("section.updated", "A section was changed, or moved in the tree."),
    events::Kind::of::<RecordEvent>("section.deleted", "A section was removed."),
    events::Kind::of::<RecordEvent>("tag.created", "A tag was added."),
    events::Kind::of::<RecordEvent>("tag.updated", "A tag was changed."),
    events::Kind::of::<RecordEvent>("tag.deleted", "A tag was removed."),
    events::Kind::of::<MergeEvent>("tag.merged", "A tag was merged into another, which shows in its place."),
    events::Kind::of::<RecordEvent>("author.created", "An author was added."),
    events::Kind::of::<RecordEvent>("author.updated", "An author was changed."),
    events::Kind::of::<RecordEvent>("author.deleted", "An author was removed."),
    events::Kind::of::<MergeEvent>("author.merged", "An author was merged into another, which shows in its place."),
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
    let record = Record { id, form, version: 1, created_at: tx.now, updated_at: tx.now, merged_into: None };
    store::insert(tx.conn, &row(&record)?).map_err(|error| unkept(&record.form, error))?;
    name(tx, &record)?;
    let [created, ..] = N::TOPICS;
    let change = Change::public(created, id, json!({ "slug": record.form.slug() }));
    tx.record(change.hashes(None, Some(state(&record)?)));
    Ok(record)
}

/// Changes a record that is still as the caller saw it.
pub fn update<N: Noun>(
    tx: &mut Tx<'_>,
    permit: &Permit<ManageRecords>,
    id: RecordId,
    expected: &Expected,
    patch: &Patch<N>,
) -> Result<Record<N>, Problem> {
    let present = find::<N>(&mut tx.reading(), id)?;
    expected.check(present.version)?;
    if let Some(into) = present.merged_into {
        return Err(merge::is_merged(into));
    }
    let before = state(&present)?;
    let form = sluggish(patch.apply(&present.form)?.checked()?)?;
    if form.moves_bounds(&present.form) && !permit.also::<ManageSite>() {
        return Err(Problem::new(Code::Forbidden).with("permission", ManageSite::NAME));
    }
    check(tx, id, &form)?;
    let old_key = slug::key(present.form.slug().unwrap_or_default());
    let record = Record { form, version: present.version + 1, updated_at: tx.now, ..present };
    let changed = row(&record)?;
    if store::update(tx.conn, &changed, present.version).map_err(|error| unkept(&record.form, error))? == 0 {
        return Err(Problem::stale(find::<N>(&mut tx.reading(), id)?.version));
    }
    if changed.slug_key != old_key {
        store::redirect(tx.conn, N::KIND, id, [&old_key, &changed.slug_key])?;
    }
    name(tx, &record)?;
    let [_, updated, _] = N::TOPICS;
    let change = Change::public(updated, id, json!({ "slug": record.form.slug() }));
    tx.record(change.hashes(Some(before), Some(state(&record)?)));
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
    let change = Change::public(deleted, id, json!({ "slug": present.form.slug() }));
    tx.record(change.hashes(Some(state(&present)?), None));
    Ok(())
}

/// The fingerprint of what is kept of a record.
fn state<N: Noun>(record: &Record<N>) -> Result<Vec<u8>, Problem> {
    fingerprint(&(record.id, record.version, &record.form, record.merged_into))
}

/// One record, for the newsroom.
pub fn read<N: Noun>(read: &mut Read<'_>, _: &Permit<ReadRecords>, id: RecordId) -> Result<Record<N>, Problem> {
    find(read, id)
}

/// A page of records, for the newsroom: those out of use too, but not what was merged. Where a `beginning` is given,
/// those that are called something that begins so, in any spelling.
pub fn list<N: Noun>(
    read: &mut Read<'_>,
    _: &Permit<ReadRecords>,
    beginning: Option<&str>,
    page: &PageRequest,
) -> Result<Slice<Record<N>>, Problem> {
    let beginning = beginning.map(|text| arabic::fold(text.trim()));
    if beginning.as_ref().is_some_and(String::is_empty) {
        return Err(Problem::parameter("q", Fault::Blank));
    }
    forms(store::list(read.conn, N::KIND, &Wanted { active_only: false, beginning }, page)?)
}

/// One record by its id or slug, for everyone; where it is, if the slug is an old one or another took its place.
pub fn public<N: Noun>(read: &mut Read<'_>, id_or_slug: &str) -> Result<Sought<N>, Problem> {
    let key = slug::key(id_or_slug);
    let here = match RecordId::parse(id_or_slug) {
        Ok(id) => store::find(read.conn, N::KIND, id)?,
        Err(_) => store::find_by_slug(read.conn, N::KIND, &key)?,
    };
    let is_here = here.is_some();
    let found = if is_here { here } else { store::find_by_old_slug(read.conn, N::KIND, &key)? };
    let row = found.ok_or_else(Problem::not_found)?;
    match row.merged_into {
        None if is_here => Ok(Sought::Here(Box::new(form(row)?))),
        None => Ok(Sought::Moved(row.slug)),
        Some(into) => {
            let into = store::find(read.conn, N::KIND, into)?.ok_or_else(Problem::not_found)?;
            Ok(Sought::Moved(into.slug))
        }
    }
}

/// A page of the records in use, for everyone.
pub fn public_list<N: Noun>(read: &mut Read<'_>, page: &PageRequest) -> Result<Slice<Record<N>>, Problem> {
    forms(store::list(read.conn, N::KIND, &Wanted { active_only: true, beginning: None }, page)?)
}

/// A page of the records in use that are called something that begins so, in any spelling, for everyone.
pub fn public_beginning<N: Noun>(
    read: &mut Read<'_>,
    beginning: &str,
    page: &PageRequest,
) -> Result<Slice<Record<N>>, Problem> {
    let beginning = Some(arabic::fold(beginning.trim()));
    forms(store::list(read.conn, N::KIND, &Wanted { active_only: true, beginning }, page)?)
}

/// Every record of a kind in use, in order. Only for kinds that stay few.
pub fn all<N: Noun>(read: &mut Read<'_>) -> Result<Vec<Record<N>>, Problem> {
    store::all(read.conn, N::KIND)?.into_iter().map(form).collect()
}

/// Notes what a record is called, where its kind is looked up by that.
fn name<N: Noun>(tx: &mut Tx<'_>, record: &Record<N>) -> Result<(), Problem> {
    let called = called(&record.form);
    if !called.is_empty() {
        store::rename(tx.conn, N::KIND, record.id, &called)?;
    }
    Ok(())
}

fn find<N: Noun>(read: &mut Read<'_>, id: RecordId) -> Result<Record<N>, Problem> {
    form(store::find(read.conn, N::KIND, id)?.ok_or_else(Problem::not_found)?)
}

/// What a row that was refused tells the caller. Parents were looked up before; of accounts only the database knows.
fn unkept<N: Noun>(form: &N, error: QueryError) -> Problem {
    if form.user().is_some() && dialect::violates_reference(&error) {
        return Problem::field("/userId", Fault::NotFound);
    }
    refusal(error)
}

fn refusal(error: QueryError) -> Problem {
    if violates(&error, "records", "slug_key") || violates(&error, "records", "user_id") {
        Problem::new(Code::Duplicate)
    } else if dialect::violates_reference(&error) {
        Problem::new(Code::InUse)
    } else {
        error.into()
    }
}

fn row<N: Noun>(record: &Record<N>) -> Result<store::Row, Problem> {
    let Record { id, form, version, created_at, updated_at, merged_into } = record;
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
        merged_into: *merged_into,
        // The account is free for the one that took its place.
        user_id: form.user().filter(|_| merged_into.is_none()),
    })
}

fn form<N: Noun>(row: store::Row) -> Result<Record<N>, Problem> {
    // All but these six columns are read off the form, for the database to find it by.
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
        merged_into,
        user_id: _,
    } = row;
    Ok(Record { id, form: serde_json::from_str(&content)?, version, created_at, updated_at, merged_into })
}

fn forms<N: Noun>(slice: Slice<store::Row>) -> Result<Slice<Record<N>>, Problem> {
    let Slice { rows, next, prev, total } = slice;
    Ok(Slice { rows: rows.into_iter().map(form).collect::<Result<_, _>>()?, next, prev, total })
}

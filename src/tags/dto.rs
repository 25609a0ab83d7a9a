//! A tag as clients write and read it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::fault::{Fault, Faults};
use crate::ids::RecordId;
use crate::records::{Kind, Mergeable, Names, Noun, Record, active, check_names, getters};
use crate::text::{arabic, safe};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// What a tag stands for.
    #[schema(example = "place")]
    pub enum TagKind {
        /// A subject: elections, floods.
        Subject = "subject",
        /// Somebody.
        Person = "person",
        /// A company, party or institution.
        Organisation = "organisation",
        /// A country, city or region.
        Place = "place",
    }
}

/// The longest alias, in graphemes.
const ALIAS_MAX: usize = 200;
/// The longest description, in graphemes.
const DESCRIPTION_MAX: usize = 2000;

/// A tag as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TagIn {
    /// The name in the site's own language.
    #[schema(example = "روسيا")]
    pub name: String,
    /// The name in other languages.
    #[serde(default)]
    #[schema(example = json!({ "en": "Russia" }))]
    pub names: Names,
    /// The readable part of its address; made from the name when absent.
    #[serde(default)]
    #[schema(example = "روسيا")]
    pub slug: Option<String>,
    /// Other spellings that it is found by. None may be the name or an alias of another tag.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["روسيا الاتحادية"]))]
    pub aliases: Vec<String>,
    /// What it stands for.
    #[serde(default = "subject")]
    #[schema(default = "subject")]
    pub kind: TagKind,
    /// What it covers, and perhaps what it does not.
    #[serde(default)]
    #[schema(example = "أخبار روسيا الاتحادية")]
    pub description: Option<String>,
    /// Whether new articles may carry it.
    #[serde(default = "active")]
    #[schema(default = true, example = true)]
    pub is_active: bool,
}

const fn subject() -> TagKind {
    TagKind::Subject
}

impl Noun for TagIn {
    type View = TagView;
    type NewsroomView = NewsroomTagView;
    const KIND: Kind = Kind::Tag;
    const TOPICS: [&'static str; 3] = ["tag.created", "tag.updated", "tag.deleted"];

    fn checked(self) -> Result<Self, Faults> {
        let Self { name, names, slug, aliases, kind, description, is_active } = self;
        let mut faults = Faults::new();
        let checked = check_names(&mut faults, &name, &names, slug.as_deref());
        let description =
            faults.take("/description", safe::optional_paragraph(description.as_deref(), DESCRIPTION_MAX));
        let aliases = check_aliases(&mut faults, &aliases);
        let built = || {
            let (name, names) = checked?;
            Some(Self { name, names, slug, aliases, kind, description: description?, is_active })
        };
        faults.finish(built())
    }

    getters!();

    fn aliases(&self) -> Option<&[String]> {
        Some(&self.aliases)
    }
}

/// The aliases as they are kept; each in one spelling only.
fn check_aliases(faults: &mut Faults, aliases: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut checked = Vec::new();
    for (index, alias) in aliases.iter().enumerate() {
        let fresh = |alias: String| if seen.insert(arabic::fold(&alias)) { Ok(alias) } else { Err(Fault::Repeated) };
        checked.extend(faults.take(format!("/aliases/{index}"), safe::name(alias, ALIAS_MAX).and_then(fresh)));
    }
    checked
}

impl Mergeable for TagIn {
    const MERGED: &'static str = "tag.merged";
}

/// A tag as it is read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TagView {
    /// Its id.
    pub id: RecordId,
    /// The readable part of its address.
    #[schema(example = "روسيا")]
    pub slug: String,
    /// The name in the site's own language.
    #[schema(example = "روسيا")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Russia" }))]
    pub names: Names,
    /// Other spellings that it is found by.
    #[schema(example = json!(["روسيا الاتحادية"]))]
    pub aliases: Vec<String>,
    /// What it stands for.
    pub kind: TagKind,
    /// What it covers, and perhaps what it does not.
    #[schema(example = "أخبار روسيا الاتحادية")]
    pub description: Option<String>,
    /// Whether new articles may carry it.
    #[schema(example = true)]
    pub is_active: bool,
    /// When it was made.
    pub date_created: UtcTime,
    /// When it was last changed.
    pub date_modified: UtcTime,
}

impl From<Record<TagIn>> for TagView {
    fn from(record: Record<TagIn>) -> Self {
        let Record { id, form, version: _, created_at, updated_at, merged_into: _ } = record;
        let TagIn { name, names, slug, aliases, kind, description, is_active } = form;
        Self {
            id,
            slug: slug.unwrap_or_default(),
            name,
            names,
            aliases,
            kind,
            description,
            is_active,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

/// A tag as the newsroom reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomTagView {
    /// What everyone reads.
    #[serde(flatten)]
    pub tag: TagView,
    /// The one that took its place.
    #[schema(example = json!(null))]
    pub merged_into: Option<RecordId>,
}

impl From<Record<TagIn>> for NewsroomTagView {
    fn from(record: Record<TagIn>) -> Self {
        let merged_into = record.merged_into;
        Self { tag: record.into(), merged_into }
    }
}

/// What the newsroom's list of tags can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// Only tags whose name in any language, or an alias, begins so; in any spelling.
    #[param(required = false, min_length = 1, max_length = 200, example = "روس")]
    pub q: Option<String>,
}

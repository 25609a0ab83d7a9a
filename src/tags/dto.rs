//! A tag as clients write and read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::Faults;
use crate::ids::RecordId;
use crate::records::{Kind, Names, Noun, Record, active, check_names, getters};
use crate::text::safe;
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
    const KIND: Kind = Kind::Tag;
    const TOPICS: [&'static str; 3] = ["tag.created", "tag.updated", "tag.deleted"];

    fn checked(self) -> Result<Self, Faults> {
        let Self { name, names, slug, kind, description, is_active } = self;
        let mut faults = Faults::new();
        let checked = check_names(&mut faults, &name, &names, slug.as_deref());
        let description =
            faults.take("/description", safe::optional_paragraph(description.as_deref(), DESCRIPTION_MAX));
        let built = || {
            let (name, names) = checked?;
            Some(Self { name, names, slug, kind, description: description?, is_active })
        };
        faults.finish(built())
    }

    getters!();
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
        let Record { id, form, version: _, created_at, updated_at } = record;
        let TagIn { name, names, slug, kind, description, is_active } = form;
        Self {
            id,
            slug: slug.unwrap_or_default(),
            name,
            names,
            kind,
            description,
            is_active,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

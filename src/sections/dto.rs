//! A section as clients write and read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::Faults;
use crate::ids::RecordId;
use crate::records::{Kind, Names, Noun, Record, active, check_names, getters};
use crate::text::safe;
use crate::time::UtcTime;

/// The longest description, in graphemes.
const DESCRIPTION_MAX: usize = 2000;

/// A section as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SectionIn {
    /// The name in the site's own language.
    #[schema(example = "سياسة")]
    pub name: String,
    /// The name in other languages.
    #[serde(default)]
    #[schema(example = json!({ "en": "Politics" }))]
    pub names: Names,
    /// The readable part of its address; made from the name when absent.
    #[serde(default)]
    #[schema(example = "سياسة")]
    pub slug: Option<String>,
    /// The section above it; none for one at the top. At most ten levels.
    #[serde(default)]
    pub parent_id: Option<RecordId>,
    /// Where it stands among those beside it: the lowest first, equals by name.
    #[serde(default)]
    #[schema(default = 0, maximum = 1_000_000, example = 1)]
    pub position: u32,
    /// What is filed here.
    #[serde(default)]
    #[schema(example = "أخبار السياسة في العالم العربي")]
    pub description: Option<String>,
    /// Whether two people have to stand by what is filed here. Only the newsroom learns of it.
    #[serde(default)]
    #[schema(default = false, example = false)]
    pub four_eyes: bool,
    /// Whether it and what is below it show, and new articles may be filed here.
    #[serde(default = "active")]
    #[schema(default = true, example = true)]
    pub is_active: bool,
}

impl Noun for SectionIn {
    type View = SectionView;
    type NewsroomView = NewsroomSectionView;
    const KIND: Kind = Kind::Section;
    const TOPICS: [&'static str; 3] = ["section.created", "section.updated", "section.deleted"];

    fn checked(self) -> Result<Self, Faults> {
        let Self { name, names, slug, parent_id, position, description, four_eyes, is_active } = self;
        let mut faults = Faults::new();
        let checked = check_names(&mut faults, &name, &names, slug.as_deref());
        let description =
            faults.take("/description", safe::optional_paragraph(description.as_deref(), DESCRIPTION_MAX));
        let built = || {
            let (name, names) = checked?;
            let description = description?;
            Some(Self { name, names, slug, parent_id, position, description, four_eyes, is_active })
        };
        faults.finish(built())
    }

    getters!();

    fn moves_bounds(&self, before: &Self) -> bool {
        self.parent_id != before.parent_id || self.four_eyes != before.four_eyes
    }

    fn parent(&self) -> Option<RecordId> {
        self.parent_id
    }

    fn rank(&self) -> u32 {
        self.position
    }
}

/// A section as it is read.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SectionView {
    /// Its id.
    pub id: RecordId,
    /// The readable part of its address.
    #[schema(example = "سياسة")]
    pub slug: String,
    /// The name in the site's own language.
    #[schema(example = "سياسة")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Politics" }))]
    pub names: Names,
    /// The section above it.
    pub parent_id: Option<RecordId>,
    /// Where it stands among those beside it.
    #[schema(example = 1)]
    pub position: u32,
    /// What is filed here.
    #[schema(example = "أخبار السياسة في العالم العربي")]
    pub description: Option<String>,
    /// Whether it and what is below it show, and new articles may be filed here.
    #[schema(example = true)]
    pub is_active: bool,
    /// When it was made.
    pub date_created: UtcTime,
    /// When it was last changed.
    pub date_modified: UtcTime,
}

impl From<Record<SectionIn>> for SectionView {
    fn from(record: Record<SectionIn>) -> Self {
        let Record { id, form, version: _, created_at, updated_at, merged_into: _ } = record;
        let SectionIn { name, names, slug, parent_id, position, description, four_eyes: _, is_active } = form;
        Self {
            id,
            slug: slug.unwrap_or_default(),
            name,
            names,
            parent_id,
            position,
            description,
            is_active,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

/// A section as the newsroom reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsroomSectionView {
    /// What everyone reads.
    #[serde(flatten)]
    pub section: SectionView,
    /// Whether two people have to stand by what is filed here.
    #[schema(example = false)]
    pub four_eyes: bool,
}

impl From<Record<SectionIn>> for NewsroomSectionView {
    fn from(record: Record<SectionIn>) -> Self {
        let four_eyes = record.form.four_eyes;
        Self { section: record.into(), four_eyes }
    }
}

/// A section in the tree, with all that is below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SectionNode {
    /// Its id.
    pub id: RecordId,
    /// The readable part of its address.
    #[schema(example = "سياسة")]
    pub slug: String,
    /// The name in the site's own language.
    #[schema(example = "سياسة")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Politics" }))]
    pub names: Names,
    /// What is filed here.
    #[schema(example = "أخبار السياسة في العالم العربي")]
    pub description: Option<String>,
    /// The sections right below it, in order.
    #[schema(no_recursion, example = json!([]))]
    pub children: Vec<SectionNode>,
}

impl SectionNode {
    /// A section with what hangs under it.
    pub fn new(record: Record<SectionIn>, children: Vec<Self>) -> Self {
        let Record { id, form, version: _, created_at: _, updated_at: _, merged_into: _ } = record;
        let SectionIn { name, names, slug, parent_id: _, position: _, description, four_eyes: _, is_active: _ } = form;
        Self { id, slug: slug.unwrap_or_default(), name, names, description, children }
    }
}

/// The whole tree.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionTree {
    /// The sections at the top, in order.
    pub items: Vec<SectionNode>,
}

//! Collections as clients write and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Collection, Slot, Swap, check_slots};
use crate::articles::ArticleView;
use crate::fault::Faults;
use crate::ids::{CollectionId, SwapId, UserId};
use crate::records::{Names, check_names};
use crate::text::slug::Slug;
use crate::time::UtcTime;

/// A collection as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CollectionIn {
    /// The name in the site's own language.
    #[schema(example = "الصفحة الأولى")]
    pub name: String,
    /// The name in other languages.
    #[serde(default)]
    #[schema(example = json!({ "en": "Front page" }))]
    pub names: Names,
    /// The readable part of its address; made from the name when absent.
    #[serde(default)]
    #[schema(example = "الصفحة-الأولى")]
    pub slug: Option<String>,
    /// What it shows, from its top. Ten of them at most are `automatic`.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub slots: Vec<Slot>,
    /// Articles that it shows at most.
    #[serde(default = "hundred")]
    #[schema(minimum = 1, maximum = 100, default = 100, example = 30)]
    pub max_items: u32,
}

const fn hundred() -> u32 {
    100
}

impl CollectionIn {
    /// The form as it may be kept, or everything that is wrong with it.
    pub fn checked(self) -> Result<Self, Faults> {
        let Self { name, names, slug, slots, max_items } = self;
        let mut faults = Faults::new();
        check_slots(&mut faults, &slots);
        let checked = check_names(&mut faults, &name, &names, slug.as_deref());
        let built = || checked.map(|(name, names)| Self { name, names, slug, slots, max_items });
        faults.finish(built())
    }

    /// The same form with its slug.
    #[must_use]
    pub fn with_slug(self, slug: &Slug) -> Self {
        Self { slug: Some(slug.to_string()), ..self }
    }

    /// The slug that every kept form has.
    pub fn present_slug(&self) -> &str {
        self.slug.as_deref().unwrap_or_default()
    }
}

/// A collection as the newsroom sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewsroomCollectionView {
    /// Its id.
    pub id: CollectionId,
    /// The name in the site's own language.
    #[schema(example = "الصفحة الأولى")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Front page" }))]
    pub names: Names,
    /// The readable part of its address.
    #[schema(example = "الصفحة-الأولى")]
    pub slug: String,
    /// What it shows, from its top.
    pub slots: Vec<Slot>,
    /// Articles that it shows at most.
    #[schema(example = 30)]
    pub max_items: u32,
    /// Counts its changes, and the swaps that have come; the `ETag` is made of it.
    #[schema(example = 4)]
    pub version: i64,
    /// When it was made.
    pub date_created: UtcTime,
    /// When it last changed, by hand or by a swap.
    pub date_updated: UtcTime,
}

impl From<Collection> for NewsroomCollectionView {
    fn from(collection: Collection) -> Self {
        let Collection { id, form, version, created_at, updated_at } = collection;
        let CollectionIn { name, names, slug, slots, max_items } = form;
        let slug = slug.unwrap_or_default();
        Self { id, name, names, slug, slots, max_items, version, date_created: created_at, date_updated: updated_at }
    }
}

/// A collection among others, as everyone sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CollectionCard {
    /// Its id.
    pub id: CollectionId,
    /// The readable part of its address.
    #[schema(example = "الصفحة-الأولى")]
    pub slug: String,
    /// The name in the site's own language.
    #[schema(example = "الصفحة الأولى")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Front page" }))]
    pub names: Names,
}

impl From<Collection> for CollectionCard {
    fn from(collection: Collection) -> Self {
        let Collection { id, form, version: _, created_at: _, updated_at: _ } = collection;
        let CollectionIn { name, names, slug, slots: _, max_items: _ } = form;
        Self { id, slug: slug.unwrap_or_default(), name, names }
    }
}

/// A collection with its articles, as everyone sees it now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CollectionView {
    /// Its id.
    pub id: CollectionId,
    /// The readable part of its address.
    #[schema(example = "الصفحة-الأولى")]
    pub slug: String,
    /// The name in the site's own language.
    #[schema(example = "الصفحة الأولى")]
    pub name: String,
    /// The name in other languages.
    #[schema(example = json!({ "en": "Front page" }))]
    pub names: Names,
    /// Its articles that are published now, from the top, without bodies.
    pub items: Vec<ArticleView>,
}

impl CollectionView {
    /// A collection that shows these articles.
    pub fn showing(collection: Collection, items: Vec<ArticleView>) -> Self {
        let CollectionCard { id, slug, name, names } = collection.into();
        Self { id, slug, name, names, items }
    }
}

/// A swap as it is planned.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SwapIn {
    /// From when on; it lies ahead.
    #[schema(example = "2030-10-09T08:30:00Z")]
    pub at: UtcTime,
    /// What is shown then. Ten of them at most are `automatic`.
    #[schema(max_items = 100)]
    pub slots: Vec<Slot>,
}

/// A swap that is planned.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SwapView {
    /// Its id.
    pub id: SwapId,
    /// From when on.
    pub at: UtcTime,
    /// What is shown then.
    pub slots: Vec<Slot>,
    /// Who planned it.
    pub created_by: UserId,
    /// When.
    pub date_created: UtcTime,
}

impl From<Swap> for SwapView {
    fn from(swap: Swap) -> Self {
        let Swap { id, collection_id: _, at, slots, created_by, created_at } = swap;
        Self { id, at, slots, created_by, date_created: created_at }
    }
}

/// The swaps that a collection has ahead.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwapList {
    /// The next one first.
    pub items: Vec<SwapView>,
}

/// What became of a collection.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CollectionEvent {
    /// The readable part of its address.
    #[schema(example = "الصفحة-الأولى")]
    pub slug: String,
    /// The swap that did it, if it was one.
    pub swap: Option<SwapDone>,
}

/// A swap that has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SwapDone {
    /// Its id.
    pub id: SwapId,
    /// When it came.
    pub at: UtcTime,
    /// Milliseconds from then until it was told. Readers saw it at the instant.
    #[schema(example = 12)]
    pub late_ms: u64,
}

/// What is planned for a collection, or no more.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SwapEvent {
    /// The readable part of the collection's address.
    #[schema(example = "الصفحة-الأولى")]
    pub slug: String,
    /// The swap.
    pub swap_id: SwapId,
    /// From when on.
    pub at: UtcTime,
}

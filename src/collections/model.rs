//! What a collection is made of, and what a swap makes of it. Pure.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;
use utoipa::ToSchema;

use super::dto::CollectionIn;
use crate::articles::{Pick, Rule, Sort};
use crate::fault::{Fault, Faults};
use crate::ids::{ArticleId, CollectionId, RecordId, SwapId, UserId};
use crate::text::Language;
use crate::time::UtcTime;

/// Slots of a collection that a rule fills, at most: each asks the database.
pub const AUTOMATIC_MAX: usize = 10;

/// The `kind` of a slot that was filled by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArticleTag {
    /// The only value.
    #[default]
    Article,
}

/// The `kind` of a slot that a rule fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AutomaticTag {
    /// The only value.
    #[default]
    Automatic,
}

/// A place for one article. While that is not published, the place is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArticleSlot {
    /// Always `article`.
    pub kind: ArticleTag,
    /// The article.
    pub article_id: ArticleId,
}

/// Places that a rule fills with articles that do not stand above already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutomaticSlot {
    /// Always `automatic`.
    pub kind: AutomaticTag,
    /// Only of this section and those below it.
    #[serde(default)]
    pub section_id: Option<RecordId>,
    /// Only with this tag.
    #[serde(default)]
    pub tag_id: Option<RecordId>,
    /// Only in this language.
    #[serde(default)]
    #[schema(example = "ar")]
    pub language: Option<Language>,
    /// Which comes first; the newest publication unless said otherwise.
    #[serde(default)]
    pub sort: Sort,
    /// Articles at most.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 100, default = 10, example = 10)]
    pub limit: u32,
}

const fn ten() -> u32 {
    10
}

/// A slot of a collection; `kind` says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "kind", mapping(
    ("article" = "#/components/schemas/ArticleSlot"),
    ("automatic" = "#/components/schemas/AutomaticSlot")
)))]
pub enum Slot {
    /// Filled by hand.
    Article(ArticleSlot),
    /// Filled by a rule.
    Automatic(AutomaticSlot),
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value.get("kind").and_then(Value::as_str) {
            Some("article") => serde_json::from_value(value).map(Self::Article),
            Some("automatic") => serde_json::from_value(value).map(Self::Automatic),
            _ => return Err(D::Error::custom("`kind` must be article or automatic")),
        }
        .map_err(D::Error::custom)
    }
}

impl Slot {
    /// What fills it.
    pub fn pick(&self) -> Pick {
        match self {
            Self::Article(slot) => Pick::Article(slot.article_id),
            Self::Automatic(slot) => {
                let AutomaticSlot { kind: _, section_id, tag_id, language, sort, limit } = slot.clone();
                Pick::Matching(Rule { section: section_id, tag: tag_id, language, sort }, limit)
            }
        }
    }
}

/// What is wrong with slots by themselves: an article twice, or too many rules.
pub fn check_slots(faults: &mut Faults, slots: &[Slot]) {
    let mut rules = 0;
    for (index, slot) in slots.iter().enumerate() {
        match slot {
            Slot::Article(_) if slots.iter().take(index).any(|earlier| earlier == slot) => {
                faults.add(format!("/slots/{index}/articleId"), Fault::Repeated);
            }
            Slot::Article(_) => {}
            Slot::Automatic(_) => rules += 1,
        }
    }
    if rules > AUTOMATIC_MAX {
        faults.add("/slots", Fault::TooLong(AUTOMATIC_MAX));
    }
}

/// A collection as it is kept.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// What it is.
    pub form: CollectionIn,
    /// Counts its changes, and the swaps that have come.
    pub version: i64,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it last changed.
    pub updated_at: UtcTime,
}

/// Slots that take the place of a collection's at an instant.
#[derive(Clone, Debug)]
pub struct Swap {
    /// Its id.
    pub id: SwapId,
    /// The collection.
    pub collection_id: CollectionId,
    /// From when on.
    pub at: UtcTime,
    /// What is shown then.
    pub slots: Vec<Slot>,
    /// Who planned it.
    pub created_by: UserId,
    /// When.
    pub created_at: UtcTime,
}

impl Collection {
    /// What the swaps that have come make of it, in their order.
    #[must_use]
    pub fn after(self, due: &[Swap]) -> Self {
        due.iter().fold(self, |collection, swap| Self {
            form: CollectionIn { slots: swap.slots.clone(), ..collection.form },
            version: collection.version + 1,
            updated_at: swap.at,
            ..collection
        })
    }
}

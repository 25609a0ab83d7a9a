//! The types of a body, as they stand in JSON and in the schema.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Map;
use utoipa::ToSchema;

use super::Provider;

/// Blocks that a body has at most.
pub const BLOCKS_MAX: usize = 2_000;

/// Graphemes that a body has at most, captions and alternative texts included.
pub const GRAPHEMES_MAX: usize = 100_000;

/// Bytes that these have at most: a grapheme can carry any number of marks.
pub const BYTES_MAX: usize = 2_000_000;

/// What a `_key` looks like; the schema says the same.
pub(super) const KEY_PATTERN: &str = "^[A-Za-z0-9_.:-]{1,100}$";

/// Characters that a `_key` has at most.
pub(super) const KEY_CHARS_MAX: usize = 100;

/// The body of an article: Portable Text blocks in their normal form.
///
/// Deserialising trusts its input and is for what this program stored. A request holds `Vec<Block>` and becomes
/// a body by [`Body::parse`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(max_items = 2000)]
pub struct Body(pub(super) Vec<Block>);

impl Body {
    /// The blocks, top to bottom.
    pub fn blocks(&self) -> &[Block] {
        &self.0
    }

    /// The blocks, to be changed and parsed again.
    pub fn into_blocks(self) -> Vec<Block> {
        self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same body without the `_key` of blocks and spans, as conversions give it.
    #[must_use]
    pub fn without_keys(mut self) -> Self {
        for block in &mut self.0 {
            match block {
                Block::Text(text) => {
                    text.key = None;
                    text.children.iter_mut().for_each(|span| span.key = None);
                }
                Block::Image(image) => image.key = None,
                Block::Embed(embed) => embed.key = None,
            }
        }
        self
    }
}

/// One block of a body; `_type` says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "_type", mapping(
    ("block" = "#/components/schemas/TextBlock"),
    ("image" = "#/components/schemas/ImageBlock"),
    ("embed" = "#/components/schemas/EmbedBlock")
)))]
pub enum Block {
    /// A paragraph, heading, quotation or list item.
    Text(TextBlock),
    /// A picture.
    Image(ImageBlock),
    /// Something shown from another site.
    Embed(EmbedBlock),
}

impl Block {
    /// The name of this block among the blocks of the body.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.key.as_deref(),
            Self::Image(image) => image.key.as_deref(),
            Self::Embed(embed) => embed.key.as_deref(),
        }
    }
}

/// What a `_type` says.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Block,
    Image,
    Embed,
}

impl Kind {
    fn read<'de, D: Deserializer<'de>>(self, rest: D) -> Result<Block, D::Error> {
        match self {
            Self::Block => TextBlock::deserialize(rest).map(Block::Text),
            Self::Image => ImageBlock::deserialize(rest).map(Block::Image),
            Self::Embed => EmbedBlock::deserialize(rest).map(Block::Embed),
        }
    }
}

/// The `_type` of a block that begins with something else.
#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "_type")]
    kind: Kind,
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reading)
    }
}

/// Reads a block. What is kept begins with its `_type`, and is read straight on from there; an enum with such a tag would read all
/// of a block, and then each member of it once more.
struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Block;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a block")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Block, A::Error> {
        let mut others = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if others.is_empty() && name == "_type" {
                return members.next_value::<Kind>()?.read(MapAccessDeserializer::new(members));
            }
            others.insert(name, members.next_value()?);
        }
        let Typed { kind } = Typed::deserialize(&others).map_err(A::Error::custom)?;
        others.remove("_type");
        kind.read(others).map_err(A::Error::custom)
    }
}

/// Makes the type of a `_type` field: an enum of one value, which the schema shows as such. Of a block it is read before the rest.
///
/// An internally tagged enum would be shorter, but its schema puts `_type` beside a reference that refuses
/// unknown fields, and so refuses every block.
macro_rules! tag {
    ($(#[$doc:meta])* $name:ident::$variant:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            /// The only value.
            #[default]
            $variant,
        }
    };
}

tag!(
    /// The `_type` of a [`TextBlock`].
    TextTag::Block
);
tag!(
    /// The `_type` of an [`ImageBlock`].
    ImageTag::Image
);
tag!(
    /// The `_type` of an [`EmbedBlock`].
    EmbedTag::Embed
);
tag!(
    /// The `_type` of a [`Span`].
    SpanTag::Span
);
tag!(
    /// The `_type` of a [`LinkDef`].
    LinkTag::Link
);

/// A paragraph, heading, quotation or list item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextBlock {
    /// Always `block`.
    #[serde(rename = "_type", default)]
    #[schema(required = true)]
    pub tag: TextTag,
    /// Names this block among the blocks of the body, for editors.
    #[serde(rename = "_key", default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    pub key: Option<String>,
    /// What kind of text it is.
    #[serde(default)]
    pub style: Style,
    /// The kind of list that it is an item of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_item: Option<ListItem>,
    /// How deep the list item is nested; 1 is outermost and the default. Without `listItem` it is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 6)]
    pub level: Option<u8>,
    /// The text in pieces, each with its marks.
    #[schema(max_items = 5000)]
    pub children: Vec<Span>,
    /// The links that marks of `children` refer to.
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub mark_defs: Vec<LinkDef>,
}

/// What kind of text a block is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// A paragraph.
    #[default]
    Normal,
    /// A heading right below the headline of the article.
    H2,
    /// A heading below an `h2`.
    H3,
    /// A heading below an `h3`.
    H4,
    /// A quotation set apart.
    Blockquote,
}

/// The kind of list that a block is an item of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListItem {
    /// An item with a bullet.
    Bullet,
    /// An item with a number.
    Number,
}

/// A piece of text with the same marks throughout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Span {
    /// Always `span`.
    #[serde(rename = "_type")]
    pub tag: SpanTag,
    /// Names this span among the children of its block, for editors.
    #[serde(rename = "_key", default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    pub key: Option<String>,
    /// The text; a newline is a line break.
    #[schema(max_length = 100_000)]
    pub text: String,
    /// Decorators (`strong`, `em`, `underline`, `strike-through`, `code`, `sub`, `sup`) and at most one `_key` of
    /// `markDefs`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub marks: Vec<String>,
}

/// A link that spans refer to by its key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkDef {
    /// Always `link`.
    #[serde(rename = "_type")]
    pub tag: LinkTag,
    /// What spans put into `marks`; renamed to `link-1`, `link-2`, … on writing.
    #[serde(rename = "_key")]
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    pub key: String,
    /// An absolute `http`, `https`, `mailto` or `tel` address.
    #[schema(max_length = 2048)]
    pub href: String,
}

/// A picture in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageBlock {
    /// Always `image`.
    #[serde(rename = "_type", default)]
    #[schema(required = true)]
    pub tag: ImageTag,
    /// Names this block among the blocks of the body, for editors.
    #[serde(rename = "_key", default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    pub key: Option<String>,
    /// Where the picture is: an absolute `http` or `https` address.
    #[schema(max_length = 2048)]
    pub content_url: String,
    /// What the picture shows, for those who do not see it; empty for mere decoration.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub alt: String,
    /// What stands below the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 5000)]
    pub caption: Option<String>,
    /// Who made the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub credit_text: Option<String>,
}

/// Something shown from another site, such as a video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmbedBlock {
    /// Always `embed`.
    #[serde(rename = "_type", default)]
    #[schema(required = true)]
    pub tag: EmbedTag,
    /// Names this block among the blocks of the body, for editors.
    #[serde(rename = "_key", default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    pub key: Option<String>,
    /// The page of what is embedded, at a known provider; a player's address becomes the page's.
    #[schema(max_length = 2048)]
    pub url: String,
    /// Whose it is. Derived from `url`; what a client sends is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// What stands below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 5000)]
    pub caption: Option<String>,
}

/// A mark that changes how text looks or reads; the order is the order of `marks`, and outer to inner in HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decorator {
    /// `strong`: important.
    Strong,
    /// `em`: stressed.
    Em,
    /// `underline`.
    Underline,
    /// `strike-through`: no longer so.
    StrikeThrough,
    /// `code`: as a machine reads it.
    Code,
    /// `sub`: below the line.
    Sub,
    /// `sup`: above the line.
    Sup,
}

impl Decorator {
    /// Every decorator, in order.
    pub const ALL: [Self; 7] =
        [Self::Strong, Self::Em, Self::Underline, Self::StrikeThrough, Self::Code, Self::Sub, Self::Sup];

    /// The mark, as spans hold it.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Em => "em",
            Self::Underline => "underline",
            Self::StrikeThrough => "strike-through",
            Self::Code => "code",
            Self::Sub => "sub",
            Self::Sup => "sup",
        }
    }

    /// The decorator of a mark.
    pub fn from_mark(mark: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decorator| decorator.mark() == mark)
    }

    /// The element that stands for it in HTML.
    pub const fn element(self) -> &'static str {
        match self {
            Self::Underline => "u",
            Self::StrikeThrough => "s",
            other => other.mark(),
        }
    }
}

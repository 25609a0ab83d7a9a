//! How articles are asked for: which of them, in which order and form.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::cache::Facet;
use crate::text::Language;
use crate::time::UtcTime;

/// What delivery's list of articles can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct ArticleQuery {
    /// Only this language; repeat for several.
    #[param(required = false)]
    pub language: Vec<Language>,
    /// Only this section and those below it, by id or slug; repeat for several.
    #[param(required = false)]
    pub section: Vec<String>,
    /// Not this section nor those below it.
    #[param(required = false)]
    pub not_section: Vec<String>,
    /// Only with this tag, by id or slug; repeat for several.
    #[param(required = false)]
    pub tag: Vec<String>,
    /// Not with this tag.
    #[param(required = false)]
    pub not_tag: Vec<String>,
    /// Only crediting this source, by id or slug; repeat for several.
    #[param(required = false)]
    pub source: Vec<String>,
    /// Not crediting this source.
    #[param(required = false)]
    pub not_source: Vec<String>,
    /// Only by this author, by id or slug; repeat for several.
    #[param(required = false)]
    pub author: Vec<String>,
    /// Not by this author.
    #[param(required = false)]
    pub not_author: Vec<String>,
    /// Published at or after this instant.
    #[param(required = false)]
    pub published_from: Option<UtcTime>,
    /// Published before this instant.
    #[param(required = false)]
    pub published_until: Option<UtcTime>,
    /// The order; newest publication first unless said otherwise.
    #[param(required = false, inline)]
    pub sort: Option<Sort>,
    /// Full records under `included`, separated by commas: `author`, `section`, `tags`, `sources`, `related`,
    /// `translations`.
    #[param(required = false, example = "section,sources")]
    pub include: Option<String>,
}

/// The order of delivery's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub enum Sort {
    /// The newest publication first.
    #[default]
    #[serde(rename = "-datePublished")]
    Newest,
    /// The oldest publication first.
    #[serde(rename = "datePublished")]
    Oldest,
    /// The latest change first.
    #[serde(rename = "-dateModified")]
    LatestChange,
    /// What is read most just now: a view counts half after six hours. At most 1,000, and what nobody reads is not there.
    #[serde(rename = "mostRead")]
    MostRead,
    /// What most of the newest 2,000 comments on the site are about.
    #[serde(rename = "mostCommented")]
    MostCommented,
}

impl Sort {
    /// What the order rests on, beside the articles.
    pub const fn facet(self) -> Option<Facet> {
        match self {
            Self::MostRead => Some(Facet::Readership),
            Self::MostCommented => Some(Facet::Discussions),
            Self::Newest | Self::Oldest | Self::LatestChange => None,
        }
    }
}

/// How one article is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct OneArticleQuery {
    /// The language that is wanted: among articles that share a slug, and of the article's translations. Without a
    /// translation in it the site's fallbacks decide, and then the article that was asked for; `Content-Language` says what
    /// was served.
    #[param(required = false)]
    pub language: Option<String>,
    /// The form of the body.
    #[param(required = false, inline)]
    pub body: Option<BodyForm>,
    /// Full records under `included`, separated by commas: `author`, `section`, `tags`, `sources`, `related`,
    /// `translations`.
    #[param(required = false, example = "section,sources")]
    pub include: Option<String>,
}

/// The form of a delivered body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BodyForm {
    /// Portable Text, in `body`.
    #[default]
    Blocks,
    /// HTML, in `bodyHtml`.
    Html,
    /// Markdown, in `bodyMarkdown`.
    Markdown,
    /// Plain text, in `bodyText`.
    Text,
}

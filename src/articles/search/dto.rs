//! Search as clients ask for it and read it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::articles::query::ArticleQuery;
use crate::articles::views::ArticleView;
use crate::ids::{ArticleId, RecordId};
use crate::text::Language;
use crate::time::UtcTime;

/// What is looked for, and where.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct SearchQuery {
    /// What is looked for: words, all of which must be there in any of their forms; `"a phrase"` word for word; `-without`;
    /// `begin*` for three letters or more, of two words at most. Any text is a query, of up to 200 characters and 20 words.
    #[param(required = true, example = "وزير الخارجية")]
    pub q: Option<String>,
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
    /// The order; what fits best first unless said otherwise.
    #[param(required = false, inline)]
    pub sort: Option<SearchSort>,
    /// Count what was found by section, source, tag and month, in `facets`.
    #[param(required = false)]
    pub facets: Option<bool>,
}

impl SearchQuery {
    /// What it narrows the list of articles by.
    pub(super) fn filter(&self) -> ArticleQuery {
        let Self {
            q: _,
            language,
            section,
            not_section,
            tag,
            not_tag,
            source,
            not_source,
            author,
            not_author,
            published_from,
            published_until,
            sort: _,
            facets: _,
        } = self.clone();
        ArticleQuery {
            language,
            section,
            not_section,
            tag,
            not_tag,
            source,
            not_source,
            author,
            not_author,
            published_from,
            published_until,
            sort: None,
            include: None,
        }
    }
}

/// The order of what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchSort {
    /// What has the words as its headline first, then the newest, with what has them in its headline as if it were 30 days
    /// newer; among the newest 200 articles that have them and the newest 200 that have them in the headline.
    #[default]
    Relevance,
    /// The newest publication first, to the last one.
    Newest,
}

/// An article that was found, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchHit {
    /// The article, without its body.
    pub(super) article: ArticleView,
    /// Its headline.
    pub(super) headline: Highlighted,
    /// The part of its text that has most of what was looked for.
    pub(super) snippet: Highlighted,
}

impl SearchHit {
    /// The article.
    pub const fn article(&self) -> &ArticleView {
        &self.article
    }
}

/// A text, and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Highlighted {
    /// The text as it was written, on one line.
    #[schema(example = "دعا وزيري خارجية كل من أرمينيا وأذربيجان")]
    pub text: String,
    /// The words in it that were found, in order.
    pub spans: Vec<HighlightSpan>,
    /// The same as HTML: escaped, with `<mark>` around what was found and no other tag.
    #[schema(example = "دعا وزيري خارجية كل من <mark>أرمينيا</mark> وأذربيجان")]
    pub html: String,
}

/// Where a word stands: characters (Unicode scalar values), from 0, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HighlightSpan {
    /// Its first character.
    #[schema(example = 23)]
    pub start: usize,
    /// The character after its last.
    #[schema(example = 30)]
    pub end: usize,
}

impl Highlighted {
    /// A text with what was found in it, in order; of two in the same place one is kept.
    pub(super) fn new(text: String, mut spans: Vec<HighlightSpan>) -> Self {
        let mut end = 0;
        spans.retain(|span| {
            let is_next = span.start >= end;
            end = if is_next { span.end } else { end };
            is_next
        });
        let mut html = String::with_capacity(text.len() + 16 * spans.len());
        let mut marks = spans.iter().peekable();
        for (at, c) in text.chars().enumerate() {
            if marks.peek().is_some_and(|span| span.start == at) {
                html.push_str("<mark>");
            }
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                c => html.push(c),
            }
            if marks.next_if(|span| span.end == at + 1).is_some() {
                html.push_str("</mark>");
            }
        }
        Self { text, spans, html }
    }
}

/// What was found, counted by what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facets {
    /// How many articles were counted: of more than 1,000 the newest.
    #[schema(example = 42)]
    pub(super) counted: usize,
    /// The sections that list most of them, 20 at the most.
    pub(super) sections: Vec<Facet>,
    /// The sources that most of them credit, 20 at the most.
    pub(super) sources: Vec<Facet>,
    /// The tags that most of them have, 20 at the most.
    pub(super) tags: Vec<Facet>,
    /// The months of publication in the site's zone, the latest first, 36 at the most.
    pub(super) months: Vec<MonthCount>,
}

/// A section, source or tag, and how many of the articles belong to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facet {
    /// Which one.
    pub(super) id: RecordId,
    /// The readable part of its address.
    #[schema(example = "العالم")]
    pub(super) slug: String,
    /// Its name in the site's first language.
    #[schema(example = "العالم")]
    pub(super) name: String,
    /// How many of the articles.
    #[schema(example = 17)]
    pub(super) count: usize,
}

/// A month, and how many of the articles were published in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MonthCount {
    /// The year and the month.
    #[schema(example = "2020-10")]
    pub(super) month: String,
    /// How many of the articles.
    #[schema(example = 17)]
    pub(super) count: usize,
}

/// What somebody has typed so far.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct SuggestQuery {
    /// What was typed; the last word may go on.
    #[param(required = true, example = "محادثات أرم")]
    pub q: Option<String>,
    /// Only headlines in this language; repeat for several.
    #[param(required = false)]
    pub language: Vec<Language>,
}

/// What somebody may be about to type.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suggestions {
    /// The newest published articles that have the words in their headlines, ten at the most.
    pub(super) headlines: Vec<SuggestedHeadline>,
    /// Tags that are called what begins so, ten at the most.
    pub(super) tags: Vec<SuggestedTag>,
}

/// A headline that has the words.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuggestedHeadline {
    /// The article.
    pub(super) article_id: ArticleId,
    /// The readable part of its address.
    #[schema(example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو")]
    pub(super) slug: String,
    /// The headline.
    pub(super) headline: Highlighted,
}

/// A tag that is called what begins so.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuggestedTag {
    /// The tag.
    pub(super) id: RecordId,
    /// The readable part of its address.
    #[schema(example = "روسيا")]
    pub(super) slug: String,
    /// Its name.
    #[schema(example = "روسيا")]
    pub(super) name: String,
}

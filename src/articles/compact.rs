//! Articles as apps keep them for reading without a network: what a list shows of them, and the ids of the rest.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::dto::{ArticleIn, LeadMedia};
use super::lists::{self, store::Wanted};
use super::names::{ids as names, settled};
use super::store::{self, Live};
use super::told::sections;
use crate::app::Read;
use crate::db::page::PageRequest;
use crate::ids::{ArticleId, RecordId, StoryId};
use crate::problem::Problem;
use crate::records;
use crate::text::{Direction, Language, count};
use crate::time::UtcTime;

/// An article in an app's own store. Its body is got when somebody reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CompactArticle {
    /// Its id.
    pub id: ArticleId,
    /// The revision that the public sees.
    #[schema(example = 3)]
    version: i64,
    /// The language it is written in.
    language: Language,
    /// Which way its lines run.
    #[schema(example = "rtl")]
    dir: Direction,
    /// The readable part of its address.
    #[schema(example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو")]
    slug: String,
    /// What happened, in one line.
    #[schema(example = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو")]
    headline: String,
    /// The same in fewer words.
    #[schema(example = json!(null))]
    alternative_headline: Option<String>,
    /// What it says, in a few sentences.
    #[serde(rename = "abstract")]
    #[schema(example = json!(null))]
    abstract_: Option<String>,
    /// From 1, the most urgent, to 9.
    #[schema(example = 5)]
    urgency: u8,
    /// The section it is filed in.
    section_id: Option<RecordId>,
    /// Further sections that list it.
    extra_section_ids: Vec<RecordId>,
    /// What it is about.
    tag_ids: Vec<RecordId>,
    /// Where the news comes from, in order.
    source_ids: Vec<RecordId>,
    /// The credit line, where it is not just the sources' names.
    #[schema(example = "وكالات - هيا")]
    credit_text: Option<String>,
    /// The picture at its head.
    lead_media: Option<LeadMedia>,
    /// The story that it belongs to.
    #[schema(example = json!(null))]
    story_id: Option<StoryId>,
    /// The date of publication.
    date_published: UtcTime,
    /// When it last changed.
    date_modified: UtcTime,
    /// Minutes that reading it takes.
    #[schema(example = 3)]
    reading_minutes: u32,
    /// Comments that everyone reads.
    #[schema(example = 0)]
    pub comment_count: i64,
}

/// Which articles somebody keeps.
#[derive(Clone, Debug, Default)]
pub struct Which {
    languages: Vec<String>,
    /// With all below them; `None` is any.
    sections: Option<Vec<RecordId>>,
}

impl Which {
    /// Those in these languages and these sections, by id or slug, or below them; what is empty is any.
    pub fn of(read: &mut Read<'_>, languages: &[Language], sections: &[String]) -> Result<Self, Problem> {
        let sections = records::sections(read, sections)?;
        Ok(Self { languages: languages.iter().map(Language::to_string).collect(), sections })
    }

    fn takes(&self, form: &ArticleIn) -> bool {
        let listed: HashSet<RecordId> = sections(form).into_iter().collect();
        let in_language = self.languages.is_empty() || self.languages.contains(&form.language.to_string());
        in_language && self.sections.as_ref().is_none_or(|wanted| wanted.iter().any(|id| listed.contains(id)))
    }
}

/// The newest so many articles that are published now.
pub fn newest(read: &mut Read<'_>, which: &Which, limit: u32) -> Result<Vec<CompactArticle>, Problem> {
    let wanted = Wanted {
        languages: which.languages.clone(),
        with: which.sections.clone().into_iter().collect(),
        ..Wanted::default()
    };
    let page = PageRequest { limit, ..PageRequest::default() };
    let rows = lists::list(read, &wanted, &page)?.rows;
    compact(read, rows, &Which::default())
}

/// Of these articles, those that are published now and somebody keeps.
pub fn among(read: &mut Read<'_>, which: &Which, ids: &[ArticleId]) -> Result<Vec<CompactArticle>, Problem> {
    let rows = if ids.is_empty() { Vec::new() } else { store::live_many(read.conn, ids, read.now)? };
    compact(read, rows, which)
}

/// How many comments everyone reads below each of these articles.
fn comment_counts(read: &mut Read<'_>, ids: &[ArticleId]) -> Result<Vec<(ArticleId, i64)>, Problem> {
    Ok(if ids.is_empty() { Vec::new() } else { store::comment_counts(read.conn, ids)? })
}

fn compact(read: &mut Read<'_>, rows: Vec<Live>, which: &Which) -> Result<Vec<CompactArticle>, Problem> {
    let ids: Vec<ArticleId> = rows.iter().map(|live| live.article_id).collect();
    let counts: HashMap<ArticleId, i64> = comment_counts(read, &ids)?.into_iter().collect();
    let forms: Result<Vec<ArticleIn>, _> = rows.iter().map(|live| serde_json::from_str(&live.content)).collect();
    let forms = forms?;
    let merged = records::merged(read, &forms.iter().flat_map(names).collect::<Vec<_>>())?;
    let mut articles = Vec::with_capacity(rows.len());
    for (live, form) in rows.into_iter().zip(forms) {
        let form = settled(form, |id| merged.get(&id).copied().unwrap_or(id));
        if which.takes(&form) {
            let comment_count = counts.get(&live.article_id).copied().unwrap_or_default();
            articles.push(one(live, form, comment_count));
        }
    }
    Ok(articles)
}

fn one(live: Live, form: ArticleIn, comment_count: i64) -> CompactArticle {
    CompactArticle {
        id: live.article_id,
        version: live.version,
        dir: form.language.direction(),
        language: form.language,
        slug: live.slug,
        headline: form.headline,
        alternative_headline: form.alternative_headline,
        abstract_: form.abstract_,
        urgency: form.urgency,
        section_id: form.section_id,
        extra_section_ids: form.extra_section_ids,
        tag_ids: form.tag_ids,
        source_ids: form.sources.iter().map(|credit| credit.source_id).collect(),
        credit_text: form.credit_text,
        lead_media: form.lead_media,
        story_id: form.story_id,
        date_published: live.date_published,
        date_modified: live.date_modified,
        reading_minutes: count::reading_minutes(usize::try_from(live.word_count).unwrap_or_default()),
        comment_count,
    }
}

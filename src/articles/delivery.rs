//! What everyone may read: publications that are visible now. No draft is in reach of anything here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::company::Companies;
use super::corrections;
use super::discussions;
use super::dto::ArticleIn;
use super::kin;
use super::lists::{self, store::Wanted};
use super::names::ids;
use super::query::{ArticleQuery, BodyForm, OneArticleQuery};
use super::store::{self, Live};
use super::views::{ArticleView, Included, Setting, comment_rule, own_policy};
use crate::app::Read;
use crate::authors::dto::AuthorIn;
use crate::blocks::Body;
use crate::cache::{Facet, Rest};
use crate::db::page::{PageRequest, Slice};
use crate::discussion::DiscussionRules;
use crate::fault::Fault;
use crate::ids::{ArticleId, RecordId, UserId};
use crate::problem::{Code, Problem};
use crate::records::{self, Kind, Noun, Reference, References};
use crate::sections::dto::SectionIn;
use crate::site::{self, CommentPolicy, Site};
use crate::sources::dto::SourceIn;
use crate::tags::dto::TagIn;
use crate::text::{Language, slug};
use crate::time::UtcTime;

/// What may stand in `include`.
const INCLUDES: [&str; 6] = ["author", "section", "tags", "sources", "related", "translations"];

/// A page of articles, with the records that were asked for.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The page.
    pub slice: Slice<ArticleView>,
    /// The full records, if any were asked for.
    pub included: Option<Included>,
    /// What its order rests on, beside the articles.
    pub order: Option<Facet>,
}

impl Listed {
    /// What it rests on.
    pub fn rest(&self) -> Rest {
        let mut rest = ArticleView::rest(&self.slice.rows);
        self.included.iter().for_each(|included| included.add_to(&mut rest));
        self.order.into_iter().for_each(|facet| rest.and(facet));
        rest
    }
}

/// Where a look-up by id or slug leads.
#[derive(Clone, Debug)]
pub enum Sought {
    /// Here.
    Here(Box<ArticleView>),
    /// To the article's present slug.
    Moved(String),
}

/// What the comments of an article depend on.
#[derive(Clone, Debug)]
pub struct Discussion {
    /// The article.
    pub article: ArticleId,
    /// Its language.
    pub language: Language,
    /// Its rule.
    pub mode: CommentPolicy,
    /// No comments from here on.
    pub closes_at: Option<UtcTime>,
    /// The site's rules.
    pub rules: DiscussionRules,
}

/// A page of the articles that are published now.
pub fn list(
    read: &mut Read<'_>,
    query: &ArticleQuery,
    page: &PageRequest,
    public_url: &str,
) -> Result<Listed, Problem> {
    let include = included_names(query.include.as_deref())?;
    let wanted = wanted(read, query)?;
    let Slice { rows, next, prev, total } = lists::list(read, &wanted, page)?;
    let site = site::present(read)?;
    let (rows, included) = show(read, &site, &rows, &include, public_url)?;
    Ok(Listed { slice: Slice { rows, next, prev, total }, included, order: wanted.sort.facet() })
}

/// The article with this id or slug, if it is published now; where it is, if the slug is an old one.
pub fn find(
    read: &mut Read<'_>,
    id_or_slug: &str,
    query: &OneArticleQuery,
    public_url: &str,
) -> Result<Sought, Problem> {
    included_names(query.include.as_deref())?;
    let site = site::present(read)?;
    let article = match ArticleId::parse(id_or_slug) {
        Ok(id) => {
            let found = store::live_whole(read.conn, id, read.now)?;
            by_id(read, id, found)?
        }
        Err(_) => match by_slug(read, &slug::key(id_or_slug), query.language.as_deref(), &site)? {
            BySlug::Here(live, body) => (live, body),
            BySlug::Moved(live) => return Ok(Sought::Moved(live.slug)),
        },
    };
    let article = translated(read, article, query.language.as_deref(), &site)?;
    Ok(Sought::Here(Box::new(whole(read, &site, article, query, public_url)?)))
}

/// One article with its body in the form that is wanted. As blocks it is given as it is kept.
pub(super) fn whole(
    read: &mut Read<'_>,
    site: &Site,
    (live, body): (Live, String),
    query: &OneArticleQuery,
    public_url: &str,
) -> Result<ArticleView, Problem> {
    let include = included_names(query.include.as_deref())?;
    let (mut shown, included) = show(read, site, &[live], &include, public_url)?;
    let mut article = shown.pop().ok_or_else(Problem::not_found)?;
    let parsed = || serde_json::from_str::<Body>(&body);
    match query.body.unwrap_or_default() {
        BodyForm::Blocks => article.body = Some(RawValue::from_string(body)?),
        BodyForm::Html => article.body_html = Some(parsed()?.to_html()),
        BodyForm::Markdown => article.body_markdown = Some(parsed()?.to_markdown()),
        BodyForm::Text => article.body_text = Some(parsed()?.to_text()),
    }
    article.included = included;
    Ok(article)
}

/// The published article with this id or slug, an old slug too.
pub(super) fn sought(read: &mut Read<'_>, id_or_slug: &str, site: &Site) -> Result<Live, Problem> {
    match ArticleId::parse(id_or_slug) {
        Ok(id) => {
            let found = store::live(read.conn, id, read.now)?;
            by_id(read, id, found)
        }
        Err(_) => match by_slug(read, &slug::key(id_or_slug), None, site)? {
            BySlug::Here(live, _) | BySlug::Moved(live) => Ok(live),
        },
    }
}

/// What the comments of a published article depend on.
pub fn discussion(read: &mut Read<'_>, id_or_slug: &str) -> Result<Discussion, Problem> {
    let site = site::present(read)?;
    let live = sought(read, id_or_slug, &site)?;
    let form: ArticleIn = serde_json::from_str(&live.content)?;
    let ruling = discussions::ruling(read, live.article_id)?;
    let (mode, closes_at) = comment_rule(&form, &site, live.date_published, ruling);
    Ok(Discussion {
        article: live.article_id,
        language: form.language,
        mode,
        closes_at,
        rules: site.discussion.clone(),
    })
}

/// Who may comment on each of these articles, where the site does not speak for it. An article that is not published has no
/// say.
pub fn own_policies(
    read: &mut Read<'_>,
    ids: &[ArticleId],
) -> Result<HashMap<ArticleId, Option<CommentPolicy>>, Problem> {
    let live = if ids.is_empty() { Vec::new() } else { store::live_many(read.conn, ids, read.now)? };
    let companies = Companies::of(read, ids)?;
    let policy = |live: &Live| -> Result<_, Problem> {
        let form: ArticleIn = serde_json::from_str(&live.content)?;
        Ok((live.article_id, own_policy(&form, companies.with(live.article_id).ruling)))
    };
    live.iter().map(policy).collect()
}

/// The id of the published article with this id or slug, an old slug too.
pub fn published(read: &mut Read<'_>, id_or_slug: &str) -> Result<ArticleId, Problem> {
    if let Ok(id) = ArticleId::parse(id_or_slug) {
        let found = is_live(read, id)?.then_some(id);
        return by_id(read, id, found);
    }
    let site = site::present(read)?;
    Ok(sought(read, id_or_slug, &site)?.article_id)
}

/// Whether there is such an article, published or not. For checks of what staff refer to.
pub fn exists(read: &mut Read<'_>, id: ArticleId) -> Result<bool, Problem> {
    Ok(!store::exists_any(read.conn, &[id])?.is_empty())
}

/// Of these articles, those that are published now.
pub fn live_among(read: &mut Read<'_>, ids: &[ArticleId]) -> Result<HashSet<ArticleId>, Problem> {
    let live = if ids.is_empty() { Vec::new() } else { store::live_ids(read.conn, ids, read.now)? };
    Ok(live.into_iter().collect())
}

/// Whether an article is published now.
pub fn is_live(read: &mut Read<'_>, id: ArticleId) -> Result<bool, Problem> {
    Ok(store::is_live(read.conn, id, read.now)?)
}

/// Which accounts stand behind the names above these articles, as far as they are published now.
pub fn bylines(read: &mut Read<'_>, ids: &[ArticleId]) -> Result<HashSet<(ArticleId, UserId)>, Problem> {
    if let [only] = ids {
        let behind = store::byline(read.conn, *only, Kind::Author, read.now)?;
        return Ok(behind.into_iter().flatten().map(|user| (*only, user)).collect());
    }
    let behind = store::bylines(read.conn, ids, Kind::Author, read.now)?;
    Ok(behind.into_iter().filter_map(|(article, user)| Some((article, user?))).collect())
}

/// What was found under an id, or why nothing is there.
fn by_id<T>(read: &mut Read<'_>, id: ArticleId, found: Option<T>) -> Result<T, Problem> {
    match found {
        Some(found) => Ok(found),
        None => Err(absent(store::killed(read.conn, id)?)),
    }
}

/// Why nothing is here: it was taken back for good, which says why, or there is nothing to know of.
fn absent(killed: Option<String>) -> Problem {
    match killed {
        Some(notice) => Problem::new(Code::Killed).with("notice", notice),
        None => Problem::not_found(),
    }
}

/// The translation that a reader of the asked-for language is served; the article itself where there is none.
fn translated(
    read: &mut Read<'_>,
    article: (Live, String),
    language: Option<&str>,
    site: &Site,
) -> Result<(Live, String), Problem> {
    let Some(asked) = language else { return Ok(article) };
    match kin::in_language(read, &article.0, asked, site)? {
        Some(id) => Ok(store::live_whole(read.conn, id, read.now)?.unwrap_or(article)),
        None => Ok(article),
    }
}

enum BySlug {
    Here(Live, String),
    Moved(Live),
}

/// Among equal slugs the asked-for language wins, then the site's languages in order.
fn by_slug(read: &mut Read<'_>, key: &str, language: Option<&str>, site: &Site) -> Result<BySlug, Problem> {
    let order = |tag: &str| match language {
        Some(wanted) if tag == wanted => 0,
        _ => site.languages.iter().position(|language| language.as_str() == tag).map_or(usize::MAX, |at| at + 1),
    };
    let mut found = store::live_by_slug(read.conn, key, read.now)?;
    found.sort_by_key(|(_, _, tag)| order(tag));
    if let Some((live, body, _)) = found.into_iter().next() {
        return Ok(BySlug::Here(live, body));
    }
    match store::moved_from(read.conn, key, read.now)? {
        Some(live) => Ok(BySlug::Moved(live)),
        None => Err(absent(store::killed_by_slug(read.conn, key)?)),
    }
}

/// Publications as everyone may see them; however many they are, with no more statements.
pub(super) fn show(
    read: &mut Read<'_>,
    site: &Site,
    rows: &[Live],
    include: &[&str],
    public_url: &str,
) -> Result<(Vec<ArticleView>, Option<Included>), Problem> {
    let forms: Result<Vec<ArticleIn>, _> = rows.iter().map(|live| serde_json::from_str(&live.content)).collect();
    let forms = forms?;
    let record_ids: Vec<RecordId> = forms.iter().flat_map(ids).collect();
    let references = records::references(read, &record_ids)?;
    let article_ids: Vec<ArticleId> = rows.iter().map(|live| live.article_id).collect();
    let companies = Companies::of(read, &article_ids)?;
    let corrected = rows.iter().filter(|live| companies.with(live.article_id).is_corrected);
    let versions = corrected.map(|live| (live.article_id, live.version)).collect();
    let corrections = corrections::up_to(read, &versions)?;
    let others: Vec<ArticleId> = forms.iter().flat_map(named_articles).collect();
    let live = live_among(read, &others)?;
    let kin = kin::published(read, rows, &forms, &companies)?;
    let setting = Setting {
        site,
        references: &references,
        companies: &companies,
        corrections: &corrections,
        live: &live,
        kin: &kin,
        public_url,
        now: read.now,
    };
    let related: Vec<ArticleId> = forms.iter().flat_map(|form| form.related_ids.clone()).collect();
    let views = rows.iter().zip(forms).map(|(live, form)| setting.show(live, form)).collect();
    if include.is_empty() {
        return Ok((views, None));
    }
    let mut included = included(include, &references)?;
    if include.contains(&"related") {
        included.related = Some(show_these(read, site, &related, public_url)?);
    }
    if include.contains(&"translations") {
        included.translations = Some(show_these(read, site, &kin.others(&article_ids), public_url)?);
    }
    Ok((views, Some(included)))
}

fn named_articles(form: &ArticleIn) -> Vec<ArticleId> {
    form.related_ids.iter().copied().chain(form.rewrite_of).chain(form.translation_of).collect()
}

/// Of these articles, those that are published now, without their bodies.
pub(super) fn show_many(read: &mut Read<'_>, ids: &[ArticleId], public_url: &str) -> Result<Vec<ArticleView>, Problem> {
    let site = site::present(read)?;
    show_these(read, &site, ids, public_url)
}

fn show_these(
    read: &mut Read<'_>,
    site: &Site,
    ids: &[ArticleId],
    public_url: &str,
) -> Result<Vec<ArticleView>, Problem> {
    let live = if ids.is_empty() { Vec::new() } else { store::live_many(read.conn, ids, read.now)? };
    Ok(show(read, site, &live, &[], public_url)?.0)
}

fn included(names: &[&str], references: &References) -> Result<Included, Problem> {
    let wants = |name: &str| names.contains(&name);
    Ok(Included {
        authors: wants("author").then(|| of_kind::<AuthorIn>(references)).transpose()?,
        sections: wants("section").then(|| of_kind::<SectionIn>(references)).transpose()?,
        tags: wants("tags").then(|| of_kind::<TagIn>(references)).transpose()?,
        sources: wants("sources").then(|| of_kind::<SourceIn>(references)).transpose()?,
        related: None,
        translations: None,
    })
}

/// The records of one kind in full, by id.
fn of_kind<N: Noun>(references: &References) -> Result<Vec<N::View>, Problem> {
    // What was merged is there as the other, which is there itself.
    let itself = |(id, reference): &(&RecordId, &Arc<Reference>)| reference.kind == N::KIND && reference.id == **id;
    let mut found: Vec<_> = references.iter().filter(itself).collect();
    found.sort_by_key(|(id, _)| **id);
    found.into_iter().map(|(_, reference)| Ok(N::View::from(reference.record()?))).collect()
}

fn included_names(include: Option<&str>) -> Result<Vec<&'static str>, Problem> {
    let names = include.into_iter().flat_map(|list| list.split(',')).map(str::trim);
    names
        .map(|name| {
            let known = INCLUDES.iter().copied().find(|known| *known == name);
            let allowed = || Fault::NotAllowed(INCLUDES.map(String::from).to_vec());
            known.ok_or_else(|| Problem::parameter("include", allowed()))
        })
        .collect()
}

/// Turns ids and slugs into ids. Sections stand for all below them.
pub(super) fn wanted(read: &mut Read<'_>, query: &ArticleQuery) -> Result<Wanted, Problem> {
    let mut with = Vec::new();
    let mut without = Vec::new();
    let filters = [
        // What has the fewest articles, as a rule, comes first.
        (Kind::Tag, &query.tag, &query.not_tag),
        (Kind::Author, &query.author, &query.not_author),
        (Kind::Source, &query.source, &query.not_source),
        (Kind::Section, &query.section, &query.not_section),
    ];
    for (kind, included, excluded) in filters {
        if !included.is_empty() {
            with.push(records::meant(read, kind, included)?);
        }
        if !excluded.is_empty() {
            without.extend(records::meant(read, kind, excluded)?);
        }
    }
    Ok(Wanted {
        languages: query.language.iter().map(Language::to_string).collect(),
        with,
        without,
        from: query.published_from,
        until: query.published_until,
        sort: query.sort.unwrap_or_default(),
    })
}

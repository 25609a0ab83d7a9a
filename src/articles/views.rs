//! Articles as everyone reads them: what delivery shows of a publication.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::company::{Companies, Company};
use super::corrections::CorrectionView;
use super::discussions::Ruling;
use super::dto::{ArticleIn, LeadMedia, Seo};
use super::kin::Kin;
use super::names::settled;
use super::store::Live;
use crate::authors::dto::AuthorView;
use crate::blocks::Block;
use crate::cache::{Facet, Rest};
use crate::ids::{ArticleId, RecordId, StoryId};
use crate::records::References;
use crate::sections::dto::SectionView;
use crate::site::{CommentPolicy, Site};
use crate::sources::dto::SourceView;
use crate::tags::dto::TagView;
use crate::text::dateline::{Dateline, dateline};
use crate::text::{Direction, Language, count};
use crate::time::UtcTime;

/// A section or tag, as an article names it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedRef {
    /// Its id.
    id: RecordId,
    /// The readable part of its address.
    #[schema(example = "العالم")]
    slug: String,
    /// Its name in the article's language.
    #[schema(example = "العالم")]
    name: String,
}

/// A source, as an article credits it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceRef {
    /// The source.
    pub source_id: RecordId,
    /// The readable part of its address.
    #[schema(example = "وكالات")]
    pub slug: String,
    /// Its name in the article's language.
    #[schema(example = "وكالات")]
    pub name: String,
    /// Its place in the credit line, from 1.
    #[schema(example = 1)]
    position: usize,
    /// What it gave.
    #[schema(example = "text")]
    role: Option<String>,
    /// The item there that was used.
    #[schema(example = "https://agency.example/news/1")]
    uri: Option<String>,
}

/// An author, as an article names one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorRef {
    /// The author.
    author_id: RecordId,
    /// The readable part of the address.
    #[schema(example = "سلمى-حداد")]
    slug: String,
    /// The name in the article's language.
    #[schema(example = "سلمى حداد")]
    name: String,
    /// What they did.
    #[schema(example = "writer")]
    role: Option<String>,
}

/// The same article in another language.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alternate {
    /// The language.
    language: Language,
    /// The article there.
    id: ArticleId,
    /// The readable part of its address.
    #[schema(example = "putin-calls-for-talks-in-moscow")]
    slug: String,
    /// Its address in this API.
    #[schema(example = "https://news.example/api/v1/articles/0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    url: String,
}

impl Alternate {
    pub(super) fn new(id: ArticleId, language: Language, slug: String, public_url: &str) -> Self {
        Self { language, id, slug, url: address(public_url, id) }
    }
}

fn address(public_url: &str, id: ArticleId) -> String {
    format!("{public_url}/api/v1/articles/{id}")
}

/// Who may comment on an article now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentsView {
    /// The rule.
    mode: CommentPolicy,
    /// No comments from here on.
    closes_at: Option<UtcTime>,
    /// Whether a comment would be taken now.
    #[schema(example = true)]
    open: bool,
}

impl CommentsView {
    /// What a rule is at an instant.
    pub(super) fn at(now: UtcTime, (mode, closes_at): (CommentPolicy, Option<UtcTime>)) -> Self {
        Self { mode, closes_at, open: mode != CommentPolicy::Closed && closes_at.is_none_or(|at| at > now) }
    }
}

/// Who may comment on an article: as moderators say, or as it says itself, where the site does not speak for it.
pub(super) fn own_policy(form: &ArticleIn, ruling: Ruling) -> Option<CommentPolicy> {
    ruling.mode.or_else(|| form.comments.as_ref().and_then(|rule| rule.mode))
}

/// Who may comment on an article, and until when: as moderators say, else as it says itself, else as the site does.
pub(super) fn comment_rule(
    form: &ArticleIn,
    site: &Site,
    published: UtcTime,
    ruling: Ruling,
) -> (CommentPolicy, Option<UtcTime>) {
    let rule = form.comments.as_ref();
    let mode = own_policy(form, ruling).unwrap_or(site.comment_policy);
    let days = site.discussion.close_after_days;
    let by_age = days.map(|days| published.after(Duration::from_secs(u64::from(days) * 86_400)));
    let by_itself = rule.and_then(|rule| rule.closes_at).into_iter().chain(by_age).min();
    (mode, ruling.closes_at.or(by_itself))
}

/// A published article. Lists leave out the body.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArticleView {
    /// Its id.
    pub(super) id: ArticleId,
    /// The language of the text.
    pub(super) language: Language,
    /// Which way the text runs.
    dir: Direction,
    /// The readable part of its address.
    #[schema(example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو")]
    slug: String,
    /// Its address in this API.
    #[schema(example = "https://news.example/api/v1/articles/0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    url: String,
    /// The revision that this is.
    #[schema(example = 4)]
    version: i64,
    /// The headline.
    #[schema(example = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو")]
    pub(super) headline: String,
    /// A shorter headline for tickers and phones.
    #[schema(example = "بوتين يدعو لمحادثات في موسكو")]
    alternative_headline: Option<String>,
    /// The line below the headline.
    #[schema(example = "الكرملين: الهدف وقف القتال")]
    pub(super) subheadline: Option<String>,
    /// What it says, in a few sentences.
    #[serde(rename = "abstract")]
    #[schema(example = "دعا بوتين وزيري خارجية أرمينيا وأذربيجان إلى موسكو.")]
    pub(super) abstract_: Option<String>,
    /// What kind of text it is.
    #[schema(example = "خبر")]
    genre: Option<String>,
    /// How urgent it is, 1 the most.
    #[schema(example = 4)]
    urgency: u8,
    /// The byline as it is to be shown.
    #[schema(example = "غرفة الأخبار")]
    by: Option<String>,
    /// The authors in order.
    authors: Vec<AuthorRef>,
    /// The sources in order.
    sources: Vec<SourceRef>,
    /// The credit line.
    #[schema(example = "وكالات - هيا")]
    credit_text: String,
    /// The section it is filed in.
    section: Option<NamedRef>,
    /// Further sections that list it.
    extra_sections: Vec<NamedRef>,
    /// What it is about.
    tags: Vec<NamedRef>,
    /// The picture at its head.
    pub(super) lead_media: Option<LeadMedia>,
    /// Where it was written.
    #[schema(example = "موسكو")]
    located: Option<String>,
    /// The date of publication.
    date_published: UtcTime,
    /// When it last changed.
    date_modified: UtcTime,
    /// When it stops being public.
    #[schema(example = json!(null))]
    expires: Option<UtcTime>,
    /// What was put right, in order.
    corrections: Vec<CorrectionView>,
    /// The date of publication as the page shows it, in the site's zone.
    dateline: Dateline,
    /// Words of the body.
    #[schema(example = 436)]
    word_count: i64,
    /// Minutes that reading takes.
    #[schema(example = 3)]
    reading_minutes: u32,
    /// Comments that everyone can see.
    #[schema(example = 0)]
    comment_count: i64,
    /// Who may comment.
    comments: CommentsView,
    /// Other articles to read with it, as far as they are published now.
    related_ids: Vec<ArticleId>,
    /// The story that it belongs to.
    #[schema(example = json!(null))]
    story_id: Option<StoryId>,
    /// The article that it is a new version of.
    #[schema(example = json!(null))]
    rewrite_of: Option<ArticleId>,
    /// The new versions of it that are published now, the first one first.
    rewritten_by: Vec<ArticleId>,
    /// The article that it translates.
    #[schema(example = json!(null))]
    translation_of: Option<ArticleId>,
    /// The same article in other languages, as far as it is published now.
    alternates: Vec<Alternate>,
    /// What the text may be used for.
    #[schema(example = "جميع الحقوق محفوظة")]
    usage_terms: Option<String>,
    /// Who holds the copyright.
    #[schema(example = "هيا")]
    copyright_holder: Option<String>,
    /// How it was made (an IPTC digital source type).
    #[schema(example = "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits")]
    digital_source_type: Option<String>,
    /// Its ids in other systems, by system.
    #[schema(example = json!({ "wordpress": "1234" }))]
    alt_ids: BTreeMap<String, String>,
    /// What search engines are told, where it differs.
    seo: Option<Seo>,
    /// The body as Portable Text blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Block>>)]
    pub(super) body: Option<Box<RawValue>>,
    /// The body as HTML, with `body=html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "<p>دعا الرئيس الروسي…</p>")]
    pub(super) body_html: Option<String>,
    /// The body as Markdown, with `body=markdown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "دعا **الرئيس الروسي**…")]
    pub(super) body_markdown: Option<String>,
    /// The body as plain text, with `body=text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "دعا الرئيس الروسي…")]
    pub(super) body_text: Option<String>,
    /// The full records that `include` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub(super) included: Option<Included>,
}

impl Included {
    /// Adds what the articles rest on that are shown beside others.
    pub(super) fn add_to(&self, rest: &mut Rest) {
        let beside = [&self.related, &self.translations].into_iter().flatten().flatten();
        beside.for_each(|article| article.add_to(rest));
    }
}

impl ArticleView {
    /// What an answer rests on that shows these.
    pub fn rest<'a>(shown: impl IntoIterator<Item = &'a Self>) -> Rest {
        let mut rest = Rest::on(&[Facet::Articles, Facet::Records, Facet::Site]);
        shown.into_iter().for_each(|article| article.add_to(&mut rest));
        rest
    }

    fn add_to(&self, rest: &mut Rest) {
        rest.and(Facet::Counts(self.id));
        if let Some(at) = self.comments.closes_at.filter(|_| self.comments.open) {
            rest.before(at);
        }
        self.included.iter().for_each(|included| included.add_to(rest));
    }

    /// When anything of it last changed.
    pub const fn modified(&self) -> UtcTime {
        self.date_modified
    }

    /// The language of the text.
    pub const fn language(&self) -> &Language {
        &self.language
    }

    /// The headline.
    pub fn headline(&self) -> &str {
        &self.headline
    }

    /// The readable part of its address.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Where everyone reads it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its id.
    pub const fn id(&self) -> ArticleId {
        self.id
    }

    /// The date of publication.
    pub const fn published(&self) -> UtcTime {
        self.date_published
    }

    /// What was put right, in order.
    pub fn corrections(&self) -> &[CorrectionView] {
        &self.corrections
    }

    /// The same article in other languages, as far as it is published now.
    pub fn alternate_ids(&self) -> impl Iterator<Item = ArticleId> {
        self.alternates.iter().map(|alternate| alternate.id)
    }

    /// The sources in order.
    pub fn sources(&self) -> &[SourceRef] {
        &self.sources
    }
}

/// Full records, each once, that `include` asked for.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Included {
    /// With `include=author`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authors: Option<Vec<AuthorView>>,
    /// With `include=section`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sections: Option<Vec<SectionView>>,
    /// With `include=tags`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<Vec<TagView>>,
    /// With `include=sources`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sources: Option<Vec<SourceView>>,
    /// With `include=related`: those that are published now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub(super) related: Option<Vec<ArticleView>>,
    /// With `include=translations`: the other articles of the set that are published now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub(super) translations: Option<Vec<ArticleView>>,
}

/// What an article is shown with.
pub(super) struct Setting<'a> {
    pub site: &'a Site,
    pub references: &'a References,
    pub companies: &'a Companies,
    pub corrections: &'a HashMap<ArticleId, Vec<CorrectionView>>,
    /// Of the articles that the shown ones name, those that are published now.
    pub live: &'a HashSet<ArticleId>,
    /// What is published beside the shown ones.
    pub kin: &'a Kin,
    pub public_url: &'a str,
    pub now: UtcTime,
}

impl Setting<'_> {
    /// A publication as everyone may see it.
    pub fn show(&self, live: &Live, form: ArticleIn) -> ArticleView {
        let form = settled(form, |id| self.references.get(&id).map_or(id, |reference| reference.id));
        let language = form.language.clone();
        let zone_label = self.site.zone_labels.get(&language).map(String::as_str);
        let sources = self.sources(&form);
        let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        let Company { comment_count, ruling, .. } = self.companies.with(live.article_id);
        let comments = CommentsView::at(self.now, comment_rule(&form, self.site, live.date_published, ruling));
        ArticleView {
            id: live.article_id,
            dir: language.direction(),
            slug: live.slug.clone(),
            url: address(self.public_url, live.article_id),
            version: live.version,
            rewritten_by: self.kin.rewritten_by(live.article_id),
            alternates: self.kin.alternates(live.article_id, &form, self.public_url),
            credit_text: form.credit_text.clone().unwrap_or_else(|| names.join(" - ")),
            authors: self.authors(&form),
            section: form.section_id.and_then(|id| self.named(id, &language)),
            extra_sections: form.extra_section_ids.iter().filter_map(|id| self.named(*id, &language)).collect(),
            tags: form.tag_ids.iter().filter_map(|id| self.named(*id, &language)).collect(),
            sources,
            date_published: live.date_published,
            date_modified: live.date_modified,
            expires: form.expires,
            corrections: self.corrections.get(&live.article_id).cloned().unwrap_or_default(),
            dateline: dateline(live.date_published.timestamp(), &self.site.time_zone, zone_label, &language),
            word_count: live.word_count,
            reading_minutes: count::reading_minutes(usize::try_from(live.word_count).unwrap_or_default()),
            comment_count,
            comments,
            language,
            headline: form.headline,
            alternative_headline: form.alternative_headline,
            subheadline: form.subheadline,
            abstract_: form.abstract_,
            genre: form.genre,
            urgency: form.urgency,
            by: form.by,
            lead_media: form.lead_media,
            located: form.located,
            related_ids: form.related_ids.into_iter().filter(|id| self.live.contains(id)).collect(),
            story_id: form.story_id,
            rewrite_of: form.rewrite_of.filter(|id| self.live.contains(id)),
            translation_of: form.translation_of.filter(|id| self.live.contains(id)),
            usage_terms: form.usage_terms,
            copyright_holder: form.copyright_holder,
            digital_source_type: form.digital_source_type,
            alt_ids: form.alt_ids,
            seo: form.seo,
            body: None,
            body_html: None,
            body_markdown: None,
            body_text: None,
            included: None,
        }
    }

    fn named(&self, id: RecordId, language: &Language) -> Option<NamedRef> {
        let reference = self.references.get(&id)?;
        Some(NamedRef { id, slug: reference.slug.clone(), name: reference.name(language) })
    }

    fn sources(&self, form: &ArticleIn) -> Vec<SourceRef> {
        let credits = form.sources.iter().zip(1..);
        let source = |(credit, position): (&super::dto::SourceCredit, usize)| {
            let NamedRef { id, slug, name } = self.named(credit.source_id, &form.language)?;
            let (role, uri) = (credit.role.clone(), credit.uri.clone());
            Some(SourceRef { source_id: id, slug, name, position, role, uri })
        };
        credits.filter_map(source).collect()
    }

    fn authors(&self, form: &ArticleIn) -> Vec<AuthorRef> {
        let author = |credit: &super::dto::AuthorCredit| {
            let NamedRef { id, slug, name } = self.named(credit.author_id, &form.language)?;
            Some(AuthorRef { author_id: id, slug, name, role: credit.role.clone() })
        };
        form.authors.iter().filter_map(author).collect()
    }
}

//! An article as clients write it. The same form, checked, is what the database keeps; `views` has what they read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::corrections::CorrectionKind;
use crate::blocks::{Block, Body};
use crate::fault::{Fault, Faults};
use crate::ids::{ArticleId, RecordId, StoryId};
use crate::site::CommentPolicy;
use crate::text::slug::Slug;
use crate::text::{Language, safe};
use crate::time::UtcTime;

/// The longest headline, in graphemes.
const HEADLINE_MAX: usize = 300;
/// The longest other line, in graphemes.
const LINE_MAX: usize = 500;
/// The longest abstract or note, in graphemes.
const TEXT_MAX: usize = 5_000;

/// An article as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArticleIn {
    /// The language of the text.
    pub language: Language,
    /// The headline.
    #[schema(example = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو")]
    pub headline: String,
    /// The readable part of its address; made from the headline when absent, and then kept.
    #[serde(default)]
    #[schema(example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو")]
    pub slug: Option<String>,
    /// A shorter headline for tickers and phones.
    #[serde(default)]
    #[schema(example = "بوتين يدعو لمحادثات في موسكو")]
    pub alternative_headline: Option<String>,
    /// The line below the headline.
    #[serde(default)]
    #[schema(example = "الكرملين: الهدف وقف القتال وتبادل الأسرى")]
    pub subheadline: Option<String>,
    /// What it says, in a few sentences.
    #[serde(default, rename = "abstract")]
    #[schema(example = "دعا بوتين وزيري خارجية أرمينيا وأذربيجان إلى موسكو.")]
    pub abstract_: Option<String>,
    /// The body as Portable Text blocks. Give one of `body`, `bodyHtml` and `bodyMarkdown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    pub body: Option<Vec<Block>>,
    /// The body as HTML; what the block model does not have is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null))]
    pub body_html: Option<String>,
    /// The body as Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null))]
    pub body_markdown: Option<String>,
    /// What kind of text it is, in the newsroom's words (ninjs `genres`).
    #[serde(default)]
    #[schema(example = "خبر")]
    pub genre: Option<String>,
    /// How urgent it is, 1 the most (ninjs).
    #[serde(default = "normal_urgency")]
    #[schema(minimum = 1, maximum = 9, default = 5, example = 4)]
    pub urgency: u8,
    /// The byline as it is to be shown.
    #[serde(default)]
    #[schema(example = "غرفة الأخبار")]
    pub by: Option<String>,
    /// The authors in order.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub authors: Vec<AuthorCredit>,
    /// The sources in order; a published article has at least one.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub sources: Vec<SourceCredit>,
    /// The credit line word for word; made from the sources' names when absent.
    #[serde(default)]
    #[schema(example = "وكالات - هيا")]
    pub credit_text: Option<String>,
    /// The section it is filed in; a published article has one.
    #[serde(default)]
    pub section_id: Option<RecordId>,
    /// Further sections that list it.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub extra_section_ids: Vec<RecordId>,
    /// What it is about.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tag_ids: Vec<RecordId>,
    /// The picture at its head.
    #[serde(default)]
    pub lead_media: Option<LeadMedia>,
    /// Where it was written.
    #[serde(default)]
    #[schema(example = "موسكو")]
    pub located: Option<String>,
    /// Other articles to read with it, in order.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub related_ids: Vec<ArticleId>,
    /// Not public before this instant, whatever is scheduled or published (ninjs).
    #[serde(default)]
    #[schema(example = json!(null))]
    pub embargoed_until: Option<UtcTime>,
    /// No longer public from this instant on (ninjs).
    #[serde(default)]
    #[schema(example = json!(null))]
    pub expires: Option<UtcTime>,
    /// The story that it belongs to with other articles and alerts.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub story_id: Option<StoryId>,
    /// The article that it is a new version of.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub rewrite_of: Option<ArticleId>,
    /// The article that it translates.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub translation_of: Option<ArticleId>,
    /// A note for colleagues; never delivered.
    #[serde(default)]
    #[schema(example = "راجع أسماء الوزراء")]
    pub ed_note: Option<String>,
    /// What the text may be used for.
    #[serde(default)]
    #[schema(example = "جميع الحقوق محفوظة")]
    pub usage_terms: Option<String>,
    /// Who holds the copyright.
    #[serde(default)]
    #[schema(example = "هيا")]
    pub copyright_holder: Option<String>,
    /// How it was made (an IPTC digital source type), to disclose the use of AI.
    #[serde(default)]
    #[schema(example = "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits")]
    pub digital_source_type: Option<String>,
    /// Its ids in other systems, by system.
    #[serde(default)]
    #[schema(example = json!({ "wordpress": "1234" }))]
    pub alt_ids: BTreeMap<String, String>,
    /// Its own rule for comments; the site's when absent.
    #[serde(default)]
    pub comments: Option<CommentRule>,
    /// What search engines are told, where it differs.
    #[serde(default)]
    pub seo: Option<Seo>,
}

const fn normal_urgency() -> u8 {
    5
}

/// An author's part in an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorCredit {
    /// The author.
    pub author_id: RecordId,
    /// What they did, such as `writer` or `photographer`.
    #[serde(default)]
    #[schema(max_length = 50, example = "writer")]
    pub role: Option<String>,
}

/// A source's part in an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceCredit {
    /// The source.
    pub source_id: RecordId,
    /// What it gave, such as `text` or `photo`.
    #[serde(default)]
    #[schema(max_length = 50, example = "text")]
    pub role: Option<String>,
    /// The item there that was used.
    #[serde(default)]
    #[schema(example = "https://agency.example/news/1")]
    pub uri: Option<String>,
}

/// The picture at the head of an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeadMedia {
    /// Where the file is.
    #[serde(default)]
    #[schema(example = "https://cdn.example/putin.jpg")]
    pub content_url: Option<String>,
    /// What it shows, for those who can't see it.
    #[serde(default)]
    #[schema(example = "الرئيس الروسي في الكرملين")]
    pub alt: String,
    /// What stands below it.
    #[serde(default)]
    #[schema(example = "الرئيس الروسي، الخميس")]
    pub caption: Option<String>,
    /// Who took it.
    #[serde(default)]
    #[schema(example = "وكالات")]
    pub credit_text: Option<String>,
}

/// Who may comment, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentRule {
    /// The rule; the site's when absent.
    #[serde(default)]
    pub mode: Option<CommentPolicy>,
    /// No comments from here on.
    #[serde(default)]
    pub closes_at: Option<UtcTime>,
}

/// What search engines are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seo {
    /// Instead of the headline.
    #[serde(default)]
    #[schema(example = "بوتين يدعو أرمينيا وأذربيجان إلى موسكو")]
    pub title: Option<String>,
    /// Instead of the abstract.
    #[serde(default)]
    #[schema(example = "محادثات أرمينية أذربيجانية في موسكو")]
    pub description: Option<String>,
}

impl ArticleIn {
    /// The form as it may be kept, and its body apart; or everything that is wrong with it.
    pub fn checked(self) -> Result<(Self, Body), Faults> {
        let mut faults = Faults::new();
        let mut form = self;
        let body = form.take_body(&mut faults);
        if let Some(slug) = form.slug.as_deref() {
            faults.take("/slug", Slug::parse(slug));
        }
        if let Some(headline) = faults.take("/headline", safe::line(&form.headline, HEADLINE_MAX)) {
            form.headline = headline;
        }
        let lines = [
            ("/alternativeHeadline", HEADLINE_MAX, &mut form.alternative_headline),
            ("/subheadline", LINE_MAX, &mut form.subheadline),
            ("/genre", LINE_MAX, &mut form.genre),
            ("/by", LINE_MAX, &mut form.by),
            ("/creditText", LINE_MAX, &mut form.credit_text),
            ("/located", LINE_MAX, &mut form.located),
            ("/usageTerms", LINE_MAX, &mut form.usage_terms),
            ("/copyrightHolder", LINE_MAX, &mut form.copyright_holder),
        ];
        for (pointer, max, field) in lines {
            tidy(&mut faults, pointer, max, field);
        }
        for (pointer, field) in [("/abstract", &mut form.abstract_), ("/edNote", &mut form.ed_note)] {
            let paragraph = field.take().filter(|text| !safe::is_blank(text));
            *field = paragraph.and_then(|text| faults.take(pointer, safe::paragraph(&text, TEXT_MAX)));
        }
        form.check_parts(&mut faults);
        form.check_lists(&mut faults);
        if form.embargoed_until.zip(form.expires).is_some_and(|(until, expires)| expires <= until) {
            faults.add("/expires", Fault::NotLater);
        }
        faults.finish(Some((form, body)))
    }

    /// Takes the body out of the one field that has it.
    fn take_body(&mut self, faults: &mut Faults) -> Body {
        let (blocks, html, markdown) = (self.body.take(), self.body_html.take(), self.body_markdown.take());
        if blocks.is_some() && html.is_some() {
            faults.add("/bodyHtml", Fault::Excludes("body".into()));
        }
        if markdown.is_some() && (blocks.is_some() || html.is_some()) {
            faults.add("/bodyMarkdown", Fault::Excludes(if blocks.is_some() { "body" } else { "bodyHtml" }.into()));
        }
        let (pointer, body) = match (blocks, html, markdown) {
            (Some(blocks), ..) => match Body::parse(blocks) {
                Ok(body) => ("/body", body),
                Err(wrong) => {
                    faults.0.extend(wrong.0.into_iter().map(|mut error| {
                        error.pointer.insert_str(0, "/body");
                        error
                    }));
                    return Body::default();
                }
            },
            (None, Some(html), _) => ("/bodyHtml", Body::from_html(&html)),
            (None, None, Some(markdown)) => ("/bodyMarkdown", Body::from_markdown(&markdown)),
            (None, None, None) => return Body::default(),
        };
        faults.take(pointer, body.within_limits().map(|()| body)).unwrap_or_default()
    }

    /// Tidies what stands inside the lead picture, the credits and the SEO lines.
    fn check_parts(&mut self, faults: &mut Faults) {
        if let Some(media) = &mut self.lead_media {
            let mut alt = Some(std::mem::take(&mut media.alt));
            tidy(faults, "/leadMedia/alt", LINE_MAX, &mut alt);
            media.alt = alt.unwrap_or_default();
            tidy(faults, "/leadMedia/caption", TEXT_MAX, &mut media.caption);
            tidy(faults, "/leadMedia/creditText", LINE_MAX, &mut media.credit_text);
            address(faults, "/leadMedia/contentUrl".into(), media.content_url.as_deref());
        }
        for (index, credit) in self.sources.iter_mut().enumerate() {
            tidy(faults, &format!("/sources/{index}/role"), LINE_MAX, &mut credit.role);
            address(faults, format!("/sources/{index}/uri"), credit.uri.as_deref());
        }
        for (index, credit) in self.authors.iter_mut().enumerate() {
            tidy(faults, &format!("/authors/{index}/role"), LINE_MAX, &mut credit.role);
        }
        if let Some(seo) = &mut self.seo {
            tidy(faults, "/seo/title", LINE_MAX, &mut seo.title);
            tidy(faults, "/seo/description", LINE_MAX, &mut seo.description);
        }
        address(faults, "/digitalSourceType".into(), self.digital_source_type.as_deref());
    }

    /// Refuses lists that name the same thing twice, and ids elsewhere that hide something.
    fn check_lists(&mut self, faults: &mut Faults) {
        let uuids = |ids: &[RecordId]| ids.iter().map(|id| id.uuid()).collect::<Vec<_>>();
        let sources: Vec<RecordId> = self.sources.iter().map(|credit| credit.source_id).collect();
        let lists = [
            ("/sources", uuids(&sources)),
            ("/extraSectionIds", uuids(&self.extra_section_ids)),
            ("/tagIds", uuids(&self.tag_ids)),
            ("/relatedIds", self.related_ids.iter().map(|id| id.uuid()).collect()),
        ];
        for (pointer, ids) in lists {
            for (index, id) in ids.iter().enumerate() {
                if ids.iter().take(index).any(|earlier| earlier == id) {
                    faults.add(format!("{pointer}/{index}"), Fault::Repeated);
                }
            }
        }
        for (system, id) in &self.alt_ids {
            for text in [system, id] {
                faults.take(format!("/altIds/{system}"), safe::name(text, LINE_MAX));
            }
        }
    }
}

/// Cleans a line in place; a blank one is none.
fn tidy(faults: &mut Faults, pointer: &str, max: usize, field: &mut Option<String>) {
    *field = faults.take(pointer, safe::optional_line(field.as_deref(), max)).flatten();
}

fn address(faults: &mut Faults, pointer: String, url: Option<&str>) {
    faults.take(pointer, url.map(safe::url).transpose());
}

/// An article as it is changed: any part of it, and why.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `Patch` takes")]
pub struct ArticleEditIn {
    /// The article.
    #[serde(flatten)]
    form: ArticleIn,
    /// Why, for the colleagues; kept with the revision.
    #[schema(required = false, max_length = 5000, example = "صُحح اسم الوزير")]
    note: Option<String>,
}

/// What a step may be told. Which of these a step needs is said with its operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoteIn {
    /// Why, for the colleagues; kept with the revision.
    #[serde(default)]
    #[schema(max_length = 5000, example = "العنوان طويل")]
    pub note: Option<String>,
}

/// What publishing may be told.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishIn {
    /// Why, for the colleagues; kept with the revision.
    #[serde(default)]
    #[schema(max_length = 5000, example = "نُشر بعد المراجعة")]
    pub note: Option<String>,
    /// The date of publication of a story that is older than this publishing; never in the future.
    #[serde(default)]
    pub date_published: Option<UtcTime>,
    /// Nothing that a reader would call a change: `dateModified` stays.
    #[serde(default)]
    #[schema(example = false)]
    pub minor: bool,
}

/// When an article is to become public.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleIn {
    /// An instant with its offset, or the local time in `timeZone`. A local time that does not exist there, or that comes
    /// twice, is refused: the second needs an offset.
    #[schema(max_length = 40, example = "2026-11-01T09:30")]
    pub publish_at: String,
    /// The zone of a local time (IANA); the site's when absent.
    #[serde(default)]
    #[schema(max_length = 60, example = "America/New_York")]
    pub time_zone: Option<String>,
    /// Why, for the colleagues; kept with the revision.
    #[serde(default)]
    #[schema(max_length = 5000, example = "مع بيان الكرملين")]
    pub note: Option<String>,
}

/// What is put right.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrectionIn {
    /// What it does.
    #[serde(rename = "type")]
    pub kind: CorrectionKind,
    /// What was wrong and what is right, for everyone to read.
    #[schema(max_length = 5000, example = "ذكرت نسخة سابقة أن اللقاء يوم الخميس، والصحيح يوم الجمعة.")]
    pub text: String,
    /// Nothing that a reader would call a change: `dateModified` stays.
    #[serde(default)]
    #[schema(example = false)]
    pub minor: bool,
    /// Why, for the colleagues; kept with the revision.
    #[serde(default)]
    #[schema(max_length = 5000, example = "نبّه إليه أحد القراء")]
    pub note: Option<String>,
}

/// Why an article is taken back for good.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KillIn {
    /// What everyone reads in its place.
    #[schema(max_length = 5000, example = "سُحب الخبر لأن مصدره تراجع عنه.")]
    pub notice: String,
    /// Why, for the colleagues; kept with the revision.
    #[serde(default)]
    #[schema(max_length = 5000, example = "طلب المحرر المناوب")]
    pub note: Option<String>,
}

//! An alert as clients write it, and how they ask for alerts.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::keys::topic_key;
use super::model::{AlertRetraction, AlertState};
use crate::fault::{Fault, Faults};
use crate::ids::{AlertId, ArticleId, RecordId, StoryId};
use crate::text::{Language, safe};
use crate::time::UtcTime;

/// The longest headline, in graphemes.
const HEADLINE_MAX: usize = 250;
/// The longest body or notice, in graphemes.
const BODY_MAX: usize = 2000;
/// The longest topic or region, in graphemes.
const WORD_MAX: usize = 50;
/// The longest reason or note, in graphemes.
const REASON_MAX: usize = 500;

/// An alert as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertIn {
    /// What happened, in one line of 250 characters at most.
    #[schema(example = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو")]
    pub headline: String,
    /// A few more sentences: 2,000 characters at most.
    #[serde(default)]
    #[schema(example = "أعلن الكرملين أن المحادثات تبدأ الجمعة.")]
    pub body: Option<String>,
    /// The language it is written in.
    pub language: Language,
    /// From 1, the highest, to 9: 1 is a flash, 2 and 3 urgent, 4 and 5 a bulletin, the rest updates.
    #[serde(default = "urgent")]
    #[schema(default = 3, minimum = 1, maximum = 9, example = 2)]
    pub urgency: u8,
    /// When it goes out; the instant it is issued when absent.
    #[serde(default)]
    pub starts_at: Option<UtcTime>,
    /// When it leaves the ticker; a day after it went out when absent.
    #[serde(default)]
    #[schema(example = "2020-10-10T08:30:00Z")]
    pub expires: Option<UtcTime>,
    /// The article that tells more. Readers see it only while it is published.
    #[serde(default)]
    pub article_id: Option<ArticleId>,
    /// Where else to read more.
    #[serde(default)]
    #[schema(example = "https://khabar.example/live")]
    pub link: Option<String>,
    /// What it is about, each in a word or two.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["أرمينيا", "أذربيجان"]))]
    pub topics: Vec<String>,
    /// Where it happened, each in a word or two.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["موسكو"]))]
    pub regions: Vec<String>,
    /// Where the news comes from, in order.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub source_ids: Vec<RecordId>,
    /// The sections whose readers it is for.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub section_ids: Vec<RecordId>,
    /// The story that it belongs to with articles and other alerts.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub story_id: Option<StoryId>,
}

const fn urgent() -> u8 {
    3
}

impl AlertIn {
    /// The form as it may be kept.
    ///
    /// # Errors
    /// Everything that is wrong with it, short of what only the database or the clock knows.
    pub fn checked(self) -> Result<Self, Faults> {
        let Self {
            headline,
            body,
            language,
            urgency,
            starts_at,
            expires,
            article_id,
            link,
            topics,
            regions,
            source_ids,
            section_ids,
            story_id,
        } = self;
        let mut faults = Faults::new();
        let headline = faults.take("/headline", safe::line(&headline, HEADLINE_MAX));
        let body = faults.take("/body", optional_paragraph(body.as_deref()));
        let link = faults.take("/link", link.as_deref().map(safe::url).transpose());
        let topics = words(&mut faults, "/topics", &topics);
        let regions = words(&mut faults, "/regions", &regions);
        if starts_at.zip(expires).is_some_and(|(start, end)| end <= start) {
            faults.add("/expires", Fault::NotLater);
        }
        for (list, ids) in [("sourceIds", &source_ids), ("sectionIds", &section_ids)] {
            let mut seen = HashSet::new();
            for (at, _) in ids.iter().enumerate().filter(|(_, id)| !seen.insert(**id)) {
                faults.add(format!("/{list}/{at}"), Fault::Repeated);
            }
        }
        let built = || {
            let (headline, body, link) = (headline?, body?, link?);
            Some(Self {
                headline,
                body,
                language,
                urgency,
                starts_at,
                expires,
                article_id,
                link,
                topics,
                regions,
                source_ids,
                section_ids,
                story_id,
            })
        };
        faults.finish(built())
    }
}

fn optional_paragraph(text: Option<&str>) -> Result<Option<String>, Fault> {
    text.filter(|text| !safe::is_blank(text)).map(|text| safe::paragraph(text, BODY_MAX)).transpose()
}

/// Short words, no two of which readers would take for one.
fn words(faults: &mut Faults, pointer: &str, texts: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut word = |text: &String| {
        let word = safe::name(text, WORD_MAX)?;
        let key = topic_key(&word);
        if key.is_empty() {
            return Err(Fault::BadFormat("a word with letters or digits".into()));
        }
        if seen.insert(key) { Ok(word) } else { Err(Fault::Repeated) }
    };
    let parsed: Vec<_> = texts.iter().map(&mut word).collect();
    let taken = parsed.into_iter().enumerate().filter_map(|(at, word)| faults.take(format!("{pointer}/{at}"), word));
    taken.collect()
}

/// What issuing may say.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertIssueIn {
    /// When it leaves the ticker, instead of what the draft says.
    #[serde(default)]
    #[schema(example = "2020-10-10T08:30:00Z")]
    pub expires: Option<UtcTime>,
    /// Why a flash goes out although nobody else has approved it: one line, kept in the audit log.
    #[serde(default, rename = "override")]
    #[schema(example = "لا أحد غيري في غرفة الأخبار الآن.")]
    pub override_reason: Option<String>,
}

/// What scheduling says.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertScheduleIn {
    /// When it goes out.
    #[schema(example = "2020-10-09T16:00:00Z")]
    pub starts_at: UtcTime,
    /// When it leaves the ticker, instead of what the draft says.
    #[serde(default)]
    #[schema(example = "2020-10-10T08:30:00Z")]
    pub expires: Option<UtcTime>,
    /// Why a flash goes out although nobody else has approved it: one line, kept in the audit log.
    #[serde(default, rename = "override")]
    #[schema(example = "لا أحد غيري في غرفة الأخبار الآن.")]
    pub override_reason: Option<String>,
}

/// How a draft is to go out.
#[derive(Clone, Debug, Default)]
pub struct Dispatch {
    /// Its start, instead of what the draft says.
    pub starts_at: Option<UtcTime>,
    /// Its end, instead of what the draft says.
    pub expires: Option<UtcTime>,
    /// Why without a second pair of eyes.
    pub override_reason: Option<String>,
}

impl From<AlertIssueIn> for Dispatch {
    fn from(AlertIssueIn { expires, override_reason }: AlertIssueIn) -> Self {
        Self { starts_at: None, expires, override_reason }
    }
}

impl From<AlertScheduleIn> for Dispatch {
    fn from(AlertScheduleIn { starts_at, expires, override_reason }: AlertScheduleIn) -> Self {
        Self { starts_at: Some(starts_at), expires, override_reason }
    }
}

impl Dispatch {
    /// The same, as it may be kept.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn checked(self, now: UtcTime) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        if self.starts_at.is_some_and(|start| start <= now) {
            faults.add("/startsAt", Fault::NotLater);
        }
        let reason = faults.take("/override", reason(self.override_reason.as_deref()));
        faults.finish(reason.map(|override_reason| Self { override_reason, ..self }))
    }
}

/// Why something goes out on one person's word, as it may be kept.
///
/// # Errors
/// `too_long`.
pub fn reason(text: Option<&str>) -> Result<Option<String>, Fault> {
    safe::optional_line(text, REASON_MAX)
}

/// What changes in an alert that was issued. What is absent stays, `null` removes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertUpdateIn {
    /// What happened, in one line of 250 characters at most.
    #[serde(default)]
    #[schema(required = false, value_type = String, example = "بوتين يستضيف محادثات أرمينية أذربيجانية")]
    pub headline: Option<String>,
    /// A few more sentences: 2,000 characters at most.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "بدأت المحادثات.")]
    pub body: Option<Option<String>>,
    /// From 1, the highest, to 9.
    #[serde(default)]
    #[schema(required = false, value_type = u8, minimum = 1, maximum = 9, example = 2)]
    pub urgency: Option<u8>,
    /// When it leaves the ticker.
    #[serde(default)]
    #[schema(required = false, value_type = String, format = DateTime, example = "2020-10-10T08:30:00Z")]
    pub expires: Option<UtcTime>,
    /// The article that tells more.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ArticleId>)]
    pub article_id: Option<Option<ArticleId>>,
    /// Where else to read more.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "https://khabar.example/live")]
    pub link: Option<Option<String>>,
    /// Whether phones and browsers are told once more, in the place of what they were told before.
    #[serde(default)]
    #[schema(required = false, default = false, example = true)]
    pub notify: bool,
    /// Why a flash says something else, or something becomes a flash, that nobody has approved: one line, kept in the
    /// audit log.
    #[serde(default, rename = "override")]
    #[schema(required = false, value_type = String, example = "تصحيح عدد الضحايا، لا يحتمل التأخير.")]
    pub override_reason: Option<String>,
}

/// The alert that replaces another one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertSupersedeIn {
    /// What it says.
    #[serde(flatten)]
    pub form: AlertIn,
    /// Why a flash goes out that nobody has approved: one line, kept in the audit log.
    #[serde(default, rename = "override")]
    #[schema(example = json!(null))]
    pub override_reason: Option<String>,
}

/// A field that is there, be it `null`.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl AlertUpdateIn {
    /// A form with these changes.
    pub fn onto(self, form: AlertIn) -> AlertIn {
        let Self { headline, body, urgency, expires, article_id, link, notify: _, override_reason: _ } = self;
        AlertIn {
            headline: headline.unwrap_or(form.headline),
            body: body.unwrap_or(form.body),
            urgency: urgency.unwrap_or(form.urgency),
            expires: expires.or(form.expires),
            article_id: article_id.unwrap_or(form.article_id),
            link: link.unwrap_or(form.link),
            ..form
        }
    }
}

/// Why an alert is taken back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertRetractIn {
    /// The reason, in one line. Readers see it.
    #[schema(example = "نفى الكرملين الخبر.")]
    pub reason: String,
    /// What readers should know instead: 2,000 characters at most.
    #[serde(default)]
    #[schema(example = "لم يُحدَّد موعد للمحادثات بعد.")]
    pub text: Option<String>,
}

impl AlertRetractIn {
    /// The retraction, at an instant.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn checked(&self, at: UtcTime) -> Result<AlertRetraction, Faults> {
        let Self { reason, text } = self;
        let mut faults = Faults::new();
        let reason = faults.take("/reason", safe::line(reason, REASON_MAX));
        let text = faults.take("/text", optional_paragraph(text.as_deref()));
        faults.finish(reason.zip(text).map(|(reason, text)| AlertRetraction { reason, text, at }))
    }
}

/// Why an alert is given up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertCancelIn {
    /// The reason, in one line, for the newsroom only.
    #[serde(default)]
    #[schema(example = "لم يؤكده مصدر ثانٍ.")]
    pub note: Option<String>,
}

impl AlertCancelIn {
    /// The note.
    ///
    /// # Errors
    /// `too_long`.
    pub fn checked(self) -> Result<Option<String>, Faults> {
        let mut faults = Faults::new();
        let note = faults.take("/note", safe::optional_line(self.note.as_deref(), REASON_MAX));
        faults.finish(note)
    }
}

/// Which alerts readers want.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct TickerFilter {
    /// Only those in this language, or in one of these.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false, example = json!(["ar"]))]
    pub language: Vec<Language>,
    /// Only those of this urgency or higher.
    #[param(minimum = 1, maximum = 9, required = false, example = 3)]
    pub max_urgency: Option<u8>,
    /// Only those about this topic, in any spelling, or about one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["أرمينيا"]))]
    pub topic: Vec<String>,
    /// Only those from this region, in any spelling, or from one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["موسكو"]))]
    pub region: Vec<String>,
    /// Only those for this section or one below it, by id or slug; or for one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["العالم"]))]
    pub section: Vec<String>,
    /// Instead of the ticker: all that went out, changed or left since this instant, in the order of their last change. It
    /// reaches half a minute further back, so that nothing is missed that was just being written.
    #[param(value_type = Option<String>, format = DateTime, required = false, example = "2020-10-09T08:30:00Z")]
    pub since: Option<UtcTime>,
}

/// Which alerts the desk wants.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeskFilter {
    /// Only those that stand here now, or in one of these states.
    #[serde(default)]
    #[param(inline, required = false, example = json!(["draft"]))]
    pub state: Vec<AlertState>,
    /// Only those in this language, or in one of these.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false, example = json!(["ar"]))]
    pub language: Vec<Language>,
}

/// Whom an alert would reach if it went out now, and what stands in its way.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AudienceView {
    /// Streams that would tell it, on this node.
    #[schema(example = 1200)]
    pub streams: usize,
    /// Browsers and phones that asked to be woken for it.
    #[schema(example = 340)]
    pub push_subscriptions: i64,
    /// Whether nobody but the caller stands by a flash.
    #[schema(example = false)]
    pub needs_approval: bool,
    /// The alert with the same headline that went out a moment ago, if there is one.
    #[schema(example = json!(null))]
    pub duplicate_of: Option<AlertId>,
}

//! What the room that issues alerts asks this one to push. It travels as the payload of an event, `push.requested`, so
//! that a bridge to an app's own push (FCM, APNs) gets the very same through a webhook.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{AlertId, ArticleId, RecordId};
use crate::text::{Direction, Language};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// What happened to the alert.
    #[schema(as = PushCause, example = "issued")]
    pub enum Cause {
        /// It was sent out.
        Issued = "issued",
        /// What was sent out says something else now.
        Updated = "updated",
        /// It was taken back.
        Retracted = "retracted",
    }
}

/// An alert to be told to everyone who has chosen it, or told anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PushNotice)]
pub struct Notice {
    /// The alert. All its notices belong together: the last one stands for those before it.
    pub alert_id: AlertId,
    /// What happened to it.
    pub cause: Cause,
    /// The line that stands first.
    #[schema(example = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو")]
    pub title: String,
    /// A few more sentences.
    #[schema(example = "أعلن الكرملين أن المحادثات تبدأ الجمعة.")]
    pub body: Option<String>,
    /// The language of both.
    pub language: Language,
    /// Which way they run.
    pub dir: Direction,
    /// From 1, the highest, to 9.
    #[schema(minimum = 1, maximum = 9, example = 2)]
    pub urgency: u8,
    /// The highest urgency that it has had: whoever was told of it then is told of it again.
    #[schema(minimum = 1, maximum = 9, example = 2)]
    pub peak_urgency: u8,
    /// The alert that it replaces, which is not to be shown any more.
    #[schema(example = json!(null))]
    pub supersedes: Option<AlertId>,
    /// What it is about.
    #[schema(example = json!(["أرمينيا"]))]
    pub topics: Vec<String>,
    /// Where it happened.
    #[schema(example = json!(["موسكو"]))]
    pub regions: Vec<String>,
    /// The sections that it is for.
    pub section_ids: Vec<RecordId>,
    /// When it is no news any more.
    pub expires: Option<UtcTime>,
    /// The article that tells more.
    pub article_id: Option<ArticleId>,
    /// Where else to read more.
    #[schema(example = "https://khabar.example/live")]
    pub link: Option<String>,
}

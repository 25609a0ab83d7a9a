//! One message: what the service worker of a page gets to read, and what the push service gets to know. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::json;
use unicode_segmentation::UnicodeSegmentation as _;

use super::model;
use super::notice::{Cause, Notice};
use crate::ids::{AlertId, ArticleId};
use crate::problem::Problem;
use crate::text::{Direction, Language};
use crate::time::UtcTime;

/// The longest message, in bytes: some push services take less than the 4,096 that the standard asks of them.
const BYTES_MAX: usize = 3_000;
/// The longest title, in bytes as JSON.
const TITLE_BYTES_MAX: usize = 1_000;
/// The longest link; a longer one is left out, since half of it leads nowhere.
const LINK_BYTES_MAX: usize = 1_000;

/// What a service worker reads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'n> {
    alert_id: AlertId,
    cause: Cause,
    title: String,
    body: Option<String>,
    language: &'n Language,
    dir: Direction,
    urgency: u8,
    /// A notification with the same tag is replaced.
    tag: AlertId,
    /// The tag of one that is to be taken down.
    supersedes: Option<AlertId>,
    article_id: Option<ArticleId>,
    link: Option<&'n str>,
    /// When the newsroom sent it.
    timestamp: UtcTime,
}

/// The message in clear.
pub(super) fn payload(notice: &Notice, requested_at: UtcTime) -> Result<Vec<u8>, Problem> {
    let Notice {
        alert_id,
        cause,
        title,
        body,
        language,
        dir,
        urgency,
        peak_urgency: _,
        supersedes,
        topics: _,
        regions: _,
        section_ids: _,
        expires: _,
        article_id,
        link,
    } = notice;
    let mut message = Message {
        alert_id: *alert_id,
        cause: *cause,
        title: cut(title, TITLE_BYTES_MAX),
        body: None,
        language,
        dir: *dir,
        urgency: *urgency,
        tag: *alert_id,
        supersedes: *supersedes,
        article_id: *article_id,
        link: link.as_deref().filter(|link| json_bytes(link) <= LINK_BYTES_MAX),
        timestamp: requested_at,
    };
    let left = BYTES_MAX.saturating_sub(serde_json::to_vec(&message)?.len());
    message.body = body.as_ref().map(|body| cut(body, left));
    Ok(serde_json::to_vec(&message)?)
}

/// The beginning of a text that has at most so many bytes as JSON, without a part of a character as people count them.
fn cut(text: &str, bytes_max: usize) -> String {
    if json_bytes(text) <= bytes_max {
        return text.to_owned();
    }
    let mut left = bytes_max.saturating_sub(json_bytes("…"));
    let fits = |part: &&str| {
        let bytes = json_bytes(part);
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    };
    let kept: String = text.graphemes(true).take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

/// The length of a text between its quotes.
fn json_bytes(text: &str) -> usize {
    json!(text).to_string().len() - 2
}

/// The headers that are the same for every browser. The topic makes a push service drop what it still holds of the same
/// alert (RFC 8030 §5.4).
pub(super) fn headers(notice: &Notice, ttl: i64) -> Vec<(&'static str, String)> {
    vec![
        ("ttl", ttl.to_string()),
        ("urgency", model::urgency_word(notice.urgency).to_owned()),
        ("topic", URL_SAFE_NO_PAD.encode(notice.alert_id.uuid().as_bytes())),
        ("content-encoding", "aes128gcm".to_owned()),
        ("content-type", "application/octet-stream".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn notice(title: &str, body: Option<&str>, link: Option<&str>) -> Notice {
        serde_json::from_value(json!({
            "alertId": "0192f3a4-5b6c-7d8e-9f01-23456789abcd", "cause": "issued", "title": title, "body": body,
            "language": "ar", "dir": "rtl", "urgency": 1, "peakUrgency": 1, "supersedes": null, "topics": [], "regions": [],
            "sectionIds": [], "expires": null, "articleId": null, "link": link,
        }))
        .unwrap()
    }

    fn read(notice: &Notice) -> Value {
        let bytes = payload(notice, UtcTime::from_micros(1_768_478_400_000_000)).unwrap();
        assert!(bytes.len() <= BYTES_MAX, "{} bytes", bytes.len());
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_message_says_what_a_service_worker_shows() {
        let read = read(&notice("عاجل", Some("التفاصيل"), Some("https://khabar.example/live")));
        let id = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
        let expected = json!({
            "alertId": id, "cause": "issued", "title": "عاجل", "body": "التفاصيل", "language": "ar", "dir": "rtl",
            "urgency": 1, "tag": id, "supersedes": null, "articleId": null, "link": "https://khabar.example/live",
            "timestamp": "2026-01-15T12:00:00Z",
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let family = "👨‍👩‍👧‍👦";
        let read = read(&notice("عاجل", Some(&family.repeat(500)), None));
        let body = read.get("body").unwrap().as_str().unwrap().strip_suffix('…').unwrap();
        assert_eq!(body.replace(family, ""), "");
        assert!(body.len() > 2_000);
    }

    #[test]
    fn a_link_that_is_too_long_is_left_out() {
        let link = format!("https://khabar.example/{}", "a".repeat(1_000));
        assert_eq!(read(&notice("عاجل", None, Some(&link))).get("link"), Some(&Value::Null));
    }

    #[test]
    fn the_topic_is_short_and_the_same_for_one_alert() {
        let topic = |notice: &Notice| headers(notice, 60).into_iter().find(|(name, _)| *name == "topic").unwrap().1;
        let (one, other) = (topic(&notice("عاجل", None, None)), topic(&notice("تصحيح", None, None)));
        assert_eq!(one, other);
        assert_eq!(one.len(), 22);
    }

    proptest! {
        #[test]
        fn whatever_it_says_a_message_fits(title in ".{0,600}", body in proptest::option::of(".{0,4000}")) {
            let read = read(&notice(&title, body.as_deref(), None));
            let short = title.len() < 150;
            prop_assert!(!short || read.get("title").and_then(Value::as_str) == Some(title.as_str()));
        }
    }
}

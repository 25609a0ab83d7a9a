//! An event as bytes for every stream alike, with what a stream needs to know to let it pass. Pure.

use std::collections::HashSet;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::dto::EventView;
use super::{Event, Visibility};
use crate::ids::{ArticleId, RecordId};
use crate::problem::Problem;
use crate::text::slug;

/// A public event in the form of `text/event-stream` (WHATWG HTML §9.2), rendered once.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The event's number among the public ones.
    pub number: i64,
    /// Where it may pass.
    pub route: Route,
    /// What is sent.
    pub bytes: Bytes,
}

impl Frame {
    /// The frame of an event; none when the event is not for everyone.
    pub fn of(event: Event) -> Result<Option<Self>, Problem> {
        let Some(number) = event.number.filter(|_| event.visibility == Visibility::Public) else { return Ok(None) };
        let noun = event.topic.split('.').next().unwrap_or_default();
        let route = Route::of(noun, &event.payload);
        let topic = event.topic.clone();
        let data = serde_json::to_string(&EventView::from(event))?;
        Ok(Some(Self { number, route, bytes: format!("id: {number}\nevent: {topic}\ndata: {data}\n\n").into() }))
    }
}

/// What streams choose by, read off an event's payload. Every payload names these things alike.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Route {
    /// The noun of the topic.
    #[serde(skip)]
    noun: String,
    language: Option<String>,
    section_ids: Vec<RecordId>,
    topics: Vec<String>,
    regions: Vec<String>,
    urgency: Option<u8>,
    /// The highest that it has had, where it may have had another.
    peak_urgency: Option<u8>,
    /// The article that a comment is about.
    article_id: Option<ArticleId>,
}

impl Route {
    /// The route of something with this payload that happens to a noun.
    pub fn of(noun: &str, payload: &Value) -> Self {
        let noun = noun.to_owned();
        let read: Self = Self::deserialize(payload).unwrap_or_default();
        let fold = |words: Vec<String>| words.iter().map(|word| key(word)).collect();
        Self { noun, topics: fold(read.topics), regions: fold(read.regions), ..read }
    }

    /// Whether it moves sections, so that whoever chose by sections must choose again.
    pub fn moves_sections(&self) -> bool {
        self.noun == "section"
    }
}

/// What a stream lets pass. What is empty chooses nothing away.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Breaking news.
    pub alerts: bool,
    /// What is published and withdrawn.
    pub articles: bool,
    /// The comments of these articles.
    pub comments: HashSet<ArticleId>,
    /// Of alerts and articles, those in one of these languages.
    pub languages: Vec<String>,
    /// Of alerts and articles, those in one of these sections; `None` is all.
    pub sections: Option<HashSet<RecordId>>,
    /// Of alerts, those about one of these.
    pub topics: Vec<String>,
    /// Of alerts, those from one of these.
    pub regions: Vec<String>,
    /// Of alerts, those of this urgency or higher.
    pub max_urgency: Option<u8>,
}

/// What spellings of one word have in common.
fn key(word: &str) -> String {
    slug::key(&slug::from_title(word))
}

impl Filter {
    /// The same filter, for topics and regions in any spelling.
    #[must_use]
    pub fn folded(self) -> Self {
        let fold = |words: Vec<String>| words.iter().map(|word| key(word)).collect();
        Self { topics: fold(self.topics), regions: fold(self.regions), ..self }
    }

    /// Whether an event passes.
    pub fn lets_pass(&self, route: &Route) -> bool {
        match route.noun.as_str() {
            "alert" => self.alerts && self.is_chosen(route) && self.is_chosen_alert(route),
            "article" => self.articles && self.is_chosen(route),
            "comment" => route.article_id.is_some_and(|id| self.comments.contains(&id)),
            _ => false,
        }
    }

    fn is_chosen(&self, route: &Route) -> bool {
        let in_language = || route.language.as_ref().is_some_and(|language| self.languages.contains(language));
        let in_section = |chosen: &HashSet<RecordId>| route.section_ids.iter().any(|id| chosen.contains(id));
        (self.languages.is_empty() || in_language()) && self.sections.as_ref().is_none_or(in_section)
    }

    fn is_chosen_alert(&self, route: &Route) -> bool {
        let meets =
            |wanted: &[String], given: &[String]| wanted.is_empty() || given.iter().any(|word| wanted.contains(word));
        meets(&self.topics, &route.topics)
            && meets(&self.regions, &route.regions)
            && self
                .max_urgency
                .is_none_or(|most| route.peak_urgency.or(route.urgency).is_some_and(|urgency| urgency <= most))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::time::UtcTime;
    use serde_json::json;

    fn event(topic: &str, payload: serde_json::Value) -> Event {
        let at = UtcTime::from_micros(1_602_232_200_000_000);
        Event {
            seq: 9,
            number: Some(7),
            topic: topic.into(),
            visibility: Visibility::Public,
            target: None,
            payload,
            at,
        }
    }

    #[test]
    fn a_frame_is_what_an_event_source_reads() {
        let frame = Frame::of(event("alert.issued", json!({ "headline": "عاجل\nخبر" }))).unwrap().unwrap();
        let text = std::str::from_utf8(&frame.bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["id: 7", "event: alert.issued"]);
        assert!(
            lines[2]
                .starts_with("data: {\"type\":\"alert.issued\",\"timestamp\":\"2020-10-09T08:30:00Z\",\"target\":null")
        );
        assert!(lines[2].contains("عاجل\\nخبر"), "a line break in the text is none in the frame");
        assert_eq!(lines[3..], [""]);
    }

    #[test]
    fn what_is_not_public_has_no_frame() {
        let hidden = Event { visibility: Visibility::Newsroom, number: None, ..event("alert.created", json!({})) };
        assert!(Frame::of(hidden).unwrap().is_none());
    }

    #[test]
    fn a_stream_gets_what_it_chose_and_nothing_else() {
        let (here, there) = ("0192f3a4-5b6c-7d8e-9f01-23456789abcd", "0192f3a4-5b6c-7d8e-9f01-23456789abce");
        let alert = event(
            "alert.issued",
            json!({ "language": "ar", "sectionIds": [here], "topics": ["أرمينيا"], "regions": ["موسكو"], "urgency": 2 }),
        );
        let article = event("article.published", json!({ "language": "ar", "sectionIds": [here] }));
        let comment = event("comment.posted", json!({ "articleId": here }));
        let routes = [("alert", &alert), ("article", &article), ("comment", &comment)]
            .map(|(noun, event)| Route::of(noun, &event.payload));
        let ids = |id: &str| Some(HashSet::from([RecordId::parse(id).unwrap()]));
        let all = || Filter { alerts: true, articles: true, ..Filter::default() };
        let cases = [
            (Filter::default(), [false, false, false]),
            (Filter { alerts: true, ..Filter::default() }, [true, false, false]),
            (all(), [true, true, false]),
            (
                Filter { comments: HashSet::from([ArticleId::parse(here).unwrap()]), ..Filter::default() },
                [false, false, true],
            ),
            (Filter { comments: HashSet::from([ArticleId::parse(there).unwrap()]), ..Filter::default() }, [false; 3]),
            (Filter { languages: vec!["ar".into(), "en".into()], ..all() }, [true, true, false]),
            (Filter { languages: vec!["en".into()], ..all() }, [false; 3]),
            (Filter { sections: ids(here), ..all() }, [true, true, false]),
            (Filter { sections: ids(there), ..all() }, [false; 3]),
            (Filter { topics: vec!["ارمينيا".into()], ..all() }, [true, true, false]),
            (Filter { topics: vec!["روسيا".into()], ..all() }, [false, true, false]),
            (Filter { regions: vec!["موسكو".into()], max_urgency: Some(2), ..all() }, [true, true, false]),
            (Filter { max_urgency: Some(1), ..all() }, [false, true, false]),
        ];
        for (filter, expected) in cases {
            let filter = filter.folded();
            assert_eq!(routes.each_ref().map(|route| filter.lets_pass(route)), expected, "{filter:?}");
        }
    }
}

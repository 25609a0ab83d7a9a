//! What clients ask of a stream.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::events::Filter;
use crate::fault::Fault;
use crate::ids::ArticleId;
use crate::problem::Problem;
use crate::text::Language;

/// Which alerts a stream of alerts brings.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct AlertStreamQuery {
    /// Only those in this language, or in one of these.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false, example = json!(["ar"]))]
    pub language: Vec<Language>,
    /// Only those for this section or one below it, by id or slug; or for one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["العالم"]))]
    pub section: Vec<String>,
    /// Only those about this topic, in any spelling, or about one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["أرمينيا"]))]
    pub topic: Vec<String>,
    /// Only those from this region, in any spelling, or from one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["موسكو"]))]
    pub region: Vec<String>,
    /// Only those of this urgency or higher.
    #[param(minimum = 1, maximum = 9, required = false, example = 3)]
    pub max_urgency: Option<u8>,
    /// Tell what came after the event with this number first, for clients that can't send `Last-Event-ID`.
    #[param(minimum = 0, required = false, example = 42)]
    pub last_event_id: Option<i64>,
}

impl AlertStreamQuery {
    /// What passes, but for the sections.
    pub fn filter(&self) -> Filter {
        Filter {
            alerts: true,
            languages: self.language.iter().map(Language::to_string).collect(),
            topics: self.topic.clone(),
            regions: self.region.clone(),
            max_urgency: self.max_urgency,
            ..Filter::default()
        }
    }
}

/// Where a client left off.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what the handlers read themselves")]
pub struct LastEventId {
    /// The `id` of the last event that the client has, which browsers send by themselves.
    #[param(rename = "Last-Event-ID", value_type = Option<i64>, required = false, example = 42)]
    last_event_id: Option<i64>,
}

/// Which events a stream brings.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// What to be told of, separated by commas: `alerts`, `articles`, `comments:` and an article's id. Alerts and articles
    /// unless given.
    #[param(max_length = 2000, required = false, example = "alerts,articles")]
    pub topics: Option<String>,
    /// Of alerts and articles, only those in this language, or in one of these.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false, example = json!(["ar"]))]
    pub language: Vec<Language>,
    /// Of alerts and articles, only those for this section or one below it, by id or slug; or for one of these.
    #[serde(default)]
    #[param(required = false, example = json!(["العالم"]))]
    pub section: Vec<String>,
    /// Tell what came after the event with this number first, for clients that can't send `Last-Event-ID`.
    #[param(minimum = 0, required = false, example = 42)]
    pub last_event_id: Option<i64>,
}

impl StreamQuery {
    /// What passes, but for the sections.
    ///
    /// # Errors
    /// `bad_parameter` for a topic that nobody streams.
    pub fn filter(&self) -> Result<Filter, Problem> {
        let languages = self.language.iter().map(Language::to_string).collect();
        let mut filter = Filter { languages, ..Filter::default() };
        for topic in self.topics.as_deref().unwrap_or("alerts,articles").split(',').map(str::trim) {
            match topic.split_once(':') {
                None if topic == "alerts" => filter.alerts = true,
                None if topic == "articles" => filter.articles = true,
                Some(("comments", id)) => {
                    let article = ArticleId::parse(id).map_err(|fault| Problem::parameter("topics", fault))?;
                    filter.comments.insert(article);
                }
                _ => {
                    let known = ["alerts", "articles", "comments:{articleId}"].map(String::from);
                    return Err(Problem::parameter("topics", Fault::NotAllowed(known.to_vec())));
                }
            }
        }
        Ok(filter)
    }
}

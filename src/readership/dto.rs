//! What readership looks like in answers and events.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ids::ArticleId;
use crate::time::UtcTime;

/// How often an article was read, as it was last written down.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadershipView {
    /// The article.
    pub(super) article_id: ArticleId,
    /// Views since it was first published, each reader once in a while.
    #[schema(minimum = 0, example = 18_042)]
    pub(super) views: i64,
    /// When views of it were last written down.
    pub(super) date_last_read: Option<UtcTime>,
}

/// Views that were written down.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `count` puts together")]
pub struct CountedEvent {
    /// Of how many articles.
    #[schema(minimum = 1, example = 12)]
    articles: i64,
    /// How many.
    #[schema(minimum = 1, example = 340)]
    views: i64,
}

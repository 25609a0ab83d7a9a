//! Preview links as clients write and read them, and what their holders see.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Link;
use crate::articles::query::BodyForm;
use crate::articles::views::ArticleView;
use crate::ids::{ArticleId, PreviewLinkId, UserId};
use crate::time::UtcTime;

/// A link to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewLinkIn {
    /// The revision to show; the working copy as it changes when absent.
    #[serde(default)]
    #[schema(minimum = 1, example = 3)]
    pub version: Option<i64>,
    /// Until when it is good: 24 hours when absent, 30 days at the most.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub expires_at: Option<UtcTime>,
    /// For whom, or why; for the colleagues.
    #[serde(default)]
    #[schema(max_length = 5000, example = "للمحامي قبل النشر")]
    pub note: Option<String>,
}

/// A link.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewLinkView {
    /// Its id; no part of its address.
    id: PreviewLinkId,
    /// The article.
    article_id: ArticleId,
    /// The revision that it shows; nothing when it follows the working copy.
    #[schema(example = 3)]
    version: Option<i64>,
    /// For whom, or why.
    #[schema(example = "للمحامي قبل النشر")]
    note: Option<String>,
    /// Until when it is good.
    expires_at: UtcTime,
    /// When it was revoked.
    revoked_at: Option<UtcTime>,
    /// Who made it.
    created_by: UserId,
    /// When.
    date_created: UtcTime,
}

impl From<Link> for PreviewLinkView {
    fn from(link: Link) -> Self {
        let Link { id, article_id, version, note, expires_at, revoked_at, created_by, created_at, key_id: _ } = link;
        Self { id, article_id, version, note, expires_at, revoked_at, created_by, date_created: created_at }
    }
}

/// A new link with its address.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewPreviewLinkView {
    /// The link.
    #[serde(flatten)]
    pub link: PreviewLinkView,
    /// Where it leads. It is told this once: a repetition of the request with the same `Idempotency-Key` gets `null`.
    #[schema(example = "https://news.example/api/v1/previews/4sHBn6mR6mN0Ew0R0l2lqk8nGm2sYp2Hc3Wb1x9Yk7M")]
    pub url: Option<String>,
}

/// How a preview is wanted.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct PreviewQuery {
    /// The form of the body.
    #[param(required = false, inline)]
    pub body: Option<BodyForm>,
}

/// What makes a preview one.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewInfo {
    /// The revision that is shown.
    #[schema(example = 3)]
    pub version: i64,
    /// Until when the link is good.
    pub expires_at: UtcTime,
}

/// An article as it will look once it is public, and what says that it is not yet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewView {
    /// The article.
    #[serde(flatten)]
    pub article: ArticleView,
    /// That this is a preview, and of what.
    pub preview: PreviewInfo,
}

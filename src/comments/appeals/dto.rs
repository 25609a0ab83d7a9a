//! What an appeal looks like.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why moderators should look again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentAppealIn {
    /// Plain text of at most 1,000 characters, as people count them.
    #[schema(min_length = 1, max_length = 10_000, example = "لم أقصد الإساءة إلى أحد.")]
    pub text: String,
}

//! The report of an embargo check.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ids::ArticleId;
use crate::time::UtcTime;

/// What was looked at, and what it revealed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmbargoReport {
    /// The instant that everything was looked at.
    pub checked_at: UtcTime,
    /// Revisions that are held back for their hour or by an embargo.
    #[schema(example = 12)]
    pub held_back: usize,
    /// Whether there are more than were looked at: those whose hour comes last.
    #[schema(example = false)]
    pub more: bool,
    /// Whether nothing was revealed.
    #[schema(example = true)]
    pub is_tight: bool,
    /// Each public surface that was asked for each of them.
    pub surfaces: Vec<SurfaceReport>,
}

/// What one public surface revealed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SurfaceReport {
    /// The surface.
    #[schema(example = "/articles/{id}")]
    pub surface: &'static str,
    /// How many answers were looked through.
    #[schema(example = 12)]
    pub asked: usize,
    /// The revisions that it revealed.
    pub leaks: Vec<Leak>,
}

/// A revision that somebody outside of the newsroom could know of.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Leak {
    /// Whose.
    pub article_id: ArticleId,
    /// Which.
    #[schema(example = 4)]
    pub version: i64,
    /// Until when it is held back.
    pub until: UtcTime,
}

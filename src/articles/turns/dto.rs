//! The newsroom's schedule as clients read it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::Row;
use super::{TurnAction, TurnOutcome};
use crate::articles::dto::ArticleIn;
use crate::ids::{ArticleId, TurnId, UserId};
use crate::text::Language;
use crate::time::UtcTime;

/// What the schedule can be narrowed by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct ScheduleQuery {
    /// What became of it; what is planned unless said otherwise.
    #[param(required = false, inline)]
    pub outcome: Option<TurnOutcome>,
    /// Due at or after this instant.
    #[param(required = false)]
    pub from: Option<UtcTime>,
    /// Due before this instant.
    #[param(required = false)]
    pub until: Option<UtcTime>,
    /// Only of this article.
    #[param(required = false)]
    pub article: Option<ArticleId>,
}

/// Something that the clock does, or did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TurnView {
    /// Its id.
    id: TurnId,
    /// The article.
    article_id: ArticleId,
    /// The article's present headline.
    #[schema(example = "بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو")]
    headline: String,
    /// The article's language.
    language: Language,
    /// What happens.
    action: TurnAction,
    /// The revision that appears, or whose time ends.
    #[schema(example = 4)]
    version: i64,
    /// When; after an embargo that is later than what was asked for.
    due_at: UtcTime,
    /// The instant that was asked for.
    publish_at: Option<UtcTime>,
    /// The zone that it was asked for in (IANA).
    #[schema(example = "America/New_York")]
    time_zone: Option<String>,
    /// `publishAt` on the clocks of that zone.
    #[schema(example = "2026-11-01T01:30:00")]
    local_time: Option<String>,
    /// What became of it.
    outcome: TurnOutcome,
    /// Whether readers see its effect already, announced or not.
    #[schema(example = false)]
    is_due: bool,
    /// Who planned it.
    planned_by: UserId,
    /// When it was planned.
    planned_at: UtcTime,
    /// When it was announced.
    announced_at: Option<UtcTime>,
    /// Milliseconds from the instant to the announcement.
    #[schema(example = 12)]
    late_ms: Option<u64>,
}

impl TurnView {
    pub(super) fn of(row: Row, form: &ArticleIn, now: UtcTime) -> Self {
        let Row {
            id,
            article_id,
            version,
            action,
            due_at,
            publish_at,
            time_zone,
            outcome,
            planned_by,
            planned_at,
            told_at,
        } = row;
        let zone = time_zone.as_deref().and_then(|name| jiff::tz::TimeZone::get(name).ok());
        Self {
            id,
            article_id,
            headline: form.headline.clone(),
            language: form.language.clone(),
            action,
            version,
            due_at,
            local_time: publish_at.zip(zone).map(|(at, zone)| at.local(&zone)),
            publish_at,
            time_zone,
            outcome,
            is_due: outcome == TurnOutcome::Planned && due_at <= now,
            planned_by,
            planned_at,
            announced_at: told_at,
            late_ms: told_at.map(|told| millis(told.since(due_at))),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How late turns were announced. Readers saw each at its instant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lateness {
    /// Turns of the last seven days; of more than 10,000 the latest.
    #[schema(example = 120)]
    count: usize,
    /// Half of them were no later, in milliseconds.
    #[schema(example = 8)]
    median_ms: Option<u64>,
    /// Of a hundred, ninety-nine were no later.
    #[schema(example = 40)]
    p99_ms: Option<u64>,
    /// The latest.
    #[schema(example = 900)]
    max_ms: Option<u64>,
    /// How many were no later than so much, and later than the step before.
    histogram: Vec<LatenessStep>,
}

/// One step of the histogram.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LatenessStep {
    /// Milliseconds; nothing for the last step, which has no end.
    #[schema(example = 100)]
    up_to_ms: Option<u64>,
    /// How many.
    #[schema(example = 118)]
    count: usize,
}

/// The steps of the histogram, in milliseconds.
const STEPS: [u64; 6] = [10, 100, 1_000, 2_000, 10_000, 60_000];

impl Lateness {
    pub(super) fn of(mut late: Vec<Duration>) -> Self {
        late.sort_unstable();
        let late: Vec<u64> = late.into_iter().map(millis).collect();
        let at = |percent: usize| late.get((late.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        let mut floor = None;
        let mut histogram = Vec::with_capacity(STEPS.len() + 1);
        for up_to_ms in STEPS.into_iter().map(Some).chain([None]) {
            let fits = |ms: &&u64| floor.is_none_or(|floor| **ms > floor) && up_to_ms.is_none_or(|top| **ms <= top);
            histogram.push(LatenessStep { up_to_ms, count: late.iter().filter(fits).count() });
            floor = up_to_ms;
        }
        Self { count: late.len(), median_ms: at(50), p99_ms: at(99), max_ms: late.last().copied(), histogram }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_counted_once_in_the_step_where_it_falls() {
        let late = [0, 10, 11, 2_000, 70_000].map(Duration::from_millis).to_vec();
        let lateness = Lateness::of(late);
        let counts: Vec<usize> = lateness.histogram.iter().map(|step| step.count).collect();
        assert_eq!(counts, [2, 1, 0, 1, 0, 0, 1]);
        assert_eq!((lateness.median_ms, lateness.p99_ms, lateness.max_ms), (Some(11), Some(70_000), Some(70_000)));
        assert_eq!(Lateness::of(Vec::new()).median_ms, None);
    }
}

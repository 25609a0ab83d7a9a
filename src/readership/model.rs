//! How much is read, as a number that fades without being touched.

use crate::time::UtcTime;

/// After so long a view counts half.
const HALF_LIFE_MICROS: f64 = 6.0 * 3_600.0 * 1_000_000.0;
/// Steps of a score in one doubling.
const STEPS: f64 = 1_000_000.0;

/// The logarithm to the base 2, in steps, of all views, each of which counts twice what one of six hours before does. Whatever
/// time it is, the order is the same, so that it is kept as it was when somebody last read. Forward decay (Cormode et al., 2009).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score(pub i64);

impl Score {
    /// Of so many views at an instant.
    #[expect(clippy::cast_precision_loss, reason = "counts and instants are far below 2^53")]
    pub fn of(views: i64, at: UtcTime) -> Self {
        Self::steps(at.micros() as f64 / HALF_LIFE_MICROS + (views.max(1) as f64).log2())
    }

    /// Of both together.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "scores are far below 2^53")]
    pub fn and(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let (less, more) = (self.0.min(other.0) as f64 / STEPS, self.0.max(other.0) as f64 / STEPS);
        Self::steps(more + (less - more).exp2().ln_1p() / std::f64::consts::LN_2)
    }

    #[expect(clippy::cast_possible_truncation, reason = "scores are far below 2^53")]
    fn steps(doublings: f64) -> Self {
        Self((doublings * STEPS).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const NOW: i64 = 1_790_000_000_000_000;

    fn at(hours: i64) -> UtcTime {
        UtcTime::from_micros(NOW + hours * HOUR)
    }

    #[test]
    fn a_view_counts_twice_what_one_of_six_hours_ago_does() {
        assert_eq!(Score::of(2, at(0)), Score::of(1, at(6)));
        assert_eq!(Score::of(1_024, at(0)), Score::of(1, at(60)));
        assert!(Score::of(100, at(0)) > Score::of(99, at(0)));
        assert!(Score::of(100, at(0)) < Score::of(60, at(6)));
    }

    #[test]
    fn views_add_up_in_whatever_parts_they_come() {
        let near = |one: Score, other: Score| assert!((one.0 - other.0).abs() <= 2_000, "{one:?} {other:?}");
        let one_by_one = (0..1_000).fold(None, |sum, _| Some(Score::of(1, at(0)).and(sum)));
        near(one_by_one.unwrap_or(Score(0)), Score::of(1_000, at(0)));
        near(Score::of(4, at(0)).and(Some(Score::of(2, at(6)))), Score::of(4, at(6)));
        near(Score::of(1, at(600)).and(Some(Score::of(1, at(0)))), Score::of(1, at(600)));
        assert_eq!(Score::of(5, at(1)).and(None), Score::of(5, at(1)));
    }
}

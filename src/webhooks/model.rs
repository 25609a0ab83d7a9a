//! What an endpoint and the messages to it may go through, as pure functions.

use std::time::Duration;

use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// Whether an endpoint is told of events.
    #[schema(example = "active")]
    pub enum WebhookState {
        /// It is.
        Active = "active",
        /// Not for now: what happens waits for it.
        Paused = "paused",
        /// Not any more: what happens passes it by until somebody resumes it.
        Disabled = "disabled",
    }
}

text_enum! {
    /// Why Khabar gave an endpoint up.
    #[schema(example = "failing")]
    pub enum DisabledReason {
        /// It answered 410.
        Gone = "gone",
        /// It has done nothing but fail for five days.
        Failing = "failing",
    }
}

text_enum! {
    /// What has become of a message to an endpoint.
    #[schema(example = "delivered")]
    pub enum DeliveryState {
        /// It is on its way, or waits for its next attempt.
        Pending = "pending",
        /// The endpoint has it.
        Delivered = "delivered",
        /// It is given up.
        Failed = "failed",
    }
}

text_enum! {
    /// How an attempt ended.
    #[schema(example = "accepted")]
    pub enum AttemptOutcome {
        /// With a status of 200 to 299.
        Accepted = "accepted",
        /// With any other status; redirects are not followed.
        Rejected = "rejected",
        /// Before it began: the address is not allowed, or its name leads to the inside.
        Refused = "refused",
        /// Without a connection, or without an answer in HTTP.
        Unreachable = "unreachable",
        /// Without an answer in time.
        TimedOut = "timed_out",
    }
}

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How many seconds a message waits after each failure: a little over three days in all, as the Standard Webhooks
/// specification advises.
const RETRIES: [u64; 9] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// How long an endpoint may do nothing but fail.
const FAILING_MAX: Duration = Duration::from_secs(5 * DAY);
/// How long an endpoint is left alone that asks for it and does not say how long.
const THROTTLED: Duration = Duration::from_secs(MINUTE);
/// The least and the most that it is left alone, whatever it says.
const THROTTLED_MIN: Duration = Duration::from_secs(SECOND);
const THROTTLED_MAX: Duration = Duration::from_secs(HOUR);
/// How long the old secret signs beside the new one.
pub const ROTATION: Duration = Duration::from_secs(DAY);
/// How long a message to which nothing happens is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(30 * DAY);
/// What the chance that spreads retries is a part of.
pub const CHANCES: u32 = 1000;

impl WebhookState {
    /// What somebody may do about it.
    pub const fn allowed(self) -> &'static [&'static str] {
        match self {
            Self::Active => &["pause"],
            Self::Paused | Self::Disabled => &["resume"],
        }
    }
}

/// How long a message waits that has failed so often, or nothing when it is given up. Up to a tenth is added by chance,
/// so that what failed together does not come back together.
pub fn retry_delay(failures: i64, chance: u32) -> Option<Duration> {
    let nth = usize::try_from(failures).ok()?.checked_sub(1)?;
    let delay = Duration::from_secs(*RETRIES.get(nth)?);
    Some(delay + delay / 10 * chance.min(CHANCES) / CHANCES)
}

/// What the end of an attempt means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint has the message.
    Taken,
    /// The endpoint wants no message ever again.
    Gone,
    /// The endpoint wants to be left alone for so long.
    Throttled(Duration),
    /// Another time, perhaps.
    Failed,
}

impl Verdict {
    /// What a status means.
    pub fn of(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            200..=299 => Self::Taken,
            410 => Self::Gone,
            429 | 503 => Self::Throttled(retry_after.unwrap_or(THROTTLED).clamp(THROTTLED_MIN, THROTTLED_MAX)),
            _ => Self::Failed,
        }
    }
}

/// Tries of one message that must have failed before its endpoint is given up.
const TRIES_MIN: i64 = 3;

/// How an endpoint fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether it is told of events.
    pub state: WebhookState,
    /// Why it was given up.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when it has done nothing but fail.
    pub failing_since: Option<UtcTime>,
    /// Until when it is left alone.
    pub throttled_until: Option<UtcTime>,
}

impl Health {
    /// A clean slate.
    pub const fn good() -> Self {
        Self { state: WebhookState::Active, disabled_reason: None, failing_since: None, throttled_until: None }
    }

    /// How it fares after an attempt that ended at an instant, at a message that was tried so often. Between two lone
    /// failures, days apart, it may have been well: only a message that fails again and again tells.
    #[must_use]
    pub fn after(self, verdict: Verdict, tries: i64, now: UtcTime) -> Self {
        let throttled_until = self.throttled_until.filter(|until| *until > now);
        let since = self.failing_since.unwrap_or(now);
        let failing = Self { failing_since: Some(since), throttled_until, ..self };
        match verdict {
            Verdict::Taken => Self { failing_since: None, throttled_until, ..self },
            Verdict::Gone => failing.disabled(DisabledReason::Gone),
            _ if since <= now.before(FAILING_MAX) && tries >= TRIES_MIN => failing.disabled(DisabledReason::Failing),
            Verdict::Throttled(pause) => {
                Self { throttled_until: throttled_until.max(Some(now.after(pause))), ..failing }
            }
            Verdict::Failed => failing,
        }
    }

    fn disabled(self, why: DisabledReason) -> Self {
        match self.state {
            WebhookState::Disabled => self,
            _ => Self { state: WebhookState::Disabled, disabled_reason: Some(why), ..self },
        }
    }
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What has become of it.
    pub state: DeliveryState,
    /// Attempts since it was last put into the queue.
    pub tries: i64,
    /// When it is tried next.
    pub due_at: Option<UtcTime>,
}

impl Progress {
    /// At the beginning, or once more.
    pub const fn due(at: UtcTime) -> Self {
        Self { state: DeliveryState::Pending, tries: 0, due_at: Some(at) }
    }

    /// After another attempt that ended at an instant. A message that is tried `once` is given up when that fails.
    #[must_use]
    pub fn after(self, verdict: Verdict, once: bool, now: UtcTime, chance: u32) -> Self {
        let tries = self.tries + 1;
        let over = |state| Self { state, tries, due_at: None };
        let pause = match verdict {
            Verdict::Taken => return over(DeliveryState::Delivered),
            Verdict::Throttled(pause) => pause,
            Verdict::Gone | Verdict::Failed => Duration::ZERO,
        };
        match retry_delay(tries, chance).filter(|_| !once) {
            None => over(DeliveryState::Failed),
            Some(delay) => Self { state: DeliveryState::Pending, tries, due_at: Some(now.after(delay.max(pause))) },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const NOW: UtcTime = UtcTime::from_micros(1_768_478_400_000_000);
    const ALL: [Verdict; 4] =
        [Verdict::Taken, Verdict::Gone, Verdict::Throttled(Duration::from_secs(60)), Verdict::Failed];

    #[test]
    fn statuses_mean_what_the_specification_says() {
        let cases = [
            (200, None, Verdict::Taken),
            (204, None, Verdict::Taken),
            (299, None, Verdict::Taken),
            (199, None, Verdict::Failed),
            (301, None, Verdict::Failed),
            (304, None, Verdict::Failed),
            (400, None, Verdict::Failed),
            (404, Some(9), Verdict::Failed),
            (410, None, Verdict::Gone),
            (429, None, Verdict::Throttled(Duration::from_secs(60))),
            (429, Some(120), Verdict::Throttled(Duration::from_secs(120))),
            (503, Some(0), Verdict::Throttled(Duration::from_secs(1))),
            (503, Some(u64::MAX), Verdict::Throttled(Duration::from_secs(3600))),
            (500, Some(120), Verdict::Failed),
        ];
        for (status, seconds, expected) in cases {
            assert_eq!(Verdict::of(status, seconds.map(Duration::from_secs)), expected, "{status} {seconds:?}");
        }
    }

    #[test]
    fn a_message_is_given_up_after_three_days_and_ten_attempts() {
        for chance in [0, CHANCES] {
            let (mut now, mut progress, mut attempts) = (NOW, Progress::due(NOW), 0);
            while let Some(due) = progress.due_at {
                (now, attempts) = (due, attempts + 1);
                progress = progress.after(Verdict::Failed, false, now, chance);
            }
            assert_eq!((progress.state, attempts), (DeliveryState::Failed, 10));
            let lasted = Duration::from_micros(u64::try_from(now.micros() - NOW.micros()).unwrap());
            assert!(lasted >= Duration::from_secs(3 * DAY) && lasted < Duration::from_secs(4 * DAY), "{lasted:?}");
        }
    }

    #[test]
    fn what_is_tried_once_is_not_tried_again() {
        for verdict in ALL {
            assert_eq!(Progress::due(NOW).after(verdict, true, NOW, 0).due_at, None, "{verdict:?}");
        }
    }

    #[test]
    fn an_endpoint_is_given_up_after_five_days_of_nothing_but_failure() {
        let first = Health::good().after(Verdict::Failed, 3, NOW);
        assert_eq!((first.state, first.failing_since), (WebhookState::Active, Some(NOW)));
        let almost = first.after(Verdict::Failed, 3, NOW.after(FAILING_MAX).before(Duration::from_micros(1)));
        assert_eq!(almost.state, WebhookState::Active);
        let given_up = almost.after(Verdict::Failed, 3, NOW.after(FAILING_MAX));
        assert_eq!(given_up.disabled_reason, Some(DisabledReason::Failing));
        let alone = almost.after(Verdict::Failed, 1, NOW.after(FAILING_MAX));
        assert_eq!(alone.state, WebhookState::Active, "it failed once, and nobody knows of the time before");
        let saved = almost.after(Verdict::Taken, 3, NOW.after(FAILING_MAX));
        assert_eq!(saved, Health::good());
    }

    proptest! {
        #[test]
        fn chance_adds_a_tenth_at_the_most(failures in 1_i64..=9, chance in 0..=CHANCES) {
            let (least, delay) = (retry_delay(failures, 0).unwrap(), retry_delay(failures, chance).unwrap());
            prop_assert!(delay >= least && delay <= least + least / 10);
        }

        #[test]
        fn nobody_but_a_person_wakes_an_endpoint(verdicts in proptest::collection::vec(0_usize..4, 1..20)) {
            let mut health = Health::good().after(Verdict::Gone, 3, NOW);
            for (n, verdict) in (0_u64..).zip(verdicts) {
                health = health.after(ALL.get(verdict).copied().unwrap(), 3, NOW.after(Duration::from_secs(n * HOUR)));
                prop_assert_eq!(health.state, WebhookState::Disabled);
                prop_assert_eq!(health.disabled_reason, Some(DisabledReason::Gone));
            }
        }
    }
}

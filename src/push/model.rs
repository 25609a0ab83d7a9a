//! The rules of pushing. Pure: the instant that decides is handed in.

use std::time::Duration;

use super::notice::Cause;
use crate::ids::{AlertId, RecordId};
use crate::text::slug;
use crate::text_enum;
use crate::time::UtcTime;

/// The longest that a push service is asked to keep a message, and that we try to hand one over: browsers' services
/// keep none longer than four weeks.
const KEPT_MAX: Duration = Duration::from_secs(28 * 86_400);
/// The least that a retraction is kept: a device that was off for some days may still show what was taken back.
const RETRACTION_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// Before the first retry; each further one waits four times as long, up to [`DELAY_MAX`].
const DELAY: Duration = Duration::from_secs(15);
const DELAY_MAX: Duration = Duration::from_secs(4 * 3600);
/// Stands between keys, before the first and after the last; no key has one.
const FENCE: char = '|';

text_enum! {
    /// How far a round is.
    pub enum RoundState {
        /// Under way.
        Open = "open",
        /// A newer notice of the same alert has ended it, maybe while a page of it is being sent.
        Replaced = "replaced",
        /// Over.
        Done = "done",
    }
}

/// What spellings of one topic or region have in common: letters, digits and hyphens.
pub(super) fn key(word: &str) -> String {
    slug::key(&slug::from_title(word))
}

/// Keys or ids in one text, with a fence after each and before the first: `|a|b|`; `|` when there are none.
pub(super) fn fenced<T: ToString>(keys: &[T]) -> String {
    let fence = FENCE.to_string();
    keys.iter().fold(fence.clone(), |text, key| text + &key.to_string() + &fence)
}

/// What an alert is aimed at, in the form that choices are kept in.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    /// Its language.
    pub language: String,
    /// Its urgency.
    pub urgency: i64,
    /// Each of its topics between fences.
    pub topics: Vec<String>,
    /// Each of its regions between fences.
    pub regions: Vec<String>,
    /// Each of its sections, and of those above them, between fences.
    pub sections: Vec<String>,
}

impl Aim {
    /// The aim of an alert with these words, for these sections and those above them.
    pub(super) fn new(language: &str, urgency: u8, [topics, regions]: [&[String]; 2], sections: &[RecordId]) -> Self {
        let words = |words: &[String]| {
            let keys = words.iter().map(|word| key(word)).filter(|key| !key.is_empty());
            keys.map(|key| fenced(&[key])).collect()
        };
        Self {
            language: language.to_owned(),
            urgency: i64::from(urgency),
            topics: words(topics),
            regions: words(regions),
            sections: sections.iter().map(|id| fenced(&[*id])).collect(),
        }
    }
}

/// Until when a notice is worth being told: until its alert expires, but a retraction for a week at least.
pub(super) fn until(cause: Cause, expires: Option<UtcTime>, requested_at: UtcTime) -> UtcTime {
    let latest = requested_at.after(KEPT_MAX);
    let expires = expires.unwrap_or(latest).min(latest);
    match cause {
        Cause::Retracted => expires.max(requested_at.after(RETRACTION_KEPT)),
        Cause::Issued | Cause::Updated => expires,
    }
}

/// Seconds that a push service shall keep a message; none when it is of no more use.
pub(super) fn ttl(until: UtcTime, now: UtcTime) -> Option<i64> {
    (until > now).then(|| (until.seconds() - now.seconds()).max(1))
}

/// What a push service is told of an urgency from 1 to 9 (RFC 8030 §5.3): whether it is worth waking the device.
pub(super) const fn urgency_word(urgency: u8) -> &'static str {
    match urgency {
        0..=3 => "high",
        4..=5 => "normal",
        _ => "low",
    }
}

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// The push service has it.
    Sent,
    /// The browser has unsubscribed, or is no more.
    Gone,
    /// The service may take it later, not before this long.
    Later(Option<Duration>),
    /// It will never take it.
    Failed,
}

impl Fate {
    /// What a status means (RFC 8030 §5 and §7.3).
    pub(super) const fn of(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            200..=299 => Self::Sent,
            404 | 410 => Self::Gone,
            429 | 500..=599 => Self::Later(retry_after),
            _ => Self::Failed,
        }
    }
}

/// How long the next try waits after so many, at least.
pub(super) fn delay(attempts: i64, retry_after: Option<Duration>) -> Duration {
    let times = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or_default();
    let delay = DELAY.saturating_mul(4_u32.saturating_pow(times)).min(DELAY_MAX);
    delay.max(retry_after.unwrap_or_default())
}

/// Where a round stands that is not over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub seq: i64,
    pub alert: AlertId,
    pub is_open: bool,
    pub urgency: i64,
    pub leased_until: UtcTime,
}

/// The round whose next page is sent next: the most urgent, then the oldest, of those that nobody is at. While a page
/// of an older notice is out, the newer one waits: otherwise the older message could arrive last.
pub(super) fn next_round(rounds: &[Standing], now: UtcTime) -> Option<i64> {
    let is_out = |alert: AlertId| rounds.iter().any(|other| other.alert == alert && other.leased_until > now);
    let free = rounds.iter().filter(|round| round.is_open && !is_out(round.alert));
    free.min_by_key(|round| (round.urgency, round.seq)).map(|round| round.seq)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const NOW: UtcTime = UtcTime::from_micros(1_768_478_400_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_notice_is_told_until_its_alert_expires_and_a_retraction_for_a_week() {
        let (week, month) = (NOW.after(RETRACTION_KEPT), NOW.after(KEPT_MAX));
        let cases = [
            (Cause::Issued, Some(NOW.after(HOUR)), NOW.after(HOUR)),
            (Cause::Updated, Some(NOW.before(HOUR)), NOW.before(HOUR)),
            (Cause::Issued, None, month),
            (Cause::Issued, Some(month.after(HOUR)), month),
            (Cause::Retracted, Some(NOW.before(HOUR)), week),
            (Cause::Retracted, Some(week.after(HOUR)), week.after(HOUR)),
            (Cause::Retracted, None, month),
        ];
        for (cause, expires, expected) in cases {
            assert_eq!(until(cause, expires, NOW), expected, "{cause} {expires:?}");
        }
        assert_eq!(ttl(NOW.after(HOUR), NOW), Some(3600));
        assert_eq!(ttl(NOW.after(Duration::from_millis(1)), NOW), Some(1));
        assert_eq!(ttl(NOW, NOW), None);
    }

    #[test]
    fn a_status_decides_what_becomes_of_a_message() {
        let wait = Some(HOUR);
        for (status, fate) in [
            (200, Fate::Sent),
            (201, Fate::Sent),
            (202, Fate::Sent),
            (301, Fate::Failed),
            (400, Fate::Failed),
            (401, Fate::Failed),
            (403, Fate::Failed),
            (404, Fate::Gone),
            (410, Fate::Gone),
            (413, Fate::Failed),
            (429, Fate::Later(wait)),
            (500, Fate::Later(wait)),
            (503, Fate::Later(wait)),
        ] {
            assert_eq!(Fate::of(status, wait), fate, "{status}");
        }
    }

    #[test]
    fn every_choice_is_a_text_that_holds_its_keys_whole() {
        assert_eq!(fenced::<String>(&[]), "|");
        let kept = fenced(&[key("أرمينيا"), key("قره باغ")]);
        let aim = Aim::new("ar", 2, [&["ارمينيا".into(), "باغ".into(), "!".into()], &[]], &[]);
        let met: Vec<bool> = aim.topics.iter().map(|topic| kept.contains(topic)).collect();
        assert_eq!(met, [true, false], "a word without a letter is no topic");
    }

    #[test]
    fn urgencies_wake_devices_or_let_them_sleep() {
        let words: Vec<&str> = (1..=9).map(urgency_word).collect();
        assert_eq!(words, ["high", "high", "high", "normal", "normal", "low", "low", "low", "low"]);
    }

    #[test]
    fn the_most_urgent_round_is_next_and_waits_for_what_is_out_of_the_same_alert() {
        let alert = |n| AlertId::of(Uuid::from_u128(n));
        let round = |seq, alert, is_open, urgency, leased: bool| Standing {
            seq,
            alert,
            is_open,
            urgency,
            leased_until: if leased { NOW.after(HOUR) } else { NOW },
        };
        let (one, other) = (alert(1), alert(2));
        let cases = [
            (vec![], None),
            (vec![round(1, one, true, 3, false), round(2, other, true, 3, false)], Some(1)),
            (vec![round(1, one, true, 3, false), round(2, other, true, 1, false)], Some(2)),
            (vec![round(1, one, true, 3, true)], None),
            (vec![round(1, one, false, 3, true), round(2, one, true, 3, false)], None),
            (vec![round(1, one, false, 3, false), round(2, one, true, 3, false)], Some(2)),
            (vec![round(1, one, false, 3, true), round(2, other, true, 9, false)], Some(2)),
        ];
        for (rounds, expected) in cases {
            assert_eq!(next_round(&rounds, NOW), expected, "{rounds:?}");
        }
    }

    proptest! {
        #[test]
        fn retries_wait_longer_and_longer_but_never_less_than_asked(attempts in 0_i64..100, asked in 0_u64..100_000) {
            let asked = Duration::from_secs(asked);
            prop_assert!(delay(attempts, None) <= delay(attempts + 1, None) && delay(attempts, None) <= DELAY_MAX);
            prop_assert!(delay(attempts, Some(asked)) >= asked.max(DELAY));
        }
    }
}

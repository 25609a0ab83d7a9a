//! What alerts are found and put in order by. Pure.

use unicode_normalization::UnicodeNormalization as _;

use crate::text::{Language, arabic, slug};
use crate::time::UtcTime;

/// One step of urgency in [`rank`]: more than the microseconds from 1970 to the year 4253.
const STEP: i64 = 1 << 56;
/// Stands between the keys of topics; no key has one.
const FENCE: char = '|';

/// What two headlines have in common that readers take for one: language, letters and digits.
pub fn headline_key(language: &Language, headline: &str) -> String {
    let lower: String = headline.nfkc().flat_map(char::to_lowercase).collect();
    let folded = arabic::fold(&lower);
    let plain: String = folded.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let said = if plain.trim().is_empty() { folded } else { plain };
    let primary = language.as_str().split('-').next().unwrap_or_default();
    format!("{primary} {}", said.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where an alert stands in the ticker, lowest first: by urgency, and of equals the newest.
pub fn rank(urgency: u8, starts_at: Option<UtcTime>) -> i64 {
    let micros = starts_at.map_or(0, UtcTime::micros).clamp(0, STEP - 1);
    i64::from(urgency) * STEP - micros
}

/// The last rank of an urgency.
pub fn rank_max(urgency: u8) -> i64 {
    rank(urgency, None)
}

/// What spellings of one topic have in common: letters, digits and hyphens.
pub fn topic_key(topic: &str) -> String {
    slug::key(&slug::from_title(topic))
}

/// The keys of several topics in one text, with a fence after each and before the first: `|a|b|`.
pub fn topic_keys(topics: &[String]) -> String {
    let fence = FENCE.to_string();
    topics.iter().fold(fence.clone(), |keys, topic| keys + &topic_key(topic) + &fence)
}

/// A topic's key between its fences.
pub fn fenced(topic: &str) -> String {
    format!("{FENCE}{}{FENCE}", topic_key(topic))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headlines_that_readers_take_for_one_are_one() {
        let key = |language: &str, headline: &str| headline_key(&Language::parse(language).unwrap(), headline);
        let first = key("ar", "زلزال قوي يضرب البحر");
        for same in ["زِلزال قوي: يضرب البحر!", "«زلزال» قوي – يضرب البحر.", " زلـزال  قوي يضرب البحر ❗️"]
        {
            assert_eq!(key("ar-EG", same), first, "{same}");
        }
        assert_ne!(key("fa", "زلزال قوي يضرب البحر"), first);
        assert_eq!(key("en", "Breaking: FIRE in İstanbul"), key("en", "breaking fire in İSTANBUL"));
        assert_ne!(key("en", "❗️"), key("en", "❤️"));
    }

    #[test]
    fn topics_meet_in_any_spelling() {
        let keys = topic_keys(&["أرمينيا".into(), "قره باغ".into()]);
        assert!(keys.contains(&fenced("ارمينيا")) && keys.contains(&fenced("قره-باغ")));
        assert!(
            !keys.contains(&fenced("باغ")) && !keys.contains(&fenced("%")) && !topic_keys(&[]).contains(&fenced("%"))
        );
    }

    proptest! {
        #[test]
        fn the_ticker_goes_by_urgency_then_by_time(
            (a, b) in (1_u8..=9, 1_u8..=9),
            (x, y) in (0_i64..4_000_000_000_000_000, 0_i64..4_000_000_000_000_000),
        ) {
            let ranked = |urgency, micros| rank(urgency, Some(UtcTime::from_micros(micros)));
            prop_assert_eq!(ranked(a, x).cmp(&ranked(b, y)), a.cmp(&b).then(y.cmp(&x)));
            prop_assert_eq!(ranked(a, x) <= rank_max(b), a <= b);
        }

        #[test]
        fn no_instant_leaves_its_urgency(urgency in 1_u8..=9, micros in any::<i64>()) {
            let rank = rank(urgency, Some(UtcTime::from_micros(micros)));
            prop_assert!(rank <= rank_max(urgency) && rank > rank_max(urgency - 1));
        }
    }
}

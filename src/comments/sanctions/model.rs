//! What a sanction forbids and how long it holds, as pure rules.

use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// What is done about somebody who comments.
    #[schema(example = "suspend")]
    pub enum SanctionKind {
        /// They are told, and go on.
        Warn = "warn",
        /// They write nothing for a while.
        Suspend = "suspend",
        /// They write nothing.
        Ban = "ban",
        /// All that they write waits for a moderator.
        Premod = "premod",
    }
}

impl SanctionKind {
    /// Whether somebody can have only one of its kind at a time: to be warned twice is to be warned twice.
    pub const fn is_single(self) -> bool {
        !matches!(self, Self::Warn)
    }

    /// Whether it has to say until when it holds.
    pub const fn needs_end(self) -> bool {
        matches!(self, Self::Suspend)
    }

    /// Whether whoever has it may not write.
    const fn silences(self) -> bool {
        matches!(self, Self::Suspend | Self::Ban)
    }
}

/// Whether something holds that may have an end and may have been lifted.
pub fn holds(until: Option<UtcTime>, lifted_at: Option<UtcTime>, now: UtcTime) -> bool {
    lifted_at.is_none() && until.is_none_or(|until| now < until)
}

/// Of those that hold, the one that silences the longest.
pub fn silencing<S>(held: Vec<S>, said: impl Fn(&S) -> (SanctionKind, Option<UtcTime>)) -> Option<S> {
    let length = |sanction: &S| match said(sanction) {
        (SanctionKind::Ban, None) => (2, UtcTime::from_micros(i64::MAX)),
        (_, until) => (1, until.unwrap_or(UtcTime::from_micros(i64::MAX))),
    };
    held.into_iter().filter(|sanction| said(sanction).0.silences()).max_by_key(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(micros: i64) -> UtcTime {
        UtcTime::from_micros(micros)
    }

    #[test]
    fn it_holds_until_it_ends_or_is_lifted() {
        for (until, lifted, expected) in
            [(None, None, true), (Some(11), None, true), (Some(10), None, false), (None, Some(3), false)]
        {
            assert_eq!(holds(until.map(at), lifted.map(at), at(10)), expected, "{until:?} {lifted:?}");
        }
    }

    #[test]
    fn the_one_that_silences_the_longest_is_told() {
        use SanctionKind::{Ban, Premod, Suspend, Warn};
        for (held, expected) in [
            (vec![], None),
            (vec![(Warn, None), (Premod, None)], None),
            (vec![(Suspend, Some(5)), (Suspend, Some(7)), (Premod, None)], Some((Suspend, Some(7)))),
            (vec![(Ban, Some(5)), (Suspend, Some(7))], Some((Suspend, Some(7)))),
            (vec![(Ban, None), (Suspend, Some(7)), (Warn, None)], Some((Ban, None))),
        ] {
            let told = silencing(held, |(kind, until)| (*kind, until.map(at)));
            assert_eq!(told, expected);
        }
    }
}

//! What a comment may say and what becomes of it, as pure rules.

use crate::fault::Fault;
use crate::site::CommentPolicy;
use crate::text::safe;
use crate::text_enum;
use crate::time::UtcTime;

/// The longest comment, in graphemes.
const TEXT_MAX: usize = 5_000;

text_enum! {
    /// What has become of a comment.
    #[schema(example = "published")]
    pub enum CommentStatus {
        /// Waiting for a moderator.
        Pending = "pending",
        /// Taken from sight until a moderator has looked.
        Withheld = "withheld",
        /// Everyone reads it.
        Published = "published",
        /// A moderator or a rule has refused it, or taken it back.
        Rejected = "rejected",
        /// Its writer has taken it back for good. Its words are gone.
        Deleted = "deleted",
    }
}

text_enum! {
    /// What a moderator does.
    pub enum Decision {
        /// Let everyone read it.
        Approve = "approve",
        /// Refuse it, or take it back.
        Reject = "reject",
        /// Take it from sight for the time being.
        Withhold = "withhold",
    }
}

text_enum! {
    /// How a moderator brings a published comment to the front, or back.
    pub enum Mark {
        /// Among the best.
        Feature = "feature",
        /// No more among the best.
        Unfeature = "unfeature",
        /// Above the others.
        Pin = "pin",
        /// No more above the others.
        Unpin = "unpin",
    }
}

text_enum! {
    /// What is wrong with a comment, or with what somebody keeps saying.
    #[schema(example = "offTopic")]
    pub enum CommentReason {
        /// It offends.
        Offensive = "offensive",
        /// It advertises, or says the same everywhere.
        Spam = "spam",
        /// It attacks somebody.
        Abusive = "abusive",
        /// The law forbids it.
        Illegal = "illegal",
        /// It speaks of something else.
        OffTopic = "offTopic",
        /// Something else; the note says what.
        Other = "other",
    }
}

impl CommentStatus {
    /// Whether everyone reads it, and so whether it counts.
    pub const fn is_visible(self) -> bool {
        match self {
            Self::Published => true,
            Self::Pending | Self::Withheld | Self::Rejected | Self::Deleted => false,
        }
    }
}

impl CommentStatus {
    /// Those of comments that still have words.
    pub fn with_words() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|status| *status != Self::Deleted).collect()
    }
}

/// Where a decision leads from a status; `None` when it is not open.
pub const fn after(decision: Decision, from: CommentStatus) -> Option<CommentStatus> {
    use CommentStatus::{Pending, Published, Rejected, Withheld};
    match (decision, from) {
        (Decision::Approve, Pending | Withheld | Rejected) => Some(Published),
        (Decision::Reject, Pending | Withheld | Published) => Some(Rejected),
        (Decision::Withhold, Pending | Published) => Some(Withheld),
        _ => None,
    }
}

/// The decisions that are open from here.
pub fn allowed(from: CommentStatus) -> Vec<Decision> {
    Decision::ALL.iter().copied().filter(|decision| after(*decision, from).is_some()).collect()
}

/// Whether a moderator may look at a comment and leave it as it is: once something was decided about it.
pub const fn may_stay(status: CommentStatus) -> bool {
    use CommentStatus::{Deleted, Pending, Published, Rejected, Withheld};
    match status {
        Published | Rejected | Withheld => true,
        Pending | Deleted => false,
    }
}

/// Whether a comment's writer may ask to look at it again.
pub const fn may_be_appealed(status: CommentStatus) -> bool {
    use CommentStatus::{Deleted, Pending, Published, Rejected, Withheld};
    match status {
        Withheld | Rejected => true,
        Pending | Published | Deleted => false,
    }
}

/// Whether a comment is featured, and whether it is pinned, after a mark; `None` when that is not open.
pub const fn marked(mark: Mark, status: CommentStatus, (featured, pinned): (bool, bool)) -> Option<(bool, bool)> {
    match mark {
        Mark::Feature if status.is_visible() && !featured => Some((true, pinned)),
        Mark::Unfeature if featured => Some((false, pinned)),
        Mark::Pin if status.is_visible() && !pinned => Some((featured, true)),
        Mark::Unpin if pinned => Some((featured, false)),
        _ => None,
    }
}

/// Whether comments are taken now.
pub fn is_open(mode: CommentPolicy, closes_at: Option<UtcTime>, now: UtcTime) -> bool {
    mode != CommentPolicy::Closed && closes_at.is_none_or(|at| now < at)
}

/// By how much the counts change when a comment goes from one status (none: it is new) to another.
pub fn count_change(from: Option<CommentStatus>, to: CommentStatus) -> i64 {
    i64::from(to.is_visible()) - i64::from(from.is_some_and(CommentStatus::is_visible))
}

/// With one empty line where there are several: nobody pushes others off the screen with nothing.
fn without_gaps(input: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in input.lines() {
        let line = if safe::is_blank(line) { "" } else { line };
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// A comment's text: a clean paragraph, with no more than one empty line between two others. HTML is text like any other.
///
/// # Errors
/// `blank`, `too_long` in graphemes, or `forbidden_character` for the mark that towers over its line.
pub fn text(input: &str) -> Result<String, Fault> {
    let text = safe::paragraph(&without_gaps(input), TEXT_MAX)?;
    match safe::towering_mark(&text) {
        Some(mark) => Err(Fault::ForbiddenCharacter(mark)),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_has_one_empty_line_at_a_time_and_says_something() {
        let flood = format!("س{}ص\n{}ع", "\n".repeat(4_900), " \u{200B}\n".repeat(30));
        assert_eq!(text(&flood).unwrap(), "س\n\nص\n\nع");
        assert_eq!(text("أ\n\nب\nج").unwrap(), "أ\n\nب\nج");
        for nothing in ["ـــ", "\u{64B}\u{64C}", "\u{E000}", "\n\n\n", "ـ \u{200F}ّ"] {
            assert_eq!(text(nothing), Err(Fault::Blank), "{nothing:?}");
        }
    }

    #[test]
    fn decisions_lead_where_the_table_says() {
        use CommentStatus::{Deleted, Pending, Published, Rejected, Withheld};
        let table = [
            (Pending, Some(Published), Some(Rejected), Some(Withheld)),
            (Withheld, Some(Published), Some(Rejected), None),
            (Published, None, Some(Rejected), Some(Withheld)),
            (Rejected, Some(Published), None, None),
            (Deleted, None, None, None),
        ];
        assert_eq!(table.len(), CommentStatus::ALL.len());
        for (from, approved, rejected, withheld) in table {
            assert_eq!(after(Decision::Approve, from), approved, "{from}");
            assert_eq!(after(Decision::Reject, from), rejected, "{from}");
            assert_eq!(after(Decision::Withhold, from), withheld, "{from}");
            assert_eq!(allowed(from).len(), [approved, rejected, withheld].into_iter().flatten().count());
        }
    }

    #[test]
    fn only_what_is_published_is_brought_to_the_front() {
        for status in CommentStatus::ALL.iter().copied() {
            let open = |marks| -> Vec<Mark> {
                Mark::ALL.iter().copied().filter(|mark| marked(*mark, status, marks).is_some()).collect()
            };
            let forward = if status.is_visible() { vec![Mark::Feature, Mark::Pin] } else { vec![] };
            assert_eq!(open((false, false)), forward, "{status}");
            assert_eq!(open((true, true)), [Mark::Unfeature, Mark::Unpin], "{status}");
        }
        let published = CommentStatus::Published;
        assert_eq!(marked(Mark::Pin, published, (true, false)), Some((true, true)));
        assert_eq!(marked(Mark::Unfeature, published, (true, true)), Some((false, true)));
    }

    #[test]
    fn comments_are_taken_until_the_article_closes() {
        let (now, later) = (UtcTime::from_micros(1_000), UtcTime::from_micros(1_001));
        for mode in CommentPolicy::ALL.iter().copied() {
            let taken = mode != CommentPolicy::Closed;
            assert_eq!(
                [None, Some(later), Some(now)].map(|at| is_open(mode, at, now)),
                [taken, taken, false],
                "{mode}"
            );
        }
    }

    #[test]
    fn harakat_are_taken_and_towers_are_not() {
        for honest in ["قُتِلَ", "اللَّـهُ", "محمّدٌ", "Việt Nam", "کَیاࣱ", "कार्त्स्न्य", "👁\u{FE0F}\u{200D}🗨\u{FE0F}"]
        {
            assert!(text(honest).is_ok(), "{honest}");
        }
        let tower = |marks: usize| format!("ب{}", "\u{64B}".repeat(marks));
        assert!(text(&tower(5)).is_ok());
        assert_eq!(text(&tower(6)), Err(Fault::ForbiddenCharacter('\u{64B}')));
        assert_eq!(text(&format!("{}\u{200D}\u{64B}", tower(5))), Err(Fault::ForbiddenCharacter('\u{64B}')));
    }

    #[test]
    fn a_text_is_measured_as_people_count() {
        assert!(text(&"قُ".repeat(TEXT_MAX)).is_ok());
        assert_eq!(text(&"ق".repeat(TEXT_MAX + 1)), Err(Fault::TooLong(TEXT_MAX)));
        assert_eq!(text(" \n\u{200B}"), Err(Fault::Blank));
        assert_eq!(text(" <script>alert(1)</script>\r\nثانيًا ").unwrap(), "<script>alert(1)</script>\nثانيًا");
    }

    proptest! {
        #[test]
        fn the_count_is_the_number_of_visible_comments(
            posted in prop::collection::vec(any::<bool>(), 1..8),
            decisions in prop::collection::vec((0_usize..8, any::<bool>()), 0..40),
        ) {
            let arrived = |at_once: &bool| if *at_once { CommentStatus::Published } else { CommentStatus::Pending };
            let mut all: Vec<CommentStatus> = posted.iter().map(arrived).collect();
            let mut count: i64 = all.iter().map(|status| count_change(None, *status)).sum();
            for (which, approve) in decisions {
                let decision = if approve { Decision::Approve } else { Decision::Reject };
                let Some(status) = all.get_mut(which) else { continue };
                if let Some(next) = after(decision, *status) {
                    count += count_change(Some(*status), next);
                    *status = next;
                }
                let visible = all.iter().filter(|status| status.is_visible()).count();
                prop_assert_eq!(count, i64::try_from(visible).unwrap());
            }
        }
    }
}

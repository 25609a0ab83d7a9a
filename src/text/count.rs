//! Lengths as people count them: graphemes and words, never bytes.
//!
//! Pure measuring and cutting of stored text, for limits, reading times and excerpts.

use unicode_segmentation::UnicodeSegmentation;

/// Words that a reader takes in per minute.
///
/// Brysbaert 2019 («How many words do we read per minute?») finds 238 for silent reading of English non-fiction and
/// about 180 for Arabic, which says the same in fewer and longer words. Arabic comes first here.
pub const WORDS_PER_MINUTE: usize = 180;

/// The number of characters as people count them.
pub fn graphemes(text: &str) -> usize {
    text.graphemes(true).count()
}

/// The number of words: what stands between white space and has a letter or a digit.
pub fn words(text: &str) -> usize {
    text.split_whitespace().filter(|token| token.chars().any(char::is_alphanumeric)).count()
}

/// How many minutes it takes to read this many words, rounded up.
pub fn reading_minutes(words: usize) -> u32 {
    u32::try_from(words.div_ceil(WORDS_PER_MINUTE)).unwrap_or(u32::MAX)
}

/// The first graphemes of a text, never a part of one.
pub fn truncate(text: &str, max_graphemes: usize) -> &str {
    let end = text.grapheme_indices(true).nth(max_graphemes).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// The beginning of a text on one line, cut after a whole word and ended by an ellipsis when it is too long.
///
/// The ellipsis counts. A quotation, bracket or isolate that the cut leaves open is closed before it.
pub fn excerpt(text: &str, max_graphemes: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if graphemes(&text) <= max_graphemes {
        return text;
    }
    let mut room = max_graphemes.saturating_sub(1);
    loop {
        let (kept, closers) = tidy(whole_words(&text, room));
        let ended = format!("{kept}{closers}…");
        if room == 0 || graphemes(&ended) <= max_graphemes {
            return ended;
        }
        room -= 1;
    }
}

/// As many whole words as fit; a part of one only where whole words would leave less than half.
fn whole_words(text: &str, max: usize) -> &str {
    let head = truncate(text, max);
    let ends_a_word = text.get(head.len()..).is_some_and(|rest| rest.starts_with(' '));
    match head.rsplit_once(' ') {
        Some((words, _)) if !ends_a_word && graphemes(words) * 2 >= max => words,
        _ => head,
    }
}

/// The text without what dangles at its end, and what closes that which is still open in it.
fn tidy(mut text: &str) -> (&str, String) {
    loop {
        text = text.trim_end_matches([' ', '،', ',', '؛', ';', ':', '.', '…', '-', '–', '—', '/']);
        let open = unclosed(text);
        match text.chars().next_back() {
            Some(last) if closer(last).is_some() && closer(last) == open.last().copied() => {
                text = text.strip_suffix(last).unwrap_or_default();
            }
            _ => return (text, open.into_iter().rev().collect()),
        }
    }
}

/// The closers that a text still waits for, the innermost last.
fn unclosed(text: &str) -> Vec<char> {
    let mut open = Vec::new();
    for c in text.chars() {
        if let Some(at) = open.iter().rposition(|awaited| *awaited == c) {
            open.truncate(at);
        } else {
            open.extend(closer(c));
        }
    }
    open
}

/// What closes a quotation, a bracket or a bidi isolate.
const fn closer(opener: char) -> Option<char> {
    Some(match opener {
        '"' => '"',
        '«' => '»',
        '“' => '”',
        '„' => '“',
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '\u{2066}'..='\u{2068}' => '\u{2069}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::super::tests::hard_text;
    use super::*;
    use proptest::prelude::*;

    const SEED: &str = "دعا الرئيس الروسي، فلاديمير بوتين، وزيري خارجية كل من أرمينيا وأذربيجان المنخرطتين في معارك \
        دموية في ناغورنو كاراباخ، إلى موسكو، الجمعة، لإجراء مفاوضات، بحسب ما أعلن الكرملين مساء الخميس.";

    #[test]
    fn characters_are_counted_as_people_count_them() {
        for (text, count) in [("", 0), ("خبر", 3), ("قُتِلَ", 3), ("👨\u{200D}👩\u{200D}👧", 1), ("\r\n", 1)]
        {
            assert_eq!(graphemes(text), count, "{text}");
        }
    }

    #[test]
    fn words_are_what_a_reader_would_count() {
        let cases = [
            ("", 0),
            (" — ؟ «» ", 0),
            ("27 سبتمبر/أيلول", 2),
            ("قال: «نعم» — ثم مضى", 4),
            ("COVID-19 ٢٠٢٠", 2),
            (SEED, 29),
        ];
        for (text, count) in cases {
            assert_eq!(words(text), count, "{text}");
        }
    }

    #[test]
    fn a_minute_is_rounded_up() {
        for (words, minutes) in [(0, 0), (1, 1), (180, 1), (181, 2), (436, 3), (usize::MAX, u32::MAX)] {
            assert_eq!(reading_minutes(words), minutes);
        }
    }

    #[test]
    fn a_grapheme_is_never_parted() {
        assert_eq!(truncate("قُتِلَ الرئيسُ", 3), "قُتِلَ");
        assert_eq!(truncate("👨\u{200D}👩\u{200D}👧 خبر", 1), "👨\u{200D}👩\u{200D}👧");
        assert_eq!(truncate("خبر", 9), "خبر");
        assert_eq!(truncate("خبر", 0), "");
    }

    #[test]
    fn an_excerpt_ends_after_a_whole_word() {
        assert_eq!(excerpt(SEED, 60), "دعا الرئيس الروسي، فلاديمير بوتين، وزيري خارجية كل من…");
        assert_eq!(excerpt(SEED, 19), "دعا الرئيس الروسي…");
        assert_eq!(excerpt(" خبر\n\n عاجل ", 9), "خبر عاجل");
        assert_eq!(excerpt("خبر عاجل", 7), "خبر…");
        assert_eq!(excerpt(&"ب".repeat(20), 5), "بببب…");
    }

    #[test]
    fn an_excerpt_leaves_nothing_open() {
        let cases = [
            ("قال بوتين \"نعم للسلام\" ومضى", 12, "قال بوتين…"),
            ("قال بوتين \" نعم للسلام\" ومضى", 14, "قال بوتين…"),
            ("قال بوتين \"نعم للسلام\" ومضى", 18, "قال بوتين \"نعم\"…"),
            ("قال بوتين \"نعم للسلام\" ومضى", 25, "قال بوتين \"نعم للسلام\"…"),
            ("«ذخائر لا تعود (فارغة جدا)» اليوم", 24, "«ذخائر لا تعود (فارغة)»…"),
            ("„Nie wieder“, sagte er dann leise", 22, "„Nie wieder“, sagte…"),
            ("\u{2067}خبر عاجل\u{2069} الآن", 7, "\u{2067}خبر\u{2069}…"),
        ];
        for (text, max, expected) in cases {
            assert_eq!(excerpt(text, max), expected);
        }
    }

    proptest! {
        #[test]
        fn an_excerpt_fits_and_is_balanced(text in hard_text(), max in 1_usize..80) {
            let excerpt = excerpt(&text, max);
            prop_assert!(graphemes(&excerpt) <= max);
            prop_assert!(!excerpt.ends_with('…') || text.ends_with('…') || unclosed(&excerpt).is_empty());
        }

        #[test]
        fn a_truncated_text_is_its_beginning(text in hard_text(), max in 0_usize..80) {
            let short = truncate(&text, max);
            prop_assert!(text.starts_with(short));
            prop_assert_eq!(graphemes(short), graphemes(&text).min(max));
        }
    }
}

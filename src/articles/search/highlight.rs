//! Shows why a text was found: the words that were looked for, where they stand, as they were written there.

use std::ops::Range;

use super::asked::{Asked, Piece};
use super::dto::{HighlightSpan, Highlighted};
use crate::text::Language;
use crate::text::terms::{self, Word, Words};

/// The words of a snippet.
const SNIPPET_WORDS: usize = 30;
/// How many of them stand before what was found.
const BEFORE: usize = 5;
/// The words of a text that are read at first; each time that they are not enough, as many again as there are.
const FIRST: usize = 64;

/// Looks for what was asked for in texts of a language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lookout<'a> {
    pub asked: &'a Asked,
    pub language: &'a Language,
}

/// A word of a text that was asked for, and by which piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hit {
    word: usize,
    piece: usize,
}

impl Lookout<'_> {
    /// A whole line with what was found in it.
    pub fn line(&self, text: &str) -> Highlighted {
        let words = terms::words(text);
        let spans = self.hits(&words).into_iter().filter_map(|hit| span(words.get(hit.word)?, 0)).collect();
        Highlighted::new(one_line(text.chars()), spans)
    }

    /// The part of the first of some texts in which anything is found that has most of it; the beginning of the last one
    /// where nothing is.
    pub fn snippet(&self, texts: &[&str]) -> Highlighted {
        let found = texts.iter().find_map(|text| {
            let (words, hits) = self.enough(text);
            if hits.is_empty() { None } else { Some(cut(text, &words, &hits)) }
        });
        found.unwrap_or_else(|| {
            let last = texts.last().copied().unwrap_or_default();
            cut(last, &terms::words(last), &[])
        })
    }

    /// As many of the first words of a text as tell which part of it is shown, and what was asked for among them.
    fn enough<'t>(&self, text: &'t str) -> (Words<'t>, Vec<Hit>) {
        let (mut words, mut certain) = (Words::of(text), Vec::new());
        let mut looked_at = 0;
        loop {
            let before = words.len();
            words.read(before + before.max(FIRST));
            // What begins with one of the last words may go on behind them.
            let so_far = words.len().saturating_sub(self.longest() - 1).max(looked_at);
            certain.extend(self.beginning(&words, looked_at..so_far));
            looked_at = so_far;
            let hits = in_order([certain.clone(), self.beginning(&words, looked_at..words.len())].concat());
            if words.len() == before || self.is_settled(&words, &hits) {
                return (words, hits);
            }
        }
    }

    /// Whether no further word of a text can change which part of it is shown, and what is marked there: all that was asked
    /// for is in that part, and what begins there ends before the last of the words.
    fn is_settled(&self, words: &Words<'_>, hits: &[Hit]) -> bool {
        let ends_before = |hit: &Hit| hit.word + SNIPPET_WORDS + self.longest() <= words.len();
        best(hits)
            .is_some_and(|at| variety(hits, at) == self.asked.wanted.len() && hits.get(at).is_some_and(ends_before))
    }

    /// The words of the longest piece.
    fn longest(&self) -> usize {
        let length = |piece: &Piece| if let Piece::Phrase(phrase) = piece { phrase.len() } else { 1 };
        self.asked.wanted.iter().map(length).max().unwrap_or(1)
    }

    /// What was asked for among the words of a text, in order, each word once.
    fn hits(&self, words: &Words<'_>) -> Vec<Hit> {
        in_order(self.beginning(words, 0..words.len()))
    }

    /// What was asked for and begins with one of some words of a text.
    fn beginning(&self, words: &Words<'_>, with: Range<usize>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for word in with {
            for (piece, sought) in self.asked.wanted.iter().enumerate() {
                hits.extend((word..word + self.reach(sought, words, word)).map(|word| Hit { word, piece }));
            }
        }
        hits
    }

    /// How many words from one on are what a piece asks for.
    fn reach(&self, piece: &Piece, words: &Words<'_>, from: usize) -> usize {
        let Some(Word { key, .. }) = words.get(from) else { return 0 };
        let is_there = match piece {
            Piece::Word(sought) => sought.is_in_form(key, |key| terms::of(key, self.language)),
            Piece::Prefix { sought, beginnings } => {
                key.contains(&sought.key) && beginnings.iter().any(|beginning| key.starts_with(beginning))
            }
            Piece::Phrase(phrase) => {
                let mut sought = (from..).zip(phrase);
                sought.all(|(at, sought)| words.get(at).is_some_and(|word| word.key == sought.key))
            }
        };
        match piece {
            Piece::Phrase(phrase) if is_there => phrase.len(),
            _ => usize::from(is_there),
        }
    }
}

/// Hits in the order of a text, each word once.
fn in_order(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| hit.word);
    hits.dedup_by_key(|hit| hit.word);
    hits
}

/// The place of a word in what begins at a character of its text.
fn span(word: Word<'_>, from: usize) -> Option<HighlightSpan> {
    Some(HighlightSpan { start: word.start.checked_sub(from)?, end: word.end.checked_sub(from)? })
}

/// The part of a text that has most of what was found.
fn cut(text: &str, words: &Words<'_>, hits: &[Hit]) -> Highlighted {
    let first = best(hits).and_then(|at| hits.get(at)).map_or(0, |hit| hit.word.saturating_sub(BEFORE));
    let last = (first + SNIPPET_WORDS).min(words.len());
    let start = if first == 0 { 0 } else { words.get(first).map_or(0, |word| word.start) };
    let end = if last < words.len() {
        last.checked_sub(1).and_then(|last| words.get(last)).map(|word| word.end)
    } else {
        None
    };
    let kept = text.chars().skip(start).take(end.map_or(usize::MAX, |end| end.saturating_sub(start)));
    let before = if start > 0 { "…" } else { "" };
    let after = if end.is_some() { "…" } else { "" };
    let shown = one_line(before.chars().chain(kept).chain(after.chars()));
    let inside = hits.iter().filter(|hit| (first..last).contains(&hit.word));
    let moved = |span: HighlightSpan| HighlightSpan {
        start: span.start + usize::from(start > 0),
        end: span.end + usize::from(start > 0),
    };
    let spans = inside.filter_map(|hit| span(words.get(hit.word)?, start).map(moved)).collect();
    Highlighted::new(shown, spans)
}

/// The first of the hits after which most of what was asked for stands.
fn best(hits: &[Hit]) -> Option<usize> {
    (0..hits.len()).max_by_key(|at| (variety(hits, *at), std::cmp::Reverse(*at)))
}

/// How much of what was asked for stands in the part of a text that begins with one of the hits.
fn variety(hits: &[Hit], at: usize) -> usize {
    let from = hits.get(at..).unwrap_or_default();
    let until = from.first().map_or(0, |hit| hit.word + SNIPPET_WORDS - BEFORE);
    let mut pieces: Vec<usize> = from.iter().take_while(|hit| hit.word < until).map(|hit| hit.piece).collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces.len()
}

/// Characters on one line, each where it was.
fn one_line(text: impl Iterator<Item = char>) -> String {
    text.map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::tests::hard_text;
    use proptest::prelude::*;

    const SEED: &str = include_str!("../../blocks/seed_paragraphs.txt");

    fn ar() -> Language {
        Language::parse("ar").unwrap()
    }

    /// What is marked in a text that was found by a query.
    fn marked(query: &str, text: &str) -> Vec<String> {
        let asked = Asked::parse(query, &[ar()]).unwrap();
        let shown = Lookout { asked: &asked, language: &ar() }.snippet(&[text]);
        let word = |span: &HighlightSpan| shown.text.chars().skip(span.start).take(span.end - span.start).collect();
        shown.spans.iter().map(word).collect()
    }

    #[test]
    fn what_is_shown_is_spelled_as_it_was_written() {
        assert_eq!(marked("ارمينيا", SEED).first().unwrap(), "أرمينيا");
        assert_eq!(marked("المكلفة", "الجهةُ المُكلّفة بـالأمر"), ["المُكلّفة"]);
        assert_eq!(marked("وزارة", "قالت لوزارة الدفاع: الوزارة"), ["لوزارة", "الوزارة"]);
        assert_eq!(marked("\"وزير الخارجية\"", "وزير خارجية، ووزير الخارجية وزير الخارجية"), ["وزير", "الخارجية"]);
        assert_eq!(marked("ارمين*", "الأرمينية وأرمينيا أرمن"), ["الأرمينية", "وأرمينيا"]);
        assert_eq!(marked("غائب", "لا شيء هنا"), Vec::<String>::new());
    }

    #[test]
    fn a_long_text_is_cut_around_what_was_found() {
        let text = format!("{} الهدف والغاية {}", "كلام ".repeat(200), "ختام ".repeat(200));
        let asked = Asked::parse("الغاية هدف", &[ar()]).unwrap();
        let shown = Lookout { asked: &asked, language: &ar() }.snippet(&[&text]);
        assert!(shown.text.starts_with("…كلام") && shown.text.ends_with("ختام…"), "{}", shown.text);
        assert!(shown.html.contains("<mark>الهدف</mark> <mark>والغاية</mark>"), "{}", shown.html);
    }

    proptest! {
        #[test]
        fn what_is_not_read_changes_nothing(text in "([دهو] ?){0,40}([ابج] ){0,200}([دهو] ){0,90}", query in "د|د ه|د ه و|\"د ه\" و|د*") {
            let asked = Asked::parse(&query, &[ar()]).unwrap();
            let look = Lookout { asked: &asked, language: &ar() };
            let words = terms::words(&text);
            prop_assert_eq!(look.snippet(&[&text]), cut(&text, &words, &look.hits(&words)));
        }

        #[test]
        fn marks_lie_within_the_text_and_html_has_no_other_tags(query in hard_text(), text in hard_text()) {
            if let Ok(asked) = Asked::parse(&query, &[ar()]) {
                let look = Lookout { asked: &asked, language: &ar() };
                for shown in [look.line(&text), look.snippet(&[&text])] {
                    let length = shown.text.chars().count();
                    let mut end = 0;
                    for span in &shown.spans {
                        prop_assert!(end <= span.start && span.start < span.end && span.end <= length);
                        end = span.end;
                    }
                    let bare = shown.html.replace("<mark>", "").replace("</mark>", "");
                    prop_assert!(!bare.contains(['<', '>', '"', '\'']));
                }
            }
        }
    }
}

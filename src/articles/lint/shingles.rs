//! Texts as sets of numbers, so that a part of one is found in another.
//!
//! Winnowing (Schleimer, Wilkerson, Aiken: «Winnowing: Local Algorithms for Document Fingerprinting», SIGMOD 2003): every run
//! of eight words has a hash, and of every four neighbours the smallest is kept. What is kept depends on the words
//! around it alone, so eleven words that two paragraphs share always give both a hash in common, wherever they stand.

use sha2::{Digest, Sha256};

use crate::blocks::{Block, Body};
use crate::text::{Language, arabic};

/// How many words a shingle has. Whoever quotes fewer leaves no trace.
const WORDS: usize = 8;
/// Of how many neighbours one is kept.
const WINDOW: usize = 4;

/// The hashes of one block, in order of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Traces {
    /// Which block of the body.
    pub index: usize,
    /// What is kept of it, each once; never empty.
    pub hashes: Vec<i64>,
}

/// The hashes of each block with enough words to have some.
pub(super) fn of_body(body: &Body) -> Vec<Traces> {
    let blocks = body.blocks().iter().enumerate();
    let traces = blocks.filter_map(|(index, block)| match block {
        Block::Text(text) => {
            let words: String = text.children.iter().map(|span| span.text.as_str()).collect();
            Some(Traces { index, hashes: of_text(&words) })
        }
        Block::Image(_) | Block::Embed(_) => None,
    });
    traces.filter(|traces| !traces.hashes.is_empty()).collect()
}

/// The smallest hashes of several blocks, each once: the same choice whatever else a text has.
pub(super) fn smallest(traces: &[Traces], max: usize) -> Vec<i64> {
    let mut hashes: Vec<i64> = traces.iter().flat_map(|traces| traces.hashes.iter().copied()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(max);
    hashes
}

/// What finds equal headlines of a language, in every spelling.
pub(super) fn of_headline(language: &Language, headline: &str) -> i64 {
    let folded = arabic::fold(headline);
    let parts = std::iter::once(language.base()).chain(arabic::words(&folded));
    hash(&parts.collect::<Vec<_>>())
}

/// What is kept of a paragraph.
fn of_text(text: &str) -> Vec<i64> {
    let folded = arabic::fold(text);
    let words: Vec<&str> = arabic::words(&folded).collect();
    let all: Vec<i64> = words.windows(WORDS).map(hash).collect();
    let of_windows = all.windows(WINDOW.min(all.len()).max(1)).filter_map(|window| window.iter().min().copied());
    let mut kept: Vec<i64> = of_windows.collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// A number for these words in this order.
pub(super) fn hash(words: &[&str]) -> i64 {
    let sum = words.iter().fold(Sha256::new(), |hash, word| hash.chain_update(word).chain_update([0]));
    let bytes = sum.finalize();
    bytes.iter().take(8).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn shared(one: &[i64], other: &[i64]) -> usize {
        one.iter().filter(|hash| other.contains(hash)).count()
    }

    #[test]
    fn spelling_and_punctuation_leave_the_same_traces() {
        let plain = of_text("دعا الرئيس الروسي وزيري خارجية ارمينيا واذربيجان الى موسكو يوم الجمعه المقبل");
        let dressed = of_text("دعا «الرئيس» الروسيّ وزيري خارجية أرمينيا وأذربيجان، إلى موسكو: يوم الجمعة المقبل.");
        assert!(!plain.is_empty());
        assert_eq!(plain, dressed);
    }

    #[test]
    fn a_quotation_shorter_than_a_shingle_leaves_none() {
        assert_eq!(of_text("واحد اثنان ثلاثة أربعة خمسة ستة سبعة"), Vec::<i64>::new());
        assert_eq!(of_text("واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية").len(), 1);
    }

    #[test]
    fn paragraphs_of_a_real_article_have_next_to_nothing_in_common() {
        let paragraphs: Vec<Vec<i64>> = include_str!("../../blocks/seed_paragraphs.txt").lines().map(of_text).collect();
        for (n, paragraph) in paragraphs.iter().enumerate() {
            for other in paragraphs.iter().skip(n + 1) {
                assert!(shared(paragraph, other) <= 1);
            }
        }
    }

    #[test]
    fn headlines_are_equal_in_every_spelling_and_only_in_their_language() {
        let language = |tag: &str| Language::parse(tag).unwrap();
        let headline = of_headline(&language("ar"), "الأسرى إلى أرمينيا");
        assert_eq!(of_headline(&language("ar-SY"), "الاسرى: الى ارمينيا"), headline);
        assert_ne!(of_headline(&language("fa"), "الأسرى إلى أرمينيا"), headline);
        assert_ne!(of_headline(&language("ar"), "الأسرى إلى أذربيجان"), headline);
    }

    proptest! {
        #[test]
        fn eleven_words_in_a_row_are_found_wherever_they_stand(
            part in prop::collection::vec("[ا-ي]{3,8}", WORDS + WINDOW - 1..60),
            before in prop::collection::vec("[a-z]{1,8}", 0..40),
            after in prop::collection::vec("[a-z]{1,8}", 0..40),
        ) {
            let whole = [before, part.clone(), after].concat().join(" ");
            let (whole, part) = (of_text(&whole), of_text(&part.join(" ")));
            // Every window that lies within the part gives both the same hash.
            prop_assert!(shared(&part, &whole) == part.len());
        }

        #[test]
        fn the_same_words_in_another_order_are_another_text(
            words in prop::collection::hash_set("[ا-ي]{3,8}", WORDS..60),
        ) {
            let words: Vec<String> = words.into_iter().collect();
            let turned: Vec<String> = words.iter().rev().cloned().collect();
            prop_assert_eq!(shared(&of_text(&words.join(" ")), &of_text(&turned.join(" "))), 0);
        }

        #[test]
        fn no_text_leaves_more_traces_than_shingles(text in "[ا-ي ]{0,2000}") {
            prop_assert!(of_text(&text).len() <= arabic::words(&arabic::fold(&text)).count().saturating_sub(WORDS - 1));
        }
    }
}

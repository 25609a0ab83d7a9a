//! Invented Arabic texts. Their words are as frequent as words of a language are (Zipf), so that a search has common
//! and rare ones; no two texts share a passage.

use std::collections::HashSet;

use crate::ids::{Ids, SeededEntropy};

/// A page of real news, for its words.
const SEED: &str = include_str!("../blocks/seed_paragraphs.txt");
/// What is said most.
const COMMON: [&str; 24] = [
    "في", "من", "على", "إلى", "أن", "عن", "التي", "الذي", "مع", "هذا", "هذه", "بعد", "بين", "قال", "كان", "ما", "لا",
    "كما", "ذلك", "خلال", "قبل", "حتى", "عام", "وقد",
];
/// Letters of roots: none that changes with its neighbours.
const LETTERS: [char; 21] =
    ['ب', 'ت', 'ث', 'ج', 'ح', 'خ', 'د', 'ر', 'ز', 'س', 'ش', 'ص', 'ض', 'ط', 'ع', 'غ', 'ف', 'ق', 'ك', 'ل', 'ن'];
/// Forms of a root, whose letters take the places of ف, ع and ل.
const FORMS: [&str; 10] = ["فعل", "فاعل", "مفعول", "فعيل", "فعال", "تفعيل", "مفاعلة", "انفعال", "تفاعل", "استفعال"];
/// How many words there are.
const WORDS: u32 = (1 << 16) - 1;

/// Writes texts, the same ones each time.
pub(super) struct Prose {
    chance: Ids,
    known: Vec<&'static str>,
}

impl Prose {
    pub(super) fn new(seed: u64) -> Self {
        let mut taken = HashSet::new();
        let words = SEED.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let known = COMMON.into_iter().chain(words).filter(|word| !word.is_empty() && taken.insert(*word)).collect();
        Self { chance: Ids::new(SeededEntropy::new(seed)), known }
    }

    /// A number below another one.
    pub(super) fn below(&self, bound: u32) -> u32 {
        self.chance.below(bound)
    }

    /// A number from one to another one.
    pub(super) fn between(&self, least: u32, most: u32) -> u32 {
        least + self.below(most + 1 - least)
    }

    /// A rank below a number: the first is drawn as often as the next two together, these as often as the next four.
    pub(super) fn rank(&self, bound: u32) -> u32 {
        let octave = self.below(bound.saturating_add(1).ilog2());
        (1 << octave) - 1 + self.below(1 << octave)
    }

    /// So many words.
    pub(super) fn words(&self, count: u32) -> String {
        let words: Vec<String> = (0..count).map(|_| self.word()).collect();
        words.join(" ")
    }

    /// A text of so many words.
    pub(super) fn paragraphs(&self, count: u32) -> Vec<String> {
        let mut left = count;
        let mut paragraphs = Vec::new();
        while left > 0 {
            let count = self.between(25, 60).min(left);
            paragraphs.push(self.words(count) + ".");
            left -= count;
        }
        paragraphs
    }

    /// The length of an article: those of Arabic news have 39 to 257 words, one in twenty more.
    pub(super) fn length(&self) -> u32 {
        if self.below(20) == 0 { self.between(258, 1_600) } else { self.between(39, 257) }
    }

    fn word(&self) -> String {
        let rank = self.rank(WORDS) as usize;
        match self.known.get(rank) {
            Some(word) => (*word).to_owned(),
            None if self.below(3) == 0 => format!("ال{}", invented(rank)),
            None => invented(rank),
        }
    }
}

/// The word of a rank.
fn invented(rank: usize) -> String {
    let letter = |n: usize| LETTERS.get(n % LETTERS.len()).copied().unwrap_or('ب');
    let (form, root) = (FORMS.get(rank % FORMS.len()).copied().unwrap_or_default(), rank / FORMS.len());
    let (first, second) = (root % LETTERS.len(), root / LETTERS.len() % LETTERS.len());
    // Roots that follow each other look different.
    let third = root / LETTERS.len() / LETTERS.len() + first + second;
    let filled = |c: char| match c {
        'ف' => letter(first),
        'ع' => letter(second),
        'ل' => letter(third),
        other => other,
    };
    form.chars().map(filled).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_rank_is_a_word_of_its_own() {
        let words: HashSet<String> = (0..WORDS as usize).map(invented).collect();
        assert_eq!(words.len(), WORDS as usize);
    }

    #[test]
    fn the_same_seed_writes_the_same_and_another_one_something_else() {
        let text = |seed| Prose::new(seed).paragraphs(200);
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
        assert_eq!(text(1).join(" ").split(' ').count(), 200);
    }

    #[test]
    fn few_words_are_most_of_a_text_and_most_words_are_rare() {
        let prose = Prose::new(1);
        let mut ranks: Vec<u32> = (0..10_000).map(|_| prose.rank(WORDS)).collect();
        ranks.sort_unstable();
        assert!(ranks.iter().all(|rank| *rank < WORDS));
        let median = ranks.get(5_000).unwrap();
        assert!((200..300).contains(median), "{median}");
    }

    #[test]
    fn articles_are_as_long_as_in_the_news() {
        let prose = Prose::new(1);
        let lengths: Vec<u32> = (0..2_000).map(|_| prose.length()).collect();
        assert!(lengths.iter().all(|length| (39..=1_600).contains(length)));
        let long = lengths.iter().filter(|length| **length > 257).count();
        assert!((60..140).contains(&long), "{long}");
    }
}

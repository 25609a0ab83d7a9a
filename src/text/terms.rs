//! Words as search compares them: a text is cut into words, and each word has one to three terms. Two words mean the same
//! to a reader who searches when they have a term in common.
//!
//! Arabic writes what stands before a noun together with it, and its endings too; what belongs to the word can't always be
//! told from what was put before it: وزارة begins with a letter that could be an «and». So such a word keeps the terms of
//! each reading, with and without.

use std::iter::Enumerate;
use std::str::CharIndices;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark;

use super::{Language, arabic};

/// The longest word that is kept, in characters. What is longer is no word of any language.
const WORD_MAX: usize = 40;
/// The shortest stem that an ending leaves, in letters.
const STEM_MIN: usize = 3;

/// What stands before an Arabic noun together with its article, the longest first.
const ARTICLES: [&str; 11] = ["وبال", "وكال", "فبال", "ولل", "فلل", "وال", "بال", "كال", "فال", "لل", "ال"];

/// Endings of Arabic words, folded: the longest comes first where one ends another.
const ENDINGS: [&str; 30] = [
    "تيهما",
    "اتهم",
    "اتها",
    "اتنا",
    "تهما",
    "هما",
    "كما",
    "تهم",
    "تها",
    "تنا",
    "يون",
    "يين",
    "هم",
    "هن",
    "كم",
    "نا",
    "ها",
    "ان",
    "ات",
    "ون",
    "ين",
    "تي",
    "ته",
    "وا",
    "يا",
    "يه",
    "ه",
    "ي",
    "ا",
    "ت",
];

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'w> {
    /// Its key: without marks, and one for every spelling.
    pub key: &'w str,
    /// Its first character in the text, counted in Unicode scalar values from 0.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
}

/// The words of a text in order, each with its place, read as far as they are wanted. Several share a place where one
/// character stands for several words. All keys stand in one text, since a search looks at thousands of words.
#[derive(Debug)]
pub struct Words<'t> {
    text: &'t str,
    unread: Enumerate<CharIndices<'t>>,
    keys: String,
    places: Vec<Place>,
}

/// Where a word is in its text, in characters, and where its key ends among the keys, in bytes.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    end: usize,
    key_end: usize,
}

impl<'t> Words<'t> {
    /// Those of a text, of which none is read yet.
    pub fn of(text: &'t str) -> Self {
        Self { text, unread: text.char_indices().enumerate(), keys: String::new(), places: Vec::new() }
    }

    /// Reads on until there are so many, or no more.
    pub fn read(&mut self, count: usize) {
        while self.places.len() < count && self.read_run() {}
    }

    /// Reads what stands between the next two gaps, if there is anything.
    fn read_run(&mut self) -> bool {
        let Some((start, (from, first))) = self.unread.find(|(_, (_, c))| belongs(*c)) else { return false };
        let before = self.keys.len();
        let mut is_plain = arabic::fold_onto(&mut self.keys, first);
        let (mut end, mut to) = (start + 1, from + first.len_utf8());
        for (at, (byte, c)) in self.unread.by_ref() {
            (end, to) = (at, byte);
            if !belongs(c) {
                break;
            }
            (end, to) = (at + 1, byte + c.len_utf8());
            is_plain = is_plain && arabic::fold_onto(&mut self.keys, c);
        }
        if is_plain {
            self.end_word(before, start, end);
        } else {
            self.keys.truncate(before);
            let folded = arabic::fold_any(self.text.get(from..to).unwrap_or_default());
            for word in arabic::words(&folded) {
                let before = self.keys.len();
                self.keys.push_str(word);
                self.end_word(before, start, end);
            }
        }
        true
    }

    /// Ends a word whose key begins at some byte, unless nothing is left of it.
    fn end_word(&mut self, from: usize, start: usize, end: usize) {
        let key = self.keys.get(from..).unwrap_or_default();
        if let Some((long, _)) = key.char_indices().nth(WORD_MAX) {
            self.keys.truncate(from + long);
        }
        if self.keys.len() > from {
            self.places.push(Place { start, end, key_end: self.keys.len() });
        }
    }

    /// How many are read.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// One of those that are read.
    pub fn get(&self, index: usize) -> Option<Word<'_>> {
        let Place { start, end, key_end } = *self.places.get(index)?;
        let key_start = index.checked_sub(1).and_then(|before| self.places.get(before)).map_or(0, |word| word.key_end);
        Some(Word { key: self.keys.get(key_start..key_end)?, start, end })
    }

    /// All that are read.
    pub fn iter(&self) -> impl Iterator<Item = Word<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Their keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|word| word.key)
    }
}

/// All words of a text.
pub fn words(text: &str) -> Words<'_> {
    let mut words = Words::of(text);
    words.read(usize::MAX);
    words
}

/// Whether a character can be part of a word, or stand in one and leave no trace.
fn belongs(c: char) -> bool {
    match c {
        '\0'..='\x7F' => c.is_ascii_alphanumeric(),
        // What Arabic texts consist of: letters and marks without a gap.
        '\u{620}'..='\u{65F}' => true,
        _ => belongs_anywhere(c),
    }
}

/// The same by the tables of Unicode.
fn belongs_anywhere(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || arabic::is_dropped(c)
}

/// The terms of a word's key in a text of a language: those of Arabic where it is written in Arabic letters, whatever the
/// language of the text; elsewhere the word itself, and its stem in the language where that is known.
pub fn of(key: &str, language: &Language) -> Vec<String> {
    if is_arabic(key) {
        return arabic_terms(key);
    }
    once([key.to_owned()].into_iter().chain(stem(key, language)))
}

/// The terms that find a word in texts of any of these languages.
pub fn in_any(key: &str, languages: &[Language]) -> Vec<String> {
    once(languages.iter().flat_map(|language| of(key, language)).chain((!is_arabic(key)).then(|| key.to_owned())))
}

/// How words begin that begin with a key once what may stand before them is taken off: the key itself first.
pub fn beginnings(key: &str) -> Vec<String> {
    if !is_arabic(key) {
        return vec![key.to_owned()];
    }
    let before = [""].into_iter().chain(ARTICLES).chain(["و", "ف", "ب", "ل", "ك", "س"]);
    before.map(|before| format!("{before}{key}")).collect()
}

/// The stem of a word in a language that has a Snowball stemmer.
fn stem(key: &str, language: &Language) -> Option<String> {
    let algorithm = match language.base() {
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nb" | "nn" | "no" => Algorithm::Norwegian,
        "nl" => Algorithm::Dutch,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    };
    let stem = Stemmer::create(algorithm).stem(key).into_owned();
    Some(stem).filter(|stem| !stem.is_empty() && stem.chars().all(char::is_alphanumeric))
}

/// Whether a key is an Arabic word from its first letter to its last.
fn is_arabic(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| matches!(c, '\u{621}'..='\u{64A}' | '\u{671}'..='\u{6D3}'))
}

/// The terms of each reading of an Arabic word: as it stands, and without the one or two particles that it may begin with.
fn arabic_terms(key: &str) -> Vec<String> {
    let letters = key.chars().count();
    let with_article = |article: &&&str| key.starts_with(**article) && letters >= article.chars().count() + 2;
    if let Some(article) = ARTICLES.iter().find(with_article) {
        return vec![without_endings(key.strip_prefix(article).unwrap_or(key))];
    }
    let mut rest = key.chars();
    let (first, second) = (rest.next(), key.chars().nth(1));
    let is_particle = |c: Option<char>, known: &str| c.is_some_and(|c| known.contains(c));
    let mut readings = vec![without_endings(key)];
    if letters >= 4 && is_particle(first, "وفبلكس") {
        readings.push(without_endings(rest.as_str()));
    }
    if letters >= 5 && is_particle(first, "وف") && is_particle(second, "بلكس") {
        rest.next();
        readings.push(without_endings(rest.as_str()));
    }
    once(readings)
}

/// A word without its last two endings, as far as it has some and enough of it stays.
fn without_endings(word: &str) -> String {
    let mut stem = word;
    for _ in 0..2 {
        let letters = stem.chars().count();
        let fits = |ending: &&&str| stem.ends_with(**ending) && letters >= ending.chars().count() + STEM_MIN;
        let Some(ending) = ENDINGS.iter().find(fits) else { break };
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    stem.to_owned()
}

fn once(terms: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for term in terms {
        if !kept.contains(&term) {
            kept.push(term);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::hard_text;
    use proptest::prelude::*;

    type Cut = Vec<(String, usize, usize)>;

    fn cut(words: &Words<'_>) -> Cut {
        words.iter().map(|word| (word.key.to_owned(), word.start, word.end)).collect()
    }

    /// The same, each run of characters folded for itself.
    fn cut_by_runs(text: &str) -> Cut {
        let characters: Vec<char> = text.chars().chain([' ']).collect();
        let (mut cut, mut run) = (Vec::new(), String::new());
        for (at, c) in characters.into_iter().enumerate() {
            if belongs(c) {
                run.push(c);
                continue;
            }
            let start = at - run.chars().count();
            let short = |word: &str| word.chars().take(WORD_MAX).collect();
            cut.extend(arabic::words(&arabic::fold(&run)).map(|word| (short(word), start, at)));
            run.clear();
        }
        cut
    }

    proptest! {
        #[test]
        fn words_are_what_each_run_of_characters_has(
            arabic in "[\u{600}-\u{6FF} 0-9A-Za-z]{0,60}", plain in "[ا-ي\u{640}-\u{652}]{0,90}", hard in hard_text(),
        ) {
            for text in [arabic, plain, hard] {
                let all = cut_by_runs(&text);
                prop_assert_eq!(&cut(&words(&text)), &all);
                let mut some = Words::of(&text);
                for count in 0..all.len() + 2 {
                    some.read(count);
                    prop_assert!(some.len() >= count.min(all.len()) && all.starts_with(&cut(&some)));
                }
            }
        }
    }

    #[test]
    fn what_belongs_to_a_word_at_once_does_so_by_the_tables_too() {
        for c in '\0'..=char::MAX {
            assert_eq!(belongs(c), belongs_anywhere(c), "{c:?}");
        }
    }
}

//! Words as search compares them: a text is cut into words, and each word has one to three terms. Two words mean the same
//! to a reader who searches when they have a term in common.
//!
//! Arabic writes what stands before a noun together with it, and its endings too; what belongs to the word can't always be
//! told from what was put before it: وزارة begins with a letter that could be an «and». So such a word keeps the terms of
//! each reading, with and without.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark;

use super::arabic::Plain;
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
    /// Up to where it is read, in bytes and in characters.
    read: (usize, usize),
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
        // No key is longer than its word, as a rule.
        Self { text, read: (0, 0), keys: String::with_capacity(text.len()), places: Vec::new() }
    }

    /// Reads on until there are so many, or no more.
    pub fn read(&mut self, count: usize) {
        while self.places.len() < count && self.read_run() {}
    }

    /// Reads what stands between the next two gaps, if there is anything.
    fn read_run(&mut self) -> bool {
        let (text, (mut byte, mut character)) = (self.text, self.read);
        while let Some((Part::Gap, size)) = part_at(text, byte) {
            (byte, character) = (byte + size, character + 1);
        }
        let (from, start, before) = (byte, character, self.keys.len());
        // What is the same in the key is copied at once, up to what is not.
        let (mut copied, mut is_plain) = (byte, true);
        while let Some((part, size)) = part_at(text, byte) {
            match part {
                Part::Gap => break,
                Part::Same => {}
                Part::Other(c) => {
                    self.keys.push_str(text.get(copied..byte).unwrap_or_default());
                    self.keys.push(c);
                    copied = byte + size;
                }
                Part::Dropped => {
                    self.keys.push_str(text.get(copied..byte).unwrap_or_default());
                    copied = byte + size;
                }
                Part::Hard => is_plain = false,
            }
            (byte, character) = (byte + size, character + 1);
        }
        self.read = (byte, character);
        if is_plain {
            self.keys.push_str(text.get(copied..byte).unwrap_or_default());
            self.end_word(before, start, character);
        } else {
            self.keys.truncate(before);
            let folded = arabic::fold_any(text.get(from..byte).unwrap_or_default());
            for word in arabic::words(&folded) {
                let before = self.keys.len();
                self.keys.push_str(word);
                self.end_word(before, start, character);
            }
        }
        byte > from
    }

    /// Ends a word whose key begins at some byte, unless nothing is left of it.
    fn end_word(&mut self, from: usize, start: usize, end: usize) {
        if self.keys.len() > from + WORD_MAX {
            let key = self.keys.get(from..).unwrap_or_default();
            if let Some((long, _)) = key.char_indices().nth(WORD_MAX) {
                self.keys.truncate(from + long);
            }
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

/// What a character is to the words of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It ends one.
    Gap,
    /// It stands in the key as it is.
    Same,
    /// Another stands there in its place.
    Other(char),
    /// It stands in a word and leaves no trace.
    Dropped,
    /// It is a part of one, and what becomes of it depends on what stands beside it.
    Hard,
}

/// The blocks of Unicode that are looked up: ASCII, and the first half of Arabic, of one byte and of two. What Arabic texts
/// consist of is in them.
const BLOCK: usize = 128;

/// What their characters are. Those of Arabic that take tables of Unicode are not known here.
const PARTS: [[Option<Part>; BLOCK]; 2] = [block(0), block(0x600)];

const fn block(first: u32) -> [Option<Part>; BLOCK] {
    let mut parts = [None; BLOCK];
    let (mut rest, mut code): (&mut [_], u32) = (&mut parts, first);
    while let Some((part, others)) = rest.split_first_mut() {
        if let Some(c) = char::from_u32(code) {
            *part = known(c);
        }
        (rest, code) = (others, code + 1);
    }
    parts
}

const fn known(c: char) -> Option<Part> {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        return Some(Part::Gap);
    }
    match arabic::plain(c) {
        Some(Plain::Dropped) => Some(Part::Dropped),
        Some(Plain::Kept(kept)) if kept as u32 == c as u32 => Some(Part::Same),
        Some(Plain::Kept(kept)) => Some(Part::Other(kept)),
        None => None,
    }
}

/// What stands at a byte of a text, and how many bytes that takes; nothing at its end.
#[inline]
fn part_at(text: &str, byte: usize) -> Option<(Part, usize)> {
    let [ascii, arabic] = &PARTS;
    let bytes = text.as_bytes();
    let known = match *bytes.get(byte)? {
        only @ 0..=0x7F => ascii.get(usize::from(only)).map(|part| (*part, 1)),
        first @ 0xD8..=0xD9 => {
            let second = bytes.get(byte + 1)?;
            arabic.get(usize::from(first & 1) << 6 | usize::from(second & 0x3F)).map(|part| (*part, 2))
        }
        _ => None,
    };
    match known {
        Some((Some(part), size)) => Some((part, size)),
        _ => text.get(byte..)?.chars().next().map(|c| (if belongs(c) { Part::Hard } else { Part::Gap }, c.len_utf8())),
    }
}

/// Whether a character can be part of a word, or stand in one and leave no trace.
fn belongs(c: char) -> bool {
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
    fn what_is_looked_up_is_what_the_tables_of_unicode_say() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let part = part_at(&text, 0).map(|(part, size)| (part != Part::Gap, size));
            assert_eq!(part, Some((belongs(c), c.len_utf8())), "{c:?}");
        }
    }
}

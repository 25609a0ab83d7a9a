//! Words as search compares them: a text is cut into words, and each word has one to three terms. Two words mean the same
//! to a reader who searches when they have a term in common.
//!
//! Arabic writes what stands before a noun together with it, and its endings too; what belongs to the word can't always be
//! told from what was put before it: وزارة begins with a letter that could be an «and». So such a word keeps the terms of
//! each reading, with and without.

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its key: without marks, and one for every spelling.
    pub key: String,
    /// Its first character in the text, counted in Unicode scalar values from 0.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
}

/// The words of a text in order, each with its place. Several share a place where one character stands for several words.
pub fn words(text: &str) -> Vec<Word> {
    read(text).collect()
}

/// The same, read only as far as they are wanted.
pub fn read(text: &str) -> impl Iterator<Item = Word> {
    let mut characters = text.chars().chain([' ']).enumerate();
    let (mut run, mut start) = (String::new(), 0);
    let runs = std::iter::from_fn(move || {
        run.clear();
        for (at, c) in characters.by_ref() {
            if belongs(c) {
                if run.is_empty() {
                    start = at;
                }
                run.push(c);
            } else if !run.is_empty() {
                return Some((keys(&run), start, at));
            }
        }
        None
    });
    runs.flat_map(|(keys, start, end)| keys.into_iter().map(move |key| Word { key, start, end }))
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

/// The keys of what stands between two gaps.
fn keys(run: &str) -> Vec<String> {
    let folded = arabic::fold(run);
    if folded.chars().all(|c| matches!(c, '\u{621}'..='\u{64A}')) {
        let whole = folded.char_indices().nth(WORD_MAX).is_none();
        return if folded.is_empty() {
            Vec::new()
        } else if whole {
            vec![folded]
        } else {
            vec![folded.chars().take(WORD_MAX).collect()]
        };
    }
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(WORD_MAX).collect()).collect()
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

    #[test]
    fn what_belongs_to_a_word_at_once_does_so_by_the_tables_too() {
        for c in '\0'..=char::MAX {
            assert_eq!(belongs(c), belongs_anywhere(c), "{c:?}");
        }
    }
}

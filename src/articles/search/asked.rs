//! What somebody types into a search field, read as a query. Whatever it is, it is one.
//!
//! | typed | means |
//! |---|---|
//! | `وزير الخارجية` | both words, in any order and in any of their forms |
//! | `"وزير الخارجية"` or `«وزير الخارجية»` | these words as they stand, one after the other |
//! | `-كاراباخ`, `-"وزير الخارجية"` | without the word or the phrase |
//! | `أرمين*` | whatever begins so |

use super::expression::Needle;
use crate::fault::Fault;
use crate::text::{Language, arabic, count, terms};

/// The longest query, in graphemes.
pub(super) const GRAPHEMES_MAX: usize = 200;
/// The most words of a query.
pub(super) const WORDS_MAX: usize = 20;
/// The most words of which only the beginning is looked for: the databases walk through all that begins so. Further ones are
/// looked for as they stand.
const BEGINNINGS_MAX: usize = 2;
/// The shortest beginning that is looked for as one, in letters: shorter ones begin half of all words.
const PREFIX_MIN: usize = 3;

/// A word that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sought {
    /// As it was written, but for spelling.
    pub key: String,
    /// What finds it in any of its forms.
    pub terms: Vec<String>,
}

impl Sought {
    /// Whether a word has a term in common with this one; how terms of a word are made is asked only where it may.
    pub fn is_in_form(&self, key: &str, terms_of: impl FnOnce(&str) -> Vec<String>) -> bool {
        let first = key.chars().next();
        let is_arabic = first.is_some_and(arabic::is_arabic);
        // The term of an Arabic word is a part of it, and every stem begins as its word.
        let may_be = |term: &String| if is_arabic { is_part(key, term) } else { term.chars().next() == first };
        self.terms.iter().any(may_be) && terms_of(key).iter().any(|term| self.terms.contains(term))
    }
}

/// Whether a term is a part of a word. Words are short: to look at each place takes less than to prepare a search, and most
/// places differ in the last byte.
fn is_part(key: &str, term: &str) -> bool {
    let last = term.as_bytes().last();
    let is_term = |part: &[u8]| part.last() == last && part == term.as_bytes();
    term.is_empty() || key.as_bytes().windows(term.len()).any(is_term)
}

/// One thing that a text must have, or must not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A word in any of its forms.
    Word(Sought),
    /// What words begin with, and how they do with what may stand before.
    Prefix { sought: Sought, beginnings: Vec<String> },
    /// Words as they stand, one after the other.
    Phrase(Vec<Sought>),
}

/// A query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// All of these must be there.
    pub wanted: Vec<Piece>,
    /// None of these may be.
    pub unwanted: Vec<Piece>,
}

impl Asked {
    /// Reads what was typed; terms are those of these languages.
    ///
    /// # Errors
    /// `too_long` for more than [`GRAPHEMES_MAX`] graphemes or [`WORDS_MAX`] words.
    pub fn parse(text: &str, languages: &[Language]) -> Result<Self, Fault> {
        if count::graphemes(text) > GRAPHEMES_MAX {
            return Err(Fault::TooLong(GRAPHEMES_MAX));
        }
        let mut asked = Self::default();
        let (mut words, mut beginnings) = (0, 0);
        for mut chunk in chunks(text) {
            beginnings += usize::from(chunk.is_beginning);
            chunk.is_beginning &= beginnings <= BEGINNINGS_MAX;
            let pieces = chunk.pieces(languages);
            words += pieces.iter().map(Piece::words).sum::<usize>();
            let side = if chunk.is_unwanted { &mut asked.unwanted } else { &mut asked.wanted };
            side.extend(pieces);
        }
        if words > WORDS_MAX { Err(Fault::TooLong(WORDS_MAX)) } else { Ok(asked) }
    }

    /// The same query, in which words that stand for each other find each other.
    #[must_use]
    pub fn with_synonyms(mut self, lines: &[String], languages: &[Language]) -> Self {
        for line in lines {
            let words = terms::words(line);
            let all: Vec<String> = words.keys().flat_map(|key| terms::in_any(key, languages)).collect();
            for piece in self.wanted.iter_mut().chain(&mut self.unwanted) {
                let Piece::Word(sought) = piece else { continue };
                let of_query = terms::in_any(&sought.key, languages);
                let is_one = |key: &str| terms::in_any(key, languages).first() == of_query.first();
                if words.keys().any(is_one) {
                    let others = all.iter().filter(|term| !sought.terms.contains(term)).cloned();
                    sought.terms.extend(others.collect::<Vec<_>>());
                }
            }
        }
        self
    }

    /// The words of a query that consists of nothing else, in order: what a whole headline would be.
    pub fn plain_words(&self) -> Option<Vec<&str>> {
        let is_word = |piece: &Piece| matches!(piece, Piece::Word(_));
        if self.wanted.is_empty() || !self.unwanted.is_empty() || !self.wanted.iter().all(is_word) {
            return None;
        }
        Some(self.wanted.iter().flat_map(Piece::keys).collect())
    }

    /// What the databases look for; nothing where there is nothing to look for.
    pub fn needle(&self) -> Option<Needle> {
        (!self.wanted.is_empty()).then(|| Needle::new(&self.wanted, &self.unwanted))
    }
}

impl Piece {
    /// The keys of its words, in order.
    pub fn keys(&self) -> Vec<&str> {
        match self {
            Self::Word(sought) | Self::Prefix { sought, beginnings: _ } => vec![&sought.key],
            Self::Phrase(words) => words.iter().map(|sought| sought.key.as_str()).collect(),
        }
    }

    fn words(&self) -> usize {
        self.keys().len()
    }
}

/// What stands between gaps or quotation marks.
#[derive(Debug, Default, PartialEq, Eq)]
struct Chunk {
    text: String,
    is_unwanted: bool,
    is_quoted: bool,
    is_beginning: bool,
}

impl Chunk {
    fn pieces(&self, languages: &[Language]) -> Vec<Piece> {
        let mut keys: Vec<String> = terms::words(&self.text).keys().map(str::to_owned).collect();
        let sought = |key: String| Sought { terms: terms::in_any(&key, languages), key };
        // Of what is written together, such as COVID-19, all must be away at once.
        if self.is_quoted || (self.is_unwanted && keys.len() > 1) {
            return if keys.is_empty() {
                Vec::new()
            } else {
                vec![Piece::Phrase(keys.into_iter().map(sought).collect())]
            };
        }
        let prefix = |key: String| Piece::Prefix { beginnings: terms::beginnings(&key), sought: sought(key) };
        let is_long = |key: &String| key.chars().count() >= PREFIX_MIN;
        let beginning = if self.is_beginning { keys.pop_if(|key| is_long(key)) } else { None };
        keys.into_iter().map(sought).map(Piece::Word).chain(beginning.map(prefix)).collect()
    }
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '«' | '»' | '“' | '”' | '„' | '‟')
}

/// Cuts what was typed. A quotation that is not closed lasts to the end.
fn chunks(text: &str) -> Vec<Chunk> {
    let mut done = Vec::new();
    let mut open = Chunk::default();
    for c in text.chars() {
        let ends = if open.is_quoted { is_quote(c) } else { is_quote(c) || c.is_whitespace() };
        if ends {
            let begins_quotation = !open.is_quoted && is_quote(c);
            // The sign before a quotation stands for all of it.
            let is_unwanted = begins_quotation && open.is_unwanted && open.text.is_empty();
            let next = Chunk { is_quoted: begins_quotation, is_unwanted, ..Chunk::default() };
            done.push(std::mem::replace(&mut open, next));
        } else if !open.is_quoted && open.text.is_empty() && matches!(c, '-' | '−' | '–') {
            open.is_unwanted = true;
        } else {
            open.is_beginning = !open.is_quoted && c == '*';
            open.text.push(c);
        }
    }
    done.push(open);
    done.retain(|chunk| !chunk.text.is_empty());
    done
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::tests::hard_text;
    use proptest::prelude::*;

    fn parse(text: &str) -> Asked {
        Asked::parse(text, &[Language::parse("ar").unwrap(), Language::parse("en").unwrap()]).unwrap()
    }

    /// A query in brief: `+` and `-` for its sides, quotes and stars as they were typed.
    fn brief(text: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Word(sought) => sought.key.clone(),
            Piece::Prefix { sought, beginnings: _ } => format!("{}*", sought.key),
            Piece::Phrase(_) => format!("\"{}\"", piece.keys().join(" ")),
        };
        let Asked { wanted, unwanted } = parse(text);
        let (wanted, unwanted) = (wanted.iter().map(piece), unwanted.iter().map(piece));
        wanted.chain(unwanted.map(|piece| format!("-{piece}"))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_typed_is_read_as_it_is_meant() {
        let cases = [
            ("وزير الخارجية", "وزير الخارجيه"),
            ("\"وزير الخارجية\" روسيا", "\"وزير الخارجيه\" روسيا"),
            ("«وزير الخارجية", "\"وزير الخارجيه\""),
            ("روسيا -كاراباخ", "روسيا -كاراباخ"),
            ("روسيا -\"ناغورنو كاراباخ\"", "روسيا -\"ناغورنو كاراباخ\""),
            ("-COVID-19 لقاح", "لقاح -\"covid 19\""),
            ("COVID-19", "covid 19"),
            ("أرمين* ار*", "ارمين* ار"),
            ("-أرمين* حرب", "حرب -ارمين*"),
            ("\"أرمين*\"", "\"ارمين\""),
            ("٢٠٢٠", "2020"),
            (" \u{200F} - \" \" * ** -* () AND OR NOT NEAR( :", "and or not near"),
            ("", ""),
        ];
        for (typed, read) in cases {
            assert_eq!(brief(typed), read, "{typed}");
        }
    }

    #[test]
    fn a_query_has_its_bounds() {
        assert!(Asked::parse(&"ب ".repeat(WORDS_MAX), &[]).is_ok());
        assert_eq!(Asked::parse(&"ب ".repeat(WORDS_MAX + 1), &[]), Err(Fault::TooLong(WORDS_MAX)));
        assert_eq!(Asked::parse(&"بّ".repeat(GRAPHEMES_MAX + 1), &[]), Err(Fault::TooLong(GRAPHEMES_MAX)));
    }

    #[test]
    fn no_more_than_two_beginnings_are_looked_for() {
        let asked = Asked::parse("كتاب* -مدرسة* جامعة* طالب*", &[]).unwrap();
        let is_beginning = |piece: &&Piece| matches!(piece, Piece::Prefix { .. });
        assert_eq!(asked.wanted.iter().chain(&asked.unwanted).filter(is_beginning).count(), 2);
        assert_eq!((asked.wanted.len(), asked.unwanted.len()), (3, 1));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_query_of_letters_and_digits(text in hard_text()) {
            if let Ok(asked) = Asked::parse(&text, &[Language::parse("en").unwrap(), Language::parse("tr").unwrap()]) {
                for piece in asked.wanted.iter().chain(&asked.unwanted) {
                    prop_assert!(piece.keys().iter().all(|key| !key.is_empty() && key.chars().all(char::is_alphanumeric)));
                    if let Piece::Word(Sought { key: _, terms }) = piece {
                        prop_assert!(!terms.is_empty());
                        prop_assert!(terms.iter().all(|term| !term.is_empty() && term.chars().all(char::is_alphanumeric)));
                    }
                }
            }
        }
    }
}

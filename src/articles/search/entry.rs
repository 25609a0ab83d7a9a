//! What the index keeps of a publication: the terms of its headlines, those of the rest, and all words as they stand.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::expression::{AS_WRITTEN, OF_HEADLINE};
use crate::articles::dto::ArticleIn;
use crate::articles::lint;
use crate::blocks::Body;
use crate::text::terms;

/// The most words of a text that are found: PostgreSQL keeps no later positions.
const WORDS_MAX: usize = 10_000;
/// The most bytes that these have: a `tsvector` takes no more than a megabyte, with up to three terms for each.
const BYTES_MAX: usize = 150_000;
/// How often one word counts as a part of phrases: PostgreSQL keeps no more positions of one.
const REPEATS_MAX: usize = 255;
/// Stands between texts that no phrase reaches across. No word has this character.
const GAP: &str = "\u{E000}";

/// What the index keeps of a publication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Terms of the headlines, each once.
    headline: Vec<String>,
    /// Terms of the rest, each once.
    rest: Vec<String>,
    /// Words as they stand, with gaps.
    words: Vec<String>,
    /// What finds the headline as a whole, in every spelling.
    pub headline_hash: i64,
}

impl Entry {
    /// What is kept of a text that readers see. What they don't see, such as a note to editors, is never a part of it.
    pub fn new(form: &ArticleIn, body: &Body) -> Self {
        let caption = form.lead_media.as_ref().and_then(|media| media.caption.as_deref());
        let headlines = [Some(form.headline.as_str()), form.alternative_headline.as_deref()];
        let text = body.to_text();
        let rest = [form.subheadline.as_deref(), form.abstract_.as_deref(), caption, Some(text.as_str())];
        let mut reading = Reading::default();
        let mut of = |texts: &[Option<&str>]| {
            let (mut kept, mut met) = (Terms::default(), HashSet::new());
            for key in texts.iter().flatten().flat_map(|text| reading.read(text)) {
                if !met.contains(&key) {
                    kept.extend(terms::of(&key, &form.language));
                    met.insert(key);
                }
            }
            kept.in_order
        };
        let (headline, rest) = (of(&headlines), of(&rest));
        let headline_words = terms::words(&form.headline);
        let keys: Vec<&str> = headline_words.keys().collect();
        Self { headline, rest, words: reading.words, headline_hash: lint::words_hash(&keys) }
    }

    /// The columns of FTS5: headline, rest, words.
    pub fn columns(&self) -> [String; 3] {
        [&self.headline, &self.rest, &self.words].map(|words| words.join(" "))
    }

    /// The text of a `tsvector`.
    pub fn tsvector(&self) -> String {
        let mut text = String::new();
        // Writing into a text never fails.
        for term in &self.headline {
            let _ = write!(text, "'{term}' '{OF_HEADLINE}{term}' ");
        }
        for term in &self.rest {
            let _ = write!(text, "'{term}' ");
        }
        for (word, position) in self.words.iter().zip(1..).filter(|(word, _)| *word != GAP) {
            let _ = write!(text, "'{AS_WRITTEN}{word}':{position} ");
        }
        text
    }
}

/// Terms, each once.
#[derive(Debug, Default)]
struct Terms {
    in_order: Vec<String>,
    seen: HashSet<String>,
}

impl Terms {
    fn extend(&mut self, terms: Vec<String>) {
        for term in terms {
            if self.seen.insert(term.clone()) {
                self.in_order.push(term);
            }
        }
    }
}

/// Texts as they are read, as far as there is room.
#[derive(Debug, Default)]
struct Reading {
    words: Vec<String>,
    bytes: usize,
    repeats: HashMap<String, usize>,
}

impl Reading {
    /// The words of the next text that there is room for, by their keys.
    fn read(&mut self, text: &str) -> Vec<String> {
        let mut fits = Vec::new();
        for key in terms::words(text).keys() {
            self.bytes += key.len();
            if self.words.len() >= WORDS_MAX || self.bytes > BYTES_MAX {
                break;
            }
            let repeats = self.repeats.entry(key.to_owned()).or_default();
            *repeats += 1;
            self.words.push(if *repeats > REPEATS_MAX { GAP } else { key }.to_owned());
            fits.push(key.to_owned());
        }
        self.words.push(GAP.to_owned());
        fits
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::Language;

    fn entry(headline: &str, html: &str) -> Entry {
        let form = ArticleIn {
            headline: headline.into(),
            language: Language::parse("ar").unwrap(),
            ..serde_json::from_value(serde_json::json!({ "language": "ar", "headline": "x" })).unwrap()
        };
        Entry::new(&form, &Body::from_html(html))
    }

    #[test]
    fn a_headline_and_the_rest_have_their_terms_once_and_their_words_in_order() {
        let entry = entry("الوزارة و الوزارة", "<p>قالت الوزارة</p>");
        assert_eq!(entry.headline, ["وزار", "و"]);
        assert_eq!(entry.rest, ["قال", "وزار"]);
        assert_eq!(entry.words, ["الوزاره", "و", "الوزاره", GAP, "قالت", "الوزاره", GAP]);
        assert_eq!(
            entry.tsvector(),
            "'وزار' '^وزار' 'و' '^و' 'قال' 'وزار' '=الوزاره':1 '=و':2 '=الوزاره':3 '=قالت':5 '=الوزاره':6 "
        );
    }

    #[test]
    fn however_long_a_text_is_both_databases_can_keep_it() {
        let long = (0..30_000).map(|n| format!("كلمة{n}")).collect::<Vec<_>>().join(" ");
        let kept = entry("عنوان", &format!("<p>{long}</p><p>{}</p>", "ومن ".repeat(400)));
        assert!(kept.words.len() <= WORDS_MAX + 4 && kept.tsvector().len() < 1_000_000);
        let repeated = entry("عنوان", &format!("<p>{}</p>", "ومن ".repeat(400)));
        assert_eq!(repeated.words.iter().filter(|word| *word == "ومن").count(), REPEATS_MAX);
    }
}

//! Terms against the words that newsrooms look for.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;

use super::Language;
use super::terms::{in_any, of, words};
use super::tests::hard_text;

const WORDS: &str = include_str!("../../tests/fixtures/search/arabic_words.json");
const PUD: &str = include_str!("../../tests/fixtures/search/pud_queries.json");

fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

/// The terms of a text that is one word.
fn terms(text: &str) -> Vec<String> {
    words(text).keys().flat_map(|key| of(key, &language("ar"))).collect()
}

fn match_each_other(one: &str, other: &str) -> bool {
    let others = terms(other);
    terms(one).iter().any(|term| others.contains(term))
}

fn pairs(list: &str) -> Vec<[String; 2]> {
    let all: Value = serde_json::from_str(WORDS).unwrap();
    let pair = |pair: &Value| [0, 1].map(|n| pair.get(n).unwrap().as_str().unwrap().to_owned());
    all.get(list).unwrap().as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn forms_of_one_word_have_a_term_in_common() {
    for [one, other] in pairs("must_match") {
        assert!(match_each_other(&one, &other), "{one} {other}");
    }
}

#[test]
fn words_that_only_look_alike_have_none() {
    for [one, other] in pairs("must_not_match") {
        assert!(!match_each_other(&one, &other), "{one} {other}");
    }
}

#[test]
fn terms_are_those_of_the_method_that_was_measured() {
    let mut seen = 0;
    let all: Value = serde_json::from_str(WORDS).unwrap();
    for list in [all.get("terms").unwrap(), &serde_json::from_str(PUD).unwrap()] {
        for entry in list.as_array().unwrap() {
            let expected: Vec<String> = serde_json::from_value(entry.get(1).unwrap().clone()).unwrap();
            assert_eq!(terms(entry.get(0).unwrap().as_str().unwrap()), expected);
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn other_languages_have_the_word_and_its_stem() {
    assert_eq!(of("markets", &language("en-GB")), ["markets", "market"]);
    assert_eq!(of("nationales", &language("fr")), ["nationales", "national"]);
    assert_eq!(of("markets", &language("ja")), ["markets"]);
    assert_eq!(in_any("markets", &[language("ar"), language("en")]), ["markets", "market"]);
    assert_eq!(in_any("وزاره", &[language("ar"), language("en")]), ["وزار", "زار"]);
    assert_eq!(in_any("2020", &[]), ["2020"]);
}

#[test]
fn words_are_cut_where_readers_see_gaps_and_keep_their_places() {
    fn cut(text: &str) -> Vec<(String, usize, usize)> {
        words(text).iter().map(|word| (word.key.to_owned(), word.start, word.end)).collect()
    }
    let word = |key: &str, start, end| (key.to_owned(), start, end);
    assert_eq!(cut("«خَبَرٌ»، ٢٠٢٠"), [word("خبر", 1, 7), word("2020", 10, 14)]);
    assert_eq!(cut("COVID-19"), [word("covid", 0, 5), word("19", 6, 8)]);
    assert_eq!(cut("½"), [word("1", 0, 1), word("2", 0, 1)]);
    assert_eq!(cut("cafe\u{301}s"), [word("cafés", 0, 6)]);
    assert_eq!(cut(" \u{200F}؟"), []);
}

proptest! {
    #[test]
    fn whatever_the_text_its_terms_are_letters_and_digits_and_lie_within_it(text in hard_text()) {
        let length = text.chars().count();
        for word in words(&text).iter() {
            prop_assert!(word.start < word.end && word.end <= length);
            let all = in_any(word.key, &[language("ar"), language("tr"), language("de")]);
            prop_assert!((1..=4).contains(&all.len()));
            prop_assert!(all.iter().all(|term| !term.is_empty() && term.chars().all(char::is_alphanumeric)));
        }
    }
}

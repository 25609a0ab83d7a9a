//! The pairs and innocent sentences of `tests/fixtures/word_pairs.json`: what is found, and what is let through.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]

use serde_json::Value;

use super::matcher::{Entry, Reach, WordList, Words};

const PAIRS: &str = include_str!("../../../tests/fixtures/word_pairs.json");
const SEED: &str = include_str!("../../blocks/seed_paragraphs.txt");
const SEED_PAGE: &str = include_str!("../../../tests/fixtures/seed_page.json");
/// How many hits innocent sentences may have: one of them names ك, ل and ب in a row, and means the letters.
const FALSE_HITS_MAX: usize = 1;

fn fixture() -> Value {
    serde_json::from_str(PAIRS).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Pairs of an entry and a text.
fn pairs(value: &Value) -> Vec<(String, String)> {
    let pair = |pair: &Value| <[String; 2]>::try_from(texts(pair)).unwrap().into();
    value.as_array().unwrap().iter().map(pair).collect()
}

/// Everything that is a string in a document.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

fn list(entries: &[String]) -> Words {
    let entry = |text: &String| Entry {
        text: text.clone(),
        language: None,
        list: WordList::Banned,
        reach: Reach::Word,
        spaced: true,
    };
    Words::new(&entries.iter().map(entry).collect::<Vec<_>>()).unwrap()
}

/// A thousand different sentences without a word of the list: some written, some from the seed page, the rest composed.
fn innocent(fixture: &Value) -> Vec<String> {
    let parts = &fixture["innocent"];
    let mut all = texts(&parts["written"]);
    all.extend(strings(&serde_json::from_str(SEED_PAGE).unwrap()).into_iter().filter(|text| text.contains(' ')));
    all.extend(SEED.split(['.', '\n']).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned));
    let [subjects, verbs, objects, tails] = ["subjects", "verbs", "objects", "tails"].map(|name| texts(&parts[name]));
    for n in 0.. {
        let round = n / subjects.len();
        let (subject, verb) = (&subjects[n % subjects.len()], &verbs[(n + round) % verbs.len()]);
        let (object, tail) = (&objects[(n + 7 * round) % objects.len()], &tails[(n + 3 * round) % tails.len()]);
        let text = format!("{verb} {subject} {object} {tail}");
        if !all.contains(&text) {
            all.push(text);
        }
        if all.len() == 1_000 {
            break;
        }
    }
    all
}

#[test]
fn every_spelling_of_a_word_is_found() {
    let fixture = fixture();
    let entries = texts(&fixture["entries"]);
    let words = list(&entries);
    let pairs = pairs(&fixture["pairs"]);
    let is_found = |entry: &str, text: &str| words.find(text).iter().any(|hit| entries[hit.entry] == entry);
    let mut misses = Vec::new();
    for (entry, spelling) in &pairs {
        let alone = is_found(entry, spelling);
        let amid = is_found(entry, &format!("قال له: {spelling} , والسلام"));
        if !(alone && amid) {
            misses.push(format!("{entry}: {spelling:?}, alone {alone}, in a sentence {amid}"));
        }
    }
    println!("{} pairs, {} misses", pairs.len(), misses.len());
    assert!(pairs.len() >= 200);
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn innocent_sentences_pass() {
    let fixture = fixture();
    let entries = texts(&fixture["entries"]);
    let words = list(&entries);
    let sentences = innocent(&fixture);
    let mut hits = Vec::new();
    for text in &sentences {
        let found = words.find(text);
        hits.extend(
            found.iter().map(|hit| format!("{}: «{}» in {text}", entries[hit.entry], &text[hit.start..hit.end])),
        );
    }
    println!("{} innocent sentences, {} entries, {} false hits", sentences.len(), entries.len(), hits.len());
    assert_eq!(sentences.len(), 1_000);
    assert!(hits.len() <= FALSE_HITS_MAX, "{hits:#?}");
}

#[test]
fn words_that_only_look_alike_pass() {
    let near = pairs(&fixture()["nearMisses"]);
    let is_hit = |(entry, text): &&(String, String)| !list(std::slice::from_ref(entry)).find(text).is_empty();
    assert_eq!(near.iter().filter(is_hit).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

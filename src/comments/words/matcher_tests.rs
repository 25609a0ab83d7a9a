//! What entries find by their reach, where hits begin and end, and what a search costs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]

use proptest::{collection::vec, prelude::*, sample::select};

use super::matcher::{Entry, Reach, WordList, Words, key};
use crate::text::Language;

fn entry(text: &str, reach: Reach, spaced: bool) -> Entry {
    Entry { text: text.to_owned(), language: None, list: WordList::Suspect, reach, spaced }
}

fn words(entries: &[Entry]) -> Words {
    Words::new(entries).unwrap()
}

/// What is found of a text, as it is written there.
fn found(entry: Entry, text: &str) -> Vec<&str> {
    words(&[entry]).find(text).iter().map(|hit| &text[hit.start..hit.end]).collect()
}

#[track_caller]
fn check(entry: &Entry, hits: &[&str], misses: &[&str]) {
    for text in hits {
        assert!(!found(entry.clone(), text).is_empty(), "{} is in {text:?}", entry.text);
    }
    for text in misses {
        assert_eq!(found(entry.clone(), text), [""; 0], "{} is not in {text:?}", entry.text);
    }
}

#[test]
fn the_alif_that_carries_a_tanwin_is_no_letter_of_the_word() {
    check(
        &entry("كلب", Reach::Word, false),
        &["كلبًا", "كلباً", "يا كلبًا!", "والكلباً", "كلبٌ"],
        &["كلبا", "كلبان", "كلبًات"],
    );
    check(&entry("شكرًا", Reach::Word, false), &["شكرا", "شكراً", "شكرًا"], &["شاكر"]);
    assert_eq!(found(entry("كلب", Reach::Word, false), "رأيت كلبًا هنا"), ["كلبًا"]);
}

#[test]
fn an_entry_reaches_as_far_as_it_says() {
    check(&entry("كلب", Reach::Exact, false), &["كلب", "يا كَلْب!"], &["الكلب", "وكلب", "كلبشة"]);
    check(&entry("كلب", Reach::Word, false), &["كلب", "الكلب", "وكلب"], &["كلبشة", "مكلبة", "كلبك"]);
    check(&entry("كلب", Reach::Prefix, false), &["كلب", "والكلبشة", "كلببة", "كلبك"], &["مكلبة", "سكلب"]);
    check(&entry("كل", Reach::Prefix, false), &["كلل", "كلام"], &["شكل"]);
    check(&entry("fuck", Reach::Word, false), &["Fuck you", "(fuck)"], &["fucking", "motherfuck"]);
    check(&entry("fuck", Reach::Prefix, false), &["Fucking"], &["motherfucking"]);
}

#[test]
fn only_an_entry_that_says_so_is_found_taken_apart() {
    let apart = ["ك ل ب", "ك.ل.ب", "ك.لب", "و ا ل ك ل ب"];
    check(&entry("كلب", Reach::Word, true), &apart, &["شك لبنان", "شك.لبنان", "ك ل ب ش ة", "كل ب", "في ك ل"]);
    check(&entry("كلب", Reach::Prefix, true), &["ك ل ب ش ة", "ك.لبشة"], &["شك لبنان"]);
    check(&entry("كلب", Reach::Word, false), &["كـلب"], &apart);
    check(&entry("bitch", Reach::Word, false), &["bitch"], &["b1tch", "b i t c h"]);
}

#[test]
fn a_pause_does_not_draw_letters_together() {
    check(&entry("كلب", Reach::Word, true), &["ك...لب"], &["شك.....لب", "ك....لب", "كل. ب"]);
}

#[test]
fn phrases_pass_over_what_stands_between_their_words() {
    let phrase = entry("ابن  الكلب!", Reach::Word, false);
    check(
        &phrase,
        &["ابن الكلب", "يا ابن، «الكلب»", "ابن\n\nالكلب", "وابنَ الكلبِ"],
        &["ابنالكلب", "ابن هذا الكلب", "ابن الكلبة"],
    );
}

#[test]
fn a_doubled_letter_makes_another_word_where_it_does_in_life() {
    check(&entry("ass", Reach::Word, false), &["ass", "asss"], &["as", "aass"]);
    check(&entry("مثل", Reach::Word, false), &["مثل", "مثلل", "ممممثل"], &["ممثل"]);
    check(&entry("شر", Reach::Word, false), &["شر", "شررررر"], &["شرر"]);
    check(&entry("88", Reach::Word, false), &["٨٨"], &["8", "888", "1988"]);
}

#[test]
fn short_words_take_the_article_alone() {
    check(&entry("حر", Reach::Word, false), &["حر", "الحر", "بالحر", "للحر"], &["بحر", "وحر", "سحر"]);
    check(&entry("لص", Reach::Word, false), &["اللص", "واللص"], &["خلص"]);
}

#[test]
fn particles_belong_to_arabic() {
    let persian = Entry { language: Language::parse("fa").ok(), ..entry("خر", Reach::Word, false) };
    check(&persian, &["خر"], &["الخر"]);
    let arabic = Entry { language: Language::parse("ar-SY").ok(), ..entry("خر", Reach::Word, false) };
    check(&arabic, &["خر", "الخر"], &["آخر"]);
}

#[test]
fn hits_tell_where_the_word_stands_in_what_was_written() {
    let cases = [
        ("قال: والكَـلْبُ!", "كَـلْبُ"),
        ("قال ك ل ب.", "ك ل ب"),
        ("وللكلب", "كلب"),
        ("x\u{FEDB}\u{FEE0}\u{FE90}x", "\u{FEDB}\u{FEE0}\u{FE90}"),
        ("ك\u{200D}ل\u{200D}ب", "ك\u{200D}ل\u{200D}ب"),
    ];
    for (text, word) in cases {
        assert_eq!(found(entry("كلب", Reach::Word, true), text), [word]);
    }
}

#[test]
fn every_entry_is_told_in_order_of_place() {
    let list = words(&[
        entry("الكلب", Reach::Word, false),
        entry("ابن الكلب", Reach::Word, false),
        entry("كلب", Reach::Word, true),
    ]);
    let hits: Vec<usize> = list.find("كلب، ابن الكلب").iter().map(|hit| hit.entry).collect();
    assert_eq!(hits, [2, 1, 0, 2]);
}

#[test]
fn an_entry_without_letters_finds_nothing() {
    for text in ["", " ", "...", "\u{200B}", "\u{64B}", "😡"] {
        assert_eq!(key(text), "");
        check(&entry(text, Reach::Prefix, true), &[], &["كلب", "", "... 😡"]);
    }
    assert_eq!(key("  Ａbn  الكَلْبِ! "), "abn الكلب");
}

/// Words that overlap and nest, and those of every kind of disguise.
fn hostile_list() -> Words {
    let nested = (1..=30).map(|length| "اب".repeat(length));
    let others = ["كلب", "كك", "ككككك", "bitch", "ابن الكلب", "ل", "الله الله"].map(str::to_owned);
    words(&nested.chain(others).map(|text| entry(&text, Reach::Word, true)).collect::<Vec<_>>())
}

#[test]
fn twice_the_text_takes_twice_the_steps() {
    let list = hostile_list();
    let parts = [
        "ك",
        "\u{64B}",
        "ك\u{64B}\u{651}",
        "اب",
        "ا ب ",
        "ا.ب.",
        "والكلب ",
        "ك ل ب ",
        "b1tch",
        "$",
        "\u{FDFA}",
        "\u{200B}ك",
        ".",
        " ",
        "ال",
        "وال",
        "ل",
        "لل ",
        "ابن ",
        "😡",
        "ك😡",
    ];
    for part in parts {
        let steps = |size: usize| list.search(&part.repeat(size / part.len())).steps;
        let (once, twice) = (steps(20_000), steps(40_000));
        assert!(twice <= once * 2 + once / 20, "{part:?}: {once} steps, then {twice}");
        assert!(once <= 20_000 * 500, "{part:?}: {once} steps for 20 KB");
    }
}

proptest! {
    #[test]
    fn what_is_put_into_a_word_does_not_hide_it(
        word in select(vec!["كلب", "خنزير", "زبالة", "أحمق", "ابن الكلب", "لص"]),
        before in select(vec!["", "ال", "وال", "بال", "كال", "فال", "لل", "وبال"]),
        noise in vec(select(vec!["", "", "ـ", "ــ", "\u{64E}", "\u{651}\u{64F}", "\u{652}", "\u{200B}", "\u{200D}", "\u{2060}", "\u{FEFF}"]), 20),
        around in select(vec![("", ""), ("قال ", " ثم"), ("(", ")"), ("😡", "!!"), ("abc ", " 12")]),
    ) {
        let spelled = format!("{before}{word}");
        let noisy: String = spelled.chars().zip(noise.iter().cycle()).flat_map(|(c, noise)| [c.to_string(), (*noise).to_owned()]).collect();
        let text = format!("{}{noisy}{}", around.0, around.1);
        let hits = words(&[entry(word, Reach::Word, false)]).find(&text);
        prop_assert_eq!(hits.len(), 1, "{} in {:?}", word, text);
let told = key(&text[hits[0].start..hits[0].end]);
        prop_assert!(told.ends_with(&key(word)) && told.trim_start_matches('ل').len() <= word.len(), "{} in {:?}", told, text);
    }

    #[test]
    fn letters_taken_apart_are_found_together(
        before in select(vec!["", "ال", "و", "لل"]),
        gap in select(vec![" ", ".", "-", "_", "  ", " . ", "*", "ـ ـ", "\n", "\u{2800}", "\u{64E} "]),
    ) {
        let text: Vec<String> = format!("{before}كلب").chars().map(String::from).collect();
        let text = format!("يا رجل، {}!", text.join(gap));
        prop_assert_eq!(words(&[entry("كلب", Reach::Word, true)]).find(&text).len(), 1, "{:?}", text);
    }

    #[test]
    fn hits_lie_between_characters(text in crate::text::tests::hard_text(), part in 0..160_usize) {
        let some: String = text.chars().skip(part).take(3).collect();
        let list = words(&[entry(&some, Reach::Prefix, true), entry("ب", Reach::Prefix, true), entry("a", Reach::Exact, true)]);
        for hit in list.find(&text) {
            prop_assert!(hit.start < hit.end && text.get(hit.start..hit.end).is_some());
        }
    }
}

//! Every item of `tests/fixtures/arabic_text_vectors.json`: what text hygiene does to Arabic, said outside of the code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use jiff::tz::{AmbiguousOffset, TimeZone};
use serde_json::Value;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

use super::dateline::{Dateline, dateline, long_date};
use super::plural::Plural;
use super::{Lang, Language, arabic, count, safe, slug};
use crate::fault::Fault;

const VECTORS: &str = include_str!("../../tests/fixtures/arabic_text_vectors.json");
const SEED: &str = include_str!("../blocks/seed_paragraphs.txt");

/// The vectors that no test has looked at yet.
struct Unvisited(BTreeMap<String, Value>);

impl Unvisited {
    fn take(&mut self, key: &str) -> Value {
        self.0.remove(key).unwrap_or_else(|| panic!("{key} is among the vectors"))
    }

    /// Each item of a list as its texts.
    fn rows(&mut self, key: &str) -> Vec<Vec<String>> {
        let row = |row: &Value| row.as_array().unwrap().iter().map(text).collect();
        self.take(key).as_array().unwrap().iter().map(row).collect()
    }

    /// The texts of an object by their keys.
    fn named(&mut self, key: &str) -> BTreeMap<String, String> {
        self.take(key).as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        self.take(key).as_array().unwrap().iter().map(text).collect()
    }
}

/// A string as it is, a number in digits.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

fn seed_line(zone: &str, tag: &str) -> Dateline {
    let at = "2020-10-09T08:30:00Z".parse().unwrap();
    dateline(at, &TimeZone::get(zone).unwrap(), None, &language(tag))
}

fn written(vectors: &mut Unvisited) {
    for row in vectors.rows("strip_on_write") {
        assert_eq!(safe::clean(&row[0]), row[1], "{}", row[2]);
        let hidden = row[0] != row[1];
        if hidden {
            assert!(matches!(safe::name(&row[0], 100), Err(Fault::ForbiddenCharacter(_))), "{}", row[2]);
        }
    }
    for kept in vectors.texts("keep") {
        assert_eq!(safe::clean(&kept), kept);
        assert_eq!(safe::line(&kept, 100).unwrap(), kept);
    }
    let unbalanced = vectors.texts("reject_or_balance");
    assert_eq!(unbalanced.len(), 2);
    assert!(unbalanced[0].starts_with("\u{2067}بوتين") && unbalanced[1].starts_with('\u{2069}'));
    assert_eq!(safe::clean("\u{2067}بوتين"), "\u{2067}بوتين\u{2069}");
    assert_eq!(safe::clean("\u{2069}"), "");
    for row in vectors.rows("nfc") {
        let apart: String = row[1].nfd().collect();
        assert_eq!(safe::clean(&row[0]), row[1]);
        assert_eq!((safe::clean(&apart), apart == row[1]), (row[1].clone(), false));
    }
}

fn searched(vectors: &mut Unvisited) {
    for row in vectors.rows("nfkc_only_in_search_key") {
        assert_eq!(safe::clean(&row[0]), row[0], "kept as it was written");
        assert_eq!(arabic::fold(&row[0]), arabic::fold(&row[1]));
        assert_eq!(row[0].nfkc().collect::<String>(), row[1]);
    }
    for row in vectors.rows("digits_in_search_key") {
        assert_eq!(arabic::fold(&row[0]), row[1]);
    }
    let expected = vectors.texts("collation_ar_expected");
    let mut sorted = expected.clone();
    sorted.reverse();
    sorted.sort_by_key(|name| arabic::sort_key(name));
    assert_eq!(sorted, expected);
}

fn shortened(vectors: &mut Unvisited) {
    for row in vectors.rows("slug") {
        assert_eq!(slug::from_title(&row[0]), row[1]);
    }
    for row in vectors.rows("truncate_graphemes") {
        assert_eq!(count::truncate(&row[0], row[1].parse().unwrap()), row[2]);
    }
    let rule = vectors.named("excerpt");
    assert_eq!(rule["input"], "first seed paragraph");
    let (paragraph, max) = (SEED.lines().next().unwrap(), rule["N"].parse().unwrap());
    let excerpt = count::excerpt(paragraph, max);
    let words = excerpt.strip_suffix('\u{2026}').unwrap();
    assert!(count::graphemes(&excerpt) <= max);
    assert!(paragraph.strip_prefix(words).unwrap().starts_with([' ', '،', '.']), "{excerpt}");
    assert_eq!(words.matches('"').count() % 2, 0);
}

fn dated(vectors: &mut Unvisited) {
    let mut dates = vectors.named("dates");
    let mut take = |key: &str| dates.remove(key).unwrap();
    assert_eq!((take("instant"), take("zone")), ("2020-10-09T08:30:00Z".into(), "America/New_York".into()));
    let line = seed_line("America/New_York", "ar");
    assert_eq!(line.text, take("dateline_seed"));
    assert_eq!(line.zone_name, take("zone_specific_long"));
    let by_place = take("zone_location_VVVV");
    assert!(line.text.ends_with(&by_place));
    assert_eq!(by_place, super::zone_names::of_place(&line.zone_label, true));
    for (tag, expected) in dates {
        assert_eq!(seed_line("America/New_York", &tag).long_date, expected, "{tag}");
    }
    for (zone, name) in vectors.named("zone_names_ar") {
        assert_eq!(seed_line(&zone, "ar").zone_label, name, "{zone}");
    }
    for (key, date) in [("jan_month_names", "2021-01-15T12:00:00Z"), ("aug_month_names", "2021-08-15T12:00:00Z")] {
        for (tag, month) in vectors.named(key) {
            let long = long_date(date.parse().unwrap(), &TimeZone::UTC, &language(&tag));
            assert!(long.contains(&format!(" {month} ")), "{tag}: {long}");
        }
    }
    for (count, name) in vectors.named("plurals_ar") {
        assert_eq!(Plural::of(count.parse().unwrap(), Lang::Ar).name(), name, "{count}");
    }
}

fn at_the_edges_of_summer_time(vectors: &mut Unvisited) {
    let zone = TimeZone::get("America/New_York").unwrap();
    let rows = vectors.rows("dst_edges_America_New_York");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let local = row[0].strip_suffix(" local").unwrap().parse().unwrap();
        let found = zone.to_ambiguous_timestamp(local);
        match found.offset() {
            AmbiguousOffset::Gap { .. } => assert!(row[1].starts_with("does not exist"), "{row:?}"),
            AmbiguousOffset::Fold { .. } => {
                assert!(row[1].starts_with("ambiguous: 05:30Z (EDT) and 06:30Z (EST)"), "{row:?}");
                assert_eq!(found.earlier().unwrap().to_string(), "2020-11-01T05:30:00Z");
                assert_eq!(found.later().unwrap().to_string(), "2020-11-01T06:30:00Z");
            }
            AmbiguousOffset::Unambiguous { .. } => panic!("{row:?}"),
        }
    }
}

#[test]
fn every_vector_holds() {
    let mut vectors = Unvisited(serde_json::from_str(VECTORS).unwrap());
    vectors.take("_note");
    written(&mut vectors);
    searched(&mut vectors);
    shortened(&mut vectors);
    dated(&mut vectors);
    at_the_edges_of_summer_time(&mut vectors);
    let unvisited: Vec<_> = vectors.0.into_keys().collect();
    assert!(unvisited.is_empty(), "{unvisited:?}");
}

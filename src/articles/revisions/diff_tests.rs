//! Tables and properties of the diff.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::json;
use unicode_segmentation::UnicodeSegmentation as _;

use super::diff::{BlockOp, Budget, FieldChange, Segment, SegmentOp, bodies, fields, stats, texts};
use crate::blocks::Body;

fn diff(old: &str, new: &str) -> Vec<Segment> {
    texts(old, new, &mut Budget::default())
}

/// `=same -gone +new`, for the tables.
fn shown(segments: &[Segment]) -> Vec<String> {
    let sign = |op| match op {
        SegmentOp::Equal => '=',
        SegmentOp::Insert => '+',
        SegmentOp::Delete => '-',
    };
    segments.iter().map(|segment| format!("{}{}", sign(segment.op), segment.text)).collect()
}

/// The text on one side.
fn side(segments: &[Segment], without: SegmentOp) -> String {
    segments.iter().filter(|segment| segment.op != without).map(|segment| segment.text.as_str()).collect()
}

#[test]
fn words_are_what_a_reader_takes_for_words() {
    let table: [(&str, &str, &[&str]); 8] = [
        ("", "", &[]),
        ("a b", "a b", &["=a b"]),
        ("", "خبر", &["+خبر"]),
        ("خبر", "", &["-خبر"]),
        ("دعا الرئيس الروسي", "دعا الوزير الروسي", &["=دعا ", "-الرئيس", "+الوزير", "= الروسي"]),
        // A phrase that changed is one change.
        ("قال الرئيس أمس إن", "قال وزير الخارجية إن", &["=قال ", "-الرئيس أمس", "+وزير الخارجية", "= إن"]),
        // Other vowels are another word, and the letters stay whole.
        ("كَتَبَ الخبر", "كُتِبَ الخبر", &["-كَتَبَ", "+كُتِبَ", "= الخبر"]),
        ("عائلة 👨‍👩‍👧 هنا", "عائلة 👨‍👩‍👦 هنا", &["=عائلة ", "-👨‍👩‍👧", "+👨‍👩‍👦", "= هنا"]),
    ];
    for (old, new, expected) in table {
        assert_eq!(shown(&diff(old, new)), expected, "{old} → {new}");
    }
}

#[test]
fn a_text_without_end_is_taken_out_and_put_in_whole() {
    let (old, new) = ("أ ".repeat(40_000), "ب ".repeat(40_000));
    let segments = diff(&old, &new);
    assert_eq!((segments.len(), side(&segments, SegmentOp::Insert)), (2, old));
    // What is spent on one text is not there for the next.
    let (old, new) = ("أ ".repeat(1_400), "ب ".repeat(1_400));
    let mut budget = Budget::default();
    let many: Vec<usize> = (0..6).map(|_| texts(&old, &(new.clone() + &old), &mut budget).len()).collect();
    assert_eq!(many.last(), Some(&2), "{many:?}");
}

#[test]
fn fields_that_are_empty_in_both_are_not_mentioned() {
    let old = json!({
        "headline": "خبر", "genre": null, "by": "هيا", "tagIds": [], "urgency": 5, "seo": { "title": "أ" }, "altIds": {},
    });
    let new = json!({
        "headline": "خبر آخر", "genre": "", "by": null, "tagIds": ["x"], "urgency": 4, "seo": null, "altIds": { "a/b": "1" },
    });
    let found = fields(&old, &new, &mut Budget::default());
    let lines: Vec<(&str, FieldChange)> = found.iter().map(|field| (field.pointer.as_str(), field.change)).collect();
    assert_eq!(
        lines,
        [
            ("/headline", FieldChange::Changed),
            ("/tagIds", FieldChange::Added),
            ("/urgency", FieldChange::Changed),
            ("/altIds/a~1b", FieldChange::Added),
            ("/by", FieldChange::Removed),
            ("/seo/title", FieldChange::Removed),
        ]
    );
    assert_eq!(shown(found[0].segments.as_ref().unwrap()), ["=خبر", "+ آخر"]);
    assert_eq!((found[1].before.clone(), found[1].after.clone()), (None, Some(json!(["x"]))));
    assert_eq!((found[2].before.clone(), found[2].after.clone()), (Some(json!(5)), Some(json!(4))));
    assert_eq!(fields(&old, &old, &mut Budget::default()), []);
    let stats = stats(&found, &[]);
    assert_eq!((stats.inserted, stats.deleted), (1, 2));
}

#[test]
fn blocks_come_go_and_change_where_a_reader_sees_it() {
    let old = Body::from_html("<p>دعا الرئيس الروسي الوزيرين.</p><p>فقرة ثانية كما هي.</p><p>تذهب هذه.</p>");
    let new = Body::from_html("<h2>عنوان جديد</h2><p>دعا الرئيس الروسي الوزيرين أمس.</p><p>فقرة ثانية كما هي.</p>");
    let found = bodies(&old, &new, &mut Budget::default());
    let ops: Vec<BlockOp> = found.iter().map(|part| part.op).collect();
    assert_eq!(ops, [BlockOp::Insert, BlockOp::Change, BlockOp::Equal, BlockOp::Delete]);
    assert_eq!(shown(found[1].segments.as_ref().unwrap()), ["=دعا الرئيس الروسي الوزيرين", "+ أمس", "=."]);
    assert_eq!(found[1].before.as_ref(), old.blocks().first());
    let stats = stats(&[], &found);
    assert_eq!((stats.inserted, stats.deleted), (3, 2));
}

#[test]
fn a_block_that_only_looks_different_is_a_change_without_words() {
    let old = Body::from_html("<p>قال إنه هنا</p>");
    let new = Body::from_html("<p>قال <b>إنه</b> هنا</p>");
    let found = bodies(&old, &new, &mut Budget::default());
    assert_eq!((found.len(), found[0].op), (1, BlockOp::Change));
    assert_eq!(shown(found[0].segments.as_ref().unwrap()), ["=قال إنه هنا"]);
}

/// Texts of words that meet again, with what makes cutting hard between them.
fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "خبر",
        "كَتَبَ",
        "ـ",
        " ",
        " ",
        "\n",
        "👨‍👩‍👧",
        "🇸🇾",
        "e\u{301}",
        "\u{301}",
        "\u{200d}",
        "\u{e33}",
        "ก",
        "\u{600}1",
        "a",
        "3.14",
        "\r\n",
        "र्",
        "क",
        "\u{200f}",
        ".",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
}

fn body() -> impl Strategy<Value = Body> {
    let html = prop::sample::select(vec![
        "<p>دعا الرئيس الروسي الوزيرين</p>",
        "<p>دعا الرئيس الوزيرين أمس</p>",
        "<h2>عنوان</h2>",
        "<p>نص <b>آخر</b></p>",
        "<p>نص آخر</p>",
        "<ul><li>واحد</li><li>اثنان</li></ul>",
        "<figure><img src='https://a.example/1.jpg' alt='x'><figcaption>صورة</figcaption></figure>",
    ]);
    prop::collection::vec(html, 0..12).prop_map(|parts| Body::from_html(&parts.concat()))
}

proptest! {
    #[test]
    fn segments_give_both_texts_back(old in text(), new in text()) {
        let segments = diff(&old, &new);
        prop_assert_eq!(side(&segments, SegmentOp::Insert), old.as_str());
        prop_assert_eq!(side(&segments, SegmentOp::Delete), new.as_str());
        prop_assert!(segments.iter().all(|segment| !segment.text.is_empty()));
    }

    #[test]
    fn no_segment_begins_within_a_grapheme(old in text(), new in text()) {
        let segments = diff(&old, &new);
        for (without, whole) in [(SegmentOp::Insert, &old), (SegmentOp::Delete, &new)] {
            let bounds: Vec<usize> = whole.grapheme_indices(true).map(|(at, _)| at).chain([whole.len()]).collect();
            let mut at = 0;
            for segment in segments.iter().filter(|segment| segment.op != without) {
                prop_assert!(bounds.contains(&at), "{:?} at {} of {:?}", segment, at, whole);
                at += segment.text.len();
            }
        }
    }

    #[test]
    fn blocks_give_both_bodies_back(old in body(), new in body()) {
        let found = bodies(&old, &new, &mut Budget::default());
        let now: Vec<_> = found.iter().filter(|part| part.op != BlockOp::Delete).map(|part| part.block.clone()).collect();
        prop_assert_eq!(now, new.blocks());
        let was = found.iter().filter(|part| part.op != BlockOp::Insert);
        let was: Vec<_> = was.map(|part| part.before.clone().unwrap_or_else(|| part.block.clone())).collect();
        prop_assert_eq!(was, old.blocks());
    }
}

//! What is dropped of HTML, where it ends, and that it is told.
#![allow(clippy::unwrap_used)]

use proptest::{collection::vec, prelude::*, sample::select};
use scraper::{Html, Node};

use super::{Body, html_drops_text, markdown_drops_text};

/// Asserts which text is kept of each HTML, by a browser too, and whether some of it is told to be dropped.
fn assert_keeps(table: &[(&str, &str, bool)]) {
    for (html, expected, drops) in table {
        let kept: String = Body::from_html(html).to_text().split([' ', '\n', '|']).collect();
        assert_eq!(kept, *expected, "{html}");
        assert_eq!(shown_by_a_browser(html), *expected, "{html}");
        assert_eq!(html_drops_text(html), *drops, "{html}");
    }
}

/// The visible characters that a browser has outside of what has no place among the blocks.
fn shown_by_a_browser(html: &str) -> String {
    let dropped = [
        "form", "iframe", "math", "noscript", "object", "script", "select", "style", "svg", "template", "textarea",
        "title", "video",
    ];
    let tree = Html::parse_document(html);
    let texts = tree.tree.root().descendants().filter_map(|node| {
        let Node::Text(text) = node.value() else { return None };
        let mut around = node.ancestors().filter_map(|node| node.value().as_element());
        (!around.any(|element| dropped.contains(&element.name()))).then(|| text.to_string())
    });
    texts.collect::<String>().split_whitespace().collect()
}

#[test]
fn what_is_foreign_ends_where_a_browser_ends_it() {
    assert_keeps(&[
        ("a<svg>x</svg>b", "ab", true),
        ("a<svg> <path d='x'/> </svg>b", "ab", false),
        ("a<svg/>b<math/>c", "abc", false),
        ("a<svg><p>b</p>c", "abc", false),
        ("a<svg><g>x<div>b</div>c", "abc", true),
        ("<div>a<svg></div>b", "ab", false),
        ("a<svg></p>b", "ab", false),
        ("a<svg></br>b", "ab", false),
        ("a<svg></div>x", "a", true),
        ("a<svg>x", "a", true),
        ("a<math><mi>x<p>y</p></mi></math>b", "ab", true),
        ("a<math><mrow><p>b", "ab", false),
        ("a<svg><foreignObject><p>x</p></foreignObject></svg>b", "ab", true),
        ("a<svg><foreignObject><svg><p>x</p></svg></foreignObject></svg>b", "ab", true),
        ("a<math><foreignObject><p>b", "ab", false),
        ("a<svg><title>x</title><desc><p>y</p></desc></svg>b", "ab", true),
        ("a<math><annotation-xml><p>b", "ab", false),
        ("a<svg><font color=red>b", "ab", false),
        ("a<svg><font>x", "a", true),
        ("a<svg><a>x</a>y</svg>b", "ab", true),
        ("<a href=https://a.example/>a<svg></a>b", "ab", false),
        ("a<svg><style><p>b", "ab", false),
        ("a<svg><style>x</style></svg>b", "ab", false),
        ("a<svg><style>x", "a", true),
        ("a<svg><![CDATA[<p>x]]></svg>b", "ab", true),
        ("a<svg><textarea></svg>b", "ab", false),
        ("<table><tr><td>a<svg></td><td>b</table>c", "abc", false),
    ]);
}

/// The tree that the other tests compare with knows no HTML in MathML's annotations.
#[test]
fn an_annotation_in_html_is_html() {
    let html = "<p>a</p><math><annotation-xml encoding=text/HTML><p>x</p></annotation-xml></math>b";
    assert_eq!(Body::from_html(html).to_html(), "<p>a</p><p>b</p>");
}

#[test]
fn controls_end_where_a_browser_ends_them() {
    assert_keeps(&[
        ("a<select><option>x</select>b", "ab", true),
        ("a<select><option>x<p>y</p>z", "a", true),
        ("<div>a<select><option>x</div>y", "a", true),
        ("a<select> <select>b</select>c", "abc", false),
        ("a<select> <input>b", "ab", false),
        ("<table><tr><td>a<select> </td><td>b</table>c", "abc", false),
        ("a<form>x<form>y</form>b</form>c", "abc", true),
        ("a<form><svg></form><form><p>b", "ab", false),
        ("a<form><svg></form>x<p>b", "ab", true),
        ("<div>a<form>x</div>b", "ab", true),
        ("<div>a<form>x</div><form>b</form>c<form>y", "abc", true),
        ("<object><form></object>a<form>b", "ab", false),
        ("<div>a<object>x</div>y", "a", true),
        ("<p>a<video>x</p>b", "ab", true),
        ("a<template>x<p>y</template>b", "ab", true),
    ]);
}

#[test]
fn what_never_ends_is_told() {
    assert_keeps(&[
        ("a<!-- x -->b<!-->c<!--->d<!--x--!>e<style>x</style><script>x</script>f", "abcdef", false),
        ("a<!-- x", "a", true),
        ("a<!-- \n", "a", false),
        ("a<!---!>x", "a", true),
        ("a<textarea>x</textarea>b", "ab", true),
        ("a<textarea> </textarea>b", "ab", false),
        ("a<textarea>x<p>y", "a", true),
        ("a<title>x<p>y", "a", true),
        ("a<style>x<p>y", "a", true),
        ("a<script>x<p>y", "a", true),
        ("a<iframe src=x></iframe>b", "ab", false),
        ("a<iframe>x<p>y", "a", true),
        ("a<noscript><img src=x></noscript>b", "ab", false),
        ("a<noscript>x", "a", true),
        ("a<b title='x>y", "a", true),
        ("a<?x", "a", true),
        ("a&lt;svg&gt;b &amp; <svg>&nbsp;</svg>", "a<svg>b&", false),
    ]);
}

#[test]
fn the_text_of_an_embed_is_told_unless_it_is_the_address() {
    let embed = |text: &str| format!("<figure class=embed><a href=https://x.com/a>{text}</a></figure>");
    assert!(!html_drops_text(&embed(" https://x.com/a ")));
    assert!(!html_drops_text(&embed("")));
    assert!(html_drops_text(&embed("خبر")));
}

#[test]
fn markdown_tells_of_the_html_in_it() {
    assert!(markdown_drops_text("خبر <select>عاجل"));
    assert!(markdown_drops_text("<!-- خبر\n\nعاجل"));
    assert!(!markdown_drops_text("خبر <svg></svg> `<!-- a` [b](https://a.example/)"));
}

/// Whether an end tag might be for what is no element of HTML's, outside of MathML's text: HTML ignores it there (§13.2.6.4.7, «any
/// other end tag», where `mi` and `mtext` are special), and the tree that we compare with does not.
fn ends_through_mathml(html: &str) -> bool {
    html.contains("</foreignObject>") && (html.contains("<mi>") || html.contains("<mtext>"))
}

#[test]
fn no_end_tag_ends_what_is_around_the_text_of_mathml() {
    let html = "<foreignObject><math><mi></foreignObject>خ";
    assert_eq!(Body::from_html(html).to_text(), "");
    assert!(html_drops_text(html));
}

/// Tags that begin or end what is dropped, in any order, and one letter for all text.
const PIECES: [&str; 32] = [
    "<svg>",
    "</svg>",
    "<math>",
    "</math>",
    "<svg/>",
    "<foreignObject>",
    "</foreignObject>",
    "<desc>",
    "<mi>",
    "<mtext>",
    "<g>",
    "<font size=1>",
    "<select>",
    "</select>",
    "<option>",
    "<form>",
    "</form>",
    "<template>",
    "</template>",
    "<textarea>",
    "</textarea>",
    "<style>",
    "<!--",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "خ",
    "خ",
    "خ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_is_lost_without_a_word(pieces in vec(select(&PIECES[..]), 0..12)) {
        let html = pieces.concat();
        let letters = |text: &str| text.matches('خ').count();
        let kept = letters(&Body::from_html(&html).to_text());
        prop_assert!(ends_through_mathml(&html) || kept >= letters(&shown_by_a_browser(&html)), "{}", html);
        prop_assert!(kept == letters(&html) || html_drops_text(&html), "{}", html);
    }
}

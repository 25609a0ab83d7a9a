//! What becomes of HTML: good, odd and hostile.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use proptest::{collection::vec, prelude::*, sample::select};
use scraper::{Html, Node, node::Element};

use super::{Block, Body};

/// Asserts what becomes of each HTML, shown as HTML again.
fn assert_becomes(table: &[(&str, &str)]) {
    for (html, expected) in table {
        // Every link has the same `rel`.
        let shown = Body::from_html(html).to_html().replace(" rel=\"noopener noreferrer\"", "");
        assert_eq!(shown, *expected, "{html}");
    }
}

#[test]
fn paragraphs_and_headings_are_those_of_a_browser() {
    assert_becomes(&[
        ("", ""),
        ("نص", "<p>نص</p>"),
        ("<!doctype html><html><head><title>x</title></head><body><p>a", "<p>a</p>"),
        ("<p>a<p>b<div>c<section>d</section>e</div>f", "<p>a</p><p>b</p><p>c</p><p>d</p><p>e</p><p>f</p>"),
        (
            "<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><h5>e</h5><h6>f</h6>",
            "<h2>a</h2><h2>b</h2><h3>c</h3><h4>d</h4><h4>e</h4><h4>f</h4>",
        ),
        ("<h2><b>a</b></h1>b", "<h2><strong>a</strong></h2><p>b</p>"),
        ("<h2>a<h3>b", "<h2>a</h2><h3>b</h3>"),
        ("<dl><dt>a</dt><dd>b</dd></dl><hr>c<hr>d", "<p>a</p><p>b</p><p>c</p><p>d</p>"),
        ("<font color=red>a</font><o:p>b</o:p><custom-tag>c</custom-tag></unknown>", "<p>abc</p>"),
    ]);
}

#[test]
fn white_space_is_that_of_a_browser() {
    assert_becomes(&[
        ("  <p>\n  a \t b<b> c </b> d </p>\n", "<p>a b<strong> c </strong>d</p>"),
        ("<p>&nbsp;</p><p> &nbsp;a&nbsp; </p>", "<p>\u{a0}a\u{a0}</p>"),
        ("<p>a<br>b<br/><br>c<br></p>", "<p>a<br>b<br><br>c</p>"),
        ("<pre>\na\n  b\r\nc</pre>d\ne", "<p>a<br>b<br>c</p><p>d e</p>"),
        ("<p>e\u{301}</p><p>\u{202e}a\u{feff}</p>", "<p>é</p><p>a</p>"),
    ]);
}

#[test]
fn formatting_is_that_of_a_browser() {
    assert_becomes(&[
        ("<i>a<b>b</i>c</b>", "<p><em>a</em><strong><em>b</em>c</strong></p>"),
        ("<b>a<p>b</b>c</p>d", "<p><strong>a</strong></p><p><strong>b</strong>c</p><p>d</p>"),
        ("<p><b>a</p><p>b</p>", "<p><strong>a</strong></p><p><strong>b</strong></p>"),
        ("<b><b>a</b>b</b>c</b>d", "<p><strong>ab</strong>cd</p>"),
        (
            "<u>a</u><ins>b</ins><s>c</s><del>d</del><strike>e</strike><code>f</code><sub>g</sub><sup>h</sup>",
            "<p><u>ab</u><s>cde</s><code>f</code><sub>g</sub><sup>h</sup></p>",
        ),
    ]);
}

#[test]
fn lists_and_quotations_nest() {
    assert_becomes(&[
        ("<blockquote>a<p>b</p><p>c</p></blockquote>d", "<blockquote><p>a</p><p>b</p><p>c</p></blockquote><p>d</p>"),
        ("<ul><li>a<li>b<ol><li>c</ol></ul>d", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul><p>d</p>"),
        (
            "<ul> <li> a </li> <ul><li>b</li></ul> <li><p>c</p>\n<p>d</p></li></ul>",
            "<ul><li>a<ul><li>b</li></ul></li><li>c<br>d</li></ul>",
        ),
        (
            "<ul><li>a<h3>b</h3><blockquote>c</blockquote></li></ul>",
            "<ul><li>a</li><li><h3>b</h3></li><li><blockquote><p>c</p></blockquote></li></ul>",
        ),
        ("<ul><li></li><li>&nbsp;</li></ul>", ""),
        ("<li>a</li>", "<p>a</p>"),
        ("<ul><li>a</ul></ul></ul></ol>b", "<ul><li>a</li></ul><p>b</p>"),
        ("<ul><li>a</li></ul><ol><li>b</li></ol>", "<ul><li>a</li></ul><ol><li>b</li></ol>"),
    ]);
}

#[test]
fn table_rows_are_paragraphs() {
    assert_becomes(&[
        (
            "<table><caption>t</caption><tr><th>a</th><th></th><th>b</th></tr>\
                <tr><td><p>c</p><p>d</p></td><td>&nbsp;</td><td><b>e</b></td></table>f",
            "<p>t</p><p>a | b</p><p>c d | <strong>e</strong></p><p>f</p>",
        ),
        ("a<td>b<p>c", "<p>ab</p><p>c</p>"),
    ]);
}

#[test]
fn links_are_kept_where_they_lead_somewhere() {
    assert_becomes(&[
        ("<a href='https://a.example/'>a</a>", r#"<p><a href="https://a.example/">a</a></p>"#),
        ("<a href=' //a.example/ '>a</a>", r#"<p><a href="https://a.example/">a</a></p>"#),
        (
            "<a href='https://a.example/'>a<a href='https://b.example/'>b</a>c",
            r#"<p><a href="https://a.example/">a</a><a href="https://b.example/">b</a>c</p>"#,
        ),
        ("<a href='https://a.example/'><h2>a</h2></a>b", r#"<h2><a href="https://a.example/">a</a></h2><p>b</p>"#),
        (
            "<a href=mailto:a@b.example>a</a><a href=tel:+963-11>b</a>",
            r#"<p><a href="mailto:a@b.example">a</a><a href="tel:+963-11">b</a></p>"#,
        ),
        (
            "<a href='https://a.example/?b&amp;c'>a <b>b</b></a><a href='https://a.example/?b&c'>c</a>",
            r#"<p><a href="https://a.example/?b&amp;c">a <strong>b</strong>c</a></p>"#,
        ),
        ("<a href=/x>a</a><a href=#x>b</a><a name=x>c</a><a href=javascript:x>d</a>", "<p>abcd</p>"),
    ]);
}

#[test]
fn pictures_keep_what_stands_below() {
    assert_becomes(&[
        (
            "<p>a<img src=https://a.example/1 alt=' x \n \"y\" '>b",
            r#"<p>a</p><figure><img src="https://a.example/1" alt="x &quot;y&quot;"></figure><p>b</p>"#,
        ),
        ("<p>a<img src=1.jpg>b<img src=data:image/png;base64,AAAA>c<img>d", "<p>abcd</p>"),
        (
            "<figure><img src=//a.example/1><figcaption> <p>c</p><p>d</p> <cite>e</cite> f<br>g</figcaption></figure>h",
            r#"<figure><img src="https://a.example/1" alt=""><figcaption>c d f g <cite>e</cite></figcaption></figure><p>h</p>"#,
        ),
        (
            "<figure><figcaption><b>c</b></figcaption><a href=https://b.example/><img src=//a.example/1></a></figure>",
            r#"<figure><img src="https://a.example/1" alt=""><figcaption>c</figcaption></figure>"#,
        ),
        (
            "<figure>a<figcaption>b</figcaption></figure><figcaption>c</figcaption><cite>d</cite>",
            "<p>a</p><p>b</p><p>c</p><p>d</p>",
        ),
        (
            "<figure><img src=//a.example/1><figcaption>a",
            r#"<figure><img src="https://a.example/1" alt=""><figcaption>a</figcaption></figure>"#,
        ),
    ]);
}

#[test]
fn embeds_are_links_to_known_providers() {
    assert_becomes(&[
        (
            "a<iframe src='//www.youtube.com/embed/x-1?rel=0'><p>b</p></iframe>c<iframe src=https://evil.example/></iframe>d",
            r#"<p>a</p><figure class="embed" data-provider="youtube"><a href="https://www.youtube.com/watch?v=x-1">https://www.youtube.com/watch?v=x-1</a></figure><p>cd</p>"#,
        ),
        (
            "<figure class='wide embed'><a href=https://x.com/a>any</a><figcaption>c</figcaption></figure>",
            r#"<figure class="embed" data-provider="x"><a href="https://x.com/a">https://x.com/a</a><figcaption>c</figcaption></figure>"#,
        ),
        (
            "<figure class=embed><a href=https://evil.example/>a</a></figure>",
            r#"<p><a href="https://evil.example/">a</a></p>"#,
        ),
    ]);
}

#[test]
fn what_is_no_text_is_dropped() {
    assert_becomes(&[
        ("a<script>x</script><style>x</style><svg>x<svg/></svg><math>x</math>b", "<p>ab</p>"),
        ("a<svg><p>x</p><svg/></svg><math>x</math>b", "<p>a</p><p>x</p><p>b</p>"),
        ("a<form><form>x</form></form><template>x</template><noscript>x</noscript><object>x</object>b", "<p>ab</p>"),
        ("a<select><option>x</select><button>x</button><video>x</video><textarea><p>x</textarea>b", "<p>ab</p>"),
    ]);
}

/// Elements that may come out, and the attributes of each.
const ALLOWED: [(&str, &[&str]); 21] = [
    ("p", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("blockquote", &[]),
    ("ul", &[]),
    ("ol", &[]),
    ("li", &[]),
    ("br", &[]),
    ("strong", &[]),
    ("em", &[]),
    ("u", &[]),
    ("s", &[]),
    ("code", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("figcaption", &[]),
    ("cite", &[]),
    ("figure", &["class", "data-provider"]),
    ("a", &["href", "rel"]),
    ("img", &["src", "alt"]),
];

/// Fails on anything in a browser's tree of this HTML that this room does not write, nor in the tree of what the browser
/// makes of that tree: markup that changes when it is read again is how most sanitisers were passed.
fn assert_harmless(html: &str, vector: &str) {
    let mut html = html.to_owned();
    for parsed in [Html::parse_fragment, Html::parse_document] {
        let tree = parsed(&html);
        for element in tree.root_element().descendent_elements().skip(1) {
            assert_written_here(element.value(), vector);
        }
        html = Html::parse_fragment(&html).root_element().inner_html();
    }
}

fn assert_written_here(element: &Element, vector: &str) {
    if matches!(element.name(), "html" | "head" | "body") && element.attrs().next().is_none() {
        return;
    }
    let allowed = ALLOWED.iter().find(|(name, _)| *name == element.name());
    let (_, attributes) = allowed.unwrap_or_else(|| panic!("<{}> of {vector}", element.name()));
    assert_eq!(&*element.name.ns, "http://www.w3.org/1999/xhtml", "{vector}");
    for (name, value) in element.attrs() {
        assert!(attributes.contains(&name), "{name} of {vector}");
        let link = ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| value.starts_with(scheme));
        assert!(link || !matches!(name, "href" | "src"), "{value} of {vector}");
    }
}

/// The vectors, their control characters put in; in the file they are pictures of themselves.
fn vectors() -> Vec<String> {
    let control = |c: char| match c {
        '\u{2400}'..='\u{241F}' => char::from_u32(u32::from(c) - 0x2400).unwrap(),
        c => c,
    };
    include_str!("xss_vectors.txt").lines().map(|line| line.chars().map(control).collect()).collect()
}

#[test]
fn nothing_harmful_comes_out() {
    let vectors = vectors();
    assert!(vectors.len() >= 240, "{}", vectors.len());
    let distinct: std::collections::HashSet<_> = vectors.iter().collect();
    assert_eq!(distinct.len(), vectors.len());
    let all = vectors.join("\n");
    for vector in vectors.iter().chain([&all]) {
        for body in [Body::from_html(vector), Body::from_markdown(vector)] {
            let html = body.to_html();
            assert_harmless(&html, vector);
            assert_eq!(Body::from_html(&html), body, "{vector}");
            assert_eq!(Body::parse(body.clone().into_blocks()).unwrap(), body, "{vector}");
            assert_eq!(Body::from_markdown(&body.to_markdown()), body, "{vector}");
        }
    }
}

/// Each vector behind every beginning that changes how a browser reads what follows.
#[test]
fn nothing_harmful_comes_out_of_a_bad_neighbourhood() {
    let beginnings = [
        "<svg>",
        "<math>",
        "<math><mtext>",
        "<table>",
        "<select>",
        "<!--",
        "<style>",
        "<title>",
        "<a href=\"",
        "<img alt='",
        "<noscript>",
        "<template>",
        "<figure class=embed>",
        "<p title=",
        "</p></svg></math>",
    ];
    for beginning in beginnings {
        for vector in vectors() {
            let both = format!("{beginning}{vector}");
            assert_harmless(&Body::from_html(&both).to_html(), &both);
        }
    }
}

/// Pieces that are harmless once.
const BOMBS: [&str; 45] = [
    "<div>",
    "<p>",
    "<ul>",
    "<ul><li>",
    "<b>",
    "<b><p>x",
    "<table>",
    "<table><td>",
    "</x>",
    "<div></p>",
    "<blockquote>",
    "<figure>",
    "<figure><figcaption>x",
    "<svg>",
    "<pre>\n",
    "<td> ",
    "<li><p> ",
    "<a href=https://a.example/>x<b>y</b>",
    "<",
    "</",
    "<!",
    "<!--",
    "<!--x--!>",
    "&",
    "&x;",
    "&#x;",
    "&copy;",
    "<script>",
    "<title></",
    "&#65;",
    "<a b='",
    "x ",
    " ",
    "\n<br>",
    "e\u{301}",
    "\u{2067}",
    "<img src=//a.example/>",
    "<h2>x",
    "<sup>x</sub>",
    "<svg><g>",
    "<svg><p>",
    "<svg><desc><p></x></g>",
    "<form><b>x</b>",
    "<select><svg></g>",
    "<template><td></td>",
];

/// Most of these keep a tree builder busy for minutes, or take gigabytes, at the size that a request may have.
#[test]
fn hostile_html_takes_no_longer_than_its_length() {
    let numbered =
        |piece: &str| (0..).map(|i: u32| piece.replace('#', &i.to_string())).take(20_000).collect::<String>();
    let repeated = |piece: &str| piece.repeat(200_000 / piece.len());
    let mut bombs: Vec<String> = BOMBS.map(repeated).into();
    bombs.push(repeated("<ul>") + &repeated("</ol>"));
    bombs.push(repeated("<div>") + &repeated("</div>"));
    bombs.push("<svg>".to_owned() + &repeated("<g>") + &repeated("</g>"));
    bombs.push("<form>".to_owned() + &repeated("<i><b>") + &repeated("</i>"));
    bombs.push(format!("<a {}>x", numbered("a# ")));
    bombs.push(format!("<!--{}", repeated("-")));
    bombs.push(numbered("<b id=#>") + &repeated("<p>x"));
    bombs.push(numbered("<a href=https://a.example/#>x</a>"));
    for bomb in bombs {
        let start = Instant::now();
        let body = Body::from_html(&bomb);
        body.to_html();
        let spent = start.elapsed();
        let begin: String = bomb.chars().take(40).collect();
        assert!(spent < Duration::from_secs(10), "{begin}: {spent:?}");
    }
}

#[test]
fn what_is_left_open_is_closed_at_the_end() {
    let deep = "<div>".repeat(100_000) + "نص" + &"</div>".repeat(100_000);
    assert_eq!(Body::from_html(&deep).to_html(), "<p>نص</p>");
    let lists = "<ul><li>".repeat(100_000) + "نص";
    assert_eq!(Body::from_html(&lists).blocks().len(), 1);
}

/// What a browser shows: each visible character, whether it is strong or stressed, and where it links to.
fn shown_by_a_browser(html: &str) -> Vec<(char, bool, bool, String)> {
    let tree = Html::parse_document(html);
    let mut shown = Vec::new();
    for node in tree.tree.root().descendants() {
        let Node::Text(text) = node.value() else { continue };
        let elements: Vec<_> = node.ancestors().filter_map(|node| node.value().as_element()).collect();
        let within = |name: &str| elements.iter().any(|element| element.name() == name);
        if within("script") {
            continue;
        }
        let href = elements
            .iter()
            .find(|element| element.name() == "a")
            .and_then(|link| link.attr("href"))
            .unwrap_or_default();
        let visible = text.chars().filter(|c| !c.is_whitespace());
        shown.extend(visible.map(|c| (c, within("b"), within("em"), href.to_owned())));
    }
    shown
}

/// The same of a body.
fn shown_by_blocks(body: &Body) -> Vec<(char, bool, bool, String)> {
    let mut shown = Vec::new();
    for block in body.blocks() {
        let Block::Text(block) = block else { continue };
        for span in &block.children {
            let has = |mark: &str| span.marks.iter().any(|other| other == mark);
            let link = block.mark_defs.iter().find(|def| has(&def.key)).map(|def| def.href.clone()).unwrap_or_default();
            let visible = span.text.chars().filter(|c| !c.is_whitespace());
            shown.extend(visible.map(|c| (c, has("strong"), has("em"), link.clone())));
        }
    }
    shown
}

/// Tags and texts that may be misnested in any way.
const MISNESTED: [&str; 34] = [
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<h2>",
    "</h2>",
    "<h3>",
    "</h4>",
    "<b>",
    "</b>",
    "<em>",
    "</em>",
    "<ul>",
    "</ul>",
    "<ol>",
    "<li>",
    "</li>",
    "<blockquote>",
    "</blockquote>",
    "<a href='https://a.example/'>",
    "<a href=https://b.example/>",
    "</a>",
    "<pre>",
    "</pre>",
    "<br>",
    "<!-- > <b> -->",
    "<script>x</p></script>",
    "&lt;b&gt;",
    "&#1582;",
    "</x>",
    "u",
    "v w",
    "x",
    "<",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn characters_and_marks_are_those_of_a_browser(pieces in vec(select(&MISNESTED[..]), 0..10)) {
        let html = pieces.concat();
        prop_assert_eq!(shown_by_blocks(&Body::from_html(&html)), shown_by_a_browser(&html), "{}", html);
    }
}

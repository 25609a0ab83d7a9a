//! What holds for the room as a whole: the round trip, the fixed point, the seed page, the JSON schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::*;
use crate::fault::Fault;

/// The 15 paragraphs of the seed page.
const SEED: &str = include_str!("seed_paragraphs.txt");

fn blocks(value: Value) -> Vec<Block> {
    serde_json::from_value(value).unwrap()
}

fn parse(value: Value) -> Body {
    Body::parse(blocks(value)).unwrap()
}

/// The pointers and codes of what is wrong.
fn faults(value: Value) -> Vec<(String, &'static str)> {
    let faults = Body::parse(blocks(value)).unwrap_err();
    faults.0.into_iter().map(|error| (error.pointer, error.fault.code())).collect()
}

fn paragraph(text: &str) -> Value {
    json!({"_type": "block", "children": [{"_type": "span", "text": text}]})
}

#[test]
fn the_seed_comes_through_byte_for_byte() {
    let body = parse(SEED.lines().map(paragraph).collect());
    let texts: Vec<_> = body.to_text().split("\n\n").map(str::to_owned).collect();
    assert_eq!(texts, SEED.lines().collect::<Vec<_>>());
    assert_eq!(texts.len(), 15);
    assert_eq!(Body::from_html(&body.to_html()), body);
    assert_eq!(Body::from_markdown(&SEED.replace('\n', "\n\n")), body);
    let html: String = SEED.lines().map(|line| ["<p>", line, "</p>"].concat()).collect();
    assert_eq!(body.to_html(), html);
    assert_eq!(body.first_paragraph().as_deref(), SEED.lines().next());
}

#[test]
fn blocks_take_the_normal_form() {
    let body = parse(json!([
        {"_type": "block", "_key": "a", "level": 3, "children": [
            {"_type": "span", "_key": "1", "text": " دعا  ", "marks": ["site", "em", "strong", "em"]},
            {"_type": "span", "_key": "2", "text": "", "marks": []},
            {"_type": "span", "_key": "3", "text": " الرئيس", "marks": ["strong", "em", "site"]},
            {"_type": "span", "text": "\n"}
        ], "markDefs": [
            {"_type": "link", "_key": "unused", "href": "https://unused.example/"},
            {"_type": "link", "_key": "site", "href": "https://a.example/"}
        ]},
        {"_type": "block", "style": "h3", "children": [{"_type": "span", "text": " \u{a0}\u{200f}"}]},
        {"_type": "block", "listItem": "number", "children": [{"_type": "span", "text": "بند"}]},
        {"_type": "image", "contentUrl": "https://a.example/1.jpg", "caption": " \n", "creditText": " وكالات \n هيا "},
        {"_type": "embed", "url": "https://www.youtube.com/embed/abc", "provider": "vimeo"}
    ]));
    assert_eq!(
        serde_json::to_value(&body).unwrap(),
        json!([
            {"_type": "block", "_key": "a", "style": "normal",
             "children": [{"_type": "span", "_key": "1", "text": "دعا الرئيس", "marks": ["strong", "em", "link-1"]}],
             "markDefs": [{"_type": "link", "_key": "link-1", "href": "https://a.example/"}]},
            {"_type": "block", "style": "normal", "listItem": "number", "level": 1,
             "children": [{"_type": "span", "text": "بند", "marks": []}], "markDefs": []},
            {"_type": "image", "contentUrl": "https://a.example/1.jpg", "alt": "", "creditText": "وكالات هيا"},
            {"_type": "embed", "url": "https://www.youtube.com/watch?v=abc", "provider": "youtube"}
        ])
    );
}

#[test]
fn every_fault_is_told_at_its_place() {
    let span = |marks: Value| json!({"_type": "span", "_key": "s", "text": "x", "marks": marks});
    let link = |key: &str, href: &str| json!({"_type": "link", "_key": key, "href": href});
    let found = faults(json!([
        {"_type": "block", "_key": "k", "level": 7, "children": [
            span(json!(["strong", "nope"])), span(json!(["a", "b"])), span(json!(["bad"]))
        ], "markDefs": [
            link("a", "https://a.example/"), link("b", "mailto:a@b.example"), link("bad", "javascript:alert(1)"),
            link("a", "tel:+963-11"), link("em", "https://a.example/"), link("ا", "/relative")
        ]},
        {"_type": "image", "_key": "k", "contentUrl": "mailto:a@b.example"},
        {"_type": "image", "contentUrl": "data:image/png;base64,AAAA"},
        {"_type": "embed", "url": "https://evil.example/"},
        {"_type": "embed", "url": "//youtube.com/watch?v=1"}
    ]));
    let expected = [
        ("/0/level", "out_of_range"),
        ("/0/markDefs/2/href", "not_a_url"),
        ("/0/markDefs/3/_key", "repeated"),
        ("/0/markDefs/4/_key", "taken"),
        ("/0/markDefs/5/_key", "bad_format"),
        ("/0/markDefs/5/href", "not_a_url"),
        ("/0/children/0/marks/1", "not_found"),
        ("/0/children/1/_key", "repeated"),
        ("/0/children/1/marks/1", "excludes"),
        ("/0/children/2/_key", "repeated"),
        ("/1/_key", "repeated"),
        ("/1/contentUrl", "not_a_url"),
        ("/2/contentUrl", "not_a_url"),
        ("/3/url", "unknown_provider"),
        ("/4/url", "not_a_url"),
    ];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
}

#[test]
fn a_body_has_an_end() {
    let many = |count: usize, text: &str| Value::from(vec![paragraph(text); count]);
    assert_eq!(parse(many(BLOCKS_MAX, "x")).blocks().len(), BLOCKS_MAX);
    assert_eq!(faults(many(BLOCKS_MAX + 1, "x")), [(String::new(), "too_long")]);
    let family = "👨‍👩‍👧".repeat(GRAPHEMES_MAX / 10);
    assert_eq!(parse(many(10, &family)).within_limits(), Ok(()));
    assert_eq!(faults(many(11, &family)), [(String::new(), "too_long")]);
    let tower = format!("خ{}", "\u{651}".repeat(BYTES_MAX / 20));
    assert_eq!(parse(many(9, &tower)).within_limits(), Ok(()));
    assert_eq!(faults(many(11, &tower)), [(String::new(), "too_long")]);
    assert_eq!(Body::from_html(&"<p>x".repeat(2001)).within_limits(), Err(Fault::TooLong(BLOCKS_MAX)));
}

/// The schema of a body with all that it refers to, as the document of the API holds it.
fn schema() -> jsonschema::Validator {
    let mut schemas = vec![(Body::name().into_owned(), Body::schema())];
    Body::schemas(&mut schemas);
    let schemas: serde_json::Map<_, _> =
        schemas.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap())).collect();
    let document = json!({"$ref": "#/components/schemas/Body", "components": {"schemas": schemas}});
    jsonschema::validator_for(&document).unwrap()
}

#[test]
fn the_schema_takes_what_is_sound() {
    let schema = schema();
    for good in [
        json!([]),
        json!([paragraph("نص")]),
        json!([{"_type": "block", "_key": "a1", "style": "h2", "listItem": "bullet", "level": 6,
            "children": [{"_type": "span", "_key": "b", "text": "", "marks": ["strong", "l"]}],
            "markDefs": [{"_type": "link", "_key": "l", "href": "https://a.example/"}]}]),
        json!([{"_type": "image", "_key": "a", "contentUrl": "https://a.example/", "alt": "", "caption": "", "creditText": ""}]),
        json!([{"_type": "embed", "url": "https://youtu.be/1", "provider": "youtube", "caption": "c"}]),
    ] {
        assert!(schema.is_valid(&good), "{good}");
        let body = serde_json::to_value(parse(good)).unwrap();
        assert!(schema.is_valid(&body), "{body}");
    }
}

#[test]
fn the_schema_refuses_the_rest_where_it_stands() {
    let schema = schema();
    let block = |key: &str, value: Value| {
        let mut block = paragraph("x");
        block[key] = value;
        json!([paragraph("x"), block])
    };
    for (bad, pointer) in [
        (json!({}), ""),
        (Value::from(vec![paragraph("x"); 2001]), ""),
        (json!([paragraph("x"), {"_type": "poll", "contentUrl": "x"}]), "/1/_type"),
        (json!([{"children": []}]), "/0"),
        (block("style", json!("h1")), "/1/style"),
        (block("level", json!(7)), "/1/level"),
        (block("level", json!(0)), "/1/level"),
        (block("listItem", json!("square")), "/1/listItem"),
        (block("_key", json!("a b")), "/1/_key"),
        (block("onclick", json!("x")), "/1"),
        (block("children", json!("x")), "/1/children"),
        (block("children", json!([{"_type": "span", "text": 1}])), "/1/children/0/text"),
        (block("children", json!([{"_type": "span", "text": "x", "html": "x"}])), "/1/children/0"),
        (block("children", json!([{"text": "x"}])), "/1/children/0"),
        (block("markDefs", json!([{"_type": "note", "_key": "l", "href": "x"}])), "/1/markDefs/0/_type"),
        (json!([{"_type": "image"}]), "/0"),
        (json!([{"_type": "image", "contentUrl": "x", "src": "x"}]), "/0"),
        (json!([{"_type": "embed", "url": "x", "caption": 1}]), "/0/caption"),
    ] {
        let found: Vec<_> = schema.iter_errors(&bad).flat_map(|error| pointers(&error)).collect();
        assert_eq!(found, [pointer], "{bad}");
    }
}

/// Where an error is; of the kinds of block, in the one that was meant.
fn pointers(error: &jsonschema::ValidationError<'_>) -> Vec<String> {
    let at = error.instance_path().as_str().to_owned();
    let jsonschema::error::ValidationErrorKind::OneOfNotValid { context } = error.kind() else { return vec![at] };
    let tag = format!("{at}/_type");
    let branches = context.iter().map(|errors| errors.iter().flat_map(pointers).collect::<Vec<_>>());
    branches.min_by_key(|pointers| (pointers.contains(&tag), pointers.len())).unwrap()
}

/// Text with all that makes trouble: white space, joiners, marks, markup, accents that combine, tags of flags.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = [
        "خبر",
        "عاجل",
        "مُكلّفة",
        "a",
        "e",
        "\u{301}",
        " ",
        "  ",
        "\n",
        "\t",
        "\r\n",
        "\u{a0}",
        "\u{200b}",
        "\u{200c}",
        "\u{200f}",
        "\u{2067}",
        "\u{2069}",
        "\u{202e}",
        "\u{2028}",
        "\u{feff}",
        "\u{0}",
        "<",
        ">",
        "&",
        "\"",
        "'",
        "&lt;",
        "&amp;#58;",
        "</p>",
        "<!--",
        "-->",
        "<script>",
        "👨‍👩‍👧",
        "🏴",
        "\u{e0067}",
        "]]>",
        "*",
        "**",
        "_",
        "`",
        "~~",
        "# ",
        "1. ",
        "- ",
        "!",
        "](x)",
        "\\",
        "«",
        "\u{ffff}",
        "\u{85}",
        "\u{3000}",
        "\u{b}",
    ];
    vec(
        select(pieces.to_vec())
            .prop_map(str::to_owned)
            .boxed()
            .prop_union(any::<char>().prop_map(String::from).boxed()),
        0..8,
    )
    .prop_map(|pieces| pieces.concat())
}

fn any_url() -> impl Strategy<Value = String> {
    let urls = ["https://a.example/", "http://b.example/?x=1&copy=2&amp;y='", "https://خبر.example/مقال#a"];
    select(urls.to_vec()).prop_map(str::to_owned)
}

fn any_text_block() -> impl Strategy<Value = Block> {
    let marks = ["strong", "em", "underline", "strike-through", "code", "sub", "sup"];
    let link = select(vec!["", "", "x", "y"]).prop_map(str::to_owned);
    let span =
        (any_text(), vec(select(marks.to_vec()), 0..3), link, any::<bool>()).prop_map(|(text, marks, link, first)| {
            let mut marks: Vec<_> = marks.into_iter().map(str::to_owned).collect();
            if !link.is_empty() {
                marks.insert(if first { 0 } else { marks.len() }, link);
            }
            Span { text, marks, ..Span::default() }
        });
    let link = |key: &str| {
        let key = key.to_owned();
        let urls = prop_oneof![any_url(), Just("mailto:a@b.example".to_owned()), Just("tel:+963(11)22-33".to_owned())];
        urls.prop_map(move |href| LinkDef { key: key.clone(), href, ..LinkDef::default() })
    };
    let style = select(vec![Style::Normal, Style::Normal, Style::H2, Style::H3, Style::H4, Style::Blockquote]);
    let list = option::of(select(vec![ListItem::Bullet, ListItem::Number]));
    (style, list, option::of(1..=6_u8), vec(span, 0..5), link("x"), link("y")).prop_map(
        |(style, list_item, level, children, x, y)| {
            Block::Text(TextBlock { style, list_item, level, children, mark_defs: vec![x, y], ..TextBlock::default() })
        },
    )
}

fn any_block() -> impl Strategy<Value = Block> {
    let image = (any_url(), any_text(), option::of(any_text()), option::of(any_text())).prop_map(
        |(content_url, alt, caption, credit_text)| {
            Block::Image(ImageBlock { content_url, alt, caption, credit_text, ..ImageBlock::default() })
        },
    );
    let urls = ["https://www.youtube.com/embed/a", "https://x.com/a/status/1?s='&lt=2", "https://t.me/khabar/1"];
    let embed = (select(urls.to_vec()), option::of(any_text()))
        .prop_map(|(url, caption)| Block::Embed(EmbedBlock { url: url.to_owned(), caption, ..EmbedBlock::default() }));
    prop_oneof![6 => any_text_block(), 1 => image, 1 => embed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn parsing_is_a_fixed_point(mut blocks in vec(any_block(), 0..8)) {
        for (i, block) in blocks.iter_mut().enumerate() {
            if let Block::Text(text) = block {
                text.key = Some(format!("k{i}"));
                for (j, span) in text.children.iter_mut().enumerate() {
                    span.key = (j % 2 == 0).then(|| format!("k{j}"));
                }
            }
        }
        let body = Body::parse(blocks).unwrap();
        prop_assert_eq!(&Body::parse(body.clone().into_blocks()).unwrap(), &body);
        prop_assert_eq!(Body::from_html(&body.to_html()), body.without_keys());
    }

    #[test]
    fn html_gives_the_body_back(blocks in vec(any_block(), 0..8)) {
        let body = Body::parse(blocks).unwrap();
        let html = body.to_html();
        prop_assert_eq!(&Body::from_html(&html), &body, "{}", html);
        prop_assert!(!super::html_drops_text(&html), "{}", html);
    }

    #[test]
    fn markdown_gives_the_body_back(blocks in vec(any_block(), 0..8)) {
        let body = Body::parse(blocks).unwrap();
        let markdown = body.to_markdown();
        prop_assert_eq!(&Body::from_markdown(&markdown), &body, "{}", markdown);
        prop_assert!(!super::markdown_drops_text(&markdown), "{}", markdown);
    }

    #[test]
    fn what_html_gives_is_in_normal_form(pieces in vec(select(&PIECES[..]), 0..30)) {
        let body = Body::from_html(&pieces.concat());
        prop_assert_eq!(&Body::parse(body.clone().into_blocks()).unwrap(), &body);
        prop_assert_eq!(&Body::from_html(&body.to_html()), &body);
    }

    #[test]
    fn json_gives_the_body_back(blocks in vec(any_block(), 0..4)) {
        let body = Body::parse(blocks).unwrap();
        let json = serde_json::to_string(&body).unwrap();
        prop_assert_eq!(serde_json::from_str::<Body>(&json).unwrap(), body);
    }
}

/// Tags and texts to make HTML of that nobody would write.
const PIECES: [&str; 60] = [
    "<p>",
    "</p>",
    "<p dir=rtl>",
    "<div>",
    "</div>",
    "<h1>",
    "</h1>",
    "<h3>",
    "</h3>",
    "<b>",
    "</b>",
    "<em>",
    "</em>",
    "<sup>",
    "<a href='https://a.example/'>",
    "<a href=javascript:x>",
    "</a>",
    "<ul>",
    "</ul>",
    "<ol>",
    "</ol>",
    "<li>",
    "</li>",
    "<blockquote>",
    "</blockquote>",
    "<pre>",
    "</pre>",
    "<br>",
    "<hr>",
    "<table>",
    "<tr>",
    "<td>",
    "<th>",
    "</table>",
    "<figure>",
    "<figure class=embed>",
    "</figure>",
    "<figcaption>",
    "</figcaption>",
    "<cite>",
    "</cite>",
    "<img src=//a.example/1>",
    "<img src=https://a.example/2 alt=' x  y '>",
    "<iframe src=//www.youtube.com/embed/x></iframe>",
    "<script>x</script>",
    "<svg>",
    "</svg>",
    "<form>",
    "</form>",
    "<!-- x -->",
    "<",
    "&",
    "&nbsp;",
    "&#8207;",
    "خبر",
    " ",
    "\n",
    "a  b",
    "e",
    "\u{301}",
];

#[test]
fn the_type_of_a_block_counts_wherever_it_stands() {
    let spans = r#""children":[{"_type":"span","text":"قال","marks":[]}]"#;
    let texts = [format!(r#"{{"_type":"block",{spans}}}"#), format!(r#"{{{spans},"_type":"block"}}"#)];
    let [first, last] = texts.map(|text| serde_json::from_str::<Block>(&text).unwrap());
    assert!(first == last && matches!(first, Block::Text(_)));
    let kept = serde_json::to_string(&first).unwrap();
    assert!(kept.starts_with(r#"{"_type":"#) && serde_json::from_str::<Block>(&kept).unwrap() == first);
    for (text, wrong) in
        [("{}", "missing field `_type`"), (r#"{"_type":"x"}"#, "unknown variant `x`"), ("[]", "a block")]
    {
        let refusal = serde_json::from_str::<Block>(text).unwrap_err().to_string();
        assert!(refusal.contains(wrong), "{text}: {refusal}");
    }
    let unknown = [r#"{"_type":"block","children":[],"x":1}"#, r#"{"children":[],"x":1,"_type":"block"}"#];
    assert!(unknown.iter().all(|text| serde_json::from_str::<Block>(text).is_err()));
}

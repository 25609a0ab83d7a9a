//! Thousands of articles, as long as real ones and with everything that a body can hold, there and back again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::thread;

use super::*;

const SEED: &str = include_str!("seed_paragraphs.txt");

/// Words that the seed page does not have: vocalised, stretched, Persian, with direction marks, in other scripts.
const WORDS: [&str; 34] = [
    "قُتِلَ",
    "مُكلَّفة",
    "بـــوتين",
    "می\u{200C}خواهم",
    "\u{2067}بوتين\u{2069}",
    "(\u{200E}+963\u{200E})",
    "\u{200F}خبر",
    "\u{61C}٥٠%",
    "COVID-19",
    "R&D",
    "<b>",
    "&amp;",
    "\"قال\"",
    "«نعم»",
    "l’État",
    "👨\u{200D}👩\u{200D}👧",
    "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "٢٠٢٠",
    "3.5",
    "—",
    "*",
    "_x_",
    "`ls`",
    "#وسم",
    "[1]",
    "!",
    "\\",
    "~",
    "ﷺ",
    "لإعلام",
    "آب/أغسطس",
    "Ὀδυσσεύς",
    "हिन्दी",
    "中文",
];

const MARKS: [&str; 7] = ["strong", "em", "underline", "strike-through", "code", "sub", "sup"];
const HREFS: [&str; 6] = [
    "https://a.example/",
    "https://مثال.إختبار/خبر-2020?س=1&copy=2#ج",
    "mailto:desk@a.example",
    "tel:+963(11)22-33",
    "http://a.example:8080/?q='x'&y=;z",
    "https://a.example/(x)_y_*",
];
const EMBEDS: [(&str, Provider); 4] = [
    ("https://www.youtube.com/watch?v=a-b_c", Provider::Youtube),
    ("https://x.com/khabar/status/1?s=2&t=3", Provider::X),
    ("https://t.me/khabar/1", Provider::Telegram),
    ("https://vimeo.com/12", Provider::Vimeo),
];

/// Numbers that are the same in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    /// Some words of the seed page in their order, with others among them.
    fn words(&mut self, count: usize) -> String {
        let paragraph: Vec<_> = SEED.lines().nth(self.below(15)).unwrap().split(' ').collect();
        let start = self.below(paragraph.len());
        let word = |n: usize| paragraph[(start + n) % paragraph.len()];
        let words = (0..count).map(|n| if self.chance(6) { self.one(&WORDS) } else { word(n) });
        words.collect::<Vec<_>>().join(if self.chance(20) { "\u{A0}" } else { " " })
    }
}

/// A block of text in the normal form, so that nothing has to be made of it.
fn text_block(numbers: &mut Numbers, style: Style, list_item: Option<ListItem>) -> Block {
    let mut block = TextBlock { style, list_item, level: list_item.map(|_| 1), ..TextBlock::default() };
    if list_item.is_some() {
        block.level = Some(u8::try_from(1 + numbers.below(6)).unwrap());
    }
    let count = if numbers.chance(3) { 1 + numbers.below(6) } else { 1 };
    let hrefs: Vec<_> = HREFS.into_iter().filter(|_| numbers.chance(2)).collect();
    for n in 0..count {
        let mut marks: Vec<String> =
            MARKS.iter().filter(|_| count > 1 && numbers.chance(5)).map(|mark| (*mark).into()).collect();
        if count > 1 && !hrefs.is_empty() && numbers.chance(3) {
            marks.push(link(&mut block, numbers.one(&hrefs)));
        }
        let length = if count > 1 { 1 + numbers.below(8) } else { 5 + numbers.below(45) };
        let mut text = numbers.words(length);
        if n + 1 < count {
            text.push_str(numbers.one(&[" ", " ", " ", "\n", ""]));
        }
        match block.children.last_mut() {
            Some(last) if last.marks == marks => last.text.push_str(&text),
            _ => block.children.push(Span { text, marks, ..Span::default() }),
        }
    }
    Block::Text(block)
}

/// The key of a link in a block that may have it already.
fn link(block: &mut TextBlock, href: &str) -> String {
    if let Some(known) = block.mark_defs.iter().find(|def| def.href == href) {
        return known.key.clone();
    }
    let key = format!("link-{}", block.mark_defs.len() + 1);
    block.mark_defs.push(LinkDef { key: key.clone(), href: href.to_owned(), ..LinkDef::default() });
    key
}

fn block(numbers: &mut Numbers) -> Block {
    let below = |numbers: &mut Numbers| {
        let has = numbers.chance(2);
        has.then(|| numbers.words(9))
    };
    match numbers.below(24) {
        0 => text_block(numbers, Style::H2, None),
        1 => text_block(numbers, Style::H3, None),
        2 => text_block(numbers, Style::H4, None),
        3 | 4 => text_block(numbers, Style::Blockquote, None),
        5 | 6 => text_block(numbers, Style::Normal, Some(ListItem::Bullet)),
        7 | 8 => text_block(numbers, Style::Normal, Some(ListItem::Number)),
        9 => {
            let style = numbers.one(&[Style::Blockquote, Style::H3]);
            text_block(numbers, style, Some(ListItem::Bullet))
        }
        10 => Block::Image(ImageBlock {
            content_url: format!("https://a.example/صورة-{}.jpg?w=1&h=2", numbers.below(99)),
            alt: below(numbers).unwrap_or_default(),
            caption: below(numbers),
            credit_text: below(numbers),
            ..ImageBlock::default()
        }),
        11 => {
            let (url, provider) = numbers.one(&EMBEDS);
            let caption = below(numbers);
            Block::Embed(EmbedBlock { url: url.to_owned(), provider: Some(provider), caption, ..EmbedBlock::default() })
        }
        _ => text_block(numbers, Style::Normal, None),
    }
}

/// The article of a number.
fn article(number: usize) -> Vec<Block> {
    let mut numbers =
        Numbers(0x9E37_79B9_7F4A_7C15 ^ (u64::try_from(number).unwrap() + 1).wrapping_mul(0xD1B5_4A32_D192_ED03));
    let count = 12 + numbers.below(12);
    (0..count).map(|_| block(&mut numbers)).collect()
}

/// What of the block model is in a body.
fn kinds(blocks: &[Block]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for block in blocks {
        let text = match block {
            Block::Image(_) => {
                kinds.insert("image".into());
                continue;
            }
            Block::Embed(embed) => {
                kinds.insert(format!("embed of {}", embed.provider.unwrap().name()));
                continue;
            }
            Block::Text(text) => text,
        };
        kinds.insert(format!("{:?} {:?}", text.style, text.list_item));
        kinds.extend(text.level.map(|level| format!("level {level}")));
        kinds.extend(text.children.iter().flat_map(|span| span.marks.iter().cloned()));
        let breaks = text.children.iter().any(|span| span.text.contains('\n'));
        kinds.extend(breaks.then(|| "line break".into()));
    }
    kinds
}

/// How many articles make the trip; all 10,000 where there is time.
fn trips() -> usize {
    std::env::var("TEST_ROUND_TRIPS").map_or(400, |trips| trips.parse().expect("TEST_ROUND_TRIPS is a number"))
}

/// Takes one article to HTML, Markdown and JSON and back; the number of its graphemes.
fn travel(number: usize) -> usize {
    let blocks = article(number);
    let json = serde_json::to_string(&blocks).unwrap();
    let body = Body::parse(blocks).unwrap();
    assert_eq!(serde_json::to_string(&body).unwrap(), json, "article {number} is in the normal form");
    let html = body.to_html();
    let back = Body::from_html(&html);
    assert_eq!(serde_json::to_string(&back).unwrap(), json, "article {number} by HTML");
    assert_eq!(back.to_html(), html, "article {number}");
    let stored: Body = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&stored).unwrap(), json, "article {number} by JSON");
    let back = Body::from_markdown(&body.to_markdown());
    assert_eq!(serde_json::to_string(&back).unwrap(), json, "article {number} by Markdown");
    crate::text::count::graphemes(&body.to_text())
}

#[test]
fn articles_come_back_byte_for_byte() {
    let trips = trips();
    let every = |start: usize| (start..trips).step_by(2).map(travel).sum::<usize>();
    let graphemes = thread::scope(|scope| {
        let odd = scope.spawn(|| every(1));
        every(0) + odd.join().unwrap()
    });
    assert!(graphemes / trips > 2_000, "as long as real articles: {}", graphemes / trips);
}

#[test]
fn the_articles_have_everything_that_a_body_can_have() {
    let found: BTreeSet<String> = (0..100).flat_map(|number| kinds(&article(number))).collect();
    let wanted = MARKS.into_iter().chain(["image", "embed of youtube", "level 6", "link-2", "line break"]);
    let styles = [
        "Normal None",
        "H2 None",
        "H3 None",
        "H4 None",
        "Blockquote None",
        "Normal Some(Bullet)",
        "Normal Some(Number)",
    ];
    for kind in wanted.chain(styles) {
        assert!(found.contains(kind), "{kind} in {found:?}");
    }
}

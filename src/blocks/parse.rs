//! From blocks that a client sent to a [`Body`]: every fault at its place, and what is left in the normal form.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::{
    BLOCKS_MAX, BYTES_MAX, Block, Body, Decorator, EmbedBlock, EmbedTag, GRAPHEMES_MAX, ImageBlock, ImageTag, LinkDef,
    Span, TextBlock, TextTag, embed,
    model::{KEY_CHARS_MAX, KEY_PATTERN},
    runs::{Marks, Run, one_line, spans},
};
use crate::{
    fault::{Fault, Faults},
    text::{count, safe},
};

impl Body {
    /// Parses blocks into the normal form, as the docs of this room describe it.
    ///
    /// Parsing is a fixed point: the blocks of a body give the same body again.
    ///
    /// # Errors
    /// Every fault with its pointer from the array, such as `/0/children/1/marks/0`: `not_found` (a mark that is
    /// neither a decorator nor a link), `excludes` (a second link on one span), `repeated` and `taken` (keys),
    /// `bad_format` (keys), `out_of_range` (level), those of `text::safe::url`, `unknown_provider`, and `too_long` at
    /// the array itself.
    pub fn parse(blocks: Vec<Block>) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        if blocks.len() > BLOCKS_MAX {
            faults.add("", Fault::TooLong(BLOCKS_MAX));
            return Err(faults);
        }
        let mut keys = HashSet::new();
        let mut kept = Vec::with_capacity(blocks.len());
        for (i, block) in blocks.into_iter().enumerate() {
            let at = format!("/{i}");
            check_key(block.key(), &mut keys, &at, &mut faults);
            kept.extend(match block {
                Block::Text(text) => parse_text(text, &at, &mut faults).map(Block::Text),
                Block::Image(image) => parse_image(image, &at, &mut faults).map(Block::Image),
                Block::Embed(embed) => parse_embed(embed, &at, &mut faults).map(Block::Embed),
            });
        }
        let body = Self(kept);
        faults.take("", body.within_limits());
        faults.finish(Some(body))
    }

    /// Checks the size of a body that a conversion gave, which takes whatever it gets.
    ///
    /// # Errors
    /// `too_long`, in blocks, in graphemes or in bytes.
    pub fn within_limits(&self) -> Result<(), Fault> {
        if self.0.len() > BLOCKS_MAX {
            return Err(Fault::TooLong(BLOCKS_MAX));
        }
        if self.0.iter().flat_map(texts).map(str::len).sum::<usize>() > BYTES_MAX {
            return Err(Fault::TooLong(BYTES_MAX));
        }
        let graphemes: usize = self.0.iter().flat_map(texts).map(count::graphemes).sum();
        if graphemes > GRAPHEMES_MAX { Err(Fault::TooLong(GRAPHEMES_MAX)) } else { Ok(()) }
    }
}

/// Every text of a block that people read.
fn texts(block: &Block) -> Vec<&str> {
    match block {
        Block::Text(text) => text.children.iter().map(|span| span.text.as_str()).collect(),
        Block::Image(image) => {
            let below = [&image.caption, &image.credit_text];
            below.into_iter().flatten().map(String::as_str).chain([image.alt.as_str()]).collect()
        }
        Block::Embed(embed) => embed.caption.iter().map(String::as_str).collect(),
    }
}

fn parse_text(block: TextBlock, at: &str, faults: &mut Faults) -> Option<TextBlock> {
    let TextBlock { tag: TextTag::Block, key, style, list_item, level, children, mark_defs } = block;
    match level {
        Some(0) => faults.add(format!("{at}/level"), Fault::TooSmall(1)),
        Some(7..) => faults.add(format!("{at}/level"), Fault::TooLarge(6)),
        _ => {}
    }
    let level = list_item.map(|_| level.unwrap_or(1));
    let links = parse_links(mark_defs, at, faults);
    let mut keys = HashSet::new();
    let mut runs = Vec::with_capacity(children.len());
    for (j, span) in children.into_iter().enumerate() {
        let at = format!("{at}/children/{j}");
        check_key(span.key.as_deref(), &mut keys, &at, faults);
        let marks = parse_marks(&span, &links, &at, faults);
        runs.push(Run { key: span.key, text: span.text, marks });
    }
    let (children, mark_defs) = spans(runs)?;
    Some(TextBlock { tag: TextTag::Block, key, style, list_item, level, children, mark_defs })
}

/// The addresses by their keys; none for one that was refused.
type Links = HashMap<String, Option<Rc<str>>>;

fn parse_links(defs: Vec<LinkDef>, at: &str, faults: &mut Faults) -> Links {
    let mut keys = HashSet::new();
    let mut links = Links::with_capacity(defs.len());
    for (j, def) in defs.into_iter().enumerate() {
        let at = format!("{at}/markDefs/{j}");
        check_key(Some(&def.key), &mut keys, &at, faults);
        if Decorator::from_mark(&def.key).is_some() {
            faults.add(format!("{at}/_key"), Fault::Taken);
        }
        let href = faults.take(format!("{at}/href"), link_url(&def.href));
        links.insert(def.key, href.map(Rc::from));
    }
    links
}

fn parse_marks(span: &Span, links: &Links, at: &str, faults: &mut Faults) -> Marks {
    let mut marks = Marks::default();
    let mut link: Option<&str> = None;
    for (k, mark) in span.marks.iter().enumerate() {
        if let Some(decorator) = Decorator::from_mark(mark) {
            marks.decorators.insert(decorator);
            continue;
        }
        let fault = match (links.get(mark), link) {
            (None, _) => Fault::NotFound,
            (Some(href), Some(first)) if *href != marks.href => Fault::Excludes(first.to_owned()),
            (Some(href), _) => {
                marks.href.clone_from(href);
                link = Some(mark);
                continue;
            }
        };
        faults.add(format!("{at}/marks/{k}"), fault);
    }
    marks
}

fn parse_image(block: ImageBlock, at: &str, faults: &mut Faults) -> Option<ImageBlock> {
    let ImageBlock { tag: ImageTag::Image, key, content_url, alt, caption, credit_text } = block;
    Some(ImageBlock {
        tag: ImageTag::Image,
        key,
        content_url: faults.take(format!("{at}/contentUrl"), web_url(&content_url))?,
        alt: one_line(&alt).unwrap_or_default(),
        caption: caption.as_deref().and_then(one_line),
        credit_text: credit_text.as_deref().and_then(one_line),
    })
}

fn parse_embed(block: EmbedBlock, at: &str, faults: &mut Faults) -> Option<EmbedBlock> {
    let EmbedBlock { tag: EmbedTag::Embed, key, url, provider: _, caption } = block;
    let embed = faults.take(format!("{at}/url"), EmbedBlock::from_url(&url))?;
    Some(EmbedBlock { key, caption: caption.as_deref().and_then(one_line), ..embed })
}

impl EmbedBlock {
    /// Makes an embed of an address, without a caption.
    ///
    /// # Errors
    /// Those of `text::safe::url`, and `unknown_provider`.
    pub fn from_url(url: &str) -> Result<Self, Fault> {
        let (provider, url) = embed::recognise(&web_url(url)?).ok_or(Fault::UnknownProvider)?;
        Ok(Self { url, provider: Some(provider), ..Self::default() })
    }
}

/// The address of something that a page shows: `http` or `https`.
pub(super) fn web_url(url: &str) -> Result<String, Fault> {
    let url = safe::url(url)?;
    let web = url.split(':').next().is_some_and(|scheme| scheme.to_ascii_lowercase().starts_with("http"));
    web.then_some(url).ok_or(Fault::NotAUrl)
}

/// The address of a link: `http`, `https`, `mailto`, or a telephone number (RFC 3966, without parameters).
pub(super) fn link_url(url: &str) -> Result<String, Fault> {
    let number = url.strip_prefix("tel:").map(|number| number.strip_prefix('+').unwrap_or(number));
    let sound = |number: &str| {
        (2..=40).contains(&number.len())
            && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | '(' | ')'))
    };
    if number.is_some_and(sound) { Ok(url.to_owned()) } else { safe::url(url) }
}

/// Notes a key that stands twice or has a character that keys have not.
fn check_key(key: Option<&str>, seen: &mut HashSet<String>, at: &str, faults: &mut Faults) {
    let Some(key) = key else { return };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    if !(1..=KEY_CHARS_MAX).contains(&key.len()) || !key.chars().all(fits) {
        faults.add(format!("{at}/_key"), Fault::BadFormat(KEY_PATTERN.to_owned()));
    } else if !seen.insert(key.to_owned()) {
        faults.add(format!("{at}/_key"), Fault::Repeated);
    }
}

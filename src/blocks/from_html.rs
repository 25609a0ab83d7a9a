//! HTML in: read as a browser shows it, kept as blocks.
//!
//! One pass over the tags with counters instead of a tree: no recursion, and time that grows with the length of the
//! input whatever is in it. As in browsers, formatting that is left open goes on in the next paragraph.
//!
//! | HTML | becomes |
//! |---|---|
//! | `h1`, `h2` · `h3` · `h4`–`h6` | a heading: `h2` · `h3` · `h4` |
//! | `blockquote`; `ul`, `ol` and what is in them | the style; list items, six levels at most |
//! | a second paragraph in a list item | a line of the same item |
//! | a table row | a paragraph, its cells with ` | ` between them |
//! | `figure` of `img` or `iframe`, `figcaption`, `cite` in it | a picture or an embed, its caption, its credit |
//! | `iframe` of a known provider | an embed of the page; others are dropped |
//! | `pre` | text that keeps its line ends |
//! | scripts, styles, forms, controls, objects, media, SVG, MathML, templates | nothing |
//! | any other element | its content |
//!
//! What becomes nothing ends where it ends in a browser: `<svg><p>` begins a paragraph. Whether it held text is remembered, so
//! that whoever sent it can be told.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    rc::Rc,
};

use super::{
    Block, Body, Decorator, EmbedBlock, ImageBlock, ListItem, Style, TextBlock,
    dropped::{Around, Dropped, Stands},
    html_tokens::{Tag, Token, Tokens, decode},
    parse::{link_url, web_url},
    runs::{Marks, Run, one_line, spans},
};
use crate::text::safe;

/// How many lists are told apart when they stand in each other.
const LISTS_MAX: usize = 100;

/// The deepest level that an item can have.
const LEVEL_MAX: usize = 6;

impl Body {
    /// Reads HTML of any quality; the docs of this file say what becomes of what.
    ///
    /// It takes whatever it gets; check [`Body::within_limits`].
    pub fn from_html(html: &str) -> Self {
        Self(Reader::read(html).blocks)
    }
}

/// Whether [`Body::from_html`] leaves out some of the text of this.
pub(super) fn drops_text(html: &str) -> bool {
    Reader::read(html).drops_text
}

/// What an element means for the blocks.
enum Element {
    Break,
    Caption,
    Cell,
    Cite,
    Dropped,
    Figure,
    Frame,
    Heading(Style),
    Image,
    Item,
    Link,
    List(ListItem),
    Mark(Decorator),
    Other,
    Paragraph,
    Pre,
    Quote,
    Row,
    Table,
}

fn element(name: &str) -> Element {
    match name {
        "a" => Element::Link,
        "b" | "strong" => Element::Mark(Decorator::Strong),
        "i" | "em" => Element::Mark(Decorator::Em),
        "u" | "ins" => Element::Mark(Decorator::Underline),
        "s" | "strike" | "del" => Element::Mark(Decorator::StrikeThrough),
        "code" | "kbd" | "samp" | "tt" => Element::Mark(Decorator::Code),
        "sub" => Element::Mark(Decorator::Sub),
        "sup" => Element::Mark(Decorator::Sup),
        "br" => Element::Break,
        "h1" | "h2" => Element::Heading(Style::H2),
        "h3" => Element::Heading(Style::H3),
        "h4" | "h5" | "h6" => Element::Heading(Style::H4),
        "blockquote" => Element::Quote,
        "ul" | "menu" | "dir" => Element::List(ListItem::Bullet),
        "ol" => Element::List(ListItem::Number),
        "li" => Element::Item,
        "pre" | "listing" => Element::Pre,
        "table" => Element::Table,
        "tr" => Element::Row,
        "td" | "th" => Element::Cell,
        "figure" => Element::Figure,
        "figcaption" => Element::Caption,
        "cite" => Element::Cite,
        "img" | "image" => Element::Image,
        "iframe" => Element::Frame,
        "address" | "article" | "aside" | "body" | "caption" | "center" | "dd" | "details" | "dialog" | "div"
        | "dl" | "dt" | "fieldset" | "footer" | "header" | "hgroup" | "hr" | "main" | "nav" | "p" | "search"
        | "section" | "summary" => Element::Paragraph,
        "applet" | "audio" | "button" | "canvas" | "datalist" | "form" | "math" | "noscript" | "object" | "select"
        | "svg" | "template" | "video" => Element::Dropped,
        _ => Element::Other,
    }
}

/// Where text of a figure goes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    Caption,
    Credit,
}

/// A figure that is open: which block it shows, and what stands below.
#[derive(Default)]
struct Figure {
    is_embed: bool,
    media: Option<usize>,
    place: Place,
    caption: String,
    credit: String,
}

/// The blocks so far, and what is open at this point of the document.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "none excludes another")]
struct Reader {
    blocks: Vec<Block>,
    runs: Vec<Run>,
    marks: Marks,
    decorators: BTreeMap<Decorator, usize>,
    heading: Option<Style>,
    quotes: usize,
    lists: Vec<ListItem>,
    pre: usize,
    tables: usize,
    in_cell: bool,
    figure: Option<Figure>,
    /// Whether the block that is being read has something to see.
    visible: bool,
    /// What comes before the next visible text of this block.
    gap: &'static str,
    /// How often each name was opened and not closed.
    open: HashMap<String, usize>,
    dropped: Option<Dropped>,
    /// Whether a form has begun and its end tag has not come: even where what is around it has ended, browsers take no other.
    in_form: bool,
    /// Addresses, one of which is the text of the link that an embed is made of.
    stands_for: Vec<String>,
    drops_text: bool,
}

impl Reader {
    fn read(html: &str) -> Self {
        let mut reader = Self::default();
        let mut tokens = Tokens::new(html);
        while let Some(token) = tokens.next() {
            reader.take(&token);
            tokens.is_foreign = reader.dropped.as_ref().is_some_and(Dropped::is_foreign);
        }
        reader.drops_text |= reader.dropped.as_ref().is_some_and(|dropped| dropped.hides_text);
        reader.end_figure();
        reader.flush();
        reader
    }

    fn take(&mut self, token: &Token<'_>) {
        if self.drop_on(token) {
            return;
        }
        match token {
            Token::Text(raw) => self.text(&decode(raw)),
            Token::Open(tag) => {
                *self.open.entry(tag.name.clone()).or_default() += 1;
                self.open(tag);
            }
            Token::Close(name) => {
                self.open.entry(name.clone()).and_modify(|open| *open = open.saturating_sub(1));
                self.in_form &= name != "form";
                self.close(name);
            }
            Token::Lost(raw) => self.lose(raw),
        }
    }

    /// Whether this belongs to what is being dropped.
    fn drop_on(&mut self, token: &Token<'_>) -> bool {
        let Some(mut dropped) = self.dropped.take() else { return false };
        let ends_code = matches!(token, Token::Close(name) if matches!(name.as_str(), "script" | "style"));
        if matches!(token, Token::Open(_) | Token::Close(_)) {
            self.drops_text |= mem::take(&mut dropped.hides_text) && !ends_code;
        }
        match token {
            Token::Open(tag) if tag.name == "form" => self.in_form |= !dropped.is_foreign(),
            Token::Close(name) if name == "form" => self.in_form &= !dropped.has("form"),
            _ => {}
        }
        let stands = match token {
            Token::Open(tag) => dropped.take_open(tag, self.around(&tag.name)),
            Token::Close(name) => dropped.take_close(name, self.around(name)),
            Token::Text(raw) if !dropped.is_prose() => {
                dropped.hides_text |= !safe::is_blank(&decode(raw));
                Stands::Inside
            }
            Token::Text(raw) | Token::Lost(raw) => {
                self.lose(raw);
                Stands::Inside
            }
        };
        if stands == Stands::Inside {
            self.dropped = Some(dropped);
        } else {
            self.stands_for.clear();
        }
        stands != Stands::Behind
    }

    fn around(&self, name: &str) -> Around {
        Around {
            in_table: self.tables > 0,
            is_open: self.open.get(name).is_some_and(|open| *open > 0),
            is_block: matches!(
                element(name),
                Element::Caption
                    | Element::Figure
                    | Element::Heading(_)
                    | Element::Item
                    | Element::List(_)
                    | Element::Paragraph
                    | Element::Pre
                    | Element::Quote
            ),
        }
    }

    /// Remembers that text was left out, if this is some that says anything.
    fn lose(&mut self, raw: &str) {
        let text = decode(raw);
        let text = text.trim();
        self.drops_text |= !safe::is_blank(text) && !self.stands_for.iter().any(|address| address == text);
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match element(&tag.name) {
            Element::Break => self.line_break(),
            Element::Caption => self.place(Place::Caption),
            Element::Cell => self.cell(),
            Element::Cite if self.captures() => self.place(Place::Credit),
            Element::Dropped if tag.name == "form" && mem::replace(&mut self.in_form, true) => {}
            Element::Dropped => self.dropped = Dropped::begin(tag),
            Element::Figure => {
                self.end_figure();
                let is_embed =
                    tag.attribute("class").is_some_and(|class| class.split_whitespace().any(|c| c == "embed"));
                self.figure = Some(Figure { is_embed, ..Figure::default() });
            }
            Element::Frame => _ = self.embed(tag.attribute("src").map(|src| absolute(&src)).as_deref()),
            Element::Heading(style) => {
                self.flush();
                self.heading = Some(style);
            }
            Element::Image => self.image(tag),
            Element::Item => self.flush(),
            Element::Link => self.link(tag),
            Element::List(kind) => {
                self.flush();
                if self.lists.len() < LISTS_MAX {
                    self.lists.push(kind);
                }
            }
            Element::Mark(decorator) => {
                *self.decorators.entry(decorator).or_default() += 1;
                self.marks.decorators.insert(decorator);
            }
            Element::Paragraph => self.paragraph(),
            Element::Pre => {
                self.paragraph();
                self.pre += 1;
            }
            Element::Quote => {
                self.flush();
                self.quotes += 1;
            }
            Element::Row => self.row(),
            Element::Table => {
                self.row();
                self.tables += 1;
            }
            Element::Cite | Element::Other => {}
        }
    }

    fn close(&mut self, name: &str) {
        match element(name) {
            Element::Caption => self.place(Place::Outside),
            Element::Cite if self.captures() => self.place(Place::Caption),
            Element::Figure => self.end_figure(),
            Element::Heading(_) if self.heading.is_some() => {
                self.flush();
                self.heading = None;
            }
            Element::Item => self.flush(),
            Element::Link => self.marks.href = None,
            Element::List(kind) => {
                if let Some(at) = self.lists.iter().rposition(|open| *open == kind) {
                    self.flush();
                    self.lists.truncate(at);
                }
            }
            Element::Mark(decorator) => self.unmark(decorator),
            Element::Paragraph => self.paragraph(),
            Element::Pre => {
                self.paragraph();
                self.pre = self.pre.saturating_sub(1);
            }
            Element::Quote if self.quotes > 0 => {
                self.flush();
                self.quotes -= 1;
            }
            Element::Row => self.row(),
            Element::Table => {
                self.row();
                self.tables = self.tables.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(captured) = self.captured() {
            return captured.push_str(text);
        }
        if safe::is_blank(text) {
            if !self.gap.is_empty() {
                return;
            }
        } else {
            self.visible = true;
            let gap = mem::take(&mut self.gap);
            self.push(gap, Marks::default());
        }
        let text = if self.pre > 0 { text } else { &text.replace(|c: char| c.is_ascii_whitespace(), " ") };
        self.push(text, self.marks.clone());
    }

    fn push(&mut self, text: &str, marks: Marks) {
        match self.runs.last_mut() {
            Some(last) if last.marks == marks => last.text.push_str(text),
            _ => self.runs.push(Run { key: None, text: text.to_owned(), marks }),
        }
    }

    fn line_break(&mut self) {
        match self.captured() {
            Some(captured) => captured.push(' '),
            None => self.push("\n", self.marks.clone()),
        }
    }

    /// The edge of a paragraph. In a list item or a table cell the block goes on.
    fn paragraph(&mut self) {
        let inside = match (self.in_cell, self.lists.is_empty() || self.heading.is_some()) {
            (true, _) => " ",
            (false, false) => "\n",
            (false, true) => return self.flush(),
        };
        if let Some(captured) = self.captured() {
            captured.push(' ');
        } else if self.visible && self.gap.is_empty() {
            self.gap = inside;
        }
    }

    fn row(&mut self) {
        self.flush();
        self.in_cell = false;
    }

    fn cell(&mut self) {
        self.in_cell = self.tables > 0;
        if self.in_cell && self.visible {
            self.gap = " | ";
        }
    }

    fn link(&mut self, tag: &Tag<'_>) {
        let href = tag.attribute("href").map(|href| absolute(&href));
        let stands_for_an_embed = self.figure.as_ref().is_some_and(|f| f.is_embed && f.place == Place::Outside);
        if stands_for_an_embed && self.embed(href.as_deref()) {
            let Some(Block::Embed(embed)) = self.blocks.last() else { return };
            self.stands_for = href.into_iter().chain([embed.url.clone()]).collect();
            self.dropped = Dropped::begin(tag);
            return;
        }
        self.marks.href = href.and_then(|href| link_url(&href).ok()).map(Rc::from);
    }

    fn unmark(&mut self, decorator: Decorator) {
        let Some(open) = self.decorators.get_mut(&decorator) else { return };
        *open = open.saturating_sub(1);
        if *open == 0 {
            self.marks.decorators.remove(&decorator);
        }
    }

    fn image(&mut self, tag: &Tag<'_>) {
        let src = tag.attribute("src").unwrap_or_default();
        let Ok(content_url) = web_url(&absolute(&src)) else { return };
        let alt = tag.attribute("alt").and_then(|alt| one_line(&alt)).unwrap_or_default();
        self.media(Block::Image(ImageBlock { content_url, alt, ..ImageBlock::default() }));
    }

    /// Whether an address is one that may be embedded, and so was.
    fn embed(&mut self, url: Option<&str>) -> bool {
        let Some(Ok(embed)) = url.map(EmbedBlock::from_url) else { return false };
        self.media(Block::Embed(embed));
        true
    }

    fn media(&mut self, block: Block) {
        self.flush();
        if let Some(figure) = &mut self.figure {
            figure.media.get_or_insert(self.blocks.len());
        }
        self.blocks.push(block);
    }

    fn place(&mut self, place: Place) {
        self.flush();
        if let Some(figure) = &mut self.figure {
            figure.place = place;
        }
    }

    fn captures(&self) -> bool {
        self.figure.as_ref().is_some_and(|figure| figure.place != Place::Outside)
    }

    /// The caption or credit that text belongs to at this point.
    fn captured(&mut self) -> Option<&mut String> {
        let figure = self.figure.as_mut()?;
        match figure.place {
            Place::Outside => None,
            Place::Caption => Some(&mut figure.caption),
            Place::Credit => Some(&mut figure.credit),
        }
    }

    /// Puts what stands below a figure to its picture or embed, or else into a paragraph.
    fn end_figure(&mut self) {
        self.place(Place::Outside);
        self.flush();
        let Some(figure) = self.figure.take() else { return };
        let (caption, credit) = (one_line(&figure.caption), one_line(&figure.credit));
        let both = || [&caption, &credit].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        match figure.media.and_then(|at| self.blocks.get_mut(at)) {
            Some(Block::Image(image)) => (image.caption, image.credit_text) = (caption, credit),
            Some(Block::Embed(embed)) => embed.caption = one_line(&both()),
            _ => {
                self.push(&both(), Marks::default());
                self.flush();
            }
        }
    }

    /// Ends the block that is being read.
    fn flush(&mut self) {
        if let Some(captured) = self.captured() {
            return captured.push(' ');
        }
        (self.visible, self.gap) = (false, "");
        let Some((children, mark_defs)) = spans(mem::take(&mut self.runs)) else { return };
        let quoted = if self.quotes > 0 { Style::Blockquote } else { Style::Normal };
        let list_item = self.lists.last().copied();
        self.blocks.push(Block::Text(TextBlock {
            style: self.heading.unwrap_or(quoted),
            list_item,
            level: list_item.and_then(|_| u8::try_from(self.lists.len().min(LEVEL_MAX)).ok()),
            children,
            mark_defs,
            ..TextBlock::default()
        }));
    }
}

/// An address with the scheme that `//host/…` leaves out.
fn absolute(url: &str) -> String {
    let url = url.trim();
    if url.starts_with("//") { format!("https:{url}") } else { url.to_owned() }
}

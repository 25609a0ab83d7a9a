//! HTML out: written from the blocks alone, so that nothing of a sender's markup is in it.

use std::{collections::HashMap, fmt::Write};

use super::{Block, Body, Decorator, EmbedBlock, ImageBlock, ListItem, Span, Style, TextBlock};

impl Body {
    /// The HTML of a body: the least that says it, the same bytes each time.
    ///
    /// `p`, `h2`–`h4`, `blockquote`, nested `ul` and `ol`, `br`, `a`, the decorators' elements, and a `figure` for each
    /// picture and embed, with a `figcaption` for what stands below and a `cite` in it for the credit. An embed is a
    /// link to its page, in `<figure class="embed" data-provider="…">`.
    pub fn to_html(&self) -> String {
        let mut writer = Writer::default();
        for block in &self.0 {
            match block {
                Block::Text(text) => writer.text_block(text),
                Block::Image(image) => writer.image(image),
                Block::Embed(embed) => writer.embed(embed),
            }
        }
        writer.leave_to(None, false);
        writer.html
    }
}

/// The HTML so far, and what is still open at its end.
#[derive(Default)]
struct Writer {
    html: String,
    lists: Vec<ListItem>,
    quoted: bool,
}

impl Writer {
    fn text_block(&mut self, block: &TextBlock) {
        let item = block.list_item.map(|kind| (kind, usize::from(block.level.unwrap_or(1))));
        let quote = block.style == Style::Blockquote;
        self.leave_to(item, quote && item.is_none());
        if let Some((kind, level)) = item {
            self.enter_item(kind, level);
        }
        let (before, after) = match (block.style, item) {
            (Style::Normal, Some(_)) => ("", ""),
            (Style::Blockquote, Some(_)) => ("<blockquote><p>", "</p></blockquote>"),
            (Style::Normal | Style::Blockquote, _) => ("<p>", "</p>"),
            (Style::H2, _) => ("<h2>", "</h2>"),
            (Style::H3, _) => ("<h3>", "</h3>"),
            (Style::H4, _) => ("<h4>", "</h4>"),
        };
        self.html.push_str(before);
        self.spans(block);
        self.html.push_str(after);
    }

    /// Closes what the next block is not part of, and opens the quotation if it is part of one.
    fn leave_to(&mut self, item: Option<(ListItem, usize)>, quoted: bool) {
        let goes_on = |lists: &[ListItem]| {
            item.is_some_and(|(kind, level)| {
                lists.len() < level || (lists.len() == level && lists.last() == Some(&kind))
            })
        };
        while !self.lists.is_empty() && !goes_on(&self.lists) {
            let list = self.lists.pop().map_or("", element);
            push(&mut self.html, format_args!("</li></{list}>"));
        }
        if self.quoted != quoted {
            self.html.push_str(if quoted { "<blockquote>" } else { "</blockquote>" });
            self.quoted = quoted;
        }
    }

    /// Opens the next item; a level that was left out is an item without text.
    fn enter_item(&mut self, kind: ListItem, level: usize) {
        if self.lists.len() == level {
            self.html.push_str("</li><li>");
        }
        while self.lists.len() < level {
            push(&mut self.html, format_args!("<{}><li>", element(kind)));
            self.lists.push(kind);
        }
    }

    fn spans(&mut self, block: &TextBlock) {
        let links: Links = block.mark_defs.iter().map(|def| (def.key.as_str(), def.href.as_str())).collect();
        let mut open: Vec<&str> = Vec::new();
        for span in &block.children {
            let wanted = nesting(span, &links);
            let shared = open.iter().zip(&wanted).take_while(|(open, wanted)| open == wanted).count();
            self.close(open.split_off(shared));
            for mark in wanted.into_iter().skip(shared) {
                self.open(mark, &links);
                open.push(mark);
            }
            self.html.push_str(&escaped(&span.text).replace('\n', "<br>"));
        }
        self.close(open);
    }

    fn open(&mut self, mark: &str, links: &Links) {
        match (Decorator::from_mark(mark), links.get(mark)) {
            (Some(decorator), _) => push(&mut self.html, format_args!("<{}>", decorator.element())),
            (None, href) => {
                let href = quoted(href.copied().unwrap_or_default());
                push(&mut self.html, format_args!(r#"<a href="{href}" rel="noopener noreferrer">"#));
            }
        }
    }

    fn close(&mut self, marks: Vec<&str>) {
        for mark in marks.into_iter().rev() {
            let element = Decorator::from_mark(mark).map_or("a", Decorator::element);
            push(&mut self.html, format_args!("</{element}>"));
        }
    }

    fn image(&mut self, image: &ImageBlock) {
        self.leave_to(None, false);
        let (src, alt) = (quoted(&image.content_url), quoted(&image.alt));
        push(&mut self.html, format_args!(r#"<figure><img src="{src}" alt="{alt}">"#));
        let credit = image.credit_text.as_deref().map(|credit| format!("<cite>{}</cite>", escaped(credit)));
        let below: Vec<_> = image.caption.as_deref().map(escaped).into_iter().chain(credit).collect();
        self.caption(&below);
    }

    fn embed(&mut self, embed: &EmbedBlock) {
        self.leave_to(None, false);
        self.html.push_str("<figure class=\"embed\"");
        if let Some(provider) = embed.provider {
            push(&mut self.html, format_args!(r#" data-provider="{}""#, provider.name()));
        }
        let (href, text) = (quoted(&embed.url), escaped(&embed.url));
        push(&mut self.html, format_args!(r#"><a href="{href}" rel="noopener noreferrer">{text}</a>"#));
        self.caption(embed.caption.as_deref().map(escaped).as_slice());
    }

    /// Ends a figure, with what stands below it.
    fn caption(&mut self, parts: &[String]) {
        if !parts.is_empty() {
            push(&mut self.html, format_args!("<figcaption>{}</figcaption>", parts.join(" ")));
        }
        self.html.push_str("</figure>");
    }
}

/// The addresses of a block's links by their keys.
type Links<'a> = HashMap<&'a str, &'a str>;

/// The marks of a span from outside to inside: the link first, so that it stays whole.
fn nesting<'a>(span: &'a Span, links: &Links) -> Vec<&'a str> {
    let marks = || span.marks.iter().map(String::as_str);
    let link = marks().find(|mark| links.contains_key(mark));
    link.into_iter().chain(marks().filter(|mark| Decorator::from_mark(mark).is_some())).collect()
}

const fn element(list: ListItem) -> &'static str {
    match list {
        ListItem::Bullet => "ul",
        ListItem::Number => "ol",
    }
}

/// A text as it stands between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text as it stands in the double quotes of an attribute.
pub(super) fn quoted(text: &str) -> String {
    escaped(text).replace('"', "&quot;")
}

fn push(html: &mut String, piece: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _ = html.write_fmt(piece);
}

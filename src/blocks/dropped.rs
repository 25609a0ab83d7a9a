//! What has no place among the blocks, and where it ends: by the HTML standard's tree construction, as far as that
//! decides which text stands outside.
//!
//! It knows names, not a tree. Where the two could differ it ends early, so that text is rather kept than lost.

use std::collections::HashMap;

use super::html_tokens::Tag;

/// Start tags that end any `svg` and `math` they stand in; `font` does with some attributes.
const BREAKS_OUT: [&str; 44] = [
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "i",
    "img",
    "li",
    "listing",
    "menu",
    "meta",
    "nobr",
    "ol",
    "p",
    "pre",
    "ruby",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tt",
    "u",
    "ul",
    "var",
];

/// Elements that have no end tag.
const VOID: [&str; 16] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "image", "input", "link",
    "meta", "source", "wbr",
];

/// Elements that end tags of what is around them do not reach through.
const WALLS: [&str; 9] = ["applet", "caption", "marquee", "object", "select", "table", "td", "template", "th"];

/// Elements that any end tag of what is around them ends.
const LOOSE: [&str; 8] = ["a", "audio", "canvas", "datalist", "math", "noscript", "svg", "video"];

/// Formatting: the blocks in it stay open behind its end tag.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Whose rules an element is read by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    Html,
    Svg,
    Math,
}

/// An element that is open.
struct Open {
    name: String,
    space: Space,
    /// Whether it is foreign, and what stands in it is HTML again.
    holds_html: bool,
}

impl Open {
    /// An element of HTML, or the `svg` or `math` that begins something foreign.
    fn new(name: &str) -> Self {
        let space = match name {
            "svg" => Space::Svg,
            "math" => Space::Math,
            _ => Space::Html,
        };
        Self { name: name.to_owned(), space, holds_html: false }
    }

    /// An element in a foreign one.
    fn foreign(tag: &Tag<'_>, around: &Self) -> Self {
        let name = tag.name.as_str();
        let holds_html = match (around.space, name) {
            (Space::Svg, "foreignobject" | "desc" | "title") | (Space::Math, "mi" | "mo" | "mn" | "ms" | "mtext") => {
                true
            }
            (Space::Math, "annotation-xml") => tag.attribute("encoding").is_some_and(|encoding| {
                ["text/html", "application/xhtml+xml"].iter().any(|html| encoding.eq_ignore_ascii_case(html))
            }),
            _ => false,
        };
        let space = if around.name == "annotation-xml" && name == "svg" { Space::Svg } else { around.space };
        Self { name: name.to_owned(), space, holds_html }
    }

    const fn is_foreign(&self) -> bool {
        !matches!(self.space, Space::Html) && !self.holds_html
    }

    fn is_wall(&self) -> bool {
        self.holds_html || (self.space == Space::Html && WALLS.contains(&self.name.as_str()))
    }
}

/// What a tag is to something that is being dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It stands in it.
    Inside,
    /// It is the end of it.
    AtTheEnd,
    /// What was dropped has ended before it.
    Behind,
}

/// What is open around the thing that is being dropped.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub in_table: bool,
    /// Whether an element of the tag's name is open.
    pub is_open: bool,
    /// Whether the tag is that of a block.
    pub is_block: bool,
}

/// An element that is being dropped, with what is open in it; the first is the element itself.
pub(super) struct Dropped {
    open: Vec<Open>,
    /// How often each name is open in it.
    names: HashMap<String, usize>,
    walls: usize,
    /// Whether a script or style in it has something in it, which is text unless that ends.
    pub hides_text: bool,
}

impl Dropped {
    /// Begins at a start tag; none where the element is over with it.
    pub fn begin(tag: &Tag<'_>) -> Option<Self> {
        let mut dropped = Self { open: Vec::new(), names: HashMap::new(), walls: 0, hides_text: false };
        dropped.push_html(tag);
        (!dropped.open.is_empty()).then_some(dropped)
    }

    /// Whether the next tag is read by the rules of SVG and MathML.
    pub fn is_foreign(&self) -> bool {
        self.open.last().is_some_and(Open::is_foreign)
    }

    /// Whether text at this point is something that people read.
    pub fn is_prose(&self) -> bool {
        !self.open.last().is_some_and(|last| matches!(last.name.as_str(), "script" | "style"))
    }

    /// Takes a start tag.
    pub fn take_open(&mut self, tag: &Tag<'_>, around: Around) -> Stands {
        let name = tag.name.as_str();
        if let Some(last) = self.open.last().filter(|last| last.is_foreign()) {
            if !breaks_out(tag) {
                let inner = Open::foreign(tag, last);
                if !tag.self_closing {
                    self.push(inner);
                }
                return Stands::Inside;
            }
            self.leave_foreign();
        }
        match name {
            "select" | "input" if self.has("select") => self.pop_to("select"),
            "button" if self.has("button") => self.pop_to("button"),
            "form" if self.has("form") => return Stands::Inside,
            "a" | "figcaption" if self.open.first().is_some_and(|root| root.name == "a") => self.open.clear(),
            "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" | "caption" if self.is_in_table_around(around) => {
                self.open.clear();
            }
            _ => return self.within(tag),
        }
        match name {
            "select" if self.open.is_empty() => Stands::AtTheEnd,
            "select" => Stands::Inside,
            _ => self.within(tag),
        }
    }

    /// Takes an end tag.
    pub fn take_close(&mut self, name: &str, around: Around) -> Stands {
        if self.is_foreign() && matches!(name, "p" | "br") {
            self.leave_foreign();
            return if self.open.is_empty() { Stands::Behind } else { Stands::Inside };
        }
        if name == "form" && self.is_foreign() && self.forget_form() {
            return Stands::Inside;
        }
        if self.has(name) {
            let only = self.open.len() == 1;
            let in_html = self.open.last().is_some_and(|last| last.space == Space::Html);
            if in_html && !only && FORMATTING.contains(&name) && self.open.last().is_none_or(|last| last.name != name) {
                self.names.entry(name.to_owned()).and_modify(|open| *open -= 1);
                return Stands::Inside;
            }
            self.pop_to(name);
            return if self.open.is_empty() { Stands::AtTheEnd } else { Stands::Inside };
        }
        let of_table = matches!(name, "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" | "table" | "caption");
        let is_loose = self.open.first().is_some_and(|root| LOOSE.contains(&root.name.as_str()));
        let is_reached = self.walls == 0 && around.is_open && (is_loose || (around.is_block && name != "p"));
        if is_reached || (of_table && self.is_in_table_around(around)) { Stands::Behind } else { Stands::Inside }
    }

    fn within(&mut self, tag: &Tag<'_>) -> Stands {
        if self.open.is_empty() {
            return Stands::Behind;
        }
        self.push_html(tag);
        Stands::Inside
    }

    fn push_html(&mut self, tag: &Tag<'_>) {
        let inner = Open::new(&tag.name);
        let over = inner.space != Space::Html && tag.self_closing;
        if !over && !VOID.contains(&tag.name.as_str()) {
            self.push(inner);
        }
    }

    fn push(&mut self, inner: Open) {
        self.walls += usize::from(inner.is_wall());
        *self.names.entry(inner.name.clone()).or_default() += 1;
        self.open.push(inner);
    }

    fn pop(&mut self) -> Option<Open> {
        let last = self.open.pop()?;
        self.walls -= usize::from(last.is_wall());
        self.names.entry(last.name.clone()).and_modify(|open| *open = open.saturating_sub(1));
        Some(last)
    }

    fn pop_to(&mut self, name: &str) {
        while self.pop().is_some_and(|last| last.name != name) {}
    }

    /// Ends a form from within something foreign, which stays open behind it; whether it could.
    fn forget_form(&mut self) -> bool {
        let Some(at) = self.open.iter().rposition(|open| open.name == "form" && open.space == Space::Html) else {
            return false;
        };
        let is_reached = !self.open.iter().skip(at).any(Open::is_wall);
        if is_reached {
            self.open.remove(at);
            self.names.entry("form".to_owned()).and_modify(|open| *open = open.saturating_sub(1));
        }
        is_reached
    }

    fn leave_foreign(&mut self) {
        while self.is_foreign() {
            self.pop();
        }
    }

    /// Whether an element of this name is open in it.
    pub fn has(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|open| *open > 0)
    }

    /// Whether a part of a table is one of the table that is around all this.
    fn is_in_table_around(&self, around: Around) -> bool {
        around.in_table && !self.has("table") && !self.has("template")
    }
}

fn breaks_out(tag: &Tag<'_>) -> bool {
    let is_styled = || ["color", "face", "size"].iter().any(|name| tag.attribute(name).is_some());
    BREAKS_OUT.contains(&tag.name.as_str()) || (tag.name == "font" && is_styled())
}

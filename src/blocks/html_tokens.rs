//! HTML cut into texts and tags, by the rules of the WHATWG tokenizer, in one pass and without copying.
//!
//! There is no tree on purpose. Each tag makes a browser's tree builder look through all open elements, and each
//! paragraph makes it repeat what formatting is open: html5ever 0.40 took 80 s (unoptimised) for 200 kB of `<div>`, and
//! made 950,000 nodes of 100 kB of formatting and paragraphs. Blocks need no tree.

use std::borrow::Cow;

use super::markdown;

/// One piece of an HTML document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text, its character references not yet decoded.
    Text(&'a str),
    /// A start tag.
    Open(Tag<'a>),
    /// An end tag: its name in lower case.
    Close(String),
    /// What no browser shows though it may be text: in a control, or behind something that never ends.
    Lost(&'a str),
}

/// A start tag and those of its attributes that this room reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// The name in lower case.
    pub name: String,
    /// Whether it ends in `/>`, which counts in `svg` and `math` only.
    pub self_closing: bool,
    attributes: Vec<(&'static str, &'a str)>,
}

impl Tag<'_> {
    /// The value of an attribute, its character references decoded.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| decode(value))
    }
}

/// Attributes that are read; all others are passed over.
const ATTRIBUTES: [&str; 8] = ["alt", "class", "color", "encoding", "face", "href", "size", "src"];

/// Elements whose content is not markup, but in `svg` and `math`. None of it is kept.
const RAW: [&str; 8] = ["iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"];

/// The tokens of a document, comments left out.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// What was left out with the token before.
    lost: Option<&'a str>,
    /// Whether the next tag stands in `svg` or `math`, which whoever reads the tokens knows.
    pub is_foreign: bool,
}

impl<'a> Tokens<'a> {
    /// Begins at the start of a document or fragment.
    pub const fn new(html: &'a str) -> Self {
        Self { rest: html, lost: None, is_foreign: false }
    }

    /// Takes everything before the first character that is wanted.
    fn until(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self.rest.split_at(self.rest.find(wanted).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Takes this if it comes next.
    fn eat(&mut self, next: &str) -> bool {
        let rest = self.rest.strip_prefix(next);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes everything up to the end of this; none, and the rest is lost, when the document ends before.
    fn take_past(&mut self, end: &str) -> Option<&'a str> {
        let Some((taken, rest)) = self.rest.split_once(end) else {
            self.lose();
            return None;
        };
        self.rest = rest;
        Some(taken)
    }

    /// Reads no further.
    const fn lose(&mut self) {
        self.lost = Some(self.rest);
        self.rest = "";
    }

    /// Reads no further: the document ends in the tag that begins here.
    fn end(&mut self, begin: &'a str) -> Token<'a> {
        self.rest = "";
        Token::Lost(begin.trim_start_matches(['<', '/']))
    }

    /// A comment of any kind, or text in `svg` and `math`.
    fn declaration(&mut self) -> Option<Token<'a>> {
        if self.eat("!--") {
            self.skip_comment();
            return None;
        }
        if !self.eat("![CDATA[") {
            self.take_past(">");
            return None;
        }
        if self.is_foreign {
            return self.take_past("]]>").map(Token::Text);
        }
        // To browsers it is a comment up to the first tag.
        self.take_past(">").filter(|text| !text.starts_with('<')).map(Token::Lost)
    }

    fn at_letter(&self) -> bool {
        self.rest.starts_with(|c: char| c.is_ascii_alphabetic())
    }

    fn name(&mut self) -> String {
        self.until(|c| c.is_ascii_whitespace() || matches!(c, '/' | '>')).to_ascii_lowercase()
    }

    /// A start tag; none when the document ends in it.
    fn open(&mut self) -> Option<Tag<'a>> {
        let mut tag = Tag { name: self.name(), ..Tag::default() };
        self.attributes(&mut tag)?;
        if !self.is_foreign && RAW.contains(&tag.name.as_str()) {
            self.skip_raw(&tag.name);
        }
        Some(tag)
    }

    /// The attributes up to the end of the tag; none when the document ends before.
    fn attributes(&mut self, tag: &mut Tag<'a>) -> Option<()> {
        loop {
            let between = self.until(|c| !c.is_ascii_whitespace() && c != '/');
            if self.eat(">") {
                tag.self_closing = between.ends_with('/');
                return Some(());
            }
            let (name, value) = self.attribute()?;
            let known = ATTRIBUTES.into_iter().find(|known| known.eq_ignore_ascii_case(name));
            tag.attributes.extend(
                known
                    .filter(|known| tag.attributes.iter().all(|(before, _)| before != known))
                    .map(|known| (known, value)),
            );
        }
    }

    fn attribute(&mut self) -> Option<(&'a str, &'a str)> {
        let begin = self.rest;
        let first = self.rest.chars().next()?;
        self.rest = self.rest.strip_prefix(first)?;
        let tail = self.until(|c| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='));
        let name = begin.get(..first.len_utf8() + tail.len())?;
        self.until(|c| !c.is_ascii_whitespace());
        if !self.eat("=") {
            return Some((name, ""));
        }
        self.until(|c| !c.is_ascii_whitespace());
        for quote in ["\"", "'"] {
            if self.eat(quote) {
                let (value, rest) = self.rest.split_once(quote)?;
                self.rest = rest;
                return Some((name, value));
            }
        }
        Some((name, self.until(|c| c.is_ascii_whitespace() || c == '>')))
    }

    /// Drops the content of an element that holds no markup, up to its end tag.
    fn skip_raw(&mut self, name: &str) {
        let is_end = |after: &str| {
            after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && !after.get(name.len()..).is_some_and(|tail| tail.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let end = self.rest.match_indices("</").map(|(at, _)| at);
        let end = end.into_iter().find(|at| self.rest.get(at + 2..).is_some_and(is_end));
        let Some((content, rest)) = end.and_then(|at| self.rest.split_at_checked(at)) else { return self.lose() };
        self.lost = Some(content).filter(|_| !matches!(name, "script" | "style"));
        self.rest = rest;
    }

    /// What follows `<!--`, up to the end of the comment.
    fn skip_comment(&mut self) {
        if self.eat(">") || self.eat("->") {
            return;
        }
        let ends = self.rest.match_indices('>').filter_map(|(at, _)| self.rest.split_at_checked(at));
        let end = ends.into_iter().find(|(comment, _)| comment.ends_with("--") || comment.ends_with("--!"));
        match end.and_then(|(_, rest)| rest.strip_prefix('>')) {
            Some(rest) => self.rest = rest,
            None => self.lose(),
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if let Some(lost) = self.lost.take() {
                return Some(Token::Lost(lost));
            }
            let begin = self.rest;
            if begin.is_empty() {
                return None;
            }
            if !self.eat("<") {
                return Some(Token::Text(self.until(|c| c == '<')));
            }
            if self.at_letter() {
                return Some(self.open().map_or_else(|| self.end(begin), Token::Open));
            }
            if self.rest.starts_with(['!', '?']) {
                if let Some(text) = self.declaration() {
                    return Some(text);
                }
            } else if self.eat("/") {
                if self.at_letter() {
                    let name = self.name();
                    let whole = self.attributes(&mut Tag::default());
                    return Some(whole.map_or_else(|| self.end(begin), |()| Token::Close(name)));
                }
                self.take_past(">");
            } else {
                return begin.get(..1).map(Token::Text);
            }
        }
    }
}

/// A text with its character references decoded.
///
/// Named ones need their semicolon, as in an attribute: `?a=1&copy=2` keeps its `&copy`.
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut pieces = raw.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let decoded = if piece.starts_with('#') { numeric(piece) } else { named(piece) };
        let (character, rest) = decoded.unwrap_or_else(|| ("&".to_owned(), piece));
        text.push_str(&character);
        text.push_str(rest);
    }
    Cow::Owned(text)
}

fn named(piece: &str) -> Option<(String, &str)> {
    let (name, rest) = piece.split_once(';')?;
    let character = match name {
        "amp" => "&".to_owned(),
        "apos" => "'".to_owned(),
        "gt" => ">".to_owned(),
        "lt" => "<".to_owned(),
        "nbsp" => "\u{a0}".to_owned(),
        "quot" => "\"".to_owned(),
        other => markdown::character(other)?,
    };
    Some((character, rest))
}

/// What browsers show for the numbers 128 to 159, which old pages take from Windows-1252.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

fn numeric(piece: &str) -> Option<(String, &str)> {
    let digits = piece.strip_prefix('#')?;
    let (digits, radix) = digits.strip_prefix(['x', 'X']).map_or((digits, 10), |hex| (hex, 16));
    let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())?;
    let number = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    let legacy = number.checked_sub(128).and_then(|place| WINDOWS_1252.chars().nth(usize::try_from(place).ok()?));
    let character = legacy.or_else(|| char::from_u32(number).filter(|c| *c != '\0')).unwrap_or('\u{fffd}');
    Some((character.to_string(), rest.strip_prefix(';').unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens in short: texts as they are, `<name attribute=value>`, `</name>`; what is lost left out.
    fn shown(html: &str) -> String {
        let show = |token: Token<'_>| match token {
            Token::Text(text) => text.to_owned(),
            Token::Close(name) => format!("</{name}>"),
            Token::Lost(_) => String::new(),
            Token::Open(tag) => {
                let value = |name: &&str| Some(format!(" {name}={}", tag.attribute(name)?));
                let attributes: String = ATTRIBUTES.iter().filter_map(value).collect();
                format!("<{}{attributes}{}>", tag.name, if tag.self_closing { "/" } else { "" })
            }
        };
        Tokens::new(html).map(show).collect()
    }

    #[test]
    fn tags_are_cut_as_browsers_cut_them() {
        for (html, expected) in [
            ("a<B>c</B >d", "a<b>c</b>d"),
            ("<a HREF=x>", "<a href=x>"),
            ("<a href = 'x y' >", "<a href=x y>"),
            ("<a\thref=\"x>y\"\n>z", "<a href=x>y>z"),
            ("<a/href='x'/>z", "<a href=x/>z"),
            ("<a href='x'href='y'>", "<a href=x>"),
            ("<a x='<a href=y>' href=z>", "<a href=z>"),
            ("<a href>z", "<a href=>z"),
            ("<a href=>z", "<a href=>z"),
            ("<a =href=x>z", "<a>z"),
            ("<a href=x/>z", "<a href=x/>z"),
            ("<a \"href=x>z", "<a>z"),
            ("</a href='>'>z", "</a>z"),
            ("1 < 2 <3 <", "1 < 2 <3 <"),
            ("a</>b</ c>d</", "abd"),
            ("a<!-- > <b> -->c<!-->d<!--->e<!--x--!>f<!doctype html>g<?php x>h", "acdefgh"),
            ("a<!----->b<!-- -- -->c<!-- x", "abc"),
            ("a<![CDATA[x]]>b", "ab"),
            ("<script>if (a</b) '</p>'</SCRIPT\n>c", "<script></script>c"),
            ("<title></titles></title>a<style>b", "<title></title>a<style>"),
            ("a<b", "a"),
            ("a<b href='x>y", "a"),
            ("a</b", "a"),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_left_out_is_told() {
        let lost = |html| {
            let lost = |token| if let Token::Lost(text) = token { Some(text) } else { None };
            Tokens::new(html).filter_map(lost).filter(|text| !text.is_empty()).collect::<Vec<_>>()
        };
        for (html, expected) in [
            ("a<!-- b --><!--><!---><!--c--!><!doctype html><?php x>d</ e>f", &[] as &[&str]),
            ("<style>a</style><script>b</script><title></title>", &[]),
            ("<title>a</title><textarea>b</textarea><iframe>c</iframe>", &["a", "b", "c"]),
            ("a<!-- b > --c", &[" b > --c"]),
            ("a<!---!>b", &["-!>b"]),
            ("a<style>b</styles>", &["b</styles>"]),
            ("a<script>b", &["b"]),
            ("a<?php b", &["?php b"]),
            ("a</ b", &[" b"]),
            ("a<b href='x>y", &["b href='x>y"]),
            ("a</b href='x>y", &["b href='x>y"]),
            ("a<![CDATA[b]]>c<![CDATA[<p>d</p>]]>", &["b]]"]),
        ] {
            assert_eq!(lost(html), expected, "{html}");
        }
    }

    #[test]
    fn references_are_decoded_as_in_browsers() {
        for (raw, expected) in [
            ("&lt;b&gt; &amp;amp; &quot;&apos;", "<b> &amp; \"'"),
            ("&#1582;&#x628;&#X631;", "خبر"),
            ("&#39 &#039;", "' '"),
            ("&laquo;&eacute;&nbsp;&zwnj;&Tab;", "«é\u{a0}\u{200c}\t"),
            ("&#146;&#x80;&#129;", "’€\u{81}"),
            ("&#0;&#xD800;&#99999999999;", "\u{fffd}\u{fffd}\u{fffd}"),
            ("?a=1&copy=2&lang=ar", "?a=1&copy=2&lang=ar"),
            ("& && &; &#; &#x; &nope; &*a*;", "& && &; &#; &#x; &nope; &*a*;"),
        ] {
            assert_eq!(decode(raw), expected, "{raw}");
        }
    }
}

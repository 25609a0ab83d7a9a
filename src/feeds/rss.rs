//! RSS 2.0.

use std::io;

use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::problem::Problem;
use crate::time::UtcTime;

type Xml = Writer<Vec<u8>>;

/// What a feed is about, and what is in it.
#[derive(Clone, Debug)]
pub(super) struct Channel<'a> {
    pub title: &'a str,
    pub link: &'a str,
    /// Where the feed itself is.
    pub this: &'a str,
    pub about: &'a str,
    pub language: &'a str,
    pub changed_at: UtcTime,
    pub items: Vec<Item>,
}

/// One thing in a feed.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub creator: Option<String>,
    pub link: String,
    /// What it is known by, wherever it is.
    pub guid: String,
    /// Plain text.
    pub text: String,
    pub published_at: UtcTime,
}

impl Channel<'_> {
    /// The document.
    pub fn document(&self) -> Result<String, Problem> {
        let failed = |error: String| Problem::internal(format!("the feed: {error}"));
        let bytes = self.bytes().map_err(|error| failed(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut xml = Writer::new(Vec::new());
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let names = [
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ];
        xml.create_element("rss").with_attributes(names).write_inner_content(|xml| {
            xml.create_element("channel").write_inner_content(|xml| self.inside(xml))?;
            Ok(())
        })?;
        Ok(xml.into_inner())
    }

    fn inside(&self, xml: &mut Xml) -> io::Result<()> {
        element(xml, "title", self.title)?;
        element(xml, "link", self.link)?;
        element(xml, "description", self.about)?;
        element(xml, "language", self.language)?;
        element(xml, "lastBuildDate", &self.changed_at.http_date())?;
        let this = [("href", self.this), ("rel", "self"), ("type", "application/rss+xml")];
        xml.create_element("atom:link").with_attributes(this).write_empty()?;
        self.items.iter().try_for_each(|item| {
            xml.create_element("item").write_inner_content(|xml| item.inside(xml))?;
            Ok(())
        })
    }
}

impl Item {
    fn inside(&self, xml: &mut Xml) -> io::Result<()> {
        if let Some(creator) = &self.creator {
            // Programs do not agree whether a title is HTML: this one is the same to all of them.
            let plain: String = creator.chars().filter(|c| !matches!(c, '<' | '>' | '&')).collect();
            element(xml, "title", &plain)?;
            element(xml, "dc:creator", creator)?;
        }
        element(xml, "link", &self.link)?;
        let known = xml.create_element("guid").with_attribute(("isPermaLink", "false"));
        known.write_text_content(BytesText::new(&self.guid))?;
        element(xml, "pubDate", &self.published_at.http_date())?;
        element(xml, "description", &html(&self.text))
    }
}

fn element(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(&allowed(text)))?;
    Ok(())
}

/// A plain text as HTML, which is what a description is taken for.
fn html(text: &str) -> String {
    format!("<p dir=\"auto\">{}</p>", escape(text).replace('\n', "<br>"))
}

/// A text without the characters that no XML document may have, escaped or not.
fn allowed(text: &str) -> String {
    let is_allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}');
    text.chars().filter(is_allowed).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use quick_xml::Reader;

    fn channel(text: &str) -> String {
        let item = Item {
            creator: Some(text.into()),
            link: "https://news.example/1".into(),
            guid: "urn:uuid:1".into(),
            text: text.into(),
            published_at: UtcTime::from_micros(0),
        };
        let channel = Channel {
            title: text,
            link: "https://news.example/?a=1&b=2",
            this: "https://news.example/feed?a=1&b=\"2\"",
            about: "about",
            language: "ar",
            changed_at: UtcTime::from_micros(0),
            items: vec![item],
        };
        channel.document().unwrap()
    }

    /// The names of the elements, in order.
    fn elements(document: &str) -> Vec<String> {
        let mut reader = Reader::from_str(document);
        let mut names = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => names.push(format!("{:?}", start.name())),
                Event::Empty(empty) => names.push(format!("{:?}", empty.name())),
                Event::Eof => return names,
                _ => {}
            }
        }
    }

    #[test]
    fn dates_are_as_mail_has_them() {
        assert!(channel("x").contains("<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"));
    }

    #[test]
    fn what_xml_can_not_hold_is_left_out() {
        assert_eq!(allowed("a\u{0}\u{8}\u{B}\u{1F}\u{FFFE}\u{FFFF}ب\t\n👍"), "aب\t\n👍");
        assert_eq!(html("<b>\n&"), "<p dir=\"auto\">&lt;b&gt;<br>&amp;</p>");
    }

    proptest! {
        #[test]
        fn no_text_changes_which_elements_there_are(text in any::<String>()) {
            prop_assert_eq!(elements(&channel(&text)), elements(&channel("x")));
        }
    }
}

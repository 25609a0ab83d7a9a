//! The body of an article: Portable Text blocks, and the ways in and out of them.
//!
//! A body comes in as blocks ([`Body::parse`]), as HTML ([`Body::from_html`]) or as Markdown
//! ([`Body::from_markdown`]) and goes out as blocks (serde), HTML ([`Body::to_html`]), Markdown
//! ([`Body::to_markdown`]) or plain text ([`Body::to_text`]). Whatever came in, a [`Body`] holds one *normal form*, so that equal texts are equal
//! values: the same words give the same bytes, the same hash and an empty diff.
//!
//! The normal form:
//! - Text is clean (`text::safe`), white space collapses as in HTML, U+00A0 stays, a newline is a line break.
//!   No block starts or ends with white space, and no text block is blank.
//! - Neighbouring spans differ in their marks. Decorators stand in the order of [`Decorator`], the link last.
//! - Links of a block are `link-1`, `link-2`, … in the order of their first use; one for each address.
//! - List items have a level, other blocks none. Embeds know their provider.
//!
//! `from_html(to_html(body))` and `from_markdown(to_markdown(body))` give the body back without the `_key` of blocks and spans
//! ([`Body::without_keys`]), and nothing else is lost.
//!
//! This room reads no database and fetches no address. No markup of the sender reaches a reader: HTML is read
//! into blocks, and HTML is written from blocks alone.
//!
//! Portable Text: <https://github.com/portabletext/portabletext>

mod dropped;
mod embed;
mod from_html;
mod html_tokens;
mod markdown;
mod model;
mod parse;
mod plain;
mod runs;
mod to_html;
mod to_markdown;

pub use embed::Provider;
pub use model::{
    BLOCKS_MAX, BYTES_MAX, Block, Body, Decorator, EmbedBlock, EmbedTag, GRAPHEMES_MAX, ImageBlock, ImageTag, LinkDef,
    LinkTag, ListItem, Span, SpanTag, Style, TextBlock, TextTag,
};

/// HTML or Markdown with its character references decoded, to look for characters in it.
pub fn decoded(markup: &str) -> std::borrow::Cow<'_, str> {
    html_tokens::decode(markup)
}

/// Whether [`Body::from_html`] leaves out some of the text of this: in a form or a drawing, or behind a comment that never ends.
pub fn html_drops_text(html: &str) -> bool {
    from_html::drops_text(html)
}

/// The same of [`Body::from_markdown`].
pub fn markdown_drops_text(markdown: &str) -> bool {
    from_html::drops_text(&markdown::html(markdown))
}

#[cfg(test)]
mod dropped_tests;
#[cfg(test)]
mod from_html_tests;
#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod tests;

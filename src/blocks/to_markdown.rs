//! Markdown out: `CommonMark` with `~~strike-through~~`, and HTML for what Markdown has no sign for.

use std::fmt::Write;

use super::{Block, Body, Decorator, ListItem, Span, Style, TextBlock};

impl Body {
    /// The Markdown of a body. [`Body::from_markdown`] gives the body back, without the `_key` of blocks and spans.
    ///
    /// Each block is one line. Underlines, `sub` and `sup`, several marks on one text, and marks that begin or end inside of
    /// a word's punctuation are HTML elements; line breaks are `<br>`; pictures and embeds are the `figure` of
    /// [`Body::to_html`]. Items of numbered lists all say `1.`, which Markdown counts on.
    pub fn to_markdown(&self) -> String {
        let mut markdown = String::new();
        let mut lists = Vec::new();
        let mut after_item = false;
        for block in &self.0 {
            let is_item = matches!(block, Block::Text(text) if text.list_item.is_some());
            if !markdown.is_empty() {
                markdown.push_str(if is_item && after_item { "\n" } else { "\n\n" });
            }
            match block {
                Block::Text(text) => text_block(text, &mut lists, &mut markdown),
                Block::Image(_) | Block::Embed(_) => {
                    lists.clear();
                    markdown.push_str(&Self(vec![block.clone()]).to_html());
                }
            }
            after_item = is_item;
        }
        markdown
    }
}

fn text_block(block: &TextBlock, lists: &mut Vec<ListItem>, markdown: &mut String) {
    match block.list_item {
        Some(kind) => enter_item(kind, usize::from(block.level.unwrap_or(1)), lists, markdown),
        None => lists.clear(),
    }
    markdown.push_str(match block.style {
        Style::Normal => "",
        Style::H2 => "## ",
        Style::H3 => "### ",
        Style::H4 => "#### ",
        Style::Blockquote => "> ",
    });
    spans(block, markdown);
}

/// Writes the indent and the marker of an item, or several markers where levels were left out.
fn enter_item(kind: ListItem, level: usize, lists: &mut Vec<ListItem>, markdown: &mut String) {
    // The last list goes on by a marker of its own, as a new one would begin.
    lists.truncate(level - 1);
    let indent: usize = lists.iter().map(|list| marker(*list).len()).sum();
    markdown.push_str(&" ".repeat(indent));
    while lists.len() < level {
        markdown.push_str(marker(kind));
        lists.push(kind);
    }
}

const fn marker(kind: ListItem) -> &'static str {
    match kind {
        ListItem::Bullet => "- ",
        ListItem::Number => "1. ",
    }
}

fn spans(block: &TextBlock, markdown: &mut String) {
    let heading = !matches!(block.style, Style::Normal | Style::Blockquote);
    let href = |span: &Span| {
        let link = block.mark_defs.iter().find(|def| span.marks.contains(&def.key));
        link.map(|def| def.href.as_str())
    };
    let mut first = true;
    for linked in block.children.chunk_by(|one, next| href(one) == href(next)) {
        let target = linked.first().and_then(href);
        if target.is_some() {
            markdown.push('[');
        }
        for part in linked {
            span(part, first && target.is_none(), heading, markdown);
            first = false;
        }
        if let Some(target) = target {
            let _ = write!(markdown, "]({})", destination(target));
        }
    }
}

/// Writes a span with its decorators: by their signs where those are sure to be read as such, else by their elements.
fn span(span: &Span, first: bool, heading: bool, markdown: &mut String) {
    let decorators: Vec<_> = span.marks.iter().filter_map(|mark| Decorator::from_mark(mark)).collect();
    let sign = match decorators.as_slice() {
        [Decorator::Strong] => Some("**"),
        [Decorator::Em] => Some("*"),
        [Decorator::StrikeThrough] => Some("~~"),
        [Decorator::Code] if !span.text.contains(['`', '\n', '\u{a0}']) => Some("`"),
        _ => None,
    };
    let is_firm = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let firm = is_firm(span.text.chars().next()) && is_firm(span.text.chars().next_back());
    let alone = !markdown.ends_with(['*', '~', '`']);
    match sign.filter(|_| firm && alone) {
        Some("`") => _ = write!(markdown, "`{}`", span.text),
        Some(sign) => _ = write!(markdown, "{sign}{}{sign}", escaped(&span.text, false, heading)),
        None => {
            for mark in &decorators {
                let _ = write!(markdown, "<{}>", mark.element());
            }
            markdown.push_str(&escaped(&span.text, first && decorators.is_empty(), heading));
            for mark in decorators.iter().rev() {
                let _ = write!(markdown, "</{}>", mark.element());
            }
        }
    }
}

/// A text in which nothing is read as a sign. What begins a block is more easily misread than what goes on with it.
fn escaped(text: &str, begins_block: bool, heading: bool) -> String {
    let mut markdown = String::with_capacity(text.len() + 8);
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let after_number = text.len() - number.len();
    for (at, c) in text.char_indices() {
        let is_last = at + c.len_utf8() == text.len();
        let opens = match c {
            '#' | '>' | '+' | '-' | '=' => at == 0,
            '.' | ')' => at == after_number && at > 0,
            _ => false,
        };
        let special = matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&' | '~');
        if special || (opens && begins_block) || (c == '#' && heading) || (c == '!' && is_last) {
            markdown.push('\\');
        }
        match c {
            '\n' => markdown.push_str("<br>"),
            '\u{a0}' => markdown.push_str("&nbsp;"),
            c => markdown.push(c),
        }
    }
    markdown
}

/// An address between the brackets of a link.
fn destination(href: &str) -> String {
    let href = if href.contains(';') { href.replace('&', "&amp;") } else { href.to_owned() };
    if href.contains(['(', ')']) { format!("<{href}>") } else { href }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_markdown() {
        for (html, markdown) in [
            ("<p>نص <b>مهم</b> و<i>مائل</i> و<s>قديم</s></p>", "نص **مهم** و*مائل* و~~قديم~~"),
            ("<h2>عنوان #1</h2><h4>صغير</h4>", "## عنوان \\#1\n\n#### صغير"),
            (
                "<p>a <b><i>b</i></b> <b>«c»</b> x<b>y</b><i>z</i></p>",
                "a <strong><em>b</em></strong> <strong>«c»</strong> x**y**<em>z</em>",
            ),
            ("<p>H<sub>2</sub>O <u>u</u> <code>x &lt; y</code></p>", "H<sub>2</sub>O <u>u</u> `x < y`"),
            ("<p>2020. خبر</p><p>- لا</p><p># وسم #خبر</p>", "2020\\. خبر\n\n\\- لا\n\n\\# وسم #خبر"),
            ("<p>a<br>b* _c_ [d] &lt;e&gt; &amp;f; `g`</p>", "a<br>b\\* \\_c\\_ \\[d\\] \\<e> \\&f; \\`g\\`"),
            ("<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul><p>e</p>", "- a\n  1. b\n  1. c\n- d\n\ne"),
            ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n\n> b"),
            (
                "<p>قال! <a href='https://a.example/خبر'>هنا <b>وهناك</b></a></p>",
                "قال! [هنا **وهناك**](https://a.example/خبر)",
            ),
            (
                "<p>قال!<a href='https://a.example/(x)?b&amp;c;'>هنا</a></p>",
                "قال\\![هنا](<https://a.example/(x)?b&amp;c;>)",
            ),
            (
                "<img src='https://a.example/1.jpg' alt='حقل'>",
                "<figure><img src=\"https://a.example/1.jpg\" alt=\"حقل\"></figure>",
            ),
        ] {
            let body = Body::from_html(html);
            assert_eq!(body.to_markdown(), markdown, "{html}");
            assert_eq!(Body::from_markdown(markdown), body, "{markdown}");
        }
    }
}

//! Plain text out: for search, counts, excerpts and feeds that take no markup.

use super::{Block, Body, ListItem, Style, TextBlock};

impl Body {
    /// The text of a body: blocks a blank line apart, list items on lines of their own.
    ///
    /// Items begin with `• ` or their number, two spaces further in at each level. Pictures and embeds are left out
    /// with their captions.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut numbers = Numbers::default();
        let mut after_item = false;
        for block in self.0.iter().filter_map(Block::as_text) {
            let label = numbers.label(block);
            let is_item = block.list_item.is_some();
            if !text.is_empty() {
                text.push_str(if is_item && after_item { "\n" } else { "\n\n" });
            }
            text.push_str(&label);
            text.extend(block.children.iter().map(|span| span.text.as_str()));
            after_item = is_item;
        }
        text
    }

    /// The text of the first paragraph that is neither a heading, a quotation nor a list item.
    pub fn first_paragraph(&self) -> Option<String> {
        let mut texts = self.0.iter().filter_map(Block::as_text);
        let block = texts.find(|block| block.style == Style::Normal && block.list_item.is_none())?;
        Some(block.children.iter().map(|span| span.text.as_str()).collect())
    }
}

impl Block {
    const fn as_text(&self) -> Option<&TextBlock> {
        match self {
            Self::Text(text) => Some(text),
            Self::Image(_) | Self::Embed(_) => None,
        }
    }
}

/// The kind and the number of the last item at each level of the list that is being written.
#[derive(Default)]
struct Numbers(Vec<(Option<ListItem>, usize)>);

impl Numbers {
    /// What stands before the text of a block.
    fn label(&mut self, block: &TextBlock) -> String {
        let level = usize::from(block.level.unwrap_or(1));
        let Some(kind) = block.list_item else {
            self.0.clear();
            return String::new();
        };
        self.0.resize(level, (None, 0));
        let Some((last, number)) = self.0.last_mut() else { return String::new() };
        *number = if *last == Some(kind) { *number + 1 } else { 1 };
        *last = Some(kind);
        let indent = "  ".repeat(level - 1);
        match kind {
            ListItem::Bullet => format!("{indent}• "),
            ListItem::Number => format!("{indent}{number}. "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_words_and_nothing_else() {
        let html = "<h2>عنوان</h2><p>فقرة <b>أولى</b><br>سطر</p><ol><li>واحد<ul><li>أ</li><li>ب</li></ul></li>\
            <li>اثنان</li></ol><figure><img src='https://a.example/1.jpg' alt='صورة'><figcaption>تعليق</figcaption></figure>\
            <ol><li>من جديد</li></ol><blockquote>قول</blockquote><ol><li>واحد</li></ol>";
        let text = "عنوان\n\nفقرة أولى\nسطر\n\n1. واحد\n  • أ\n  • ب\n2. اثنان\n3. من جديد\n\nقول\n\n1. واحد";
        assert_eq!(Body::from_html(html).to_text(), text);
    }

    #[test]
    fn the_first_paragraph_is_no_heading_and_no_item() {
        let body =
            Body::from_html("<h2>a</h2><ul><li>b</li></ul><blockquote>c</blockquote><p>d<br><i>e</i></p><p>f</p>");
        assert_eq!(body.first_paragraph().as_deref(), Some("d\ne"));
        assert_eq!(Body::default().first_paragraph(), None);
        assert_eq!(Body::default().to_text(), "");
    }
}

//! Markdown in, by way of HTML.

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::{Body, to_html::quoted};

impl Body {
    /// Reads `CommonMark` with `~~strike-through~~`. HTML inside of it is read as by [`Body::from_html`].
    ///
    /// It takes whatever it gets; check [`Body::within_limits`].
    pub fn from_markdown(markdown: &str) -> Self {
        Self::from_html(&html(markdown))
    }
}

/// The HTML that Markdown stands for.
pub(super) fn html(markdown: &str) -> String {
    let mut written = String::with_capacity(markdown.len());
    let mut picture: Option<Picture> = None;
    let events = Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH);
    html::push_html(&mut written, events.filter_map(|event| addressed(event, &mut picture)));
    written
}

/// A picture whose description is being read.
struct Picture {
    src: String,
    alt: String,
    /// Pictures in the description, of which the words count.
    inner: usize,
}

/// Links and pictures with their addresses as they were typed: `pulldown_cmark` would write Arabic ones in percents, hosts
/// too, which is no address any more.
fn addressed<'a>(event: Event<'a>, picture: &mut Option<Picture>) -> Option<Event<'a>> {
    if let Some(open) = picture {
        match event {
            Event::Text(text) | Event::Code(text) => open.alt.push_str(&text),
            Event::SoftBreak | Event::HardBreak => open.alt.push(' '),
            Event::Start(Tag::Image { .. }) => open.inner += 1,
            Event::End(TagEnd::Image) if open.inner > 0 => open.inner -= 1,
            Event::End(TagEnd::Image) => {
                let html = format!(r#"<img src="{}" alt="{}">"#, quoted(&open.src), quoted(&open.alt));
                *picture = None;
                return Some(Event::InlineHtml(html.into()));
            }
            _ => {}
        }
        return None;
    }
    let html = match &event {
        Event::Start(Tag::Link { link_type: LinkType::Email, dest_url, .. }) => {
            format!(r#"<a href="mailto:{}">"#, quoted(dest_url))
        }
        Event::Start(Tag::Link { dest_url, .. }) => format!(r#"<a href="{}">"#, quoted(dest_url)),
        Event::End(TagEnd::Link) => "</a>".to_owned(),
        Event::Start(Tag::Image { dest_url, .. }) => {
            *picture = Some(Picture { src: dest_url.to_string(), alt: String::new(), inner: 0 });
            return None;
        }
        _ => return Some(event),
    };
    Some(Event::InlineHtml(html.into()))
}

/// The character of an HTML reference such as `eacute`; `CommonMark` has the same table as HTML.
pub(super) fn character(name: &str) -> Option<String> {
    if name.len() > 32 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let reference = format!("&{name};");
    let text = Parser::new(&reference).find_map(|event| match event {
        Event::Text(text) => Some(text.into_string()),
        _ => None,
    })?;
    (!text.starts_with('&')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_blocks() {
        for (markdown, html) in [
            ("نص **مهم** و*مائل*\nفي سطر", "<p>نص <strong>مهم</strong> و<em>مائل</em> في سطر</p>"),
            ("# عنوان\n\n##### صغير", "<h2>عنوان</h2><h4>صغير</h4>"),
            ("~~قديم~~ `x < y`", "<p><s>قديم</s> <code>x &lt; y</code></p>"),
            ("- a\n  1. b\n- c", "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>"),
            ("- a\n\n  more\n\n- b", "<ul><li>a<br>more</li><li>b</li></ul>"),
            ("> a\n>\n> b", "<blockquote><p>a</p><p>b</p></blockquote>"),
            ("a  \nb", "<p>a<br>b</p>"),
            ("```\na\n  b\n```", "<p><code>a<br>b</code></p>"),
            ("[x](javascript:alert(1)) <script>alert(1)</script>", "<p>x</p>"),
            (
                "<https://a.example/?b&c>",
                "<p><a href=\"https://a.example/?b&amp;c\" rel=\"noopener noreferrer\">https://a.example/?b&amp;c</a></p>",
            ),
            (
                "[خبر](https://مثال.إختبار/خبر \"t\") <desk@a.example>",
                "<p><a href=\"https://مثال.إختبار/خبر\" rel=\"noopener noreferrer\">خبر</a> \
                    <a href=\"mailto:desk@a.example\" rel=\"noopener noreferrer\">desk@a.example</a></p>",
            ),
            (
                "![a *b* ![c](x) \"d\"](https://مثال.إختبار/1.jpg)",
                "<figure><img src=\"https://مثال.إختبار/1.jpg\" alt=\"a b c &quot;d&quot;\"></figure>",
            ),
            ("![حقل](https://a.example/1.jpg)", "<figure><img src=\"https://a.example/1.jpg\" alt=\"حقل\"></figure>"),
        ] {
            assert_eq!(Body::from_markdown(markdown).to_html(), html, "{markdown}");
        }
    }

    #[test]
    fn references_are_those_of_html() {
        for (name, expected) in [("eacute", Some("é")), ("NewLine", Some("\n")), ("laquo", Some("«")), ("nope", None)]
        {
            assert_eq!(character(name).as_deref(), expected, "{name}");
        }
        assert_eq!(character("*a*"), None);
    }

    #[test]
    fn deep_markdown_is_read_without_recursion() {
        for piece in [">", "- ", "*a ", "[", "![", "`", "<div>"] {
            Body::from_markdown(&piece.repeat(50_000));
        }
    }
}

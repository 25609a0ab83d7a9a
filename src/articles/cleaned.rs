//! What came with a paste and was taken out of an article's texts, or had no place in them, told to whoever wrote them.

use serde_json::Value;

use super::dto::ArticleIn;
use super::kept::Saved;
use super::lint;
use crate::app::Tx;
use crate::blocks::{decoded, html_drops_text, markdown_drops_text};
use crate::lint::LintCode;
use crate::problem::Problem;
use crate::text::safe;

/// The pointers of what is not kept as it came.
#[derive(Debug)]
pub(super) struct Stripped {
    cleaned: Vec<String>,
    dropped: Vec<String>,
}

impl Stripped {
    /// Looks at the form as it came.
    pub(super) fn of(form: &ArticleIn) -> Result<Self, Problem> {
        let html = form.body_html.as_deref().is_some_and(html_drops_text);
        let markdown = form.body_markdown.as_deref().is_some_and(markdown_drops_text);
        let dropped = [("/bodyHtml", html), ("/bodyMarkdown", markdown)];
        let dropped = dropped.into_iter().filter(|(_, drops)| *drops).map(|(pointer, _)| pointer.to_owned());
        Ok(Self { cleaned: cleaned(form)?, dropped: dropped.collect() })
    }
}

/// The pointers of the fields, and of the blocks of the body, that are kept without some of their characters.
///
/// It looks at every text of the form as it came, so that no field is forgotten.
fn cleaned(form: &ArticleIn) -> Result<Vec<String>, Problem> {
    let mut found = Vec::new();
    look(&serde_json::to_value(form)?, "", &mut found);
    // Of a body it is enough to say which block.
    for pointer in &mut found {
        let block = pointer.strip_prefix("/body/").and_then(|rest| rest.split('/').next());
        if let Some(block) = block.map(|block| format!("/body/{block}")) {
            *pointer = block;
        }
    }
    found.dedup();
    Ok(found)
}

fn look(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let markup = matches!(at, "/bodyHtml" | "/bodyMarkdown");
            let loses = if markup { safe::loses(&decoded(text)) } else { safe::loses(text) };
            found.extend(loses.then(|| at.to_owned()));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| look(item, &format!("{at}/{n}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| look(member, &format!("{at}/{name}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Saved {
    /// The same with a warning at each text that was cleaned, and at each body of which some was dropped.
    pub(super) fn noting(mut self, tx: &mut Tx<'_>, stripped: &Stripped) -> Result<Self, Problem> {
        self.warnings.extend(lint::once(tx, LintCode::CleanedText, &stripped.cleaned)?);
        self.warnings.extend(lint::once(tx, LintCode::DroppedText, &stripped.dropped)?);
        Ok(self)
    }
}

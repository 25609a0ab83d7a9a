//! A draft that begins as the translation of another article.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::desk::create_like;
use super::draft::Draft;
use super::dto::ArticleIn;
use super::kept::{Saved, read_texts, visible_to};
use super::model::ArticleState;
use super::store;
use crate::app::Tx;
use crate::auth::Permit;
use crate::auth::actions::WriteArticles;
use crate::http::Expected;
use crate::ids::ArticleId;
use crate::problem::{Code, Problem};
use crate::text::Language;

/// What a translation begins with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TranslationIn {
    /// The language to translate into.
    #[schema(example = "en")]
    pub language: Language,
    /// The headline, where it is translated already; the original's otherwise.
    #[serde(default)]
    #[schema(max_length = 2000, example = "Putin calls for talks in Moscow")]
    pub headline: Option<String>,
}

/// Begins a draft with what is the same in every language.
pub fn translate(
    tx: &mut Tx<'_>,
    permit: &Permit<WriteArticles>,
    id: ArticleId,
    expected: &Expected,
    said: TranslationIn,
) -> Result<Saved, Problem> {
    let head = visible_to(&mut tx.reading(), &permit.user, id)?;
    expected.check(head.version)?;
    if head.state == ArticleState::Killed {
        return Err(Problem::new(Code::IllegalTransition).with("state", head.state.as_str()));
    }
    let (original, _) = read_texts(&store::texts(tx.conn, id)?)?;
    create_like(tx, permit, Draft::of(begun(id, original.clone(), said))?, Some(&original))
}

/// The form that a translation begins with: where the article is filed, whom it credits, what it shows; none of its texts
/// but the headline.
fn begun(id: ArticleId, original: ArticleIn, said: TranslationIn) -> ArticleIn {
    let TranslationIn { language, headline } = said;
    ArticleIn {
        language,
        headline: headline.unwrap_or_else(|| original.headline.clone()),
        slug: None,
        alternative_headline: None,
        subheadline: None,
        abstract_: None,
        body: None,
        body_html: None,
        body_markdown: None,
        by: None,
        credit_text: None,
        located: None,
        rewrite_of: None,
        translation_of: Some(id),
        ed_note: None,
        alt_ids: std::collections::BTreeMap::new(),
        seo: None,
        ..original
    }
}

//! Word lists as moderators write and read them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::matcher::{Reach, WordList};
use super::store::Listed;
use super::{Imported, TEXT_MAX};
use crate::fault::Fault;
use crate::ids::{UserId, WordId};
use crate::text::{Language, safe};
use crate::time::UtcTime;

/// A word or a phrase to be put on a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WordIn {
    /// The list.
    pub list: WordList,
    /// Its language; of every language when absent. Particles go with Arabic words alone.
    #[serde(default)]
    pub language: Option<Language>,
    /// What is looked for, in any spelling: a line of at most 100 characters, with a letter or a digit.
    #[schema(min_length = 1, max_length = 1_000, example = "كلب")]
    pub text: String,
    /// How much of a word it must be.
    #[serde(default)]
    pub reach: Reach,
    /// Whether it is also found taken apart (`ك ل ب`) and with digits for Latin letters (`b1tch`).
    #[serde(default)]
    #[schema(example = true)]
    pub spaced: bool,
}

/// Words and phrases to be put on a list at once, all of one kind.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WordImportIn {
    /// The list.
    pub list: WordList,
    /// Their language; of every language when absent. Particles go with Arabic words alone.
    #[serde(default)]
    pub language: Option<Language>,
    /// How much of a word each must be.
    #[serde(default)]
    pub reach: Reach,
    /// Whether they are also found taken apart (`ك ل ب`) and with digits for Latin letters (`b1tch`).
    #[serde(default)]
    #[schema(example = true)]
    pub spaced: bool,
    /// What is looked for, in any spelling: lines of at most 100 characters, each with a letter or a digit.
    #[schema(min_items = 1, max_items = 5_000, example = json!(["كلب", "ابن الكلب"]))]
    pub words: Vec<String>,
}

/// Which words are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct WordQuery {
    /// Only those of this list.
    #[param(required = false)]
    pub list: Option<WordList>,
    /// Only those that are said to be of this language.
    #[param(required = false)]
    pub language: Option<Language>,
}

/// A word on a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WordView {
    /// Its id.
    id: WordId,
    /// The list.
    list: WordList,
    /// Its language, if it is not of every language.
    language: Option<Language>,
    /// What is looked for.
    #[schema(example = "كلب")]
    text: String,
    /// How much of a word it must be.
    reach: Reach,
    /// Whether it is also found taken apart and disguised.
    #[schema(example = true)]
    spaced: bool,
    /// By whom it was put there.
    created_by: UserId,
    /// Since when.
    date_created: UtcTime,
}

impl From<Listed> for WordView {
    fn from(listed: Listed) -> Self {
        let language = listed.language();
        let Listed { id, list, language: _, text, text_key: _, reach, is_spaced, created_by, created_at } = listed;
        Self { id, list, language, text, reach, spaced: is_spaced, created_by, date_created: created_at }
    }
}

/// What has come of an import.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WordImportView {
    /// How many are new on the list.
    #[schema(example = 2)]
    added: usize,
    /// How many stood there already, or came twice.
    #[schema(example = 0)]
    skipped: usize,
}

impl From<Imported> for WordImportView {
    fn from(imported: Imported) -> Self {
        let Imported { added, skipped } = imported;
        Self { added, skipped }
    }
}

/// How a list has changed; never by which words.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `told` puts together")]
pub struct WordEvent {
    /// The list.
    list: WordList,
    /// How many words.
    #[schema(example = 1)]
    count: usize,
}

/// What is looked for, as it is kept.
///
/// # Errors
/// `blank`, `too_long` in graphemes, or `bad_format` where there is no letter or digit to find it by.
pub fn text(input: &str) -> Result<String, Fault> {
    let text = safe::line(input, TEXT_MAX)?;
    if super::matcher::key(&text).is_empty() {
        return Err(Fault::BadFormat("[\\p{L}\\p{N}]".to_owned()));
    }
    Ok(text)
}

//! A line of the audit log, and what of it may be asked for.

use uuid::Uuid;

use crate::fault::Fault;
use crate::ids::{AuditId, KeyId, UserId};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// What became of a call.
    #[schema(example = "allowed")]
    pub enum Outcome {
        /// It was done, or there was nothing to do.
        Allowed = "allowed",
        /// It was not: `status` and `code` say why.
        Refused = "refused",
    }
}

/// A line, as the log keeps it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: UtcTime,
    /// Who; nobody for strangers, the command line and the clock.
    pub actor: Option<UserId>,
    /// The role that they had.
    pub role: String,
    /// The key, where a program acted for them.
    pub key: Option<KeyId>,
    /// `noun.verb`: in the past for a change, in the present for a call without one.
    pub action: String,
    /// The method of the request.
    pub method: Option<String>,
    /// The pattern of its path.
    pub route: Option<String>,
    /// The noun.
    pub kind: String,
    /// Which one.
    pub target: Option<Uuid>,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer, where nothing was changed.
    pub status: Option<i64>,
    /// The problem's code, where it was refused.
    pub code: Option<String>,
    /// The request.
    pub request_id: String,
    /// The fingerprint of what was kept of the target.
    pub before: Option<Vec<u8>>,
    /// The fingerprint of what is kept of it now.
    pub after: Option<Vec<u8>>,
    /// What there is to know beside, as JSON.
    pub payload: String,
}

/// Which actions a list wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actions {
    /// One of them: `article.published`.
    One(String),
    /// All of a noun: `article.`.
    Of(String),
}

impl Actions {
    /// Reads `noun.verb`, or `noun.` for all of its verbs.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let is_word = |word: &str| word.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        match text.split_once('.') {
            Some((noun, "")) if !noun.is_empty() && is_word(noun) => Ok(Self::Of(noun.to_owned())),
            Some((noun, verb)) if !noun.is_empty() && is_word(noun) && is_word(verb) => Ok(Self::One(text.to_owned())),
            _ => Err(Fault::BadFormat("noun.verb".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_one_or_all_of_a_noun() {
        assert_eq!(Actions::parse("article.published"), Ok(Actions::One("article.published".into())));
        assert_eq!(Actions::parse("article."), Ok(Actions::Of("article".into())));
        for wrong in ["", ".", "article", ".published", "a.b.c", "Article.published", "article.%"] {
            assert!(Actions::parse(wrong).is_err(), "{wrong}");
        }
    }
}

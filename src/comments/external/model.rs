//! What the newsroom's own service is asked about a comment and what its answer means. Pure.

use serde::{Deserialize, Serialize};

use crate::comments::CommentReason;
use crate::comments::model::CommentStatus;
use crate::ids::ArticleId;
use crate::text::{Language, safe};
use crate::text_enum;
use crate::time::UtcTime;

/// The longest name of a rule of the service, in graphemes.
const RULE_MAX: usize = 100;
/// What a question says it is.
const KIND: &str = "comment.check";

text_enum! {
    /// Who writes, as far as the service is told.
    pub enum AuthorKind {
        /// Somebody with an account.
        Account = "account",
        /// Somebody without.
        Guest = "guest",
    }
}

text_enum! {
    /// Why nobody has answered.
    pub enum Silence {
        /// It did not in time.
        TimedOut = "timedOut",
        /// Its address leads to the inside.
        Refused = "refused",
        /// Nobody is there.
        Unreachable = "unreachable",
        /// It failed, or sent us elsewhere.
        Failed = "failed",
        /// What it said means nothing.
        Nonsense = "nonsense",
        /// Its secret does not open any more.
        Unsealed = "unsealed",
        /// It was not asked about this.
        NotAsked = "notAsked",
    }
}

/// What somebody is about to say: the words, and nothing by which anybody could tell who it is.
#[derive(Clone, Debug)]
pub struct Question {
    pub text: String,
    pub language: Language,
    pub article: ArticleId,
    pub author: AuthorKind,
    /// Whether it was said already in other words.
    pub is_edit: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: UtcTime,
    data: Asking<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asking<'a> {
    text: &'a str,
    language: &'a Language,
    article_id: ArticleId,
    author: AuthorKind,
    is_edit: bool,
}

impl Question {
    /// The body of the request.
    ///
    /// # Errors
    /// Never, as long as texts are JSON.
    pub fn body(&self, timestamp: UtcTime) -> Result<String, serde_json::Error> {
        let Self { text, language, article, author, is_edit } = self;
        let data = Asking { text, language, article_id: *article, author: *author, is_edit: *is_edit };
        serde_json::to_string(&Asked { kind: KIND, timestamp, data })
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Decision {
    Publish,
    Withhold,
    Reject,
}

#[derive(Deserialize)]
struct Answered {
    decision: Decision,
    #[serde(default)]
    reason: Option<CommentReason>,
    #[serde(default)]
    rule: Option<String>,
}

/// What is to become of a comment, and what moderators read beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    pub status: CommentStatus,
    pub reason: Option<CommentReason>,
    pub note: Option<String>,
}

impl From<Silence> for Ruled {
    /// Whoever does not answer decides nothing: a moderator does.
    fn from(silence: Silence) -> Self {
        Self { status: CommentStatus::Pending, reason: None, note: Some(silence.to_string()) }
    }
}

/// What an answer means.
///
/// # Errors
/// It is none.
pub fn ruled(status: u16, body: &str) -> Result<Ruled, Silence> {
    if !(200..300).contains(&status) {
        return Err(Silence::Failed);
    }
    let Answered { decision, reason, rule } = serde_json::from_str(body).map_err(|_| Silence::Nonsense)?;
    let note = safe::optional_line(rule.as_deref(), RULE_MAX).map_err(|_| Silence::Nonsense)?;
    let (status, reason) = match decision {
        Decision::Publish => (CommentStatus::Published, None),
        Decision::Withhold => (CommentStatus::Withheld, reason),
        Decision::Reject => (CommentStatus::Rejected, reason),
    };
    Ok(Ruled { status, reason, note })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_says_what_becomes_of_a_comment_and_why() {
        let said = |body| ruled(200, body).unwrap();
        assert_eq!(said(r#"{"decision":"publish","more":1}"#).status, CommentStatus::Published);
        let rejected = said(r#"{"decision":"reject","reason":"spam","rule":"links 7"}"#);
        let (reason, note) = (Some(CommentReason::Spam), Some("links 7".to_owned()));
        assert_eq!(rejected, Ruled { status: CommentStatus::Rejected, reason, note });
        assert_eq!(said(r#"{"decision":"withhold","reason":null}"#).status, CommentStatus::Withheld);
    }

    #[test]
    fn what_is_no_answer_decides_nothing() {
        let long = format!(r#"{{"decision":"publish","rule":"{}"}}"#, "x".repeat(RULE_MAX + 1));
        for body in ["", "ok", "{}", "[]", r#"{"decision":"maybe"}"#, r#"{"decision":"reject","reason":"x"}"#, &long] {
            assert_eq!(ruled(200, body), Err(Silence::Nonsense), "{body}");
        }
        for status in [199, 301, 307, 404, 410, 500] {
            assert_eq!(ruled(status, r#"{"decision":"publish"}"#), Err(Silence::Failed), "{status}");
        }
        assert_eq!(Ruled::from(Silence::TimedOut).status, CommentStatus::Pending);
    }
}

//! Appeals: whoever wrote a comment asks, once for each decision, to look at it again. A sanction keeps nobody from asking.

pub mod dto;
pub mod http;

use super::course::{self, Cause};
use super::pipeline::Rule;
use super::store::Row;
use super::{Comment, Speaker, as_writer, decisions, found, model};
use crate::app::Tx;
use crate::ids::CommentId;
use crate::problem::{Code, Problem};
use crate::text::safe;

/// The longest appeal, in graphemes.
const TEXT_MAX: usize = 1_000;

/// Asks moderators to look again at the own comment.
pub fn ask(tx: &mut Tx<'_>, speaker: &Speaker, id: CommentId, text: &str) -> Result<Comment, Problem> {
    let Comment { row: before, writer, .. } = found(&mut tx.reading(), id)?;
    if speaker.commenter() != Some(before.author_id) {
        return Err(Problem::not_found());
    }
    let text = safe::paragraph(text, TEXT_MAX).map_err(|fault| Problem::field("/text", fault))?;
    if !model::may_be_appealed(before.status) {
        let refusal = Problem::new(Code::IllegalTransition).with("state", before.status.as_str());
        return Err(refusal.with("allowed", Vec::<String>::new()));
    }
    if decisions::is_appealed(&mut tx.reading(), id)? {
        return Err(Problem::new(Code::Duplicate));
    }
    let after = Row { appeal: Some(text), ..before.clone() };
    let cause = Cause::rule(Rule::Appeal, Vec::new());
    let row = course::turn_unseen(tx, &before, after, "comment.appealed", Some(cause))?;
    as_writer(&mut tx.reading(), Comment::from((row, writer)))
}

//! All that somebody has said and what became of it, for them to take along.

mod dto;
mod store;

use std::collections::HashMap;
use std::hash::Hash;

use crate::app::Read;
use crate::comments::{reactions, reports, sanctions};
use crate::ids::CommenterId;
use crate::problem::Problem;

pub use crate::comments::reactions::dto::OwnReactionView;
pub use crate::comments::reports::dto::ReportView;
pub use crate::comments::sanctions::dto::OwnSanctionView;
pub use dto::CommentExport;

/// Everything that somebody has said, the oldest first, with earlier wordings and what was decided. However much it is, it
/// takes three looks.
pub fn everything(read: &mut Read<'_>, author: CommenterId) -> Result<Vec<CommentExport>, Problem> {
    let mut wordings = by_key(store::revisions(read.conn, author)?, |revision| revision.comment_id);
    let mut decisions = by_key(store::decisions(read.conn, author)?, |decided| decided.comment_id);
    let comments = store::comments(read.conn, author)?.into_iter();
    Ok(comments
        .map(|row| {
            let earlier = wordings.remove(&row.id).unwrap_or_default();
            let decided = decisions.remove(&row.id).unwrap_or_default();
            CommentExport::new(row, earlier, decided)
        })
        .collect())
}

/// What moderators have ever done about somebody, the earliest first.
pub fn sanctions_on(read: &mut Read<'_>, commenter: CommenterId) -> Result<Vec<OwnSanctionView>, Problem> {
    Ok(sanctions::all_of(read, commenter)?.into_iter().map(OwnSanctionView::from).collect())
}

/// What somebody has said of comments with one touch, the earliest first.
pub fn reactions_by(read: &mut Read<'_>, author: CommenterId) -> Result<Vec<OwnReactionView>, Problem> {
    Ok(reactions::all_of(read, author)?.into_iter().map(OwnReactionView::from).collect())
}

/// What somebody has told moderators of comments, the earliest first.
pub fn reports_by(read: &mut Read<'_>, author: CommenterId) -> Result<Vec<ReportView>, Problem> {
    Ok(reports::all_of(read, author)?.into_iter().map(ReportView::from).collect())
}

fn by_key<K: Hash + Eq, V>(values: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut by_key: HashMap<K, Vec<V>> = HashMap::new();
    for value in values {
        by_key.entry(key(&value)).or_default().push(value);
    }
    by_key
}

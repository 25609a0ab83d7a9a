//! What there is for moderators to look at: queues, narrowed and counted.

pub mod dto;
mod store;

use self::dto::QueueQuery;
use super::{Comment, badges};
use crate::app::Read;
use crate::auth::Permit;
use crate::auth::actions::ModerateComments;
use crate::db::page::{PageRequest, Slice};
use crate::problem::Problem;

pub use store::Counts;

/// How far a queue is counted.
const COUNT_MAX: i64 = 1_000;

/// A page of comments for moderators.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    query: &QueueQuery,
    page: &PageRequest,
) -> Result<Slice<Comment>, Problem> {
    let page = store::list(read.conn, query, page)?.map(Comment::from);
    badges::with_bylines(read, page)
}

/// How many comments are in each queue, counted one further than is told.
pub fn counts(read: &mut Read<'_>, _: &Permit<ModerateComments>) -> Result<Counts, Problem> {
    Ok(store::counts(read.conn, COUNT_MAX + 1)?)
}

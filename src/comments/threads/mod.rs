//! What readers are shown of a discussion: its comments in an order, and the first replies below each.

pub mod dto;
mod store;

use std::collections::HashMap;

use self::dto::{CommentQuery, ThreadSort};
use self::store::{FirstBelow, Order, Part, Wanted};
use super::Comment;
use super::badges::find_bylines;
use super::store::{Row, Writer};
use crate::app::Read;
use crate::articles;
use crate::db::page::{PageRequest, Position, Slice};
use crate::fault::Fault;
use crate::ids::{ArticleId, CommentId};
use crate::problem::Problem;
use crate::time::UtcTime;

/// So many of the newest comments say which articles are discussed most: a few days of a small site, an hour of a large one.
const COUNTED_MAX: i64 = 2_000;

/// A comment, and what hangs below it if that was asked for.
#[derive(Clone, Debug)]
pub struct Thread {
    /// The comment, or its gap.
    pub comment: Comment,
    /// The first replies, and where others follow.
    pub replies: Option<Slice<Comment>>,
}

/// A published comment, as feeds tell of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: CommentId,
    /// The name of who wrote it.
    pub writer: Option<String>,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub created_at: UtcTime,
    /// When it, or what was decided about it, last changed.
    pub changed_at: UtcTime,
}

/// The newest published comments below an article that is published, wherever in the discussion they stand.
pub fn latest(read: &mut Read<'_>, article: ArticleId, limit: i64) -> Result<Vec<Entry>, Problem> {
    let entry = |(row, writer): (Row, Writer)| Entry {
        id: row.id,
        writer: writer.name.or(writer.guest),
        text: row.text,
        created_at: row.created_at,
        changed_at: row.updated_at,
    };
    Ok(store::latest(read.conn, article, limit)?.into_iter().map(entry).collect())
}

/// Which articles most of the newest published comments are about, and how many of them.
pub fn most_discussed(read: &mut Read<'_>) -> Result<Vec<(i64, ArticleId)>, Problem> {
    let mut counted: HashMap<ArticleId, i64> = HashMap::new();
    for article in store::latest_about(read.conn, COUNTED_MAX)? {
        *counted.entry(article).or_default() += 1;
    }
    let mut ranking: Vec<(i64, ArticleId)> = counted.into_iter().map(|(article, count)| (count, article)).collect();
    ranking.sort_unstable_by(|one, other| other.cmp(one));
    Ok(ranking)
}

/// A page of an article's comments: those that answer none, the replies to one, or what moderators have marked.
pub fn discussion(
    read: &mut Read<'_>,
    id_or_slug: &str,
    query: &CommentQuery,
    page: &PageRequest,
) -> Result<Slice<Thread>, Problem> {
    let CommentQuery { parent_id, tag, sort, replies } = query;
    let sort = sort.unwrap_or_default();
    let part = match (parent_id, tag) {
        (Some(_), Some(_)) => return Err(Problem::parameter("tag", Fault::Excludes("parentId".into()))),
        (_, Some(_)) if sort == ThreadSort::MostReacted => {
            let orders = ["newest", "oldest"].map(String::from).to_vec();
            return Err(Problem::parameter("sort", Fault::NotAllowed(orders)));
        }
        (None, Some(tag)) => Part::Marked(*tag),
        (Some(parent), None) => Part::RepliesTo(*parent),
        (None, None) => Part::Roots,
    };
    let order = match sort {
        ThreadSort::Newest => Order::ByAge { newest_first: true },
        ThreadSort::Oldest => Order::ByAge { newest_first: false },
        ThreadSort::MostReacted => Order::ByReactions,
    };
    let article = articles::published(read, id_or_slug)?;
    let mut slice = store::list(read.conn, &Wanted { article, part, order }, page)?.map(Comment::from);
    let mut below = match replies {
        None | Some(0) => HashMap::new(),
        Some(many) => first_replies(read, article, &slice.rows, *many)?,
    };
    let replies = below.values_mut().flat_map(|replies| &mut replies.rows);
    find_bylines(read, slice.rows.iter_mut().chain(replies).collect())?;
    Ok(slice.map(|comment| Thread { replies: below.remove(&comment.id()), comment }))
}

/// The oldest replies to each of these comments, with one statement however many hang below.
fn first_replies(
    read: &mut Read<'_>,
    article: ArticleId,
    comments: &[Comment],
    many: u32,
) -> Result<HashMap<CommentId, Slice<Comment>>, Problem> {
    let page = PageRequest { limit: many, ..PageRequest::default() };
    let parents: Vec<CommentId> = comments.iter().map(Comment::id).collect();
    let mut below: HashMap<CommentId, Vec<Comment>> = parents.iter().map(|id| (*id, Vec::new())).collect();
    for found in store::first_below(read.conn, FirstBelow { article, parents, fetch: page.fetch() })? {
        let reply = Comment::from(found);
        if let Some(siblings) = reply.row.parent_id.and_then(|parent| below.get_mut(&parent)) {
            siblings.push(reply);
        }
    }
    let position = |reply: &Comment| Position::at(reply.row.created_at.micros(), reply.row.id.uuid());
    Ok(below.into_iter().map(|(parent, replies)| (parent, page.cut(replies, position))).collect())
}

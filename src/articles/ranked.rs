//! Lists in an order that is there as a whole before anything of it is looked up.

use std::collections::{HashMap, HashSet};

use super::lists::store::{self as lists, Wanted};
use super::store::{self, Live};
use crate::app::Read;
use crate::db::page::{PageRequest, Position, Slice};
use crate::ids::ArticleId;
use crate::problem::Problem;

/// A page of what is wanted of a ranking, highest first.
pub(super) fn list(
    read: &mut Read<'_>,
    ranking: Vec<(i64, ArticleId)>,
    wanted: &Wanted,
    page: &PageRequest,
) -> Result<Slice<Live>, Problem> {
    let ids: Vec<ArticleId> = ranking.iter().map(|(_, id)| *id).collect();
    let found: HashSet<ArticleId> = lists::among(read.conn, wanted, read.now, &ids)?.into_iter().collect();
    let ranking = ranking.into_iter().filter(|(_, id)| found.contains(id)).map(|(rank, id)| (rank, id, id)).collect();
    let Slice { rows, next, prev, total } = cut(ranking, page);
    let live = store::live_many(read.conn, &rows, read.now)?;
    let mut live: HashMap<ArticleId, Live> = live.into_iter().map(|live| (live.article_id, live)).collect();
    Ok(Slice { rows: rows.iter().filter_map(|id| live.remove(id)).collect(), next, prev, total })
}

/// The page of a ranking of which each part has a rank and an id; it comes highest first, among equals by the id.
pub(super) fn cut<T>(ranking: Vec<(i64, ArticleId, T)>, page: &PageRequest) -> Slice<T> {
    let fetch = usize::try_from(page.fetch()).unwrap_or_default();
    let total = i64::try_from(ranking.len()).ok().filter(|_| page.count);
    let from = page.from.as_ref().map(|from| (from.number(), from.id));
    let place = |part: &(i64, ArticleId, T)| (part.0, part.1.uuid());
    let rows: Vec<_> = if page.backward {
        let before = ranking.into_iter().filter(|part| from.is_none_or(|from| place(part) > from));
        before.collect::<Vec<_>>().into_iter().rev().take(fetch).collect()
    } else {
        ranking.into_iter().filter(|part| from.is_none_or(|from| place(part) < from)).take(fetch).collect()
    };
    let slice = page.cut(rows, |(rank, id, _)| Position::at(*rank, id.uuid())).map(|(_, _, part)| part);
    Slice { total, ..slice }
}

//! Keyset pages: a list continues after a row, not after a count, so that page 5,000 costs what page 1
//! costs and rows that come and go shift nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The column value that a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// An instant, a rank or another number.
    Number(i64),
    /// A text that sorts by its bytes.
    Text(String),
}

/// Where a row stands in its list: the sort key, then the id among equals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Position {
    /// The sort key.
    pub key: Key,
    /// The row's id.
    pub id: Uuid,
}

/// The same in as few characters as may be: a cursor stands in each page twice.
#[derive(Serialize, Deserialize)]
struct Written(Key, #[serde(with = "uuid::serde::simple")] Uuid);

impl From<Written> for Position {
    fn from(Written(key, id): Written) -> Self {
        Self { key, id }
    }
}

impl From<Position> for Written {
    fn from(Position { key, id }: Position) -> Self {
        Self(key, id)
    }
}

impl Position {
    /// A position in a list that is sorted by a number.
    pub fn at(number: i64, id: Uuid) -> Self {
        Self { key: Key::Number(number), id }
    }

    /// The numeric key.
    pub const fn number(&self) -> i64 {
        match self.key {
            Key::Number(number) => number,
            Key::Text(_) => 0,
        }
    }

    /// The text key.
    pub fn text(&self) -> &str {
        match &self.key {
            Key::Number(_) => "",
            Key::Text(text) => text,
        }
    }

    /// The id's bytes, as columns keep them.
    pub fn id(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }

    /// An opaque cursor that is good only for the query it was made for.
    pub fn seal(&self, query: &str) -> String {
        seal(self, query)
    }

    /// Opens a cursor; `None` when it was not made here, or for another query.
    pub fn unseal(cursor: &str, query: &str) -> Option<Self> {
        unseal(cursor, query)
    }
}

/// A place as an opaque text that is good only for the query it was made for.
pub fn seal(place: &impl Serialize, query: &str) -> String {
    let sealed = serde_json::to_vec(&(stamp(query), place)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(sealed)
}

/// The place in such a text; `None` when it has another form, or is for another query. It is no secret, and nothing
/// hinges on who made it.
pub fn unseal<T: DeserializeOwned>(cursor: &str, query: &str) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (made_for, place): (u64, T) = serde_json::from_slice(&sealed).ok()?;
    (made_for == stamp(query)).then_some(place)
}

/// A fingerprint of the list, its filters and its order.
fn stamp(query: &str) -> u64 {
    Sha256::digest(query.as_bytes()).iter().take(6).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows on the page, from 1 to 100.
    pub limit: u32,
    /// Continue from here; the list's beginning when absent.
    pub from: Option<Position>,
    /// Walk towards the list's beginning.
    pub backward: bool,
    /// Count the whole list too.
    pub count: bool,
}

impl PageRequest {
    /// One row more than the page holds, to see whether another page follows.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts what was fetched to the page, in the list's order.
    pub fn cut<R>(&self, mut rows: Vec<R>, position: impl Fn(&R) -> Position) -> Slice<R> {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        if self.backward {
            rows.reverse();
        }
        let has_next = if self.backward { true } else { more };
        let has_prev = if self.backward { more } else { self.from.is_some() };
        let next = rows.last().filter(|_| has_next).map(&position);
        let prev = rows.first().filter(|_| has_prev).map(&position);
        Slice { rows, next, prev, total: None }
    }
}

/// One page of rows and where its neighbours begin.
#[derive(Clone, Debug)]
pub struct Slice<R> {
    /// The rows, in the list's order.
    pub rows: Vec<R>,
    /// The last row's position when more follow.
    pub next: Option<Position>,
    /// The first row's position when more come before.
    pub prev: Option<Position>,
    /// Rows in the whole list, when asked for.
    pub total: Option<i64>,
}

impl<R> Slice<R> {
    /// The same page with each row turned into something else.
    pub fn map<T>(self, turn: impl FnMut(R) -> T) -> Slice<T> {
        let Self { rows, next, prev, total } = self;
        Slice { rows: rows.into_iter().map(turn).collect(), next, prev, total }
    }
}

/// Adds to a boxed query the order, the limit and the «from here on» of a page.
///
/// `keyset!(query, &page, table::key => number, table::id, desc)`; `number` or `text` says what the key is. A number that
/// no two rows share needs no id: `keyset!(query, &page, table::key, desc)`.
#[macro_export]
macro_rules! keyset {
    ($query:expr, $page:expr, $key:expr, $descending:expr) => {{
        use diesel::prelude::*;
        let page: &$crate::db::page::PageRequest = $page;
        let mut query = $query;
        let descending = $descending != page.backward;
        if let Some(at) = page.from.as_ref().map($crate::db::page::Position::number) {
            query = if descending { query.filter($key.lt(at)) } else { query.filter($key.gt(at)) };
        }
        query = if descending { query.order($key.desc()) } else { query.order($key.asc()) };
        query.limit(page.fetch())
    }};
    ($query:expr, $page:expr, $key:expr => $read:ident, $id:expr, $descending:expr) => {{
        use diesel::prelude::*;
        let page: &$crate::db::page::PageRequest = $page;
        let mut query = $query;
        let descending = $descending != page.backward;
        if let Some(at) = &page.from {
            query = query.filter($crate::db::beyond($key, $id, at.$read().to_owned(), at.id(), descending));
        }
        query = if descending { query.order(($key.desc(), $id.desc())) } else { query.order(($key.asc(), $id.asc())) };
        query.limit(page.fetch())
    }};
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_own_query() {
        let here = Position::at(7, Uuid::nil());
        let cursor = here.seal("articles?section=a");
        assert_eq!(Position::unseal(&cursor, "articles?section=a"), Some(here));
        assert_eq!(Position::unseal(&cursor, "articles?section=b"), None);
        assert_eq!(Position::unseal("x", "articles?section=a"), None);
    }

    proptest::proptest! {
        #[test]
        fn walking_forward_then_back_sees_the_same_rows(total in 0_usize..60, limit in 1_u32..20) {
            let all: Vec<i64> = (0..i64::try_from(total).unwrap()).collect();
            let at = |row: &i64| Position::at(*row, Uuid::nil());
            let fetch = |page: &PageRequest| {
                let from = page.from.as_ref().map(Position::number);
                let mut rows: Vec<i64> = all.iter().copied().filter(|row| match from {
                    None => true,
                    Some(at) if page.backward => *row < at,
                    Some(at) => *row > at,
                }).collect();
                if page.backward { rows.reverse(); }
                rows.truncate(usize::try_from(page.fetch()).unwrap());
                page.cut(rows, at)
            };
            let mut page = PageRequest { limit, ..PageRequest::default() };
            let (mut seen, mut pages) = (Vec::new(), Vec::new());
            loop {
                let slice = fetch(&page);
                seen.extend(slice.rows.clone());
                pages.push(slice.rows);
                let Some(next) = slice.next else { page.from = slice.prev; break };
                page.from = Some(next);
            }
            assert_eq!(seen, all);
            pages.pop();
            page.backward = true;
            while let Some(expected) = pages.pop() {
                let slice = fetch(&page);
                assert_eq!(slice.rows, expected);
                page.from = slice.prev;
            }
            assert_eq!(page.from, None);
        }
    }
}

//! The only SQL for word lists.

use diesel::prelude::*;

use super::matcher::{Reach, WordList};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::{word_counter, word_entries};
use crate::db::{Conn, one_of};
use crate::ids::{UserId, WordId};
use crate::keyset;
use crate::text::Language;
use crate::time::UtcTime;

/// Rows that are written at once: each database takes only so many values.
const BATCH: usize = 1_000;
/// The one row of `word_counter`.
const COUNTER: i64 = 1;

/// A row of `word_entries`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = word_entries)]
pub struct Listed {
    pub(super) id: WordId,
    pub(super) list: WordList,
    /// Empty where it is of every language.
    pub(super) language: String,
    pub(super) text: String,
    /// What all spellings of it share.
    pub(super) text_key: Vec<u8>,
    pub(super) reach: Reach,
    pub(super) is_spaced: bool,
    pub(super) created_by: UserId,
    pub(super) created_at: UtcTime,
}

impl Listed {
    /// Its language, if it is not of all.
    pub fn language(&self) -> Option<Language> {
        Language::parse(&self.language).ok()
    }
}

/// How many changes the lists have seen.
pub(super) fn version(conn: &mut Conn) -> QueryResult<i64> {
    word_counter::table.find(COUNTER).select(word_counter::version).first(conn)
}

/// Counts a change that is about to be made. Until it is committed nobody else makes one.
pub(super) fn begin_change(conn: &mut Conn) -> QueryResult<usize> {
    diesel::update(word_counter::table.find(COUNTER))
        .set(word_counter::version.eq(word_counter::version + 1))
        .execute(conn)
}

/// Every word, in the order in which they came.
pub(super) fn all(conn: &mut Conn) -> QueryResult<Vec<Listed>> {
    word_entries::table.order((word_entries::created_at, word_entries::id)).select(Listed::as_select()).load(conn)
}

pub(super) fn count(conn: &mut Conn) -> QueryResult<i64> {
    word_entries::table.count().get_result(conn)
}

pub(super) fn insert(conn: &mut Conn, rows: &[Listed]) -> QueryResult<()> {
    for some in rows.chunks(BATCH) {
        let insert = diesel::insert_into(word_entries::table).values(some);
        match conn {
            Conn::Sqlite(conn) => insert.execute(conn)?,
            Conn::Postgres(conn) => insert.execute(conn)?,
        };
    }
    Ok(())
}

/// Of these keys, those that a list has for a language, each with its entry.
pub(super) fn known(
    conn: &mut Conn,
    list: WordList,
    language: &str,
    keys: &[Vec<u8>],
) -> QueryResult<Vec<(Vec<u8>, WordId)>> {
    word_entries::table
        .filter(word_entries::list.eq(list).and(word_entries::language.eq(language)))
        .filter(one_of(word_entries::text_key, keys))
        .select((word_entries::text_key, word_entries::id))
        .load(conn)
}

pub(super) fn find(conn: &mut Conn, id: WordId) -> QueryResult<Option<Listed>> {
    word_entries::table.find(id).select(Listed::as_select()).first(conn).optional()
}

pub(super) fn delete(conn: &mut Conn, id: WordId) -> QueryResult<usize> {
    diesel::delete(word_entries::table.find(id)).execute(conn)
}

pub(super) fn list(
    conn: &mut Conn,
    list: Option<WordList>,
    language: Option<&str>,
    page: &PageRequest,
) -> QueryResult<Slice<Listed>> {
    let filtered = || {
        let mut query = word_entries::table.into_boxed();
        if let Some(list) = list {
            query = query.filter(word_entries::list.eq(list));
        }
        if let Some(language) = language {
            query = query.filter(word_entries::language.eq(language.to_owned()));
        }
        query
    };
    let query = keyset!(filtered(), page, word_entries::created_at => number, word_entries::id, true);
    let rows = query.select(Listed::as_select()).load(conn)?;
    let mut slice = page.cut(rows, |row: &Listed| Position::at(row.created_at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice)
}

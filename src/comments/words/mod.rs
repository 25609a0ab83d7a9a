//! Words that a newsroom does not print: lists of them, and what finds them in a comment however they are disguised.
//!
//! [`matcher`] says what a list may ask for and what it finds; it knows no database and no clock. The lists are prepared
//! once after each change on each node: whoever writes a comment reads in the same transaction how often they have changed,
//! so that a change holds everywhere with its commit. No event and no audit line holds a word.

mod clitics;
mod disguise;
pub mod dto;
pub mod http;
mod letters;
mod lists;
pub mod matcher;
mod runs;
mod store;

#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod matcher_tests;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::dto::{WordImportIn, WordIn, WordQuery};
use self::matcher::{Entry, WordList};
use crate::app::{Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::{ManageWordLists, ModerateComments};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, Kind, Visibility, fingerprint};
use crate::fault::{Fault, Faults};
use crate::ids::WordId;
use crate::problem::{Code, Problem};
use crate::text::Language;

pub use lists::{Lists, Prepared, Seen};
pub use store::Listed;

/// What happens to word lists.
pub const EVENTS: &[Kind] = &[
    Kind::of::<dto::WordEvent>("word.added", "There are more words on a list."),
    Kind::of::<dto::WordEvent>("word.removed", "There are fewer words on a list."),
];

/// The longest word or phrase, in graphemes.
const TEXT_MAX: usize = 100;
/// How many words all lists have together: more than any newsroom's, and few enough to be prepared in no time.
const WORDS_MAX: usize = 20_000;

/// What has come of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// New on the list.
    pub added: usize,
    /// There already, or twice in the import.
    pub skipped: usize,
}

/// The lists as they are now.
pub fn present(read: &mut Read<'_>, kept: &Prepared) -> Result<Arc<Lists>, Problem> {
    let version = store::version(read.conn)?;
    if let Some(lists) = kept.at(version) {
        return Ok(lists);
    }
    let entries = store::all(read.conn)?.into_iter().map(Entry::from).collect();
    let lists = Arc::new(Lists::new(entries).map_err(Problem::internal)?);
    kept.keep(version, &lists);
    Ok(lists)
}

/// The lists as they are, and as they would be.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub present: Arc<Lists>,
    pub changed: Arc<Lists>,
}

/// The lists as they are, and as they would be with some words more and some less.
pub(super) fn tried(
    read: &mut Read<'_>,
    add: &[WordIn],
    remove: &[WordId],
    faults: &mut Faults,
) -> Result<Option<Tried>, Problem> {
    let mut listed = store::all(read.conn)?;
    let prepared = |entries| Lists::new(entries).map(Arc::new).map_err(Problem::internal);
    let present = prepared(listed.iter().cloned().map(Entry::from).collect())?;
    if add.is_empty() && remove.is_empty() {
        return Ok(Some(Tried { changed: Arc::clone(&present), present }));
    }
    let known: HashSet<_> = listed.iter().map(|word| word.id.uuid()).collect();
    for (place, _) in remove.iter().enumerate().filter(|(_, id)| !known.contains(&id.uuid())) {
        faults.add(format!("/words/remove/{place}"), Fault::NotFound);
    }
    let gone: HashSet<_> = remove.iter().map(|id| id.uuid()).collect();
    listed.retain(|word| !gone.contains(&word.id.uuid()));
    let mut seen: HashSet<(WordList, String, Vec<u8>)> =
        listed.iter().map(|word| (word.list, word.language.clone(), word.text_key.clone())).collect();
    let mut entries: Vec<Entry> = listed.into_iter().map(Entry::from).collect();
    for (place, form) in add.iter().enumerate() {
        let Some(text) = faults.take(format!("/words/add/{place}/text"), dto::text(&form.text)) else { continue };
        let WordIn { list, language, text: _, reach, spaced } = form.clone();
        let of_language = language.as_ref().map_or("", Language::as_str).to_owned();
        if seen.insert((list, of_language, text_key(&text))) {
            entries.push(Entry { text, language, list, reach, spaced });
        }
    }
    check_room(entries.len())?;
    Ok(Some(Tried { present, changed: prepared(entries)? }))
}

impl From<Listed> for Entry {
    fn from(listed: Listed) -> Self {
        let language = listed.language();
        let Listed { list, text, reach, is_spaced: spaced, .. } = listed;
        Self { text, language, list, reach, spaced }
    }
}

/// A page of words, the latest first.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ModerateComments>,
    query: &WordQuery,
    page: &PageRequest,
) -> Result<Slice<Listed>, Problem> {
    let WordQuery { list, language } = query;
    Ok(store::list(read.conn, *list, language.as_ref().map(Language::as_str), page)?)
}

/// One word.
pub fn open(read: &mut Read<'_>, _: &Permit<ModerateComments>, id: WordId) -> Result<Listed, Problem> {
    store::find(read.conn, id)?.ok_or_else(Problem::not_found)
}

/// Puts one word on a list.
///
/// # Errors
/// `duplicate` where the list has it already for that language, in whatever spelling; `limit_reached`.
pub fn add(tx: &mut Tx<'_>, permit: &Permit<ManageWordLists>, form: WordIn) -> Result<Listed, Problem> {
    let WordIn { list, language, text, reach, spaced } = form;
    let text = dto::text(&text).map_err(|fault| Problem::field("/text", fault))?;
    store::begin_change(tx.conn)?;
    let form = WordImportIn { list, language, reach, spaced, words: Vec::new() };
    let listed = entry(tx, permit, &form, text);
    let known = store::known(tx.conn, list, &listed.language, std::slice::from_ref(&listed.text_key))?;
    if let Some((_, id)) = known.first() {
        return Err(Problem::new(Code::Duplicate).with("existing", id.to_string()));
    }
    insert(tx, std::slice::from_ref(&listed))?;
    let after = Some(fingerprint(&state(&listed))?);
    tx.record(Change::newsroom("word.added", listed.id, told(list, 1)).hashes(None, after));
    Ok(listed)
}

/// Puts many words on a list, all or none. Those that it has already for that language, and those that come twice, are
/// left out.
pub fn import(tx: &mut Tx<'_>, permit: &Permit<ManageWordLists>, form: &WordImportIn) -> Result<Imported, Problem> {
    let mut faults = Faults::new();
    let words = form.words.iter().enumerate();
    let texts: Vec<String> =
        words.filter_map(|(place, word)| faults.take(format!("/words/{place}"), dto::text(word))).collect();
    faults.finish(Some(()))?;
    store::begin_change(tx.conn)?;
    let mut rows: Vec<Listed> = texts.into_iter().map(|text| entry(tx, permit, form, text)).collect();
    let keys: Vec<Vec<u8>> = rows.iter().map(|row| row.text_key.clone()).collect();
    let known = store::known(tx.conn, form.list, language(form), &keys)?;
    let mut seen: HashSet<Vec<u8>> = known.into_iter().map(|(key, _)| key).collect();
    rows.retain(|row| seen.insert(row.text_key.clone()));
    let imported = Imported { added: rows.len(), skipped: keys.len() - rows.len() };
    if rows.is_empty() {
        return Ok(imported);
    }
    insert(tx, &rows)?;
    let states: Vec<_> = rows.iter().map(state).collect();
    tx.record(Change {
        topic: "word.added",
        kind: "word",
        target: None,
        visibility: Visibility::Newsroom,
        payload: told(form.list, rows.len()),
        before: None,
        after: Some(fingerprint(&states)?),
        is_routine: false,
    });
    Ok(imported)
}

/// Takes a word from its list.
pub fn remove(tx: &mut Tx<'_>, _: &Permit<ManageWordLists>, id: WordId) -> Result<(), Problem> {
    store::begin_change(tx.conn)?;
    let listed = store::find(tx.conn, id)?.ok_or_else(Problem::not_found)?;
    store::delete(tx.conn, id)?;
    let before = Some(fingerprint(&state(&listed))?);
    tx.record(Change::newsroom("word.removed", id, told(listed.list, 1)).hashes(before, None));
    Ok(())
}

fn insert(tx: &mut Tx<'_>, rows: &[Listed]) -> Result<(), Problem> {
    let present = usize::try_from(store::count(tx.conn)?).unwrap_or(usize::MAX);
    check_room(present.saturating_add(rows.len()))?;
    Ok(store::insert(tx.conn, rows)?)
}

/// Refuses more words than there is room for.
fn check_room(count: usize) -> Result<(), Problem> {
    if count > WORDS_MAX { Err(Problem::new(Code::LimitReached).with("limit", WORDS_MAX)) } else { Ok(()) }
}

/// What all spellings of a word share.
fn text_key(text: &str) -> Vec<u8> {
    Sha256::digest(matcher::key(text).as_bytes()).iter().copied().take(16).collect()
}

/// One word of a form, as it is kept.
fn entry(tx: &Tx<'_>, permit: &Permit<ManageWordLists>, form: &WordImportIn, text: String) -> Listed {
    Listed {
        id: tx.next_id(),
        list: form.list,
        language: language(form).to_owned(),
        text_key: text_key(&text),
        text,
        reach: form.reach,
        is_spaced: form.spaced,
        created_by: permit.user.id,
        created_at: tx.now,
    }
}

fn language(form: &WordImportIn) -> &str {
    form.language.as_ref().map_or("", Language::as_str)
}

/// What is kept of a word, for its fingerprint.
fn state(listed: &Listed) -> impl serde::Serialize + '_ {
    let Listed { id, list, language, text, text_key: _, reach, is_spaced, created_by, created_at } = listed;
    (id, list, language, text, reach, is_spaced, created_by, created_at)
}

fn told(list: WordList, count: usize) -> Value {
    json!({ "list": list, "count": count })
}

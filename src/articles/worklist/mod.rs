//! The desk's lists: what there is to do, how much of it, and whose it is.

pub mod dto;
mod store;

use serde_json::json;

use self::dto::{AssigneeIn, DeskQuery, StateCounts};
use self::store::Wanted;
use super::beat::Beat;
use super::desk::open_to;
use super::dto::ArticleIn;
use super::kept::{Saved, card, check_beat, known_to};
use super::lint;
use super::locks;
use super::model::ArticleState;
use super::names::ids;
use super::store::Head;
use crate::app::{Read, Tx};
use crate::auth::actions::{PublishArticles, WriteArticles};
use crate::auth::{Permit, User, still_may};
use crate::db::page::{PageRequest, Slice};
use crate::events::{Change, fingerprint};
use crate::fault::Fault;
use crate::http::Expected;
use crate::ids::{ArticleId, RecordId};
use crate::problem::Problem;
use crate::records::{self, Kind};
use crate::site;
use crate::text::Language;

/// The states in which an article waits for somebody.
const UNFINISHED: [ArticleState; 4] =
    [ArticleState::Draft, ArticleState::Submitted, ArticleState::Approved, ArticleState::Scheduled];

/// A page of working copies, the latest change first: all for editors, the own ones for writers.
pub fn worklist(
    read: &mut Read<'_>,
    permit: &Permit<WriteArticles>,
    query: &DeskQuery,
    page: &PageRequest,
) -> Result<Slice<Saved>, Problem> {
    let wanted = wanted(read, permit, query)?;
    let Slice { rows, next, prev, total } = store::page(read.conn, &wanted, page)?;
    Ok(Slice { rows: cards(read, &permit.user, rows)?, next, prev, total })
}

/// Working copies without their bodies, as they stand to somebody now, with a bounded number of statements.
pub(super) fn cards(read: &mut Read<'_>, by: &User, rows: Vec<(Head, String)>) -> Result<Vec<Saved>, Problem> {
    let forms: Result<Vec<(Head, ArticleIn)>, Problem> =
        rows.into_iter().map(|(head, content)| Ok((head, serde_json::from_str(&content)?))).collect();
    let forms = forms?;
    let named: Vec<RecordId> = forms.iter().flat_map(|(_, form)| ids(form)).collect();
    let references = records::references(read, &named)?;
    let (now, site, beat) = (read.now, site::present(read)?, Beat::of(read, by)?);
    let mut locks = locks::of(read, &forms.iter().map(|(head, _)| head.id).collect::<Vec<_>>())?;
    let card = |(head, form): (Head, ArticleIn)| {
        let warnings = lint::glance(&form, &references, &site);
        let lock = locks.remove(&head.id);
        Saved { lock, ..card((by, &beat), head.at(now), form, &references, warnings) }
    };
    Ok(forms.into_iter().map(card).collect())
}

/// How many working copies there are in each state, of those that the caller may know of and asks for.
pub fn counts(read: &mut Read<'_>, permit: &Permit<WriteArticles>, query: &DeskQuery) -> Result<StateCounts, Problem> {
    let wanted = wanted(read, permit, query)?;
    let mut counts = StateCounts::default();
    for state in ArticleState::ALL.iter().filter(|state| wanted.states.is_empty() || wanted.states.contains(state)) {
        counts.add(*state, store::count(read.conn, &wanted, *state)?);
    }
    Ok(counts)
}

fn wanted(read: &mut Read<'_>, permit: &Permit<WriteArticles>, query: &DeskQuery) -> Result<Wanted, Problem> {
    let DeskQuery {
        state,
        unfinished,
        language,
        section,
        author,
        created_by,
        assigned_to,
        locked,
        locked_by,
        changed_since,
        mine,
    } = query;
    let own = mine.unwrap_or(false) || !permit.also::<PublishArticles>();
    let authors = if author.is_empty() { None } else { Some(records::resolve(read, Kind::Author, author)?) };
    let mut states = state.clone();
    if unfinished.unwrap_or(false) {
        let waits = |state: &ArticleState| states.is_empty() || states.contains(state);
        states = UNFINISHED.into_iter().filter(waits).collect();
    }
    Ok(Wanted {
        hands: own.then_some(permit.user.id),
        created_by: *created_by,
        assigned_to: *assigned_to,
        locked: *locked,
        locked_by: *locked_by,
        states,
        languages: language.iter().map(Language::to_string).collect(),
        sections: records::sections(read, section)?,
        authors,
        changed_since: *changed_since,
        now: read.now,
        turned: store::has_turned(read.conn, read.now)?,
    })
}

/// Gives an article to somebody who writes, to work on it as its first writer may; or to nobody. That is no revision.
pub fn assign(
    tx: &mut Tx<'_>,
    permit: &Permit<PublishArticles>,
    id: ArticleId,
    expected: &Expected,
    input: AssigneeIn,
) -> Result<Saved, Problem> {
    let AssigneeIn { user_id } = input;
    let head = known_to(&mut tx.reading(), &permit.user, id)?;
    expected.check(head.version)?;
    check_beat(&mut tx.reading(), &permit.user, &head)?;
    let asked: Vec<_> = user_id.into_iter().collect();
    if still_may::<WriteArticles>(&mut tx.reading(), &asked)?.len() < asked.len() {
        return Err(Problem::field("/userId", Fault::NotFound));
    }
    if head.assigned_to != user_id {
        if store::assign(tx.conn, id, head.version, user_id)? == 0 {
            return Err(Problem::stale(head.version));
        }
        let [before, after] = [head.assigned_to, user_id].map(|who| fingerprint(&(id, who)));
        tx.restate(id, Some(before?), Some(after?));
        tx.record(Change::newsroom("article.assigned", id, json!({ "userId": user_id })));
    }
    open_to(&mut tx.reading(), &permit.user, id)
}

//! Search among what everyone reads now.
//!
//! The index has an entry for each publication, written in the same transaction. What of it is visible is decided when it is
//! read, by the clock, as everywhere in delivery: nothing has to happen at the hour of a publication, nor at its end.
//! [`crate::text::terms`] says which words are one; both databases keep the same terms, and so find the same.

mod asked;
mod beside;
pub mod dto;
mod entry;
mod expression;
mod highlight;
mod store;
mod suggest;

use std::collections::HashMap;
use std::time::Duration;

use self::asked::Asked;
use self::dto::{Facets, Highlighted, SearchHit, SearchQuery, SearchSort};
use self::entry::Entry;
use self::highlight::Lookout;
use self::store::{Found, Search};
pub(super) use self::store::{forget, restate};
pub use self::suggest::suggest;
use super::delivery::{show, wanted};
use super::dto::ArticleIn;
use super::lint;
use super::store::{Live, NewPublication};
use super::views::ArticleView;
use crate::app::{App, Read, Tx};
use crate::auth::Actor;
use crate::blocks::Body;
use crate::db::page::{PageRequest, Position, Slice};
use crate::fault::Fault;
use crate::ids::PublicationId;
use crate::problem::Problem;
use crate::site::{self, Site};
use crate::text::Language;

/// Among how many of the newest the best are looked for.
const WINDOW: i64 = 200;
/// How many whole headlines come first.
const HEADLINES: i64 = 20;
/// How far anything is counted.
const COUNT_MAX: i64 = 1_000;
/// By how much what is found in a headline is newer than what is found below it.
const HEADLINE_BONUS: i64 = 30 * store::DAY;
/// What puts whole headlines before everything of any date.
const WHOLE_HEADLINE: i64 = 1 << 52;
/// Publications that are read into the index in one transaction.
const BATCH: i64 = 50;
/// How long the job looks away when everything is read.
const PAUSE: Duration = Duration::from_secs(600);

/// What was found, and what stands beside it.
#[derive(Clone, Debug)]
pub struct Results {
    /// A page of it.
    pub slice: Slice<SearchHit>,
    /// How it is spread, if that was asked for.
    pub facets: Option<Facets>,
    /// Where nothing was found, a query that finds something.
    pub did_you_mean: Option<String>,
}

/// A page of what is published now and has what is looked for.
pub fn search(
    read: &mut Read<'_>,
    query: &SearchQuery,
    page: &PageRequest,
    public_url: &str,
) -> Result<Results, Problem> {
    let site = site::present(read)?;
    let languages = languages_of(&query.language, &site);
    let typed = query.q.as_deref().ok_or(Fault::Required);
    let asked = typed.and_then(|typed| Asked::parse(typed, &languages));
    let asked = asked.map_err(|fault| Problem::parameter("q", fault))?;
    let asked = asked.with_synonyms(&site.search_synonyms, &languages);
    let wanted = wanted(read, &query.filter())?;
    let Some(needle) = asked.needle() else {
        let slice = Slice { rows: Vec::new(), next: None, prev: None, total: page.count.then_some(0) };
        return Ok(Results { slice, facets: None, did_you_mean: None });
    };
    let search = Search { needle: &needle, wanted: &wanted, now: read.now, limit: WINDOW, from: None, backward: false };
    let mut slice = match query.sort.unwrap_or_default() {
        SearchSort::Newest => newest(read, search, page)?,
        SearchSort::Relevance => best(read, search, &asked, page)?,
    };
    if page.count {
        slice.total = Some(store::count(read.conn, &Search { limit: COUNT_MAX, ..search })?);
    }
    let facets = query.facets.unwrap_or_default().then(|| beside::facets(read, search, &site)).transpose()?;
    let is_nothing = slice.rows.is_empty() && page.from.is_none();
    let did_you_mean = if is_nothing { beside::meant(read, search, &asked, &languages)? } else { None };
    Ok(Results { slice: shown(read, slice, (&asked, &site), public_url)?, facets, did_you_mean })
}

/// In whose words a query is read: those of the languages that are asked for, or else of the site's.
fn languages_of(asked: &[Language], site: &Site) -> Vec<Language> {
    if asked.is_empty() { site.languages.clone() } else { asked.to_vec() }
}

/// A page of all that was found, the newest first.
fn newest(read: &mut Read<'_>, search: Search<'_>, page: &PageRequest) -> Result<Slice<Found>, Problem> {
    let from = page.from.as_ref().map(|at| (at.number(), PublicationId::of(at.id)));
    let search = Search { limit: page.fetch(), from, backward: page.backward, ..search };
    let found = store::find(read.conn, &search)?;
    Ok(page.cut(found, |found| Position::at(found.place, found.publication_id.uuid())))
}

/// A page of the best among the newest that were found.
fn best(read: &mut Read<'_>, search: Search<'_>, asked: &Asked, page: &PageRequest) -> Result<Slice<Found>, Problem> {
    let in_headline = search.needle.in_headline(&asked.wanted);
    // What is on the first page is, each kind for itself, among so many of the newest.
    let is_first = page.from.is_none() && !page.backward;
    let search = Search { limit: if is_first { page.fetch() } else { WINDOW }, ..search };
    let mut scores: HashMap<PublicationId, i64> = HashMap::new();
    let mut score = |found: Vec<Found>, bonus: i64| {
        for Found { place, publication_id } in found {
            let best = scores.entry(publication_id).or_insert(i64::MIN);
            *best = (*best).max(place.saturating_add(bonus));
        }
    };
    score(store::find(read.conn, &search)?, 0);
    score(store::find(read.conn, &Search { needle: &in_headline, ..search })?, HEADLINE_BONUS);
    if let Some(words) = asked.plain_words() {
        let search = Search { limit: HEADLINES, ..search };
        score(store::with_headline(read.conn, &search, lint::words_hash(&words))?, WHOLE_HEADLINE);
    }
    Ok(ranked(scores, page))
}

/// A page of what has scores, the highest first.
fn ranked(scores: HashMap<PublicationId, i64>, page: &PageRequest) -> Slice<Found> {
    let mut all: Vec<(i64, PublicationId)> = scores.into_iter().map(|(id, score)| (score, id)).collect();
    all.sort_unstable();
    if !page.backward {
        all.reverse();
    }
    let from = page.from.as_ref().map(|at| (at.number(), PublicationId::of(at.id)));
    let beyond =
        |row: &(i64, PublicationId)| from.is_none_or(|from| if page.backward { *row > from } else { *row < from });
    let limit = usize::try_from(page.fetch()).unwrap_or(usize::MAX);
    let rows = all.into_iter().filter(beyond).take(limit);
    let rows = rows.map(|(place, publication_id)| Found { place, publication_id }).collect();
    page.cut(rows, |found: &Found| Position::at(found.place, found.publication_id.uuid()))
}

/// What was found with its texts, in the order in which it was found.
fn in_order(read: &mut Read<'_>, found: &[Found]) -> Result<Vec<(Live, String)>, Problem> {
    let ids: Vec<PublicationId> = found.iter().map(|found| found.publication_id).collect();
    let whole = if ids.is_empty() { Vec::new() } else { store::whole(read.conn, &ids, read.now)? };
    let mut by_id: HashMap<PublicationId, (Live, String)> =
        whole.into_iter().map(|(live, body)| (live.id, (live, body))).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// What was found as everyone may see it, with what was looked for in it.
fn shown(
    read: &mut Read<'_>,
    slice: Slice<Found>,
    (asked, site): (&Asked, &Site),
    public_url: &str,
) -> Result<Slice<SearchHit>, Problem> {
    let Slice { rows, next, prev, total } = slice;
    let (lives, bodies): (Vec<Live>, Vec<String>) = in_order(read, &rows)?.into_iter().unzip();
    let (articles, _) = show(read, site, &lives, &[], public_url)?;
    let hit = |(article, body): (ArticleView, String)| {
        let (headline, snippet) = highlighted(asked, &article, &body)?;
        Ok(SearchHit { article, headline, snippet })
    };
    let hits: Result<Vec<SearchHit>, Problem> = articles.into_iter().zip(bodies).map(hit).collect();
    Ok(Slice { rows: hits?, next, prev, total })
}

fn highlighted(asked: &Asked, article: &ArticleView, body: &str) -> Result<(Highlighted, Highlighted), Problem> {
    let text = serde_json::from_str::<Body>(body)?.to_text();
    let look = Lookout { asked, language: &article.language };
    let caption = article.lead_media.as_ref().and_then(|media| media.caption.as_deref());
    // The body first: it says most. Its beginning stands where nothing of these was found.
    let others = [article.abstract_.as_deref(), article.subheadline.as_deref(), caption];
    let texts: Vec<&str> =
        [text.as_str()].into_iter().chain(others.into_iter().flatten()).chain([text.as_str()]).collect();
    Ok((look.line(&article.headline), look.snippet(&texts)))
}

/// Puts what becomes public into the index, in place of what is over of the same article.
pub(super) fn index(
    tx: &mut Tx<'_>,
    new: &NewPublication<'_>,
    (form, body): (&ArticleIn, &Body),
) -> Result<(), Problem> {
    let over = store::over(tx.conn, new.head.id, tx.now)?;
    if !over.is_empty() {
        store::forget(tx.conn, &over)?;
    }
    let visible = (new.visible_from, new.visible_until);
    Ok(store::insert(tx.conn, new.id, new.date_published, visible, &Entry::new(form, body))?)
}

/// Reads what was published before there was an index into it, the newest first, and says when to come again.
pub async fn catch_up(app: App) -> Result<Duration, Problem> {
    if !app.read(|read| Ok(store::has_backlog(read.conn)?)).await? {
        return Ok(PAUSE);
    }
    app.write(Actor::itself(), read_backlog).await?;
    Ok(Duration::ZERO)
}

fn read_backlog(tx: &mut Tx<'_>) -> Result<(), Problem> {
    store::take_turns(tx.conn)?;
    let unread = store::backlog(tx.conn, BATCH)?;
    let ids: Vec<PublicationId> = unread.iter().map(|unread| unread.id).collect();
    let known = store::indexed(tx.conn, &ids)?;
    for unread in unread {
        let store::Unread { id, visible_from, visible_until, date_published, content, body } = unread;
        if known.contains(&id) || visible_until.is_some_and(|until| until <= tx.now) {
            continue;
        }
        let form: ArticleIn = serde_json::from_str(&content)?;
        let body: Body = serde_json::from_str(&body)?;
        let visible = (visible_from, visible_until);
        store::insert(tx.conn, id, date_published, visible, &Entry::new(&form, &body))?;
    }
    store::strike_off(tx.conn, &ids)?;
    Ok(())
}

//! Proof that what is held back for its hour, or by an embargo, shows nowhere: every public surface is asked for it, by the
//! very functions that answer readers, and what they say is looked through.

pub mod dto;
pub mod http;

use std::collections::HashSet;

use serde_json::Value;

use self::dto::{EmbargoReport, Leak, SurfaceReport};
use crate::alerts;
use crate::alerts::view::AlertView;
use crate::app::Read;
use crate::articles::{self, Pick, SearchQuery, Sought, Which, Withheld};
use crate::auth::Permit;
use crate::auth::actions::PublishArticles;
use crate::db::page::PageRequest;
use crate::events;
use crate::ids::ArticleId;
use crate::problem::{Code, Problem};
use crate::stories;

/// Revisions that one check looks for: each is asked of every surface.
const MOST: usize = 100;
/// Events about one article that are looked through.
const EVENTS: u32 = 100;

/// What a surface answers when it is asked for something that is held back; nothing when it knows of nothing.
type Ask = fn(&mut Read<'_>, &Withheld) -> Result<Option<Value>, Problem>;

/// Every public surface that has articles.
const SURFACES: &[(&str, Ask)] = &[
    ("/articles/{id}", |read, withheld| article(read, &withheld.article.to_string())),
    ("/articles/{slug}", |read, withheld| article(read, &withheld.slug)),
    ("/search", searched),
    ("/articles/{id}/comments", thread),
    ("/stories/{id}", story),
    ("/collections/{slug}", collected),
    ("/sync", kept),
    ("/alerts", ticker),
    ("/stream", told),
];

/// Asks every public surface for everything that is held back now.
pub fn check(read: &mut Read<'_>, _: &Permit<PublishArticles>) -> Result<EmbargoReport, Problem> {
    let mut held_back = articles::withheld(read, MOST + 1)?;
    let more = held_back.len() > MOST;
    held_back.truncate(MOST);
    let ids: Vec<ArticleId> = held_back.iter().map(|withheld| withheld.article).collect();
    let public = articles::live_among(read, &ids)?;
    let mut surfaces = vec![list(read, &held_back, &public)?];
    for (surface, ask) in SURFACES {
        let mut report = SurfaceReport { surface, asked: 0, leaks: Vec::new() };
        for withheld in &held_back {
            let said = ask(read, withheld)?;
            report.asked += 1;
            let is_public = public.contains(&withheld.article);
            report.leaks.extend(said.filter(|said| reveals(said, withheld, is_public)).map(|_| leak(withheld)));
        }
        surfaces.push(report);
    }
    let is_tight = surfaces.iter().all(|report| report.leaks.is_empty());
    Ok(EmbargoReport { checked_at: read.now, held_back: held_back.len(), more, is_tight, surfaces })
}

const fn leak(withheld: &Withheld) -> Leak {
    Leak { article_id: withheld.article, version: withheld.version, until: withheld.until }
}

/// The newest page of the list. What stands further down is found by the other surfaces, one revision at a time.
fn list(read: &mut Read<'_>, held_back: &[Withheld], public: &HashSet<ArticleId>) -> Result<SurfaceReport, Problem> {
    let page = PageRequest { limit: 100, ..PageRequest::default() };
    let said = articles::list(read, &articles::ArticleQuery::default(), &page, "")?;
    let said = serde_json::to_value(&said.slice.rows)?;
    let seen = |withheld: &&Withheld| reveals(&said, withheld, public.contains(&withheld.article));
    Ok(SurfaceReport { surface: "/articles", asked: 1, leaks: held_back.iter().filter(seen).map(leak).collect() })
}

/// Whether an answer tells of a revision: of one that replaces a public one by its version, of any other already by naming
/// the article.
fn reveals(said: &Value, withheld: &Withheld, is_public: bool) -> bool {
    let Withheld { article, version, until: _, slug, story: _ } = withheld;
    match said {
        Value::Object(members) => {
            let is_it = members.get("id").and_then(Value::as_str) == Some(&article.to_string());
            let same = |name: &str, value: &Value| members.get(name) == Some(value);
            let has_slug = || !is_public && same("slug", &slug.as_str().into());
            let shows = is_it && (same("version", &(*version).into()) || has_slug());
            shows || members.values().any(|value| reveals(value, withheld, is_public))
        }
        Value::Array(items) => items.iter().any(|value| reveals(value, withheld, is_public)),
        Value::String(text) => !is_public && *text == article.to_string(),
        _ => false,
    }
}

/// What a refusal says of what is held back: nothing, unless it is another one than for what never was.
fn or_nothing(said: Result<Value, Problem>) -> Result<Option<Value>, Problem> {
    match said {
        Ok(said) => Ok(Some(said)),
        Err(problem) if matches!(problem.code, Code::NotFound | Code::Killed) => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn article(read: &mut Read<'_>, id_or_slug: &str) -> Result<Option<Value>, Problem> {
    or_nothing(articles::find(read, id_or_slug, &articles::OneArticleQuery::default(), "").and_then(|sought| {
        Ok(match sought {
            Sought::Here(article) => serde_json::to_value(article)?,
            Sought::Moved(slug) => slug.into(),
        })
    }))
}

fn thread(read: &mut Read<'_>, withheld: &Withheld) -> Result<Option<Value>, Problem> {
    let about = articles::discussion(read, &withheld.article.to_string());
    or_nothing(about.and_then(|about| Ok(serde_json::to_value(about.article)?)))
}

fn story(read: &mut Read<'_>, withheld: &Withheld) -> Result<Option<Value>, Problem> {
    let Some(id) = withheld.story else { return Ok(None) };
    or_nothing(stories::read(read, id, &[], "").and_then(|story| Ok(serde_json::to_value(story)?)))
}

/// A search for the words of its slug, which are most often those of its headline.
fn searched(read: &mut Read<'_>, withheld: &Withheld) -> Result<Option<Value>, Problem> {
    let query = SearchQuery { q: Some(withheld.slug.chars().take(100).collect()), ..SearchQuery::default() };
    let page = PageRequest { limit: 100, ..PageRequest::default() };
    match articles::search(read, &query, &page, "") {
        // More words than a query has: fewer of them would find it too.
        Err(problem) if problem.code == Code::BadParameter => Ok(None),
        said => Ok(Some(serde_json::to_value(said?.slice.rows)?)),
    }
}

/// A collection that has it in a slot.
fn collected(read: &mut Read<'_>, withheld: &Withheld) -> Result<Option<Value>, Problem> {
    Ok(Some(serde_json::to_value(articles::picked(read, &[Pick::Article(withheld.article)], 1, "")?)?))
}

fn kept(read: &mut Read<'_>, withheld: &Withheld) -> Result<Option<Value>, Problem> {
    Ok(Some(serde_json::to_value(articles::among(read, &Which::default(), &[withheld.article])?)?))
}

fn ticker(read: &mut Read<'_>, withheld: &Withheld) -> Result<Option<Value>, Problem> {
    let about = alerts::about(read, &[], &[withheld.article], &[])?;
    let shown: Vec<AlertView> = about.into_iter().map(AlertView::from).collect();
    Ok(Some(serde_json::to_value(shown)?))
}

/// What streams, webhooks and apps were told: an event of this very revision.
fn told(read: &mut Read<'_>, withheld: &Withheld) -> Result<Option<Value>, Problem> {
    let events = events::public_about(read, withheld.article.uuid(), EVENTS)?;
    let of_it = events.into_iter().filter(|event| event.payload.get("version") == Some(&withheld.version.into()));
    let told = of_it.map(|event| serde_json::json!({ "id": event.target, "version": withheld.version }));
    Ok(Some(told.collect()))
}

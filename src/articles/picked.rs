//! Articles as somebody has put them together: by hand, and by rules that fill the places between.

use std::collections::{HashMap, HashSet};

use super::delivery::{show, wanted};
use super::lists;
use super::query::{ArticleQuery, Sort};
use super::store::{self, Live};
use super::views::ArticleView;
use crate::app::Read;
use crate::cache::Facet;
use crate::db::page::PageRequest;
use crate::ids::{ArticleId, RecordId};
use crate::problem::Problem;
use crate::site;
use crate::text::Language;

/// One place, or several that a rule fills.
#[derive(Clone, Debug)]
pub enum Pick {
    /// This article.
    Article(ArticleId),
    /// The first so many that a rule finds.
    Matching(Rule, u32),
}

/// What an article must have to fill a place, and which comes first.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Listed in this section or below it.
    pub section: Option<RecordId>,
    /// About this.
    pub tag: Option<RecordId>,
    /// In this language.
    pub language: Option<Language>,
    /// Which comes first.
    pub sort: Sort,
}

impl Pick {
    /// What its order rests on, beside the articles.
    pub const fn facet(&self) -> Option<Facet> {
        match self {
            Self::Article(_) => None,
            Self::Matching(rule, _) => rule.sort.facet(),
        }
    }
}

impl Rule {
    fn query(&self) -> ArticleQuery {
        let named = |id: Option<RecordId>| id.iter().map(RecordId::to_string).collect();
        ArticleQuery {
            section: named(self.section),
            tag: named(self.tag),
            language: self.language.iter().cloned().collect(),
            sort: Some(self.sort),
            ..ArticleQuery::default()
        }
    }
}

/// Of these, what is published now, in order, none twice and no more than so many. What is not published leaves no trace.
/// Each rule costs some statements: whoever keeps them keeps few.
pub fn picked(read: &mut Read<'_>, picks: &[Pick], max: usize, public_url: &str) -> Result<Vec<ArticleView>, Problem> {
    let by_hand = picks.iter().filter_map(|pick| match pick {
        Pick::Article(id) => Some(*id),
        Pick::Matching(..) => None,
    });
    let by_hand: Vec<ArticleId> = by_hand.collect();
    let found = if by_hand.is_empty() { Vec::new() } else { store::live_many(read.conn, &by_hand, read.now)? };
    let mut by_hand: HashMap<ArticleId, Live> = found.into_iter().map(|live| (live.article_id, live)).collect();
    let (mut rows, mut seen) = (Vec::new(), HashSet::new());
    for pick in picks {
        if rows.len() >= max {
            break;
        }
        match pick {
            Pick::Article(id) => rows.extend(by_hand.remove(id).filter(|_| seen.insert(*id))),
            Pick::Matching(rule, limit) => {
                let found = matching(read, rule, *limit, seen.len())?;
                let fresh = found.into_iter().filter(|live| seen.insert(live.article_id));
                rows.extend(fresh.take(usize::try_from(*limit).unwrap_or_default()));
            }
        }
    }
    rows.truncate(max);
    let site = site::present(read)?;
    Ok(show(read, &site, &rows, &[], public_url)?.0)
}

/// What a rule finds: enough of it, even where all that is shown already is among it.
fn matching(read: &mut Read<'_>, rule: &Rule, limit: u32, shown: usize) -> Result<Vec<Live>, Problem> {
    let wanted = wanted(read, &rule.query())?;
    let limit = limit.saturating_add(u32::try_from(shown).unwrap_or_default());
    let page = PageRequest { limit, ..PageRequest::default() };
    Ok(lists::list(read, &wanted, &page)?.rows)
}

/// Of these articles, those that there are, published or not. For checks of what staff refer to.
pub fn existing(read: &mut Read<'_>, ids: &[ArticleId]) -> Result<HashSet<ArticleId>, Problem> {
    let found = if ids.is_empty() { Vec::new() } else { store::exists_any(read.conn, ids)? };
    Ok(found.into_iter().collect())
}

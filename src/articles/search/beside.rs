//! What stands beside the results: how they are spread, and what was perhaps meant where there are none.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::asked::{Asked, Sought};
use super::dto::{Facet, Facets, MonthCount};
use super::store::{self, Found, Search};
use crate::app::Read;
use crate::ids::{PublicationId, RecordId};
use crate::problem::Problem;
use crate::records::{self, Kind};
use crate::site::Site;
use crate::text::terms::{self, Word};
use crate::text::{Language, nearest};

/// How many of the newest results are counted.
const COUNTED_MAX: i64 = 1_000;
/// Sections, sources and tags that are named.
const NAMED_MAX: usize = 20;
/// Months that are named.
const MONTHS_MAX: usize = 36;
/// Of how many of the newest headlines the words are known.
const HEADLINES: i64 = 500;
/// The most words of a query that is put right.
const WORDS_MAX: usize = 5;

/// Counts the newest of what is found.
pub(super) fn facets(read: &mut Read<'_>, search: Search<'_>, site: &Site) -> Result<Facets, Problem> {
    let found = store::find(read.conn, &Search { limit: COUNTED_MAX, ..search })?;
    let ids: Vec<PublicationId> = found.iter().map(|found| found.publication_id).collect();
    let links = if ids.is_empty() { Vec::new() } else { store::links(read.conn, &ids)? };
    let targets: HashSet<RecordId> = links.iter().map(|(_, _, target)| *target).collect();
    let references = records::references(read, &targets.into_iter().collect::<Vec<_>>())?;
    // What was merged is one, and counts once for each article.
    let now = |id: RecordId| references.get(&id).map_or(id, |reference| reference.id);
    let each: HashSet<_> = links.into_iter().map(|(of, kind, target)| (of, kind, now(target))).collect();
    let mut counts: HashMap<(Kind, RecordId), usize> = HashMap::new();
    for (_, kind, target) in each {
        *counts.entry((kind, target)).or_default() += 1;
    }
    let language = site.languages.first().cloned().unwrap_or_else(|| crate::text::Lang::Ar.into());
    let most = |wanted: Kind| {
        let of_kind = counts.iter().filter(|((kind, _), _)| *kind == wanted);
        let facet = |((_, id), count): (&(Kind, RecordId), &usize)| {
            let reference = references.get(id)?;
            Some(Facet { id: *id, slug: reference.slug.clone(), name: reference.name(&language), count: *count })
        };
        let mut facets: Vec<Facet> = of_kind.filter_map(facet).collect();
        facets.sort_by_key(|facet| (std::cmp::Reverse(facet.count), facet.id));
        facets.truncate(NAMED_MAX);
        facets
    };
    Ok(Facets {
        counted: found.len(),
        sections: most(Kind::Section),
        sources: most(Kind::Source),
        tags: most(Kind::Tag),
        months: months(&found, site),
    })
}

fn months(found: &[Found], site: &Site) -> Vec<MonthCount> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for found in found {
        let date = found.second().timestamp().to_zoned(site.time_zone.clone());
        *counts.entry(date.strftime("%Y-%m").to_string()).or_default() += 1;
    }
    counts.into_iter().rev().take(MONTHS_MAX).map(|(month, count)| MonthCount { month, count }).collect()
}

/// The words of some headlines: as one was written, by its key, and how often it stands there.
#[derive(Debug, Default)]
struct Dictionary(HashMap<String, (String, usize)>);

impl Dictionary {
    fn read(&mut self, text: &str) {
        for Word { key, start, end } in terms::words(text).iter() {
            let written = || (text.chars().skip(start).take(end - start).collect(), 0);
            self.0.entry(key.to_owned()).or_insert_with(written).1 += 1;
        }
    }

    /// Whether it has a word in any of its forms.
    fn has(&self, word: &str, languages: &[Language]) -> bool {
        let sought = Sought { key: word.to_owned(), terms: terms::in_any(word, languages) };
        self.0.keys().any(|key| sought.is_in_form(key, |key| terms::in_any(key, languages)))
    }

    /// The word that is nearest to a mistyped one, and of several the one that is used most.
    fn nearest(&self, word: &str) -> Option<&str> {
        let letters = word.chars().count();
        let limit = match letters {
            0..3 => return None,
            3..5 => 1,
            _ => 2,
        };
        let near = self.0.iter().filter_map(|(key, (written, times))| {
            let is_close = key.chars().count().abs_diff(letters) <= limit;
            let slips = if is_close { nearest::slips(word, key) } else { usize::MAX };
            (slips <= limit).then_some((slips, std::cmp::Reverse(*times), written.as_str()))
        });
        near.min().map(|(_, _, written)| written)
    }
}

/// A query that finds something and is near to one that finds nothing: words that no headline has become the nearest that
/// one of the newest has. Only of what is public now, as is everything here.
pub(super) fn meant(
    read: &mut Read<'_>,
    search: Search<'_>,
    asked: &Asked,
    languages: &[Language],
) -> Result<Option<String>, Problem> {
    let Some(words) = asked.plain_words().filter(|words| words.len() <= WORDS_MAX) else { return Ok(None) };
    let mut dictionary = Dictionary::default();
    for slug in store::newest_slugs(read.conn, read.now, HEADLINES)? {
        dictionary.read(&slug);
    }
    let better = |word: &'_ str| if dictionary.has(word, languages) { None } else { dictionary.nearest(word) };
    let better: Vec<Option<&str>> = words.iter().map(|word| better(word)).collect();
    if better.iter().all(Option::is_none) {
        return Ok(None);
    }
    let meant: Vec<&str> = words.iter().zip(better).map(|(word, better)| better.unwrap_or(word)).collect();
    let meant = meant.join(" ");
    let Some(needle) = Asked::parse(&meant, languages).ok().and_then(|asked| asked.needle()) else { return Ok(None) };
    let found = store::find(read.conn, &Search { needle: &needle, limit: 1, ..search })?;
    Ok(Some(meant).filter(|_| !found.is_empty()))
}

//! What somebody may want to read after an article: what the desk has named, then what shares most of its tags, then what
//! is new in its section.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::delivery::{show, sought};
use super::dto::ArticleIn;
use super::lists::{self, store::Wanted};
use super::ranked::cut;
use super::store::{self, Live};
use super::views::ArticleView;
use crate::app::Read;
use crate::db::page::{PageRequest, Slice};
use crate::ids::{ArticleId, RecordId};
use crate::problem::Problem;
use crate::records::{self, Kind};
use crate::site;

/// Tags that are looked at, in the article's order.
const TAGS_MAX: usize = 8;
/// The newest of each tag and of the section that are looked at: what is older is not what one reads next.
const EACH: u32 = 24;

/// A page of what goes with a published article, in its language.
pub fn related(
    read: &mut Read<'_>,
    id_or_slug: &str,
    page: &PageRequest,
    public_url: &str,
) -> Result<Slice<ArticleView>, Problem> {
    let site = site::present(read)?;
    let article = sought(read, id_or_slug, &site)?;
    let form: ArticleIn = serde_json::from_str(&article.content)?;
    let mut found = Found::default();
    for tag in form.tag_ids.iter().take(TAGS_MAX) {
        let tags = records::meant(read, Kind::Tag, &[tag.to_string()])?;
        found.add(newest(read, &form, vec![tags])?, 1);
    }
    let section =
        form.section_id.map(|section| records::meant(read, Kind::Section, &[section.to_string()])).transpose()?;
    found.add(newest(read, &form, section.into_iter().collect())?, 0);
    found.add(store::live_many(read.conn, &form.related_ids, read.now)?, 0);
    let ranked = found.ranked(article.article_id, &form.related_ids);
    // A rank below the one before it, so that they stay in this order.
    let ranked = (0..).zip(ranked).map(|(place, live): (i64, Live)| (-place, live.article_id, live)).collect();
    let Slice { rows, next, prev, total } = cut(ranked, page);
    let (rows, _) = show(read, &site, &rows, &[], public_url)?;
    Ok(Slice { rows, next, prev, total })
}

fn newest(read: &mut Read<'_>, form: &ArticleIn, with: Vec<Vec<RecordId>>) -> Result<Vec<Live>, Problem> {
    let wanted = Wanted { languages: vec![form.language.to_string()], with, ..Wanted::default() };
    let first = PageRequest { limit: EACH, ..PageRequest::default() };
    Ok(lists::list(read, &wanted, &first)?.rows)
}

/// What was found, and how many tags it shares.
#[derive(Default)]
struct Found(HashMap<ArticleId, (u32, Live)>);

impl Found {
    fn add(&mut self, rows: Vec<Live>, shares: u32) {
        for live in rows {
            self.0.entry(live.article_id).or_insert((0, live)).0 += shares;
        }
    }

    /// All but the article itself: first those that were chosen, as they were put; then whatever shares more, newer first.
    fn ranked(mut self, itself: ArticleId, chosen: &[ArticleId]) -> Vec<Live> {
        self.0.remove(&itself);
        let mut ranked: Vec<(u32, Live)> = self.0.into_values().collect();
        ranked.sort_by_key(|(shared, live)| {
            let place = chosen.iter().position(|id| *id == live.article_id).unwrap_or(chosen.len());
            (place, Reverse((*shared, live.date_published, live.article_id)))
        });
        ranked.into_iter().map(|(_, live)| live).collect()
    }
}

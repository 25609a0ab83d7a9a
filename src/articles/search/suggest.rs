//! What somebody may be about to type: headlines that have the words so far, and tags that begin so.

use super::asked::Asked;
use super::dto::{SuggestQuery, SuggestedHeadline, SuggestedTag, Suggestions};
use super::highlight::Lookout;
use super::store::{self, Search};
use super::{in_order, languages_of};
use crate::app::Read;
use crate::articles::dto::ArticleIn;
use crate::articles::lists::store::Wanted;
use crate::db::page::PageRequest;
use crate::fault::Fault;
use crate::problem::Problem;
use crate::records;
use crate::site;
use crate::tags::dto::TagIn;
use crate::text::Language;

/// How many of each are suggested.
const MOST: u32 = 10;

/// Headlines and tags that go on from what was typed.
pub fn suggest(read: &mut Read<'_>, query: &SuggestQuery) -> Result<Suggestions, Problem> {
    let site = site::present(read)?;
    let languages = languages_of(&query.language, &site);
    let typed = query.q.as_deref().ok_or_else(|| Problem::parameter("q", Fault::Required))?.trim();
    // The star of the last word, which is still being typed.
    let asked = Asked::parse(&format!("{typed}*"), &languages);
    let asked = asked.map_err(|fault| Problem::parameter("q", fault))?;
    let Some(needle) = asked.needle() else { return Ok(Suggestions { headlines: Vec::new(), tags: Vec::new() }) };
    let needle = needle.in_headline(&asked.wanted);
    let wanted = Wanted { languages: query.language.iter().map(Language::to_string).collect(), ..Wanted::default() };
    let limit = i64::from(MOST);
    let search = Search { needle: &needle, wanted: &wanted, now: read.now, limit, from: None, backward: false };
    let found = store::find(read.conn, &search)?;
    let mut headlines = Vec::new();
    for (live, _) in in_order(read, &found)? {
        let form: ArticleIn = serde_json::from_str(&live.content)?;
        let headline = Lookout { asked: &asked, language: &form.language }.line(&form.headline);
        headlines.push(SuggestedHeadline { article_id: live.article_id, slug: live.slug, headline });
    }
    let page = PageRequest { limit: MOST, ..PageRequest::default() };
    let tags = records::public_beginning::<TagIn>(read, typed, &page)?.rows.into_iter();
    let tag = |tag: records::Record<TagIn>| SuggestedTag {
        id: tag.id,
        slug: tag.form.slug.unwrap_or_default(),
        name: tag.form.name,
    };
    Ok(Suggestions { headlines, tags: tags.map(tag).collect() })
}

//! Feeds: what is published now, in the formats that programs of readers subscribe to. They only read, and may ask any
//! room.

pub mod http;
mod rss;

use self::rss::{Channel, Item};
use crate::app::Read;
use crate::articles::{self, OneArticleQuery, Sought};
use crate::comments::{self, Entry};
use crate::http::address;
use crate::problem::Problem;
use crate::text::Language;
use crate::time::UtcTime;

/// How many comments a feed has.
const COMMENTS: i64 = 50;

/// A feed, or where it is now.
#[derive(Clone, Debug)]
pub enum Found {
    /// It.
    Here(Feed),
    /// To what is below the article's present slug.
    Moved(String),
}

/// A feed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The document.
    pub text: String,
    /// The language of what it is about.
    pub language: Language,
    /// When something in it last changed.
    pub modified: UtcTime,
}

/// The newest comments that everyone reads below an article, without gaps.
pub fn comments(read: &mut Read<'_>, id_or_slug: &str, public_url: &str) -> Result<Found, Problem> {
    let article = match articles::find(read, id_or_slug, &OneArticleQuery::default(), public_url)? {
        Sought::Here(article) => article,
        Sought::Moved(slug) => return Ok(Found::Moved(slug)),
    };
    let entries = comments::latest(read, article.id(), COMMENTS)?;
    let modified = entries.iter().map(|entry| entry.changed_at).chain([article.modified()]).max();
    let modified = modified.unwrap_or_else(|| article.modified());
    let is_arabic = article.language().base() == "ar";
    let channel = Channel {
        title: article.headline(),
        link: article.url(),
        this: &format!("{public_url}{}/comments.rss", address("/feeds/articles", article.slug())),
        about: if is_arabic { "تعليقات القراء" } else { "What readers say" },
        language: article.language().as_str(),
        changed_at: modified,
        items: entries.into_iter().map(|entry| item(entry, public_url)).collect(),
    };
    Ok(Found::Here(Feed { text: channel.document()?, language: article.language().clone(), modified }))
}

fn item(entry: Entry, public_url: &str) -> Item {
    let Entry { id, writer, text, created_at, changed_at: _ } = entry;
    Item {
        creator: writer,
        link: format!("{public_url}/api/v1/comments/{id}"),
        guid: format!("urn:uuid:{id}"),
        text,
        published_at: created_at,
    }
}

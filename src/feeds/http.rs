//! Feeds over HTTP.

use actix_web::get;

use super::Found;
use crate::cache::{Facet, Rest};
use crate::http::{Call, Reply, Routes, Segment, address};
use crate::problem::Problem;

/// The media type of RSS.
const RSS: &str = "application/rss+xml";

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(read_comments_feed);
}

/// Subscribe to an article's comments
///
/// RSS 2.0 of the newest 50 that everyone reads, wherever in the discussion they stand. An old slug answers 308 with the
/// present address.
#[utoipa::path(
    tag = "comments",
    params(("idOrSlug" = String, Path, description = "The article's id or slug", example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو")),
    responses(
        (status = OK, description = "The feed", body = String, content_type = "application/rss+xml",
            example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"></rss>"),
        (status = PERMANENT_REDIRECT, description = "An old slug: `Location` has the present address"),
    ),
)]
#[get("/feeds/articles/{idOrSlug}/comments.rss")]
async fn read_comments_feed(call: Call, article: Segment) -> Result<Reply, Problem> {
    let public_url = call.app.config().public_url.clone();
    match call.read(move |read| super::comments(read, &article.0, &public_url)).await? {
        Found::Here(feed) => {
            let rest = Rest::on(&[Facet::Articles, Facet::Records, Facet::Site, Facet::People, Facet::Discussions]);
            Ok(Reply::text_of(RSS, feed.text).modified(feed.modified).in_language(&feed.language).shared(rest))
        }
        Found::Moved(slug) => Ok(Reply::moved(address("/feeds/articles", &slug) + "/comments.rss")),
    }
}

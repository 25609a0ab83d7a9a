//! Search over HTTP.

use actix_web::get;

use crate::articles::{self, SearchHit, SearchQuery};
use crate::http::{Call, ListQuery, Page, PageView, Reply, Routes};
use crate::problem::Problem;

/// Adds this route.
pub fn routes(config: &mut Routes<'_>) {
    config.service(search_articles);
}

/// A page of what was found.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct SearchResults {
    items: Vec<SearchHit>,
    page: PageView,
}

/// Search what is published now
///
/// Arabic is found however it is spelled: without hamza or harakat, with digits of any script, with or without the article, «and» and
/// other particles; words of other languages in the forms that Snowball knows. What is not published is not found, from
/// its first instant to its last exactly as the article itself. Texts are searched to their 10,000th word. By relevance
/// there are at most 420 results; `sort=newest` has them all. `count` counts to 1,000 and no further.
#[utoipa::path(
    tag = "articles",
    params(ListQuery, SearchQuery),
    responses((status = OK, description = "A page", body = SearchResults)),
)]
#[get("/search")]
async fn search_articles(call: Call, page: Page<SearchQuery>) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let public_url = call.app.config().public_url.clone();
    page.reply(&call.read(move |read| articles::search(read, &query, &request, &public_url)).await?)
}

//! Search over HTTP.

use actix_web::get;

use serde_json::Map;

use crate::articles::{self, Facets, SearchHit, SearchQuery, SuggestQuery, Suggestions};
use crate::http::{Call, ListQuery, Page, PageView, Query, Reply, Routes};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(suggest_searches).service(search_articles);
}

/// A page of what was found.
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct SearchResults {
    items: Vec<SearchHit>,
    page: PageView,
    /// With `facets=true`: what was found, counted.
    #[schema(required = false)]
    facets: Option<Facets>,
    /// Where nothing was found: a query that finds something.
    #[schema(required = false, example = json!(null))]
    did_you_mean: Option<String>,
}

/// Search what is published now
///
/// Arabic is found however it is spelled: without hamza or harakat, with digits of any script, with or without the article, «and» and
/// other particles; words of other languages in the forms that Snowball knows. What is not published is not found, from
/// its first instant to its last exactly as the article itself. Texts are searched to their 10,000th word. By relevance
/// there are at most 420 results; `sort=newest` has them all. `count` counts to 1,000 and no further, and so do `facets`, from the newest on.
/// Where nothing is found, `didYouMean` may have a query that finds something: with the nearest words of the newest 500 headlines.
#[utoipa::path(
    tag = "articles",
    params(ListQuery, SearchQuery),
    responses((status = OK, description = "A page", body = SearchResults)),
)]
#[get("/search")]
async fn search_articles(call: Call, page: Page<SearchQuery>) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let public_url = call.app.config().public_url.clone();
    let results = call.read_aside(move |read| articles::search(read, &query, &request, &public_url)).await?;
    let mut members = Map::new();
    if let Some(facets) = results.facets {
        members.insert("facets".into(), serde_json::to_value(facets)?);
    }
    if let Some(meant) = results.did_you_mean {
        members.insert("didYouMean".into(), meant.into());
    }
    page.reply_with(&results.slice, members)
}

/// Suggest headlines and tags
///
/// While somebody types: the newest published headlines that have the words so far, the last of them as a beginning once it has three
/// letters, and tags that are called what begins so.
#[utoipa::path(
    tag = "articles",
    params(SuggestQuery),
    responses((status = OK, description = "Suggestions", body = Suggestions)),
)]
#[get("/search/suggest")]
async fn suggest_searches(call: Call, query: Query<SuggestQuery>) -> Result<Reply, Problem> {
    let Query(query) = query;
    Reply::json(&call.read_aside(move |read| articles::suggest(read, &query)).await?)
}

//! What everyone may read.

use actix_web::{HttpRequest, get};
use serde_json::Map;

use crate::articles::query::{ArticleQuery, OneArticleQuery};
use crate::articles::views::{ArticleView, Included};
use crate::articles::{self, Sought};
use crate::http::{
    Call, FieldsQuery, ListQuery, Page, PageView, Query, Reply, Routes, Segment, Unfiltered, View, address,
};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(read_article).service(list_articles).service(list_related);
}

/// A page of published articles.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct ArticleList {
    items: Vec<ArticleView>,
    page: PageView,
    #[schema(required = false)]
    included: Option<Included>,
}

/// List what is published now
///
/// The newest first, without bodies. Repeat a filter for «or»; different filters are «and»; `not…` excludes.
#[utoipa::path(
    tag = "articles",
    params(ListQuery, ArticleQuery),
    responses((status = OK, description = "A page", body = ArticleList)),
)]
#[get("/articles")]
async fn list_articles(call: Call, page: Page<ArticleQuery>) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let public_url = call.app.config().public_url.clone();
    let listed = call.read(move |read| articles::list(read, &query, &request, &public_url)).await?;
    let rest = listed.rest();
    let mut members = Map::new();
    if let Some(included) = listed.included {
        members.insert("included".into(), serde_json::to_value(included)?);
    }
    Ok(page.reply_with(&listed.slice, members)?.shared(rest))
}

/// Get a published article
///
/// By its id or its slug, which may be percent-encoded or not. An old slug answers 308 with the present address.
/// What is not published answers 404, exactly like what never was.
#[utoipa::path(
    tag = "articles",
    params(
        ("idOrSlug" = String, Path, description = "Id or slug", example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو"),
        OneArticleQuery, FieldsQuery,
    ),
    responses(
        (status = OK, description = "The article", body = ArticleView),
        (status = PERMANENT_REDIRECT, description = "An old slug: `Location` has the present address"),
    ),
)]
#[get("/articles/{idOrSlug}")]
async fn read_article(
    call: Call,
    article: Segment,
    query: Query<OneArticleQuery>,
    view: View,
    request: HttpRequest,
) -> Result<Reply, Problem> {
    let public_url = call.app.config().public_url.clone();
    let Query(query) = query;
    let sought = call.read(move |read| articles::find(read, &article.0, &query, &public_url)).await?;
    match sought {
        Sought::Here(article) => {
            let rest = ArticleView::rest([&*article]);
            Ok(view.reply(&*article)?.modified(article.modified()).in_language(article.language()).shared(rest))
        }
        Sought::Moved(slug) => {
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            Ok(Reply::moved(address("/api/v1/articles", &slug) + &query))
        }
    }
}

/// List what goes with an article
///
/// What the desk has named as related comes first, as it was put; then what shares most of the article's tags, the newest first
/// among equals; then what is new in its section. All in the article's language, without bodies. Of each tag (eight at
/// most) and of the section the newest 24 are looked at, so the list ends.
#[utoipa::path(
    tag = "articles",
    params(
        ("idOrSlug" = String, Path, description = "Id or slug", example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو"),
        ListQuery,
    ),
    responses((status = OK, description = "A page", body = ArticleList)),
)]
#[get("/articles/{idOrSlug}/related")]
async fn list_related(call: Call, article: Segment, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let public_url = call.app.config().public_url.clone();
    let slice = call.read(move |read| articles::related(read, &article.0, &request, &public_url)).await?;
    let rest = ArticleView::rest(&slice.rows);
    Ok(page.reply(&slice)?.shared(rest))
}

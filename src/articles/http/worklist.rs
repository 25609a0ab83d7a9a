//! The desk's lists over HTTP.

use actix_web::{get, put};

use super::newsroom::reply;
use crate::articles::desk_views::NewsroomArticleView;
use crate::articles::worklist::dto::{AssigneeIn, DeskQuery, StateCounts};
use crate::articles::worklist::{assign, counts, worklist};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, PublishArticles, WriteArticles};
use crate::http::{Call, Input, ListQuery, Page, PageView, Query, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes. They stand before those with an id.
pub fn routes(config: &mut Routes<'_>) {
    config.service(list_newsroom_articles).service(count_newsroom_articles).service(assign_article);
}

/// A page of working copies.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomArticleList {
    items: Vec<NewsroomArticleView>,
    page: PageView,
}

/// List working copies
///
/// The latest change first, without bodies: all for editors, for journalists those that they began or are to work on.
/// `mine=true&unfinished=true` is the caller's own work.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(ListQuery, DeskQuery),
    responses((status = OK, description = "A page", body = NewsroomArticleList)),
)]
#[get("/articles")]
async fn list_newsroom_articles(
    permit: Permit<WriteArticles>,
    call: Call,
    page: Page<DeskQuery>,
) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| worklist(read, &permit, &query, &request)).await?;
    page.reply(&slice.map(NewsroomArticleView::from))
}

/// Count working copies
///
/// How many there are in each state, of those that the list with the same filters has.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(DeskQuery),
    responses((status = OK, description = "The counts", body = StateCounts)),
)]
#[get("/articles/counts")]
async fn count_newsroom_articles(
    permit: Permit<WriteArticles>,
    call: Call,
    query: Query<DeskQuery>,
) -> Result<Reply, Problem> {
    let Query(query) = query;
    Reply::json(&call.read(move |read| counts(read, &permit, &query)).await?)
}

/// Say who works on an article
///
/// Somebody who may write articles: they may do with it what its first writer may. It makes no revision, and `If-Match`
/// names the present one.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(PublishArticles::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = AssigneeIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[put("/articles/{id}/assignee")]
async fn assign_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<AssigneeIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    reply(call.write(move |tx| assign(tx, &permit, id, &expected, input.value)).await?)
}

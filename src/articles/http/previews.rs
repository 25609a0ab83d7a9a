//! Preview links over HTTP: made and revoked in the newsroom, followed by anyone who has one.

use actix_web::{delete, get, post};
use utoipa::IntoParams;

use crate::articles::previews::dto::{NewPreviewLinkView, PreviewLinkIn, PreviewLinkView, PreviewQuery, PreviewView};
use crate::articles::previews::{self, Link};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, WriteArticles};
use crate::http::{Call, Input, ListQuery, Page, PageView, Query, Reply, Routes, Segment, Segments, Unfiltered};
use crate::problem::Problem;

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(create_preview_link).service(list_preview_links).service(revoke_preview_link);
}

/// Adds what holders of links ask for.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(read_preview);
}

/// A page of links.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct PreviewLinkList {
    items: Vec<PreviewLinkView>,
    page: PageView,
}

/// The path of one link.
#[derive(IntoParams)]
#[into_params(parameter_in = Path, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `Segments` reads")]
struct LinkPath {
    /// The article's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
    /// The link's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abce")]
    link_id: String,
}

/// Make a preview link
///
/// Whoever has its `url` sees the article without an account, until it expires or is revoked: one revision with `version`,
/// else the working copy as it changes. The address is told this once. It shows nothing once whoever
/// made it may make none any more, or the key that did is no good. Journalists make links to their own articles,
/// editors to any.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-unconditional" = json!(true)),
        ("x-refusals" = json!(["illegal_transition"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = PreviewLinkIn,
    responses((status = CREATED, description = "The link and its address", body = NewPreviewLinkView)),
)]
#[post("/articles/{id}/preview-links")]
async fn create_preview_link(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    input: Input<PreviewLinkIn>,
) -> Result<Reply, Problem> {
    let id = id.id()?;
    let (token, public_url) = (call.app.ids().token(), call.app.config().public_url.clone());
    call.act(input, move |tx, form| {
        let link: Link = previews::share(tx, &permit, id, form, &token)?;
        let location = format!("/api/v1/newsroom/articles/{id}/preview-links/{}", link.id);
        let view = NewPreviewLinkView { link: link.into(), url: None };
        let reply = Reply::json(&view)?.created(location);
        let url = Some(format!("{public_url}/api/v1/previews/{token}"));
        reply.telling_once(&NewPreviewLinkView { url, ..view })
    })
    .await
}

/// List an article's preview links
///
/// The newest first, also those that are over. Their addresses are told to nobody.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), ListQuery),
    responses((status = OK, description = "A page", body = PreviewLinkList)),
)]
#[get("/articles/{id}/preview-links")]
async fn list_preview_links(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    let (id, request) = (id.id()?, page.request.clone());
    let slice = call.read(move |read| previews::shared(read, &permit, id, &request)).await?;
    page.reply(&slice.map(PreviewLinkView::from))
}

/// Revoke a preview link
///
/// It leads nowhere from now on.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME)), ("x-unconditional" = json!(true))),
    params(LinkPath),
    responses((status = NO_CONTENT, description = "It is revoked")),
)]
#[delete("/articles/{id}/preview-links/{linkId}")]
async fn revoke_preview_link(permit: Permit<WriteArticles>, call: Call, path: Segments) -> Result<Reply, Problem> {
    let Segments(id, link) = path;
    let (id, link) = (id.id()?, link.id()?);
    call.write(move |tx| previews::revoke(tx, &permit, id, link)).await?;
    Ok(Reply::nothing())
}

/// Get a preview
///
/// The article as it would look if it were public, for whoever has a link. `preview` says that it is not, and which
/// revision it is. A link that is over, revoked or unknown is 404, and so is one of an article that was given up or killed. No cache
/// may keep it, and search engines are told not to.
#[utoipa::path(
    tag = "articles",
    params(
        ("token" = String, Path, description = "What stands at the end of the link", example = "4sHBn6mR6mN0Ew0R0l2lqk8nGm2sYp2Hc3Wb1x9Yk7M"),
        PreviewQuery,
    ),
    responses((status = OK, description = "The article", body = PreviewView)),
)]
#[get("/previews/{token}")]
async fn read_preview(call: Call, token: Segment, query: Query<PreviewQuery>) -> Result<Reply, Problem> {
    let public_url = call.app.config().public_url.clone();
    let Query(query) = query;
    let preview = call.read(move |read| previews::preview(read, &token.0, query, &public_url)).await?;
    Ok(Reply::json(&preview)?.in_language(preview.article.language()).unlisted())
}

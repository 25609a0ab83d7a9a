//! The site over HTTP.

use std::sync::Arc;

use actix_web::{get, patch};

use super::Site;
use super::dto::{NewsroomSiteView, SiteIn, SiteView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageSite, ReadSite};
use crate::cache::{Facet, Rest};
use crate::http::{Call, FieldsQuery, Patch, Reply, Routes, View};
use crate::problem::Problem;

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(read_site);
}

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(read_newsroom_site).service(update_site);
}

fn reply(site: Site) -> Result<Reply, Problem> {
    let (language, version, modified) = (site.language(), site.version, site.updated_at);
    Ok(Reply::json(&NewsroomSiteView::from(site))?.in_language(&language).version(version).modified(modified))
}

/// Get the site
///
/// What a page needs to know of the publication itself: its name, its languages and zone, its labels and links.
#[utoipa::path(tag = "site", params(FieldsQuery), responses((status = OK, description = "The site", body = SiteView)))]
#[get("/site")]
async fn read_site(call: Call, view: View) -> Result<Reply, Problem> {
    let site = call.read(super::present).await?;
    let (language, modified) = (site.language(), site.updated_at);
    Ok(view
        .reply(&SiteView::from(Arc::unwrap_or_clone(site)))?
        .in_language(&language)
        .modified(modified)
        .shared(Rest::on(&[Facet::Site])))
}

/// Get the site as the newsroom sees it
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "site",
    extensions(("x-permission" = json!(ReadSite::NAME))),
    responses((status = OK, description = "The site", body = NewsroomSiteView)),
)]
#[get("/site")]
async fn read_newsroom_site(permit: Permit<ReadSite>, call: Call) -> Result<Reply, Problem> {
    reply(call.read(move |read| super::read(read, &permit)).await?)
}

/// Change the site
///
/// A JSON Merge Patch. Datelines follow the zone at once, also those of articles published before.
/// `lint` says what becomes of articles that an editor should look at; a code set to null is as it comes.
#[utoipa::path(
    tag = "site",
    extensions(("x-permission" = json!(ManageSite::NAME))),
    request_body(content = SiteIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed site", body = NewsroomSiteView)),
)]
#[patch("/site")]
async fn update_site(permit: Permit<ManageSite>, call: Call, patch: Patch<SiteIn>) -> Result<Reply, Problem> {
    let expected = call.expected()?;
    reply(call.write(move |tx| super::update(tx, &permit, &expected, &patch)).await?)
}

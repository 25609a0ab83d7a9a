//! An article's past over HTTP: compared, and taken up again.

use actix_web::{get, post};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::articles::desk_views::NewsroomArticleView;
use crate::articles::dto::NoteIn;
use crate::articles::{self, Restoration, RevisionDiff};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, WriteArticles};
use crate::http::{Call, Input, Query, Reply, Routes, Segments};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(compare_revisions).service(restore_revision);
}

/// The path of one revision.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Segments` reads")]
struct RevisionPath {
    /// The article's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
    /// The revision's number
    #[param(example = 2)]
    version: i64,
}

/// What a revision is compared with.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// The number of another revision; the one before it when absent.
    #[param(required = false, minimum = 1, example = 1)]
    with: Option<i64>,
}

fn number(segment: &str) -> Result<i64, Problem> {
    segment.parse().map_err(|_| Problem::not_found())
}

/// Compare two revisions
///
/// From `with` to this one: the fields that differ, texts word by word and other values before and after, and every
/// block of the bodies with what became of it. The equal and deleted segments give the old text, the equal and inserted
/// ones the new. Texts that are very long and wholly different are taken out and put in as a whole.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(WriteArticles::NAME))),
    params(RevisionPath, DiffQuery),
    responses((status = OK, description = "What changed", body = RevisionDiff)),
)]
#[get("/articles/{id}/revisions/{version}/diff")]
async fn compare_revisions(
    permit: Permit<WriteArticles>,
    call: Call,
    path: Segments,
    query: Query<DiffQuery>,
) -> Result<Reply, Problem> {
    let Segments(id, version) = path;
    let (id, version) = (id.id()?, number(&version.0)?);
    let Query(DiffQuery { with }) = query;
    Reply::json(&call.read(move |read| articles::compare(read, &permit, id, version, with)).await?)
}

/// Take up a revision again
///
/// Makes a new revision with the texts of an old one; who may edit the article may do this. Its state stays, and so
/// does what the public sees; the present `embargoedUntil` and `expires` hold. The slug is that of the revision if nothing else has it by now, and stays otherwise. Sources,
/// tags, sections and authors that are gone are left out, and `warnings` says so with `reference_dropped`.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked", "duplicate"])),
    ),
    params(RevisionPath),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/revisions/{version}/restore")]
async fn restore_revision(
    permit: Permit<WriteArticles>,
    call: Call,
    path: Segments,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    let Segments(id, version) = path;
    let (id, version, expected) = (id.id()?, number(&version.0)?, call.expected()?);
    call.act(input, move |tx, NoteIn { note }| {
        let saved = articles::restore(tx, &permit, Restoration { id, version, expected, note })?;
        let (version, modified) = saved.stamp();
        Ok(Reply::json(&NewsroomArticleView::from(saved))?.version(version).modified(modified))
    })
    .await
}

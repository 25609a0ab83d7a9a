//! Reports of comments over HTTP: readers send them, moderators read them.

use actix_web::{get, post};

use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments, ReactToComments};
use crate::comments::reports;
use crate::comments::reports::dto::{NewsroomReportView, ReportIn, ReportView};
use crate::http::{Call, Input, ListQuery, Page, PageView, Reply, Routes, Segment, Unfiltered};
use crate::limits::Act;
use crate::problem::Problem;

/// Adds what readers send.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(report_comment);
}

/// Adds what moderators read.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_reports);
}

/// A page of reports.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct ReportList {
    items: Vec<NewsroomReportView>,
    page: PageView,
}

/// Report a comment to the moderators
///
/// One that everyone reads, of somebody else. Who has an open report of it gets that one again, with 200. When as many readers
/// as the site says have reported it, it goes out of sight until a moderator has decided; a decision closes what was
/// reported before. Nobody learns who reported.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-permission" = json!(ReactToComments::NAME)),
        ("x-rate-limit" = json!("reports")),
        ("x-refusals" = json!(["sanctioned", "own_comment"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = ReportIn,
    responses(
        (status = CREATED, description = "The report", body = ReportView),
        (status = OK, description = "The caller's report, which is open already", body = ReportView),
    ),
)]
#[post("/comments/{id}/reports")]
async fn report_comment(
    permit: Permit<ReactToComments>,
    call: Call,
    id: Segment,
    input: Input<ReportIn>,
) -> Result<Reply, Problem> {
    let (id, standing) = (id.id()?, call.within_limits(Act::Report, Some(permit.user.commenter()))?);
    let reply = call.act(input, move |tx, form| {
        let (report, is_new) = reports::report(tx, &permit, id, form)?;
        let reply = Reply::json(&ReportView::from(report))?.private();
        Ok(if is_new { reply.created(format!("/api/v1/comments/{id}")) } else { reply })
    });
    Ok(reply.await?.standing(standing))
}

/// List the reports of a comment
///
/// The latest first, those too that were closed by a decision.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), ListQuery),
    responses((status = OK, description = "A page", body = ReportList)),
)]
#[get("/comments/{id}/reports")]
async fn list_reports(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    let (id, request) = (id.id()?, page.request.clone());
    let slice = call.read(move |read| reports::of_comment(read, &permit, id, &request)).await?;
    page.reply(&slice.map(NewsroomReportView::from))
}

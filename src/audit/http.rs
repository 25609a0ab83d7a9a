//! The audit log over HTTP.

use actix_web::get;

use super::dto::{AuditQuery, AuditView};
use crate::audit;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ReadAudit};
use crate::db::page::Slice;
use crate::http::{Call, ListQuery, Page, Reply, Routes};
use crate::problem::Problem;

/// Adds what administrators may read.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_audit_log);
}

/// A page of lines, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct AuditList {
    items: Vec<AuditView>,
    page: crate::http::PageView,
}

/// List the audit log
///
/// Every call that could have changed something, allowed or refused, and every other that the role of whoever called does not allow
/// (403), the latest first. A change has a line for each thing that it touched, written with it; a call that changed nothing has one
/// that follows within seconds. Calls of strangers, and those that only read, are summed up where they were refused alike:
/// `payload.times` says how many there were. `user.sign_in` names whose password was tried, `api_key.use` the key that came from where
/// it may not be used. A line is never changed or removed.
#[utoipa::path(
    tag = "audit",
    extensions(("x-permission" = json!(ReadAudit::NAME))),
    params(ListQuery, AuditQuery),
    responses((status = OK, description = "A page", body = AuditList)),
)]
#[get("/audit-log")]
async fn list_audit_log(permit: Permit<ReadAudit>, call: Call, page: Page<AuditQuery>) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| audit::list(read, &permit, query, &request)).await?;
    let Slice { rows, next, prev, total } = slice;
    let rows = rows.into_iter().map(AuditView::try_from).collect::<Result<_, _>>()?;
    page.reply(&Slice { rows, next, prev, total })
}

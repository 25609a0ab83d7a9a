//! Alerts over HTTP.

use actix_web::{get, patch, post};

use super::dto::{
    AlertCancelIn, AlertIn, AlertIssueIn, AlertRetractIn, AlertScheduleIn, AlertSupersedeIn, AlertUpdateIn,
    AudienceView, DeskFilter, TickerFilter,
};
use super::model::Shown;
use super::view::{AlertView, NewsroomAlertView};
use crate::alerts::{self, Place};
use crate::articles::NewsroomArticleView;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, DraftAlerts, IssueAlerts, WriteArticles};
use crate::cache::{Facet, Rest};
use crate::http::{Call, Empty, FieldsQuery, Input, ListQuery, Page, Patch, Reply, Routes, Segment, View};
use crate::problem::Problem;

/// What an alert shows.
const FACETS: [Facet; 4] = [Facet::Alerts, Facet::Articles, Facet::Records, Facet::Site];

/// Adds what everyone may read.
pub fn delivery(config: &mut Routes<'_>) {
    config.service(list_alerts).service(read_alert);
}

/// Adds what the newsroom works with.
pub fn newsroom(config: &mut Routes<'_>) {
    config
        .service(list_newsroom_alerts)
        .service(draft_alert)
        .service(read_newsroom_alert)
        .service(edit_alert)
        .service(read_audience)
        .service(approve_alert)
        .service(issue_alert)
        .service(schedule_alert)
        .service(update_alert)
        .service(retract_alert)
        .service(supersede_alert)
        .service(cancel_alert)
        .service(begin_article);
}

/// A page of alerts, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct AlertList {
    items: Vec<AlertView>,
    page: crate::http::PageView,
}

/// A page of the newsroom's alerts, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct NewsroomAlertList {
    items: Vec<NewsroomAlertView>,
    page: crate::http::PageView,
}

fn reply(shown: Shown) -> Result<Reply, Problem> {
    let (version, modified, language) = (shown.alert.version, shown.changed_at, shown.alert.form.language.clone());
    let reply = Reply::json(&NewsroomAlertView::from(shown))?;
    Ok(reply.version(version).modified(modified).in_language(&language))
}

/// The alert that a path names, and the version that the caller has seen.
fn place(call: &Call, id: &Segment) -> Result<Place, Problem> {
    Ok(Place { id: id.id()?, expected: call.expected()? })
}

fn created(shown: Shown) -> Result<Reply, Problem> {
    let location = format!("/api/v1/newsroom/alerts/{}", shown.alert.id);
    Ok(reply(shown)?.created(location))
}

/// List the breaking news
///
/// The ticker: what is active at this instant, by urgency and then the newest first. A client that was away asks with
/// `since` and learns what went out, changed, expired or was taken back in the meantime.
#[utoipa::path(
    tag = "alerts",
    params(ListQuery, TickerFilter),
    responses((status = OK, description = "A page", body = AlertList)),
)]
#[get("/alerts")]
async fn list_alerts(call: Call, page: Page<TickerFilter>) -> Result<Reply, Problem> {
    let (filter, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| alerts::public_list(read, &filter, &request)).await?;
    Ok(page.reply(&slice.map(AlertView::from))?.shared(Rest::on(&FACETS)))
}

/// Get an alert
///
/// Any that was ever in the ticker; a retracted one says why, a superseded one names its successor.
#[utoipa::path(
    tag = "alerts",
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), FieldsQuery),
    responses((status = OK, description = "The alert", body = AlertView)),
)]
#[get("/alerts/{id}")]
async fn read_alert(call: Call, id: Segment, view: View) -> Result<Reply, Problem> {
    let id = id.id()?;
    let shown = call.read(move |read| alerts::public(read, id)).await?;
    let (modified, language) = (shown.changed_at, shown.alert.form.language.clone());
    Ok(view.reply(&AlertView::from(shown))?.modified(modified).in_language(&language).shared(Rest::on(&FACETS)))
}

/// List all alerts
///
/// Latest change first. Journalists see their own and what was ever issued, but not the drafts of others.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(DraftAlerts::NAME))),
    params(ListQuery, DeskFilter),
    responses((status = OK, description = "A page", body = NewsroomAlertList)),
)]
#[get("/alerts")]
async fn list_newsroom_alerts(
    permit: Permit<DraftAlerts>,
    call: Call,
    page: Page<DeskFilter>,
) -> Result<Reply, Problem> {
    let (filter, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| alerts::list(read, &permit, &filter, &request)).await?;
    page.reply(&slice.map(NewsroomAlertView::from))
}

/// Draft an alert
///
/// Nobody but the newsroom sees it until it is issued.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(DraftAlerts::NAME)), ("x-refusals" = json!(["duplicate"]))),
    request_body = AlertIn,
    responses((status = CREATED, description = "The draft", body = NewsroomAlertView)),
)]
#[post("/alerts")]
async fn draft_alert(permit: Permit<DraftAlerts>, call: Call, input: Input<AlertIn>) -> Result<Reply, Problem> {
    call.act(input, move |tx, form| created(alerts::draft(tx, &permit, form)?)).await
}

/// Get an alert as the newsroom sees it
///
/// With the `ETag` that a change must name. To journalists, others' drafts are 404.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(DraftAlerts::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The alert", body = NewsroomAlertView)),
)]
#[get("/alerts/{id}")]
async fn read_newsroom_alert(permit: Permit<DraftAlerts>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    reply(call.read(move |read| alerts::read(read, &permit, id)).await?)
}

/// Change a draft
///
/// A JSON Merge Patch. What was issued is changed by `update`.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(DraftAlerts::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body(content = AlertIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed draft", body = NewsroomAlertView)),
)]
#[patch("/alerts/{id}")]
async fn edit_alert(
    permit: Permit<DraftAlerts>,
    call: Call,
    id: Segment,
    patch: Patch<AlertIn>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    reply(call.write(move |tx| alerts::edit(tx, &permit, &place, &patch)).await?)
}

/// Tell whom an alert would reach
///
/// A dry run: how many would be told if the caller issued it now, and what stands in the way. Nothing is changed.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(DraftAlerts::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "Its audience", body = AudienceView)),
)]
#[get("/alerts/{id}/audience")]
async fn read_audience(permit: Permit<DraftAlerts>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    let hub = std::sync::Arc::clone(call.app.hub());
    let audience = call.read(move |read| alerts::audience(read, &permit, id, &hub)).await?;
    Reply::json(&audience)
}

/// Approve a draft
///
/// A second pair of eyes, which a flash needs before another editor issues it. A change of the draft takes it back.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(IssueAlerts::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = Empty,
    responses((status = OK, description = "The approved draft", body = NewsroomAlertView)),
)]
#[post("/alerts/{id}/approve")]
async fn approve_alert(
    permit: Permit<IssueAlerts>,
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, Empty {}| reply(alerts::approve(tx, &permit, &place)?)).await
}

/// Issue an alert
///
/// It is in the ticker from its start, or from now, until it expires: a day later unless somebody says otherwise. The
/// same headline in the same language within ten minutes is 409 `duplicate` with the id of the first. A flash that no
/// other editor has approved is 409 `approval_required`, unless `override` says why it can't wait.
#[utoipa::path(
    tag = "alerts",
    extensions(
        ("x-permission" = json!(IssueAlerts::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "duplicate"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = AlertIssueIn,
    responses((status = OK, description = "The issued alert", body = NewsroomAlertView)),
)]
#[post("/alerts/{id}/issue")]
async fn issue_alert(
    permit: Permit<IssueAlerts>,
    call: Call,
    id: Segment,
    input: Input<AlertIssueIn>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, said| reply(alerts::issue(tx, &permit, &place, said.into())?)).await
}

/// Schedule an alert
///
/// Issues it with a start that is ahead: it is in the ticker from that instant, and told then.
#[utoipa::path(
    tag = "alerts",
    extensions(
        ("x-permission" = json!(IssueAlerts::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "duplicate"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = AlertScheduleIn,
    responses((status = OK, description = "The scheduled alert", body = NewsroomAlertView)),
)]
#[post("/alerts/{id}/schedule")]
async fn schedule_alert(
    permit: Permit<IssueAlerts>,
    call: Call,
    id: Segment,
    input: Input<AlertScheduleIn>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, said| reply(alerts::issue(tx, &permit, &place, said.into())?)).await
}

/// Update an alert
///
/// Changes what was issued and has not expired; it stays where it is, with its version counted up. Whom it is aimed at
/// stays. With `notify`, phones and browsers show the change in the place of what they showed before. A flash that says
/// something else, and what becomes a flash, takes an `override` that says why: 409 `approval_required` without.
#[utoipa::path(
    tag = "alerts",
    extensions(
        ("x-permission" = json!(IssueAlerts::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "duplicate"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = AlertUpdateIn,
    responses((status = OK, description = "The updated alert", body = NewsroomAlertView)),
)]
#[post("/alerts/{id}/update")]
async fn update_alert(
    permit: Permit<IssueAlerts>,
    call: Call,
    id: Segment,
    input: Input<AlertUpdateIn>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, change| reply(alerts::update(tx, &permit, &place, change)?)).await
}

/// Retract an alert
///
/// It leaves the ticker at once and stays addressable with the reason. Also for one that has expired, since readers
/// may still believe it.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(IssueAlerts::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = AlertRetractIn,
    responses((status = OK, description = "The retracted alert", body = NewsroomAlertView)),
)]
#[post("/alerts/{id}/retract")]
async fn retract_alert(
    permit: Permit<IssueAlerts>,
    call: Call,
    id: Segment,
    input: Input<AlertRetractIn>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, why| reply(alerts::retract(tx, &permit, &place, &why)?)).await
}

/// Supersede an alert
///
/// The body is the new alert, which goes out at once; each of the two names the other. A flash takes an `override` that
/// says why it can't be drafted and approved: 409 `approval_required` without.
#[utoipa::path(
    tag = "alerts",
    extensions(
        ("x-permission" = json!(IssueAlerts::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "duplicate"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = AlertSupersedeIn,
    responses((status = CREATED, description = "The new alert", body = NewsroomAlertView)),
)]
#[post("/alerts/{id}/supersede")]
async fn supersede_alert(
    permit: Permit<IssueAlerts>,
    call: Call,
    id: Segment,
    input: Input<AlertSupersedeIn>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, form| created(alerts::supersede(tx, &permit, &place, form)?)).await
}

/// Cancel an alert
///
/// Gives up a draft, or one that was issued and has not started. What readers have seen is retracted or superseded.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(IssueAlerts::NAME)), ("x-refusals" = json!(["illegal_transition"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = AlertCancelIn,
    responses((status = OK, description = "The cancelled alert", body = NewsroomAlertView)),
)]
#[post("/alerts/{id}/cancel")]
async fn cancel_alert(
    permit: Permit<IssueAlerts>,
    call: Call,
    id: Segment,
    input: Input<AlertCancelIn>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, why| reply(alerts::cancel(tx, &permit, &place, why)?)).await
}

/// Begin an article for an alert
///
/// A draft with what the alert says, its sources and its sections; both belong to one story, and readers of the alert
/// are led to the article once it is published. An alert that has an article is 409 `duplicate`.
#[utoipa::path(
    tag = "alerts",
    extensions(("x-permission" = json!(DraftAlerts::NAME)), ("x-refusals" = json!(["duplicate"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = Empty,
    responses((status = CREATED, description = "The draft of the article", body = NewsroomArticleView)),
)]
#[post("/alerts/{id}/article")]
async fn begin_article(
    (drafting, writing): (Permit<DraftAlerts>, Permit<WriteArticles>),
    call: Call,
    id: Segment,
    input: Input<Empty>,
) -> Result<Reply, Problem> {
    let place = place(&call, &id)?;
    call.act(input, move |tx, Empty {}| {
        let article = alerts::begin_article(tx, (&drafting, &writing), &place)?;
        let (location, stamp) = (format!("/api/v1/newsroom/articles/{}", article.id()), article.stamp());
        let reply = Reply::json(&NewsroomArticleView::from(article))?.version(stamp.0).modified(stamp.1);
        Ok(reply.created(location))
    })
    .await
}

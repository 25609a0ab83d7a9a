//! The editors' steps that make an article public, put it right, or take it back.

use actix_web::{get, post};

use super::newsroom::{editor_step, reply};
use crate::articles::desk_views::NewsroomArticleView;
use crate::articles::dto::{CorrectionIn, KillIn, NoteIn, PublishIn, ScheduleIn};
use crate::articles::turns::dto::{Lateness, ScheduleQuery, TurnView};
use crate::articles::{self, Order, Step, turns};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, KillArticles, PublishArticles};
use crate::http::{Call, Input, ListQuery, Page, PageView, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config
        .service(publish_article)
        .service(schedule_article)
        .service(unschedule_article)
        .service(correct_article)
        .service(unpublish_article)
        .service(kill_article)
        .service(list_schedule)
        .service(read_lateness);
}

/// A page of the schedule.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct ScheduleList {
    items: Vec<TurnView>,
    page: PageView,
}

/// Publish an article
///
/// From any state but `spiked` and `killed`; from `published` it makes the changes since the last publication public. A
/// published article has a headline, a body, a source, a section and a language: 422 `not_publishable` names
/// what is missing. `datePublished` is now, or stays, unless an older one is given. While `embargoedUntil` lies ahead the
/// article is `scheduled` for that instant. What was scheduled before is taken back.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(PublishArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "locked", "not_publishable"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = PublishIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/publish")]
async fn publish_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<PublishIn>,
) -> Result<Reply, Problem> {
    editor_step(permit, call, id, Step::Publish, input).await
}

/// Publish an article at an instant
///
/// From any state but `spiked` and `killed`. Readers see this very revision from the instant on, or from the end of its
/// embargo if that is later, with no job and no request; later changes of the working copy are not in it. The next
/// version of a `published` article is scheduled in the same way, and the present one stays until then. Scheduling again
/// takes the place of what was scheduled. A local time that `timeZone` leaves out is 422 `never_happens`, one that comes
/// twice 422 `happens_twice`: add the offset.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(PublishArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "locked", "not_publishable"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = ScheduleIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/schedule")]
async fn schedule_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<ScheduleIn>,
) -> Result<Reply, Problem> {
    editor_step(permit, call, id, Step::Schedule, input).await
}

/// Take a scheduled publication back
///
/// Before its instant: a `scheduled` article is `approved` again, a `published` one stays as it is.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(PublishArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/unschedule")]
async fn unschedule_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    editor_step(permit, call, id, Step::Unschedule, input).await
}

/// Correct a published article
///
/// Makes the working copy public as publishing does, and adds to `corrections` what was wrong, for everyone to read. It
/// can't be taken away again.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(PublishArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "approval_required", "locked", "not_publishable"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = CorrectionIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/corrections")]
async fn correct_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<CorrectionIn>,
) -> Result<Reply, Problem> {
    editor_step(permit, call, id, Step::Correct, input).await
}

/// Withdraw an article from the public
///
/// From `published`. `note` is required: it says why. Delivery answers 404 from then on, and what was scheduled is taken
/// back.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(PublishArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NoteIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/unpublish")]
async fn unpublish_article(
    permit: Permit<PublishArticles>,
    call: Call,
    id: Segment,
    input: Input<NoteIn>,
) -> Result<Reply, Problem> {
    editor_step(permit, call, id, Step::Unpublish, input).await
}

/// Take an article back for good
///
/// From `scheduled`, `published` or `unpublished`; it can't be undone. Whoever asks for an article that was public gets
/// 410 with `notice`, by its id and by every slug that it had. One that never was public answers 404 as before.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(KillArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "locked"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = KillIn,
    responses((status = OK, description = "The working copy", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/kill")]
async fn kill_article(
    permit: Permit<KillArticles>,
    call: Call,
    id: Segment,
    input: Input<KillIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, said| {
        let order = Order { id, expected, step: Step::Kill, notes: said.into() };
        reply(articles::kill(tx, &permit, order)?)
    })
    .await
}

/// Say what will happen when
///
/// What the clock will do to articles, the next first, each with the exact revision; or, by `outcome`, what it has done
/// and how late that was announced, or what was given up, the latest first.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(PublishArticles::NAME))),
    params(ListQuery, ScheduleQuery),
    responses((status = OK, description = "A page", body = ScheduleList)),
)]
#[get("/schedule")]
async fn list_schedule(
    permit: Permit<PublishArticles>,
    call: Call,
    page: Page<ScheduleQuery>,
) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| turns::schedule(read, &permit, &query, &request)).await?;
    page.reply(&slice)
}

/// Say how late the clock was
///
/// How long after their instant the turns of the last seven days were announced. Readers saw each at its instant.
#[utoipa::path(
    tag = "articles",
    extensions(("x-permission" = json!(PublishArticles::NAME))),
    responses((status = OK, description = "The lateness", body = Lateness)),
)]
#[get("/schedule/lateness")]
async fn read_lateness(permit: Permit<PublishArticles>, call: Call) -> Result<Reply, Problem> {
    Reply::json(&call.read(move |read| turns::lateness(read, &permit)).await?)
}

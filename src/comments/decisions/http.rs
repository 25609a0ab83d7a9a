//! Decisions and notes over HTTP.

use actix_web::{get, post};

use super::dto::{CommentDecisionView, CommentNoteIn};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ModerateComments};
use crate::comments::{decisions, dto};
use crate::fault::Fault;
use crate::http::{Call, Input, ListQuery, Page, PageView, Reply, Routes, Segment, Unfiltered};
use crate::problem::Problem;

/// Adds these routes.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_comment_decisions).service(note_comment);
}

/// A page of decisions.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct CommentDecisionList {
    items: Vec<CommentDecisionView>,
    page: PageView,
}

/// List what was decided about a comment
///
/// Each decision with its rule and what that saw in the text, by whom, from which status to which, and why; and the notes. The
/// latest first.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), ListQuery),
    responses((status = OK, description = "A page", body = CommentDecisionList)),
)]
#[get("/comments/{id}/decisions")]
async fn list_comment_decisions(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    page: Page<Unfiltered>,
) -> Result<Reply, Problem> {
    let (id, request) = (id.id()?, page.request.clone());
    page.reply(&call.read(move |read| decisions::list(read, &permit, id, &request)).await?)
}

/// Leave a note about a comment
///
/// For colleagues, among the decisions. The comment stays as it is.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME)), ("x-unconditional" = json!(true))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = CommentNoteIn,
    responses((status = CREATED, description = "The note", body = CommentDecisionView)),
)]
#[post("/comments/{id}/notes")]
async fn note_comment(
    permit: Permit<ModerateComments>,
    call: Call,
    id: Segment,
    input: Input<CommentNoteIn>,
) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.act(input, move |tx, CommentNoteIn { note }| {
        let text = dto::note(Some(&note)).and_then(|text| text.ok_or(Fault::Blank));
        let text = text.map_err(|fault| Problem::field("/note", fault))?;
        let made = decisions::note(tx, &permit, id, text)?;
        Ok(Reply::json(&made)?.created(format!("/api/v1/newsroom/comments/{id}/decisions")).about(id))
    })
    .await
}

//! What readers do: read and write.

use std::sync::Arc;

use actix_web::{delete, get, patch, post};

use super::speaker::Known;
use crate::app::{App, Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, PostComment, UseAccount};
use crate::cache::{Facet, Rest};
use crate::comments::dto::{CommentEditIn, CommentIn, CommentView, OwnCommentQuery, PostedCommentView};
use crate::comments::judgement::{self, Asker};
use crate::comments::wording::Draft;
use crate::comments::{self, Audience, CommentQuery, Speaker, Submission, appeals, external, sanctions};
use crate::db::page::Position;
use crate::http::{Call, FieldsQuery, Input, ListQuery, Page, PageView, Patch, Reply, Routes, Segment, View};
use crate::ids::{ArticleId, CommentId};
use crate::limits::Act;
use crate::problem::{Code, Problem};

/// How often a change is tried before its writer is told to come again.
const TRIES: usize = 5;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config
        .service(list_comments)
        .service(post_comment)
        .service(read_comment)
        .service(edit_comment)
        .service(delete_comment)
        .service(list_own_comments)
        .configure(sanctions::http::delivery)
        .configure(appeals::http::delivery);
}

/// What the comments of an article rest on; where there are none, nobody says of which.
fn rest(about: Option<ArticleId>) -> Rest {
    let mut rest = Rest::on(&[Facet::Articles, Facet::Records, Facet::Site, Facet::People]);
    rest.and(about.map_or(Facet::Discussions, Facet::Comments));
    rest
}

/// A page of comments.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct CommentList {
    items: Vec<CommentView>,
    page: PageView,
}

/// List an article's comments
///
/// Those that answer no other; with `parentId`, what hangs below one. Replies hang below what they answer, and beside it
/// once the discussion is as deep as the site's `depthMax`. Where a comment has gone and something below it stays, a gap
/// keeps its place. `replies=3` sends the first three replies to each along, and a cursor for the others.
#[utoipa::path(
    tag = "comments",
    params(
        ("idOrSlug" = String, Path, description = "The article's id or slug", example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو"),
        ListQuery, CommentQuery,
    ),
    responses((status = OK, description = "A page", body = CommentList)),
)]
#[get("/articles/{idOrSlug}/comments")]
async fn list_comments(call: Call, article: Segment, page: Page<CommentQuery>) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| comments::discussion(read, &article.0, &query, &request)).await?;
    let below = |parent: CommentId, position: &Position| {
        page.cursor_into(&[("parentId", &parent.to_string()), ("sort", "oldest")], position)
    };
    let about = slice.rows.first().map(|thread| thread.comment.article());
    Ok(page.reply(&slice.map(|thread| thread.view(below)))?.shared(rest(about)))
}

/// Comment on an article
///
/// Published at once (201), or else kept (202): then only its writer can get it, at `Location`. `status` says what has become
/// of it, and `rule` by what: it waits for a moderator (`pending`, `withheld`), or a rule has refused it (`rejected`).
/// Whoever moderators have silenced gets 403 `sanctioned`, with what, why and until when. The same text by the same writer
/// in the same place within a day is 409 `duplicate`. Where no comments are taken: 409 `comments_closed`. The text is plain
/// text. Without an account: 401, unless the site takes guests and the article is not for members only. A guest says who it
/// is with `guest` and is answered a `guestToken`, once: a repetition by `Idempotency-Key` is answered without it. With that
/// in `Khabar-Guest` the same guest goes on, for a year. How often one account and one address may write stands in
/// `RateLimit-Policy`, what is left in `RateLimit`; beyond it 429 with `Retry-After`.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-rate-limit" = json!("comments")),
        ("x-refusals" = json!(["sanctioned", "forbidden", "second_factor_required", "duplicate", "comments_closed"])),
    ),
    params(
        ("idOrSlug" = String, Path, description = "The article's id or slug", example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو"),
        ("Khabar-Guest" = Option<String>, Header, description = "A guest's token", example = "eyJ0eXAiOiJndWVzdCtqd3QiLCJhbGciOiJIUzI1NiJ9…"),
    ),
    request_body = CommentIn,
    responses(
        (status = CREATED, description = "The comment, published", body = PostedCommentView),
        (status = ACCEPTED, description = "The comment, which waits for a moderator or was refused by a rule", body = PostedCommentView),
    ),
)]
#[post("/articles/{idOrSlug}/comments")]
async fn post_comment(
    speaker: Speaker,
    call: Call,
    article: Segment,
    input: Input<CommentIn>,
) -> Result<Reply, Problem> {
    let (app, standing) = (call.app.clone(), call.within_limits(Act::Comment, speaker.commenter())?);
    let input = input.map(Draft::from);
    let (speaker, origin, asked) = (Arc::new(speaker), call.actor().origin, input.value.clone());
    let (known, below) = (Arc::clone(&speaker), article.0.clone());
    let foresee = move |read: &mut Read<'_>, app: &App| {
        judgement::of_new(read, Asker { app, origin, speaker: &known }, &below, &asked)
    };
    let opinion = external::consult(&call.app, foresee).await;
    let reply = call.act(input, move |tx, draft| {
        let posted = comments::post(tx, &app, &speaker, Submission { article: &article.0, draft, opinion })?;
        let (id, is_visible) = (posted.id(), posted.comment.is_visible());
        let location = format!("/api/v1/comments/{id}");
        let (kept, told) = PostedCommentView::of(posted);
        let reply = Reply::json(&kept)?.about(id);
        let reply = if is_visible { reply.created(location) } else { reply.accepted(location).private() };
        match told {
            Some(told) => reply.private().telling_once(&told),
            None => Ok(reply),
        }
    });
    Ok(reply.await?.standing(standing))
}

/// Get a comment
///
/// A published one on a published article. Its writer also gets the own one that is not: that answer is nobody
/// else's, and no cache may keep it.
#[utoipa::path(
    tag = "comments",
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"), FieldsQuery,
        ("Khabar-Guest" = Option<String>, Header, description = "A guest's token", example = "eyJ0eXAiOiJndWVzdCtqd3QiLCJhbGciOiJIUzI1NiJ9…"),
    ),
    responses((status = OK, description = "The comment", body = CommentView)),
)]
#[get("/comments/{id}")]
async fn read_comment(speaker: Speaker, call: Call, id: Segment, view: View) -> Result<Reply, Problem> {
    let (id, reader) = (id.id()?, speaker.commenter());
    let (comment, audience) = call.read(move |read| comments::find(read, id, reader)).await?;
    let ((_, modified), rest) = (comment.stamp(), rest(Some(comment.article())));
    let reply = view.reply(&CommentView::new(comment, audience))?.modified(modified);
    Ok(match audience {
        Audience::Everyone => reply.shared(rest),
        Audience::Writer => reply.private(),
    })
}

/// Makes a change that names no version: when somebody else was faster, it is made to what has become of the comment.
async fn insist<T, F>(call: &Call, work: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>) -> Result<T, Problem> + Clone + Send + 'static,
{
    for _ in 0..TRIES {
        match call.write(work.clone()).await {
            Err(problem) if problem.code == Code::Stale => {}
            done => return done,
        }
    }
    Err(Problem::new(Code::Unavailable))
}

/// Change a comment
///
/// By its writer, a JSON Merge Patch, within the site's `editSeconds` of writing it; after that 409 `edit_ended`. It goes
/// the way of a new comment, so it may have to wait now: see `status`. What a moderator has refused or withheld is not
/// changed (409 `illegal_transition`). Moderators see the earlier wordings. It counts like a new one: 429 beyond the limits.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-permission" = json!(PostComment::NAME)),
        ("x-rate-limit" = json!("comments")),
        ("x-refusals" = json!(["sanctioned", "illegal_transition", "duplicate", "comments_closed", "edit_ended", "killed"])),
    ),
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        ("Khabar-Guest" = Option<String>, Header, description = "A guest's token, without an account", example = "eyJ0eXAiOiJndWVzdCtqd3QiLCJhbGciOiJIUzI1NiJ9…"),
    ),
    request_body(content = CommentEditIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The comment as it is now", body = CommentView)),
)]
#[patch("/comments/{id}")]
async fn edit_comment(
    Known(speaker): Known,
    call: Call,
    id: Segment,
    patch: Patch<CommentEditIn>,
) -> Result<Reply, Problem> {
    let (id, standing) = (id.id()?, call.within_limits(Act::Comment, speaker.commenter())?);
    let (form, origin) = (Arc::new((speaker, patch)), call.actor().origin);
    let known = Arc::clone(&form);
    let foresee = move |read: &mut Read<'_>, app: &App| {
        judgement::of_edit(read, Asker { app, origin, speaker: &known.0 }, id, &known.1)
    };
    let opinion = external::consult(&call.app, foresee).await;
    let comment = insist(&call, move |tx| comments::edit(tx, &form.0, id, &form.1, opinion.as_ref())).await?;
    Ok(Reply::json(&CommentView::new(comment, Audience::Writer))?.private().standing(standing))
}

/// Delete a comment
///
/// By its writer, at any time and for good: its words are gone from the database, and so are earlier ones. Where something
/// below it stays, a gap keeps its place. Once it is deleted, a repetition is 204 too.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(PostComment::NAME))),
    params(
        ("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        ("Khabar-Guest" = Option<String>, Header, description = "A guest's token, without an account", example = "eyJ0eXAiOiJndWVzdCtqd3QiLCJhbGciOiJIUzI1NiJ9…"),
    ),
    responses((status = NO_CONTENT, description = "Deleted")),
)]
#[delete("/comments/{id}")]
async fn delete_comment(Known(speaker): Known, call: Call, id: Segment) -> Result<Reply, Problem> {
    let (id, speaker) = (id.id()?, Arc::new(speaker));
    insist(&call, move |tx| comments::delete(tx, &speaker, id)).await?;
    Ok(Reply::nothing())
}

/// List the own comments
///
/// Whatever has become of them, with the `rule` that decided, and the `reason` where one was rejected: so a client shows
/// readers what of theirs still waits, and nobody else.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    params(ListQuery, OwnCommentQuery),
    responses((status = OK, description = "A page", body = CommentList)),
)]
#[get("/me/comments")]
async fn list_own_comments(
    permit: Permit<UseAccount>,
    call: Call,
    page: Page<OwnCommentQuery>,
) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| comments::written_by(read, &permit, &query, &request)).await?;
    page.reply(&slice.map(|comment| CommentView::new(comment, Audience::Writer)))
}

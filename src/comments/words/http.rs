//! Word lists over HTTP.

use actix_web::{delete, get, post};

use super::dto::{WordImportIn, WordImportView, WordIn, WordQuery, WordView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, ManageWordLists, ModerateComments};
use crate::comments::words;
use crate::http::{Call, Input, ListQuery, Page, PageView, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_words).service(add_word).service(import_words).service(read_word).service(remove_word);
}

/// A page of words.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct WordPage {
    items: Vec<WordView>,
    page: PageView,
}

/// List the words that hold comments
///
/// The latest first. Only staff who moderate ever see them.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(ListQuery, WordQuery),
    responses((status = OK, description = "A page", body = WordPage)),
)]
#[get("/word-lists")]
async fn list_words(permit: Permit<ModerateComments>, call: Call, page: Page<WordQuery>) -> Result<Reply, Problem> {
    let (query, request) = (page.filter.clone(), page.request.clone());
    let slice = call.read(move |read| words::list(read, &permit, &query, &request)).await?;
    page.reply(&slice.map(WordView::from))
}

/// Put a word on a list
///
/// `banned` rejects a comment, `suspect` withholds it. It is found in any spelling: with marks, tatweel, unseen characters and
/// look-alike letters. It holds at once for what is written or changed from then on. Once more, in whatever spelling, is 409
/// `duplicate`; beyond 20,000 words 409 `limit_reached`.
#[utoipa::path(
    tag = "comments",
    extensions(
        ("x-permission" = json!(ManageWordLists::NAME)),
        ("x-refusals" = json!(["duplicate", "limit_reached"])),
    ),
    request_body = WordIn,
    responses((status = CREATED, description = "The word", body = WordView)),
)]
#[post("/word-lists")]
async fn add_word(permit: Permit<ManageWordLists>, call: Call, input: Input<WordIn>) -> Result<Reply, Problem> {
    call.act(input, move |tx, form| {
        let listed = words::add(tx, &permit, form)?;
        let location = format!("/api/v1/newsroom/word-lists/{}", listed.id);
        Ok(Reply::json(&WordView::from(listed))?.created(location))
    })
    .await
}

/// Put many words on a list
///
/// All of them or, when one is not right, none. What the list has already, and what comes twice, is left out and counted.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ManageWordLists::NAME)), ("x-refusals" = json!(["limit_reached"]))),
    request_body = WordImportIn,
    responses((status = OK, description = "How many", body = WordImportView)),
)]
#[post("/word-lists/import")]
async fn import_words(
    permit: Permit<ManageWordLists>,
    call: Call,
    input: Input<WordImportIn>,
) -> Result<Reply, Problem> {
    call.act(input, move |tx, form| Reply::json(&WordImportView::from(words::import(tx, &permit, &form)?))).await
}

/// Get a word of a list
///
/// As it is looked for.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ModerateComments::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The word", body = WordView)),
)]
#[get("/word-lists/{id}")]
async fn read_word(permit: Permit<ModerateComments>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&WordView::from(call.read(move |read| words::open(read, &permit, id)).await?))
}

/// Take a word from its list
///
/// At once. What it has held already stays so.
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!(ManageWordLists::NAME)), ("x-unconditional" = json!(true))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = NO_CONTENT, description = "It is gone")),
)]
#[delete("/word-lists/{id}")]
async fn remove_word(permit: Permit<ManageWordLists>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.write(move |tx| words::remove(tx, &permit, id)).await?;
    Ok(Reply::nothing())
}

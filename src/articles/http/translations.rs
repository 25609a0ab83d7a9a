//! Where translations begin.

use actix_web::post;

use crate::articles::desk_views::NewsroomArticleView;
use crate::articles::{self, TranslationIn};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, WriteArticles};
use crate::http::{Call, Input, Reply, Routes, Segment};
use crate::problem::Problem;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(translate_article);
}

/// Begin a translation of an article
///
/// A draft in another language, with the sections, tags, sources, media and story of the article, and `translationOf` set to
/// the original of the set. A set that has the language already is 409 `duplicate` with the id of that article.
#[utoipa::path(
    tag = "articles",
    extensions(
        ("x-permission" = json!(WriteArticles::NAME)),
        ("x-refusals" = json!(["illegal_transition", "duplicate"])),
    ),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = TranslationIn,
    responses((status = CREATED, description = "The draft", body = NewsroomArticleView)),
)]
#[post("/articles/{id}/translations")]
async fn translate_article(
    permit: Permit<WriteArticles>,
    call: Call,
    id: Segment,
    input: Input<TranslationIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, said| {
        let made = articles::translate(tx, &permit, id, &expected, said)?;
        let (location, stamp) = (format!("/api/v1/newsroom/articles/{}", made.id()), made.stamp());
        let reply = Reply::json(&NewsroomArticleView::from(made))?.version(stamp.0).modified(stamp.1);
        Ok(reply.created(location))
    })
    .await
}

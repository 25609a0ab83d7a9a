//! The proof that what is held back shows nowhere.

use diesel::prelude::*;
use khabar::auth::Actor;
use khabar::db::schema::{publications, search_entries};
use serde_json::json;

use crate::articles::{Desk, said};
use crate::support::Answer;

const CHECK: &str = "/api/v1/newsroom/embargo-check";

async fn check(desk: &Desk) -> Answer {
    desk.editor.get(CHECK).send().await.expect(200)
}

/// The surfaces that reveal an article.
fn leaky(report: &Answer, id: &str) -> Vec<String> {
    let surfaces = report.at("/surfaces").as_array().unwrap().iter();
    let reveals =
        |surface: &&serde_json::Value| surface["leaks"].as_array().unwrap().iter().any(|leak| leak["articleId"] == id);
    surfaces.filter(reveals).map(|surface| surface["surface"].as_str().unwrap().to_owned()).collect()
}

/// Makes a publication visible that is not to be, as a fault of ours would.
async fn let_slip(desk: &Desk, id: &str, version: i64) {
    let id = uuid::Uuid::parse_str(id).unwrap().as_bytes().to_vec();
    let slipped = desk.app.app.write(Actor::itself(), move |tx| {
        let of_article = publications::table.filter(publications::article_id.eq(id));
        let now = tx.now;
        let one = of_article.filter(publications::version.eq(version)).select(publications::id);
        let one: Vec<u8> = one.first(tx.conn)?;
        diesel::update(publications::table.find(&one)).set(publications::visible_from.eq(now)).execute(tx.conn)?;
        let entry = search_entries::table.find(one);
        diesel::update(entry).set(search_entries::visible_from.eq(now)).execute(tx.conn)?;
        Ok(())
    });
    slipped.await.unwrap();
}

#[actix_web::test]
async fn what_is_held_back_shows_on_no_surface_and_a_slip_is_found_on_each() {
    let desk = Desk::new().await;
    assert_eq!(check(&desk).await.at("/heldBack"), &json!(0));
    let story = json!({ "storyId": "0192f3a4-5b6c-7d8e-9f01-23456789abcd" });
    let scheduled = desk.draft_with("مجدول", story).await.text("/id");
    desk.step(&desk.editor, &scheduled, "schedule", said("schedule")).await.expect(200);
    let embargo = json!({ "embargoedUntil": "2026-01-16T12:00:00Z" });
    let embargoed = desk.draft_with("محظور", embargo).await.text("/id");
    desk.publish(&embargoed).await;
    let live = desk.live("منشور").await;
    desk.edit(&desk.editor, &live, json!({ "headline": "التالي" })).await.expect(200);
    desk.step(&desk.editor, &live, "schedule", said("schedule")).await.expect(200);
    let report = check(&desk).await;
    assert_eq!((report.at("/heldBack"), report.at("/isTight")), (&json!(3), &json!(true)), "{:#}", report.json);
    assert_eq!((report.at("/more"), report.at("/surfaces/1/asked")), (&json!(false), &json!(3)));
    let_slip(&desk, &scheduled, 2).await;
    let report = check(&desk).await;
    assert_eq!(report.at("/isTight"), &json!(false));
    assert_eq!(
        leaky(&report, &scheduled),
        ["/articles", "/articles/{id}", "/articles/{slug}", "/search", "/stories/{id}", "/collections/{slug}", "/sync"]
    );
    for other in [&embargoed, &live] {
        assert_eq!(leaky(&report, other), Vec::<String>::new());
    }
    // At its hour nothing is held back any more, whether or not that was announced.
    desk.app.clock.set("2026-01-16T12:00:00Z");
    let report = check(&desk).await;
    assert_eq!((report.at("/heldBack"), report.at("/isTight")), (&json!(0), &json!(true)));
}

#[actix_web::test]
async fn the_check_is_the_editors() {
    let desk = Desk::new().await;
    desk.journalist.get(CHECK).send().await.refused(403, "forbidden");
    desk.app.anonymous().get(CHECK).send().await.refused(401, "unauthenticated");
}

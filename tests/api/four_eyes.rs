//! Sections where nobody alone brings to the public what nobody else has seen.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, record, said, with};
use crate::support::Client;

/// A section below one that asks for two people.
async fn guarded(desk: &Desk) -> String {
    let above = record(&desk.editor, "sections", json!({ "name": "تحقيقات", "fourEyes": true })).await;
    record(&desk.editor, "sections", json!({ "name": "ملفات", "parentId": above })).await
}

async fn draft(desk: &Desk, who: &Client, section: &str) -> String {
    let form = with(desk.form("تحقيق"), json!({ "sectionId": section }));
    who.post(DESK).json(&form).send().await.expect(201).text("/id")
}

#[actix_web::test]
async fn who_alone_has_written_a_story_can_neither_approve_nor_release_it() {
    let desk = Desk::new().await;
    let section = guarded(&desk).await;
    let other = desk.app.as_(Role::Editor).await;
    let id = draft(&desk, &desk.editor, &section).await;
    for step in ["publish", "schedule"] {
        desk.step(&desk.editor, &id, step, said(step)).await.refused(409, "approval_required");
    }
    desk.step(&desk.editor, &id, "submit", json!({})).await.expect(200);
    desk.step(&desk.editor, &id, "approve", json!({})).await.refused(409, "approval_required");
    desk.step(&other, &id, "approve", json!({})).await.expect(200);
    // What is written after the approval was seen by nobody.
    desk.edit(&desk.editor, &id, json!({ "headline": "تحقيق آخر" })).await.expect(200);
    desk.step(&desk.editor, &id, "publish", json!({})).await.refused(409, "approval_required");
    desk.step(&desk.editor, &id, "return", json!({ "note": "مراجعة" })).await.expect(200);
    desk.step(&desk.editor, &id, "submit", json!({})).await.expect(200);
    desk.step(&other, &id, "approve", json!({})).await.expect(200);
    desk.step(&desk.editor, &id, "publish", json!({})).await.expect(200);
    // The next version is a new text: the first one's reader does not stand by it.
    desk.edit(&desk.editor, &id, json!({ "headline": "تحقيق ثالث" })).await.expect(200);
    for step in ["publish", "schedule", "corrections"] {
        let said = if step == "corrections" { said("correct") } else { said(step) };
        desk.step(&desk.editor, &id, step, said).await.refused(409, "approval_required");
    }
    desk.step(&other, &id, "publish", json!({})).await.expect(200);
    // Nor is the section left for one that asks for nobody.
    desk.edit(&other, &id, json!({ "headline": "تحقيق رابع", "sectionId": desk.section })).await.expect(200);
    desk.step(&other, &id, "publish", json!({})).await.refused(409, "approval_required");
    desk.edit(&other, &id, json!({ "headline": "تحقيق ثالث", "sectionId": section })).await.expect(200);
    desk.step(&desk.editor, &id, "publish", json!({})).await.expect(200);
    // Away and back again, with nothing written in between.
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "x" })).await.expect(200);
    desk.step(&desk.editor, &id, "publish", json!({})).await.expect(200);
}

#[actix_web::test]
async fn one_editor_is_enough_for_what_a_colleague_wrote_and_in_other_sections() {
    let desk = Desk::new().await;
    let section = guarded(&desk).await;
    let id = draft(&desk, &desk.journalist, &section).await;
    desk.step(&desk.editor, &id, "publish", json!({})).await.expect(200);
    let id = draft(&desk, &desk.editor, &desk.section).await;
    desk.step(&desk.editor, &id, "publish", json!({})).await.expect(200);
    // A further section that lists the article asks as much as the one it is filed in.
    let extra: Value = json!({ "extraSectionIds": [section] });
    let form = with(desk.form("خبر"), extra);
    let id = desk.editor.post(DESK).json(&form).send().await.expect(201).text("/id");
    desk.step(&desk.editor, &id, "publish", json!({})).await.refused(409, "approval_required");
}

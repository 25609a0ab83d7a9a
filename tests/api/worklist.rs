//! The desk's lists: what there is to do, and whose it is.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, record, said};
use crate::support::{Answer, Client};

async fn listed(who: &Client, query: &str) -> Vec<String> {
    let list = who.get(&format!("{DESK}?{query}")).send().await.expect(200);
    let items = list.at("/items").as_array().unwrap().iter();
    items.map(|item| item["headline"].as_str().unwrap().to_owned()).collect()
}

async fn assign(desk: &Desk, who: &Client, id: &str, to: Value) -> Answer {
    let path = format!("{DESK}/{id}");
    let tag = desk.editor.get(&path).send().await.expect(200).etag();
    who.put(&format!("{path}/assignee")).if_match(&tag).json(&json!({ "userId": to })).send().await
}

#[actix_web::test]
async fn the_list_and_its_counts_are_narrowed_by_every_filter() {
    let desk = Desk::new().await;
    let below = record(&desk.editor, "sections", json!({ "name": "أوروبا", "parentId": desk.section })).await;
    let author = record(&desk.editor, "authors", json!({ "name": "سلمى حداد" })).await;
    desk.draft_with("مسودة", json!({ "sectionId": below, "authors": [{ "authorId": author }] })).await;
    desk.app.clock.advance(Duration::from_secs(60));
    let english = desk.draft_with("english", json!({ "language": "en", "sectionId": null })).await.text("/id");
    desk.step(&desk.editor, &english, "submit", json!({})).await.expect(200);
    desk.app.clock.advance(Duration::from_secs(60));
    let live = desk.live("منشور").await;
    desk.edit(&desk.editor, &live, json!({ "expires": "2026-01-15T13:00:00Z" })).await.expect(200);
    desk.publish(&live).await;
    desk.app.clock.advance(Duration::from_secs(60));
    let own = desk.editor.post(DESK).json(&desk.form("للمحرر")).send().await.expect(201).text("/id");
    desk.step(&desk.editor, &own, "schedule", said("schedule")).await.expect(200);
    assign(&desk, &desk.editor, &english, json!(desk.editor.id())).await.expect(200);
    let (journalist, editor) = (desk.journalist.id(), desk.editor.id());
    desk.editor.post(&format!("{DESK}/{live}/lock")).json(&json!({})).send().await.expect(201);
    for (query, expected) in [
        ("locked=true".into(), vec!["منشور"]),
        ("locked=false&language=ar".into(), vec!["للمحرر", "مسودة"]),
        (format!("lockedBy={editor}"), vec!["منشور"]),
        (format!("lockedBy={journalist}"), vec![]),
        (String::new(), vec!["للمحرر", "منشور", "english", "مسودة"]),
        ("state=draft&state=submitted".into(), vec!["english", "مسودة"]),
        ("unfinished=true".into(), vec!["للمحرر", "english", "مسودة"]),
        ("unfinished=true&state=published&state=draft".into(), vec!["مسودة"]),
        ("language=en".into(), vec!["english"]),
        (format!("section={}", desk.section), vec!["للمحرر", "منشور", "مسودة"]),
        (format!("section={below}"), vec!["مسودة"]),
        (format!("author={author}"), vec!["مسودة"]),
        ("author=سلمى-حداد".into(), vec!["مسودة"]),
        (format!("createdBy={journalist}"), vec!["منشور", "english", "مسودة"]),
        (format!("assignedTo={editor}"), vec!["english"]),
        ("mine=true".into(), vec!["للمحرر", "english"]),
        ("mine=true&unfinished=true&state=submitted".into(), vec!["english"]),
        ("changedSince=2026-01-15T12:02:00Z".into(), vec!["للمحرر", "منشور"]),
    ] {
        assert_eq!(listed(&desk.editor, &query).await, expected, "{query}");
        let counts = desk.editor.get(&format!("{DESK}/counts?{query}")).send().await.expect(200);
        assert_eq!(counts.at("/total"), &json!(expected.len()), "{query}");
    }
    // The clock moves what nobody has touched.
    desk.app.clock.set("2026-01-15T13:00:00Z");
    let counts = desk.editor.get(&format!("{DESK}/counts")).send().await.expect(200);
    let expected = json!({ "draft": 1, "submitted": 1, "approved": 0, "scheduled": 1, "published": 0, "unpublished": 1,
        "spiked": 0, "killed": 0, "total": 4 });
    assert_eq!(counts.json, expected);
    desk.app.clock.set("2026-01-16T12:00:00Z");
    assert_eq!(listed(&desk.editor, "state=published").await, ["للمحرر"]);
    // Writers see and count what is theirs.
    assert_eq!(listed(&desk.journalist, "").await, ["منشور", "english", "مسودة"]);
    let counts = desk.journalist.get(&format!("{DESK}/counts")).send().await.expect(200);
    assert_eq!(counts.at("/total"), &json!(3));
    let refused = desk.editor.get(&format!("{DESK}/counts?stat=draft")).send().await.refused(400, "bad_parameter");
    assert_eq!(refused.errors(), ["stat unknown_field"]);
}

#[actix_web::test]
async fn who_is_to_work_on_an_article_may_do_what_its_first_writer_may() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let colleague = desk.app.as_(Role::Journalist).await;
    colleague.get(&format!("{DESK}/{id}")).send().await.refused(404, "not_found");
    assign(&desk, &desk.journalist, &id, json!(colleague.id())).await.refused(403, "forbidden");
    desk.app.events();
    let given = assign(&desk, &desk.editor, &id, json!(colleague.id())).await.expect(200);
    assert_eq!((given.text("/assignedTo"), given.at("/version")), (colleague.id().to_string(), &json!(1)));
    desk.app.assert_events(&["article.assigned"]);
    assign(&desk, &desk.editor, &id, json!(colleague.id())).await.expect(200);
    desk.app.assert_events(&[]);
    assert_eq!(listed(&colleague, "mine=true").await, ["خبر"]);
    desk.edit(&colleague, &id, json!({ "headline": "خبر آخر" })).await.expect(200);
    desk.step(&colleague, &id, "submit", json!({})).await.expect(200);
    // The first writer still sees it.
    assert_eq!(listed(&desk.journalist, "").await, ["خبر آخر"]);
    assign(&desk, &desk.editor, &id, Value::Null).await.expect(200);
    colleague.get(&format!("{DESK}/{id}")).send().await.refused(404, "not_found");
    for nobody in [json!(desk.app.as_(Role::Reader).await.id()), json!("0192f3a4-5b6c-7d8e-9f01-23456789abcd")] {
        let refused = assign(&desk, &desk.editor, &id, nobody).await.refused(422, "invalid");
        assert_eq!(refused.errors(), ["/userId not_found"]);
    }
    let stale = desk.editor.put(&format!("{DESK}/{id}/assignee")).if_match("\"1\"").json(&json!({ "userId": null }));
    stale.send().await.refused(412, "stale");
}

#[actix_web::test]
async fn the_list_and_its_counts_are_found_by_an_index_however_many_articles_there_are() {
    let desk = Desk::new().await;
    let author = record(&desk.editor, "authors", json!({ "name": "سلمى حداد" })).await;
    desk.draft("خبر").await;
    for query in ["state=draft", "locked=true", "mine=true&unfinished=true", &format!("author={author}")] {
        for path in [format!("{DESK}?{query}"), format!("{DESK}/counts?{query}")] {
            desk.app.plans();
            desk.editor.get(&path).send().await.expect(200);
            let plans = desk.app.plans();
            let walks: Vec<&String> = plans.iter().filter(|plan| plan.contains("SCAN articles")).collect();
            assert_eq!(walks, Vec::<&String>::new(), "{path}");
        }
    }
}

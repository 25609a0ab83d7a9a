//! Collections: what stands in their slots, what rules find, and what the clock swaps.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, record, with};
use crate::support::{Answer, Client};

const NEWSROOM: &str = "/api/v1/newsroom/collections";
const COLLECTIONS: &str = "/api/v1/collections";
const NOBODYS_ID: &str = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";

fn place(article: &str) -> Value {
    json!({ "kind": "article", "articleId": article })
}

fn rule(fields: Value) -> Value {
    with(json!({ "kind": "automatic" }), fields)
}

/// A collection called `الأولى`.
async fn front(desk: &Desk, slots: Value, fields: Value) -> Answer {
    let form = with(json!({ "name": "الأولى", "slots": slots }), fields);
    desk.editor.post(NEWSROOM).json(&form).send().await.expect(201)
}

async fn change(who: &Client, seen: &Answer, patch: Value) -> Answer {
    who.patch(&format!("{NEWSROOM}/{}", seen.text("/id"))).if_match(&seen.etag()).json(&patch).send().await
}

async fn swap(desk: &Desk, seen: &Answer, body: Value) -> Answer {
    let path = format!("{NEWSROOM}/{}/swaps", seen.text("/id"));
    desk.editor.post(&path).if_match(&seen.etag()).json(&body).send().await
}

async fn present(desk: &Desk, seen: &Answer) -> Answer {
    desk.editor.get(&format!("{NEWSROOM}/{}", seen.text("/id"))).send().await.expect(200)
}

/// The headlines that readers see, from the top.
async fn shown(desk: &Desk) -> String {
    let seen = desk.app.anonymous().get(&format!("{COLLECTIONS}/الأولى")).send().await.expect(200);
    let items = seen.at("/items").as_array().unwrap();
    items.iter().map(|item| item["headline"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

/// Published articles with these headlines, a minute apart; their ids.
async fn live(desk: &Desk, headlines: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for headline in headlines {
        ids.push(desk.live(headline).await);
        desk.app.clock.advance(Duration::from_secs(60));
    }
    ids
}

#[actix_web::test]
async fn a_front_page_shows_what_stands_in_its_slots_and_then_the_newest_none_twice() {
    let desk = Desk::new().await;
    let ids = live(&desk, &["a", "b", "c", "d", "e"]).await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let tag = record(&desk.editor, "tags", json!({ "name": "كأس" })).await;
    desk.live_with("s", json!({ "sectionId": sport, "tagIds": [tag] })).await;
    desk.live_with("t", json!({ "sectionId": sport, "language": "en" })).await;
    let general = rule(json!({ "sectionId": desk.section, "limit": 2 }));
    let slots = json!([place(&ids[1]), general, place(&ids[4]), place(&ids[0])]);
    let made = front(&desk, slots, json!({})).await;
    assert_eq!(shown(&desk).await, "b e d a", "e stands above already");
    assert_eq!((made.text("/slug"), made.at("/version")), ("الأولى".into(), &json!(1)));
    assert_eq!(made.header("location"), Some(format!("{NEWSROOM}/{}", made.text("/id")).as_str()));
    let cases = [
        (json!([rule(json!({ "tagId": tag }))]), "s"),
        (json!([rule(json!({ "language": "en" }))]), "t"),
        (json!([rule(json!({ "sectionId": desk.section, "sort": "datePublished", "limit": 3 }))]), "a b c"),
        (
            json!([rule(json!({ "sectionId": desk.section })), place(&ids[0]), rule(json!({ "tagId": tag }))]),
            "e d c b a s",
        ),
        (json!([]), ""),
    ];
    let mut seen = made;
    for (slots, expected) in cases {
        seen = change(&desk.editor, &seen, json!({ "slots": slots })).await.expect(200);
        assert_eq!(shown(&desk).await, expected);
    }
    let slots = json!([rule(json!({ "sectionId": desk.section }))]);
    change(&desk.editor, &seen, json!({ "slots": slots, "maxItems": 2 })).await.expect(200);
    assert_eq!(shown(&desk).await, "e d");
    let by_id = desk.app.anonymous().get(&format!("{COLLECTIONS}/{}?fields=slug", seen.text("/id"))).send().await;
    assert_eq!(by_id.expect(200).json, json!({ "slug": "الأولى" }));
}

#[actix_web::test]
async fn what_is_not_published_leaves_no_trace_and_comes_back_by_itself() {
    let desk = Desk::new().await;
    let ids = live(&desk, &["a", "b"]).await;
    let draft = desk.draft("عنقاء").await.text("/id");
    let later = desk.draft("قادم").await.text("/id");
    desk.step(&desk.editor, &later, "schedule", json!({ "publishAt": "2026-01-15T13:00:00Z" })).await.expect(200);
    let slots = json!([place(&draft), place(&ids[0]), place(&later), place(&ids[1]), rule(json!({}))]);
    let made = front(&desk, slots, json!({})).await;
    for path in [format!("{COLLECTIONS}/الأولى"), format!("{COLLECTIONS}/{}", made.text("/id")), COLLECTIONS.into()]
    {
        let seen = desk.app.anonymous().get(&path).send().await.expect(200);
        let text = seen.json.to_string();
        assert!(!text.contains(&draft) && !text.contains(&later) && !text.contains("عنقاء"), "{path}");
    }
    assert_eq!(shown(&desk).await, "a b");
    desk.step(&desk.editor, &ids[0], "unpublish", json!({ "note": "لأن" })).await.expect(200);
    assert_eq!(shown(&desk).await, "b");
    desk.publish(&draft).await;
    assert_eq!(shown(&desk).await, "عنقاء b");
    desk.app.clock.set("2026-01-15T13:00:00Z");
    assert_eq!(shown(&desk).await, "عنقاء قادم b");
    desk.publish(&ids[0]).await;
    assert_eq!(shown(&desk).await, "عنقاء a قادم b");
    desk.step(&desk.admin, &ids[1], "kill", json!({ "notice": "حُذف", "note": "لأن" })).await.expect(200);
    assert_eq!(shown(&desk).await, "عنقاء a قادم");
}

#[actix_web::test]
async fn a_swap_shows_at_its_instant_with_no_job_and_is_told_once_with_how_late_it_was() {
    let desk = Desk::new().await;
    let ids = live(&desk, &["a", "b", "c"]).await;
    let made = front(&desk, json!([place(&ids[0])]), json!({})).await;
    desk.app.events();
    let at = "2026-01-15T13:00:00Z";
    let planned = swap(&desk, &made, json!({ "at": at, "slots": [place(&ids[1])] })).await.expect(201);
    swap(&desk, &made, json!({ "at": "2026-01-15T14:00:00Z", "slots": [place(&ids[2])] })).await.expect(201);
    let told = desk.app.events();
    assert!(told.iter().all(|event| event.topic == "collection.swap_scheduled" && event.visibility == "newsroom"));
    let list = desk.editor.get(&format!("{NEWSROOM}/{}/swaps", made.text("/id"))).send().await.expect(200);
    assert_eq!(list.at("/items").as_array().unwrap().len(), 2);
    assert_eq!((list.text("/items/0/id"), list.text("/items/0/at")), (planned.text("/id"), at.into()));
    desk.app.clock.set("2026-01-15T12:59:59.999Z");
    assert_eq!(shown(&desk).await, "a");
    desk.app.clock.set(at);
    assert_eq!(shown(&desk).await, "b");
    desk.app.assert_events(&[]);
    let seen = present(&desk, &made).await;
    assert_eq!((seen.at("/version"), seen.text("/dateUpdated")), (&json!(2), at.into()));
    assert_eq!(seen.text("/slots/0/articleId"), ids[1]);
    change(&desk.editor, &made, json!({ "name": "x" })).await.refused(412, "stale");
    desk.app.clock.advance(Duration::from_millis(250));
    let announce = async || while khabar::collections::announce(desk.app.app.clone()).await.unwrap().is_zero() {};
    announce().await;
    announce().await;
    let told = desk.app.events();
    assert_eq!(told.len(), 1);
    assert_eq!((&*told[0].topic, &*told[0].visibility), ("collection.updated", "public"));
    assert_eq!(told[0].payload["swap"], json!({ "id": planned.text("/id"), "at": at, "lateMs": 250 }));
    assert_eq!(present(&desk, &made).await.bytes, seen.bytes, "telling changes nothing");
    // The next change tells of the second one before itself.
    desk.app.clock.set("2026-01-15T14:00:01Z");
    let seen = present(&desk, &made).await;
    change(&desk.editor, &seen, json!({ "maxItems": 5 })).await.expect(200);
    let told = desk.app.events();
    let late: Vec<_> = told.iter().map(|event| event.payload["swap"]["lateMs"].clone()).collect();
    assert_eq!(late, [json!(1000), Value::Null]);
    assert_eq!(shown(&desk).await, "c");
    announce().await;
    desk.app.assert_events(&[]);
}

#[actix_web::test]
async fn a_planned_swap_can_be_given_up_until_it_comes() {
    let desk = Desk::new().await;
    let ids = live(&desk, &["a", "b"]).await;
    let made = front(&desk, json!([place(&ids[0])]), json!({})).await;
    let past = json!({ "at": "2026-01-15T12:00:00Z", "slots": [place(NOBODYS_ID)] });
    assert_eq!(swap(&desk, &made, past).await.refused(422, "invalid").errors(), ["/at not_later"]);
    let unknown = json!({ "at": "2026-01-15T13:00:00Z", "slots": [place(NOBODYS_ID)] });
    assert_eq!(swap(&desk, &made, unknown).await.refused(422, "invalid").errors(), ["/slots/0/articleId not_found"]);
    let body = json!({ "at": "2026-01-15T13:00:00Z", "slots": [place(&ids[1])] });
    let first = swap(&desk, &made, body.clone()).await.expect(201);
    let second = swap(&desk, &made, body).await.expect(201);
    let path = |swap: &Answer| format!("{NEWSROOM}/{}/swaps/{}", made.text("/id"), swap.text("/id"));
    desk.editor.delete(&path(&first)).if_match("\"9\"").send().await.refused(412, "stale");
    desk.app.events();
    desk.editor.delete(&path(&first)).if_match(&made.etag()).send().await.expect(204);
    desk.app.assert_events(&["collection.swap_cancelled"]);
    desk.editor.delete(&path(&first)).if_match(&made.etag()).send().await.refused(404, "not_found");
    desk.app.clock.set("2026-01-15T13:00:00Z");
    let tag = present(&desk, &made).await.etag();
    desk.editor.delete(&path(&second)).if_match(&tag).send().await.refused(404, "not_found");
    assert_eq!(shown(&desk).await, "b");
}

#[actix_web::test]
async fn everything_that_is_wrong_with_a_collection_is_named_at_once() {
    let desk = Desk::new().await;
    let id = desk.live("a").await;
    let errors = async |form: Value| {
        let mut errors = desk.editor.post(NEWSROOM).json(&form).send().await.refused(422, "invalid").errors();
        errors.sort();
        errors
    };
    let twice = json!({ "name": " ", "slug": "a/b", "slots": [place(&id), place(&id)] });
    assert_eq!(errors(twice).await, ["/name blank", "/slots/1/articleId repeated", "/slug bad_format"]);
    let many: Vec<Value> = (0..11).map(|_| rule(json!({}))).collect();
    assert_eq!(errors(json!({ "name": "a", "slots": many })).await, ["/slots too_long"]);
    let unknown = json!({ "name": "a", "slots": [
        place(NOBODYS_ID), rule(json!({ "sectionId": NOBODYS_ID })), rule(json!({ "tagId": desk.section })), place(&id),
    ] });
    let expected = ["/slots/0/articleId not_found", "/slots/1/sectionId not_found", "/slots/2/tagId not_found"];
    assert_eq!(errors(unknown).await, expected);
    for slots in [
        json!([{ "kind": "picture" }]),
        json!([{ "kind": "article" }]),
        json!([with(place(&id), json!({ "limit": 1 }))]),
        json!([rule(json!({ "limit": 0 }))]),
        json!([rule(json!({ "sort": "headline" }))]),
        Value::Array((0..101).map(|_| place(&id)).collect()),
    ] {
        desk.editor.post(NEWSROOM).json(&json!({ "name": "a", "slots": slots })).send().await.refused(422, "invalid");
    }
}

#[actix_web::test]
async fn a_collection_is_kept_by_version_and_its_old_slug_leads_on() {
    let desk = Desk::new().await;
    desk.app.events();
    let made = front(&desk, json!([]), json!({ "names": { "en": "Front" } })).await;
    let same = desk.editor.post(NEWSROOM).json(&json!({ "name": "الاولى" })).send().await;
    same.refused(409, "duplicate");
    let renamed = change(&desk.editor, &made, json!({ "slug": "أمس" })).await.expect(200);
    change(&desk.editor, &made, json!({ "slug": "غدا" })).await.refused(412, "stale");
    let moved = desk.app.anonymous().get(&format!("{COLLECTIONS}/الأولى?fields=id")).send().await.expect(308);
    let target = moved.header("location").unwrap().to_owned();
    assert_eq!(desk.app.anonymous().get(&target).send().await.expect(200).text("/id"), made.text("/id"));
    let back = change(&desk.editor, &renamed, json!({ "slug": "الأولى" })).await.expect(200);
    desk.app.anonymous().get(&format!("{COLLECTIONS}/أمس")).send().await.expect(308);
    desk.app.anonymous().get(&format!("{COLLECTIONS}/الأولى")).send().await.expect(200);
    let other = desk.editor.post(NEWSROOM).json(&json!({ "name": "أمس" })).send().await.expect(201);
    let seen = desk.app.anonymous().get(&format!("{COLLECTIONS}/أمس")).send().await.expect(200);
    assert_eq!(seen.text("/id"), other.text("/id"), "who has the slug now is found by it");
    let list = desk.app.anonymous().get(&format!("{COLLECTIONS}?count=true")).send().await.expect(200);
    assert_eq!((list.at("/page/total"), list.text("/items/0/name")), (&json!(2), "الأولى".into()));
    assert_eq!(*list.at("/items/0/names"), json!({ "en": "Front" }));
    let path = format!("{NEWSROOM}/{}", made.text("/id"));
    desk.editor.delete(&path).if_match(&made.etag()).send().await.refused(412, "stale");
    swap(&desk, &back, json!({ "at": "2026-01-15T13:00:00Z", "slots": [] })).await.expect(201);
    desk.editor.delete(&path).if_match(&back.etag()).send().await.expect(204);
    desk.editor.get(&path).send().await.refused(404, "not_found");
    desk.app.anonymous().get(&format!("{COLLECTIONS}/الأولى")).send().await.refused(404, "not_found");
    let topics: Vec<String> = desk.app.events().into_iter().map(|event| event.topic).collect();
    let expected = ["created", "updated", "updated", "created", "swap_scheduled", "deleted"];
    assert_eq!(topics, expected.map(|verb| format!("collection.{verb}")));
    for role in [Role::Reader, Role::Journalist, Role::Moderator] {
        desk.app.as_(role).await.get(NEWSROOM).send().await.refused(403, "forbidden");
    }
    assert_eq!(desk.editor.get(DESK).send().await.expect(200).at("/items"), &json!([]));
}

//! How often articles are read, and the lists that follow from it.

use std::time::Duration;

use khabar::auth::Role;
use khabar::readership::flush;
use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, Desk, record};
use crate::comments::{below, say};
use crate::support::{Answer, Client};

const HALF_LIFE: Duration = Duration::from_secs(6 * 3_600);

/// Says so many times that an article is read, each time by somebody else.
async fn read(desk: &Desk, id: &str, times: u8) {
    let client = desk.app.anonymous();
    for n in 0..times {
        let view = client.post(&format!("{ARTICLES}/{id}/views")).peer(&format!("192.0.2.{n}"));
        view.send().await.expect(204);
    }
}

/// The headlines of a list, in order.
async fn list(desk: &Desk, query: &str) -> String {
    let page = desk.app.anonymous().get(&format!("{ARTICLES}?{query}")).send().await.expect(200);
    headlines(&page)
}

fn headlines(page: &Answer) -> String {
    page.at("/items").as_array().unwrap().iter().map(|item| item["headline"].as_str().unwrap()).collect()
}

async fn views(client: &Client, id: &str) -> Value {
    client.get(&format!("{DESK}/{id}/readership")).send().await.expect(200).at("/views").clone()
}

async fn three(desk: &Desk) -> [String; 3] {
    [desk.live("a").await, desk.live("b").await, desk.live("c").await]
}

#[actix_web::test]
async fn what_is_read_most_comes_first_and_fades() {
    let desk = Desk::new().await;
    let [a, b, c] = three(&desk).await;
    assert_eq!(list(&desk, "sort=mostRead").await, "", "what nobody reads has no rank");
    read(&desk, &b, 5).await;
    read(&desk, &a, 2).await;
    assert_eq!(list(&desk, "sort=mostRead").await, "", "nothing is written for each view");
    flush(&desk.app.app).await.unwrap();
    assert_eq!(list(&desk, "sort=mostRead").await, "ba");
    // Five of twelve hours ago count less than two now.
    desk.app.clock.advance(HALF_LIFE * 2);
    read(&desk, &c, 2).await;
    flush(&desk.app.app).await.unwrap();
    assert_eq!(list(&desk, "sort=mostRead").await, "cba");
    read(&desk, &a, 1).await;
    flush(&desk.app.app).await.unwrap();
    assert_eq!(list(&desk, "sort=mostRead").await, "cab");
    assert_eq!([views(&desk.editor, &a).await, views(&desk.editor, &b).await], [json!(3), json!(5)]);
}

#[actix_web::test]
async fn it_is_narrowed_and_turned_page_by_page_as_every_list() {
    let desk = Desk::new().await;
    let sport = record(&desk.editor, "sections", json!({ "name": "رياضة" })).await;
    let mut ids = Vec::new();
    for (n, headline) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let section = if n % 2 == 0 { json!(sport) } else { json!(desk.section) };
        let id = desk.live_with(headline, json!({ "sectionId": section })).await;
        read(&desk, &id, u8::try_from(n + 1).unwrap()).await;
        ids.push(id);
    }
    flush(&desk.app.app).await.unwrap();
    assert_eq!(list(&desk, "sort=mostRead").await, "edcba");
    assert_eq!(list(&desk, "sort=mostRead&section=رياضة").await, "eca");
    let client = desk.app.anonymous();
    let base = format!("{ARTICLES}?sort=mostRead&limit=2&count=true");
    let first = client.get(&base).send().await.expect(200);
    assert_eq!(
        (headlines(&first), first.at("/page/total"), first.at("/page/prev")),
        ("ed".into(), &json!(5), &Value::Null)
    );
    // Whatever rises meanwhile is not shown twice.
    read(&desk, &ids[0], 200).await;
    flush(&desk.app.app).await.unwrap();
    let second = client.get(&format!("{base}&after={}", first.text("/page/next"))).send().await.expect(200);
    assert_eq!(headlines(&second), "cb");
    assert_eq!(*second.at("/page/next"), Value::Null);
    let back = client.get(&format!("{base}&before={}", second.text("/page/prev"))).send().await.expect(200);
    assert_eq!(headlines(&back), "ed");
    desk.step(&desk.editor, &ids[4], "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    assert_eq!(list(&desk, "sort=mostRead").await, "adcb", "what is taken back is gone at once");
}

#[actix_web::test]
async fn a_reader_is_counted_once_and_colleagues_not_at_all() {
    let desk = Desk::new().await;
    let id = desk.live("a").await;
    let slug = desk.public(&id).await.text("/slug");
    let client = desk.app.anonymous();
    let view = |program: &str, address: &str| {
        client.post(&format!("{ARTICLES}/{slug}/views")).header("user-agent", program).peer(address).send()
    };
    view("one", "192.0.2.1").await.expect(204);
    view("one", "192.0.2.1").await.expect(204);
    view("two", "192.0.2.1").await.expect(204);
    view("one", "192.0.2.2").await.expect(204);
    let reader = desk.app.as_(Role::Reader).await;
    for who in [&reader, &reader, &desk.editor, &desk.app.as_(Role::Journalist).await] {
        who.post(&format!("{ARTICLES}/{id}/views")).send().await.expect(204);
    }
    flush(&desk.app.app).await.unwrap();
    assert_eq!(views(&desk.editor, &id).await, json!(4));
    desk.app.clock.advance(Duration::from_secs(3_601));
    view("one", "192.0.2.1").await.expect(204);
    flush(&desk.app.app).await.unwrap();
    assert_eq!(views(&desk.editor, &id).await, json!(5), "another visit");
}

#[actix_web::test]
async fn only_what_is_public_is_read() {
    let desk = Desk::new().await;
    let draft = desk.draft("z").await.text("/id");
    let client = desk.app.anonymous();
    for id in [draft.as_str(), "nothing", "0192f3a4-5b6c-7d8e-9f01-23456789abcd"] {
        client.post(&format!("{ARTICLES}/{id}/views")).send().await.refused(404, "not_found");
    }
    client.post(&format!("{ARTICLES}/{draft}/views")).json(&json!({ "times": 9 })).send().await.refused(422, "invalid");
    assert_eq!(views(&desk.editor, &draft).await, json!(0));
    let other = desk.app.as_(Role::Journalist).await;
    other.get(&format!("{DESK}/{draft}/readership")).send().await.refused(404, "not_found");
    flush(&desk.app.app).await.unwrap();
    assert!(!desk.app.events().iter().any(|event| event.topic == "readership.counted"), "nothing came together");
}

#[actix_web::test]
async fn what_is_written_down_is_told_once_and_leaves_no_line_for_each_reader() {
    let desk = Desk::new().await;
    let [a, b, _] = three(&desk).await;
    desk.app.events();
    desk.app.audit();
    read(&desk, &a, 3).await;
    read(&desk, &b, 4).await;
    flush(&desk.app.app).await.unwrap();
    flush(&desk.app.app).await.unwrap();
    desk.app.assert_events(&["readership.counted"]);
    khabar::audit::flush(&desk.app.app).await.unwrap();
    assert!(desk.app.audit().is_empty());
}

#[actix_web::test]
async fn who_tells_too_often_waits() {
    let desk = Desk::with("[limits]\naddress_factor = 2\nviews = { per_minute = 3, per_hour = 20 }\n").await;
    let id = desk.live("a").await;
    let client = desk.app.anonymous();
    let view = || client.post(&format!("{ARTICLES}/{id}/views")).peer("192.0.2.1").send();
    for _ in 0..6 {
        view().await.expect(204);
    }
    let refused = view().await.refused(429, "too_many");
    assert_eq!(refused.header("retry-after"), Some("10"));
}

#[actix_web::test]
async fn what_is_discussed_most_follows_from_the_newest_comments() {
    let desk = Desk::new().await;
    let mut said = Vec::new();
    for (headline, times) in [("a", 1), ("b", 3), ("c", 0), ("d", 2)] {
        let id = desk.live_with(headline, json!({ "comments": { "mode": "open" } })).await;
        let to = below(&desk.public(&id).await);
        for n in 0..times {
            said.push(
                say(&desk.app.as_(Role::Reader).await, &to, &format!("قول {headline} {n}"), None).await.expect(201),
            );
        }
    }
    assert_eq!(list(&desk, "sort=mostCommented").await, "bda");
    assert_eq!(list(&desk, "sort=mostCommented&count=true&limit=1").await, "b");
    let moderator = desk.app.as_(Role::Moderator).await;
    for comment in &said[1..4] {
        let refuse = moderator.post(&format!("/api/v1/newsroom/comments/{}/reject", comment.text("/id")));
        refuse.if_match("\"1\"").json(&json!({ "reason": "offTopic" })).send().await.expect(200);
    }
    assert_eq!(list(&desk, "sort=mostCommented").await, "da", "what nobody sees does not count");
}

#[actix_web::test]
async fn a_front_page_may_have_a_box_of_what_is_read_most() {
    let desk = Desk::new().await;
    let [a, b, _] = three(&desk).await;
    let slots = json!([{ "kind": "automatic", "sort": "mostRead", "limit": 2 }]);
    let made = desk.editor.post("/api/v1/newsroom/collections").json(&json!({ "name": "الأكثر قراءة", "slots": slots }));
    let made = made.send().await.expect(201);
    let shown = async || {
        let path = format!("/api/v1/collections/{}", made.text("/id"));
        headlines(&desk.app.anonymous().get(&path).send().await.expect(200))
    };
    read(&desk, &b, 2).await;
    read(&desk, &a, 1).await;
    assert_eq!(shown().await, "");
    flush(&desk.app.app).await.unwrap();
    assert_eq!(shown().await, "ba");
    read(&desk, &a, 9).await;
    flush(&desk.app.app).await.unwrap();
    assert_eq!(shown().await, "ab");
}

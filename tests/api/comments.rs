//! Comments: who may write them, who reads them, and where none are taken.

use std::time::Duration;

use khabar::auth::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Client, TestApp};

/// An article that is published, with this rule for its comments; `null` for the site's.
pub async fn article(editor: &Client, rule: Value) -> Answer {
    let name = format!("رقم {}", Uuid::now_v7());
    let source = json!({ "name": name, "kind": "agency" });
    let source = editor.post("/api/v1/newsroom/sources").json(&source).send().await.expect(201);
    let section = editor.post("/api/v1/newsroom/sections").json(&json!({ "name": name })).send().await.expect(201);
    let form = json!({
        "language": "ar",
        "headline": format!("خبر {name}"),
        "bodyHtml": "<p>نص</p>",
        "sources": [{ "sourceId": source.text("/id") }],
        "sectionId": section.text("/id"),
        "comments": rule,
    });
    let draft = editor.post("/api/v1/newsroom/articles").json(&form).send().await.expect(201);
    let publish = format!("/api/v1/newsroom/articles/{}/publish", draft.text("/id"));
    editor.post(&publish).if_match(&draft.etag()).json(&json!({})).send().await.expect(200)
}

/// Where an article's comments are.
pub fn below(article: &Answer) -> String {
    format!("/api/v1/articles/{}/comments", article.text("/id"))
}

/// Where everyone finds a comment.
pub fn address(comment: &Answer) -> String {
    format!("/api/v1/comments/{}", comment.text("/id"))
}

/// Where moderators find it.
pub fn desk(comment: &Answer) -> String {
    format!("/api/v1/newsroom/comments/{}", comment.text("/id"))
}

/// A comment with this text, or a reply.
pub async fn say(client: &Client, to: &str, text: &str, parent: Option<&Answer>) -> Answer {
    let parent = parent.map(|parent| parent.text("/id"));
    client.post(to).json(&json!({ "text": text, "parentId": parent })).send().await
}

/// The texts of a page of comments.
pub fn texts(page: &Answer) -> Vec<String> {
    page.at("/items").as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect()
}

/// What delivery says is the number of an article's comments: on its page, and in the list.
pub async fn counted(app: &TestApp, article: &Answer) -> i64 {
    let id = article.text("/id");
    let alone = app.anonymous().get(&format!("/api/v1/articles/{id}")).send().await.expect(200);
    let listed = app.anonymous().get("/api/v1/articles?limit=100").send().await.expect(200);
    let of_list = listed.at("/items").as_array().unwrap().iter().find(|item| item["id"] == id.as_str()).unwrap();
    assert_eq!(of_list["commentCount"], *alone.at("/commentCount"), "the list and the page agree");
    alone.at("/commentCount").as_i64().unwrap()
}

#[actix_web::test]
async fn who_is_not_signed_in_reads_comments_but_writes_none() {
    let app = TestApp::new().await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    app.events();
    say(&app.anonymous(), &to, "مرحبا", None).await.refused(401, "unauthenticated");
    assert_eq!(*app.anonymous().get(&to).send().await.expect(200).at("/items"), json!([]));
    app.assert_events(&[]);
}

#[actix_web::test]
async fn a_readers_comment_waits_and_staff_who_moderate_are_read_at_once() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let to = below(&article(&editor, Value::Null).await);
    app.events();
    for role in [Role::Reader, Role::Journalist] {
        let waiting = say(&app.as_(role).await, &to, "أنتظر", None).await.expect(202);
        assert_eq!(waiting.header("cache-control"), Some("no-store"));
        assert_eq!(waiting.header("location"), Some(&*address(&waiting)));
        assert_eq!(waiting.text("/status"), "pending");
        let event = app.events().pop().unwrap();
        assert_eq!((&*event.topic, &*event.visibility), ("comment.posted", "newsroom"));
        assert_eq!(event.target.unwrap().to_string(), waiting.text("/id"));
    }
    for role in [Role::Moderator, Role::Editor, Role::Admin] {
        let made = say(&app.as_(role).await, &to, "أقول", None).await.expect(201);
        assert_eq!((made.text("/status"), made.at("/isStaff").as_bool()), ("published".into(), Some(true)));
        assert_eq!(made.header("location"), Some(&*address(&made)));
        let event = app.events().pop().unwrap();
        assert_eq!((&*event.topic, &*event.visibility), ("comment.posted", "public"));
    }
}

#[actix_web::test]
async fn a_comment_that_is_sent_twice_is_made_once() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, Value::Null).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    app.events();
    for (client, status) in [(&reader, 202), (&moderator, 201)] {
        let send = || client.post(&below(&article)).key("one").json(&json!({ "text": "مرة" })).send();
        let (first, again) = (send().await.expect(status), send().await.expect(status));
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.bytes, first.bytes);
        for name in ["cache-control", "location"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
    }
    app.assert_events(&["comment.posted", "comment.posted"]);
    let all = moderator.get("/api/v1/newsroom/comments?count=true").send().await.expect(200);
    assert_eq!(all.at("/page/total").as_i64(), Some(2));
    assert_eq!(counted(&app, &article).await, 1);
}

#[actix_web::test]
async fn a_comment_that_waits_is_its_writers_alone() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, Value::Null).await;
    let (reader, other) = (app.as_(Role::Reader).await, app.as_(Role::Reader).await);
    let moderator = app.as_(Role::Moderator).await;
    let waiting = say(&reader, &below(&article), "أنتظر", None).await.expect(202);
    for client in [&app.anonymous(), &other, &moderator] {
        client.get(&address(&waiting)).send().await.refused(404, "not_found");
    }
    let own = reader.get(&address(&waiting)).send().await.expect(200);
    assert_eq!((own.text("/status"), own.header("cache-control")), ("pending".into(), Some("no-store")));
    for client in [&app.anonymous(), &other, &moderator, &reader] {
        let list = client.get(&format!("{}?count=true", below(&article))).send().await.expect(200);
        assert_eq!((list.at("/items"), list.at("/page/total")), (&json!([]), &json!(0)));
        let replies = format!("{}?parentId={}", below(&article), waiting.text("/id"));
        assert_eq!(*client.get(&replies).send().await.expect(200).at("/items"), json!([]));
        let page = client.get(&format!("/api/v1/articles/{}", article.text("/id"))).send().await.expect(200);
        assert_eq!(*page.at("/commentCount"), json!(0));
    }
}

#[actix_web::test]
async fn a_reply_answers_a_published_comment_of_the_same_article() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let (here, elsewhere) = (article(&editor, Value::Null).await, article(&editor, Value::Null).await);
    let reader = app.as_(Role::Reader).await;
    let pending = say(&reader, &below(&here), "أنتظر", None).await.expect(202).text("/id");
    let foreign = say(&editor, &below(&elsewhere), "هناك", None).await.expect(201).text("/id");
    let taken_back = say(&editor, &below(&here), "لا", None).await.expect(201);
    let reject = json!({ "reason": "other" });
    editor.post(&format!("{}/reject", desk(&taken_back))).if_match("\"1\"").json(&reject).send().await.expect(200);
    app.events();
    for parent in [pending, foreign, taken_back.text("/id"), Uuid::now_v7().to_string()] {
        for (text, errors) in
            [("رد", vec!["/parentId not_found"]), (" \n ", vec!["/text blank", "/parentId not_found"])]
        {
            let reply = json!({ "text": text, "parentId": parent });
            let refused = reader.post(&below(&here)).json(&reply).send().await.refused(422, "invalid");
            assert_eq!(refused.errors(), errors);
        }
    }
    let nonsense = json!({ "text": "رد", "parentId": "zz" });
    reader.post(&below(&here)).json(&nonsense).send().await.refused(422, "invalid");
    app.assert_events(&[]);
}

#[actix_web::test]
async fn html_in_a_comment_is_text_and_no_log_repeats_it() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    let vectors = [
        "<script>alert(1)</script>",
        "<img src=x onerror=\"alert(1)\"> & \"مرحبا\"",
        "[x](javascript:alert(1)) &lt;b&gt; alert(1)",
    ];
    for text in vectors {
        let made = say(&app.as_(Role::Reader).await, &to, text, None).await.expect(201);
        let shown = app.anonymous().get(&address(&made)).send().await.expect(200);
        assert_eq!(shown.text("/text"), text);
        assert_eq!(shown.header("content-type"), Some("application/json"));
        assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(shown.header("cache-control"), Some("public, no-cache"));
        let reject = json!({ "reason": "abusive", "note": "alert(1)" });
        editor.post(&format!("{}/reject", desk(&made))).if_match("\"1\"").json(&reject).send().await.expect(200);
    }
    let events: Vec<Value> = app.events().into_iter().map(|event| event.payload).collect();
    let lines: Vec<Value> = app.audit().into_iter().map(|line| line.payload).collect();
    assert!(events.len() >= 6 && lines.len() >= 6);
    assert!(events.iter().chain(&lines).all(|payload| !payload.to_string().contains("alert(1)")));
}

#[actix_web::test]
async fn a_comment_says_something_and_no_more_than_it_may() {
    let app = TestApp::new().await;
    let to = below(&article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await);
    let reader = app.as_(Role::Reader).await;
    let bad = [
        (String::new(), "too_short"),
        (" \t\n".into(), "blank"),
        ("\u{200B}\u{200E}\u{FEFF}\n\u{2060}".into(), "blank"),
        ("ق".repeat(5_001), "too_long"),
        ("👩\u{200D}👩\u{200D}👧".repeat(5_001), "too_long"),
        (format!("ه{}", "\u{64B}".repeat(30)), "forbidden_character"),
        (format!("H{}e", "\u{301}\u{302}\u{303}".repeat(3)), "forbidden_character"),
    ];
    for (text, code) in bad {
        let refused = say(&reader, &to, &text, None).await.refused(422, "invalid");
        assert_eq!(refused.errors(), [format!("/text {code}")], "{text:.20}");
    }
    for body in
        [json!({}), json!({ "text": 5 }), json!({ "text": null }), json!({ "text": "x", "status": "published" })]
    {
        reader.post(&to).json(&body).send().await.refused(422, "invalid");
    }
    for text in ["ق".repeat(5_000), "كُ".repeat(5_000), "اللَّـهُ".into(), "👩\u{200D}👩\u{200D}👧".repeat(5_000)]
    {
        let made = say(&reader, &to, &text, None).await.expect(201);
        assert_eq!(made.text("/text"), text);
    }
}

#[actix_web::test]
async fn the_sites_rule_holds_where_an_article_has_none_of_its_own() {
    let app = TestApp::new().await;
    let (editor, admin) = (app.as_(Role::Editor).await, app.as_(Role::Admin).await);
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    let rules = [("open", [201, 201]), ("membersOnly", [201, 201]), ("premoderated", [202, 201]), ("closed", [409; 2])];
    let plain = article(&editor, Value::Null).await;
    let dated = article(&editor, json!({ "closesAt": "2030-01-01T00:00:00Z" })).await;
    for (site, expected) in rules {
        let address = "/api/v1/newsroom/site";
        let seen = admin.get(address).send().await.expect(200);
        let patch = json!({ "commentPolicy": site });
        admin.patch(address).if_match(&seen.etag()).json(&patch).send().await.expect(200);
        for article in [&plain, &dated] {
            for (client, status) in [&reader, &moderator].into_iter().zip(expected) {
                say(client, &below(article), site, None).await.expect(status);
            }
        }
        for (mode, expected) in rules {
            let own = article(&editor, json!({ "mode": mode })).await;
            say(&app.anonymous(), &below(&own), mode, None).await.refused(401, "unauthenticated");
            for (client, status) in [&reader, &moderator].into_iter().zip(expected) {
                let answer = say(client, &below(&own), mode, None).await.expect(status);
                if status == 409 {
                    answer.refused(409, "comments_closed");
                }
            }
            app.anonymous().get(&below(&own)).send().await.expect(200);
        }
    }
}

#[actix_web::test]
async fn comments_close_at_their_exact_instant() {
    let app = TestApp::new().await;
    let rule = json!({ "mode": "open", "closesAt": "2026-01-15T13:00:00Z" });
    let article = article(&app.as_(Role::Editor).await, rule).await;
    let (reader, moderator) = (app.as_(Role::Reader).await, app.as_(Role::Moderator).await);
    app.clock.set("2026-01-15T12:59:59.999999Z");
    say(&reader, &below(&article), "في الوقت", None).await.expect(201);
    app.clock.set("2026-01-15T13:00:00Z");
    for client in [&reader, &moderator] {
        say(client, &below(&article), "متأخر", None).await.refused(409, "comments_closed");
    }
    assert_eq!(texts(&app.anonymous().get(&below(&article)).send().await.expect(200)), ["في الوقت"]);
    assert_eq!(counted(&app, &article).await, 1);
}

#[actix_web::test]
async fn replies_hang_five_deep_and_then_beside_each_other() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let reader = app.as_(Role::Reader).await;
    let mut chain: Vec<Answer> = Vec::new();
    for n in 0..200_usize {
        let made = say(&reader, &below(&article), "رد", chain.last()).await.expect(201);
        let id = |n: usize| chain.get(n).map(|comment| comment.text("/id"));
        let (above, answered) = (n.min(5).checked_sub(1).and_then(id), n.checked_sub(1).and_then(id));
        assert_eq!(*made.at("/depth"), json!(n.min(5)));
        assert_eq!((made.at("/parentItem"), made.at("/answers")), (&json!(above), &json!(answered)));
        chain.push(made);
    }
    for (comment, replies) in chain.iter().zip([1, 1, 1, 1, 195, 0, 0]) {
        let shown = app.anonymous().get(&address(comment)).send().await.expect(200);
        assert_eq!(*shown.at("/replyCount"), json!(replies));
        let list = format!("{}?parentId={}&count=true", below(&article), comment.text("/id"));
        assert_eq!(*app.anonymous().get(&list).send().await.expect(200).at("/page/total"), json!(replies));
    }
    let roots = app.anonymous().get(&below(&article)).send().await.expect(200);
    assert_eq!(roots.at("/items").as_array().unwrap().len(), 1, "replies are no part of the first list");
    assert_eq!(counted(&app, &article).await, 200);
    let page = app.anonymous().get(&format!("{}?replies=10", below(&article))).send().await.expect(200);
    assert_eq!(page.at("/items/0/replies/items").as_array().unwrap().len(), 1);
    app.anonymous().get(&format!("/feeds/articles/{}/comments.rss", article.text("/id"))).send().await.expect(200);
}

#[actix_web::test]
async fn a_gap_keeps_the_place_of_what_has_gone_while_something_below_it_stays() {
    let app = TestApp::new().await;
    let (editor, reader) = (app.as_(Role::Editor).await, app.as_(Role::Reader).await);
    let article = article(&editor, json!({ "mode": "open" })).await;
    let to = below(&article);
    let root = say(&reader, &to, "أصل", None).await.expect(201);
    let middle = say(&reader, &to, "وسط", Some(&root)).await.expect(201);
    let leaf = say(&reader, &to, "طرف", Some(&middle)).await.expect(201);
    let decide = async |comment: &Answer, what: &str, body: Value| {
        let present = editor.get(&desk(comment)).send().await.expect(200);
        editor.post(&format!("{}/{what}", desk(comment))).if_match(&present.etag()).json(&body).send().await.expect(200)
    };
    let shown = async |parent: Option<&Answer>| {
        let list = parent.map_or_else(|| to.clone(), |parent| format!("{to}?parentId={}", parent.text("/id")));
        let items = app.anonymous().get(&list).send().await.expect(200).at("/items").clone();
        let line = |item: &Value| (item["status"].clone(), item["text"].clone(), item["author"].is_null());
        items.as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let gap = |status: &str| vec![(json!(status), json!(null), true)];
    decide(&root, "reject", json!({ "reason": "spam" })).await;
    decide(&middle, "withhold", json!({ "reason": "offensive" })).await;
    assert_eq!((shown(None).await, shown(Some(&root)).await), (gap("rejected"), gap("withheld")));
    let alone = app.anonymous().get(&address(&root)).send().await.expect(200);
    assert_eq!(
        (alone.at("/text"), alone.at("/reason"), alone.at("/replyCount")),
        (&json!(null), &json!(null), &json!(0))
    );
    assert_eq!(counted(&app, &article).await, 1);
    decide(&leaf, "reject", json!({ "reason": "spam" })).await;
    assert_eq!((shown(None).await, shown(Some(&root)).await), (vec![], vec![]));
    app.anonymous().get(&address(&root)).send().await.refused(404, "not_found");
    decide(&leaf, "approve", json!({})).await;
    assert_eq!((shown(None).await, shown(Some(&root)).await), (gap("rejected"), gap("withheld")));
    decide(&root, "approve", json!({})).await;
    assert_eq!(shown(None).await, [(json!("published"), json!("أصل"), false)]);
    assert_eq!(counted(&app, &article).await, 2);
}

/// Every page's texts, from a page on, by its `next` or `prev`.
async fn walk(app: &TestApp, list: &str, from: Answer, way: [&str; 2]) -> Vec<Vec<String>> {
    let [member, parameter] = way;
    let mut pages = vec![texts(&from)];
    let mut page = from;
    while let Some(cursor) = page.at(&format!("/page/{member}")).as_str() {
        page = app.anonymous().get(&format!("{list}&{parameter}={cursor}")).send().await.expect(200);
        pages.push(texts(&page));
    }
    pages
}

#[actix_web::test]
async fn comments_are_paged_in_both_orders_and_both_ways() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (reader, to) = (app.as_(Role::Reader).await, below(&article));
    app.clock.advance(Duration::from_micros(1)); // So that instants sort as texts.
    let root = say(&reader, &to, "c0", None).await.expect(201);
    let (mut roots, mut replies) = (vec![(root.text("/dateCreated"), root.text("/id"), "c0".to_owned())], Vec::new());
    for n in 1..8 {
        // Two in each instant, so that the id decides between them.
        app.clock.advance(Duration::from_micros(n % 2));
        for (letter, parent, list) in [('c', None, &mut roots), ('r', Some(&root), &mut replies)] {
            let made = say(&reader, &to, &format!("{letter}{n}"), parent).await.expect(201);
            list.push((made.text("/dateCreated"), made.text("/id"), made.text("/text")));
        }
    }
    let in_order = |mut list: Vec<(String, String, String)>| {
        list.sort();
        list.into_iter().map(|(.., text)| text).collect::<Vec<_>>()
    };
    let lists = [
        (format!("{to}?limit=3&count=true"), in_order(roots)),
        (format!("{to}?limit=3&count=true&parentId={}", root.text("/id")), in_order(replies)),
    ];
    for (list, oldest) in &lists {
        let newest: Vec<String> = oldest.iter().rev().cloned().collect();
        for (sort, expected) in [("", &newest), ("&sort=newest", &newest), ("&sort=oldest", oldest)] {
            let list = format!("{list}{sort}");
            let first = app.anonymous().get(&list).send().await.expect(200);
            assert_eq!(*first.at("/page/total"), json!(oldest.len()));
            let cursor = first.text("/page/next");
            let mut pages = walk(&app, &list, first, ["next", "after"]).await;
            assert_eq!(pages.concat(), **expected, "{list}");
            assert_eq!(pages.len(), 3);
            let mut page = app.anonymous().get(&format!("{list}&after={cursor}")).send().await.expect(200);
            page = app.anonymous().get(&format!("{list}&after={}", page.text("/page/next"))).send().await.expect(200);
            pages.reverse();
            assert_eq!(walk(&app, &list, page, ["prev", "before"]).await, pages, "{list}");
        }
    }
}

#[actix_web::test]
async fn a_list_says_what_it_can_not_be_asked() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (reader, to, anyone) = (app.as_(Role::Reader).await, below(&article), app.anonymous());
    for text in ["one", "two"] {
        app.clock.advance(Duration::from_micros(1));
        say(&reader, &to, text, None).await.expect(201);
    }
    let cursor = anyone.get(&format!("{to}?limit=1")).send().await.expect(200).text("/page/next");
    anyone.get(&format!("{to}?limit=1&sort=oldest&after={cursor}")).send().await.refused(400, "bad_cursor");
    for query in ["sort=best", "parentId=zz", "parent=1", "status=pending"] {
        anyone.get(&format!("{to}?{query}")).send().await.refused(400, "bad_parameter");
    }
    let some = anyone.get(&format!("{to}?fields=text,isStaff&sort=oldest")).send().await.expect(200);
    assert_eq!(*some.at("/items/0"), json!({ "isStaff": false, "text": "one" }));
    anyone.get("/api/v1/comments/nonsense").send().await.refused(404, "not_found");
    let none = format!("{to}?parentId={}", Uuid::now_v7());
    assert_eq!(*anyone.get(&none).send().await.expect(200).at("/items"), json!([]));
}

#[actix_web::test]
async fn the_discussion_of_an_article_goes_and_comes_back_with_it() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, json!({ "mode": "open" })).await;
    let (reader, other) = (app.as_(Role::Reader).await, app.as_(Role::Reader).await);
    let made = say(&reader, &below(&article), "قلت", None).await.expect(201);
    let newsroom = format!("/api/v1/newsroom/articles/{}", article.text("/id"));
    let note = json!({ "note": "خطأ" });
    let unpublish = editor.post(&format!("{newsroom}/unpublish")).if_match(&article.etag()).json(&note);
    let gone = unpublish.send().await.expect(200);
    app.events();
    for client in [&app.anonymous(), &other, &editor] {
        client.get(&below(&article)).send().await.refused(404, "not_found");
        client.get(&address(&made)).send().await.refused(404, "not_found");
    }
    let own = reader.get(&address(&made)).send().await.expect(200);
    assert_eq!(own.header("cache-control"), Some("no-store"), "its writer still sees it, alone");
    say(&reader, &below(&article), "وبعد", None).await.refused(404, "not_found");
    say(&reader, "/api/v1/articles/nothing/comments", "x", None).await.refused(404, "not_found");
    app.assert_events(&[]);
    // A decision about it is the newsroom's own matter meanwhile.
    let reject = json!({ "reason": "spam" });
    editor.post(&format!("{}/reject", desk(&made))).if_match("\"1\"").json(&reject).send().await.expect(200);
    editor.post(&format!("{}/approve", desk(&made))).if_match("\"2\"").json(&json!({})).send().await.expect(200);
    assert!(app.events().iter().all(|event| event.visibility == "newsroom"));
    let publish = format!("{newsroom}/publish");
    editor.post(&publish).if_match(&gone.etag()).json(&json!({})).send().await.expect(200);
    assert_eq!(texts(&app.anonymous().get(&below(&article)).send().await.expect(200)), ["قلت"]);
    app.anonymous().get(&address(&made)).send().await.expect(200);
}

#[actix_web::test]
async fn the_draft_of_an_article_has_no_discussion_and_the_rule_is_the_published_one() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let form = json!({ "language": "ar", "headline": "مسودة" });
    let draft = editor.post("/api/v1/newsroom/articles").json(&form).send().await.expect(201);
    for client in [&editor, &app.anonymous()] {
        client.get(&below(&draft)).send().await.refused(404, "not_found");
    }
    say(&editor, &below(&draft), "x", None).await.refused(404, "not_found");
    let live = article(&editor, json!({ "mode": "open" })).await;
    let newsroom = format!("/api/v1/newsroom/articles/{}", live.text("/id"));
    let patch = json!({ "comments": { "mode": "closed" } });
    editor.patch(&newsroom).if_match(&live.etag()).json(&patch).send().await.expect(200);
    say(&editor, &below(&live), "ما زال مفتوحًا", None).await.expect(201);
}

#[actix_web::test]
async fn who_has_an_article_already_gets_it_again_when_its_comments_change() {
    let app = TestApp::new().await;
    let editor = app.as_(Role::Editor).await;
    let article = article(&editor, Value::Null).await;
    let paths = [format!("/api/v1/articles/{}", article.text("/id")), "/api/v1/articles".into(), below(&article)];
    let reader = app.as_(Role::Reader).await;
    let mut comment = None;
    for (step, changes) in [("pending", false), ("approve", true), ("reject", true)] {
        let mut tags = Vec::new();
        for path in &paths {
            tags.push(app.anonymous().get(path).send().await.expect(200).etag());
        }
        match &comment {
            None => comment = Some(say(&reader, &below(&article), "جديد", None).await.expect(202)),
            Some(comment) => {
                let body = if step == "reject" { json!({ "reason": "spam" }) } else { json!({}) };
                let ruling = editor.post(&format!("{}/{step}", desk(comment))).json(&body);
                ruling.if_match(if step == "reject" { "\"2\"" } else { "\"1\"" }).send().await.expect(200);
            }
        }
        for (path, tag) in paths.iter().zip(&tags) {
            let again = app.anonymous().get(path).header("if-none-match", tag).send().await;
            assert_eq!(again.status, if changes { 200 } else { 304 }, "{step} {path}");
        }
    }
}

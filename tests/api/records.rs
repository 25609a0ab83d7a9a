//! What sources, sections, tags and authors have in common beyond the life of one: merges, old slugs, other spellings,
//! and what only the newsroom learns of them.

use khabar::auth::Role;
use serde_json::{Value, json};

use crate::articles::{ARTICLES, DESK, Desk, record};
use crate::support::{Answer, Client, TestApp};

fn newsroom(noun: &str, id: &str) -> String {
    format!("/api/v1/newsroom/{noun}/{id}")
}

async fn read(who: &Client, noun: &str, id: &str) -> Answer {
    who.get(&newsroom(noun, id)).send().await.expect(200)
}

async fn merge(editor: &Client, noun: &str, id: &str, into: &str) -> Answer {
    let tag = read(editor, noun, id).await.etag();
    let path = format!("{}/merge", newsroom(noun, id));
    editor.post(&path).if_match(&tag).json(&json!({ "into": into })).send().await
}

async fn change(editor: &Client, noun: &str, id: &str, patch: Value) -> Answer {
    let tag = read(editor, noun, id).await.etag();
    editor.patch(&newsroom(noun, id)).if_match(&tag).json(&patch).send().await
}

async fn make(editor: &Client, noun: &str, form: Value) -> Answer {
    editor.post(&format!("/api/v1/newsroom/{noun}")).json(&form).send().await
}

async fn tag(desk: &Desk, name: &str) -> String {
    record(&desk.editor, "tags", json!({ "name": name })).await
}

async fn public(app: &TestApp, noun: &str, name: &str) -> Answer {
    app.anonymous().get(&format!("/api/v1/{noun}/{name}")).send().await
}

/// Where an answer sends on to, readable.
fn target(answer: &Answer) -> String {
    let location = answer.header("location").unwrap();
    percent_encoding::percent_decode_str(location).decode_utf8().unwrap().into_owned()
}

/// The headlines that a query finds, in alphabetical order.
async fn found(desk: &Desk, query: &str) -> String {
    let page = desk.app.anonymous().get(&format!("{ARTICLES}?{query}")).send().await.expect(200);
    let mut found = texts(page.at("/items"), "headline");
    found.sort();
    found.concat()
}

/// One member of each object in a list.
fn texts(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_merged_tag_is_the_other_one_wherever_an_article_names_it() {
    let desk = Desk::new().await;
    let (a, b) = (tag(&desk, "الاتحاد الروسي").await, tag(&desk, "روسيا").await);
    let other = tag(&desk, "أرمينيا").await;
    let by_a = desk.live_with("a", json!({ "tagIds": [other, a] })).await;
    desk.live_with("b", json!({ "tagIds": [b] })).await;
    let both = desk.live_with("c", json!({ "tagIds": [a, other, b] })).await;
    desk.live_with("d", json!({ "tagIds": [other] })).await;
    let draft = desk.draft_with("e", json!({ "tagIds": [a, b] })).await.text("/id");
    let before = read(&desk.editor, "articles", &by_a).await;
    desk.app.events();

    let merged = merge(&desk.editor, "tags", &a, &b).await.expect(200);
    assert_eq!((merged.text("/mergedInto"), merged.etag()), (b.clone(), "\"2\"".into()));
    let event = desk.app.events().pop().unwrap();
    assert_eq!((&*event.topic, &*event.visibility), ("tag.merged", "public"));
    assert_eq!(event.target.unwrap().to_string(), a);
    assert_eq!(event.payload, json!({ "slug": "الاتحاد-الروسي", "into": b }));

    let shown = desk.public(&by_a).await.expect(200);
    assert_eq!(texts(shown.at("/tags"), "id"), [other.clone(), b.clone()]);
    assert_eq!(texts(shown.at("/tags"), "slug"), ["أرمينيا", "روسيا"]);
    let shown = desk.public(&format!("{both}?include=tags")).await.expect(200);
    assert_eq!(texts(shown.at("/tags"), "name"), ["روسيا", "أرمينيا"], "once, where the first stood");
    assert_eq!(texts(shown.at("/included/tags"), "id").len(), 2);
    let working = read(&desk.editor, "articles", &draft).await;
    assert_eq!(*working.at("/tagIds"), json!([b]));
    assert_eq!(read(&desk.editor, "articles", &by_a).await.etag(), before.etag(), "no article was written");

    for name in [&*a, &*b, "الاتحاد-الروسي", "روسيا"] {
        assert_eq!(found(&desk, &format!("tag={name}")).await, "abc", "{name}");
        assert_eq!(found(&desk, &format!("notTag={name}")).await, "d", "{name}");
    }
    for name in [&*a, "الاتحاد-الروسي", "الاتحاد-الروسى"] {
        let moved = public(&desk.app, "tags", &format!("{name}?fields=name")).await.expect(308);
        assert_eq!(target(&moved), "/api/v1/tags/روسيا?fields=name");
    }
    let listed = desk.app.anonymous().get("/api/v1/tags").send().await.expect(200);
    assert_eq!(texts(listed.at("/items"), "name"), ["أرمينيا", "روسيا"]);
    let listed = desk.editor.get("/api/v1/newsroom/tags?count=true").send().await.expect(200);
    assert_eq!(*listed.at("/page/total"), json!(2));
}

#[actix_web::test]
async fn a_merged_source_is_credited_as_the_other_and_a_writer_may_go_on_with_either_id() {
    let desk = Desk::new().await;
    let [a, b] = desk.sources.clone();
    let credits = json!([{ "sourceId": a, "role": "text" }, { "sourceId": b, "role": "photo" }]);
    let both = desk.live_with("a", json!({ "sources": credits })).await;
    merge(&desk.editor, "sources", &a, &b).await.expect(200);
    let shown = desk.public(&both).await.expect(200);
    let credit = json!({ "sourceId": b, "slug": "هيا", "name": "هيا", "position": 1, "role": "text", "uri": null });
    assert_eq!(*shown.at("/sources"), json!([credit]));
    assert_eq!(shown.text("/creditText"), "هيا");
    for name in [&*a, &*b, "وكالات", "هيا"] {
        assert_eq!(found(&desk, &format!("source={name}")).await, "a", "{name}");
        assert_eq!(found(&desk, &format!("notSource={name}")).await, "", "{name}");
    }
    // A newsroom's own tool may still know the old id.
    let late = desk.draft("b").await;
    assert_eq!(texts(late.at("/sources"), "sourceId"), [&*b]);
    desk.publish(&late.text("/id")).await;
    assert_eq!(found(&desk, "source=هيا").await, "ab");
    // Out of use, it stays where it stood under either id, and can't be named anew under either.
    change(&desk.editor, "sources", &b, json!({ "isActive": false })).await.expect(200);
    let id = late.text("/id");
    desk.edit(&desk.editor, &id, json!({ "sources": [{ "sourceId": b }], "genre": "x" })).await.expect(200);
    let refused = desk.journalist.post(DESK).json(&desk.form("c")).send().await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/sources/0/sourceId out_of_use"]);
}

#[actix_web::test]
async fn a_change_of_nothing_stays_one_after_a_merge() {
    let desk = Desk::new().await;
    let (a, b) = (tag(&desk, "أ").await, tag(&desk, "ب").await);
    let draft = desk.draft_with("x", json!({ "tagIds": [a, b] })).await;
    merge(&desk.editor, "tags", &a, &b).await.expect(200);
    let same = desk.edit(&desk.editor, &draft.text("/id"), json!({ "headline": "x" })).await.expect(200);
    assert_eq!(same.etag(), draft.etag());
}

#[actix_web::test]
async fn chains_of_merges_collapse_and_never_close() {
    let desk = Desk::new().await;
    let (a, b, c) = (tag(&desk, "أ").await, tag(&desk, "ب").await, tag(&desk, "ج").await);
    desk.live_with("a", json!({ "tagIds": [a] })).await;
    desk.live_with("b", json!({ "tagIds": [b] })).await;
    desk.live_with("c", json!({ "tagIds": [c] })).await;
    merge(&desk.editor, "tags", &a, &b).await.expect(200);
    let again = merge(&desk.editor, "tags", &a, &c).await.refused(409, "merged");
    assert_eq!(again.text("/into"), b, "what is merged can't be merged again");
    let own = merge(&desk.editor, "tags", &b, &b).await.refused(422, "invalid");
    assert_eq!(own.errors(), ["/into bad_format"]);
    assert_eq!(merge(&desk.editor, "tags", &b, &a).await.refused(409, "merged").text("/into"), b, "no loop");
    for (into, error) in [(&desk.section, "/into not_found"), (&desk.sources[0], "/into not_found")] {
        assert_eq!(merge(&desk.editor, "tags", &c, into).await.refused(422, "invalid").errors(), [error]);
    }

    merge(&desk.editor, "tags", &b, &c).await.expect(200);
    assert_eq!(read(&desk.editor, "tags", &a).await.text("/mergedInto"), c);
    for name in ["أ", "ب", "ج"] {
        assert_eq!(found(&desk, &format!("tag={name}")).await, "abc", "{name}");
    }
    for name in [&a, &b] {
        assert_eq!(target(&public(&desk.app, "tags", name).await.expect(308)), "/api/v1/tags/ج");
    }
    assert_eq!(merge(&desk.editor, "tags", &c, &a).await.refused(409, "merged").text("/into"), c, "no longer loop");
}

#[actix_web::test]
async fn what_was_merged_is_changed_no_more_and_holds_its_slug_and_the_other_one() {
    let desk = Desk::new().await;
    let (a, b) = (tag(&desk, "أ").await, tag(&desk, "ب").await);
    let path = format!("{}/merge", newsroom("tags", &a));
    let into = json!({ "into": b });
    desk.editor.post(&path).json(&into).send().await.refused(428, "precondition_required");
    desk.editor.post(&path).if_match("\"7\"").json(&into).send().await.refused(412, "stale");
    desk.journalist.post(&path).if_match("\"1\"").json(&into).send().await.refused(403, "forbidden");
    let merged = desk.editor.post(&path).if_match("\"1\"").key("k").json(&into).send().await.expect(200);
    let again = desk.editor.post(&path).if_match("\"1\"").key("k").json(&into).send().await.expect(200);
    assert_eq!(again.json, merged.json);

    let refused = change(&desk.editor, "tags", &a, json!({ "name": "x" })).await.refused(409, "merged");
    assert_eq!(refused.text("/into"), b);
    let taken = make(&desk.editor, "tags", json!({ "name": "x", "slug": "أ" })).await.refused(409, "duplicate");
    assert_eq!(taken.text("/existing"), b, "the one to use");
    let tag = read(&desk.editor, "tags", &b).await.etag();
    desk.editor.delete(&newsroom("tags", &b)).if_match(&tag).send().await.refused(409, "in_use");
    desk.editor.delete(&newsroom("tags", &a)).if_match("\"2\"").send().await.expect(204);
    desk.editor.delete(&newsroom("tags", &b)).if_match(&tag).send().await.expect(204);
}

#[actix_web::test]
async fn of_two_merges_into_each_other_one_comes_too_late() {
    let desk = Desk::new().await;
    for n in 0..5 {
        let (a, b) = (tag(&desk, &format!("أ {n}")).await, tag(&desk, &format!("ب {n}")).await);
        let ask = |id: &str, into: &str| {
            let path = format!("{}/merge", newsroom("tags", id));
            desk.editor.post(&path).if_match("\"1\"").json(&json!({ "into": into })).send()
        };
        let (one, two) = futures_util::future::join(ask(&a, &b), ask(&b, &a)).await;
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[actix_web::test]
async fn an_alert_that_credits_a_merged_source_credits_the_other() {
    let desk = Desk::new().await;
    let [a, b] = desk.sources.clone();
    let alerts = "/api/v1/newsroom/alerts";
    let form = json!({ "headline": "عاجل", "language": "ar", "sourceIds": [a, b] });
    let made = desk.editor.post(alerts).json(&form).send().await.expect(201);
    let path = format!("{alerts}/{}/issue", made.text("/id"));
    desk.editor.post(&path).if_match(&made.etag()).json(&json!({})).send().await.expect(200);
    let sync = |cursor: String| desk.app.anonymous().get(&format!("/api/v1/sync?language=ar{cursor}")).send();
    let held = sync(String::new()).await.expect(200);
    assert_eq!(texts(held.at("/alerts/upserted/0/sources"), "name"), ["وكالات", "هيا"]);

    merge(&desk.editor, "sources", &a, &b).await.expect(200);
    let told = sync(format!("&cursor={}", held.text("/cursor"))).await.expect(200);
    assert_eq!(texts(told.at("/alerts/upserted/0/sources"), "sourceId"), [&*b]);
    let shown = public(&desk.app, "alerts", &made.text("/id")).await.expect(200);
    assert_eq!(texts(shown.at("/sources"), "slug"), ["هيا"]);
    change(&desk.editor, "sources", &b, json!({ "name": "هيا نيوز" })).await.expect(200);
    let told = sync(format!("&cursor={}", told.text("/cursor"))).await.expect(200);
    assert_eq!(texts(told.at("/alerts/upserted/0/sources"), "name"), ["هيا نيوز"]);
}

#[actix_web::test]
async fn an_app_that_syncs_has_the_other_id_of_what_was_merged() {
    let desk = Desk::new().await;
    let [a, b] = desk.sources.clone();
    desk.live("x").await;
    merge(&desk.editor, "sources", &a, &b).await.expect(200);
    let held = desk.app.anonymous().get("/api/v1/sync").send().await.expect(200);
    assert_eq!(*held.at("/articles/upserted/0/sourceIds"), json!([b]));
}

#[actix_web::test]
async fn an_old_slug_leads_to_the_present_one_and_is_nobody_elses() {
    let desk = Desk::new().await;
    for noun in ["sources", "sections", "tags", "authors"] {
        let form = |slug: &str| match noun {
            "sources" => json!({ "name": "x", "slug": slug, "kind": "agency" }),
            _ => json!({ "name": "x", "slug": slug }),
        };
        let id = record(&desk.editor, noun, form("first")).await;
        for slug in ["second", "third"] {
            change(&desk.editor, noun, &id, json!({ "slug": slug })).await.expect(200);
        }
        for old in ["first", "second", "SECOND?fields=id"] {
            let moved = public(&desk.app, noun, old).await.expect(308);
            assert!(target(&moved).starts_with(&format!("/api/v1/{noun}/third")), "{noun} {old}");
        }
        let taken = make(&desk.editor, noun, form("first")).await.refused(409, "duplicate");
        assert_eq!(taken.text("/existing"), id);

        change(&desk.editor, noun, &id, json!({ "slug": "first" })).await.expect(200);
        public(&desk.app, noun, "first").await.expect(200);
        for old in ["second", "third"] {
            assert_eq!(target(&public(&desk.app, noun, old).await.expect(308)), format!("/api/v1/{noun}/first"));
        }
        let tag = read(&desk.editor, noun, &id).await.etag();
        desk.editor.delete(&newsroom(noun, &id)).if_match(&tag).send().await.expect(204);
        public(&desk.app, noun, "second").await.refused(404, "not_found");
        make(&desk.editor, noun, form("second")).await.expect(201);
    }
}

#[actix_web::test]
async fn another_spelling_of_the_same_slug_needs_no_redirect() {
    let desk = Desk::new().await;
    let id = tag(&desk, "أحمد").await;
    change(&desk.editor, "tags", &id, json!({ "slug": "احمد" })).await.expect(200);
    public(&desk.app, "tags", "أحمد").await.expect(200);
    change(&desk.editor, "tags", &id, json!({ "slug": "أحمد" })).await.expect(200);
}

#[actix_web::test]
async fn lists_of_articles_are_narrowed_by_old_slugs_too() {
    let desk = Desk::new().await;
    let below = record(&desk.editor, "sections", json!({ "name": "اليمن", "parentId": desk.section })).await;
    let (a, b) = (tag(&desk, "أ").await, tag(&desk, "ب").await);
    desk.live_with("a", json!({ "sectionId": below, "tagIds": [a] })).await;
    change(&desk.editor, "sections", &desk.section, json!({ "slug": "عالم" })).await.expect(200);
    change(&desk.editor, "tags", &a, json!({ "slug": "x" })).await.expect(200);
    change(&desk.editor, "sources", &desk.sources[0], json!({ "slug": "agencies" })).await.expect(200);
    for query in ["section=العالم", "section=عالم", "tag=أ", "source=وكالات", "tag=أ&source=agencies"]
    {
        assert_eq!(found(&desk, query).await, "a", "{query}");
    }
    // An old slug of what was merged leads past both.
    merge(&desk.editor, "tags", &a, &b).await.expect(200);
    assert_eq!(target(&public(&desk.app, "tags", "أ").await.expect(308)), "/api/v1/tags/ب");
    assert_eq!(found(&desk, "tag=أ").await, "a");
    let sync = desk.app.anonymous().get("/api/v1/sync?section=العالم").send().await.expect(200);
    assert_eq!(texts(sync.at("/articles/upserted"), "headline"), ["a"]);
}

#[actix_web::test]
async fn a_desk_finds_a_tag_by_the_beginning_of_whatever_it_is_called() {
    let desk = Desk::new().await;
    let form = json!({
        "name": "روسيا", "names": { "en": "Russia" }, "aliases": ["الاتحاد الروسي", "e\u{301}tat russe", "РФ"],
    });
    let made = make(&desk.editor, "tags", form).await.expect(201);
    assert_eq!(*made.at("/aliases"), json!(["الاتحاد الروسي", "état russe", "РФ"]), "in NFC");
    let merged = tag(&desk, "موسكو الكبرى").await;
    tag(&desk, "رومانيا").await;
    desk.live_with("a", json!({ "tagIds": [made.text("/id")] })).await;
    merge(&desk.editor, "tags", &merged, &made.text("/id")).await.expect(200);
    let cases = [
        ("روسيا", vec!["روسيا"]),
        ("رُو", vec!["روسيا", "رومانيا"]),
        ("RUSS", vec!["روسيا"]),
        ("الإتحاد", vec!["روسيا"]),
        ("رф", vec![]),
        ("рф", vec!["روسيا"]),
        ("موسكو", vec!["روسيا"]),
        ("سيا", vec![]),
        ("%", vec![]),
    ];
    for (q, expected) in cases {
        let q = percent_encoding::utf8_percent_encode(q, percent_encoding::NON_ALPHANUMERIC);
        let page = desk.journalist.get(&format!("/api/v1/newsroom/tags?count=true&q={q}")).send().await.expect(200);
        let mut names = texts(page.at("/items"), "name");
        names.sort();
        let mut expected: Vec<String> = expected.into_iter().map(String::from).collect();
        expected.sort();
        assert_eq!(names, expected, "{q}");
        assert_eq!(*page.at("/page/total"), json!(names.len()));
    }
    let blank = desk.journalist.get("/api/v1/newsroom/tags?q=%D9%80").send().await.refused(400, "bad_parameter");
    assert_eq!(blank.errors(), ["q blank"]);
    for name in ["الاتحاد-الروسي", "état-russe", "рф", "موسكو-الكبرى"] {
        assert_eq!(found(&desk, &format!("tag={name}")).await, "a", "{name}");
    }
    assert_eq!(found(&desk, "tag=russia").await, "", "a name is no slug");
    change(&desk.editor, "tags", &made.text("/id"), json!({ "aliases": [] })).await.expect(200);
    assert_eq!(found(&desk, "tag=рф").await, "");
}

#[actix_web::test]
async fn an_alias_is_nobody_elses_name_or_alias() {
    let desk = Desk::new().await;
    let form = json!({ "name": "روسيا", "names": { "en": "Russia" }, "aliases": ["الاتحاد الروسي"] });
    let first = make(&desk.editor, "tags", form).await.expect(201).text("/id");
    let cases = [
        (json!({ "name": "x", "aliases": ["رُوسيا"] }), "/aliases taken"),
        (json!({ "name": "x", "aliases": ["RUSSIA"] }), "/aliases taken"),
        (json!({ "name": "x", "aliases": ["الإتحاد الروسى"] }), "/aliases taken"),
        (json!({ "name": "الاتحاد الروسي" }), "/name taken"),
    ];
    for (form, error) in cases {
        let refused = make(&desk.editor, "tags", form.clone()).await.refused(409, "duplicate");
        assert_eq!((refused.text("/existing"), refused.errors()), (first.clone(), vec![error.to_owned()]), "{form}");
    }
    let wrong = json!({ "name": "x", "aliases": ["أحمد", "احمد", "a\u{202e}b", " "] });
    let refused = make(&desk.editor, "tags", wrong).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/aliases/1 repeated", "/aliases/2 forbidden_character", "/aliases/3 blank"]);
    let many: Vec<String> = (0..51).map(|n| format!("a{n}")).collect();
    make(&desk.editor, "tags", json!({ "name": "x", "aliases": many })).await.refused(422, "invalid");
    // Of one name there may be several, and what was merged into a tag is its own.
    let name = json!({ "name": "سوريا", "names": { "en": "Russia" } });
    let other = make(&desk.editor, "tags", name).await.expect(201).text("/id");
    merge(&desk.editor, "tags", &other, &first).await.expect(200);
    change(&desk.editor, "tags", &first, json!({ "aliases": ["سوريا", "روسيا"] })).await.expect(200);
}

#[actix_web::test]
async fn an_author_may_have_an_account_and_the_public_never_learns_which() {
    let desk = Desk::new().await;
    let account = desk.journalist.id().to_string();
    let form = json!({ "name": "سلمى", "userId": account });
    let author = make(&desk.editor, "authors", form.clone()).await.expect(201);
    assert_eq!(author.text("/userId"), account);
    let id = author.text("/id");
    let taken = make(&desk.editor, "authors", json!({ "name": "x", "userId": account })).await;
    let taken = taken.refused(409, "duplicate");
    assert_eq!((taken.text("/existing"), taken.errors()), (id.clone(), vec!["/userId taken".to_owned()]));
    let unknown = json!({ "name": "x", "userId": "0192f3a4-5b6c-7d8e-9f01-23456789abcd" });
    let refused = make(&desk.editor, "authors", unknown).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/userId not_found"]);
    let reader = desk.app.as_(Role::Reader).await.id().to_string();
    let guest = make(&desk.editor, "authors", json!({ "name": "ضيف", "userId": reader })).await.expect(201).text("/id");

    let live = desk.live_with("x", json!({ "authors": [{ "authorId": id }] })).await;
    let article = format!("{ARTICLES}/{live}?include=author");
    for path in ["/api/v1/authors", &format!("/api/v1/authors/{id}"), &article, "/api/v1/sync", ARTICLES] {
        let told = desk.app.anonymous().get(path).send().await.expect(200).json.to_string();
        assert!(!told.contains(&account) && !told.contains("userId"), "{path}: {told}");
    }
    let told: Vec<String> = desk.app.events().iter().map(|event| event.payload.to_string()).collect();
    assert!(!told.iter().any(|payload| payload.contains(&account)), "{told:?}");
    desk.app.anonymous().get("/api/v1/authors?fields=userId").send().await.refused(400, "bad_parameter");
    let listed = desk.editor.get("/api/v1/newsroom/authors?fields=userId").send().await.expect(200);
    assert_eq!(listed.at("/items").as_array().unwrap().len(), 2);

    // With the merge the account is free for the one in its place.
    merge(&desk.editor, "authors", &id, &guest).await.expect(200);
    assert!(read(&desk.editor, "authors", &id).await.at("/userId").is_null());
    change(&desk.editor, "authors", &guest, json!({ "userId": account })).await.expect(200);
    assert_eq!(found(&desk, "author=ضيف").await, "x");
    let shown = desk.public(&live).await.expect(200);
    assert_eq!(texts(shown.at("/authors"), "name"), ["ضيف"]);
}

#[actix_web::test]
async fn only_the_newsroom_learns_that_a_section_wants_four_eyes() {
    let desk = Desk::new().await;
    assert_eq!(*read(&desk.editor, "sections", &desk.section).await.at("/fourEyes"), json!(false));
    let changed = change(&desk.admin, "sections", &desk.section, json!({ "fourEyes": true })).await.expect(200);
    assert_eq!(*changed.at("/fourEyes"), json!(true));
    let live = desk.live("x").await;
    let article = format!("{ARTICLES}/{live}?include=section");
    for path in ["/api/v1/sections", "/api/v1/sections/العالم", &article] {
        let told = desk.app.anonymous().get(path).send().await.expect(200).json.to_string();
        assert!(!told.contains("fourEyes"), "{path}");
    }
}

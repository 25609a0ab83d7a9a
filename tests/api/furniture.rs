//! The site and what names records, as a node keeps them parsed: each answer has them as they are, on whichever node they were
//! changed, and what a transaction has not committed nobody sees.

use std::sync::mpsc::channel;

use khabar::app::{Read, Tx};
use khabar::auth::Actor;
use khabar::events::Change;
use khabar::ids::RecordId;
use khabar::problem::{Code, Problem};
use khabar::{records, site};
use serde_json::{Value, json};

use crate::articles::{ARTICLES, Desk, record};
use crate::support::{Answer, Client, database};

async fn change(who: &Client, path: &str, patch: Value) {
    let tag = who.get(path).send().await.expect(200).etag();
    who.patch(path).if_match(&tag).json(&patch).send().await.expect(200);
}

/// What an article says of all that is around it.
fn around(article: &Answer) -> [Value; 4] {
    ["/creditText", "/section/name", "/tags/0/name", "/dateline/text"].map(|at| article.at(at).clone())
}

#[actix_web::test]
async fn every_node_has_it_as_it_is_the_moment_it_was_changed() {
    let desk = Desk::new().await;
    let [tag, other] = ["تهدئة", "هدنة"].map(|name| record(&desk.editor, "tags", json!({ "name": name })));
    let (tag, other) = (tag.await, other.await);
    let id = desk.live_with("خبر", json!({ "tagIds": [tag] })).await;
    let there = desk.app.restarted().await;
    let nodes = [desk.app.plain(), there.plain()];
    let all = async || {
        let path = format!("{ARTICLES}/{id}");
        let [here, there] = [nodes[0].get(&path).send().await, nodes[1].get(&path).send().await];
        assert_eq!(around(&here.expect(200)), around(&there.expect(200)));
        around(&nodes[1].get(&path).send().await)
    };
    let [credit, section, named, dateline] = all().await;
    assert_eq!([&credit, &section, &named], ["وكالات", "العالم", "تهدئة"]);

    let [source, section] = [format!("sources/{}", desk.sources[0]), format!("sections/{}", desk.section)];
    change(&desk.editor, &format!("/api/v1/newsroom/{source}"), json!({ "name": "رويترز" })).await;
    assert_eq!(all().await[0], "رويترز");
    change(&desk.editor, &format!("/api/v1/newsroom/{section}"), json!({ "names": { "ar": "الدولي" } })).await;
    assert_eq!(all().await[1], "الدولي");
    change(&desk.admin, "/api/v1/newsroom/site", json!({ "timeZone": "Asia/Tokyo" })).await;
    assert_ne!(all().await[3], dateline);
    let path = format!("/api/v1/newsroom/tags/{tag}");
    let version = desk.editor.get(&path).send().await.expect(200).etag();
    let into = json!({ "into": other });
    desk.editor.post(&format!("{path}/merge")).if_match(&version).json(&into).send().await.expect(200);
    assert_eq!(all().await[2], "هدنة");
    change(&desk.editor, &format!("/api/v1/newsroom/tags/{other}"), json!({ "name": "وقف النار" })).await;
    assert_eq!(all().await[2], "وقف النار", "what another took the place of follows it");
}

#[actix_web::test]
async fn what_is_known_is_looked_up_once() {
    let desk = Desk::new().await;
    let id = desk.live("خبر").await;
    let (reader, path) = (desk.app.plain(), format!("{ARTICLES}/{id}"));
    reader.get(&path).send().await.expect(200);
    let lookups = async || {
        let (answer, statements) = desk.app.statements_of(reader.get(&path).send()).await;
        answer.expect(200);
        let of = |table: &str| statements.iter().filter(|text| text.replace(['`', '"'], "").contains(table)).count();
        (of("FROM records"), of("FROM site"))
    };
    assert_eq!(lookups().await, (0, 0));
    desk.live("آخر").await;
    assert_eq!(lookups().await, (0, 0), "an article is no furniture");
    record(&desk.editor, "tags", json!({ "name": "جديد" })).await;
    assert_eq!((lookups().await, lookups().await), ((1, 1), (0, 0)));
}

#[actix_web::test]
async fn a_list_is_narrowed_by_what_a_name_stands_for_now_and_looks_it_up_once() {
    let desk = Desk::new().await;
    let below = record(&desk.editor, "sections", json!({ "name": "اليمن", "parentId": desk.section })).await;
    let [tag, other] = ["تهدئة", "هدنة"].map(|name| record(&desk.editor, "tags", json!({ "name": name })));
    let (tag, other) = (tag.await, other.await);
    desk.live_with("a", json!({ "sectionId": below, "tagIds": [tag] })).await;
    desk.live_with("b", json!({ "sectionId": desk.section, "tagIds": [other] })).await;
    let there = desk.app.restarted().await;
    let nodes = [desk.app.plain(), there.plain()];
    // On each node twice: what was looked up must hold as what is.
    let found = async |query: &str| {
        let mut all = Vec::new();
        for node in [&nodes[0], &nodes[1], &nodes[0], &nodes[1]] {
            let page = node.get(&format!("{ARTICLES}?{query}")).send().await.expect(200);
            let items = page.at("/items").as_array().unwrap().clone();
            let mut found: Vec<String> = items.iter().map(|item| item["headline"].as_str().unwrap().into()).collect();
            found.sort();
            all.push(found.concat());
        }
        all.dedup();
        all.join("/")
    };
    let section = format!("/api/v1/newsroom/sections/{below}");
    assert_eq!((found("section=العالم").await, found("section=اليمن").await), ("ab".into(), "a".into()));
    change(&desk.admin, &section, json!({ "parentId": null })).await;
    assert_eq!(found("section=العالم").await, "b");
    change(&desk.admin, &section, json!({ "parentId": desk.section })).await;
    assert_eq!(found("section=العالم").await, "ab");
    assert_eq!((found("section=عدن").await, found("section=اليمن").await), (String::new(), "a".into()));
    change(&desk.admin, &section, json!({ "slug": "عدن" })).await;
    assert_eq!((found("section=عدن").await, found("section=اليمن").await), ("a".into(), "a".into()));

    assert_eq!((found("tag=تهدئة").await, found("tag=هدنة").await), ("a".into(), "b".into()));
    let path = format!("/api/v1/newsroom/tags/{tag}");
    let version = desk.editor.get(&path).send().await.expect(200).etag();
    let into = json!({ "into": other });
    desk.editor.post(&format!("{path}/merge")).if_match(&version).json(&into).send().await.expect(200);
    assert_eq!((found("tag=تهدئة").await, found("tag=هدنة").await), ("ab".into(), "ab".into()));

    assert_eq!(found("section=العالم").await, "ab");
    let listed = nodes[0].get(&format!("{ARTICLES}?section=العالم")).send();
    let (_, statements) = desk.app.statements_of(listed).await;
    assert!(!statements.iter().any(|text| text.contains("records")), "{statements:#?}");
}

#[actix_web::test]
async fn what_a_transaction_changes_it_reads_itself_and_leaves_to_nobody_if_it_fails() {
    let desk = Desk::new().await;
    let source: RecordId = RecordId::parse(&desk.sources[0]).unwrap();
    let state = async || {
        let read = move |read: &mut Read<'_>| {
            let known = read.furnished(|furniture| &furniture.records, &source)?.is_some();
            let site = site::present(read)?.name.clone();
            Ok((known, records::references(read, &[source])?.len(), site))
        };
        desk.app.app.read(read).await.unwrap()
    };
    state().await;
    let (known, _, name) = state().await;
    assert!(known);
    let (tell, told) = channel();
    let failing = move |tx: &mut Tx<'_>| {
        let known = |tx: &mut Tx<'_>| -> Result<bool, Problem> {
            Ok(tx.reading().furnished(|furniture| &furniture.records, &source)?.is_some())
        };
        let before = known(tx)?;
        tx.record(Change::public("source.updated", source, json!({ "slug": null })));
        let after = known(tx)?;
        records::references(&mut tx.reading(), &[source])?;
        tell.send((before, after, known(tx)?)).unwrap();
        Err::<(), _>(Problem::not_found())
    };
    let refused = desk.app.app.write(Actor::itself(), failing).await.unwrap_err();
    // One of PostgreSQL has no one snapshot, and reads for itself from the first.
    let has_snapshot = database::server().is_none();
    assert_eq!((refused.code, told.recv().unwrap()), (Code::NotFound, (has_snapshot, false, false)));
    assert_eq!(state().await, (true, 1, name.clone()), "nothing was changed");
    let done = move |tx: &mut Tx<'_>| {
        tx.record(Change::public("source.updated", source, json!({ "slug": null })));
        Ok(())
    };
    desk.app.app.write(Actor::itself(), done).await.unwrap();
    assert_eq!((state().await, state().await), ((false, 1, name.clone()), (true, 1, name)));
}

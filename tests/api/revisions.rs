//! An article's past: compared, taken up again, and proven to be what it was.

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::{articles, publications, revisions};
use serde_json::{Value, json};

use crate::articles::{DESK, Desk, paragraph, record, with};
use crate::support::Answer;

async fn diff(desk: &Desk, id: &str, version: i64, query: &str) -> Answer {
    desk.editor.get(&format!("{DESK}/{id}/revisions/{version}/diff{query}")).send().await
}

async fn restore(desk: &Desk, id: &str, version: i64, note: Value) -> Answer {
    desk.step(&desk.journalist, id, &format!("revisions/{version}/restore"), note).await
}

/// The text of segments on one side.
fn side(segments: &Value, without: &str) -> String {
    let segments = segments.as_array().unwrap().iter();
    segments.filter(|segment| segment["op"] != without).map(|segment| segment["text"].as_str().unwrap()).collect()
}

fn pointers(diff: &Answer) -> Vec<String> {
    let fields = diff.at("/fields").as_array().unwrap().iter();
    fields
        .map(|field| format!("{} {}", field["pointer"].as_str().unwrap(), field["change"].as_str().unwrap()))
        .collect()
}

#[actix_web::test]
async fn a_diff_says_word_by_word_what_changed() {
    let desk = Desk::new().await;
    let tag = record(&desk.editor, "tags", json!({ "name": "روسيا", "kind": "place" })).await;
    let made = desk.draft_with("دعا الرئيس إلى محادثات", json!({ "by": "هيا", "urgency": 5 })).await;
    let id = made.text("/id");
    let patch = json!({
        "headline": "دعا الوزير إلى محادثات", "by": null, "abstract": "ملخص", "tagIds": [tag], "urgency": 3,
        "body": [paragraph("دعا الرئيس الروسي وزراء الخارجية."), paragraph("فقرة جديدة.")],
    });
    desk.edit(&desk.journalist, &id, patch).await.expect(200);
    let found = diff(&desk, &id, 2, "").await.expect(200);
    assert_eq!((found.at("/from"), found.at("/to")), (&json!(1), &json!(2)));
    assert_eq!(
        pointers(&found),
        ["/headline changed", "/abstract added", "/urgency changed", "/tagIds added", "/by removed"]
    );
    let headline = found.at("/fields/0/segments");
    assert_eq!(side(headline, "insert"), "دعا الرئيس إلى محادثات");
    assert_eq!(side(headline, "delete"), "دعا الوزير إلى محادثات");
    assert_eq!(headline[1], json!({ "op": "delete", "text": "الرئيس" }));
    assert_eq!((found.at("/fields/2/before"), found.at("/fields/2/after")), (&json!(5), &json!(3)));
    assert_eq!(*found.at("/fields/3/after"), json!([tag]));
    assert_eq!((found.text("/body/0/op"), found.text("/body/1/op")), ("change".into(), "insert".into()));
    assert_eq!(side(found.at("/body/0/segments"), "delete"), "دعا الرئيس الروسي وزراء الخارجية.");
    assert_eq!(*found.at("/stats"), json!({ "inserted": 5, "deleted": 3 }));
    // Backwards, with itself, and from nothing.
    let back = diff(&desk, &id, 1, "?with=2").await.expect(200);
    assert_eq!(*back.at("/stats"), json!({ "inserted": 3, "deleted": 5 }));
    let same = diff(&desk, &id, 2, "?with=2").await.expect(200);
    assert_eq!((same.at("/fields"), same.text("/body/0/op")), (&json!([]), "equal".to_owned()));
    let first = diff(&desk, &id, 1, "").await.expect(200);
    assert_eq!((first.at("/from"), first.text("/fields/1/change")), (&Value::Null, "added".to_owned()));
    assert_eq!(first.text("/body/0/op"), "insert");
}

#[actix_web::test]
async fn only_revisions_that_are_there_and_may_be_seen_are_compared_or_restored() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let colleague = desk.app.as_(Role::Journalist).await;
    colleague.get(&format!("{DESK}/{id}/revisions/1/diff")).send().await.refused(404, "not_found");
    colleague
        .post(&format!("{DESK}/{id}/revisions/1/restore"))
        .if_match("\"1\"")
        .send()
        .await
        .refused(404, "not_found");
    let unknown = diff(&desk, &id, 1, "?with=7").await.refused(400, "bad_parameter");
    assert_eq!(unknown.errors(), ["with not_found"]);
    diff(&desk, &id, 1, "?with=0").await.refused(400, "bad_parameter");
    for version in ["0", "2", "x", "99999999999999999999"] {
        desk.editor.get(&format!("{DESK}/{id}/revisions/{version}/diff")).send().await.refused(404, "not_found");
        desk.step(&desk.editor, &id, &format!("revisions/{version}/restore"), json!({}))
            .await
            .refused(404, "not_found");
    }
    let path = format!("{DESK}/{id}/revisions/1/restore");
    desk.journalist.post(&path).send().await.refused(428, "precondition_required");
    desk.journalist.post(&path).if_match("\"9\"").send().await.refused(412, "stale");
    desk.step(&desk.editor, &id, "submit", json!({})).await.expect(200);
    restore(&desk, &id, 1, json!({})).await.refused(409, "illegal_transition");
}

#[actix_web::test]
async fn a_restored_article_says_what_it_said_and_the_public_sees_no_change() {
    let desk = Desk::new().await;
    let id = desk.live("العنوان الأول").await;
    let public = desk.public(&id).await.bytes;
    desk.edit(&desk.editor, &id, json!({ "headline": "العنوان الثاني", "body": [paragraph("نص آخر.")] }))
        .await
        .expect(200);
    desk.app.events();
    let wanted = desk.editor.get(&format!("{DESK}/{id}/revisions/2")).send().await.expect(200);
    let note = json!({ "note": "كان أفضل" });
    let done = desk.step(&desk.editor, &id, "revisions/2/restore", note).await.expect(200);
    assert_eq!((done.text("/headline"), done.at("/version")), ("العنوان الأول".to_owned(), &json!(4)));
    assert_eq!((done.text("/state"), done.at("/liveVersion")), ("published".to_owned(), &json!(2)));
    assert_eq!(done.etag(), "\"4\"");
    let events = desk.app.events();
    assert_eq!((events.len(), &*events[0].topic, &*events[0].visibility), (1, "article.restored", "newsroom"));
    assert_eq!(events[0].payload["restoredVersion"], 2);
    let made = desk.editor.get(&format!("{DESK}/{id}/revisions/4")).send().await.expect(200);
    assert_eq!((made.text("/action"), made.text("/note")), ("edit".into(), "كان أفضل".into()));
    assert_eq!(made.at("/snapshot"), wanted.at("/snapshot"));
    assert_eq!(desk.public(&id).await.bytes, public);
    // Once more changes nothing.
    let again = desk.step(&desk.editor, &id, "revisions/2/restore", json!({})).await.expect(200);
    assert_eq!(again.at("/version"), &json!(4));
    desk.app.assert_events(&[]);
}

#[actix_web::test]
async fn what_is_gone_by_now_is_left_out_and_a_taken_slug_stays_with_its_new_owner() {
    let desk = Desk::new().await;
    let form = json!({ "name": "قديم", "kind": "subject" });
    let (gone, retired) = (
        record(&desk.editor, "tags", form.clone()).await,
        record(&desk.editor, "tags", with(form, json!({ "name": "متقاعد" }))).await,
    );
    let fields = json!({ "slug": "الأول", "tagIds": [gone, retired] });
    let id = desk.draft_with("خبر", fields).await.text("/id");
    desk.edit(&desk.journalist, &id, json!({ "slug": "الثاني", "tagIds": [] })).await.expect(200);
    let tag = |id: &str| format!("/api/v1/newsroom/tags/{id}");
    desk.editor.delete(&tag(&gone)).if_match("\"1\"").send().await.expect(204);
    desk.editor.patch(&tag(&retired)).if_match("\"1\"").json(&json!({ "isActive": false })).send().await.expect(200);
    let free = restore(&desk, &id, 1, json!({})).await.expect(200);
    assert_eq!((free.text("/slug"), free.at("/tagIds")), ("الأول".to_owned(), &json!([retired])));
    assert!(free.at("/warnings").as_array().unwrap().contains(&json!({ "code": "reference_dropped", "pointer": "" })));
    desk.edit(&desk.journalist, &id, json!({ "slug": "الثاني" })).await.expect(200);
    desk.draft_with("غيره", json!({ "slug": "الأول" })).await;
    let taken = restore(&desk, &id, 1, json!({})).await.expect(200);
    assert_eq!(taken.text("/slug"), "الثاني");
}

#[actix_web::test]
async fn a_save_may_say_why() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let done =
        desk.edit(&desk.journalist, &id, json!({ "headline": "خبر آخر", "note": " صُحح الاسم " })).await.expect(200);
    assert!(done.json.get("note").is_none());
    let kept = desk.editor.get(&format!("{DESK}/{id}/revisions/2")).send().await.expect(200);
    assert_eq!(kept.text("/note"), "صُحح الاسم");
    assert!(kept.at("/snapshot").get("note").is_none());
    let same = desk.edit(&desk.journalist, &id, json!({ "note": "لا شيء" })).await.expect(200);
    assert_eq!(same.at("/version"), &json!(2));
    desk.edit(&desk.journalist, &id, json!({ "headline": "ثالث", "note": null })).await.expect(200);
    let wrong = desk.edit(&desk.journalist, &id, json!({ "headline": "x", "note": 5 })).await.refused(422, "invalid");
    assert_eq!(wrong.errors(), ["/note wrong_type"]);
    let long = json!({ "headline": "x", "note": "و".repeat(5001) });
    assert_eq!(desk.edit(&desk.journalist, &id, long).await.refused(422, "invalid").errors(), ["/note too_long"]);
}

/// Statements that a request takes.
async fn cost(desk: &Desk, ask: impl AsyncFn() -> Answer) -> usize {
    let before = desk.app.statements();
    ask().await;
    desk.app.statements() - before
}

/// What it takes to read, publish, compare and restore an article.
async fn costs(desk: &Desk, id: &str, version: i64) -> Vec<usize> {
    let get = |path: String| async move { desk.editor.get(&path).send().await.expect(200) };
    let tag = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200).etag();
    let post = |path: String, tag: String| async move {
        desk.editor.post(&format!("{DESK}/{id}/{path}")).if_match(&tag).json(&json!({})).send().await.expect(200)
    };
    let next = format!("\"{}\"", version + 1);
    vec![
        cost(desk, || get(format!("{DESK}/{id}"))).await,
        cost(desk, || get(format!("{DESK}/{id}/revisions/{version}/diff?with=1"))).await,
        cost(desk, || get(format!("{DESK}/{id}/revisions"))).await,
        cost(desk, || post("publish".into(), tag.clone())).await,
        cost(desk, || post("revisions/1/restore".into(), next.clone())).await,
    ]
}

#[actix_web::test]
async fn with_500_revisions_everything_takes_as_many_statements_as_with_two() {
    let desk = Desk::new().await;
    let young = desk.draft("خبر 1").await.text("/id");
    desk.edit(&desk.journalist, &young, json!({ "headline": "خبر 2" })).await.expect(200);
    let few = costs(&desk, &young, 2).await;
    assert!(few.iter().all(|count| (2..50).contains(count)), "{few:?}");
    let id = desk.draft("خبر 1").await.text("/id");
    for version in 1..500 {
        let body: Vec<Value> = (0..5).map(|n| paragraph(&format!("فقرة {n} من النسخة {version}."))).collect();
        let patch = json!({ "headline": format!("خبر {version}"), "body": body });
        let path = format!("{DESK}/{id}");
        let tag = format!("\"{version}\"");
        let answer = desk.journalist.patch(&path).if_match(&tag).json(&patch).send().await.expect(200);
        assert!(version > 1 || answer.at("/version") == &json!(1 + version));
    }
    // The first edit has the headline of the draft, but another body.
    assert_eq!(costs(&desk, &id, 500).await, few);
    let restored = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200);
    assert_eq!((restored.at("/version"), restored.text("/headline")), (&json!(502), "خبر 1".to_owned()));
    let seen = khabar::articles::verify(&desk.app.app).await.unwrap();
    assert_eq!((seen.revisions, seen.articles, seen.publications, seen.flaws), (506, 2, 2, 0));
}

/// A newsroom with a past: three revisions of one article, of which the last is published, and a draft.
async fn past() -> (Desk, Vec<u8>) {
    let desk = Desk::new().await;
    let id = desk.draft("الأول").await.text("/id");
    desk.edit(&desk.journalist, &id, json!({ "headline": "الثاني", "note": "لأن" })).await.expect(200);
    desk.publish(&id).await;
    desk.draft("غيره").await;
    (desk, uuid::Uuid::parse_str(&id).unwrap().as_bytes().to_vec())
}

#[actix_web::test]
async fn whatever_somebody_changes_behind_the_program_is_found() {
    use khabar::articles::verify;
    type Tamper = fn(&mut khabar::db::Conn, Vec<u8>);
    let table: [(&str, Tamper, &str); 12] = [
        ("a text", |conn, id| set(conn, &id, 2, revisions::content.eq("{}")), "revision 2: is not what was written"),
        ("a body", |conn, id| set(conn, &id, 1, revisions::body.eq("[]")), "revision 1: is not what was written"),
        ("a note", |conn, id| set(conn, &id, 2, revisions::note.eq("غيرها")), "revision 2: is not what was written"),
        (
            "an action",
            |conn, id| set(conn, &id, 2, revisions::action.eq("nothing")),
            "revision 2: is not what was written",
        ),
        (
            "a state",
            |conn, id| set(conn, &id, 1, revisions::state.eq("published")),
            "revision 1: is not what was written",
        ),
        ("a time", |conn, id| set(conn, &id, 1, revisions::created_at.eq(1)), "revision 1: is not what was written"),
        ("an author", author, "revision 2: is not what was written"),
        ("the order", order, "revision 1: is not what was written"),
        ("one in between", |conn, id| remove(conn, &id, 2), "revision 3: has no revision before it"),
        ("the last one", |conn, id| remove(conn, &id, 3), "revision 3: should be the latest one"),
        ("a working copy", working_copy, "revision 3: is not what the working copy says"),
        ("a publication", publication, "revision 3: is not what was published"),
    ];
    for (what, tamper, told) in table {
        let (desk, id) = past().await;
        assert_eq!(verify(&desk.app.app).await.unwrap().flaws, 0, "{what}");
        tamper(&mut desk.app.sql(), id);
        let seen = verify(&desk.app.app).await.unwrap();
        let lines: Vec<String> = seen.found.iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|line| line.contains(told)), "{what}: {lines:?}");
    }
}

fn set<C>(conn: &mut khabar::db::Conn, id: &[u8], version: i64, change: C)
where
    C: diesel::query_builder::AsChangeset<Target = revisions::table>,
    diesel::query_builder::UpdateStatement<
        revisions::table,
        <diesel::helper_types::Find<revisions::table, (Vec<u8>, i64)> as diesel::query_builder::IntoUpdateTarget>::WhereClause,
        C::Changeset,
    >: diesel::query_dsl::methods::ExecuteDsl<khabar::db::Conn>
        + diesel::query_builder::AsQuery,
{
    diesel::update(revisions::table.find((id.to_vec(), version))).set(change).execute(conn).unwrap();
}

fn remove(conn: &mut khabar::db::Conn, id: &[u8], version: i64) {
    diesel::delete(revisions::table.find((id.to_vec(), version))).execute(conn).unwrap();
}

fn author(conn: &mut khabar::db::Conn, id: Vec<u8>) {
    let editor: Vec<u8> = revisions::table.find((id.clone(), 3)).select(revisions::author_id).first(conn).unwrap();
    set(conn, &id, 2, revisions::author_id.eq(editor));
}

fn order(conn: &mut khabar::db::Conn, id: Vec<u8>) {
    for (from, to) in [(1, 9), (2, 1), (9, 2)] {
        set(conn, &id, from, revisions::version.eq(to));
    }
}

fn working_copy(conn: &mut khabar::db::Conn, id: Vec<u8>) {
    diesel::update(articles::table.find(id)).set(articles::body.eq("[]")).execute(conn).unwrap();
}

fn publication(conn: &mut khabar::db::Conn, id: Vec<u8>) {
    let of_article = publications::table.filter(publications::article_id.eq(id));
    diesel::update(of_article).set(publications::content.eq("{}")).execute(conn).unwrap();
}

#[actix_web::test]
async fn the_command_line_tells_whether_everything_is_as_it_was_written() {
    let (desk, id) = past().await;
    let home = desk.app.home();
    let good = home.run(&["verify"]).succeeds();
    assert_eq!(good.out, "Checked 4 revisions, 2 articles and 1 publications.\n");
    set(&mut desk.app.sql(), &id, 2, revisions::content.eq("{}"));
    let bad = home.run(&["verify"]);
    assert!(bad.out.contains("revision 2: is not what was written"), "{}", bad.out);
    bad.refuses("one thing is not as it was written");
}

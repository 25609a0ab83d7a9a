//! Articles: their life, who may do what in it, and what the public sees of it.

use khabar::auth::Role;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::sources::{SOURCES, source};
use crate::support::{Answer, Client, TestApp};

pub const DESK: &str = "/api/v1/newsroom/articles";
pub const ARTICLES: &str = "/api/v1/articles";

/// A newsroom with people, two sources and a section.
pub struct Desk {
    pub app: TestApp,
    pub admin: Client,
    pub editor: Client,
    pub journalist: Client,
    pub sources: [String; 2],
    pub section: String,
}

/// What every article needs to be published, with a headline and a paragraph.
pub fn paragraph(text: &str) -> Value {
    json!({ "_type": "block", "children": [{ "_type": "span", "text": text }] })
}

impl Desk {
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// With some lines of `khabar.toml`.
    pub async fn with(settings: &str) -> Self {
        let app = TestApp::with(settings).await;
        let admin = app.as_(Role::Admin).await;
        let editor = app.as_(Role::Editor).await;
        let journalist = app.as_(Role::Journalist).await;
        let sources = [source(&editor, "وكالات").await.text("/id"), source(&editor, "هيا").await.text("/id")];
        let section = record(&editor, "sections", json!({ "name": "العالم" })).await;
        app.events();
        Self { app, admin, editor, journalist, sources, section }
    }

    /// A form that can be published.
    pub fn form(&self, headline: &str) -> Value {
        json!({
            "language": "ar", "headline": headline, "body": [paragraph("دعا الرئيس الروسي وزيري الخارجية.")],
            "sources": [{ "sourceId": self.sources[0] }], "sectionId": self.section,
        })
    }

    /// A journalist's draft.
    pub async fn draft(&self, headline: &str) -> Answer {
        self.journalist.post(DESK).json(&self.form(headline)).send().await.expect(201)
    }

    /// A draft of the form with other fields in it.
    pub async fn draft_with(&self, headline: &str, fields: Value) -> Answer {
        self.journalist.post(DESK).json(&with(self.form(headline), fields)).send().await.expect(201)
    }

    /// A step on the present version.
    pub async fn step(&self, who: &Client, id: &str, step: &str, body: Value) -> Answer {
        let tag = self.editor.get(&format!("{DESK}/{id}")).send().await.expect(200).etag();
        who.post(&format!("{DESK}/{id}/{step}")).if_match(&tag).json(&body).send().await
    }

    /// A change of the present version.
    pub async fn edit(&self, who: &Client, id: &str, patch: Value) -> Answer {
        let tag = self.editor.get(&format!("{DESK}/{id}")).send().await.expect(200).etag();
        who.patch(&format!("{DESK}/{id}")).if_match(&tag).json(&patch).send().await
    }

    /// Makes what the editor sees public.
    pub async fn publish(&self, id: &str) -> Answer {
        self.step(&self.editor, id, "publish", json!({})).await.expect(200)
    }

    /// A published article; its id.
    pub async fn live(&self, headline: &str) -> String {
        self.live_with(headline, json!({})).await
    }

    /// A published article with other fields; its id.
    pub async fn live_with(&self, headline: &str, fields: Value) -> String {
        let made = self.draft_with(headline, fields).await;
        self.publish(&made.text("/id")).await.text("/id")
    }

    /// What the public gets at an id or slug.
    pub async fn public(&self, id_or_slug: &str) -> Answer {
        self.app.anonymous().get(&format!("{ARTICLES}/{id_or_slug}")).send().await
    }

    /// Brings a new draft into a state, `spiked` from `draft`; its id.
    pub async fn in_state(&self, state: &str) -> String {
        let id = self.draft(state).await.text("/id");
        let steps: &[&str] = match state {
            "submitted" => &["submit"],
            "approved" => &["submit", "approve"],
            "published" => &["publish"],
            "unpublished" => &["publish", "unpublish"],
            "spiked" => &["spike"],
            "scheduled" => &["schedule"],
            "killed" => &["publish", "kill"],
            _ => &[],
        };
        for step in steps {
            self.step(&self.editor, &id, step, said(step)).await.expect(200);
        }
        assert_eq!(self.editor.get(&format!("{DESK}/{id}")).send().await.text("/state"), state);
        id
    }
}

/// What a step is told.
pub fn said(step: &str) -> Value {
    match step {
        "schedule" => json!({ "publishAt": "2026-01-16T12:00:00Z" }),
        "correct" => json!({ "type": "correction", "text": "والصحيح يوم الجمعة." }),
        "kill" => json!({ "notice": "سُحب الخبر." }),
        _ => json!({ "note": "لأن" }),
    }
}

/// A record of a noun; its id.
pub async fn record(editor: &Client, noun: &str, form: Value) -> String {
    editor.post(&format!("/api/v1/newsroom/{noun}")).json(&form).send().await.expect(201).text("/id")
}

/// An object with the members of another.
pub fn with(mut form: Value, fields: Value) -> Value {
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    form
}

const STATES: [&str; 8] =
    ["draft", "submitted", "approved", "scheduled", "published", "unpublished", "spiked", "killed"];

/// Each step, where it leads from each of the states above (its first letter, spiked with an x, held for its hour with an
/// h), and what its event is called.
const TABLE: [(&str, &str, &str); 12] = [
    ("edit", "dsahpu..", "article.edited"),
    ("submit", "s.......", "article.submitted"),
    ("return", ".dd.....", "article.returned"),
    ("approve", ".a......", "article.approved"),
    ("schedule", "hhhhph..", "article.scheduled"),
    ("unschedule", "...a....", "article.unscheduled"),
    ("publish", "pppppp..", "article.published"),
    ("correct", "....p...", "article.corrected"),
    ("unpublish", "....u...", "article.unpublished"),
    ("kill", "...kkk..", "article.killed"),
    ("spike", "xxx..x..", "article.spiked"),
    ("unspike", "......d.", "article.unspiked"),
];

/// Where a step leads from the state of a column.
fn leads(row: &str, column: usize) -> Option<&'static str> {
    match row.as_bytes()[column] {
        b'.' => None,
        b'h' => Some("scheduled"),
        b'x' => Some("spiked"),
        letter => STATES
            .into_iter()
            .find(|state| state.as_bytes()[0] == letter && *state != "scheduled" && *state != "spiked")
            .or(Some("submitted")),
    }
}

/// The steps that are open from a state, to an editor or to the writer.
fn open(column: usize, writer: bool) -> Vec<&'static str> {
    let some = TABLE.iter().filter(|(_, row, _)| leads(row, column).is_some()).map(|(step, ..)| *step);
    let own = |step: &&str| match STATES[column] {
        "draft" => ["edit", "submit", "spike"].contains(step),
        "spiked" => *step == "unspike",
        _ => false,
    };
    some.filter(|step| !writer || own(step)).collect()
}

async fn take(who: &Client, id: &str, tag: &str, step: &str) -> Answer {
    if step == "edit" {
        let patch = json!({ "headline": "عنوان آخر" });
        return who.patch(&format!("{DESK}/{id}")).if_match(tag).json(&patch).send().await;
    }
    let path = format!("{DESK}/{id}/{}", if step == "correct" { "corrections" } else { step });
    who.post(&path).if_match(tag).json(&said(step)).send().await
}

#[actix_web::test]
async fn every_step_from_every_state_by_everyone_ends_as_the_table_says() {
    let desk = Desk::new().await;
    let strangers = [desk.app.as_(Role::Reader).await, desk.app.as_(Role::Moderator).await];
    let colleague = desk.app.as_(Role::Journalist).await;
    let mut cells = 0;
    for (column, state) in STATES.into_iter().enumerate() {
        let mut id = desk.in_state(state).await;
        for (step, row, topic) in TABLE {
            let cell = format!("{step} from {state}");
            let tag = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200).etag();
            desk.app.events();
            take(&desk.app.anonymous(), &id, &tag, step).await.refused(401, "unauthenticated");
            for stranger in &strangers {
                take(stranger, &id, &tag, step).await.refused(403, "forbidden");
            }
            let is_the_editors = !["edit", "submit", "spike", "unspike"].contains(&step);
            let other = take(&colleague, &id, &tag, step).await;
            if is_the_editors {
                other.refused(403, "forbidden")
            } else {
                other.refused(404, "not_found")
            };
            desk.app.assert_events(&[]);
            cells += 4;
            for (who, writer) in [(&desk.journalist, true), (&desk.editor, false), (&desk.admin, false)] {
                let tag = desk.editor.get(&format!("{DESK}/{id}")).send().await.expect(200).etag();
                let answer = take(who, &id, &tag, step).await;
                cells += 1;
                if writer && is_the_editors {
                    answer.refused(403, "forbidden");
                } else if open(column, writer).contains(&step) {
                    let done = answer.expect(200);
                    assert_eq!(Some(&*done.text("/state")), leads(row, column), "{cell}");
                    desk.app.assert_events(&[topic]);
                    id = desk.in_state(state).await;
                    desk.app.events();
                } else {
                    let refused = answer.refused(409, "illegal_transition");
                    assert_eq!(refused.text("/state"), state, "{cell}");
                    assert_eq!(*refused.at("/allowed"), json!(open(column, writer)), "{cell}");
                    desk.app.assert_events(&[]);
                }
            }
        }
    }
    assert_eq!(cells, STATES.len() * TABLE.len() * 7);
}

#[actix_web::test]
async fn an_article_taken_up_again_is_where_it_was_given_up() {
    let desk = Desk::new().await;
    for state in ["draft", "submitted", "approved", "unpublished"] {
        let id = desk.in_state(state).await;
        desk.step(&desk.editor, &id, "spike", json!({})).await.expect(200);
        if state != "draft" {
            let own = desk.step(&desk.journalist, &id, "unspike", json!({})).await.refused(409, "illegal_transition");
            assert_eq!(*own.at("/allowed"), json!([]));
        }
        assert_eq!(desk.step(&desk.editor, &id, "unspike", json!({})).await.text("/state"), state);
    }
}

#[actix_web::test]
async fn what_goes_back_or_away_needs_a_reason_that_can_be_read() {
    let desk = Desk::new().await;
    for (state, step) in [("submitted", "return"), ("published", "unpublish")] {
        let id = desk.in_state(state).await;
        for note in [json!({}), json!({ "note": null }), json!({ "note": " \u{200b} " })] {
            let refused = desk.step(&desk.editor, &id, step, note).await.refused(422, "invalid");
            assert_eq!(refused.errors(), ["/note required"]);
        }
        let note = json!({ "note": "العنوان\u{0} طويل\u{202e}" });
        let done = desk.step(&desk.editor, &id, step, note).await.expect(200);
        let kept = desk.editor.get(&format!("{DESK}/{id}/revisions/{}", done.at("/version"))).send().await.expect(200);
        assert_eq!(kept.text("/note"), "العنوان طويل");
    }
}

#[actix_web::test]
async fn nothing_in_a_body_publishes() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    for field in ["state", "status", "pubStatus", "liveVersion", "datePublished", "dateModified", "version", "id"] {
        let form = with(desk.form("خبر"), json!({ field: "published" }));
        let refused = desk.editor.post(DESK).json(&form).send().await.refused(422, "invalid");
        assert_eq!(refused.errors(), [format!("/{field} unknown_field")]);
        let refused = desk.edit(&desk.editor, &id, json!({ field: "published" })).await.refused(422, "invalid");
        assert_eq!(refused.errors(), [format!("/{field} unknown_field")]);
    }
    desk.public(&id).await.refused(404, "not_found");
}

#[actix_web::test]
async fn an_edit_of_a_live_article_shows_only_when_it_is_published_again() {
    let desk = Desk::new().await;
    let id = desk.live("خبر").await;
    let paths = [format!("{ARTICLES}/{id}"), ARTICLES.to_owned(), format!("{ARTICLES}/{id}?body=html")];
    let mut before = Vec::new();
    for path in &paths {
        before.push(desk.app.anonymous().get(path).send().await.expect(200));
    }
    desk.app.clock.advance(std::time::Duration::from_secs(60));
    let patch = json!({ "headline": "خبر آخر", "slug": "مكان-آخر", "body": [paragraph("نص آخر")], "language": "fa" });
    let edited = desk.edit(&desk.editor, &id, patch).await.expect(200);
    assert_eq!((edited.text("/state"), edited.at("/hasUnpublishedChanges")), ("published".into(), &json!(true)));
    for (path, before) in paths.iter().zip(&before) {
        let now = desk.app.anonymous().get(path).send().await.expect(200);
        assert_eq!((&now.bytes, now.etag()), (&before.bytes, before.etag()), "{path}");
        assert_eq!(now.header("last-modified"), before.header("last-modified"));
    }
    assert_eq!(desk.publish(&id).await.at("/hasUnpublishedChanges"), &json!(false));
    for (path, before) in paths.iter().zip(&before) {
        let now = desk.app.anonymous().get(path).send().await.expect(200);
        assert!(now.bytes != before.bytes && now.etag() != before.etag(), "{path}");
    }
    let now = desk.public(&id).await;
    assert_eq!((now.text("/headline"), now.text("/language")), ("خبر آخر".into(), "fa".into()));
    assert_eq!(now.text("/datePublished"), before[0].text("/datePublished"));
    assert_eq!(now.text("/dateModified"), "2026-01-15T12:01:00Z");
}

#[actix_web::test]
async fn a_minor_correction_keeps_the_date_of_the_last_change() {
    let desk = Desk::new().await;
    let id = desk.live("خبر").await;
    desk.app.clock.advance(std::time::Duration::from_secs(60));
    desk.edit(&desk.editor, &id, json!({ "headline": "خبرٌ" })).await.expect(200);
    desk.step(&desk.editor, &id, "publish", json!({ "minor": true })).await.expect(200);
    let now = desk.public(&id).await;
    assert_eq!((now.text("/headline"), now.text("/dateModified")), ("خبرٌ".into(), "2026-01-15T12:00:00Z".into()));
}

#[actix_web::test]
async fn an_older_story_keeps_its_date_and_none_is_from_the_future() {
    let desk = Desk::new().await;
    let id = desk.draft("خبر").await.text("/id");
    let future = json!({ "datePublished": "2026-01-15T12:00:00.000001Z" });
    let refused = desk.step(&desk.editor, &id, "publish", future).await.refused(422, "invalid");
    assert_eq!(refused.errors(), ["/datePublished not_past"]);
    desk.app.audit();
    let older = json!({ "datePublished": "2020-10-09T11:30:00+03:00" });
    desk.step(&desk.editor, &id, "publish", older).await.expect(200);
    let line = desk.app.audit().pop().unwrap();
    assert_eq!((&*line.action, &line.payload["datePublished"]), ("article.published", &json!("2020-10-09T08:30:00Z")));
    let shown = desk.public(&id).await;
    assert_eq!(shown.text("/datePublished"), "2020-10-09T08:30:00Z");
    assert_eq!(shown.text("/dateModified"), "2020-10-09T08:30:00Z");
    desk.app.clock.advance(std::time::Duration::from_secs(60));
    desk.publish(&id).await;
    assert_eq!(desk.public(&id).await.text("/datePublished"), "2020-10-09T08:30:00Z");
}

#[actix_web::test]
async fn what_a_published_article_lacks_is_named_all_at_once() {
    let desk = Desk::new().await;
    let bare = json!({ "language": "ar", "headline": "خبر" });
    let id = desk.editor.post(DESK).json(&bare).send().await.expect(201).text("/id");
    let refused = desk.step(&desk.editor, &id, "publish", json!({})).await.refused(422, "not_publishable");
    assert_eq!(refused.errors(), ["/body required", "/sources required", "/sectionId required"]);
    desk.app.events();
    desk.edit(&desk.editor, &id, json!({ "body": [paragraph(" ")], "sectionId": desk.section })).await.expect(200);
    let refused = desk.step(&desk.editor, &id, "publish", json!({})).await.refused(422, "not_publishable");
    assert_eq!(refused.errors(), ["/body required", "/sources required"]);
    desk.app.assert_events(&["article.edited"]);
}

#[actix_web::test]
async fn what_is_withdrawn_is_gone_from_everywhere() {
    let desk = Desk::new().await;
    let id = desk.live("خبر عاجل").await;
    let other = desk.live_with("خبر ثان", json!({ "relatedIds": [id] })).await;
    assert_eq!(*desk.public(&other).await.at("/relatedIds"), json!([id]));
    desk.step(&desk.editor, &id, "unpublish", json!({ "note": "خطأ" })).await.expect(200);
    for name in [&*id, "خبر-عاجل", "خبر-عَاجل"] {
        desk.public(name).await.refused(404, "not_found");
    }
    let listed = desk.app.anonymous().get(&format!("{ARTICLES}?count=true")).send().await.expect(200);
    assert_eq!((listed.text("/items/0/id"), listed.at("/page/total")), (other.clone(), &json!(1)));
    assert_eq!(*desk.public(&other).await.at("/relatedIds"), json!([]));
    let with_related = desk.public(&format!("{other}?include=related")).await;
    assert_eq!(*with_related.at("/included/related"), json!([]));
    desk.publish(&id).await;
    desk.public("خبر-عاجل").await.expect(200);
}

#[actix_web::test]
async fn journalists_see_their_own_articles_only() {
    let desk = Desk::new().await;
    let own = desk.draft("لي").await.text("/id");
    let published = desk.live("منشور").await;
    let colleague = desk.app.as_(Role::Journalist).await;
    let listed = colleague.get(&format!("{DESK}?count=true")).send().await.expect(200);
    assert_eq!((listed.at("/items"), listed.at("/page/total")), (&json!([]), &json!(0)));
    for id in [&own, &published] {
        for path in ["", "/revisions", "/revisions/1"] {
            colleague.get(&format!("{DESK}/{id}{path}")).send().await.refused(404, "not_found");
        }
    }
    let listed = desk.journalist.get(&format!("{DESK}?count=true")).send().await.expect(200);
    assert_eq!(listed.at("/page/total"), &json!(2));
    let mine = desk.editor.get(&format!("{DESK}?mine=true")).send().await.expect(200);
    assert_eq!(*mine.at("/items"), json!([]));
    let drafts = desk.editor.get(&format!("{DESK}?state=draft")).send().await.expect(200);
    assert_eq!(drafts.text("/items/0/id"), own);
    assert!(drafts.json["items"][0].get("body").is_none(), "lists leave out the body");
}

/// SHA-256 over the hash before and each part with its length.
fn chain(before: &[u8], parts: &[&str]) -> String {
    let mut hash = Sha256::new().chain_update(before);
    for part in parts {
        hash = hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part);
    }
    khabar::text::hex(hash.finalize().as_slice())
}

#[actix_web::test]
async fn every_save_is_a_revision_whose_hash_follows_from_all_before() {
    use diesel::prelude::*;
    use khabar::db::schema::revisions;

    let desk = Desk::new().await;
    let id = desk.draft("الأول").await.text("/id");
    desk.edit(&desk.journalist, &id, json!({ "headline": "الثاني" })).await.expect(200);
    desk.step(&desk.journalist, &id, "submit", json!({ "note": "جاهز" })).await.expect(200);
    desk.publish(&id).await;
    let listed = desk.journalist.get(&format!("{DESK}/{id}/revisions?count=true")).send().await.expect(200);
    assert_eq!(listed.at("/page/total"), &json!(4));
    let actions: Vec<_> = listed.at("/items").as_array().unwrap().iter().map(|item| item["action"].clone()).collect();
    assert_eq!(actions, ["publish", "submit", "edit", "edit"]);
    assert!(listed.json["items"][0].get("snapshot").is_none());
    let texts: Vec<(String, String)> = revisions::table
        .order(revisions::version.asc())
        .select((revisions::content, revisions::body))
        .load(&mut desk.app.sql())
        .unwrap();
    let mut before = String::new();
    for (version, (content, body)) in (1..).zip(texts) {
        let one = desk.editor.get(&format!("{DESK}/{id}/revisions/{version}")).send().await.expect(200);
        assert_eq!(one.text("/prevHash"), before);
        let raw: Vec<u8> =
            (0..before.len() / 2).map(|n| u8::from_str_radix(&before[n * 2..n * 2 + 2], 16).unwrap()).collect();
        let note = one.at("/note").as_str().unwrap_or_default();
        let (number, action, state) = (version.to_string(), one.text("/action"), one.text("/state"));
        let (author, at) = (one.text("/authorId"), one.text("/dateCreated"));
        before = chain(&raw, &[&number, &action, &state, &author, &at, note, &content, &body]);
        assert_eq!(one.text("/hash"), before, "{version}");
        assert_eq!(one.text("/snapshot/headline"), if version == 1 { "الأول" } else { "الثاني" });
        assert_eq!(one.text("/snapshot/body/0/children/0/text"), "دعا الرئيس الروسي وزيري الخارجية.");
    }
    for version in ["0", "5", "-1", "x", "9999999999999999999999"] {
        desk.editor.get(&format!("{DESK}/{id}/revisions/{version}")).send().await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn what_an_article_refers_to_must_be_there_of_its_kind_and_in_use() {
    let desk = Desk::new().await;
    let nobody = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
    let retired = record(&desk.editor, "tags", json!({ "name": "قديم", "kind": "subject", "isActive": false })).await;
    let form = with(
        desk.form("خبر"),
        json!({
            "sectionId": desk.sources[0], "extraSectionIds": [desk.section, nobody], "tagIds": [retired, desk.section],
            "sources": [{ "sourceId": desk.sources[0] }, { "sourceId": desk.section }], "authors": [{ "authorId": nobody }],
            "relatedIds": [nobody], "rewriteOf": nobody, "translationOf": nobody,
        }),
    );
    let mut errors = desk.journalist.post(DESK).json(&form).send().await.refused(422, "invalid").errors();
    errors.sort();
    assert_eq!(
        errors,
        [
            "/authors/0/authorId not_found",
            "/extraSectionIds/1 not_found",
            "/relatedIds/0 not_found",
            "/rewriteOf not_found",
            "/sectionId not_found",
            "/sources/1/sourceId not_found",
            "/tagIds/0 out_of_use",
            "/tagIds/1 not_found",
            "/translationOf not_found",
        ]
    );
    let author = record(&desk.editor, "authors", json!({ "name": "سلمى" })).await;
    let twice = json!({ "authors": [{ "authorId": author, "role": "writer" }, { "authorId": author, "role": "photographer" }],
        "extraSectionIds": [desk.section] });
    let id = desk.live_with("مرتان", twice).await;
    assert_eq!(desk.public(&id).await.at("/authors").as_array().unwrap().len(), 2, "in two parts");
}

#[actix_web::test]
async fn what_is_referred_to_cannot_be_removed() {
    let desk = Desk::new().await;
    let used = async |id: &str| {
        let path = format!("{SOURCES}/{id}");
        desk.editor.delete(&path).if_match("\"1\"").send().await.refused(409, "in_use");
    };
    let draft = desk.draft("مسودة").await.text("/id");
    used(&desk.sources[0]).await;
    let live = desk.live_with("منشور", json!({ "sources": [{ "sourceId": desk.sources[1] }] })).await;
    // The working copy names another source now; the public still reads the first.
    desk.edit(&desk.editor, &live, json!({ "sources": [{ "sourceId": desk.sources[0] }] })).await.expect(200);
    used(&desk.sources[1]).await;
    desk.edit(&desk.journalist, &draft, json!({ "sources": [] })).await.expect(200);
    desk.app.events();
    used(&desk.sources[0]).await;
    desk.app.assert_events(&[]);
}

#[actix_web::test]
async fn a_source_that_is_renamed_is_renamed_in_every_article_at_once() {
    let desk = Desk::new().await;
    let both = json!({ "sources": [{ "sourceId": desk.sources[0] }, { "sourceId": desk.sources[1] }] });
    let id = desk.live_with("خبر", both).await;
    let before = desk.public(&id).await;
    assert_eq!(before.text("/creditText"), "وكالات - هيا");
    let path = format!("{SOURCES}/{}", desk.sources[0]);
    desk.editor.patch(&path).if_match("\"1\"").json(&json!({ "name": "رويترز" })).send().await.expect(200);
    let after = desk.public(&id).await;
    assert_eq!((after.text("/creditText"), after.text("/sources/0/name")), ("رويترز - هيا".into(), "رويترز".into()));
    assert_ne!(before.etag(), after.etag());
    let listed = desk.app.anonymous().get(ARTICLES).send().await;
    assert_eq!(listed.text("/items/0/sources/0/name"), "رويترز");
}

#[actix_web::test]
async fn of_fifty_changes_to_one_version_of_an_article_one_wins() {
    let desk = Desk::new().await;
    let made = desk.draft("خبر").await;
    let path = format!("{DESK}/{}", made.text("/id"));
    desk.app.events();
    let change = async |n: usize| {
        desk.journalist.patch(&path).if_match("\"1\"").json(&json!({ "by": format!("{n}") })).send().await
    };
    let answers = futures_util::future::join_all((0..50).map(change)).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    let late = answers.iter().filter(|answer| answer.status == 412 && answer.etag() == "\"2\"").count();
    assert_eq!((won, late), (1, 49));
    desk.app.assert_events(&["article.edited"]);
}

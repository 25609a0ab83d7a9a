//! Every operation that changes something, seen from below: the event and the audit line of a change are in its
//! transaction.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::Text;
use khabar::auth::Role;
use khabar::db::Conn;
use khabar::db::schema::{events, replies};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::factors::digits;
use crate::oidc::{Begun, claims};
use crate::support::client::Asked;
use crate::support::document::operations;
use crate::support::mailbox::Mailbox;
use crate::support::oidc_provider::{PAGE, Provider};
use crate::support::{Answer, Client, TestApp};

pub const PASSWORD: &str = "حبر على ورق منذ الفجر";
pub const NEW_PASSWORD: &str = "شاي بالنعناع كل مساء";

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn words(conn: &mut Conn, query: &str) -> Vec<String> {
    let rows: Vec<Word> = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(query).load(conn).unwrap(),
        Conn::Postgres(conn) => diesel::sql_query(query).load(conn).unwrap(),
    };
    rows.into_iter().map(|row| row.word).collect()
}

/// Every row of every table, and what the kept answers say that are sealed there.
pub fn contents(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    let mut tables = everything(&mut app.sql());
    tables.insert("kept answers".into(), answers(app));
    tables
}

/// What the kept answers say.
pub fn answers(app: &TestApp) -> Vec<String> {
    let columns = (replies::scope, replies::idempotency_key, replies::sealed);
    let kept: Vec<(String, String, Option<Vec<u8>>)> = replies::table.select(columns).load(&mut app.sql()).unwrap();
    let open = |(scope, key, sealed): (String, String, Option<Vec<u8>>)| {
        let plain = app.app.vault().open(&format!("reply {scope} {key}"), &sealed.unwrap());
        String::from_utf8(plain.unwrap()).unwrap()
    };
    kept.into_iter().map(open).collect()
}

/// The same, for those who have only a connection.
pub fn everything(conn: &mut Conn) -> BTreeMap<String, Vec<String>> {
    let is_sqlite = matches!(conn, Conn::Sqlite(_));
    let tables = if is_sqlite {
        "SELECT name AS word FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    } else {
        "SELECT tablename::text AS word FROM pg_tables WHERE schemaname = 'public'"
    };
    let names = words(conn, tables);
    let rows = |table: String| {
        let row = if is_sqlite {
            let columns = format!("SELECT 'quote(\"' || name || '\")' AS word FROM pragma_table_info('{table}')");
            words(conn, &columns).join(" || ' ' || ")
        } else {
            "t::text".into()
        };
        let rows = words(conn, &format!("SELECT {row} AS word FROM \"{table}\" t ORDER BY 1"));
        (table, rows)
    };
    names.into_iter().map(rows).collect()
}

/// Changes that leave no line in the audit log: which browsers are subscribed is nobody's business, a lock that is renewed is
/// the same one, nobody answers for one touch, and who asks for a letter or begins a sign-in has
/// changed nothing yet.
const UNTOLD: [&str; 9] = [
    "subscribe_push",
    "unsubscribe_push",
    "renew_lock",
    "add_reaction",
    "remove_reaction",
    "forget_password",
    "start_registration",
    "change_email",
    "start_oidc_sign_in",
];

/// What only reads, though it takes a body, and what is written down later by a job.
const READING: [&str; 2] = ["replay_comments", "count_view"];

/// How many tables the schema has, so that a look at all of them is one.
const TABLES: usize = 16;

#[track_caller]
pub fn assert_untouched(before: &BTreeMap<String, Vec<String>>, app: &TestApp, what: &str) {
    let after = contents(app);
    assert!(after.len() >= TABLES, "every table is looked at");
    for (table, rows) in before {
        assert_eq!(rows, &after[table], "{what} has left something in {table}");
    }
}

/// Who a change is made by, as the audit log says it.
#[derive(Clone, Copy)]
struct By(Option<Uuid>, &'static str);

impl By {
    /// Somebody who is not signed in.
    const ANYONE: Self = Self(None, "none");

    fn person(client: &Client, role: Role) -> Self {
        Self(Some(client.id().uuid()), role.as_str())
    }
}

/// Drives changes and looks at what each of them leaves.
struct Ledger {
    app: TestApp,
    mailbox: Mailbox,
    provider: Provider,
    requests: Cell<usize>,
    seq: Cell<i64>,
    /// The operations that were driven.
    done: RefCell<BTreeSet<String>>,
}

impl Ledger {
    async fn open() -> Self {
        let (mailbox, provider) = (Mailbox::new(), Provider::start());
        let app = TestApp::with(&format!("{}{}", provider.settings(""), mailbox.settings())).await;
        Self { app, mailbox, provider, requests: Cell::new(0), seq: Cell::new(0), done: RefCell::default() }
    }

    /// Takes the log as it is for the beginning.
    fn begin(&self) {
        self.app.audit();
        self.app.events();
        let last = events::table.select(max(events::seq)).first::<Option<i64>>(&mut self.app.sql());
        self.seq.set(last.unwrap().unwrap_or_default());
    }

    /// The change is not made while it can't be audited; then it is made, with exactly these events.
    async fn made(&self, id: &str, by: By, ask: Asked, topics: &[&str]) -> Answer {
        self.fails_whole(id, &ask).await;
        // So that what is prolonged ends later.
        self.app.clock.advance(Duration::from_secs(1));
        self.requests.set(self.requests.get() + 1);
        let request_id = format!("ledger-{}", self.requests.get());
        let answer = ask.header("x-request-id", &request_id).send().await;
        assert!((200..300).contains(&answer.status), "{id}: {}\n{:#}", answer.status, answer.json);
        self.look(id, by, &request_id, topics);
        answer
    }

    /// Without its line in the audit log there is no change, and no event either.
    async fn fails_whole(&self, id: &str, ask: &Asked) {
        let before = contents(&self.app);
        let rename = |from: &str, to: &str| {
            self.app.sql().batch_execute(&format!("ALTER TABLE {from} RENAME TO {to}")).unwrap();
        };
        rename("audit_log", "lost_log");
        let answer = ask.clone().send().await;
        rename("lost_log", "audit_log");
        assert!(answer.status >= 500, "{id} without an audit log: {}", answer.status);
        assert_untouched(&before, &self.app, id);
    }

    /// Both logs have grown by these topics, and by nothing else.
    #[track_caller]
    fn look(&self, id: &str, by: By, request_id: &str, topics: &[&str]) {
        let (events, lines) = (self.app.events(), self.app.audit());
        let seen: Vec<&str> = events.iter().map(|event| &*event.topic).collect();
        assert_eq!(seen, topics, "{id}");
        assert_eq!(lines.len(), events.len(), "{id}: one line for each event");
        for event in &events {
            assert_eq!(event.seq, self.seq.get() + 1, "{id}: no number is left out");
            self.seq.set(event.seq);
            let same = lines.iter().filter(|line| (&line.action, line.target) == (&event.topic, event.target));
            let payloads: Vec<&Value> = same.map(|line| &line.payload).collect();
            assert_eq!(payloads, [&event.payload], "{id}: {} has a line of its own", event.topic);
        }
        for line in &lines {
            assert_eq!(line.request_id, request_id, "{id}");
            assert_eq!((line.actor, &*line.role), (by.0, by.1), "{id}");
            let [before, after] = &line.hashes;
            assert_ne!(before, after, "{id}: {} says how things looked before and after", line.action);
        }
        self.done.borrow_mut().insert(id.to_owned());
    }
}

/// The people of a newsroom.
pub struct People {
    pub admin: Client,
    pub editor: Client,
    pub moderator: Client,
    pub reader: Client,
    pub anyone: Client,
}

impl People {
    pub async fn of(app: &TestApp) -> Self {
        Self {
            admin: app.as_(Role::Admin).await,
            editor: app.as_(Role::Editor).await,
            moderator: app.as_(Role::Moderator).await,
            reader: app.as_(Role::Reader).await,
            anyone: app.anonymous(),
        }
    }
}

/// A source, a section, a tag and an author are made, changed, and made once more and removed.
async fn records(ledger: &Ledger, people: &People) -> BTreeMap<&'static str, String> {
    let by = By::person(&people.editor, Role::Editor);
    let mut ids = BTreeMap::new();
    for noun in ["source", "section", "tag", "author"] {
        let list = format!("/api/v1/newsroom/{noun}s");
        let form = |name: &str| match noun {
            "source" => json!({ "name": name, "kind": "agency" }),
            _ => json!({ "name": name }),
        };
        let topic = |verb: &str| format!("{noun}.{verb}");
        let create = |name: &str| people.editor.post(&list).json(&form(name));
        let kept = ledger.made(&format!("create_{noun}"), by, create("باق"), &[&topic("created")]).await;
        let address = format!("{list}/{}", kept.text("/id"));
        let patch = people.editor.patch(&address).if_match(&kept.etag()).json(&json!({ "name": "متغير" }));
        ledger.made(&format!("update_{noun}"), by, patch, &[&topic("updated")]).await;
        let gone = ledger.made(&format!("create_{noun}"), by, create("زائل"), &[&topic("created")]).await;
        let delete = people.editor.delete(&format!("{list}/{}", gone.text("/id"))).if_match(&gone.etag());
        ledger.made(&format!("delete_{noun}"), by, delete, &[&topic("deleted")]).await;
        if noun != "section" {
            let twin = ledger.made(&format!("create_{noun}"), by, create("توأم"), &[&topic("created")]).await;
            let merge = people.editor.post(&format!("{list}/{}/merge", twin.text("/id"))).if_match(&twin.etag());
            let merge = merge.json(&json!({ "into": kept.text("/id") }));
            ledger.made(&format!("merge_{noun}"), by, merge, &[&topic("merged")]).await;
        }
        ids.insert(noun, kept.text("/id"));
    }
    ids
}

/// An article goes every way; it is published in the end.
async fn article(ledger: &Ledger, people: &People, records: &BTreeMap<&str, String>) -> Answer {
    let by = By::person(&people.editor, Role::Editor);
    let form = json!({
        "language": "ar",
        "headline": "خبر",
        "bodyHtml": "<p>نص</p>",
        "sources": [{ "sourceId": records["source"] }],
        "sectionId": records["section"],
        "tagIds": [records["tag"]],
        "authors": [{ "authorId": records["author"] }],
    });
    let create = people.editor.post("/api/v1/newsroom/articles").json(&form);
    let draft = ledger.made("create_article", by, create, &["article.created"]).await;
    let address = format!("/api/v1/newsroom/articles/{}", draft.text("/id"));
    let patch = people.editor.patch(&address).if_match(&draft.etag()).json(&json!({ "headline": "خبر آخر" }));
    let mut last = ledger.made("update_article", by, patch, &["article.edited"]).await;
    for (step, topic) in [
        ("submit", "article.submitted"),
        ("return", "article.returned"),
        ("submit", "article.submitted"),
        ("approve", "article.approved"),
        ("publish", "article.published"),
        ("unpublish", "article.unpublished"),
        ("spike", "article.spiked"),
        ("unspike", "article.unspiked"),
        ("publish", "article.published"),
    ] {
        last = step_of_article(ledger, people, &last, step, topic).await;
    }
    // Several at once, which are one here.
    let one =
        json!({ "id": last.text("/id"), "version": last.at("/version"), "action": "edit", "with": { "by": "كاتب" } });
    let several = people.editor.post("/api/v1/newsroom/articles/bulk").json(&json!({ "items": [one] }));
    ledger.made("change_articles", by, several, &["article.edited"]).await;
    let last = people.editor.get(&address).send().await.expect(200);
    let restore = people.editor.post(&format!("{address}/revisions/1/restore")).if_match(&last.etag());
    let last = ledger.made("restore_revision", by, restore.json(&json!({})), &["article.restored"]).await;
    let assign = people.editor.put(&format!("{address}/assignee")).if_match(&last.etag());
    ledger
        .made("assign_article", by, assign.json(&json!({ "userId": people.editor.id() })), &["article.assigned"])
        .await;
    let lock = people.editor.post(&format!("{address}/lock")).json(&json!({}));
    ledger.made("lock_article", by, lock, &["article.locked"]).await;
    let take = people.admin.post(&format!("{address}/lock")).json(&json!({ "takeOver": true }));
    ledger.made("lock_article", By::person(&people.admin, Role::Admin), take, &["article.lock_taken_over"]).await;
    let unlock = people.admin.delete(&format!("{address}/lock"));
    ledger.made("unlock_article", By::person(&people.admin, Role::Admin), unlock, &["article.unlocked"]).await;
    let share = people.editor.post(&format!("{address}/preview-links")).json(&json!({}));
    let link = ledger.made("create_preview_link", by, share, &["article.preview_shared"]).await;
    let revoke = people.editor.delete(&format!("{address}/preview-links/{}", link.text("/id")));
    ledger.made("revoke_preview_link", by, revoke, &["article.preview_revoked"]).await;
    let translate = people
        .editor
        .post(&format!("{address}/translations"))
        .if_match(&last.etag())
        .json(&json!({ "language": "en" }));
    ledger.made("translate_article", by, translate, &["article.created"]).await;
    // One that ends for good.
    let create = people.editor.post("/api/v1/newsroom/articles").json(&form);
    let mut gone = ledger.made("create_article", by, create, &["article.created"]).await;
    for (step, topic) in [
        ("schedule", "article.scheduled"),
        ("unschedule", "article.unscheduled"),
        ("publish", "article.published"),
        ("correct", "article.corrected"),
        ("kill", "article.killed"),
    ] {
        gone = step_of_article(ledger, people, &gone, step, topic).await;
    }
    last
}

async fn step_of_article(ledger: &Ledger, people: &People, last: &Answer, step: &str, topic: &str) -> Answer {
    let path = if step == "correct" { "corrections" } else { step };
    let address = format!("/api/v1/newsroom/articles/{}/{path}", last.text("/id"));
    let ask = people.editor.post(&address).if_match(&last.etag()).json(&crate::articles::said(step));
    ledger.made(&format!("{step}_article"), By::person(&people.editor, Role::Editor), ask, &[topic]).await
}

/// Alerts go out, change, and leave in each way.
async fn alerts(ledger: &Ledger, people: &People) -> Answer {
    let by = By::person(&people.editor, Role::Editor);
    let list = "/api/v1/newsroom/alerts";
    let form = |headline: &str| json!({ "headline": headline, "language": "ar" });
    let draft = async |headline: &str| {
        let ask = people.editor.post(list).json(&form(headline));
        ledger.made("draft_alert", by, ask, &["alert.created"]).await
    };
    let step = |alert: &Answer, step: &str, body: &Value| {
        people.editor.post(&format!("{list}/{}/{step}", alert.text("/id"))).if_match(&alert.etag()).json(body)
    };
    let given_up = draft("ملغى").await;
    ledger.made("cancel_alert", by, step(&given_up, "cancel", &json!({})), &["alert.cancelled"]).await;
    let first = draft("عاجل").await;
    let edit = people.editor.patch(&format!("{list}/{}", first.text("/id"))).if_match(&first.etag());
    let first = ledger.made("edit_alert", by, edit.json(&json!({ "urgency": 1 })), &["alert.edited"]).await;
    let approve = step(&first, "approve", &json!({}));
    let first = ledger.made("approve_alert", by, approve, &["alert.approved"]).await;
    let issue = step(&first, "issue", &json!({ "override": "وحدي" }));
    let topics = ["alert.override_used", "alert.issued", "push.requested"];
    let first = ledger.made("issue_alert", by, issue, &topics).await;
    let update = step(&first, "update", &json!({ "urgency": 2, "notify": true }));
    let first = ledger.made("update_alert", by, update, &["alert.updated", "push.requested"]).await;
    ledger.made("begin_article", by, step(&first, "article", &json!({})), &["article.created", "alert.linked"]).await;
    let first = people.editor.get(&format!("{list}/{}", first.text("/id"))).send().await.expect(200);
    let supersede = step(&first, "supersede", &form("أحدث"));
    let topics = ["alert.superseded", "alert.issued", "push.requested"];
    let second = ledger.made("supersede_alert", by, supersede, &topics).await;
    let later = draft("لاحق").await;
    let schedule = step(&later, "schedule", &json!({ "startsAt": "2030-01-01T00:00:00Z" }));
    ledger.made("schedule_alert", by, schedule, &["alert.scheduled"]).await;
    let retract = step(&second, "retract", &json!({ "reason": "خطأ" }));
    ledger.made("retract_alert", by, retract, &["alert.retracted", "push.requested"]).await
}

/// A comment waits, is changed, is approved and is taken back; another one is deleted.
async fn comments(ledger: &Ledger, people: &People, article: &Answer) -> Answer {
    let ask = people.reader.post(&format!("/api/v1/articles/{}/comments", article.text("/id")));
    let reader = By::person(&people.reader, Role::Reader);
    let posted = ledger.made("post_comment", reader, ask.json(&json!({ "text": "رأي" })), &["comment.posted"]).await;
    let address = format!("/api/v1/comments/{}", posted.text("/id"));
    let edit = people.reader.patch(&address).json(&json!({ "text": "رأي آخر" }));
    ledger.made("edit_comment", reader, edit, &["comment.edited"]).await;
    let by = By::person(&people.moderator, Role::Moderator);
    let desk = format!("/api/v1/newsroom/comments/{}", posted.text("/id"));
    let approve = people.moderator.post(&format!("{desk}/approve")).if_match("\"2\"").json(&json!({}));
    ledger.made("approve_comment", by, approve, &["comment.approved"]).await;
    let reject = people.moderator.post(&format!("{desk}/reject")).if_match("\"3\"").json(&json!({ "reason": "spam" }));
    ledger.made("reject_comment", by, reject, &["comment.rejected"]).await;
    let again = people.moderator.post(&format!("{desk}/approve")).if_match("\"4\"").json(&json!({}));
    ledger.made("approve_comment", by, again, &["comment.approved"]).await;
    let reason = json!({ "reason": "offensive" });
    let report = people.editor.post(&format!("/api/v1/comments/{}/reports", posted.text("/id"))).json(&reason);
    ledger.made("report_comment", By::ANYONE, report, &["comment.reported"]).await;
    let withhold = people.moderator.post(&format!("{desk}/withhold")).if_match("\"5\"").json(&reason);
    ledger.made("withhold_comment", by, withhold, &["comment.withheld"]).await;
    let ask = people.reader.post(&format!("/api/v1/articles/{}/comments", article.text("/id")));
    let gone = ledger.made("post_comment", reader, ask.json(&json!({ "text": "زائل" })), &["comment.posted"]).await;
    let badge = format!("/api/v1/newsroom/commenters/{}/badge", gone.text("/author/id"));
    let award = people.moderator.put(&badge).json(&json!({ "badge": "expert" }));
    ledger.made("award_badge", by, award, &["commenter.badged"]).await;
    let delete = people.reader.delete(&format!("/api/v1/comments/{}", gone.text("/id")));
    ledger.made("delete_comment", reader, delete, &["comment.deleted"]).await;
    let form = json!({ "commenterId": people.reader.id(), "kind": "warn", "reason": "offensive" });
    let impose = people.moderator.post("/api/v1/newsroom/sanctions").json(&form);
    let warning = ledger.made("impose_sanction", by, impose, &["sanction.imposed"]).await;
    let lift = people.moderator.post(&format!("/api/v1/newsroom/sanctions/{}/lift", warning.text("/id")));
    ledger.made("lift_sanction", by, lift.json(&json!({})), &["sanction.lifted"]).await;
    comment_desk(ledger, people, &desk).await;
    word_lists(ledger, people).await;
    let close = people.moderator.put(&format!("/api/v1/newsroom/articles/{}/discussion", article.text("/id")));
    let close = close.json(&json!({ "mode": "closed" }));
    ledger.made("rule_article_discussion", by, close, &["article.discussion_changed"]).await
}

/// A comment that was withheld is appealed against, approved, brought to the front, and rejected among others.
async fn comment_desk(ledger: &Ledger, people: &People, desk: &str) {
    let by = By::person(&people.moderator, Role::Moderator);
    let id = desk.rsplit('/').next().unwrap();
    let appeal = people.reader.post(&format!("/api/v1/comments/{id}/appeal")).json(&json!({ "text": "لماذا؟" }));
    ledger.made("appeal_comment", By::person(&people.reader, Role::Reader), appeal, &["comment.appealed"]).await;
    let note = people.moderator.post(&format!("{desk}/notes")).json(&json!({ "note": "ينتظر" }));
    ledger.made("note_comment", by, note, &["comment.noted"]).await;
    for (version, step, topic) in [
        (7, "review", "comment.reviewed"),
        (8, "approve", "comment.approved"),
        (9, "feature", "comment.featured"),
        (10, "unfeature", "comment.unfeatured"),
        (11, "pin", "comment.pinned"),
        (12, "unpin", "comment.unpinned"),
    ] {
        let ask = people.moderator.post(&format!("{desk}/{step}")).if_match(&format!("\"{version}\""));
        ledger.made(&format!("{step}_comment"), by, ask.json(&json!({})), &[topic]).await;
    }
    let form = json!({ "action": "reject", "reason": "spam", "items": [{ "id": id }] });
    let bulk = people.moderator.post("/api/v1/newsroom/comments/bulk").json(&form);
    ledger.made("moderate_comments", by, bulk, &["comment.rejected"]).await;
}

/// Words are put on the lists, and one is taken away.
async fn word_lists(ledger: &Ledger, people: &People) {
    let by = By::person(&people.moderator, Role::Moderator);
    let lists = "/api/v1/newsroom/word-lists";
    let add = people.moderator.post(lists).json(&json!({ "list": "banned", "text": "كلب" }));
    let word = ledger.made("add_word", by, add, &["word.added"]).await;
    let words = json!({ "list": "suspect", "words": ["غبي", "غبية"] });
    let import = people.moderator.post(&format!("{lists}/import")).json(&words);
    ledger.made("import_words", by, import, &["word.added"]).await;
    let remove = people.moderator.delete(&format!("{lists}/{}", word.text("/id")));
    ledger.made("remove_word", by, remove, &["word.removed"]).await;
    let (by, hook) = (By::person(&people.admin, Role::Admin), "/api/v1/newsroom/comment-hook");
    let set = people.admin.put(hook).json(&json!({ "url": "https://moderation.example/check" }));
    ledger.made("set_comment_hook", by, set, &["comment_hook.set"]).await;
    ledger.made("remove_comment_hook", by, people.admin.delete(hook), &["comment_hook.removed"]).await;
}

/// Somebody sets up a second factor and takes it away, and does it again before an administrator takes it.
async fn factor(ledger: &Ledger, people: &People, own: By) {
    let step = || {
        ledger.app.clock.advance(Duration::from_secs(30));
        ledger.app.app.now()
    };
    let sign_in = async |code: Value| {
        let form = json!({ "email": "omar@example.org", "password": PASSWORD, "code": code });
        let tokens = people.anyone.post("/api/v1/auth/login").json(&form).send().await.expect(200);
        ledger.begin();
        format!("Bearer {}", tokens.text("/accessToken"))
    };
    let bearer = sign_in(Value::Null).await;
    let ask = |path: &str, body: Value| {
        let path = format!("/api/v1/me/second-factor{path}");
        people.anyone.post(&path).header("authorization", &bearer).json(&body)
    };
    let begin = async || {
        let begin = ask("", json!({ "password": PASSWORD }));
        ledger.made("begin_second_factor", own, begin, &["second_factor.begun"]).await.text("/secret")
    };
    let confirm = async |secret: &str| {
        // Somebody is signed in elsewhere, too.
        sign_in(Value::Null).await;
        let topics = ["second_factor.confirmed", "session.proved", "user.sessions_revoked"];
        let confirm = ask("/confirm", json!({ "code": digits(secret, step(), 0) }));
        ledger.made("confirm_second_factor", own, confirm, &topics).await;
    };
    let secret = begin().await;
    confirm(&secret).await;
    let proof = json!({ "password": PASSWORD, "code": digits(&secret, step(), 0) });
    let topics = ["second_factor.codes_renewed"];
    ledger.made("renew_recovery_codes", own, ask("/recovery-codes", proof), &topics).await;
    sign_in(json!(digits(&secret, step(), 0))).await;
    let proof = json!({ "password": PASSWORD, "code": digits(&secret, step(), 0) });
    let topics = ["second_factor.removed", "session.proved", "user.sessions_revoked"];
    ledger.made("remove_second_factor", own, ask("/remove", proof), &topics).await;

    confirm(&begin().await).await;
    let admin = By::person(&people.admin, Role::Admin);
    let forget = people.admin.delete(&format!("/api/v1/newsroom/users/{}/second-factor", own.0.unwrap()));
    let topics = ["second_factor.removed", "user.sessions_revoked"];
    ledger.made("forget_second_factor", admin, forget, &topics).await;
}

/// The site changes, and accounts are made, changed and used.
async fn accounts(ledger: &Ledger, people: &People) {
    let admin = By::person(&people.admin, Role::Admin);
    let site = people.admin.get("/api/v1/newsroom/site").send().await.expect(200);
    let patch = people.admin.patch("/api/v1/newsroom/site").if_match(&site.etag()).json(&json!({ "name": "هيا" }));
    ledger.made("update_site", admin, patch, &["site.updated"]).await;

    let start = json!({ "email": "sara@example.org" });
    people.anyone.post("/api/v1/auth/register/start").json(&start).send().await.expect(204);
    let code = ledger.mailbox.letter(&ledger.app).await.code();
    ledger.begin();
    let form = json!({ "email": "sara@example.org", "name": "سارة", "password": "قهوة سادة كل صباح", "code": code });
    let register = people.anyone.post("/api/v1/auth/register").json(&form);
    let sara = ledger.made("register_account", By::ANYONE, register, &["user.registered"]).await;
    let form = json!({ "email": "sara@example.org", "password": "قهوة سادة كل صباح" });
    let login = people.anyone.post("/api/v1/auth/login").json(&form);
    let tokens = ledger.made("open_session", By::ANYONE, login, &["session.opened"]).await;
    let bearer = format!("Bearer {}", tokens.text("/accessToken"));
    let form = json!({ "currentPassword": "قهوة سادة كل صباح" });
    let erase = people.anyone.delete("/api/v1/me").header("authorization", &bearer).json(&form);
    let own = By(Uuid::parse_str(&sara.text("/id")).ok(), "reader");
    ledger.made("erase_me", own, erase, &["user.sessions_revoked", "user.erased"]).await;
    let form = json!({ "email": "omar@example.org", "name": "عمر", "role": "editor", "password": PASSWORD });
    let create = people.admin.post("/api/v1/newsroom/users").json(&form);
    let omar = ledger.made("create_user", admin, create, &["user.created"]).await;

    let form = json!({ "email": "omar@example.org", "password": PASSWORD });
    let login = people.anyone.post("/api/v1/auth/login").json(&form);
    let tokens = ledger.made("open_session", By::ANYONE, login, &["session.opened"]).await;
    let own = By(Uuid::parse_str(&omar.text("/id")).ok(), "editor");
    let bearer = format!("Bearer {}", tokens.text("/accessToken"));
    let with = |request: Asked| request.header("authorization", &bearer);
    let sessions = with(people.anyone.get("/api/v1/me/sessions")).send().await.expect(200);
    let session = format!("/api/v1/me/sessions/{}", sessions.text("/items/0/id"));
    let name = with(people.anyone.patch(&session)).json(&json!({ "name": "هاتفي" }));
    ledger.made("name_session", own, name, &["session.named"]).await;
    let prove = with(people.anyone.post("/api/v1/auth/step-up")).json(&json!({ "password": PASSWORD }));
    ledger.made("step_up", own, prove, &["session.proved"]).await;
    let form = json!({ "email": "omar@example.org", "password": PASSWORD });
    let login = people.anyone.post("/api/v1/auth/login").json(&form);
    login.send().await.expect(200);
    ledger.begin();
    let others = with(people.anyone.delete("/api/v1/me/sessions"));
    ledger.made("end_other_sessions", own, others, &["user.sessions_revoked"]).await;
    let form = json!({ "refreshToken": tokens.text("/refreshToken") });
    let refresh = people.anyone.post("/api/v1/auth/refresh").json(&form);
    let tokens = ledger.made("refresh_session", By::ANYONE, refresh.clone(), &["session.refreshed"]).await;
    let bearer = format!("Bearer {}", tokens.text("/accessToken"));
    let logout = people.anyone.post("/api/v1/auth/logout").header("authorization", &bearer);
    ledger.made("close_session", own, logout, &["session.revoked"]).await;
    factor(ledger, people, own).await;

    let form = json!({ "email": "omar@example.org", "password": PASSWORD });
    let tokens = people.anyone.post("/api/v1/auth/login").json(&form).send().await.expect(200);
    let bearer = format!("Bearer {}", tokens.text("/accessToken"));
    ledger.begin();
    let form = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
    let change = people.anyone.post("/api/v1/me/password").header("authorization", &bearer).json(&form);
    let topics = ["session.opened", "user.sessions_revoked", "user.password_changed"];
    let tokens = ledger.made("change_password", own, change, &topics).await;
    let bearer = format!("Bearer {}", tokens.text("/accessToken"));
    let rename =
        people.anyone.patch("/api/v1/me").header("authorization", &bearer).json(&json!({ "name": "عمر خليل" }));
    let renamed = ledger.made("update_me", own, rename, &["user.updated"]).await;
    let sessions = people.anyone.get("/api/v1/me/sessions").header("authorization", &bearer).send().await.expect(200);
    let session = format!("/api/v1/me/sessions/{}", sessions.text("/items/0/id"));
    let end = people.anyone.delete(&session).header("authorization", &bearer);
    ledger.made("end_session", own, end, &["session.revoked"]).await;

    let address = format!("/api/v1/newsroom/users/{}", omar.text("/id"));
    let form = json!({ "email": "omar@example.org", "password": NEW_PASSWORD });
    people.anyone.post("/api/v1/auth/login").json(&form).send().await.expect(200);
    ledger.begin();
    let end = people.admin.delete(&format!("{address}/sessions"));
    ledger.made("end_user_sessions", admin, end, &["user.sessions_revoked"]).await;
    let patch = people.admin.patch(&address).if_match(&renamed.etag()).json(&json!({ "role": "journalist" }));
    let changed = ledger.made("update_user", admin, patch, &["user.updated"]).await;
    let password = people.admin.post(&format!("{address}/password")).if_match(&changed.etag());
    let reset = password.json(&json!({ "password": PASSWORD }));
    let topics = ["user.sessions_revoked", "user.password_reset"];
    let changed = ledger.made("reset_password", admin, reset, &topics).await;
    let patch = people.admin.patch(&address).if_match(&changed.etag()).json(&json!({ "isActive": false }));
    ledger.made("update_user", admin, patch, &["user.sessions_revoked", "user.updated"]).await;
}

/// Somebody is invited, joins, forgets the password, and moves to another address.
async fn invitations(ledger: &Ledger, people: &People) {
    let (by, list) = (By::person(&people.admin, Role::Admin), "/api/v1/newsroom/invitations");
    let form = json!({ "email": "lina@example.org", "name": "لينا", "role": "journalist", "byMail": false });
    let create = people.admin.post(list).json(&form);
    let made = ledger.made("create_invitation", by, create.clone(), &["invitation.created"]).await;
    let one = format!("{list}/{}", made.text("/id"));
    let delete = people.admin.delete(&one).if_match(&made.etag());
    ledger.made("revoke_invitation", by, delete, &["invitation.revoked"]).await;
    let made = ledger.made("create_invitation", by, create, &["invitation.created"]).await;
    let renew = people.admin.post(&format!("{list}/{}/renew", made.text("/id"))).if_match(&made.etag());
    let renew = renew.json(&json!({ "byMail": false }));
    let code = ledger.made("renew_invitation", by, renew, &["invitation.renewed"]).await.text("/code");
    let post = |path: &str, form: Value| people.anyone.post(&format!("/api/v1/auth/{path}")).json(&form);
    let accept = post("invitations/accept", json!({ "code": code, "password": PASSWORD }));
    ledger.made("accept_invitation", By::ANYONE, accept, &["user.created", "invitation.accepted"]).await;

    post("password/forgot", json!({ "email": "lina@example.org" })).send().await.expect(204);
    let letters = ledger.mailbox.letters(&ledger.app).await;
    let code = letters.iter().find(|letter| letter.to == "lina@example.org").unwrap().code();
    ledger.begin();
    let reset = post("password/reset", json!({ "code": code, "newPassword": NEW_PASSWORD }));
    let topics = ["user.sessions_revoked", "user.password_reset"];
    ledger.made("recover_password", By::ANYONE, reset, &topics).await;
    let login = post("login", json!({ "email": "lina@example.org", "password": NEW_PASSWORD }));
    let bearer = format!("Bearer {}", login.send().await.expect(200).text("/accessToken"));
    let form = json!({ "email": "lina@example.com", "currentPassword": NEW_PASSWORD });
    let ask = people.anyone.post("/api/v1/me/email").header("authorization", &bearer).json(&form);
    ask.send().await.expect(204);
    let letters = ledger.mailbox.letters(&ledger.app).await;
    let code = letters.iter().find(|letter| letter.to == "lina@example.com").unwrap().code();
    ledger.begin();
    let confirm = post("email/confirm", json!({ "code": code }));
    ledger.made("confirm_email", By::ANYONE, confirm, &["user.email_changed"]).await;
}

/// Somebody comes by the word of a provider, and proves by it who they are; a colleague has it open their account, and takes that
/// back.
async fn identities(ledger: &Ledger, people: &People) {
    let start = async |ask: Asked, purpose: &str| {
        let form = json!({ "redirectUri": PAGE, "purpose": purpose });
        Begun::of(&ask.json(&form).send().await.expect(200))
    };
    let form = |begun: &Begun, other: Value| {
        let claims = claims(&ledger.app, &ledger.provider, begun, &other);
        begun.form(&ledger.provider.gives(&begun.page, &ledger.provider.key.token(&claims)))
    };
    let (id, first, last) = ("finish_oidc_sign_in", "/api/v1/auth/oidc/start", "/api/v1/auth/oidc/finish");
    let begun = start(people.anyone.post(first), "sign_in").await;
    let layla = json!({ "email": "layla@example.org" });
    let ask = people.anyone.post(last).json(&form(&begun, layla.clone()));
    let login = ledger.made(id, By::ANYONE, ask, &["user.created", "identity.linked", "session.opened"]).await;
    let bearer = format!("Bearer {}", login.text("/accessToken"));
    let own = By(Uuid::parse_str(&login.text("/user/id")).ok(), "editor");
    let begun = start(people.anyone.post(first).header("authorization", &bearer), "step_up").await;
    let ask = people.anyone.post(last).header("authorization", &bearer).json(&form(&begun, layla));
    ledger.made(id, own, ask, &["session.proved"]).await;

    let by = By::person(&people.editor, Role::Editor);
    let begun = start(people.editor.post(first), "link").await;
    let ask = people.editor.post(last).json(&form(&begun, json!({ "sub": "s-2" })));
    ledger.made(id, by, ask, &["identity.linked"]).await;
    let list = people.editor.get("/api/v1/me/identities").send().await.expect(200);
    let unlink = people.editor.delete(&format!("/api/v1/me/identities/{}", list.text("/items/0/id")));
    ledger.made("unlink_identity", by, unlink, &["identity.unlinked"]).await;

    let theirs = format!("/api/v1/newsroom/users/{}/identities", login.text("/user/id"));
    let list = people.admin.get(&theirs).send().await.expect(200);
    let unlink = people.admin.delete(&format!("{theirs}/{}", list.text("/items/0/id")));
    let admin = By::person(&people.admin, Role::Admin);
    ledger.made("unlink_user_identity", admin, unlink, &["identity.unlinked"]).await;
}

/// A program is given a key, which is changed, rotated and revoked.
async fn keys(ledger: &Ledger, people: &People) {
    let (by, list) = (By::person(&people.admin, Role::Admin), "/api/v1/newsroom/api-keys");
    let create = people.admin.post(list).json(&json!({ "name": "تطبيق", "scopes": ["article.write"] }));
    let made = ledger.made("create_api_key", by, create, &["api_key.created"]).await;
    let one = format!("{list}/{}", made.text("/id"));
    let patch = people.admin.patch(&one).if_match("\"1\"").json(&json!({ "name": "موقع" }));
    ledger.made("update_api_key", by, patch, &["api_key.updated"]).await;
    let rotate = people.admin.post(&format!("{one}/rotate")).if_match("\"2\"").json(&json!({}));
    ledger.made("rotate_api_key", by, rotate, &["api_key.rotated"]).await;
    ledger.made("revoke_api_key", by, people.admin.delete(&one).if_match("\"3\""), &["api_key.revoked"]).await;
}

/// A front page is put together, swapped, and removed.
async fn collections(ledger: &Ledger, people: &People, article: &Answer) {
    let by = By::person(&people.editor, Role::Editor);
    let list = "/api/v1/newsroom/collections";
    let slots = json!([{ "kind": "article", "articleId": article.text("/id") }]);
    let create = people.editor.post(list).json(&json!({ "name": "الأولى", "slots": slots }));
    let made = ledger.made("create_collection", by, create, &["collection.created"]).await;
    let address = format!("{list}/{}", made.text("/id"));
    let patch = people.editor.patch(&address).if_match(&made.etag()).json(&json!({ "name": "الرئيسة" }));
    let last = ledger.made("update_collection", by, patch, &["collection.updated"]).await;
    let swap = people.editor.post(&format!("{address}/swaps")).if_match(&last.etag());
    let swap = swap.json(&json!({ "at": "2026-01-16T12:00:00Z", "slots": [] }));
    let swap = ledger.made("schedule_swap", by, swap, &["collection.swap_scheduled"]).await;
    let last = people.editor.get(&address).send().await.expect(200);
    let cancel = people.editor.delete(&format!("{address}/swaps/{}", swap.text("/id"))).if_match(&last.etag());
    ledger.made("cancel_swap", by, cancel, &["collection.swap_cancelled"]).await;
    let last = people.editor.get(&address).send().await.expect(200);
    let delete = people.editor.delete(&address).if_match(&last.etag());
    ledger.made("delete_collection", by, delete, &["collection.deleted"]).await;
}

/// An endpoint is added, changed, tried and removed.
async fn webhooks(ledger: &Ledger, people: &People) {
    let by = By::person(&people.admin, Role::Admin);
    let list = "/api/v1/newsroom/webhooks";
    let create = people.admin.post(list).json(&json!({ "url": "https://partner.example/hooks" }));
    let mut last = ledger.made("create_webhook", by, create, &["webhook.created"]).await;
    let address = format!("{list}/{}", last.text("/id"));
    let patch = people.admin.patch(&address).if_match(&last.etag()).json(&json!({ "description": "شريك" }));
    last = ledger.made("update_webhook", by, patch, &["webhook.updated"]).await;
    for (step, id, topic) in [
        ("pause", "pause_webhook", "webhook.paused"),
        ("resume", "resume_webhook", "webhook.resumed"),
        ("rotate-secret", "rotate_webhook_secret", "webhook.secret_rotated"),
    ] {
        let ask = people.admin.post(&format!("{address}/{step}")).if_match(&last.etag()).json(&json!({}));
        last = ledger.made(id, by, ask, &[topic]).await;
    }
    let ask = people.admin.post(&format!("{address}/test")).if_match(&last.etag()).json(&json!({}));
    let sent = ledger.made("test_webhook", by, ask, &["webhook.tested"]).await;
    let again = people.admin.post(&format!("{address}/deliveries/{}/redeliver", sent.text("/id")));
    let again = again.if_match(&sent.etag()).json(&json!({}));
    ledger.made("redeliver_delivery", by, again, &["webhook.redelivered"]).await;
    let delete = people.admin.delete(&address).if_match(&last.etag());
    ledger.made("delete_webhook", by, delete, &["webhook.deleted"]).await;
}

#[actix_web::test]
async fn every_change_stands_or_falls_with_its_event_and_its_line_in_the_audit_log() {
    let ledger = Ledger::open().await;
    let people = People::of(&ledger.app).await;
    ledger.begin();
    let records = records(&ledger, &people).await;
    let article = article(&ledger, &people, &records).await;
    collections(&ledger, &people, &article).await;
    alerts(&ledger, &people).await;
    comments(&ledger, &people, &article).await;
    accounts(&ledger, &people).await;
    invitations(&ledger, &people).await;
    identities(&ledger, &people).await;
    keys(&ledger, &people).await;
    webhooks(&ledger, &people).await;
    let changes: BTreeSet<String> = operations()
        .iter()
        .filter(|operation| operation.method != "GET" && !UNTOLD.contains(&&*operation.id))
        .filter(|operation| !READING.contains(&&*operation.id))
        .map(|operation| operation.id.clone())
        .collect();
    assert_eq!(*ledger.done.borrow(), changes, "every operation that changes something was driven");
}

#[actix_web::test]
async fn a_refresh_token_that_comes_twice_is_refused_and_that_is_recorded_once() {
    let ledger = Ledger::open().await;
    let anyone = ledger.app.anonymous();
    ledger.app.reader("sara@example.org", PASSWORD).await;
    let form = json!({ "email": "sara@example.org", "password": PASSWORD });
    let tokens = anyone.post("/api/v1/auth/login").json(&form).send().await.expect(200);
    let form = json!({ "refreshToken": tokens.text("/refreshToken") });
    let refresh = || anyone.post("/api/v1/auth/refresh").json(&form);
    refresh().send().await.expect(200);
    ledger.begin();
    refresh().header("x-request-id", "twice").send().await.refused(401, "unauthenticated");
    ledger.look("refresh_session", By::ANYONE, "twice", &["session.reuse_detected"]);
}

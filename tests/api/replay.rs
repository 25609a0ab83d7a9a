//! Replay: what a change of the rules would have done to the last comments is what it does to the same ones later.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use khabar::auth::Role;
use khabar::db::Conn;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::comments::{address, article, below, desk, say};
use crate::support::{Answer, Client, TestApp};
use crate::writes::{assert_untouched, contents};

const REPLAY: &str = "/api/v1/newsroom/comments/replay";
const LISTS: &str = "/api/v1/newsroom/word-lists";
const SITE: &str = "/api/v1/newsroom/site";
const MINUTE: Duration = Duration::from_secs(60);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// How many comments fared how, and how they would: by their statuses.
type Changes = BTreeMap<(String, String), u64>;

async fn replay(who: &Client, form: Value) -> Answer {
    who.post(REPLAY).json(&form).send().await
}

/// What a replay counts.
fn counted(answer: &Answer) -> Changes {
    let mut changes = Changes::new();
    for change in answer.at("/changes").as_array().unwrap() {
        let [from, to] = ["from", "to"].map(|name| change[name].as_str().unwrap().to_owned());
        *changes.entry((from, to)).or_default() += change["count"].as_u64().unwrap();
    }
    assert_eq!(answer.at("/changed").as_u64(), Some(changes.values().sum()));
    changes
}

/// What has become of texts, compared with what became of them before.
fn compared(before: &[String], after: &[String]) -> Changes {
    let mut changes = Changes::new();
    for (from, to) in before.iter().zip(after).filter(|(from, to)| from != to) {
        *changes.entry((from.clone(), to.clone())).or_default() += 1;
    }
    changes
}

/// Each text by somebody new, below an article of its own kind; what became of each.
async fn post(app: &TestApp, texts: &[(&str, Value)]) -> Vec<String> {
    let editor = app.as_(Role::Editor).await;
    let mut statuses = Vec::new();
    for (text, rule) in texts {
        let to = below(&article(&editor, rule.clone()).await);
        statuses.push(say(&app.as_(Role::Reader).await, &to, text, None).await.text("/status"));
    }
    statuses
}

async fn settle(admin: &Client, patch: Value) {
    let site = admin.get(SITE).send().await.expect(200);
    admin.patch(SITE).if_match(&site.etag()).json(&patch).send().await.expect(200);
}

#[actix_web::test]
async fn what_a_replay_counts_is_what_the_change_does_to_the_same_texts() {
    let app = TestApp::new().await;
    let (moderator, admin) = (app.as_(Role::Moderator).await, app.as_(Role::Admin).await);
    let gone = json!({ "list": "suspect", "language": "ar", "text": "غبي" });
    let gone = moderator.post(LISTS).json(&gone).send().await.expect(201).text("/id");
    let known = json!({ "list": "banned", "text": "حمار", "reach": "exact" });
    moderator.post(LISTS).json(&known).send().await.expect(201);
    let open = || json!({ "mode": "open" });
    let texts = [
        ("يا كلب", open()),
        ("هذا والكلب وأنت غبي", open()),
        ("أنت غبي", open()),
        ("غبي انظر https://a.example", open()),
        ("انظر www.b.example", open()),
        ("a.example و b.example", open()),
        ("كلام عادي", open()),
        ("كلام عادي آخر", Value::Null),
        ("كلب ينتظر", Value::Null),
        ("وحمار بلا فائدة", open()),
        ("هنا مراجعة دائمة", json!({ "mode": "premoderated" })),
    ];
    let before = post(&app, &texts).await;
    let add = json!([
        { "list": "banned", "language": "ar", "text": "كَلب", "spaced": true },
        { "list": "banned", "text": "حمار", "reach": "word" },
    ]);
    let patch = json!({ "commentPolicy": "open", "discussion": { "linksMax": 0 } });
    let change = json!({ "words": { "add": add, "remove": [gone] }, "site": patch });
    let told = replay(&moderator, change.clone()).await.expect(200);
    assert_eq!(told.at("/lookedAt"), &json!(texts.len()));
    // What is tried is what is done then. One of the words is there already, which an import leaves out.
    for (word, status) in add.as_array().unwrap().iter().zip([201, 409]) {
        assert_eq!(moderator.post(LISTS).json(word).send().await.status, status);
    }
    moderator.delete(&format!("{LISTS}/{gone}")).send().await.expect(204);
    settle(&admin, patch).await;
    app.clock.advance(WEEK);
    let after = post(&app, &texts).await;
    assert_eq!(counted(&told), compared(&before, &after), "{before:?} {after:?}");
    assert!(counted(&told).len() >= 5, "many kinds of changes are tried: {:?}", counted(&told));
    let again = replay(&moderator, json!({ "site": change["site"] })).await.expect(200);
    assert_eq!(counted(&again), Changes::new(), "what is so already changes nothing");
}

#[actix_web::test]
async fn what_new_rules_hold_is_not_published_for_the_later_ones_of_its_writer() {
    let app = TestApp::new().await;
    let (editor, moderator, admin) =
        (app.as_(Role::Editor).await, app.as_(Role::Moderator).await, app.as_(Role::Admin).await);
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    let each = async |texts: &[&str]| {
        let reader = app.as_(Role::Reader).await;
        let mut statuses = Vec::new();
        for text in texts {
            app.clock.advance(MINUTE);
            statuses.push(say(&reader, &to, text, None).await.text("/status"));
        }
        statuses
    };
    let before = [each(&["أول", "ثان", "ثالث", "رابع"]).await, each(&["واحد"]).await].concat();
    let patch = json!({ "discussion": { "holdFirst": 2 } });
    let told = replay(&moderator, json!({ "site": patch })).await.expect(200);
    // Of the last ones alone: their writer's two before them were published, whatever the new rules would have said.
    let few = replay(&moderator, json!({ "site": patch, "last": 3 })).await.expect(200);
    settle(&admin, patch).await;
    app.clock.advance(WEEK);
    let after = [each(&["أول", "ثان", "ثالث", "رابع"]).await, each(&["واحد"]).await].concat();
    assert_eq!(counted(&told), compared(&before, &after));
    assert_eq!(counted(&told), Changes::from([(("published".into(), "pending".into()), 5)]));
    assert_eq!(counted(&few), Changes::from([(("published".into(), "pending".into()), 1)]));
    let latest = told.at("/changes/0/examples").as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap());
    assert_eq!(latest.collect::<Vec<_>>(), ["واحد", "رابع", "ثالث", "ثان", "أول"]);
}

#[actix_web::test]
async fn what_moderators_let_pass_counts_for_the_later_ones_and_what_they_took_does_not() {
    let app = TestApp::new().await;
    let (editor, moderator, admin) =
        (app.as_(Role::Editor).await, app.as_(Role::Moderator).await, app.as_(Role::Admin).await);
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    settle(&admin, json!({ "discussion": { "holdFirst": 1 } })).await;
    let reader = app.as_(Role::Reader).await;
    let rule = async |said: &Answer, action: &str, form: Value| {
        moderator.post(&format!("{}/{action}", desk(said))).if_match("\"1\"").json(&form).send().await.expect(200);
    };
    let first = say(&reader, &to, "أول", None).await.expect(202);
    rule(&first, "approve", json!({})).await;
    app.clock.advance(MINUTE);
    let second = say(&reader, &to, "ثان", None).await.expect(201);
    app.clock.advance(MINUTE);
    say(&reader, &to, "ثالث", None).await.expect(201);
    let hold = |many: u32| json!({ "site": { "discussion": { "holdFirst": many } } });
    assert_eq!(counted(&replay(&moderator, hold(1)).await.expect(200)), Changes::new());
    let one = |from: &str, to: &str, count| Changes::from([((from.into(), to.into()), count)]);
    assert_eq!(counted(&replay(&moderator, hold(0)).await.expect(200)), one("pending", "published", 1));
    assert_eq!(counted(&replay(&moderator, hold(2)).await.expect(200)), one("published", "pending", 2));
    let more = say(&app.as_(Role::Reader).await, &to, "كلام آخر", None).await.expect(202);
    rule(&second, "reject", json!({ "reason": "spam" })).await;
    rule(&more, "reject", json!({ "reason": "spam" })).await;
    assert_eq!(counted(&replay(&moderator, hold(1)).await.expect(200)), Changes::new());
}

#[actix_web::test]
async fn what_nobody_can_try_again_stays_as_it_was_held() {
    let app = TestApp::new().await;
    let (editor, moderator) = (app.as_(Role::Editor).await, app.as_(Role::Moderator).await);
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    let reader = app.as_(Role::Reader).await;
    say(&reader, &to, "هذا رأي طويل في الخبر كله", None).await.expect(201);
    let near = say(&reader, &to, "هذا رأي طويل في الخبر كله كلب", None).await.expect(202);
    assert_eq!(near.text("/status"), "withheld");
    say(&moderator, &to, "لا تقولوا كلب", None).await.expect(201);
    let watched = app.as_(Role::Reader).await;
    let first = say(&watched, &to, "a.example b.example", None).await.expect(202);
    let premod = json!({ "commenterId": first.text("/author/id"), "kind": "premod", "reason": "spam" });
    moderator.post("/api/v1/newsroom/sanctions").json(&premod).send().await.expect(201);
    let looser = json!({ "site": { "discussion": { "linksMax": 5 } } });
    assert_eq!(counted(&replay(&moderator, looser).await.expect(200)), Changes::new());
    let banned = json!({ "words": { "add": [{ "list": "banned", "text": "كلب" }] } });
    let told = replay(&moderator, banned).await.expect(200);
    assert_eq!(counted(&told), Changes::from([(("withheld".into(), "rejected".into()), 1)]));
    let example = told.at("/changes/0/examples/0");
    assert_eq!(
        (&example["id"], &example["spans"]),
        (near.at("/id"), &json!([{ "start": 26, "end": 29, "entry": "كلب" }]))
    );
    assert_eq!(told.at("/changes/0/rule"), &json!("bannedWord"));
    // What its writer has taken back is not there any more.
    reader.delete(&address(&near)).send().await.expect(204);
    let told = replay(&moderator, json!({ "words": { "add": [{ "list": "banned", "text": "كلب" }] } })).await;
    assert_eq!(counted(&told.expect(200)), Changes::new());
}

#[actix_web::test]
async fn a_replay_leaves_nothing_behind_and_is_for_those_who_moderate() {
    let app = TestApp::new().await;
    let (editor, moderator) = (app.as_(Role::Editor).await, app.as_(Role::Moderator).await);
    let to = below(&article(&editor, json!({ "mode": "open" })).await);
    let said = say(&app.as_(Role::Reader).await, &to, "يا كلب", None).await.expect(201);
    let form = json!({ "words": { "add": [{ "list": "banned", "text": "كلب" }] } });
    app.relay().await;
    khabar::audit::flush(&app.app).await.unwrap();
    app.events();
    app.audit();
    let before = contents(&app);
    let told = replay(&moderator, form.clone()).await.expect(200);
    assert_eq!((told.at("/changed"), told.header("cache-control")), (&json!(1), Some("no-store")));
    khabar::audit::flush(&app.app).await.unwrap();
    assert_untouched(&before, &app, "a replay");
    app.assert_events(&[]);
    assert_eq!(app.audit().len(), 0, "it is no news");
    app.anonymous().get(&address(&said)).send().await.expect(200);
    for role in [Role::Reader, Role::Journalist] {
        replay(&app.as_(role).await, form.clone()).await.refused(403, "forbidden");
    }
    let wrong = json!({
        "words": { "add": [{ "list": "banned", "text": "!" }], "remove": [Uuid::now_v7()] },
        "site": { "commentPolicy": "closed" },
    });
    let wrong = replay(&moderator, wrong).await.refused(422, "invalid");
    let faults = ["/site/commentPolicy not_allowed", "/words/add/0/text bad_format", "/words/remove/0 not_found"];
    let mut errors = wrong.errors();
    errors.sort();
    assert_eq!(errors, faults);
    replay(&moderator, json!({ "last": 5_001 })).await.refused(422, "invalid");
    replay(&moderator, json!({ "site": { "discussion": { "editSeconds": 1 } } })).await.refused(422, "invalid");
}

/// As many comments as a table holds, each by somebody of few, every tenth with a word.
fn fill(app: &TestApp, article: &str, author: &str, count: usize) {
    let mut conn = app.sql();
    let is_sqlite = matches!(conn, Conn::Sqlite(_));
    let blob = |hex: &str| if is_sqlite { format!("x'{hex}'") } else { format!("decode('{hex}', 'hex')") };
    let of = |id: &str| blob(&Uuid::parse_str(id).unwrap().simple().to_string());
    let (article, author, nothing) = (of(article), of(author), blob(""));
    let id = if is_sqlite { "CAST(printf('%016d', n) AS BLOB)" } else { "convert_to(lpad(n::text, 16, '0'), 'UTF8')" };
    let text = "CASE WHEN n % 10 = 0 THEN 'يا كلب' ELSE 'كلام' END";
    let base = 1_768_000_000_000_000_i64;
    let fill = format!(
        "INSERT INTO commenters (id, user_id, created_at) VALUES ({author}, {author}, 0);
         INSERT INTO comments (id, article_id, parent_id, answers_id, depth, author_id, status, text, text_key, \
             reply_count, listed_count, is_listed, reaction_count, report_count, has_reports, is_reviewed, \
             is_featured, is_pinned, version, created_at, updated_at) \
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
         SELECT {id}, {article}, NULL, NULL, 0, {author}, 'published', {text}, {nothing}, 0, 0, TRUE, \
             0, 0, FALSE, FALSE, FALSE, FALSE, 1, {base} + n, {base} + n FROM numbers;"
    );
    conn.batch_execute(&fill).unwrap();
}

#[actix_web::test]
async fn five_thousand_comments_are_looked_at_in_few_statements_and_no_write() {
    let app = TestApp::new().await;
    let (editor, moderator, reader) =
        (app.as_(Role::Editor).await, app.as_(Role::Moderator).await, app.as_(Role::Reader).await);
    let discussed = article(&editor, json!({ "mode": "open" })).await;
    fill(&app, &discussed.text("/id"), &reader.id().to_string(), 6_000);
    let form = json!({
        "words": { "add": [{ "list": "banned", "text": "كلب" }] },
        "site": { "discussion": { "holdFirst": 3 } },
        "last": 5_000,
    });
    let (told, statements) = app.statements_of(replay(&moderator, form)).await;
    let told = told.expect(200);
    assert_eq!((told.at("/lookedAt"), told.at("/changed")), (&json!(5_000), &json!(500)));
    assert_eq!(told.at("/changes/0/examples").as_array().unwrap().len(), 10);
    assert!(statements.len() < 100, "{}", statements.len());
    let writes = ["INSERT", "UPDATE", "DELETE"];
    let writing = statements.iter().find(|text| writes.iter().any(|verb| text.starts_with(verb)));
    assert_eq!(writing, None);
    let few = replay(&moderator, json!({ "words": { "add": [{ "list": "banned", "text": "كلب" }] }, "last": 501 }));
    let few = few.await.expect(200);
    assert_eq!((few.at("/lookedAt"), few.at("/changed")), (&json!(501), &json!(51)));
}

//! What is kept of a person: taken along, and taken out.

use std::time::Duration;

use diesel::prelude::*;
use khabar::auth::Role;
use khabar::db::schema::users;
use khabar::ids::UserId;
use khabar::privacy;
use serde_json::{Value, json};

use crate::comments::{address, article, below, counted, desk, say};
use crate::moderation::recount;
use crate::own_comments::traces;
use crate::reactions;
use crate::support::{Answer, Client, TestApp};
use crate::writes::PASSWORD;

const EMAIL: &str = "zabarjada@example.org";
const NAME: &str = "زبرجدة القارئة";
/// Stands in all that she says.
const WORD: &str = "فيروز";

/// A reader with a password, signed in.
pub async fn reader(app: &TestApp) -> Client {
    let form = json!({ "email": EMAIL, "name": NAME, "password": PASSWORD });
    let made = app.anonymous().post("/api/v1/auth/register").key("register").json(&form).send().await.expect(201);
    app.as_user(UserId::parse(&made.text("/id")).unwrap()).await
}

async fn erase(client: &Client, password: &str) -> Answer {
    client.delete("/api/v1/me").json(&json!({ "currentPassword": password })).send().await
}

fn assert_forgotten(app: &TestApp) {
    for word in [EMAIL, "zabarjada", NAME, "زبرجدة", WORD] {
        assert_eq!(traces(app, word), Vec::<String>::new(), "{word}");
    }
}

#[actix_web::test]
async fn a_person_takes_along_all_that_is_kept_of_them() {
    let app = TestApp::new().await;
    let (editor, moderator) = (app.as_(Role::Editor).await, app.as_(Role::Moderator).await);
    let (open, held) = (article(&editor, json!({ "mode": "open" })).await, article(&editor, Value::Null).await);
    let laila = reader(&app).await;
    for n in 0..120 {
        say(&laila, &below(&open), &format!("رأي {n}"), None).await.expect(201);
    }
    let made = say(&laila, &below(&held), "أول", None).await.expect(202);
    app.clock.advance(Duration::from_secs(1));
    laila.patch(&address(&made)).json(&json!({ "text": "أول مصحح" })).send().await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    let reject = json!({ "reason": "offTopic", "note": "بيننا" });
    moderator.post(&format!("{}/reject", desk(&made))).if_match("\"2\"").json(&reject).send().await.expect(200);
    let others = say(&moderator, &below(&held), "لغيرها", None).await.expect(201);
    laila.put(&format!("{}/reactions/like", address(&others))).send().await.expect(200);
    let report = json!({ "reason": "other", "note": "يسيء إلي" });
    laila.post(&format!("{}/reports", address(&others))).json(&report).send().await.expect(201);
    let before = app.statements();
    let all = laila.get("/api/v1/me/export").send().await.expect(200);
    assert!(app.statements() - before < 20, "however much there is");
    assert_eq!(all.header("cache-control"), Some("no-store"));
    assert_eq!((all.text("/account/email"), all.text("/account/name")), (EMAIL.into(), NAME.into()));
    assert_eq!(all.at("/sessions").as_array().unwrap().len(), 1);
    let comments = all.at("/comments").as_array().unwrap();
    assert_eq!(comments.len(), 121, "all of them");
    let rejected = comments.iter().find(|comment| comment["id"] == made.text("/id").as_str()).unwrap();
    assert_eq!((&rejected["text"], &rejected["reason"]), (&json!("أول مصحح"), &json!("offTopic")));
    assert_eq!(rejected["earlier"][0]["text"], json!("أول"));
    let decisions: Vec<(&Value, &Value, &Value)> = rejected["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|decision| (&decision["rule"], &decision["status"], &decision["reason"]))
        .collect();
    let (waits, null) = (json!("premoderatedArticle"), Value::Null);
    let (pending, by, rejected, reason) = (json!("pending"), json!("moderator"), json!("rejected"), json!("offTopic"));
    assert_eq!(decisions, [(&waits, &pending, &null), (&waits, &pending, &null), (&by, &rejected, &reason)]);
    let told = |item: &Value, what: &str| (item["commentId"].clone(), item[what].clone());
    let [reactions, reports] = ["/reactions", "/reports"].map(|path| all.at(path).as_array().unwrap().clone());
    assert_eq!((reactions.len(), told(&reactions[0], "kind")), (1, (json!(others.text("/id")), json!("like"))));
    assert_eq!((reports.len(), told(&reports[0], "note")), (1, (json!(others.text("/id")), json!("يسيء إلي"))));
    assert!(!String::from_utf8_lossy(&all.bytes).contains("بيننا"), "what is noted for colleagues is theirs");
    app.anonymous().get("/api/v1/me/export").send().await.refused(401, "unauthenticated");
}

#[actix_web::test]
async fn of_who_is_forgotten_no_word_is_left_and_discussions_keep_their_shape() {
    let app = TestApp::new().await;
    let (editor, moderator) = (app.as_(Role::Editor).await, app.as_(Role::Moderator).await);
    let article = article(&editor, json!({ "mode": "open" })).await;
    let (laila, to) = (reader(&app).await, below(&article));
    let body = json!({ "text": format!("{WORD} أصل") });
    let root = laila.post(&to).key("root").json(&body).send().await.expect(201);
    let answer = say(&moderator, &to, "جواب", Some(&root)).await.expect(201);
    let leaf = say(&laila, &to, &format!("{WORD} طرف"), Some(&answer)).await.expect(201);
    laila.patch(&address(&leaf)).json(&json!({ "text": format!("{WORD} طرف مصحح") })).send().await.expect(200);
    let links = format!("{WORD} https://a.example https://b.example");
    say(&laila, &to, &links, None).await.expect(202);
    let badge = format!("/api/v1/newsroom/commenters/{}/badge", laila.id());
    moderator.put(&badge).json(&json!({ "badge": "expert" })).send().await.expect(200);
    let hidden = say(&moderator, &to, "يختفي", None).await.expect(201);
    for comment in [&answer, &hidden] {
        laila.put(&format!("{}/reactions/like", address(comment))).send().await.expect(200);
        let report = json!({ "reason": "other", "note": WORD });
        laila.post(&format!("{}/reports", address(comment))).json(&report).send().await.expect(201);
    }
    let withhold = moderator.post(&format!("{}/withhold", desk(&hidden))).if_match("\"1\"");
    withhold.json(&json!({ "reason": "spam" })).send().await.expect(200);
    assert_eq!(counted(&app, &article).await, 3);
    assert!(traces(&app, WORD).len() >= 3 && !traces(&app, "zabarjada").is_empty());
    app.events();
    let wrong = erase(&laila, "ليست هي").await.refused(422, "invalid");
    assert_eq!(wrong.errors(), ["/currentPassword wrong_password"]);
    app.assert_events(&[]);
    erase(&laila, PASSWORD).await.expect(204);
    let events = app.events();
    let topics: Vec<&str> = events.iter().map(|event| event.topic.as_str()).collect();
    assert_eq!(topics[..2], ["user.sessions_revoked", "user.erased"]);
    assert_eq!(topics[2..], ["comment.deleted", "comment.deleted", "comment.deleted", "comment.reacted"]);
    assert_eq!(events[5].target.unwrap().to_string(), answer.text("/id"), "of what is out of sight nothing is told");
    assert_forgotten(&app);
    assert_eq!(reactions::recount(&app), 0);
    for (comment, reports) in [(&answer, 1), (&hidden, 0)] {
        let seen = moderator.get(&desk(comment)).send().await.expect(200);
        assert_eq!((seen.at("/reactions"), seen.at("/reportCount")), (&json!({}), &json!(reports)));
    }
    assert_eq!((counted(&app, &article).await, recount(&app)), (1, 1));
    let gap = app.anonymous().get(&to).send().await.expect(200);
    let told = (gap.at("/items/0/status"), gap.at("/items/0/author"), gap.at("/items/0/replyCount"));
    assert_eq!(told, (&json!("deleted"), &Value::Null, &json!(1)));
    let below = app.anonymous().get(&format!("{to}?parentId={}", root.text("/id"))).send().await.expect(200);
    assert_eq!(below.text("/items/0/text"), "جواب");
    let seen = moderator.get(&desk(&root)).send().await.expect(200);
    assert_eq!((seen.at("/author/name"), seen.at("/author/badge")), (&Value::Null, &Value::Null));
    laila.get("/api/v1/me").send().await.refused(401, "unauthenticated");
    let form = json!({ "email": EMAIL, "password": PASSWORD });
    app.anonymous().post("/api/v1/auth/login").json(&form).send().await.refused(401, "bad_credentials");
    reader(&app).await.get("/api/v1/me").send().await.expect(200);
}

#[actix_web::test]
async fn who_works_here_is_not_forgotten_by_themselves() {
    let app = TestApp::new().await;
    for role in [Role::Journalist, Role::Editor, Role::Moderator, Role::Admin] {
        erase(&app.as_(role).await, PASSWORD).await.refused(409, "staff_account");
    }
    app.assert_events(&[]);
    let (admin, laila) = (app.as_(Role::Admin).await, reader(&app).await);
    let address = format!("/api/v1/newsroom/users/{}", laila.id());
    for (role, status) in [("journalist", 409), ("reader", 204)] {
        let seen = admin.get(&address).send().await.expect(200);
        let patch = admin.patch(&address).if_match(&seen.etag()).json(&json!({ "role": role }));
        patch.send().await.expect(200);
        erase(&laila, PASSWORD).await.expect(status);
    }
    assert_forgotten(&app);
}

#[actix_web::test]
async fn an_erasure_that_broke_off_is_finished_by_whoever_comes_by() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let (laila, other) = (reader(&app).await, app.as_(Role::Reader).await);
    for n in 0..230 {
        say(&laila, &below(&article), &format!("{WORD} {n}"), None).await.expect(201);
    }
    say(&other, &below(&article), "باق", None).await.expect(201);
    erase(&laila, PASSWORD).await.expect(204);
    assert_eq!((traces(&app, WORD), counted(&app, &article).await), (vec!["comments".to_owned()], 31));
    assert_eq!(traces(&app, "zabarjada"), Vec::<String>::new(), "the name is gone at once");
    // The node is killed here; two others go on, at once.
    let (one, two) = (app.restarted().await, app.restarted().await);
    let (a, b) = futures_util::future::join(privacy::run(one.app.clone()), privacy::run(two.app.clone())).await;
    a.and(b).unwrap();
    assert_forgotten(&app);
    assert_eq!((counted(&app, &article).await, recount(&app)), (1, 1));
    assert!(!privacy::step(&app.app).await.unwrap(), "nothing is left to do");
}

#[actix_web::test]
async fn who_is_forgotten_in_the_middle_of_saying_something_has_not_said_it() {
    let app = TestApp::new().await;
    let article = article(&app.as_(Role::Editor).await, json!({ "mode": "open" })).await;
    let shown = say(&app.as_(Role::Moderator).await, &below(&article), "ظاهر", None).await.expect(201);
    for has_commented in [false, true] {
        let laila = reader(&app).await;
        if has_commented {
            say(&laila, &below(&article), WORD, None).await.expect(201);
        }
        erase(&laila, PASSWORD).await.expect(204);
        // As a request finds things that was let in a moment before.
        let account = diesel::update(users::table.find(laila.id()));
        account.set(users::is_active.eq(true)).execute(&mut app.sql()).unwrap();
        let late = app.as_user(laila.id()).await;
        let note = json!({ "reason": "other", "note": WORD });
        say(&late, &below(&article), WORD, None).await.refused(401, "unauthenticated");
        late.put(&format!("{}/reactions/like", address(&shown))).send().await.refused(401, "unauthenticated");
        let report = late.post(&format!("{}/reports", address(&shown))).json(&note);
        report.send().await.refused(401, "unauthenticated");
        assert_forgotten(&app);
    }
    reactions::recount(&app);
    recount(&app);
}

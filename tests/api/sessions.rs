//! Where people are signed in, how they end it, and how they prove once more who they are.

use std::time::Duration;

use khabar::auth::{Actor, Role, Tokens, forget_sessions};
use khabar::ids::Id;
use serde_json::{Value, json};

use crate::support::client::Asked;
use crate::support::{Answer, Client, ISSUER, TestApp};

const OWN: &str = "/api/v1/me/sessions";
const PASSWORD: &str = "قهوة سادة كل صباح";

/// Somebody who is signed in by a password, and the tokens.
struct Person {
    anyone: Client,
    tokens: Answer,
}

impl Person {
    async fn register(app: &TestApp, email: &str) {
        let form = json!({ "email": email, "password": PASSWORD, "name": "سارة" });
        app.anonymous().post("/api/v1/auth/register").json(&form).send().await.expect(201);
    }

    async fn sign_in(app: &TestApp, email: &str, agent: &str) -> Self {
        let form = json!({ "email": email, "password": PASSWORD });
        let login = app.anonymous().post("/api/v1/auth/login").json(&form).header("user-agent", agent);
        Self { anyone: app.anonymous(), tokens: login.send().await.expect(200) }
    }

    fn with(&self, request: Asked) -> Asked {
        request.header("authorization", &format!("Bearer {}", self.tokens.text("/accessToken")))
    }

    async fn get(&self, path: &str) -> Answer {
        self.with(self.anyone.get(path)).send().await
    }

    async fn sessions(&self) -> Vec<Value> {
        self.get(OWN).await.expect(200).at("/items").as_array().unwrap().clone()
    }

    async fn refresh(&self) -> Answer {
        let form = json!({ "refreshToken": self.tokens.text("/refreshToken") });
        self.anyone.post("/api/v1/auth/refresh").json(&form).send().await
    }

    /// Whether neither token opens anything.
    async fn assert_out(&self) {
        self.get("/api/v1/me").await.refused(401, "unauthenticated");
        self.refresh().await.refused(401, "unauthenticated");
    }
}

#[actix_web::test]
async fn people_see_where_they_are_signed_in_and_end_what_they_do_not_know() {
    let app = TestApp::new().await;
    Person::register(&app, "sara@example.org").await;
    Person::register(&app, "omar@example.org").await;
    let phone = Person::sign_in(&app, "sara@example.org", "Phone/1").await;
    app.clock.advance(Duration::from_secs(60));
    let desk = Person::sign_in(&app, "sara@example.org", &"x".repeat(300)).await;
    let omar = Person::sign_in(&app, "omar@example.org", "Phone/2").await;
    let sessions = desk.sessions().await;
    let told: Vec<_> = sessions.iter().map(|one| (&one["userAgent"], &one["isCurrent"], &one["name"])).collect();
    let long = json!("x".repeat(200));
    assert_eq!(told, [(&long, &json!(true), &Value::Null), (&json!("Phone/1"), &json!(false), &Value::Null)]);
    let first = format!("{OWN}/{}", sessions[1]["id"].as_str().unwrap());

    let name = |who: &Person, name: Value| who.with(who.anyone.patch(&first)).json(&json!({ "name": name })).send();
    assert_eq!(name(&desk, json!(" هاتفي ")).await.expect(200).text("/name"), "هاتفي");
    assert_eq!(name(&desk, json!("x".repeat(61))).await.refused(422, "invalid").errors(), ["/name too_long"]);
    name(&omar, json!("لي")).await.refused(404, "not_found");
    omar.with(omar.anyone.delete(&first)).send().await.refused(404, "not_found");
    assert_eq!(phone.sessions().await.len(), 2);

    desk.with(desk.anyone.delete(&first)).send().await.expect(204);
    phone.assert_out().await;
    desk.with(desk.anyone.delete(&first)).send().await.refused(404, "not_found");
    assert_eq!(desk.sessions().await.len(), 1);

    let again = Person::sign_in(&app, "sara@example.org", "Phone/1").await;
    again.with(again.anyone.delete(OWN)).send().await.expect(204);
    desk.assert_out().await;
    assert_eq!((again.sessions().await.len(), omar.sessions().await.len()), (1, 1));
    // What is over by itself is not shown any more.
    let third = Person::sign_in(&app, "sara@example.org", "Phone/3").await;
    app.clock.advance(Duration::from_secs(29 * 86_400));
    let Answer { json, .. } = third.refresh().await.expect(200);
    app.clock.advance(Duration::from_secs(2 * 86_400));
    let bearer = format!("Bearer {}", json["accessToken"].as_str().unwrap());
    app.anonymous().get(OWN).header("authorization", &bearer).send().await.refused(401, "unauthenticated");
    let last = Person::sign_in(&app, "sara@example.org", "Phone/4").await;
    let agents: Vec<Value> = last.sessions().await.iter().map(|one| one["userAgent"].clone()).collect();
    assert_eq!(agents, ["Phone/4", "Phone/3"]);
}

#[actix_web::test]
async fn an_administrator_sees_and_ends_the_sessions_of_others() {
    let app = TestApp::new().await;
    Person::register(&app, "sara@example.org").await;
    let sara = Person::sign_in(&app, "sara@example.org", "Phone/1").await;
    let id = sara.get("/api/v1/me").await.expect(200).text("/id");
    let path = format!("/api/v1/newsroom/users/{id}/sessions");
    let admin = app.as_(Role::Admin).await;
    let all = admin.get(&format!("{path}?count=true")).send().await.expect(200);
    assert_eq!((all.text("/items/0/userAgent"), all.at("/page/total")), ("Phone/1".into(), &json!(1)));
    admin.delete(&path).send().await.expect(204);
    sara.assert_out().await;
    let nobody = "/api/v1/newsroom/users/0192f3a4-5b6c-7d8e-9f01-23456789abcd/sessions";
    admin.get(nobody).send().await.refused(404, "not_found");
    admin.delete(nobody).send().await.refused(404, "not_found");
}

#[actix_web::test]
async fn of_twenty_refreshes_at_once_at_most_one_gives_tokens() {
    let app = TestApp::new().await;
    Person::register(&app, "sara@example.org").await;
    let sara = Person::sign_in(&app, "sara@example.org", "Phone/1").await;
    let answers = futures_util::future::join_all((0..20).map(|_| sara.refresh())).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(good <= 1, "{good} of 20");
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401)));
    // The second one that came ended the session: what the first one got is worth nothing.
    sara.assert_out().await;
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        let bearer = format!("Bearer {}", answer.text("/accessToken"));
        app.anonymous().get("/api/v1/me").header("authorization", &bearer).send().await.refused(401, "unauthenticated");
    }
}

#[actix_web::test]
async fn what_was_signed_with_the_secret_before_is_good_until_that_is_taken_out() {
    const OLD: &str = "the secret before this one, of 32 bytes";
    for (settings, status) in [(format!("jwt_secret_before = \"{OLD}\"\n"), 200), (String::new(), 401)] {
        let app = TestApp::with(&settings).await;
        Person::register(&app, "sara@example.org").await;
        let sara = Person::sign_in(&app, "sara@example.org", "Phone/1").await;
        let current = sara.sessions().await[0]["id"].as_str().unwrap().to_owned();
        let user = sara.get("/api/v1/me").await.expect(200).text("/id");
        let (user, session) = (Id::parse(&user).unwrap(), Id::parse(&current).unwrap());
        let old = Tokens::new(OLD.as_bytes(), None, ISSUER, 15).sign(user, session, app.app.now()).unwrap();
        let bearer = format!("Bearer {old}");
        let answer = app.anonymous().get("/api/v1/me").header("authorization", &bearer).send().await;
        assert_eq!(answer.status, status);
        // Nothing new is signed with it.
        let fresh = sara.tokens.text("/accessToken");
        assert_ne!(fresh.split('.').next(), old.split('.').next());
    }
}

#[actix_web::test]
async fn what_is_grave_asks_who_did_not_prove_lately_who_they_are() {
    let app = TestApp::with("[auth]\nstep_up_minutes = 15\n").await;
    let admin = app.as_(Role::Admin).await;
    let form = json!({ "email": "omar@example.org", "name": "عمر", "role": "admin", "password": PASSWORD });
    let made = admin.post("/api/v1/newsroom/users").json(&form).send().await.expect(201);
    let omar = Person::sign_in(&app, "omar@example.org", "Desk/1").await;
    let promote = |tag: String| {
        let patch = omar.anyone.patch(&format!("/api/v1/newsroom/users/{}", made.text("/id"))).if_match(&tag);
        omar.with(patch).json(&json!({ "name": "عمر خليل" })).send()
    };
    let changed = promote(made.etag()).await.expect(200);
    app.clock.advance(Duration::from_secs(14 * 60));
    let tokens = omar.refresh().await.expect(200);
    let omar = Person { anyone: app.anonymous(), tokens };
    let promote = |tag: String| {
        let patch = omar.anyone.patch(&format!("/api/v1/newsroom/users/{}", made.text("/id"))).if_match(&tag);
        omar.with(patch).json(&json!({ "name": "عمر" })).send()
    };
    app.clock.advance(Duration::from_secs(61));
    let refused = promote(changed.etag()).await.refused(403, "step_up_required");
    assert_eq!(refused.text("/permission"), "user.grant");
    let kill =
        omar.anyone.post("/api/v1/newsroom/articles/0192f3a4-5b6c-7d8e-9f01-23456789abcd/kill").if_match("\"1\"");
    let kill = omar.with(kill).json(&json!({ "notice": "خطأ" }));
    kill.clone().send().await.refused(403, "step_up_required");
    // To look is not grave.
    omar.get("/api/v1/newsroom/users").await.expect(200);

    let prove = |password: &str| {
        omar.with(omar.anyone.post("/api/v1/auth/step-up")).json(&json!({ "password": password })).send()
    };
    assert_eq!(prove("شاي بالنعناع كل مساء").await.refused(422, "invalid").errors(), ["/password wrong_password"]);
    promote(changed.etag()).await.refused(403, "step_up_required");
    prove(PASSWORD).await.expect(204);
    promote(changed.etag()).await.expect(200);
    kill.send().await.refused(404, "not_found");
    app.clock.advance(Duration::from_secs(15 * 60 + 1));
    let tokens = omar.refresh().await.expect(200);
    let omar = Person { anyone: app.anonymous(), tokens };
    // Nor is one of many at once.
    let item = json!({ "id": made.text("/id"), "version": 1, "action": "kill", "with": { "notice": "خطأ" } });
    let many = omar.anyone.post("/api/v1/newsroom/articles/bulk").json(&json!({ "items": [item] }));
    let bulk = omar.with(many).send().await.expect(200);
    assert_eq!(
        (bulk.at("/items/0/status"), bulk.text("/items/0/problem/code")),
        (&json!(403), "step_up_required".into())
    );
}

#[actix_web::test]
async fn what_ended_long_ago_is_forgotten_and_what_is_used_is_not() {
    let app = TestApp::with("[auth]\nrefresh_days = 30\n").await;
    Person::register(&app, "sara@example.org").await;
    let day = Duration::from_secs(86_400);
    let phone = Person::sign_in(&app, "sara@example.org", "phone").await;
    let mut tokens = Person::sign_in(&app, "sara@example.org", "laptop").await.tokens;
    let rows = |table: &str| crate::writes::contents(&app)[table].len();
    let forget = async || app.app.write(Actor::itself(), |tx| forget_sessions(tx, 100)).await.unwrap();
    let trade = async |tokens: &Answer| {
        let form = json!({ "refreshToken": tokens.text("/refreshToken") });
        app.anonymous().post("/api/v1/auth/refresh").json(&form).send().await
    };
    for _ in 0..6 {
        app.clock.advance(day * 20);
        tokens = trade(&tokens).await.expect(200);
    }
    app.clock.advance(Duration::from_secs(1));
    assert_eq!((rows("sessions"), rows("refresh_tokens")), (2, 8));
    // The phone's session was over on the thirtieth day; the first of the tokens was used on the twentieth.
    assert_eq!(forget().await, 2);
    assert_eq!((rows("sessions"), rows("refresh_tokens")), (1, 6));
    assert_eq!(forget().await, 0);
    trade(&phone.tokens).await.refused(401, "unauthenticated");
    trade(&tokens).await.expect(200);
}

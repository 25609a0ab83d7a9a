//! How staff joins: who may invite whom, and what a code is good for.

use std::time::Duration;

use futures_util::future::join_all;
use khabar::auth::actions::{POLICY, permissions};
use khabar::auth::{Actor, Role};
use serde_json::{Value, json};

use crate::support::mailbox::Mailbox;
use crate::support::{Answer, Client, TestApp};

const LIST: &str = "/api/v1/newsroom/invitations";
const PASSWORD: &str = "حبر على ورق منذ الفجر";
const OMAR: &str = "omar@example.org";

fn form(by_mail: bool) -> Value {
    json!({ "email": OMAR, "name": "عمر خليل", "role": "journalist", "byMail": by_mail })
}

async fn invite(admin: &Client, form: Value) -> Answer {
    admin.post(LIST).json(&form).send().await
}

async fn accept(app: &TestApp, code: &str, password: &str) -> Answer {
    let form = json!({ "code": code, "password": password });
    app.anonymous().post("/api/v1/auth/invitations/accept").json(&form).send().await
}

fn assert_wrong(answer: Answer) {
    assert_eq!(answer.refused(422, "invalid").errors(), ["/code wrong_code"]);
}

fn path(invitation: &Answer) -> String {
    format!("{LIST}/{}", invitation.text("/id"))
}

#[actix_web::test]
async fn who_is_invited_makes_the_account_with_a_password_of_their_own() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let section = admin.post("/api/v1/newsroom/sections").json(&json!({ "name": "العالم" })).send().await.expect(201);
    let section = section.text("/id");
    let made = invite(
        &admin,
        json!({ "email": " Omar@Example.org", "name": "عمر خليل", "role": "editor", "sectionIds": [section],
            "mayKill": true, "byMail": false }),
    );
    let made = made.await.expect(201);
    assert_eq!((made.text("/email"), made.text("/state")), (OMAR.into(), "open".into()));
    let code = made.text("/code");
    let shown = admin.get(&path(&made)).send().await.expect(200);
    assert!(!shown.json.to_string().contains(&code) && shown.etag() == made.etag());
    assert_eq!(accept(&app, &code, "short").await.refused(422, "invalid").errors(), ["/password too_short"]);
    assert_eq!(accept(&app, &code, "عمر خليل عمر خليل").await.expect(201).text("/role"), "editor");
    assert_wrong(accept(&app, &code, PASSWORD).await);
    let login = json!({ "email": OMAR, "password": "عمر خليل عمر خليل" });
    let signed = app.anonymous().post("/api/v1/auth/login").json(&login).send().await.expect(200);
    assert_eq!((signed.at("/user/sectionIds"), signed.at("/user/mayKill")), (&json!([section]), &json!(true)));
    let after = admin.get(&path(&made)).send().await.expect(200);
    assert_eq!((after.text("/state"), after.text("/userId")), ("accepted".into(), signed.text("/user/id")));
    let etag = after.etag();
    admin.delete(&path(&made)).if_match(&etag).send().await.refused(409, "in_use");
    let renew = admin.post(&format!("{}/renew", path(&made))).if_match(&etag).json(&json!({ "byMail": false }));
    renew.send().await.refused(409, "in_use");
    assert_eq!(invite(&admin, form(false)).await.refused(422, "invalid").errors(), ["/email taken"]);
}

#[actix_web::test]
async fn of_two_invitations_for_one_address_one_makes_an_account() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let (first, second) =
        (invite(&admin, form(false)).await.expect(201), invite(&admin, form(false)).await.expect(201));
    accept(&app, &second.text("/code"), PASSWORD).await.expect(201);
    let late = accept(&app, &first.text("/code"), PASSWORD).await.refused(422, "invalid");
    assert_eq!(late.errors(), ["/code taken"]);
}

#[actix_web::test]
async fn an_invitation_goes_by_mail_and_the_last_letter_counts() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(&mailbox.settings()).await;
    let admin = app.as_(Role::Admin).await;
    let made = invite(&admin, form(true)).await.expect(201);
    assert_eq!(made.at("/code"), &Value::Null);
    let letter = mailbox.letter(&app).await;
    assert!(letter.to == OMAR && letter.text.contains("within seven days"), "{}", letter.text);
    let etag = admin.get(&path(&made)).send().await.expect(200).etag();
    let renew = admin.post(&format!("{}/renew", path(&made))).if_match(&etag);
    renew.header("accept-language", "ar").json(&json!({})).send().await.expect(200);
    assert_wrong(accept(&app, &letter.code(), PASSWORD).await);
    let second = mailbox.letter(&app).await;
    assert!(second.text.contains("أنت مدعو للعمل"), "{}", second.text);
    assert_eq!(accept(&app, &second.code(), PASSWORD).await.expect(201).text("/name"), "عمر خليل");
}

#[actix_web::test]
async fn no_kept_answer_tells_who_was_invited_once_that_is_taken_back() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let ask = || admin.post(LIST).key("i").json(&form(false)).send();
    let made = ask().await.expect(201);
    assert!(crate::writes::answers(&app)[0].contains(OMAR));
    admin.delete(&path(&made)).if_match(&made.etag()).send().await.expect(204);
    assert_eq!(crate::writes::answers(&app), Vec::<String>::new());
}

#[actix_web::test]
async fn a_letter_that_was_late_takes_nothing_from_a_code_that_was_handed_over() {
    let mailbox = Mailbox::new();
    let app = TestApp::with(&mailbox.settings()).await;
    let admin = app.as_(Role::Admin).await;
    let made = invite(&admin, form(true)).await.expect(201);
    // Mail is away, so the administrator goes there on foot.
    app.clock.advance(Duration::from_secs(60));
    let renew = admin.post(&format!("{}/renew", path(&made))).if_match(&made.etag());
    let code = renew.json(&json!({ "byMail": false })).send().await.expect(200).text("/code");
    assert!(mailbox.letters(&app).await.is_empty());
    accept(&app, &code, PASSWORD).await.expect(201);
}

#[actix_web::test]
async fn an_invitation_ends_by_time_by_being_taken_back_and_with_the_right_of_who_invited() {
    let app = TestApp::new().await;
    let (admin, other) = (app.as_(Role::Admin).await, app.as_(Role::Admin).await);
    let made = invite(&other, form(false)).await.expect(201);
    app.clock.advance(Duration::from_secs(7 * 86_400));
    assert_wrong(accept(&app, &made.text("/code"), PASSWORD).await);
    assert_eq!(admin.get(&path(&made)).send().await.expect(200).text("/state"), "expired");
    let renew = admin.post(&format!("{}/renew", path(&made))).if_match(&made.etag());
    let renewed = renew.json(&json!({ "byMail": false })).send().await.expect(200);
    let gone = admin.delete(&path(&made)).if_match(&renewed.etag());
    admin.delete(&path(&made)).if_match(&made.etag()).send().await.refused(412, "stale");
    gone.send().await.expect(204);
    assert_wrong(accept(&app, &renewed.text("/code"), PASSWORD).await);
    admin.get(&path(&made)).send().await.refused(404, "not_found");

    let made = invite(&other, form(false)).await.expect(201);
    let one = format!("/api/v1/newsroom/users/{}", other.id());
    let etag = admin.get(&one).send().await.expect(200).etag();
    admin.patch(&one).if_match(&etag).json(&json!({ "role": "editor" })).send().await.expect(200);
    assert_wrong(accept(&app, &made.text("/code"), PASSWORD).await);
}

#[actix_web::test]
async fn what_an_invitation_says_is_checked_whole() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let bad = json!({ "email": "omar", "name": " ", "role": "reader", "byMail": false });
    assert_eq!(
        invite(&admin, bad).await.refused(422, "invalid").errors(),
        ["/email not_an_email", "/name blank", "/role not_allowed"]
    );
    let mut stray = form(false);
    stray["sectionIds"] = json!([admin.id()]);
    assert_eq!(invite(&admin, stray).await.refused(422, "invalid").errors(), ["/sectionIds/0 not_found"]);
    invite(&admin, form(true)).await.refused(409, "no_mail");
    for role in [Role::Journalist, Role::Editor, Role::Moderator] {
        let refused = invite(&app.as_(role).await, form(false)).await.refused(403, "forbidden");
        assert_eq!(refused.text("/permission"), "user.grant");
    }
    let key = admin.post(LIST).key("once").json(&form(false));
    let first = key.send().await.expect(201);
    let again = admin.post(LIST).key("once").json(&form(false)).send().await.expect(201);
    assert_eq!((again.text("/id"), again.at("/code")), (first.text("/id"), &Value::Null));
    assert_eq!(admin.get(LIST).send().await.expect(200).at("/items").as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn of_many_at_once_a_code_makes_one_account() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let code = invite(&admin, form(false)).await.expect(201).text("/code");
    let tries = (0..6).map(|_| accept(&app, &code, PASSWORD));
    let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 422].contains(status)), "{statuses:?}");
}

/// Who is forgotten is in no invitation either, and one that nobody accepted is forgotten by itself.
#[actix_web::test]
async fn an_invitation_is_kept_no_longer_than_it_serves() {
    let app = TestApp::new().await;
    let admin = app.as_(Role::Admin).await;
    let made = invite(&admin, form(false)).await.expect(201);
    let account = accept(&app, &made.text("/code"), PASSWORD).await.expect(201);
    let one = format!("/api/v1/newsroom/users/{}", account.text("/id"));
    let reader = json!({ "role": "reader" });
    admin.patch(&one).if_match(&account.etag()).json(&reader).send().await.expect(200);
    let login = json!({ "email": OMAR, "password": PASSWORD });
    let signed = app.anonymous().post("/api/v1/auth/login").json(&login).send().await.expect(200);
    let bearer = format!("Bearer {}", signed.text("/accessToken"));
    let erase = app.anonymous().delete("/api/v1/me").header("authorization", &bearer);
    erase.json(&json!({ "currentPassword": PASSWORD })).send().await.expect(204);
    let left = admin.get(&path(&made)).send().await.expect(200);
    assert_eq!((left.at("/email"), left.at("/name")), (&Value::Null, &json!("")));

    let open = invite(&admin, form(false)).await.expect(201);
    let forget =
        async || app.app.write(Actor::itself(), |tx| khabar::users::invitations::forget(tx, 10)).await.unwrap();
    app.clock.advance(Duration::from_secs(36 * 86_400));
    assert_eq!(forget().await, 0);
    app.clock.advance(Duration::from_secs(2 * 86_400));
    assert_eq!(forget().await, 1);
    let admin = app.as_(Role::Admin).await;
    admin.get(&path(&open)).send().await.refused(404, "not_found");
    admin.get(&path(&made)).send().await.expect(200);
}

/// Nobody grants what they do not hold: whoever may give access has every right that there is.
#[test]
fn whoever_grants_holds_all_that_can_be_granted() {
    let granting = Role::ALL.iter().filter(|role| permissions(**role).contains(&"user.grant"));
    for role in granting {
        assert_eq!(permissions(*role).len(), POLICY.len(), "{role}");
    }
}

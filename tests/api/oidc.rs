//! Staff who sign in at a provider: who they become here, and all that does not make somebody of them.

use std::time::Duration;

use diesel::prelude::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use khabar::auth::Role;
use khabar::db::schema::{oidc_attempts, users};
use khabar::ids::UserId;
use serde_json::{Value, json};

use crate::support::oidc_provider::{CLIENT, CLIENT_SECRET, Key, PAGE, Page, Provider, b64};
use crate::support::{Answer, Client, TestApp};
use crate::writes::{NEW_PASSWORD, PASSWORD, contents};

const START: &str = "/api/v1/auth/oidc/start";
const FINISH: &str = "/api/v1/auth/oidc/finish";
const OWN: &str = "/api/v1/me/identities";
const EMAIL: &str = "sara@example.org";

/// A site and its provider.
pub struct Desk {
    pub app: TestApp,
    pub provider: Provider,
}

/// A sign-in that has begun.
#[derive(Clone)]
pub struct Begun {
    pub page: Page,
    pub state: String,
    pub binding: String,
}

impl Begun {
    pub fn of(started: &Answer) -> Self {
        Self {
            page: Page(started.text("/authorizationUrl")),
            state: started.text("/state"),
            binding: started.text("/binding"),
        }
    }

    pub fn form(&self, code: &str) -> Value {
        json!({ "code": code, "state": self.state, "binding": self.binding })
    }
}

/// What the provider says of somebody, now and for this sign-in; `null` leaves something out.
pub fn claims(app: &TestApp, provider: &Provider, begun: &Begun, other: &Value) -> Value {
    let at = app.app.now().seconds();
    let mut claims = json!({
        "iss": provider.issuer(), "sub": "s-1", "aud": CLIENT, "exp": at + 300, "iat": at, "auth_time": at,
        "nonce": begun.page.parameter("nonce"),
        "email": EMAIL, "email_verified": true, "name": "سارة حداد", "groups": ["desk"],
    });
    for (name, value) in other.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

impl Desk {
    pub async fn open() -> Self {
        Self::with("").await
    }

    /// With more settings behind those of the provider.
    pub async fn with(more: &str) -> Self {
        let provider = Provider::start();
        Self { app: TestApp::with(&provider.settings(more)).await, provider }
    }

    async fn start(&self, client: &Client, purpose: &str) -> Answer {
        client.post(START).json(&json!({ "redirectUri": PAGE, "purpose": purpose })).send().await
    }

    async fn begin(&self) -> Begun {
        Begun::of(&self.start(&self.app.anonymous(), "sign_in").await.expect(200))
    }

    async fn begin_as(&self, client: &Client, purpose: &str) -> Begun {
        Begun::of(&self.start(client, purpose).await.expect(200))
    }

    fn claims(&self, begun: &Begun, other: &Value) -> Value {
        claims(&self.app, &self.provider, begun, other)
    }

    /// The provider vouches for somebody with these claims; the code.
    fn vouch(&self, begun: &Begun, other: Value) -> String {
        self.provider.gives(&begun.page, &self.provider.key.token(&self.claims(begun, &other)))
    }

    async fn finish(&self, begun: &Begun, code: &str) -> Answer {
        self.finish_as(&self.app.anonymous(), begun, code).await
    }

    async fn finish_as(&self, client: &Client, begun: &Begun, code: &str) -> Answer {
        client.post(FINISH).json(&begun.form(code)).send().await
    }

    /// From the beginning to the end, as somebody with these claims.
    async fn sign_in(&self, other: Value) -> Answer {
        let begun = self.begin().await;
        let code = self.vouch(&begun, other);
        self.finish(&begun, &code).await
    }

    /// The same with a token of the test's own.
    async fn sign_in_with(&self, token: impl FnOnce(&Value) -> String) -> Answer {
        let begun = self.begin().await;
        let token = token(&self.claims(&begun, &json!({})));
        let code = self.provider.gives(&begun.page, &token);
        self.finish(&begun, &code).await
    }

    /// Somebody who is signed in, by a sign-in's answer.
    async fn get(&self, tokens: &Answer, path: &str) -> Answer {
        let bearer = format!("Bearer {}", tokens.text("/accessToken"));
        self.app.anonymous().get(path).header("authorization", &bearer).send().await
    }

    fn accounts(&self) -> i64 {
        users::table.count().get_result(&mut self.app.sql()).unwrap()
    }

    fn attempts(&self) -> i64 {
        oidc_attempts::table.count().get_result(&mut self.app.sql()).unwrap()
    }
}

async fn register(app: &TestApp, role: Role, email: &str) -> Client {
    let admin = app.as_(Role::Admin).await;
    let form = json!({ "email": email, "name": "سارة", "role": role, "password": PASSWORD });
    let made = admin.post("/api/v1/newsroom/users").json(&form).send().await.expect(201);
    app.as_user(UserId::parse(&made.text("/id")).unwrap()).await
}

/// Makes a token of claims.
type Make<'m> = &'m dyn Fn(&Value) -> String;

#[actix_web::test]
async fn staff_sign_in_at_the_provider_and_are_known_again_by_their_subject() {
    let desk = Desk::open().await;
    let told = desk.app.anonymous().get("/api/v1/auth/oidc").send().await.expect(200);
    assert_eq!(told.json, json!({ "provider": { "name": { "ar": "حساب المؤسسة", "en": "Company account" } } }));

    let begun = desk.begin().await;
    let page = &begun.page;
    assert!(page.0.starts_with(&format!("{}/authorize?tenant=1&", desk.provider.issuer())), "{}", page.0);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", PAGE),
        ("scope", "openid email profile"),
        ("state", &begun.state),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(page.parameter(name), value, "{name}");
    }
    assert_eq!((page.find("prompt"), page.find("max_age")), (None, None));
    assert!(!page.0.contains(&begun.binding));

    desk.app.events();
    let code = desk.vouch(&begun, json!({}));
    let login = desk.finish(&begun, &code).await.expect(200);
    desk.app.assert_events(&["user.created", "identity.linked", "session.opened"]);
    assert_eq!((login.text("/user/email"), login.text("/user/role")), (EMAIL.into(), "editor".into()));
    assert_eq!((login.text("/user/name"), login.at("/user/mayKill")), ("سارة حداد".into(), &json!(false)));
    desk.get(&login, "/api/v1/newsroom/articles").await.expect(200);
    let refresh = json!({ "refreshToken": login.text("/refreshToken") });
    desk.app.anonymous().post("/api/v1/auth/refresh").json(&refresh).send().await.expect(200);

    desk.app.clock.advance(Duration::from_secs(60));
    // Another address and another name, and the same person.
    let other = json!({ "email": "haddad@example.org", "email_verified": false, "name": "س. حداد" });
    let again = desk.sign_in(other).await.expect(200);
    assert_eq!((again.text("/user/id"), again.text("/user/email")), (login.text("/user/id"), EMAIL.into()));
    desk.app.assert_events(&["session.refreshed", "session.opened"]);
    let own = desk.get(&again, OWN).await.expect(200);
    assert_eq!((own.text("/items/0/issuer"), own.text("/items/0/subject")), (desk.provider.issuer(), "s-1".into()));
    assert_eq!(own.at("/items/0/dateUsed"), &json!(desk.app.app.now()));
    let export = desk.get(&again, "/api/v1/me/export").await.expect(200);
    assert_eq!(export.at("/identities"), own.at("/items"));
    // Nobody has its password.
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    desk.app.anonymous().post("/api/v1/auth/login").json(&login).send().await.refused(401, "bad_credentials");
    assert_eq!(desk.attempts(), 0);
    // The discovery document and the keys were asked for once.
    let asked = desk.provider.asked();
    let times = |path: &str| asked.iter().filter(|(asked, _)| asked == path).count();
    assert_eq!((times("/.well-known/openid-configuration"), times("/keys"), times("/token")), (1, 1, 2));
}

#[actix_web::test]
async fn every_algorithm_that_is_taken_is_verified() {
    let desk = Desk::open().await;
    for key in [Key::rsa("rsa"), Key::ed("ed"), Key::ec("ec")] {
        desk.app.clock.advance(Duration::from_secs(60));
        desk.provider.has_keys(&[&desk.provider.key, &key]);
        desk.sign_in_with(|claims| key.token(claims)).await.expect(200);
        let edited = desk.sign_in_with(|claims| {
            let token = key.token(claims);
            let (told, signature) = token.rsplit_once('.').unwrap();
            let flipped = if signature.starts_with('A') { "B" } else { "A" };
            format!("{told}.{flipped}{}", &signature[1..])
        });
        edited.await.refused(401, "sign_in_failed");
    }
}

#[actix_web::test]
async fn no_token_that_the_provider_did_not_sign_for_this_sign_in_opens_anything() {
    let desk = Desk::open().await;
    let (good, other) = (&desk.provider.key, Key::ec("first"));
    let secret = EncodingKey::from_secret(&good.public_bytes());
    let mut shared = Header::new(Algorithm::HS256);
    shared.kid = Some(good.id.into());
    let unsigned = |claims: &Value| {
        format!("{}.{}.", b64(json!({ "alg": "none", "kid": "first" }).to_string()), b64(claims.to_string()))
    };
    let stripped = |claims: &Value| good.token(claims).rsplit_once('.').unwrap().0.to_owned() + ".";
    let promoted = |claims: &Value| {
        let mut more = claims.clone();
        more["groups"] = json!(["chiefs"]);
        let (token, more) = (good.token(claims), b64(more.to_string()));
        let parts: Vec<&str> = token.split('.').collect();
        format!("{}.{more}.{}", parts[0], parts[2])
    };
    let critical = json!({ "alg": "ES256", "kid": "first", "crit": ["exp"] });
    let access = json!({ "alg": "ES256", "kid": "first", "typ": "at+jwt" });
    let elsewhere = json!({ "alg": "ES256", "kid": "second", "jwk": other.public(), "jku": "http://127.0.0.1:1/" });
    let tokens: [(&str, Make<'_>); 10] = [
        ("alg none", &unsigned),
        ("no signature", &stripped),
        ("HS256 with the public key", &|claims| jsonwebtoken::encode(&shared, claims, &secret).unwrap()),
        ("edited claims", &promoted),
        ("another key by the same name", &|claims| other.token(claims)),
        ("a key of its own in the head", &|claims| other.token_with(&elsewhere, claims)),
        ("something critical", &|claims| good.token_with(&critical, claims)),
        ("an access token", &|claims| good.token_with(&access, claims)),
        ("no token", &|_| "opaque".into()),
        ("nothing", &|_| String::new()),
    ];
    for (what, token) in tokens {
        let answer = desk.sign_in_with(token).await;
        assert_eq!((answer.status, answer.text("/code").as_str()), (401, "sign_in_failed"), "{what}");
    }
    let at = desk.app.app.now().seconds();
    for (name, value) in [
        ("iss", json!("http://127.0.0.1:1")),
        ("iss", json!(format!("{}/", desk.provider.issuer()))),
        ("aud", json!("another client")),
        ("aud", json!([CLIENT, "another client"])),
        ("azp", json!("another client")),
        ("exp", json!(at - 61)),
        ("exp", Value::Null),
        ("iat", json!(at + 120)),
        ("iat", Value::Null),
        ("nbf", json!(at + 120)),
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("sub", json!("")),
        ("sub", Value::Null),
    ] {
        let answer = desk.sign_in(json!({ name: value })).await;
        assert_eq!((answer.status, answer.text("/code").as_str()), (401, "sign_in_failed"), "{name} {value}");
    }
    assert_eq!(desk.accounts(), 0);
    desk.sign_in(json!({ "aud": [CLIENT, "another client"], "azp": CLIENT })).await.expect(200);
}

#[actix_web::test]
async fn only_who_has_begun_a_sign_in_finishes_it_and_once() {
    let desk = Desk::open().await;
    let (mine, theirs) = (desk.begin().await, desk.begin().await);
    let (my_code, their_code) =
        (desk.vouch(&mine, json!({})), desk.vouch(&theirs, json!({ "sub": "s-2", "email": "b@example.org" })));
    // Somebody is given another one's code and state, and has a secret of their own or none.
    let swapped =
        |state: &Begun, binding: &str, code: &str| json!({ "code": code, "state": state.state, "binding": binding });
    let anyone = desk.app.anonymous();
    let asked = desk.provider.times("/token");
    for form in [
        swapped(&theirs, &mine.binding, &their_code),
        swapped(&mine, &theirs.binding, &my_code),
        swapped(&mine, "", &my_code),
        swapped(&mine, &mine.state, &my_code),
        json!({ "code": my_code, "state": mine.binding, "binding": mine.binding }),
    ] {
        anyone.post(FINISH).json(&form).send().await.refused(401, "sign_in_failed");
    }
    assert_eq!(desk.provider.times("/token"), asked, "the provider hears nothing of it");
    // A code of another sign-in: the provider refuses the verifier, and the nonce would be another.
    desk.finish(&mine, &their_code).await.refused(401, "sign_in_failed");
    let stolen = desk.provider.gives(&mine.page, &desk.provider.key.token(&desk.claims(&theirs, &json!({}))));
    desk.finish(&mine, &stolen).await.refused(401, "sign_in_failed");
    desk.finish(&mine, "no code").await.refused(401, "sign_in_failed");

    desk.finish(&mine, &my_code).await.expect(200);
    desk.finish(&mine, &my_code).await.refused(401, "sign_in_failed");
    // Twenty at once, of which the provider would answer each.
    desk.app.events();
    let all = futures_util::future::join_all((0..20).map(|_| desk.finish(&theirs, &their_code))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(all.iter().all(|answer| answer.status == 200 || answer.json["code"] == "sign_in_failed"));
    desk.app.assert_events(&["user.created", "identity.linked", "session.opened"]);
}

#[actix_web::test]
async fn a_sign_in_has_an_end_and_what_nobody_finished_is_swept() {
    let desk = Desk::open().await;
    let (late, later) = (desk.begin().await, desk.begin().await);
    desk.app.clock.advance(Duration::from_secs(599));
    let code = desk.vouch(&late, json!({}));
    desk.finish(&late, &code).await.expect(200);
    desk.app.clock.advance(Duration::from_secs(1));
    let code = desk.vouch(&later, json!({}));
    desk.finish(&later, &code).await.refused(401, "sign_in_failed");
    desk.begin().await;
    assert_eq!(desk.attempts(), 2);
    let swept = desk.app.app.write(khabar::auth::Actor::itself(), |tx| khabar::oidc::forget_attempts(tx, 100)).await;
    assert_eq!((swept.unwrap(), desk.attempts()), (1, 1));
}

#[actix_web::test]
async fn people_are_sent_back_to_listed_pages_alone() {
    let desk = Desk::open().await;
    let start = |page: &str| desk.app.anonymous().post(START).json(&json!({ "redirectUri": page })).send();
    for page in [
        "",
        "https://evil.example/",
        "https://desk.example/signed-in/",
        "https://desk.example/signed-in?next=1",
        "https://DESK.example/signed-in",
        "https://desk.example/signed-in#",
        "http://desk.example/signed-in",
    ] {
        assert_eq!(start(page).await.refused(422, "invalid").errors(), ["/redirectUri not_allowed"], "{page}");
    }
    assert_eq!(desk.attempts(), 0);
    let app = Begun::of(&start("org.khabar.desk:/in").await.expect(200));
    let code = desk.vouch(&app, json!({}));
    desk.finish(&app, &code).await.expect(200);
}

#[actix_web::test]
async fn an_address_alone_opens_no_account() {
    let desk = Desk::with("[auth]\nstep_up_minutes = 15\n").await;
    let sara = register(&desk.app, Role::Journalist, EMAIL).await;
    let before = desk.accounts();
    for email in [EMAIL, "SARA@example.org"] {
        desk.sign_in(json!({ "email": email })).await.refused(409, "account_exists");
    }
    assert_eq!((desk.accounts(), sara.get(OWN).send().await.expect(200).at("/items").clone()), (before, json!([])));

    // Its owner links it: with a session, a fresh proof, and the same session at the end.
    desk.start(&desk.app.anonymous(), "link").await.refused(401, "unauthenticated");
    desk.start(&desk.app.as_(Role::Reader).await, "link").await.refused(403, "forbidden");
    let begun = desk.begin_as(&sara, "link").await;
    let code = desk.vouch(&begun, json!({}));
    desk.finish(&begun, &code).await.refused(401, "unauthenticated");
    let eve = desk.app.as_(Role::Editor).await;
    desk.finish_as(&eve, &begun, &code).await.refused(401, "sign_in_failed");
    let elsewhere = desk.app.as_user(sara.id()).await;
    desk.finish_as(&elsewhere, &begun, &code).await.refused(401, "sign_in_failed");
    desk.app.events();
    desk.finish_as(&sara, &begun, &code).await.expect(204);
    desk.app.assert_events(&["identity.linked"]);
    let login = desk.sign_in(json!({})).await.expect(200);
    assert_eq!(login.text("/user/id"), sara.id().to_string());
    assert_eq!(login.text("/user/role"), "editor", "the role is the provider's to give");

    // One person at the provider has one account here, and one account is one person's.
    let begun = desk.begin_as(&eve, "link").await;
    let code = desk.vouch(&begun, json!({}));
    desk.finish_as(&eve, &begun, &code).await.refused(409, "duplicate");
    let begun = desk.begin_as(&sara, "link").await;
    let code = desk.vouch(&begun, json!({ "sub": "s-2" }));
    desk.finish_as(&sara, &begun, &code).await.refused(409, "duplicate");
    let begun = desk.begin_as(&eve, "link").await;
    let code = desk.vouch(&begun, json!({ "sub": "s-3", "groups": ["guests"] }));
    desk.finish_as(&eve, &begun, &code).await.refused(403, "no_role");

    let identity = format!("{OWN}/{}", sara.get(OWN).send().await.expect(200).text("/items/0/id"));
    eve.delete(&identity).send().await.refused(404, "not_found");
    desk.app.clock.advance(Duration::from_secs(16 * 60));
    let refused = desk.start(&sara, "link").await.refused(403, "step_up_required");
    assert_eq!(refused.text("/permission"), "account.link");
    sara.delete(&identity).send().await.refused(403, "step_up_required");
    sara.post("/api/v1/auth/step-up").json(&json!({ "password": PASSWORD })).send().await.expect(204);
    desk.app.events();
    sara.delete(&identity).send().await.expect(204);
    desk.app.assert_events(&["identity.unlinked"]);
    desk.sign_in(json!({})).await.refused(409, "account_exists");
}

#[actix_web::test]
async fn the_only_way_into_an_account_is_not_taken_away() {
    let desk = Desk::open().await;
    let login = desk.sign_in(json!({})).await.expect(200);
    let sara = desk.app.as_user(UserId::parse(&login.text("/user/id")).unwrap()).await;
    let identity = format!("{OWN}/{}", sara.get(OWN).send().await.expect(200).text("/items/0/id"));
    sara.delete(&identity).send().await.refused(409, "only_way_in");
    let admin = desk.app.as_(Role::Admin).await;
    // Not by another account's address; and an administrator, who can give a password, may take away what somebody else has linked.
    let theirs = |user: UserId| format!("/api/v1/newsroom/users/{user}/identities");
    let list = admin.get(&theirs(sara.id())).send().await.expect(200);
    assert_eq!(list.json, sara.get(OWN).send().await.expect(200).json);
    let one = |user: UserId| format!("{}/{}", theirs(user), list.text("/items/0/id"));
    admin.delete(&one(admin.id())).send().await.refused(404, "not_found");
    let promote = async |role: &str| {
        let account = format!("/api/v1/newsroom/users/{}", sara.id());
        let tag = admin.get(&account).send().await.expect(200).etag();
        admin.patch(&account).if_match(&tag).json(&json!({ "role": role })).send().await.expect(200);
    };
    promote("admin").await;
    sara.delete(&one(sara.id())).send().await.refused(409, "only_way_in");
    promote("editor").await;
    sara.delete(&one(sara.id())).send().await.refused(403, "forbidden");
    admin.delete(&one(sara.id())).send().await.expect(204);
    desk.sign_in(json!({})).await.refused(409, "account_exists");
    let begun = desk.begin_as(&sara, "link").await;
    let code = desk.vouch(&begun, json!({}));
    desk.finish_as(&sara, &begun, &code).await.expect(204);
    let identity = format!("{OWN}/{}", sara.get(OWN).send().await.expect(200).text("/items/0/id"));
    sara.delete(&identity).send().await.refused(409, "only_way_in");
    let account = format!("/api/v1/newsroom/users/{}", sara.id());
    let tag = admin.get(&account).send().await.expect(200).etag();
    let reset = admin.post(&format!("{account}/password")).if_match(&tag).json(&json!({ "password": NEW_PASSWORD }));
    reset.send().await.expect(200);
    let sara = desk.app.as_user(sara.id()).await;
    sara.delete(&identity).send().await.expect(204);
    let login = json!({ "email": EMAIL, "password": NEW_PASSWORD });
    desk.app.anonymous().post("/api/v1/auth/login").json(&login).send().await.expect(200);
}

#[actix_web::test]
async fn the_provider_gives_the_role_and_takes_it_back() {
    let desk = Desk::open().await;
    desk.app.as_(Role::Admin).await;
    for unmapped in [json!([]), json!(["guests"]), Value::Null, json!("Desk"), json!({ "desk": 1 })] {
        desk.sign_in(json!({ "groups": unmapped })).await.refused(403, "no_role");
    }
    for (confirmed, email) in
        [(json!(false), EMAIL), (Value::Null, EMAIL), (json!("true"), EMAIL), (json!(true), "sara")]
    {
        desk.sign_in(json!({ "email_verified": confirmed, "email": email })).await.refused(403, "email_unverified");
    }
    assert_eq!(desk.accounts(), 1);
    let login = desk.sign_in(json!({ "groups": ["writers", "desk", "guests"] })).await.expect(200);
    assert_eq!(login.text("/user/role"), "editor");
    let sara = UserId::parse(&login.text("/user/id")).unwrap();
    let admin = desk.app.as_(Role::Admin).await;
    let account = format!("/api/v1/newsroom/users/{sara}");
    let patch = async |fields: Value| {
        let tag = admin.get(&account).send().await.expect(200).etag();
        admin.patch(&account).if_match(&tag).json(&fields).send().await.expect(200)
    };
    patch(json!({ "mayKill": true })).await;
    desk.app.events();
    assert_eq!(
        desk.sign_in(json!({})).await.expect(200).at("/user/mayKill"),
        &json!(true),
        "the same role stays whole"
    );
    desk.app.assert_events(&["session.opened"]);

    // Another role counts at once, in the sessions that there are, and takes nothing of the old one along.
    let lower = desk.sign_in(json!({ "groups": ["writers"] })).await.expect(200);
    desk.app.assert_events(&["user.updated", "session.opened"]);
    assert_eq!((lower.text("/user/role"), lower.at("/user/mayKill")), ("journalist".into(), &json!(false)));
    desk.get(&login, "/api/v1/newsroom/alerts").await.expect(200);
    assert_eq!(desk.get(&login, "/api/v1/me").await.expect(200).text("/role"), "journalist");

    // Who is in no group any more is a reader here, although they are not let in.
    desk.sign_in(json!({ "groups": [] })).await.refused(403, "no_role");
    desk.app.assert_events(&["user.updated"]);
    desk.get(&login, "/api/v1/newsroom/articles").await.refused(403, "forbidden");
    desk.sign_in(json!({ "groups": [] })).await.refused(403, "no_role");
    desk.app.assert_events(&[]);
    assert_eq!(desk.sign_in(json!({})).await.expect(200).text("/user/role"), "editor");

    patch(json!({ "isActive": false })).await;
    desk.app.events();
    for groups in [json!(["desk"]), json!(["chiefs"]), json!([])] {
        desk.sign_in(json!({ "groups": groups })).await.refused(401, "bad_credentials");
    }
    desk.app.assert_events(&[]);
}

#[actix_web::test]
async fn the_last_administrator_stays_one_whatever_the_provider_says() {
    let desk = Desk::open().await;
    let boss = desk.sign_in(json!({ "groups": ["chiefs"] })).await.expect(200);
    for groups in [json!(["desk"]), json!([])] {
        desk.sign_in(json!({ "groups": groups })).await.refused(409, "last_admin");
    }
    assert_eq!(desk.get(&boss, "/api/v1/me").await.expect(200).text("/role"), "admin");
    desk.app.as_(Role::Admin).await;
    assert_eq!(desk.sign_in(json!({})).await.expect(200).text("/user/role"), "editor");
}

#[actix_web::test]
async fn where_the_provider_gives_no_roles_accounts_are_made_here() {
    let provider = Provider::start();
    let settings = provider.settings("").replace("roles = {", "# roles = {");
    let desk = Desk { app: TestApp::with(&settings).await, provider };
    desk.sign_in(json!({ "groups": ["chiefs"] })).await.refused(403, "no_role");
    let sara = register(&desk.app, Role::Journalist, EMAIL).await;
    let begun = desk.begin_as(&sara, "link").await;
    let code = desk.vouch(&begun, json!({}));
    desk.finish_as(&sara, &begun, &code).await.expect(204);
    desk.app.events();
    let login = desk.sign_in(json!({ "groups": ["chiefs"] })).await.expect(200);
    assert_eq!((login.text("/user/role"), login.text("/user/id")), ("journalist".into(), sara.id().to_string()));
    desk.app.assert_events(&["session.opened"]);
}

#[actix_web::test]
async fn who_signs_in_anew_at_the_provider_proves_who_they_are() {
    let desk = Desk::with("[auth]\nstep_up_minutes = 15\n").await;
    // Signed in there an hour ago: that is no proof here.
    let at = desk.app.app.now().seconds();
    let login = desk.sign_in(json!({ "groups": ["chiefs"], "auth_time": at - 3_600 })).await.expect(200);
    let bearer = format!("Bearer {}", login.text("/accessToken"));
    let grave = || {
        let form = json!({ "name": "x", "scopes": ["article.write"] });
        desk.app.anonymous().post("/api/v1/newsroom/api-keys").header("authorization", &bearer).json(&form).send()
    };
    grave().await.refused(403, "step_up_required");
    let ask =
        |path: &str, form: &Value| desk.app.anonymous().post(path).header("authorization", &bearer).json(form).send();
    let start = json!({ "redirectUri": PAGE, "purpose": "step_up" });
    let prove = async |other: Value| {
        let begun = Begun::of(&ask(START, &start).await.expect(200));
        assert_eq!((begun.page.parameter("prompt"), begun.page.parameter("max_age")), ("login".into(), "0".into()));
        desk.app.clock.advance(Duration::from_secs(30));
        let code = desk.vouch(&begun, other);
        ask(FINISH, &begun.form(&code)).await
    };
    // Before the attempt, never, and as somebody else.
    for other in [
        json!({ "auth_time": at - 3_600 }),
        json!({ "auth_time": desk.app.app.now().seconds() - 11 }),
        json!({ "auth_time": null }),
        json!({ "sub": "s-2" }),
    ] {
        let refused = prove(other.clone()).await;
        assert_eq!((refused.status, refused.text("/code").as_str()), (401, "sign_in_failed"), "{other}");
    }
    grave().await.refused(403, "step_up_required");
    desk.app.events();
    prove(json!({})).await.expect(204);
    desk.app.assert_events(&["session.proved"]);
    grave().await.expect(201);
    // Nobody else finishes it, and no key begins it.
    let other = desk.app.as_(Role::Admin).await;
    let begun = desk.begin_as(&other, "step_up").await;
    let code = desk.vouch(&begun, json!({}));
    desk.finish(&begun, &code).await.refused(401, "unauthenticated");
    ask(FINISH, &begun.form(&code)).await.refused(401, "sign_in_failed");
    desk.finish_as(&other, &begun, &code).await.refused(401, "sign_in_failed");
    let program = grave().await.expect(201).text("/secret");
    desk.start(&desk.app.anonymous().with_key(&program), "step_up").await.refused(403, "forbidden");
    desk.start(&desk.app.anonymous().with_key(&program), "link").await.refused(403, "forbidden");
    // A sign-in of just now is a proof.
    let fresh = desk.sign_in(json!({ "groups": ["chiefs"] })).await.expect(200);
    let bearer = format!("Bearer {}", fresh.text("/accessToken"));
    let form = json!({ "name": "y", "scopes": ["article.write"] });
    let made = desk.app.anonymous().post("/api/v1/newsroom/api-keys").header("authorization", &bearer).json(&form);
    made.send().await.expect(201);
}

#[actix_web::test]
async fn keys_that_are_new_are_found_and_asked_for_once_a_minute_at_most() {
    let desk = Desk::open().await;
    desk.sign_in(json!({})).await.expect(200);
    desk.provider.asked();
    let next = Key::ed("next");
    let stranger = Key::ec("stranger");
    desk.provider.has_keys(&[&next]);
    for _ in 0..3 {
        desk.sign_in_with(|claims| next.token(claims)).await.refused(401, "sign_in_failed");
    }
    assert_eq!(desk.provider.times("/keys"), 0, "they were asked for just now");
    desk.app.clock.advance(Duration::from_secs(60));
    desk.sign_in_with(|claims| next.token(claims)).await.expect(200);
    for _ in 0..3 {
        desk.sign_in_with(|claims| stranger.token(claims)).await.refused(401, "sign_in_failed");
    }
    desk.sign_in_with(|claims| next.token(claims)).await.expect(200);
    assert_eq!(desk.provider.times("/keys"), 1);
    // One that the provider has taken back is good for an hour at the most.
    desk.provider.has_keys(&[&desk.provider.key]);
    desk.app.clock.advance(Duration::from_secs(3_600));
    desk.sign_in_with(|claims| next.token(claims)).await.refused(401, "sign_in_failed");
    desk.sign_in(json!({})).await.expect(200);
}

#[actix_web::test]
async fn a_provider_that_fails_is_502_and_tells_nothing() {
    let desk = Desk::open().await;
    let fails = |answer: Answer| {
        let answer = answer.refused(502, "provider_failed");
        let text = answer.json.to_string();
        for hidden in ["127.0.0.1", "inner", "opaque", "hidden", "token"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    };
    let anyone = desk.app.anonymous();
    let start = || desk.start(&anyone, "sign_in");
    let discovery = "/.well-known/openid-configuration";
    let other = Provider::start();
    for (status, body) in [
        (500, "{}".to_owned()),
        (200, "inner nonsense".into()),
        (200, "{}".into()),
        (302, String::new()),
        (200, format!("{{\"x\":\"{}\"}}", "x".repeat(300_000))),
    ] {
        desk.provider.answers(discovery, status, &body);
        fails(start().await);
        // For some seconds nobody asks again.
        desk.provider.describes(json!({}));
        desk.provider.asked();
        fails(start().await);
        assert_eq!(desk.provider.times(discovery), 0);
        desk.app.clock.advance(Duration::from_secs(5));
    }
    for wrong in [
        json!({ "issuer": other.issuer() }),
        json!({ "issuer": format!("{}/", desk.provider.issuer()) }),
        json!({ "issuer": null }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "authorization_endpoint": "/authorize" }),
        json!({ "jwks_uri": null }),
    ] {
        desk.provider.describes(wrong.clone());
        fails(start().await);
        desk.app.clock.advance(Duration::from_secs(5));
    }
    // Doors that lead inside are not gone through, whatever the provider says.
    desk.provider.describes(json!({ "token_endpoint": "http://127.0.0.2:1/token" }));
    let begun = desk.begin().await;
    let code = desk.vouch(&begun, json!({}));
    fails(desk.finish(&begun, &code).await);
    desk.app.clock.advance(Duration::from_secs(3_600));
    desk.provider.describes(json!({}));
    let begun = desk.begin().await;
    let code = desk.vouch(&begun, json!({}));
    for (status, body) in
        [(500, "{}"), (401, "{\"error\":\"invalid_client\"}"), (400, "opaque"), (200, "opaque"), (200, "{}")]
    {
        desk.provider.answers("/token", status, body);
        fails(desk.finish(&begun, &code).await);
    }
    desk.provider.trades();
    desk.provider.answers("/keys", 503, "");
    fails(desk.finish(&begun, &code).await);
    desk.app.clock.advance(Duration::from_secs(5));
    desk.provider.answers("/keys", 200, "{\"keys\":7}");
    fails(desk.finish(&begun, &code).await);
    desk.app.clock.advance(Duration::from_secs(5));
    desk.provider.has_keys(&[&desk.provider.key]);
    // It was the provider's fault each time: the sign-in is still good.
    desk.finish(&begun, &code).await.expect(200);
    drop(desk.provider);
    desk.app.clock.advance(Duration::from_secs(3_600));
    let gone = desk.app.anonymous().post(START).json(&json!({ "redirectUri": PAGE })).send().await;
    gone.refused(502, "provider_failed");
}

#[actix_web::test]
async fn the_client_shows_who_it_is_as_the_provider_wants_it() {
    for (methods, secret) in [
        (json!(["client_secret_post"]), CLIENT_SECRET),
        (json!(["client_secret_basic", "client_secret_post"]), CLIENT_SECRET),
        (Value::Null, CLIENT_SECRET),
        (json!(["none"]), ""),
    ] {
        let provider = Provider::start();
        provider.describes(json!({ "token_endpoint_auth_methods_supported": methods }));
        provider.knows_by(secret);
        let settings = provider.settings("").replace(CLIENT_SECRET, secret);
        let desk = Desk { app: TestApp::with(&settings).await, provider };
        desk.sign_in(json!({})).await.expect(200);
        let asked = desk.provider.asked();
        let (_, form) = asked.iter().find(|(path, _)| path == "/token").unwrap();
        let in_body = secret.is_empty() || methods == json!(["client_secret_post"]);
        assert_eq!(form.contains("client_id="), in_body, "{methods}");
        assert!(form.contains("client_secret=") == (in_body && !secret.is_empty()), "{methods}");
    }
}

#[actix_web::test]
async fn without_a_provider_nobody_signs_in_by_one() {
    let app = TestApp::new().await;
    assert_eq!(app.anonymous().get("/api/v1/auth/oidc").send().await.expect(200).json, json!({ "provider": null }));
    let start = app.anonymous().post(START).json(&json!({ "redirectUri": PAGE }));
    start.send().await.refused(409, "no_provider");
    let form = json!({ "code": "c", "state": "s", "binding": "b" });
    app.anonymous().post(FINISH).json(&form).send().await.refused(409, "no_provider");
}

#[actix_web::test]
async fn sign_ins_that_begin_and_fail_are_counted_by_address() {
    let desk = Desk::with("[limits]\naddress_factor = 2\nsign_ins = { per_minute = 3, per_hour = 20 }\n").await;
    let start = |peer: &str| desk.app.anonymous().post(START).json(&json!({ "redirectUri": PAGE })).peer(peer).send();
    let finish = |form: Value, peer: &str| desk.app.anonymous().post(FINISH).json(&form).peer(peer).send();
    let begun = Begun::of(&start("192.0.2.1").await.expect(200));
    for n in 0..5 {
        let form = json!({ "code": "c", "state": format!("state {n}"), "binding": "b" });
        let wrong = finish(form, "192.0.2.1").await.refused(401, "sign_in_failed");
        assert!(wrong.header("ratelimit").is_some());
    }
    let code = desk.vouch(&begun, json!({}));
    finish(begun.form(&code), "192.0.2.1").await.refused(429, "too_many");
    start("192.0.2.1").await.refused(429, "too_many");
    // Elsewhere nobody waits for that, and what goes well is not counted.
    for _ in 0..4 {
        let begun = Begun::of(&start("192.0.2.2").await.expect(200));
        let code = desk.vouch(&begun, json!({}));
        finish(begun.form(&code), "192.0.2.2").await.expect(200);
    }
}

#[actix_web::test]
async fn neither_database_nor_log_has_anything_that_signs_in() {
    let desk = Desk::open().await;
    let open = desk.begin().await;
    let begun = desk.begin().await;
    let token = desk.provider.key.token(&desk.claims(&begun, &json!({})));
    let code = desk.provider.gives(&begun.page, &token);
    let login = desk.finish(&begun, &code).await.expect(200);
    desk.finish(&begun, &code).await.refused(401, "sign_in_failed");
    khabar::audit::flush(&desk.app.app).await.unwrap();
    let asked = desk.provider.asked();
    let verifier = asked.iter().find_map(|(_, form)| form.split("code_verifier=").nth(1)).unwrap();
    let verifier = verifier.split('&').next().unwrap();
    assert_eq!(verifier.len(), 43);
    let all: String = contents(&desk.app).into_values().flatten().collect();
    assert!(all.contains("identity.linked") && all.contains(&open.state));
    let nonce = open.page.parameter("nonce");
    let (access, refresh) = (login.text("/accessToken"), login.text("/refreshToken"));
    for hidden in [
        CLIENT_SECRET,
        "opaque-access",
        verifier,
        &open.binding,
        &begun.binding,
        &nonce,
        &token,
        &code,
        &access,
        &refresh,
    ] {
        assert!(!all.contains(hidden), "{hidden}");
    }
    let log: String = contents(&desk.app)
        .into_iter()
        .filter(|(table, _)| matches!(&**table, "events" | "audit_log"))
        .flat_map(|(_, rows)| rows)
        .collect();
    assert!(!log.contains("s-1") && !log.contains(EMAIL), "{log}");
}

//! A Khabar of a test's own, and clients that talk to it.

pub mod client;
pub mod cluster;
pub mod database;
pub mod document;
pub mod follower;
pub mod mailbox;
pub mod oidc_provider;
pub mod process;
pub mod push_service;
pub mod python;
pub mod receiver;
pub mod snapshot;
pub mod statements;
pub mod stream;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actix_web::body::{self, BoxBody, MessageBody as _};
use actix_web::dev::Service as _;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Bytes;
use diesel::prelude::*;
use khabar::app::App;
use khabar::auth::{Actor, Role, open_session};
use khabar::config::Config;
use khabar::db::schema::{audit_log, event_counter, events, users};
use khabar::db::{Conn, Db, Location};
use khabar::ids::{Ids, SystemEntropy, UserId};
use khabar::time::{Clock, UtcTime};
use khabar::users::model::NewAccount;
use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

pub use client::{Answer, Client, Doors};
use database::Database;
pub use stream::Listener;

/// A hash that no password fits: tests sign in without one.
const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$tests/sign/in/without/a/password/AAAAAAAAAAAAA";
/// Signs the tests' tokens.
pub const SECRET: &str = "a secret that only the tests know, of 32 bytes or more";
/// Who issues the tests' tokens.
pub const ISSUER: &str = "http://khabar.test";

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Noon of 15 January 2026.
    fn at_noon() -> Self {
        Self(AtomicI64::new(UtcTime::parse("2026-01-15T12:00:00Z").unwrap().micros()))
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }

    /// Moves to an instant.
    pub fn set(&self, instant: &str) {
        self.0.store(UtcTime::parse(instant).unwrap().micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UtcTime {
        UtcTime::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// What a service made of a request.
pub struct Raw {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

pub type Serve = Rc<dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Raw>>>>;
/// An answer whose body is not read yet.
type Begun = Pin<Box<dyn Future<Output = (u16, HeaderMap, BoxBody)>>>;

/// A row of the event log.
#[derive(Clone, Debug)]
pub struct Event {
    pub seq: i64,
    /// Its number among the public ones.
    pub number: Option<i64>,
    pub topic: String,
    pub visibility: String,
    pub target: Option<Uuid>,
    pub payload: Value,
}

/// A row of the audit log.
#[derive(Clone, Debug)]
pub struct Audit {
    pub actor: Option<Uuid>,
    pub role: String,
    pub action: String,
    pub target: Option<Uuid>,
    pub request_id: String,
    pub payload: Value,
    /// The hashes of what was kept before, and of what is kept now.
    pub hashes: [Option<Vec<u8>>; 2],
}

type Begin = Rc<dyn Fn(TestRequest) -> Begun>;

/// What begins to answer for an application.
async fn beginning(app: App) -> Begin {
    let service = Rc::new(init_service(khabar::server::application(app, document::contract())).await);
    Rc::new(move |request| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let response = service.call(request.to_request()).await.expect("every error is an answer");
            (response.status().as_u16(), response.headers().clone(), response.into_body().boxed())
        })
    })
}

/// The same, set up once something is asked: many tests need none.
fn beginning_late(app: App) -> Begin {
    let begin = Rc::new(OnceCell::new());
    Rc::new(move |request| {
        let (begin, app) = (Rc::clone(&begin), app.clone());
        Box::pin(async move { begin.get_or_init(|| beginning(app)).await(request).await })
    })
}

/// The same, with bodies that are read.
fn serving(begin: Begin) -> Serve {
    Rc::new(move |request| {
        let begun = begin(request);
        Box::pin(async move {
            let (status, headers, body) = begun.await;
            let bytes = match headers.get("content-type") {
                Some(kind) if kind == "text/event-stream" => stream::so_far(body).await,
                _ => body::to_bytes(body).await.expect("bodies do not fail"),
            };
            Raw { status, headers, bytes }
        })
    })
}

/// A running Khabar with a database, a clock and accounts of its own.
pub struct TestApp {
    pub clock: Arc<ManualClock>,
    pub app: App,
    doors: Doors,
    begin: Begin,
    /// The last event that [`TestApp::events`] has shown.
    shown: Cell<i64>,
    /// The audit lines that [`TestApp::audit`] has shown.
    shown_audit: RefCell<HashSet<Vec<u8>>>,
    /// Sessions that the test itself opened: no event of the application.
    own: RefCell<HashSet<Vec<u8>>>,
    settings: String,
    database: Rc<Database>,
}

impl TestApp {
    /// Starts on a fresh database.
    pub async fn new() -> Self {
        Self::with("").await
    }

    /// Starts on a fresh database, with some lines of `khabar.toml`.
    pub async fn with(settings: &str) -> Self {
        let is_plain = Rc::new(Cell::new(false));
        Self::start(Rc::new(Database::fresh()), Arc::new(ManualClock::at_noon()), settings, is_plain).await
    }

    /// Another one on the same database and clock, as after a restart.
    pub async fn restarted(&self) -> Self {
        self.restarted_with(&self.settings).await
    }

    /// The same, with some lines of `khabar.toml`.
    pub async fn restarted_with(&self, settings: &str) -> Self {
        self.is_plain();
        let is_plain = Rc::clone(&self.doors.is_plain);
        Self::start(Rc::clone(&self.database), Arc::clone(&self.clock), settings, is_plain).await
    }

    async fn start(database: Rc<Database>, clock: Arc<ManualClock>, settings: &str, is_plain: Rc<Cell<bool>>) -> Self {
        let free = "{ per_minute = 0, per_hour = 0 }";
        // A test that is about limits sets its own.
        let unlimited = format!(
            "limits = {{ comments = {free}, reactions = {free}, reports = {free}, views = {free}, \
             sign_ins = {free}, registrations = {free}, letters = {free} }}\n"
        );
        let limits = if settings.contains("[limits]") { "" } else { unlimited.as_str() };
        let grave = if settings.contains("[auth]") { "" } else { "auth = { step_up_minutes = 0 }\n" };
        let secret = if settings.contains("jwt_secret =") { "" } else { &format!("jwt_secret = \"{SECRET}\"\n") };
        let url = database.url();
        let lines = format!(
            "database_url = \"{url}\"\npublic_url = \"{ISSUER}\"\n\
             database_connections = 8\n{secret}{limits}{grave}{settings}"
        );
        statements::watch();
        let config = Config::with(&lines).unwrap();
        let db = Db::open(&database.location(), &config.replicas, config.database_connections).unwrap();
        let app = async |config: Config| {
            let (db, clock) = (db.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
            App::open(config, db, clock, Ids::new(SystemEntropy)).await.unwrap()
        };
        let mut frugal = config.clone();
        frugal.http.cache_bytes = 0;
        let plain = serving(beginning_late(app(frugal).await));
        let app = app(config).await;
        let begin = beginning(app.clone()).await;
        let doors = Doors { serve: serving(Rc::clone(&begin)), plain, is_plain };
        let this = Self {
            clock,
            app,
            doors,
            begin,
            shown: Cell::new(0),
            shown_audit: RefCell::default(),
            own: RefCell::default(),
            settings: settings.into(),
            database,
        };
        this.shown.set(event_counter::table.select(event_counter::seq).first(&mut this.database.connect()).unwrap());
        this
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(self.doors.clone(), self.app.clone(), None)
    }

    /// Somebody who is not signed in, and who takes what is kept, whatever else the test does.
    pub fn shared(&self) -> Client {
        let serve = Rc::clone(&self.doors.serve);
        self.strangers_at(serve)
    }

    /// Somebody who is not signed in, and for whom nothing is kept.
    pub fn plain(&self) -> Client {
        let plain = Rc::clone(&self.doors.plain);
        self.strangers_at(plain)
    }

    fn strangers_at(&self, door: Serve) -> Client {
        let doors = Doors { serve: Rc::clone(&door), plain: door, is_plain: Rc::new(Cell::new(true)) };
        Client::new(doors, self.app.clone(), None)
    }

    /// Opens a stream and keeps it; with where it left off, if it was here before.
    pub async fn listen(&self, target: &str, last_id: Option<i64>) -> Listener {
        let id = last_id.map(|id| ("last-event-id", id.to_string()));
        let encoded = utf8_percent_encode(target, client::UNSENDABLE).to_string();
        let request = TestRequest::with_uri(&encoded).insert_header(("accept", "text/event-stream"));
        let request = id.into_iter().fold(request, TestRequest::insert_header);
        let (status, _, body) = (self.begin)(request).await;
        assert_eq!(status, 200, "{target}");
        Listener::new(body)
    }

    /// Carries what is in the log to the streams, as the relay does.
    pub async fn relay(&self) {
        khabar::events::relay::catch_up(&self.app).await.unwrap();
    }

    /// Somebody new with this role, signed in.
    pub async fn as_(&self, role: Role) -> Client {
        let id = self.account(role).await;
        self.as_user(id).await
    }

    /// The same with a second factor.
    pub async fn strong(&self, role: Role) -> Client {
        let id = self.account(role).await;
        self.sign_in(id, true).await
    }

    /// A reader who signs in with an address and a password; the id of the account.
    pub async fn reader(&self, email: &str, password: &str) -> String {
        let (account, password) = NewAccount::parse(email, "سارة", Role::Reader, password).unwrap();
        let hash = khabar::users::hash(&self.app, password).await.unwrap();
        let made = self.app.write(Actor::operator(), move |tx| khabar::users::create(tx, account, &hash));
        made.await.unwrap().id.to_string()
    }

    /// Somebody new with this role.
    async fn account(&self, role: Role) -> UserId {
        let id: UserId = self.app.ids().next(self.app.now());
        let now = self.app.now();
        let inserted = self.app.write(Actor::operator(), move |tx| {
            diesel::insert_into(users::table)
                .values((
                    users::id.eq(id),
                    users::name.eq(format!("A {role}")),
                    users::role.eq(role),
                    users::password_hash.eq(NO_PASSWORD),
                    users::is_active.eq(true),
                    users::may_kill.eq(true),
                    users::version.eq(1),
                    users::created_at.eq(now),
                    users::updated_at.eq(now),
                ))
                .execute(tx.conn)?;
            Ok(())
        });
        inserted.await.unwrap();
        id
    }

    /// Somebody who has an account, signed in once more.
    pub async fn as_user(&self, id: UserId) -> Client {
        self.sign_in(id, false).await
    }

    async fn sign_in(&self, id: UserId, is_strong: bool) -> Client {
        let app = self.app.clone();
        let opened = self.app.write(Actor::operator(), move |tx| open_session(tx, &app, (id, tx.now), None, is_strong));
        let grant = opened.await.unwrap();
        self.own.borrow_mut().insert(grant.session.uuid().as_bytes().to_vec());
        Client::new(self.doors.clone(), self.app.clone(), Some((id, grant.session)))
    }

    /// Where its database is.
    pub fn location(&self) -> Location {
        self.database.location()
    }

    /// The instant so many seconds from now.
    pub fn clock_in(&self, seconds: usize) -> UtcTime {
        self.clock.now().after(Duration::from_secs(u64::try_from(seconds).unwrap()))
    }

    /// The statements that went to its database while something was done, each with its values behind it.
    pub async fn statements_of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<String>) {
        self.is_plain();
        statements::texts(&self.database.location());
        (work.await, statements::texts(&self.database.location()))
    }

    /// What a piece of work has its database prepare that it had not kept prepared from an earlier time.
    pub async fn prepared_by<T>(&self, work: impl Future<Output = T>) -> Vec<String> {
        statements::anew(&self.database.location());
        self.statements_of(work).await;
        statements::anew(&self.database.location())
    }

    /// The statements that went to its database so far, those of the test too.
    pub fn statements(&self) -> usize {
        self.is_plain();
        statements::count(&self.database.location())
    }

    /// How SQLite goes about each statement that went to its database since the last call; PostgreSQL decides by the rows.
    pub fn plans(&self) -> Vec<String> {
        use diesel::prelude::*;
        #[derive(QueryableByName)]
        struct Step {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        let texts = statements::texts(&self.database.location());
        let Conn::Sqlite(conn) = &mut self.sql() else { return Vec::new() };
        let queries = texts.iter().filter(|text| text.starts_with("SELECT"));
        let plan = |text: &String| {
            let text = text.split(" -- binds").next().unwrap();
            let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(conn).unwrap();
            steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; ")
        };
        queries.map(plan).collect()
    }

    /// A place for commands on the same database.
    pub fn home(&self) -> process::Home {
        process::Home::on(Rc::clone(&self.database)).set("KHABAR_JWT_SECRET", SECRET)
    }

    /// A connection of the test's own, for a look at the rows, or to change them.
    pub fn sql(&self) -> Conn {
        self.is_plain();
        self.database.connect()
    }

    /// From here on readers are answered without kept answers.
    fn is_plain(&self) {
        self.doors.is_plain.set(true);
    }

    /// The events since the last call.
    pub fn events(&self) -> Vec<Event> {
        type Row = (i64, String, String, Option<Vec<u8>>, String, Option<i64>);
        let rows: Vec<Row> = events::table
            .filter(events::seq.gt(self.shown.get()))
            .order(events::seq.asc())
            .select((
                events::seq,
                events::topic,
                events::visibility,
                events::target_id,
                events::payload,
                events::public_seq,
            ))
            .load(&mut self.database.connect())
            .unwrap();
        for (_, topic, _, target, payload, _) in &rows {
            let target = target.as_ref().map(|bytes| Uuid::from_slice(bytes).unwrap());
            let data: Value = serde_json::from_str(payload).unwrap();
            let timestamp = "2026-01-15T12:00:00Z";
            let event = json!({ "type": topic, "timestamp": timestamp, "target": target, "data": data });
            document::check_event(topic, &event);
        }
        self.shown.set(rows.last().map_or(self.shown.get(), |row| row.0));
        let own = self.own.borrow();
        rows.into_iter()
            .filter(|row| row.3.as_ref().is_none_or(|target| !own.contains(target)))
            .map(|(seq, topic, visibility, target, payload, number)| Event {
                seq,
                number,
                topic,
                visibility,
                target: target.map(|bytes| Uuid::from_slice(&bytes).unwrap()),
                payload: serde_json::from_str(&payload).unwrap(),
            })
            .collect()
    }

    /// The lines of the audit log since the last call.
    pub fn audit(&self) -> Vec<Audit> {
        type Bytes = Option<Vec<u8>>;
        type Row = (Vec<u8>, Bytes, String, String, Bytes, String, String, Bytes, Bytes);
        let rows: Vec<Row> = audit_log::table
            .order(audit_log::id.asc())
            .select((
                audit_log::id,
                audit_log::actor_id,
                audit_log::actor_role,
                audit_log::action,
                audit_log::target_id,
                audit_log::request_id,
                audit_log::payload,
                audit_log::hash_before,
                audit_log::hash_after,
            ))
            .load(&mut self.sql())
            .unwrap();
        let uuid = |bytes: Vec<u8>| Uuid::from_slice(&bytes).unwrap();
        let own = self.own.borrow();
        let mut shown = self.shown_audit.borrow_mut();
        rows.into_iter()
            .filter(|row| shown.insert(row.0.clone()))
            .filter(|row| row.4.as_ref().is_none_or(|target| !own.contains(target)))
            .map(|(_, actor, role, action, target, request_id, payload, before, after)| Audit {
                actor: actor.map(uuid),
                role,
                action,
                target: target.map(uuid),
                request_id,
                payload: serde_json::from_str(&payload).unwrap(),
                hashes: [before, after],
            })
            .collect()
    }

    /// The topics of the events since the last look are exactly these, in this order.
    #[track_caller]
    pub fn assert_events(&self, topics: &[&str]) {
        let seen: Vec<String> = self.events().into_iter().map(|event| event.topic).collect();
        assert_eq!(seen, topics);
    }
}

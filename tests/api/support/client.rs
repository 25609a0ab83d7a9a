//! Somebody who sends requests. Every answer is held against the OpenAPI document before the test sees it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use khabar::app::App;
use khabar::ids::{SessionId, UserId};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use super::{Raw, Serve, document};

/// What a client has to encode in a target; the rest of it is sent as the test wrote it.
pub(super) const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// The ways into one running Khabar.
#[derive(Clone)]
pub struct Doors {
    /// The one that everybody takes.
    pub serve: Serve,
    /// Into another one on the same database that keeps no answers.
    pub plain: Serve,
    /// Whether readers take only the latter: the test looks at statements, changes rows by hand, or runs several nodes.
    pub is_plain: Rc<Cell<bool>>,
}

impl Doors {
    /// Sends a request. What everyone is answered must be the same whether or not answers are kept.
    async fn send(&self, request: impl Fn() -> TestRequest, is_shared: bool, line: &str) -> Raw {
        if !is_shared {
            return (self.serve)(request()).await;
        }
        if self.is_plain.get() {
            return (self.plain)(request()).await;
        }
        let given = (self.serve)(request()).await;
        let plain = (self.plain)(request()).await;
        // What is kept is given by one layer, and what was given already by another one.
        for (time, given) in [&given, &(self.serve)(request()).await, &(self.serve)(request()).await].iter().enumerate()
        {
            assert_eq!(given.status, plain.status, "{line}: with and without the cache, {time}");
            if matches!(given.status, 200 | 304) {
                assert_eq!(facts(given), facts(&plain), "{line}: with and without the cache, {time}");
            }
        }
        given
    }
}

/// What everyone is told alike: the headers, lists in one order, and the bytes. The same text is compressed better when it is
/// done once for all.
fn facts(raw: &Raw) -> (BTreeMap<String, BTreeSet<String>>, Option<Bytes>) {
    let mut headers = BTreeMap::<String, BTreeSet<String>>::new();
    for (name, value) in raw.headers.iter().filter(|(name, _)| *name != "x-request-id") {
        let value = value.to_str().unwrap();
        let parts = match name.as_str() {
            "vary" | "access-control-expose-headers" => {
                value.split(',').map(|part| part.trim().to_ascii_lowercase()).collect()
            }
            _ => vec![value.to_owned()],
        };
        headers.entry(name.to_string()).or_default().extend(parts);
    }
    let is_coded = headers.contains_key("content-encoding");
    (headers, (!is_coded).then(|| raw.bytes.clone()))
}

/// Somebody, signed in or not.
#[derive(Clone)]
pub struct Client {
    doors: Doors,
    app: App,
    session: Option<(UserId, SessionId)>,
    /// What it shows instead of a session's token.
    key: Option<String>,
}

impl Client {
    pub(super) fn new(doors: Doors, app: App, session: Option<(UserId, SessionId)>) -> Self {
        Self { doors, app, session, key: None }
    }

    /// A program with a key.
    pub fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The account.
    pub fn id(&self) -> UserId {
        self.session.expect("signed in").0
    }

    /// An access token that is good now, however far the clock was moved.
    pub fn token(&self) -> Option<String> {
        let sign = |(user, session)| self.app.tokens().sign(user, session, self.app.now()).unwrap();
        self.key.clone().or_else(|| self.session.map(sign))
    }

    pub fn get(&self, path: &str) -> Asked {
        self.ask("GET", path)
    }

    pub fn post(&self, path: &str) -> Asked {
        self.ask("POST", path)
    }

    pub fn patch(&self, path: &str) -> Asked {
        self.ask("PATCH", path)
    }

    pub fn put(&self, path: &str) -> Asked {
        self.ask("PUT", path)
    }

    pub fn delete(&self, path: &str) -> Asked {
        self.ask("DELETE", path)
    }

    /// A request with any method.
    pub fn ask(&self, method: &str, path: &str) -> Asked {
        let target = utf8_percent_encode(path, UNSENDABLE).to_string();
        Asked {
            client: self.clone(),
            method: method.into(),
            target,
            headers: Vec::new(),
            body: None,
            is_json: false,
            peer: None,
        }
    }
}

/// A request in the making.
#[derive(Clone)]
pub struct Asked {
    client: Client,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    is_json: bool,
    peer: Option<SocketAddr>,
}

impl Asked {
    /// With a JSON body, and its content type unless a header says otherwise.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self.is_json = true;
        self
    }

    /// With these bytes, said to be JSON unless a header says otherwise.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(bytes.into());
        self.is_json = true;
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// From this address, instead of from the same machine.
    #[must_use]
    pub fn peer(mut self, address: &str) -> Self {
        self.peer = Some((address.parse::<IpAddr>().unwrap(), 4711).into());
        self
    }

    #[must_use]
    pub fn if_match(self, etag: &str) -> Self {
        self.header("if-match", etag)
    }

    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sends it; panics when the answer is not as the document promises.
    pub async fn send(self) -> Answer {
        let Self { client, method, target, headers, body, is_json, peer } = self;
        let says_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let make = || {
            let mut request = TestRequest::with_uri(&target).method(Method::from_bytes(method.as_bytes()).unwrap());
            if is_json && !says_type {
                let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
                request = request.insert_header(("content-type", kind));
            }
            if let Some(peer) = peer {
                request = request.peer_addr(peer);
            }
            if let Some(token) = client.token() {
                request = request.append_header(("authorization", format!("Bearer {token}")));
            }
            for (name, value) in &headers {
                request = request.append_header((name.as_str(), value.as_str()));
            }
            match &body {
                Some(body) => request.set_payload(body.clone()),
                None => request,
            }
        };
        let streams = ["/stream", "/sync", "/newsroom", "/health", "/docs"];
        let is_read = matches!(&*method, "GET" | "HEAD") && !streams.iter().any(|part| target.contains(part));
        let line = format!("{method} {target}");
        let mut raw = client.doors.send(make, is_read && client.token().is_none(), &line).await;
        if method == "HEAD" {
            // The encoder that leaves the body out is below what a test talks to.
            raw.bytes = Bytes::new();
        }
        if let Err(why) = document::check(&method, &target, &raw) {
            panic!("{line}: {why}\n{}", String::from_utf8_lossy(&raw.bytes));
        }
        let Raw { status, headers, bytes } = raw;
        Answer { status, json: serde_json::from_slice(&bytes).unwrap_or_default(), headers, bytes, line }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body; null where it is no JSON.
    pub json: Value,
    pub bytes: Bytes,
    line: String,
}

impl Answer {
    /// It has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{:#}", self.line, self.json);
        self
    }

    /// It is a refusal with this code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let this = self.expect(status);
        assert_eq!(this.json["code"], code, "{}\n{:#}", this.line, this.json);
        this
    }

    /// The value at a JSON Pointer.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> &Value {
        let found = self.json.pointer(pointer);
        found.unwrap_or_else(|| panic!("{}: nothing at {pointer} of\n{:#}", self.line, self.json))
    }

    /// The text at a JSON Pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("no text at {pointer} of\n{:#}", self.json)).to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("{}: no ETag", self.line)).to_owned()
    }

    /// What is wrong with which field: `/name required`.
    pub fn errors(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array();
        let line =
            |error: &Value| format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap());
        errors.into_iter().flatten().map(line).collect()
    }
}

//! Many who write at once below one article: how long each waits, and whether anything is lost.
//!
//! ```sh
//! cargo bench --bench comments -- --writers 8 --seconds 30
//! DATABASE_URL=postgres://… cargo bench --bench comments   # on an empty database of yours
//! ```
//!
//! It starts the program on SQLite in a folder of its own (or on the database of `DATABASE_URL`), with limits that stand in
//! nobody's way, publishes an article and lets every writer comment as fast as answers come, some with replies. It fails on
//! any answer of the server's fault, and if the article does not have exactly the comments that were taken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a measurement that fails stops"
)]

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

const PASSWORD: &str = "قهوة سادة كل صباح 42";
/// The longest that the server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of so many comments of a writer, one answers the one before.
const REPLIES: usize = 3;

/// The number after a word of the command line.
fn number(arguments: &[String], name: &str, otherwise: usize) -> usize {
    let given = arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1));
    given.map_or(otherwise, |word| word.parse().unwrap_or_else(|_| panic!("{name} takes a number")))
}

/// The program in a process of its own.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path, writers: usize) -> Self {
        let port = (20_000..32_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port");
        let command = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_khabar"));
            let names = std::env::vars().map(|(name, _)| name);
            names.filter(|name| name.starts_with("KHABAR_")).for_each(|name| {
                command.env_remove(name);
            });
            for act in ["COMMENTS", "REACTIONS", "REPORTS"] {
                for span in ["PER_MINUTE", "PER_HOUR"] {
                    command.env(format!("KHABAR_LIMITS__{act}__{span}"), "0");
                }
            }
            command.env("KHABAR_BIND", format!("127.0.0.1:{port}")).env("KHABAR_LOG", "warn");
            command.args(arguments).current_dir(folder);
            command
        };
        for (role, n) in std::iter::once(("admin", 0)).chain((1..=writers).map(|n| ("reader", n))) {
            let email = email(n);
            let account = ["user", "create", "--role", role, "--email", &email, "--name", "One", "--password-stdin"];
            let mut making = command(&account).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            writeln!(making.stdin.take().unwrap(), "{PASSWORD}").unwrap();
            assert!(making.wait().unwrap().success());
        }
        let child = command(&["serve"]).stderr(Stdio::null()).spawn().unwrap();
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn email(n: usize) -> String {
    format!("writer-{n}@khabar.example")
}

/// Somebody who is signed in, on a connection of their own.
struct Client {
    agent: Agent,
    url: String,
    authorization: String,
}

impl Client {
    fn sign_in(url: &str, n: usize) -> Self {
        let agent = Agent::new_with_config(Agent::config_builder().http_status_as_error(false).build());
        let mut this = Self { agent, url: url.to_owned(), authorization: String::new() };
        let began = Instant::now();
        while this.agent.get(format!("{url}/health/ready")).call().is_err() {
            assert!(began.elapsed() < PATIENCE, "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let (status, told) =
            this.send("POST", "/auth/login", None, &json!({ "email": email(n), "password": PASSWORD }));
        assert_eq!(status, 200, "{told}");
        this.authorization = format!("Bearer {}", told["accessToken"].as_str().unwrap());
        this
    }

    fn send(&self, method: &str, path: &str, if_match: Option<&str>, body: &Value) -> (u16, Value) {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let request = ureq::http::Request::builder().method(method).uri(format!("{}/api/v1{path}", self.url));
        let request = request.header("content-type", kind);
        let request = if_match.into_iter().fold(request, |request, tag| request.header("if-match", tag));
        let signed = Some(&self.authorization).filter(|word| !word.is_empty());
        let request = signed.into_iter().fold(request, |request, word| request.header("authorization", word));
        let mut answer = self.agent.run(request.body(body.to_string()).unwrap()).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap_or_default())
    }

    fn get(&self, path: &str) -> Value {
        let mut answer = self.agent.get(format!("{}/api/v1{path}", self.url)).call().unwrap();
        answer.body_mut().read_json().unwrap()
    }

    fn made(&self, path: &str, body: &Value) -> Value {
        let (status, told) = self.send("POST", path, None, body);
        assert_eq!(status, 201, "{told}");
        told
    }
}

/// An article that takes comments at once; its id.
fn publish(admin: &Client) -> String {
    let source = admin.made("/newsroom/sources", &json!({ "name": "وكالة", "kind": "agency" }));
    let section = admin.made("/newsroom/sections", &json!({ "name": "العالم" }));
    let draft = admin.made(
        "/newsroom/articles",
        &json!({
            "language": "ar", "headline": "خبر", "bodyHtml": "<p>نص</p>", "sectionId": section["id"],
            "sources": [{ "sourceId": source["id"] }], "comments": { "mode": "open" },
        }),
    );
    let id = draft["id"].as_str().unwrap().to_owned();
    let (status, told) = admin.send("POST", &format!("/newsroom/articles/{id}/publish"), Some("\"1\""), &json!({}));
    assert_eq!(status, 200, "{told}");
    id
}

/// What one writer has seen.
#[derive(Default)]
struct Seen {
    statuses: BTreeMap<u16, usize>,
    waits: Vec<Duration>,
    taken: Vec<String>,
}

/// Comments until the time is over.
fn write(client: &Client, article: &str, n: usize, until: Instant) -> Seen {
    let (mut seen, mut last) = (Seen::default(), Value::Null);
    let path = format!("/articles/{article}/comments");
    for step in 0.. {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let parent = if step % REPLIES == 0 { &last } else { &Value::Null };
        // Short, so that none is nearly the same as another.
        let body = json!({ "text": format!("رأي {n} {step}"), "parentId": parent });
        let (status, told) = client.send("POST", &path, None, &body);
        seen.waits.push(began.elapsed());
        *seen.statuses.entry(status).or_default() += 1;
        if status == 201 {
            last = told["id"].clone();
            seen.taken.push(last.as_str().unwrap().to_owned());
        }
    }
    seen
}

/// The ids of every comment that is shown below an article, page by page.
fn shown(client: &Client, article: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut open = vec![format!("/articles/{article}/comments?limit=100")];
    while let Some(list) = open.pop() {
        let page = client.get(&list);
        for item in page["items"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap();
            found.insert(id.to_owned());
            if item["replyCount"] != json!(0) {
                open.push(format!("/articles/{article}/comments?limit=100&parentId={id}"));
            }
        }
        if let Some(next) = page["page"]["next"].as_str() {
            let list = list.split("&after=").next().unwrap();
            open.push(format!("{list}&after={next}"));
        }
    }
    found
}

fn tell(name: &str, value: impl std::fmt::Display) {
    println!("{name:<24}{value:>14}");
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

fn run(writers: usize, seconds: u64) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), writers);
    let admin = Client::sign_in(&server.url, 0);
    let article = publish(&admin);
    let clients: Vec<Client> = (1..=writers).map(|n| Client::sign_in(&server.url, n)).collect();
    let until = Instant::now() + Duration::from_secs(seconds);
    let seen: Vec<Seen> = std::thread::scope(|scope| {
        let begin = |(n, client)| {
            let article = &article;
            scope.spawn(move || write(client, article, n, until))
        };
        let writing: Vec<_> = clients.iter().enumerate().map(begin).collect();
        writing.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let mut waits: Vec<Duration> = seen.iter().flat_map(|seen| seen.waits.iter().copied()).collect();
    waits.sort_unstable();
    let mut statuses = BTreeMap::<u16, usize>::new();
    for (status, times) in seen.iter().flat_map(|seen| &seen.statuses) {
        *statuses.entry(*status).or_default() += times;
    }
    let taken: HashSet<&String> = seen.iter().flat_map(|seen| &seen.taken).collect();
    let there = shown(&admin, &article);
    let lost = taken.iter().filter(|id| !there.contains(**id)).count();
    let counted = admin.get(&format!("/articles/{article}"))["commentCount"].as_u64().unwrap();
    let percentile = |percent: usize| milliseconds(waits[(waits.len() - 1) * percent / 100]);
    tell("writers", writers);
    tell("requests", waits.len());
    tell("  a second", waits.len() as u64 / seconds.max(1));
    for (status, times) in &statuses {
        tell(&format!("  answered {status}"), times);
    }
    for (name, percent) in [("half waited", 50), ("99 % waited", 99), ("the last waited", 100)] {
        tell(name, percentile(percent));
    }
    tell("taken", taken.len());
    tell("counted", counted);
    tell("lost", lost);
    let is_exact = usize::try_from(counted).unwrap() == taken.len() && there.len() == taken.len();
    lost == 0 && is_exact && statuses.keys().all(|status| *status < 500)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS; // `cargo test` runs this too, if asked for everything.
    }
    let seconds = u64::try_from(number(&arguments, "--seconds", 30)).unwrap();
    if run(number(&arguments, "--writers", 8), seconds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

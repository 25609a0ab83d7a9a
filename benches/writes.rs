//! Many who write at once: how many of them are answered in a second, how long each waits, what it costs the server, and
//! whether anything is lost.
//!
//! ```sh
//! cargo bench --bench writes -- --only comments --clients 64 --seconds 10 --rounds 3
//! DATABASE_URL=postgres://… cargo bench --bench writes   # on an empty database of yours
//! ```
//!
//! It starts the program on SQLite in a folder of its own (or on the database of `DATABASE_URL`), with limits that stand in
//! nobody's way, and tells of each round, and of the median of the rounds:
//!
//! - `comments`: readers comment below one article, each from an address of their own, every third one answers the one before;
//! - `articles`: editors make an article of some paragraphs and publish it; one is counted when both are done;
//! - `logins`: readers sign in, as many at once as `--logins` says, while others read an article and its comments 5,000 times
//!   a second;
//! - `searches`: the same reads, while others search.
//!
//! It fails on any answer that is not the one hoped for, and if an article does not have exactly the comments that were taken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a measurement that fails stops"
)]

mod server;

use std::cell::Cell;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{LocalBoxFuture, join, join_all};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until};

use server::{PASSWORD, Program, Server, email, number, word};

/// Of so many comments of a writer, one answers the one before.
const REPLIES: usize = 3;
/// Reads in a second beside a flood, and over how many connections they come.
const READS: u64 = 5_000;
const READERS: u64 = 32;
/// The server hangs up on who is silent for longer than this, and no measurement is as long.
const SILENCE: Duration = Duration::from_secs(2);
/// What texts are made of.
const WORDS: [&str; 32] = [
    "الحكومة",
    "المدينة",
    "الطريق",
    "مشروع",
    "جديد",
    "قرار",
    "مجلس",
    "الشعب",
    "وزير",
    "لقاء",
    "صباح",
    "مساء",
    "اقتصاد",
    "سوق",
    "أسعار",
    "تعليم",
    "جامعة",
    "طلاب",
    "صحة",
    "مستشفى",
    "بحر",
    "مطار",
    "رحلة",
    "فريق",
    "مباراة",
    "هدف",
    "كتاب",
    "معرض",
    "فيلم",
    "مهرجان",
    "طقس",
    "أمطار",
];

struct Plan {
    only: Option<String>,
    clients: usize,
    logins: usize,
    seconds: u64,
    rounds: usize,
}

impl Plan {
    fn read(arguments: &[String]) -> Self {
        let number = |name, otherwise| number(arguments, name, otherwise);
        let count = |name, otherwise| usize::try_from(number(name, otherwise)).unwrap();
        Self {
            only: word(arguments, "--only").cloned(),
            clients: count("--clients", 64),
            logins: count("--logins", 16),
            seconds: number("--seconds", 10),
            rounds: count("--rounds", 3),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

/// The program with limits that stand in nobody's way. Each client says where it is, as behind a proxy.
fn program(folder: &Path) -> Program {
    let database = std::env::var("DATABASE_URL");
    let mut settings = vec![
        ("KHABAR_LOG", "warn"),
        ("KHABAR_LIMITS__COMMENTS__PER_MINUTE", "0"),
        ("KHABAR_LIMITS__COMMENTS__PER_HOUR", "0"),
        ("KHABAR_LIMITS__REGISTRATIONS__PER_MINUTE", "0"),
        ("KHABAR_LIMITS__REGISTRATIONS__PER_HOUR", "0"),
        ("KHABAR_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
    ];
    settings.extend(database.iter().map(|url| ("DATABASE_URL", url.as_str())));
    Program::new(folder, &settings)
}

/// Somebody on a connection of their own, who waits for each answer. As little as can speak HTTP: what it costs is taken
/// from the server's processors.
struct Client {
    stream: TcpStream,
    bearer: String,
    address: String,
    heard: Vec<u8>,
    port: u16,
    spoke: Instant,
}

impl Client {
    async fn connect(port: u16, n: usize) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let address = format!("198.18.{}.{}", n / 250, n % 250 + 1);
        Self { stream, bearer: String::new(), address, heard: Vec::new(), port, spoke: Instant::now() }
    }

    async fn signed_in(port: u16, n: usize, email: &str) -> Self {
        let mut this = Self::connect(port, n).await;
        let told = this.expect(200, "POST", "/auth/login", "", &login(email)).await;
        this.bearer = format!("authorization: Bearer {}\r\n", told["accessToken"].as_str().unwrap());
        this
    }

    /// Sends a request; the status of the answer, whose body is `heard`.
    async fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> u16 {
        if self.spoke.elapsed() > SILENCE {
            self.stream = Self::connect(self.port, 0).await.stream;
        }
        self.spoke = Instant::now();
        let Self { stream, bearer, address, heard, .. } = self;
        let length = body.len();
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: khabar\r\nx-forwarded-for: {address}\r\n{bearer}{headers}\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        heard.clear();
        let end = loop {
            assert!(stream.read_buf(heard).await.unwrap() > 0, "the server hung up");
            if let Some(at) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = std::str::from_utf8(&heard[..end]).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let length = length.unwrap_or_else(|| panic!("an answer without its length: {head}"));
        while heard.len() < end + length {
            assert!(stream.read_buf(heard).await.unwrap() > 0, "the server hung up");
        }
        heard.drain(..end);
        status
    }

    async fn expect(&mut self, status: u16, method: &str, path: &str, headers: &str, body: &Value) -> Value {
        let answered = self.send(method, path, headers, &body.to_string()).await;
        assert_eq!(answered, status, "{path}: {}", String::from_utf8_lossy(&self.heard));
        serde_json::from_slice(&self.heard).unwrap()
    }

    async fn made(&mut self, path: &str, body: &Value) -> Value {
        self.expect(201, "POST", path, "", body).await
    }

    /// The id in the last answer, which begins with it.
    fn id(&self) -> String {
        let text = std::str::from_utf8(&self.heard).unwrap();
        text.strip_prefix("{\"id\":\"").and_then(|rest| rest.get(..36)).expect("an id first").to_owned()
    }
}

fn login(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

/// Sentences that nobody has said before, always the same for the same number.
fn prose(seed: usize, words: usize) -> String {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51_7cc1_b727_220a;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        WORDS[usize::try_from(state >> 59).unwrap()]
    };
    let all: Vec<&str> = (0..words).map(|_| next()).collect();
    format!("{} {seed}.", all.join(" "))
}

/// What came of a round.
#[derive(Default)]
struct Round {
    done: usize,
    errors: usize,
    waits: Vec<Duration>,
    reads: Vec<Duration>,
    work: Duration,
    seconds: f64,
}

impl Round {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.errors += other.errors;
        self.waits.extend(other.waits);
        self.reads.extend(other.reads);
    }

    fn figures(&mut self) -> Vec<(&'static str, f64)> {
        let milliseconds = |waits: &mut Vec<Duration>, percent: usize| {
            waits.sort_unstable();
            waits.get(waits.len().saturating_sub(1) * percent / 100).map_or(0.0, |wait| wait.as_secs_f64() * 1_000.0)
        };
        let mut figures = vec![
            ("a second", self.done as f64 / self.seconds),
            ("p50 ms", milliseconds(&mut self.waits, 50)),
            ("p99 ms", milliseconds(&mut self.waits, 99)),
            ("most ms", milliseconds(&mut self.waits, 100)),
            ("server µs each", self.work.as_secs_f64() * 1e6 / self.done.max(1) as f64),
            ("errors", self.errors as f64),
        ];
        if !self.reads.is_empty() {
            figures.push(("reads a second", self.reads.len() as f64 / self.seconds));
            figures.push(("reads p50 ms", milliseconds(&mut self.reads, 50)));
            figures.push(("reads p99 ms", milliseconds(&mut self.reads, 99)));
        }
        figures
    }
}

/// Does one thing again and again until the time is over.
async fn again<'c>(
    client: &'c mut Client,
    until: Instant,
    mut each: impl AsyncFnMut(&mut Client, usize) -> bool + 'c,
) -> Round {
    let mut round = Round::default();
    for step in 0.. {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let is_done = each(client, step).await;
        round.waits.push(began.elapsed());
        round.done += usize::from(is_done);
        if !is_done {
            eprintln!("{}", String::from_utf8_lossy(&client.heard));
            round.errors += 1;
        }
    }
    round
}

/// Everything that is measured here happens on one newsroom.
struct Newsroom {
    server: Server,
    admin: Client,
    section: Value,
    source: Value,
    article: String,
    /// How many comments it has.
    taken: usize,
    /// Nothing is said twice.
    said: Rc<Cell<usize>>,
    readers: Vec<Client>,
    editors: Vec<Client>,
}

impl Newsroom {
    async fn open(folder: &Path, plan: &Plan) -> Self {
        let program = program(folder);
        program.hire("admin");
        program.hire("editor");
        let server = program.serve(Stdio::inherit());
        let port = server.port;
        let mut admin = Client::signed_in(port, 0, &email("admin")).await;
        let source = admin.made("/newsroom/sources", &json!({ "name": "وكالة", "kind": "agency" })).await["id"].take();
        let section = admin.made("/newsroom/sections", &json!({ "name": "العالم" })).await["id"].take();
        let mut this = Self {
            server,
            admin,
            section,
            source,
            article: String::new(),
            taken: 0,
            said: Rc::default(),
            readers: Vec::new(),
            editors: Vec::new(),
        };
        let draft = this.draft(0);
        this.admin.made("/newsroom/articles", &draft).await;
        this.article = this.admin.id();
        let publish = format!("/newsroom/articles/{}/publish", this.article);
        this.admin.expect(200, "POST", &publish, "if-match: \"1\"\r\n", &json!({})).await;
        for n in 1..=plan.clients.max(plan.logins) {
            let email = format!("reader-{n}@khabar.example");
            let account = json!({ "email": email, "name": "One", "password": PASSWORD });
            this.admin.made("/auth/register", &account).await;
            this.readers.push(Client::signed_in(port, n, &email).await);
        }
        for n in 1..=plan.clients {
            let bearer = this.editors.first().map(|first: &Client| first.bearer.clone());
            this.editors.push(match bearer {
                None => Client::signed_in(port, n, &email("editor")).await,
                Some(bearer) => Client { bearer, ..Client::connect(port, n).await },
            });
        }
        this
    }

    fn draft(&self, seed: usize) -> Value {
        let paragraphs: Vec<String> = (1..=4).map(|n| format!("<p>{}</p>", prose(seed * 10 + n, 40))).collect();
        json!({
            "language": "ar", "headline": prose(seed * 10, 8), "bodyHtml": paragraphs.concat(),
            "sectionId": self.section, "sources": [{ "sourceId": self.source }], "comments": { "mode": "open" },
        })
    }

    async fn comments(&mut self, until: Instant) -> Round {
        let path = format!("/articles/{}/comments", self.article);
        let (path, said) = (&path, &self.said);
        let writing = self.readers.iter_mut().map(|client| {
            let mut last = None;
            again(client, until, async move |client, step| {
                said.set(said.get() + 1);
                let parent = if step % REPLIES == 0 { last.take() } else { None };
                let body = json!({ "text": prose(said.get(), 12), "parentId": parent }).to_string();
                let is_done = client.send("POST", path, "", &body).await == 201;
                last = is_done.then(|| client.id());
                is_done
            })
        });
        let round = sum(join_all(writing).await);
        self.taken += round.done;
        let article = self.admin.expect(200, "GET", &format!("/articles/{}", self.article), "", &json!({})).await;
        assert_eq!(article["commentCount"], json!(self.taken), "what was taken is what is counted");
        round
    }

    async fn articles(&mut self, until: Instant) -> Round {
        let mut editors = std::mem::take(&mut self.editors);
        let (this, said) = (&*self, Rc::clone(&self.said));
        let writing = editors.iter_mut().map(|client| {
            let said = Rc::clone(&said);
            again(client, until, async move |client, _| {
                said.set(said.get() + 1);
                let draft = this.draft(said.get()).to_string();
                if client.send("POST", "/newsroom/articles", "", &draft).await != 201 {
                    return false;
                }
                let publish = format!("/newsroom/articles/{}/publish", client.id());
                client.send("POST", &publish, "if-match: \"1\"\r\n", "{}").await == 200
            })
        });
        let round = sum(join_all(writing).await);
        self.editors = editors;
        round
    }

    /// Reads beside a flood.
    async fn beside(&mut self, flood: &str, logins: usize, until: Instant) -> Round {
        let readers = &mut self.readers[..logins];
        let flooding = readers.iter_mut().enumerate().map(|(n, client)| {
            let email = format!("reader-{}@khabar.example", n + 1);
            let each: LocalBoxFuture<'_, Round> = match flood {
                "logins" => Box::pin(again(client, until, async move |client, _| {
                    client.send("POST", "/auth/login", "", &login(&email).to_string()).await == 200
                })),
                _ => Box::pin(again(client, until, async move |client, step| {
                    let word = percent_encoding::utf8_percent_encode(
                        WORDS[(n * 7 + step) % WORDS.len()],
                        percent_encoding::NON_ALPHANUMERIC,
                    );
                    client.send("GET", &format!("/search?q={word}&limit={}", 20 - step % 7), "", "").await == 200
                })),
            };
            each
        });
        let (article, port) = (&self.article, self.server.port);
        let reading = (0..READERS).map(|n| paced(port, n, article, until));
        let (flood, reads) = join(join_all(flooding), join_all(reading)).await;
        let mut round = sum(flood);
        round.add(sum(reads));
        round
    }
}

/// Reads at a fixed rate, whatever the answers take: who waits for one is late for the next, and that counts.
async fn paced(port: u16, n: u64, article: &str, until: Instant) -> Round {
    let mut client = Client::connect(port, 1_000 + usize::try_from(n).unwrap()).await;
    let pause = Duration::from_micros(1_000_000 * READERS / READS);
    let mut due = Instant::now() + Duration::from_micros(1_000_000 / READS * n);
    let paths = [format!("/articles/{article}"), format!("/articles/{article}/comments"), "/articles".to_owned()];
    let mut round = Round::default();
    for path in paths.iter().cycle() {
        if due >= until {
            break;
        }
        sleep_until(due).await;
        round.errors += usize::from(client.send("GET", path, "", "").await != 200);
        round.reads.push(due.elapsed());
        due += pause;
    }
    round
}

fn sum(rounds: Vec<Round>) -> Round {
    rounds.into_iter().fold(Round::default(), |mut all, one| {
        all.add(one);
        all
    })
}

async fn measure(newsroom: &mut Newsroom, plan: &Plan, name: &str) -> usize {
    let mut rounds = Vec::new();
    let mut errors = 0;
    for _ in 0..plan.rounds {
        let (began, worked) = (Instant::now(), newsroom.server.work());
        let until = began + Duration::from_secs(plan.seconds);
        let mut round = match name {
            "comments" => newsroom.comments(until).await,
            "articles" => newsroom.articles(until).await,
            flood => newsroom.beside(flood, plan.logins, until).await,
        };
        (round.work, round.seconds) = (newsroom.server.work().saturating_sub(worked), plan.seconds as f64);
        errors += round.errors;
        let figures = round.figures();
        let told: Vec<String> = figures.iter().map(|(name, figure)| format!("{name} {figure:.1}")).collect();
        println!("{name:<10} {}", told.join("  "));
        rounds.push(figures);
    }
    for (at, (figure, _)) in rounds[0].iter().enumerate() {
        let mut all: Vec<f64> = rounds.iter().map(|round| round[at].1).collect();
        all.sort_unstable_by(f64::total_cmp);
        println!("{name:<10} {figure:<16}{:>12.1}", all[all.len() / 2]);
    }
    errors
}

async fn run(plan: &Plan) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut newsroom = Newsroom::open(folder.path(), plan).await;
    let mut errors = 0;
    for name in ["comments", "articles", "logins", "searches"] {
        if plan.has(name) {
            errors += measure(&mut newsroom, plan, name).await;
        }
    }
    errors
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS; // `cargo test` runs this too, if asked for everything.
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let errors = LocalSet::new().block_on(&runtime, run(&Plan::read(&arguments)));
    if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

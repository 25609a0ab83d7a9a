//! Many clients on one node: how much memory each takes, and how soon an alert reaches the last of them.
//!
//! ```sh
//! cargo bench --bench streams -- --clients 15000 --seconds 300
//! ```
//!
//! It starts the program on SQLite in a folder of its own, opens the streams from addresses of this machine
//! (127.0.x.y, since one address has not enough ports), issues an alert now and then, and fails if anybody missed
//! one, got one twice or out of order, or was cut off. Each side needs an open file for each client.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a measurement that fails stops"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;

const EMAIL: &str = "editor@khabar.example";
const PASSWORD: &str = "قهوة سادة كل صباح 42";
const NEWSROOM: &str = "/api/v1/newsroom/alerts";
/// Clients that share one source address.
const PER_ADDRESS: usize = 1_000;
/// Clients that connect at once.
const CONNECTING: usize = 100;
/// The longest that the last client may take to hear of the last alert.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Clone, Copy)]
struct Plan {
    clients: usize,
    seconds: u64,
    /// Seconds between two alerts.
    every: u64,
}

impl Plan {
    fn read(arguments: &[String]) -> Self {
        let number = |name: &str, otherwise: u64| {
            let given = arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1));
            given.map_or(otherwise, |word| word.parse().unwrap_or_else(|_| panic!("{name} takes a number")))
        };
        let clients = usize::try_from(number("--clients", 1_000)).unwrap();
        Self { clients, seconds: number("--seconds", 10), every: number("--every", 2).max(1) }
    }
}

/// The program, and what the system knows of it.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path) -> Self {
        // Below the ports that the system gives to clients, which are needed here.
        let port = (20_000..32_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port");
        let command = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_khabar"));
            let names = std::env::vars().map(|(name, _)| name);
            names.filter(|name| name.starts_with("KHABAR_") || name == "DATABASE_URL").for_each(|name| {
                command.env_remove(name);
            });
            command.env("KHABAR_BIND", format!("127.0.0.1:{port}")).env("KHABAR_LOG", "warn");
            command.args(arguments).current_dir(folder);
            command
        };
        let account = ["user", "create", "--role", "editor", "--email", EMAIL, "--name", "One", "--password-stdin"];
        let mut making = command(&account).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        writeln!(making.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(making.wait().unwrap().success());
        Self { child: command(&["serve"]).stderr(Stdio::null()).spawn().unwrap(), port }
    }

    /// Memory that it holds, in KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }

    /// Time that it has worked, in hundredths of a second.
    fn work(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        fields.filter_map(|field| field.parse::<u64>().ok()).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The one who issues the alerts.
struct Editor {
    url: String,
    authorization: String,
}

impl Editor {
    fn sign_in(port: u16) -> Self {
        let mut this = Self { url: format!("http://127.0.0.1:{port}"), authorization: String::new() };
        let began = Instant::now();
        while ureq::get(format!("{}/health/ready", this.url)).call().is_err() {
            assert!(began.elapsed() < PATIENCE, "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let told = this.post("/api/v1/auth/login", &[], &json!({ "email": EMAIL, "password": PASSWORD }));
        this.authorization = format!("Bearer {}", told["accessToken"].as_str().unwrap());
        this
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
        let request = ureq::post(format!("{}{path}", self.url));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send_json(body).unwrap().body_mut().read_json().unwrap()
    }

    /// Sends an alert out; answers when it was asked to.
    fn issue(&self, n: u64) -> Instant {
        let form = json!({ "headline": format!("خبر عاجل رقم {n}"), "language": "ar" });
        let headers = [("authorization", self.authorization.as_str()), ("if-match", "\"1\"")];
        let draft = self.post(NEWSROOM, &headers[..1], &form);
        let began = Instant::now();
        self.post(&format!("{NEWSROOM}/{}/issue", draft["id"].as_str().unwrap()), &headers, &json!({}));
        began
    }
}

/// What all clients together have heard.
#[derive(Default)]
struct Heard {
    /// When each event reached each client.
    arrivals: BTreeMap<i64, Vec<Instant>>,
    twice: usize,
    out_of_order: usize,
    cut_off: usize,
}

/// One client: little more than its socket.
#[derive(Default)]
struct Client {
    /// The beginning of a line whose end has not come.
    half: Vec<u8>,
    id: i64,
    is_alert: bool,
    last: i64,
}

impl Client {
    fn read(&mut self, bytes: &[u8], heard: &mut Heard) {
        let now = Instant::now();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                self.half.extend_from_slice(line);
            } else if self.half.is_empty() {
                self.line(line, now, heard);
            } else {
                let mut whole = std::mem::take(&mut self.half);
                whole.extend_from_slice(line);
                self.line(&whole, now, heard);
            }
        }
    }

    /// A line of the stream; the sizes of chunks between them mean nothing to it.
    fn line(&mut self, line: &[u8], now: Instant, heard: &mut Heard) {
        if let Some(id) = line.strip_prefix(b"id: ") {
            self.id = std::str::from_utf8(id).unwrap().trim_end().parse().unwrap();
        } else if line.starts_with(b"event: ") {
            self.is_alert = line.starts_with(b"event: alert.issued");
        } else if line == b"\n" && std::mem::take(&mut self.is_alert) {
            heard.twice += usize::from(self.id == self.last);
            heard.out_of_order += usize::from(self.id < self.last);
            self.last = self.id;
            heard.arrivals.entry(self.id).or_default().push(now);
        }
    }
}

/// Asks for a stream, from an address with ports to spare.
async fn connect(n: usize, port: u16) -> io::Result<TcpStream> {
    let group = u8::try_from(n / PER_ADDRESS).map_err(io::Error::other)?;
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, 1 + group), 0)))?;
    let mut stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let head = "GET /api/v1/alerts/stream HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    stream.readable().await?;
    Ok(stream)
}

/// Follows a stream for as long as it lasts. What is read is kept nowhere: thousands share one buffer.
async fn follow(stream: TcpStream, heard: Rc<RefCell<Heard>>, buffer: Rc<RefCell<Vec<u8>>>) {
    let mut client = Client::default();
    while stream.readable().await.is_ok() {
        let read = stream.try_read(&mut buffer.borrow_mut());
        match read {
            Ok(0) => break,
            Ok(count) => client.read(&buffer.borrow()[..count], &mut heard.borrow_mut()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    heard.borrow_mut().cut_off += 1;
}

/// Issues an alert every few seconds, until told to stop or the time is over.
fn publish(editor: &Editor, plan: Plan, told: &Sender<Instant>) {
    let (began, mut n) = (Instant::now(), 1);
    while began.elapsed() < Duration::from_secs(plan.seconds) {
        told.send(editor.issue(n)).unwrap();
        n += 1;
        std::thread::sleep(Duration::from_secs(plan.every));
    }
}

/// Opens every stream; answers how long that took.
async fn open(plan: &Plan, port: u16, heard: &Rc<RefCell<Heard>>) -> Duration {
    let (began, buffer) = (Instant::now(), Rc::new(RefCell::new(vec![0; 64 * 1024])));
    let mut connecting = iter(0..plan.clients).map(|n| connect(n, port)).buffer_unordered(CONNECTING);
    while let Some(stream) = connecting.next().await {
        let stream = stream.expect("a stream opens");
        tokio::task::spawn_local(follow(stream, Rc::clone(heard), Rc::clone(&buffer)));
    }
    began.elapsed()
}

/// Waits until everybody has heard all that was issued, or for as long as anybody may take.
async fn settle(plan: Plan, issued: usize, heard: &Rc<RefCell<Heard>>) {
    let began = Instant::now();
    let arrived = || heard.borrow().arrivals.values().map(Vec::len).sum::<usize>();
    while arrived() < issued * plan.clients && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}

/// How long each client waited for each alert, shortest first.
fn delays(issued: &[Instant], heard: &Heard) -> Vec<Vec<Duration>> {
    let of = |(began, arrivals): (&Instant, &Vec<Instant>)| {
        let mut delays: Vec<Duration> = arrivals.iter().map(|at| at.saturating_duration_since(*began)).collect();
        delays.sort_unstable();
        delays
    };
    issued.iter().zip(heard.arrivals.values()).map(of).filter(|delays| !delays.is_empty()).collect()
}

/// Of each alert the delay at so many of a hundred clients: the usual one, and the worst.
fn tell_delay(name: &str, delays: &[Vec<Duration>], percent: usize) {
    let mut all: Vec<Duration> = delays.iter().map(|of| of[(of.len() - 1) * percent / 100]).collect();
    all.sort_unstable();
    let (usual, worst) = (all.get(all.len() / 2).copied(), all.last().copied());
    let (usual, worst) = (usual.unwrap_or_default(), worst.unwrap_or_default());
    println!("{name:<24}{:>14}{:>14}", milliseconds(usual), milliseconds(worst));
}

fn tell(name: &str, value: impl std::fmt::Display) {
    println!("{name:<24}{value:>14}");
}

/// What the server took.
struct Cost {
    idle: u64,
    full: u64,
    end: u64,
    work: u64,
}

/// Prints what was measured; answers whether everybody got everything, once and in order.
fn report(plan: &Plan, issued: &[Instant], heard: &Heard, cost: &Cost) -> bool {
    let Cost { idle, full, end, work } = cost;
    println!("{:<24}{:>14}{:>14}", "from «issue» to", "median alert", "worst alert");
    let delays = delays(issued, heard);
    for (name, percent) in [("  the first client", 0), ("  half of them", 50), ("  99 %", 99), ("  the last one", 100)]
    {
        tell_delay(name, &delays, percent);
    }
    let clients = u64::try_from(plan.clients.max(1)).unwrap();
    tell("memory idle", format!("{idle} KiB"));
    tell("  with clients", format!("{full} KiB"));
    tell("  at the end", format!("{end} KiB"));
    tell("  per client", format!("{} B", end.max(full).saturating_sub(*idle) * 1_024 / clients));
    tell("time worked", format!("{}.{:02} s", work / 100, work % 100));
    let arrived: usize = heard.arrivals.values().map(Vec::len).sum();
    let missed = (issued.len() * plan.clients + heard.twice).saturating_sub(arrived);
    tell("missed", missed);
    tell("twice", heard.twice);
    tell("out of order", heard.out_of_order);
    tell("cut off", heard.cut_off);
    missed + heard.twice + heard.out_of_order + heard.cut_off == 0
}

async fn run(plan: Plan) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let editor = Editor::sign_in(server.port);
    editor.issue(0);
    let idle = server.memory();
    let heard = Rc::new(RefCell::new(Heard::default()));
    tell("clients", plan.clients);
    tell("connected within", milliseconds(open(&plan, server.port, &heard).await));
    let (full, worked, began) = (server.memory(), server.work(), Instant::now());

    let (send, receive): (Sender<Instant>, Receiver<Instant>) = channel();
    tokio::task::spawn_blocking(move || publish(&editor, plan, &send)).await.unwrap();
    let issued: Vec<Instant> = receive.iter().collect();
    settle(plan, issued.len(), &heard).await;
    let cost = Cost { idle, full, end: server.memory(), work: server.work() - worked };
    tell("held for", format!("{} s", began.elapsed().as_secs()));
    tell("alerts", issued.len());
    report(&plan, &issued, &heard.borrow(), &cost)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS; // `cargo test` runs this too, if asked for everything.
    }
    drop(rlimit::increase_nofile_limit(u64::MAX));
    let plan = Plan::read(&arguments);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let is_well = LocalSet::new().block_on(&runtime, run(plan));
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

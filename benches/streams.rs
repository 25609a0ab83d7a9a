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

mod server;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{ExitCode, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;

use server::{Desk, Program, number};

const ALERTS: &str = "/newsroom/alerts";
/// Clients that share one source address.
const PER_ADDRESS: usize = 1_000;
/// Clients that connect at once.
const CONNECTING: usize = 100;
/// The longest that the last client may take to hear of the last alert.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

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
        let number = |name, otherwise| number(arguments, name, otherwise);
        let clients = usize::try_from(number("--clients", 1_000)).unwrap();
        Self { clients, seconds: number("--seconds", 10), every: number("--every", 2).max(1) }
    }
}

/// Sends an alert out; answers when it was asked to.
fn issue(editor: &Desk, n: u64) -> Instant {
    let draft = editor.post(ALERTS, None, &json!({ "headline": format!("خبر عاجل رقم {n}"), "language": "ar" }));
    let began = Instant::now();
    editor.post(&format!("{ALERTS}/{}/issue", draft["id"].as_str().unwrap()), Some("\"1\""), &json!({}));
    began
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
fn publish(editor: &Desk, plan: Plan, told: &Sender<Instant>) {
    let (began, mut n) = (Instant::now(), 1);
    while began.elapsed() < Duration::from_secs(plan.seconds) {
        told.send(issue(editor, n)).unwrap();
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
    while arrived() < issued * plan.clients && began.elapsed() < HEARD_WITHIN {
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
    work: Duration,
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
    tell("time worked", format!("{:.2} s", work.as_secs_f64()));
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
    let program = Program::new(folder.path(), &[("KHABAR_LOG", "warn")]);
    program.hire("editor");
    let server = program.serve(Stdio::null());
    let editor = Desk::sign_in(&server, "editor");
    issue(&editor, 0);
    let idle = server.memory();
    let heard = Rc::new(RefCell::new(Heard::default()));
    tell("clients", plan.clients);
    tell("connected within", milliseconds(open(&plan, server.port, &heard).await));
    let (full, worked, began) = (server.memory(), server.work(), Instant::now());

    let (send, receive): (Sender<Instant>, Receiver<Instant>) = channel();
    tokio::task::spawn_blocking(move || publish(&editor, plan, &send)).await.unwrap();
    let issued: Vec<Instant> = receive.iter().collect();
    settle(plan, issued.len(), &heard).await;
    let cost = Cost { idle, full, end: server.memory(), work: server.work().saturating_sub(worked) };
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

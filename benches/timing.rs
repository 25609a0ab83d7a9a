//! Whether the time of a refused sign-in tells who has an account, and that of a forgotten password; and whether many sign-ins at once
//! keep anybody waiting who only reads.
//!
//! ```sh
//! cargo bench --bench timing
//! ```
//!
//! An address that has an account and one that has none are asked for in turn, with a wrong password, 200 times each, and then 200
//! times each for another password. It fails where the medians differ by more than 15 %. Then 300 sign in at once, while somebody asks
//! whether the server is alive and reads the list of articles: it fails where one of these takes a second, where a sign-in is neither
//! judged nor told when to come again, or where the server holds 64 MiB more than before at any time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a measurement that fails stops"
)]

mod server;

use std::process::{ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

use server::load::median;
use server::{Program, Server, email};

/// Tries of each kind, after some that warm up.
const TRIES: usize = 200;
const WARM_UP: usize = 10;
/// How far the medians may be apart.
const BAND: std::ops::RangeInclusive<f64> = 0.85..=1.18;
/// Sign-ins at once, and how many MiB more the server may take for them.
const FLOOD: usize = 300;
const GROWTH_MIB: u64 = 64;

/// Medians in milliseconds of what is answered about an address that has an account, and about one that has none.
fn compare(agent: &Agent, url: &str, status: u16, form: impl Fn(&str) -> Value) -> [f64; 2] {
    let mut took = [Vec::new(), Vec::new()];
    for n in 0..WARM_UP + TRIES {
        for (of, address) in [email("editor"), format!("nobody{n}@khabar.example")].iter().enumerate() {
            let began = Instant::now();
            let mut answer = agent.post(url).send_json(form(address)).unwrap();
            assert_eq!(answer.status(), status);
            answer.body_mut().read_to_string().unwrap();
            if n >= WARM_UP {
                took[of].push(began.elapsed().as_secs_f64() * 1_000.0);
            }
        }
    }
    took.map(median)
}

/// Whether 300 sign-ins at once are all answered as they should be, and nobody waits behind them.
fn flood(server: &Server, agent: &Agent) -> bool {
    let before = server.memory();
    let (judged, put_off) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let is_over = AtomicBool::new(false);
    let login = || {
        let form = json!({ "email": email("editor"), "password": "a password that is wrong" });
        let answer = agent.post(format!("{}/api/v1/auth/login", server.url())).send_json(form).unwrap();
        match answer.status().as_u16() {
            401 => judged.fetch_add(1, Ordering::Relaxed),
            429 | 503 if answer.headers().contains_key("retry-after") => put_off.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    };
    let read = || {
        let mut slowest = Duration::ZERO;
        while !is_over.load(Ordering::Relaxed) {
            for path in ["/health/live", "/api/v1/articles"] {
                let began = Instant::now();
                agent.get(format!("{}{path}", server.url())).call().unwrap().body_mut().read_to_string().unwrap();
                slowest = slowest.max(began.elapsed());
            }
        }
        slowest
    };
    let slowest = thread::scope(|scope| {
        let reader = scope.spawn(read);
        let all: Vec<_> = (0..FLOOD).map(|_| scope.spawn(login)).collect();
        for one in all {
            one.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    let grown = server.peak_memory().saturating_sub(before);
    let (judged, put_off) = (judged.into_inner(), put_off.into_inner());
    let (slowest, grown) = (slowest.as_secs_f64() * 1_000.0, grown >> 10);
    println!(
        "{FLOOD} sign-ins       judged {judged}, put off {put_off}; slowest reading {slowest:.0} ms, {grown} MiB more"
    );
    judged + put_off == FLOOD && slowest < 1_000.0 && grown < GROWTH_MIB
}

fn main() -> ExitCode {
    if !std::env::args().any(|word| word == "--bench") {
        return ExitCode::SUCCESS; // `cargo test` runs this too, if asked for everything.
    }
    let home = tempfile::tempdir().unwrap();
    let none = "{ per_minute = 0, per_hour = 0 }";
    let limits = format!("[limits]\nsign_ins = {none}\nletters = {none}\n[mail]\nurl = \"file:letters\"\n");
    std::fs::write(home.path().join("khabar.toml"), limits + "from = \"desk@khabar.example\"\n").unwrap();
    let program = Program::new(home.path(), &[("KHABAR_LOG", "warn")]);
    program.hire("editor");
    let server = program.serve(Stdio::null());
    let agent = Agent::new_with_config(Agent::config_builder().http_status_as_error(false).build());
    let wrong = |email: &str| json!({ "email": email, "password": "a password that is wrong" });
    let sign_in = compare(&agent, &format!("{}/api/v1/auth/login", server.url()), 401, wrong);
    let forgot = |email: &str| json!({ "email": email });
    let forgotten = compare(&agent, &format!("{}/api/v1/auth/password/forgot", server.url()), 204, forgot);
    let mut is_good = true;
    for (name, [known, unknown]) in [("sign-in", sign_in), ("forgotten password", forgotten)] {
        let ratio = known / unknown;
        println!("{name:<20}known {known:>8.3} ms  unknown {unknown:>8.3} ms  ratio {ratio:.3}");
        is_good &= BAND.contains(&ratio);
    }
    is_good &= flood(&server, &agent);
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

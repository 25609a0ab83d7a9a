//! What the program takes while it does nothing, and for an answer that it has at hand, against the bars in `bars.toml`.
//!
//! ```sh
//! cargo bench --bench frugality
//! ```
//!
//! It fails where anything is more than a tenth above its bar. Times are told and not judged: they are the machine's.
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

use std::fs;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody as _;
use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, init_service};
use actix_web::web;
use allocation_counter::AllocationInfo;
use figment::Figment;
use figment::providers::{Format, Toml};
use khabar::app::App;
use khabar::config::Config;
use khabar::db::{Db, Location};
use khabar::http::Contract;
use khabar::ids::{Ids, SystemEntropy};
use khabar::time::SystemClock;
use serde::Deserialize;

use server::Program;
use server::load::median;

/// Times that each is measured.
const ROUNDS: usize = 5;
/// Answers that are counted together.
const ANSWERS: u32 = 100;
/// Until a server that has started does nothing.
const CALM: Duration = Duration::from_secs(2);
/// How much more than its bar anything may be.
const SLACK: f64 = 1.1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bars {
    binary_kib: f64,
    idle_kib: f64,
    allocations_of_a_cached_answer: f64,
    bytes_of_a_cached_answer: f64,
}

/// Milliseconds until it answers, and the memory of its own when it has calmed down, in KiB.
fn start(folder: &Path) -> (f64, f64) {
    let began = Instant::now();
    let server = Program::new(folder, &[]).serve(Stdio::null());
    let ready = began.elapsed().as_secs_f64() * 1_000.0;
    std::thread::sleep(CALM);
    (ready, server.own_memory() as f64)
}

/// What an answer from the cache asks of the allocator, from its request on to the end of its body.
fn cached() -> AllocationInfo {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::Sqlite(folder.path().join("khabar.db")), &[], 1).unwrap();
    let lines = "public_url = \"https://khabar.example\"\njwt_secret = \"a secret of thirty-two bytes, or more\"";
    let config = Config::with(lines).unwrap();
    let contract = web::Data::new(Contract::new(khabar::openapi::TEXT).unwrap());
    let system = actix_web::rt::System::new();
    let app = system.block_on(App::open(config, db, Arc::new(SystemClock), Ids::new(SystemEntropy))).unwrap();
    let service = system.block_on(init_service(khabar::server::application(app, contract)));
    let ask = || {
        let request = TestRequest::with_uri("/api/v1/articles?limit=20").to_request();
        allocation_counter::measure(|| {
            let response = system.block_on(service.call(request)).unwrap();
            assert_eq!(response.status(), 200);
            assert!(response.into_body().try_into_bytes().is_ok_and(|body| !body.is_empty()), "it is at hand");
        })
    };
    // The first is read, and the next few fill what is kept for all that follow.
    for _ in 0..ANSWERS {
        ask();
    }
    ask()
}

fn main() -> ExitCode {
    if !std::env::args().any(|word| word == "--bench") {
        return ExitCode::SUCCESS; // `cargo test` runs this too, if asked for everything.
    }
    let bars: Bars = Figment::from(Toml::string(include_str!("bars.toml"))).extract().unwrap();
    let home = tempfile::tempdir().unwrap();
    let (empty, _) = start(home.path());
    let (ready, idle): (Vec<f64>, Vec<f64>) = (0..ROUNDS).map(|_| start(home.path())).unzip();
    println!("ready after {empty:.0} ms on an empty disk, {:.0} ms later", median(ready));
    let counted = cached();
    let binary = fs::metadata(env!("CARGO_BIN_EXE_khabar")).unwrap().len() as f64 / 1_024.0;
    let found = [
        ("binary, KiB", binary, bars.binary_kib),
        ("own memory when idle, KiB", median(idle), bars.idle_kib),
        ("allocations of a cached answer", counted.count_total as f64, bars.allocations_of_a_cached_answer),
        ("bytes of a cached answer", counted.bytes_total as f64, bars.bytes_of_a_cached_answer),
    ];
    let mut is_good = true;
    for (name, value, bar) in found {
        let ratio = value / bar;
        println!("{name:<34}{value:>12.0}{ratio:>8.2}");
        is_good &= ratio <= SLACK;
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

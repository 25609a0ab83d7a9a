//! Whether the time of a refused sign-in tells who has an account, and that of a forgotten password.
//!
//! ```sh
//! cargo bench --bench timing
//! ```
//!
//! An address that has an account and one that has none are asked for in turn, with a wrong password, 200 times each, and then 200
//! times each for another password. It fails where the medians differ by more than 15 %.
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
use std::time::Instant;

use serde_json::{Value, json};
use ureq::Agent;

use server::load::median;
use server::{Program, email};

/// Tries of each kind, after some that warm up.
const TRIES: usize = 200;
const WARM_UP: usize = 10;
/// How far the medians may be apart.
const BAND: std::ops::RangeInclusive<f64> = 0.85..=1.18;

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
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! The whole suite once more, on PostgreSQL.

use std::io::Write as _;
use std::process::{Command, Output};

use crate::support::cluster::{self, Cluster};
use crate::support::database;

const THIS: &str = "the_whole_suite_passes_on_postgresql";

/// Says it even where the test harness keeps the output of tests that pass to itself.
pub fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn this_binary(arguments: &[&str], url: &str) -> Output {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .args(["--skip", THIS, "--test-threads", &threads])
        .env("TEST_DATABASE_URL", url)
        .env_remove("UPDATE_SNAPSHOTS")
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap()
}

#[test]
fn the_whole_suite_passes_on_postgresql() {
    if database::server().is_some() {
        return; // We are in it.
    }
    let Some(programs) = cluster::programs() else {
        let required = std::env::var("TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
        assert!(!required, "TEST_REQUIRE_POSTGRES=1, but PostgreSQL is not installed");
        say("SKIPPED: PostgreSQL is not installed, so the suite ran on SQLite only");
        return;
    };
    let cluster = Cluster::start(&programs).unwrap_or_else(|why| panic!("PostgreSQL did not start: {why}"));
    let output = this_binary(&[], &cluster.url());
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let result = text.lines().find(|line| line.starts_with("test result:")).unwrap_or("no result");
    say(&format!("PostgreSQL: {result}"));
    assert!(output.status.success(), "on PostgreSQL:\n{text}");

    let listed = this_binary(&["--list"], "");
    let wanted = String::from_utf8_lossy(&listed.stdout).lines().filter(|line| line.ends_with(": test")).count();
    let passed = result.split_whitespace().skip_while(|word| *word != "ok.").nth(1).and_then(|n| n.parse().ok());
    assert_eq!(passed, Some(wanted), "as many tests as on SQLite");
}

//! Many readers at once, as `wrk` plays them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Server;

/// The front page.
pub const LATEST: &str = "/api/v1/articles?limit=20";
/// The rotation of addresses, each with the tag that is already there or none, and what came of it.
const SCRIPT: &str = r#"
local requests, n = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    local path, tag = line:match("^(%S+)%s*(.*)$")
    wrk.headers["if-none-match"] = tag ~= "" and tag or nil
    requests[#requests + 1] = wrk.format("GET", path)
  end
end
function request() n = n % #requests + 1 return requests[n] end
function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format("RESULT %d %d %d %d %d\n",
    summary.requests, summary.duration, summary.bytes, latency:percentile(99.0), bad))
end
"#;

/// What came of one load.
#[derive(Clone, Default)]
pub struct Result {
    /// Answers in a second.
    pub rate: f64,
    /// Milliseconds within which 99 of 100 were answered.
    pub p99: f64,
    /// Milliseconds of the processors for each request.
    pub spent: f64,
    /// Bytes of each answer, headers included.
    pub bytes: f64,
}

/// The load, with what it needs in a folder.
pub struct Load(PathBuf);

impl Load {
    pub fn new(folder: &Path) -> Self {
        fs::write(folder.join("script.lua"), SCRIPT).unwrap();
        Self(folder.to_owned())
    }

    /// Whether `wrk` is installed; says so if it is not.
    pub fn is_there() -> bool {
        let is_there = Command::new("wrk").arg("-v").output().is_ok();
        if !is_there {
            println!("skipped: wrk is not installed");
        }
        is_there
    }

    /// Asks for some addresses in turn, for so many seconds.
    pub fn ask(&self, server: &Server, case: (&str, &[String], Option<&str>), seconds: u64) -> Result {
        let (Self(folder), (name, addresses, header)) = (self, case);
        fs::write(folder.join("addresses"), addresses.join("\n")).unwrap();
        let before = server.work();
        let mut wrk = Command::new("wrk");
        wrk.args(["-t2", "-c32", &format!("-d{seconds}s"), "-s"]).arg(folder.join("script.lua"));
        if let Some(header) = header {
            wrk.args(["-H", header]);
        }
        let told = wrk.arg(server.url()).arg("--").arg(folder.join("addresses")).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let line = told.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap_or_else(|| panic!("{told}"));
        let found: Vec<f64> = line.split(' ').map(|field| field.parse().unwrap()).collect();
        let [requests, micros, bytes, p99, bad] = found[..] else { panic!("{line}") };
        assert!(bad < 1.0, "{name}: {told}");
        let spent = server.work().saturating_sub(before).as_secs_f64() * 1_000.0 / requests;
        Result { rate: requests * 1_000_000.0 / micros, p99: p99 / 1_000.0, spent, bytes: bytes / requests }
    }
}

pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.into_iter().collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// A segment of an address, or a value in it.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => path.push(char::from(byte)),
            _ => write!(path, "%{byte:02X}").unwrap(),
        }
        path
    })
}

pub fn get(server: &Server, address: &str) -> ureq::http::Response<ureq::Body> {
    ureq::get(format!("{}{address}", server.url())).header("accept-encoding", "identity").call().unwrap()
}

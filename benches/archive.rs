//! Whether an archive that is ten times as large costs more to read.
//!
//! ```sh
//! cargo bench --bench archive -- --articles 10000,100000 --seconds 3 --rounds 3 --folder /tmp/archives
//! ```
//!
//! It makes an archive of each size with `khabar generate` (in a folder that is kept for the next time, if one is named), and
//! starts a server on each that keeps no answers, so that each is read from the database. `wrk` asks all of them for the same,
//! in turn; the figures are medians of the rounds, and the ratio is to the next smaller archive. Of the largest one the rate is
//! also compared with the limit: that of a bare server that sends one of the same answers from memory. It is skipped where `wrk` is
//! not installed.
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

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use server::load::{LATEST, Load, Result, encoded, get, median};
use server::{Program, Server, bare, number, word};

/// Articles that are asked for in turn, and looked at for words.
const ARTICLES: usize = 500;
/// What is read at once on the way through the archive.
const WALK: &str = "/api/v1/articles?limit=100";
/// The deep page comes after so many of twenty at the most; a smaller archive ends within a hundred articles of it.
const DEEP: usize = 5_000;
/// A common word is in more than one of so many articles; a rare one is in one of those that are looked at.
const COMMON: usize = 5;
/// Words that are searched for in turn.
const WORDS: usize = 100;
/// Answers of a case of which one is taken for its limit.
const SAMPLES: usize = 21;
/// Until a server that has started does nothing.
const CALM: Duration = Duration::from_secs(2);

/// An archive, with a server on it, and what is asked of it.
struct Archive {
    size: u32,
    server: Server,
    cases: Vec<(&'static str, Vec<String>)>,
    results: Vec<Vec<Result>>,
    /// Of the same cases, if this is the largest.
    limits: Vec<Limit>,
    ready: f64,
    /// In KiB: of its own, and with the pages of files that are at hand.
    idle: (u64, u64),
}

/// A bare server that gives one of the answers of a case, and what came of asking it.
struct Limit {
    server: Server,
    results: Vec<Result>,
}

fn json(server: &Server, address: &str) -> Value {
    get(server, address).body_mut().read_json().unwrap()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {value}")).to_owned()
}

/// Goes through the archive, the newest first: addresses of articles from all of it, and that of the deep page.
fn walk(server: &Server, size: usize) -> (Vec<String>, String) {
    let (mut articles, mut address, mut seen) = (Vec::new(), WALK.to_owned(), 0);
    let mut deep = LATEST.to_owned();
    let step = (size / ARTICLES).max(1);
    loop {
        let page = json(server, &address);
        let items = page["items"].as_array().unwrap();
        let some = items.iter().enumerate().filter(|(n, _)| (seen + n).is_multiple_of(step));
        articles.extend(some.map(|(_, item)| format!("/api/v1/articles/{}", encoded(&text(item, "/slug")))));
        seen += items.len();
        let Some(next) = page["page"]["next"].as_str() else { break };
        address = format!("{WALK}&after={next}");
        if seen <= DEEP * 20 {
            deep = format!("{LATEST}&after={next}");
        }
    }
    assert!(seen >= size, "{seen} of {size} were found");
    (articles, deep)
}

/// Searches for words that many articles have, and for words that one of those has that are looked at.
fn searches(server: &Server, articles: &[String]) -> [Vec<String>; 2] {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for address in articles {
        let article = json(server, address);
        let blocks = article["body"].as_array().unwrap();
        let spans = blocks.iter().flat_map(|block| block["children"].as_array().into_iter().flatten());
        let words = spans.flat_map(|span| span["text"].as_str().unwrap_or_default().split_whitespace());
        let words: BTreeSet<&str> = words.map(|word| word.trim_matches(|c: char| !c.is_alphabetic())).collect();
        for word in words.into_iter().filter(|word| word.chars().count() > 3) {
            *found.entry(word.to_owned()).or_default() += 1;
        }
    }
    let search = |is_wanted: &dyn Fn(usize) -> bool| {
        let words = found.iter().filter(|(_, count)| is_wanted(**count)).map(|(word, _)| word);
        let all: Vec<String> = words.map(|word| format!("/api/v1/search?q={}", encoded(word))).collect();
        let step = (all.len() / WORDS).max(1);
        all.into_iter().step_by(step).take(WORDS).collect()
    };
    [search(&|count| count * COMMON > articles.len()), search(&|count| count == 1)]
}

/// What is asked of an archive.
fn cases(server: &Server, size: usize) -> Vec<(&'static str, Vec<String>)> {
    let (articles, deep) = walk(server, size);
    let [common, rare] = searches(server, &articles);
    let sections = json(server, "/api/v1/sections");
    let slugs = sections["items"].as_array().unwrap().iter().map(|section| text(section, "/slug"));
    let sections = slugs.map(|slug| format!("{LATEST}&section={}", encoded(&slug))).collect();
    let newest = json(server, WALK);
    let talked = newest["items"].as_array().unwrap().iter().filter(|item| item["commentCount"].as_u64() >= Some(20));
    let comments: Vec<String> =
        talked.map(|item| format!("/api/v1/articles/{}/comments?limit=20&sort=newest", text(item, "/id"))).collect();
    vec![
        ("article", articles),
        ("latest 20", vec![LATEST.to_owned()]),
        ("by section", sections),
        ("deep page", vec![deep]),
        ("comments", comments),
        ("common word", common),
        ("rare word", rare),
    ]
}

impl Archive {
    fn open(folder: &Path, size: u32) -> Self {
        fs::create_dir_all(folder).unwrap();
        let program = Program::new(folder, &[("KHABAR_HTTP__CACHE_BYTES", "0"), ("KHABAR_LOG", "warn")]);
        if !folder.join("data/khabar.db").exists() {
            let began = Instant::now();
            let size = size.to_string();
            program.run(&["generate", "--articles", &size, "--comments", &size]);
            println!("{size} articles and as many comments were made in {:.0} s", began.elapsed().as_secs_f64());
        }
        // The first start reads what a later one finds in memory.
        drop(program.serve(Stdio::null()));
        let began = Instant::now();
        let server = program.serve(Stdio::null());
        let ready = began.elapsed().as_secs_f64() * 1_000.0;
        std::thread::sleep(CALM);
        let idle = (server.own_memory(), server.memory());
        let cases = cases(&server, size as usize);
        Self { size, server, results: vec![Vec::new(); cases.len()], cases, limits: Vec::new(), ready, idle }
    }

    /// Starts a bare server for each case, with the answer that is neither long nor short among some.
    fn limit(&mut self, folder: &Path) {
        let limit = |(name, addresses): &(&'static str, Vec<String>)| {
            let some = addresses.iter().step_by(addresses.len().div_ceil(SAMPLES).max(1));
            let mut bodies: Vec<Vec<u8>> =
                some.map(|address| get(&self.server, address).body_mut().read_to_vec().unwrap()).collect();
            bodies.sort_by_key(Vec::len);
            let body = bodies.get(bodies.len() / 2).map_or(&[][..], Vec::as_slice);
            Limit { server: bare::start(folder, name, body), results: Vec::new() }
        };
        self.limits = self.cases.iter().map(limit).collect();
    }

    fn rate(&self, n: usize) -> f64 {
        median(self.results[n].iter().map(|result| result.rate))
    }
}

fn tell(archives: &[Archive]) {
    println!(
        "{:<14}{:>10}{:>12}{:>8}{:>9}{:>10}{:>9}{:>10}",
        "", "articles", "requests/s", "ratio", "p99 ms", "CPU ms", "bytes", "of limit"
    );
    for (n, (name, _)) in archives[0].cases.iter().enumerate() {
        let mut smaller: Option<f64> = None;
        for archive in archives.iter().filter(|archive| !archive.results[n].is_empty()) {
            let of = |pick: fn(&Result) -> f64| median(archive.results[n].iter().map(pick));
            let (p99, spent, rate) = (of(|result| result.p99), of(|result| result.spent), archive.rate(n));
            let (ratio, bytes) = (rate / smaller.unwrap_or(rate), of(|result| result.bytes));
            let limit = archive.limits.get(n).map(|limit| median(limit.results.iter().map(|result| result.rate)));
            let limit = limit.map_or_else(String::new, |limit| format!("{:.3}", rate / limit));
            let size = archive.size;
            println!("{name:<14}{size:>10}{rate:>12.0}{ratio:>8.2}{p99:>9.2}{spent:>10.4}{bytes:>9.0}{limit:>10}");
            smaller = Some(rate);
        }
    }
    for Archive { size, server, ready, idle, .. } in archives {
        let (own, all) = idle;
        println!(
            "{size}: ready after {ready:.0} ms; own memory {own} KiB of {all} when idle, {} of {} after the load",
            server.own_memory(),
            server.memory()
        );
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(code) = bare::serve(&arguments) {
        return code;
    }
    if !arguments.iter().any(|word| word == "--bench") || !Load::is_there() {
        return ExitCode::SUCCESS; // `cargo test` runs this too, if asked for everything.
    }
    let sizes = word(&arguments, "--articles").map_or("1000,10000", String::as_str);
    let (rounds, seconds) = (number(&arguments, "--rounds", 3), number(&arguments, "--seconds", 2));
    let temporary = tempfile::tempdir().unwrap();
    let home = word(&arguments, "--folder").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let load = Load::new(temporary.path());
    let sizes = sizes.split(',').map(|size| size.parse().expect("sizes are numbers with a comma between them"));
    let mut archives: Vec<Archive> = sizes.map(|size: u32| Archive::open(&home.join(size.to_string()), size)).collect();
    if let Some(largest) = archives.iter_mut().max_by_key(|archive| archive.size) {
        largest.limit(temporary.path());
    }
    for round in 0..=rounds {
        // The first round warms up.
        let seconds = if round == 0 { 1 } else { seconds };
        for n in 0..archives[0].cases.len() {
            for archive in archives.iter_mut().filter(|one| !one.cases[n].1.is_empty()) {
                let (name, addresses) = &archive.cases[n];
                let ask = |server: &Server| load.ask(server, (name, addresses, None), seconds);
                let results = [(&archive.server, &mut archive.results[n])].into_iter();
                let limits = archive.limits.get_mut(n).map(|limit| (&limit.server, &mut limit.results));
                for (server, results) in results.chain(limits) {
                    let result = ask(server);
                    if round > 0 {
                        results.push(result);
                    }
                }
            }
        }
    }
    tell(&archives);
    ExitCode::SUCCESS
}

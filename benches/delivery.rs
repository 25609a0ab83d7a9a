//! What readers ask for most, against the fastest that this machine's HTTP server can send the same bytes.
//!
//! ```sh
//! cargo bench --bench delivery -- --rounds 3 --seconds 2
//! ```
//!
//! It starts the program as its users do, on SQLite in a folder of its own, publishes articles with comments through the API,
//! and starts bare servers beside it that send the same bodies from memory below as many routes as an API has. Then `wrk`
//! asks each for the same, in turn, on connections that stay open, and the figures are medians of the rounds. The load runs on
//! the same cores as the servers: the ratio says more than the rate. It is skipped where `wrk` is not installed.
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

use std::collections::HashMap;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};

use server::load::{LATEST, Load, Result, encoded, get, median};
use server::{Desk, Program, Server, bare, number};

/// Articles that are asked for in turn.
const ARTICLES: usize = 500;
/// The newest of them have comments, so many each.
const DISCUSSED: usize = 10;
const COMMENTS: usize = 25;
const SECTIONS: usize = 5;
/// What is asked for.
struct Plan {
    rounds: usize,
    seconds: u64,
}

/// What was published: the addresses that readers ask for.
struct Published {
    articles: Vec<String>,
    sections: Vec<String>,
    comments: Vec<String>,
}

/// Publishes articles of about 6 kB, each with words of its own, and comments below the newest.
fn publish(desk: &Desk) -> Published {
    let page: Value = serde_json::from_str(include_str!("../tests/fixtures/seed_page.json")).unwrap();
    let mut words: Vec<&str> = Vec::new();
    gather(&page, &mut words);
    let source = desk.post("/newsroom/sources", None, &json!({ "name": "وكالات", "kind": "agency" }));
    let section = |n| desk.post("/newsroom/sections", None, &json!({ "name": format!("قسم {n}") }));
    let sections: Vec<Value> = (0..SECTIONS).map(section).collect();
    let (mut articles, mut comments) = (Vec::new(), Vec::new());
    for n in 0..ARTICLES {
        let text: Vec<&str> = words.iter().cycle().skip(n * 37 % words.len()).take(420).copied().collect();
        let paragraphs: String =
            text.chunks(60).fold(String::new(), |html, part| html + "<p>" + &part.join(" ") + "</p>");
        let draft = desk.post(
            "/newsroom/articles",
            None,
            &json!({
                "language": "ar", "headline": format!("{} {n}", text[..8].join(" ")), "bodyHtml": paragraphs,
                "sectionId": sections[n % SECTIONS]["id"], "sources": [{ "sourceId": source["id"] }],
                "comments": { "mode": "open" },
            }),
        );
        let id = draft["id"].as_str().unwrap();
        let live = desk.post(&format!("/newsroom/articles/{id}/publish"), Some("\"1\""), &json!({}));
        articles.push(format!("/api/v1/articles/{}", encoded(live["slug"].as_str().unwrap())));
        if n >= ARTICLES - DISCUSSED {
            let path = format!("/articles/{id}/comments");
            for said in 0..COMMENTS {
                let text = text[said * 10..said * 10 + 30].join(" ");
                desk.post(&path, None, &json!({ "text": format!("{text} {n} {said}") }));
            }
            comments.push(format!("/api/v1{path}?limit=20"));
        }
    }
    let filtered = |section: &Value| format!("{LATEST}&section={}", encoded(section["slug"].as_str().unwrap()));
    Published { articles, sections: sections.iter().map(filtered).collect(), comments }
}

/// The words of the longer texts in a document.
fn gather<'v>(value: &'v Value, words: &mut Vec<&'v str>) {
    match value {
        Value::String(text) if text.len() > 200 => words.extend(text.split_whitespace()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Object(properties) => properties.values().for_each(|item| gather(item, words)),
        _ => {}
    }
}

/// One thing to measure.
struct Case {
    name: &'static str,
    /// Whose rate is the measure, if it is not its own.
    against: Option<&'static str>,
    /// Each with the tag that the client has, if any.
    addresses: Vec<String>,
    header: Option<&'static str>,
}

fn tell(cases: &[Case], results: &[Vec<Result>]) {
    println!("{:<22}{:>10}{:>8}{:>9}{:>10}{:>9}", "", "requests/s", "ratio", "p99 ms", "CPU ms", "bytes");
    let rate = |n: usize| median(results[n].iter().map(|result| result.rate));
    for (n, case) in cases.iter().enumerate() {
        let measure = case.against.and_then(|name| cases.iter().position(|other| other.name == name)).unwrap_or(n);
        let of = |pick: fn(&Result) -> f64| median(results[n].iter().map(pick));
        let (p99, spent, bytes) = (of(|result| result.p99), of(|result| result.spent), of(|result| result.bytes));
        let ratio = rate(n) / rate(measure);
        println!("{:<22}{:>10.0}{ratio:>8.2}{p99:>9.2}{spent:>10.4}{bytes:>9.0}", case.name, rate(n));
    }
}

/// What is asked for, where the tag of each article is known.
fn cases(published: &Published, tags: &[String]) -> Vec<Case> {
    let Published { articles, sections, comments } = published;
    let known = articles.iter().zip(tags).map(|(address, tag)| format!("{address} {tag}")).collect();
    let latest = vec![LATEST.to_owned()];
    let case = |name, against, addresses: &Vec<String>, header| Case {
        name,
        against,
        addresses: addresses.clone(),
        header: Some(header).filter(|header: &&str| !header.is_empty()),
    };
    let hot = "article";
    vec![
        case("limit: article", None, articles, ""),
        case("limit: latest 20", None, &latest, ""),
        case("limit: comments", None, comments, ""),
        case(hot, Some("limit: article"), articles, ""),
        case("article, origin", Some("limit: article"), articles, "origin: https://site.example"),
        case("article, 304", Some(hot), &known, ""),
        case("article, gzip", Some(hot), articles, "accept-encoding: gzip"),
        case("article, br", Some(hot), articles, "accept-encoding: gzip, deflate, br, zstd"),
        case("latest 20", Some("limit: latest 20"), &latest, ""),
        case("latest 20, gzip", Some("limit: latest 20"), &latest, "accept-encoding: gzip"),
        case("latest 20, br", Some("limit: latest 20"), &latest, "accept-encoding: gzip, deflate, br, zstd"),
        case("by section", Some("limit: latest 20"), sections, ""),
        case("comments", Some("limit: comments"), comments, ""),
        case("cold: article", Some("limit: article"), articles, ""),
        case("cold: latest 20", Some("limit: latest 20"), &latest, ""),
        case("cold: comments", Some("limit: comments"), comments, ""),
    ]
}

fn run(plan: &Plan) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let load = Load::new(folder);
    let serve = |settings: &[(&'static str, &str)]| {
        // Its log goes to a file, as it does where somebody keeps it.
        Program::new(folder, settings)
            .serve(fs::File::options().create(true).append(true).open(folder.join("log")).unwrap())
    };
    Program::new(folder, &[]).hire("admin");
    let published = publish(&Desk::sign_in(&serve(&[]), "admin"));
    let began = Instant::now();
    let hot = serve(&[]);
    let started = began.elapsed().as_secs_f64() * 1_000.0;
    let idle = (hot.own_memory(), hot.memory());
    let tag = |address: &String| get(&hot, address).headers()["etag"].to_str().unwrap().to_owned();
    let tags: Vec<String> = published.articles.iter().map(tag).collect();
    let limit = |name: &str, address: &str| {
        (name.to_owned(), bare::start(folder, name, &get(&hot, address).body_mut().read_to_vec().unwrap()))
    };
    let limits: HashMap<String, Server> = HashMap::from([
        limit("article", &published.articles[0]),
        limit("latest 20", LATEST),
        limit("comments", &published.comments[0]),
    ]);
    let cold = serve(&[("KHABAR_HTTP__CACHE_BYTES", "0")]);
    let cases = cases(&published, &tags);
    let mut results = vec![Vec::new(); cases.len()];
    for round in 0..=plan.rounds {
        for (case, results) in cases.iter().zip(&mut results) {
            let server = match case.name.split_once(": ") {
                Some(("limit", of)) => &limits[of],
                Some(_) => &cold,
                None => &hot,
            };
            // The first round warms up.
            let seconds = if round == 0 { 1 } else { plan.seconds };
            let result = load.ask(server, (case.name, &case.addresses, case.header), seconds);
            if round > 0 {
                results.push(result);
            }
        }
    }
    tell(&cases, &results);
    let (own, all) = idle;
    println!(
        "ready after {started:.0} ms; own memory {own} KiB of {all} when idle, {} of {} after the load",
        hot.own_memory(),
        hot.memory()
    );
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(code) = bare::serve(&arguments) {
        return code;
    }
    if !arguments.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS; // `cargo test` runs this too, if asked for everything.
    }
    if !Load::is_there() {
        return ExitCode::SUCCESS;
    }
    let rounds = usize::try_from(number(&arguments, "--rounds", 3)).unwrap();
    run(&Plan { rounds, seconds: number(&arguments, "--seconds", 2) });
    ExitCode::SUCCESS
}

//! How long a word list takes for a comment, and that more text takes as much longer, however hostile it is.
//!
//! ```sh
//! cargo bench --bench words
//! ```
//!
//! It prints the time for 100 KB of each text, and fails if 800 KB take far more than eight times as long.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a measurement that fails stops")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use khabar::comments::words::matcher::{Entry, Reach, WordList, Words};

const SIZE: usize = 100_000;
/// How many times larger the second text is.
const TIMES: u32 = 8;
/// How many times longer it may take: caches and kept memory end somewhere. What is quadratic takes 64 times as long.
const RATIO_MAX: f64 = 5.0 * TIMES as f64;
const ROUNDS: u32 = 20;

fn list() -> Words {
    let arabic = include_str!("../src/blocks/seed_paragraphs.txt").split_whitespace().step_by(10);
    let nested = (1..=40).map(|length| "اب".repeat(length));
    let words = arabic.map(str::to_owned).chain(nested).chain(["كلب", "ابن الكلب", "bitch"].map(str::to_owned));
    let entry = |text| Entry { text, language: None, list: WordList::Banned, reach: Reach::Word, spaced: true };
    Words::new(&words.map(entry).collect::<Vec<_>>()).expect("a list of some hundred words")
}

/// The time of one search. On Linux that on the processor, since others use it too.
fn spent(words: &Words, text: &str) -> Duration {
    let (start, before) = (Instant::now(), on_processor());
    for _ in 0..ROUNDS {
        black_box(words.find(black_box(text)));
    }
    let wall = start.elapsed();
    on_processor().zip(before).map_or(wall, |(now, before)| now.saturating_sub(before)) / ROUNDS
}

fn on_processor() -> Option<Duration> {
    // The counter is brought up to date when the thread gives the processor away.
    std::thread::sleep(Duration::from_micros(1));
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn main() -> ExitCode {
    let words = list();
    let texts = [
        ("prose", include_str!("../src/blocks/seed_paragraphs.txt")),
        ("one letter", "ك"),
        ("marks", "\u{64B}"),
        ("one word", "والكلب "),
        ("letters apart", "ك ل ب "),
        ("dots", "ك.ل.ب."),
        ("overlaps", "اب"),
        ("ligatures", "\u{FDFA}"),
        ("digits for letters", "b1tch$"),
        ("zero width", "ك\u{200B}\u{200C}"),
    ];
    let mut is_linear = true;
    for (name, part) in texts {
        let sized = |size: usize| part.repeat(size / part.len() + 1);
        let (once, more) = (spent(&words, &sized(SIZE)), spent(&words, &sized(SIZE * TIMES as usize)));
        let ratio = more.as_secs_f64() / once.as_secs_f64();
        println!(
            "{name:<20} {:>8.3} ms for 100 KB, {ratio:>5.1} times as long for {TIMES} times as much",
            once.as_secs_f64() * 1e3
        );
        is_linear &= ratio <= RATIO_MAX;
    }
    if is_linear { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

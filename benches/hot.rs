//! What is done most: how long each takes by itself.
//!
//! ```sh
//! cargo bench --bench hot                       # all of them
//! cargo bench --bench hot -- --save-baseline before
//! cargo bench --bench hot -- --baseline before  # what a change has made of it
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a measurement that fails stops")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use khabar::blocks::Body;
use khabar::cache::facet::SharedSeconds;
use khabar::cache::{Cache, Facet, Kept, Rest};
use khabar::comments::words::matcher::{Entry, Reach, WordList, Words};
use khabar::db::page::Position;
use khabar::text::{Language, arabic, terms};
use khabar::time::UtcTime;
use uuid::Uuid;

/// The twelve paragraphs of a real page.
const PARAGRAPHS: &str = include_str!("../src/blocks/seed_paragraphs.txt");

fn text(c: &mut Criterion) {
    let language = Language::parse("ar").unwrap();
    let folded = arabic::fold(PARAGRAPHS);
    c.bench_function("fold an article", |b| b.iter(|| arabic::fold(black_box(PARAGRAPHS))));
    c.bench_function("terms of a word", |b| b.iter(|| terms::of(black_box("والمحادثات"), &language)));
    c.bench_function("words of an article", |b| b.iter(|| terms::words(black_box(&folded))));
}

fn cursor(c: &mut Criterion) {
    let here = Position::at(now().micros(), Uuid::from_u128(7));
    let query = "/api/v1/articles?section=العالم";
    let sealed = here.seal(query);
    c.bench_function("seal a cursor", |b| b.iter(|| black_box(&here).seal(query)));
    c.bench_function("open a cursor", |b| b.iter(|| Position::unseal(black_box(&sealed), query)));
}

fn body(c: &mut Criterion) {
    let html: String = PARAGRAPHS.lines().flat_map(|line| ["<p>", line, "</p>"]).collect();
    let body = Body::from_html(&html);
    let json = serde_json::to_string(&body).unwrap();
    c.bench_function("read a body", |b| b.iter(|| serde_json::from_str::<Body>(black_box(&json)).unwrap()));
    c.bench_function("import a body", |b| b.iter(|| Body::from_html(black_box(&html))));
    c.bench_function("render a body", |b| b.iter(|| black_box(&body).to_html()));
}

fn cache(c: &mut Criterion) {
    let cache = Cache::new(1 << 26, SharedSeconds::default());
    cache.expect(None, cache.count());
    let rest = Rest::on(&[Facet::Articles, Facet::Records, Facet::Site]);
    for n in 0..1_000 {
        let body = PARAGRAPHS.to_owned().into();
        let kept = Kept::new((rest.clone(), cache.count()), Vec::new(), format!("\"{n}\""), body);
        cache.keep(format!("/api/v1/articles/{n}"), Arc::new(kept));
    }
    let find = || cache.find(black_box("/api/v1/articles/500"), now());
    assert!(find().is_some(), "what is timed is an answer that is there");
    c.bench_function("look up an answer", |b| b.iter(find));
}

fn moderation(c: &mut Criterion) {
    let words = PARAGRAPHS.split_whitespace().step_by(10).map(str::to_owned);
    let entry = |text| Entry { text, language: None, list: WordList::Banned, reach: Reach::Word, spaced: true };
    let list = Words::new(&words.map(entry).collect::<Vec<_>>()).unwrap();
    let comment: String = PARAGRAPHS.chars().take(300).collect();
    c.bench_function("look for words in a comment", |b| b.iter(|| list.find(black_box(&comment))));
}

fn now() -> UtcTime {
    UtcTime::from_micros(1_790_000_000_000_000)
}

criterion_group!(hot, text, cursor, body, cache, moderation);
criterion_main!(hot);

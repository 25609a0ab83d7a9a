//! Finds the words of a list in a text, whatever its length, in one pass.
//!
//! Both are folded alike, as [`crate::text::arabic::fold`] does and further: marks, tatweel, unseen characters, case,
//! accents and look-alike letters make no difference, and a letter may be stretched. A word is found whole, with the
//! particles that Arabic writes together with it, and without endings: كلب is in والكلب and لكلب, not in كلبشة, كلبهم or
//! مكلبة. Other forms are entries of their own.

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError};

use super::clitics::{self, LONGEST, SHORT};
use super::disguise::unmasked;
use super::letters::{Glyph, Kind, glyphs, unseated};
use super::runs::{Run, Runs};
use crate::text::Language;
use crate::text_enum;

text_enum! {
    /// What becomes of a comment with a word of the list; the strictest comes first.
    #[schema(example = "banned")]
    pub enum WordList {
        /// It is rejected.
        Banned = "banned",
        /// It waits for a moderator.
        Suspect = "suspect",
    }
}

text_enum! {
    /// How much of a word an entry must be.
    #[derive(Default)]
    #[schema(example = "word")]
    pub enum Reach {
        /// All of it.
        Exact = "exact",
        /// All of it but for Arabic particles before it.
        #[default]
        Word = "word",
        /// Its beginning, behind such particles if there are any.
        Prefix = "prefix",
    }
}

/// A word or a phrase that is looked for.
///
/// Between the words of a phrase may stand any white space and punctuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is looked for. Without a letter or digit it is never found, see [`key`].
    pub text: String,
    /// Its language, if it is not of all. Particles go with Arabic words alone, and not with Persian ones.
    pub language: Option<Language>,
    /// The list it is on.
    pub list: WordList,
    /// How much of a word it must be.
    pub reach: Reach,
    /// Whether it is also found taken apart (`ك ل ب`, `ك.لب`) and with digits for Latin letters (`b1tch`).
    pub spaced: bool,
}

/// A word that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The first byte in the text that was searched, always at the start of a character. Particles stay outside, but
    /// for one that ends with the letter that the word begins with.
    pub start: usize,
    /// The byte after the last one, at the end of a character and of the marks on it.
    pub end: usize,
    /// The place of the entry in the list.
    pub entry: usize,
}

/// What two entries have in common if they find the same words; empty for one that finds nothing.
pub fn key(text: &str) -> String {
    let folded: String =
        glyphs(text).iter().map(|glyph| if glyph.kind == Kind::Gap { ' ' } else { glyph.letter }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A list that is ready to search with.
#[derive(Debug)]
pub struct Words {
    written: Net,
    taken_apart: Net,
}

impl Words {
    /// Prepares a list.
    ///
    /// # Errors
    /// It is larger than an automaton of two thousand million states.
    pub fn new(entries: &[Entry]) -> Result<Self, BuildError> {
        let (mut written, mut taken_apart) = (Patterns::default(), Patterns::default());
        for (place, entry) in entries.iter().enumerate() {
            let all = glyphs(&entry.text);
            let all = trimmed(&all);
            written.add(place, entry, all);
            if entry.spaced {
                let mut all = unmasked(all).unwrap_or_else(|| all.to_vec());
                taken_apart.add(place, entry, &all);
                // A phrase of single letters has no gaps between its words that differ from those within.
                all.retain(|glyph| glyph.kind != Kind::Gap);
                taken_apart.add(place, entry, &all);
            }
        }
        Ok(Self { written: written.net()?, taken_apart: taken_apart.net()? })
    }

    /// Every place where an entry stands, in order. Those of different entries may overlap.
    pub fn find(&self, text: &str) -> Vec<Hit> {
        self.search(text).hits
    }

    /// The hits, and how many steps they took.
    pub(super) fn search(&self, text: &str) -> Search {
        let mut search = Search::default();
        let all = glyphs(text);
        let written = Runs::of(&all);
        search.steps += text.len() + all.len();
        self.written.search(&written, &mut search);
        if let Some(all) = unseated(&all) {
            search.steps += all.len();
            self.written.search(&Runs::of(&all), &mut search);
        }
        if !self.taken_apart.groups.is_empty() {
            let unmasked = unmasked(&all).map(|all| Runs::of(&all));
            let bare = unmasked.as_ref().unwrap_or(&written);
            let together = bare.drawn_together();
            search.steps += 2 * all.len() + bare.all.len();
            for runs in unmasked.iter().chain(&together) {
                self.taken_apart.search(runs, &mut search);
            }
        }
        search.hits.sort_unstable();
        search.hits.dedup();
        search
    }
}

/// An entry without what stands around its first and last letter.
fn trimmed(all: &[Glyph]) -> &[Glyph] {
    let is_letter = |glyph: &Glyph| glyph.kind != Kind::Gap;
    let first = all.iter().position(is_letter).unwrap_or(all.len());
    let behind = all.iter().rposition(is_letter).map_or(first, |last| last + 1);
    all.get(first..behind).unwrap_or_default()
}

/// What a search has come to.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub hits: Vec<Hit>,
    pub steps: usize,
}

/// An entry as runs.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    entry: usize,
    counts: Vec<u32>,
    letters: u32,
    is_arabic: bool,
    takes_particles: bool,
    is_prefix: bool,
}

impl Pattern {
    fn new(place: usize, entry: &Entry, runs: &Runs) -> Self {
        let counts: Vec<u32> = runs.all.iter().map(|run| run.count).collect();
        let letters = runs.all.iter().filter(|run| run.kind != Kind::Gap).map(|run| run.count).sum();
        let is_arabic = runs.all.first().is_some_and(|run| run.kind == Kind::Arabic);
        let base = entry.language.as_ref().map_or("ar", Language::base);
        let takes_particles = is_arabic && entry.reach != Reach::Exact && !WITHOUT_PARTICLES.contains(&base);
        Self { entry: place, counts, letters, is_arabic, takes_particles, is_prefix: entry.reach == Reach::Prefix }
    }

    /// Whether the runs from `first` to `last` are the entry, and not one that has the same letters in other numbers.
    fn stands_at(&self, runs: &Runs, first: usize, last: usize, search: &mut Search) -> bool {
        search.steps += self.counts.len();
        let mut rest = self.counts.iter().zip(first..).skip(1);
        let stretches = rest.all(|(count, at)| {
            let run = runs.get(at);
            run.is_some_and(|run| self.stretches(*count, run, true) || (at == last && self.goes_on(*count, run)))
        });
        stretches && self.begins_at(runs, first, search)
    }

    /// Whether the word goes on with the letter that the beginning ends with.
    const fn goes_on(&self, count: u32, run: &Run) -> bool {
        self.is_prefix && run.count > count
    }

    /// Whether a run is as long as in the entry, or stretched. A letter written twice makes other words: `ass` and `as`,
    /// ممثل and مثل. Within an Arabic word of three letters or more it does not.
    fn stretches(&self, count: u32, run: &Run, inside: bool) -> bool {
        let twice = inside && self.is_arabic && self.letters >= SHORT;
        let longer = run.kind != Kind::Digit && run.count > count && (run.count > 2 || twice);
        run.kind == Kind::Gap || run.count == count || longer
    }

    fn begins_at(&self, runs: &Runs, first: usize, search: &mut Search) -> bool {
        let (Some(run), Some(count)) = (runs.get(first), self.counts.first()) else { return false };
        let whole = self.stretches(*count, run, false);
        if runs.starts_word(first) && whole {
            return true;
        }
        if !self.takes_particles {
            return false;
        }
        (0..=LONGEST).filter_map(|count| runs.word_before(first, count)).any(|before| {
            search.steps += before.len();
            let mut chain: String = before.iter().map(|run| run.letter).collect();
            let twice = before.last().is_some_and(|run| run.count > 1);
            if whole && clitics::may_precede(&chain, twice, self.letters) {
                return true;
            }
            chain.push(run.letter);
            run.count > *count && clitics::may_precede(&chain, run.count > count + 1, self.letters)
        })
    }
}

/// Languages of the Arabic script that write their particles apart, or have others.
const WITHOUT_PARTICLES: [&str; 10] = ["fa", "ur", "ps", "sd", "ug", "ckb", "ku", "pa", "ks", "prs"];

/// Bytes of patterns up to which an automaton is kept as tables: some two thousand words, and five megabytes.
const TABLES_MAX: usize = 20_000;

/// Patterns by their letters.
#[derive(Default)]
struct Patterns(std::collections::BTreeMap<String, Vec<Pattern>>);

impl Patterns {
    fn add(&mut self, place: usize, entry: &Entry, all: &[Glyph]) {
        let runs = Runs::of(all);
        if runs.all.is_empty() {
            return;
        }
        let pattern = Pattern::new(place, entry, &runs);
        let letters = runs.all.iter().map(|run| run.letter).collect();
        let same = self.0.entry(letters).or_default();
        if !same.contains(&pattern) {
            same.push(pattern);
        }
    }

    fn net(self) -> Result<Net, BuildError> {
        let (letters, groups): (Vec<String>, Vec<Vec<Pattern>>) = self.0.into_iter().unzip();
        let size: usize = letters.iter().map(String::len).sum();
        let automaton =
            if size <= TABLES_MAX { Letters::Tables(DFA::new(letters)?) } else { Letters::Links(NFA::new(letters)?) };
        let has_prefixes = groups.iter().flatten().any(|pattern| pattern.is_prefix);
        Ok(Net { automaton, groups, has_prefixes })
    }
}

/// Tables are twice as fast, and take 256 bytes for each of ours.
#[derive(Debug)]
enum Letters {
    Tables(DFA),
    Links(NFA),
}

/// An automaton, and the patterns that each of its texts stands for.
#[derive(Debug)]
struct Net {
    automaton: Letters,
    groups: Vec<Vec<Pattern>>,
    has_prefixes: bool,
}

impl Net {
    fn search(&self, runs: &Runs, search: &mut Search) {
        match &self.automaton {
            Letters::Tables(automaton) => self.walk(automaton, runs, search),
            Letters::Links(automaton) => self.walk(automaton, runs, search),
        }
    }

    fn walk(&self, automaton: &impl Automaton, runs: &Runs, search: &mut Search) {
        let Ok(mut state) = automaton.start_state(Anchored::No) else { return };
        for (last, run) in runs.all.iter().enumerate() {
            for byte in run.letter.encode_utf8(&mut [0; 4]).bytes() {
                state = automaton.next_state(Anchored::No, state, byte);
            }
            search.steps += 1;
            if automaton.is_match(state) && (self.has_prefixes || runs.ends_word(last)) {
                let texts = (0..automaton.match_len(state)).map(|at| automaton.match_pattern(state, at).as_usize());
                self.take(texts, runs, last, search);
            }
        }
    }

    /// Takes the patterns with these letters that stand there. Most of a text ends no word, and then few can.
    fn take(&self, texts: impl Iterator<Item = usize>, runs: &Runs, last: usize, search: &mut Search) {
        let ends = runs.ends_word(last);
        for pattern in texts.filter_map(|text| self.groups.get(text)).flatten() {
            search.steps += 1;
            let first = (last + 1).saturating_sub(pattern.counts.len());
            if (ends || pattern.is_prefix) && pattern.stands_at(runs, first, last, search) {
                search.hits.extend(hit(pattern, runs, first, last));
            }
        }
    }
}

fn hit(pattern: &Pattern, runs: &Runs, first: usize, last: usize) -> Option<Hit> {
    let (first, last) = (runs.get(first)?, runs.get(last)?);
    Some(Hit { start: first.start as usize, end: last.end as usize, entry: pattern.entry })
}

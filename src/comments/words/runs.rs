//! A text as runs of equal letters, and the same text with its letters drawn together.
//!
//! كلللب is three runs, as كلب is. Patterns are found in the letters of the runs; how long each run is says afterwards
//! whether the word was stretched or is another one.

use super::letters::{Glyph, Kind};

/// What stands between two letters that are drawn together: the first sign, and how many there are.
type Between = (char, u32);

/// A letter, or everything between two words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub letter: char,
    pub kind: Kind,
    pub count: u32,
    pub start: u32,
    pub end: u32,
    /// In a gap, whether it has no white space and is short: `ك.لب` is written as one word, and «نعم ... لا» is not.
    tight: bool,
    /// In a gap, what it is made of; before a letter, the gap that was taken out there.
    between: Option<Between>,
}

/// Signs without white space that hide in a word; more of them are a pause.
const TIGHT: u32 = 3;
/// How an unseen end of a word is noted: it looks like no gap that is seen.
const UNSEEN: Between = ('\0', 0);

impl Run {
    fn of(glyph: &Glyph) -> Self {
        let Glyph { letter, kind, start, end, apart, is_tanwin: _ } = *glyph;
        let gap = kind == Kind::Gap;
        let between = if gap { Some((letter, 1)) } else { apart.then_some(UNSEEN) };
        let tight = gap && !letter.is_whitespace();
        Self { letter: if gap { ' ' } else { letter }, kind, count: 1, start, end, tight, between }
    }

    fn continues(&self, next: &Self) -> bool {
        self.kind == next.kind && self.letter == next.letter
    }

    fn extend(&mut self, next: &Self) {
        self.count += next.count;
        self.end = next.end;
        if self.kind == Kind::Gap {
            self.tight &= next.tight && self.count <= TIGHT;
            self.between = self.between.map(|(sign, _)| (sign, self.count));
        }
    }
}

/// Runs in order. Patterns are looked for in their letters.
#[derive(Debug)]
pub(super) struct Runs {
    pub all: Vec<Run>,
}

impl Runs {
    /// The runs of a text as it is written.
    pub(super) fn of(glyphs: &[Glyph]) -> Self {
        let mut runs = Self { all: Vec::with_capacity(glyphs.len()) };
        for glyph in glyphs {
            runs.push(Run::of(glyph));
        }
        runs
    }

    /// The same without the gaps inside of words that were taken apart: those between two single letters, and those
    /// without white space. Nothing, if there are none.
    pub(super) fn drawn_together(&self) -> Option<Self> {
        let taken_out: Vec<bool> = (0..self.all.len()).map(|at| self.parts_a_word(at)).collect();
        if !taken_out.contains(&true) {
            return None;
        }
        let mut runs = Self { all: Vec::with_capacity(self.all.len()) };
        let mut between = None;
        for (run, out) in self.all.iter().zip(taken_out) {
            if out {
                between = run.between;
            } else {
                runs.push(Run { between: between.take().or(run.between), ..*run });
            }
        }
        Some(runs)
    }

    fn push(&mut self, run: Run) {
        if let Some(last) = self.all.last_mut()
            && last.continues(&run)
        {
            last.extend(&run);
            return;
        }
        self.all.push(run);
    }

    /// Whether the run is a gap between letters of one word.
    fn parts_a_word(&self, at: usize) -> bool {
        let (Some(gap), Some(before), Some(after)) = (self.get(at), self.before(at), self.get(at + 1)) else {
            return false;
        };
        let alone = |place: usize| self.starts_word(place) && self.ends_word(place);
        gap.kind == Kind::Gap && before.kind == after.kind && (gap.tight || (alone(at - 1) && alone(at + 1)))
    }

    pub(super) fn get(&self, at: usize) -> Option<&Run> {
        self.all.get(at)
    }

    fn before(&self, at: usize) -> Option<&Run> {
        at.checked_sub(1).and_then(|place| self.all.get(place))
    }

    /// Whether no letter of the same kind stands before, or one that is parted from it as the next one is not: in
    /// «م ك.ل.ب» the word begins with its second letter.
    pub(super) fn starts_word(&self, at: usize) -> bool {
        let (Some(run), Some(before)) = (self.get(at), self.before(at)) else { return true };
        let next = self.get(at + 1).and_then(|next| next.between);
        before.kind != run.kind || (run.between.is_some() && run.between != next)
    }

    /// The same for what stands behind.
    pub(super) fn ends_word(&self, at: usize) -> bool {
        let (Some(run), Some(next)) = (self.get(at), self.get(at + 1)) else { return true };
        next.kind != run.kind || (next.between.is_some() && next.between != run.between)
    }

    /// So many runs before one, if a word may begin with them and goes on to there.
    pub(super) fn word_before(&self, at: usize, count: usize) -> Option<&[Run]> {
        let first = at.checked_sub(count).filter(|first| self.starts_word(*first))?;
        let kind = self.get(at)?.kind;
        self.all.get(first..at).filter(|runs| runs.iter().all(|run| run.kind == kind))
    }
}

//! Digits and signs that are read as Latin letters: `b1tch`, `a$$`.

use super::letters::{Glyph, Kind};

/// The letter that a digit or sign is drawn for.
const fn drawn(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        _ => return None,
    })
}

/// The glyphs with the letters that stand in for others, where a Latin letter or another disguised one touches them.
///
/// `!` and `|` also end sentences and part columns, so that they need a letter on either side.
pub(super) fn unmasked(glyphs: &[Glyph]) -> Option<Vec<Glyph>> {
    let is_one = |one: &Glyph, other: &Glyph| one.letter.is_ascii_alphabetic() && drawn(other.letter).is_some();
    let touch = |pair: &[Glyph]| matches!(pair, [one, other] if is_one(one, other) || is_one(other, one));
    if !glyphs.windows(2).any(touch) {
        return None;
    }
    let mut all = glyphs.to_vec();
    let mut changed = false;
    for at in 0..all.len() {
        changed |= unmask(&mut all, at);
    }
    for at in (0..all.len()).rev() {
        changed |= unmask(&mut all, at);
    }
    changed.then_some(all)
}

/// Whether the glyph was a disguise, which it is no longer.
fn unmask(all: &mut [Glyph], at: usize) -> bool {
    let is_latin = |place: Option<usize>| {
        let glyph = place.and_then(|place| all.get(place));
        glyph.is_some_and(|glyph| glyph.kind == Kind::Letter && glyph.letter.is_ascii_alphabetic())
    };
    let (before, after) = (is_latin(at.checked_sub(1)), is_latin(at.checked_add(1)));
    let Some(glyph) = all.get_mut(at) else { return false };
    let fits = if matches!(glyph.letter, '!' | '|' | '+') { before && after } else { before || after };
    let letter = if fits { drawn(glyph.letter) } else { None };
    let Some(letter) = letter else { return false };
    (glyph.letter, glyph.kind) = (letter, Kind::Letter);
    true
}

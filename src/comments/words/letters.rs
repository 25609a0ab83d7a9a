//! The letters of a text as word lists compare them, each with its place in what was written.
//!
//! What [`crate::text::arabic::fold`] makes one is one here. Lists are stricter with those who disguise a word: hamza falls
//! with its seat, accents fall, and letters that look alike across alphabets are the same.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

use crate::text::{arabic, safe};

/// The mark of an indefinite accusative, on the alif or before it.
const FATHATAN: char = '\u{64B}';

/// What kind of character it is. A word ends where the kind changes: nobody hides one behind a letter of another script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space, punctuation, symbols.
    Gap,
    Digit,
    Arabic,
    /// A letter of any other script.
    Letter,
}

/// A folded character and the bytes of the text that it stands for, with the marks behind it. Places take four bytes: a
/// long comment should stay in the caches, and none has four thousand million bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub letter: char,
    pub kind: Kind,
    pub start: u32,
    pub end: u32,
    /// Whether an unseen end of a word stands before it.
    pub apart: bool,
    /// Whether it has the mark of an indefinite accusative.
    pub is_tanwin: bool,
}

/// The folded characters of a text, in order. What nobody sees belongs to the character before it.
pub(super) fn glyphs(text: &str) -> Vec<Glyph> {
    let mut all: Vec<Glyph> = Vec::with_capacity(text.len());
    let mut apart = false;
    for (start, c) in text.char_indices() {
        let (start, end) = (short(start), short(start + c.len_utf8()));
        let before = all.len();
        fold(c, |letter| {
            let apart = std::mem::take(&mut apart);
            all.push(Glyph { letter, kind: kind(letter), start, end, apart, is_tanwin: false });
        });
        apart |= ends_unseen(c);
        if all.len() == before
            && let Some(last) = all.last_mut()
        {
            last.end = end;
            last.is_tanwin |= c == FATHATAN;
        }
    }
    all
}

/// The glyphs without the alifs that only carry the marks of an indefinite accusative: كلبًا is كلب. Nothing where there are
/// none.
pub(super) fn unseated(all: &[Glyph]) -> Option<Vec<Glyph>> {
    if !all.iter().any(|glyph| glyph.is_tanwin) {
        return None;
    }
    let mut kept: Vec<Glyph> = Vec::with_capacity(all.len());
    let mut before = false;
    for glyph in all {
        match kept.last_mut() {
            Some(last) if glyph.letter == 'ا' && (glyph.is_tanwin || before) && last.kind == Kind::Arabic => {
                last.end = glyph.end;
            }
            _ => kept.push(*glyph),
        }
        before = glyph.is_tanwin;
    }
    Some(kept)
}

/// A place or number in four bytes.
pub(super) fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn fold(c: char, mut emit: impl FnMut(char)) {
    if c.is_ascii() {
        if !c.is_ascii_control() || c.is_ascii_whitespace() {
            emit(c.to_ascii_lowercase());
        }
        return;
    }
    if is_plain(c) {
        return emit(arabic::letter(c));
    }
    if is_lone_mark(c) {
        return;
    }
    if is_filler(c) {
        return emit(' ');
    }
    decompose_compatible(c, |part| {
        if is_dropped(part) {
            return;
        }
        for lower in arabic::letter(arabic::digit(part)).to_lowercase().filter(|lower| !is_dropped(*lower)) {
            match lower {
                'ß' => "ss".chars().for_each(&mut emit),
                'æ' => "ae".chars().for_each(&mut emit),
                'œ' => "oe".chars().for_each(&mut emit),
                other => emit(look(other)),
            }
        }
    });
}

/// A zero-width space or non-joiner: a word stops there for whoever reads, though not for a search.
const fn ends_unseen(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200C}')
}

/// Most of what is written in Arabic: a letter that nothing stands for but itself and its variants.
const fn is_plain(c: char) -> bool {
    matches!(c, 'ء' | 'ا'..='غ' | 'ف'..='ي') && !matches!(c, 'ئ' | 'ؤ' | 'أ' | 'إ')
}

/// Harakat of the presentation forms: alone, their compatibility form would part a word with a space.
const fn is_lone_mark(c: char) -> bool {
    matches!(c, '\u{FC5E}'..='\u{FC63}' | '\u{FCF2}'..='\u{FCF4}' | '\u{FE70}'..='\u{FE7F}')
}

/// What is drawn as a gap though it is none, and the two signs that are whole sentences: a text of them is six times as
/// long as it seems.
const fn is_filler(c: char) -> bool {
    matches!(c, '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{FDFA}' | '\u{FDFB}')
}

/// Whether a character changes nothing about which word it is: unseen, an accent, or an overlay.
fn is_dropped(c: char) -> bool {
    if arabic::is_dropped(c) || safe::is_invisible(c) || (c.is_control() && !c.is_whitespace()) {
        return true;
    }
    // Overlays, the points of Semitic scripts, and what stands above or below: not the vowels and viramas of Indic ones.
    matches!(canonical_combining_class(c), 1 | 10..=36 | 200..)
        || matches!(c, '\u{488}' | '\u{489}' | '\u{20D0}'..='\u{20F0}')
}

fn kind(letter: char) -> Kind {
    if is_plain(letter) {
        Kind::Arabic
    } else if letter == ' ' {
        Kind::Gap
    } else if letter.is_numeric() {
        Kind::Digit
    } else if !letter.is_alphabetic() && canonical_combining_class(letter) == 0 {
        Kind::Gap
    } else if arabic::is_arabic(letter) {
        Kind::Arabic
    } else {
        Kind::Letter
    }
}

/// The letter that a look-alike is read as, where no language of ours tells the two apart.
///
/// گ and چ stay: Iraqi writes words with them that differ from those with ك and ج.
const fn look(c: char) -> char {
    match c {
        'ڪ' | 'ګ' | 'ڬ' | 'ڭ' | 'ڮ' => 'ك',
        'ھ' | 'ہ' | 'ە' | 'ۃ' | 'ۀ' | 'ۂ' | 'ۿ' => 'ه',
        'ې' | 'ے' | 'ۍ' | 'ێ' | 'ؠ' => 'ي',
        'ٲ' | 'ٳ' | 'ٵ' => 'ا',
        'ۋ' | 'ۆ' | 'ۇ' | 'ۅ' | 'ۏ' => 'و',
        'پ' | 'ٮ' => 'ب',
        'ڤ' | 'ڡ' => 'ف',
        'ٯ' => 'ق',
        'ں' => 'ن',
        'ڵ' => 'ل',
        'ڕ' => 'ر',
        'а' | 'α' | 'ɑ' => 'a',
        'ҁ' | 'с' | 'ϲ' => 'c',
        'ԁ' | 'đ' | 'ð' => 'd',
        'е' | 'ҽ' => 'e',
        'ɡ' => 'g',
        'һ' | 'ħ' => 'h',
        'і' | 'ι' | 'ı' | 'ӏ' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ł' => 'l',
        'о' | 'ο' | 'ø' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'ŧ' | 'τ' => 't',
        'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'ү' => 'y',
        'ς' => 'σ',
        other => other,
    }
}

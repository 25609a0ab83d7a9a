//! Arabic as readers type it: one key for every spelling of the same word.
//!
//! [`fold`] is applied to a stored text and to a query alike, so that المكلفة finds المُكلّفة and ارمينيا finds
//! أرمينيا. Keys are for comparing and never shown: what was written stays as it was written.

use unicode_normalization::UnicodeNormalization;

/// The search key of a text: compatibility forms, marks, letter variants, digits and case made one.
pub fn fold(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    if text.chars().all(|c| fold_onto(&mut key, c)) { key } else { fold_any(text) }
}

/// Adds what becomes of a character to the key of its text; nothing where that depends on what stands beside it.
fn fold_onto(key: &mut String, c: char) -> bool {
    match plain(c) {
        Some(Plain::Kept(c)) => key.push(c),
        Some(Plain::Dropped) => {}
        None => return false,
    }
    true
}

/// The words of a folded text.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c| !is_alphanumeric(c)).filter(|word| !word.is_empty())
}

/// Whether a character is a letter or a digit. Arabic letters need no tables.
fn is_alphanumeric(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{63F}' | '\u{641}'..='\u{64A}') || c.is_alphanumeric()
}

/// What becomes of a character whatever stands beside it.
pub(super) enum Plain {
    /// It is this in the key.
    Kept(char),
    /// It leaves no trace.
    Dropped,
}

/// What becomes of the characters that nearly all of an Arabic text consists of, and of ASCII: none of them takes part in a
/// composition with others of them.
pub(super) const fn plain(c: char) -> Option<Plain> {
    match c {
        '\0'..='\x7F' => Some(Plain::Kept(c.to_ascii_lowercase())),
        '\u{640}' | '\u{64B}'..='\u{652}' | '\u{670}' => Some(Plain::Dropped),
        '\u{621}'..='\u{63A}' | '\u{641}'..='\u{64A}' => Some(Plain::Kept(letter(c))),
        _ => None,
    }
}

/// The same of a text that has other characters too.
pub(super) fn fold_any(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.nfkc().filter(|c| !is_dropped(*c)) {
        match letter(digit(c)) {
            'ß' | 'ẞ' => key.push_str("ss"),
            'ς' => key.push('σ'),
            other => key.extend(other.to_lowercase()),
        }
    }
    key
}

/// What lists of names are ordered by, byte for byte: numbers, then Arabic, then other scripts, whatever their case.
///
/// Letters stand where Arabic dictionaries have them (CLDR, `ar` collation): hamza with its seat, ة beside ت, and آ for two
/// alefs. Digits of any script are the same. Only the first characters of a long name count.
pub fn sort_key(text: &str) -> String {
    let seated: String = text.nfkc().map(|c| if c == 'ة' { 'ت' } else { c }).collect();
    let seated = seated.replace('آ', "اا").replace('ؤ', "و").replace('ئ', "ي");
    fold(&seated).chars().take(SORTED_CHARACTERS).map(script_in_order).collect()
}

/// Characters of a name that its place in a list depends on: an index takes no longer keys.
const SORTED_CHARACTERS: usize = 100;

/// A letter of a script that is not Arabic, moved behind the Arabic ones.
fn script_in_order(c: char) -> char {
    const BEHIND: u32 = 0xF_0000;
    let stays = !c.is_alphabetic() || is_arabic(c);
    if stays { c } else { char::from_u32(BEHIND + (u32::from(c) & 0xFFFF)).unwrap_or(c) }
}

/// Whether a character is of the Arabic script, presentation forms aside.
pub const fn is_arabic(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{870}'..='\u{8FF}')
}

/// The ASCII digit of an Arabic-Indic (٠–٩) or Persian (۰–۹) one; any other character as it is.
pub fn digit(c: char) -> char {
    let zero = match c {
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        _ => return c,
    };
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}

/// Whether a character is one of the marks that Arabic is readable without: harakat, Quranic signs, tatweel.
pub(super) const fn is_mark(c: char) -> bool {
    matches!(c, '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6ED}')
}

/// Whether a character leaves no trace in a key: a mark, or one that nobody sees.
pub const fn is_dropped(c: char) -> bool {
    let invisible = matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    invisible || is_mark(c)
}

/// The letter that stands for a family of look-alikes, and the Latin form of a number's signs.
pub const fn letter(c: char) -> char {
    match c {
        'آ' | 'أ' | 'إ' | 'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        '٫' => '.',
        '٬' => ',',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::super::tests::hard_text;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_word_have_one_key() {
        let cases = [
            ("\u{FEFB}", "لا"),
            ("\u{FEF9}ع\u{FEFC}م", "لاعلام"),
            ("لإعلام", "لاعلام"),
            ("\u{FDF2}", "الله"),
            ("\u{A0}", " "),
            ("٢٠٢٠", "2020"),
            ("۲۰۲۰", "2020"),
            ("٣٫٥", "3.5"),
            ("١٬٠٠٠", "1,000"),
            ("المُكلّفة", "المكلفه"),
            ("أرمينيا", "ارمينيا"),
            ("الأسرى", "الاسري"),
            ("آب", "اب"),
            ("یک", "يك"),
            ("بـــوتين", "بوتين"),
            ("\u{202B}خ\u{200C}بر\u{2069}", "خبر"),
            ("STRASSE straße STRAẞE", "strasse strasse strasse"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
        ];
        for (text, key) in cases {
            assert_eq!(fold(text), key);
        }
    }

    #[test]
    fn letters_and_digits_are_those_of_unicode() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
        }
        assert_eq!(words("قال: \u{ab}نعم\u{bb}، 3 مرات.").collect::<Vec<_>>(), ["قال", "نعم", "3", "مرات"]);
    }

    #[test]
    fn names_are_ordered_as_in_a_dictionary() {
        let ordered = [
            "1,000",
            "9",
            "ءاذار",
            "آمال",
            "ابراهيم",
            "أحمد",
            "إيران",
            "تمر",
            "ثورة",
            "ثورتان",
            "روما",
            "رؤيا",
            "سيل",
            "شئون",
            "apple",
            "Beta",
            "Zebra",
        ];
        let mut sorted = ordered;
        sorted.reverse();
        sorted.sort_by_key(|name| sort_key(name));
        assert_eq!(sorted, ordered);
        for (one, other) in [("أَحْمَد", "احمد"), ("۲۰۲۰", "2020"), ("ZEBRA", "zebra"), ("شؤون", "شوون")]
        {
            assert_eq!(sort_key(one), sort_key(other));
        }
    }

    proptest! {
        #[test]
        fn what_is_folded_at_once_is_what_the_rules_say(text in "[\u{600}-\u{6FF} 0-9A-Za-z]{0,20}", other in hard_text()) {
            prop_assert_eq!(fold(&text), fold_any(&text));
            prop_assert_eq!(fold(&other), fold_any(&other));
        }

        #[test]
        fn a_sort_key_fits_into_an_index(text in hard_text()) {
            prop_assert!(sort_key(&text.repeat(10)).len() <= 4 * SORTED_CHARACTERS);
        }

        #[test]
        fn a_key_has_no_marks_and_no_arabic_digits(text in hard_text()) {
            prop_assert!(!fold(&text).chars().any(|c| is_dropped(c) || digit(c) != c || letter(c) != c));
        }

        #[test]
        fn the_key_of_an_arabic_text_is_its_own_key(text in "[\u{600}-\u{6FF} 0-9A-Za-z]{0,60}") {
            let key = fold(&text);
            prop_assert_eq!(fold(&key), key);
        }
    }
}

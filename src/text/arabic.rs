//! Arabic as readers type it: one key for every spelling of the same word.
//!
//! [`fold`] is applied to a stored text and to a query alike, so that المكلفة finds المُكلّفة and ارمينيا finds
//! أرمينيا. Keys are for comparing and never shown: what was written stays as it was written.

use unicode_normalization::UnicodeNormalization;

/// The search key of a text: compatibility forms, marks, letter variants, digits and case made one.
pub fn fold(text: &str) -> String {
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

/// The ASCII digit of an Arabic-Indic (٠–٩) or Persian (۰–۹) one; any other character as it is.
pub(super) fn digit(c: char) -> char {
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

const fn is_dropped(c: char) -> bool {
    let invisible = matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
    invisible || is_mark(c)
}

/// The letter that stands for a family of look-alikes, and the Latin form of a number's signs.
const fn letter(c: char) -> char {
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

    proptest! {
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

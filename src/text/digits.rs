//! Which digits a language is written with.

use super::Language;

/// A set of ten digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// 0–9, `latn`.
    Latin,
    /// ٠–٩, `arab`.
    ArabicIndic,
    /// ۰–۹, `arabext`.
    Persian,
}

/// Where Arabic is written with Arabic-Indic digits (CLDR, `defaultNumberingSystem`). The Emirates and the Maghreb are
/// not among them.
const ARABIC_INDIC_REGIONS: [&str; 19] =
    ["BH", "DJ", "EG", "ER", "IL", "IQ", "JO", "KM", "KW", "LB", "MR", "OM", "PS", "QA", "SA", "SD", "SO", "SY", "YE"];

impl Digits {
    /// The digits of dates in a language: those that its tag asks for by `-u-nu-`, else those of the country.
    ///
    /// Where neither is said they are Latin, as most newsrooms on the web write them, whatever CLDR has for `ar` alone.
    pub fn of(language: &Language) -> Self {
        match (language.numbering(), language.base(), language.region()) {
            (Some("arab"), ..) => Self::ArabicIndic,
            (Some("arabext"), ..) => Self::Persian,
            (None, "ar", Some(region)) if ARABIC_INDIC_REGIONS.contains(&region) => Self::ArabicIndic,
            _ => Self::Latin,
        }
    }

    /// A text with its ASCII digits written in these.
    pub fn write(self, text: &str) -> String {
        let zero = match self {
            Self::Latin => return text.to_owned(),
            Self::ArabicIndic => '٠',
            Self::Persian => '۰',
        };
        let digit = |c: char| c.to_digit(10).and_then(|value| char::from_u32(u32::from(zero) + value));
        text.chars().map(|c| digit(c).unwrap_or(c)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn digits_are_those_that_the_tag_or_the_country_says() {
        let cases = [
            ("ar", "1960"),
            ("ar-SY", "١٩٦٠"),
            ("ar-SY-u-nu-latn", "1960"),
            ("ar-u-nu-arab", "١٩٦٠"),
            ("ar-MA", "1960"),
            ("ar-AE", "1960"),
            ("ar-001", "1960"),
            ("en-EG", "1960"),
            ("fa-u-nu-arabext", "۱۹۶۰"),
            ("ar-SY-u-nu-thai", "1960"),
        ];
        for (tag, expected) in cases {
            assert_eq!(Digits::of(&Language::parse(tag).unwrap()).write("1960"), expected, "{tag}");
        }
        assert_eq!(Digits::ArabicIndic.write("9 آب – ٤"), "٩ آب – ٤");
    }
}

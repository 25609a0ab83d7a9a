//! Text as people write it: hygiene on write, Arabic folding, slugs, counts, dates, languages.
//!
//! Everything here is pure: a string goes in, a string or a [`Fault`] comes out. No clock, no database, no
//! HTTP, and no HTML: markup belongs to the room of articles. What leaves here is fit to store or to compare.

use crate::fault::Fault;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{cmp::Reverse, fmt};
use utoipa::ToSchema;

pub mod arabic;
pub mod count;
pub mod dateline;
pub mod digits;
pub mod nearest;
pub mod plural;
pub mod safe;
pub mod slug;
pub mod terms;
mod zone_names;

#[cfg(test)]
mod terms_tests;
#[cfg(test)]
mod vectors_tests;

/// The language of our own messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Arabic.
    Ar,
}

impl Lang {
    /// The language that an `Accept-Language` header asks for, by its q-values (RFC 9110, 12.5.4).
    ///
    /// `ar-SY` asks for Arabic as `ar` does. Of two equals the first is taken; English when neither is wanted.
    pub fn negotiate(accept_language: Option<&str>) -> Self {
        let header = accept_language.unwrap_or_default();
        let wanted: Vec<_> = header.split(',').filter_map(language_range).collect();
        let arabic = Self::Ar.weight(&wanted);
        if arabic.0 > 0 && arabic > Self::En.weight(&wanted) { Self::Ar } else { Self::En }
    }

    /// The BCP 47 tag of the language.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ar => "ar",
        }
    }

    /// How much the language is wanted, in thousandths, then how early it is named.
    fn weight(self, wanted: &[(&str, u16)]) -> (u16, Reverse<usize>) {
        let best = |name: &str| {
            let named = wanted.iter().enumerate().filter(|(_, (base, _))| base.eq_ignore_ascii_case(name));
            named.map(|(place, (_, quality))| (*quality, Reverse(place))).max()
        };
        best(self.tag()).or_else(|| best("*")).unwrap_or((0, Reverse(usize::MAX)))
    }
}

/// The primary subtag and the weight of one range such as `ar-SY;q=0.8`.
fn language_range(item: &str) -> Option<(&str, u16)> {
    let (range, weight) = item.split_once(';').unwrap_or((item, "q=1"));
    let quality = weight.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?.trim_start();
    Some((range.trim().split('-').next()?, thousandths(quality)?))
}

/// A qvalue as whole thousandths: `0.8` is 800.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    if !digits || !matches!(whole, "0" | "1") {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok().filter(|value| *value <= 1000)
}

/// Which way the lines of a text run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "rtl")]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

impl Direction {
    /// Which way a text runs that does not say its language: as its first letter or direction mark does, left to
    /// right when it has none (UAX 9, P2 and P3).
    pub fn of_text(text: &str) -> Self {
        let strong = |c: &char| c.is_alphabetic() || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}');
        match text.chars().find(strong) {
            Some(
                '\u{590}'..='\u{8FF}'
                | '\u{200F}'
                | '\u{FB1D}'..='\u{FDFF}'
                | '\u{FE70}'..='\u{FEFF}'
                | '\u{10800}'..='\u{10FFF}'
                | '\u{1E800}'..='\u{1EFFF}',
            ) => Self::Rtl,
            _ => Self::Ltr,
        }
    }
}

/// The language of a content: a well-formed BCP 47 tag in its canonical case, such as `ar-SY`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(value_type = String, example = "ar")]
pub struct Language(String);

impl Language {
    /// The longest tag that is taken, as RFC 5646 (4.4.1) advises.
    pub const MAX: usize = 35;

    /// Reads a tag by the `langtag` grammar of RFC 5646, whatever its case.
    ///
    /// # Errors
    /// `not_a_language`. Grandfathered tags and those that are private from the start are not taken.
    pub fn parse(tag: &str) -> Result<Self, Fault> {
        let short = tag.len() <= Self::MAX;
        short.then(|| canonical_tag(tag)).flatten().map(Self).ok_or(Fault::NotALanguage)
    }

    /// The tag itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary subtag: `zh` of `zh-Hant-TW`.
    pub fn base(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// The region subtag, if there is one: `TW` of `zh-Hant-TW`.
    pub fn region(&self) -> Option<&str> {
        self.subtags().find(|subtag| is_region(subtag))
    }

    /// The numbering system that the tag asks for (BCP 47, `-u-nu-`): `latn` of `ar-SY-u-nu-latn`.
    pub fn numbering(&self) -> Option<&str> {
        let mut extensions = self.0.split('-').skip(1).take_while(|subtag| *subtag != "x");
        extensions.by_ref().find(|subtag| *subtag == "u")?;
        let mut keywords = extensions.take_while(|subtag| subtag.len() > 1);
        keywords.by_ref().find(|subtag| *subtag == "nu")?;
        keywords.next().filter(|system| system.len() > 2)
    }

    /// Which way texts in this language run: as its script says, or else the usual script of the language.
    pub fn direction(&self) -> Direction {
        let base = self.base();
        let by_region = || self.region().is_some_and(|region| RTL_REGIONS.contains(&(base, region)));
        let rtl = match self.subtags().find(|subtag| letters(subtag, 4, 4)) {
            Some(script) => RTL_SCRIPTS.contains(&script),
            None => RTL_LANGUAGES.contains(&base) || by_region(),
        };
        if rtl { Direction::Rtl } else { Direction::Ltr }
    }

    /// What follows the primary subtag, up to the extensions.
    fn subtags(&self) -> impl Iterator<Item = &str> {
        self.0.split('-').skip(1).take_while(|subtag| subtag.len() > 1)
    }
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        Self(lang.tag().to_owned())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        Self::parse(&tag).map_err(|fault| D::Error::custom(fault.detail(Lang::En)))
    }
}

/// Scripts of the right-to-left bidi classes (ISO 15924).
const RTL_SCRIPTS: [&str; 34] = [
    "Adlm", "Arab", "Aran", "Armi", "Avst", "Chrs", "Cprt", "Elym", "Gara", "Hatr", "Hebr", "Hung", "Khar", "Lydi",
    "Mand", "Mani", "Mend", "Merc", "Mero", "Narb", "Nbat", "Nkoo", "Orkh", "Palm", "Phli", "Phlp", "Phnx", "Prti",
    "Rohg", "Samr", "Sarb", "Syrc", "Thaa", "Yezi",
];

/// Languages that are usually written from right to left (CLDR, likely subtags).
const RTL_LANGUAGES: [&str; 58] = [
    "aao", "abh", "acm", "acq", "acw", "aeb", "afb", "aii", "ajp", "apc", "apd", "ar", "arc", "arq", "ars", "ary",
    "arz", "ayl", "azb", "bal", "bgn", "bqi", "brh", "ckb", "dv", "fa", "glk", "gwc", "haz", "he", "hnd", "hno", "iw",
    "ji", "jrb", "khw", "ks", "lah", "lrc", "luz", "myz", "mzn", "nqo", "phr", "pnb", "prs", "ps", "rhg", "sam", "sd",
    "sdh", "skr", "swb", "syr", "trw", "ug", "ur", "yi",
];

/// Where a language of several scripts is written from right to left.
const RTL_REGIONS: [(&str, &str); 8] =
    [("az", "IQ"), ("az", "IR"), ("kk", "CN"), ("ku", "IQ"), ("ku", "IR"), ("ky", "CN"), ("pa", "PK"), ("uz", "AF")];

/// The tag in its canonical case (RFC 5646, 2.1.1), if it is well formed.
fn canonical_tag(tag: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut rest = lower.split('-').peekable();
    let mut parts = vec![rest.next_if(|subtag| letters(subtag, 2, 8))?.to_owned()];
    if lower.split('-').next()?.len() <= 3 {
        parts.extend((0..3).map_while(|_| rest.next_if(|subtag| letters(subtag, 3, 3))).map(str::to_owned));
    }
    if let Some(script) = rest.next_if(|subtag| letters(subtag, 4, 4)) {
        let (initial, others) = script.split_at_checked(1)?;
        parts.push(initial.to_ascii_uppercase() + others);
    }
    if let Some(region) = rest.next_if(|subtag| is_region(subtag)) {
        parts.push(region.to_ascii_uppercase());
    }
    while let Some(variant) = rest.next_if(|subtag| is_variant(subtag) && !has(&parts, subtag)) {
        parts.push(variant.to_owned());
    }
    while let Some(singleton) = rest.next_if(|subtag| alphanumeric(subtag, 1, 1) && !has(&parts, subtag)) {
        parts.push(singleton.to_owned());
        let shortest = if singleton == "x" { 1 } else { 2 };
        parts.push(rest.next_if(|subtag| alphanumeric(subtag, shortest, 8))?.to_owned());
        while let Some(more) = rest.next_if(|subtag| alphanumeric(subtag, shortest, 8)) {
            parts.push(more.to_owned());
        }
    }
    rest.next().is_none().then(|| parts.join("-"))
}

fn has(parts: &[String], subtag: &str) -> bool {
    parts.iter().any(|part| part == subtag)
}

fn letters(subtag: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn alphanumeric(subtag: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_region(subtag: &str) -> bool {
    letters(subtag, 2, 2) || (subtag.len() == 3 && subtag.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_variant(subtag: &str) -> bool {
    alphanumeric(subtag, 5, 8)
        || (alphanumeric(subtag, 4, 4) && subtag.starts_with(|first: char| first.is_ascii_digit()))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::*;
    use proptest::prelude::*;

    /// Any text, rich in what makes text hard: marks, joiners, bidi controls, fillers, line ends, case oddities.
    pub(crate) fn hard_text() -> impl Strategy<Value = String> {
        let odd = "بأإآةىيهوؤئءلا ـ\u{64B}\u{651}\u{653}\u{654}\u{670}٠٩۵٫٬،؟\u{FEFB}\u{FDF2}\u{FDFA}\
            aZ09- .:/\"'()[]«»“”„\n\r\t\0\u{85}\u{8F}\u{A0}\u{AD}\u{301}\u{30C}\u{307}\u{338}\u{345}\u{34F}\
            \u{61C}\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{2028}\u{2029}\u{202A}\u{202C}\u{202E}\u{2060}\
            \u{2066}\u{2067}\u{2068}\u{2069}\u{3164}\u{E000}\u{FE0F}\u{FEFF}\u{FFFE}İIıßẞΣςJ<=>\u{1F3F4}\
            \u{E0067}\u{E007F}👨👩क\u{94D}\u{93F}한\u{1100}\u{1161}\u{D4E}½①ﬁ中";
        let odd: Vec<char> = odd.chars().collect();
        let some = prop_oneof![3 => proptest::sample::select(odd), 1 => any::<char>()];
        proptest::collection::vec(some, 0..160).prop_map(String::from_iter)
    }

    #[test]
    fn the_language_of_messages_is_the_one_that_weighs_most() {
        let cases = [
            (None, Lang::En),
            (Some(""), Lang::En),
            (Some("ar"), Lang::Ar),
            (Some("ar-SY"), Lang::Ar),
            (Some("AR-sy"), Lang::Ar),
            (Some("arc"), Lang::En),
            (Some("fr, *;q=0.5"), Lang::En),
            (Some("ar, en"), Lang::Ar),
            (Some("en, ar"), Lang::En),
            (Some("en;q=0.8, ar"), Lang::Ar),
            (Some("en-GB;q=0.9,ar;q=0.901"), Lang::Ar),
            (Some("ar ; q=0.5 , en ; q=0.6"), Lang::En),
            (Some("ar;q=0"), Lang::En),
            (Some("en;q=0, *"), Lang::Ar),
            (Some("*"), Lang::En),
            (Some("*;q=0.9, ar;q=0.1"), Lang::En),
            (Some("ar;q=1.001, en;q=0.1"), Lang::En),
            (Some("ar;q=2, ar;q=x, ar;v=1, ;;,"), Lang::En),
            (Some("fr;q=0.9, ar;q=0.1"), Lang::Ar),
        ];
        for (header, expected) in cases {
            assert_eq!(Lang::negotiate(header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_well_formed_tag_is_taken_in_its_canonical_case() {
        let cases = [
            ("ar", "ar"),
            ("AR-sy", "ar-SY"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("zh-cmn-HANS-cn", "zh-cmn-Hans-CN"),
            ("es-419", "es-419"),
            ("DE-1996", "de-1996"),
            ("sl-Rozaj-BISKE", "sl-rozaj-biske"),
            ("en-a-BBB-x-A-ccc", "en-a-bbb-x-a-ccc"),
            ("ar-SY-u-NU-latn", "ar-SY-u-nu-latn"),
            ("ckb-arab-iq", "ckb-Arab-IQ"),
        ];
        for (tag, canonical) in cases {
            assert_eq!(Language::parse(tag).unwrap().as_str(), canonical);
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        let bad = [
            "",
            "a",
            "-",
            "ar-",
            "-ar",
            "ar--SY",
            "ar_SY",
            "ar SY",
            "عربي",
            "ar-S",
            "ar-x",
            "ar-u",
            "ar-u-n",
            "x-private",
            "i-klingon",
            "abcdefghi",
            "ar-SY-Arab",
            "ar-12",
            "de-1996-1996",
            "en-a-bb-a-cc",
            "abcd-efg",
            "en-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd",
        ];
        for tag in bad {
            assert_eq!(Language::parse(tag), Err(Fault::NotALanguage), "{tag}");
        }
    }

    #[test]
    fn a_script_says_the_direction_before_the_language_does() {
        let rtl = ["ar", "ar-SY", "he", "fa", "ur", "ps", "sd", "ug", "yi", "dv", "ckb", "syr", "nqo", "arc", "ks"];
        let rtl_by_script = ["az-Arab", "pa-PK", "ff-Adlm", "uz-Arab-AF", "ku-IQ"];
        for tag in rtl.into_iter().chain(rtl_by_script) {
            assert_eq!(Language::parse(tag).unwrap().direction(), Direction::Rtl, "{tag}");
        }
        for tag in ["en", "fr", "az", "ks-Deva", "ar-Latn", "tr", "ru", "zh-Hant-TW", "pa", "de-1996", "en-x-arab"] {
            assert_eq!(Language::parse(tag).unwrap().direction(), Direction::Ltr, "{tag}");
        }
    }

    #[test]
    fn the_first_letter_says_the_direction() {
        for text in ["شكرًا Reuters", "2020 – خبر", "👍 «نعم»", "\u{200F}BBC", "שלום", "ﷲ"] {
            assert_eq!(Direction::of_text(text), Direction::Rtl, "{text}");
        }
        for text in ["Reuters شكرًا", "", "2020 👍", "\u{200E}خبر", "Привет", "\u{662}\u{660}"] {
            assert_eq!(Direction::of_text(text), Direction::Ltr, "{text}");
        }
    }

    #[test]
    fn a_language_knows_its_base_and_its_region() {
        let parts =
            |tag| Language::parse(tag).map(|it| (it.base().to_owned(), it.region().map(str::to_owned))).unwrap();
        assert_eq!(parts("zh-Hant-TW"), ("zh".into(), Some("TW".into())));
        assert_eq!(parts("es-419"), ("es".into(), Some("419".into())));
        assert_eq!(parts("ar-u-nu-latn"), ("ar".into(), None));
    }

    #[test]
    fn a_language_may_ask_for_a_numbering_system() {
        let cases = [
            ("ar", None),
            ("ar-SY-u-nu-latn", Some("latn")),
            ("ar-u-ca-islamic-nu-arab-hc-h12", Some("arab")),
            ("ar-t-fr-u-nu-arab", Some("arab")),
            ("ar-u-ca-nu", None),
            ("ar-u-nu-ca-islamic", None),
            ("ar-u-ca-islamic-a-nu-arab", None),
            ("ar-x-u-nu-arab", None),
        ];
        for (tag, numbering) in cases {
            assert_eq!(Language::parse(tag).unwrap().numbering(), numbering, "{tag}");
        }
    }

    #[test]
    fn a_language_is_a_string_in_json() {
        let language: Language = serde_json::from_str("\"AR-sy\"").unwrap();
        assert_eq!(serde_json::to_string(&language).unwrap(), "\"ar-SY\"");
        assert!(serde_json::from_str::<Language>("\"ar_SY\"").is_err());
        assert_eq!(serde_json::to_string(&Direction::Rtl).unwrap(), "\"rtl\"");
    }

    proptest! {
        #[test]
        fn a_canonical_tag_is_its_own_canonical_tag(tag in "[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8}){0,4}") {
            if let Ok(language) = Language::parse(&tag) {
                prop_assert_eq!(Language::parse(language.as_str()), Ok(language));
            }
        }

        #[test]
        fn no_header_breaks_the_negotiation(header in hard_text()) {
            Lang::negotiate(Some(&header));
            let _ = Language::parse(&header);
        }
    }
}

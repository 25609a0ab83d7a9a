//! Slugs: the words of a title as the last part of an address, in any script.
//!
//! A slug is what [`from_title`] leaves unchanged. Two that a reader would take for one share their [`key`], and it is
//! the key that must be unique.

use super::{Lang, arabic, count, safe};
use crate::fault::Fault;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::fmt;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use utoipa::ToSchema;

/// The most graphemes that a slug has.
pub const GRAPHEMES_MAX: usize = 100;

/// The most bytes that a slug has: an index takes no longer keys.
pub const BYTES_MAX: usize = 1_000;

/// The slug of a title: its letters and digits in lower case, joined by single hyphens; empty when it has none.
///
/// Harakat and tatweel go, hamza stays, digits become ASCII. Too long a title is cut after a whole word.
pub fn from_title(title: &str) -> String {
    let lower = title.nfkc().collect::<String>().to_lowercase();
    let mut slug = String::with_capacity(lower.len());
    for c in lower.nfkc().filter(|c| !is_dropped(*c)).map(arabic::digit) {
        let ends_in_a_word = !slug.is_empty() && !slug.ends_with('-');
        let stays = if is_combining_mark(c) { ends_in_a_word } else { c.is_alphanumeric() };
        if stays {
            slug.push(c);
        } else if ends_in_a_word {
            slug.push('-');
        }
    }
    let slug: String = within_bytes(cut(&slug, GRAPHEMES_MAX)).nfc().collect();
    if looks_like_an_id(&slug) { String::new() } else { slug }
}

/// What two slugs have in common when a reader would take one for the other.
///
/// Hamza, harakat, letter variants and the script of digits don't count.
pub fn key(slug: &str) -> String {
    arabic::fold(slug)
}

/// The last part of an article's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(value_type = String, example = "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو")]
pub struct Slug(String);

impl Slug {
    /// Takes a slug that an editor gave, in the form that [`from_title`] makes.
    ///
    /// # Errors
    /// `blank`, `too_long` in graphemes, `forbidden_character` for what could deceive, else `bad_format`; a UUID
    /// is refused too, so that an address is never both.
    pub fn parse(input: &str) -> Result<Self, Fault> {
        let slug = safe::name(input, GRAPHEMES_MAX)?;
        if slug.len() > BYTES_MAX {
            return Err(Fault::TooLong(GRAPHEMES_MAX));
        }
        if from_title(&slug) != slug {
            return Err(Fault::BadFormat("letters-and-digits-joined-by-hyphens".into()));
        }
        Ok(Self(slug))
    }

    /// The slug itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The [`key`] of this slug.
    pub fn key(&self) -> String {
        key(&self.0)
    }

    /// The slug with a number after it, for when it is taken: `slug-2`.
    #[must_use]
    pub fn numbered(&self, n: u32) -> Self {
        let number = format!("-{n}");
        Self(cut(&self.0, GRAPHEMES_MAX - number.len()).to_owned() + &number)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let slug = String::deserialize(deserializer)?;
        Self::parse(&slug).map_err(|fault| D::Error::custom(fault.detail(Lang::En)))
    }
}

/// Whether a character goes without parting the word it stands in.
///
/// The dot above is what lower case leaves of İ. ZWNJ does part: in Persian it ends a stem.
const fn is_dropped(c: char) -> bool {
    c == '\u{307}' || arabic::is_mark(c) || (safe::is_invisible(c) && c != '\u{200C}')
}

/// As many whole words as fit, or the part of the first one that does.
fn cut(slug: &str, max: usize) -> &str {
    let head = count::truncate(slug, max);
    let ends_a_word = slug.get(head.len()..).is_none_or(|rest| rest.is_empty() || rest.starts_with('-'));
    let whole = if ends_a_word { head } else { head.rsplit_once('-').map_or(head, |(words, _)| words) };
    whole.trim_end_matches('-')
}

/// As many whole words as fit into the bytes, where letters carry more marks than any language has.
fn within_bytes(slug: &str) -> &str {
    let fits = (0..=GRAPHEMES_MAX).rev().map(|max| cut(slug, max)).find(|cut| cut.len() <= BYTES_MAX);
    fits.unwrap_or_default()
}

/// Whether this could be read as a UUID, with its hyphens or without.
fn looks_like_an_id(slug: &str) -> bool {
    let hex = slug.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let lengths = || slug.split('-').map(str::len);
    hex && (lengths().eq([8, 4, 4, 4, 12]) || lengths().eq([32]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::super::tests::hard_text;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_becomes_its_words() {
        let cases = [
            ("بوتين يدعو لمحادثات أرمينية أذربيجانية في موسكو", "بوتين-يدعو-لمحادثات-أرمينية-أذربيجانية-في-موسكو"),
            (
                "ماكرون يتوعد طهران: اعتقال الفرنسيين \"عدوان واستفزاز\"",
                "ماكرون-يتوعد-طهران-اعتقال-الفرنسيين-عدوان-واستفزاز",
            ),
            (
                "الملاريا المستوردة تتسلل إلى المغرب.. وتحذيرات من أزمة صحية وشيكة!",
                "الملاريا-المستوردة-تتسلل-إلى-المغرب-وتحذيرات-من-أزمة-صحية-وشيكة",
            ),
            ("سوريا تعتمد رسميًا \"العقاب\"", "سوريا-تعتمد-رسميا-العقاب"),
            ("خبر ٢٠٢٠ — COVID-19", "خبر-2020-covid-19"),
            ("؟؟؟!!", ""),
            ("بـــوتين", "بوتين"),
            ("\u{202E}خ\u{200B}بر\u{FEFF}", "خبر"),
            ("می\u{200C}خواهم", "می-خواهم"),
            ("हिन्दी समाचार", "हिन्दी-समाचार"),
            ("Économie: İSTANBUL", "économie-istanbul"),
            ("\u{FEFB} ＡＢＣ", "لا-abc"),
            ("123e4567-e89b-12d3-a456-426614174000", ""),
        ];
        for (title, slug) in cases {
            assert_eq!(from_title(title), slug);
        }
    }

    #[test]
    fn a_long_title_is_cut_after_a_whole_word() {
        let slug = from_title(&"خبر عاجل ".repeat(20));
        assert!(count::graphemes(&slug) <= GRAPHEMES_MAX && slug.ends_with("-عاجل"), "{slug}");
        assert_eq!(from_title(&"ب".repeat(300)), "ب".repeat(100));
        assert_eq!(from_title(&format!("{} x", "a".repeat(100))), "a".repeat(100));
    }

    #[test]
    fn a_slug_fits_into_an_index() {
        let tower = "e\u{325}".to_owned() + &"\u{331}".repeat(60);
        let slug = from_title(&format!("{tower} ").repeat(50));
        assert!((900..=BYTES_MAX).contains(&slug.len()), "{}", slug.len());
        assert_eq!(from_title(&slug), slug);
        assert_eq!(from_title(&"\u{331}".repeat(9)), "");
    }

    #[test]
    fn an_editor_may_give_what_a_title_would_give() {
        assert_eq!(Slug::parse(" خبر-2020-covid-19 ").unwrap().as_str(), "خبر-2020-covid-19");
        assert_eq!(Slug::parse("ا\u{654}حمد").unwrap().as_str(), "أحمد");
        assert_eq!(Slug::parse(" "), Err(Fault::Blank));
        assert_eq!(Slug::parse(&"a".repeat(101)), Err(Fault::TooLong(100)));
        for c in ['\u{202E}', '\u{200F}', '\u{2067}', '\u{200B}', '\0'] {
            assert_eq!(Slug::parse(&format!("خبر{c}عاجل")), Err(Fault::ForbiddenCharacter(c)));
        }
        let ids = ["123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"];
        for bad in ["a b", "a--b", "-a", "a-", "A", "a/b", "a.b", "؟", "رسميًا", "٢٠٢٠", "بـوتين"].into_iter().chain(ids)
        {
            assert!(matches!(Slug::parse(bad), Err(Fault::BadFormat(_))), "{bad}");
        }
    }

    #[test]
    fn slugs_that_look_alike_share_a_key() {
        let shared = Slug::parse("أزمة-ايران-2020").unwrap().key();
        assert_eq!(key("أزمه-إيران-٢٠٢٠"), shared);
        assert_eq!(key("أَزْمَة-ايران-۲۰۲۰"), shared);
        assert_ne!(key("أزمة-العراق-2020"), shared);
    }

    #[test]
    fn a_taken_slug_gets_a_number() {
        assert_eq!(Slug::parse("خبر").unwrap().numbered(2).as_str(), "خبر-2");
        let long = Slug::parse(&format!("{}-ab", "خ".repeat(97))).unwrap();
        assert_eq!(long.numbered(12).as_str(), format!("{}-12", "خ".repeat(97)));
    }

    #[test]
    fn a_slug_is_a_string_in_json() {
        let slug: Slug = serde_json::from_str("\"خبر-1\"").unwrap();
        assert_eq!(serde_json::to_string(&slug).unwrap(), "\"خبر-1\"");
        assert!(serde_json::from_str::<Slug>("\"a b\"").is_err());
    }

    proptest! {
        #[test]
        fn a_slug_from_a_title_parses_or_is_empty(title in hard_text(), n in any::<u32>()) {
            let slug = from_title(&title);
            prop_assert_eq!(from_title(&slug), slug.as_str());
            if !slug.is_empty() {
                let slug = Slug::parse(&slug).unwrap();
                let numbered = slug.numbered(n);
                prop_assert_eq!(Slug::parse(numbered.as_str()), Ok(numbered));
            }
        }
    }
}

//! Hygiene on write: what a text may hold before it is stored.
//!
//! Prose is cleaned and names are refused: a headline pasted from a word processor loses its stray direction marks, but
//! a user name with one is an attempt to deceive. Nothing here knows HTML; see UTS 39 and UAX 9 for the why.

use super::count;
use crate::fault::Fault;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The longest address that is taken, in bytes.
pub const URL_BYTES_MAX: usize = 2048;
/// The longest e-mail address, in bytes.
pub const EMAIL_BYTES_MAX: usize = 254;
/// Bytes that a text has at most for each grapheme that it may have: a letter can carry any number of marks, and both
/// indexes and screens have an end. Vocalised Arabic needs six.
pub const GRAPHEME_BYTES_MAX: usize = 10;
/// The same where nothing is looked up by the text: a family of four emoji is one grapheme too.
const FAMILY_BYTES_MAX: usize = 25;
/// Combining marks that one letter may carry. Arabic stacks three at the most, Vedic and Tibetan five.
const MARKS_MAX: usize = 5;
/// The longest part of one before the `@`, in bytes.
const MAILBOX_BYTES_MAX: usize = 64;

/// A text in NFC without the characters that hide or reorder what stands beside them.
///
/// Lines end in `\n`. Controls, overrides, embeddings, ZWSP, BOM and soft hyphens are dropped; direction marks, joiners,
/// tatweel and harakat stay. Isolates are closed at the end of their line.
pub fn clean(input: &str) -> String {
    stripped(input).0.nfc().collect()
}

/// Whether [`clean`] takes something out of a text, or closes an isolate in it. Line ends and composing don't count.
pub fn loses(input: &str) -> bool {
    stripped(input).1
}

/// A text without what does not stay, and whether there was such a thing.
fn stripped(input: &str) -> (String, bool) {
    let mut lost = false;
    let mut kept = String::with_capacity(input.len());
    let mut open_isolates = 0;
    let mut in_flag = false;
    let mut rest = input.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' | '\n' | '\u{2028}' | '\u{2029}' => {
                if c == '\r' {
                    rest.next_if_eq(&'\n');
                }
                lost |= open_isolates > 0;
                kept.extend(std::iter::repeat_n(PDI, std::mem::take(&mut open_isolates)));
                kept.push('\n');
            }
            c if (c == PDI && open_isolates == 0) || is_stripped(c) || (is_tag(c) && !in_flag) => {
                lost = true;
                continue;
            }
            c => kept.push(c),
        }
        match c {
            '\u{2066}'..='\u{2068}' => open_isolates += 1,
            PDI => open_isolates -= 1,
            _ => {}
        }
        in_flag = c == BLACK_FLAG || (in_flag && is_tag(c));
    }
    kept.extend(std::iter::repeat_n(PDI, open_isolates));
    (kept, lost || open_isolates > 0)
}

/// A text of one line such as a headline: cleaned, trimmed, line breaks and tabs made one space.
///
/// # Errors
/// `blank`, or `too_long` in graphemes, or in bytes by [`GRAPHEME_BYTES_MAX`].
pub fn line(input: &str, max_graphemes: usize) -> Result<String, Fault> {
    let cleaned = clean(input);
    let pieces: Vec<_> = cleaned.split(['\n', '\t']).filter(|piece| !piece.is_empty()).collect();
    fitting(&pieces.join(" "), max_graphemes, GRAPHEME_BYTES_MAX)
}

/// A [`line()`] that may be left out: blank is none.
///
/// # Errors
/// `too_long` in graphemes.
pub fn optional_line(input: Option<&str>, max_graphemes: usize) -> Result<Option<String>, Fault> {
    input.filter(|input| !is_blank(input)).map(|input| line(input, max_graphemes)).transpose()
}

/// A text of several lines such as a summary: cleaned and trimmed, its line breaks kept.
///
/// # Errors
/// `blank`, or `too_long` in graphemes.
pub fn paragraph(input: &str, max_graphemes: usize) -> Result<String, Fault> {
    fitting(&clean(input), max_graphemes, FAMILY_BYTES_MAX)
}

/// A [`paragraph()`] that may be left out: blank is none.
///
/// # Errors
/// `too_long` in graphemes.
pub fn optional_paragraph(input: Option<&str>, max_graphemes: usize) -> Result<Option<String>, Fault> {
    input.filter(|input| !is_blank(input)).map(|input| paragraph(input, max_graphemes)).transpose()
}

/// A name that must not deceive, such as a tag or a user's: in NFC and trimmed, else as typed.
///
/// # Errors
/// `forbidden_character` for what is invisible, turns the direction, towers over its line or means nothing outside of one
/// machine; joiners may stand between letters. `blank`, or `too_long` in graphemes.
pub fn name(input: &str, max_graphemes: usize) -> Result<String, Fault> {
    let name: String = input.trim().nfc().collect();
    let mut before = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let joins =
            matches!(c, ZWNJ | ZWJ) && before.is_some_and(is_lettered) && rest.peek().copied().is_some_and(is_lettered);
        if is_deceptive(c) && !joins {
            return Err(Fault::ForbiddenCharacter(c));
        }
        before = Some(c);
    }
    if let Some(mark) = towering_mark(&name) {
        return Err(Fault::ForbiddenCharacter(mark));
    }
    fitting(&name, max_graphemes, GRAPHEME_BYTES_MAX)
}

/// The first mark that is too many for its letter. Joiners and direction marks between marks make no new letter.
pub fn towering_mark(text: &str) -> Option<char> {
    let mut stacked = 0;
    text.chars().find(|c| {
        match c {
            c if is_combining_mark(*c) => stacked += 1,
            '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2069}' => {}
            _ => stacked = 0,
        }
        stacked > MARKS_MAX
    })
}

/// The line that lengthens letters.
const TATWEEL: char = '\u{640}';

/// Whether a reader would see nothing that says anything: only white space, what is invisible, marks without a letter, the
/// line that lengthens letters, and what means nothing outside of one machine.
pub fn is_blank(text: &str) -> bool {
    let says_nothing = |c: char| c == TATWEEL || is_combining_mark(c) || is_private(c);
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c) || says_nothing(c))
}

/// An absolute `http`, `https` or `mailto` address, as typed.
///
/// # Errors
/// `not_a_url`, also when it carries a user or a password; `forbidden_character` for white space, controls, what is
/// invisible and what breaks out of markup; `too_long` in bytes.
pub fn url(input: &str) -> Result<String, Fault> {
    if input.len() > URL_BYTES_MAX {
        return Err(Fault::TooLong(URL_BYTES_MAX));
    }
    let forbidden = |c: &char| c.is_whitespace() || is_deceptive(*c) || matches!(c, '\\' | '<' | '>' | '"');
    if let Some(c) = input.chars().find(forbidden) {
        return Err(Fault::ForbiddenCharacter(c));
    }
    let (scheme, rest) = input.split_once(':').ok_or(Fault::NotAUrl)?;
    let sound = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//").is_some_and(has_host),
        "mailto" => is_mailbox_list(rest.split('?').next().unwrap_or_default()),
        _ => false,
    };
    sound.then(|| input.to_owned()).ok_or(Fault::NotAUrl)
}

/// An e-mail address, trimmed and else as typed: a mailbox, `@`, and a host with a dot in it. Whether anybody reads
/// what is sent there only a letter can tell.
///
/// # Errors
/// `not_an_email`; `too_long` in bytes (RFC 5321, 4.5.3.1).
pub fn email(input: &str) -> Result<String, Fault> {
    let address = input.trim();
    if address.len() > EMAIL_BYTES_MAX {
        return Err(Fault::TooLong(EMAIL_BYTES_MAX));
    }
    let stray = |c: char| c.is_whitespace() || is_deceptive(c) || "@\"(),:;<>[\\]".contains(c);
    let sound = address.rsplit_once('@').is_some_and(|(mailbox, host)| {
        (1..=MAILBOX_BYTES_MAX).contains(&mailbox.len())
            && !mailbox.contains(stray)
            && host.contains('.')
            && is_host(host)
    });
    sound.then(|| address.to_owned()).ok_or(Fault::NotAnEmail)
}

/// Whether a character could make one name pass for another or hide in it.
pub(super) fn is_deceptive(c: char) -> bool {
    is_private(c) || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_noncharacter(c) || is_invisible(c)
}

/// Whether a character shows nothing: `Default_Ignorable_Code_Point`, and the fillers that are drawn as a gap.
pub const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

const PDI: char = '\u{2069}';
const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
/// Begins the flags of England, Scotland and Wales; the tags that follow spell which.
const BLACK_FLAG: char = '\u{1F3F4}';

fn is_stripped(c: char) -> bool {
    let unseen = matches!(c, '\u{AD}' | '\u{200B}' | '\u{202A}'..='\u{202E}' | '\u{FEFF}' | '\u{E0000}'..='\u{E001F}');
    unseen || is_noncharacter(c) || (c.is_control() && !matches!(c, '\n' | '\t'))
}

const fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0020}'..='\u{E007F}')
}

const fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || (c as u32) & 0xFFFE == 0xFFFE
}

const fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

fn is_lettered(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c)
}

fn fitting(text: &str, max_graphemes: usize, bytes_each: usize) -> Result<String, Fault> {
    let text = text.trim();
    if is_blank(text) {
        return Err(Fault::Blank);
    }
    if text.len() > max_graphemes * bytes_each || count::graphemes(text) > max_graphemes {
        return Err(Fault::TooLong(max_graphemes));
    }
    Ok(text.to_owned())
}

/// Whether what follows `//` begins with a host and perhaps a port, and with nothing else.
fn has_host(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some((address, port)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    is_host(host.strip_suffix('.').unwrap_or(host)) && port.is_none_or(is_port)
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || is_combining_mark(c) || "-_".contains(c))
    };
    host.split('.').all(label)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

fn is_mailbox_list(list: &str) -> bool {
    list.split(',')
        .all(|mailbox| mailbox.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::super::tests::hard_text;
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::is_nfc;

    #[test]
    fn what_hides_or_reorders_is_stripped_on_write() {
        let cases = [
            ("\u{202E}بوتين", "بوتين"),
            ("8\u{202D}.\u{202C}9 كغ", "8.9 كغ"),
            ("إن\u{202E} \"\u{202C}الجزائر", "إن \"الجزائر"),
            ("\u{FEFF}خبر", "خبر"),
            ("خ\u{200B}بر", "خبر"),
            ("TU 216\u{8F} المبرمجة", "TU 216 المبرمجة"),
            ("أ\0ب", "أب"),
            ("خبر\u{AD}", "خبر"),
            ("a\u{FFFE}b\u{FDD0}c\u{1FFFF}", "abc"),
            ("a\r\nb\rc\nd\u{2028}e\tf", "a\nb\nc\nd\ne\tf"),
        ];
        for (input, expected) in cases {
            assert_eq!(clean(input), expected);
        }
    }

    #[test]
    fn what_arabic_and_persian_need_is_kept() {
        let kept = [
            "\u{200F}خبر",
            "(\u{200E}+963\u{200E})",
            "می\u{200C}خواهم",
            "\u{61C}٥٠%",
            "لله",
            "\u{2067}بوتين\u{2069}",
            "بـــوتين قُتِلَ",
            "👨\u{200D}👩\u{200D}👧",
        ];
        for text in kept {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn letters_are_composed() {
        let cases = [
            ("ا\u{654}", "أ"),
            ("ا\u{655}", "إ"),
            ("ا\u{653}", "آ"),
            ("و\u{654}", "ؤ"),
            ("ي\u{654}", "ئ"),
            ("ا\u{200B}\u{654}", "أ"),
            ("ا\u{2069}\u{654}", "أ"),
        ];
        for (input, expected) in cases {
            assert_eq!(clean(input), expected);
        }
    }

    #[test]
    fn isolates_are_closed_on_their_own_line() {
        assert_eq!(clean("\u{2067}بوتين"), "\u{2067}بوتين\u{2069}");
        assert_eq!(clean("\u{2069} alone"), " alone");
        assert_eq!(clean("\u{2066}a\u{2068}b\nc\u{2069}"), "\u{2066}a\u{2068}b\u{2069}\u{2069}\nc");
    }

    #[test]
    fn tags_stay_only_in_a_flag() {
        let scotland = "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}";
        assert_eq!(clean(scotland), scotland);
        assert_eq!(clean("hi\u{E0068}\u{E0069}\u{E0001}"), "hi");
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("  عاجل:\r\n\tخبر  مهم \n", 20).unwrap(), "عاجل: خبر  مهم");
        assert_eq!(line(" \u{200B}\u{3164}\u{2800}\u{200F}\n", 20), Err(Fault::Blank));
        assert_eq!(line("قُتِلَ", 3).unwrap(), "قُتِلَ");
        assert_eq!(line("قُتِلَ", 2), Err(Fault::TooLong(2)));
        assert_eq!(optional_line(Some(" \u{200F}"), 9), Ok(None));
        assert_eq!(optional_line(None, 9), Ok(None));
        assert_eq!(optional_line(Some(" خبر "), 9), Ok(Some("خبر".into())));
        assert_eq!(optional_line(Some("خبر"), 2), Err(Fault::TooLong(2)));
    }

    #[test]
    fn marks_without_end_are_too_long() {
        let tower = format!("خ{}", "\u{651}".repeat(14));
        assert_eq!(line(&tower, 3).unwrap(), tower);
        assert_eq!(line(&tower, 2), Err(Fault::TooLong(2)));
        assert_eq!(name(&tower, 5), Err(Fault::ForbiddenCharacter('\u{651}')));
        assert_eq!(paragraph(&"قُّ".repeat(100), 100).unwrap().len(), 600);
    }

    #[test]
    fn a_paragraph_keeps_its_lines() {
        assert_eq!(paragraph("\nأول\r\n\r\nثان\n", 20).unwrap(), "أول\n\nثان");
        assert_eq!(paragraph("\u{0}\n", 20), Err(Fault::Blank));
        assert_eq!(paragraph("abc", 2), Err(Fault::TooLong(2)));
    }

    #[test]
    fn a_name_that_deceives_is_refused() {
        let refused = "\0\n\t\u{85}\u{8F}\u{AD}\u{34F}\u{61C}\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{2028}\u{202A}\u{202B}\
            \u{202C}\u{202D}\u{202E}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{3164}\u{E000}\u{FDD0}\u{FE0F}\u{FEFF}\
            \u{FFFF}\u{E0041}\u{F0000}\u{10FFFF}";
        for c in refused.chars() {
            assert_eq!(name(&format!("admin {c} root"), 50), Err(Fault::ForbiddenCharacter(c)));
        }
        assert_eq!(name("\u{200C}می", 50), Err(Fault::ForbiddenCharacter(ZWNJ)));
    }

    #[test]
    fn an_honest_name_is_taken_in_nfc() {
        assert_eq!(name(" ا\u{654}حمد الشرع\n", 50).unwrap(), "أحمد الشرع");
        assert_eq!(name("می\u{200C}خواهم", 50).unwrap(), "می\u{200C}خواهم");
        assert_eq!(name("رسميًا", 5).unwrap(), "رسميًا".nfc().collect::<String>());
        assert_eq!(name(" \n ", 50), Err(Fault::Blank));
        assert_eq!(name("abc", 2), Err(Fault::TooLong(2)));
    }

    #[test]
    fn an_absolute_address_is_taken_as_typed() {
        let taken = [
            "https://example.com",
            "HTTPS://Example.com:8443/a?b=c#d",
            "http://localhost:8080/",
            "http://[2001:db8::1]:80/x",
            "https://مثال.إختبار/خبر-2020?س=1",
            "https://example.com./@user/status",
            "mailto:desk@example.org?subject=%D8%AE",
        ];
        for address in taken {
            assert_eq!(url(address).as_deref(), Ok(address));
        }
    }

    #[test]
    fn any_other_address_is_refused() {
        let refused = [
            "",
            "example.com",
            "/path",
            "//example.com/",
            "https:",
            "https:/example.com",
            "https://",
            "https:///path",
            "https://?q",
            "ftp://example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@example.com",
            "https://user:pw@example.com/",
            "https://a..b/",
            "https://exa%6Dple.com",
            "https://example.com:99999",
            "https://example.com:+80",
            "https://[::1",
            "https://[zz]/",
            "https://[::1]x",
            "mailto:",
            "mailto:?subject=x",
            "mailto:desk",
            "mailto:@example.org",
        ];
        for address in refused {
            assert_eq!(url(address), Err(Fault::NotAUrl), "{address}");
        }
        for c in [' ', '\n', '\0', '\u{A0}', '\u{200B}', '\u{202E}', '\u{2067}', '\u{200F}', '\\', '<', '"'] {
            assert_eq!(url(&format!("https://example.com/{c}x")), Err(Fault::ForbiddenCharacter(c)));
        }
        let long = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX));
        assert_eq!(url(&long), Err(Fault::TooLong(URL_BYTES_MAX)));
    }

    #[test]
    fn an_email_has_a_mailbox_and_a_host() {
        for address in ["desk@example.org", "a.b+c@مثال.إختبار", "أحمد@example.org", " x@a.b\n"] {
            assert_eq!(email(address).as_deref(), Ok(address.trim()));
        }
        let refused =
            ["", "desk", "@a.b", "desk@", "desk@host", "a@b@c.d", "a b@c.d", "<a@b.c>", "a@b..c", "a\u{200F}@b.c"];
        for address in refused {
            assert_eq!(email(address), Err(Fault::NotAnEmail), "{address}");
        }
        assert_eq!(email(&format!("{}@b.c", "a".repeat(65))), Err(Fault::NotAnEmail));
        assert_eq!(email(&format!("a@{}.c", "b".repeat(254))), Err(Fault::TooLong(EMAIL_BYTES_MAX)));
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(text in hard_text()) {
            let cleaned = clean(&text);
            prop_assert_eq!(clean(&cleaned), cleaned.as_str());
            prop_assert!(is_nfc(&cleaned));
            prop_assert!(!cleaned.chars().any(is_stripped));
            prop_assert!(!loses(&cleaned));
            let ends: String = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
            prop_assert_eq!(loses(&text), ends.nfc().ne(cleaned.chars()));
        }

        #[test]
        fn what_was_taken_once_is_taken_again_unchanged(text in hard_text()) {
            for parse in [line, paragraph, name] {
                if let Ok(taken) = parse(&text, 200) {
                    prop_assert!(!is_blank(&taken));
                    prop_assert_eq!(parse(&taken, 200), Ok(taken));
                }
            }
            let _ = url(&text);
        }
    }
}

//! Codes as values: those that an authenticator shows (TOTP, RFC 6238), and those for the day on which it is lost.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret, Totp};

use crate::problem::Problem;
use crate::text::arabic;
use crate::time::UtcTime;

/// As many bytes as the hash has (RFC 4226 §4, R6).
pub(super) const SECRET_BYTES: usize = 20;
/// The digits of a code. Authenticators know no other number, no other hash than SHA-1, and no other step than 30 seconds.
const DIGITS: usize = 6;
/// The characters of a recovery code, each 5 bits: 80 in all.
const RECOVERY_CHARS: usize = 16;
/// How they stand on paper.
const GROUP: usize = 4;
/// Digits and capitals without those that look like another one (Douglas Crockford's base 32).
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// A code that somebody gives.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// Six digits of an authenticator.
    Timed(String),
    /// One for the day on which it is lost.
    Recovery(String),
}

impl Given {
    /// Reads a code as people type it: in any case and digits, with spaces and hyphens.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text.chars().filter(|c| c.is_alphanumeric()).map(arabic::digit).map(|c| c.to_ascii_uppercase());
        let plain: Vec<char> = plain.collect();
        if plain.len() == DIGITS && plain.iter().all(char::is_ascii_digit) {
            return Some(Self::Timed(plain.into_iter().collect()));
        }
        let as_meant = |c: char| match c {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        let code: Vec<char> = plain.into_iter().map(as_meant).collect();
        let is_one = code.len() == RECOVERY_CHARS && code.iter().all(|c| ALPHABET.contains(c));
        is_one.then(|| Self::Recovery(code.into_iter().collect()))
    }
}

fn totp(secret: &[u8]) -> Result<Totp, Problem> {
    // The step before and the one after are taken, too: clocks differ, and people take their time (RFC 6238 §5.2).
    Builder::new().with_secret(Secret::from(secret)).build().map_err(Problem::internal)
}

/// The half minute to which six digits belong, if it is the present one or next to it.
pub(super) fn step_of(secret: &[u8], digits: &str, now: UtcTime) -> Result<Option<i64>, Problem> {
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    Ok(totp(secret)?.check(digits, seconds).and_then(|step| i64::try_from(step).ok()))
}

/// A secret as people type it into an authenticator.
pub(super) fn spelled(secret: &[u8]) -> Result<String, Problem> {
    Ok(totp(secret)?.secret().to_base32())
}

/// The address that an authenticator reads as a QR code
/// (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
pub(super) fn uri(issuer: &str, account: &str, spelled: &str) -> String {
    // The colon stands between the two.
    let issuer = issuer.replace(':', " ");
    let [issuer, account] = [&issuer, account].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
    format!("otpauth://totp/{issuer}:{account}?secret={spelled}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

/// A recovery code from random bytes.
pub(super) fn recovery_code(random: [u8; 32]) -> String {
    let chars = random.iter().take(RECOVERY_CHARS).filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
    let chars: Vec<char> = chars.copied().collect();
    chars.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// What is kept of a recovery code. It is so random that one plain hash hides it well.
pub(super) fn recovery_hash(plain: &str) -> Vec<u8> {
    Sha256::digest(plain.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> UtcTime {
        UtcTime::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The last six of the eight digits of RFC 6238, appendix B.
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(SECRET, digits, at(seconds)).unwrap(), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_belongs_to_its_own_step() {
        let (step, digits) = (2_000_000_000 / 30, "279037");
        for (steps, taken) in [(-2, None), (-1, Some(step)), (0, Some(step)), (1, Some(step)), (2, None)] {
            assert_eq!(step_of(SECRET, digits, at((step + steps) * 30)).unwrap(), taken, "{steps}");
        }
        for wrong in ["279038", "27903", "2790370", "", "279037 "] {
            assert_eq!(step_of(SECRET, wrong, at(2_000_000_000)).unwrap(), None, "{wrong:?}");
        }
        assert_eq!(step_of(SECRET, digits, at(-60)).unwrap(), None);
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let timed = |text: &str| matches!(Given::parse(text), Some(Given::Timed(digits)) if digits == "492039");
        for text in ["492039", " 492 039", "492-039", "٤٩٢٠٣٩", "۴۹۲۰۳۹", "\u{200F}492039\u{200E}"] {
            assert!(timed(text), "{text:?}");
        }
        let recovery =
            |text: &str| matches!(Given::parse(text), Some(Given::Recovery(code)) if code == "01AB23CD45EF67GH");
        for text in ["01AB-23CD-45EF-67GH", "01ab23cd45ef67gh", "oiAB 23cd 45ef 67gh", "oLab-23cd-45ef-٦٧gh"] {
            assert!(recovery(text), "{text:?}");
        }
        for text in ["", "49203", "4920399", "49203a", "01AB-23CD-45EF-67GU", "01AB-23CD-45EF-67G", "²³¹²³¹"] {
            assert!(Given::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn the_address_for_an_authenticator_says_whose_it_is() {
        let spelled = spelled(SECRET).unwrap();
        assert_eq!(spelled, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            uri("هيا: Press", "sara@example.org", &spelled),
            "otpauth://totp/%D9%87%D9%8A%D8%A7%20%20Press:sara%40example%2Eorg\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%D9%87%D9%8A%D8%A7%20%20Press\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    proptest! {
        #[test]
        fn a_recovery_code_is_four_groups_that_read_as_themselves(random: [u8; 32]) {
            let code = recovery_code(random);
            prop_assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
            let Some(Given::Recovery(plain)) = Given::parse(&code.to_lowercase()) else { panic!("{code}") };
            prop_assert_eq!(plain, code.replace('-', ""));
        }
    }
}

//! Accounts, addresses and passwords as values. Nothing here knows the database or HTTP.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::auth::Role;
use crate::fault::{Fault, Faults};
use crate::ids::{RecordId, UserId};
use crate::text::{arabic, safe};
use crate::time::UtcTime;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3, less the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321 §4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// The longest display name, in graphemes.
const NAME_MAX: usize = 100;
/// The longest password, in bytes; long enough for any sentence, short enough to hash.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// The shortest password of a reader, in code points (NIST SP 800-63B-4 §3.1.1.2, with a second factor or little at stake).
const READER_PASSWORD_MIN: usize = 8;
/// The guesses below which a password is refused: what is common, repeated, in a row of the keyboard, or made of what everybody knows
/// of a person falls to fewer, and a try costs an attacker much more than it costs us.
const READER_GUESSES_MIN: u64 = 1_000_000;
/// The same for staff, at whose accounts it is worth trying for longer.
const STAFF_GUESSES_MIN: u64 = 100_000_000;
/// As much of an end of a password as is judged, in characters.
const JUDGED_MAX: usize = 40;
/// The shortest password of staff, in code points (the same, as the only factor).
const STAFF_PASSWORD_MIN: usize = 15;

/// Somebody's account, as everyone but the door sees it: without the password's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: UserId,
    /// What they sign in with.
    pub email: Email,
    /// The name that others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub is_active: bool,
    /// The sections that an editor is bound to; all of them when empty.
    pub sections: Vec<RecordId>,
    /// Whether an editor may take articles back for good.
    pub may_kill: bool,
    /// Counts its changes.
    pub version: i64,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was last changed.
    pub updated_at: UtcTime,
}

impl Account {
    /// Whether it is one of those that somebody must always be.
    pub fn is_admin(&self) -> bool {
        self.is_active && self.role == Role::Admin
    }
}

/// A checked account that is not made yet.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What they will sign in with.
    pub email: Email,
    /// The name that others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl NewAccount {
    /// Checks all of an account and its password at once.
    pub fn parse(email: &str, name: &str, role: Role, password: &str) -> Result<(Self, Password), Faults> {
        let mut faults = Faults::new();
        let email = faults.take("/email", Email::parse(email));
        let name = faults.take("/name", display_name(name));
        let personal = [email.as_ref().map_or("", Email::as_str), name.as_deref().unwrap_or_default()];
        let password = faults.take("/password", Password::chosen(password, role, personal));
        let built = || Some((Self { email: email?, name: name?, role }, password?));
        faults.finish(built())
    }
}

/// A name that others see.
pub fn display_name(text: &str) -> Result<String, Fault> {
    safe::name(text, NAME_MAX)
}

/// An e-mail address in the one form that it is kept and looked up in: NFC and lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads `somebody@some.domain`. Unicode on both sides is fine (RFC 6531); quoted local parts, comments and
    /// domains without a dot are not taken, which no reader has.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let email = folded(text);
        if email.len() > EMAIL_BYTES_MAX {
            return Err(Fault::TooLong(EMAIL_BYTES_MAX));
        }
        let (local, domain) = email.split_once('@').ok_or(Fault::NotAnEmail)?;
        if is_local(local) && is_domain(domain) { Ok(Self(email)) } else { Err(Fault::NotAnEmail) }
    }

    /// What a column holds, which was parsed once.
    pub(super) const fn kept(text: String) -> Self {
        Self(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One for all that many mail systems let people add to their address: what is for `sara+news@…` reaches Sara, too, as what is for
    /// `sara+@…` would.
    #[must_use]
    pub fn of_any_tag(&self) -> Self {
        let tagged = self.0.split_once('@').and_then(|(local, domain)| Some((local.split_once('+')?.0, domain)));
        tagged.map_or_else(|| self.clone(), |(local, domain)| Self(format!("{local}+@{domain}")))
    }
}

fn is_local(text: &str) -> bool {
    let fine = |c: char| is_letter(c) || "!#$%&'*+-/=?^_`{|}~".contains(c);
    text.len() <= LOCAL_BYTES_MAX && text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(fine))
}

fn is_domain(text: &str) -> bool {
    let inner = |c: char| is_letter(c) || c == '-';
    let label = |label: &str| {
        let edges = !label.starts_with('-') && !label.ends_with('-');
        !label.is_empty() && edges && label.chars().all(inner)
    };
    text.contains('.') && text.split('.').all(label)
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Trimmed, in lower case and NFC: the form that is compared.
fn folded(text: &str) -> String {
    // Lower case can take a text out of NFC again.
    text.trim().nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// A password in NFC, so that it is the same from every keyboard. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password that somebody wants to have: long enough for the role, and not among the first that an
    /// attacker tries. There are no rules of composition, which make passwords worse (NIST SP 800-63B-4 §3.1.1.2). To judge
    /// one may take a tenth of a second.
    pub fn chosen(text: &str, role: Role, personal: [&str; 2]) -> Result<Self, Fault> {
        let Self(password) = Self::typed(text);
        let least = least(role);
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(Fault::TooLong(PASSWORD_BYTES_MAX));
        }
        if password.chars().count() < least {
            return Err(Fault::TooShort(least));
        }
        let guesses_min = if role == Role::Reader { READER_GUESSES_MIN } else { STAFF_GUESSES_MIN };
        if is_guessable(&password, personal, guesses_min) { Err(Fault::Guessable) } else { Ok(Self(password)) }
    }

    /// A password that somebody claims to have.
    pub fn typed(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// Whether it has as many characters as a role asks for.
    pub fn is_long_enough(&self, role: Role) -> bool {
        self.0.chars().count() >= least(role)
    }

    /// The text, to be hashed.
    pub fn expose(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The shortest password of a role.
const fn least(role: Role) -> usize {
    if matches!(role, Role::Reader) { READER_PASSWORD_MIN } else { STAFF_PASSWORD_MIN }
}

/// Whether an attacker guesses it who begins with what is common, and with what is known of the person. Of a long one it is enough
/// that one end is hard to guess: to judge takes time that grows with the square of the length.
fn is_guessable(password: &str, personal: [&str; 2], guesses_min: u64) -> bool {
    let folded: Vec<char> = arabic::fold(password).chars().collect();
    let first = folded.iter().take(JUDGED_MAX);
    let last = folded.iter().skip(folded.len().saturating_sub(JUDGED_MAX));
    let is_easy = |end: String| guesses(&end, personal) < guesses_min;
    is_easy(first.collect()) && (folded.len() <= JUDGED_MAX || is_easy(last.collect()))
}

fn guesses(folded: &str, personal: [&str; 2]) -> u64 {
    let known: Vec<String> = personal.into_iter().chain(COMMON_IN_ARABIC).map(arabic::fold).collect();
    // A whole address, name or phrase, written in one as well, what stands before the @, and all parts.
    let in_one: Vec<String> = known.iter().map(|text| text.replace(' ', "")).collect();
    let local = known.iter().filter_map(|text| text.split_once('@')).map(|(local, _)| local);
    let parts = known.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let all = known.iter().chain(&in_one).map(String::as_str).chain(local).chain(parts).filter(|part| !part.is_empty());
    zxcvbn::zxcvbn(folded, &all.collect::<Vec<_>>()).guesses()
}

/// What people who type Arabic choose first. The library knows what those choose who type Latin letters.
const COMMON_IN_ARABIC: [&str; 26] = [
    "خبر",
    "khabar",
    "كلمة المرور",
    "كلمة السر",
    "كلمة سر",
    "الرقم السري",
    "باسورد",
    "بسم الله الرحمن الرحيم",
    "بسم الله",
    "لا إله إلا الله",
    "محمد رسول الله",
    "الله أكبر",
    "سبحان الله وبحمده",
    "الحمد لله رب العالمين",
    "أستغفر الله العظيم",
    "ما شاء الله",
    "إن شاء الله",
    "يا رب",
    "أحبك",
    "حبيبتي",
    "السلام عليكم",
    "مرحبا",
    "فلسطين",
    "محمد",
    "أحمد",
    "ضصثقفغعهخحجد",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_kept_in_one_form() {
        for (typed, kept) in [
            (" Sara@Example.ORG ", "sara@example.org"),
            ("a.b+c@x.example", "a.b+c@x.example"),
            ("سارة@مثال.شبكة", "سارة@مثال.شبكة"),
            ("Rene\u{301}@example.fr", "ren\u{e9}@example.fr"),
        ] {
            assert_eq!(Email::parse(typed).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let bad = [
            "",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@@b.c",
            "a@b@c.d",
            "a b@c.d",
            "a@b..c",
            "a@.b",
            "a@b.",
            ".a@b.c",
            "a.@b.c",
            "a..b@c.d",
            "a@-b.c",
            "a@b-.c",
            "a@b_c.d",
            "\"a\"@b.c",
            "a@b.c\u{202E}",
            "a\u{200D}b@c.d",
            "a\0@b.c",
            "<a@b.c>",
            "a@[1.2.3.4]",
        ];
        for text in bad {
            assert_eq!(Email::parse(text), Err(Fault::NotAnEmail), "{text:?}");
        }
        let long = format!("a@{}.example", "b".repeat(250));
        assert_eq!(Email::parse(&long), Err(Fault::TooLong(EMAIL_BYTES_MAX)));
        assert_eq!(Email::parse(&format!("{}@b.c", "a".repeat(65))), Err(Fault::NotAnEmail));
    }

    #[test]
    fn a_password_is_as_long_as_its_role_asks_for() {
        let try_as = |role, text: &str| Password::chosen(text, role, ["sara@example.org", "Sara Haddad"]).map(drop);
        assert_eq!(try_as(Role::Reader, "أزرق و7"), Err(Fault::TooShort(8)));
        assert_eq!(try_as(Role::Reader, "أزرق و72"), Ok(()));
        for role in [Role::Journalist, Role::Editor, Role::Moderator, Role::Admin] {
            assert_eq!(try_as(role, "fourteen chars"), Err(Fault::TooShort(15)));
            assert_eq!(try_as(role, "fifteen chars !"), Ok(()));
        }
        // What looks like eight code points counts as those that it is kept as.
        assert_eq!(try_as(Role::Reader, "e\u{301}q7Zx1w"), Err(Fault::TooShort(8)));
        assert_eq!(try_as(Role::Reader, "q\u{301}7\u{302}Zx1w"), Ok(()));
        assert_eq!(try_as(Role::Reader, &"خبر ".repeat(200)), Err(Fault::TooLong(PASSWORD_BYTES_MAX)));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        let personal = ["Sara@example.org", "Sara Haddad"];
        let guesses = ["PassWord", "12345678", "bbbbbbbb", "sara@EXAMPLE.org", "sara haddad", "١٢٣٤٥٦٧٨٩"];
        for text in guesses {
            assert_eq!(Password::chosen(text, Role::Reader, personal), Err(Fault::Guessable), "{text}");
        }
    }

    #[test]
    fn staff_needs_one_that_stands_more_guesses() {
        for text in
            ["Password123456!", "1q2w3e4r5t6y7u8i", "khabarkhabarkhabar", "كلمة المرور 1234", "sara@example.org"]
        {
            let chosen = Password::chosen(text, Role::Admin, ["sara@example.org", "Sara Haddad"]);
            assert_eq!(chosen, Err(Fault::Guessable), "{text}");
        }
    }

    #[test]
    fn of_a_long_password_one_end_must_be_hard_to_guess() {
        let try_as = |text: &str| Password::chosen(text, Role::Admin, ["sara@example.org", "Sara Haddad"]).map(drop);
        let easy = "a".repeat(300);
        assert_eq!(try_as(&easy), Err(Fault::Guessable));
        assert_eq!(try_as(&format!("{easy}{}", "b".repeat(300))), Err(Fault::Guessable));
        for hard in ["قهوة سادة كل صباح", "plum orbit vessel"] {
            assert_eq!(try_as(&format!("{easy}{hard}")), Ok(()));
            assert_eq!(try_as(&format!("{hard}{easy}")), Ok(()));
        }
    }

    #[test]
    fn what_is_made_of_what_everybody_knows_is_refused_and_what_is_not_is_taken() {
        let try_as =
            |role, text: &str| Password::chosen(text, role, ["layla.mansour@example.org", "ليلى منصور"]).map(drop);
        for text in [
            "Password123!",
            "P@ssw0rd2020",
            "qwertyuiop123",
            "1q2w3e4r5t6y",
            "abcabcabcabc",
            "09/10/2020",
            "layla.mansour1",
            "ليلى منصور",
            "ليلىمنصور1",
            "كَلِمَة المرور",
            "كلمةالمرور١٢٣",
            "بسم الله الرحمن الرحيم",
            "لا اله الا الله",
            "ضصثقفغعهخحجد",
        ] {
            assert_eq!(try_as(Role::Reader, text), Err(Fault::Guessable), "{text}");
        }
        for text in ["passwordpassword", "123456789012345", "qwertyuiopasdfghjkl", "aaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(try_as(Role::Admin, text), Err(Fault::Guessable), "{text}");
        }
        for text in
            ["حبر على ورق منذ الفجر", "fifteen chars !", "hV7pQm2xLr9t", "شاي بالنعناع كل مساء", "😀🙃🫖📰🗞️🧭🪶🕰️"]
        {
            assert_eq!(try_as(Role::Reader, text), Ok(()), "{text}");
        }
        // Long ones are looked at as far as it takes.
        assert_eq!(try_as(Role::Admin, &"حبر على ورق منذ الفجر ".repeat(20)), Ok(()));
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard_and_is_not_shown() {
        assert_eq!(Password::typed("cafe\u{301} noir"), Password::typed("caf\u{e9} noir"));
        assert_eq!(format!("{:?}", Password::typed("secret")), "…");
    }

    #[test]
    fn every_fault_of_an_account_is_told_at_once() {
        let faults = NewAccount::parse("nobody", " ", Role::Admin, "short").expect_err("all wrong");
        let pointers: Vec<&str> = faults.0.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/email", "/name", "/password"]);
    }

    proptest! {
        #[test]
        fn every_text_is_judged(text in "\\PC{8,60}") {
            let judged = Password::chosen(&text, Role::Reader, ["sara@example.org", "سارة"]);
            prop_assert!(judged.is_ok() || judged.is_err());
        }

        #[test]
        fn a_kept_address_reads_as_itself(text in "[\\PC@.]{0,30}@[\\PC.]{1,20}\\.[a-z]{2,4}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}

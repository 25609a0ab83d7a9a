//! Which form of a noun goes with a number (CLDR, plural rules; the whole numbers of them).

use super::Lang;

/// A plural category of CLDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plural {
    /// لا أحرف.
    Zero,
    /// حرف واحد.
    One,
    /// حرفان.
    Two,
    /// 3 أحرف.
    Few,
    /// 11 حرفًا.
    Many,
    /// 100 حرف.
    Other,
}

impl Plural {
    /// The category of a number in one of the languages of our messages.
    pub const fn of(count: usize, lang: Lang) -> Self {
        match (lang, count, count % 100) {
            (_, 1, _) => Self::One,
            (Lang::Ar, 0, _) => Self::Zero,
            (Lang::Ar, 2, _) => Self::Two,
            (Lang::Ar, _, 3..=10) => Self::Few,
            (Lang::Ar, _, 11..=99) => Self::Many,
            _ => Self::Other,
        }
    }

    /// The name of the category in CLDR.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::One => "one",
            Self::Two => "two",
            Self::Few => "few",
            Self::Many => "many",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_has_two_forms() {
        for (count, name) in [(0, "other"), (1, "one"), (2, "other"), (11, "other"), (101, "other")] {
            assert_eq!(Plural::of(count, Lang::En).name(), name, "{count}");
        }
    }

    #[test]
    fn arabic_has_six() {
        let cases = [
            (0, "zero"),
            (1, "one"),
            (2, "two"),
            (3, "few"),
            (10, "few"),
            (11, "many"),
            (99, "many"),
            (100, "other"),
            (101, "other"),
            (102, "other"),
            (103, "few"),
            (111, "many"),
            (1_002, "other"),
            (1_010, "few"),
        ];
        for (count, name) in cases {
            assert_eq!(Plural::of(count, Lang::Ar).name(), name, "{count}");
        }
    }
}

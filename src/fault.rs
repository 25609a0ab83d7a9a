//! What can be wrong with one field, said once for every room, in English and Arabic.
//!
//! Parsing collects every [`Fault`] of an input in [`Faults`], each at its JSON Pointer; `problem` turns
//! them into the `errors` of one answer. This room knows nothing of HTTP or of the database.

use crate::lint::LintCode;
use crate::text::Lang;

/// One thing that is wrong with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The field must be there.
    Required,
    /// No such field; the nearest known name when there is one.
    UnknownField(Option<String>),
    /// Another JSON type was expected; the type's name.
    WrongType(String),
    /// Not one of these values.
    NotAllowed(Vec<String>),
    /// Longer than this many characters as people count them, items or bytes.
    TooLong(usize),
    /// Shorter than this many characters or items.
    TooShort(usize),
    /// Nothing but white space and invisible characters.
    Blank,
    /// Less than this.
    TooSmall(i64),
    /// More than this.
    TooLarge(i64),
    /// A character that has no place here: a control, or one that changes the direction of what follows.
    ForbiddenCharacter(char),
    /// Not an absolute `http`, `https` or `mailto` address.
    NotAUrl,
    /// Not an e-mail address.
    NotAnEmail,
    /// Neither an IP address nor a block of them.
    NotANetwork,
    /// Not the password of the account.
    WrongPassword,
    /// Not a code that is good, or not any more: of a letter, or of a second factor.
    WrongCode,
    /// Among the first passwords that an attacker tries.
    Guessable,
    /// Not a BCP 47 language tag.
    NotALanguage,
    /// Not an RFC 3339 instant.
    NotAnInstant,
    /// A local time that the zone leaves out when it puts the clock forward.
    NeverHappens,
    /// A local time that comes twice when the zone puts the clock back; the two offsets.
    HappensTwice([String; 2]),
    /// Not a zone of the IANA time zone database.
    NotATimeZone,
    /// Not a UUID.
    NotAnId,
    /// Does not have the form that is asked for; the form in words or as a pattern.
    BadFormat(String),
    /// Nothing has this id or slug.
    NotFound,
    /// Something else has this value already.
    Taken,
    /// Stands twice in the same list.
    Repeated,
    /// A member of an object that has another one of the same name.
    NamedTwice,
    /// Can't stand beside this other field.
    Excludes(String),
    /// Not later than the time it must come after.
    NotLater,
    /// Must not lie in the future.
    NotPast,
    /// A revision without it is scheduled for an earlier instant.
    ScheduledBefore,
    /// Exists, but may not be used any more.
    OutOfUse,
    /// An embed from a provider that is not on the list.
    UnknownProvider,
    /// An address inside a house, which nobody outside may have knocked at.
    InnerAddress,
    /// Comes back to where it began.
    Loop,
    /// Other articles are translations of this one.
    IsOriginal,
    /// Something to look at that the site lets nobody publish.
    Lint(LintCode),
}

impl Fault {
    /// The stable code that clients match on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::UnknownField(_) => "unknown_field",
            Self::WrongType(_) => "wrong_type",
            Self::NotAllowed(_) => "not_allowed",
            Self::TooLong(_) => "too_long",
            Self::TooShort(_) => "too_short",
            Self::Blank => "blank",
            Self::TooSmall(_) | Self::TooLarge(_) => "out_of_range",
            Self::ForbiddenCharacter(_) => "forbidden_character",
            Self::NotAUrl => "not_a_url",
            Self::NotAnEmail => "not_an_email",
            Self::NotANetwork => "not_a_network",
            Self::WrongPassword => "wrong_password",
            Self::WrongCode => "wrong_code",
            Self::Guessable => "guessable",
            Self::NotALanguage => "not_a_language",
            Self::NotAnInstant => "not_an_instant",
            Self::NeverHappens => "never_happens",
            Self::HappensTwice(_) => "happens_twice",
            Self::NotATimeZone => "not_a_time_zone",
            Self::NotAnId => "not_an_id",
            Self::BadFormat(_) => "bad_format",
            Self::NotFound => "not_found",
            Self::Taken => "taken",
            Self::Repeated => "repeated",
            Self::NamedTwice => "duplicate_field",
            Self::Excludes(_) => "excludes",
            Self::NotLater => "not_later",
            Self::NotPast => "not_past",
            Self::ScheduledBefore => "scheduled_before",
            Self::OutOfUse => "out_of_use",
            Self::UnknownProvider => "unknown_provider",
            Self::InnerAddress => "inner_address",
            Self::Loop => "loop",
            Self::IsOriginal => "is_original",
            Self::Lint(code) => code.as_str(),
        }
    }

    /// What happened and what to do, in the reader's language.
    pub fn detail(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english(),
            Lang::Ar => self.arabic(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Required => "This field is required.".into(),
            Self::UnknownField(None) => "There is no such field.".into(),
            Self::UnknownField(Some(near)) => format!("There is no such field. Did you mean `{near}`?"),
            Self::WrongType(expected) => format!("Expected {expected}."),
            Self::NotAllowed(values) => format!("Must be one of: {}.", values.join(", ")),
            Self::TooLong(max) => format!("Too long: {max} at most."),
            Self::TooShort(min) => format!("Too short: at least {min}."),
            Self::Blank => "Must not be blank.".into(),
            Self::TooSmall(min) => format!("Must be {min} or more."),
            Self::TooLarge(max) => format!("Must be {max} or less."),
            Self::ForbiddenCharacter(c) => format!("The character U+{:04X} is not allowed here.", u32::from(*c)),
            Self::NotAUrl => "Must be an absolute http, https or mailto address.".into(),
            Self::NotAnEmail => "Must be an e-mail address.".into(),
            Self::NotANetwork => "Must be an IP address such as 203.0.113.9, or a block such as 203.0.113.0/24.".into(),
            Self::WrongPassword => "This is not the present password.".into(),
            Self::WrongCode => "This code is not good, or not any more.".into(),
            Self::Guessable => {
                "Too easy to guess: choose one that is not your name, your address or in common use.".into()
            }
            Self::NotALanguage => "Must be a BCP 47 language tag such as ar or en-GB.".into(),
            Self::NotAnInstant => "Must be an RFC 3339 instant such as 2020-10-09T08:30:00Z.".into(),
            Self::NeverHappens => {
                "There is no such local time: the clock is put forward over it. Choose another, or give an offset."
                    .into()
            }
            Self::HappensTwice([first, second]) => {
                format!("This local time comes twice, as the clock is put back. Add the offset: {first} or {second}.")
            }
            Self::NotATimeZone => "Must be an IANA time zone such as America/New_York.".into(),
            Self::NotAnId => "Must be a UUID.".into(),
            Self::BadFormat(form) => format!("Must have this form: {form}."),
            Self::NotFound => "Nothing has this id or slug.".into(),
            Self::Taken => "Something else has this already.".into(),
            Self::Repeated => "Stands in the list twice.".into(),
            Self::NamedTwice => "This field is given more than once: send it once.".into(),
            Self::Excludes(other) => format!("Give this or `{other}`, not both."),
            Self::NotLater => "Must be later.".into(),
            Self::ScheduledBefore => {
                "A revision without this is scheduled for an earlier instant: unschedule it first.".into()
            }
            Self::NotPast => "Must not lie in the future.".into(),
            Self::OutOfUse => "This is out of use; choose another.".into(),
            Self::UnknownProvider => "Embeds from this provider are not allowed.".into(),
            Self::InnerAddress => "Must be an address that the whole internet can reach.".into(),
            Self::Loop => "Comes back to where it began; choose another.".into(),
            Self::IsOriginal => {
                "Other articles are translations of this one, so it can't be a translation itself.".into()
            }
            Self::Lint(code) => code.detail(Lang::En).into(),
        }
    }

    fn arabic(&self) -> String {
        match self {
            Self::Required => "هذا الحقل مطلوب.".into(),
            Self::UnknownField(None) => "لا يوجد حقل بهذا الاسم.".into(),
            Self::UnknownField(Some(near)) => format!("لا يوجد حقل بهذا الاسم. هل تقصد `{near}`؟"),
            Self::WrongType(expected) => format!("النوع المتوقع: {expected}."),
            Self::NotAllowed(values) => format!("يجب أن تكون القيمة واحدة من: {}.", values.join("، ")),
            Self::TooLong(max) => format!("أطول من اللازم: الحد الأقصى {max}."),
            Self::TooShort(min) => format!("أقصر من اللازم: الحد الأدنى {min}."),
            Self::Blank => "لا يجوز أن يكون فارغًا.".into(),
            Self::TooSmall(min) => format!("يجب أن تكون القيمة {min} أو أكثر."),
            Self::TooLarge(max) => format!("يجب أن تكون القيمة {max} أو أقل."),
            Self::ForbiddenCharacter(c) => format!("الحرف U+{:04X} غير مسموح به هنا.", u32::from(*c)),
            Self::NotAUrl => "يجب أن يكون عنوانًا كاملًا يبدأ بـ http أو https أو mailto.".into(),
            Self::NotAnEmail => "يجب أن يكون عنوان بريد إلكتروني.".into(),
            Self::NotANetwork => "يجب أن يكون عنوان IP مثل 203.0.113.9 أو نطاقًا مثل 203.0.113.0/24.".into(),
            Self::WrongPassword => "هذه ليست كلمة المرور الحالية.".into(),
            Self::WrongCode => "هذا الرمز غير صالح أو انتهت صلاحيته.".into(),
            Self::Guessable => "سهلة التخمين: اختر كلمة مرور غير شائعة وليست اسمك ولا بريدك.".into(),
            Self::NotALanguage => "يجب أن يكون رمز لغة وفق BCP 47 مثل ar أو en-GB.".into(),
            Self::NotAnInstant => "يجب أن يكون وقتًا وفق RFC 3339 مثل 2020-10-09T08:30:00Z.".into(),
            Self::NeverHappens => {
                "لا وجود لهذا الوقت المحلي لأن الساعة تُقدَّم فوقه. اختر وقتًا آخر أو أضف فرق التوقيت.".into()
            }
            Self::HappensTwice([first, second]) => {
                format!("هذا الوقت المحلي يتكرر مرتين عند تأخير الساعة. أضف فرق التوقيت: {first} أو {second}.")
            }
            Self::NotATimeZone => "يجب أن تكون منطقة زمنية من قاعدة IANA مثل America/New_York.".into(),
            Self::NotAnId => "يجب أن يكون معرّف UUID.".into(),
            Self::BadFormat(form) => format!("يجب أن يكون بهذه الصيغة: {form}."),
            Self::NotFound => "لا يوجد ما يحمل هذا المعرّف أو الاسم.".into(),
            Self::Taken => "هذه القيمة مستخدمة من قبل.".into(),
            Self::Repeated => "مكرر في القائمة.".into(),
            Self::NamedTwice => "أُرسل هذا الحقل أكثر من مرة: أرسله مرة واحدة.".into(),
            Self::Excludes(other) => format!("أرسل هذا الحقل أو `{other}`، لا كليهما."),
            Self::NotLater => "يجب أن يكون في وقت لاحق.".into(),
            Self::ScheduledBefore => "نسخة لا تتضمن هذا مجدولة لوقت أبكر: ألغِ الجدولة أولًا.".into(),
            Self::NotPast => "لا يجوز أن يكون في المستقبل.".into(),
            Self::OutOfUse => "لم يعد قيد الاستخدام؛ اختر غيره.".into(),
            Self::UnknownProvider => "التضمين من هذا الموقع غير مسموح به.".into(),
            Self::InnerAddress => "يجب أن يكون عنوانًا يمكن الوصول إليه من الإنترنت كله.".into(),
            Self::Loop => "يعود إلى حيث بدأ؛ اختر غيره.".into(),
            Self::IsOriginal => "لهذا المقال ترجمات، فلا يمكن أن يكون هو نفسه ترجمة.".into(),
            Self::Lint(code) => code.detail(Lang::Ar).into(),
        }
    }
}

/// A fault and the JSON Pointer (RFC 6901) of the field that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where in the input, such as `/sources/0/sourceId`.
    pub pointer: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// Every fault of one input, gathered while it is parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<FieldError>);

impl Faults {
    /// Nothing wrong so far.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Notes a fault at a pointer.
    pub fn add(&mut self, pointer: impl Into<String>, fault: Fault) {
        self.0.push(FieldError { pointer: pointer.into(), fault });
    }

    /// Keeps the value of a field that parsed, or notes why it did not.
    pub fn take<T>(&mut self, pointer: impl Into<String>, parsed: Result<T, Fault>) -> Option<T> {
        parsed.map_err(|fault| self.add(pointer, fault)).ok()
    }

    /// The whole value when nothing was wrong. `built` is `None` only where a field was refused.
    pub fn finish<T>(self, built: Option<T>) -> Result<T, Self> {
        match built {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

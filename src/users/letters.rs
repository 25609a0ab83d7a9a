//! The letters that accounts get: what they say, and who gets one at all. Nobody who asks is told whether there is an account; that
//! is found out when the letter is written.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::codes::{self, Purpose};
use super::model::{Account, Email};
use super::{find_by_email, found, has_password, invitations, store};
use crate::app::{App, Tx};
use crate::events::Change;
use crate::ids::{InvitationId, UserId};
use crate::jobs::Pause;
use crate::mail::{self, Letter};
use crate::problem::Problem;
use crate::site;
use crate::text::Lang;
use crate::time::UtcTime;

/// How long an account gets no second letter with a code, so that nobody fills a stranger's mailbox.
const SILENCE: Duration = Duration::from_secs(300);

/// What a letter is about, and in which language it speaks.
#[derive(Serialize, Deserialize)]
pub(super) struct Errand {
    is_arabic: bool,
    about: About,
}

/// What a letter is about.
#[derive(Serialize, Deserialize)]
pub(super) enum About {
    /// Somebody wants another password for the account of this address, if there is one.
    Reset(String),
    /// Somebody wants their account, which has this version, to have this address.
    Email { user: UserId, version: i64, address: String },
    /// Somebody is invited, until this instant.
    Invitation(InvitationId, UtcTime),
    /// Somebody wants to make an account with this address.
    Registration(String),
    /// The password of the account with this address is another one.
    PasswordChanged(String),
    /// The account does not have this address any more.
    EmailChanged(String),
}

/// Has a letter written.
pub(super) fn queue(tx: &mut Tx<'_>, app: &App, lang: Lang, about: About) -> Result<(), Problem> {
    mail::queue(tx, app, &Errand { is_arabic: lang == Lang::Ar, about })
}

/// Posts what is due.
pub async fn run(app: App) -> Pause {
    mail::run(app, write).await
}

/// Posts one letter; false when none is due.
pub async fn post_next(app: &App) -> Result<bool, Problem> {
    mail::post_next(app, write).await
}

/// The letter of an errand; none where there is nobody to write to.
fn write(tx: &mut Tx<'_>, app: &App, errand: Errand, is_again: bool) -> Result<Option<Letter>, Problem> {
    let Errand { is_arabic, about } = errand;
    let links = &app.config().mail;
    let (to, say, code, link) = match about {
        About::Reset(address) => {
            let Some(account) = held_account_of(tx, &address)? else { return Ok(None) };
            let Some(code) = code_for(tx, app, (account.id, Purpose::Reset), None, is_again)? else { return Ok(None) };
            tx.record(Change::newsroom("user.reset_posted", account.id, json!({})));
            (address, Say::Reset, code, &links.reset_url)
        }
        About::Email { user, version, address } => {
            let email = Email::kept(address.clone());
            // Whoever has the address already is not told that somebody else wants it.
            let is_free = find_by_email(&mut tx.reading(), &email)?.is_none();
            // A change of the account, such as another password, takes back what was asked for before.
            if !is_free || !store::hold_active(tx.conn, user)? || found(&mut tx.reading(), user)?.version != version {
                return Ok(None);
            }
            let code = code_for(tx, app, (user, Purpose::Email), Some(&email), is_again)?;
            let Some(code) = code else { return Ok(None) };
            (address, Say::Email, code, &links.email_url)
        }
        About::Invitation(id, until) => {
            let Some((address, code)) = invitations::letter(tx, app, (id, until))? else { return Ok(None) };
            (address, Say::Invitation, code, &links.invitation_url)
        }
        About::Registration(address) => {
            let email = Email::kept(address.clone());
            let last = codes::issued_to_at(&mut tx.reading(), &email)?;
            if is_too_soon(tx, last) && !is_again {
                return Ok(None);
            }
            // One is made for whoever has an account too, and told nobody, so that they get no more letters than others.
            let code = codes::issue_to(tx, app, &email)?;
            match find_by_email(&mut tx.reading(), &email)? {
                None => (address, Say::Registration, code, &links.registration_url),
                Some(_) => (address, Say::Registered, String::new(), &None),
            }
        }
        About::PasswordChanged(address) => (address, Say::PasswordChanged, String::new(), &None),
        About::EmailChanged(address) => (address, Say::EmailChanged, String::new(), &None),
    };
    let name = &site::present(&mut tx.reading())?.name;
    let way = link.as_ref().map_or_else(|| code.clone(), |link| link.replace("{code}", &code));
    let (subject, text) = if is_arabic { say.in_arabic(name, &way) } else { say.in_english(name, &way) };
    Ok(Some(Letter { to, subject, text }))
}

/// The same, locked until the transaction ends, so that nothing that ends codes misses the one that is made now.
fn held_account_of(tx: &mut Tx<'_>, address: &str) -> Result<Option<Account>, Problem> {
    let Some(account) = account_of(tx, address)? else { return Ok(None) };
    store::hold_active(tx.conn, account.id)?;
    Ok(account_of(tx, address)?.filter(|held| held.id == account.id))
}

/// The active account of an address. Who signs in at a provider alone has no password to forget, and is not to get round the
/// provider by one.
fn account_of(tx: &mut Tx<'_>, address: &str) -> Result<Option<Account>, Problem> {
    let found = find_by_email(&mut tx.reading(), &Email::kept(address.to_owned()))?;
    match found.filter(|account| account.is_active) {
        Some(account) if has_password(&mut tx.reading(), account.id)? => Ok(Some(account)),
        _ => Ok(None),
    }
}

/// A code, unless the account got one just now by another letter.
fn code_for(
    tx: &mut Tx<'_>,
    app: &App,
    whose: (UserId, Purpose),
    address: Option<&Email>,
    is_again: bool,
) -> Result<Option<String>, Problem> {
    let last = codes::issued_at(&mut tx.reading(), whose.0, whose.1)?;
    if is_too_soon(tx, last) && !is_again {
        return Ok(None);
    }
    codes::issue(tx, app, whose, address).map(Some)
}

/// Whether a letter would follow too soon on the last one.
fn is_too_soon(tx: &Tx<'_>, last: Option<UtcTime>) -> bool {
    last.is_some_and(|at| at > tx.now.before(SILENCE))
}

/// What a letter says.
#[derive(Clone, Copy)]
enum Say {
    Reset,
    Email,
    Invitation,
    Registration,
    Registered,
    PasswordChanged,
    EmailChanged,
}

impl Say {
    /// The subject and the text, in English.
    fn in_english(self, name: &str, way: &str) -> (String, String) {
        let (subject, text) = match self {
            Self::Reset => (
                "Choose another password",
                format!(
                    "Somebody, hopefully you, wants another password for your account at {name}.\n\n\
                     Go on here:\n\n{way}\n\n\
                     This works once, within an hour. If it was not you, do nothing: your password stays as it is.\n"
                ),
            ),
            Self::Email => (
                "Confirm your address",
                format!(
                    "Somebody, hopefully you, wants to sign in at {name} with this address from now on.\n\n\
                     Confirm it here:\n\n{way}\n\n\
                     This works once, within an hour. If it was not you, do nothing.\n"
                ),
            ),
            Self::Invitation => (
                "You are invited",
                format!(
                    "You are invited to work with {name}.\n\n\
                     Make your account here:\n\n{way}\n\n\
                     This works once, within seven days.\n"
                ),
            ),
            Self::Registration => (
                "Make your account",
                format!(
                    "Somebody, hopefully you, wants to make an account at {name} with this address.\n\n\
                     Go on here:\n\n{way}\n\n\
                     This works once, within an hour. If it was not you, do nothing: no account is made.\n"
                ),
            ),
            Self::Registered => (
                "You have an account already",
                format!(
                    "Somebody, hopefully you, wants to make an account at {name} with this address, but it has one.\n\n\
                     Sign in with it, or ask for another password. If it was not you, do nothing.\n"
                ),
            ),
            Self::PasswordChanged => (
                "Your password was changed",
                format!(
                    "Your account at {name} has another password, and all other sessions have ended.\n\n\
                     If it was not you, ask for another password at once and tell the administrators.\n"
                ),
            ),
            Self::EmailChanged => (
                "Your address was changed",
                format!(
                    "Your account at {name} has another address from now on; this one does not sign in any more.\n\n\
                     If it was not you, tell the administrators at once.\n"
                ),
            ),
        };
        (format!("{name}: {subject}"), text)
    }

    /// The same in Arabic.
    fn in_arabic(self, name: &str, way: &str) -> (String, String) {
        let (subject, text) = match self {
            Self::Reset => (
                "اختر كلمة مرور جديدة",
                format!(
                    "طلب أحدهم، ونأمل أن يكون أنت، كلمة مرور جديدة لحسابك في {name}.\n\n\
                     تابع من هنا:\n\n{way}\n\n\
                     يصلح هذا مرة واحدة خلال ساعة. إن لم تكن أنت من طلبه فلا تفعل شيئًا، وستبقى كلمة مرورك كما هي.\n"
                ),
            ),
            Self::Email => (
                "أكّد عنوان بريدك",
                format!(
                    "طلب أحدهم، ونأمل أن يكون أنت، تسجيل الدخول إلى {name} بهذا العنوان من الآن فصاعدًا.\n\n\
                     أكّده من هنا:\n\n{way}\n\n\
                     يصلح هذا مرة واحدة خلال ساعة. إن لم تكن أنت من طلبه فلا تفعل شيئًا.\n"
                ),
            ),
            Self::Invitation => (
                "دعوة للانضمام",
                format!(
                    "أنت مدعو للعمل مع {name}.\n\n\
                     أنشئ حسابك من هنا:\n\n{way}\n\n\
                     تصلح هذه الدعوة مرة واحدة خلال سبعة أيام.\n"
                ),
            ),
            Self::Registration => (
                "أنشئ حسابك",
                format!(
                    "طلب أحدهم، ونأمل أن يكون أنت، إنشاء حساب في {name} بهذا العنوان.\n\n\
                     تابع من هنا:\n\n{way}\n\n\
                     يصلح هذا مرة واحدة خلال ساعة. إن لم تكن أنت من طلبه فلا تفعل شيئًا، ولن يُنشأ أي حساب.\n"
                ),
            ),
            Self::Registered => (
                "لديك حساب بالفعل",
                format!(
                    "طلب أحدهم، ونأمل أن يكون أنت، إنشاء حساب في {name} بهذا العنوان، لكن له حسابًا بالفعل.\n\n\
                     سجّل الدخول به أو اطلب كلمة مرور جديدة. إن لم تكن أنت من طلبه فلا تفعل شيئًا.\n"
                ),
            ),
            Self::PasswordChanged => (
                "تغيّرت كلمة مرورك",
                format!(
                    "صارت لحسابك في {name} كلمة مرور جديدة، وانتهت جميع الجلسات الأخرى.\n\n\
                     إن لم تكن أنت من غيّرها فاطلب كلمة مرور جديدة فورًا وأبلغ المديرين.\n"
                ),
            ),
            Self::EmailChanged => (
                "تغيّر عنوان بريدك",
                format!(
                    "صار لحسابك في {name} عنوان آخر، ولم يعد هذا العنوان صالحًا لتسجيل الدخول.\n\n\
                     إن لم تكن أنت من غيّره فأبلغ المديرين فورًا.\n"
                ),
            ),
        };
        (format!("{name}: {subject}"), text)
    }
}

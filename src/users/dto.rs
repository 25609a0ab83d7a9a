//! Accounts as clients write and read them. What holds a password can't be printed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Account, NewAccount, Password, display_name};
use super::sign_in::{Shown, SignedIn};
use crate::auth::actions::permissions;
use crate::auth::{KeptSession, Role};
use crate::fault::{Fault, Faults};
use crate::ids::{RecordId, SessionId, UserId};
use crate::text::safe::optional_line;
use crate::time::UtcTime;

/// The longest name of a session, in graphemes.
const SESSION_NAME_MAX: usize = 60;

/// What became of an account; its role and whether it is in use, where that was decided.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the changes say")]
pub struct UserEvent {
    /// What its holder may do.
    #[schema(required = false)]
    role: Option<Role>,
    /// Whether its holder may sign in.
    #[schema(required = false, example = true)]
    is_active: Option<bool>,
    /// The sections that an editor is bound to.
    #[schema(required = false)]
    section_ids: Option<Vec<RecordId>>,
    /// Whether an editor may take articles back for good.
    #[schema(required = false, example = false)]
    may_kill: Option<bool>,
}

/// What a reader registers with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterIn {
    /// The address to sign in with.
    #[schema(max_length = 254, example = "sara@example.org")]
    pub email: String,
    /// 8 characters or more, of any kind.
    #[schema(format = Password, max_length = 1024, example = "قهوة سادة كل صباح")]
    pub password: String,
    /// The name that others see.
    #[schema(min_length = 1, example = "سارة حداد")]
    pub name: String,
    /// From the letter to the address; needed where the site posts letters, and not looked at elsewhere.
    #[serde(default)]
    #[schema(max_length = 128, example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub code: Option<String>,
}

impl RegisterIn {
    /// A reader's account, its password, and the code where one is asked for; or everything that is wrong with them.
    pub fn checked(self, asks_code: bool) -> Result<(NewAccount, Password, Option<String>), Faults> {
        let Self { email, password, name, code } = self;
        let (made, mut faults) = match NewAccount::parse(&email, &name, Role::Reader, &password) {
            Ok(made) => (Some(made), Faults::new()),
            Err(faults) => (None, faults),
        };
        if asks_code && code.is_none() {
            faults.add("/code", Fault::Required);
        }
        faults.finish(made.map(|(account, password)| (account, password, code.filter(|_| asks_code))))
    }
}

/// Which address somebody wants to make an account with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartRegistrationIn {
    /// The address to sign in with.
    #[schema(max_length = 254, example = "sara@example.org")]
    pub email: String,
}

/// An account that an administrator makes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUserIn {
    /// The address to sign in with.
    #[schema(max_length = 254, example = "omar@example.org")]
    pub email: String,
    /// The name that others see.
    #[schema(min_length = 1, example = "عمر خليل")]
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// 15 characters or more, 8 for readers; of any kind.
    #[schema(format = Password, max_length = 1024, example = "حبر على ورق منذ الفجر")]
    pub password: String,
}

impl NewUserIn {
    /// The account and its password, or everything that is wrong with them.
    pub fn checked(self) -> Result<(NewAccount, Password), Faults> {
        let Self { email, name, role, password } = self;
        NewAccount::parse(&email, &name, role, &password)
    }
}

/// What an administrator may change of an account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserIn {
    /// The name that others see.
    #[schema(min_length = 1, example = "عمر خليل")]
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in; `false` ends their sessions.
    #[schema(example = true)]
    pub is_active: bool,
    /// The sections that an editor works in, with all below them. Elsewhere an editor does what a journalist does. Nobody
    /// is bound by an empty list; `null` is refused, so that no right grows by leaving something out.
    #[schema(max_items = 100)]
    pub section_ids: Vec<RecordId>,
    /// Whether an editor may take articles back for good.
    #[schema(example = false)]
    pub may_kill: bool,
}

impl UserIn {
    /// The form as it may be kept.
    pub fn checked(self) -> Result<Self, Faults> {
        let ProfileIn { name } = ProfileIn { name: self.name }.checked()?;
        Ok(Self { name, ..self })
    }
}

impl From<&Account> for UserIn {
    fn from(account: &Account) -> Self {
        let Account { name, role, is_active, sections, may_kill, .. } = account.clone();
        Self { name, role, is_active, section_ids: sections, may_kill }
    }
}

/// A session, as its holder sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionView {
    /// Its id.
    id: SessionId,
    /// What its holder calls it.
    #[schema(example = "هاتفي")]
    name: Option<String>,
    /// What the program that opened it said of itself.
    #[schema(example = "Mozilla/5.0 (Android 15; Mobile)")]
    user_agent: Option<String>,
    /// Since when.
    date_created: UtcTime,
    /// When it was last given tokens.
    date_used: UtcTime,
    /// Until when, if it is not used before.
    expires: UtcTime,
    /// Whether more than a password opened it, or a code was shown in it.
    #[schema(example = true)]
    is_strong: bool,
    /// Whether this request belongs to it.
    #[schema(example = true)]
    is_current: bool,
}

impl SessionView {
    /// A session, for somebody who asks from one.
    pub fn of(session: KeptSession, current: SessionId) -> Self {
        let KeptSession {
            id,
            user: _,
            opened_at: date_created,
            expires_at: expires,
            revoked_at: _,
            name,
            agent: user_agent,
            used_at: date_used,
            proved_at: _,
            is_strong,
        } = session;
        Self { id, name, user_agent, date_created, date_used, expires, is_strong, is_current: id == current }
    }
}

/// What people may change of a session.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionIn {
    /// What its holder calls it.
    #[schema(example = "هاتفي")]
    pub name: Option<String>,
}

impl SessionIn {
    /// The form as it may be kept.
    pub fn checked(self) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let name = faults.take("/name", optional_line(self.name.as_deref(), SESSION_NAME_MAX));
        faults.finish(name.map(|name| Self { name }))
    }
}

/// A password, given once more.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepUpIn {
    /// The present one.
    #[schema(format = Password, max_length = 1024, example = "حبر على ورق منذ الفجر")]
    pub password: String,
    /// Six digits of the authenticator, or a recovery code, where the account has a second factor.
    #[serde(default)]
    #[schema(max_length = 64, example = "492039")]
    pub code: Option<String>,
}

impl From<StepUpIn> for Shown {
    fn from(StepUpIn { password, code }: StepUpIn) -> Self {
        Self { password: Password::typed(&password), code }
    }
}

/// What people may change of their own account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileIn {
    /// The name that others see.
    #[schema(min_length = 1, example = "سارة حداد")]
    pub name: String,
}

impl ProfileIn {
    /// The form as it may be kept.
    pub fn checked(self) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let name = faults.take("/name", display_name(&self.name));
        faults.finish(name.map(|name| Self { name }))
    }
}

/// What one signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginIn {
    /// The address.
    #[schema(max_length = 1024, example = "sara@example.org")]
    pub email: String,
    /// The password.
    #[schema(format = Password, max_length = 1024, example = "قهوة سادة كل صباح")]
    pub password: String,
    /// Six digits of the authenticator, or a recovery code, where the account has a second factor.
    #[serde(default)]
    #[schema(max_length = 64, example = "492039")]
    pub code: Option<String>,
}

/// What a session is continued with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshIn {
    /// From the last sign-in or refresh; it works once.
    #[schema(max_length = 128, example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub refresh_token: String,
}

/// A change of the own password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordChangeIn {
    /// The password until now.
    #[schema(format = Password, max_length = 1024, example = "قهوة سادة كل صباح")]
    pub current_password: String,
    /// 15 characters or more, 8 for readers; of any kind.
    #[schema(format = Password, max_length = 1024, example = "شاي بالنعناع كل مساء")]
    pub new_password: String,
}

/// Whose account wants another password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForgottenIn {
    /// The address that they sign in with.
    #[schema(max_length = 1024, example = "sara@example.org")]
    pub email: String,
}

/// Another password, for who has a code.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetIn {
    /// From the letter; it works once.
    #[schema(max_length = 128, example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub code: String,
    /// 15 characters or more, 8 for readers; of any kind.
    #[schema(format = Password, max_length = 1024, example = "شاي بالنعناع كل مساء")]
    pub new_password: String,
}

/// Another address for the own account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailChangeIn {
    /// The address to sign in with from then on.
    #[schema(max_length = 254, example = "sara@example.com")]
    pub email: String,
    /// The password, so that nobody takes an account over by an open window.
    #[schema(format = Password, max_length = 1024, example = "قهوة سادة كل صباح")]
    pub current_password: String,
    /// Six digits of the authenticator, or a recovery code, where the account has a second factor.
    #[serde(default)]
    #[schema(max_length = 64, example = "492039")]
    pub code: Option<String>,
}

/// The proof that an address is one's own.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailProofIn {
    /// From the letter; it works once.
    #[schema(max_length = 128, example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub code: String,
}

/// A password that an administrator gives somebody.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPasswordIn {
    /// 15 characters or more, 8 for readers; of any kind.
    #[schema(format = Password, max_length = 1024, example = "شاي بالنعناع كل مساء")]
    pub password: String,
}

/// An account as its owner and administrators read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserView {
    /// Its id.
    pub id: UserId,
    /// The address to sign in with.
    #[schema(example = "sara@example.org")]
    pub email: String,
    /// The name that others see.
    #[schema(example = "سارة حداد")]
    pub name: String,
    /// What they may do, in one word.
    #[schema(example = "reader")]
    pub role: Role,
    /// What they may do, one by one.
    #[schema(example = json!(["account.use", "comment.post"]))]
    pub permissions: Vec<&'static str>,
    /// Whether they may sign in.
    #[schema(example = true)]
    pub is_active: bool,
    /// The sections that an editor is bound to, with all below them; all of them when empty.
    pub section_ids: Vec<RecordId>,
    /// Whether an editor may take articles back for good.
    #[schema(example = false)]
    pub may_kill: bool,
    /// When it was made.
    pub date_created: UtcTime,
    /// When it was last changed.
    pub date_modified: UtcTime,
}

impl From<Account> for UserView {
    fn from(account: Account) -> Self {
        let Account { id, email, name, role, is_active, sections, may_kill, version: _, created_at, updated_at } =
            account;
        Self {
            id,
            email: email.as_str().to_owned(),
            name,
            role,
            permissions: permissions(role),
            is_active,
            section_ids: sections,
            may_kill,
            date_created: created_at,
            date_modified: updated_at,
        }
    }
}

/// What a sign-in or a refresh answers (the names are OAuth's, RFC 6749 §5.1, in camelCase).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenView {
    /// For `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9…")]
    pub access_token: String,
    /// How the access token is sent.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds that the access token is good for.
    #[schema(example = 900)]
    pub expires_in: u64,
    /// For the next pair of tokens; it works once.
    #[schema(example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub refresh_token: String,
    /// Who signed in.
    pub user: UserView,
}

impl TokenView {
    /// What a sign-in gave, and for how long.
    pub fn of(signed_in: SignedIn, expires_in: u64) -> Self {
        let SignedIn { access_token, refresh_token, account } = signed_in;
        Self { access_token, token_type: "Bearer", expires_in, refresh_token, user: account.into() }
    }
}

//! Invitations as administrators write and read them, and as who is invited accepts one. What holds a code can't be printed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invitation;
use crate::auth::Role;
use crate::fault::{Fault, Faults};
use crate::ids::{InvitationId, RecordId, UserId};
use crate::text_enum;
use crate::time::UtcTime;
use crate::users::model::{Email, display_name};

/// What the event log says of an invitation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvitationEvent {
    /// What whoever accepts it may do.
    pub(super) role: Role,
    /// The account that came of it.
    pub(super) user_id: Option<UserId>,
}

/// Whom an administrator invites, and to what.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvitationIn {
    /// The address that they will sign in with.
    #[schema(max_length = 254, example = "omar@example.org")]
    pub email: String,
    /// The name that others will see.
    #[schema(min_length = 1, example = "عمر خليل")]
    pub name: String,
    /// What they may do: staff, since readers register themselves.
    pub role: Role,
    /// The sections that an editor is bound to; all of them when empty.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub section_ids: Vec<RecordId>,
    /// Whether an editor may take articles back for good.
    #[serde(default)]
    #[schema(example = false)]
    pub may_kill: bool,
    /// Whether the code goes there by mail. Otherwise the answer has it, this once, to be handed over.
    #[serde(default = "yes")]
    #[schema(default = true, example = true)]
    pub by_mail: bool,
}

/// An invitation that is checked.
#[derive(Clone, Debug)]
pub struct Invited {
    pub(super) email: Email,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) section_ids: Vec<RecordId>,
    pub(super) may_kill: bool,
    pub(super) by_mail: bool,
}

impl InvitationIn {
    /// The form as it may be kept.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn checked(self) -> Result<Invited, Faults> {
        let Self { email, name, role, section_ids, may_kill, by_mail } = self;
        let mut faults = Faults::new();
        let email = faults.take("/email", Email::parse(&email));
        let name = faults.take("/name", display_name(&name));
        if role == Role::Reader {
            let staff = Role::ALL.iter().filter(|role| **role != Role::Reader);
            faults.add("/role", Fault::NotAllowed(staff.map(|role| role.as_str().to_owned()).collect()));
        }
        let built = || Some(Invited { email: email?, name: name?, role, section_ids, may_kill, by_mail });
        faults.finish(built())
    }
}

/// How an invitation goes out once more.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenewalIn {
    /// Whether the new code goes there by mail. Otherwise the answer has it, this once.
    #[serde(default = "yes")]
    #[schema(default = true, example = true)]
    pub by_mail: bool,
}

const fn yes() -> bool {
    true
}

text_enum! {
    /// What became of an invitation.
    #[schema(example = "open")]
    pub enum InvitationState {
        /// It can be accepted.
        Open = "open",
        /// There is an account.
        Accepted = "accepted",
        /// Nobody accepted it in time.
        Expired = "expired",
    }
}

/// An invitation as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvitationView {
    /// Its id.
    id: InvitationId,
    /// Whom it is for; `null` where it was sealed with a secret that is forgotten.
    #[schema(example = "omar@example.org")]
    email: Option<String>,
    /// The name that others will see.
    #[schema(example = "عمر خليل")]
    name: String,
    /// What they may do.
    #[schema(example = "journalist")]
    role: Role,
    /// The sections that an editor is bound to.
    section_ids: Vec<RecordId>,
    /// Whether an editor may take articles back for good.
    #[schema(example = false)]
    may_kill: bool,
    /// What became of it.
    state: InvitationState,
    /// Until when it can be accepted.
    expires: UtcTime,
    /// Who invited them: it ends with their right to.
    invited_by: UserId,
    /// The account that came of it.
    #[schema(example = json!(null))]
    user_id: Option<UserId>,
    /// Counts its changes.
    #[schema(example = 1)]
    version: i64,
    /// When it was made.
    date_created: UtcTime,
    /// When it was last changed.
    date_updated: UtcTime,
}

impl InvitationView {
    /// An invitation at an instant.
    pub fn at(now: UtcTime, invitation: Invitation) -> Self {
        let Invitation { row, email, section_ids } = invitation;
        let state = match row.accepted_at {
            Some(_) => InvitationState::Accepted,
            None if row.expires_at > now => InvitationState::Open,
            None => InvitationState::Expired,
        };
        Self {
            id: row.id,
            email,
            name: row.name,
            role: row.role,
            section_ids,
            may_kill: row.may_kill,
            state,
            expires: row.expires_at,
            invited_by: row.invited_by,
            user_id: row.user_id,
            version: row.version,
            date_created: row.created_at,
            date_updated: row.updated_at,
        }
    }
}

/// An invitation with its code.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvitationView {
    /// Everything else.
    #[serde(flatten)]
    pub invitation: InvitationView,
    /// The code, this once, where it does not go by mail: `null` otherwise, and where the answer is repeated.
    #[schema(format = Password, example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub code: Option<String>,
}

/// What who is invited makes the account with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptanceIn {
    /// From the letter, or from whoever invited them.
    #[schema(max_length = 128, example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub code: String,
    /// 15 characters or more, of any kind.
    #[schema(format = Password, max_length = 1024, example = "حبر على ورق منذ الفجر")]
    pub password: String,
    /// The name that others see, if it is to be another one than the invitation says.
    #[serde(default)]
    #[schema(min_length = 1, example = "عمر خليل")]
    pub name: Option<String>,
}

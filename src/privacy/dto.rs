//! What a person takes along.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::KeptSession;
use crate::comments::{CommentExport, OwnReactionView, OwnSanctionView, ReportView};
use crate::ids::SessionId;
use crate::oidc::dto::IdentityView;
use crate::time::UtcTime;
use crate::users::dto::UserView;

/// All that is kept of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportView {
    /// When this was put together.
    pub date_created: UtcTime,
    /// The account.
    pub account: UserView,
    /// Since when a second factor is asked for, if one is. Its secret is told to nobody again.
    pub second_factor_since: Option<UtcTime>,
    /// Every session, the latest first.
    pub sessions: Vec<SessionExport>,
    /// Who it is at providers that sign people in, the first one first.
    pub identities: Vec<IdentityView>,
    /// What moderators have done about the comments, the earliest first.
    pub sanctions: Vec<OwnSanctionView>,
    /// Every comment, the oldest first.
    pub comments: Vec<CommentExport>,
    /// Every reaction to a comment, the earliest first.
    pub reactions: Vec<OwnReactionView>,
    /// Every report of a comment, the earliest first.
    pub reports: Vec<ReportView>,
}

/// A session, without its tokens.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionExport {
    /// Its id.
    id: SessionId,
    /// What it was called.
    #[schema(example = "هاتفي")]
    name: Option<String>,
    /// What the program that opened it said of itself.
    #[schema(example = "Mozilla/5.0 (Android 15; Mobile)")]
    user_agent: Option<String>,
    /// Since when.
    date_created: UtcTime,
    /// When it was last given tokens.
    date_used: UtcTime,
    /// Until when.
    expires: UtcTime,
    /// When it was ended, if it was.
    date_revoked: Option<UtcTime>,
    /// Whether more than a password opened it, or a code was shown in it.
    #[schema(example = false)]
    is_strong: bool,
}

impl From<KeptSession> for SessionExport {
    fn from(session: KeptSession) -> Self {
        let KeptSession {
            id,
            user: _,
            opened_at: date_created,
            expires_at: expires,
            revoked_at: date_revoked,
            name,
            agent: user_agent,
            used_at: date_used,
            proved_at: _,
            is_strong,
        } = session;
        Self { id, name, user_agent, date_created, date_used, expires, date_revoked, is_strong }
    }
}

/// A person who wants to be forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErasureIn {
    /// The password, so that nobody erases somebody else by an open window.
    #[schema(format = Password, max_length = 1024, example = "قهوة سادة كل صباح")]
    pub current_password: String,
}

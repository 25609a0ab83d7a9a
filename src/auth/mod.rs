//! Who is asking, and what they may do. This room knows accounts only by id and role; `users` manages them.

pub mod actions;
mod deed;
mod key;
mod password;
pub mod permit;
mod place;
mod secrets;
mod session;
mod store;
mod token;
mod vault;
pub mod viewer;

use std::sync::Arc;

use self::actions::{Action, UseAccount, for_keys};
use crate::ids::{CommenterId, Id, KeyId, RecordId, SessionId, UserId};
use crate::limits::Origin;
use crate::text_enum;

pub use deed::Deed;
pub use key::{fresh_key, revoke_keys, shown_part};
pub use password::{Hasher, PasswordHash};
pub use permit::{Permit, could_still, still_may};
pub use place::{forget_homes, is_home, leave_homes, settle};
pub use secrets::{forget_secrets, kept_secret, unlock};
pub use session::{
    EVENTS, Grant, KeptSession, blank_sessions, forget_sessions, is_refresh_token, live_session, live_sessions,
    look_again, name_session, open_session, own_session, prove_session, refresh, revoke_all, revoke_session,
    sessions_of, succeed_session,
};
pub use token::{Claims, Tokens};
pub use vault::Vault;
pub use viewer::Viewer;

text_enum! {
    /// What somebody may do, in one word. The policy is in `auth/actions.rs`.
    #[schema(example = "editor")]
    pub enum Role {
        /// Reads, comments.
        Reader = "reader",
        /// Writes and submits their own articles.
        Journalist = "journalist",
        /// Edits and publishes everything, issues alerts.
        Editor = "editor",
        /// Decides about comments.
        Moderator = "moderator",
        /// All of it, and accounts and settings too.
        Admin = "admin",
    }
}

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Its role now, whatever the token says.
    pub role: Role,
    /// The session that the token belongs to.
    pub session: SessionId,
    /// The sections that an editor is bound to, with all below them; all of them when empty.
    pub sections: Vec<RecordId>,
    /// Whether an editor may take articles back for good.
    pub may_kill: bool,
    /// Whether they have proved lately who they are, as grave steps ask for.
    pub is_sure: bool,
    /// Whether their role asks for a second factor and this session was opened without: it may do nothing but set one up.
    pub owes_factor: bool,
    /// What it may do at the most: where a program acts for them, what its key says.
    pub scopes: Option<Vec<String>>,
}

impl User {
    /// Whose repetitions are one: the account's, or those of the one program that acts for it.
    pub fn name(&self) -> String {
        if self.scopes.is_some() { self.session.to_string() } else { self.id.to_string() }
    }

    /// The key that they came with, where a program acts for them.
    pub fn key(&self) -> Option<KeyId> {
        // No session has the id of a key.
        self.scopes.as_ref().map(|_| Id::of(self.session.uuid()))
    }

    /// As the audit log names them.
    pub fn caller(&self) -> Caller {
        Caller { user: self.id, role: self.role, key: self.key() }
    }

    /// Whether they may do something.
    pub fn may<A: Action>(&self) -> bool {
        self.is_entitled_to::<A>() && (!self.owes_factor || A::NAME == UseAccount::NAME)
    }

    /// Whether they may, once they have given the second factor that they may owe.
    pub(crate) fn is_entitled_to<A: Action>(&self) -> bool {
        let is_in_scope = |scopes: &Vec<String>| for_keys(A::NAME) && scopes.iter().any(|scope| scope == A::NAME);
        A::ROLES.contains(&self.role) && self.scopes.as_ref().is_none_or(is_in_scope)
    }

    /// The same person as one who comments.
    pub fn commenter(&self) -> CommenterId {
        CommenterId::of(self.id.uuid())
    }
}

/// Somebody, as the audit log names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// Its role.
    pub role: Role,
    /// The key, where a program acts for them.
    pub key: Option<KeyId>,
}

/// Who makes a change, for the audit log.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Nobody for the command line and for those who are not signed in yet.
    pub caller: Option<Caller>,
    /// The request that the change belongs to.
    pub request_id: String,
    /// What the request does; nothing where there is none.
    pub deed: Option<Arc<Deed>>,
    /// Where it comes from.
    pub origin: Option<Origin>,
}

impl Actor {
    /// The operator at the command line.
    pub fn operator() -> Self {
        Self { caller: None, request_id: "cli".into(), deed: None, origin: None }
    }

    /// Khabar itself: the clock, a job.
    pub fn itself() -> Self {
        Self { caller: None, request_id: "job".into(), deed: None, origin: None }
    }

    /// The role's word, or that of the operator or stranger without one.
    pub fn role_word(&self) -> &'static str {
        role_word(self.caller.map(|caller| caller.role))
    }
}

/// A role's word, or that of whoever has none.
pub fn role_word(role: Option<Role>) -> &'static str {
    role.map_or("none", Role::as_str)
}

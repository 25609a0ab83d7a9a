//! The policy, all of it: which role may do what. Deny by default: a role that is not named may not.
//!
//! Rules about one row («only the writer's own draft») are pure functions in the rooms.

use super::Role::{self, Admin, Editor, Journalist, Moderator, Reader};

/// Something that takes a permission.
pub trait Action: 'static {
    /// Its name in problems, in the OpenAPI document and in the README.
    const NAME: &'static str;
    /// The roles that may.
    const ROLES: &'static [Role];
}

macro_rules! policy {
    ($($(#[$doc:meta])* $name:ident = $word:literal: $($role:ident)+;)+) => {
        $($(#[$doc])* #[derive(Clone, Copy, Debug)] pub struct $name;
        impl Action for $name {
            const NAME: &'static str = $word;
            const ROLES: &'static [Role] = &[$($role),+];
        })+

        /// Every permission and the roles that have it.
        pub const POLICY: &[(&str, &[Role])] = &[$(($name::NAME, $name::ROLES)),+];
    };
}

/// The names of what a role may do, in the order of the page.
pub fn permissions(role: Role) -> Vec<&'static str> {
    POLICY.iter().filter(|(_, roles)| roles.contains(&role)).map(|(name, _)| *name).collect()
}

/// What takes a recent proof of who somebody is, not only a token that may have been copied.
const GRAVE: &[&str] = &[LinkIdentities::NAME, KillArticles::NAME, GrantAccess::NAME, ManageKeys::NAME];

/// What no key of a program may have: whoever copied one would have the newsroom.
const NEVER_FOR_KEYS: &[&str] = &[
    UseAccount::NAME,
    LinkIdentities::NAME,
    KillArticles::NAME,
    ManageUsers::NAME,
    GrantAccess::NAME,
    ReadKeys::NAME,
    ManageKeys::NAME,
];

/// Whether a key of a program may have a permission.
pub fn for_keys(name: &str) -> bool {
    !NEVER_FOR_KEYS.contains(&name)
}

/// Whether a permission takes a recent proof.
pub fn is_grave(name: &str) -> bool {
    GRAVE.contains(&name)
}

policy! {
    /// Read and change the own account.
    UseAccount      = "account.use":      Reader Journalist Editor Moderator Admin;
    /// Let a provider's word open the own account, and take that back.
    LinkIdentities  = "account.link":           Journalist Editor Moderator Admin;
    /// Write a comment.
    PostComment     = "comment.post":     Reader Journalist Editor Moderator Admin;
    /// React to comments, and report them.
    ReactToComments = "comment.react":    Reader Journalist Editor Moderator Admin;
    /// See the queues of comments and decide about them.
    ModerateComments = "comment.moderate":              Editor Moderator Admin;
    /// Ban those who comment, and let them back.
    BanCommenters   = "commenter.ban":                         Moderator Admin;
    /// Change the lists of words that hold comments.
    ManageWordLists = "wordList.manage":                Editor Moderator Admin;
    /// Write articles; change, submit and spike the own ones.
    WriteArticles   = "article.write":           Journalist Editor Admin;
    /// Return, approve, schedule, publish, correct and unpublish any article.
    PublishArticles = "article.publish":                    Editor Admin;
    /// Take any article back for good.
    KillArticles    = "article.kill":                       Editor Admin;
    /// See sources, sections, tags and authors as the newsroom does, those out of use too.
    ReadRecords     = "record.read":      Journalist Editor Moderator Admin;
    /// Make and change sources, sections, tags and authors.
    ManageRecords   = "record.manage":                      Editor Admin;
    /// Put collections together, and plan what they show.
    ManageCollections = "collection.manage":                Editor Admin;
    /// Draft breaking alerts.
    DraftAlerts     = "alert.draft":             Journalist Editor Admin;
    /// Issue, update, retract, supersede and cancel breaking alerts.
    IssueAlerts     = "alert.issue":                        Editor Admin;
    /// See the site's settings as the newsroom does.
    ReadSite        = "site.read":        Journalist Editor Moderator Admin;
    /// Change the site's settings.
    ManageSite      = "site.manage":                               Admin;
    /// See accounts and where they are signed in.
    ManageUsers     = "user.manage":                               Admin;
    /// Make accounts, and change their roles, access and passwords.
    GrantAccess     = "user.grant":                                Admin;
    /// See the keys of programs.
    ReadKeys        = "key.read":                                  Admin;
    /// Make, change, rotate and revoke them.
    ManageKeys      = "key.manage":                                Admin;
    /// Read the log of everything that happens.
    ReadEvents      = "event.read":                                Admin;
    /// Read who did what, and who was refused.
    ReadAudit       = "audit.read":                                Admin;
    /// Manage webhooks and see what was delivered.
    ManageWebhooks  = "webhook.manage":                            Admin;
}

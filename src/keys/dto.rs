//! API keys as administrators write and read them. What holds a key's secret can't be printed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Key;
use crate::auth::Role;
use crate::auth::actions::{for_keys, permissions};
use crate::events::Kind;
use crate::fault::{Fault, Faults};
use crate::ids::{KeyId, UserId};
use crate::outbound::Network;
use crate::text::safe;
use crate::time::UtcTime;

/// The longest name, in graphemes.
const NAME_MAX: usize = 100;

/// Every kind of event that keys make.
pub const EVENTS: &[Kind] = &[
    Kind::of::<KeyEvent>("api_key.created", "An API key was made."),
    Kind::of::<KeyEvent>("api_key.updated", "An API key was changed."),
    Kind::of::<KeyEvent>("api_key.rotated", "An API key has a new secret; the old one is good for a while."),
    Kind::of::<KeyEvent>("api_key.revoked", "An API key is good for nothing any more."),
    Kind::of::<KeyUseEvent>("api_key.used", "An API key was used. Told every five minutes at the most."),
];

/// Nothing more than which one.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyUseEvent {}

/// What the event log says of a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyEvent {
    /// What it is called.
    #[schema(example = "تطبيق الهاتف")]
    name: String,
    /// How it begins.
    #[schema(example = "kh_3q2-7wAB")]
    prefix: String,
    /// What it may do.
    #[schema(example = json!(["article.write"]))]
    scopes: Vec<String>,
}

impl KeyEvent {
    pub(super) fn of(key: &Key) -> Self {
        Self { name: key.row.name.clone(), prefix: key.row.prefix.clone(), scopes: key.form.scopes.clone() }
    }
}

/// An API key as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyIn {
    /// What it is for, in a line of 100 characters at most.
    #[schema(min_length = 1, max_length = 1000, example = "تطبيق الهاتف")]
    pub name: String,
    /// What it may do, as `GET /me` names permissions. None of them lets a key sign in, nor manage accounts or keys, nor take
    /// an article back for good. With none of them it does nothing on its own: it gives a program through which many people call a
    /// share of its own of what is limited (`Khabar-Key`).
    #[schema(max_items = 100, example = json!(["article.write"]))]
    pub scopes: Vec<String>,
    /// From where it may be used: addresses and blocks of them. From everywhere when empty.
    #[serde(default)]
    #[schema(max_items = 100, example = json!(["203.0.113.0/24"]))]
    pub addresses: Vec<String>,
    /// When it ends; never when absent.
    #[serde(default)]
    pub expires: Option<UtcTime>,
}

impl KeyIn {
    /// The form as it may be kept, made by somebody with a role.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn checked(self, role: Role, now: UtcTime) -> Result<Self, Faults> {
        let Self { name, scopes, addresses, expires } = self;
        let mut faults = Faults::new();
        let name = faults.take("/name", safe::line(&name, NAME_MAX));
        let may: Vec<&str> = permissions(role).into_iter().filter(|name| for_keys(name)).collect();
        for (at, scope) in scopes.iter().enumerate() {
            if !may.contains(&scope.as_str()) {
                faults.add(format!("/scopes/{at}"), Fault::NotAllowed(may.iter().map(ToString::to_string).collect()));
            } else if scopes.iter().take(at).any(|other| other == scope) {
                faults.add(format!("/scopes/{at}"), Fault::Repeated);
            }
        }
        for (at, network) in addresses.iter().enumerate() {
            if Network::parse(network).is_err() {
                faults.add(format!("/addresses/{at}"), Fault::NotANetwork);
            }
        }
        if expires.is_some_and(|expires| expires <= now) {
            faults.add("/expires", Fault::NotLater);
        }
        faults.finish(name.map(|name| Self { name, scopes, addresses, expires }))
    }
}

/// An API key as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyView {
    /// Its id.
    id: KeyId,
    /// What it is for.
    #[schema(example = "تطبيق الهاتف")]
    name: String,
    /// How it begins.
    #[schema(example = "kh_3q2-7wAB")]
    prefix: String,
    /// What it may do.
    #[schema(example = json!(["article.write"]))]
    scopes: Vec<String>,
    /// From where it may be used; from everywhere when empty.
    #[schema(example = json!(["203.0.113.0/24"]))]
    addresses: Vec<String>,
    /// When it ends.
    #[schema(example = json!(null))]
    expires: Option<UtcTime>,
    /// When it was last used, give or take five minutes.
    #[schema(example = json!(null))]
    date_used: Option<UtcTime>,
    /// Until when the secret before this one is good, too.
    #[schema(example = json!(null))]
    secret_rotates_until: Option<UtcTime>,
    /// Who made it: it never may do more than they may, and ends with their account.
    created_by: UserId,
    /// Counts its changes.
    #[schema(example = 1)]
    version: i64,
    /// When it was made.
    date_created: UtcTime,
    /// When it was last changed.
    date_updated: UtcTime,
}

impl KeyView {
    /// A key at an instant.
    pub fn at(now: UtcTime, key: Key) -> Self {
        let Key { row, form } = key;
        let KeyIn { name, scopes, addresses, expires } = form;
        Self {
            id: row.id,
            name,
            prefix: row.prefix,
            scopes,
            addresses,
            expires,
            date_used: row.used_at,
            secret_rotates_until: row.old_hash_until.filter(|until| *until > now),
            created_by: row.user_id,
            version: row.version,
            date_created: row.created_at,
            date_updated: row.updated_at,
        }
    }
}

/// An API key with its secret.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKeyView {
    /// Everything else.
    #[serde(flatten)]
    pub key: KeyView,
    /// The key itself, this once: `null` where the answer is repeated.
    #[schema(format = Password, example = "kh_3q2-7wABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijk")]
    pub secret: Option<String>,
}

/// How a new secret takes the place of the old one.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRotationIn {
    /// Minutes for which the old one is good beside it; a day when absent, 30 days at the most.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 43200, default = 1440, example = 1440)]
    pub overlap_minutes: u32,
}

const fn a_day() -> u32 {
    1_440
}

//! Sign-ins at a provider as clients begin and finish them. What holds a secret can't be printed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Identity;
use super::model::Purpose;
use crate::config::ProviderName;
use crate::events::Kind;
use crate::ids::{IdentityId, UserId};
use crate::time::UtcTime;

/// What happens to identities.
pub const EVENTS: &[Kind] = &[
    Kind::of::<IdentityEvent>("identity.linked", "A provider's word opens an account from now on."),
    Kind::of::<IdentityEvent>("identity.unlinked", "A provider's word opens an account no more."),
];

/// What the event log says of an identity: not who it is at the provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityEvent {
    /// Whose account it opens.
    user_id: UserId,
    /// The provider.
    #[schema(example = "https://login.example.org")]
    issuer: String,
}

impl IdentityEvent {
    pub(super) fn of(identity: &Identity) -> Self {
        Self { user_id: identity.user_id, issuer: identity.issuer.clone() }
    }
}

/// Who signs people in, apart from Khabar itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInView {
    /// The provider; `null` where there is none.
    pub provider: Option<ProviderView>,
}

/// A provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderView {
    /// What the button that leads there says.
    pub name: ProviderName,
}

/// How a sign-in at the provider begins.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcStartIn {
    /// Where the provider sends the person back to: one of `oidc.redirect_urls`, to the letter.
    #[schema(max_length = 2048, example = "https://desk.example.org/signed-in")]
    pub redirect_uri: String,
    /// What it is for; `sign_in` when absent. The other two ask for the token of the session that they are for.
    #[serde(default = "sign_in")]
    pub purpose: Purpose,
}

const fn sign_in() -> Purpose {
    Purpose::SignIn
}

/// A sign-in that has begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcStartView {
    /// Where to send the person.
    #[schema(example = "https://login.example.org/authorize?response_type=code&client_id=khabar&state=…")]
    pub authorization_url: String,
    /// Comes back with the person.
    #[schema(example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub state: String,
    /// A secret to keep where the person is (in a browser, `sessionStorage`) and to finish with. Put it in no address.
    #[schema(format = Password, example = "q1yqjJv0eL2b8bq3f5Qm7wEZk3mXUvDqOQd0oFh5nTt")]
    pub binding: String,
    /// Until when it can be finished.
    pub expires: UtcTime,
}

/// How a sign-in at the provider ends: with what came back in the address, and what was kept.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcFinishIn {
    /// The `code` that the provider gave.
    #[schema(min_length = 1, max_length = 4096, example = "SplxlOBeZQQYbYS6WxSbIA")]
    pub code: String,
    /// The `state` that came with it.
    #[schema(max_length = 128, example = "Zk3mXUvDqOQd0oFh5nTtq1yqjJv0eL2b8bq3f5Qm7wE")]
    pub state: String,
    /// The `binding` that was kept.
    #[schema(format = Password, max_length = 128, example = "q1yqjJv0eL2b8bq3f5Qm7wEZk3mXUvDqOQd0oFh5nTt")]
    pub binding: String,
}

/// Somebody at a provider whose word opens the account.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityView {
    /// Its id.
    id: IdentityId,
    /// The provider.
    #[schema(example = "https://login.example.org")]
    issuer: String,
    /// Who it is there.
    #[schema(example = "248289761001")]
    subject: String,
    /// Since when.
    date_linked: UtcTime,
    /// When somebody last signed in by it.
    date_used: Option<UtcTime>,
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        let Identity { id, issuer, subject, user_id: _, linked_at, last_used_at } = identity;
        Self { id, issuer, subject, date_linked: linked_at, date_used: last_used_at }
    }
}

/// All of an account's identities: one for each provider that there was.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityList {
    /// The first one first.
    pub items: Vec<IdentityView>,
}

//! Second factors as people see them. What holds a secret or a code can't be printed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Begun, State};
use crate::events::Kind;
use crate::time::UtcTime;
use crate::users::model::Password;
use crate::users::sign_in::Shown;

/// What happens to second factors.
pub const EVENTS: &[Kind] = &[
    Kind::of::<FactorEvent>("second_factor.begun", "Somebody began to set up a second factor."),
    Kind::of::<FactorEvent>("second_factor.confirmed", "A second factor is asked for from here on."),
    Kind::of::<FactorEvent>("second_factor.codes_renewed", "Somebody made new recovery codes."),
    Kind::of::<FactorEvent>("second_factor.code_spent", "A recovery code was used."),
    Kind::of::<FactorEvent>("second_factor.refused", "The password was right and the code was wrong."),
    Kind::of::<FactorEvent>("second_factor.removed", "An account has no second factor any more."),
];

/// Nothing more than whose.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorEvent {}

/// The own second factor.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FactorView {
    /// Whether a code is asked for.
    #[schema(example = true)]
    is_on: bool,
    /// Since when.
    date_confirmed: Option<UtcTime>,
    /// How many recovery codes are left.
    #[schema(example = 10)]
    recovery_codes_left: i64,
    /// Whether the role must have one.
    #[schema(example = false)]
    is_required: bool,
}

impl From<State> for FactorView {
    fn from(State { confirmed_at, codes_left, is_required }: State) -> Self {
        let is_on = confirmed_at.is_some();
        Self { is_on, date_confirmed: confirmed_at, recovery_codes_left: codes_left, is_required }
    }
}

/// The password, before a second factor is set up.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FactorIn {
    /// The present one.
    #[schema(format = Password, max_length = 1024, example = "حبر على ورق منذ الفجر")]
    pub password: String,
}

/// What an authenticator is given, this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFactorView {
    /// The secret, to be typed in.
    #[schema(format = Password, example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same to be read as a QR code, which the client draws.
    #[schema(format = Password, example = "otpauth://totp/Khabar:sara%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Khabar&algorithm=SHA1&digits=6&period=30")]
    uri: String,
}

impl From<Begun> for NewFactorView {
    fn from(Begun { secret, uri }: Begun) -> Self {
        Self { secret, uri }
    }
}

/// What the authenticator shows.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeIn {
    /// Its six digits.
    #[schema(max_length = 64, example = "492039")]
    pub code: String,
}

/// The password and a code, given once more.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofIn {
    /// The present password.
    #[schema(format = Password, max_length = 1024, example = "حبر على ورق منذ الفجر")]
    password: String,
    /// Six digits of the authenticator, or a recovery code.
    #[schema(max_length = 64, example = "492039")]
    code: String,
}

impl From<ProofIn> for Shown {
    fn from(ProofIn { password, code }: ProofIn) -> Self {
        Self { password: Password::typed(&password), code: Some(code) }
    }
}

/// Codes for the day on which the authenticator is lost, this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecoveryCodesView {
    /// Each works once.
    #[schema(example = json!(["01AB-23CD-45EF-67GH"]))]
    pub recovery_codes: Vec<String>,
}

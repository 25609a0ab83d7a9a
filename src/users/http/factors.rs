//! Second factors over HTTP.

use actix_web::{delete, get, post};

use crate::auth::Permit;
use crate::auth::actions::{Action as _, GrantAccess, UseAccount};
use crate::http::{Call, Input, Reply, Routes, Segment};
use crate::problem::Problem;
use crate::users::factors;
use crate::users::factors::dto::{CodeIn, FactorIn, FactorView, NewFactorView, ProofIn, RecoveryCodesView};
use crate::users::model::Password;

/// Adds what people do with their own second factor.
pub fn own_factor(config: &mut Routes<'_>) {
    config
        .service(read_second_factor)
        .service(begin_second_factor)
        .service(confirm_second_factor)
        .service(renew_recovery_codes)
        .service(remove_second_factor);
}

/// Adds what administrators do with those of others.
pub fn factors(config: &mut Routes<'_>) {
    config.service(forget_second_factor);
}

/// Get the own second factor
///
/// Whether a code is asked for at the sign-in, and whether the role must have one (`auth.second_factor_roles`): then a session that
/// was opened without may do nothing else than set one up, see its own account and sign out (403 `second_factor_required`).
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    responses((status = OK, description = "How it stands", body = FactorView)),
)]
#[get("/me/second-factor")]
async fn read_second_factor(permit: Permit<UseAccount>, call: Call) -> Result<Reply, Problem> {
    let app = call.app.clone();
    let state = call.read(move |read| factors::own(read, &permit, &app)).await?;
    Reply::json(&FactorView::from(state))
}

/// Begin to set up a second factor
///
/// The answer has the secret for an authenticator (TOTP, RFC 6238: SHA-1, six digits, 30 seconds), this once; nothing is asked for
/// until `confirm`. To begin again makes another one; where one is confirmed, it is 409 `duplicate`. A wrong password is 422, and
/// counts as one at the sign-in does; one that is too short for the role is 403 `password_too_short`. An `Idempotency-Key` has no effect: answers with secrets are not kept.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["password_too_short", "duplicate"])),
    ),
    request_body = FactorIn,
    responses((status = OK, description = "For the authenticator", body = NewFactorView)),
)]
#[post("/me/second-factor")]
async fn begin_second_factor(permit: Permit<UseAccount>, call: Call, input: Input<FactorIn>) -> Result<Reply, Problem> {
    let begun = factors::begin(&call, permit, Password::typed(&input.value.password)).await?;
    Reply::json(&NewFactorView::from(begun))
}

/// Turn the second factor on
///
/// With the first code that the authenticator shows. The answer has ten recovery codes, this once. All other sessions end, and this one
/// counts as opened with a second factor. A wrong code is 422 `wrong_code`, and counts as a wrong password does; 409 `illegal_transition`
/// where nothing was begun. An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["illegal_transition", "duplicate"])),
    ),
    request_body = CodeIn,
    responses((status = OK, description = "It is on", body = RecoveryCodesView)),
)]
#[post("/me/second-factor/confirm")]
async fn confirm_second_factor(permit: Permit<UseAccount>, call: Call, input: Input<CodeIn>) -> Result<Reply, Problem> {
    let recovery_codes = factors::confirm(&call, permit, &input.value.code).await?;
    Reply::json(&RecoveryCodesView { recovery_codes })
}

/// Make new recovery codes
///
/// Ten, told this once; those before are good for nothing any more. It takes the password (403 `password_too_short` where the role
/// asks for a longer one) and a code; 409 `illegal_transition` where there is no second factor. An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["password_too_short", "illegal_transition"])),
    ),
    request_body = ProofIn,
    responses((status = OK, description = "The new ones", body = RecoveryCodesView)),
)]
#[post("/me/second-factor/recovery-codes")]
async fn renew_recovery_codes(permit: Permit<UseAccount>, call: Call, input: Input<ProofIn>) -> Result<Reply, Problem> {
    let recovery_codes = factors::renew_codes(&call, permit, input.value.into()).await?;
    Reply::json(&RecoveryCodesView { recovery_codes })
}

/// Take the own second factor away
///
/// It takes the password (403 `password_too_short` where the role asks for a longer one) and a code, and ends all other sessions.
/// A role that must have one is refused: 403 `second_factor_required`. An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["password_too_short", "second_factor_required", "illegal_transition"])),
    ),
    request_body = ProofIn,
    responses((status = NO_CONTENT, description = "Passwords alone open the account again")),
)]
#[post("/me/second-factor/remove")]
async fn remove_second_factor(permit: Permit<UseAccount>, call: Call, input: Input<ProofIn>) -> Result<Reply, Problem> {
    factors::remove(&call, permit, input.value.into()).await?;
    Ok(Reply::nothing())
}

/// Take somebody's second factor away
///
/// For who has lost authenticator and recovery codes: make sure who asks. Their sessions end; where the role must have one, they may
/// do nothing before they have set up another. API keys that they have made stay. 404 where there is none.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME)), ("x-unconditional" = json!(true))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = NO_CONTENT, description = "Passwords alone open the account again")),
)]
#[delete("/users/{id}/second-factor")]
async fn forget_second_factor(permit: Permit<GrantAccess>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.write(move |tx| factors::forget_of(tx, &permit, id)).await?;
    Ok(Reply::nothing())
}

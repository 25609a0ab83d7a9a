//! Another password for who does not know the present one, and another address.

use actix_web::post;

use crate::auth::Permit;
use crate::auth::actions::{Action as _, UseAccount};
use crate::http::{Call, Input, Reply, Routes};
use crate::limits::Act;
use crate::problem::Problem;
use crate::users::dto::{EmailChangeIn, EmailProofIn, ForgottenIn, ResetIn};
use crate::users::model::Password;
use crate::users::{self, Shown};

/// Adds what people do who can't sign in, or want to with another address.
pub fn recovery(config: &mut Routes<'_>) {
    config.service(forget_password).service(recover_password).service(change_email).service(confirm_email);
}

/// Ask for another password
///
/// A letter with a code goes to the address, if an active account has it; the answer is the same, and as soon, if none has. An
/// account gets one such letter in five minutes at the most, and one address asks for `limits.letters`. 409 `no_mail` where the
/// operator has set up no mail. An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["no_mail"])),
    ),
    request_body = ForgottenIn,
    responses((status = NO_CONTENT, description = "A letter goes there, if it is the address of an account")),
)]
#[post("/auth/password/forgot")]
async fn forget_password(call: Call, input: Input<ForgottenIn>) -> Result<Reply, Problem> {
    let standing = call.within_limits(Act::Letter, None)?;
    users::ask_for_reset(&call, &input.value.email).await?;
    Ok(Reply::nothing().standing(standing))
}

/// Choose another password by a code
///
/// The code is good once, for an hour, and until another one comes or the password is changed otherwise; else 422 `wrong_code`. It
/// ends every session of the account and the API keys that its holder has made, and a letter tells them. Signing in is a request
/// of its own. An `Idempotency-Key` has no effect: a repetition finds the code used.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-no-idempotency" = json!(true)), ("x-rate-limit" = json!(true))),
    request_body = ResetIn,
    responses((status = NO_CONTENT, description = "Changed")),
)]
#[post("/auth/password/reset")]
async fn recover_password(call: Call, input: Input<ResetIn>) -> Result<Reply, Problem> {
    let standing = call.within_limits(Act::Letter, None)?;
    let ResetIn { code, new_password } = input.value;
    users::reset(&call, code, &new_password).await?;
    Ok(Reply::nothing().standing(standing))
}

/// Ask to sign in with another address
///
/// A letter with a code goes there, unless somebody has that address already; the answer is the same then, so that nobody learns
/// who has an account. Until the code is confirmed nothing changes. An account with a second factor gives a `code`, too
/// (422 `required` at `/code` without). A wrong `currentPassword` or `code` is 422, a password that is too short for the role 403
/// `password_too_short`. An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["password_too_short", "no_mail"])),
    ),
    request_body = EmailChangeIn,
    responses((status = NO_CONTENT, description = "A letter goes there, if nobody has it")),
)]
#[post("/me/email")]
async fn change_email(permit: Permit<UseAccount>, call: Call, input: Input<EmailChangeIn>) -> Result<Reply, Problem> {
    let standing = call.within_limits(Act::Letter, Some(permit.user.commenter()))?;
    let EmailChangeIn { email, current_password, code } = input.value;
    let shown = Shown { password: Password::typed(&current_password), code };
    users::ask_for_email(&call, permit, &email, shown).await?;
    Ok(Reply::nothing().standing(standing))
}

/// Confirm another address by a code
///
/// Whoever has the code reads the mail of the address: from now on the account signs in with it, and a letter tells the old one.
/// Sessions stay. The code is good once, for an hour; else 422 `wrong_code`, or 422 `taken` if somebody has made an account with
/// the address meanwhile. It takes no token, since a letter may be read on another device. An `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-no-idempotency" = json!(true)), ("x-rate-limit" = json!(true))),
    request_body = EmailProofIn,
    responses((status = NO_CONTENT, description = "Changed")),
)]
#[post("/auth/email/confirm")]
async fn confirm_email(call: Call, input: Input<EmailProofIn>) -> Result<Reply, Problem> {
    let standing = call.within_limits(Act::Letter, None)?;
    users::confirm_email(&call, input.value.code).await?;
    Ok(Reply::nothing().standing(standing))
}

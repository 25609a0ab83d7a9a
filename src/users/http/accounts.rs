//! Signing in, and the own account.

use actix_web::{get, patch, post};

use super::reply;
use crate::auth::actions::{Action as _, UseAccount};
use crate::auth::{Permit, revoke_session};
use crate::http::{Agent, Call, Input, Patch, Reply, Routes};
use crate::limits::Act;
use crate::problem::Problem;
use crate::users::dto::{LoginIn, PasswordChangeIn, ProfileIn, RefreshIn, RegisterIn, TokenView, UserView};
use crate::users::model::Password;
use crate::users::{self, Shown, SignedIn};

/// Adds what people do with their own account.
pub fn accounts(config: &mut Routes<'_>) {
    config
        .service(register_account)
        .service(open_session)
        .service(refresh_session)
        .service(close_session)
        .service(read_me)
        .service(update_me)
        .service(change_password);
}

fn tokens(call: &Call, signed_in: SignedIn) -> Result<Reply, Problem> {
    Reply::json(&TokenView::of(signed_in, call.app.tokens().lifetime_seconds()))
}

/// Register as a reader
///
/// Anyone may, unless the site has closed registration (403). An address that has an account already is 422
/// `taken` at `/email`: without a mail to the address there is no honest way to hide that. Signing in is a
/// request of its own. One address makes `limits.registrations` of them; `RateLimit` says what is left.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-rate-limit" = json!(true))),
    request_body = RegisterIn,
    responses((status = CREATED, description = "The new account", body = UserView)),
)]
#[post("/auth/register")]
async fn register_account(call: Call, input: Input<RegisterIn>) -> Result<Reply, Problem> {
    users::check_registration(call.app.config())?;
    let Input { value, digest } = input;
    let standing = call.within_limits(Act::Register, None)?;
    let (account, password) = users::judged(&call.app, move || value.checked()).await?;
    let hash = users::hash(&call.app, password).await?;
    let input = Input { value: (account, hash), digest };
    let made = call.act(input, |tx, (account, hash)| {
        Ok(reply(users::register(tx, account, &hash)?)?.created("/api/v1/me".into()))
    });
    Ok(made.await?.standing(standing))
}

/// Sign in
///
/// An unknown address, a wrong password and an account that is not active are all 401 `bad_credentials`. The
/// answer holds tokens, so it is never kept: an `Idempotency-Key` has no effect here, and each request that
/// succeeds opens a session.
///
/// An account with a second factor gives a `code`, too: with a right password and none it is 401 `code_required`, with a wrong one 401
/// `bad_code`. Six digits work once. Who has no second factor needs none, and it is not looked at.
///
/// A password that is shorter than the role asks for, since it was chosen by a reader who works here now, is 403 `password_too_short`.
///
/// Wrong passwords and codes are counted for the account from this address, for the address, and for the account from everywhere
/// (`limits.sign_ins`), whether or not there is such an account; `RateLimit` says what is left, and 429 with `Retry-After`
/// when to come again. From where somebody has signed in, what others try elsewhere does not shut them out.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-no-idempotency" = json!(true)), ("x-rate-limit" = json!(true))),
    request_body = LoginIn,
    responses((status = OK, description = "Signed in", body = TokenView)),
)]
#[post("/auth/login")]
async fn open_session(call: Call, agent: Agent, input: Input<LoginIn>) -> Result<Reply, Problem> {
    let LoginIn { email, password, code } = input.value;
    let shown = Shown { password: Password::typed(&password), code };
    tokens(&call, users::sign_in(&call, &email, shown, agent.0).await?)
}

/// Trade a refresh token for new tokens
///
/// Each refresh token works once. One that is used again was copied by somebody, so the whole session ends and
/// its owner signs in anew. Send no `Authorization` header here: an expired access token would be refused first.
/// An `Idempotency-Key` has no effect: answers with tokens are not kept.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-no-idempotency" = json!(true))),
    request_body = RefreshIn,
    responses((status = OK, description = "The next tokens", body = TokenView)),
)]
#[post("/auth/refresh")]
async fn refresh_session(call: Call, input: Input<RefreshIn>) -> Result<Reply, Problem> {
    let signed_in = users::sign_in_again(&call, input.value.refresh_token).await?;
    tokens(&call, signed_in)
}

/// Sign out
///
/// Ends the session of the access token at once, with its refresh token. An `Idempotency-Key` has no effect:
/// nothing is left to repeat.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME)), ("x-no-idempotency" = json!(true))),
    responses((status = NO_CONTENT, description = "Signed out")),
)]
#[post("/auth/logout")]
async fn close_session(permit: Permit<UseAccount>, call: Call) -> Result<Reply, Problem> {
    call.write(move |tx| revoke_session(tx, permit.user.session)).await?;
    Ok(Reply::nothing())
}

/// Get the own account
///
/// With the role, and each permission that it has.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    responses((status = OK, description = "The account", body = UserView)),
)]
#[get("/me")]
async fn read_me(permit: Permit<UseAccount>, call: Call) -> Result<Reply, Problem> {
    reply(call.read(move |read| users::own(read, &permit)).await?)
}

/// Change the own name
///
/// A JSON Merge Patch. Comments show the new name at once, also those written before.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    request_body(content = ProfileIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed account", body = UserView)),
)]
#[patch("/me")]
async fn update_me(permit: Permit<UseAccount>, call: Call, patch: Patch<ProfileIn>) -> Result<Reply, Problem> {
    reply(call.write(move |tx| users::rename(tx, &permit, &patch)).await?)
}

/// Change the own password
///
/// Ends every other session of the account; this one stays, and so do API keys. A wrong `currentPassword` is 422, one that is too short for the
/// role 403 `password_too_short`. No `code` is asked for: a new password
/// alone opens nothing where there is a second factor. An `Idempotency-Key` has no effect: a repetition finds the new password.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
    ),
    request_body = PasswordChangeIn,
    responses((status = NO_CONTENT, description = "Changed")),
)]
#[post("/me/password")]
async fn change_password(
    permit: Permit<UseAccount>,
    call: Call,
    input: Input<PasswordChangeIn>,
) -> Result<Reply, Problem> {
    let PasswordChangeIn { current_password, new_password } = input.value;
    users::change_password(&call, permit, Password::typed(&current_password), &new_password).await?;
    Ok(Reply::nothing())
}

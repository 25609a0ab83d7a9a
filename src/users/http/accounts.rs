//! Signing in, and the own account.

use actix_web::{get, patch, post};

use super::reply;
use crate::auth::actions::{Action as _, UseAccount};
use crate::auth::{Permit, revoke_session};
use crate::http::{Agent, Call, Input, Patch, Reply, Routes};
use crate::limits::Act;
use crate::problem::Problem;
use crate::users::dto::{
    LoginIn, PasswordChangeIn, ProfileIn, RefreshIn, RegisterIn, StartRegistrationIn, TokenView, UserView,
};
use crate::users::model::Password;
use crate::users::{self, Proof, Shown, SignedIn};

/// Adds what people do with their own account.
pub fn accounts(config: &mut Routes<'_>) {
    config
        .service(start_registration)
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

/// Ask for a letter to register with
///
/// It has a code for `POST /auth/register`, or says that the address has an account already; the answer is the same, and as soon.
/// An address gets one such letter in five minutes at the most, all that differ in a tag (`sara+news@…`) share one, and who calls from one network address asks for `limits.letters`.
/// 403 where the site has closed registration, 409 `no_mail` where it posts no letters: register without a code there. An
/// `Idempotency-Key` has no effect.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["forbidden", "no_mail"])),
    ),
    request_body = StartRegistrationIn,
    responses((status = NO_CONTENT, description = "A letter goes there")),
)]
#[post("/auth/register/start")]
async fn start_registration(call: Call, input: Input<StartRegistrationIn>) -> Result<Reply, Problem> {
    users::check_registration(&call.app)?;
    let standing = call.within_limits(Act::Letter, None)?;
    users::ask_to_register(&call, &input.value.email).await?;
    Ok(Reply::nothing().standing(standing))
}

/// Register as a reader
///
/// Anyone may, unless the site has closed registration (403). Where the site posts letters, it takes the `code` of the one that
/// `POST /auth/register/start` has sent to the address: 422 `required` at `/code` without; `wrong_code` after an hour, after
/// its first use, and after the next letter. Nobody learns whether somebody else has an account. Where it posts none, no code is
/// looked at, and an address that has an account is 422 `taken` at `/email`. Signing in is a request of its own. One network address makes
/// `limits.registrations` of them; `RateLimit` says what is left.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-rate-limit" = json!(true)), ("x-refusals" = json!(["forbidden"]))),
    request_body = RegisterIn,
    responses((status = CREATED, description = "The new account", body = UserView)),
)]
#[post("/auth/register")]
async fn register_account(call: Call, input: Input<RegisterIn>) -> Result<Reply, Problem> {
    users::check_registration(&call.app)?;
    let Input { value, digest } = input;
    let standing = call.within_limits(Act::Register, None)?;
    let asks_code = call.app.mailer().is_on();
    let (account, password, code) = users::judged(&call.app, move || value.checked(asks_code)).await?;
    let hash = users::hash(&call.app, password).await?;
    let proof = code.map(|code| Proof { code, place: call.place(account.email.as_str()) });
    let input = Input { value: (account, hash, proof), digest };
    let made = call.act(input, |tx, (account, hash, proof)| {
        Ok(reply(users::register(tx, account, &hash, proof)?)?.created("/api/v1/me".into()))
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
/// (`limits.sign_ins`), whether or not there is such an account; `RateLimit` of a refusal says what is left, and 429 with `Retry-After`
/// when to come again. From where somebody has signed in, what others try elsewhere does not shut them out.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["bad_credentials", "code_required", "bad_code", "password_too_short"])),
    ),
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
/// Ends every session of the account, and opens another one for the caller: go on with the tokens of the answer, those from before
/// are good for nothing any more. API keys stay. A wrong `currentPassword` is 422, one that is too short for the
/// role 403 `password_too_short`. No `code` is asked for: the session is as strong as the one before, and a new password
/// alone opens nothing where there is a second factor. An `Idempotency-Key` has no effect, and a repetition is 401: sign in with
/// the new password.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["password_too_short"])),
    ),
    request_body = PasswordChangeIn,
    responses((status = OK, description = "Changed, and the tokens to go on with", body = TokenView)),
)]
#[post("/me/password")]
async fn change_password(
    permit: Permit<UseAccount>,
    call: Call,
    input: Input<PasswordChangeIn>,
) -> Result<Reply, Problem> {
    let PasswordChangeIn { current_password, new_password } = input.value;
    let signed_in = users::change_password(&call, permit, Password::typed(&current_password), &new_password).await?;
    tokens(&call, signed_in)
}

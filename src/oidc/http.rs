//! Sign-ins at a provider over HTTP.

use actix_web::{delete, get, post};

use super::dto::{IdentityList, OidcFinishIn, OidcStartIn, OidcStartView, SignInView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, GrantAccess, LinkIdentities, ManageUsers, UseAccount};
use crate::http::{Agent, Call, Input, Reply, Routes, Segment, Segments};
use crate::oidc;
use crate::problem::Problem;
use crate::users::dto::TokenView;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config
        .service(read_oidc_provider)
        .service(start_oidc_sign_in)
        .service(finish_oidc_sign_in)
        .service(list_identities)
        .service(unlink_identity);
}

/// Adds what administrators do with those of others.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_user_identities).service(unlink_user_identity);
}

/// Who signs people in
///
/// What a page needs to know to show a button for the provider, if there is one. Passwords work beside it.
#[utoipa::path(
    tag = "accounts",
    responses((status = OK, description = "The provider", body = SignInView)),
)]
#[get("/auth/oidc")]
async fn read_oidc_provider(call: Call) -> Result<Reply, Problem> {
    Reply::json(&oidc::provider(call.app.config()))
}

/// Begin a sign-in at the provider
///
/// Send the person to `authorizationUrl`, and keep `state` and `binding` where the person is. The provider sends them back to
/// `redirectUri` with a `code` and the `state`; `POST /auth/oidc/finish` takes both with the `binding`, within ten minutes and once.
/// Whoever has no `binding` finishes nothing, so that nobody can be signed in to somebody else's account by a link.
///
/// `link` lets the provider's word open the account that is signed in, and takes a recent proof; `step_up` proves to the session
/// that is signed in who its holder is, as `POST /auth/step-up` does, by having them sign in anew at the provider. Both take the
/// session's token, here and at the end. Where there is no provider: 409 `no_provider`; one that is away is 502 `provider_failed`.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["forbidden", "step_up_required", "second_factor_required", "no_provider"])),
    ),
    request_body = OidcStartIn,
    responses((status = OK, description = "Where to go, and what to keep", body = OidcStartView)),
)]
#[post("/auth/oidc/start")]
async fn start_oidc_sign_in(call: Call, input: Input<OidcStartIn>) -> Result<Reply, Problem> {
    let (view, standing) = oidc::start(&call, input.value).await?;
    Ok(Reply::json(&view)?.standing(standing))
}

/// Finish a sign-in at the provider
///
/// A `sign_in` answers tokens as `POST /auth/login` does, the others 204. Whatever does not fit (`state`, `binding`, code, token,
/// time, session) is 401 `sign_in_failed`; an account that is not active is 401 `bad_credentials`.
///
/// Somebody is who they are by the provider's subject alone. The first time they get an account, if the provider gives them a role
/// (else 403 `no_role`) and vouches for their address (else 403 `email_unverified`) and no account has that already (else 409
/// `account_exists`: its owner signs in and links). Each time the account has the role that the provider gives; whoever gets none
/// any more is made a reader, and 403 `no_role`. A provider that is away is 502 `provider_failed`.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-no-idempotency" = json!(true)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["bad_credentials", "sign_in_failed", "forbidden", "step_up_required", "second_factor_required", "no_role", "email_unverified", "duplicate", "account_exists", "no_provider", "last_admin"])),
    ),
    request_body = OidcFinishIn,
    responses(
        (status = OK, description = "Signed in", body = TokenView),
        (status = NO_CONTENT, description = "Linked, or proved"),
    ),
)]
#[post("/auth/oidc/finish")]
async fn finish_oidc_sign_in(call: Call, agent: Agent, input: Input<OidcFinishIn>) -> Result<Reply, Problem> {
    match oidc::finish(&call, input.value, agent.0).await? {
        Some(signed_in) => Reply::json(&TokenView::of(signed_in, call.app.tokens().lifetime_seconds())),
        None => Ok(Reply::nothing()),
    }
}

/// List the own identities
///
/// By whose word the account is opened, apart from its password.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    responses((status = OK, description = "All of them", body = IdentityList)),
)]
#[get("/me/identities")]
async fn list_identities(permit: Permit<UseAccount>, call: Call) -> Result<Reply, Problem> {
    Reply::json(&call.read(move |read| oidc::own(read, &permit)).await?)
}

/// Unlink an own identity
///
/// The provider's word does not open the account any more; sessions stay. An account that has no password keeps it: 409
/// `only_way_in` until an administrator has given it one.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(LinkIdentities::NAME)), ("x-refusals" = json!(["only_way_in"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = NO_CONTENT, description = "Unlinked")),
)]
#[delete("/me/identities/{id}")]
async fn unlink_identity(permit: Permit<LinkIdentities>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    call.write(move |tx| oidc::unlink(tx, &permit, id)).await?;
    Ok(Reply::nothing())
}

/// List somebody's identities
///
/// By whose word their account is opened, apart from its password.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(ManageUsers::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "All of them", body = IdentityList)),
)]
#[get("/users/{id}/identities")]
async fn list_user_identities(permit: Permit<ManageUsers>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    Reply::json(&call.read(move |read| oidc::of(read, &permit, id)).await?)
}

/// Unlink somebody's identity
///
/// The provider's word does not open their account any more; their sessions stay. An account without a password then waits for one;
/// nobody does that to their own (409 `only_way_in`).
#[utoipa::path(
    tag = "users",
    extensions(
        ("x-permission" = json!(GrantAccess::NAME)),
        ("x-unconditional" = json!(true)),
        ("x-refusals" = json!(["only_way_in"])),
    ),
    params(
        ("id" = String, Path, description = "The account's id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"),
        ("identity" = String, Path, description = "The identity's id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abce"),
    ),
    responses((status = NO_CONTENT, description = "Unlinked")),
)]
#[delete("/users/{id}/identities/{identity}")]
async fn unlink_user_identity(permit: Permit<GrantAccess>, call: Call, ids: Segments) -> Result<Reply, Problem> {
    let Segments(user, identity) = ids;
    let (user, id) = (user.id()?, identity.id()?);
    call.write(move |tx| oidc::unlink_of(tx, &permit, user, id)).await?;
    Ok(Reply::nothing())
}

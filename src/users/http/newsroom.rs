//! Everybody's accounts, for administrators.

use actix_web::{get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::reply;
use crate::auth::actions::{Action as _, GrantAccess, ManageUsers};
use crate::auth::{Permit, Role};
use crate::http::{Call, Input, ListQuery, Page, Patch, Reply, Routes, Segment};
use crate::problem::Problem;
use crate::users;
use crate::users::dto::{NewPasswordIn, NewUserIn, UserIn, UserView};

/// Adds what administrators do with accounts.
pub fn newsroom(config: &mut Routes<'_>) {
    config.service(list_users).service(create_user).service(read_user).service(update_user).service(reset_password);
}

/// A page of accounts, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct UserList {
    items: Vec<UserView>,
    page: crate::http::PageView,
}

/// Which accounts.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct UserFilter {
    /// Only people with this role; given several times, with any of them.
    #[serde(default)]
    #[param(required = false)]
    role: Vec<Role>,
    /// Only people who have a second factor, or only those who have none.
    #[param(required = false, example = json!(null))]
    second_factor: Option<bool>,
}

/// List all accounts
///
/// The newest first, inactive ones too.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(ManageUsers::NAME))),
    params(ListQuery, UserFilter),
    responses((status = OK, description = "A page", body = UserList)),
)]
#[get("/users")]
async fn list_users(permit: Permit<ManageUsers>, call: Call, page: Page<UserFilter>) -> Result<Reply, Problem> {
    let UserFilter { role: roles, second_factor } = page.filter.clone();
    let request = page.request.clone();
    let slice = call.read(move |read| users::list(read, &permit, (&roles, second_factor), &request)).await?;
    page.reply(&slice.map(UserView::from))
}

/// Make an account
///
/// For staff and readers alike; hand the password over on a safe way, and let its owner change it. An address
/// that is taken is 422 `taken` at `/email`.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME))),
    request_body = NewUserIn,
    responses((status = CREATED, description = "The new account", body = UserView)),
)]
#[post("/users")]
async fn create_user(permit: Permit<GrantAccess>, call: Call, input: Input<NewUserIn>) -> Result<Reply, Problem> {
    let Input { value, digest } = input;
    let (account, password) = users::judged(&call.app, move || value.checked()).await?;
    let hash = users::hash(&call.app, password).await?;
    call.act(Input { value: (account, hash), digest }, move |tx, (account, hash)| {
        let account = users::add(tx, &permit, account, &hash)?;
        let location = format!("/api/v1/newsroom/users/{}", account.id);
        Ok(reply(account)?.created(location))
    })
    .await
}

/// Get an account
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(ManageUsers::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    responses((status = OK, description = "The account", body = UserView)),
)]
#[get("/users/{id}")]
async fn read_user(permit: Permit<ManageUsers>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    reply(call.read(move |read| users::read(read, &permit, id)).await?)
}

/// Change an account's name, role or access
///
/// A JSON Merge Patch. A role counts from the next request on, whatever tokens say; `isActive: false` ends all
/// sessions and API keys. `sectionIds` binds an editor to sections, and `[]` unbinds; `null` is 422 `required`. The last active
/// administrator can't be demoted or deactivated: 409 `last_admin`. A reader who joins the staff keeps a password that
/// may be shorter than staff's: give them a new one.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME)), ("x-refusals" = json!(["last_admin"]))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body(content = UserIn, content_type = "application/merge-patch+json"),
    responses((status = OK, description = "The changed account", body = UserView)),
)]
#[patch("/users/{id}")]
async fn update_user(
    permit: Permit<GrantAccess>,
    call: Call,
    id: Segment,
    patch: Patch<UserIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    reply(call.write(move |tx| users::update(tx, &permit, id, &expected, &patch)).await?)
}

/// Give somebody a new password
///
/// Ends all of their sessions, and the API keys that they have made.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME))),
    params(("id" = String, Path, description = "Id", example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")),
    request_body = NewPasswordIn,
    responses((status = OK, description = "The account", body = UserView)),
)]
#[post("/users/{id}/password")]
async fn reset_password(
    permit: Permit<GrantAccess>,
    call: Call,
    id: Segment,
    input: Input<NewPasswordIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    let Input { value: NewPasswordIn { password }, digest } = input;
    let (account, permit) = call.read(move |read| Ok((users::read(read, &permit.and()?, id)?, permit))).await?;
    let password = users::chosen(&call.app, &password, &account, "/password").await?;
    let hash = users::hash(&call.app, password).await?;
    call.act(Input { value: hash, digest }, move |tx, hash| {
        reply(users::reset_password(tx, &permit, id, &expected, &hash)?)
    })
    .await
}

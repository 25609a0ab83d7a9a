//! What people do with what is kept of them.

use actix_web::{delete, get};

use super::dto::{ErasureIn, ExportView};
use crate::auth::Permit;
use crate::auth::actions::{Action as _, UseAccount};
use crate::http::{Call, Input, Reply, Routes};
use crate::privacy;
use crate::problem::Problem;
use crate::users::model::Password;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(export_me).service(erase_me);
}

/// Get what is kept of the own person
///
/// The account, its sessions and identities, every comment with its earlier wordings and what was decided about it, and every reaction
/// and report: in one answer, none of these left out. API keys, invitations, and what the audit log says of somebody, administrators
/// have in lists of their own; from where somebody signs in is a keyed hash that nobody is shown. Subscriptions to pushes belong to no
/// account.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-permission" = json!(UseAccount::NAME))),
    responses((status = OK, description = "All of it", body = ExportView)),
)]
#[get("/me/export")]
async fn export_me(permit: Permit<UseAccount>, call: Call) -> Result<Reply, Problem> {
    Reply::json(&call.read(move |read| privacy::export(read, &permit)).await?)
}

/// Be forgotten
///
/// For readers: an account that works here is 409 `staff_account` until an administrator has made it a reader's. At once
/// nobody can sign in any more, and no name or address of the account is left; keys that it has made end. A record of an author is the
/// newsroom's, and stays. Every comment is deleted and every reaction taken back, as
/// the reader would have done it; of very many, the last go a moment later. Reports stay without their words. This can't be undone. A wrong `currentPassword` is 422.
#[utoipa::path(
    tag = "accounts",
    extensions(
        ("x-permission" = json!(UseAccount::NAME)),
        ("x-rate-limit" = json!(true)),
        ("x-refusals" = json!(["staff_account"])),
    ),
    request_body = ErasureIn,
    responses((status = NO_CONTENT, description = "Forgotten")),
)]
#[delete("/me")]
async fn erase_me(permit: Permit<UseAccount>, call: Call, input: Input<ErasureIn>) -> Result<Reply, Problem> {
    let ErasureIn { current_password } = input.value;
    privacy::erase(&call, permit, Password::typed(&current_password)).await?;
    Ok(Reply::nothing())
}

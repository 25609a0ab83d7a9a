//! Invitations, for administrators and for who is invited.

use actix_web::{delete, get, post};
use utoipa::IntoParams;

use super::reply;
use crate::app::App;
use crate::auth::Permit;
use crate::auth::actions::{Action as _, GrantAccess, ManageUsers};
use crate::http::{Call, Input, ListQuery, Page, Reply, Routes, Segment, Unfiltered};
use crate::limits::Act;
use crate::problem::Problem;
use crate::time::UtcTime;
use crate::users::dto::UserView;
use crate::users::invitations::dto::{AcceptanceIn, InvitationIn, InvitationView, NewInvitationView, RenewalIn};
use crate::users::invitations::{self as rooms, Invitation};

/// Adds what administrators do with invitations.
pub fn invitations(config: &mut Routes<'_>) {
    config
        .service(list_invitations)
        .service(create_invitation)
        .service(read_invitation)
        .service(renew_invitation)
        .service(revoke_invitation);
}

/// Adds what who is invited does.
pub fn acceptance(config: &mut Routes<'_>) {
    config.service(accept_invitation);
}

/// A page of invitations, as the document describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Page::reply` puts together")]
struct InvitationList {
    items: Vec<InvitationView>,
    page: crate::http::PageView,
}

/// The path of one invitation.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Segment` reads")]
struct InvitationPath {
    /// The invitation's id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
}

fn shown(now: UtcTime, invitation: Invitation) -> Result<Reply, Problem> {
    let (version, modified) = invitation.stamp();
    Ok(Reply::json(&InvitationView::at(now, invitation))?.version(version).modified(modified))
}

/// The invitation with its code, which is not kept with the answer.
fn shown_with(now: UtcTime, (invitation, code): (Invitation, Option<String>)) -> Result<Reply, Problem> {
    let (version, modified) = invitation.stamp();
    let id = invitation.id();
    let view = NewInvitationView { invitation: InvitationView::at(now, invitation), code: None };
    let reply = Reply::json(&view)?.version(version).modified(modified).about(id);
    match code {
        Some(code) => reply.telling_once(&NewInvitationView { code: Some(code), ..view }),
        None => Ok(reply),
    }
}

/// List the invitations
///
/// The newest first, without those that were taken back.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(ManageUsers::NAME))),
    params(ListQuery),
    responses((status = OK, description = "A page", body = InvitationList)),
)]
#[get("/invitations")]
async fn list_invitations(permit: Permit<ManageUsers>, call: Call, page: Page<Unfiltered>) -> Result<Reply, Problem> {
    let (request, app) = (page.request.clone(), call.app.clone());
    let (now, slice) = call.read(move |read| Ok((read.now, rooms::list(read, &permit, &app, &request)?))).await?;
    page.reply(&slice.map(|invitation| InvitationView::at(now, invitation)))
}

/// Invite somebody to join
///
/// They make the account themselves, by `POST /auth/invitations/accept` with the code, with a password that nobody else knows. The
/// code goes to the address by mail, in the language of this request, or stands in this answer, this once (`byMail: false`). It
/// is good for seven days, and only while whoever invites may still invite. 409 `no_mail` where the operator has set up no mail.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME)), ("x-refusals" = json!(["limit_reached", "no_mail"]))),
    request_body = InvitationIn,
    responses((status = CREATED, description = "The invitation", body = NewInvitationView)),
)]
#[post("/invitations")]
async fn create_invitation(
    permit: Permit<GrantAccess>,
    call: Call,
    input: Input<InvitationIn>,
) -> Result<Reply, Problem> {
    let Input { value, digest } = input;
    let (form, app, lang) = (value.checked()?, call.app.clone(), call.lang());
    call.act(Input { value: form, digest }, move |tx, form| {
        let made = rooms::create(tx, &permit, &app, (form, lang))?;
        let location = format!("/api/v1/newsroom/invitations/{}", made.0.id());
        Ok(shown_with(tx.now, made)?.created(location))
    })
    .await
}

/// Get an invitation
///
/// With the `ETag` that a change must name.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(ManageUsers::NAME))),
    params(InvitationPath),
    responses((status = OK, description = "The invitation", body = InvitationView)),
)]
#[get("/invitations/{id}")]
async fn read_invitation(permit: Permit<ManageUsers>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let (id, app): (_, App) = (id.id()?, call.app.clone());
    call.read(move |read| shown(read.now, rooms::read(read, &permit, &app, id)?)).await
}

/// Send an invitation once more
///
/// With another code, seven days from now, in your name; the code before is no good any more. One that was accepted is 409
/// `in_use`.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME)), ("x-refusals" = json!(["in_use", "no_mail"]))),
    params(InvitationPath),
    request_body = RenewalIn,
    responses((status = OK, description = "The invitation", body = NewInvitationView)),
)]
#[post("/invitations/{id}/renew")]
async fn renew_invitation(
    permit: Permit<GrantAccess>,
    call: Call,
    id: Segment,
    input: Input<RenewalIn>,
) -> Result<Reply, Problem> {
    let (id, expected, app, lang) = (id.id()?, call.expected()?, call.app.clone(), call.lang());
    call.act(input, move |tx, form| shown_with(tx.now, rooms::renew(tx, &permit, &app, (id, &expected), (form, lang))?))
        .await
}

/// Take an invitation back
///
/// Its code is no good from now on. One that was accepted is 409 `in_use`: change the account.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!(GrantAccess::NAME)), ("x-refusals" = json!(["in_use"]))),
    params(InvitationPath),
    responses((status = NO_CONTENT, description = "It can't be accepted any more")),
)]
#[delete("/invitations/{id}")]
async fn revoke_invitation(permit: Permit<GrantAccess>, call: Call, id: Segment) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.write(move |tx| rooms::revoke(tx, &permit, id, &expected)).await?;
    Ok(Reply::nothing())
}

/// Accept an invitation
///
/// Makes the account, with the rights that the invitation says and the password that you choose. A code that is not good, or not
/// any more, is 422 `wrong_code`. Signing in is a request of its own. An `Idempotency-Key` has no effect: a repetition finds the
/// code used.
#[utoipa::path(
    tag = "accounts",
    extensions(("x-no-idempotency" = json!(true)), ("x-rate-limit" = json!(true))),
    request_body = AcceptanceIn,
    responses((status = CREATED, description = "The new account", body = UserView)),
)]
#[post("/auth/invitations/accept")]
async fn accept_invitation(call: Call, input: Input<AcceptanceIn>) -> Result<Reply, Problem> {
    let standing = call.within_limits(Act::Letter, None)?;
    let account = rooms::accept(&call, input.value).await?;
    Ok(reply(account)?.created("/api/v1/me".into()).standing(standing))
}

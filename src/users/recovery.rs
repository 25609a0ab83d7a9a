//! What people do who don't know their password, or want to sign in with another address: each proves by a code that they read
//! the mail of an address.

use serde_json::json;

use super::codes::{self, Purpose};
use super::letters::{self, About};
use super::model::Email;
use super::sign_in::{self, Shown};
use super::{addresses, found, hash, replace_password, restate, store};
use crate::auth::actions::UseAccount;
use crate::auth::{Permit, settle};
use crate::db::violates;
use crate::events::Change;
use crate::fault::Fault;
use crate::http::Call;
use crate::mail;
use crate::problem::Problem;

/// Has a code posted to an address, if it is that of an account. What happens here is the same for every address.
pub async fn ask_for_reset(call: &Call, email: &str) -> Result<(), Problem> {
    mail::check(&call.app)?;
    let email = Email::parse(email).map_err(|fault| Problem::field("/email", fault))?;
    let (app, lang) = (call.app.clone(), call.lang());
    call.write(move |tx| letters::queue(tx, &app, lang, About::Reset(email.as_str().into()))).await
}

/// Gives the account of a code another password, and ends its sessions and keys.
pub async fn reset(call: &Call, code: String, password: &str) -> Result<(), Problem> {
    let given = code.clone();
    let account = call.app.read(move |read| {
        let id = codes::holder(read, &given, Purpose::Reset)?;
        found(read, id)
    });
    let account = account.await?;
    let next = sign_in::chosen(&call.app, password, &account, "/newPassword").await?;
    let next = hash(&call.app, next).await?;
    let (app, lang, place) = (call.app.clone(), call.lang(), call.place(account.email.as_str()));
    call.write(move |tx| {
        let held = codes::spend(tx, &app, &code, Purpose::Reset)?;
        let present = found(&mut tx.reading(), held.user)?;
        replace_password(tx, &present, &next)?;
        // Whoever reads the mail of the account gets in from here, however many try it elsewhere.
        settle(tx, &place, present.id)?;
        letters::queue(tx, &app, lang, About::PasswordChanged(present.email.as_str().into()))
    })
    .await
}

/// Has a code posted to the address that the caller wants to have, if nobody has it.
pub async fn ask_for_email(call: &Call, permit: Permit<UseAccount>, email: &str, shown: Shown) -> Result<(), Problem> {
    mail::check(&call.app)?;
    let email = Email::parse(email).map_err(|fault| Problem::field("/email", fault))?;
    let (id, app, lang) = (permit.user.id, call.app.clone(), call.lang());
    sign_in::with_proof(call, id, (sign_in::CURRENT, shown), move |tx, _| {
        let version = found(&mut tx.reading(), id)?.version;
        letters::queue(tx, &app, lang, About::Email { user: id, version, address: email.as_str().into() })
    })
    .await
}

/// Gives the account of a code the address that the code was posted to.
pub async fn confirm_email(call: &Call, code: String) -> Result<(), Problem> {
    let (app, lang, caller) = (call.app.clone(), call.lang(), call.clone());
    call.write(move |tx| {
        let held = codes::spend(tx, &app, &code, Purpose::Email)?;
        let before = found(&mut tx.reading(), held.user)?;
        let email = held.address.ok_or_else(codes::wrong)?;
        let address = addresses::kept(tx, before.id, &email)?;
        store::set_email(tx.conn, before.id, before.version, &address, tx.now).map_err(|error| {
            // Somebody else has made an account with it since.
            if violates(&error, "users", "email_mark") { Problem::field("/code", Fault::Taken) } else { error.into() }
        })?;
        let after = found(&mut tx.reading(), before.id)?;
        restate(tx, Some(&before), &after)?;
        // Under the new address nobody was at home anywhere: whoever reads its mail is from here.
        settle(tx, &caller.place(email.as_str()), before.id)?;
        tx.record(Change::newsroom("user.email_changed", before.id, json!({})));
        letters::queue(tx, &app, lang, About::EmailChanged(before.email.as_str().into()))
    })
    .await
}

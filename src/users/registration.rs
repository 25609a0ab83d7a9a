//! Readers who make an account. Where letters can be posted, each proves by a code that they read the mail of its address, and
//! nobody learns who has an account.

use serde_json::json;

use super::letters::{self, About};
use super::model::{Account, Email, NewAccount};
use super::{codes, insert, restate};
use crate::app::{App, Tx};
use crate::auth::{PasswordHash, Role, settle};
use crate::events::Change;
use crate::http::Call;
use crate::mail;
use crate::problem::{Code, Problem};

/// How a reader proves that they read the mail of the address of an account.
pub struct Proof {
    /// The code of a letter.
    pub code: String,
    /// From where they come.
    pub place: [u8; 16],
}

/// Refuses registrations where the site takes none.
pub fn check_registration(app: &App) -> Result<(), Problem> {
    if app.config().auth.registration {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden).with("permission", "account.register"))
}

/// Has a letter posted to an address: with a code, unless it has an account already. What happens here is the same for every
/// address.
pub async fn ask_to_register(call: &Call, email: &str) -> Result<(), Problem> {
    mail::check(&call.app)?;
    let email = Email::parse(email).map_err(|fault| Problem::field("/email", fault))?;
    let (app, lang) = (call.app.clone(), call.lang());
    call.write(move |tx| letters::queue(tx, &app, lang, About::Registration(email.as_str().into()))).await
}

/// Makes a reader's account for whoever asks, with the proof that is asked for where letters can be posted.
pub fn register(
    tx: &mut Tx<'_>,
    account: NewAccount,
    hash: &PasswordHash,
    proof: Option<Proof>,
) -> Result<Account, Problem> {
    if let Some(proof) = &proof {
        codes::spend_of(tx, &account.email, &proof.code)?;
    }
    let account = insert(tx, NewAccount { role: Role::Reader, ..account }, hash)?;
    if let Some(proof) = proof {
        // Whoever reads the mail of the address gets in from here, however many try it elsewhere.
        settle(tx, &proof.place, account.id)?;
    }
    restate(tx, None, &account)?;
    tx.record(Change::newsroom("user.registered", account.id, json!({})));
    Ok(account)
}

//! Those who make a newsroom at the command line.

use std::fmt;

use actix_web::web;
use serde_json::Value;

use crate::app::{App, Tx};
use crate::auth::actions::{Action, ManageSite};
use crate::auth::{Actor, Permit, Role, User, Viewer};
use crate::db::page::PageRequest;
use crate::http::{Contract, Expected, Patch};
use crate::ids::{Id, Ids, SystemEntropy};
use crate::problem::Problem;
use crate::users::model::NewAccount;
use crate::{openapi, site, users};

/// How many letters of randomness a password has.
const PASSWORD_CHARS: usize = 24;

/// Somebody who is new, and the password that is shown once.
pub(super) struct Person {
    pub user: User,
    pub email: String,
    pub password: String,
}

/// As the operator is told of them.
impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<10}  {:<34}  {}", self.user.role.as_str(), self.email, self.password)
    }
}

/// Whether somebody has an account already.
pub(super) async fn is_anybody_here(app: &App) -> Result<bool, Problem> {
    let first = PageRequest { limit: 1, ..PageRequest::default() };
    let present = app.read(move |read| users::everyone(read, &first)).await?;
    Ok(!present.rows.is_empty())
}

/// A password that nobody foresees, wherever the ids come from.
pub(super) fn password() -> String {
    Ids::new(SystemEntropy).token().chars().take(PASSWORD_CHARS).collect()
}

/// An account that is signed in.
pub(super) fn signed_in(account: &users::model::Account) -> User {
    let (session, sections) = (Id::of(account.id.uuid()), Vec::new());
    let (id, role) = (account.id, account.role);
    User { id, role, session, sections, may_kill: false, is_sure: true, owes_factor: false, scopes: None }
}

impl Person {
    /// Makes an account with a fresh password.
    pub(super) async fn hire(app: &App, role: Role, name: &str) -> Result<Self, Problem> {
        let password = password();
        let email = format!("{role}@demo.khabar.example");
        let (account, checked) = NewAccount::parse(&email, name, role, &password)?;
        let hash = users::hash(app, checked).await?;
        let account = app.write(Actor::operator(), move |tx| users::create(tx, account, &hash)).await?;
        Ok(Self { user: signed_in(&account), email, password })
    }

    pub(super) fn permit<A: Action>(&self) -> Result<Permit<A>, Problem> {
        Permit::ask(&Viewer::User(self.user.clone()))
    }

    pub(super) fn actor(&self) -> Actor {
        Actor { caller: Some(self.user.caller()), ..Actor::operator() }
    }

    /// Changes the settings of a site that has none yet.
    pub(super) async fn furnish(&self, app: &App, settings: Value) -> Result<(), Problem> {
        let permit = self.permit::<ManageSite>()?;
        let patch = Patch::of(settings, web::Data::new(Contract::new(openapi::TEXT)?));
        let update = move |tx: &mut Tx<'_>| site::update(tx, &permit, &Expected::version(0), &patch);
        app.write(self.actor(), update).await?;
        Ok(())
    }
}

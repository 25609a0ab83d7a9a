//! Accounts at the command line. Whoever may run this owns the database, so nobody is asked for a permit; the
//! rules that keep accounts whole hold here too.

use std::io::IsTerminal as _;

use clap::{Args, Subcommand};

use super::{Failure, readable, tell};
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::db::page::PageRequest;
use crate::problem::{Code, Problem};
use crate::users;
use crate::users::model::{Account, Email, NewAccount, Password};

/// Accounts read at a time.
const PAGE: u32 = 100;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account.
    Create {
        /// The address to sign in with.
        #[arg(long)]
        email: String,
        /// The name that others see.
        #[arg(long)]
        name: String,
        /// What they may do: reader, journalist, editor, moderator or admin.
        #[arg(long, value_parser = role)]
        role: Role,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List all accounts, the newest first.
    List,
    /// Give an account another role.
    SetRole {
        /// The address of the account.
        #[arg(long)]
        email: String,
        /// What they may do: reader, journalist, editor, moderator or admin.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Give an account another password, and end all of its sessions.
    ResetPassword {
        /// The address of the account.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Take an account's second factor away, for somebody who has lost it, and end all of its sessions.
    ForgetFactor {
        /// The address of the account.
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct PasswordSource {
    /// Read the password from the first line of the standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordSource {
    fn read(&self) -> Result<String, Failure> {
        if self.password_stdin {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
        }
        if !std::io::stdin().is_terminal() {
            return Err("there is no terminal to ask for a password; use --password-stdin".into());
        }
        let password = rpassword::prompt_password("Password: ")?;
        if rpassword::prompt_password("Once more: ")? != password {
            return Err("the two passwords differ".into());
        }
        Ok(password)
    }
}

pub(super) async fn run(app: &App, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create { email, name, role, password } => create(app, &email, &name, role, &password).await,
        Command::List => list(app).await,
        Command::SetRole { email, role } => set_role(app, &email, role).await,
        Command::ResetPassword { email, password } => reset_password(app, &email, &password).await,
        Command::ForgetFactor { email } => forget_factor(app, &email).await,
    }
}

async fn create(app: &App, email: &str, name: &str, role: Role, source: &PasswordSource) -> Result<(), Failure> {
    let checked = NewAccount::parse(email, name, role, &source.read()?);
    let (account, password) = checked.map_err(|faults| readable(faults.into()))?;
    let made = async {
        let hash = users::hash(app, password).await?;
        app.write(Actor::operator(), move |tx| users::create(tx, account, &hash)).await
    };
    let account = made.await.map_err(readable)?;
    tell(&format!("Made {} ({}).", account.email.as_str(), account.role))
}

async fn list(app: &App) -> Result<(), Failure> {
    let mut page = PageRequest { limit: PAGE, ..PageRequest::default() };
    loop {
        let request = page.clone();
        let slice = app.read(move |read| users::everyone(read, &request)).await.map_err(readable)?;
        slice.rows.iter().try_for_each(print)?;
        if slice.next.is_none() {
            return Ok(());
        }
        page.from = slice.next;
    }
}

fn print(account: &Account) -> Result<(), Failure> {
    let Account { id, email, name, role, is_active, sections: _, may_kill: _, version: _, created_at, updated_at: _ } =
        account;
    let access = if *is_active { "active" } else { "inactive" };
    tell(&format!("{id}\t{created_at:.0}\t{role}\t{access}\t{}\t{name}", email.as_str()))
}

async fn set_role(app: &App, email: &str, role: Role) -> Result<(), Failure> {
    let address = address(email)?;
    let changed = app.write(Actor::operator(), move |tx| users::set_role(tx, &address, role)).await;
    let account = changed.map_err(|problem| unknown(problem, email))?;
    tell(&format!("{} is {} from now on.", account.email.as_str(), account.role))
}

async fn reset_password(app: &App, email: &str, source: &PasswordSource) -> Result<(), Failure> {
    let address = address(email)?;
    let wanted = address.clone();
    let found = app.read(move |read| users::by_email(read, &wanted)).await;
    let account = found.map_err(|problem| unknown(problem, email))?;
    let personal = [account.email.as_str(), &account.name];
    let password = Password::chosen(&source.read()?, account.role, personal)
        .map_err(|fault| readable(Problem::field("/password", fault)))?;
    let changed = async {
        let hash = users::hash(app, password).await?;
        app.write(Actor::operator(), move |tx| users::set_password(tx, &address, &hash)).await
    };
    changed.await.map_err(|problem| unknown(problem, email))?;
    tell(&format!("{} has a new password; all sessions have ended.", account.email.as_str()))
}

async fn forget_factor(app: &App, email: &str) -> Result<(), Failure> {
    let address = address(email)?;
    let found = app.read(move |read| users::by_email(read, &address)).await;
    let account = found.map_err(|problem| unknown(problem, email))?;
    let id = account.id;
    match app.write(Actor::operator(), move |tx| users::factors::forget(tx, id)).await {
        Ok(()) => tell(&format!("{} has no second factor any more; all sessions have ended.", account.email.as_str())),
        Err(problem) if problem.code == Code::NotFound => Err(format!("{email} has no second factor").into()),
        Err(problem) => Err(readable(problem)),
    }
}

fn address(text: &str) -> Result<Email, Failure> {
    Email::parse(text).map_err(|fault| readable(Problem::field("/email", fault)))
}

/// A refusal, which names the account when there is none.
fn unknown(problem: Problem, email: &str) -> Failure {
    match problem.code {
        Code::NotFound => format!("nobody has the address {email}").into(),
        _ => readable(problem),
    }
}

fn role(word: &str) -> Result<Role, String> {
    let words = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    Role::from_word(word).ok_or_else(|| format!("must be one of {}", words()))
}

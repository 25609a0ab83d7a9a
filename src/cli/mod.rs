//! The command line: what an operator does with Khabar outside of HTTP. What was asked for goes to the standard
//! output; progress, advice, the log and errors go to the standard error.

mod demo;
mod generate;
mod person;
mod prose;
mod user;
mod verify;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use actix_web::rt::System;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::config::{Config, Log};
use crate::db::Db;
use crate::fault::FieldError;
use crate::ids::{Ids, SeededEntropy, SystemEntropy};
use crate::problem::Problem;
use crate::text::Lang;
use crate::time::{Clock, SetClock, SystemClock};
use crate::{audit, jobs, openapi, readership, server, users};

/// What a command says when it fails.
type Failure = Box<dyn std::error::Error>;

/// How long something may take before the operator is told what it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// A headless CMS API for newsrooms.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what `khabar` alone does).
    Serve {
        /// Load the demonstration newsroom first, unless it is there.
        #[arg(long)]
        demo: bool,
    },
    /// Load the demonstration newsroom into an empty database.
    Demo,
    /// Fill an empty database with invented articles, to measure with.
    Generate(generate::Size),
    /// Manage accounts.
    #[command(subcommand)]
    User(user::Command),
    /// Bring the database's schema up to date.
    Migrate,
    /// Give up what is sealed with a `jwt_secret` that is lost: addresses, and secrets of webhooks, pushes and second factors. Every
    /// account that no provider knows is deactivated.
    ForgetSealed,
    /// Check that every revision, working copy and publication is still what was written.
    Verify,
    /// Print the `OpenAPI` document.
    Openapi,
    /// Read the settings, say what they are, and stop.
    CheckConfig,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    match dispatch(command.unwrap_or(Command::Serve { demo: false })) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, as `head` does.
        Err(failure) if is_closed_pipe(&failure) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("khabar: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Openapi => tell(&serde_json::to_string_pretty(&openapi::document())?)?,
        Command::CheckConfig => {
            let config = Config::load()?;
            filter(&config.log)?;
            tell(&format!("{config:#?}"))?;
        }
        Command::Migrate => {
            database(&mut Config::load()?)?;
            tell("The schema is up to date.")?;
        }
        Command::ForgetSealed => {
            let app = sealed(Config::load()?)?;
            if !System::new().block_on(users::forget_sealed(&app)).map_err(readable)? {
                return Err("nothing is lost: what is sealed opens with this jwt_secret".into());
            }
            tell(
                "What was sealed is lost, and who signs in with an address is deactivated. Make an administrator with \
                 `khabar user create`, and invite everybody anew.",
            )?;
        }
        Command::Serve { demo } => serve(demo)?,
        Command::Demo => {
            let app = open(Config::load()?)?;
            if !System::new().block_on(demo::load(&app))? {
                return Err("there is a newsroom in this database; the demonstration wants an empty one".into());
            }
        }
        Command::Generate(size) => {
            let clock = Arc::new(SetClock::at(generate::FIRST));
            let entropy = SeededEntropy::new(size.seed);
            let app = open_with(Config::load()?, Arc::clone(&clock) as Arc<dyn Clock>, Ids::new(entropy))?;
            if !System::new().block_on(generate::load(&app, &clock, &size))? {
                return Err("there is a newsroom in this database; invented articles want an empty one".into());
            }
        }
        Command::Verify => {
            let app = sealed(Config::load()?)?;
            System::new().block_on(verify::run(&app))?;
        }
        Command::User(command) => {
            let app = open(Config::load()?)?;
            System::new().block_on(user::run(&app, command))?;
        }
    }
    Ok(())
}

/// Writes a line of what was asked for.
fn tell(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn is_closed_pipe(failure: &Failure) -> bool {
    failure.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Prepares the data folder and opens the database, with its schema up to date.
fn open(config: Config) -> Result<App, Failure> {
    open_with(config, Arc::new(SystemClock), Ids::new(SystemEntropy))
}

/// The same, with another time and other ids. The secret that signs tokens is made of neither.
fn open_with(mut config: Config, clock: Arc<dyn Clock>, ids: Ids) -> Result<App, Failure> {
    let db = database(&mut config)?;
    Ok(System::new().block_on(App::open(config, db, clock, ids))?)
}

/// The same where nothing that is sealed has to be opened.
fn sealed(mut config: Config) -> Result<App, Failure> {
    let db = database(&mut config)?;
    Ok(App::sealed(config, db, Arc::new(SystemClock), Ids::new(SystemEntropy))?)
}

fn database(config: &mut Config) -> Result<Db, Failure> {
    config.prepare(|| Ids::new(SystemEntropy).token())?;
    let opened = patiently("Opening the database and bringing its schema up to date", || {
        Db::open(&config.database, &config.replicas, config.database_connections)
    });
    Ok(opened.map_err(|error| format!("{:?}: {error}", config.database))?)
}

fn serve(with_demo: bool) -> Result<(), Failure> {
    let config = Config::load()?;
    listen_to_events(&config.log)?;
    open_many_files();
    let app = open(config)?;
    System::new().block_on(async {
        if with_demo && !demo::load(&app).await? {
            eprintln!("There is a newsroom here already, so the demonstration was not loaded.");
        }
        if app.read(users::count_admins).await.map_err(readable)? == 0 {
            eprintln!("Nobody administers this newsroom yet, so nobody can sign in to work.");
            eprintln!("Make the first administrator, in another terminal or before the next start:");
            eprintln!("  khabar user create --role admin --email you@example.org --name \"Your name\"");
        }
        let (bind, url) = (app.config().bind, app.config().public_url.clone());
        jobs::start(&app);
        let stopped = app.clone();
        let server = server::start(app).map_err(|error| format!("can't listen on {bind}: {error}"))?;
        eprintln!("Khabar answers at {url} and is explained at {url}/docs");
        server.await?;
        // The last calls that were refused, and the last views.
        audit::flush(&stopped).await.and(readership::flush(&stopped).await).map_err(readable)
    })
}

/// Raises the limit of open files as far as the system lets us: each stream is one.
fn open_many_files() {
    #[cfg(unix)]
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Sends the log to the standard error.
fn listen_to_events(log: &Log) -> Result<(), Failure> {
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter(log)?).with_writer(std::io::stderr).with_ansi(colours);
    if log.json {
        lines.json().init();
    } else {
        lines.init();
    }
    Ok(())
}

fn filter(log: &Log) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(&log.filter).map_err(|error| format!("log: {error}").into())
}

/// Does something, and says what it is if it takes long.
fn patiently<T>(what: &str, work: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        scope.spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{what} …");
            }
        });
        let value = work();
        drop(done);
        value
    })
}

/// A refusal in words, with its cause, which an operator may know.
fn readable(problem: Problem) -> Failure {
    let Problem { code, errors, cause, .. } = problem;
    let field =
        |error: FieldError| format!("\n  {}: {}", error.pointer.trim_start_matches('/'), error.fault.detail(Lang::En));
    let lines = errors.into_iter().map(field).chain(cause.map(|cause| format!("\n  {cause}")));
    lines.fold(code.title(Lang::En).to_owned(), |text, line| text + &line).into()
}

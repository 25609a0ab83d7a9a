//! Letters: what is to be posted waits in the database, in the transaction that wants it posted, until it is. So a letter that
//! somebody was promised is posted after a restart too, and an answer takes as long whether or not there is anybody to write to.
//!
//! What waits is an errand, sealed: what the letter is about, and to whom. The letter is written when it goes out, by the room
//! whose errand it is; codes in it are made then, so that none waits anywhere. A letter may go out twice, never less than once,
//! unless nobody takes it for a day.

mod post;
mod store;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::store::Row;
use crate::app::{App, Tx};
use crate::auth::Actor;
use crate::ids::LetterId;
use crate::jobs::Pause;
use crate::problem::{Code, Problem};
use crate::time::UtcTime;

pub use post::{Failure, Mailer, NoMailer, Way, is_sender};

/// How often a node looks for what is due.
const LOOK: Duration = Duration::from_secs(2);
/// For how long a node has a letter to itself while it posts it.
const LEASE: Duration = Duration::from_secs(300);
/// How long a letter waits after it was not taken for the first time; twice as long each time after, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// For how long it is tried.
const PATIENCE: Duration = Duration::from_secs(86_400);

/// A letter that is ready to be posted.
#[derive(Clone)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// What it is about, in a line.
    pub subject: String,
    /// What it says: plain text.
    pub text: String,
}

/// Refuses what takes a letter where none can be posted.
pub fn check(app: &App) -> Result<(), Problem> {
    if app.mailer().is_on() { Ok(()) } else { Err(Problem::new(Code::NoMail)) }
}

/// Has a letter written and posted once the transaction is committed. Where no mail is set up, nothing happens.
pub fn queue(tx: &mut Tx<'_>, app: &App, errand: &impl Serialize) -> Result<(), Problem> {
    if !app.mailer().is_on() {
        return Ok(());
    }
    let id: LetterId = tx.next_id();
    let sealed = app.vault().seal(app.ids(), &context(id), &serde_json::to_vec(errand)?)?;
    store::insert(tx.conn, &Row { id, sealed, attempts: 0, due_at: tx.now, created_at: tx.now })?;
    Ok(())
}

/// Posts what is due.
pub async fn run<E, W>(app: App, write: W) -> Pause
where
    E: DeserializeOwned + Send + 'static,
    W: Fn(&mut Tx<'_>, &App, E, bool) -> Result<Option<Letter>, Problem> + Copy + Send + 'static,
{
    while post_next(&app, write).await? {}
    Ok(LOOK)
}

/// Posts one letter; false when none is due. `write` makes the letter of an errand, or finds that there is none to write; it is
/// told whether the errand was tried before.
pub async fn post_next<E, W>(app: &App, write: W) -> Result<bool, Problem>
where
    E: DeserializeOwned + Send + 'static,
    W: Fn(&mut Tx<'_>, &App, E, bool) -> Result<Option<Letter>, Problem> + Copy + Send + 'static,
{
    // A look that holds nobody up.
    if !app.mailer().is_on() || app.read(|read| Ok(store::due(read.conn, read.now)?)).await?.is_none() {
        return Ok(false);
    }
    let (until, writer) = (app.now().after(LEASE), app.clone());
    let taken = app.write(Actor::itself(), move |tx| {
        let Some(row) = store::due(tx.conn, tx.now)? else { return Ok(None) };
        if !store::take(tx.conn, &row, until)? {
            return Ok(None);
        }
        // A letter that can't be written must not hold up those behind it.
        let letter = match opened(&writer, &row) {
            Ok(Some(errand)) => tx.attempt(|tx| write(tx, &writer, errand, row.attempts > 0)),
            Ok(None) => Ok(None),
            // Another node may know what it is about.
            Err(problem) => Err(problem),
        };
        Ok(Some((row, letter)))
    });
    let Some((row, letter)) = taken.await? else { return Ok(true) };
    let posted = match letter {
        Ok(Some(letter)) => app.mailer().post((row.id, row.attempts), letter).await,
        Ok(None) => Ok(()),
        Err(problem) => {
            tracing::warn!(letter = %row.id, %problem, "a letter can't be written");
            Err(Failure::NotNow)
        }
    };
    let next = posted.err().and_then(|failure| {
        tracing::warn!(letter = %row.id, attempt = row.attempts + 1, %failure, "a letter was not taken");
        again_at(&row, failure, app.now())
    });
    app.write(Actor::itself(), move |tx| {
        match next {
            Some(at) => store::put_off(tx.conn, row.id, until, at)?,
            None => store::delete(tx.conn, row.id, until)?,
        };
        Ok(())
    })
    .await?;
    Ok(true)
}

/// Forgets letters that nobody has taken for too long.
pub fn forget(tx: &mut Tx<'_>, limit: i64) -> Result<usize, Problem> {
    Ok(store::forget(tx.conn, tx.now.before(PATIENCE), limit)?)
}

/// An errand, if it was sealed here.
fn opened<E: DeserializeOwned>(app: &App, row: &Row) -> Result<Option<E>, Problem> {
    let plain = app.vault().open(&context(row.id), &row.sealed);
    Ok(plain.map(|plain| serde_json::from_slice(&plain)).transpose()?)
}

/// When a letter that was not taken is tried again; never, if it was refused for good.
fn again_at(row: &Row, failure: Failure, now: UtcTime) -> Option<UtcTime> {
    let doublings = u32::try_from(row.attempts).unwrap_or(u32::MAX).min(16);
    let at = now.after(FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT));
    (failure == Failure::NotNow && at < row.created_at.after(PATIENCE)).then_some(at)
}

/// Where a letter is kept, for the vault.
fn context(id: LetterId) -> String {
    format!("letter {id}")
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter")
    }
}

//! What happens by itself: jobs that a node repeats while it runs. A job only announces or tidies up; what readers see
//! is right without it, and any number of nodes may do it at once.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::alerts;
use crate::app::{App, Tx};
use crate::articles;
use crate::audit;
use crate::auth::{self, Actor};
use crate::collections;
use crate::comments;
use crate::db::replies;
use crate::events;
use crate::http::KEPT;
use crate::mail;
use crate::problem::Problem;
use crate::{oidc, privacy, push, readership, users, webhooks};

/// How long the next look may wait.
pub type Pause = Result<Duration, Problem>;

/// How long a job that failed waits.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How often what is no longer needed is swept out.
const SWEEP: Duration = Duration::from_secs(600);

/// Rows that are forgotten in one transaction.
const SLICE: i64 = 2_000;

/// Something that a node repeats.
struct Job {
    name: &'static str,
    /// Whether it looks at once when the event log grows.
    follows_events: bool,
    run: fn(App) -> Pin<Box<dyn Future<Output = Pause> + Send>>,
}

const JOBS: &[Job] = &[
    Job { name: "alerts", follows_events: true, run: |app| Box::pin(alerts::announce(app)) },
    Job { name: "articles", follows_events: true, run: |app| Box::pin(articles::announce(app)) },
    Job { name: "audit", follows_events: false, run: |app| Box::pin(audit::run(app)) },
    Job { name: "collections", follows_events: true, run: |app| Box::pin(collections::announce(app)) },
    Job { name: "letters", follows_events: false, run: |app| Box::pin(users::letters::run(app)) },
    Job { name: "privacy", follows_events: true, run: |app| Box::pin(privacy::run(app)) },
    Job { name: "push", follows_events: true, run: |app| Box::pin(push(app)) },
    Job { name: "push_again", follows_events: false, run: |app| Box::pin(push_again(app)) },
    Job { name: "readership", follows_events: false, run: |app| Box::pin(readership::run(app)) },
    Job { name: "search", follows_events: false, run: |app| Box::pin(articles::catch_up(app)) },
    Job { name: "sweep", follows_events: false, run: |app| Box::pin(sweep(app)) },
    Job { name: "webhooks", follows_events: true, run: |app| Box::pin(webhooks::run(app)) },
];

/// Starts every job, and the relay that they follow, on the running system. They end with it.
pub fn start(app: &App) {
    let carried = app.clone();
    tokio::spawn(forever("relay", move || events::relay::run(carried.clone())));
    for job in JOBS {
        let app = app.clone();
        tokio::spawn(forever(job.name, move || repeat(app.clone(), job)));
    }
}

/// Begins again what has broken off: nothing here ends by itself.
async fn forever<F: Future<Output = ()> + Send + 'static>(name: &str, run: impl Fn() -> F) {
    loop {
        if let Err(error) = tokio::spawn(run()).await {
            tracing::error!(job = name, %error, "a job broke off and begins again");
        }
        tokio::time::sleep(AFTER_FAILURE).await;
    }
}

async fn repeat(app: App, job: &'static Job) {
    let mut positions = app.hub().positions();
    loop {
        let pause = (job.run)(app.clone()).await.unwrap_or_else(|problem| {
            tracing::warn!(job = job.name, %problem, "a job failed and is tried again");
            AFTER_FAILURE
        });
        if job.follows_events {
            drop(timeout(pause, positions.changed()).await);
        } else {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Pushes breaking alerts to browsers.
async fn push(app: App) -> Pause {
    push::tell(&app).await
}

/// Pushes once more what a push service did not take.
async fn push_again(app: App) -> Pause {
    push::try_again(&app).await
}

/// Forgets what nobody needs any more: old events, kept answers, pushes, messages to partners and letters, codes, sign-ins that nobody
/// finished, sessions that are over, and where comments came from. Each in slices, so that no transaction lasts. The audit log is never swept.
async fn sweep(app: App) -> Pause {
    let rule = app.config().events.clone();
    until_nothing(&app, move |tx| events::forget(tx, &rule)).await?;
    until_nothing(&app, |tx| Ok(replies::forget_all(tx.conn, tx.now.before(KEPT), SLICE)?)).await?;
    until_nothing(&app, |tx| push::forget(tx, SLICE)).await?;
    until_nothing(&app, |tx| comments::forget_origins(tx, SLICE)).await?;
    until_nothing(&app, |tx| webhooks::forget(tx, SLICE)).await?;
    until_nothing(&app, |tx| mail::forget(tx, SLICE)).await?;
    until_nothing(&app, |tx| users::invitations::forget(tx, SLICE)).await?;
    until_nothing(&app, |tx| users::codes::forget(tx, SLICE)).await?;
    until_nothing(&app, |tx| oidc::forget_attempts(tx, SLICE)).await?;
    until_nothing(&app, |tx| auth::forget_sessions(tx, SLICE)).await?;
    until_nothing(&app, |tx| auth::forget_homes(tx, SLICE)).await?;
    Ok(SWEEP)
}

async fn until_nothing<F>(app: &App, forget: F) -> Result<(), Problem>
where
    F: Fn(&mut Tx<'_>) -> Result<usize, Problem> + Clone + Send + 'static,
{
    while app.write(Actor::itself(), forget.clone()).await? > 0 {}
    Ok(())
}

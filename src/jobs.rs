//! What happens by itself: jobs that a node repeats while it runs. A job only announces or tidies up; what readers see
//! is right without it, and any number of nodes may do it at once.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::alerts;
use crate::app::{App, Tx};
use crate::auth::Actor;
use crate::db::replies;
use crate::events;
use crate::http::KEPT;
use crate::problem::Problem;
use crate::{push, webhooks};

/// How long the next look may wait.
pub type Pause = Result<Duration, Problem>;

/// How long a job that failed waits.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How often what is no longer needed is swept out.
const SWEEP: Duration = Duration::from_secs(600);

/// Something that a node repeats.
struct Job {
    name: &'static str,
    /// Whether it looks at once when the event log grows.
    follows_events: bool,
    run: fn(App) -> Pin<Box<dyn Future<Output = Pause> + Send>>,
}

const JOBS: &[Job] = &[
    Job { name: "alerts", follows_events: true, run: |app| Box::pin(alerts::announce(app)) },
    Job { name: "push", follows_events: true, run: |app| Box::pin(push(app)) },
    Job { name: "sweep", follows_events: false, run: |app| Box::pin(sweep(app)) },
    Job { name: "webhooks", follows_events: true, run: |app| Box::pin(webhooks::run(app)) },
];

/// Starts every job, and the relay that they follow, on the running system. They end with it.
pub fn start(app: &App) {
    tokio::spawn(events::relay::run(app.clone()));
    for job in JOBS {
        tokio::spawn(repeat(app.clone(), job));
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
    push::send(&app).await
}

/// Forgets what nobody needs any more: old events, kept answers, pushes and messages to partners.
async fn sweep(app: App) -> Pause {
    let rule = app.config().events.clone();
    let forget = move |tx: &mut Tx<'_>| {
        events::forget(tx, &rule)?;
        replies::forget_all(tx.conn, tx.now.before(KEPT))?;
        push::forget(tx)?;
        webhooks::forget(tx)?;
        Ok(())
    };
    app.write(Actor::itself(), forget).await?;
    Ok(SWEEP)
}

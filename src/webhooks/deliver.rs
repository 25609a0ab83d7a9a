//! Sends what is due. A node takes a message for as long as an attempt may last; when it dies meanwhile, another one
//! takes the message after that. Each endpoint gets a share of the attempts, a small one while it fails, so that one
//! that is slow or away holds up no other.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::select;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use super::model::{AttemptOutcome, CHANCES, Verdict, WebhookState};
use super::signature::{Secret, sign};
use super::store::{Attempt, Dispatch, Row, Share, Taken};
use super::{ENDPOINTS, Webhook, collect, fingerprint_of, record, seal_context, store};
use crate::app::{App, Read, Tx};
use crate::auth::Actor;
use crate::cache::{Facet, facet};
use crate::events::Visibility;
use crate::http::SURROGATE_KEY;
use crate::ids::{DeliveryId, WebhookId};
use crate::outbound::{Answer, Failure};
use crate::problem::Problem;
use crate::time::UtcTime;

/// Attempts at one endpoint at once, while it is well and while it fails.
const SHARE: usize = 4;
const SHARE_FAILING: usize = 1;
/// Attempts that a node makes at once: every endpoint's share, so that none waits for another.
const ATTEMPTS_MAX: usize = SHARE * ENDPOINTS;
/// How much longer than the longest attempt a message is taken for, to note what came of it.
const LEASE_MARGIN: Duration = Duration::from_secs(10);
/// What is said where the signing secret was changed since an endpoint's secret was sealed.
const UNSEALED: &str = "the endpoint's secret can't be opened any more; rotate it";
/// How often it looks when nobody tells it anything.
const TICK: Duration = Duration::from_secs(1);

/// Makes messages of events and sends them, until nothing is due.
pub async fn run(app: App) -> Result<Duration, Problem> {
    let mut news = app.hub().positions();
    let mut sending = Sending::default();
    loop {
        news.mark_unchanged();
        let more = match collect(&app).await {
            Ok(()) => sending.fill(&app).await,
            Err(problem) => Err(problem),
        };
        if more.is_err() {
            // What is on its way is not broken off.
            while sending.finish_some().await {}
        }
        more?;
        if sending.attempts.is_empty() {
            return Ok(TICK);
        }
        sending.wait(&mut news).await;
    }
}

/// Sends all that is due at this instant.
pub async fn deliver(app: &App) -> Result<Duration, Problem> {
    let mut sending = Sending::default();
    loop {
        sending.fill(app).await?;
        if !sending.finish_some().await {
            return Ok(TICK);
        }
    }
}

/// The attempts that this node makes at the moment.
#[derive(Default)]
struct Sending {
    attempts: JoinSet<WebhookId>,
    /// How many of them each endpoint gets.
    shares: HashMap<WebhookId, usize>,
}

impl Sending {
    /// Takes what is due and begins to send it, as far as there is room.
    async fn fill(&mut self, app: &App) -> Result<(), Problem> {
        let (room, busy) = (ATTEMPTS_MAX.saturating_sub(self.attempts.len()), self.shares.clone());
        let due = app.read(move |read| due(read, room, &busy)).await?;
        if due.is_empty() {
            return Ok(());
        }
        let lasts = Duration::from_secs(app.config().outbound.timeout_seconds) + LEASE_MARGIN;
        let lease = move |tx: &mut Tx<'_>| Ok(store::lease(tx.conn, &due, tx.now, tx.now.after(lasts))?);
        for taken in app.write(Actor::itself(), lease).await? {
            let (app, webhook) = (app.clone(), taken.2.id);
            *self.shares.entry(webhook).or_default() += 1;
            self.attempts.spawn(async move {
                if let Err(problem) = attempt(&app, taken).await {
                    tracing::warn!(%problem, %webhook, "what came of an attempt could not be noted; it is made again");
                }
                webhook
            });
        }
        Ok(())
    }

    /// Waits for the end of an attempt, and takes what has ended besides, so that one look at the queue fills more than
    /// one place; false when there was none.
    async fn finish_some(&mut self) -> bool {
        let Some(first) = self.attempts.join_next().await else {
            self.shares.clear();
            return false;
        };
        self.give_back(first);
        while let Some(next) = self.attempts.try_join_next() {
            self.give_back(next);
        }
        true
    }

    fn give_back(&mut self, finished: Result<WebhookId, JoinError>) {
        match finished {
            Ok(webhook) => {
                if let Some(share) = self.shares.get_mut(&webhook) {
                    *share = share.saturating_sub(1);
                }
            }
            // One that panicked keeps its share until nothing is on its way.
            Err(error) => tracing::error!(%error, "an attempt broke off"),
        }
    }

    /// Waits for the end of an attempt, for news or for the next tick.
    async fn wait(&mut self, news: &mut watch::Receiver<i64>) {
        let (finished, told) = (Box::pin(self.finish_some()), Box::pin(news.changed()));
        drop(timeout(TICK, select(finished, told)).await);
    }
}

/// What is due, as far as there is room for it.
fn due(read: &mut Read<'_>, room: usize, busy: &HashMap<WebhookId, usize>) -> Result<Vec<DeliveryId>, Problem> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let share = |row: Row| {
        let most = if row.failing_since.is_some() { SHARE_FAILING } else { SHARE };
        let limit = most.saturating_sub(busy.get(&row.id).copied().unwrap_or_default());
        Share { webhook: row.id, is_ordered: row.is_ordered, limit }
    };
    let shares: Vec<Share> =
        store::takers(read.conn, read.now)?.into_iter().map(share).filter(|share| share.limit > 0).collect();
    Ok(store::due(read.conn, &shares, room, read.now)?)
}

/// What came of an attempt.
struct Outcome {
    verdict: Verdict,
    attempt: Attempt,
}

/// Sends a message once and notes what came of it.
async fn attempt(app: &App, (message, body, row): Taken) -> Result<(), Problem> {
    let at = app.now();
    let sent = send(app, &message, body, &row, at).await;
    let outcome = outcome(&message, at, sent);
    let chance = app.ids().below(CHANCES);
    app.write(Actor::itself(), move |tx| settle(tx, &message, outcome, chance)).await
}

/// Sends a message with an id that stays, and with the instant and the signatures of this attempt.
async fn send(app: &App, message: &Dispatch, body: String, row: &Row, at: UtcTime) -> Result<Answer, Failure> {
    let secrets = secrets(app, row, at).ok_or_else(|| Failure::Unreachable(UNSEALED.into()))?;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", message.message_id.clone()),
        ("webhook-timestamp", at.seconds().to_string()),
        ("webhook-signature", sign(&secrets, &message.message_id, at, body.as_bytes())),
    ];
    let purged = purged(&message.topic, &body).map(|keys| (SURROGATE_KEY, keys));
    let headers: Vec<_> = headers.into_iter().chain(purged).collect();
    app.outbound().post(&row.url, &headers, Bytes::from(body)).await
}

/// What caches of others no longer may give after an event, if they may have anything of it.
fn purged(topic: &str, body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let touched = Facet::touched(topic, Visibility::Public, body.get("data")?);
    (!touched.is_empty()).then(|| facet::keys(&touched))
}

/// What sign at an instant: the endpoint's secret, and the one before it while they are changed.
fn secrets(app: &App, row: &Row, at: UtcTime) -> Option<Vec<Secret>> {
    let old = row.old_secret.as_ref().filter(|_| row.old_secret_until.is_some_and(|until| at < until));
    let open = |sealed: &Vec<u8>| {
        let opened = app.vault().open(&seal_context(row.id), sealed)?;
        Secret::parse(&String::from_utf8(opened).ok()?).ok()
    };
    // An old one that does not open was sealed before the signing secret was changed.
    Some(std::iter::once(open(&row.secret)?).chain(old.and_then(open)).collect())
}

fn outcome(message: &Dispatch, at: UtcTime, sent: Result<Answer, Failure>) -> Outcome {
    let (outcome, verdict, status, duration_ms, answer) = match sent {
        Ok(Answer { status, retry_after, body, took }) => {
            let verdict = Verdict::of(status, retry_after);
            let taken = verdict == Verdict::Taken;
            let outcome = if taken { AttemptOutcome::Accepted } else { AttemptOutcome::Rejected };
            (outcome, verdict, Some(i64::from(status)), i64::try_from(took.as_millis()).ok(), body)
        }
        Err(failure) => {
            let outcome = match failure {
                Failure::Refused => AttemptOutcome::Refused,
                Failure::Unreachable(_) => AttemptOutcome::Unreachable,
                Failure::TimedOut => AttemptOutcome::TimedOut,
            };
            (outcome, Verdict::Failed, None, None, failure.to_string())
        }
    };
    let number = message.attempt_count + 1;
    let attempt = Attempt { delivery_id: message.id, number, at, outcome, status, duration_ms, answer };
    Outcome { verdict, attempt }
}

/// Notes what came of an attempt, and what that means for the message and its endpoint.
fn settle(tx: &mut Tx<'_>, taken: &Dispatch, outcome: Outcome, chance: u32) -> Result<(), Problem> {
    let Outcome { verdict, attempt } = outcome;
    // Either may have been removed meanwhile.
    let Some(row) = store::hold(tx.conn, taken.webhook_id)? else { return Ok(()) };
    let Some((present, _)) = store::find_message(tx.conn, taken.webhook_id, taken.id)? else { return Ok(()) };
    let number = present.attempt_count + 1;
    store::insert_attempt(tx.conn, &Attempt { number, ..attempt })?;
    let is_test = present.seq.is_none();
    // Somebody put it into the queue once more, or another node took it after the lease: then that counts.
    let is_ours = present.leased_until == taken.leased_until;
    let message = Dispatch { attempt_count: number, version: present.version + 1, updated_at: tx.now, ..present };
    let message = if is_ours {
        let progress = message.progress().after(verdict, is_test, tx.now, chance);
        Dispatch { leased_until: UtcTime::from_micros(0), ..message.with_progress(progress) }
    } else {
        message
    };
    store::update_message(tx.conn, &message)?;
    if is_test { Ok(()) } else { judge(tx, row, verdict, message.tries) }
}

/// Notes how an endpoint fares after an attempt.
fn judge(tx: &mut Tx<'_>, row: Row, verdict: Verdict, tries: i64) -> Result<(), Problem> {
    let (before, present, kept) = (row.health(), row.version, fingerprint_of(&row)?);
    let health = before.after(verdict, tries, tx.now);
    if health == before {
        return Ok(());
    }
    let row = Row { version: present + 1, updated_at: tx.now, ..row.with_health(health) };
    store::update(tx.conn, &row, present)?;
    if health.state == WebhookState::Disabled && before.state != WebhookState::Disabled {
        tx.restate(row.id, Some(kept), Some(fingerprint_of(&row)?));
        record(tx, "webhook.disabled", &Webhook::try_from(row)?)?;
    }
    Ok(())
}

//! From rounds to push services: a page at a time, some dozens of messages at once, and what a service did not take
//! once more later. Every hold on a page ends by itself, so what a node had when it was killed is done by another.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use tokio::time::timeout;

use super::model::{self, Fate, RoundState};
use super::store::{self, Recipient, Round, Tally};
use super::vapid::VapidError;
use super::{Notice, aim, begin_rounds, encryption, message, vapid_key};
use crate::app::{App, Tx};
use crate::auth::Actor;
use crate::db::dialect::{self, Door};
use crate::ids::PushSubscriptionId;
use crate::outbound::{Failure, Url};
use crate::problem::Problem;
use crate::time::UtcTime;

/// Subscriptions on a page.
const PAGE: i64 = 256;
/// Messages that are under way at once.
const AT_ONCE: usize = 64;
/// How long a page waits for one push service; a slower one gets its time with the retries, where nothing new waits behind it.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a hold on a page allows for beside the push services.
const LEEWAY: Duration = Duration::from_secs(10);
/// A browser whose push service has taken nothing for so long is forgotten at the next failure.
const LOST: Duration = Duration::from_secs(14 * 86_400);
/// How long the next look waits at least and at most. New notices are told of at once.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What became of the message to each.
type Fates = Vec<(PushSubscriptionId, Fate)>;
/// Whom to try again at which instant, after so many tries.
type Later = Vec<(UtcTime, i64, Vec<PushSubscriptionId>)>;

/// Sends what nobody was told yet; answers how long the next look may wait.
pub async fn tell(app: &App) -> Result<Duration, Problem> {
    loop {
        // Between two pages: a retraction must not wait until what it takes back has gone to everybody.
        begin_rounds(app).await?;
        if !send_page(app).await? {
            return pause(app).await;
        }
    }
}

/// Sends what is due once more, beside what is new: a push service that is slow must hold up no flash. Answers how long
/// the next look may wait.
pub async fn try_again(app: &App) -> Result<Duration, Problem> {
    while send_retries(app).await? {}
    pause(app).await
}

async fn pause(app: &App) -> Result<Duration, Problem> {
    app.read(|read| {
        let leases = store::standing(read.conn)?.into_iter().map(|round| round.leased_until);
        let retry = store::next_retry(read.conn)?.map(|(_, at)| at);
        let next = leases.chain(retry).min().map_or(i64::MAX, UtcTime::micros);
        let micros = u64::try_from(next.saturating_sub(read.now.micros())).unwrap_or_default();
        Ok(Duration::from_micros(micros).clamp(PAUSE_MIN, PAUSE_MAX))
    })
    .await
}

/// Sends the next page of a round; false when there is none.
async fn send_page(app: &App) -> Result<bool, Problem> {
    if app.read(|read| Ok(model::next_round(&store::standing(read.conn)?, read.now))).await?.is_none() {
        return Ok(false);
    }
    let patience = patience(app).min(PATIENCE);
    let lasting = lasting(patience);
    let Some(round) = app.write(Actor::itself(), move |tx| claim_round(tx, lasting)).await? else { return Ok(false) };
    let (round, notice, recipients) = app
        .read(move |read| {
            let notice: Notice = serde_json::from_str(&round.notice)?;
            let aim = aim(read, &notice)?;
            let recipients = store::page(read.conn, &aim, &round, PAGE)?;
            Ok((round, notice, recipients))
        })
        .await?;
    let last = recipients.last().map(|recipient| recipient.id);
    let is_full = i64::try_from(recipients.len()) == Ok(PAGE);
    let fates = deliver(app, (&notice, &round), recipients, patience).await?;
    let (next, end) = (last.or(round.after_id), !is_full);
    let later = put_off(app, &fates, |_| 0);
    app.write(Actor::itself(), move |tx| settle_page(tx, &Round { after_id: next, ..round }, end, &fates, &later))
        .await?;
    Ok(true)
}

/// Takes hold of the next page.
fn claim_round(tx: &mut Tx<'_>, lasting: Duration) -> Result<Option<Round>, Problem> {
    dialect::take_turns(tx.conn, Door::Push)?;
    store::end_rounds(tx.conn, tx.now)?;
    let Some(seq) = model::next_round(&store::standing(tx.conn)?, tx.now) else { return Ok(None) };
    let lease = tx.next_id();
    Ok(Some(store::lease_round(tx.conn, seq, lease, tx.now.after(lasting))?))
}

/// Notes what became of a page, and how far the round has come with it.
fn settle_page(tx: &mut Tx<'_>, held: &Round, end: bool, fates: &Fates, later: &Later) -> Result<(), Problem> {
    dialect::take_turns(tx.conn, Door::Push)?;
    draw_conclusions(tx, fates)?;
    let present = store::round(tx.conn, held.seq)?;
    if present.lease != held.lease {
        // Another node took the page over and notes what becomes of it there.
        return Ok(());
    }
    let is_open = present.state == RoundState::Open;
    let state = if is_open && !end { RoundState::Open } else { RoundState::Done };
    store::settle_round(tx.conn, held.seq, state, held.after_id)?;
    let round = store::count_up(tx.conn, held.seq, tally(fates))?;
    for (next_at, _, ids) in later.iter().filter(|_| is_open) {
        store::insert_retries(tx.conn, held.seq, ids, *next_at)?;
    }
    if state == RoundState::Done {
        let alert = held.alert_id;
        tracing::info!(%alert, sent = round.sent, failed = round.failed, gone = round.gone, "a notice was pushed");
    }
    Ok(())
}

/// Sends what is due once more, of one round; false when nothing is.
async fn send_retries(app: &App) -> Result<bool, Problem> {
    let is_due = app.read(|read| Ok(store::next_retry(read.conn)?.is_some_and(|(_, at)| at <= read.now)));
    if !is_due.await? {
        return Ok(false);
    }
    let patience = patience(app);
    let lasting = lasting(patience);
    let claimed = app.write(Actor::itself(), move |tx| claim_retries(tx, lasting)).await?;
    let Some((round, recipients, attempts)) = claimed else { return Ok(true) };
    let notice: Notice = serde_json::from_str(&round.notice)?;
    let fates = deliver(app, (&notice, &round), recipients, patience).await?;
    let later = put_off(app, &fates, |id| attempts.get(&id).copied().unwrap_or_default());
    app.write(Actor::itself(), move |tx| settle_retries(tx, round.seq, &fates, &later)).await?;
    Ok(true)
}

type Claimed = (Round, Vec<Recipient>, HashMap<PushSubscriptionId, i64>);

/// Takes hold of retries by putting them off until we must be done with them.
fn claim_retries(tx: &mut Tx<'_>, lasting: Duration) -> Result<Option<Claimed>, Problem> {
    dialect::take_turns(tx.conn, Door::Push)?;
    store::drop_late_retries(tx.conn, tx.now)?;
    let next = store::next_retry(tx.conn)?.filter(|(_, at)| *at <= tx.now);
    let Some((seq, _)) = next else { return Ok(None) };
    let attempts: HashMap<_, _> = store::due(tx.conn, seq, tx.now, PAGE)?.into_iter().collect();
    let ids: Vec<PushSubscriptionId> = attempts.keys().copied().collect();
    store::put_off(tx.conn, (seq, &ids), None, tx.now.after(lasting))?;
    let recipients = store::recipients(tx.conn, &ids)?;
    // Who unsubscribed in the very moment in which the retry was noted.
    let left: Vec<_> = ids.into_iter().filter(|id| recipients.iter().all(|known| known.id != *id)).collect();
    store::drop_retries(tx.conn, seq, &left)?;
    Ok(Some((store::round(tx.conn, seq)?, recipients, attempts)))
}

/// Notes what became of retries. Those that a newer notice has dropped meanwhile stay dropped.
fn settle_retries(tx: &mut Tx<'_>, seq: i64, fates: &Fates, later: &Later) -> Result<(), Problem> {
    dialect::take_turns(tx.conn, Door::Push)?;
    store::count_up(tx.conn, seq, tally(fates))?;
    let over = fates.iter().filter(|(_, fate)| !matches!(fate, Fate::Later(_))).map(|(id, _)| *id);
    store::drop_retries(tx.conn, seq, &over.collect::<Vec<_>>())?;
    for (next_at, attempts, ids) in later {
        store::put_off(tx.conn, (seq, ids), Some(*attempts), *next_at)?;
    }
    draw_conclusions(tx, fates)
}

/// Forgets the browsers that are gone, and those that nothing has reached for long.
fn draw_conclusions(tx: &mut Tx<'_>, fates: &Fates) -> Result<(), Problem> {
    let whose = |wanted: fn(&Fate) -> bool| -> Vec<PushSubscriptionId> {
        fates.iter().filter(|(_, fate)| wanted(fate)).map(|(id, _)| *id).collect()
    };
    store::delete(tx.conn, &whose(|fate| *fate == Fate::Gone))?;
    let (well, ill) = (whose(|fate| *fate == Fate::Sent), whose(|fate| matches!(fate, Fate::Failed | Fate::Later(_))));
    store::note_health(tx.conn, (&well, &ill), tx.now, tx.now.before(LOST))?;
    Ok(())
}

fn tally(fates: &Fates) -> Tally {
    let count = |wanted: Fate| i64::try_from(fates.iter().filter(|(_, fate)| *fate == wanted).count());
    let count = |wanted| count(wanted).unwrap_or(i64::MAX);
    Tally { sent: count(Fate::Sent), failed: count(Fate::Failed), gone: count(Fate::Gone) }
}

/// When to try again, spread out a little, so that a service that comes back is not met by everyone at once.
fn put_off(app: &App, fates: &Fates, attempts: impl Fn(PushSubscriptionId) -> i64) -> Later {
    let mut alike = BTreeMap::<(i64, Option<Duration>), Vec<PushSubscriptionId>>::new();
    for (id, fate) in fates {
        if let Fate::Later(retry_after) = fate {
            alike.entry((attempts(*id) + 1, *retry_after)).or_default().push(*id);
        }
    }
    let at = |((attempts, retry_after), ids): ((i64, Option<Duration>), Vec<PushSubscriptionId>)| {
        let delay = model::delay(attempts, retry_after);
        let spread = u32::try_from(delay.as_secs() / 8).unwrap_or(u32::MAX);
        let jitter = Duration::from_secs(u64::from(app.ids().below(spread)));
        (app.now().after(delay.saturating_add(jitter)), attempts, ids)
    };
    alike.into_iter().map(at).collect()
}

fn patience(app: &App) -> Duration {
    Duration::from_secs(app.config().outbound.timeout_seconds)
}

/// How long a hold on a page lasts: until each of its messages has had its time.
fn lasting(patience: Duration) -> Duration {
    let waves = u32::try_from(PAGE).unwrap_or(u32::MAX).div_ceil(u32::try_from(AT_ONCE).unwrap_or(1));
    patience.saturating_mul(waves).saturating_add(LEEWAY)
}

/// One message for several browsers.
struct Letter {
    payload: Vec<u8>,
    headers: Vec<(&'static str, String)>,
    /// Who we are, for each push service.
    tokens: HashMap<String, String>,
    patience: Duration,
}

/// Sends one message to each.
async fn deliver(
    app: &App,
    (notice, round): (&Notice, &Round),
    recipients: Vec<Recipient>,
    patience: Duration,
) -> Result<Fates, Problem> {
    if recipients.is_empty() {
        return Ok(Vec::new());
    }
    let key = vapid_key(app).await?;
    let now = app.now();
    let contact = &app.config().push.contact;
    let services: HashSet<String> = recipients.iter().filter_map(|to| service(&to.endpoint)).collect();
    let token = |service: String| Ok((service.clone(), key.authorization(&service, contact, now)?));
    let tokens: Result<HashMap<_, _>, VapidError> = services.into_iter().map(token).collect();
    let payload = message::payload(notice, round.requested_at)?;
    let headers = message::headers(notice, model::ttl(round.until, now).unwrap_or(1));
    let letter = Arc::new(Letter { payload, headers, tokens: tokens.map_err(Problem::internal)?, patience });
    let messages = recipients.into_iter().map(|recipient| post(app.clone(), Arc::clone(&letter), recipient));
    Ok(iter(messages).buffer_unordered(AT_ONCE).collect().await)
}

/// The origin of an endpoint.
fn service(endpoint: &str) -> Option<String> {
    Some(Url::parse(endpoint).ok()?.origin().ascii_serialization())
}

async fn post(app: App, letter: Arc<Letter>, recipient: Recipient) -> (PushSubscriptionId, Fate) {
    let Recipient { id, endpoint, p256dh, auth } = recipient;
    let token = service(&endpoint).and_then(|service| letter.tokens.get(&service).cloned());
    let body = encryption::encrypt(&p256dh, &auth, &letter.payload);
    let (Some(token), Ok(body)) = (token, body) else { return (id, Fate::Failed) };
    let mut headers = letter.headers.clone();
    headers.push(("authorization", token));
    let answer = timeout(letter.patience, app.outbound().post(&endpoint, &headers, body.into())).await;
    let fate = match answer {
        Ok(Ok(answer)) => Fate::of(answer.status, answer.retry_after),
        Ok(Err(Failure::Refused)) => Fate::Failed,
        Ok(Err(Failure::Unreachable(_) | Failure::TimedOut)) | Err(_) => Fate::Later(None),
    };
    if fate == Fate::Failed {
        // The address is a secret of the browser: whoever has it can knock there.
        tracing::debug!(subscription = %id, "a push service refuses a message");
    }
    (id, fate)
}

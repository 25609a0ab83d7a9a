//! A service of the newsroom's own that has a say about comments, after our own rules and before everyone reads them.
//!
//! It is asked while no transaction is open, so that only the writer waits for it. What it says is written with the
//! comment in one transaction, which looks at our own rules again: a sanction, a word or a rule that came meanwhile
//! wins. Whatever keeps it from answering holds the comment for a moderator, and is no error for the writer. No event
//! and no log holds a comment's text, the address of the service or its secret.

pub mod dto;
pub mod http;
mod model;
mod store;

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::time::timeout;

use self::dto::CommentHookIn;
use self::model::{Ruled, Silence};
use self::store::Hook;
use super::course::Cause;
use super::model::CommentStatus;
use super::pipeline::{Rule, Verdict};
use crate::app::{App, Read, Tx};
use crate::auth::Permit;
use crate::auth::actions::ManageWebhooks;
use crate::events::{Change, Kind, Visibility, fingerprint};
use crate::fault::Faults;
use crate::ids::DecisionId;
use crate::outbound::{Failure, check_url};
use crate::problem::Problem;
use crate::webhooks::signature::{Secret, sign};

pub(super) use model::{AuthorKind, Question};

/// What happens to the service.
pub const EVENTS: &[Kind] = &[
    Kind::of::<dto::CommentHookEvent>("comment_hook.set", "A service is asked about comments."),
    Kind::of::<dto::CommentHookEvent>("comment_hook.removed", "No service is asked about comments any more."),
];

/// What the secret is sealed for.
const PLACE: &str = "comment hook";

/// What the service has said about a text.
#[derive(Clone, Debug)]
pub struct Opinion {
    text: String,
    ruled: Ruled,
}

/// What becomes of a comment, and why.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub status: CommentStatus,
    pub cause: Cause,
}

/// Asks the service about what is about to be said, where there is one and our own rules have nothing against it.
pub(super) async fn consult<F>(app: &App, foresee: F) -> Option<Opinion>
where
    F: FnOnce(&mut Read<'_>, &App) -> Result<Option<Question>, Problem> + Send + 'static,
{
    let known = app.clone();
    let look = move |read: &mut Read<'_>| {
        let Some(hook) = store::find(read.conn)? else { return Ok(None) };
        Ok(foresee(read, &known)?.map(|question| (hook, question)))
    };
    // What is wrong with it is found once more, and said, when it is written.
    let (hook, question) = app.read(look).await.ok().flatten()?;
    let ruled = ask(app, &hook, &question).await.unwrap_or_else(|silence| {
        tracing::warn!(%silence, "the service that is asked about comments decided nothing; a moderator must");
        Ruled::from(silence)
    });
    Some(Opinion { text: question.text, ruled })
}

/// Asks once.
async fn ask(app: &App, hook: &Hook, question: &Question) -> Result<Ruled, Silence> {
    let at = app.now();
    let opened = app.vault().open(PLACE, &hook.secret).and_then(|bytes| String::from_utf8(bytes).ok());
    let secret = opened.and_then(|text| Secret::parse(&text).ok()).ok_or(Silence::Unsealed)?;
    let body = question.body(at).map_err(|_| Silence::Failed)?;
    let id: DecisionId = app.ids().next(at);
    let id = format!("chk_{id}");
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.clone()),
        ("webhook-timestamp", at.seconds().to_string()),
        ("webhook-signature", sign(&[secret], &id, at, body.as_bytes())),
    ];
    let patience = Duration::from_millis(u64::try_from(hook.timeout_ms).unwrap_or_default());
    let sent = timeout(patience, app.outbound().post(&hook.url, &headers, Bytes::from(body)));
    match sent.await {
        Err(_) | Ok(Err(Failure::TimedOut)) => Err(Silence::TimedOut),
        Ok(Err(Failure::Refused)) => Err(Silence::Refused),
        Ok(Err(Failure::Unreachable(_))) => Err(Silence::Unreachable),
        Ok(Ok(answer)) => model::ruled(answer.status, &answer.body),
    }
}

/// What becomes of a text on which our own rules have decided: what they say, unless nothing stood against it and there is
/// a service. Then that decides, and where it was not asked about this very text, a moderator.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    verdict: Verdict,
    text: &str,
    opinion: Option<&Opinion>,
) -> Result<Outcome, Problem> {
    let Verdict { status, rule, spans } = verdict;
    if rule != Rule::Passed || store::find(tx.conn)?.is_none() {
        return Ok(Outcome { status, cause: Cause::rule(rule, spans) });
    }
    let known = opinion.filter(|opinion| opinion.text == text).map(|opinion| opinion.ruled.clone());
    let Ruled { status, reason, note } = known.unwrap_or_else(|| Ruled::from(Silence::NotAsked));
    Ok(Outcome { status, cause: Cause { reason, note, ..Cause::rule(Rule::External, Vec::new()) } })
}

/// The service, if there is one.
pub fn open(read: &mut Read<'_>, _: &Permit<ManageWebhooks>) -> Result<Option<Hook>, Problem> {
    Ok(store::find(read.conn)?)
}

/// Has a service asked from now on, instead of another one if there was one. Answers the secret that was made for it.
pub fn set(
    tx: &mut Tx<'_>,
    permit: &Permit<ManageWebhooks>,
    app: &App,
    form: &CommentHookIn,
) -> Result<(Hook, Option<Secret>), Problem> {
    let CommentHookIn { url, secret, timeout_ms } = form;
    let mut faults = Faults::new();
    let url = faults.take("/url", check_url(url, app.outbound().rules()).map(String::from));
    let given = faults.take("/secret", secret.as_deref().map(Secret::parse).transpose());
    let (url, given) = faults.finish(url.zip(given))?;
    let before = store::find(tx.conn)?;
    let fresh = (given.is_none() && before.is_none()).then(|| Secret::fresh(app.ids()));
    let new = given.as_ref().or(fresh.as_ref());
    let sealed = new.map(|secret| app.vault().seal(app.ids(), PLACE, secret.reveal().as_bytes())).transpose()?;
    let kept = before.as_ref().map(|hook| hook.secret.clone());
    let secret = sealed.or(kept).ok_or_else(|| Problem::internal("a service without a secret"))?;
    let (updated_by, updated_at) = (permit.user.id, tx.now);
    let hook = Hook { url, secret, timeout_ms: i64::from(*timeout_ms), updated_by, updated_at };
    store::keep(tx.conn, &hook)?;
    record(tx, "comment_hook.set", before.as_ref(), Some(&hook))?;
    Ok((hook, fresh))
}

/// Has no service asked from now on. Once more changes nothing.
pub fn remove(tx: &mut Tx<'_>, _: &Permit<ManageWebhooks>) -> Result<(), Problem> {
    let Some(before) = store::find(tx.conn)? else { return Ok(()) };
    store::delete(tx.conn)?;
    record(tx, "comment_hook.removed", Some(&before), None)
}

fn record(tx: &mut Tx<'_>, topic: &'static str, before: Option<&Hook>, after: Option<&Hook>) -> Result<(), Problem> {
    let timeout_ms = after.or(before).map(|hook| hook.timeout_ms);
    tx.record(Change {
        topic,
        kind: "comment_hook",
        target: None,
        visibility: Visibility::Newsroom,
        payload: json!({ "timeoutMs": timeout_ms }),
        before: before.map(state).transpose()?,
        after: after.map(state).transpose()?,
        is_routine: false,
    });
    Ok(())
}

/// The fingerprint of what is kept of it, with its secret as it is sealed.
fn state(hook: &Hook) -> Result<Vec<u8>, Problem> {
    let Hook { url, secret, timeout_ms, updated_by, updated_at } = hook;
    fingerprint(&(url, secret, timeout_ms, updated_by, updated_at))
}

//! Who did what, and who was refused: a log to which lines are only added. A change has its line in its own transaction,
//! with the hashes of what was kept before and of what is kept now; a call that changed nothing has one too, soon after.
//!
//! No line holds a query, a body, a password, a token or a secret. Nothing here is ever changed, removed or forgotten.

pub mod dto;
pub mod http;
mod model;
mod store;
mod waiting;

use std::time::Duration;

use serde_json::json;

use self::dto::AuditQuery;
use crate::app::{App, Read};
use crate::auth::actions::ReadAudit;
use crate::auth::{Actor, Permit, role_word};
use crate::db::page::{PageRequest, Slice};
use crate::db::{Conn, QueryResult};
use crate::events::Change;
use crate::ids::Ids;
use crate::problem::Problem;
use crate::time::UtcTime;

pub use model::{Actions, Line, Outcome};
pub use waiting::{Call, KEY_USE, SIGN_IN, Waiting};

/// How long lines wait that belong to no transaction.
const PAUSE: Duration = Duration::from_secs(5);

/// Writes a line for each change that is not routine, in its transaction.
pub fn append(conn: &mut Conn, ids: &Ids, now: UtcTime, actor: &Actor, changes: &[Change]) -> QueryResult<()> {
    let told = changes.iter().filter(|change| !change.is_routine);
    store::insert(conn, told.map(|change| line(ids, now, actor, change)).collect())
}

fn line(ids: &Ids, now: UtcTime, actor: &Actor, change: &Change) -> Line {
    let Actor { caller, request_id, deed, origin: _ } = actor;
    let Change { topic, kind, target, visibility: _, payload, before, after, is_routine: _ } = change;
    Line {
        id: ids.next(now),
        at: now,
        actor: caller.map(|caller| caller.user),
        role: actor.role_word().into(),
        key: caller.and_then(|caller| caller.key),
        action: (*topic).into(),
        method: deed.as_ref().map(|deed| deed.method.clone()),
        route: deed.as_ref().map(|deed| deed.route.clone()),
        kind: (*kind).into(),
        target: *target,
        outcome: Outcome::Allowed,
        status: None,
        code: None,
        request_id: request_id.clone(),
        before: before.clone(),
        after: after.clone(),
        payload: payload.to_string(),
    }
}

/// Writes what waits; answers when to look again.
pub async fn run(app: App) -> Result<Duration, Problem> {
    flush(&app).await?;
    Ok(PAUSE)
}

/// Writes the lines that wait, in one transaction. What can't be written waits on.
pub async fn flush(app: &App) -> Result<(), Problem> {
    let (calls, dropped) = app.waiting().take();
    if calls.is_empty() && dropped == 0 {
        return Ok(());
    }
    let rest = (dropped > 0).then(|| beyond(app, dropped));
    let lines: Vec<Line> = calls.iter().map(|call| without_change(app.ids(), call)).chain(rest).collect();
    let written = app.write(Actor::itself(), move |tx| Ok(store::insert(tx.conn, lines)?)).await;
    if written.is_err() {
        app.waiting().take_back(calls, dropped);
    }
    written
}

/// The line of a call that changed nothing.
fn without_change(ids: &Ids, call: &Call) -> Line {
    let Call { at, actor, deed, target, outcome, status, code, request_id, times } = call;
    let payload = if *times == 1 { json!({}) } else { json!({ "times": times }) };
    Line {
        id: ids.next(*at),
        at: *at,
        actor: actor.map(|caller| caller.user),
        role: role_word(actor.map(|caller| caller.role)).into(),
        key: actor.and_then(|caller| caller.key),
        action: deed.action.clone(),
        method: Some(deed.method.clone()),
        route: Some(deed.route.clone()),
        kind: deed.kind.clone(),
        target: *target,
        outcome: *outcome,
        status: Some(i64::from(*status)),
        code: code.map(String::from),
        request_id: request_id.clone(),
        before: None,
        after: None,
        payload: payload.to_string(),
    }
}

/// The line that says how many calls have none, since there were too many.
fn beyond(app: &App, times: i64) -> Line {
    let (now, itself) = (app.now(), Actor::itself());
    Line {
        id: app.ids().next(now),
        at: now,
        actor: None,
        role: itself.role_word().into(),
        key: None,
        action: "audit.dropped".into(),
        method: None,
        route: None,
        kind: "audit".into(),
        target: None,
        outcome: Outcome::Refused,
        status: None,
        code: None,
        request_id: itself.request_id,
        before: None,
        after: None,
        payload: json!({ "times": times }).to_string(),
    }
}

/// A page of the log, the latest first.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ReadAudit>,
    query: AuditQuery,
    page: &PageRequest,
) -> Result<Slice<Line>, Problem> {
    let AuditQuery { actor, key, action, target, target_kind: kind, outcome, from, until, request_id } = query;
    let actions = action.as_deref().map(Actions::parse).transpose();
    let actions = actions.map_err(|fault| Problem::parameter("action", fault))?;
    let wanted = store::Wanted { actor, key, actions, target, kind, outcome, from, until, request_id };
    Ok(store::list(read.conn, &wanted, page)?)
}

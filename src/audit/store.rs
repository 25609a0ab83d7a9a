//! The only SQL for the audit log. Nothing here changes or removes a line.

use diesel::prelude::*;

use super::model::{Actions, Line, Outcome};
use crate::db::page::{PageRequest, Position, Slice};
use crate::db::schema::audit_log;
use crate::db::{Conn, directly};
use crate::ids::{AuditId, KeyId, UserId};
use crate::keyset;
use crate::time::UtcTime;
use uuid::Uuid;

/// Lines that one statement writes: SQLite binds at most 32,766 values.
const BATCH: usize = 500;

/// A row of `audit_log`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
struct Row {
    id: AuditId,
    at: UtcTime,
    actor_id: Option<UserId>,
    actor_role: String,
    action: String,
    target_kind: String,
    target_id: Option<Vec<u8>>,
    request_id: String,
    payload: String,
    method: Option<String>,
    route: Option<String>,
    outcome: Outcome,
    status: Option<i64>,
    code: Option<String>,
    hash_before: Option<Vec<u8>>,
    hash_after: Option<Vec<u8>>,
    key_id: Option<KeyId>,
}

impl From<Line> for Row {
    fn from(line: Line) -> Self {
        let Line {
            id,
            at,
            actor,
            role,
            key,
            action,
            method,
            route,
            kind,
            target,
            outcome,
            status,
            code,
            request_id,
            before,
            after,
            payload,
        } = line;
        let target_id = target.map(|id| id.as_bytes().to_vec());
        Self {
            id,
            at,
            actor_id: actor,
            actor_role: role,
            action,
            target_kind: kind,
            target_id,
            request_id,
            payload,
            method,
            route,
            outcome,
            status,
            code,
            hash_before: before,
            hash_after: after,
            key_id: key,
        }
    }
}

impl From<Row> for Line {
    fn from(row: Row) -> Self {
        let Row {
            id,
            at,
            actor_id: actor,
            actor_role: role,
            action,
            target_kind: kind,
            target_id,
            request_id,
            payload,
            method,
            route,
            outcome,
            status,
            code,
            hash_before: before,
            hash_after: after,
            key_id: key,
        } = row;
        let target = target_id.and_then(|bytes| Uuid::from_slice(&bytes).ok());
        Self {
            id,
            at,
            actor,
            role,
            key,
            action,
            method,
            route,
            kind,
            target,
            outcome,
            status,
            code,
            request_id,
            before,
            after,
            payload,
        }
    }
}

/// Which lines a list wants.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub actor: Option<UserId>,
    pub key: Option<KeyId>,
    pub actions: Option<Actions>,
    pub target: Option<Uuid>,
    pub kind: Option<String>,
    pub outcome: Option<Outcome>,
    pub from: Option<UtcTime>,
    pub until: Option<UtcTime>,
    pub request_id: Option<String>,
}

pub(super) fn insert(conn: &mut Conn, lines: Vec<Line>) -> QueryResult<()> {
    let rows: Vec<Row> = lines.into_iter().map(Row::from).collect();
    // Nearly always it is one, whose statement is prepared once; a list's anew each time.
    if let [one] = rows.as_slice() {
        let insert = diesel::insert_into(audit_log::table).values(one);
        return directly!(conn, own => insert.execute(own)).map(|_| ());
    }
    for some in rows.chunks(BATCH) {
        let insert = diesel::insert_into(audit_log::table).values(some);
        directly!(conn, own => insert.execute(own))?;
    }
    Ok(())
}

pub(super) fn list(conn: &mut Conn, wanted: &Wanted, page: &PageRequest) -> QueryResult<Slice<Line>> {
    let Wanted { actor, key, actions, target, kind, outcome, from, until, request_id } = wanted;
    let filtered = || {
        let mut query = audit_log::table.into_boxed();
        if let Some(actor) = actor {
            query = query.filter(audit_log::actor_id.eq(*actor));
        }
        if let Some(key) = key {
            query = query.filter(audit_log::key_id.eq(*key));
        }
        query = match actions {
            None => query,
            Some(Actions::One(action)) => query.filter(audit_log::action.eq(action.clone())),
            // An action begins with its noun, so that the noun's index finds all of its actions.
            Some(Actions::Of(noun)) => query.filter(audit_log::target_kind.eq(noun.clone())),
        };
        if let Some(target) = target {
            query = query.filter(audit_log::target_id.eq(target.as_bytes().to_vec()));
        }
        if let Some(kind) = kind {
            query = query.filter(audit_log::target_kind.eq(kind.clone()));
        }
        if let Some(outcome) = outcome {
            query = query.filter(audit_log::outcome.eq(*outcome));
        }
        if let Some(from) = from {
            query = query.filter(audit_log::at.ge(*from));
        }
        if let Some(until) = until {
            query = query.filter(audit_log::at.lt(*until));
        }
        match request_id {
            Some(id) => query.filter(audit_log::request_id.eq(id.clone())),
            None => query,
        }
    };
    let query = keyset!(filtered(), page, audit_log::at => number, audit_log::id, true);
    let rows = query.select(Row::as_select()).load::<Row>(conn)?;
    let mut slice = page.cut(rows, |row: &Row| Position::at(row.at.micros(), row.id.uuid()));
    if page.count {
        slice.total = Some(filtered().count().get_result(conn)?);
    }
    Ok(slice.map(Line::from))
}

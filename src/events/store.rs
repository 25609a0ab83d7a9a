//! The only SQL for the event log and the audit log.

use diesel::prelude::*;

use super::Change;
use crate::auth::Actor;
use crate::db::Conn;
use crate::db::schema::{audit_log, event_counter, events};
use crate::ids::AuditId;
use crate::time::UtcTime;

/// Takes the next `count` numbers and answers the last of them. The row stays locked until the commit.
pub(super) fn reserve(conn: &mut Conn, count: i64) -> QueryResult<i64> {
    diesel::update(event_counter::table.find(1))
        .set(event_counter::seq.eq(event_counter::seq + count))
        .returning(event_counter::seq)
        .get_result(conn)
}

pub(super) fn insert_event(conn: &mut Conn, seq: i64, now: UtcTime, change: &Change) -> QueryResult<usize> {
    let Change { topic, kind, target, visibility, payload } = change;
    diesel::insert_into(events::table)
        .values((
            events::seq.eq(seq),
            events::topic.eq(*topic),
            events::visibility.eq(*visibility),
            events::target_kind.eq(*kind),
            events::target_id.eq(target.map(|id| id.as_bytes().to_vec())),
            events::payload.eq(payload.to_string()),
            events::at.eq(now),
        ))
        .execute(conn)
}

pub(super) fn insert_audit(
    conn: &mut Conn,
    id: AuditId,
    now: UtcTime,
    actor: &Actor,
    change: &Change,
) -> QueryResult<usize> {
    let Change { topic, kind, target, visibility: _, payload } = change;
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::id.eq(id),
            audit_log::at.eq(now),
            audit_log::actor_id.eq(actor.user),
            audit_log::actor_role.eq(actor.role_word()),
            audit_log::action.eq(*topic),
            audit_log::target_kind.eq(*kind),
            audit_log::target_id.eq(target.map(|id| id.as_bytes().to_vec())),
            audit_log::request_id.eq(&actor.request_id),
            audit_log::payload.eq(payload.to_string()),
        ))
        .execute(conn)
}

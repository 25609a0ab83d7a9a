//! The one log of what changed. Each [`Change`] becomes an event and a line of the audit log in the
//! transaction that makes it; whoever needs to know reads the log. Nothing here sends anything.

mod store;

use serde_json::Value;
use uuid::Uuid;

use crate::auth::Actor;
use crate::db::{Conn, QueryResult};
use crate::ids::{Id, Ids};
use crate::text_enum;
use crate::time::UtcTime;

text_enum! {
    /// Who may learn of an event.
    pub enum Visibility {
        /// Anyone: it speaks only of what is published.
        Public = "public",
        /// Staff.
        Newsroom = "newsroom",
    }
}

/// Something that happened to one thing.
#[derive(Clone, Debug)]
pub struct Change {
    /// `noun.verb` in the past, such as `article.published`; the audit log's `action` too.
    pub topic: &'static str,
    /// The noun.
    pub kind: &'static str,
    /// Which one, where there are several.
    pub target: Option<Uuid>,
    /// Who may learn of it.
    pub visibility: Visibility,
    /// What a reader of the log needs to know, without secrets.
    pub payload: Value,
}

impl Change {
    /// A change that only staff may learn of.
    pub fn newsroom<K>(topic: &'static str, target: Id<K>, payload: Value) -> Self {
        Self { topic, kind: noun(topic), target: Some(target.uuid()), visibility: Visibility::Newsroom, payload }
    }

    /// A change that shows in what is published.
    pub fn public<K>(topic: &'static str, target: Id<K>, payload: Value) -> Self {
        Self { visibility: Visibility::Public, ..Self::newsroom(topic, target, payload) }
    }
}

fn noun(topic: &'static str) -> &'static str {
    topic.split_once('.').map_or(topic, |(noun, _)| noun)
}

/// Writes changes to both logs. Called last in a transaction: from here to its commit, no other transaction
/// gets a number, so that the order of events is the order of commits.
pub fn append(conn: &mut Conn, ids: &Ids, now: UtcTime, actor: &Actor, changes: &[Change]) -> QueryResult<()> {
    let Some(count) = i64::try_from(changes.len()).ok().filter(|count| *count > 0) else {
        return Ok(());
    };
    let last = store::reserve(conn, count)?;
    for (seq, change) in (last - count + 1..).zip(changes) {
        store::insert_event(conn, seq, now, change)?;
        store::insert_audit(conn, ids.next(now), now, actor, change)?;
    }
    Ok(())
}

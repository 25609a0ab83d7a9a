//! Merging: one record takes the place of another, wherever that is named. Nothing that names it is rewritten; whoever
//! reads, reads past it. Its slug stays taken and leads on.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Noun, Record, find, row, state, store};
use crate::app::Tx;
use crate::auth::Permit;
use crate::auth::actions::ManageRecords;
use crate::db::dialect::{self, Door};
use crate::events::Change;
use crate::fault::Fault;
use crate::http::Expected;
use crate::ids::RecordId;
use crate::problem::{Code, Problem};

/// A kind of record of which two may turn out to be one.
pub trait Mergeable: Noun {
    /// The event of it.
    const MERGED: &'static str;
}

/// What a record is to be merged into.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeIn {
    /// The one that shows in its place from now on. It must be of the same kind, and not merged itself.
    pub into: RecordId,
}

/// That one record took the place of another.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the change says")]
pub struct MergeEvent {
    /// The readable part of the address that leads on now.
    #[schema(example = "وكالات")]
    slug: String,
    /// What took its place.
    into: RecordId,
}

/// Puts another record in the place of one that is still as the caller saw it, and of all that was merged into it.
///
/// # Errors
/// `invalid` where it would be itself, or is unknown; `merged` where either was merged before.
pub fn merge<N: Mergeable>(
    tx: &mut Tx<'_>,
    _: &Permit<ManageRecords>,
    id: RecordId,
    expected: &Expected,
    into: RecordId,
) -> Result<Record<N>, Problem> {
    // Two that are merged into each other at once would both be gone: they take turns.
    dialect::take_turns(tx.conn, Door::Records)?;
    let present = find::<N>(&mut tx.reading(), id)?;
    expected.check(present.version)?;
    if let Some(into) = present.merged_into {
        return Err(is_merged(into));
    }
    if into == id {
        return Err(Problem::field("/into", Fault::BadFormat("the id of another one".into())));
    }
    let other = store::find(tx.conn, N::KIND, into)?.ok_or_else(|| Problem::field("/into", Fault::NotFound))?;
    if let Some(further) = other.merged_into {
        return Err(is_merged(further));
    }
    let (version, before) = (present.version, state(&present)?);
    let record = Record { merged_into: Some(into), version: version + 1, updated_at: tx.now, ..present };
    // The other one may just have been removed.
    let gone = |error| {
        if dialect::violates_reference(&error) { Problem::field("/into", Fault::NotFound) } else { error.into() }
    };
    if store::merge(tx.conn, &row(&record)?, version).map_err(gone)? == 0 {
        return Err(Problem::stale(find::<N>(&mut tx.reading(), id)?.version));
    }
    let change = Change::public(N::MERGED, id, json!({ "slug": record.form.slug(), "into": into }));
    tx.record(change.hashes(Some(before), Some(state(&record)?)));
    Ok(record)
}

/// Another took its place.
pub(super) fn is_merged(into: RecordId) -> Problem {
    Problem::new(Code::Merged).with("into", into.to_string())
}

//! Between collections and the rows that keep them, and what the clock makes of them.

use std::time::Duration;

use super::dto::{CollectionEvent, CollectionIn, SwapDone};
use super::model::{Collection, Swap};
use super::store::{self, Row, SwapRow};
use crate::app::{App, Read, Tx};
use crate::auth::Actor;
use crate::events::{Change, fingerprint};
use crate::ids::CollectionId;
use crate::problem::Problem;
use crate::text::{arabic, slug};
use crate::time::UtcTime;

/// Collections whose swaps are told in one transaction.
const BATCH: i64 = 20;
/// How long the job looks away at the most.
const TICK: Duration = Duration::from_secs(1);

/// A collection as it is now: as it is kept, and with the swaps that have come since.
pub(super) fn present(read: &mut Read<'_>, row: Row) -> Result<Collection, Problem> {
    let due = swaps(store::due(read.conn, &[row.id], read.now)?)?;
    Ok(collection(row)?.after(&due))
}

/// The same for several, with one statement.
pub(super) fn all_present(read: &mut Read<'_>, rows: Vec<Row>) -> Result<Vec<Collection>, Problem> {
    let ids: Vec<CollectionId> = rows.iter().map(|row| row.id).collect();
    let due = if ids.is_empty() { Vec::new() } else { swaps(store::due(read.conn, &ids, read.now)?)? };
    let with_swaps = |row: Row| {
        let own: Vec<Swap> = due.iter().filter(|swap| swap.collection_id == row.id).cloned().collect();
        Ok(collection(row)?.after(&own))
    };
    rows.into_iter().map(with_swaps).collect()
}

/// The first instant after this one at which a swap is due.
pub fn next_change(read: &mut Read<'_>, after: UtcTime) -> Result<Option<UtcTime>, Problem> {
    Ok(store::next_swap_after(read.conn, after)?)
}

/// The collection that a change is made to, with what the clock has made of it written down and told. From here on nobody
/// else changes one until this transaction has ended.
pub(super) fn settled(tx: &mut Tx<'_>, id: CollectionId) -> Result<Collection, Problem> {
    store::take_turns(tx.conn)?;
    let row = store::find(tx.conn, id)?.ok_or_else(Problem::not_found)?;
    settle(tx, row)
}

fn settle(tx: &mut Tx<'_>, row: Row) -> Result<Collection, Problem> {
    let due = swaps(store::due(tx.conn, &[row.id], tx.now)?)?;
    let kept = collection(row)?;
    if due.is_empty() {
        return Ok(kept);
    }
    let before = state(&kept)?;
    let changed = kept.after(&due);
    store::update(tx.conn, &self::row(&changed)?)?;
    store::delete_swaps(tx.conn, &due.iter().map(|swap| swap.id).collect::<Vec<_>>())?;
    tx.restate(changed.id, Some(before), Some(state(&changed)?));
    for swap in &due {
        let late = tx.now.since(swap.at).as_millis();
        let done = SwapDone { id: swap.id, at: swap.at, late_ms: u64::try_from(late).unwrap_or(u64::MAX) };
        tell(tx, "collection.updated", &changed, Some(done))?;
    }
    Ok(changed)
}

/// The fingerprint of what is kept of a collection.
pub(super) fn state(of: &Collection) -> Result<Vec<u8>, Problem> {
    fingerprint(&(of.id, of.version, &of.form))
}

/// Notes what became of a collection.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    topic: &'static str,
    collection: &Collection,
    swap: Option<SwapDone>,
) -> Result<(), Problem> {
    let event = CollectionEvent { slug: collection.form.present_slug().to_owned(), swap };
    tx.record(Change::public(topic, collection.id, serde_json::to_value(event)?));
    Ok(())
}

/// Tells the swaps that have come, and says when the next one does. Readers need none of this to see what is right.
pub async fn announce(app: App) -> Result<Duration, Problem> {
    let now = app.now();
    match app.read(|read| Ok(store::next_swap(read.conn)?)).await? {
        None => Ok(TICK),
        Some(next) if next > now => Ok(next.since(now).min(TICK)),
        Some(_) => {
            app.write(Actor::itself(), settle_due).await?;
            Ok(Duration::ZERO)
        }
    }
}

fn settle_due(tx: &mut Tx<'_>) -> Result<(), Problem> {
    store::take_turns(tx.conn)?;
    for row in store::turned(tx.conn, tx.now, BATCH)? {
        settle(tx, row)?;
    }
    Ok(())
}

pub(super) fn row(collection: &Collection) -> Result<Row, Problem> {
    let Collection { id, form, version, created_at, updated_at } = collection;
    let slug = form.present_slug();
    Ok(Row {
        id: *id,
        slug: slug.to_owned(),
        slug_key: slug::key(slug),
        sort_key: arabic::fold(&form.name),
        content: serde_json::to_string(form)?,
        version: *version,
        created_at: *created_at,
        updated_at: *updated_at,
    })
}

pub(super) fn collection(row: Row) -> Result<Collection, Problem> {
    let Row { id, slug: _, slug_key: _, sort_key: _, content, version, created_at, updated_at } = row;
    let form: CollectionIn = serde_json::from_str(&content)?;
    Ok(Collection { id, form, version, created_at, updated_at })
}

pub(super) fn swap_row(swap: &Swap) -> Result<SwapRow, Problem> {
    let Swap { id, collection_id, at, slots, created_by, created_at } = swap.clone();
    Ok(SwapRow { id, collection_id, at, slots: serde_json::to_string(&slots)?, created_by, created_at })
}

pub(super) fn swaps(rows: Vec<SwapRow>) -> Result<Vec<Swap>, Problem> {
    let swap = |row: SwapRow| {
        let SwapRow { id, collection_id, at, slots, created_by, created_at } = row;
        Ok(Swap { id, collection_id, at, slots: serde_json::from_str(&slots)?, created_by, created_at })
    };
    rows.into_iter().map(swap).collect()
}

//! Collections: front pages that editors put together, by hand and by rule. Delivery shows what is published of them now; an
//! article that is not leaves no trace, and comes back by itself.
//!
//! A swap is other slots from an instant on. Readers see it then without anyone doing anything: what a collection is follows
//! from the clock, and the next change or a job writes it down and tells of it.

pub mod dto;
pub mod http;
mod kept;
pub mod model;
mod store;

use crate::app::{Read, Tx};
use crate::articles::{self, ArticleView, Pick};
use crate::auth::Permit;
use crate::auth::actions::ManageCollections;
use crate::cache::{Facet, Rest};
use crate::db::page::{PageRequest, Slice};
use crate::db::{QueryError, violates};
use crate::events::{Change, Kind, fingerprint};
use crate::fault::{Fault, Faults};
use crate::http::{Expected, Patch};
use crate::ids::{ArticleId, CollectionId, RecordId, SwapId};
use crate::problem::{Code, Problem};
use crate::records;
use crate::text::slug::{self, Slug};
use dto::{CollectionEvent, CollectionIn, CollectionView, SwapEvent, SwapIn};
use kept::{all_present, collection, present, row, settled, state, swap_row, swaps, tell};
use model::{Collection, Slot, Swap, check_slots};

pub use kept::{announce, next_change};

/// Swaps that a collection has ahead at most.
const SWAPS_MAX: usize = 100;

/// What happens to collections.
pub const EVENTS: &[Kind] = &[
    Kind::of::<CollectionEvent>("collection.created", "A collection was added."),
    Kind::of::<CollectionEvent>("collection.updated", "A collection was changed, by hand or by a swap."),
    Kind::of::<CollectionEvent>("collection.deleted", "A collection was removed."),
    Kind::of::<SwapEvent>("collection.swap_scheduled", "It was planned what a collection shows from an instant on."),
    Kind::of::<SwapEvent>("collection.swap_cancelled", "Such a plan was given up."),
];

/// Where a look-up by id or slug leads.
#[derive(Clone, Debug)]
pub enum Sought {
    /// Here, and what it rests on.
    Here(Box<CollectionView>, Rest),
    /// To the present slug.
    Moved(String),
}

/// A page of collections, by name.
pub fn public_list(read: &mut Read<'_>, page: &PageRequest) -> Result<Slice<Collection>, Problem> {
    let Slice { rows, next, prev, total } = store::list(read.conn, page)?;
    Ok(Slice { rows: rows.into_iter().map(collection).collect::<Result<_, _>>()?, next, prev, total })
}

/// A collection by its id or slug, with what is published of it now.
pub fn public(read: &mut Read<'_>, id_or_slug: &str, public_url: &str) -> Result<Sought, Problem> {
    let key = slug::key(id_or_slug);
    let found = match CollectionId::parse(id_or_slug) {
        Ok(id) => store::find(read.conn, id)?,
        Err(_) => store::find_by_slug(read.conn, &key)?,
    };
    let Some(row) = found else {
        return store::moved_from(read.conn, &key)?.map(Sought::Moved).ok_or_else(Problem::not_found);
    };
    let collection = present(read, row)?;
    let picks: Vec<_> = collection.form.slots.iter().map(Slot::pick).collect();
    let max = usize::try_from(collection.form.max_items).unwrap_or_default();
    let items = articles::picked(read, &picks, max, public_url)?;
    let mut rest = ArticleView::rest(&items);
    rest.and(Facet::Collections);
    picks.iter().filter_map(Pick::facet).for_each(|facet| rest.and(facet));
    Ok(Sought::Here(Box::new(CollectionView::showing(collection, items)), rest))
}

/// A page of collections with their slots, by name.
pub fn list(
    read: &mut Read<'_>,
    _: &Permit<ManageCollections>,
    page: &PageRequest,
) -> Result<Slice<Collection>, Problem> {
    let Slice { rows, next, prev, total } = store::list(read.conn, page)?;
    Ok(Slice { rows: all_present(read, rows)?, next, prev, total })
}

/// A collection with its slots.
pub fn open(read: &mut Read<'_>, _: &Permit<ManageCollections>, id: CollectionId) -> Result<Collection, Problem> {
    let row = store::find(read.conn, id)?.ok_or_else(Problem::not_found)?;
    present(read, row)
}

/// Makes a collection.
pub fn create(tx: &mut Tx<'_>, _: &Permit<ManageCollections>, form: CollectionIn) -> Result<Collection, Problem> {
    store::take_turns(tx.conn)?;
    let form = sluggish(form.checked()?)?;
    check_references(tx, &form.slots, &[])?;
    let made = Collection { id: tx.next_id(), form, version: 1, created_at: tx.now, updated_at: tx.now };
    let kept = row(&made)?;
    store::forget_redirects(tx.conn, &[&kept.slug_key])?;
    store::insert(tx.conn, &kept).map_err(refusal)?;
    tx.restate(made.id, None, Some(state(&made)?));
    tell(tx, "collection.created", &made, None)?;
    Ok(made)
}

/// Changes a collection that is still as the caller saw it.
pub fn update(
    tx: &mut Tx<'_>,
    _: &Permit<ManageCollections>,
    id: CollectionId,
    expected: &Expected,
    patch: &Patch<CollectionIn>,
) -> Result<Collection, Problem> {
    let before = settled(tx, id)?;
    expected.check(before.version)?;
    let form = sluggish(patch.apply(&before.form)?.checked()?)?;
    check_references(tx, &form.slots, &before.form.slots)?;
    let old_key = slug::key(before.form.present_slug());
    let old_state = state(&before)?;
    let changed = Collection { form, version: before.version + 1, updated_at: tx.now, ..before };
    let kept = row(&changed)?;
    store::update(tx.conn, &kept).map_err(refusal)?;
    if kept.slug_key != old_key {
        store::redirect(tx.conn, id, [&old_key, &kept.slug_key])?;
    }
    tx.restate(id, Some(old_state), Some(state(&changed)?));
    tell(tx, "collection.updated", &changed, None)?;
    Ok(changed)
}

/// Removes a collection, with what is planned for it.
pub fn delete(
    tx: &mut Tx<'_>,
    _: &Permit<ManageCollections>,
    id: CollectionId,
    expected: &Expected,
) -> Result<(), Problem> {
    let present = settled(tx, id)?;
    expected.check(present.version)?;
    store::delete(tx.conn, id)?;
    tx.restate(id, Some(state(&present)?), None);
    tell(tx, "collection.deleted", &present, None)
}

/// The swaps that a collection has ahead, the next one first.
pub fn ahead(read: &mut Read<'_>, _: &Permit<ManageCollections>, id: CollectionId) -> Result<Vec<Swap>, Problem> {
    store::find(read.conn, id)?.ok_or_else(Problem::not_found)?;
    swaps(store::ahead(read.conn, id, read.now)?)
}

/// Plans what a collection shows from an instant on.
pub fn schedule(
    tx: &mut Tx<'_>,
    permit: &Permit<ManageCollections>,
    id: CollectionId,
    expected: &Expected,
    said: SwapIn,
) -> Result<Swap, Problem> {
    let present = settled(tx, id)?;
    expected.check(present.version)?;
    let SwapIn { at, slots } = said;
    let mut faults = Faults::new();
    if at <= tx.now {
        faults.add("/at", Fault::NotLater);
    }
    check_slots(&mut faults, &slots);
    faults.finish(Some(()))?;
    check_references(tx, &slots, &present.form.slots)?;
    if store::ahead(tx.conn, id, tx.now)?.len() >= SWAPS_MAX {
        return Err(Problem::new(Code::LimitReached).with("limit", SWAPS_MAX));
    }
    let by = permit.user.id;
    let swap = Swap { id: tx.next_id(), collection_id: id, at, slots, created_by: by, created_at: tx.now };
    store::insert_swap(tx.conn, &swap_row(&swap)?)?;
    tx.restate(id, None, Some(planned(&swap)?));
    tell_swap(tx, "collection.swap_scheduled", &present, &swap)?;
    Ok(swap)
}

/// Gives up what was planned.
pub fn cancel(
    tx: &mut Tx<'_>,
    _: &Permit<ManageCollections>,
    (id, swap): (CollectionId, SwapId),
    expected: &Expected,
) -> Result<(), Problem> {
    let present = settled(tx, id)?;
    let ahead = swaps(store::ahead(tx.conn, id, tx.now)?)?;
    let swap = ahead.into_iter().find(|one| one.id == swap).ok_or_else(Problem::not_found)?;
    expected.check(present.version)?;
    store::delete_swaps(tx.conn, &[swap.id])?;
    tx.restate(id, Some(planned(&swap)?), None);
    tell_swap(tx, "collection.swap_cancelled", &present, &swap)
}

/// The fingerprint of what is kept of a swap.
fn planned(swap: &Swap) -> Result<Vec<u8>, Problem> {
    let Swap { id, collection_id, at, slots, created_by, created_at } = swap;
    fingerprint(&(id, collection_id, at, slots, created_by, created_at))
}

/// Notes what only the newsroom may know.
fn tell_swap(tx: &mut Tx<'_>, topic: &'static str, of: &Collection, swap: &Swap) -> Result<(), Problem> {
    let event = SwapEvent { slug: of.form.present_slug().to_owned(), swap_id: swap.id, at: swap.at };
    tx.record(Change::newsroom(topic, of.id, serde_json::to_value(event)?));
    Ok(())
}

/// A form with the slug that its name gives, where the writer chose none.
fn sluggish(form: CollectionIn) -> Result<CollectionIn, Problem> {
    let text = form.slug.clone().unwrap_or_else(|| slug::from_title(&form.name));
    let slug = Slug::parse(&text).map_err(|fault| Problem::field("/slug", fault))?;
    Ok(form.with_slug(&slug))
}

/// Refuses slots that newly name what there is not.
fn check_references(tx: &mut Tx<'_>, slots: &[Slot], before: &[Slot]) -> Result<(), Problem> {
    let (mut articles, mut records) = (Vec::<(String, ArticleId)>::new(), Vec::<(String, _, RecordId)>::new());
    for (index, slot) in slots.iter().enumerate().filter(|(_, slot)| !before.contains(slot)) {
        match slot {
            Slot::Article(slot) => articles.push((format!("/slots/{index}/articleId"), slot.article_id)),
            Slot::Automatic(slot) => {
                let section =
                    slot.section_id.map(|id| (format!("/slots/{index}/sectionId"), records::Kind::Section, id));
                let tag = slot.tag_id.map(|id| (format!("/slots/{index}/tagId"), records::Kind::Tag, id));
                records.extend(section.into_iter().chain(tag));
            }
        }
    }
    let ids: Vec<ArticleId> = articles.iter().map(|(_, id)| *id).collect();
    let known = articles::existing(&mut tx.reading(), &ids)?;
    let ids: Vec<RecordId> = records.iter().map(|(.., id)| *id).collect();
    let references = records::references(&mut tx.reading(), &ids)?;
    let mut faults = Faults::new();
    for (pointer, _) in articles.into_iter().filter(|(_, id)| !known.contains(id)) {
        faults.add(pointer, Fault::NotFound);
    }
    for (pointer, kind, id) in records {
        if references.get(&id).is_none_or(|reference| reference.kind != kind) {
            faults.add(pointer, Fault::NotFound);
        }
    }
    faults.finish(Some(())).map_err(Problem::from)
}

fn refusal(error: QueryError) -> Problem {
    if violates(&error, "collections", "slug_key") { Problem::new(Code::Duplicate) } else { error.into() }
}

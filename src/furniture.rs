//! Page furniture: what every page has around its articles, which is the site, and the names of sections, tags, sources and
//! authors. It is asked for with each answer and changes seldom, so a node has it as it last parsed it.
//!
//! Whatever changes any of it draws a new mark, in the same transaction. What was parsed is kept under the mark that its
//! snapshot had, and found by whoever has the same: exactly what they would read themselves. A mark is never drawn twice, so
//! nothing that was kept under one of a transaction that failed is ever found. A transaction of PostgreSQL that writes has no
//! one snapshot, so it reads for itself.

use std::cell::Cell;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::app::Read;
use crate::db::Conn;
use crate::events;
use crate::ids::{FurnitureId, RecordId};
use crate::problem::Problem;
use crate::records::{Kind, Reference};
use crate::site::Site;

/// Records that a node keeps.
const RECORDS_MAX: usize = 2_048;
/// Names by which lists are narrowed that it keeps.
const NAMES_MAX: usize = 512;

/// The mark of the furniture, none before it was first changed.
type Mark = Option<FurnitureId>;

/// The furniture as a node has last parsed it.
#[derive(Debug)]
pub struct Furniture {
    /// The site.
    pub site: Shelf<(), Site>,
    /// What names records.
    pub records: Shelf<RecordId, Reference>,
    /// The records that a name stands for where somebody narrows a list by it.
    pub meant: Shelf<(Kind, String), Vec<RecordId>>,
}

impl Default for Furniture {
    fn default() -> Self {
        Self {
            site: Shelf(Cache::new(1)),
            records: Shelf(Cache::new(RECORDS_MAX)),
            meant: Shelf(Cache::new(NAMES_MAX)),
        }
    }
}

/// Some of it, by its keys.
pub struct Shelf<K, V>(Cache<K, (Mark, Arc<V>)>);

impl<K, V> fmt::Debug for Shelf<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

/// The furniture, for one snapshot or transaction.
#[derive(Debug)]
pub struct Surroundings<'f> {
    /// Nothing for what reads for itself.
    furniture: Option<&'f Furniture>,
    /// The mark, once it was looked up.
    mark: Cell<Option<Mark>>,
    /// The transaction changes some of it itself: nobody else is to see that, nor itself what was before.
    is_changed: Cell<bool>,
}

impl<'f> Surroundings<'f> {
    /// Those of a snapshot that begins now.
    pub(crate) const fn of_snapshot(furniture: &'f Furniture) -> Self {
        Self::new(Some(furniture))
    }

    /// Those of a transaction on a connection.
    pub(crate) const fn of_transaction(conn: &Conn, furniture: &'f Furniture) -> Self {
        match conn {
            Conn::Sqlite(_) => Self::new(Some(furniture)),
            Conn::Postgres(_) => Self::new(None),
        }
    }

    const fn new(furniture: Option<&'f Furniture>) -> Self {
        Self { furniture, mark: Cell::new(None), is_changed: Cell::new(false) }
    }

    /// Says that some of it is changed.
    pub(crate) fn change(&self) {
        self.is_changed.set(true);
    }

    /// Whether some of it is changed.
    pub(crate) const fn are_changed(&self) -> bool {
        self.is_changed.get()
    }
}

impl Read<'_> {
    /// Some furniture as it was parsed for this very state of it, if it was.
    pub fn furnished<K: Eq + Hash, V>(
        &mut self,
        of: impl Fn(&Furniture) -> &Shelf<K, V>,
        key: &K,
    ) -> Result<Option<Arc<V>>, Problem> {
        let Some((furniture, present)) = self.marked()? else { return Ok(None) };
        let kept = of(furniture).0.get(key);
        Ok(kept.filter(|(mark, _)| *mark == present).map(|(_, value)| value))
    }

    /// Keeps some that was just parsed.
    pub fn furnish<K: Eq + Hash, V>(
        &mut self,
        of: impl Fn(&Furniture) -> &Shelf<K, V>,
        key: K,
        value: &Arc<V>,
    ) -> Result<(), Problem> {
        if let Some((furniture, present)) = self.marked()? {
            of(furniture).0.insert(key, (present, Arc::clone(value)));
        }
        Ok(())
    }

    /// The furniture with its present mark, for whoever may use it.
    fn marked(&mut self) -> Result<Option<(&Furniture, Mark)>, Problem> {
        let around = self.around;
        let Some(furniture) = around.furniture.filter(|_| !around.are_changed()) else { return Ok(None) };
        let mark = match around.mark.get() {
            Some(mark) => mark,
            None => events::furniture(self)?,
        };
        around.mark.set(Some(mark));
        Ok(Some((furniture, mark)))
    }
}

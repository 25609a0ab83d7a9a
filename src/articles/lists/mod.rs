//! Lists of what is published now, as everyone may narrow and sort them.

pub(super) mod store;

use self::store::Wanted;
use super::query::Sort;
use super::ranked;
use super::store::Live;
use crate::app::Read;
use crate::db::page::{PageRequest, Slice};
use crate::problem::Problem;
use crate::{comments, readership};

/// A page of what is wanted, in the order that is wanted.
pub(super) fn list(read: &mut Read<'_>, wanted: &Wanted, page: &PageRequest) -> Result<Slice<Live>, Problem> {
    let ranking = match wanted.sort {
        Sort::MostRead => readership::most_read(read)?,
        Sort::MostCommented => comments::most_discussed(read)?,
        Sort::Newest | Sort::Oldest | Sort::LatestChange => {
            return Ok(store::list(read.conn, wanted, read.now, page)?);
        }
    };
    ranked::list(read, ranking, wanted, page)
}

//! What goes with articles, in one look: how much is said about them, what moderators say of that, and of what else there is
//! anything to look up.

use std::collections::HashMap;

use super::discussions::Ruling;
use super::store;
use crate::app::Read;
use crate::ids::ArticleId;
use crate::problem::Problem;

/// What goes with one article.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Company {
    pub comment_count: i64,
    pub ruling: Ruling,
    /// Something was put right in some revision.
    pub is_corrected: bool,
    /// Some publication, of whatever time, rewrites it.
    pub is_rewritten: bool,
    /// Some publication, of whatever time, translates it.
    pub is_translated: bool,
}

/// What goes with each of some articles; nothing with those that are not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Companies(HashMap<ArticleId, Company>);

impl Companies {
    /// What goes with these.
    pub fn of(read: &mut Read<'_>, ids: &[ArticleId]) -> Result<Self, Problem> {
        let found = if ids.is_empty() { Vec::new() } else { store::company(read.conn, ids)? };
        Ok(Self(found.into_iter().collect()))
    }

    /// What goes with one of them.
    pub fn with(&self, id: ArticleId) -> Company {
        self.0.get(&id).copied().unwrap_or_default()
    }
}

//! Beats: the sections that an editor covers. Elsewhere an editor does what a journalist does.

use std::collections::HashSet;

use super::dto::ArticleIn;
use super::told::sections;
use crate::app::Read;
use crate::auth::{Role, User};
use crate::ids::RecordId;
use crate::problem::{Code, Problem};
use crate::records;

/// What somebody covers; everything where nothing binds them.
#[derive(Clone, Debug)]
pub(super) struct Beat(Option<HashSet<RecordId>>);

impl Beat {
    /// The sections of an editor with all below them.
    pub fn of(read: &mut Read<'_>, by: &User) -> Result<Self, Problem> {
        if by.role != Role::Editor || by.sections.is_empty() {
            return Ok(Self(None));
        }
        let all = records::with_descendants(read, by.sections.clone())?;
        Ok(Self(Some(all.into_iter().collect())))
    }

    /// Whether it includes what is filed in a section; what is filed nowhere yet is anybody's.
    pub fn covers(&self, section: Option<RecordId>) -> bool {
        self.0.as_ref().zip(section).is_none_or(|(covered, section)| covered.contains(&section))
    }

    /// Refuses what would be listed in a section outside of it.
    ///
    /// # Errors
    /// `forbidden`, with the sections.
    pub fn check(&self, form: &ArticleIn) -> Result<(), Problem> {
        let outside: Vec<String> =
            sections(form).into_iter().filter(|id| !self.covers(Some(*id))).map(|id| id.to_string()).collect();
        if outside.is_empty() { Ok(()) } else { Err(elsewhere(outside)) }
    }
}

/// The caller may know of it, and not do this in these sections.
pub(super) fn elsewhere(sections: Vec<String>) -> Problem {
    Problem::new(Code::Forbidden).with("permission", "article.publish").with("sectionIds", sections)
}

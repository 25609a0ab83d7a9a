//! Beats: the sections that an editor covers. Elsewhere an editor does what a journalist does.

use std::collections::HashSet;

use super::store::Head;
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

    /// Whether it includes an article. One that is public, or will be, and is filed nowhere any more is nobody's.
    pub fn covers_head(&self, head: &Head) -> bool {
        let is_out = head.live_version.is_some() || head.ahead.due_at.is_some();
        if head.section_id.is_none() && is_out { self.0.is_none() } else { self.covers(head.section_id) }
    }

    /// Refuses what is listed in a section outside of it, or would be.
    ///
    /// # Errors
    /// `forbidden`, with the sections.
    pub fn check(&self, sections: &[RecordId]) -> Result<(), Problem> {
        let outside: Vec<String> =
            sections.iter().filter(|id| !self.covers(Some(**id))).map(ToString::to_string).collect();
        if outside.is_empty() { Ok(()) } else { Err(elsewhere(outside)) }
    }
}

/// The caller may know of it, and not do this in these sections.
pub(super) fn elsewhere(sections: Vec<String>) -> Problem {
    Problem::new(Code::Forbidden).with("permission", "article.publish").with("sectionIds", sections)
}

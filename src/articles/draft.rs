//! What comes in, made ready to be written: all that can be said of a form without the database. For what is new that is done
//! before anything waits for its turn.

use super::cleaned::Stripped;
use super::dto::ArticleIn;
use super::lint::Prints;
use crate::blocks::Body;
use crate::problem::Problem;

/// A form as it may be kept, with what was made of it.
#[derive(Debug)]
pub struct Draft {
    pub(super) form: ArticleIn,
    pub(super) body: Body,
    pub(super) prints: Prints,
    /// What did not stay as it came.
    pub(super) stripped: Stripped,
}

impl Draft {
    /// Reads, cleans and measures a form.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of(form: ArticleIn) -> Result<Self, Problem> {
        let stripped = Stripped::of(&form)?;
        let (form, body) = form.checked()?;
        Ok(Self { prints: Prints::of(&body), form, body, stripped })
    }
}

//! Breaking news: short, urgent, and gone by itself. People draft, approve, issue, update, retract, supersede and cancel
//! alerts; their start and their end are the clock's, at the instant, with no job running.
//!
//! Nothing is sent from here: every change is an event in the log, and it is public exactly when readers may know
//! of the alert. What the clock does is told by whoever comes first: the next change, or a job that looks.

mod clock;
mod delivery;
mod desk;
pub mod dto;
pub mod http;
mod kept;
mod keys;
pub mod model;
mod store;
mod told;
pub mod view;

pub use clock::announce;
pub use delivery::{about, active, list as public_list, next_change, of_story, one as public, turned_between};
pub use desk::{
    Place, approve, audience, begin_article, cancel, draft, edit, issue, list, of_story_at_desk, read, retract,
    supersede, update,
};
pub use told::EVENTS;

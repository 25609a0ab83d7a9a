//! Articles: from a first draft to a published story and its next version.
//!
//! The newsroom works on a *working copy*; every step makes a *revision*, kept for good and chained by hashes.
//! Publishing freezes a revision as a *publication*, and delivery reads nothing else: what is visible follows
//! from the clock, and a draft can't be reached from there.

mod compact;
mod delivery;
mod desk;
pub mod dto;
pub mod http;
mod model;
mod names;
mod store;
mod told;
mod views;

pub use compact::{CompactArticle, Which, among, newest};
pub use delivery::{Discussion, Listed, Sought, discussion, exists, find, list, live_among};
pub use desk::{
    Notes, Order, Revision, Saved, count_comments, create, editor_step, history, open, revise, revision, worklist,
    write_step,
};
pub use model::{ArticleState, Step};
pub use told::EVENTS;
pub use views::NewsroomArticleView;

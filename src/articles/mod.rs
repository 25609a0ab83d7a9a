//! Articles: from a first draft to a published story and its next version.
//!
//! The newsroom works on a *working copy*; every step makes a *revision*, kept for good and chained by hashes.
//! Publishing freezes a revision as a *publication*, and delivery reads nothing else: what is visible follows
//! from the clock, and a draft can't be reached from there.
//!
//! | in here | what it does |
//! |---|---|
//! | `draft`, `model`, `desk`, `steps`, `kept`, `bulk` | the rules, and the newsroom's use cases |
//! | `turns`, `corrections` | what the clock does, and what was put right in public |
//! | `beat`, `eyes`, `locks`, `lint` | what may stand in the way of a step |
//! | `discussions` | who may comment, as moderators say |
//! | `revisions`, `previews`, `worklist` | what was, what it would look like, what there is to do |
//! | `search` | what finds it |
//! | `delivery`, `lists`, `views`, `compact`, `kin`, `ranked`, `related`, `translations` | what everyone reads, and what belongs together |

mod beat;
mod bulk;
mod cleaned;
mod compact;
mod company;
mod corrections;
mod delivery;
mod desk;
mod desk_views;
mod discussions;
mod draft;
pub mod dto;
mod eyes;
pub mod http;
mod kept;
mod kin;
mod lint;
mod lists;
mod locks;
mod model;
mod names;
mod picked;
mod previews;
mod query;
mod ranked;
mod related;
mod revisions;
mod search;
mod steps;
mod store;
mod told;
mod translations;
mod turns;
mod views;
mod worklist;

pub use compact::{CompactArticle, Which, among, newest};
pub use corrections::{CorrectionKind, CorrectionView};
pub use delivery::{
    Discussion, Listed, Sought, bylines, discussion, exists, find, is_live, list, live_among, own_policies, published,
};
pub use desk::{check_known, count_comments, create, history, open, revise, revision};
pub use desk_views::NewsroomArticleView;
pub use draft::Draft;
pub use kept::{Revision, Saved};
pub use kin::{of_story, of_story_at_desk};
pub use locks::{LockIn, LockView, lock, read_lock, renew_lock, unlock};
pub use model::{ArticleState, Step};
pub use picked::{Pick, Rule, existing, picked};
pub use query::{ArticleQuery, OneArticleQuery, Sort};
pub use related::related;
pub use revisions::{Restoration, RevisionDiff, Verification, compare, restore, verify};
pub use search::dto::{Facets, SearchHit, SearchQuery, SearchSort, SuggestQuery, Suggestions};
pub use search::{catch_up, search, suggest};
pub use steps::{Notes, Order, editor_step, kill, write_step};
pub use told::EVENTS;
pub use translations::{TranslationIn, translate};
pub use turns::{Withheld, announce, next_change, turned_between, withheld};
pub use views::ArticleView;

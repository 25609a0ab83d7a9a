//! What every handler shares: how a request is read, checked against the contract, answered and refused.
//!
//! A handler is: a [`Permit`](crate::auth::Permit) if one is needed, a [`Call`], the path, an [`Input`] or
//! [`Query`] → one use case → a [`Reply`]. This room knows nothing of any noun.

mod call;
mod caller;
mod contract;
mod declared;
mod deeds;
mod input;
mod json;
pub mod layer;
mod listing;
mod query;
mod reply;
mod routes;
mod surface;
mod tag;
mod unread;

pub use call::{Agent, Call, Expected, GUEST, KEPT, RequestId, Segment, Segments, address};
pub use contract::{Contract, REPETITIONS_MAX};
pub use input::{Empty, Input, Patch, parse};
pub use layer::is_head;
pub use query::{FieldsQuery, ListQuery, Page, PageView, Query, Unfiltered, View};
pub use reply::{Reply, SURROGATE_KEY, named};
pub use routes::{Described, Routes};

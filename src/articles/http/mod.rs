//! Articles over HTTP, on both surfaces.

pub mod bulk;
pub mod delivery;
pub mod discussions;
pub mod locks;
pub mod newsroom;
pub mod previews;
pub mod revisions;
pub mod search;
pub mod steps;
pub mod translations;
pub mod worklist;

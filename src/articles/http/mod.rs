//! Articles over HTTP, on both surfaces.

pub mod bulk;
pub mod delivery;
pub mod newsroom;
pub mod revisions;
pub mod steps;
pub mod translations;

//! Comments over HTTP, on both surfaces.

mod bulk;
pub mod delivery;
mod desk;
pub mod newsroom;
pub mod reactions;
pub mod reports;
pub(super) mod speaker;

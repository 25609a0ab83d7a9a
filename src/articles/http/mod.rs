//! Articles over HTTP, on both surfaces.

pub mod delivery;
pub mod newsroom;
pub mod steps;

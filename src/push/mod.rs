//! Messages to browsers that are closed, by Web Push: how they are encrypted, and who says that they come from us.

pub mod encryption;
mod notice;
pub mod vapid;

use crate::events::Kind;

pub use notice::{Cause, Notice};

/// What is asked of this room.
pub const EVENTS: &[Kind] = &[Kind::of::<Notice>(
    "push.requested",
    "Phones and browsers shall be told of an alert; bridges to apps hear it as well.",
)];

//! Messages to browsers that are closed, by Web Push: how they are encrypted, and who says that they come from us.

pub mod encryption;
pub mod vapid;

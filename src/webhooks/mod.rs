//! Events on their way to partners, by the Standard Webhooks specification.

pub mod signature;

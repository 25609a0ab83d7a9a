//! Lists of what is published now, as everyone may narrow and sort them.

pub(super) mod store;

//! Where news comes from: agencies, other publishers, officials, the own desk. Articles credit them in order.
//! Keeping them is `records`' work; this room says what a source is.

pub mod dto;
pub mod http;

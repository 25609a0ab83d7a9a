//! Whose names stand above articles. An author need not have an account, nor an account an author. Keeping them is
//! `records`' work; this room says what an author is.

pub mod dto;
pub mod http;

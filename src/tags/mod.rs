//! What articles are about: subjects, people, organisations and places. Keeping them is `records`' work; this room
//! says what a tag is.

pub mod dto;
pub mod http;

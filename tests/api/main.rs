//! The API as its clients see it: requests against the whole application, on a database of their own each.
//!
//! The suite runs on SQLite; `postgres.rs` runs it once more on PostgreSQL. Every answer to every request is
//! held against the OpenAPI document by `support::client`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    missing_docs,
    reason = "a test that fails stops"
)]

mod alerts;
mod appeals;
mod article_addresses;
mod article_lists;
mod articles;
mod audit;
mod bad_input;
mod bad_tokens;
mod bulk;
mod cache;
mod collections;
mod comment_desk;
mod comment_streams;
mod comments;
mod comments_leaks;
mod conditional;
mod contract;
mod costs;
mod discussion_walk;
mod embargo;
mod event_order;
mod external;
mod factors;
mod feeds;
mod four_eyes;
mod furniture;
mod generate;
mod grants;
mod guests;
mod hostile_texts;
mod hosts;
mod idempotency;
mod invitations;
mod keys;
mod leaks;
mod limits;
mod lint;
mod locks;
mod migrations;
mod moderation;
mod oidc;
mod own_comments;
mod pages;
mod permissions;
mod plans;
mod postgres;
mod previews;
mod privacy;
mod process;
mod properties;
mod push;
mod push_rounds;
mod reactions;
mod readership;
mod records;
mod recovery;
mod refusals;
mod registration;
mod related;
mod replay;
mod replicas;
mod reports;
mod revisions;
mod sanctions;
mod schedule;
mod search;
mod seed_page;
mod sessions;
mod sign_ins;
mod sources;
mod standards;
mod stories;
mod streams;
mod support;
mod surfaces;
mod sync;
mod texts;
mod threads;
mod translations;
mod users;
mod webhooks;
mod word_lists;
mod worklist;
mod writes;

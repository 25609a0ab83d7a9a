//! A connection to either database.
#![allow(missing_docs, reason = "items that the derive makes")]

use diesel::prelude::*;

/// A connection to either database; one query text serves both.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// Embedded.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

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

/// Runs a statement as one of the very database that this is. Through [`Conn`] its text is written out each time, even where
/// the connection has it prepared: this is for what readers ask for, and write, most.
macro_rules! directly {
    ($conn:expr, $own:ident => $run:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($own) => $run,
            $crate::db::Conn::Postgres($own) => $run,
        }
    };
}

pub(crate) use directly;

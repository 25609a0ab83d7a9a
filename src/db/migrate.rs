//! Brings the schema up to date from migrations that are part of the program.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Error, dialect};

/// SQLite's migrations.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
/// PostgreSQL's migrations: the same names, tables and columns.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Applies what is pending. Several nodes may start at once: they take turns.
pub fn up(conn: &mut Conn) -> Result<Vec<String>, Error> {
    dialect::alone(conn, |conn| {
        let applied = match conn {
            Conn::Sqlite(c) => c.run_pending_migrations(SQLITE),
            Conn::Postgres(c) => c.run_pending_migrations(POSTGRES),
        };
        applied
            .map(|versions| versions.iter().map(ToString::to_string).collect())
            .map_err(|error| Error::Migration(error.to_string()))
    })?
}

/// Reverts every migration, the newest first. Tests use it to prove that each can be undone.
pub fn down(conn: &mut Conn) -> Result<(), Error> {
    let reverted = match conn {
        Conn::Sqlite(c) => c.revert_all_migrations(SQLITE),
        Conn::Postgres(c) => c.revert_all_migrations(POSTGRES),
    };
    reverted.map(drop).map_err(|error| Error::Migration(error.to_string()))
}

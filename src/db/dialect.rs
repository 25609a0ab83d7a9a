//! What the two databases say differently, each behind a neutral name.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as QueryError};
use diesel::sql_types::{BigInt, Text};

use super::{Conn, statement};

/// What a transaction is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    /// One unchanging snapshot.
    Read,
    /// Changes; on SQLite it takes the write lock at once, since an upgrade later could fail.
    Write,
}

impl Access {
    pub(super) const fn sqlite(self) -> &'static str {
        match self {
            Self::Read => "BEGIN DEFERRED",
            Self::Write => "BEGIN IMMEDIATE",
        }
    }

    pub(super) const fn postgres(self) -> &'static str {
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }
}

/// Opens an SQLite file with the settings that Khabar's promises rest on: a write-ahead log synced at
/// every commit, foreign keys, and a wait for other processes instead of an error.
pub(super) fn open_sqlite(path: &str) -> ConnectionResult<Conn> {
    let mut conn = SqliteConnection::establish(path)?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 5000;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA mmap_size = 1099511627776;",
    )
    .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(Conn::Sqlite(conn))
}

/// Gives the connection that writes room for what it changes: 24 MiB of pages, since each new row goes to many places of
/// many indexes; lets the log grow to 16 MiB, so that such a place is written to the file once for many rows; and keeps in
/// memory, not in a file, what a request may take back.
pub(super) fn widen(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => {
            c.batch_execute("PRAGMA cache_size = -24576; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;")
        }
        Conn::Postgres(_) => Ok(()),
    }
}

/// Brings what a migration has written from the log to the file: a migration can write much of it anew, and until some later
/// commit did this, each reading would go through the log.
pub(super) fn settle(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE);"),
        Conn::Postgres(_) => Ok(()),
    }
}

/// The channel on which nodes tell each other that the event log has grown.
const CHANNEL: &str = "khabar_events";

/// Tells the other nodes, once this transaction is committed, that the event log has grown. An SQLite file has none.
pub fn notify(conn: &mut Conn) -> QueryResult<()> {
    if matches!(conn, Conn::Postgres(_)) {
        statement("SELECT pg_notify(?, '')").bind::<Text, _>(CHANNEL).execute(conn)?;
    }
    Ok(())
}

/// Begins to hear what [`notify`] tells.
pub(super) fn listen(conn: &mut Conn) -> QueryResult<()> {
    if let Conn::Postgres(c) = conn {
        c.batch_execute(&format!("LISTEN {CHANNEL}"))?;
    }
    Ok(())
}

/// Whether anything was told since the last call. It does not wait.
pub(super) fn heard(conn: &mut Conn) -> QueryResult<bool> {
    match conn {
        Conn::Postgres(c) => c.notifications_iter().try_fold(false, |_, notification| notification.map(|_| true)),
        Conn::Sqlite(_) => Ok(false),
    }
}

/// A statement that takes longer than this is ended by PostgreSQL, and its request fails.
const TIME_LIMIT: &str = "SET statement_timeout = '30s';";

/// Opens a connection to PostgreSQL.
pub(super) fn open_postgres(url: &str) -> ConnectionResult<Conn> {
    let mut conn = PgConnection::establish(&impatient(url))?;
    conn.batch_execute(&format!(
        "{TIME_LIMIT} SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning;"
    ))
    .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(Conn::Postgres(conn))
}

/// A server that does not answer is given up after a few seconds, unless the URL says something else.
fn impatient(url: &str) -> String {
    let limits = [
        ("connect_timeout", "4"),
        ("tcp_user_timeout", "4000"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "3"),
        ("keepalives_count", "3"),
        ("application_name", "khabar"),
    ];
    let unsaid = limits.iter().filter(|(name, _)| !url.contains(&format!("{name}=")));
    unsaid.fold(url.to_owned(), |url, (name, value)| {
        let joint = if url.contains('?') { '&' } else { '?' };
        format!("{url}{joint}{name}={value}")
    })
}

/// Whether a message speaks of a lock held elsewhere or of a server that went away.
pub(super) fn is_busy_or_gone(message: &str) -> bool {
    const SIGNS: [&str; 11] = [
        "database is locked",
        "database table is locked",
        "deadlock detected",
        "server closed the connection",
        "terminating connection",
        "the database system is",
        "could not receive data",
        "no connection to the server",
        "statement timeout",
        "SSL SYSCALL error",
        "SSL connection has been closed",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// Whether an error is the refusal of a second row with the same value in a unique column or index.
/// SQLite names `table.column`, PostgreSQL the index, which by our habit is `table_column_key`.
pub fn violates(error: &QueryError, table: &str, column: &str) -> bool {
    let QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else {
        return false;
    };
    info.constraint_name() == Some(&format!("{table}_{column}_key"))
        || info.message().contains(&format!("{table}.{column}"))
}

/// Whether an error is the refusal to remove or point at a row that a foreign key guards.
pub const fn violates_reference(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _))
}

/// Holds back every other node while `work` runs (PostgreSQL); an SQLite file has no other nodes.
pub(super) fn alone<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> T) -> Result<T, QueryError> {
    if let Conn::Postgres(c) = conn {
        // Neither the wait for another node nor a change to a large table is a statement that hangs.
        c.batch_execute(&format!("SET statement_timeout = 0; SELECT pg_advisory_lock({});", Door::Schema as i64))?;
    }
    let value = work(conn);
    if let Conn::Postgres(c) = conn {
        c.batch_execute(&format!("SELECT pg_advisory_unlock({}); {TIME_LIMIT}", Door::Schema as i64))?;
    }
    Ok(value)
}

/// What nodes and transactions take turns at. PostgreSQL knows it by a number; the first spells «khab».
#[derive(Clone, Copy, Debug)]
pub enum Door {
    /// Bringing the schema up to date.
    Schema = 0x6b68_6162,
    /// Issuing an alert.
    Alerts,
    /// Taking the role of an administrator away.
    Admins,
    /// Moving a section.
    Sections,
    /// Handing out what is to be pushed, and noting what became of it.
    Push,
    /// Taking what is due from the webhooks' queue.
    Deliveries,
    /// Changing a collection.
    Collections,
    /// Saying which articles belong together.
    Kin,
    /// Merging records, and naming tags.
    Records,
    /// Taking out what erased people have said.
    Erasures,
    /// Adding up views.
    Readership,
    /// Reading what was published before there was an index.
    Search,
    /// Sealing addresses that were kept in clear.
    Addresses,
}

/// Makes transactions that pass here take turns until each has ended, so that the later one sees what the
/// earlier one did. On SQLite they do so anyway.
pub fn take_turns(conn: &mut Conn, door: Door) -> QueryResult<()> {
    if matches!(conn, Conn::Postgres(_)) {
        statement("SELECT pg_advisory_xact_lock(?)").bind::<BigInt, _>(door as i64).execute(conn)?;
    }
    Ok(())
}

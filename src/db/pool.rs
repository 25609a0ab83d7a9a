//! Idle connections, and how many may be open at once.

use std::num::{NonZero, NonZeroU32};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Conn, Error, dialect};

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a server, with its password.
    Postgres(String),
}

impl Location {
    /// Reads `sqlite://path` or `postgres://…`; anything else is nobody's database.
    pub fn parse(url: &str) -> Option<Self> {
        match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Some(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => Some(Self::Postgres(url.to_owned())),
            _ => None,
        }
    }

    /// Whether it is inside this process.
    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// Connections that wait for work. SQLite's grow with the workers that ask; PostgreSQL's are counted.
pub(super) struct Pool {
    location: Location,
    idle: Mutex<Vec<Conn>>,
    free: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(location: Location, connections: usize) -> Self {
        let connections = match location {
            // Beside the workers, which ask for none of these.
            Location::Sqlite(_) => thread::available_parallelism().map_or(1, NonZero::get),
            Location::Postgres(_) => connections.max(1),
        };
        Self { location, idle: Mutex::new(Vec::new()), free: Arc::new(Semaphore::new(connections)) }
    }

    pub(super) const fn is_embedded(&self) -> bool {
        self.location.is_embedded()
    }

    /// Waits for one of the countable connections.
    pub(super) async fn permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        let wait = Arc::clone(&self.free).acquire_owned();
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Error::Full),
        }
    }

    /// One of the countable connections, if there is one to be had.
    pub(super) fn permit_at_once(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Runs `work` on a connection.
    pub(super) fn with<T, E: From<Error>>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        self.lend(self.take()?, work)
    }

    /// An idle connection, or a new one.
    fn take(&self) -> Result<Conn, Error> {
        self.idle().map_or_else(|| self.connect(), Ok)
    }

    /// A connection that waits for work.
    pub(super) fn idle(&self) -> Option<Conn> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Lends a connection that was taken, and keeps it only if it is still whole.
    pub(super) fn lend<T, E>(&self, mut conn: Conn, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let answer = work(&mut conn);
        if is_whole(&mut conn) {
            self.give_back(conn);
        } else {
            // Its siblings broke with it; the next request opens a new one.
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        answer
    }

    pub(super) fn give_back(&self, conn: Conn) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    }

    pub(super) fn connect(&self) -> Result<Conn, Error> {
        let opened = match &self.location {
            Location::Sqlite(path) => dialect::open_sqlite(&path.to_string_lossy()),
            Location::Postgres(url) => dialect::open_postgres(url),
        };
        opened.map_err(|error| Error::Away(error.to_string()))
    }
}

/// Whether no transaction is left open or broken.
fn is_whole(conn: &mut Conn) -> bool {
    depth(conn) == Some(0)
}

/// How many transactions are open within each other; nothing, where one is broken.
pub(super) fn depth(conn: &mut Conn) -> Option<u32> {
    let status = match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::transaction_manager_status_mut(c).transaction_depth(),
        Conn::Postgres(c) => AnsiTransactionManager::transaction_manager_status_mut(c).transaction_depth(),
    };
    status.ok().map(|depth| depth.map_or(0, NonZeroU32::get))
}

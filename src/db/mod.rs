//! The database: SQLite inside the process, or PostgreSQL beside it, behind one pair of doors.
//!
//! [`Db::read`] gives a consistent snapshot, [`Db::write`] one transaction that is answered only after its
//! commit. Rooms never learn which database they talk to; what can't be said portably is in [`dialect`].

mod beyond;
mod conn;
pub mod dialect;
mod kept;
pub mod migrate;
mod one_of;
pub mod page;
mod pool;
mod replicas;
pub mod replies;
pub mod schema;
mod statement;
pub mod types;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::DatabaseErrorKind;
use diesel::{Connection as _, RunQueryDsl as _};

pub use beyond::{Beyond, beyond};
pub use conn::Conn;
pub(crate) use conn::directly;
pub use dialect::violates;
pub use diesel::result::{Error as QueryError, QueryResult};
pub use kept::{Kept, kept};
pub use one_of::{Element, OneOf, list, one_of};
pub use pool::Location;
pub use statement::statement;

use dialect::Access;
use pool::Pool;
use replicas::Replicas;
use writer::Writer;

/// Between two looks for what other nodes have told; the client's library has no call that waits.
const LOOK: Duration = Duration::from_millis(15);
/// Before another try to hear them.
const AGAIN: Duration = Duration::from_secs(1);

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A statement failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// More writes are waiting than the queue holds.
    #[error("the write queue is full")]
    Full,
    /// The database can't be reached, or broke off.
    #[error("the database is away: {0}")]
    Away(String),
    /// Our own code panicked; the transaction was rolled back.
    #[error("a unit of work panicked")]
    Panicked,
    /// The schema could not be brought up to date.
    #[error("migration failed: {0}")]
    Migration(String),
}

impl Error {
    /// Tells a database that is away or busy from a statement that is wrong.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Full | Self::Away(_) => true,
            Self::Query(error) => is_away(error),
            Self::Panicked | Self::Migration(_) => false,
        }
    }
}

/// Whether the connection is of no more use, or another transaction was in the way.
fn is_away(error: &QueryError) -> bool {
    match error {
        QueryError::DatabaseError(kind, info) => {
            matches!(
                kind,
                DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::SerializationFailure
            ) || dialect::is_busy_or_gone(info.message())
        }
        QueryError::BrokenTransactionManager => true,
        _ => false,
    }
}

/// The database of one running Khabar. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    pool: Pool,
    /// SQLite has one writer at a time, so its writes queue for one thread; PostgreSQL's use the pool.
    writer: Option<Writer>,
    replicas: Replicas,
}

impl Db {
    /// Opens the database at a location and brings its schema up to date; with copies of it that answer reads, each on as
    /// many connections.
    pub fn open(location: &Location, replicas: &[Location], connections: usize) -> Result<Self, Error> {
        let pool = Pool::new(location.clone(), connections);
        let mut first = pool.connect()?;
        if !migrate::up(&mut first)?.is_empty() {
            dialect::settle(&mut first)?;
        }
        let writer = match location {
            Location::Sqlite(_) => {
                let again = Pool::new(location.clone(), 1);
                let open = move || {
                    let mut conn = again.connect()?;
                    dialect::widen(&mut conn)?;
                    Ok(conn)
                };
                dialect::widen(&mut first)?;
                Some(Writer::start(first, Box::new(open))?)
            }
            Location::Postgres(_) => {
                pool.give_back(first);
                None
            }
        };
        let replicas = Replicas::new(replicas, connections);
        Ok(Self(Arc::new(Inner { pool, writer, replicas })))
    }

    /// Runs a unit of work on one consistent snapshot. SQLite is read right here on the calling worker,
    /// which measured faster than any pool of threads; PostgreSQL is waited for on a blocking thread.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<QueryError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        if self.0.pool.is_embedded() {
            // A panic would break off the caller's connection; its own database connection falls away with it.
            let read = AssertUnwindSafe(|| self.0.pool.with(|conn| transaction(conn, Access::Read, work)));
            return catch_unwind(read).unwrap_or_else(|_| Err(Error::Panicked.into()));
        }
        self.run(Access::Read, work).await
    }

    /// The same on a blocking thread whichever the database, for what takes long enough to keep others waiting. On SQLite
    /// no more run at once than there are processors.
    pub async fn read_aside<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<QueryError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        self.run(Access::Read, work).await
    }

    /// Whether there are copies to read from.
    pub fn has_replicas(&self) -> bool {
        !self.0.replicas.is_empty()
    }

    /// Runs a unit of work on one consistent snapshot of a copy, which may be behind. `None` if none is to be had at once, if
    /// the work fails there, or if it says itself that this copy is of no use to it.
    pub async fn read_replica<T, E, F>(&self, work: F) -> Option<T>
    where
        T: Send + 'static,
        E: From<Error> + From<QueryError> + 'static,
        F: FnOnce(&mut Conn) -> Result<Option<T>, E> + Send + 'static,
    {
        self.0.replicas.read(work).await
    }

    /// Runs a unit of work in one transaction and answers once it is committed and synced.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<QueryError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        match &self.0.writer {
            Some(writer) => writer.submit(work).await,
            None => self.run(Access::Write, work).await,
        }
    }

    /// Looks a few dozen times a second whether another node has told that the event log has grown, and passes that on,
    /// until it is told to stop. An SQLite file has no other nodes.
    pub fn listen(&self, told: impl Fn(bool) -> bool + Send + 'static) {
        if self.0.pool.is_embedded() {
            return;
        }
        let inner = Arc::clone(&self.0);
        let listening = move || {
            while told(false) {
                if let Err(error) = hear(&inner.pool, &told) {
                    tracing::warn!(%error, "can't hear the other nodes; looking every second instead");
                    thread::sleep(AGAIN);
                }
            }
        };
        if let Err(error) = thread::Builder::new().name("khabar-listener".into()).spawn(listening) {
            tracing::warn!(%error, "can't listen to the other nodes; looking every second instead");
        }
    }

    async fn run<T, E, F>(&self, access: Access, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<QueryError> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let permit = inner.pool.permit().await?;
        let done = tokio::task::spawn_blocking(move || {
            let answer = inner.pool.with(|conn| transaction(conn, access, work));
            drop(permit);
            answer
        });
        done.await.unwrap_or_else(|_| Err(Error::Panicked.into()))
    }
}

/// Listens on a connection of its own until that breaks, or until it is told to stop.
fn hear(pool: &Pool, told: &impl Fn(bool) -> bool) -> Result<(), Error> {
    let mut conn = pool.connect()?;
    dialect::listen(&mut conn)?;
    while told(dialect::heard(&mut conn)?) {
        thread::sleep(LOOK);
    }
    Ok(())
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

/// Runs a part of a transaction between SAVEPOINT and RELEASE, or takes it back when it fails.
pub fn part<T, E>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
where
    E: From<QueryError>,
{
    conn.transaction(work)
}

/// Runs work between BEGIN and COMMIT, or ROLLBACK when it fails.
fn transaction<T, E>(conn: &mut Conn, access: Access, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
where
    E: From<Error> + From<QueryError>,
{
    begin(conn, access)?;
    match work(conn) {
        Ok(value) => {
            commit(conn)?;
            Ok(value)
        }
        Err(error) => {
            rollback(conn);
            Err(error)
        }
    }
}

fn begin(conn: &mut Conn, access: Access) -> Result<(), QueryError> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, access.sqlite()),
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, access.postgres()),
    }
}

fn commit(conn: &mut Conn) -> Result<(), QueryError> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::commit_transaction(c),
        Conn::Postgres(c) => AnsiTransactionManager::commit_transaction(c),
    }
}

/// Rolls back; a connection on which even that fails is thrown away by the pool.
fn rollback(conn: &mut Conn) {
    let done = match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c),
        Conn::Postgres(c) => AnsiTransactionManager::rollback_transaction(c),
    };
    if let Err(error) = done {
        tracing::warn!(%error, "rollback failed");
    }
}

/// Asks the database for a sign of life.
pub fn ping(conn: &mut Conn) -> Result<(), Error> {
    diesel::sql_query("SELECT 1").execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;
    use diesel::connection::SimpleConnection as _;
    use diesel::sql_types::BigInt;
    use futures_util::future::join_all;

    #[derive(diesel::QueryableByName)]
    struct Total {
        #[diesel(sql_type = BigInt)]
        total: i64,
    }

    async fn total(db: &Db) -> i64 {
        let count = |conn: &mut Conn| {
            let all: Total = diesel::sql_query("SELECT count(*) AS total FROM replies").get_result(conn)?;
            Ok::<_, Error>(all.total)
        };
        db.read(count).await.unwrap()
    }

    /// Writes a row, and then goes well, fails or panics.
    async fn write(db: &Db, n: usize) -> Result<usize, Error> {
        db.write(move |conn| {
            let row = format!("INSERT INTO replies VALUES ('a', '{n}', x'00', '', 0, NULL)");
            conn.batch_execute(&row)?;
            match n % 3 {
                0 => Ok(n),
                1 => Err(Error::Query(QueryError::RollbackTransaction)),
                _ => panic!("a bug"),
            }
        })
        .await
    }

    #[derive(diesel::QueryableByName)]
    struct Built {
        #[diesel(sql_type = diesel::sql_types::Text)]
        compile_options: String,
    }

    #[test]
    fn sqlite_is_built_so_that_no_limit_has_a_statement_prepared_anew() {
        let mut conn = dialect::open_sqlite(":memory:").unwrap();
        let built: Vec<Built> = diesel::sql_query("PRAGMA compile_options").load(&mut conn).unwrap();
        let with: Vec<&str> = built.iter().map(|built| built.compile_options.as_str()).collect();
        for option in ["ENABLE_QPSG", "THREADSAFE=2"] {
            assert!(with.contains(&option), "see .cargo/config.toml: {with:?}");
        }
    }

    #[actix_web::test]
    async fn work_that_fails_or_panics_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("khabar.db")), &[], 1).unwrap();
        for (n, outcome) in join_all((0..300).map(|n| write(&db, n))).await.into_iter().enumerate() {
            match n % 3 {
                0 => assert_eq!(outcome.unwrap(), n),
                1 => assert!(matches!(outcome, Err(Error::Query(_)))),
                _ => assert!(matches!(outcome, Err(Error::Panicked))),
            }
        }
        assert_eq!(total(&db).await, 100);
        let read = db.read::<(), Error, _>(|_| panic!("a bug")).await;
        assert!(matches!(read, Err(Error::Panicked)));
        assert_eq!(write(&db, 999).await.unwrap(), 999, "and life goes on");
        assert_eq!(total(&db).await, 101);
    }

    #[test]
    fn what_a_migration_wrote_is_in_the_file_and_not_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let _db = Db::open(&Location::Sqlite(folder.path().join("khabar.db")), &[], 1).unwrap();
        let size = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().len();
        assert_eq!(size("khabar.db-wal"), 0);
        assert!(size("khabar.db") > 100_000);
    }

    #[actix_web::test]
    async fn a_change_of_many_pages_is_made_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("khabar.db")), &[], 1).unwrap();
        let run = |sql: &'static str, goes_well: bool| {
            db.write(move |conn| {
                conn.batch_execute(sql)?;
                if goes_well { Ok(()) } else { Err(Error::Query(QueryError::RollbackTransaction)) }
            })
        };
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
            INSERT INTO replies SELECT 'a', i, zeroblob(2000), '', 0, NULL FROM n";
        run(fill, true).await.unwrap();
        // What a savepoint needs to go back waits in memory, and is larger than what SQLite by itself would hold there.
        let held = db.write(|conn| {
            let held: Total =
                diesel::sql_query("SELECT temp_store AS total FROM pragma_temp_store").get_result(conn)?;
            Ok::<_, Error>(held.total)
        });
        assert_eq!(held.await.unwrap(), 2);
        assert!(matches!(run("UPDATE replies SET scope = 'b'", false).await, Err(Error::Query(_))));
        run("UPDATE replies SET fingerprint = randomblob(2000)", true).await.unwrap();
        assert_eq!(total(&db).await, 6_000);
    }

    #[test]
    fn a_panic_is_told_to_the_log_only() {
        let body = crate::problem::Problem::from(Error::Panicked).body(crate::text::Lang::En, "/x", "one");
        assert_eq!((body["code"].as_str(), body["requestId"].as_str()), (Some("internal"), Some("one")));
        assert!(!body.to_string().contains("panicked"));
    }
}

//! A database for each test: a copy of one that was migrated once.

use std::sync::OnceLock;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use khabar::db::{Conn, Location, migrate};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

/// Where a server is that the suite may make databases on; SQLite is used when it is not set.
pub fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// One test's database, gone when the test is over.
pub enum Database {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Database {
    /// A migrated database that nobody else has.
    pub fn fresh() -> Self {
        match server() {
            None => {
                let folder = tempfile::tempdir().unwrap();
                std::fs::write(folder.path().join("khabar.db"), sqlite_template()).unwrap();
                Self::Sqlite(folder)
            }
            Some(server) => {
                let name = format!("k_{}", Uuid::from_u128(random()).simple());
                let template = postgres_template(&server);
                run(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}"));
                Self::Postgres { server, name }
            }
        }
    }

    /// A database without any table.
    pub fn empty() -> Self {
        match server() {
            None => Self::Sqlite(tempfile::tempdir().unwrap()),
            Some(server) => Self::empty_on(server),
        }
    }

    /// A database without any table, on a PostgreSQL server.
    pub fn empty_on(server: String) -> Self {
        let name = format!("k_{}", Uuid::from_u128(random()).simple());
        run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0"));
        Self::Postgres { server, name }
    }

    /// Where it is.
    pub fn location(&self) -> Location {
        match self {
            Self::Sqlite(folder) => Location::Sqlite(folder.path().join("khabar.db")),
            Self::Postgres { server, name } => Location::Postgres(named(server, name)),
        }
    }

    /// The same, as settings say it.
    pub fn url(&self) -> String {
        match self.location() {
            Location::Sqlite(path) => format!("sqlite://{}", path.display()),
            Location::Postgres(url) => url,
        }
    }

    /// A connection to it.
    pub fn connect(&self) -> Conn {
        match self.location() {
            Location::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;").unwrap();
                Conn::Sqlite(conn)
            }
            Location::Postgres(url) => Conn::Postgres(PgConnection::establish(&url).unwrap()),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self
            && let Ok(mut conn) = PgConnection::establish(server)
        {
            drop(conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        }
    }
}

fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    u128::from_be_bytes(bytes)
}

fn run(server: &str, statement: &str) {
    PgConnection::establish(server).unwrap().batch_execute(statement).unwrap();
}

/// The URL of another database on the same server.
fn named(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').map_or((server, String::new()), |(a, o)| (a, format!("?{o}")));
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |at| host + at);
    format!("{}/{name}{options}", &address[..end])
}

/// The bytes of a migrated file.
fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("template.db");
        let mut conn = Conn::Sqlite(SqliteConnection::establish(path.to_str().unwrap()).unwrap());
        migrate::up(&mut conn).unwrap();
        drop(conn);
        std::fs::read(&path).unwrap()
    })
}

/// The database that tests copy. Its name says which migrations it has, so it serves later runs too.
fn postgres_template(server: &str) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let digest = Sha256::digest(super::snapshot::migrations("postgres").as_bytes());
        let suffix = u64::from_be_bytes(digest[..8].try_into().unwrap());
        let name = format!("khabar_template_{suffix:016x}");
        let mut guard = PgConnection::establish(server).unwrap();
        guard.batch_execute("SET client_min_messages = warning; SELECT pg_advisory_lock(72656)").unwrap();
        let known = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
        if diesel::sql_query(known).execute(&mut guard).unwrap() == 0 {
            // Under another name until it is whole: a crash half-way must not leave a bad template.
            let draft = format!("{name}_new");
            guard.batch_execute(&format!("DROP DATABASE IF EXISTS {draft}")).unwrap();
            guard.batch_execute(&format!("CREATE DATABASE {draft} TEMPLATE template0")).unwrap();
            let mut conn = Conn::Postgres(PgConnection::establish(&named(server, &draft)).unwrap());
            migrate::up(&mut conn).unwrap();
            drop(conn);
            guard.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).unwrap();
        }
        guard.batch_execute("SELECT pg_advisory_unlock(72656)").unwrap();
        name
    })
}

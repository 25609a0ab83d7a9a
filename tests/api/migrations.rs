//! The two trees of migrations: each can be undone, both make the same tables, and `db::schema` knows them all.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::Text;
use khabar::db::{Conn, migrate};

use crate::support::database::Database;
use crate::support::snapshot::path;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(conn: &mut Conn, sqlite: &str, postgres: &str) -> Vec<String> {
    let rows: Vec<Line> = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(sqlite).load(conn).unwrap(),
        Conn::Postgres(conn) => diesel::sql_query(postgres).load(conn).unwrap(),
    };
    rows.into_iter().map(|row| row.line).collect()
}

/// Everything that migrations make: tables, columns, constraints, indexes.
fn dump(conn: &mut Conn) -> Vec<String> {
    lines(
        conn,
        "SELECT type || ' ' || name || ': ' || coalesce(sql, '') AS line FROM sqlite_master \
         WHERE name NOT LIKE '\\_\\_%' ESCAPE '\\' AND tbl_name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY 1",
        "SELECT line FROM (
            SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
                || coalesce(collation_name, '') || ' ' || coalesce(column_default, '') AS line
                FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace
         ) AS made WHERE line NOT LIKE '%diesel_schema_migrations%' ORDER BY 1",
    )
}

/// Whether a table is the index of search, of which each database has its own kind.
fn is_search_index(table: &str) -> bool {
    table.starts_with("search_index")
}

/// The columns of each table, in order, as the database has them.
fn columns(conn: &mut Conn) -> BTreeMap<String, Vec<String>> {
    let found = lines(
        conn,
        "SELECT m.name || '.' || c.name AS line FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' ORDER BY m.name, c.cid",
        "SELECT table_name || '.' || column_name AS line FROM information_schema.columns \
         WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    );
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for line in found.iter().filter(|line| !line.starts_with("__diesel")) {
        let (table, column) = line.split_once('.').unwrap();
        if !is_search_index(table) {
            tables.entry(table.into()).or_default().push(column.into());
        }
    }
    tables
}

/// The same, as `src/db/schema` says it.
fn known() -> BTreeMap<String, Vec<String>> {
    let files = std::fs::read_dir(path("src/db/schema")).unwrap().map(|entry| entry.unwrap().path());
    let text: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((column, _)) = line.split_once(" -> ") {
            tables.entry(table.clone()).or_default().push(column.into());
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.into();
        }
    }
    tables
}

#[test]
fn every_migration_can_be_undone_and_done_again() {
    let database = Database::empty();
    let mut conn = database.connect();
    assert!(!migrate::up(&mut conn).unwrap().is_empty());
    let first = dump(&mut conn);
    assert!(first.len() > 20, "{first:?}");
    migrate::down(&mut conn).unwrap();
    let left = dump(&mut conn);
    assert!(left.is_empty(), "{left:?}");
    migrate::up(&mut conn).unwrap();
    assert_eq!(dump(&mut conn), first);
    assert!(migrate::up(&mut conn).unwrap().is_empty(), "nothing is pending any more");
}

#[test]
fn the_code_knows_every_table_and_column_in_order() {
    let database = Database::fresh();
    assert_eq!(known(), columns(&mut database.connect()));
}

/// Every table and column can be read as the type that `schema` gives it.
#[test]
fn every_column_can_be_read() {
    use khabar::db::schema::*;
    let database = Database::fresh();
    let mut conn = database.connect();
    let mut read = 0;
    macro_rules! read {
        ($($table:ident)+) => {$(
            let sql = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&$table::table.limit(0)).to_string();
            let sql = sql.split(" -- ").next().unwrap().replace('`', "\"").replace('?', "0");
            diesel::sql_query(sql).execute(&mut conn).unwrap();
            read += 1;
        )+};
    }
    read!(collections collection_redirects collection_swaps users unsealed_addresses sign_in_places sessions second_factors recovery_codes refresh_tokens api_keys identities oidc_attempts letters account_codes address_codes invitations site records articles article_links article_discussions article_turns corrections revisions publications publication_links publication_shingles publication_prints search_entries search_backlog
        record_redirects record_names commenters comments comment_decisions comment_revisions sanctions word_entries word_counter comment_hooks comment_reactions comment_reaction_counts comment_reports erasures alerts alert_links event_counter events event_readers audit_log replies secrets
        push_subscriptions push_rounds push_retries webhooks webhook_deliveries webhook_attempts article_locks preview_links readership);
    assert_eq!(read, known().len(), "a table is missing here");
}

#[test]
fn both_trees_say_the_same_in_their_own_words() {
    let tree = |name: &str| {
        let mut folders: Vec<_> =
            std::fs::read_dir(path("migrations").join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        folders
    };
    let (sqlite, postgres) = (tree("sqlite"), tree("postgres"));
    let names =
        |tree: &[std::path::PathBuf]| tree.iter().map(|f| f.file_name().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    // The words that have a twin in the other database.
    let twins = [
        ("BYTEA", "BLOB"),
        (" COLLATE \"C\"", ""),
        ("content::json", "content"),
        ("decode(", "unhex("),
        (", 'hex')", ")"),
    ];
    // What each database has in a way of its own stands at the end.
    let shared = |text: &str| text.split("-- In its own words").next().unwrap().to_owned();
    let neutral = |text: &str| twins.iter().fold(shared(text), |text, (one, other)| text.replace(one, other));
    for (one, other) in sqlite.iter().zip(&postgres) {
        for file in ["up.sql", "down.sql"] {
            let read = |folder: &std::path::Path| std::fs::read_to_string(folder.join(file)).unwrap();
            assert_eq!(neutral(&read(one)), neutral(&read(other)), "{} {file}", one.display());
            let header = read(one);
            if file == "up.sql" {
                for word in ["-- Why:", "-- Lock:", "-- Rollback:"] {
                    assert!(header.contains(word), "{}: no {word}", one.display());
                }
            }
        }
    }
}

#[test]
fn text_that_lists_are_sorted_by_sorts_by_its_bytes_on_postgresql_too() {
    let up = crate::support::snapshot::migrations("postgres");
    for line in
        up.lines().map(str::trim).filter(|line| line.split(' ').next().is_some_and(|word| word.ends_with("_key")))
    {
        assert!(
            line.contains("COLLATE \"C\"") || !line.contains(" TEXT") || line.starts_with("idempotency_key"),
            "{line}"
        );
    }
}

//! The house rules that a reader of the text can check: who may know whom, and how long a thing may be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test that fails stops"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src`: its path below it, and its text.
struct Source {
    name: String,
    text: String,
}

impl Source {
    /// The lines of code, without comments and without the tests at the end, each with its number.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate();
        lines.filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(n, line)| (n + 1, line))
    }

    /// Where a word of code stands.
    fn uses(&self, word: &str) -> Vec<String> {
        let found = self.code().filter(|(_, line)| line.contains(word));
        found.map(|(n, line)| format!("src/{}:{n}: {}", self.name, line.trim())).collect()
    }

    /// The noun or layer that it belongs to.
    fn room(&self) -> &str {
        self.name.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Tests beside the code: tables of cases may be long.
    fn is_test(&self) -> bool {
        self.name.ends_with("tests.rs")
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.name == *place || (place.ends_with('/') && self.name.starts_with(place)))
    }
}

fn collect(folder: &Path, root: &Path, into: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, root, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            into.push(Source { name, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn sources() -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    collect(&root, &root, &mut all);
    assert!(all.len() > 30, "the tree was found");
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The rooms with a noun each.
const ROOMS: [&str; 23] = [
    "articles",
    "comments",
    "alerts",
    "users",
    "site",
    "sources",
    "sections",
    "tags",
    "authors",
    "records",
    "webhooks",
    "keys",
    "mail",
    "oidc",
    "push",
    "streams",
    "sync",
    "stories",
    "embargo",
    "privacy",
    "readership",
    "collections",
    "feeds",
];

/// No file outside of these places has any of these words.
#[track_caller]
fn only_in(words: &[&str], place: impl Fn(&Source) -> bool) {
    let all = sources();
    let strays: Vec<String> = all
        .iter()
        .filter(|source| !place(source))
        .flat_map(|source| words.iter().flat_map(|word| source.uses(word)))
        .collect();
    assert!(strays.is_empty(), "{}", strays.join("\n"));
    let somewhere = all.iter().any(|source| place(source) && words.iter().any(|word| !source.uses(word).is_empty()));
    assert!(somewhere, "{words:?} stands nowhere: this rule checks nothing");
}

#[test]
fn sql_stays_in_the_stores() {
    let plain = ["ids.rs", "time.rs", "problem.rs", "db/", "text/mod.rs"];
    only_in(&["diesel::", "db::schema"], |source| source.name.ends_with("/store.rs") || source.is_in(&plain));
    only_in(&["db::schema", "diesel::insert_into", "diesel::update", "diesel::delete", "sql_query"], |source| {
        source.name.ends_with("/store.rs") || source.is_in(&["db/"])
    });
}

#[test]
fn no_revision_is_ever_changed_or_removed() {
    let mut inserts = 0;
    for source in sources() {
        inserts += source.uses("insert_into(revisions::").len();
        for word in ["delete(revisions::", "update(revisions::", "FROM revisions", "UPDATE revisions"] {
            assert_eq!(source.uses(word), Vec::<String>::new());
        }
    }
    assert_eq!(inserts, 1, "they are written in one place");
}

#[test]
fn the_audit_log_only_grows() {
    only_in(&["audit_log::"], |source| source.is_in(&["audit/store.rs"]));
    let all = sources();
    let store = all.iter().find(|source| source.name == "audit/store.rs").unwrap();
    for word in ["diesel::update", "diesel::delete", "replace_into", "sql_query", "on_conflict"] {
        assert_eq!(store.uses(word), [""; 0], "a line is never changed or removed");
    }
}

#[test]
fn the_web_stays_at_the_door() {
    let door = [
        "http/",
        "server.rs",
        "openapi.rs",
        "operation.rs",
        "problem.rs",
        "main.rs",
        "cli.rs",
        "cli/",
        "auth/viewer.rs",
        "auth/permit.rs",
    ];
    only_in(&["actix_web"], |source| {
        source.is_in(&door) || source.name.ends_with("/http.rs") || source.name.contains("/http/")
    });
}

#[test]
fn requests_leave_by_one_door() {
    only_in(&["reqwest", "to_socket_addrs", "TcpStream::connect"], |source| source.is_in(&["outbound/"]));
}

#[test]
fn models_are_pure() {
    let models = sources().into_iter().filter(|source| source.name.ends_with("/model.rs"));
    let impure = ["diesel", "actix", "std::fs", "std::env", "::http::", "crate::db", "crate::app", "async "];
    let strays: Vec<String> =
        models.flat_map(|model| impure.iter().flat_map(|word| model.uses(word)).collect::<Vec<_>>()).collect();
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn the_time_and_chance_come_from_one_place_each() {
    only_in(&["Timestamp::now", "Utc::now", "SystemTime::now", "Zoned::now"], |source| source.is_in(&["time.rs"]));
    only_in(&["getrandom::", "rand::", "Uuid::new_v4", "Uuid::now_v7"], |source| source.is_in(&["ids.rs"]));
}

#[test]
fn rooms_know_each_other_only_at_the_door() {
    let mut strays = Vec::new();
    for source in sources() {
        for room in ROOMS.iter().filter(|room| **room != source.room()) {
            strays.extend(source.uses(&format!("crate::{room}::store")));
            if ROOMS.contains(&source.room()) {
                strays.extend(source.uses(&format!("crate::{room}::http")));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn every_test_that_answers_an_attack_exists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut sources = Vec::new();
    for folder in ["src", "tests"] {
        collect(&root.join(folder), &root, &mut sources);
    }
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(lines.len() > 20, "the table of attacks");
    for line in lines {
        let named: Vec<&str> = line.split('|').nth(3).unwrap().split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{line}");
        for name in named {
            let head = format!("fn {name}(");
            assert!(sources.iter().any(|source| source.text.contains(&head)), "there is no test {name}");
        }
    }
}

#[test]
fn arrows_go_one_way() {
    // Whoever stands on the left knows nothing of those on the right.
    let forbidden: &[(&str, &[&str])] = &[
        ("articles", &["comments"]),
        ("records", &["articles", "comments", "alerts", "users", "sources", "sections", "tags", "authors", "site"]),
        ("events", &ROOMS),
        ("events", &["audit"]),
        ("audit", &ROOMS),
        ("alerts", &["jobs", "streams", "sync", "webhooks"]),
        ("webhooks", &["jobs", "alerts", "articles"]),
        ("push", &["jobs", "alerts", "articles", "webhooks"]),
        ("auth", &ROOMS),
        ("db", &["http", "app", "auth", "events", "server", "articles", "records"]),
        ("text", &["http", "app", "auth", "events", "db", "server", "articles", "records"]),
        ("blocks", &["http", "app", "auth", "events", "db", "server", "articles", "records"]),
        ("time", &["http", "app", "auth", "events", "db", "server"]),
        ("ids", &["http", "app", "auth", "events", "db", "server"]),
        ("fault", &["http", "app", "auth", "events", "db", "server", "problem"]),
        ("http", &ROOMS),
        ("outbound", &ROOMS),
        ("outbound", &["http", "app", "auth", "events", "db", "server", "problem"]),
    ];
    let mut strays = Vec::new();
    for source in sources() {
        for (_, others) in forbidden.iter().filter(|(room, _)| *room == source.room()) {
            for other in *others {
                strays.extend(source.uses(&format!("crate::{other}::")));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<String> = sources()
        .iter()
        .map(|source| (source.text.lines().count(), &source.name))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, name)| format!("{name}: {lines}"))
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

/// Functions and their lengths: from the line with `fn` to the one that closes its indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let is_function = code.starts_with("fn ") || (code.contains(" fn ") && code.starts_with(['p', 'a', 'c']));
        if !is_function || code.ends_with(';') || line.trim_end().ends_with('}') {
            continue;
        }
        let closing = format!("{}}}", &line[..indent]);
        let length = lines[first..].iter().position(|line| line.trim_end() == closing).unwrap_or(0) + 1;
        found.push((code.split('(').next().unwrap().to_owned(), length));
    }
    found
}

#[test]
fn no_function_is_longer_than_60_lines() {
    let mut seen = 0;
    for source in sources().into_iter().filter(|source| !source.is_test()) {
        for (name, lines) in functions(&source.text) {
            assert!(lines <= 60, "{}: `{name}` has {lines} lines", source.name);
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen} functions were found");
}

#[test]
fn functions_are_measured() {
    let text = "impl A {\n    pub fn a(\n        b: u8,\n    ) {\n        if b {\n        }\n    }\n}\nfn c() {}\n";
    assert_eq!(functions(text), [("pub fn a".to_owned(), 6)]);
}

#[test]
fn names_say_what_is_inside() {
    for source in sources() {
        for word in ["util", "helper", "common", "manager", "service", "misc", "impl"] {
            let parts = source.name.trim_end_matches(".rs").split(['/', '_']);
            assert!(parts.clone().all(|part| part.trim_end_matches('s') != word), "{}", source.name);
        }
    }
}

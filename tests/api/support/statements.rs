//! Counts the statements that go to each database, and keeps their texts.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use khabar::db::Location;

type Counters = Mutex<HashMap<String, Arc<Statements>>>;

/// The statements that went to one address.
#[derive(Default)]
struct Statements {
    count: AtomicUsize,
    /// Their texts, from the first time on that somebody asks for them.
    texts: Mutex<Option<Vec<String>>>,
    /// Those of them that no connection had kept from an earlier time.
    anew: Mutex<Vec<String>>,
    /// The texts of those that a connection has kept prepared.
    kept: Mutex<HashSet<String>>,
}

fn counters() -> &'static Counters {
    static COUNTERS: OnceLock<Counters> = OnceLock::new();
    COUNTERS.get_or_init(Mutex::default)
}

/// What a connection does is counted for the address that it was opened with.
#[derive(Default)]
struct Count {
    statements: Option<Arc<Statements>>,
}

impl Instrumentation for Count {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.statements = Some(Arc::clone(counters().lock().unwrap().entry(url.to_owned()).or_default()));
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                if let Some(statements) = &self.statements {
                    statements.count.fetch_add(1, Ordering::Relaxed);
                    if let Some(texts) = statements.texts.lock().unwrap().as_mut() {
                        let text = query.to_string();
                        let sql = text.split(" -- binds").next().unwrap();
                        if !statements.kept.lock().unwrap().contains(sql)
                            && !["BEGIN", "COMMIT"].iter().any(|word| sql.starts_with(word))
                        {
                            statements.anew.lock().unwrap().push(text.clone());
                        }
                        texts.push(text);
                    }
                }
            }
            InstrumentationEvent::CacheQuery { sql, .. } => {
                if let Some(statements) = &self.statements {
                    statements.kept.lock().unwrap().insert(sql.to_owned());
                }
            }
            _ => {}
        }
    }
}

/// Counts on every connection that is opened from now on.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_default_instrumentation(|| Some(Box::<Count>::default())).unwrap());
}

/// The statements that went to a database so far.
pub fn count(location: &Location) -> usize {
    of(location).iter().map(|statements| statements.count.load(Ordering::Relaxed)).sum()
}

/// The texts of those that went to it since this was last asked.
pub fn texts(location: &Location) -> Vec<String> {
    let take = |statements: &Arc<Statements>| statements.texts.lock().unwrap().replace(Vec::new());
    of(location).iter().filter_map(take).flatten().collect()
}

/// The texts of those since then that were prepared anew.
pub fn anew(location: &Location) -> Vec<String> {
    of(location).iter().flat_map(|statements| std::mem::take(&mut *statements.anew.lock().unwrap())).collect()
}

fn of(location: &Location) -> Vec<Arc<Statements>> {
    let name = match location {
        Location::Sqlite(path) => path.to_str().unwrap().to_owned(),
        // The name alone: the application adds options to the address.
        Location::Postgres(url) => url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned(),
    };
    let counters = counters().lock().unwrap();
    counters.iter().filter(|(url, _)| url.contains(&name)).map(|(_, statements)| Arc::clone(statements)).collect()
}

//! What a request does, as the audit log names it.

use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

/// What a request asks for. Where it may change something, it is known before anything but its first line is read.
#[derive(Debug)]
pub struct Deed {
    /// The method.
    pub method: String,
    /// The pattern of the path: it holds nothing that the caller wrote.
    pub route: String,
    /// `noun.verb` in the present, such as `article.publish`; what has happened is in the past.
    pub action: String,
    /// The noun.
    pub kind: String,
    /// Which one, where the path names it by its id.
    pub target: Option<Uuid>,
    /// Whether the log has lines of what it changed.
    noted: AtomicBool,
}

impl Deed {
    /// What a request asks for. The action is named after the noun: `noun.verb`.
    pub fn new(method: String, route: String, action: String, target: Option<Uuid>) -> Self {
        let kind = action.split_once('.').map_or(&*action, |(noun, _)| noun).to_owned();
        Self { method, route, action, kind, target, noted: AtomicBool::new(false) }
    }

    /// Says that the log has lines of what was changed.
    pub fn note(&self) {
        self.noted.store(true, Ordering::Relaxed);
    }

    /// Whether the log has lines of what was changed.
    pub fn is_noted(&self) -> bool {
        self.noted.load(Ordering::Relaxed)
    }
}

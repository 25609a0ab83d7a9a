//! Files that a test compares with, and writes when `UPDATE_SNAPSHOTS=1` asks for it.

use std::fs;
use std::path::PathBuf;

/// A path below the root of the repository.
pub fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The file says exactly this.
#[track_caller]
pub fn assert_snapshot(relative: &str, present: &str) {
    let file = path(relative);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, present).unwrap();
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept != present {
        let line = kept.lines().zip(present.lines()).position(|(a, b)| a != b).unwrap_or(kept.lines().count());
        let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
        panic!(
            "{relative} is out of date, first in line {}:\n  file: {}\n  now:  {}\nUPDATE_SNAPSHOTS=1 writes it anew.",
            line + 1,
            at(&kept),
            at(present),
        );
    }
}

/// Every up-migration of a tree, one after the other.
pub fn migrations(tree: &str) -> String {
    let mut folders: Vec<_> = fs::read_dir(path("migrations").join(tree)).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| fs::read_to_string(folder.join("up.sql")).unwrap()).collect()
}

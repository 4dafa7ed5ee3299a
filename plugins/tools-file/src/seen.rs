//! Which version of a file the model knows, in each session: an edit of another version would be made blindly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many files are remembered.
const FILES: usize = 10_000;

/// Versions that models were shown, by session and resolved path.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<(String, String), String>>);

impl Seen {
    /// The model knows this version.
    pub(crate) fn note(&self, session: &str, path: &str, version: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (session.to_owned(), path.to_owned());
        if seen.len() >= FILES && !seen.contains_key(&key) {
            // Reading once more is cheaper than knowing which sessions have ended.
            seen.clear();
        }
        seen.insert(key, version.to_owned());
    }

    /// Whether the model knows another version than this one. What it never saw it cannot be wrong about.
    pub(crate) fn is_stale(&self, session: &str, path: &str, version: &str) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(session.to_owned(), path.to_owned())).is_some_and(|known| known != version)
    }
}

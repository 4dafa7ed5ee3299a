//! The audit log: one line for every decision, each carrying the hash of the line before it.

use std::path::{Path, PathBuf};

/// The audit log of a home.
#[derive(Debug)]
pub struct Audit {
    path: PathBuf,
}

impl Audit {
    /// Names the log of a home. Nothing is opened before the first decision is written.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self { path: home.join("logs/audit.jsonl") }
    }

    /// Returns the file that is written now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

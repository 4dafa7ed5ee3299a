//! The audit log: one line for every decision, each carrying the hash of the line before it.
//!
//! A decision that cannot be written does not take effect: [`Audit::record`] fails and the command does not run.
//! Decisions that somebody may ask about later (anything but a command without findings) are synced to the disk.
//!
//! Two processes may write at once: an append happens under a lock on `audit.head`, which also holds the hash of
//! the last line, so that a log whose end was cut off does not look whole. A line that was cut short by a crash or
//! a full disk stays where it is; the next record says so and carries its hash like any other.

mod append;
mod line;
pub mod read;
pub mod verify;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::error::{ErrorCode, PluginError, Result};

pub use self::line::{Line, Record};

/// The audit log of a home. Cheap to clone; clones share one lock.
#[derive(Clone, Debug)]
pub struct Audit {
    logs: PathBuf,
    limit: u64,
    writer: Arc<Mutex<append::Writer>>,
}

/// A log of this size is set aside and a new one begun.
const ROTATE_AT: u64 = 10 << 20;

impl Audit {
    /// Names the log of a home. Nothing is opened before the first decision is written.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        let logs = home.join("logs");
        Self { writer: Arc::new(Mutex::new(append::Writer::new(&logs))), logs, limit: ROTATE_AT }
    }

    /// Begins a new file at another size.
    #[must_use]
    pub fn rotating_at(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Returns the file that is written now.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.logs.join("audit.jsonl")
    }

    /// Writes a decision.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be written: then it must not take effect.
    pub fn record(&self, record: &Record<'_>) -> Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.append(record, self.limit).map_err(|error| {
            let message = format!("Failed to write the audit log `{}`: {error}", self.path().display());
            let hint = "free space on that disk or make the file writable; no command runs until then";
            PluginError::new(ErrorCode::UNAVAILABLE, message).with_hint(hint)
        })
    }
}

/// Returns the files of a log, oldest first, the one that is written now last.
///
/// # Errors
/// When the directory cannot be read.
pub fn files(logs: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut numbered = Vec::new();
    match std::fs::read_dir(logs) {
        Ok(entries) => {
            for entry in entries {
                let path = entry?.path();
                numbered.extend(number(&path).map(|number| (number, path)));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    numbered.sort();
    let current = logs.join("audit.jsonl");
    let current = current.exists().then_some(current);
    Ok(numbered.into_iter().map(|(_, path)| path).chain(current).collect())
}

/// The number of a file that was set aside: 7 for `audit.000007.jsonl`.
fn number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("audit.")?.strip_suffix(".jsonl")?.parse().ok()
}

#[cfg(test)]
mod tests;

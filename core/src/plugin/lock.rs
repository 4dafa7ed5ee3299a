//! `plugins.lock`: what was installed, to the byte.
//!
//! One lies beside the bundled plugins, written when they are installed; one lies in the home and speaks for
//! everything else. A library that its lock does not describe exactly is not opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plugin::trust::{self, Distrust};

/// The lock file's name.
pub const FILE_NAME: &str = "plugins.lock";

/// A lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The format: 1.
    pub version: u32,
    /// The plugins by id.
    #[serde(default)]
    pub plugins: BTreeMap<String, Locked>,
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: 1, plugins: BTreeMap::new() }
    }
}

/// One plugin in a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Its version.
    pub version: String,
    /// Where it came from.
    pub source: Source,
    /// For [`Source::Dev`]: the folder it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Every file of it.
    pub files: BTreeMap<String, Digest>,
}

/// Where a plugin came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Installed with the program.
    Bundled,
    /// Copied into the home.
    Path,
    /// Used where it is built.
    Dev,
}

/// A file's size and hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// A lock file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It cannot be read or written.
    #[error("Failed to access `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody else could have written it.
    #[error("The lock of the plugins cannot be used")]
    Distrusted(#[source] Distrust),
    /// It is not a lock file.
    #[error("`{}` is not a lock file: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        message: String,
    },
}

impl Lock {
    /// Reads a lock file; one that is not there locks nothing.
    ///
    /// # Errors
    /// When it is there and cannot be read, or is malformed.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(LockError::Io { path: path.to_owned(), source }),
        };
        trust::private(path).map_err(LockError::Distrusted)?;
        let malformed = |message: String| LockError::Malformed { path: path.to_owned(), message };
        let lock: Self = serde_yaml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        match lock.version {
            1 => Ok(lock),
            other => Err(malformed(format!("format {other} is newer than this program"))),
        }
    }

    /// Writes a lock file whole, 0600.
    ///
    /// # Errors
    /// When it cannot be written; the old one is then untouched.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let io = |source| LockError::Io { path: path.to_owned(), source };
        let body = serde_yaml::to_string(self).map_err(|error| io(std::io::Error::other(error)))?;
        let text = format!("# Written by `hermes plugins`. What is not described here is not loaded.\n{body}");
        crate::host::file::write_whole(path, text.as_bytes(), 0o600).map_err(io)
    }
}

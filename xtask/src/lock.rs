//! `plugins.lock`: size and SHA-256 of every bundled plugin's files, against which the host checks before it loads.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The lock.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Lock {
    pub(crate) version: u32,
    pub(crate) plugins: BTreeMap<String, Entry>,
}

/// One plugin in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) version: String,
    pub(crate) source: String,
    pub(crate) files: BTreeMap<String, File>,
}

/// One file of a plugin.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

impl Lock {
    /// The version of the format.
    pub(crate) const VERSION: u32 = 1;

    /// Returns the lock as text.
    pub(crate) fn to_text(&self) -> Result<String> {
        serde_yaml::to_string(self).context("Failed to write the lock")
    }
}

impl File {
    /// Measures the content of a file.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len() as u64, sha256: hex::encode(Sha256::digest(bytes)) }
    }
}

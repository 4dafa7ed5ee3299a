//! What one line of the audit log says.

use hermes_plugin_api::error::Result;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::host::clock;

/// Longer commands are cut, with their length and hash beside them.
const COMMAND: usize = 4096;
/// As many findings are named.
const FINDINGS: usize = 64;

/// A decision to be written.
#[derive(Clone, Debug, Default)]
pub struct Record<'a> {
    /// Milliseconds since 1970.
    pub time_ms: u64,
    /// The session.
    pub session: &'a str,
    /// Who caused it.
    pub who: &'a str,
    /// The working directory.
    pub cwd: &'a str,
    /// The backend.
    pub backend: &'a str,
    /// The command, without secrets.
    pub command: &'a str,
    /// Whether it runs.
    pub allowed: bool,
    /// What decided.
    pub by: &'a str,
    /// The rules that found something.
    pub findings: Vec<&'a str>,
    /// What a person answered, where one was asked.
    pub answer: Option<&'a str>,
}

/// A decision as it stands in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The SHA-256 of the line before this one; of the very first line, zeros.
    pub prev: String,
    /// When, in UTC.
    pub time: String,
    /// The session.
    pub session: String,
    /// Who caused it.
    pub who: String,
    /// The working directory.
    pub cwd: String,
    /// The backend.
    pub backend: String,
    /// The command, without secrets; only its start where it is long.
    pub command: String,
    /// The length of a command that was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_bytes: Option<usize>,
    /// The SHA-256 of a command that was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_sha256: Option<String>,
    /// `allow` or `deny`.
    pub verdict: String,
    /// What decided.
    pub by: String,
    /// The rules that found something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// What a person answered, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The line before this one was cut short by a crash or a full disk; the line before that one has this hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_torn: Option<String>,
    /// The log ended in a line with this hash, which was gone when this one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
}

impl Line {
    pub(super) fn new(record: &Record<'_>, prev: &str) -> Self {
        let cut = record.command.len() > COMMAND;
        let findings = record.findings.iter().take(FINDINGS);
        Self {
            prev: prev.to_owned(),
            time: clock::stamp(record.time_ms),
            session: record.session.to_owned(),
            who: record.who.to_owned(),
            cwd: record.cwd.to_owned(),
            backend: record.backend.to_owned(),
            command: start(record.command).to_owned(),
            command_bytes: cut.then_some(record.command.len()),
            command_sha256: cut.then(|| hash(record.command.as_bytes())),
            verdict: if record.allowed { "allow" } else { "deny" }.to_owned(),
            by: record.by.to_owned(),
            findings: findings.map(|rule| (*rule).to_owned()).collect(),
            answer: record.answer.map(str::to_owned),
            after_torn: None,
            lost: None,
        }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }
}

fn start(text: &str) -> &str {
    let mut end = text.len().min(COMMAND);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// Returns the hash that the next line carries.
pub(super) fn hash(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}

/// Returns what the very first line carries.
pub(super) fn genesis() -> String {
    "0".repeat(64)
}

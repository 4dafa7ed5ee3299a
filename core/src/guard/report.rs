//! What the guard would decide, told without asking anybody.

use hermes_plugin_api::command::Command;
use hermes_plugin_api::finding::Finding;

/// The effective verdict about a command, and everything that was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What would happen.
    pub verdict: Verdict,
    /// Why, in one sentence without a stop.
    pub why: String,
    /// Every finding, those that do not count included.
    pub findings: Vec<Judged>,
    /// How the command was read.
    pub command: Command,
}

/// What would happen to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It runs.
    Allow,
    /// A person is asked, where there is one.
    Ask,
    /// It does not run.
    Deny,
}

/// A finding, who made it, and whether it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// The scanner's plugin, or `core`.
    pub source: String,
    /// What made it not count: an entry of the allow-list, the session's consent, a mode.
    pub suppressed: Option<String>,
}

impl Judged {
    /// Whether nothing made it drop out.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.suppressed.is_none()
    }
}

//! What the guard is told before it decides anything: settings, scanners, and where consent is kept.
//!
//! Plain values, read at the edge. Nothing here reads a file or the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hermes_plugin_api::error::Result;

use crate::plugin::handle::ScannerHandle;

/// The settings of the guard.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The home of this agent, whose files are protected.
    pub home: PathBuf,
    /// The folder of the plugins that came with the program, which are protected too.
    pub bundled: PathBuf,
    /// Processes that this program would end with.
    pub own_pids: Vec<u32>,
    /// This program is the gateway, and may not be stopped from inside.
    pub in_gateway: bool,
    /// Who decides about a command with findings.
    pub mode: Mode,
    /// How long a person has to answer.
    pub timeout: Duration,
    /// Globs of commands that never run, on any backend and in any mode.
    pub deny: Vec<String>,
    /// Rules switched on or off by id.
    pub rules: BTreeMap<String, bool>,
    /// Scanners, by their own or their plugin's name, without which no command runs on a checked backend.
    pub required_scanners: Vec<String>,
    /// What becomes of a command that would ask, in a scheduled job.
    pub cron: Unattended,
    /// What becomes of a command that would ask, in a single query.
    pub single_query: Unattended,
    /// What becomes of a command that would ask, where else nobody can be asked.
    pub unattended: Unattended,
    /// Nobody is asked in any session, as the person who started the program wished.
    pub yolo: bool,
}

/// Who decides about a command with findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A person.
    #[default]
    Manual,
    /// The auxiliary model first.
    Smart,
    /// Nobody: everything runs.
    Off,
}

/// What becomes of a command that would ask where nobody can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unattended {
    /// It does not run.
    #[default]
    Deny,
    /// It runs unasked.
    Approve,
}

/// What the failure of a scanner means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// A finding that asks.
    #[default]
    Closed,
    /// A line in the log, and one notice for each session.
    Open,
}

/// A command scanner, or the place where one should be.
#[derive(Clone)]
pub struct ScannerSlot {
    /// The plugin's id.
    pub plugin: String,
    /// The scanner's name.
    pub name: String,
    /// No command runs without it on a checked backend.
    pub required: bool,
    /// It is ours and never waits: it is asked on the thread of the caller, since a hop costs more than its answer.
    pub at_once: bool,
    /// How long it may take.
    pub timeout: Duration,
    /// What its failure means.
    pub on_failure: OnFailure,
    /// The scanner, or why there is none.
    pub scanner: Result<ScannerHandle, String>,
}

/// Where the permanent allow-list is kept.
pub trait ConsentStore: Send + Sync {
    /// Returns the entries as they stand now, those that another process added included.
    ///
    /// # Errors
    /// When they cannot be read; nothing counts as approved then.
    fn entries(&self) -> Result<Vec<String>>;

    /// Adds an entry for good. Adding one that is there already is fine.
    ///
    /// # Errors
    /// When it cannot be written; what was there before still stands.
    fn add(&self, entry: &str) -> Result<()>;

    /// Removes an entry, and returns whether it was there.
    ///
    /// # Errors
    /// When it cannot be written; what was there before still stands.
    fn remove(&self, entry: &str) -> Result<bool>;
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            home: PathBuf::new(),
            bundled: PathBuf::new(),
            own_pids: Vec::new(),
            in_gateway: false,
            mode: Mode::Manual,
            timeout: Duration::from_secs(60),
            deny: Vec::new(),
            rules: BTreeMap::new(),
            required_scanners: Vec::new(),
            cron: Unattended::Deny,
            single_query: Unattended::Deny,
            unattended: Unattended::Deny,
            yolo: false,
        }
    }
}

//! The traits of backends: where commands run.

use std::collections::BTreeMap;
use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::flow::{Cancel, Channel, Output};

/// Opens sessions on a place where commands run.
///
/// A backend knows nothing of approval, working directories between commands, output limits or quoting: that
/// is the host's. It runs one argv at a time and says truthfully what its sessions are isolated from.
pub trait Backend: Send + Sync + 'static {
    /// What [`Backend::open`] yields.
    type Session: BackendSession;

    /// Opens a session.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the place cannot be reached, `CONFIG` when a setting is wrong.
    fn open(&self, spec: SessionSpec) -> impl Future<Output = Result<Self::Session>> + Send;

    /// Returns resources before the process ends. Called once, after the last call.
    ///
    /// # Errors
    /// Logged, and otherwise ignored.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// An open session.
pub trait BackendSession: Send + Sync + 'static {
    /// What this session is. Constant while it is open.
    fn facts(&self) -> SessionFacts;

    /// Runs one process until it ends, with its input from `input` and its output into `output` as it comes.
    ///
    /// # Cancellation
    /// When `cancel` fires, the whole process tree must end before this does. The host fires it for whoever drops
    /// the call, and drops the future only when that took 5 seconds.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be started. A process that ran and failed is an [`Exit`], not an error.
    fn exec(
        &self,
        request: ExecRequest,
        input: Channel,
        output: Output,
        cancel: Cancel,
    ) -> impl Future<Output = Result<Exit>> + Send;

    /// Reads a file into `output`.
    ///
    /// # Errors
    /// `USER` when it cannot be read.
    fn read_file(&self, path: &str, output: Output) -> impl Future<Output = Result<()>> + Send;

    /// Writes a file whole: either all of it is there afterwards, or what was there before.
    ///
    /// # Errors
    /// `USER` when it cannot be written.
    fn write_file(&self, path: &str, data: Vec<u8>) -> impl Future<Output = Result<()>> + Send;

    /// Ends the session.
    ///
    /// # Errors
    /// `UNAVAILABLE` when something could not be cleaned up.
    fn close(&self, keep: Keep) -> impl Future<Output = Result<()>> + Send;
}

/// What a session is opened with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionSpec {
    /// Identifies the task, so that a persistent backend finds its files again.
    pub task: String,
    /// Where to start; the backend's own default when absent.
    pub cwd: Option<String>,
    /// Stands for whoever waits, as long as [`Backend::open`] runs: [`crate::Host::emit`] tells them how far it is, or
    /// what they must know of the session. Empty where nobody is there.
    pub token: String,
    /// Files of this machine that commands may read where they run, at these paths below `.hermes` of the home there.
    pub files: Vec<SharedFile>,
    /// The environment of every command, already filtered.
    pub env: BTreeMap<String, String>,
}

/// A file that is lent to the commands of a session: for reading, and never changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharedFile {
    /// Where it is, absolute.
    pub source: String,
    /// What it is called below `.hermes`: relative, without `..`.
    pub name: String,
}

/// What a session is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionFacts {
    /// Commands in it cannot hurt the host: the guard may skip its checks.
    pub boundary: bool,
    /// Why it is, or is not, in one sentence.
    pub why: String,
    /// The working directory it starts in.
    pub cwd: String,
    /// The home directory in it.
    pub home: String,
}

/// One process to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecRequest {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Its working directory; the session's start when absent.
    pub cwd: Option<String>,
    /// Variables on top of the session's.
    pub env: BTreeMap<String, String>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exit {
    /// Its exit code, when it exited.
    pub code: Option<i32>,
    /// The signal that ended it, when one did.
    pub signal: Option<i32>,
}

impl Exit {
    /// The code as a shell reports it: 128 + n for signal n.
    #[must_use]
    pub fn shell_code(self) -> i32 {
        self.code.or(self.signal.map(|signal| 128 + signal)).unwrap_or(1)
    }
}

/// What becomes of a session's files when it closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// They stay for the next session of the same task.
    #[default]
    Files,
    /// They go.
    Nothing,
}

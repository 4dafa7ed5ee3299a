//! Where the commands of a conversation run, as seen by the conversation: opened for a session, closed with it.

use std::sync::Arc;

use hermes_plugin_api::error::Result;
use hermes_plugin_api::flow::Cancel;

use crate::conversation::line::Line;
use crate::host::scope::{BoxFuture, ToolScope};

/// Opens workspaces.
pub trait Workplace: Send + Sync {
    /// A workspace for a session. Whatever it needs to ask goes over `line`.
    fn open(&self, session: &str, line: &Arc<Line>) -> Arc<dyn Workspace>;
}

/// What the calls of a session act on.
pub trait Workspace: ToolScope {
    /// Whether the last effect that was wanted was refused.
    fn refused(&self) -> bool;

    /// A turn begins, with what the person said: what tools change from now on is taken back together.
    fn begin(&self, said: &str);

    /// The turns in which tools changed files, the last first: what was said, and the files.
    ///
    /// # Errors
    /// When that cannot be read.
    fn changed(&self) -> Result<Vec<(String, Vec<String>)>>;

    /// Takes back what tools changed in the last turns that changed files. Returns what became of it.
    fn rollback<'a>(&'a self, turns: usize, cancel: &'a Cancel) -> BoxFuture<'a, Result<String>>;

    /// Ends what still runs in it and gives it back.
    fn close(&self) -> BoxFuture<'_, ()>;
}

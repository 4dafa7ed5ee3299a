//! Where the commands of a conversation run, as seen by the conversation: opened for a session, closed with it.

use std::sync::Arc;

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

    /// Ends what still runs in it and gives it back.
    fn close(&self) -> BoxFuture<'_, ()>;
}

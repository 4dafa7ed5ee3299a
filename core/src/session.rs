//! A conversation with the agent: what was said so far. Kept in memory; it knows no platform and runs nothing.

pub mod transcript;

use crate::session::transcript::Transcript;

/// A session.
#[derive(Debug, Default)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// What was said.
    pub transcript: Transcript,
}

impl Session {
    /// An empty session.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), transcript: Transcript::default() }
    }
}

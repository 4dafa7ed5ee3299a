//! A conversation with the agent, what was said in it, and the store where it is kept. It knows no platform and runs
//! nothing.

pub mod hold;
pub mod keep;
pub mod sessions;
pub mod spent;
pub mod store;
pub mod title;
pub mod transcript;

use std::sync::Arc;

use crate::session::keep::Keeping;
use crate::session::transcript::Transcript;

/// A session.
#[derive(Debug)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// What was said.
    pub transcript: Transcript,
    /// What keeps it.
    pub keeping: Arc<Keeping>,
    /// What the model is told first. It is made when the model is asked first, and stays for the session.
    pub prompt: Option<Arc<str>>,
}

//! The traits of gates (who may talk) and of command words.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::flow::Output;

/// Decides about a sender that no allow-list names.
pub trait Gate: Send + Sync + 'static {
    /// Judges a sender. The order in which gate and allow-lists are asked is the host's.
    ///
    /// # Errors
    /// Whatever kept it from deciding; the sender is then refused.
    fn admit(&self, sender: Sender) -> impl Future<Output = Result<Admission>> + Send;

    /// Returns resources before the process ends. Called once, after the last call.
    ///
    /// # Errors
    /// Logged, and otherwise ignored.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Somebody who wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sender {
    /// The platform's name.
    pub platform: String,
    /// The id, in the adapter's canonical form.
    pub id: String,
    /// The display name: for logs, never for decisions.
    pub name: String,
    /// They wrote in a direct conversation.
    pub direct: bool,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Admission {
    /// May talk.
    Admitted,
    /// The gate does not know them.
    Unknown,
    /// May not talk yet; gets this one reply.
    Challenge {
        /// The reply.
        reply: String,
    },
}

/// Runs command-line words that the manifest declares.
pub trait Commands: Send + Sync + 'static {
    /// Runs one; what it prints goes into `output`. Returns the exit code.
    ///
    /// # Errors
    /// Printed as the program's one final error.
    fn run(&self, name: &str, argv: Vec<String>, output: Output) -> impl Future<Output = Result<i32>> + Send;

    /// Returns resources before the process ends. Called once, after the last call.
    ///
    /// # Errors
    /// Logged, and otherwise ignored.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

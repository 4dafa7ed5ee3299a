//! What a plugin author uses: plain traits with `async fn`, plain data, and one macro.
//!
//! Implement the trait of a kind ([`Scanner`], [`Backend`], [`Platform`], [`McpServer`], [`Model`], [`Gate`],
//! [`Commands`]) and name it in [`export_plugin!`]. This crate does no I/O and has no runtime: what a plugin
//! does to the outside goes through [`Host`].
#![forbid(unsafe_code)]

pub mod archive;
pub mod backend;
pub mod command;
pub mod conformance;
pub mod endpoint;
pub mod error;
pub mod export;
pub mod file;
pub mod finding;
pub mod flow;
pub mod gate;
pub mod harness;
pub mod host;
pub mod manifest;
pub mod model;
pub mod notes;
pub mod platform;
pub mod provider;
pub mod remote;
pub mod retry;
pub mod rule;
#[cfg(feature = "runtime")]
pub mod runtime;
mod scanner;
pub mod secret;
pub mod serve;
pub mod session;
mod shim;
pub mod sse;
pub mod tools;
mod trace;
pub mod vocabulary;

pub use backend::{Backend, BackendSession};
pub use export::Context;
pub use gate::{Commands, Gate};
pub use host::Host;
pub use model::Model;
pub use platform::Platform;
pub use scanner::Scanner;
pub use tools::McpServer;

/// What most plugins need.
pub mod prelude {
    pub use crate::error::{ErrorCode, PluginError, Result};
    pub use crate::export::Context;
    pub use crate::finding::{Action, CommandSubject, Finding, Remember, Severity, Subject};
    pub use crate::flow::{Cancel, Channel, Output, Sink};
    pub use crate::host::Host;
    pub use crate::secret::Secret;
    pub use crate::{Backend, BackendSession, Commands, Gate, McpServer, Model, Platform, Scanner, export_plugin};
}

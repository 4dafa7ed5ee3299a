//! What every plugin of a kind must do: one suite of checks for each trait, for our plugins and everybody's.
//!
//! `hermes plugins test PATH` loads a plugin and runs them. An author can run one in a test as well, without a
//! host, with [`Inline`] as the runner. A suite decides nothing about what a plugin may say: only that it answers,
//! in time and in form, whatever it is asked.
//!
//! ```
//! use std::sync::Arc;
//! use hermes_plugin_api::conformance::{self, Inline};
//! use hermes_plugin_api::harness::block_on;
//! use hermes_plugin_api::prelude::*;
//!
//! struct Quiet;
//!
//! impl Scanner for Quiet {
//!     async fn scan(&self, _: &Subject) -> Result<Vec<Finding>> {
//!         Ok(Vec::new())
//!     }
//! }
//!
//! let checks = block_on(conformance::scanner(&Inline, &Arc::new(Quiet), "quiet", &["command".to_owned()]));
//! assert_eq!(checks.iter().find_map(|check| check.failed()), None);
//! ```

use std::future::Future;
use std::time::Duration;

use serde_json::Value;

use crate::error::{ErrorCode, PluginError, Result};

mod backend;
mod gate;
pub mod lines;
mod model;
mod platform;
mod scanner;
mod tools;

pub use backend::{backend, is_own_command, is_own_file};
pub use gate::gate;
pub use model::model;
pub use platform::platform;
pub use scanner::scanner;
pub use tools::tools;

/// How long one call may take that says nothing else.
const PATIENCE: Duration = Duration::from_secs(10);

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What must hold.
    pub what: String,
    /// Whether it does.
    pub outcome: Outcome,
}

/// How a check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not, and why.
    Failed(String),
    /// It could not be tried here, and why: the plugin said what it lacks, as it should.
    Skipped(String),
}

impl Check {
    /// Returns the check with its reason, if it failed.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Failed(why) => Some(format!("{}: {why}", self.what)),
            Outcome::Passed | Outcome::Skipped(_) => None,
        }
    }
}

/// Runs the calls of a suite. The caller has the clock and the threads; this crate has neither.
pub trait Runner: Sync {
    /// Runs a call to its end, or as long as `limit` allows; one that blocks its thread must not block the suite.
    ///
    /// # Errors
    /// `TIMEOUT` when it took longer; what the call returns.
    fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T>> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send;

    /// Says what is wrong with a JSON Schema. A runner that knows nothing of schemas finds nothing wrong.
    ///
    /// # Errors
    /// What is wrong.
    fn check_schema(&self, schema: &Value) -> std::result::Result<(), String> {
        let _ = schema;
        Ok(())
    }
}

/// Runs calls where they are, and waits for ever: for an author's own tests.
pub struct Inline;

impl Runner for Inline {
    async fn run<T: Send + 'static>(
        &self,
        _: Duration,
        call: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        call.await
    }
}

/// Collects checks.
#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, what: impl Into<String>, result: Held) {
        let outcome = result.map_or_else(Outcome::Failed, |()| Outcome::Passed);
        self.0.push(Check { what: what.into(), outcome });
    }

    /// Notes what the plugin said it cannot do here, which is no failure where it says it in form.
    fn excused(&mut self, what: impl Into<String>, error: &PluginError) {
        let outcome = graceful(error).map_or_else(Outcome::Failed, |()| Outcome::Skipped(error.message.clone()));
        self.0.push(Check { what: what.into(), outcome });
    }
}

/// Nothing, or why something does not hold.
type Held = std::result::Result<(), String>;

/// Whether an error is one a plugin may answer with: it says what it cannot do, and why.
fn graceful(error: &PluginError) -> Held {
    match error.code {
        ErrorCode::PANICKED | ErrorCode::PROTOCOL | ErrorCode::TIMEOUT => Err(error.message.clone()),
        _ if error.message.trim().is_empty() => Err("it gave an error that says nothing".to_owned()),
        _ => Ok(()),
    }
}

/// Texts that are everyday, extreme or hostile.
fn shapes() -> Vec<(&'static str, String)> {
    vec![
        ("everyday text", "ls -la /tmp".to_owned()),
        ("no text", String::new()),
        ("128 KiB", "a".repeat(128 * 1024)),
        ("100,000 separators", ";".repeat(100_000)),
        ("deep nesting", format!("{}{}", "$(".repeat(2_000), ")".repeat(2_000))),
        ("odd characters", "a\0b\u{1b}[2J\u{202e}\u{200d}e\u{301}\u{feff}👩‍👩‍👧 ﷽ \u{10ffff}\r\n".to_owned()),
    ]
}

#[cfg(test)]
mod tests;

//! The trait of scanners.

use std::future::Future;

use crate::error::Result;
use crate::finding::{Finding, Subject};

/// Judges subjects: commands, URLs, files about to enter the prompt.
///
/// The host calls a scanner only with the kinds of subject that its manifest declares, on a worker, under a
/// deadline; a scanner that fails or is late counts as its failure policy says, `closed` by default. A bundled one
/// whose manifest says `at_once` is asked on the caller's thread.
pub trait Scanner: Send + Sync + 'static {
    /// Judges one subject. No findings means no objection.
    ///
    /// # Errors
    /// Whatever kept it from judging. The host then treats the subject as not judged.
    fn scan(&self, subject: &Subject) -> impl Future<Output = Result<Vec<Finding>>> + Send;

    /// Returns resources before the process ends. Called once, after the last call.
    ///
    /// # Errors
    /// Logged, and otherwise ignored.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

//! The order of a decision. Every command takes this road, from wherever it comes.

use std::sync::Arc;

use hermes_plugin_api::error::Result;
use hermes_plugin_api::flow::Cancel;

use super::audit::Audit;
use super::policy::{ConsentStore, Policy, ScannerSlot};
use super::refusal::{Kind, Refusal};
use super::report::{Report, Verdict};
use super::request::CommandRequest;
use super::witness::{Authorized, Exec};

/// Decides.
pub struct Guard {
    policy: Policy,
    scanners: Vec<ScannerSlot>,
    store: Arc<dyn ConsentStore>,
    audit: Audit,
}

impl Guard {
    /// Makes a guard.
    ///
    /// # Errors
    /// `CONFIG` for a deny rule that is not a glob.
    pub fn new(policy: Policy, scanners: Vec<ScannerSlot>, store: Arc<dyn ConsentStore>, audit: Audit) -> Result<Self> {
        Ok(Self { policy, scanners, store, audit })
    }

    /// Decides about a command, asking a person where that is due.
    ///
    /// # Errors
    /// Why it does not run.
    ///
    /// # Cancellation
    /// A pending prompt is withdrawn and the command refused.
    pub async fn authorize(&self, request: CommandRequest<'_>, cancel: &Cancel) -> Result<Authorized<Exec>, Refusal> {
        let _ = (request, cancel, &self.scanners, &self.store, &self.audit);
        Err(Refusal::new(Kind::Unreadable, "This command cannot be read yet"))
    }

    /// Returns what would be decided about a command, and everything found on the way, without asking.
    pub async fn check(&self, request: CommandRequest<'_>) -> Report {
        Report {
            verdict: Verdict::Deny,
            why: "This command cannot be read yet".to_owned(),
            findings: Vec::new(),
            command: hermes_plugin_api::command::Command { text: request.text.to_owned(), ..Default::default() },
        }
    }

    /// Switches asking off or on for one session.
    pub fn set_yolo(&self, session: &str, on: bool) {
        let _ = (session, on);
    }

    /// Whether nobody is asked in a session.
    #[must_use]
    pub fn is_yolo(&self, session: &str) -> bool {
        let _ = session;
        self.policy.yolo
    }
}

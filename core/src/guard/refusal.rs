//! Why a command does not run, as the model is told.
//!
//! Every message says that trying again or putting it another way is no use: a refusal read as "find another
//! way" is worse than none.

use hermes_plugin_api::error::{ErrorCode, PluginError};

/// A decision that a command does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who or what refused.
    pub kind: Kind,
    /// What the model is told.
    pub message: String,
}

/// Who or what refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The floor under every mode and answer.
    Hardline,
    /// A deny rule of the user.
    Deny,
    /// It could not be read, and nobody is asked about that.
    Unreadable,
    /// A required scanner is missing or failed.
    MissingScanner,
    /// A scanner forbids it.
    Forbidden,
    /// The model that is asked in smart mode said no, and nobody is there who could decide otherwise.
    Adviser,
    /// A person said no.
    Person {
        /// What they said about it, if anything.
        reason: Option<String>,
    },
    /// Nobody answered in time.
    Timeout,
    /// It needs approval, and nobody can be asked.
    NobodyThere,
    /// The turn was cancelled while it waited.
    Cancelled,
    /// The decision could not be written to the audit log.
    Unrecorded,
}

/// Stands at the end of each message.
const NO_OTHER_WAY: &str = "Do not retry it, rephrase it or reach the same effect another way";

impl Refusal {
    /// Makes a refusal; `why` is a sentence without a stop.
    pub(crate) fn new(kind: Kind, why: impl std::fmt::Display) -> Self {
        let message = match kind {
            Kind::Hardline => format!("BLOCKED (hardline): {why}. This never runs here. {NO_OTHER_WAY}."),
            Kind::Cancelled | Kind::Unrecorded => format!("{why}."),
            _ => format!("BLOCKED: {why}. {NO_OTHER_WAY}."),
        };
        Self { kind, message }
    }

    /// Returns the word for the audit log.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.kind {
            Kind::Hardline => "hardline",
            Kind::Deny => "deny-rule",
            Kind::Unreadable => "unreadable",
            Kind::MissingScanner => "missing-scanner",
            Kind::Forbidden => "forbidden",
            Kind::Adviser => "smart",
            Kind::Person { .. } => "person",
            Kind::Timeout => "timeout",
            Kind::NobodyThere => "nobody-there",
            Kind::Cancelled => "cancelled",
            Kind::Unrecorded => "unrecorded",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for PluginError {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.kind {
            Kind::Cancelled => ErrorCode::CANCELLED,
            Kind::Timeout => ErrorCode::TIMEOUT,
            _ => ErrorCode::DENIED,
        };
        PluginError::new(code, refusal.message)
    }
}

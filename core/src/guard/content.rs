//! Judges texts that are about to enter a prompt: a project's files, the agent's own identity and notes.
//!
//! Nobody is asked: what a scanner objects to stays out, and so does what could not be judged. It reads and writes
//! no file and knows no prompt.

use hermes_plugin_api::finding::{Action, Finding, Subject};

use super::policy::{OnFailure, ScannerSlot};
use super::scan::{Answer, Scanners};

/// Judges texts by the scanners of context files.
pub struct Contents {
    scanners: Scanners,
    watched: bool,
}

/// Why a text stays out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// What was found, with the plugin that did. Empty when it could not be judged.
    pub found: Vec<(String, Finding)>,
    /// Why it could not be judged, with the plugin that failed.
    pub failed: Vec<(String, String)>,
}

impl Contents {
    /// Judges by these scanners.
    #[must_use]
    pub fn new(slots: Vec<ScannerSlot>) -> Self {
        let watched = !slots.is_empty();
        Self { scanners: Scanners::new(slots), watched }
    }

    /// Whether there is anybody who judges.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.watched
    }

    /// Judges a text. Without a scanner nobody objects: whoever needs one asks [`Contents::is_watched`].
    ///
    /// # Errors
    /// [`Objection`].
    pub async fn judge(&self, name: &str, text: &str) -> Result<(), Objection> {
        let subject = Subject::ContextFile { name: name.to_owned(), text: text.to_owned() };
        let mut objection = Objection { found: Vec::new(), failed: Vec::new() };
        for Answer { slot, result } in self.scanners.ask(&subject).await {
            match (result, slot.on_failure) {
                (Ok(found), _) => {
                    let objects = found.into_iter().filter(|finding| finding.action != Action::Note);
                    objection.found.extend(objects.map(|finding| (slot.plugin.clone(), finding)));
                }
                (Err(error), OnFailure::Closed) => objection.failed.push((slot.plugin.clone(), error.to_string())),
                (Err(error), OnFailure::Open) => {
                    tracing::warn!(%error, plugin = slot.plugin, name, "A scanner failed and is passed over.");
                }
            }
        }
        if objection.found.is_empty() && objection.failed.is_empty() { Ok(()) } else { Err(objection) }
    }
}

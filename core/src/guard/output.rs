//! What tools return from strangers, before a model reads it.
//!
//! Nobody is asked: text that a scanner objects to is kept back, and the person is told. A scanner that fails keeps
//! it back too, unless its policy lets pass.

use hermes_plugin_api::finding::{Action, Subject};

use super::Guard;
use super::policy::OnFailure;

impl Guard {
    /// Judges the text that a tool returned. Returns what the model reads in its place, where a scanner objects.
    pub async fn screen_output(&self, tool: &str, text: &str) -> Option<String> {
        let subject = Subject::ToolOutput { tool: tool.to_owned(), text: text.to_owned() };
        let mut rules: Vec<String> = Vec::new();
        for answer in self.outputs.ask(&subject).await {
            match (answer.result, answer.slot.on_failure) {
                (Ok(findings), _) => {
                    let objecting = findings.into_iter().filter(|finding| finding.action != Action::Note);
                    rules.extend(objecting.map(|finding| finding.rule));
                }
                (Err(error), OnFailure::Closed) => {
                    tracing::warn!(%error, plugin = answer.slot.plugin, "A scanner failed, and what it should judge is kept back.");
                    rules.push(super::findings::SCANNER_FAILED.to_owned());
                }
                (Err(error), OnFailure::Open) => {
                    tracing::warn!(%error, plugin = answer.slot.plugin, "A scanner failed and is passed over.");
                }
            }
        }
        rules.sort_unstable();
        rules.dedup();
        let why = rules.join(", ");
        (!rules.is_empty()).then(|| {
            format!("[BLOCKED: the result of {tool} contained potential prompt injection ({why}). Content not shown.]")
        })
    }
}

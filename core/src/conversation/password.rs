//! Asks a person for the password of `sudo`, unseen.
//!
//! It is kept in memory for as long as the session's shell, and known to redaction from the moment it is heard.
//! It is never stored, and must not be told to a model, a log or a tool.

use std::time::Duration;

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::platform::Prompt;
use hermes_plugin_api::secret::Secret;
use tokio::time::timeout;

use crate::guard::Approver;
use crate::host::clock;
use crate::shell::Sudo;

/// How long the person has.
const LIMIT: Duration = Duration::from_secs(120);

/// Asks. Nothing typed, nobody there and time over are no password.
///
/// # Errors
/// `CANCELLED` when the turn is, or the person declined by Ctrl-C or left: then the command does not run.
pub(super) async fn ask(approver: &dyn Approver, cancel: &Cancel) -> Result<Option<Sudo>> {
    let prompt = Prompt {
        id: clock::random_id(),
        text: "🔑 `sudo` may ask for your password. It is kept for this session alone, and nobody is told.".into(),
        question: "Password for sudo (Enter: none): ".into(),
        hidden: true,
        ..Prompt::default()
    };
    let (sudo, outcome) = match cancel.run(timeout(LIMIT, approver.ask(&prompt))).await {
        Err(cancelled) => (Err(cancelled), "cancelled"),
        Ok(Err(_)) => (Ok(None), "no password: time is over"),
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, "The password could not be asked for.");
            (Ok(None), "no password")
        }
        Ok(Ok(Ok(None))) => (Err(PluginError::cancelled()), "cancelled"),
        Ok(Ok(Ok(Some(typed)))) if typed.is_empty() => (Ok(None), "no password"),
        Ok(Ok(Ok(Some(typed)))) => (Ok(Some(Sudo::new(&Secret::new(typed)))), "taken"),
    };
    approver.settled(&prompt, outcome).await;
    sudo
}

/// Whether `sudo` said that the password is not the one. A command that only says so costs another question.
pub(super) fn was_wrong(output: &str) -> bool {
    ["a password is required", "incorrect password", "Sorry, try again"].iter().any(|said| output.contains(said))
}

//! Words of plugins in a conversation: `/skills list` is `hermes skills list`, its output shown.
//!
//! Only words that their manifest offers to sessions. Those of core come first; the line is not read by a shell.

use std::sync::Arc;

use hermes_plugin_api::manifest::{CommandWord, Manifest};
use hermes_plugin_api::platform::SlashWord;

use crate::flow::{self, CancelSource};
use crate::plugin::asks::plain;
use crate::plugin::registry::Plugins;
use crate::plugin::state::State;

/// Most output that is shown, in bytes.
const SHOWN: usize = 32 * 1024;
/// Pieces of output that wait to be taken.
const PIECES: usize = 16;

/// The words of enabled plugins.
#[derive(Clone, Default)]
pub struct Words {
    words: Vec<CommandWord>,
    plugins: Option<Arc<Plugins>>,
}

/// A word and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) word: String,
    arguments: Vec<String>,
}

impl Words {
    /// Those of these plugins. No library is loaded.
    #[must_use]
    pub fn of(plugins: Arc<Plugins>) -> Self {
        let enabled = plugins.entries().iter().filter(|entry| entry.state == State::Enabled);
        let manifests = enabled.filter_map(|entry| entry.found.manifest.as_ref().ok());
        let words = manifests.flat_map(|manifest: &Manifest| manifest.commands.iter()).filter(|word| word.slash);
        Self { words: words.cloned().collect(), plugins: Some(plugins) }
    }

    /// The words, for completion.
    pub(super) fn offered(&self) -> impl Iterator<Item = SlashWord> {
        self.words.iter().map(|word| SlashWord { name: word.name.clone(), about: plain(&word.about) })
    }

    /// The words, for a person; nothing where there are none.
    pub(super) fn help(&self) -> String {
        self.offered().map(|word| format!("\n/{:<25}{}", word.name, word.about)).collect()
    }

    /// Their names.
    pub(super) fn names(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.name.as_str()).collect()
    }

    /// Reads a message that is a word of a plugin.
    pub(super) fn read(&self, text: &str) -> Option<Call> {
        let mut parts = text.trim().strip_prefix('/')?.split_whitespace().map(str::to_owned);
        let word = parts.next().filter(|name| self.words.iter().any(|word| word.name == *name))?;
        Some(Call { word, arguments: parts.collect() })
    }

    /// Runs it. Returns what it printed, and what went wrong.
    pub(super) async fn run(self, call: Call, cancel: CancelSource) -> String {
        let Some(plugins) = &self.plugins else { return String::new() };
        let Call { word, arguments } = call;
        let commands = match plugins.commands(&word) {
            Ok(commands) => commands,
            Err(refusal) => return format!("{refusal}\nhint: {}", refusal.hint),
        };
        let (output, mut pieces) = flow::bytes(PIECES);
        let handle = cancel.handle();
        let mut run = std::pin::pin!(commands.run(&word, &arguments, output, &handle));
        let mut printed = Vec::new();
        let mut take = |piece: Vec<u8>| {
            let room = SHOWN.saturating_sub(printed.len());
            printed.extend_from_slice(&piece[..piece.len().min(room)]);
        };
        // A branch that is dropped loses nothing: the run is pinned outside, a piece stays in its queue.
        let code = loop {
            tokio::select! {
                biased;
                Some(piece) = pieces.recv() => take(piece),
                code = &mut run => break code,
                () = handle.cancelled() => break Ok(crate::error::INTERRUPTED.into()),
            }
        };
        while let Ok(piece) = pieces.try_recv() {
            take(piece);
        }
        let mut text = String::from_utf8_lossy(&printed).trim_end().to_owned();
        if printed.len() >= SHOWN {
            text.push_str("\n[…]");
        }
        match code {
            Ok(0) => text,
            Ok(code) => format!("{text}\n[exit code {code}]").trim_start().to_owned(),
            Err(error) => format!("{text}\n{error}").trim_start().to_owned(),
        }
    }
}

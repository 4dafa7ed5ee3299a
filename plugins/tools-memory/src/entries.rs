//! The entries of notes: finding the one that is meant, and how the model reads them. Pure.

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::notes::{BETWEEN, Notes};

/// The entries of some notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entries {
    notes: Notes,
    entries: Vec<String>,
}

impl Entries {
    /// Reads notes.
    pub(crate) fn read(notes: Notes, text: &str) -> Self {
        Self { notes, entries: Notes::entries(text) }
    }

    /// Adds an entry. Returns what was done.
    ///
    /// # Errors
    /// `USER` for what is no entry.
    pub(crate) fn add(&mut self, content: &str) -> Result<&'static str> {
        let entry = entry(content)?;
        if self.entries.contains(&entry) {
            return Ok("It is kept already.");
        }
        self.entries.push(entry);
        Ok("Kept.")
    }

    /// Puts an entry in the place of another.
    ///
    /// # Errors
    /// `USER` for what is no entry, and unless exactly one is meant.
    pub(crate) fn replace(&mut self, old: &str, content: &str) -> Result<&'static str> {
        let (at, entry) = (self.find(old)?, entry(content)?);
        self.entries[at] = entry;
        Ok("Replaced.")
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// `USER` unless exactly one is meant.
    pub(crate) fn remove(&mut self, old: &str) -> Result<&'static str> {
        let at = self.find(old)?;
        self.entries.remove(at);
        Ok("Removed.")
    }

    fn find(&self, old: &str) -> Result<usize> {
        let meant: Vec<usize> = (0..self.entries.len()).filter(|at| self.entries[*at].contains(old)).collect();
        match meant.as_slice() {
            [at] => Ok(*at),
            [] => Err(PluginError::user(format!("No entry holds `{old}`. {}", self.told()))),
            [first, rest @ ..] if rest.iter().all(|at| self.entries[*at] == self.entries[*first]) => Ok(*first),
            several => {
                let message = format!("{} entries hold `{old}`: give more of it. {}", several.len(), self.told());
                Err(PluginError::user(message))
            }
        }
    }

    /// The notes with these entries.
    pub(crate) fn text(&self) -> String {
        Notes::text(&self.entries)
    }

    /// The entries, numbered, with their size.
    pub(crate) fn told(&self) -> String {
        let lines: String =
            self.entries.iter().enumerate().map(|(at, entry)| format!("\n{}. {entry}", at + 1)).collect();
        format!("{}{lines}", self.size())
    }

    /// How much is kept, and how much may be.
    pub(crate) fn size(&self) -> String {
        let (used, limit) = (self.text().chars().count(), self.notes.limit());
        let entries = match self.entries.len() {
            1 => "1 entry".to_owned(),
            n => format!("{n} entries"),
        };
        format!("{entries}, {used} of {limit} characters.")
    }
}

/// One entry, as it is kept.
fn entry(content: &str) -> Result<String> {
    if content.lines().any(|line| line.trim() == BETWEEN) {
        return Err(PluginError::user(format!(
            "An entry has no line that is `{BETWEEN}`: that stands between entries"
        )));
    }
    Ok(content.trim().to_owned())
}

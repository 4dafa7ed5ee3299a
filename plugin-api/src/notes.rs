//! Notes of the home: what the agent keeps in mind from one session to the next. Only types: [`crate::Host`] has the
//! methods.
//!
//! There are two, and both are given to the model when a session begins; so they are short, and the host looks at them
//! before they are kept. A tool call uses them with its token ([`crate::tools::CallContext`]) and `notes` in the
//! manifest's `permissions.session`.

use serde::{Deserialize, Serialize};

/// What stands alone on a line between two entries of a note.
pub const BETWEEN: &str = "§";

/// Which notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notes {
    /// The agent's own: what it learned about places, tools and projects. `memories/MEMORY.md` of the home.
    #[default]
    Agent,
    /// About the person: who they are, how they like things done. `memories/USER.md` of the home.
    User,
}

impl Notes {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Agent, Self::User];

    /// The name of their file.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Agent => "MEMORY.md",
            Self::User => "USER.md",
        }
    }

    /// How long they may be, in characters.
    #[must_use]
    pub fn limit(self) -> usize {
        match self {
            Self::Agent => 2_200,
            Self::User => 1_375,
        }
    }

    /// The entries of notes, without those that are empty.
    #[must_use]
    pub fn entries(text: &str) -> Vec<String> {
        let mut entries = vec![String::new()];
        for line in text.lines() {
            match (line.trim() == BETWEEN, entries.last_mut()) {
                (false, Some(entry)) => {
                    entry.push_str(line);
                    entry.push('\n');
                }
                _ => entries.push(String::new()),
            }
        }
        entries.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
    }

    /// Notes of these entries.
    #[must_use]
    pub fn text(entries: &[String]) -> String {
        let text = entries.join(&format!("\n{BETWEEN}\n"));
        if text.is_empty() { text } else { format!("{text}\n") }
    }
}

/// Notes to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotesRead {
    /// The token of the tool call.
    pub token: String,
    /// Which.
    pub notes: Notes,
}

/// Notes to write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotesWrite {
    /// The token of the tool call.
    pub token: String,
    /// Which.
    pub notes: Notes,
    /// What they were: nothing is written when they are something else by now.
    pub was: String,
    /// What they are to be.
    pub text: String,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotesWritten {
    /// They stand there now. Otherwise somebody else was quicker.
    pub written: bool,
    /// What stands there.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_lines_between_marks() {
        let entries = vec!["one\nand more".to_owned(), "two § three".to_owned()];
        let text = Notes::text(&entries);
        assert_eq!(text, "one\nand more\n§\ntwo § three\n");
        assert_eq!(Notes::entries(&text), entries);
        assert_eq!(Notes::entries("\n§\n \n§\none\r\n § \n"), ["one"]);
        assert_eq!(Notes::text(&[]), "");
    }
}

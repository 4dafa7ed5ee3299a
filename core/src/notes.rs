//! The notes of a home, `memories/MEMORY.md` and `memories/USER.md`: read, checked, written whole.
//!
//! What stands there is given to the model at the beginning of every session. So nothing gets in that is too long, that
//! hides something from a person, or that shows a secret. Who writes in them, and how, is the tools'.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::notes::{Notes, NotesWritten};

use crate::command;
use crate::config::home::Home;
use crate::host::file;
use crate::redact::redact;

/// The notes of a home.
#[derive(Clone, Debug)]
pub struct Notebook {
    home: Home,
}

impl Notebook {
    /// The notes of this home.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self { home }
    }

    /// Where notes stand.
    #[must_use]
    pub fn path(&self, notes: Notes) -> PathBuf {
        self.home.memories_dir().join(notes.file())
    }

    /// Reads notes. Those that are not there are empty.
    ///
    /// # Errors
    /// `UNAVAILABLE`, naming the file, when they are there and cannot be read.
    pub fn read(&self, notes: Notes) -> Result<String> {
        let path = self.path(notes);
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            text => text.map_err(|error| failed(&path, &error)),
        }
    }

    /// Writes notes, if they still are what `was` says. Two processes that write at once both find out.
    ///
    /// # Errors
    /// `USER` for a text that is not kept, saying why; `UNAVAILABLE` when it cannot be written, and is then as before.
    pub fn write(&self, notes: Notes, was: &str, text: &str) -> Result<NotesWritten> {
        check(notes, was, text)?;
        let path = self.path(notes);
        let folder = self.home.create_dir(Path::new("memories")).map_err(|error| failed(&path, &error))?;
        let _held = hold(&folder).map_err(|error| failed(&path, &error))?;
        let there = self.read(notes)?;
        if there != was {
            return Ok(NotesWritten { written: false, text: there });
        }
        file::write_whole(&path, text.as_bytes(), 0o600).map_err(|error| failed(&path, &error))?;
        Ok(NotesWritten { written: true, text: text.to_owned() })
    }
}

/// Whether a text may be kept. What a person wrote by hand may be longer than notes should be; then they can be made
/// shorter step by step.
///
/// # Errors
/// `USER` for one that is too long, hides something or shows a secret.
pub(crate) fn check(notes: Notes, was: &str, text: &str) -> Result<()> {
    let (length, limit) = (text.chars().count(), notes.limit());
    if length > limit && length >= was.chars().count() {
        let message = format!("The notes would be {length} characters long, and {limit} is the most");
        return Err(PluginError::user(message).with_hint("shorten, merge or remove entries first"));
    }
    if command::hides(text) {
        return Err(PluginError::user("The text holds characters that are not shown, which notes may not"));
    }
    if redact(text) != text {
        let message = "The text shows what looks like a password or a key, which notes may not";
        return Err(PluginError::user(message).with_hint("say where it is kept instead"));
    }
    Ok(())
}

/// The lock of the folder, until it is dropped.
fn hold(folder: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(folder.join(".lock"))?;
    file.lock()?;
    Ok(file)
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> PluginError {
    PluginError::unavailable(format!("Failed to access `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn book() -> (tempfile::TempDir, Notebook) {
        let home = tempfile::tempdir().expect("a folder");
        let book = Notebook::new(Home::at(home.path()));
        (home, book)
    }

    #[test]
    fn notes_are_written_whole_and_privately_and_not_over_those_of_others() {
        let (_home, book) = book();
        assert_eq!(book.read(Notes::User), Ok(String::new()));
        let written = book.write(Notes::User, "", "Likes tea.\n").expect("written");
        assert_eq!(written, NotesWritten { written: true, text: "Likes tea.\n".into() });
        let meta = std::fs::metadata(book.path(Notes::User)).expect("there");
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        let late = book.write(Notes::User, "", "Likes coffee.\n").expect("told");
        assert_eq!(late, NotesWritten { written: false, text: "Likes tea.\n".into() });
        assert_eq!(book.read(Notes::User), Ok("Likes tea.\n".into()));
        assert_eq!(book.read(Notes::Agent), Ok(String::new()));
    }

    #[test]
    fn writers_at_once_lose_nothing() {
        let (_home, book) = book();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let book = &book;
                scope.spawn(move || {
                    let mut was = String::new();
                    loop {
                        let written = book.write(Notes::Agent, &was, &format!("{was}{n}\n")).expect("told");
                        if written.written {
                            return;
                        }
                        was = written.text;
                    }
                });
            }
        });
        assert_eq!(book.read(Notes::Agent).expect("read").lines().count(), 8);
    }

    #[test]
    fn what_must_not_be_kept_is_refused() {
        let (_home, book) = book();
        for (text, why) in [
            ("x".repeat(2_201), "2201 characters long, and 2200 is the most"),
            ("hid\u{200b}den".to_owned(), "not shown"),
            ("\u{1b}[2Jgone".to_owned(), "not shown"),
            ("the token is ghp_0123456789abcdefghijABCDEFGHIJ012345".to_owned(), "a password or a key"),
        ] {
            let error = book.write(Notes::Agent, "", &text).expect_err("refused");
            assert!(error.message.contains(why), "{error}");
        }
        assert_eq!(book.read(Notes::Agent), Ok(String::new()));
    }

    #[test]
    fn what_is_too_long_by_hand_can_be_made_shorter() {
        let (_home, book) = book();
        let long = "x".repeat(3_000);
        book.write(Notes::Agent, "", "x").expect("written");
        std::fs::write(book.path(Notes::Agent), &long).expect("by hand");
        assert!(book.write(Notes::Agent, &long, &format!("{long}x")).is_err());
        assert!(book.write(Notes::Agent, &long, &long[1..]).expect("written").written);
    }

    #[test]
    fn notes_that_are_no_text_are_an_error_that_names_them() {
        let (_home, book) = book();
        book.write(Notes::Agent, "", "x").expect("written");
        std::fs::write(book.path(Notes::Agent), b"\xff").expect("by hand");
        let error = book.read(Notes::Agent).expect_err("no text");
        assert!(error.message.contains("MEMORY.md"), "{error}");
    }
}

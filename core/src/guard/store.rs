//! The permanent allow-list: `command_allowlist` in the home's configuration file.
//!
//! Another process may change the file at any time; it is read again whenever it looks different. Writing goes
//! through the one way to edit the configuration, which keeps what a person wrote.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, PoisonError};

use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use serde_json::Value;

use super::policy::ConsentStore;
use crate::config::edit::file::edit_config;
use crate::config::edit::{Edit, EditError};
use crate::config::home::Home;
use crate::config::keys::KeyPath;
use crate::config::yaml::Document;

/// The key of the list.
const KEY: &str = "command_allowlist";

/// The allow-list of a home.
#[derive(Debug)]
pub struct AllowList {
    home: Home,
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    entries: Vec<String>,
}

/// What tells one state of the file from another: device, inode, size, times of change.
type Stamp = Option<[i64; 7]>;

impl AllowList {
    /// Names the list of a home. The file is read when the list is asked for.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self { home, known: Mutex::default() }
    }

    fn stamp(&self) -> Result<Stamp> {
        match std::fs::metadata(self.home.config_file()) {
            Ok(found) => Ok(Some(stamp(&found))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unreadable(&error.to_string())),
        }
    }

    fn read(&self) -> Result<Vec<String>> {
        let text = match std::fs::read_to_string(self.home.config_file()) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.unreadable(&error.to_string())),
        };
        let document = Document::parse(text).map_err(|error| self.unreadable(&error.to_string()))?;
        match document.value().get(KEY) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(|item| self.entry(item)).collect(),
            Some(_) => Err(self.unreadable(&format!("`{KEY}` is not a list"))),
        }
    }

    fn entry(&self, item: &Value) -> Result<String> {
        match item {
            Value::String(text) => Ok(text.clone()),
            other => Err(self.unreadable(&format!("`{other}` in `{KEY}` is not text"))),
        }
    }

    fn unreadable(&self, why: &str) -> PluginError {
        PluginError::config(format!("Failed to read `{}`: {why}", self.home.config_file().display()))
    }

    fn edit(&self, edit: &Edit) -> Result<bool> {
        edit_config(&self.home, edit).map_err(failed)
    }
}

impl ConsentStore for AllowList {
    fn entries(&self) -> Result<Vec<String>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before reading: a change in between is seen next time.
        let stamp = self.stamp()?;
        if let Some(known) = known.as_ref().filter(|known| known.stamp == stamp) {
            return Ok(known.entries.clone());
        }
        let entries = self.read()?;
        *known = Some(Known { stamp, entries: entries.clone() });
        Ok(entries)
    }

    fn add(&self, entry: &str) -> Result<()> {
        self.edit(&Edit::ListAdd(key()?, entry.into())).map(|_| ())
    }

    fn remove(&self, entry: &str) -> Result<bool> {
        self.edit(&Edit::ListRemove(key()?, entry.into()))
    }
}

fn key() -> Result<KeyPath> {
    KEY.parse().map_err(|_| PluginError::internal("The key of the allow-list is not a key"))
}

fn stamp(found: &Metadata) -> [i64; 7] {
    [
        found.dev().cast_signed(),
        found.ino().cast_signed(),
        found.size().cast_signed(),
        found.mtime(),
        found.mtime_nsec(),
        found.ctime(),
        found.ctime_nsec(),
    ]
}

fn failed(error: EditError) -> PluginError {
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(&error) {
        message = format!("{message}: {source}");
    }
    let failure = PluginError::new(ErrorCode::UNAVAILABLE, message);
    match error.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: Option<&str>) -> (tempfile::TempDir, AllowList) {
        let home = tempfile::tempdir().expect("a directory");
        if let Some(text) = text {
            std::fs::write(home.path().join("config.yaml"), text).expect("written");
        }
        let list = AllowList::new(Home::at(home.path()));
        (home, list)
    }

    fn text(home: &tempfile::TempDir) -> String {
        std::fs::read_to_string(home.path().join("config.yaml")).expect("a file")
    }

    #[test]
    fn entries_come_and_go_and_comments_stay() {
        let (home, list) = list(Some("# mine\ncommand_allowlist:\n- rm # old\n"));
        assert_eq!(list.entries().expect("readable"), ["rm"]);
        list.add("recursive-delete").expect("added");
        list.add("recursive-delete").expect("added");
        assert_eq!(list.entries().expect("readable"), ["rm", "recursive-delete"]);
        assert!(list.remove("recursive-delete").expect("removed"));
        assert!(!list.remove("recursive-delete").expect("not there"));
        assert_eq!(text(&home), "# mine\ncommand_allowlist:\n- rm # old\n");
    }

    #[test]
    fn no_file_is_an_empty_list_and_the_first_entry_makes_it() {
        let (_home, list) = list(None);
        assert_eq!(list.entries().expect("readable"), Vec::<String>::new());
        list.add("rm").expect("added");
        assert_eq!(list.entries().expect("readable"), ["rm"]);
    }

    #[test]
    fn what_another_process_writes_is_seen() {
        let (home, ours) = list(Some("command_allowlist: [rm]\n"));
        assert_eq!(ours.entries().expect("readable"), ["rm"]);
        AllowList::new(Home::at(home.path())).add("git *").expect("added");
        assert_eq!(ours.entries().expect("readable"), ["rm", "git *"]);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_an_error() {
        for text in ["command_allowlist: rm\n", "command_allowlist: [1]\n", "a: [\n"] {
            let (_home, list) = list(Some(text));
            assert!(list.entries().is_err(), "{text}");
        }
    }

    #[test]
    fn many_writers_lose_nothing() {
        let (home, list) = list(Some("command_allowlist: []\n"));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let list = AllowList::new(Home::at(home.path()));
                scope.spawn(move || {
                    (0..5).for_each(|at| list.add(&format!("rule-{writer}-{at}")).expect("added"));
                });
            }
        });
        assert_eq!(list.entries().expect("readable").len(), 20);
    }
}

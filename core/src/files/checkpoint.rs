//! What files were before tools changed them, turn by turn: `<home>/cache/checkpoints/<session>/`.
//!
//! Before a tool's first change of a file in a turn, what was there is kept under the hash of its content, readable
//! by the owner alone, and noted in a journal. The oldest goes when there is too much. What holds secrets never
//! comes here: the caller sees to that.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io::Result;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::host::clock;
use crate::host::file::write_whole;

/// Most changed files that are remembered in a session.
const RECORDS: usize = 500;
/// Most bytes that are kept in a session.
const BYTES: u64 = 64 << 20;
/// Most sessions.
const SESSIONS: usize = 20;
/// Longest part of what the person said that is shown in a list, in characters.
const LABEL: usize = 60;

/// The checkpoints of one session. Cheap to clone.
#[derive(Clone)]
pub struct Checkpoints(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    turn: u64,
    label: String,
    /// Absent until it was looked for.
    journal: Option<Vec<Record>>,
}

/// A file that was changed in a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    turn: u64,
    /// What the person said.
    label: String,
    time_ms: u64,
    path: String,
    /// Absent when there was no file.
    before: Option<Kept>,
    /// The hash of what was written last.
    after: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    content: String,
    mode: u32,
}

/// What was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Missing,
    /// A file.
    File {
        /// Its content.
        data: Vec<u8>,
        /// Its permissions.
        mode: u32,
    },
}

/// How one file is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// Its path.
    pub path: String,
    /// What it was.
    pub before: Before,
    /// The hash of what it should be now.
    pub after: String,
    /// The first of the turns that are taken back.
    turn: u64,
}

/// The name under which content is kept.
#[must_use]
pub fn name(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

impl Checkpoints {
    /// The checkpoints of a session, in the folder for all of them.
    #[must_use]
    pub fn new(folder: &Path, session: &str) -> Self {
        let plain = !session.is_empty() && session.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let session = if plain { session.to_owned() } else { name(session.as_bytes()) };
        Self(Arc::new(Inner { folder: folder.join(session), state: Mutex::default() }))
    }

    /// A turn begins, with what the person said.
    pub fn begin(&self, said: &str) {
        self.with(|state, _| {
            state.turn += 1;
            state.label = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LABEL).collect();
        });
    }

    /// Keeps what was at a path, unless that was done in this turn; `after` is the hash of what comes now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, path: &str, before: Before, after: String) -> Result<()> {
        self.with(|state, folder| {
            if !folder.exists() {
                make_folder(folder)?;
                prune_sessions(folder);
            }
            state.load(folder)?;
            let (turn, label) = (state.turn, state.label.clone());
            let journal = state.journal.get_or_insert_default();
            let known = journal.iter_mut().find(|record| record.turn == turn && record.path == path);
            if let Some(known) = known {
                known.after = after;
                return save(folder, journal);
            }
            let before = match before {
                Before::Missing => None,
                Before::File { data, mode } => {
                    let content = name(&data);
                    if !folder.join(&content).exists() {
                        write_whole(&folder.join(&content), &data, 0o600)?;
                    }
                    Some(Kept { content, mode })
                }
            };
            journal.push(Record { turn, label, time_ms: clock::now_ms(), path: path.to_owned(), before, after });
            prune(folder, journal);
            save(folder, journal)
        })
    }

    /// The turns that can be taken back, the last first: what was said, and the files that were changed.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(&self) -> Result<Vec<(String, Vec<String>)>> {
        self.with(|state, folder| {
            state.load(folder)?;
            let mut turns: Vec<(u64, String, Vec<String>)> = Vec::new();
            for record in state.journal.iter().flatten() {
                match turns.last_mut().filter(|(turn, ..)| *turn == record.turn) {
                    Some((.., paths)) => paths.push(record.path.clone()),
                    None => turns.push((record.turn, record.label.clone(), vec![record.path.clone()])),
                }
            }
            Ok(turns.into_iter().rev().map(|(_, label, paths)| (label, paths)).collect())
        })
    }

    /// What takes back the last `turns` turns that changed files. A file that was changed in several becomes what
    /// it was before the first.
    ///
    /// # Errors
    /// When what was kept cannot be read.
    pub fn undo(&self, turns: usize) -> Result<Vec<Undo>> {
        self.with(|state, folder| {
            state.load(folder)?;
            let journal = state.journal.as_deref().unwrap_or_default();
            let numbers: BTreeSet<u64> = journal.iter().map(|record| record.turn).collect();
            let Some(first) = numbers.iter().rev().nth(turns.min(numbers.len()).saturating_sub(1)) else {
                return Ok(Vec::new());
            };
            let mut undo: Vec<Undo> = Vec::new();
            for record in journal.iter().filter(|record| record.turn >= *first) {
                if let Some(known) = undo.iter_mut().find(|undo| undo.path == record.path) {
                    known.after.clone_from(&record.after);
                    continue;
                }
                let before = match &record.before {
                    None => Before::Missing,
                    Some(kept) => Before::File { data: fs::read(folder.join(&kept.content))?, mode: kept.mode },
                };
                undo.push(Undo { path: record.path.clone(), before, after: record.after.clone(), turn: *first });
            }
            Ok(undo)
        })
    }

    /// A file was taken back: it is not taken back again.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn undone(&self, undo: &Undo) -> Result<()> {
        self.with(|state, folder| {
            let journal = state.journal.get_or_insert_default();
            journal.retain(|record| record.path != undo.path || record.turn < undo.turn);
            prune(folder, journal);
            save(folder, journal)
        })
    }

    fn with<T>(&self, with: impl FnOnce(&mut State, &Path) -> T) -> T {
        with(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner), &self.0.folder)
    }
}

impl State {
    /// Reads the journal that an earlier process left. The turns of this one come after.
    fn load(&mut self, folder: &Path) -> Result<()> {
        if self.journal.is_some() {
            return Ok(());
        }
        let journal: Vec<Record> = match fs::read(folder.join(JOURNAL)) {
            Ok(text) => serde_json::from_slice(&text).map_err(std::io::Error::other)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        self.turn += journal.last().map_or(0, |record| record.turn);
        self.journal = Some(journal);
        Ok(())
    }
}

const JOURNAL: &str = "journal.json";

fn make_folder(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn save(folder: &Path, journal: &[Record]) -> Result<()> {
    write_whole(&folder.join(JOURNAL), &serde_json::to_vec(journal)?, 0o600)
}

/// Lets the oldest go until the rest is within bounds, and what nobody names any more.
fn prune(folder: &Path, journal: &mut Vec<Record>) {
    let size = |record: &Record| {
        let kept = record.before.as_ref()?;
        fs::metadata(folder.join(&kept.content)).ok().map(|found| found.len())
    };
    let mut bytes: u64 = journal.iter().filter_map(size).sum();
    let mut old = 0;
    while journal.len() - old > RECORDS || (bytes > BYTES && journal.len() - old > 1) {
        bytes = bytes.saturating_sub(size(&journal[old]).unwrap_or_default());
        old += 1;
    }
    journal.drain(..old);
    let named: BTreeSet<&str> =
        journal.iter().filter_map(|record| record.before.as_ref()).map(|kept| kept.content.as_str()).collect();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let content = file.to_str().filter(|file| file.len() == 64 && !named.contains(file));
        if content.is_some() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Lets go of the sessions that were used longest ago.
fn prune_sessions(folder: &Path) {
    let Some(all) = folder.parent() else { return };
    let sessions = fs::read_dir(all).into_iter().flatten().flatten().filter(|entry| entry.path() != folder);
    let mut sessions: Vec<_> =
        sessions.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()))).collect();
    sessions.sort();
    let old = (sessions.len() + 1).saturating_sub(SESSIONS);
    for (_, path) in &sessions[..old] {
        let _ = fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(text: &str) -> Before {
        Before::File { data: text.as_bytes().to_vec(), mode: 0o644 }
    }

    #[test]
    fn a_file_becomes_what_it_was_before_the_first_turn_that_is_taken_back() {
        let home = tempfile::tempdir().expect("a folder");
        let kept = Checkpoints::new(home.path(), "s");
        for (said, path, before, after) in [
            ("one", "/a", file("0"), "1"),
            ("two", "/a", file("1"), "2"),
            ("two", "/b", Before::Missing, "b"),
            ("two", "/a", file("never kept"), "3"),
        ] {
            if kept.list().expect("read").first().is_none_or(|(last, _)| last != said) {
                kept.begin(said);
            }
            kept.keep(path, before, name(after.as_bytes())).expect("kept");
        }
        let told = |path: &str, before, after: &str, turn| Undo {
            path: path.to_owned(),
            before,
            after: name(after.as_bytes()),
            turn,
        };
        let last = [told("/a", file("1"), "3", 2), told("/b", Before::Missing, "b", 2)];
        assert_eq!(kept.undo(1).expect("read"), last);
        let both = [told("/a", file("0"), "3", 1), told("/b", Before::Missing, "b", 1)];
        assert_eq!(kept.undo(9).expect("read"), both);
        // Another process goes on where this one was.
        let again = Checkpoints::new(home.path(), "s");
        again.begin("three");
        assert_eq!(again.undo(1).expect("read"), last);
        again.undone(&last[0]).expect("noted");
        again.keep("/c", Before::Missing, "c".to_owned()).expect("kept");
        let list = again.list().expect("read");
        assert_eq!(list[0], ("three".to_owned(), vec!["/c".to_owned()]));
        assert_eq!(list[1], ("two".to_owned(), vec!["/b".to_owned()]));
        assert_eq!(again.undo(2).expect("read").len(), 2);
    }

    #[test]
    fn what_is_kept_is_the_owners_alone_and_goes_when_nobody_names_it() {
        let home = tempfile::tempdir().expect("a folder");
        let kept = Checkpoints::new(&home.path().join("cache/checkpoints"), "s");
        kept.begin("x");
        kept.keep("/a", file("text"), "after".to_owned()).expect("kept");
        let folder = home.path().join("cache/checkpoints/s");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join(name(b"text")))), (0o700, 0o600));
        kept.undone(&kept.undo(1).expect("read")[0]).expect("noted");
        assert!(!folder.join(name(b"text")).exists());
        assert_eq!(kept.list().expect("read"), []);
    }

    #[test]
    fn the_oldest_goes_first() {
        let home = tempfile::tempdir().expect("a folder");
        for session in 0..SESSIONS + 3 {
            let kept = Checkpoints::new(home.path(), &format!("s{session}"));
            kept.begin("x");
            kept.keep("/a", Before::Missing, String::new()).expect("kept");
        }
        assert_eq!(fs::read_dir(home.path()).expect("listed").count(), SESSIONS);
        let mut journal: Vec<Record> = (0..RECORDS as u64 + 2)
            .map(|turn| Record {
                turn,
                label: String::new(),
                time_ms: 0,
                path: "/a".to_owned(),
                before: None,
                after: String::new(),
            })
            .collect();
        prune(home.path(), &mut journal);
        assert_eq!((journal.len(), journal[0].turn), (RECORDS, 2));
    }

    #[test]
    fn a_session_cannot_lead_elsewhere() {
        let home = tempfile::tempdir().expect("a folder");
        let kept = Checkpoints::new(home.path(), "../../x");
        kept.begin("x");
        kept.keep("/a", Before::Missing, String::new()).expect("kept");
        assert_eq!(fs::read_dir(home.path()).expect("listed").count(), 1);
    }
}

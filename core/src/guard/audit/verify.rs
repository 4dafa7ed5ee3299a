//! Walks the chain of an audit log, through all files that were set aside, and names the first line that breaks
//! it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Result};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::append::read_head;
use super::line::{Line, genesis, hash};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Decisions whose place in the chain is right.
    pub decisions: usize,
    /// Files that were read.
    pub files: usize,
    /// What is odd but explained: a line cut short by a crash, older files that were removed.
    pub notes: Vec<String>,
    /// The first line that does not belong.
    pub broken: Option<Broken>,
}

/// A line that does not belong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// Why, in a sentence without a stop.
    pub why: String,
}

/// Where the walk stands.
struct Walk {
    result: Verified,
    /// The hash of the line before; nothing where that line is not there to be hashed.
    prev: Option<String>,
    /// A line that is not a decision, which the next line must explain.
    torn: Option<Torn>,
}

struct Torn {
    file: PathBuf,
    line: usize,
    /// The hash of the line before it.
    before: Option<String>,
    /// It ends the file without a line end.
    open: bool,
}

/// Walks the log of a home.
///
/// # Errors
/// When a file cannot be read.
pub fn verify(home: &Path) -> Result<Verified> {
    let logs = home.join("logs");
    let files = super::files(&logs)?;
    let mut walk = Walk { result: Verified::default(), prev: Some(genesis()), torn: None };
    if let Some(number) = files.first().and_then(|file| super::number(file)).filter(|number| *number > 1) {
        walk.prev = None;
        walk.result.notes.push(format!("The {} oldest files are gone", number - 1));
    }
    for file in &files {
        walk.result.files += 1;
        if walk.file(file)?.is_none() {
            return Ok(walk.result);
        }
    }
    walk.end(&logs);
    Ok(walk.result)
}

impl Walk {
    /// `None` when the chain is broken.
    fn file(&mut self, path: &Path) -> Result<Option<()>> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let open = line.pop_if(|last| *last == b'\n').is_none();
            if self.line(path, number, &line, open).is_none() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    fn line(&mut self, file: &Path, number: usize, bytes: &[u8], open: bool) -> Option<()> {
        let hashed = hash(bytes);
        let decision = serde_json::from_slice::<Line>(bytes).ok().filter(|_| !open);
        let Some(decision) = decision else {
            let before = self.prev.replace(hashed);
            self.torn = Some(Torn { file: file.to_owned(), line: number, before, open });
            return Some(());
        };
        let expected = self.prev.replace(hashed);
        if let Some(torn) = self.torn.take() {
            if decision.after_torn.is_none() || (torn.before.is_some() && decision.after_torn != torn.before) {
                return self.broken(&torn.file, torn.line, "It is not a decision");
            }
            let place = format!("{}:{}", torn.file.display(), torn.line);
            self.result.notes.push(format!("{place} was cut short by a crash or a full disk"));
        }
        if expected.is_some_and(|expected| expected != decision.prev) {
            return self.broken(file, number, "It does not follow from the line before it");
        }
        if let Some(lost) = &decision.lost {
            let why = format!("The lines before it are gone, up to the one with the hash {lost}");
            return self.broken(file, number, &why);
        }
        self.result.decisions += 1;
        Some(())
    }

    /// The head holds the hash of the last line, or of the one before where the writer ended in between.
    fn end(&mut self, logs: &Path) {
        let file = logs.join("audit.jsonl");
        let last = match self.torn.take() {
            Some(torn) if torn.open => {
                let place = format!("{}:{}", torn.file.display(), torn.line);
                self.result.notes.push(format!("{place} was cut short by a crash or a full disk"));
                torn.before
            }
            Some(torn) => {
                self.broken(&torn.file, torn.line, "It is not a decision");
                return;
            }
            None => self.prev.clone(),
        };
        let head = File::open(logs.join("audit.head")).ok().and_then(|head| read_head(&head));
        match (head, last) {
            (Some(head), Some(last)) if head != last && !self.precedes(&head, &file) => {
                let line = self.result.decisions + 1;
                self.broken(&file, line, "The end of the log is gone: its last line is not the one written last");
            }
            _ => {}
        }
    }

    fn precedes(&self, head: &str, file: &Path) -> bool {
        let Ok(bytes) = std::fs::read(file) else { return false };
        let mut lines = bytes.rsplit(|c| *c == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        lines.next().is_some_and(|last| last.prev == head)
    }

    fn broken(&mut self, file: &Path, line: usize, why: &str) -> Option<()> {
        self.result.broken = Some(Broken { file: file.to_owned(), line, why: why.to_owned() });
        None
    }
}

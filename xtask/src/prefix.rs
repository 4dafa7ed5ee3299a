//! Files in a prefix: planned, written down, then put in place; and taken away again. Nothing that is not
//! written down is ever replaced or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::lock::File;

/// Where an installation writes down what it put where.
pub(crate) const RECORD: &str = "lib/hermes/installed.yaml";

/// What an installation put where, relative to its prefix.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    version: u32,
    pub(crate) files: BTreeMap<String, File>,
    directories: BTreeSet<String>,
}

impl Record {
    /// Reads the record of an installation, if there is one.
    pub(crate) fn read(prefix: &Path) -> Result<Option<Self>> {
        let path = prefix.join(RECORD);
        let failed = || format!("Failed to read `{}`", path.display());
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(failed)?,
        };
        let record: Self = serde_yaml::from_str(&text).with_context(failed)?;
        for name in record.files.keys().chain(&record.directories) {
            let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            ensure!(inside, "`{}` names `{name}`, which is not inside the prefix", path.display());
        }
        Ok(Some(record))
    }

    /// Removes everything in it, the record last, and the directories that are then empty.
    pub(crate) fn remove_all(&self, prefix: &Path) -> Result<()> {
        for name in self.files.keys().map(String::as_str).chain([RECORD]) {
            remove_file(&prefix.join(name))?;
        }
        self.remove_empty_directories(prefix);
        Ok(())
    }

    fn remove_empty_directories(&self, prefix: &Path) {
        for name in self.directories.iter().rev() {
            // One that is not empty holds something of somebody else's, and stays.
            let _ = fs::remove_dir(prefix.join(name));
        }
    }
}

/// An installation: first planned, then performed.
pub(crate) struct Installation {
    prefix: PathBuf,
    before: Record,
    files: BTreeMap<String, File>,
    steps: Vec<Step>,
}

struct Step {
    to: String,
    bytes: Vec<u8>,
    mode: u32,
    modified: Option<SystemTime>,
}

impl Installation {
    /// Begins a plan.
    pub(crate) fn plan(prefix: &Path) -> Result<Self> {
        fs::create_dir_all(prefix).with_context(|| format!("Failed to make `{}`", prefix.display()))?;
        let prefix = prefix.canonicalize()?;
        let before = Record::read(&prefix)?.unwrap_or_default();
        Ok(Self { prefix, before, files: BTreeMap::new(), steps: Vec::new() })
    }

    /// Plans to copy a file, unless the one that is there was copied from it.
    pub(crate) fn copy(&mut self, from: &Path, to: &str, mode: u32) -> Result<File> {
        let source = fs::metadata(from).with_context(|| format!("Failed to find `{}`", from.display()))?;
        let modified = source.modified()?;
        let there = fs::metadata(self.prefix.join(to)).ok();
        let same = there
            .is_some_and(|there| there.len() == source.len() && there.modified().is_ok_and(|time| time == modified));
        if let Some(known) = self.before.files.get(to).filter(|_| same) {
            self.files.insert(to.to_owned(), known.clone());
            return Ok(known.clone());
        }
        let bytes = fs::read(from).with_context(|| format!("Failed to read `{}`", from.display()))?;
        Ok(self.add(Step { to: to.to_owned(), bytes, mode, modified: Some(modified) }))
    }

    /// Plans to write a file.
    pub(crate) fn write(&mut self, to: &str, text: String) -> File {
        self.add(Step { to: to.to_owned(), bytes: text.into_bytes(), mode: 0o644, modified: None })
    }

    fn add(&mut self, step: Step) -> File {
        let file = File::of(&step.bytes);
        self.files.insert(step.to.clone(), file.clone());
        self.steps.push(step);
        file
    }

    /// Performs the plan, then removes what an earlier installation had and this one has not. The record is
    /// written first and names all of it, so that an installation that was cut short can be repeated or removed.
    pub(crate) fn perform(self) -> Result<()> {
        for Step { to, .. } in &self.steps {
            let path = self.prefix.join(to);
            let ours = self.before.files.contains_key(to) || path.symlink_metadata().is_err();
            ensure!(ours, "`{}` exists and was not put there by an installation", path.display());
        }
        let mut record = self.before.clone();
        record.version = 1;
        record.files.extend(self.files.clone());
        let made = self.make_directories(record.files.keys().map(String::as_str).chain([RECORD]))?;
        record.directories.extend(made);
        self.write_record(&record)?;
        for step in &self.steps {
            self.place(step)?;
        }
        for name in self.before.files.keys().filter(|name| !self.files.contains_key(*name)) {
            remove_file(&self.prefix.join(name))?;
        }
        record.remove_empty_directories(&self.prefix);
        record.files = self.files.clone();
        self.write_record(&record)
    }

    /// Makes the directories above these files, writable by their owner alone. Returns those that are new.
    fn make_directories<'a>(&self, files: impl Iterator<Item = &'a str>) -> Result<BTreeSet<String>> {
        let above = files.flat_map(|file| Path::new(file).ancestors().skip(1));
        let above: BTreeSet<&Path> = above.filter(|dir| !dir.as_os_str().is_empty()).collect();
        let mut made = BTreeSet::new();
        for dir in above {
            let path = self.prefix.join(dir);
            if !path.exists() {
                fs::create_dir(&path).with_context(|| format!("Failed to make `{}`", path.display()))?;
                fs::set_permissions(&path, Permissions::from_mode(0o755))?;
                made.insert(dir.to_string_lossy().into_owned());
            }
        }
        Ok(made)
    }

    fn write_record(&self, record: &Record) -> Result<()> {
        let bytes = serde_yaml::to_string(record)?.into_bytes();
        self.place(&Step { to: RECORD.to_owned(), bytes, mode: 0o644, modified: None })
    }

    /// Puts a file in its place in one step, so that neither a running program nor a reader meets half of it.
    fn place(&self, step: &Step) -> Result<()> {
        let path = self.prefix.join(&step.to);
        let dir = path.parent().context("A file to install has no directory")?;
        let replace = || -> io::Result<()> {
            let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
            temporary.write_all(&step.bytes)?;
            temporary.as_file().set_permissions(Permissions::from_mode(step.mode))?;
            if let Some(modified) = step.modified {
                temporary.as_file().set_modified(modified)?;
            }
            temporary.persist(&path)?;
            Ok(())
        };
        let unchanged = step.modified.is_none() && fs::read(&path).is_ok_and(|there| there == step.bytes);
        if unchanged { Ok(()) } else { replace().with_context(|| format!("Failed to write `{}`", path.display())) }
    }
}

/// Removes a file, if it is still there.
fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("Failed to remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "prefix/tests.rs"]
mod tests;

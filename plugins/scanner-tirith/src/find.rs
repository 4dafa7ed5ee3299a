//! Where tirith is: the program that the owner names, or else one on `PATH`, or else the one of the home.
//!
//! It runs and writes nothing.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The name that is looked up when the owner names nothing else.
pub(crate) const NAME: &str = "tirith";

/// Where to look.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// `security.tirith_path`.
    pub(crate) named: String,
    /// `PATH` of this process.
    pub(crate) path: std::ffi::OsString,
    /// The user's home, for `~`.
    pub(crate) user: Option<PathBuf>,
    /// The home of this program.
    pub(crate) home: PathBuf,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A program.
    Program(PathBuf),
    /// The owner names one that is not there: why. Nothing takes its place.
    Wrong(String),
    /// None, and any would do.
    Nowhere,
}

impl Places {
    /// Looks. The answer is that of this moment.
    pub(crate) fn find(&self) -> Found {
        let named = self.named.trim();
        if named.is_empty() || named == NAME {
            let installed = self.installed();
            let found = on_path(NAME, &self.path).or_else(|| is_program(&installed).then_some(installed));
            return found.map_or(Found::Nowhere, Found::Program);
        }
        if !named.contains('/') {
            let wrong = || Found::Wrong(format!("`security.tirith_path` is `{named}`, which is not on PATH"));
            return on_path(named, &self.path).map_or_else(wrong, Found::Program);
        }
        let path = match (named.strip_prefix("~/"), &self.user) {
            (Some(rest), Some(user)) => user.join(rest),
            _ => self.home.join(named),
        };
        match is_program(&path) {
            true => Found::Program(path),
            false => {
                let what = if path.exists() { "is no program that can be run" } else { "is not there" };
                Found::Wrong(format!("`security.tirith_path` names `{}`, which {what}", path.display()))
            }
        }
    }

    /// Where a download puts it.
    pub(crate) fn installed(&self) -> PathBuf {
        self.home.join("bin").join(NAME)
    }

    /// A program on `PATH`.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        on_path(name, &self.path)
    }
}

/// Entries that are not absolute depend on where this process happens to be, and do not count.
fn on_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

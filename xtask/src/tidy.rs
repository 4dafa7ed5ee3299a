//! `cargo xtask tidy`: what the compiler does not hold. Each check names file, fault and way out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

mod crates;
mod doors;
mod files;
mod licences;
mod names;

/// Check what the compiler does not: names, arrows, files, licences
#[derive(clap::Args)]
pub(crate) struct Args {}

/// The files of the repository, and what is wrong with them.
pub(crate) struct Tidy<'a> {
    workspace: &'a Workspace,
    files: Vec<File>,
    faults: Vec<String>,
}

/// A text file of the repository.
struct File {
    /// Relative to the root.
    path: String,
    text: String,
}

pub(crate) fn run(workspace: &Workspace, _: &Args) -> Result<()> {
    let mut tidy = Tidy { workspace, files: read_files(&workspace.root)?, faults: Vec::new() };
    names::check(&mut tidy)?;
    crates::check(&mut tidy)?;
    doors::check(&mut tidy);
    files::check(&mut tidy);
    licences::check(&mut tidy)?;
    for fault in &tidy.faults {
        println!("{fault}");
    }
    if !tidy.faults.is_empty() {
        bail!("{} things are not tidy", tidy.faults.len());
    }
    println!("tidy: {} files, {}", tidy.files.len(), files::longest(&tidy));
    Ok(())
}

impl Tidy<'_> {
    /// Notes a fault.
    fn fault(&mut self, path: &str, line: usize, what: impl std::fmt::Display) {
        self.faults.push(format!("{path}:{line}: {what}"));
    }

    /// Asks about each line of the files that `of` chooses; an answer is a fault.
    fn each_line(&mut self, of: impl Fn(&str) -> bool, mut ask: impl FnMut(&str, &str) -> Option<String>) {
        let mut faults = Vec::new();
        for file in self.files.iter().filter(|file| of(&file.path)) {
            for (index, line) in file.text.lines().enumerate() {
                faults.extend(ask(&file.path, line).map(|what| format!("{}:{}: {what}", file.path, index + 1)));
            }
        }
        self.faults.extend(faults);
    }

    /// Returns the text of a file, if there is one.
    fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }
}

/// Reads every file that git has or would take, except those that are not text.
fn read_files(root: &Path) -> Result<Vec<File>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("Failed to start git")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let mut files = Vec::new();
    for path in String::from_utf8(output.stdout)?.split_terminator('\0') {
        let full: PathBuf = root.join(path);
        // A file that was deleted but not yet committed is still listed.
        if let Some(text) = fs::read(full).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Splits a line into its words: runs of letters, digits and `_`.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Returns whether a path is a file of tests, where fewer rules hold.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}

//! Finds and reads the files in which a project says how to work on it. The first kind that is there is the one.
//!
//! It reads and decides nothing: what is outside the project, no plain file, no text or too large is not read.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Looked for from the directory up to the root of the repository.
const OURS: [&str; 2] = [".hermes.md", "HERMES.md"];
/// Looked for in the directory alone, one after another.
const OTHERS: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];
/// And then these two together.
const CURSOR: (&str, &str) = (".cursorrules", ".cursor/rules");
/// Most rules of a folder that are read.
const RULES: usize = 32;
/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// How far up a repository's root is looked for.
const DEPTH: usize = 64;

/// A file of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFile {
    /// Its name, as seen from the directory.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What stands in it, or why that is not known.
    pub text: Result<String, String>,
}

/// Finds the files for a directory. What stands in an empty one is not looked for elsewhere; it does not count.
#[must_use]
pub fn find(directory: &Path) -> Vec<ProjectFile> {
    let root = repository(directory);
    for place in directory.ancestors().take(DEPTH) {
        if let Some(file) = OURS.iter().find_map(|name| file(place.join(name), name, &root)) {
            return vec![file];
        }
        if place == root {
            break;
        }
    }
    if let Some(file) = OTHERS.iter().find_map(|name| file(directory.join(name), name, &root)) {
        return vec![file];
    }
    let (single, folder) = CURSOR;
    let mut files: Vec<ProjectFile> = file(directory.join(single), single, &root).into_iter().collect();
    files.extend(rules(&directory.join(folder), folder, &root));
    files
}

/// The root of the repository that a directory lies in, or the directory itself.
fn repository(directory: &Path) -> PathBuf {
    let root = directory.ancestors().take(DEPTH).find(|place| place.join(".git").exists());
    root.unwrap_or(directory).to_owned()
}

fn rules(folder: &Path, shown: &str, root: &Path) -> Vec<ProjectFile> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".mdc"));
    names.sort_unstable();
    names.truncate(RULES);
    names.iter().filter_map(|name| file(folder.join(name), &format!("{shown}/{name}"), root)).collect()
}

/// A file, if there is one that says anything.
fn file(path: PathBuf, name: &str, root: &Path) -> Option<ProjectFile> {
    let text = read(&path, Some(root)).transpose()?;
    let says = text.as_ref().map_or(true, |text| !text.trim().is_empty());
    says.then(|| ProjectFile { name: name.to_owned(), path, text })
}

/// Reads a text file. `None` when there is none. Within `root`, a link may not lead out of it.
///
/// # Errors
/// In words: why it is not read.
pub fn read(path: &Path, root: Option<&Path>) -> Result<Option<String>, String> {
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    if let Some(root) = root {
        let root = root.canonicalize().map_err(|error| error.to_string())?;
        if !real.starts_with(&root) {
            return Err(format!("it is a link that leads out of the project, to `{}`", real.display()));
        }
    }
    // Opening a pipe must not wait for its writer.
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW).bits();
    let open = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(&real);
    let file = open.map_err(|error| error.to_string())?;
    let meta = file.metadata().map_err(|error| error.to_string())?;
    if !meta.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| "it is not UTF-8 text".to_owned())
}

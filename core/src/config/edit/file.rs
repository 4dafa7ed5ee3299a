//! Changes files so that a reader sees the old text or the new one, whole, whatever happens in between.
//!
//! Writers take turns by a lock file and read again once it is theirs. It knows nothing of what the text means.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::{Edit, EditError, Obstacle, apply};
use crate::config::home::Home;
use crate::host::file::write_whole;

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(10);

/// Who may read a file after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whoever might before; a new file is 0600.
    Keep,
    /// The owner alone.
    Private,
}

/// Makes a change in the home's `config.yaml`. Returns whether there was anything to change.
///
/// # Errors
/// [`EditError`]; the file is as it was.
pub fn edit_config(home: &Home, edit: &Edit) -> Result<bool, EditError> {
    edit_config_at_once(home, std::slice::from_ref(edit))
}

/// Makes several changes in the home's `config.yaml`, all or none. Returns whether there was anything to change.
///
/// # Errors
/// [`EditError`]; the file is as it was.
pub fn edit_config_at_once(home: &Home, edits: &[Edit]) -> Result<bool, EditError> {
    let path = home.config_file();
    change(home, &path, Mode::Keep, |text| {
        let mut changed = None;
        for edit in edits {
            match apply(changed.as_deref().unwrap_or(text), edit) {
                Ok(new) => changed = new.or(changed),
                Err(Obstacle::Malformed(error)) => return Err(EditError::Malformed { path: path.clone(), error }),
                Err(Obstacle::Refused(reason)) => {
                    let (path, key) = (path.clone(), edit.key().clone());
                    return Err(EditError::Refused { path, key, reason, by_hand: edit.by_hand() });
                }
            }
        }
        Ok(changed)
    })
}

/// Reads a file of the home, which need not exist, and replaces it by what `new` makes of it. Returns whether it
/// was replaced. Other writers wait meanwhile, so `new` must be quick.
///
/// # Errors
/// [`EditError`]; the file is as it was.
pub fn change(
    home: &Home,
    path: &Path,
    mode: Mode,
    new: impl FnOnce(&str) -> Result<Option<String>, EditError>,
) -> Result<bool, EditError> {
    home.create()?;
    let _lock = Lock::take(path)?;
    let failed = |source| EditError::Io { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    match new(&text)? {
        Some(new) => replace(path, new.as_bytes(), mode).map_err(failed).map(|()| true),
        None => Ok(false),
    }
}

/// The right to change a file, until dropped or until the process ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for other writers of a file, up to a limit.
    ///
    /// # Errors
    /// [`EditError`] where somebody holds it for too long, or it cannot be made.
    pub(crate) fn take(path: &Path) -> Result<Self, EditError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        let failed = |source| EditError::Io { path: lock.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock);
        let file = file.map_err(failed)?;
        let mut waited = Duration::ZERO;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::WOULDBLOCK) if waited < PATIENCE => {
                    std::thread::sleep(STEP);
                    waited += STEP;
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(EditError::Locked(path.to_owned())),
                Err(errno) => return Err(failed(errno.into())),
            }
        }
    }
}

/// Replaces a file whole; for whoever holds its lock. A link stays a link and its target is replaced.
///
/// # Errors
/// Whatever the file system says; the old file is intact and no temp file is left.
fn replace(path: &Path, content: &[u8], mode: Mode) -> io::Result<()> {
    let target = follow(path)?;
    let dir = target.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    sweep(dir, &format!(".{name}."));
    let old = fs::metadata(&target).ok().map(|old| old.mode() & 0o7777);
    let mode = old.filter(|_| mode == Mode::Keep).unwrap_or(0o600);
    write_whole(&target, content, mode)
}

/// Removes what a killed writer left. The lock is ours, so nobody is using it.
fn sweep(dir: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Follows links to the file that is to be replaced, which need not exist.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::from(rustix::io::Errno::LOOP))
}

#[cfg(test)]
mod tests;

//! Which sessions are open: a lock for each, that ends with the process whatever becomes of it.
//!
//! One process at a time goes on with a session, and nobody deletes it meanwhile.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::session::store::StoreError;

/// A session that this process has open, as long as this lives.
#[derive(Debug)]
pub struct Hold {
    path: PathBuf,
    _file: File,
}

impl Hold {
    /// Takes a session. `folder` is that of the locks.
    ///
    /// # Errors
    /// [`StoreError::InUse`], or [`StoreError::Io`] when the lock cannot be made.
    pub fn take(folder: &Path, id: &str) -> Result<Self, StoreError> {
        let path = folder.join(id);
        match lock(folder, &path) {
            Ok(Some(file)) => Ok(Self { path, _file: file }),
            Ok(None) => Err(StoreError::InUse { id: id.to_owned(), pid: holder(&path) }),
            Err(source) => Err(StoreError::Io { path, source }),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Gone before it is free: who waits for nothing sees a new file or a lock that is held.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Which process has a session open; `None` when none has.
#[must_use]
pub fn in_use(folder: &Path, id: &str) -> Option<u32> {
    let path = folder.join(id);
    let file = File::open(&path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder(&path).unwrap_or_default()),
        _ => None,
    }
}

fn lock(folder: &Path, path: &Path) -> io::Result<Option<File>> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    loop {
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever held it before may have removed the file between our two steps.
        let ours = file.metadata()?.ino();
        if std::fs::metadata(path).is_ok_and(|there| there.ino() == ours) {
            file.set_len(0)?;
            file.write_all(std::process::id().to_string().as_bytes())?;
            return Ok(Some(file));
        }
    }
}

/// The process that wrote its number into a lock.
fn holder(path: &Path) -> Option<u32> {
    let mut text = String::new();
    File::open(path).ok()?.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("locks");
        assert_eq!(in_use(&folder, "a"), None);
        let held = Hold::take(&folder, "a").expect("free");
        let _other = Hold::take(&folder, "b").expect("another one");
        let own = Some(std::process::id());
        assert!(matches!(Hold::take(&folder, "a"), Err(StoreError::InUse { pid, .. }) if pid == own));
        assert_eq!(in_use(&folder, "a"), own);
        drop(held);
        assert_eq!(in_use(&folder, "a"), None);
        Hold::take(&folder, "a").expect("free again");
    }

    #[test]
    fn a_lock_that_a_dead_process_left_is_free() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), "4321").expect("written");
        assert_eq!(in_use(folder.path(), "a"), None);
        Hold::take(folder.path(), "a").expect("free");
    }
}

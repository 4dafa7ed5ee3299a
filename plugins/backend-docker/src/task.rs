//! What a task keeps on this machine: its folder below `<home>/sandboxes/docker`, and the lock that says that
//! somebody uses its container.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use hermes_plugin_api::prelude::*;
use sha2::{Digest as _, Sha256};

/// The lock's name in the task's folder.
const LOCK: &str = ".lock";

/// The folder of all tasks.
pub(crate) fn folder(home: &str) -> PathBuf {
    Path::new(home).join("sandboxes/docker")
}

/// A task that is in use, as long as this lives: by this process, and maybe by others.
#[derive(Debug)]
pub(crate) struct Task {
    /// Its name, which is one of a folder too.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) folder: PathBuf,
    lock: File,
}

impl Task {
    /// Takes a task into use.
    ///
    /// # Errors
    /// `UNAVAILABLE` when its folder cannot be made.
    pub(crate) fn take(home: &str, task: &str) -> Result<Self> {
        let name = name(task);
        let folder = folder(home).join(&name);
        let fault = |error: io::Error| {
            let what = format!("Failed to use the sandbox `{}`: {error}", folder.display());
            PluginError::unavailable(what)
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fault)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(folder.join(LOCK)).map_err(fault)?;
        // Whoever removes a container holds it alone, and not for long.
        lock.lock_shared().map_err(fault)?;
        // When it was used last is when this was written last.
        (&lock).write_all(b".").and_then(|()| lock.set_len(0)).map_err(fault)?;
        Ok(Self { name, folder, lock })
    }

    /// Ends the use of it. Calls `last` if nobody else uses it, while nobody else can.
    pub(crate) async fn leave<T, F: Future<Output = T>>(&self, last: impl FnOnce() -> F) -> Option<T> {
        if self.lock.unlock().is_err() || !is_free(&self.lock) {
            return None;
        }
        let done = last().await;
        let _ = self.lock.unlock();
        Some(done)
    }
}

/// Takes the lock alone if nobody has it.
fn is_free(lock: &File) -> bool {
    !matches!(lock.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_)))
}

/// A task that nobody uses, and that nobody can take into use as long as this lives.
pub(crate) struct Unused {
    /// When it was used last, in milliseconds since 1970; 0 where nothing of it is left.
    pub(crate) since: u64,
    _lock: Option<File>,
}

impl Unused {
    /// Looks at a task; `None` when somebody uses it, or when that cannot be known.
    pub(crate) fn find(home: &str, name: &str) -> Option<Self> {
        // A label says so: it need not be a name of ours.
        if self::name(name) != name {
            return None;
        }
        let lock = match File::open(folder(home).join(name).join(LOCK)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Self { since: 0, _lock: None }),
            Err(_) => return None,
        };
        let since = lock.metadata().and_then(|there| there.modified()).ok()?;
        let since = since.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
        is_free(&lock).then_some(Self { since: u64::try_from(since).ok()?, _lock: Some(lock) })
    }
}

/// The task's name where it can be one of a folder and of a container, else a digest of it.
fn name(task: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let fits = (1..=64).contains(&task.len()) && !task.starts_with('.') && task.bytes().all(plain);
    if fits { task.to_owned() } else { format!("task-{}", digest(&[task])) }
}

/// A short digest of texts.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..8])
}

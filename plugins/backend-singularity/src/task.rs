//! What a task keeps on this machine: its folder below `<home>/sandboxes/singularity`, and the lock by which others
//! know that its instance is in use.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hermes_plugin_api::prelude::*;

use crate::engine::{Engine, SOON};

/// What the folders of tasks begin with that keep nothing.
const BRIEF: &str = "brief-";
/// How often it is looked whether somebody else has started an instance.
const POLL: Duration = Duration::from_millis(20);
/// How often folders are opened while others are made in them.
const DEPTH: usize = 3;

/// A task that is in use.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) folder: PathBuf,
    lock: File,
}

impl Task {
    /// Takes a task into use; one that keeps nothing has a folder of its own.
    ///
    /// # Errors
    /// `UNAVAILABLE` when its folder cannot be made.
    pub(crate) fn take(home: &str, task: &str, brief: Option<&str>) -> Result<Self> {
        let name = brief.map_or_else(|| name(task), |random| format!("{BRIEF}{random}"));
        let folder = all(home).join(name);
        Self::at(&folder).map_err(|error| {
            PluginError::unavailable(format!("Failed to use the sandbox `{}`: {error}", folder.display()))
        })
    }

    fn at(folder: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder.join("overlay"))?;
        let lock = File::options().read(true).write(true).create(true).truncate(false).open(folder.join("instance"))?;
        // Whoever ends an instance holds this alone, and not for long.
        lock.lock_shared()?;
        Ok(Self { folder: folder.to_owned(), lock })
    }

    /// The name of the instance that runs, or ran, for it.
    pub(crate) fn instance(&self) -> String {
        read(&self.lock)
    }

    /// Writes the instance's name down, so that whoever finds the folder can end it.
    ///
    /// # Errors
    /// `UNAVAILABLE` when that fails: an instance that nobody could find is not started.
    pub(crate) fn note(&self, instance: &str) -> Result<()> {
        let mut file = &self.lock;
        let noted = file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(instance.as_bytes()));
        noted.map_err(|error| PluginError::unavailable(format!("Failed to note the instance: {error}")))
    }

    /// Waits until nobody else starts the instance, and tells whether that was so. Whoever drops the file lets the
    /// next one in.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be told who does.
    pub(crate) async fn starting(&self, host: &Host) -> Result<(File, bool)> {
        let mut waited = false;
        let lock = File::create(self.folder.join("starting"));
        let lock = lock.map_err(|error| {
            PluginError::unavailable(format!("Failed to use the sandbox `{}`: {error}", self.folder.display()))
        })?;
        while lock.try_lock().is_err() {
            waited = true;
            host.sleep(POLL).await;
        }
        Ok((lock, waited))
    }

    /// Ends the use of it, and its instance when nobody else uses it.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the instance does not end, or its files stay.
    pub(crate) async fn leave(&self, engine: &Engine, keep: Keep) -> Result<()> {
        let alone = self.lock.unlock().is_ok() && self.lock.try_lock().is_ok();
        if !alone {
            return Ok(());
        }
        let ended = end(engine, &self.folder, &read(&self.lock), keep == Keep::Nothing).await;
        let _ = self.lock.unlock();
        ended
    }
}

pub(crate) use hermes_plugin_api::backend::Keep;

/// Ends the instances that no process uses any more: their owner was killed.
pub(crate) async fn sweep(engine: &Engine, home: &str) {
    for entry in fs::read_dir(all(home)).into_iter().flatten().flatten() {
        let folder = entry.path();
        let Ok(lock) = File::options().read(true).write(true).open(folder.join("instance")) else { continue };
        if lock.try_lock().is_err() {
            continue;
        }
        let name = read(&lock);
        let brief = entry.file_name().to_string_lossy().starts_with(BRIEF);
        if !name.is_empty() || brief {
            if let Err(error) = end(engine, &folder, &name, false).await {
                tracing::warn!(instance = name, "An instance that nobody uses did not end: {error}");
            }
            // Its name goes even where the instance did not: it is not there to be ended.
            let _ = lock.set_len(0);
        }
    }
}

async fn end(engine: &Engine, folder: &Path, name: &str, forget: bool) -> Result<()> {
    if !name.is_empty() {
        // One that is not there has ended already.
        let _ = engine.run(&["-q", "instance", "stop", "--force", "--timeout", "5", name], SOON).await?;
    }
    let brief = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(BRIEF));
    if !brief && !forget {
        return Ok(());
    }
    remove(folder).map_err(|error| {
        PluginError::unavailable(format!("Files of a sandbox stay in `{}`: {error}", folder.display()))
    })
}

/// Removes a folder. What the kernel keeps for an overlay cannot be looked into before it is opened.
fn remove(folder: &Path) -> io::Result<()> {
    for _ in 0..DEPTH {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => open(folder)?,
            result => return result,
        }
    }
    fs::remove_dir_all(folder)
}

/// Opens the folders below that are shut to their own owner. Follows no link.
fn open(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open(&entry.path())?;
        }
    }
    Ok(())
}

fn read(file: &File) -> String {
    let (mut file, mut name) = (file, String::new());
    // What cannot be read names no instance.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut name));
    name
}

fn all(home: &str) -> PathBuf {
    Path::new(home).join("sandboxes/singularity")
}

/// The folder of a task: its own name where that can be one, and something of its own in any case.
fn name(task: &str) -> String {
    let plain: String = task.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(40).collect();
    if plain == task && !task.is_empty() { plain } else { format!("{plain}.{}", fingerprint(&[task])) }
}

/// A short name for some texts. It is no secret and protects nothing.
pub(crate) fn fingerprint(texts: &[&str]) -> String {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

//! Whether a plugin's files may be opened: who owns them, and whether they are the ones that were installed.
//!
//! The library is opened once; what is checked here is that open file, and it is loaded through the same
//! descriptor, so that nothing can be exchanged in between.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::plugin::elf;
use crate::plugin::find::{Found, MANIFEST};
use crate::plugin::lock::{Digest, Source};

/// Why a plugin's files are not opened. The plugin's name and the way out are the caller's to add.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is not in the lock.
    #[error("it is not in the lock file")]
    NotLocked,
    /// The owner has not said that it may run here.
    #[error("it is not trusted to run in this process")]
    NotTrusted,
    /// A file belongs to somebody else.
    #[error("`{}` belongs to user {owner}, not to you or root", path.display())]
    Owner {
        /// The file or folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// Others may write a file.
    #[error("`{}` can be written by others (mode {mode:o})", path.display())]
    Mode {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It cannot be opened.
    #[error("`{}` cannot be opened: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It cannot be a library.
    #[error("`{}` cannot be loaded: {why}", path.display())]
    NotWhole {
        /// The file.
        path: PathBuf,
        /// Why.
        why: elf::NotWhole,
    },
    /// It is not the file that was installed.
    #[error("`{}` is not the file that was installed ({what} differs)", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
}

/// Checks a plugin and opens its library. `trusted` says that the owner named it as one that may run here; a
/// bundled plugin needs no naming.
///
/// `cache` remembers hashes of unchanged files; it may be absent, and is never trusted for a file whose size,
/// times or inode differ.
///
/// # Errors
/// The first thing that is wrong.
pub fn open(found: &Found, library: &str, trusted: bool, cache: Option<&Path>) -> Result<File, Distrust> {
    let locked = found.locked.as_ref().ok_or(Distrust::NotLocked)?;
    if found.source != Source::Bundled && !trusted {
        return Err(Distrust::NotTrusted);
    }
    private(&found.folder)?;
    let mut hashes = Hashes::read(cache);
    let mut opened = None;
    for (name, path) in [(MANIFEST, found.folder.join(MANIFEST)), (library, found.library(library))] {
        let digest = locked.files.get(name).ok_or(Distrust::NotLocked)?;
        let file = open_private(&path)?;
        // A plugin under development changes with every build; its owner said so when linking it.
        if found.source != Source::Dev {
            same(&path, &file, digest, &mut hashes)?;
        }
        opened = Some(file);
    }
    hashes.write(cache);
    let file = opened.ok_or(Distrust::NotLocked)?;
    let whole = elf::check(&file);
    whole.map_err(|why| Distrust::NotWhole { path: found.library(library), why })?;
    Ok(file)
}

/// Checks that a folder belongs to the user or root and cannot be written by others.
///
/// # Errors
/// When it does not, or can.
pub fn private(path: &Path) -> Result<(), Distrust> {
    let meta = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    owned(path, &meta)
}

fn owned(path: &Path, meta: &std::fs::Metadata) -> Result<(), Distrust> {
    let owner = meta.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(Distrust::Owner { path: path.to_owned(), owner });
    }
    match meta.mode() & 0o022 {
        0 => Ok(()),
        _ => Err(Distrust::Mode { path: path.to_owned(), mode: meta.mode() & 0o777 }),
    }
}

fn open_private(path: &Path) -> Result<File, Distrust> {
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits();
    let flags = i32::try_from(flags).unwrap_or_default();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|error| unreadable(path, &error))?;
    let meta = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !meta.is_file() {
        return Err(unreadable(path, &"it is not a regular file"));
    }
    owned(path, &meta)?;
    Ok(file)
}

fn same(path: &Path, file: &File, digest: &Digest, hashes: &mut Hashes) -> Result<(), Distrust> {
    let changed = |what| Distrust::Changed { path: path.to_owned(), what };
    let meta = file.metadata().map_err(|error| unreadable(path, &error))?;
    if meta.len() != digest.size {
        return Err(changed("size"));
    }
    let stamp = Stamp::of(&meta);
    if hashes.get(path, &stamp) == Some(digest.sha256.as_str()) {
        return Ok(());
    }
    let hash = hash(file).map_err(|error| unreadable(path, &error))?;
    if hash != digest.sha256 {
        return Err(changed("SHA-256"));
    }
    hashes.put(path, stamp, hash);
    Ok(())
}

/// A file's size and SHA-256.
///
/// # Errors
/// What reading it reports.
pub fn digest(path: &Path) -> std::io::Result<Digest> {
    let file = File::open(path)?;
    Ok(Digest { size: file.metadata()?.len(), sha256: hash(&file)? })
}

fn hash(mut file: &File) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Distrust {
    Distrust::Unreadable { path: path.to_owned(), why: why.to_string() }
}

/// Hashes of files that have not changed since they were read whole.
#[derive(Default, Serialize, Deserialize)]
struct Hashes {
    files: std::collections::BTreeMap<PathBuf, (Stamp, String)>,
    #[serde(skip)]
    dirty: bool,
}

/// By what a change is noticed. The change time cannot be set by a program.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(meta: &std::fs::Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

impl Hashes {
    fn read(cache: Option<&Path>) -> Self {
        let read = |path: &Path| {
            let file = open_private(path).ok()?;
            serde_json::from_reader(std::io::BufReader::new(file)).ok()
        };
        cache.and_then(read).unwrap_or_default()
    }

    fn get(&self, path: &Path, stamp: &Stamp) -> Option<&str> {
        self.files.get(path).filter(|(known, _)| known == stamp).map(|(_, hash)| hash.as_str())
    }

    fn put(&mut self, path: &Path, stamp: Stamp, hash: String) {
        self.files.insert(path.to_owned(), (stamp, hash));
        self.dirty = true;
    }

    /// Keeps the hashes; a cache that cannot be written costs time and nothing else.
    fn write(&self, cache: Option<&Path>) {
        if let Some(path) = cache.filter(|_| self.dirty) {
            let text = serde_json::to_vec(self).unwrap_or_default();
            let _ = crate::host::file::write_whole(path, &text, 0o600);
        }
    }
}

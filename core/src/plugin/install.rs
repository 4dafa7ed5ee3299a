//! Puts plugins of others into the home, and takes them out again.
//!
//! A new version is complete, and checked, before it takes the place of the old one; what is neither complete nor
//! in the lock is never loaded. Nothing here runs foreign code, and nothing here trusts or enables: that is the
//! owner's to say.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use hermes_plugin_api::manifest::Manifest;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::config::edit::EditError;
use crate::config::edit::file::Lock as Held;
use crate::config::home::{Home, HomeError};
use crate::host::{clock, file};
use crate::plugin::catalogue::{Catalogue, Listed, same_claim};
use crate::plugin::elf;
use crate::plugin::find::{self, Found, MANIFEST, Unusable};
use crate::plugin::lock::{Lock, LockError, Locked, Source};
use crate::plugin::trust;

/// Why nothing was installed or removed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// There is no manifest.
    #[error("`{}` is not a plugin: it has no `{MANIFEST}`", .0.display())]
    NoManifest(PathBuf),
    /// The manifest cannot be used.
    #[error("The plugin cannot be installed: {}", .0.why)]
    Manifest(Unusable),
    /// It claims what is somebody else's.
    #[error("Plugin `{plugin}` cannot be installed: {claim}")]
    Claim {
        /// Its id.
        plugin: String,
        /// What it claims, in words.
        claim: String,
    },
    /// The library is not there.
    #[error("Plugin `{plugin}` is not built: there is no `{library}` in `{}`, nor below `target` there", folder.display())]
    NotBuilt {
        /// Its id.
        plugin: String,
        /// The library's name.
        library: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The library cannot be one.
    #[error("Plugin `{plugin}` cannot be installed: its library `{}` is not usable", library.display())]
    Library {
        /// Its id.
        plugin: String,
        /// The file.
        library: PathBuf,
        /// Why.
        source: elf::NotWhole,
    },
    /// It is not one that can be removed.
    #[error("Plugin `{0}` is part of the program and cannot be removed")]
    Bundled(String),
    /// It does not lie in the home.
    #[error("Plugin `{plugin}` lies in `{}`, which is not hermes' to remove", folder.display())]
    Elsewhere {
        /// Its id.
        plugin: String,
        /// Where it lies.
        folder: PathBuf,
    },
    /// There is no such plugin.
    #[error("Plugin `{0}` is not installed")]
    Unknown(String),
    /// A file could not be read, written or removed.
    #[error("Failed to {verb} `{}`", path.display())]
    Io {
        /// `read`, `write`, `remove`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The lock file cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Somebody else is installing.
    #[error(transparent)]
    Busy(#[from] EditError),
    /// The home cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// A plugin to install.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The folder of its manifest.
    pub folder: PathBuf,
    /// The manifest.
    pub manifest: Manifest,
    /// The library, where it was built.
    pub library: PathBuf,
}

/// Looks at what lies in a folder: a plugin as it is shipped, or a crate with what was built of it.
///
/// # Errors
/// The first reason why it cannot be installed.
pub fn inspect(folder: &Path, catalogue: &Catalogue, others: &[Found]) -> Result<Candidate, InstallError> {
    let failed = |source| InstallError::Io { verb: "read", path: folder.to_owned(), source };
    let folder = folder.canonicalize().map_err(failed)?;
    if !folder.join(MANIFEST).exists() {
        return Err(InstallError::NoManifest(folder));
    }
    let manifest = find::read_manifest(&folder).map_err(InstallError::Manifest)?;
    let plugin = manifest.id.clone();
    if let Some(claim) = claimed(&manifest, catalogue, others) {
        return Err(InstallError::Claim { plugin, claim });
    }
    let Some(library) = find::built(&folder, &manifest.library) else {
        return Err(InstallError::NotBuilt { plugin, library: manifest.library, folder });
    };
    let opened =
        File::open(&library).map_err(|source| InstallError::Io { verb: "read", path: library.clone(), source });
    elf::check(&opened?).map_err(|source| InstallError::Library { plugin, library: library.clone(), source })?;
    Ok(Candidate { folder, manifest, library })
}

/// What a manifest claims that belongs to a first-party plugin, to core, or to another plugin that is installed.
fn claimed(manifest: &Manifest, catalogue: &Catalogue, others: &[Found]) -> Option<String> {
    let others = others.iter().filter(|other| other.id != manifest.id);
    let others = others.filter_map(|other| other.manifest.as_ref().ok());
    let theirs = || others.map(Listed::from).find_map(|other| same_claim(manifest, &other));
    catalogue.violated_by(manifest).or_else(theirs)
}

/// Copies a plugin into the home and locks it. What was there under its id is replaced in one step.
///
/// # Errors
/// [`InstallError`]; what was installed before is then as it was.
pub fn copy(home: &Home, candidate: &Candidate) -> Result<(), InstallError> {
    let id = &candidate.manifest.id;
    let plugins = home.create_dir(Path::new("plugins"))?;
    let fresh = Scratch::new(&plugins, id)?;
    let files = [(candidate.folder.join(MANIFEST), MANIFEST), (candidate.library.clone(), &candidate.manifest.library)];
    let mut digests = BTreeMap::new();
    for (from, name) in files {
        let bytes = fs::read(&from).map_err(|source| InstallError::Io { verb: "read", path: from.clone(), source })?;
        let to = fresh.0.join(name);
        let failed = |source| InstallError::Io { verb: "write", path: to.clone(), source };
        file::write_whole(&to, &bytes, 0o600).map_err(failed)?;
        digests.insert(name.to_owned(), trust::digest(&to).map_err(failed)?);
    }
    let version = candidate.manifest.version.clone();
    let locked = Locked { version, source: Source::Path, path: None, files: digests };
    let _held = Held::take(&home.plugins_lock())?;
    let mut lock = Lock::read(&home.plugins_lock())?;
    lock.plugins.insert(id.clone(), locked);
    let place = plugins.join(id);
    let failed = |source| InstallError::Io { verb: "write", path: place.clone(), source };
    exchange(&fresh.0, &place).map_err(failed)?;
    let written = lock.write(&home.plugins_lock());
    if written.is_err() {
        match fresh.0.exists() {
            true => exchange(&fresh.0, &place).map_err(failed)?,
            false => fs::rename(&place, &fresh.0).map_err(failed)?,
        }
    }
    Ok(written?)
}

/// Locks a plugin where it is built, so that it is used from there.
///
/// # Errors
/// [`InstallError`]; nothing has changed then.
pub fn link(home: &Home, candidate: &Candidate) -> Result<(), InstallError> {
    let mut digests = BTreeMap::new();
    let files = [(candidate.folder.join(MANIFEST), MANIFEST), (candidate.library.clone(), &candidate.manifest.library)];
    for (path, name) in files {
        let digest = trust::digest(&path).map_err(|source| InstallError::Io { verb: "read", path, source })?;
        digests.insert(name.to_owned(), digest);
    }
    let version = candidate.manifest.version.clone();
    let locked = Locked { version, source: Source::Dev, path: Some(candidate.folder.clone()), files: digests };
    home.create()?;
    let _held = Held::take(&home.plugins_lock())?;
    let mut lock = Lock::read(&home.plugins_lock())?;
    lock.plugins.insert(candidate.manifest.id.clone(), locked);
    lock.write(&home.plugins_lock())?;
    // A copy that was installed before would be found first.
    discard(&home.plugins_dir(), &candidate.manifest.id)
}

/// Checks that a plugin is one that can be taken out of the home.
///
/// # Errors
/// [`InstallError`] with the reason why it is not.
pub fn removable(home: &Home, id: &str, others: &[Found]) -> Result<(), InstallError> {
    let found: Vec<&Found> = others.iter().filter(|found| found.id == id).collect();
    let ours = |found: &Found| found.source == Source::Dev || found.folder == home.plugins_dir().join(id);
    match found.first() {
        Some(_) if found.iter().any(|found| ours(found)) => Ok(()),
        Some(first) if first.source == Source::Bundled => Err(InstallError::Bundled(id.to_owned())),
        Some(first) => Err(InstallError::Elsewhere { plugin: id.to_owned(), folder: first.folder.clone() }),
        None if Lock::read(&home.plugins_lock())?.plugins.contains_key(id) => Ok(()),
        None => Err(InstallError::Unknown(id.to_owned())),
    }
}

/// Takes a plugin out of the home: first its right to be loaded, then its files.
///
/// # Errors
/// [`InstallError`]. Files may be left over when they cannot be removed; they are never loaded again.
pub fn remove(home: &Home, id: &str) -> Result<(), InstallError> {
    let _held = Held::take(&home.plugins_lock())?;
    let mut lock = Lock::read(&home.plugins_lock())?;
    if lock.plugins.remove(id).is_some() {
        lock.write(&home.plugins_lock())?;
    }
    discard(&home.plugins_dir(), id)
}

/// Removes the folder of an id, in one step as far as anybody sees.
fn discard(plugins: &Path, id: &str) -> Result<(), InstallError> {
    let place = plugins.join(id);
    if place.symlink_metadata().is_err() {
        return Ok(());
    }
    let failed = |source| InstallError::Io { verb: "remove", path: place.clone(), source };
    let aside = Scratch(plugins.join(format!(".{id}.{}", clock::random_id())));
    fs::rename(&place, &aside.0).map_err(failed)
}

/// A folder that is in nobody's way, and gone when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(plugins: &Path, id: &str) -> Result<Self, InstallError> {
        let path = plugins.join(format!(".{id}.{}", clock::random_id()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| InstallError::Io { verb: "write", path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let removed = match self.0.symlink_metadata() {
            Ok(meta) if meta.is_dir() => fs::remove_dir_all(&self.0),
            Ok(_) => fs::remove_file(&self.0),
            Err(_) => return,
        };
        if let Err(error) = removed {
            tracing::warn!(%error, path = %self.0.display(), "Failed to remove what is left of a plugin.");
        }
    }
}

/// Puts a folder in the place of another, which takes the first one's place; or there was none.
fn exchange(fresh: &Path, place: &Path) -> io::Result<()> {
    if place.symlink_metadata().is_err() {
        return fs::rename(fresh, place);
    }
    match renameat_with(CWD, fresh, CWD, place, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // A file system that cannot: for a moment there is none, and none is loaded.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            let aside = fresh.with_extension("aside");
            fs::rename(place, &aside)?;
            fs::rename(fresh, place)?;
            fs::rename(&aside, fresh)
        }
        Err(errno) => Err(errno.into()),
    }
}

impl InstallError {
    /// Returns what the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoManifest(_) => Some("name the folder that holds its manifest".to_owned()),
            Self::Manifest(unusable) => Some(unusable.way_out.clone()),
            Self::Claim { plugin, .. } => Some(format!("give `{plugin}` names of its own")),
            Self::NotBuilt { folder, .. } => Some(format!("build it with `cargo build` in `{}`", folder.display())),
            Self::Library { .. } => Some("build it again, for this machine".to_owned()),
            Self::Bundled(id) => Some(format!("disable it with `hermes plugins disable {id}`")),
            Self::Elsewhere { plugin, .. } => Some(format!("disable it with `hermes plugins disable {plugin}`")),
            Self::Unknown(_) => Some("see `hermes plugins list` for what is installed".to_owned()),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space; what was installed before is unchanged".to_owned())
            }
            Self::Io { .. } => None,
            Self::Lock(_) => Some("move the file away and install the plugins again".to_owned()),
            Self::Busy(error) => error.hint(),
            Self::Home(error) => error.hint(),
        }
    }
}

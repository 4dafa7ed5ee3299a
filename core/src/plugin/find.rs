//! Finds plugins by their manifests. Opens no library.

use std::path::{Path, PathBuf};

use hermes_plugin_abi as abi;
use hermes_plugin_api::manifest::{Manifest, version};

use crate::plugin::lock::{self, Lock, LockError, Locked, Source};

/// A manifest's file name.
pub const MANIFEST: &str = "plugin.yaml";
/// The longest manifest that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Where plugins lie.
#[derive(Clone, Debug)]
pub struct Roots {
    /// Folders named by the user, searched first.
    pub extra: Vec<PathBuf>,
    /// The home.
    pub home: PathBuf,
    /// `<prefix>/lib/hermes`, where there is one.
    pub bundle: Option<PathBuf>,
}

impl Roots {
    /// The lock that speaks for everything but the bundled plugins.
    #[must_use]
    pub fn home_lock(&self) -> PathBuf {
        self.home.join(lock::FILE_NAME)
    }

    /// Where plugins of the home lie.
    #[must_use]
    pub fn home_plugins(&self) -> PathBuf {
        self.home.join("plugins")
    }
}

/// A folder with a manifest.
#[derive(Clone, Debug)]
pub struct Found {
    /// The id: the manifest's, or the folder's name when that cannot be read.
    pub id: String,
    /// The folder.
    pub folder: PathBuf,
    /// Where it came from.
    pub source: Source,
    /// The manifest, or why it cannot be used.
    pub manifest: Result<Manifest, String>,
    /// What the lock says of it.
    pub locked: Option<Locked>,
}

/// Finds all plugins, in search order. A folder that cannot be read offers none.
///
/// # Errors
/// When a lock file is there and malformed: nothing it should vouch for may be guessed.
pub fn find(roots: &Roots) -> Result<Vec<Found>, LockError> {
    let home = Lock::read(&roots.home_lock())?;
    let mut found = Vec::new();
    for root in &roots.extra {
        collect(root, Source::Path, &home, &mut found);
    }
    collect(&roots.home_plugins(), Source::Path, &home, &mut found);
    for (id, locked) in &home.plugins {
        if let Some(folder) = locked.path.as_ref().filter(|_| locked.source == Source::Dev) {
            found.push(read(folder, id, Source::Dev, &home));
        }
    }
    if let Some(bundle) = &roots.bundle {
        let bundle = bundle.join("plugins");
        let lock = Lock::read(&bundle.join(lock::FILE_NAME))?;
        collect(&bundle, Source::Bundled, &lock, &mut found);
    }
    Ok(found)
}

fn collect(root: &Path, source: Source, lock: &Lock, found: &mut Vec<Found>) {
    let Ok(entries) = std::fs::read_dir(root) else { return };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !name.starts_with('.') && folder.join(MANIFEST).exists() {
            found.push(read(&folder, &name, source, lock));
        }
    }
}

fn read(folder: &Path, name: &str, source: Source, lock: &Lock) -> Found {
    let manifest = read_manifest(folder).and_then(|manifest| match manifest.id == name {
        true => Ok(manifest),
        false => Err(format!("the manifest's id is `{}`, the folder's name is `{name}`", manifest.id)),
    });
    let manifest = match (manifest, source) {
        // A plugin under development lies in a folder of any name.
        (Err(_), Source::Dev) => read_manifest(folder),
        (manifest, _) => manifest,
    };
    let locked = lock.plugins.get(name).cloned();
    Found { id: name.to_owned(), folder: folder.to_owned(), source, manifest, locked }
}

/// Reads the manifest of a folder.
///
/// # Errors
/// One sentence that names the file.
pub fn read_manifest(folder: &Path) -> Result<Manifest, String> {
    let path = folder.join(MANIFEST);
    let said = |error: String| format!("`{}`: {error}", path.display());
    let size = std::fs::metadata(&path).map_err(|error| said(error.to_string()))?.len();
    if size > LONGEST {
        return Err(said(format!("{size} bytes are too long for a manifest")));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| said(error.to_string()))?;
    let api = check_api(&text);
    // A manifest for a newer host may have keys that this one does not know: say so, not `unknown field`.
    api.and_then(|()| Manifest::parse(&text).map_err(|error| error.message)).map_err(said)
}

fn check_api(text: &str) -> Result<(), String> {
    #[derive(serde::Deserialize)]
    struct Head {
        api: hermes_plugin_api::manifest::Api,
    }
    let Ok(head) = serde_yaml::from_str::<Head>(text) else { return Ok(()) };
    if head.api.epoch != abi::EPOCH {
        let (theirs, ours) = (head.api.epoch, abi::EPOCH);
        return Err(format!("it was built for API epoch {theirs} but this host speaks epoch {ours}"));
    }
    let (min, ours) = (version(&head.api.min), version(abi::VERSION));
    if min.is_some_and(|min| ours.is_some_and(|ours| min[..2] > ours[..2])) {
        return Err(format!("it needs ABI {} but this host speaks {}", head.api.min, abi::VERSION));
    }
    Ok(())
}

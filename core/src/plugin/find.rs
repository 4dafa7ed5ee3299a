//! Finds plugins by their manifests. Opens no library.

use std::io::Read as _;
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

impl Found {
    /// Where its library lies. What is developed is used where it is built.
    #[must_use]
    pub fn library(&self, name: &str) -> PathBuf {
        let built = (self.source == Source::Dev).then(|| built(&self.folder, name)).flatten();
        built.unwrap_or_else(|| self.folder.join(name))
    }
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
    pub manifest: Result<Manifest, Unusable>,
    /// What the lock says of it.
    pub locked: Option<Locked>,
}

/// Why a plugin cannot be used, in one sentence, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Why.
    pub why: String,
    /// What to do.
    pub way_out: String,
}

impl Unusable {
    /// Puts both together.
    pub fn new(why: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { why: why.into(), way_out: way_out.into() }
    }
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
    let manifest = read_manifest(folder).and_then(|manifest| match manifest.id == name || source == Source::Dev {
        // A plugin under development lies in a folder of any name.
        true => Ok(manifest),
        false => {
            let why = format!("the manifest's id is `{}`, but its folder is called `{name}`", manifest.id);
            Err(Unusable::new(why, format!("rename the folder to `{}`, or install it again", manifest.id)))
        }
    });
    let locked = lock.plugins.get(name).cloned();
    Found { id: name.to_owned(), folder: folder.to_owned(), source, manifest, locked }
}

/// The library of a plugin in a folder: the one beside the manifest, or the newest that cargo built below it.
#[must_use]
pub fn built(folder: &Path, library: &str) -> Option<PathBuf> {
    let beside = folder.join(library);
    if beside.is_file() {
        return Some(beside);
    }
    let built = ["debug", "release"].map(|profile| folder.join("target").join(profile).join(library));
    let modified = |path: &PathBuf| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    built.into_iter().filter(|path| path.is_file()).max_by_key(modified)
}

/// Reads the manifest of a folder.
///
/// # Errors
/// One sentence that names the file, and the way out.
pub fn read_manifest(folder: &Path) -> Result<Manifest, Unusable> {
    let path = folder.join(MANIFEST);
    let said = |error: String| Unusable::new(format!("`{}`: {error}", path.display()), "correct the manifest");
    let file = std::fs::File::open(&path).map_err(|error| said(error.to_string()))?;
    let mut text = String::new();
    let read = (&file).take(LONGEST + 1).read_to_string(&mut text);
    read.map_err(|error| said(error.to_string()))?;
    if text.len() as u64 > LONGEST {
        return Err(said(format!("it is longer than {LONGEST} bytes, which is too long for a manifest")));
    }
    // A manifest for a newer host may have keys that this one does not know: say so, not `unknown field`.
    check_api(&text)
        .map_err(|unusable| Unusable::new(format!("`{}`: {}", path.display(), unusable.why), unusable.way_out))?;
    Manifest::parse(&text).map_err(|error| said(error.message))
}

fn check_api(text: &str) -> Result<(), Unusable> {
    #[derive(serde::Deserialize)]
    struct Head {
        api: Wanted,
    }
    /// As much as can be understood of one that says more than we know.
    #[derive(serde::Deserialize)]
    struct Wanted {
        epoch: u32,
        min: String,
    }
    let Ok(head) = serde_yaml::from_str::<Head>(text) else { return Ok(()) };
    if head.api.epoch != abi::EPOCH {
        let (theirs, ours) = (head.api.epoch, abi::EPOCH);
        let why = format!("it was built for API epoch {theirs} but this host speaks epoch {ours}");
        return Err(Unusable::new(why, format!("use a version of it for epoch {ours}")));
    }
    let (min, ours) = (version(&head.api.min), version(abi::VERSION));
    if min.is_some_and(|min| ours.is_some_and(|ours| min[..2] > ours[..2])) {
        let why = format!("it needs ABI {} but this host speaks {}", head.api.min, abi::VERSION);
        return Err(Unusable::new(why, "update hermes, or use an older version of it"));
    }
    Ok(())
}

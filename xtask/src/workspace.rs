//! The repository: where it is, and which plugins it has.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_yaml::Value;

/// The repository.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

/// A first-party plugin.
pub(crate) struct Plugin {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) library: String,
    /// The manifest as it is written.
    pub(crate) text: String,
    /// The manifest as data.
    pub(crate) manifest: Value,
}

/// What xtask itself reads of a manifest. The host checks the whole.
#[derive(Deserialize)]
struct Head {
    id: String,
    version: String,
    library: String,
}

impl Workspace {
    /// Returns the repository that this program was built from.
    pub(crate) fn here() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent directory")?;
        let exe = env::current_exe().context("Failed to find the running program")?;
        // `target/debug/xtask`, wherever the target directory is.
        let target = exe.ancestors().nth(2).context("The program does not stand in a target directory")?;
        Ok(Self { root: root.to_owned(), target: target.to_owned() })
    }

    /// Returns the prefix that `run` and `test` install into.
    pub(crate) fn prefix(&self) -> PathBuf {
        self.target.join("prefix")
    }

    /// Returns the first-party plugins, sorted by id.
    pub(crate) fn plugins(&self) -> Result<Vec<Plugin>> {
        let mut plugins = Vec::new();
        for dir in directories(&self.root.join("plugins"))? {
            plugins.push(Plugin::read(&dir)?);
        }
        plugins.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(plugins)
    }
}

impl Plugin {
    fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("plugin.yaml");
        let failed = || format!("Failed to read `{}`", path.display());
        let text = fs::read_to_string(&path).with_context(failed)?;
        let manifest: Value = serde_yaml::from_str(&text).with_context(failed)?;
        let head: Head = serde_yaml::from_value(manifest.clone()).with_context(failed)?;
        let named = dir.file_name().is_some_and(|name| name == head.id.as_str());
        ensure!(named, "`{}` says that its id is `{}`: folder and id are one name", path.display(), head.id);
        let Head { id, version, library } = head;
        Ok(Self { id, version, library, text, manifest })
    }

    /// Returns the name of its crate.
    pub(crate) fn package(&self) -> String {
        format!("hermes-{}", self.id)
    }
}

/// Returns the directories in `dir`, sorted.
pub(crate) fn directories(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("Failed to list `{}`", dir.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

//! The catalogue: what the core must know of first-party plugins without having them. It is made of the
//! manifests in `plugins/` and, for plugins that are planned, of the entries in `plugins/catalogue.yaml`.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

use crate::workspace::{Plugin, Workspace};

/// The catalogue, and the file of planned entries: they have the same form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    version: u32,
    pub(crate) plugins: Vec<Value>,
}

impl Catalogue {
    /// Reads the planned entries and adds the manifests. A plugin that exists replaces its planned entry.
    pub(crate) fn read(workspace: &Workspace, existing: &[Plugin]) -> Result<Self> {
        let path = workspace.root.join("plugins/catalogue.yaml");
        let failed = || format!("Failed to read `{}`", path.display());
        let text = fs::read_to_string(&path).with_context(failed)?;
        let mut catalogue: Self = serde_yaml::from_str(&text).with_context(failed)?;
        ensure!(catalogue.version == 1, "`{}` has version {}, not 1", path.display(), catalogue.version);
        catalogue.plugins.retain(|planned| existing.iter().all(|plugin| id(planned) != plugin.id));
        catalogue.plugins.extend(existing.iter().map(|plugin| plugin.manifest.clone()));
        catalogue.plugins.sort_by(|a, b| id(a).cmp(id(b)));
        Ok(catalogue)
    }

    /// Returns the catalogue as text.
    pub(crate) fn to_text(&self) -> Result<String> {
        serde_yaml::to_string(self).context("Failed to write the catalogue")
    }
}

/// Returns the id of an entry.
pub(crate) fn id(entry: &Value) -> &str {
    entry["id"].as_str().unwrap_or_default()
}

//! The sources of plugin-api as they are installed: a workspace of their own, so that a plugin builds against
//! them without this repository and without a registry entry.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use crate::workspace::Workspace;

/// Returns the files, by their path relative to the directory of plugin-api.
pub(crate) fn read(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let dir = workspace.root.join("plugin-api");
    for part in ["Cargo.toml", "src", "abi/Cargo.toml", "abi/src"] {
        collect(&dir, &dir.join(part), &mut files)?;
    }
    let root = files.get_mut("Cargo.toml").context("plugin-api has no `Cargo.toml`")?;
    root.push_str(&own_workspace(workspace)?);
    Ok(files)
}

fn collect(base: &Path, path: &Path, files: &mut BTreeMap<String, String>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(base, &entry?.path(), files)?;
        }
        return Ok(());
    }
    let text = fs::read_to_string(path).with_context(|| format!("Failed to read `{}`", path.display()))?;
    files.insert(path.strip_prefix(base)?.to_string_lossy().into_owned(), text);
    Ok(())
}

/// Returns the workspace tables of the repository, with plugin-api in the place of its root.
fn own_workspace(workspace: &Workspace) -> Result<String> {
    let text = fs::read_to_string(workspace.root.join("Cargo.toml"))?;
    let mut root: Table = text.parse().context("Failed to read the workspace's `Cargo.toml`")?;
    let mut tables = root.remove("workspace").context("`Cargo.toml` has no workspace")?;
    tables["members"] = Value::Array(vec!["abi".into()]);
    let table = tables.as_table_mut().context("`workspace` is not a table")?;
    table.remove("exclude");
    let dependencies = table["dependencies"].as_table_mut().context("`workspace.dependencies` is not a table")?;
    dependencies.remove("hermes-core");
    dependencies["hermes-plugin-api"]["path"] = ".".into();
    dependencies["hermes-plugin-abi"]["path"] = "abi".into();
    let own = Table::from_iter([("workspace".to_owned(), tables)]);
    Ok(format!("\n{}", toml::to_string(&own)?))
}
